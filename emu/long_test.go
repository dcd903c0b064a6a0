// SPDX-License-Identifier: GPL-2.0-or-later

package emu_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/stretchr/testify/require"
)

// TestLongBlocks runs straight-line code of many pages, and counts it.
func TestLongBlocks(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		s := snippets[a.Name]
		store, trap := s.store[:len(s.store)-s.trap], s.store[len(s.store)-s.trap:]
		const size, rounds = 20 * emu.PageSize, 3
		n := (size - len(trap)) / len(store)
		text := append(bytes.Repeat(store, n), trap...)
		e := open(t, a, 0)
		require.NoError(t, e.Mem().MapBytes(0x100000, size, emu.Read|emu.Exec, 1, text))
		require.NoError(t, e.Mem().Map(dataAddr, emu.PageSize, emu.Read|emu.Write, 2))
		address, _ := a.Register(s.address)
		for round := range uint64(rounds) {
			e.SetReg(a.PC, 0x100000)
			e.SetReg(address, dataAddr)
			require.Equal(t, emu.StopSyscall, e.Run(1<<40).Kind)
			require.Equal(t, (round+1)*uint64(n+1), e.Instructions())
		}
	})
}

// TestLongAndStrange runs what is no program, most of it without a branch, where the engine has a limit.
func TestLongAndStrange(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		if len(a.Engine.Branches) == 0 {
			return // no limit
		}
		for seed := range uint64(6) {
			random := rand.New(rand.NewPCG(seed, 4))
			text := strangeCode(a, random, seed, 2)
			e := open(t, a, 16<<20)
			require.NoError(t, e.Mem().MapBytes(codeAddr, uint64(len(text)), emu.Read|emu.Exec, 1, text))
			for range 50 {
				e.SetReg(a.PC, codeAddr+random.Uint64N(uint64(len(text)/4))*4)
				require.NotEqual(t, emu.StopEngine, e.Run(e.Instructions()+10_000).Kind)
			}
		}
	})
}
