// SPDX-License-Identifier: GPL-2.0-or-later

package emu

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/arch/x86/x86asm"
)

// TestX86Lengths: the lengths of instructions are those that golang.org/x/arch finds, in random code and in both modes.
func TestX86Lengths(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	code := make([]byte, 15)
	tried := 0
	for range 400_000 {
		for i := range code {
			code[i] = byte(r.Uint32())
		}
		if r.IntN(2) == 0 {
			code[0] = 0x0f
		}
		for _, mode := range []int{32, 64} {
			inst, err := x86asm.Decode(code, mode)
			if err != nil || odd(inst) {
				continue
			}
			word, length := x86Word(code, mode == 64)
			if word>>24&3 != 0 && (word>>20&7 > 3 || word>>8&0xff == 0x77) {
				continue // tables of opcodes that are not there; vzeroupper, for which golang.org/x/arch sees a ModR/M byte
			}
			tried++
			require.Equal(t, inst.Len, length, "%d bits: % x %v", mode, code, inst)
		}
	}
	require.Greater(t, tried, 200_000)
}

// odd are instructions that golang.org/x/arch reads otherwise than the manual, or that depend on the maker.
func odd(inst x86asm.Inst) bool {
	size := false
	for _, p := range inst.Prefix {
		size = size || p&0xff == 0x66 // of a near jump: Intel passes over it in 64-bit mode, AMD does not
	}
	switch inst.Op {
	case 0: // a prefix, and no more
		return true
	case x86asm.CALL, x86asm.JMP, x86asm.XBEGIN:
		return size
	case x86asm.MOV: // to and from control registers: there is no operand in memory, whatever ModR/M says
		for _, arg := range inst.Args {
			if reg, ok := arg.(x86asm.Reg); ok && reg >= x86asm.CR0 && reg <= x86asm.TR7 {
				return true
			}
		}
	}
	return size && strings.HasPrefix(inst.Op.String(), "J")
}

// TestX86Words: VEX and EVEX, which golang.org/x/arch does not read.
func TestX86Words(t *testing.T) {
	t.Parallel()
	const (
		vex, evex = 1 << 24, 2 << 24
		long      = 1 << 26
		wide      = 1 << 27
	)
	for _, tc := range []struct {
		code string
		mode int
		word uint64
	}{
		{"c5 fc 57 c0", 64, vex | long | 1<<20 | 0x57c0},
		{"c5 fd ef 06", 64, vex | long | 1<<20 | 1<<16 | 0xef06},
		{"c5 fd ef 06", 32, vex | long | 1<<20 | 1<<16 | 0xef06},
		{"c5 f8 77", 64, vex | 1<<20 | 0x7700},
		{"c4 e2 7d 78 05 01 02 03 04", 64, vex | long | 2<<20 | 1<<16 | 0x7805}, // vpbroadcastb 0x4030201(%rip),%ymm0
		{"c4 e3 7d 39 44 24 08 01", 64, vex | long | 3<<20 | 1<<16 | 0x3944},    // vextracti128 $1,%ymm0,8(%rsp)
		{"c4 e2 f1 98 c2", 64, vex | wide | 2<<20 | 1<<16 | 0x98c2},
		{"c5 fd 70 c1 1b", 64, vex | long | 1<<20 | 1<<16 | 0x70c1},
		{"62 f1 7c 48 57 c0", 64, evex | long | 1<<20 | 0x57c0},
		{"62 f3 fd 48 1f 84 24 01 02 03 04 05", 64, evex | wide | long | 3<<20 | 1<<16 | 0x1f84},
		{"c5 06", 32, 0xc506}, // lds (%esi),%eax
		{"c4 06", 32, 0xc406}, // les
		{"62 06", 32, 0x6206}, // bound
		{"f3 48 0f b8 c1", 64, wide | 1<<20 | 2<<16 | 0xb8c1},
		{"66 f2 0f 38 f1 c1", 64, 2<<20 | 3<<16 | 0xf1c1},
		{"67 8d 40 08", 32, 0x8d40},
		{"67 8d 86 08 01", 32, 0x8d86}, // 16-bit addresses
		{"48 b8 01 02 03 04 05 06 07 08", 64, wide | 0xb800},
		{"48 a1 01 02 03 04 05 06 07 08", 64, wide | 0xa100},
		{"a1 01 02 03 04", 32, 0xa100},
		{"f6 c1 01", 64, 0xf6c1},
		{"f6 d1", 64, 0xf6d1},
		{"f7 05 01 02 03 04 05 06 07 08", 64, 0xf705},
	} {
		code, err := hex.DecodeString(strings.ReplaceAll(tc.code, " ", ""))
		require.NoError(t, err)
		word, length := x86Word(append(code, 0x90, 0x90, 0x90, 0x90), tc.mode == 64)
		require.Equal(t, len(code), length, tc.code)
		require.Equal(t, tc.word, word, "%s: %#x", tc.code, word)
		for n := range code { // cut off
			_, length = x86Word(code[:n], tc.mode == 64)
			require.LessOrEqual(t, length, 15, tc.code)
		}
	}
}
