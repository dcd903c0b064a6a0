// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"debug/elf"
	"encoding/binary"
)

var ppc64 = &Arch{
	Name: "ppc64",
	Tier: Full,
	Missing: []string{
		"POWER10's prefixed instructions and MMA; transactional memory, DARN, DSCR, TAR",
	},
	Since: 5,

	ELF: ELF{
		Machine:  elf.EM_PPC64,
		Class:    elf.ELFCLASS64,
		Data:     elf.ELFDATA2MSB,
		Relative: uint32(elf.R_PPC64_RELATIVE), // 22
		Rela:     true,
		ABIMask:  3, ABIDirect: 2, // EF_PPC64_ABI: the second ABI has no descriptors
	},
	Order:   binary.BigEndian,
	PtrSize: 8,

	Engine: Engine{
		Arch:       ucArchPPC,
		Mode:       ucModePPC64 | ucModeBIGENDIAN, // of the CPU as it is reset
		Models:     ppc64Models,
		Illegal:    96, // POWERPC_EXCP_HV_EMU
		Ahead:      4,  // cpu_handle_exception adds it
		Pauses:     true,
		Emulation:  ppc64Emulation(false),
		Hidden:     ppc64Hidden,
		FlagsNever: 0,
		InsnShift:  2,
		SmallPages: false,
		Blind:      ppc64Blind,
		Reserve:    ppc64Reserve,
		Reset:      []Reset{{Reg: Register{"msr", ucPPCRegMSR}, Value: ppc64MSR}},
	},

	PC:        Register{"pc", ucPPCRegPC},
	SP:        Register{"r1", ucPPCReg1},
	Link:      Register{"lr", ucPPCRegLR},
	Flags:     Register{"cr", ucPPCRegCR},
	TLS:       Register{"r13", ucPPCReg13},
	Registers: ppc64Registers,

	// powerpc/kernel/interrupt_64.S, system_call_common; syscall(2).
	Syscall: Syscall{
		Insn:    0,
		Intr:    8, // POWERPC_EXCP_SYSCALL
		Number:  Register{"r0", ucPPCReg0},
		Args:    ppc64SyscallArgs,
		Result:  Register{"r3", ucPPCReg3},
		Failed:  ppc64Failed,
		Numbers: syscallsPPC64,
		// clone(flags, stack, parent_tid, tls, child_tid): CONFIG_CLONE_BACKWARDS, kernel/fork.c.
		Clone:     cloneBackwards,
		OldTime:   false,
		OpenFlags: ppc64OpenFlags,
		MapFlags:  ppc64MapFlags,
	},

	// Go's cmd/compile/abi-internal.md, "ppc64 architecture".
	ABI: ABI{
		Regs:       ppc64ABIRegs,
		Since:      18,
		StackArgs:  32, // above the frame's fixed part
		FixedFrame: 6,  // before, there was the link register alone
		G:          Register{"r30", ucPPCReg30},
	},

	// A dummy caller's frame of __SIGNAL_FRAMESIZE bytes, and above it struct rt_sigframe of powerpc/kernel/signal_64.c: ucontext at 128
	// (its sigcontext at 296), another for transactional memory at 1824, siginfo at 3584; filled in by handle_rt_signal64.
	Signal: SignalFrame{
		Size:     3712,
		Align:    16,
		Skew:     0,
		Info:     3584,
		Context:  128,
		Mask:     168,
		Stack:    144,
		Fault:    688, // PT_DAR
		Trap:     680, // PT_TRAP
		Err:      696, // PT_DSISR
		Regs:     ppc64FrameRegs,
		Float:    ppc64FrameFloat,
		Pointers: ppc64FramePointers,
		Hidden:   ppc64FrameHidden,
		Words: []Word{
			{128, 8, 0},                  // uc_flags
			{136, 8, 0},                  // uc_link
			{624, 8, 0x900000000280f032}, // PT_MSR: SF HV VEC VSX EE PR FP ME IR DR RI
			{672, 8, 1},                  // PT_SOFTE: interrupts are enabled
		},
		Args:       []Register{{"r3", ucPPCReg3}, {"r4", ucPPCReg4}, {"r5", ucPPCReg5}},
		StackArgs:  nil,
		Return:     -1,
		Popped:     128,
		Handler:    []Register{{"ctr", ucPPCRegCTR}},
		Zero:       []Register{{"fpscr", ucPPCRegFPSCR}},
		Signo:      328,
		Action:     336,
		Extra:      Register{"r6", ucPPCReg6},
		RedZone:    0,
		Gap:        512, // abigap
		ClearFlags: 0,
		UserFlags:  0xffffffff,
	},
	Signals:   Signals{Last: 64, How: genericHow, Action: sigAction64},
	Traps:     ppc64Traps,
	PageFault: ppc64PageFault,
	Undefined: ppc64Undefined,

	Structs: Structs{
		Stat:       ppc64Stat,
		Statfs:     statfsWords,
		EpollEvent: 16, // natural alignment
		EpollData:  8,
	},

	Features: ppc64Features,
	Opcodes:  ppc64Opcodes(binary.BigEndian),
	CPUs:     ppc64CPUs,
	CPUID:    nil,
	CPUInfo:  ppc64CPUInfo,

	Platform:     "power9", // of the table cpu_specs in powerpc/kernel/cpu_specs_book3s_64.h
	BasePlatform: "power9",
	Aux:          ppc64Aux,
	UTSName:      "ppc64",
	QEMU:         "ppc64",

	Disassemble: disassemblePPC64(binary.BigEndian),

	Variants: ppc64Variants,
	PIE:      27,

	Entry:  Register{"r12", ucPPCReg12},
	Global: ppc64Global,
	TOC:    Register{"r2", ucPPCReg2},

	UserTop:    1 << 47,            // DEFAULT_MAP_WINDOW_USER64 of powerpc/include/asm/task_size_64.h: pages of 64 KiB
	StackTop:   1 << 47,            // STACK_TOP_USER64: the same
	MmapTop:    0x7ffff8000000,     // mmap_base of mm/util.c: 128 MiB below
	PIEBase:    0x100000000,        // ELF_ET_DYN_BASE of powerpc/include/asm/elf.h
	PageSizes:  []int{4096, 65536}, // CONFIG_PPC_{4K,64K}_PAGES
	Trampoline: ppc64Sigreturn,     // __kernel_sigtramp_rt64 of powerpc/kernel/vdso/sigtramp64.S
	Canonical:  0,
	Vsyscall:   0,
	VDSO:       ppc64VDSO(binary.BigEndian, 1),
	GDT:        false,
	Segments:   Segments{},

	BottomUp:    1 << 45, // TASK_UNMAPPED_BASE_USER64 of powerpc/include/asm/task_size_64.h: a quarter
	Widths:      widthsPPC64,
	LegacyStack: true,
}

// ppc64Sigreturn is `addi r1, r1, 128; li r0, 172; sc`.
var ppc64Sigreturn = []byte{0x38, 0x21, 0x00, 0x80, 0x38, 0x00, 0x00, 0xac, 0x44, 0x00, 0x00, 0x02}

// ppc64Blind is dcbz, and the loads and stores of strings and of several registers.
var ppc64Blind = []Pattern{
	{0xfc0007fe, 0x7c0007ec},                                                                               // dcbz
	{0xfc0007fe, 0x7c00042a}, {0xfc0007fe, 0x7c0004aa}, {0xfc0007fe, 0x7c00052a}, {0xfc0007fe, 0x7c0005aa}, // lswx, lswi, stswx, stswi
	{0xfc000000, 0xb8000000}, {0xfc000000, 0xbc000000}, // lmw, stmw
}
