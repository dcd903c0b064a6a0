// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// riscvEmulation are Zba, Zbb, Zbs and Zicond, which the engine lacks, for a CPU that promises them (unprivileged specification, chapters 28 and
// 12). Go's math/bits uses them where riscv_hwprobe tells of them, GORISCV64=rva22u64 everywhere.
var riscvEmulation = Emulation{Emulate: riscvEmulate}

// riscvRegister is an instruction of two registers: opcode, funct3 and funct7 are what is left of it.
var riscvRegister = map[uint32]func(a, b uint64) uint64{
	0x20002033: func(a, b uint64) uint64 { return a<<1 + b }, // sh1add
	0x20004033: func(a, b uint64) uint64 { return a<<2 + b },
	0x20006033: func(a, b uint64) uint64 { return a<<3 + b },
	0x0800003b: func(a, b uint64) uint64 { return uint64(uint32(a)) + b }, // add.uw
	0x2000203b: func(a, b uint64) uint64 { return uint64(uint32(a))<<1 + b },
	0x2000403b: func(a, b uint64) uint64 { return uint64(uint32(a))<<2 + b },
	0x2000603b: func(a, b uint64) uint64 { return uint64(uint32(a))<<3 + b },

	0x40007033: func(a, b uint64) uint64 { return a &^ b },   // andn
	0x40006033: func(a, b uint64) uint64 { return a | ^b },   // orn
	0x40004033: func(a, b uint64) uint64 { return ^(a ^ b) }, // xnor
	0x0a004033: func(a, b uint64) uint64 { return uint64(min(int64(a), int64(b))) },
	0x0a005033: func(a, b uint64) uint64 { return min(a, b) },
	0x0a006033: func(a, b uint64) uint64 { return uint64(max(int64(a), int64(b))) },
	0x0a007033: func(a, b uint64) uint64 { return max(a, b) },
	0x60001033: func(a, b uint64) uint64 { return bits.RotateLeft64(a, int(b&63)) },  // rol
	0x60005033: func(a, b uint64) uint64 { return bits.RotateLeft64(a, -int(b&63)) }, // ror
	0x6000103b: func(a, b uint64) uint64 { return word(bits.RotateLeft32(uint32(a), int(b&31))) },
	0x6000503b: func(a, b uint64) uint64 { return word(bits.RotateLeft32(uint32(a), -int(b&31))) },

	0x48001033: func(a, b uint64) uint64 { return a &^ (1 << (b & 63)) }, // bclr
	0x48005033: func(a, b uint64) uint64 { return a >> (b & 63) & 1 },    // bext
	0x68001033: func(a, b uint64) uint64 { return a ^ 1<<(b&63) },        // binv
	0x28001033: func(a, b uint64) uint64 { return a | 1<<(b&63) },        // bset

	0x0e005033: func(a, b uint64) uint64 { return pick(b == 0, 0, a) }, // czero.eqz
	0x0e007033: func(a, b uint64) uint64 { return pick(b != 0, 0, a) },
}

// riscvImmediate is an instruction of a register and an amount of six bits.
var riscvImmediate = map[uint32]func(a uint64, n int) uint64{
	0x60005013: func(a uint64, n int) uint64 { return bits.RotateLeft64(a, -n) },               // rori
	0x6000501b: func(a uint64, n int) uint64 { return word(bits.RotateLeft32(uint32(a), -n)) }, // roriw
	0x0800101b: func(a uint64, n int) uint64 { return uint64(uint32(a)) << n },                 // slli.uw
	0x48001013: func(a uint64, n int) uint64 { return a &^ (1 << n) },
	0x48005013: func(a uint64, n int) uint64 { return a >> n & 1 },
	0x68001013: func(a uint64, n int) uint64 { return a ^ 1<<n },
	0x28001013: func(a uint64, n int) uint64 { return a | 1<<n },
}

// riscvUnary is an instruction of one register.
var riscvUnary = map[uint32]func(a uint64) uint64{
	0x60001013: func(a uint64) uint64 { return uint64(bits.LeadingZeros64(a)) }, // clz
	0x60101013: func(a uint64) uint64 { return uint64(bits.TrailingZeros64(a)) },
	0x60201013: func(a uint64) uint64 { return uint64(bits.OnesCount64(a)) },
	0x60401013: func(a uint64) uint64 { return uint64(int64(int8(a))) }, // sext.b
	0x60501013: func(a uint64) uint64 { return uint64(int64(int16(a))) },
	0x6000101b: func(a uint64) uint64 { return uint64(bits.LeadingZeros32(uint32(a))) },
	0x6010101b: func(a uint64) uint64 { return uint64(bits.TrailingZeros32(uint32(a))) },
	0x6020101b: func(a uint64) uint64 { return uint64(bits.OnesCount32(uint32(a))) },
	0x0800403b: func(a uint64) uint64 { return a & 0xffff }, // zext.h
	0x6b805013: bits.ReverseBytes64,                         // rev8
	0x28705013: func(a uint64) uint64 { // orc.b
		var r uint64
		for shift := 0; shift < 64; shift += 8 {
			if a>>shift&0xff != 0 {
				r |= 0xff << shift
			}
		}
		return r
	},
}

func word(w uint32) uint64 { return uint64(int64(int32(w))) }

func pick(first bool, a, b uint64) uint64 {
	if first {
		return a
	}
	return b
}

func riscvEmulate(cpu Core, code []byte) (int, error) {
	if len(code) < 4 {
		return 0, nil
	}
	w := InsnWord(code)
	i := slices.IndexFunc(riscvOpcodes, func(o Opcode) bool { return w&o.Mask == o.Value })
	if i < 0 || !cpu.Has(riscvOpcodes[i].Feature) {
		return 0, nil
	}
	insn := binary.LittleEndian.Uint32(code)
	reg := func(n uint32) Register { return Register{"", ucRISCVRegX0 + int(n&31)} }
	a, b := cpu.Reg(reg(insn>>15)), cpu.Reg(reg(insn>>20))
	var result uint64
	if f, ok := riscvUnary[insn&0xfff0707f]; ok {
		result = f(a)
	} else if f, ok := riscvImmediate[insn&0xfc00707f]; ok {
		result = f(a, int(insn>>20&63))
	} else if f, ok := riscvRegister[insn&0xfe00707f]; ok {
		result = f(a, b)
	} else {
		return 0, nil
	}
	if rd := insn >> 7 & 31; rd != 0 {
		cpu.SetReg(reg(rd), result)
	}
	return 4, nil
}
