// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"debug/elf"
	"encoding/binary"
)

var riscv64 = &Arch{
	Name: "riscv64",
	Tier: Full,
	Missing: []string{
		"V",
		"addresses above 1<<38 (Sv48, Sv57)",
	},
	Since: 14,

	ELF: ELF{
		Machine:  elf.EM_RISCV,
		Class:    elf.ELFCLASS64,
		Data:     elf.ELFDATA2LSB,
		Relative: uint32(elf.R_RISCV_RELATIVE), // 3
		Rela:     true,
	},
	Order:   binary.LittleEndian,
	PtrSize: 8,

	Engine: Engine{
		Arch: ucArchRISCV,
		Mode: ucModeRISCV64,
		// A model traps what it lacks.
		Models: []Model{
			{Name: "any", ID: ucCPURISCV64ANY},
			{Name: "sifive-e51", ID: ucCPURISCV64SIFIVEE51, Lacks: []string{"f", "d"}},
		},
		Illegal:    2, // RISCV_EXCP_ILLEGAL_INST
		Halt:       3, // RISCV_EXCP_BREAKPOINT: riscv_stop_interrupt of the engine
		Ahead:      4, // cpu_handle_exception of the engine, whatever the instruction's size
		FlagsNever: 0,
		InsnShift:  0, // the C extension's instructions have two bytes, and Go 1.26 uses them
		SmallPages: false,
		Reset: []Reset{
			{Reg: Register{"mstatus", ucRISCVRegMSTATUS}, Keep: ^uint64(0), Value: 0x20006000}, // FS: dirty; TW, where the engine has it: WFI traps
			{Reg: Register{"priv", ucRISCVRegPRIV}, Keep: 0, Value: 0},                         // user mode, after what it may not do
		},
		Emulation: riscvEmulation,
		Reserve:   Reserve{Code: riscvReserve, Addr: Register{"a0", ucRISCVRegA0}},
	},

	PC:    Register{"pc", ucRISCVRegPC},
	SP:    Register{"sp", ucRISCVRegSP},
	Link:  Register{"ra", ucRISCVRegRA},
	Flags: None,
	TLS:   Register{"tp", ucRISCVRegTP},
	// In the order of struct user_regs_struct, and of dumpregs in Go's runtime; the names are the psABI's.
	Registers: []Register{
		{"ra", ucRISCVRegRA}, {"sp", ucRISCVRegSP}, {"gp", ucRISCVRegGP}, {"tp", ucRISCVRegTP},
		{"t0", ucRISCVRegT0}, {"t1", ucRISCVRegT1}, {"t2", ucRISCVRegT2}, {"s0", ucRISCVRegS0},
		{"s1", ucRISCVRegS1}, {"a0", ucRISCVRegA0}, {"a1", ucRISCVRegA1}, {"a2", ucRISCVRegA2},
		{"a3", ucRISCVRegA3}, {"a4", ucRISCVRegA4}, {"a5", ucRISCVRegA5}, {"a6", ucRISCVRegA6},
		{"a7", ucRISCVRegA7}, {"s2", ucRISCVRegS2}, {"s3", ucRISCVRegS3}, {"s4", ucRISCVRegS4},
		{"s5", ucRISCVRegS5}, {"s6", ucRISCVRegS6}, {"s7", ucRISCVRegS7}, {"s8", ucRISCVRegS8},
		{"s9", ucRISCVRegS9}, {"s10", ucRISCVRegS10}, {"s11", ucRISCVRegS11}, {"t3", ucRISCVRegT3},
		{"t4", ucRISCVRegT4}, {"t5", ucRISCVRegT5}, {"t6", ucRISCVRegT6}, {"pc", ucRISCVRegPC},
	},

	// riscv/kernel/traps.c, do_trap_ecall_u; syscall(2).
	Syscall: Syscall{
		Insn:   0,
		Intr:   8, // RISCV_EXCP_U_ECALL
		Number: Register{"a7", ucRISCVRegA7},
		Args: []Register{
			{"a0", ucRISCVRegA0}, {"a1", ucRISCVRegA1}, {"a2", ucRISCVRegA2},
			{"a3", ucRISCVRegA3}, {"a4", ucRISCVRegA4}, {"a5", ucRISCVRegA5},
		},
		Result:  Register{"a0", ucRISCVRegA0},
		Numbers: syscallsRISCV64,
		// clone(flags, stack, parent_tid, tls, child_tid): CONFIG_CLONE_BACKWARDS of riscv/Kconfig.
		Clone:   cloneBackwards,
		OldTime: false,
	},

	// Go's cmd/compile/abi-internal.md, "riscv64 architecture".
	ABI: ABI{
		Regs: []Register{
			{"a0", ucRISCVRegA0}, {"a1", ucRISCVRegA1}, {"a2", ucRISCVRegA2}, {"a3", ucRISCVRegA3},
			{"a4", ucRISCVRegA4}, {"a5", ucRISCVRegA5}, {"a6", ucRISCVRegA6}, {"a7", ucRISCVRegA7},
			{"s0", ucRISCVRegS0}, {"s1", ucRISCVRegS1}, {"s2", ucRISCVRegS2}, {"s3", ucRISCVRegS3},
			{"s4", ucRISCVRegS4}, {"s5", ucRISCVRegS5}, {"s6", ucRISCVRegS6}, {"s7", ucRISCVRegS7},
		},
		Since:     19,
		StackArgs: 8, // above the saved link register
		G:         Register{"s11", ucRISCVRegS11},
	},

	// struct rt_sigframe of riscv/kernel/signal.c: siginfo, and ucontext at 128; its uc_sigmask is followed by padding to 1024 bits, and
	// its sigcontext, at 304, is aligned to 16 bytes: user_regs_struct, and at 560 the union __riscv_fp_state, as large as that of Q
	// would be. The last words of it, __riscv_extra_ext_header, say that no other extension's state follows: magic 0, size 0.
	Signal: SignalFrame{
		Size:    1088,
		Align:   16,
		Skew:    0,
		Info:    0,
		Context: 128,
		Mask:    168,
		Stack:   144,
		Fault:   -1, // siginfo alone has it
		Trap:    -1,
		Err:     -1,
		Regs: []Slot{
			{Register{"pc", ucRISCVRegPC}, 304, 8}, {Register{"ra", ucRISCVRegRA}, 312, 8},
			{Register{"sp", ucRISCVRegSP}, 320, 8}, {Register{"gp", ucRISCVRegGP}, 328, 8},
			{Register{"tp", ucRISCVRegTP}, 336, 8}, {Register{"t0", ucRISCVRegT0}, 344, 8},
			{Register{"t1", ucRISCVRegT1}, 352, 8}, {Register{"t2", ucRISCVRegT2}, 360, 8},
			{Register{"s0", ucRISCVRegS0}, 368, 8}, {Register{"s1", ucRISCVRegS1}, 376, 8},
			{Register{"a0", ucRISCVRegA0}, 384, 8}, {Register{"a1", ucRISCVRegA1}, 392, 8},
			{Register{"a2", ucRISCVRegA2}, 400, 8}, {Register{"a3", ucRISCVRegA3}, 408, 8},
			{Register{"a4", ucRISCVRegA4}, 416, 8}, {Register{"a5", ucRISCVRegA5}, 424, 8},
			{Register{"a6", ucRISCVRegA6}, 432, 8}, {Register{"a7", ucRISCVRegA7}, 440, 8},
			{Register{"s2", ucRISCVRegS2}, 448, 8}, {Register{"s3", ucRISCVRegS3}, 456, 8},
			{Register{"s4", ucRISCVRegS4}, 464, 8}, {Register{"s5", ucRISCVRegS5}, 472, 8},
			{Register{"s6", ucRISCVRegS6}, 480, 8}, {Register{"s7", ucRISCVRegS7}, 488, 8},
			{Register{"s8", ucRISCVRegS8}, 496, 8}, {Register{"s9", ucRISCVRegS9}, 504, 8},
			{Register{"s10", ucRISCVRegS10}, 512, 8}, {Register{"s11", ucRISCVRegS11}, 520, 8},
			{Register{"t3", ucRISCVRegT3}, 528, 8}, {Register{"t4", ucRISCVRegT4}, 536, 8},
			{Register{"t5", ucRISCVRegT5}, 544, 8}, {Register{"t6", ucRISCVRegT6}, 552, 8},
		},
		Float: riscvFloats, // struct __riscv_d_ext_state
		Words: []Word{
			{128, 8, 0},  // uc_flags
			{136, 8, 0},  // uc_link
			{1080, 8, 0}, // END_HDR: magic and size
		},
		Args:       []Register{{"a0", ucRISCVRegA0}, {"a1", ucRISCVRegA1}, {"a2", ucRISCVRegA2}},
		StackArgs:  nil,
		Return:     -1,
		Popped:     0,
		RedZone:    0,
		ClearFlags: 0,
		UserFlags:  0,
	},
	// No SA_RESTORER: riscv/include/uapi/asm has no asm/signal.h of its own.
	Signals: Signals{Last: 64, How: genericHow, Action: sigActionGeneric64},
	Traps:   riscvTraps,

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

	Features: riscvFeatures,
	Opcodes:  riscvOpcodes,
	CPUs:     riscvCPUs,
	CPUID:    nil,

	CPUInfo: riscvCPUInfo,

	Platform: "", // ELF_PLATFORM of riscv/include/asm/elf.h: NULL
	UTSName:  "riscv64",
	QEMU:     "riscv64",

	Disassemble: disassembleRISCV64,

	Variants: riscv64Variants,
	PIE:      0,

	// Sv39, as the boards have that one can buy (SiFive U74, T-Head C910, SpacemiT X60); newer cores have Sv48 too, and the kernel
	// takes what there is (set_satp_mode of riscv/mm/init.c). Go tells them apart by the first stack's address (runtime/malloc.go).
	UserTop:    1 << 38,      // TASK_SIZE of riscv/include/asm/pgtable.h
	StackTop:   1 << 38,      // STACK_TOP of riscv/include/asm/processor.h: DEFAULT_MAP_WINDOW
	MmapTop:    0x3ff8000000, // mmap_base of mm/util.c: 128 MiB below
	PIEBase:    0x2aaaaaa000, // ELF_ET_DYN_BASE of riscv/include/asm/elf.h: two thirds of the window
	PageSizes:  []int{4096},  // riscv/Kconfig: HAVE_PAGE_SIZE_4KB
	Trampoline: riscvSigreturn,
	Canonical:  0, // an address that Sv39 does not translate is a page fault
	Vsyscall:   0,
	VDSO:       riscv64VDSO,
	GDT:        false,
	Segments:   Segments{},

	BottomUp:    0x2aaaaab000, // TASK_UNMAPPED_BASE of riscv/include/asm/processor.h: a third of 1<<39
	Widths:      widthsRISCV64,
	LegacyStack: true,
}

// riscvSigreturn is __vdso_rt_sigreturn of riscv/kernel/vdso/rt_sigreturn.S: `li a7, 139; ecall`.
var riscvSigreturn = []byte{0x93, 0x08, 0xb0, 0x08, 0x73, 0x00, 0x00, 0x00}

// riscvReserve is `lr.d a1, (a0); ecall`.
var riscvReserve = []byte{0xaf, 0x35, 0x05, 0x10, 0x73, 0x00, 0x00, 0x00}
