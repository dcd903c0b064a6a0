// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"math"
	"slices"
)

// What rt0 must know of MIPS' instructions, because the engine's PC is that of the last system call after any other exception: which
// instruction of a block can have raised it. Exceptions are precise, so the registers are as that instruction found them. Encodings: "MIPS
// Architecture For Programmers", volume II.

// mipsBranches are the instructions with a delay slot.
var mipsBranches = []Pattern{
	{0xf8000000, 0x08000000}, // j, jal
	{0xf0000000, 0x10000000}, // beq, bne, blez, bgtz
	{0xf0000000, 0x50000000}, // beql, bnel, blezl, bgtzl
	{0xfc0c0000, 0x04000000}, // bltz, bgez, and those that link or are likely
	{0xfc00003e, 0x00000008}, // jr, jalr
	{0xffe00000, 0x45000000}, // bc1f, bc1t
}

// The engine's exceptions (EXCP_*) of which any instruction of a block may be the cause. All others end the block.
const (
	mipsAddressLoad  = 12 // AdEL
	mipsAddressStore = 13 // AdES
	mipsReserved     = 20 // RI
	mipsOverflow     = 21
	mipsTrap         = 22
	mipsFloatError   = 23
	mipsTLBLoad      = 26
)

// mipsInsn is an instruction word.
type mipsInsn uint32

func (i mipsInsn) op() uint32       { return uint32(i) >> 26 }
func (i mipsInsn) rs() int          { return int(i >> 21 & 31) }
func (i mipsInsn) rt() int          { return int(i >> 16 & 31) }
func (i mipsInsn) rd() int          { return int(i >> 11 & 31) }
func (i mipsInsn) funct() uint32    { return uint32(i) & 63 }
func (i mipsInsn) immediate() int64 { return int64(int16(i)) }

// mipsAccess is a load or a store that must be aligned.
type mipsAccess struct {
	size        uint64 // bytes
	store       bool
	signed      bool // a load that extends the sign
	float       bool // rt is a floating-point register
	conditional bool // ll and sc
}

// mipsAccesses are they, by major opcode.
var mipsAccesses = map[uint32]mipsAccess{
	0x21: {size: 2, signed: true},                   // lh
	0x25: {size: 2},                                 // lhu
	0x23: {size: 4, signed: true},                   // lw
	0x27: {size: 4},                                 // lwu
	0x37: {size: 8},                                 // ld
	0x31: {size: 4, float: true},                    // lwc1
	0x35: {size: 8, float: true},                    // ldc1
	0x30: {size: 4, conditional: true},              // ll
	0x34: {size: 8, conditional: true},              // lld
	0x29: {size: 2, store: true},                    // sh
	0x2b: {size: 4, store: true},                    // sw
	0x3f: {size: 8, store: true},                    // sd
	0x39: {size: 4, store: true, float: true},       // swc1
	0x3d: {size: 8, store: true, float: true},       // sdc1
	0x38: {size: 4, store: true, conditional: true}, // sc
	0x3c: {size: 8, store: true, conditional: true}, // scd
}

// mipsIndexed are the ones of COP1X, by function: lwxc1, ldxc1, swxc1, sdxc1. Their address is the sum of two registers.
var mipsIndexed = map[uint32]mipsAccess{
	0x00: {size: 4, float: true},
	0x01: {size: 8, float: true},
	0x08: {size: 4, float: true, store: true},
	0x09: {size: 8, float: true, store: true},
}

// access tells what a load or store does, and its address.
func (i mipsInsn) access(reg func(int) uint64) (a mipsAccess, addr uint64, ok bool) {
	if i.op() == 0x13 {
		a, ok = mipsIndexed[i.funct()]
		return a, reg(i.rs()) + reg(i.rt()), ok
	}
	a, ok = mipsAccesses[i.op()]
	return a, reg(i.rs()) + uint64(i.immediate()), ok
}

// mipsConditions are the traps of SPECIAL, by function, and of REGIMM, by rt.
var (
	mipsConditions = map[uint32]func(a, b uint64) bool{
		0x30: func(a, b uint64) bool { return int64(a) >= int64(b) }, // tge
		0x31: func(a, b uint64) bool { return a >= b },               // tgeu
		0x32: func(a, b uint64) bool { return int64(a) < int64(b) },  // tlt
		0x33: func(a, b uint64) bool { return a < b },                // tltu
		0x34: func(a, b uint64) bool { return a == b },               // teq
		0x36: func(a, b uint64) bool { return a != b },               // tne
	}
	mipsImmediate = map[int]uint32{0x08: 0x30, 0x09: 0x31, 0x0a: 0x32, 0x0b: 0x33, 0x0c: 0x34, 0x0e: 0x36}
)

