// SPDX-License-Identifier: GPL-2.0-or-later

package emu_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/rt0-dev/rt0/emu"
	"github.com/stretchr/testify/require"
)

// TestCarriedOutAVX: what rt0 carries out of AVX2 is, on each half of a register, what the engine does for the SSE instruction.
func TestCarriedOutAVX(t *testing.T) {
	t.Parallel()
	type pair struct{ sse, avx string }
	var pairs []pair
	for _, op := range []string{"ef", "eb", "db", "df", "74", "75", "76", "fc", "fd", "fe", "d4", "f8", "f9", "fa", "fb", "da", "de", "f6"} {
		pairs = append(pairs, pair{"66 0f " + op + " c1", "c5 fd " + op + " c1"})
	}
	for _, op := range []string{"00", "29"} {
		pairs = append(pairs, pair{"66 0f 38 " + op + " c1", "c4 e2 7d " + op + " c1"})
	}
	for _, imm := range []string{"00", "1b", "93", "05", "0f", "10", "13", "20", "3f", "40", "ff"} {
		pairs = append(pairs, pair{"66 0f 70 c1 " + imm, "c5 fd 70 c1 " + imm}, pair{"66 0f 3a 0f c1 " + imm, "c4 e3 7d 0f c1 " + imm})
		for _, shift := range []string{"72 d0", "72 e0", "72 f0", "73 d0", "73 d8", "73 f0", "73 f8"} {
			pairs = append(pairs, pair{"66 0f " + shift + " " + imm, "c5 fd " + shift + " " + imm})
		}
	}
	r := rand.New(rand.NewPCG(3, 4))
	for _, p := range pairs {
		// Both registers from memory, and the result at 64; then the halves one after the other, and their results at 96.
		e := openFor(t, "amd64", "haswell", "c5 fe 6f 06 c5 fe 6f 4e 20 "+p.avx+" c5 fe 7f 46 40 "+
			"f3 0f 6f 06 f3 0f 6f 4e 20 "+p.sse+" f3 0f 7f 46 60 f3 0f 6f 46 10 f3 0f 6f 4e 30 "+p.sse+" f3 0f 7f 46 70 "+traps["amd64"])
		for range 20 {
			data := make([]byte, 128)
			for i := range 64 {
				if data[i] = byte(r.Uint32()); r.IntN(3) == 0 {
					data[i] = data[i&31]
				}
			}
			require.NoError(t, e.Mem().Write(dataAddr, data))
			e.SetReg(e.Arch().PC, codeAddr)
			require.Equal(t, emu.StopSyscall, e.Run(e.Instructions()+100).Kind, p.avx)
			require.NoError(t, e.Mem().Read(dataAddr, data))
			require.Equal(t, data[96:128], data[64:96], "%s of % x", p.avx, data[:64])
		}
	}
}

// TestCarriedOutFlags: VPTEST and VPMOVMSKB, which end in other registers, and VEX.128, which clears what is above.
func TestCarriedOutFlags(t *testing.T) {
	t.Parallel()
	reg := func(e *emu.Engine, name string) uint64 {
		r, ok := e.Arch().Register(name)
		require.True(t, ok)
		return e.Reg(r)
	}
	r := rand.New(rand.NewPCG(5, 6))
	// vmovdqu ymm0, ymm1; vptest xmm0, xmm1; sete al; setc ah; ptest; sete bl; setc bh; vpmovmskb ecx, xmm1; pmovmskb edx, xmm1
	e := openFor(t, "amd64", "haswell", "c5 fe 6f 06 c5 fe 6f 4e 20 31 c0 31 db c4 e2 79 17 c1 0f 94 c0 0f 92 c4 66 0f 38 17 c1 0f 94 c3 0f 92 c7 "+
		"c5 f9 d7 c9 66 0f d7 d1 c5 f9 6f c1 c5 fe 7f 46 40 "+traps["amd64"])
	seen := map[uint64]bool{}
	for i := range 60 {
		data := make([]byte, 96)
		for j := range 64 {
			data[j] = byte(r.Uint32())
		}
		switch i % 3 {
		case 1:
			copy(data, make([]byte, 16)) // nothing in common
		case 2:
			for j := range 16 {
				data[j] |= data[32+j] // all in common
			}
		}
		require.NoError(t, e.Mem().Write(dataAddr, data))
		e.SetReg(e.Arch().PC, codeAddr)
		require.Equal(t, emu.StopSyscall, e.Run(e.Instructions()+100).Kind)
		require.Equal(t, reg(e, "rbx"), reg(e, "rax"))
		seen[reg(e, "rax")] = true
		require.Equal(t, reg(e, "rdx"), reg(e, "rcx")&0xffff)
		require.NoError(t, e.Mem().Read(dataAddr, data))
		require.Equal(t, append(data[32:48:48], make([]byte, 16)...), data[64:96])
	}
	require.Len(t, seen, 3)
}

