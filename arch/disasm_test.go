// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"debug/elf"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// decoders are all of disasm.go, with an instruction that calls the function at 0x401100 from 0x401000, and one that none of them knows.
var decoders = []struct {
	name          string
	decode        Disassembler
	call, unknown []byte
	text          string
}{
	{"amd64", disassembleX86(64), []byte{0xe8, 0xfb, 0, 0, 0}, []byte{0x06}, "CALL main.f(SB)"},
	{"386", disassembleX86(32), []byte{0xe8, 0xfb, 0, 0, 0}, []byte{0x0f, 0x04}, "CALL main.f(SB)"},
	{"arm64", disassembleARM64, []byte{0x40, 0, 0, 0x94}, []byte{0, 0, 0, 0}, "CALL main.f(SB)"},
	{"arm", disassembleARM, []byte{0x3e, 0, 0, 0xeb}, []byte{0xf0, 0, 0xf0, 0xe7}, "BL main.f(SB)"},
	{"ppc64", disassemblePPC64(binary.BigEndian), []byte{0x48, 0, 1, 1}, []byte{0, 0}, "CALL main.f(SB)"},
	{"ppc64le", disassemblePPC64(binary.LittleEndian), []byte{1, 1, 0, 0x48}, []byte{0, 0}, "CALL main.f(SB)"},
	{"riscv64", disassembleRISCV64, []byte{0xef, 0, 0, 0x10}, []byte{0xff, 0xff, 0xff, 0xff}, "CALL main.f(SB)"},
	{"s390x", disassembleS390X, []byte{0xc0, 0xe5, 0, 0, 0, 0x80}, []byte{0, 0}, "CALL main.f(SB)"},
}

func symbols(addr uint64) (string, uint64) {
	if addr == 0x401100 {
		return "main.f", addr
	}
	return "", 0
}

func TestDecoders(t *testing.T) {
	t.Parallel()
	for _, d := range decoders {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			text, err := guarded(d.decode, d.call, 0x401000, symbols)
			require.NoError(t, err)
			require.Equal(t, d.text, text)
			_, err = guarded(d.decode, d.unknown, 0x401000, symbols)
			require.Error(t, err)
		})
	}
}

// TestDisassemble: every architecture has its decoder, but MIPS, for which golang.org/x/arch has none.
func TestDisassemble(t *testing.T) {
	t.Parallel()
	for _, a := range All() {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, a.QEMU)
			require.Equal(t, a.ELF.Machine == elf.EM_MIPS, a.Disassemble == nil)
			for _, d := range decoders {
				if d.name == a.Name {
					require.Equal(t, d.text, a.Instruction(d.call, 0x401000, symbols))
				}
			}
		})
	}
}

func TestInstructionWithoutDecoder(t *testing.T) {
	t.Parallel()
	code := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	big := &Arch{Order: binary.BigEndian, Engine: Engine{InsnShift: 2}}
	require.Equal(t, "word 0x00010203", big.Instruction(code, 0, nil))
	require.Equal(t, "bytes 00 01", big.Instruction(code[:2], 0, nil))
	require.Equal(t, "bytes 00 01 02 03 04 05 06 07", (&Arch{}).Instruction(code, 0, nil))
	gives := &Arch{Disassemble: func([]byte, uint64, SymName) (string, error) { panic("out of range") }}
	require.Equal(t, "bytes 00 01", gives.Instruction(code[:2], 0, nil))
}

func FuzzDisassemble(f *testing.F) {
	for i, d := range decoders {
		f.Add(byte(i), d.call)
		f.Add(byte(i), d.unknown)
	}
	f.Fuzz(func(t *testing.T, i byte, code []byte) {
		d := decoders[int(i)%len(decoders)]
		code = slices.Clip(code[:min(len(code), MaxInstruction)])
		if text, err := guarded(d.decode, code, 0x401000, symbols); err == nil {
			require.NotEmpty(t, text)
		}
	})
}
