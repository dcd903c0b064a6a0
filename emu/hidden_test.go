// SPDX-License-Identifier: GPL-2.0-or-later

package emu_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
)

// TestHidden: what is written to the hidden registers is read again, survives another thread, and disturbs nothing else.
func TestHidden(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		c := boot(t, a, snippets[a.Name].loop)
		first := c.Hidden()
		if a.Engine.Hidden == nil || a.Engine.Hidden.Registers != nil {
			require.Nil(t, first)
			return
		}
		for i, r := range a.Registers {
			if r != a.PC {
				c.SetReg(r, uint64(0x1000+i))
			}
		}
		see := func() (all []uint64) {
			for _, r := range a.Registers {
				all = append(all, c.Reg(r))
			}
			for _, s := range a.Signal.Float {
				all = append(all, c.Reg(s.Reg))
			}
			return append(all, c.Instructions(), c.Blocks())
		}
		before := see()
		block := append([]byte(nil), first...)
		for i := range block[:512] {
			block[i] = byte(i*7 + i/64)
		}
		c.SetHidden(block)
		require.Equal(t, before, see())
		require.Equal(t, block, c.Hidden())
		ctx := c.NewContext()
		defer ctx.Close()
		ctx.Save()
		c.SetHidden(first)
		require.Equal(t, first, c.Hidden())
		ctx.Load()
		require.Equal(t, block, c.Hidden())
		require.Equal(t, before, see())
	})
}

// TestHiddenRegisters: the same for those that have names.
func TestHiddenRegisters(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		if a.Engine.Hidden == nil {
			return
		}
		c := boot(t, a, snippets[a.Name].loop)
		set := func(base uint64) {
			for i, s := range a.Engine.Hidden.Registers {
				c.SetReg(s.Reg, (base+uint64(i))&3) // a rounding mode, too
			}
		}
		see := func() (all []uint64) {
			for _, s := range a.Engine.Hidden.Registers {
				all = append(all, c.Reg(s.Reg))
			}
			return all
		}
		pc := c.Reg(a.PC)
		set(1)
		first := see()
		ctx := c.NewContext()
		defer ctx.Close()
		ctx.Save()
		c.SetReg(c.counter, 5)
		set(2)
		second := see()
		require.Equal(t, pc, c.Reg(a.PC))
		require.Equal(t, emu.StopSyscall, c.Run(1<<40).Kind)
		require.Equal(t, second, see(), "the guest had them, and did not change them")
		ctx.Load()
		require.Equal(t, first, see())
		if len(first) != 0 {
			require.NotEqual(t, first, second)
		}
	})
}
