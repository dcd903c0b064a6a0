// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import "slices"

// x86Emulation is what the engine answers by its own lights, or the host's: XGETBV, and random numbers. numbered are the registers of the mode by
// their numbers in an instruction.
func x86Emulation(numbered []int, flags int) Emulation {
	m := x86Mode{numbered, Register{"", flags}}
	return Emulation{
		Emulate: m.emulate,
		Intercept: []Opcode{
			op(legacy, 1, 0, 0x01, "", "xgetbv").with(0xff, 0xd0),
			op(legacy, 1, 0, 0xc7, "", "rdrand").with(0xf8, 0xf0), op(legacy, 1, 1, 0xc7, "", "rdrand").with(0xf8, 0xf0),
			op(legacy, 1, 0, 0xc7, "", "rdseed").with(0xf8, 0xf8), op(legacy, 1, 1, 0xc7, "", "rdseed").with(0xf8, 0xf8),
		},
	}
}

// x86Mode is what the modes of 32 and 64 bits call their registers.
type x86Mode struct {
	numbered []int
	flags    Register
}

func (m x86Mode) reg(n byte) Register { return Register{"", m.numbered[n]} }

var (
	x86Numbered64 = []int{
		ucX86RegRAX, ucX86RegRCX, ucX86RegRDX, ucX86RegRBX, ucX86RegRSP, ucX86RegRBP, ucX86RegRSI, ucX86RegRDI,
		ucX86RegR8, ucX86RegR9, ucX86RegR10, ucX86RegR11, ucX86RegR12, ucX86RegR13, ucX86RegR14, ucX86RegR15,
	}
	x86Numbered32 = []int{ucX86RegEAX, ucX86RegECX, ucX86RegEDX, ucX86RegEBX, ucX86RegESP, ucX86RegEBP, ucX86RegESI, ucX86RegEDI}
)

// x86Promises says whether CPUID tells of a feature.
func x86Promises(cpu Core, feature *CPUID) bool {
	return slices.ContainsFunc(cpu.CPUID(), func(leaf CPUID) bool {
		for i, bit := range feature.Regs {
			if leaf.Leaf != feature.Leaf || leaf.Subleaf != feature.Subleaf || leaf.Regs[i]&bit != bit {
				return false
			}
		}
		return true
	})
}

// emulate carries out XGETBV, RDRAND and RDSEED, for a CPU that promises them.
func (m x86Mode) emulate(cpu Core, code []byte) (int, error) {
	if len(code) > 0 && (code[0] == 0xc4 || code[0] == 0xc5) {
		return m.vex(cpu, code)
	}
	var rex byte
	size, i := uint(32), 0
	for ; i < len(code) && code[i] != 0x0f; i++ {
		switch b := code[i]; {
		case b == 0x66:
			size = 16
		case b&0xf0 == 0x40 && len(m.numbered) == 16:
			rex = b
		}
	}
	if i+2 >= len(code) {
		return 0, nil
	}
	switch insn := code[i+1 : i+3]; {
	case insn[0] == 0x01 && insn[1] == 0xd0:
		if !x86Promises(cpu, cpuidBit(1, 0, ecx, 27)) || uint32(cpu.Reg(m.reg(1))) != 0 {
			return 0, nil
		}
		cpu.SetReg(m.reg(0), cpu.XCR0()&0xffffffff)
		cpu.SetReg(m.reg(2), cpu.XCR0()>>32)
	case insn[0] == 0xc7 && insn[1] >= 0xf0:
		feature := cpuidBit(1, 0, ecx, 30)
		if insn[1] >= 0xf8 {
			feature = cpuidBit(7, 0, ebx, 18)
		}
		if !x86Promises(cpu, feature) {
			return 0, nil
		}
		if rex&8 != 0 {
			size = 64
		}
		m.random(cpu, m.reg(insn[1]&7|rex&1<<3), size)
	default:
		return 0, nil
	}
	return i + 3, nil
}

// random gives a register size bits of a number that follows from the CPU's counter (SplitMix64), and sets CF, which says that there
// was one.
func (m x86Mode) random(cpu Core, reg Register, size uint) {
	z := cpu.Counter() * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	if size == 16 {
		z = cpu.Reg(reg)&^0xffff | z&0xffff
	} else {
		z >>= 64 - size
	}
	cpu.SetReg(reg, z)
	const arithmetic, carry = 0x8d5, 1
	cpu.SetReg(m.flags, cpu.Reg(m.flags)&^arithmetic|carry)
}
