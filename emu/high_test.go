// SPDX-License-Identifier: GPL-2.0-or-later

package emu_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
)

// TestHighAddresses stores, loads, faults and restores far up in the address space, beyond what any of today's programs asks for: below
// 1<<48 there is one tree of the page table, above it are others.
func TestHighAddresses(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		if a.PtrSize == 4 {
			return
		}
		s := snippets[a.Name]
		for _, addr := range []uint64{1<<47 - 4096, 1 << 47, 1<<48 - 4096, 1 << 48, 1 << 52, 1<<56 - 4096, 1 << 56, 1<<57 - 4096} {
			name := fmt.Sprintf("%#x", addr)
			c := boot(t, a, s.store)
			m := c.Mem()
			store := func(value uint64) emu.Stop {
				c.SetReg(a.PC, codeAddr)
				c.SetReg(c.address, addr+8)
				c.SetReg(c.value, value)
				return c.Run(1 << 40)
			}
			value := func() uint64 {
				v, err := m.Uint(addr+8, s.width)
				require.NoError(t, err, name)
				return v
			}
			stop := store(5)
			require.Equal(t, emu.StopFault, stop.Kind, name)
			require.Equal(t, addr+8, stop.Addr, name)
			require.NoError(t, m.Map(addr, emu.PageSize, emu.Read|emu.Write, 0), name)
			require.False(t, m.Resident(addr), name)
			require.Equal(t, emu.StopSyscall, store(6).Kind, name)
			require.True(t, m.Resident(addr), name)
			require.Equal(t, uint64(6), value(), name)
			snapshot, err := c.Snapshot()
			require.NoError(t, err)
			require.Equal(t, emu.StopSyscall, store(7).Kind, name)
			require.Equal(t, uint64(7), value(), name)
			require.NoError(t, c.Restore(snapshot))
			require.Equal(t, uint64(6), value(), name)
			gap, ok := m.FindGap(emu.PageSize, emu.PageSize, 1<<46, addr+emu.PageSize, true)
			require.True(t, ok, name)
			require.Equal(t, addr-emu.PageSize, gap, name)
			require.NoError(t, m.Unmap(1<<40, 1<<57-1<<40), name)
			require.Equal(t, emu.StopFault, store(8).Kind, name)
		}
	})
}
