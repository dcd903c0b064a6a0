// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"debug/elf"
	"encoding/binary"
)

// i386 is a 32-bit program under a 64-bit kernel (CONFIG_IA32_EMULATION), which is where they run today.
var i386 = &Arch{
	Name: "386",
	Tier: Full,
	Missing: []string{
		"AVX and FMA beyond what Go's runtime and compiler write, F16C, SHA",
		"exact x87 transcendental instructions, which package math used up to Go 1.16",
	},

	ELF: ELF{
		Machine:  elf.EM_386,
		Class:    elf.ELFCLASS32,
		Data:     elf.ELFDATA2LSB,
		Relative: uint32(elf.R_386_RELATIVE), // 8
		Rela:     false,
	},
	Order:   binary.LittleEndian,
	PtrSize: 4,

	Engine: Engine{
		Arch: ucArchX86,
		Mode: ucMode32,
		// As amd64's.
		Models: []Model{
			{Name: "broadwell", ID: ucCPUX86BROADWELL},
			{Name: "haswell", ID: ucCPUX86HASWELL, Lacks: []string{"adx"}},
			{Name: "ivybridge", ID: ucCPUX86IVYBRIDGE, Lacks: []string{"adx", "bmi1", "bmi2", "movbe"}},
			{Name: "sandybridge", ID: ucCPUX86SANDYBRIDGE, Lacks: []string{"adx", "bmi1", "bmi2", "movbe", "fsgsbase"}},
		},
		Illegal:    0,
		FlagsNever: x86FlagsNever,
		InsnShift:  0,
		SmallPages: false,
		Emulation:  x86Emulation(x86Numbered32, ucX86RegEFLAGS),
	},

	PC:    Register{"eip", ucX86RegEIP},
	SP:    Register{"esp", ucX86RegESP},
	Link:  None,
	Flags: Register{"eflags", ucX86RegEFLAGS},
	TLS:   None, // a descriptor that set_thread_area writes and GS selects
	Registers: []Register{
		{"eax", ucX86RegEAX}, {"ebx", ucX86RegEBX}, {"ecx", ucX86RegECX}, {"edx", ucX86RegEDX},
		{"edi", ucX86RegEDI}, {"esi", ucX86RegESI}, {"ebp", ucX86RegEBP}, {"esp", ucX86RegESP},
		{"eip", ucX86RegEIP},
	},

	// x86/entry/syscall_32.c, do_int80_emulation; syscall(2).
	Syscall: Syscall{
		Insn:   0,
		Intr:   0x80,
		Number: Register{"eax", ucX86RegEAX},
		Args: []Register{
			{"ebx", ucX86RegEBX}, {"ecx", ucX86RegECX}, {"edx", ucX86RegEDX},
			{"esi", ucX86RegESI}, {"edi", ucX86RegEDI}, {"ebp", ucX86RegEBP},
		},
		Result:  Register{"eax", ucX86RegEAX},
		Numbers: syscalls386,
		// clone(flags, stack, parent_tid, tls, child_tid): CONFIG_CLONE_BACKWARDS, and ia32_clone of x86/kernel/sys_ia32.c.
		Clone:     cloneBackwards,
		MmapBlock: true, // sys_ia32_mmap
		OldTime:   true,
	},

	// No register arguments: cmd/compile/abi-internal.md does not cover it.
	ABI: ABI{
		Regs:      nil,
		Since:     0,
		StackArgs: 4, // above the return address
		G:         None,
	},

	// struct rt_sigframe_ia32 of x86/include/asm/sigframe.h: pretcode, sig, pinfo, puc, siginfo at 16, ucontext at 144 (its
	// sigcontext_32 at 164), retcode at 260; filled in by ia32_setup_rt_frame, x86/kernel/signal_32.c.
	// Above it is struct _fpstate_32: what FSAVE writes, and at 112 of it what FXSAVE does.
	Signal: SignalFrame{
		Size:    268,
		Align:   16,
		Skew:    4, // align_sigframe: the arguments are aligned
		Info:    16,
		Context: 144,
		Mask:    252,
		Stack:   152,
		Fault:   248, // cr2
		Trap:    212, // trapno
		Err:     216, // err
		Regs: []Slot{
			{Register{"gs", ucX86RegGS}, 164, 2},
			{Register{"edi", ucX86RegEDI}, 180, 4}, {Register{"esi", ucX86RegESI}, 184, 4},
			{Register{"ebp", ucX86RegEBP}, 188, 4}, {Register{"ebx", ucX86RegEBX}, 196, 4},
			{Register{"edx", ucX86RegEDX}, 200, 4}, {Register{"ecx", ucX86RegECX}, 204, 4},
			{Register{"eax", ucX86RegEAX}, 208, 4}, {Register{"eip", ucX86RegEIP}, 220, 4},
			{Register{"eflags", ucX86RegEFLAGS}, 228, 4},
			{Register{"esp", ucX86RegESP}, 232, 4}, // sp_at_signal: written only
			{Register{"esp", ucX86RegESP}, 192, 4},
		},
		Words: []Word{
			{144, 4, 0},    // uc_flags
			{148, 4, 0},    // uc_link
			{166, 2, 0},    // gs, upper half
			{168, 4, 0},    // fs
			{172, 4, 0x2b}, // es: __USER_DS
			{176, 4, 0x2b}, // ds: __USER_DS
			{224, 4, 0x23}, // cs: __USER32_CS
			{236, 4, 0x2b}, // ss: __USER_DS
			// retcode: mov $__NR_rt_sigreturn, %eax; int $0x80, which gdb looks for.
			{260, 8, 0x0080cd000000adb8},
			{276 + 12, 4, 0},          // ipoff
			{276 + 16, 4, 0x23},       // cssel: save_fsave_header has the program's
			{276 + 20, 4, 0},          // dataoff
			{276 + 24, 4, 0xffff002b}, // datasel
			{276 + 110, 2, 0},         // magic: X86_FXSR_MAGIC
			{388 + 28, 4, x86MXCSRMask},
		},
		Float:    append(x86FXSAVE(388, 8), x86FSAVE(276)...),
		Pointers: []Pointer{{240, 276}}, // fpstate
		Above:    Above{Size: 112 + 512, Align: 64, Head: 112, Offset: 276},
		// ia32_setup_rt_frame: for a handler with -mregparm=3.
		Args:       []Register{{"eax", ucX86RegEAX}, {"edx", ucX86RegEDX}, {"ecx", ucX86RegECX}},
		StackArgs:  []int{4, 8, 12},
		Return:     0, // pretcode
		Popped:     4,
		RedZone:    0,
		ClearFlags: x86ClearFlags,
		ShownFlags: x86ShownFlags,
		FaultFlags: x86FaultFlags,
		UserFlags:  x86UserFlags,
	},
	Signals:   Signals{Last: 64, How: genericHow, Action: sigAction32},
	Traps:     x86Traps,
	PageFault: x86PageFault,

	Structs: Structs{
		// x86/include/uapi/asm/stat.h, struct stat64.
		Stat: Layout{
			Size: 96,
			Fields: []Field{
				{"st_dev", 0, 8}, {"__st_ino", 12, 4}, {"st_mode", 16, 4}, {"st_nlink", 20, 4}, {"st_uid", 24, 4}, {"st_gid", 28, 4},
				{"st_rdev", 32, 8}, {"st_size", 44, 8}, {"st_blksize", 52, 4}, {"st_blocks", 56, 8},
				{"st_atime", 64, 4}, {"st_atime_nsec", 68, 4}, {"st_mtime", 72, 4}, {"st_mtime_nsec", 76, 4},
				{"st_ctime", 80, 4}, {"st_ctime_nsec", 84, 4}, {"st_ino", 88, 8},
			},
		},
		Statfs:     statfs64,
		EpollEvent: 12, // 64-bit members are aligned to 4 bytes
		EpollData:  4,
	},

	Features: x86Features,
	CPUID:    x86CPUID,
	Opcodes:  x86Opcodes,
	CPUs:     x86CPUs,
	CPUInfo:  x86CPUInfo,

	Platform: "i686",   // COMPAT_ELF_PLATFORM of x86/include/asm/elf.h
	UTSName:  "x86_64", // the kernel's: only `setarch i386` would change it (override_architecture, kernel/sys.c)
	QEMU:     "i386",

	Disassemble: disassembleX86(32),

	Variants: i386Variants,
	PIE:      0, // it has gcc link them

	UserTop:    0xffffe000,    // IA32_PAGE_OFFSET of x86/include/asm/page_64_types.h
	StackTop:   0xffffe000,    // STACK_TOP: the same
	MmapTop:    0xf7ffe000,    // mmap_base of x86/mm/mmap.c: 128 MiB below
	PIEBase:    0x56555000,    // COMPAT_ELF_ET_DYN_BASE of x86/include/asm/elf.h: a third of it, and 16 MiB
	PageSizes:  []int{4096},   // x86/include/asm/page_types.h
	Trampoline: i386Sigreturn, // __kernel_rt_sigreturn of x86/entry/vdso/vdso32/sigreturn.S
	Canonical:  0,
	Vsyscall:   0,
	VDSO:       i386VDSO,
	GDT:        true,
	Segments: Segments{
		Table: Register{"gdtr", ucX86RegGDTR},
		Local: Register{"ldtr", ucX86RegLDTR},
		Code:  Register{"cs", ucX86RegCS},
		Data:  []Register{{"ds", ucX86RegDS}, {"es", ucX86RegES}, {"ss", ucX86RegSS}},
	},

	BottomUp: 0x55555000, // TASK_UNMAPPED_BASE of x86/include/asm/processor.h: a third
	Widths:   widths386,
}

// i386Sigreturn is `mov $173, %eax; int $0x80`.
var i386Sigreturn = []byte{0xb8, 0xad, 0x00, 0x00, 0x00, 0xcd, 0x80}
