// SPDX-License-Identifier: GPL-2.0-or-later

package arch

// x86MXCSRMask are the bits of MXCSR that a program may set: those of a CPU with denormals-are-zero.
const x86MXCSRMask = 0xffff

// x86FXSAVE are the registers of an FXSAVE image at an offset of the frame (SDM volume 1, 10.5.1), with as many XMM registers as the mode has.
// The pointers to the last x87 instruction are left out: the engine keeps none.
func x86FXSAVE(at, xmm int) []FloatSlot {
	slots := []FloatSlot{
		{Reg: Register{"fpcw", ucX86RegFPCW}, Offset: at, Size: 2},
		{Reg: Register{"fpsw", ucX86RegFPSW}, Offset: at + 2, Size: 2},
		{Reg: Register{"fptag", ucX86RegFPTAG}, Offset: at + 4, Size: 1, Save: abridgeTags, Load: expandTags},
		{Reg: Register{"mxcsr", ucX86RegMXCSR}, Offset: at + 24, Size: 4},
	}
	for i, r := range x86ST {
		slots = append(slots, FloatSlot{Reg: r, Offset: at + 32 + 16*i, Size: 10})
	}
	for i, r := range x86XMM[:xmm] {
		slots = append(slots, FloatSlot{Reg: r, Offset: at + 160 + 16*i, Size: 16})
	}
	return slots
}

// x86FSAVE are those of struct user_i387_ia32_struct and of the status word that follows it (convert_from_fxsr, x86/kernel/fpu/regset.c).
// Linux takes the x87's state from here, not from the FXSAVE image.
func x86FSAVE(at int) []FloatSlot {
	slots := []FloatSlot{
		{Reg: Register{"fpcw", ucX86RegFPCW}, Offset: at, Size: 4, Save: upperOnes, Load: lowerHalf},
		{Reg: Register{"fpsw", ucX86RegFPSW}, Offset: at + 4, Size: 4, Save: upperOnes, Load: lowerHalf},
		{Reg: Register{"fptag", ucX86RegFPTAG}, Offset: at + 8, Size: 4, Save: upperOnes, Load: lowerHalf},
	}
	for i, r := range x86ST {
		slots = append(slots, FloatSlot{Reg: r, Offset: at + 28 + 10*i, Size: 10})
	}
	return slots
}

func upperOnes(v uint64) uint64 { return v | 0xffff0000 }
func lowerHalf(v uint64) uint64 { return v & 0xffff }

// tagEmpty is the tag of an x87 register with nothing in it.
const tagEmpty = 3

// abridgeTags turns the tag word, with two bits a register, into FXSAVE's: a bit for each register that is not empty.
func abridgeTags(tags uint64) uint64 {
	var short uint64
	for i := range 8 {
		if tags>>(2*i)&tagEmpty != tagEmpty {
			short |= 1 << i
		}
	}
	return short
}

// expandTags is its opposite, as far as it matters: the CPU knows what is in a register.
func expandTags(short uint64) uint64 {
	var tags uint64
	for i := range 8 {
		if short>>i&1 == 0 {
			tags |= tagEmpty << (2 * i)
		}
	}
	return tags
}

var x86ST = [8]Register{
	{"st0", ucX86RegST0}, {"st1", ucX86RegST1}, {"st2", ucX86RegST2}, {"st3", ucX86RegST3},
	{"st4", ucX86RegST4}, {"st5", ucX86RegST5}, {"st6", ucX86RegST6}, {"st7", ucX86RegST7},
}

var x86XMM = [16]Register{
	{"xmm0", ucX86RegXMM0}, {"xmm1", ucX86RegXMM1}, {"xmm2", ucX86RegXMM2}, {"xmm3", ucX86RegXMM3},
	{"xmm4", ucX86RegXMM4}, {"xmm5", ucX86RegXMM5}, {"xmm6", ucX86RegXMM6}, {"xmm7", ucX86RegXMM7},
	{"xmm8", ucX86RegXMM8}, {"xmm9", ucX86RegXMM9}, {"xmm10", ucX86RegXMM10}, {"xmm11", ucX86RegXMM11},
	{"xmm12", ucX86RegXMM12}, {"xmm13", ucX86RegXMM13}, {"xmm14", ucX86RegXMM14}, {"xmm15", ucX86RegXMM15},
}
