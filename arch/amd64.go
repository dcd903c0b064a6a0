// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"debug/elf"
	"encoding/binary"
)

var amd64 = &Arch{
	Name: "amd64",
	Tier: Full,
	Missing: []string{
		"AVX and FMA beyond what Go's runtime and compiler write, F16C, SHA",
	},

	ELF: ELF{
		Machine:  elf.EM_X86_64,
		Class:    elf.ELFCLASS64,
		Data:     elf.ELFDATA2LSB,
		Relative: uint32(elf.R_X86_64_RELATIVE), // 8
		Rela:     true,
	},
	Order:   binary.LittleEndian,
	PtrSize: 8,

	Engine: Engine{
		Arch: ucArchX86,
		Mode: ucMode64,
		// Broadwell runs all that the engine has and Go asks for. Newer models add CLFLUSHOPT and the like; older ones than
		// Sandy Bridge start with SSE turned off. A model traps what it lacks.
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
		Emulation:  x86Emulation(x86Numbered64, ucX86RegRFLAGS),
	},

	PC:    Register{"rip", ucX86RegRIP},
	SP:    Register{"rsp", ucX86RegRSP},
	Link:  None,
	Flags: Register{"rflags", ucX86RegRFLAGS},
	TLS:   Register{"fs_base", ucX86RegFSBASE},
	Registers: []Register{
		{"rax", ucX86RegRAX}, {"rbx", ucX86RegRBX}, {"rcx", ucX86RegRCX}, {"rdx", ucX86RegRDX},
		{"rdi", ucX86RegRDI}, {"rsi", ucX86RegRSI}, {"rbp", ucX86RegRBP}, {"rsp", ucX86RegRSP},
		{"r8", ucX86RegR8}, {"r9", ucX86RegR9}, {"r10", ucX86RegR10}, {"r11", ucX86RegR11},
		{"r12", ucX86RegR12}, {"r13", ucX86RegR13}, {"r14", ucX86RegR14}, {"r15", ucX86RegR15},
		{"rip", ucX86RegRIP},
	},

	// x86/entry/entry_64.S, entry_SYSCALL_64; syscall(2).
	Syscall: Syscall{
		Insn:   ucX86InsSYSCALL,
		Intr:   0,
		Number: Register{"rax", ucX86RegRAX},
		Args: []Register{
			{"rdi", ucX86RegRDI}, {"rsi", ucX86RegRSI}, {"rdx", ucX86RegRDX},
			{"r10", ucX86RegR10}, {"r8", ucX86RegR8}, {"r9", ucX86RegR9},
		},
		Result:  Register{"rax", ucX86RegRAX},
		Numbers: syscallsAmd64,
		// clone(flags, stack, parent_tid, child_tid, tls): kernel/fork.c, no CONFIG_CLONE_BACKWARDS.
		Clone:   cloneForwards,
		OldTime: false,
	},

	// Go's cmd/compile/abi-internal.md, "amd64 architecture".
	ABI: ABI{
		Regs: []Register{
			{"rax", ucX86RegRAX}, {"rbx", ucX86RegRBX}, {"rcx", ucX86RegRCX}, {"rdi", ucX86RegRDI}, {"rsi", ucX86RegRSI},
			{"r8", ucX86RegR8}, {"r9", ucX86RegR9}, {"r10", ucX86RegR10}, {"r11", ucX86RegR11},
		},
		Since:     17,
		StackArgs: 8, // above the return address
		G:         Register{"r14", ucX86RegR14},
	},

	// struct rt_sigframe of x86/include/asm/sigframe.h: pretcode, ucontext at 8 (its sigcontext_64 at 48), siginfo at 312; filled in by
	// x64_setup_rt_frame, x86/kernel/signal_64.c. FP state stands
	// above the frame, as FXSAVE writes it (fpu__alloc_mathframe of x86/kernel/fpu/signal.c).
	Signal: SignalFrame{
		Size:    440,
		Align:   16,
		Skew:    8, // align_sigframe: as if called
		Info:    312,
		Context: 8,
		Mask:    304,
		Stack:   24,
		Fault:   224, // cr2
		Trap:    208, // trapno
		Err:     200, // err
		Regs: []Slot{
			{Register{"r8", ucX86RegR8}, 48, 8}, {Register{"r9", ucX86RegR9}, 56, 8},
			{Register{"r10", ucX86RegR10}, 64, 8}, {Register{"r11", ucX86RegR11}, 72, 8},
			{Register{"r12", ucX86RegR12}, 80, 8}, {Register{"r13", ucX86RegR13}, 88, 8},
			{Register{"r14", ucX86RegR14}, 96, 8}, {Register{"r15", ucX86RegR15}, 104, 8},
			{Register{"rdi", ucX86RegRDI}, 112, 8}, {Register{"rsi", ucX86RegRSI}, 120, 8},
			{Register{"rbp", ucX86RegRBP}, 128, 8}, {Register{"rbx", ucX86RegRBX}, 136, 8},
			{Register{"rdx", ucX86RegRDX}, 144, 8}, {Register{"rax", ucX86RegRAX}, 152, 8},
			{Register{"rcx", ucX86RegRCX}, 160, 8}, {Register{"rsp", ucX86RegRSP}, 168, 8},
			{Register{"rip", ucX86RegRIP}, 176, 8}, {Register{"rflags", ucX86RegRFLAGS}, 184, 8},
		},
		Words: []Word{
			{8, 8, 6},      // uc_flags: UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS
			{16, 8, 0},     // uc_link
			{192, 2, 0x33}, // cs: __USER_CS
			{194, 2, 0},    // gs
			{196, 2, 0},    // fs
			{198, 2, 0x2b}, // ss: __USER_DS
			{456 + 28, 4, x86MXCSRMask},
		},
		Float:      x86FXSAVE(456, 16),
		Pointers:   []Pointer{{232, 456}}, // fpstate
		Above:      Above{Size: 512, Align: 64, Offset: 456},
		Args:       []Register{{"rdi", ucX86RegRDI}, {"rsi", ucX86RegRSI}, {"rdx", ucX86RegRDX}},
		StackArgs:  nil,
		Return:     0, // pretcode
		Popped:     8,
		RedZone:    128, // get_sigframe, x86/kernel/signal.c
		ClearFlags: x86ClearFlags,
		ShownFlags: x86ShownFlags,
		FaultFlags: x86FaultFlags,
		UserFlags:  x86UserFlags,
	},
	Signals:   Signals{Last: 64, How: genericHow, Action: sigAction64},
	Traps:     x86Traps,
	PageFault: x86PageFault,

	Structs: Structs{
		// x86/include/uapi/asm/stat.h, struct stat.
		Stat: Layout{
			Size: 144,
			Fields: []Field{
				{"st_dev", 0, 8}, {"st_ino", 8, 8}, {"st_nlink", 16, 8}, {"st_mode", 24, 4}, {"st_uid", 28, 4}, {"st_gid", 32, 4},
				{"st_rdev", 40, 8}, {"st_size", 48, 8}, {"st_blksize", 56, 8}, {"st_blocks", 64, 8},
				{"st_atime", 72, 8}, {"st_atime_nsec", 80, 8}, {"st_mtime", 88, 8}, {"st_mtime_nsec", 96, 8},
				{"st_ctime", 104, 8}, {"st_ctime_nsec", 112, 8},
			},
		},
		Statfs:     statfsWords,
		EpollEvent: 12, // EPOLL_PACKED of uapi/linux/eventpoll.h
		EpollData:  4,
	},

	Features: x86Features,
	CPUID:    x86CPUID,
	Opcodes:  x86Opcodes,
	CPUs:     amd64CPUs,
	CPUInfo:  x86CPUInfo,

	Platform: "x86_64", // ELF_PLATFORM of x86/include/asm/elf.h
	UTSName:  "x86_64",
	QEMU:     "x86_64",

	Disassemble: disassembleX86(64),

	Variants: amd64Variants,
	PIE:      15, // before, it had gcc link them

	UserTop:    0x7ffffffff000,     // TASK_SIZE_MAX of x86/include/asm/page_64.h: the last page below 1<<47 is left out
	StackTop:   0x7ffffffff000,     // STACK_TOP of x86/include/asm/processor.h
	MmapTop:    0x7ffff7fff000,     // mmap_base of x86/mm/mmap.c: 128 MiB below
	PIEBase:    0x555555554000,     // ELF_ET_DYN_BASE of x86/include/asm/elf.h: two thirds of the window
	PageSizes:  []int{4096},        // x86/include/asm/page_types.h
	Trampoline: nil,                // x64_setup_rt_frame refuses a handler without SA_RESTORER
	Canonical:  48,                 // SDM volume 1, 3.3.7.1
	Vsyscall:   0xffffffffff600000, // VSYSCALL_ADDR of x86/include/uapi/asm/vsyscall.h
	VDSO:       amd64VDSO,
	GDT:        false,
	Segments:   Segments{},

	BottomUp: 0x2aaaaaaab000, // TASK_UNMAPPED_BASE of x86/include/asm/processor.h: a third of the window
	Widths:   widthsAMD64,
}