// TestCarriedOutFMA: the forms of VFMADD and its like, rounded once.
func TestCarriedOutFMA(t *testing.T) {
	t.Parallel()
	x, y, z := 1+0x1p-30, 1-0x1p-31, -1.0 // in registers 0, 1, 2
	signs := map[byte][2]float64{0x9: {1, 1}, 0xb: {1, -1}, 0xd: {-1, 1}, 0xf: {-1, -1}}
	for low, sign := range signs {
		for high, order := range map[byte][3]float64{0x90: {x, z, y}, 0xa0: {y, x, z}, 0xb0: {y, z, x}} {
			e := openFor(t, "amd64", "haswell", fmt.Sprintf("f3 0f 7e 06 f3 0f 7e 4e 08 f3 0f 7e 56 10 c4 e2 f1 %02x c2 66 0f d6 46 18 %s", high|low, traps["amd64"]))
			var data []byte
			for _, f := range []float64{x, y, z} {
				data = binary.LittleEndian.AppendUint64(data, math.Float64bits(f))
			}
			require.NoError(t, e.Mem().Write(dataAddr, data))
			require.Equal(t, emu.StopSyscall, e.Run(100).Kind)
			got, err := e.Mem().Uint(dataAddr+24, 8)
			require.NoError(t, err)
			require.Equal(t, math.FMA(sign[0]*order[0], order[1], sign[1]*order[2]), math.Float64frombits(got), "opcode %#x", high|low)
		}
	}
}

// TestNotCarriedOut: other instructions, and those of a feature that the CPU has not, stop as before; a fault has no effect.
func TestNotCarriedOut(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ model, code, feature string }{
		{"haswell", "c5 fd f4 c1", "avx2"},          // vpmuludq
		{"haswell", "62 f1 7c 48 57 c0", "avx512f"}, // vxorps %zmm0
		{"sandybridge", "c5 fd ef c1", "avx2"},      // vpxor %ymm0
		{"sandybridge", "c4 e2 f1 98 c2", "fma"},
		{"westmere", "c5 f9 ef c1", "avx"},
	} {
		e := openFor(t, "amd64", tc.model, "90 "+tc.code+" "+traps["amd64"])
		stop := e.Run(100)
		require.Equal(t, emu.StopIllegal, stop.Kind, tc.code)
		require.Equal(t, codeAddr+uint64(1), stop.PC)
		require.Equal(t, tc.feature, stop.Opcode.Feature)
	}
	e := openFor(t, "amd64", "haswell", "c5 fe 6f 86 00 00 01 00 "+traps["amd64"]) // vmovdqu 0x10000(%rsi), %ymm0
	stop := e.Run(100)
	require.Equal(t, emu.Stop{Kind: emu.StopFault, PC: codeAddr, Addr: dataAddr + 0x10000, Access: emu.Read}, stop)
	for _, goarch := range []string{"amd64", "386"} { // memory operands
		e = openFor(t, goarch, "haswell", "c5 fe 6f 44 26 10 c5 fe 7f 06 "+traps[goarch]) // vmovdqu 16(%rsi), by an index of none
		require.NoError(t, e.Mem().Write(dataAddr, []byte("0123456789abcdefABCDEFGHIJKLMNOPabcdefghijklmnop")))
		require.Equal(t, emu.StopSyscall, e.Run(100).Kind, goarch)
		got := make([]byte, 32)
		require.NoError(t, e.Mem().Read(dataAddr, got))
		require.Equal(t, "ABCDEFGHIJKLMNOPabcdefghijklmnop", string(got))
	}
}
