// SPDX-License-Identifier: GPL-2.0-or-later

package emu_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
)

// TestStrangeCode runs what no compiler makes, on every architecture: whatever the engine does of it, the test goes on, and says so by a stop.
func TestStrangeCode(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		died := 0
		for seed := range uint64(20) {
			random := rand.New(rand.NewPCG(seed, 4))
			text := strangeCode(a, random, seed, 4)
			e := open(t, a, 16<<20)
			require.NoError(t, e.Mem().MapBytes(codeAddr, uint64(len(text)), emu.Read|emu.Exec, 1, text))
			for range 50 {
				e.SetReg(a.PC, codeAddr+random.Uint64N(uint64(len(text)/4))*4)
				stop := e.Run(e.Instructions() + 10_000)
				if stop.Kind != emu.StopEngine {
					continue
				}
				require.Error(t, stop.Err)
				again := e.Run(e.Instructions() + 10_000)
				if again.Kind == emu.StopEngine && again.Err.Error() == stop.Err.Error() {
					died++
					break
				}
			}
			var word [4]byte
			require.NoError(t, e.Mem().Read(codeAddr, word[:]), "memory can be looked at still")
			require.Equal(t, text[:4], word[:])
		}
		t.Logf("the engine died in %d of 20 programs", died)
	})
}

// TestEngineDies: instructions that the engine's translator does not survive end the run, not rt0, and the engine stays down.
func TestEngineDies(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		goarch string
		word   uint32
	}{
		{"s390x", 0xb3246aad}, // an assertion
		{"s390x", 0xb316f644}, // a bad pointer
	} {
		a, _ := arch.Find(tc.goarch)
		e := open(t, a, 16<<20)
		text := binary.BigEndian.AppendUint32(nil, tc.word)
		require.NoError(t, e.Mem().MapBytes(codeAddr, emu.PageSize, emu.Read|emu.Exec, 1, text))
		e.SetReg(a.PC, codeAddr)
		stop := e.Run(10_000)
		if stop.Kind == emu.StopIllegal {
			continue // an engine that has learned it
		}
		require.Equal(t, emu.StopEngine, stop.Kind)
		require.ErrorContains(t, stop.Err, "the engine's own code failed")
		require.Equal(t, stop.Err, e.Run(10_000).Err)
		other := open(t, a, 16<<20)
		require.NoError(t, other.Mem().MapBytes(codeAddr, emu.PageSize, emu.Read|emu.Exec, 1, make([]byte, 8)))
		other.SetReg(a.PC, codeAddr)
		require.Equal(t, emu.StopIllegal, other.Run(10_000).Kind, "others run on")
	}
}

// strangeCode is pages of random instructions; for every other seed of one instruction with many operands.
func strangeCode(a *arch.Arch, random *rand.Rand, seed uint64, pages int) []byte {
	text := make([]byte, pages*emu.PageSize)
	for i := 0; i < len(text); i += 4 {
		word := random.Uint32()
		if seed%2 == 0 {
			word = word&0x03fff83f | uint32(seed)*0x9e3779b9&0xfc0007c0
		}
		a.Order.PutUint32(text[i:], word)
	}
	return text
}
