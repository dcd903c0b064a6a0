// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"debug/elf"
	"encoding/binary"
)

var mips = &Arch{
	Name: "mips",
	Tier: Full,
	Missing: []string{
		"DSP and MSA instructions, MIPS32R6",
	},
	Since: 8,

	ELF: ELF{
		Machine:  elf.EM_MIPS,
		Class:    elf.ELFCLASS32,
		Data:     elf.ELFDATA2MSB,
		Relative: uint32(elf.R_MIPS_REL32), // 3
		Rela:     false,
	},
	Order:   binary.BigEndian,
	PtrSize: 4,

	Engine: Engine{
		Arch:       ucArchMIPS,
		Mode:       ucModeMIPS32 | ucModeBIGENDIAN,
		Models:     mips32Models,
		Illegal:    20, // EXCP_RI
		FlagsNever: 0,
		InsnShift:  2,
		SmallPages: false,
		Reserve:    mipsReserve,
		Reset:      mips32Reset,
		Branches:   mipsBranches,
		Culprit:    mipsCulprit(4),
		TLB:        mips32TLB,
		Hidden:     mipsHidden(4),
	},

	PC:        mips32PC,
	SP:        Register{"r29", ucMIPSReg29},
	Link:      Register{"r31", ucMIPSReg31},
	Flags:     None,
	TLS:       Register{"userlocal", ucMIPSRegCP0USERLOCAL},
	Registers: mips32Registers,

	Syscall: mips32Syscall,

	// No register arguments: cmd/compile/abi-internal.md does not cover it. g: cmd/internal/obj/mips/a.out.go, REGG.
	ABI: ABI{
		Regs:      nil,
		Since:     0,
		StackArgs: 4, // above the saved link register
		G:         Register{"r30", ucMIPSReg30},
	},

	Signal:   mips32Frame(binary.BigEndian),
	Signals:  mipsSignalsOf(4),
	Traps:    mipsTraps,
	CarryOut: mipsCarryOut,

	Structs: mips32Structs,

	Features: mips32Features,
	CPUs:     mips32CPUs,
	CPUID:    nil,

	Platform: "",     // ELF_PLATFORM: only a few CPUs have one (set_elf_platform of mips/kernel/cpu-probe.c)
	UTSName:  "mips", // UTS_MACHINE of mips/Makefile, whatever the byte order
	QEMU:     "mips",

	Disassemble: nil,

	Variants: mipsVariants,
	PIE:      0,

	CPUInfo: mipsCPUInfo("MIPS 24Kc V0.0  FPU V0.0", "mips1 mips2 mips32r1 mips32r2"),

	AddressError: 1 << 31, // kseg0 and above: do_ade of mips/kernel/unaligned.c

	UserTop:    0x7fff8000,                // TASK_SIZE of mips/include/asm/processor.h
	StackTop:   0x7fff5000,                // mips_stack_top of mips/kernel/process.c: below a page for the FPU emulator, the vDSO's and its data's
	MmapTop:    0x77ff5000,                // mmap_base of mm/util.c: 128 MiB below
	PIEBase:    0x55550000,                // ELF_ET_DYN_BASE of mips/include/asm/elf.h: two thirds of it
	PageSizes:  []int{4096, 16384, 65536}, // CONFIG_PAGE_SIZE_{4,16,64}KB
	Trampoline: mips32Sigreturn(binary.BigEndian),
	Canonical:  0,
	Vsyscall:   0,
	VDSO:       mips32VDSO(binary.BigEndian, 4, 0),
	GDT:        false,
	Segments:   Segments{},

	BottomUp:    0x2aaa8000, // TASK_UNMAPPED_BASE of mips/include/asm/processor.h: a third
	Widths:      widthsMIPS,
	LegacyStack: true,
}
