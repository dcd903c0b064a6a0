// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"debug/elf"
	"encoding/binary"
)

// arm is a 32-bit kernel with the usual split of 3 GiB and 1 GiB, as multi_v7_defconfig makes it.
var arm = &Arch{
	Name: "arm",
	Tier: Full,
	Missing: []string{
		"half-precision arithmetic, bfloat16 and I8MM instructions",
	},

	ELF: ELF{
		Machine:  elf.EM_ARM,
		Class:    elf.ELFCLASS32,
		Data:     elf.ELFDATA2LSB,
		Relative: uint32(elf.R_ARM_RELATIVE), // 23
		Rela:     false,
	},
	Order:   binary.LittleEndian,
	PtrSize: 4,

	Engine: Engine{
		Arch: ucArchARM,
		Mode: ucModeARM,
		// A model traps what it lacks. "max" is a Cortex-A15 with what Armv8 adds to A32.
		Models: []Model{
			{Name: "max", ID: ucCPUARMMAX},
			{Name: "cortex-a15", ID: ucCPUARMCORTEXA15, Lacks: armv7Lacks},
			{Name: "cortex-a9", ID: ucCPUARMCORTEXA9, Lacks: armA9Lacks},
			{Name: "arm1176", ID: ucCPUARM1176, Lacks: armv6Lacks},
			{Name: "arm926", ID: ucCPUARM926, Lacks: armv5Lacks, Reset: []Reset{{Reg: Register{"fpexc", ucARMRegFPEXC}}}},
		},
		Illegal:    0, // arm_stop_interrupt ends the run for EXCP_UDEF
		FlagsNever: 0,
		InsnShift:  2,
		SmallPages: true,
		Thumb:      armThumb,
		Reset: []Reset{
			{Register{"cpacr", ucARMRegC1C02}, ^uint64(0), 0xf << 20},   // full access to CP10 and CP11
			{Register{"fpexc", ucARMRegFPEXC}, ^uint64(0), armFPEXC},    // the FPU is on
			{Register{"cpsr", ucARMRegCPSR}, ^uint64(0xffffffff), 0x10}, // USR_MODE; last: the engine takes notice of all three
		},
		Emulation: Emulation{Emulate: armEmulate},
		Reserve:   Reserve{Code: armReserve, Addr: Register{"r0", ucARMRegR0}},
	},

	PC:    Register{"pc", ucARMRegPC},
	SP:    Register{"sp", ucARMRegSP},
	Link:  Register{"lr", ucARMRegLR},
	Flags: Register{"cpsr", ucARMRegCPSR},
	TLS:   Register{"tpidruro", ucARMRegC13C03},
	Registers: []Register{
		{"r0", ucARMRegR0}, {"r1", ucARMRegR1}, {"r2", ucARMRegR2}, {"r3", ucARMRegR3},
		{"r4", ucARMRegR4}, {"r5", ucARMRegR5}, {"r6", ucARMRegR6}, {"r7", ucARMRegR7},
		{"r8", ucARMRegR8}, {"r9", ucARMRegR9}, {"r10", ucARMRegR10}, {"r11", ucARMRegR11},
		{"r12", ucARMRegR12}, {"sp", ucARMRegSP}, {"lr", ucARMRegLR}, {"pc", ucARMRegPC},
	},

	// arm/kernel/entry-common.S, vector_swi; syscall(2), "arm/EABI".
	Syscall: Syscall{
		Insn:   0,
		Intr:   2, // EXCP_SWI
		Number: Register{"r7", ucARMRegR7},
		Args: []Register{
			{"r0", ucARMRegR0}, {"r1", ucARMRegR1}, {"r2", ucARMRegR2},
			{"r3", ucARMRegR3}, {"r4", ucARMRegR4}, {"r5", ucARMRegR5},
		},
		Result:  Register{"r0", ucARMRegR0},
		Numbers: syscallsArm,
		// clone(flags, stack, parent_tid, tls, child_tid): CONFIG_CLONE_BACKWARDS, kernel/fork.c.
		Clone:      cloneBackwards,
		AlignPairs: true,
		OldTime:    true,
		FlushEnd:   true,
		// arm/include/uapi/asm/fcntl.h.
		OpenFlags: []Flag{
			{"O_DIRECTORY", 0o200000, 0o40000},
			{"O_NOFOLLOW", 0o400000, 0o100000},
			{"O_DIRECT", 0o40000, 0o200000},
			{"O_LARGEFILE", 0o100000, 0o400000},
		},
	},

	// No register arguments: cmd/compile/abi-internal.md does not cover it. g: cmd/internal/obj/arm/a.out.go, REGG.
	ABI: ABI{
		Regs:      nil,
		Since:     0,
		StackArgs: 4, // above the saved link register
		G:         Register{"r10", ucARMRegR10},
	},

	// struct rt_sigframe of arm/kernel/signal.h: siginfo, ucontext at 128 (its sigcontext at 148, uc_regspace at 360), retcode at 872;
	// filled in by setup_sigframe, arm/kernel/signal.c. uc_regspace holds a struct vfp_sigframe (arm/include/asm/ucontext.h).
	Signal: SignalFrame{
		Size:    888,
		Align:   8,
		Skew:    0,
		Info:    0,
		Context: 128,
		Mask:    232,
		Stack:   136,
		Fault:   228, // fault_address
		Trap:    148, // trap_no
		Err:     152, // error_code
		Regs: []Slot{
			{Register{"r0", ucARMRegR0}, 160, 4}, {Register{"r1", ucARMRegR1}, 164, 4},
			{Register{"r2", ucARMRegR2}, 168, 4}, {Register{"r3", ucARMRegR3}, 172, 4},
			{Register{"r4", ucARMRegR4}, 176, 4}, {Register{"r5", ucARMRegR5}, 180, 4},
			{Register{"r6", ucARMRegR6}, 184, 4}, {Register{"r7", ucARMRegR7}, 188, 4},
			{Register{"r8", ucARMRegR8}, 192, 4}, {Register{"r9", ucARMRegR9}, 196, 4},
			{Register{"r10", ucARMRegR10}, 200, 4}, {Register{"r11", ucARMRegR11}, 204, 4},
			{Register{"r12", ucARMRegR12}, 208, 4}, {Register{"sp", ucARMRegSP}, 212, 4},
			{Register{"lr", ucARMRegLR}, 216, 4}, {Register{"pc", ucARMRegPC}, 220, 4},
			{Register{"cpsr", ucARMRegCPSR}, 224, 4}, // after pc: writing that leaves Thumb
		},
		Float: armFloat,
		Words: []Word{
			{128, 4, 0},          // uc_flags
			{132, 4, 0},          // uc_link
			{360, 4, 0x56465001}, // VFP_MAGIC
			{364, 4, 288},        // VFP_STORAGE_SIZE
			{632, 4, armFPEXC},   // fpexc
			{636, 4, 0},          // fpinst
			{640, 4, 0},          // fpinst2
			{648, 4, 0},          // end_magic
			// retcode, for a handler without SA_RESTORER: as the trampoline.
			{872, 4, 0xe3a070ad}, {876, 4, 0xef9000ad},
		},
		Args:       []Register{{"r0", ucARMRegR0}, {"r1", ucARMRegR1}, {"r2", ucARMRegR2}},
		StackArgs:  nil,
		Return:     -1,
		Popped:     0,
		RedZone:    0,
		ClearFlags: 0x0600fc00 | 1<<9,                                  // PSR_IT_MASK and PSR_E_BIT, setup_return; T is the handler's bit 0
		UserFlags:  0xf8000000 | 0x000f0000 | 1<<5 | 1<<9 | 0x0600fc00, // N, Z, C, V, Q, GE, T, E, IT: valid_user_regs, arm/include/asm/ptrace.h
	},
	Signals: Signals{Last: 64, How: genericHow, Action: sigAction32},
	Traps:   armTraps,
	// do_DataAbort and do_PrefetchAbort of arm/mm/fault.c: the FSR of a fault in a page; a data abort tells its domain,
	// 1 (DOMAIN_USER), a prefetch abort is marked with FSR_LNX_PF.
	PageFault: PageFault{Trap: 14, Base: 0x7, Protected: 0x8, Read: 0x10, Write: 0x10 | 1<<11, Exec: 1 << 31},
	Undefined: armUndefined,

	Structs: Structs{
		// arm/include/uapi/asm/stat.h, struct stat64.
		Stat: Layout{
			Size: 104,
			Fields: []Field{
				{"st_dev", 0, 8}, {"__st_ino", 12, 4}, {"st_mode", 16, 4}, {"st_nlink", 20, 4}, {"st_uid", 24, 4}, {"st_gid", 28, 4},
				{"st_rdev", 32, 8}, {"st_size", 48, 8}, {"st_blksize", 56, 4}, {"st_blocks", 64, 8},
				{"st_atime", 72, 4}, {"st_atime_nsec", 76, 4}, {"st_mtime", 80, 4}, {"st_mtime_nsec", 84, 4},
				{"st_ctime", 88, 4}, {"st_ctime_nsec", 92, 4}, {"st_ino", 96, 8},
			},
		},
		Statfs:       statfs64,
		StatfsPadded: 88,
		EpollEvent:   16, // natural alignment
		EpollData:    8,
	},

	Features: armFeatures,
	CPUs:     armCPUs,
	CPUID:    nil,

	Variants: armVariants,
	PIE:      0, // it has gcc link them

	NarrowMask: 5,

	CPUInfo: armCPUInfo,

	Platform: "v7l",    // ELF_PLATFORM of arm/include/asm/elf.h: elf_name of arm/mm/proc-v7.S and the byte order
	UTSName:  "armv7l", // arch_name and the byte order, setup_processor of arm/kernel/setup.c
	QEMU:     "arm",

	Disassemble: disassembleARM,

	UserTop:    0xbf000000,                // TASK_SIZE of arm/include/asm/memory.h: 16 MiB below PAGE_OFFSET
	StackTop:   0xbf000000,                // STACK_TOP: the same
	MmapTop:    0xb7000000,                // mmap_base of mm/util.c: 128 MiB below
	PIEBase:    0x00400000,                // ELF_ET_DYN_BASE of arm/include/asm/elf.h
	PageSizes:  []int{4096, 32768, 65536}, // arm/include/asm/page.h; the larger ones by patches of NAS makers (Go issues 12480, 18408)
	Trampoline: armSigreturn,              // the sigpage, arm/kernel/sigreturn_codes.S
	Pages:      armKernelPages,            // CONFIG_KUSER_HELPERS
	Canonical:  0,
	Vsyscall:   0,
	VDSO:       armVDSO,
	GDT:        false,
	Segments:   Segments{},

	BottomUp:    1 << 30, // TASK_UNMAPPED_BASE of arm/include/asm/memory.h: a third, in whole 16 MiB
	Widths:      widthsARM,
	LegacyStack: true,
}

// armSigreturn is `mov r7, #173; svc #0x9000ad`.
var armSigreturn = []byte{0xad, 0x70, 0xa0, 0xe3, 0xad, 0x00, 0x90, 0xef}

// armReserve is `ldrex r1, [r0]; svc #0`.
var armReserve = []byte{0x9f, 0x1f, 0x90, 0xe1, 0x00, 0x00, 0x00, 0xef}
