// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"debug/elf"
	"encoding/binary"
)

var mips64le = &Arch{
	Name: "mips64le",
	Tier: Full,
	Missing: []string{
		"DSP and MSA instructions, MIPS64R6",
	},
	Since: 6,

	ELF: ELF{
		Machine:  elf.EM_MIPS,
		Class:    elf.ELFCLASS64,
		Data:     elf.ELFDATA2LSB,
		Relative: uint32(elf.R_MIPS_REL32), // 3
		Rela:     false,
	},
	Order:   binary.LittleEndian,
	PtrSize: 8,

	Engine: Engine{
		Arch:       ucArchMIPS,
		Mode:       ucModeMIPS64,
		Models:     mips64Models,
		Illegal:    20, // EXCP_RI
		FlagsNever: 0,
		InsnShift:  2,
		SmallPages: false,
		Reserve:    mipsleReserve,
		Reset:      mips64Reset,
		Branches:   mipsBranches,
		Culprit:    mipsCulprit(8),
		TLB:        mips64TLB,
		Hidden:     mipsHidden(8),
		Emulation:  Emulation{Rewrite: mips64Rewrite},
	},

	PC:        mips64PC,
	SP:        Register{"r29", ucMIPSReg29},
	Link:      Register{"r31", ucMIPSReg31},
	Flags:     None,
	TLS:       Register{"userlocal", ucMIPSRegCP0USERLOCAL},
	Registers: mips64Registers,

	Syscall: mips64Syscall,
	ABI:     mips64ABI,

	Signal:   mips64Frame(),
	Signals:  mipsSignalsOf(8),
	Traps:    mipsTraps,
	CarryOut: mipsCarryOut,

	Structs: mips64Structs,

	Features: mips64Features,
	CPUs:     mips64CPUs,
	CPUID:    nil,

	Platform: "",       // ELF_PLATFORM: only a few CPUs have one (set_elf_platform of mips/kernel/cpu-probe.c)
	UTSName:  "mips64", // UTS_MACHINE of mips/Makefile, whatever the byte order
	QEMU:     "mips64el",

	Disassemble: nil,
	CPUInfo:     mipsCPUInfo("MIPS GENERIC QEMU V0.0  FPU V0.0", "mips1 mips2 mips3 mips4 mips5 mips32r1 mips32r2 mips64r1 mips64r2"),

	AddressError: 1 << 40, // do_ade of mips/kernel/unaligned.c

	Variants: mips64Variants,
	PIE:      0,

	NarrowAtoi: 13,

	UserTop:    1 << 40,                   // TASK_SIZE64 of mips/include/asm/processor.h
	StackTop:   0xffffffd000,              // mips_stack_top of mips/kernel/process.c: below a page for the FPU emulator, the vDSO's and its data's
	MmapTop:    0xfff7ffd000,              // mmap_base of mm/util.c: 128 MiB below
	PIEBase:    0xaaaaaaa000,              // ELF_ET_DYN_BASE of mips/include/asm/elf.h: two thirds of TASK_SIZE
	PageSizes:  []int{4096, 16384, 65536}, // CONFIG_PAGE_SIZE_{4,16,64}KB
	Trampoline: mips64Sigreturn(binary.LittleEndian),
	Canonical:  0,
	Vsyscall:   0,
	VDSO:       mips64VDSO(binary.LittleEndian),
	GDT:        false,
	Segments:   Segments{},

	BottomUp:    0x5555556000, // TASK_UNMAPPED_BASE of mips/include/asm/processor.h: a third
	Widths:      widthsMIPS64,
	LegacyStack: true,
}
