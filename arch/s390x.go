// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"debug/elf"
	"encoding/binary"
)

var s390x = &Arch{
	Name: "s390x",
	Tier: Full,
	Missing: []string{
		"decimal floating point, transactions, vector instructions of the z14 and newer",
		"cryptographic instructions: their queries say that there are none",
		"signal frames of a CPU without vector registers, which are shorter",
	},
	Since: 7,

	ELF: ELF{
		Machine:  elf.EM_S390,
		Class:    elf.ELFCLASS64,
		Data:     elf.ELFDATA2MSB,
		Relative: uint32(elf.R_390_RELATIVE), // 12
		Rela:     true,
	},
	Order:   binary.BigEndian,
	PtrSize: 8,

	Engine: Engine{
		Blind: []Pattern{{0, 0}}, // MVC and its like, and EXRL, are everywhere
		Arch:  ucArchS390X,
		Mode:  ucModeBIGENDIAN,
		// The engine translates the same instructions for all models: one is enough.
		Models:     []Model{{Name: "max", ID: ucCPUS390XMAX}},
		Illegal:    3, // EXCP_PGM, all program interruptions
		FlagsNever: 0,
		InsnShift:  0, // 2, 4 or 6 bytes
		SmallPages: false,
		Reset: []Reset{
			// PSW_USER_BITS of s390/include/asm/ptrace.h, 64-bit addressing: translated addresses, problem state, primary space.
			{Reg: Register{"pswm", ucS390XRegPSWM}, Keep: 0, Value: 0x0705000180000000},
			// AFP-register control and vector control (s390/include/asm/ctlreg.h): else F1, F3, F5 ... and V0 to V31 trap.
			{Reg: Register{"cr0", ucS390XRegCR0}, Keep: ^uint64(0), Value: 0x60000},
		},
		Emulation: s390xEmulation,
	},

	PC:     Register{"pc", ucS390XRegPC}, // the second half of the PSW
	SP:     Register{"r15", ucS390XRegR15},
	Link:   Register{"r14", ucS390XRegR14},
	Flags:  Register{"pswm", ucS390XRegPSWM},
	TLS:    Register{"a0", ucS390XRegA0},
	TLSLow: Register{"a1", ucS390XRegA1}, // access registers have 32 bits
	Registers: []Register{
		{"r0", ucS390XRegR0}, {"r1", ucS390XRegR1}, {"r2", ucS390XRegR2}, {"r3", ucS390XRegR3},
		{"r4", ucS390XRegR4}, {"r5", ucS390XRegR5}, {"r6", ucS390XRegR6}, {"r7", ucS390XRegR7},
		{"r8", ucS390XRegR8}, {"r9", ucS390XRegR9}, {"r10", ucS390XRegR10}, {"r11", ucS390XRegR11},
		{"r12", ucS390XRegR12}, {"r13", ucS390XRegR13}, {"r14", ucS390XRegR14}, {"r15", ucS390XRegR15},
		{"pc", ucS390XRegPC},
	},

	// s390/kernel/syscall.c, __do_syscall; syscall(2).
	Syscall: Syscall{
		Insn:   0,
		Intr:   2, // EXCP_SVC
		Length: 2,
		Number: Register{"r1", ucS390XRegR1},
		Imm:    true,
		Args: []Register{
			{"r2", ucS390XRegR2}, {"r3", ucS390XRegR3}, {"r4", ucS390XRegR4},
			{"r5", ucS390XRegR5}, {"r6", ucS390XRegR6}, {"r7", ucS390XRegR7},
		},
		Result:  Register{"r2", ucS390XRegR2},
		Numbers: syscallsS390X,
		// clone(stack, flags, parent_tid, child_tid, tls): CONFIG_CLONE_BACKWARDS2, kernel/fork.c.
		Clone:     cloneBackwards2,
		MmapBlock: true, // sys_old_mmap, s390/kernel/syscall.c
		OldTime:   false,
	},

	// Go's cmd/compile/abi-internal.md, "s390x architecture".
	ABI: ABI{
		Regs: []Register{
			{"r2", ucS390XRegR2}, {"r3", ucS390XRegR3}, {"r4", ucS390XRegR4}, {"r5", ucS390XRegR5},
			{"r6", ucS390XRegR6}, {"r7", ucS390XRegR7}, {"r8", ucS390XRegR8}, {"r9", ucS390XRegR9},
		},
		Since:     26,
		StackArgs: 8, // above the saved link register
		G:         Register{"r13", ucS390XRegR13},
	},

	// struct rt_sigframe of s390/kernel/signal.c: the callee's save area of 160 bytes, svc_insn, siginfo at 168, ucontext_extended at 296
	// (its _sigregs at 336, its _sigregs_ext at 808); filled in by setup_rt_frame.
	Signal: SignalFrame{
		Size:    1320,
		Align:   8,
		Skew:    0,
		Info:    168,
		Context: 296,
		Mask:    680,
		Stack:   312,
		Fault:   -1,
		Trap:    -1,
		Err:     -1,
		Regs: []Slot{
			{Register{"r15", ucS390XRegR15}, 0, 8}, {Register{"pswm", ucS390XRegPSWM}, 336, 8},
			{Register{"pc", ucS390XRegPC}, 344, 8}, {Register{"r0", ucS390XRegR0}, 352, 8},
			{Register{"r1", ucS390XRegR1}, 360, 8}, {Register{"r2", ucS390XRegR2}, 368, 8},
			{Register{"r3", ucS390XRegR3}, 376, 8}, {Register{"r4", ucS390XRegR4}, 384, 8},
			{Register{"r5", ucS390XRegR5}, 392, 8}, {Register{"r6", ucS390XRegR6}, 400, 8},
			{Register{"r7", ucS390XRegR7}, 408, 8}, {Register{"r8", ucS390XRegR8}, 416, 8},
			{Register{"r9", ucS390XRegR9}, 424, 8}, {Register{"r10", ucS390XRegR10}, 432, 8},
			{Register{"r11", ucS390XRegR11}, 440, 8}, {Register{"r12", ucS390XRegR12}, 448, 8},
			{Register{"r13", ucS390XRegR13}, 456, 8}, {Register{"r14", ucS390XRegR14}, 464, 8},
			{Register{"r15", ucS390XRegR15}, 472, 8}, {Register{"a0", ucS390XRegA0}, 480, 4},
			{Register{"a1", ucS390XRegA1}, 484, 4}, {Register{"a2", ucS390XRegA2}, 488, 4},
			{Register{"a3", ucS390XRegA3}, 492, 4}, {Register{"a4", ucS390XRegA4}, 496, 4},
			{Register{"a5", ucS390XRegA5}, 500, 4}, {Register{"a6", ucS390XRegA6}, 504, 4},
			{Register{"a7", ucS390XRegA7}, 508, 4}, {Register{"a8", ucS390XRegA8}, 512, 4},
			{Register{"a9", ucS390XRegA9}, 516, 4}, {Register{"a10", ucS390XRegA10}, 520, 4},
			{Register{"a11", ucS390XRegA11}, 524, 4}, {Register{"a12", ucS390XRegA12}, 528, 4},
			{Register{"a13", ucS390XRegA13}, 532, 4}, {Register{"a14", ucS390XRegA14}, 536, 4},
			{Register{"a15", ucS390XRegA15}, 540, 4},
		},
		// FPC and F0 to F15; the lower halves of V0 to V15, whose upper halves these are; V16 to V31.
		Float: s390xFloat,
		Words: []Word{
			{296, 8, 2}, // uc_flags: UC_VXRS
			{304, 8, 0}, // uc_link
		},
		Args:       []Register{{"r2", ucS390XRegR2}, {"r3", ucS390XRegR3}, {"r4", ucS390XRegR4}},
		StackArgs:  nil,
		Zero:       []Register{{"r5", ucS390XRegR5}}, // the last breaking event, which nobody knows
		Return:     -1,
		Popped:     0,
		RedZone:    0,
		ClearFlags: 0,
		UserFlags:  0x3f0000000000, // condition code and program mask, of PSW_MASK_USER of s390/include/asm/ptrace.h
	},
	Signals:   Signals{Last: 64, How: genericHow, Action: sigAction64, Breakpoint: SIGILL, AddrMask: 0xfff}, // illegal_op; do_sigsegv of s390/mm/fault.c
	Traps:     s390xTraps,
	Exception: s390xException,

	PageFault: PageFault{Pages: true},

	Structs: Structs{
		// s390/include/uapi/asm/stat.h, struct stat.
		Stat: Layout{
			Size: 144,
			Fields: []Field{
				{"st_dev", 0, 8}, {"st_ino", 8, 8}, {"st_nlink", 16, 8}, {"st_mode", 24, 4}, {"st_uid", 28, 4}, {"st_gid", 32, 4},
				{"st_rdev", 40, 8}, {"st_size", 48, 8}, {"st_atime", 56, 8}, {"st_atime_nsec", 64, 8},
				{"st_mtime", 72, 8}, {"st_mtime_nsec", 80, 8}, {"st_ctime", 88, 8}, {"st_ctime_nsec", 96, 8},
				{"st_blksize", 104, 8}, {"st_blocks", 112, 8},
			},
		},
		Statfs:     s390xStatfs,
		EpollEvent: 16, // natural alignment
		EpollData:  8,
	},

	Features: s390xFeatures,
	Opcodes:  s390xOpcodes,
	CPUs:     s390xCPUs,
	CPUID:    s390xFacilities,
	CPUInfo:  s390xCPUInfo,

	Platform: "z13", // setup_elf_platform of s390/kernel/processor.c, for machine type 2964
	UTSName:  "s390x",
	QEMU:     "s390x",

	Disassemble: disassembleS390X,

	Variants: nil,
	PIE:      27,

	// A page table of four levels. A process begins with three, 1<<42, and gets more when it asks for an address above
	// (check_asce_limit of s390/include/asm/pgalloc.h).
	UserTop:    1 << 48,
	StackTop:   1 << 42,            // STACK_TOP of s390/include/asm/processor.h
	MmapTop:    1<<42 - 128<<20,    // mmap_base of s390/mm/mmap.c: 128 MiB below
	PIEBase:    0x2aa00000000,      // ELF_ET_DYN_BASE of s390/include/asm/elf.h: two thirds of it, in whole 4 GiB
	PageSizes:  []int{4096},        // s390/include/asm/page.h
	Trampoline: []byte{0x0a, 0xad}, // __kernel_rt_sigreturn of s390/kernel/vdso64/vdso_user_wrapper.S: svc 173
	Canonical:  0,
	Vsyscall:   0,
	VDSO:       s390xVDSO,
	GDT:        false,
	Segments:   Segments{},

	BottomUp:    1 << 41, // TASK_UNMAPPED_BASE of s390/include/asm/processor.h
	Widths:      widthsS390X,
	LegacyStack: true,
}
