// SPDX-License-Identifier: GPL-2.0-or-later

package emu_test

import (
	"slices"
	"testing"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/stretchr/testify/require"
)

// behind is *counter = value, with the registers of snippets.
var behind = map[string][]byte{
	"amd64": code("48 89 01"), "386": code("89 01"), "s390x": code("e3 30 40 00 00 24"), "arm64": code("40 00 00 f9"), "riscv64": code("23 30 a6 00"),
	"arm": code("00 00 82 e5"), "mips": words(be, 0xad480000), "mipsle": words(le, 0xad480000), "mips64": words(be, 0xfd480000),
	"mips64le": words(le, 0xfd480000), "ppc64le": code("00 00 a6 f8"), "ppc64": code("f8 a6 00 00"),
}

// TestNothingBehindAFault has a store that fails, and behind it, in the same block, one to a page that the engine's TLB has: that one must not
// be carried out, neither when the fault is found nor when its address is.
func TestNothingBehindAFault(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		s := snippets[a.Name]
		c := boot(t, a, slices.Concat(s.store[:len(s.store)-s.trap], behind[a.Name], s.store[len(s.store)-s.trap:]))
		const warm, cold = dataAddr + 0x40, dataAddr + 3*emu.PageSize + 0x7f8
		run := func(value, address uint64) emu.Stop {
			c.SetReg(a.PC, codeAddr)
			c.SetReg(c.value, value)
			c.SetReg(c.address, address)
			c.SetReg(c.counter, warm)
			return c.Run(1 << 40)
		}
		word := func(addr uint64) uint64 {
			v, err := c.Mem().Uint(addr, s.width)
			require.NoError(t, err)
			return v
		}
		require.Equal(t, emu.StopSyscall, run(1, dataAddr).Kind)
		require.Equal(t, uint64(1), word(warm))
		for _, addr := range []uint64{0, 8, cold, cold &^ 0xfff, cold | 0xff8, dataAddr + emu.PageSize + 0x128} {
			stop := run(2, addr)
			require.Equal(t, emu.StopFault, stop.Kind)
			require.Equal(t, addr, stop.Addr)
			require.Equal(t, uint64(codeAddr), stop.PC)
			require.Equal(t, uint64(1), word(warm))
		}
		require.NoError(t, c.Mem().Map(cold&^0xfff, emu.PageSize, emu.Read|emu.Write, 0))
		require.Equal(t, emu.StopSyscall, run(3, cold).Kind)
		require.Equal(t, []uint64{3, 3}, []uint64{word(warm), word(cold)})
	})
}
