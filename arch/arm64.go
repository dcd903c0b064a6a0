// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"debug/elf"
	"encoding/binary"
)

var arm64 = &Arch{
	Name: "arm64",
	Tier: Full,
	Missing: []string{
		"SVE, SME, memory tagging and pointer authentication",
		"alignment faults of LDAR, STLR and the stack pointer",
	},
	Since: 5,

	ELF: ELF{
		Machine:  elf.EM_AARCH64,
		Class:    elf.ELFCLASS64,
		Data:     elf.ELFDATA2LSB,
		Relative: uint32(elf.R_AARCH64_RELATIVE), // 1027
		Rela:     true,
	},
	Order:   binary.LittleEndian,
	PtrSize: 8,

	Engine: Engine{
		Arch: ucArchARM64,
		Mode: ucModeARM,
		// A model traps what it lacks. The Cortex models are Armv8.0, without LSE atomics.
		Models: []Model{
			{Name: "max", ID: ucCPUARM64MAX},
			{Name: "cortex-a72", ID: ucCPUARM64A72, Lacks: armv80Lacks},
			{Name: "cortex-a57", ID: ucCPUARM64A57, Lacks: armv80Lacks},
			{Name: "cortex-a53", ID: ucCPUARM64A53, Lacks: armv80Lacks},
		},
		Illegal:    1, // EXCP_UDEF
		FlagsNever: 0,
		InsnShift:  2,
		SmallPages: true,
		Emulation:  Emulation{Lengths: [4]int{4, 4, 4, 4}},
		Reserve:    Reserve{Code: arm64Reserve, Addr: Register{"x0", ucARM64RegX0}},
	},

	PC:    Register{"pc", ucARM64RegPC},
	SP:    Register{"sp", ucARM64RegSP},
	Link:  Register{"x30", ucARM64RegX30},
	Flags: Register{"pstate", ucARM64RegPSTATE},
	TLS:   Register{"tpidr_el0", ucARM64RegTPIDREL0},
	Registers: []Register{
		{"x0", ucARM64RegX0}, {"x1", ucARM64RegX1}, {"x2", ucARM64RegX2}, {"x3", ucARM64RegX3},
		{"x4", ucARM64RegX4}, {"x5", ucARM64RegX5}, {"x6", ucARM64RegX6}, {"x7", ucARM64RegX7},
		{"x8", ucARM64RegX8}, {"x9", ucARM64RegX9}, {"x10", ucARM64RegX10}, {"x11", ucARM64RegX11},
		{"x12", ucARM64RegX12}, {"x13", ucARM64RegX13}, {"x14", ucARM64RegX14}, {"x15", ucARM64RegX15},
		{"x16", ucARM64RegX16}, {"x17", ucARM64RegX17}, {"x18", ucARM64RegX18}, {"x19", ucARM64RegX19},
		{"x20", ucARM64RegX20}, {"x21", ucARM64RegX21}, {"x22", ucARM64RegX22}, {"x23", ucARM64RegX23},
		{"x24", ucARM64RegX24}, {"x25", ucARM64RegX25}, {"x26", ucARM64RegX26}, {"x27", ucARM64RegX27},
		{"x28", ucARM64RegX28}, {"x29", ucARM64RegX29}, {"x30", ucARM64RegX30}, {"sp", ucARM64RegSP},
		{"pc", ucARM64RegPC},
	},

	// arm64/kernel/syscall.c, do_el0_svc; syscall(2).
	Syscall: Syscall{
		Insn:   0,
		Intr:   2, // EXCP_SWI
		Number: Register{"x8", ucARM64RegX8},
		Args: []Register{
			{"x0", ucARM64RegX0}, {"x1", ucARM64RegX1}, {"x2", ucARM64RegX2},
			{"x3", ucARM64RegX3}, {"x4", ucARM64RegX4}, {"x5", ucARM64RegX5},
		},
		Result:  Register{"x0", ucARM64RegX0},
		Numbers: syscallsArm64,
		// clone(flags, stack, parent_tid, tls, child_tid): CONFIG_CLONE_BACKWARDS, kernel/fork.c.
		Clone:   cloneBackwards,
		OldTime: false,
		// arch/arm64/include/uapi/asm/fcntl.h.
		OpenFlags: []Flag{
			{"O_DIRECTORY", 0o200000, 0o40000},
			{"O_NOFOLLOW", 0o400000, 0o100000},
			{"O_DIRECT", 0o40000, 0o200000},
			{"O_LARGEFILE", 0o100000, 0o400000},
		},
	},

	// Go's cmd/compile/abi-internal.md, "arm64 architecture".
	ABI: ABI{
		Regs: []Register{
			{"x0", ucARM64RegX0}, {"x1", ucARM64RegX1}, {"x2", ucARM64RegX2}, {"x3", ucARM64RegX3},
			{"x4", ucARM64RegX4}, {"x5", ucARM64RegX5}, {"x6", ucARM64RegX6}, {"x7", ucARM64RegX7},
			{"x8", ucARM64RegX8}, {"x9", ucARM64RegX9}, {"x10", ucARM64RegX10}, {"x11", ucARM64RegX11},
			{"x12", ucARM64RegX12}, {"x13", ucARM64RegX13}, {"x14", ucARM64RegX14}, {"x15", ucARM64RegX15},
		},
		Since:      18,
		StackArgs:  8, // above the saved link register
		StackAlign: 16,
		G:          Register{"x28", ucARM64RegX28},
	},

	// struct rt_sigframe of arm64/kernel/signal.c: siginfo, ucontext at 128 (its sigcontext at 304), and above it the frame record of
	// struct rt_sigframe_user_layout at 4688; filled in by setup_sigframe.
	Signal: SignalFrame{
		Size:    4704,
		Align:   16,
		Skew:    0,
		Info:    0,
		Context: 128,
		Mask:    168,
		Stack:   144,
		Fault:   304, // fault_address
		Trap:    -1,
		Err:     1128, // esr_context's
		Regs: []Slot{
			{Register{"x29", ucARM64RegX29}, 4688, 8}, {Register{"x30", ucARM64RegX30}, 4696, 8}, // frame record: written only
			{Register{"x0", ucARM64RegX0}, 312, 8}, {Register{"x1", ucARM64RegX1}, 320, 8},
			{Register{"x2", ucARM64RegX2}, 328, 8}, {Register{"x3", ucARM64RegX3}, 336, 8},
			{Register{"x4", ucARM64RegX4}, 344, 8}, {Register{"x5", ucARM64RegX5}, 352, 8},
			{Register{"x6", ucARM64RegX6}, 360, 8}, {Register{"x7", ucARM64RegX7}, 368, 8},
			{Register{"x8", ucARM64RegX8}, 376, 8}, {Register{"x9", ucARM64RegX9}, 384, 8},
			{Register{"x10", ucARM64RegX10}, 392, 8}, {Register{"x11", ucARM64RegX11}, 400, 8},
			{Register{"x12", ucARM64RegX12}, 408, 8}, {Register{"x13", ucARM64RegX13}, 416, 8},
			{Register{"x14", ucARM64RegX14}, 424, 8}, {Register{"x15", ucARM64RegX15}, 432, 8},
			{Register{"x16", ucARM64RegX16}, 440, 8}, {Register{"x17", ucARM64RegX17}, 448, 8},
			{Register{"x18", ucARM64RegX18}, 456, 8}, {Register{"x19", ucARM64RegX19}, 464, 8},
			{Register{"x20", ucARM64RegX20}, 472, 8}, {Register{"x21", ucARM64RegX21}, 480, 8},
			{Register{"x22", ucARM64RegX22}, 488, 8}, {Register{"x23", ucARM64RegX23}, 496, 8},
			{Register{"x24", ucARM64RegX24}, 504, 8}, {Register{"x25", ucARM64RegX25}, 512, 8},
			{Register{"x26", ucARM64RegX26}, 520, 8}, {Register{"x27", ucARM64RegX27}, 528, 8},
			{Register{"x28", ucARM64RegX28}, 536, 8}, {Register{"x29", ucARM64RegX29}, 544, 8},
			{Register{"x30", ucARM64RegX30}, 552, 8}, {Register{"sp", ucARM64RegSP}, 560, 8},
			{Register{"pc", ucARM64RegPC}, 568, 8}, {Register{"pstate", ucARM64RegPSTATE}, 576, 8},
		},
		Words: []Word{
			{128, 8, 0}, // uc_flags
			{136, 8, 0}, // uc_link
			// __reserved: an fpsimd_context, and behind it the terminator, magic 0 and size 0.
			{592, 4, 0x46508001}, // FPSIMD_MAGIC
			{596, 4, 528},
			{1136, 8, 0},
		},
		Float: arm64Float,
		// For a fault, an esr_context stands before the terminator.
		FaultWords: []Word{
			{1120, 4, 0x45535201}, // ESR_MAGIC
			{1124, 4, 16},
		},
		Args:       []Register{{"x0", ucARM64RegX0}, {"x1", ucARM64RegX1}, {"x2", ucARM64RegX2}},
		StackArgs:  nil,
		Return:     -1,
		Popped:     0,
		RedZone:    0,
		ClearFlags: 0,          // setup_return clears BTYPE and TCO, which nothing here sets
		UserFlags:  0xf0000000, // N, Z, C, V: valid_native_regs of arm64/kernel/ptrace.c leaves little else
	},
	Signals: Signals{Last: 64, How: genericHow, Action: sigAction64},
	Traps:   arm64Traps,
	// ESR_EL1 of a data abort or an instruction abort from EL0, at the last level of the tables (Arm ARM, D24.2.40).
	PageFault: PageFault{Base: 0x82000007, Protected: 0x8, Read: 0x10000000, Write: 0x10000040},
	PCAlign:   Trap{Signal: SIGBUS, Code: 1, Addr: true, Err: 0x8a000000}, // BUS_ADRALN, do_sp_pc_abort of arm64/mm/fault.c

	Structs: Structs{
		// include/uapi/asm-generic/stat.h, struct stat.
		Stat: Layout{
			Size: 128,
			Fields: []Field{
				{"st_dev", 0, 8}, {"st_ino", 8, 8}, {"st_mode", 16, 4}, {"st_nlink", 20, 4}, {"st_uid", 24, 4}, {"st_gid", 28, 4},
				{"st_rdev", 32, 8}, {"st_size", 48, 8}, {"st_blksize", 56, 4}, {"st_blocks", 64, 8},
				{"st_atime", 72, 8}, {"st_atime_nsec", 80, 8}, {"st_mtime", 88, 8}, {"st_mtime_nsec", 96, 8},
				{"st_ctime", 104, 8}, {"st_ctime_nsec", 112, 8},
			},
		},
		Statfs:     statfsWords,
		EpollEvent: 16, // natural alignment
		EpollData:  8,
	},

	Features: arm64Features,
	Opcodes:  arm64Opcodes,
	CPUs:     arm64CPUs,
	CPUInfo:  arm64CPUInfo,
	CPUID:    nil,

	Platform: "aarch64", // ELF_PLATFORM of arm64/include/asm/elf.h
	UTSName:  "aarch64",
	QEMU:     "aarch64",

	Disassemble: disassembleARM64,

	Variants: arm64Variants,
	PIE:      15, // before, it had gcc link them

	UserTop:    1 << 48,                   // TASK_SIZE of arm64/include/asm/processor.h, 48-bit addresses
	StackTop:   1 << 48,                   // STACK_TOP: the same
	MmapTop:    0xfffff8000000,            // mmap_base of mm/util.c: 128 MiB below
	PIEBase:    0xaaaaaaaaa000,            // ELF_ET_DYN_BASE of arm64/include/asm/elf.h: two thirds of it
	PageSizes:  []int{4096, 16384, 65536}, // CONFIG_ARM64_{4K,16K,64K}_PAGES
	Trampoline: arm64Sigreturn,            // __kernel_rt_sigreturn of arm64/kernel/vdso/sigreturn.S
	Canonical:  0,
	Vsyscall:   0,
	VDSO:       arm64VDSO,
	GDT:        false,
	Segments:   Segments{},

	BottomUp:    1 << 46, // TASK_UNMAPPED_BASE of arm64/include/asm/processor.h: a quarter
	Widths:      widthsARM64,
	LegacyStack: true,
}

// arm64Sigreturn is `mov x8, #139; svc #0`.
var arm64Sigreturn = []byte{0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4}

// arm64Reserve is `ldxr x1, [x0]; svc #0`.
var arm64Reserve = []byte{0x01, 0x7c, 0x5f, 0xc8, 0x01, 0x00, 0x00, 0xd4}
