// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"encoding/binary"
	"math/bits"
)

// Opcode is an instruction, or a set of them: those with word & Mask == Value. The word is the first eight bytes as a big-endian number, on
// x86 a number that package emu makes of the instruction (x86.c), described below.
type Opcode struct {
	Mask, Value uint64
	Feature     string // the one that brought it; "" where it does not matter
	Name        string // the assembler's; "" for a set of many
}

// The parts of the word of an instruction of x86: the ModR/M byte, or 0, lowest; then
const (
	x86Opcode = 8  // its last byte of opcode
	x86Prefix = 16 // the mandatory prefix: 1 is 66, 2 is F3, 3 is F2
	x86Map    = 20 // the table of opcodes: 1 is 0F, 2 is 0F38, 3 is 0F3A
	x86Kind   = 24 // 1: VEX, 2: EVEX
	x86Long   = 26 // VEX.L, or more
	x86Wide   = 27 // REX.W, VEX.W
)

// instruction is the opcode of the instructions whose first four bytes, as a big-endian number, are value under mask.
func instruction(mask, value uint32) Opcode {
	return Opcode{Mask: uint64(mask) << 32, Value: uint64(value) << 32}
}

// littleEndian are opcodes of an architecture of 32-bit instructions whose bytes are the other way round in memory.
func littleEndian(opcodes []Opcode) []Opcode {
	swapped := make([]Opcode, len(opcodes))
	for i, o := range opcodes {
		o.Mask = uint64(bits.ReverseBytes32(uint32(o.Mask>>32))) << 32
		o.Value = uint64(bits.ReverseBytes32(uint32(o.Value>>32))) << 32
		swapped[i] = o
	}
	return swapped
}

// InsnWord is that of the instruction at the start of code, where it is not x86's.
func InsnWord(code []byte) uint64 {
	var b [8]byte
	copy(b[:], code)
	return binary.BigEndian.Uint64(b[:])
}

// Opcode finds the instruction with a word among those that the architecture names.
func (a *Arch) Opcode(word uint64) (Opcode, bool) {
	for _, o := range a.Opcodes {
		if word&o.Mask == o.Value {
			return o, true
		}
	}
	return Opcode{}, false
}

// covers says that every instruction of another opcode is one of o's.
func (o Opcode) covers(other Opcode) bool {
	return o.Mask&^other.Mask == 0 && other.Value&o.Mask == o.Value
}

// meets says that an instruction may be of both.
func (o Opcode) meets(other Opcode) bool { return (o.Value^other.Value)&o.Mask&other.Mask == 0 }