// traps says that an instruction is a conditional trap whose condition holds.
func (i mipsInsn) traps(reg func(int) uint64) bool {
	switch i.op() {
	case 0x00:
		holds := mipsConditions[i.funct()]
		return holds != nil && holds(reg(i.rs()), reg(i.rt()))
	case 0x01:
		funct, ok := mipsImmediate[i.rt()]
		return ok && mipsConditions[funct](reg(i.rs()), uint64(i.immediate()))
	}
	return false
}

// overflows says that an instruction is an addition or subtraction that overflows.
func (i mipsInsn) overflows(reg func(int) uint64) bool {
	a, b := int64(reg(i.rs())), int64(reg(i.rt()))
	narrow := func(sum int64) bool { return sum != int64(int32(sum)) }
	switch {
	case i.op() == 0x08: // addi
		return narrow(int64(int32(a)) + i.immediate())
	case i.op() == 0x18: // daddi
		return wideOverflow(a, i.immediate())
	case i.op() != 0:
		return false
	}
	switch i.funct() {
	case 0x20: // add
		return narrow(int64(int32(a)) + int64(int32(b)))
	case 0x22: // sub
		return narrow(int64(int32(a)) - int64(int32(b)))
	case 0x2c: // dadd
		return wideOverflow(a, b)
	case 0x2e: // dsub
		return b == math.MinInt64 && a >= 0 || b != math.MinInt64 && wideOverflow(a, -b)
	}
	return false
}

func wideOverflow(a, b int64) bool {
	sum := a + b
	return a >= 0 == (b >= 0) && sum >= 0 != (a >= 0)
}

// float says that an instruction computes with floating-point numbers, or sets what they do (ctc1).
func (i mipsInsn) float() bool {
	return i.op() == 0x11 && (i.rs() >= 16 && i.funct() != 0x06 || i.rs() == 6) || i.op() == 0x13 && i.funct() >= 0x20
}

// mipsCulprit finds, for CPUs whose registers have so many bytes, the instruction of a block that has raised an exception. Of those that could
// have, the first one has: the others would have come later. Only what overwrites a register that it reads can have run with another value
// before.
func mipsCulprit(word int) func(Exception) (int, uint64) {
	return func(x Exception) (int, uint64) {
		if x.PC%4 != 0 || len(x.Block) == 0 {
			return 0, x.PC // a jump to there
		}
		reg := func(n int) uint64 {
			v := x.Reg(mips64Registers[n])
			if word == 4 {
				v = uint64(int32(v))
			}
			return v
		}
		found := -1
		if could := mipsCould(x, reg); could != nil {
			for n, insn := range slices.Backward(x.Block) {
				if i := mipsInsn(insn); could(i) && (found < 0 || !i.changesItself()) {
					found = n
				}
			}
		}
		if found < 0 {
			found = len(x.Block) - 1
		}
		_, addr, _ := mipsInsn(x.Block[found]).access(reg)
		return found, addr
	}
}

// mipsCould tells the instructions that could have raised an exception; nil: only the last of the block.
func mipsCould(x Exception, reg func(int) uint64) func(mipsInsn) bool {
	switch x.Intr {
	case mipsAddressLoad, mipsAddressStore:
		return func(i mipsInsn) bool {
			a, addr, ok := i.access(reg)
			return ok && a.store == (x.Intr == mipsAddressStore) && (addr%a.size != 0 || a.conditional && x.Unmapped(addr))
		}
	case mipsTLBLoad:
		return func(i mipsInsn) bool {
			a, addr, ok := i.access(reg)
			return ok && a.conditional && !a.store && x.Unmapped(addr)
		}
	case mipsReserved:
		return func(i mipsInsn) bool { return i.op() == 0x1f && i.funct() == 0x3b } // rdhwr
	case mipsOverflow:
		return func(i mipsInsn) bool { return i.overflows(reg) }
	case mipsTrap:
		return func(i mipsInsn) bool { return i.traps(reg) }
	case mipsFloatError:
		return mipsInsn.float
	}
	return nil
}

// changesItself says that a load's result goes to its own base register.
func (i mipsInsn) changesItself() bool {
	a, ok := mipsAccesses[i.op()]
	return ok && !a.store && !a.float && i.rs() == i.rt()
}
