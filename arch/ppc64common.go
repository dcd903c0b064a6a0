// SPDX-License-Identifier: GPL-2.0-or-later

package arch

// What ppc64 and ppc64le have in common: all but the byte order. "Power ISA" is OpenPOWER's manual, version 3.0B for what the engine runs.

// ppc64Registers are in the order in which Linux tells them (show_user_regs of powerpc/kernel/process.c), the general ones first.
var ppc64Registers = []Register{
	{"r0", ucPPCReg0}, {"r1", ucPPCReg1}, {"r2", ucPPCReg2}, {"r3", ucPPCReg3},
	{"r4", ucPPCReg4}, {"r5", ucPPCReg5}, {"r6", ucPPCReg6}, {"r7", ucPPCReg7},
	{"r8", ucPPCReg8}, {"r9", ucPPCReg9}, {"r10", ucPPCReg10}, {"r11", ucPPCReg11},
	{"r12", ucPPCReg12}, {"r13", ucPPCReg13}, {"r14", ucPPCReg14}, {"r15", ucPPCReg15},
	{"r16", ucPPCReg16}, {"r17", ucPPCReg17}, {"r18", ucPPCReg18}, {"r19", ucPPCReg19},
	{"r20", ucPPCReg20}, {"r21", ucPPCReg21}, {"r22", ucPPCReg22}, {"r23", ucPPCReg23},
	{"r24", ucPPCReg24}, {"r25", ucPPCReg25}, {"r26", ucPPCReg26}, {"r27", ucPPCReg27},
	{"r28", ucPPCReg28}, {"r29", ucPPCReg29}, {"r30", ucPPCReg30}, {"r31", ucPPCReg31},
	{"pc", ucPPCRegPC}, {"lr", ucPPCRegLR}, {"ctr", ucPPCRegCTR}, {"xer", ucPPCRegXER},
}

// The bits of MSR, the machine state register (Power ISA, book III, 3.2.1), as it stands when Linux runs a program: 64 bits wide,
// vectors, VSX and floating point available, in problem state, where privileged instructions trap. The engine adds EE, IR and DR.
const (
	ppc64MSR       = 1<<63 | 1<<25 | 1<<23 | 1<<14 | 1<<13
	ppc64MSRLittle = 1
)

// ppc64Models is what the engine takes when it is told nothing: its numbers of 64-bit models name 32-bit ones.
var ppc64Models = []Model{{Name: "power10", ID: DefaultModel}}

// ppc64SyscallArgs: powerpc/kernel/interrupt_64.S, system_call_common; syscall(2).
var ppc64SyscallArgs = []Register{
	{"r3", ucPPCReg3}, {"r4", ucPPCReg4}, {"r5", ucPPCReg5},
	{"r6", ucPPCReg6}, {"r7", ucPPCReg7}, {"r8", ucPPCReg8},
}

// ppc64Failed is the summary overflow bit of condition register field 0.
var ppc64Failed = Failed{Reg: Register{"cr", ucPPCRegCR}, Mask: 1 << 28, Set: 1 << 28}

// powerpc/include/uapi/asm/fcntl.h and mman.h.
var (
	ppc64OpenFlags = []Flag{
		{"O_DIRECTORY", 0o200000, 0o40000},
		{"O_NOFOLLOW", 0o400000, 0o100000},
		{"O_LARGEFILE", 0o100000, 0o200000},
		{"O_DIRECT", 0o40000, 0o400000},
	}
	ppc64MapFlags = []Flag{
		{"MAP_NORESERVE", 0x4000, 0x40},
		{"MAP_LOCKED", 0x2000, 0x80},
		{"", 0x40, 0x2000}, // mean nothing
		{"", 0x80, 0x4000},
	}
)

// ppc64ABIRegs are the argument registers of Go's cmd/compile/abi-internal.md, "ppc64 architecture".
var ppc64ABIRegs = []Register{
	{"r3", ucPPCReg3}, {"r4", ucPPCReg4}, {"r5", ucPPCReg5}, {"r6", ucPPCReg6}, {"r7", ucPPCReg7}, {"r8", ucPPCReg8},
	{"r9", ucPPCReg9}, {"r10", ucPPCReg10}, {"r14", ucPPCReg14}, {"r15", ucPPCReg15}, {"r16", ucPPCReg16}, {"r17", ucPPCReg17},
}

// ppc64FrameRegs are gp_regs of struct sigcontext, at 360 in the frame, by the numbers of powerpc/include/uapi/asm/ptrace.h (PT_R0 and
// on); before them the back chain.
var ppc64FrameRegs = []Slot{
	{Register{"r1", ucPPCReg1}, 0, 8}, // written only
	{Register{"r0", ucPPCReg0}, 360, 8}, {Register{"r1", ucPPCReg1}, 368, 8},
	{Register{"r2", ucPPCReg2}, 376, 8}, {Register{"r3", ucPPCReg3}, 384, 8},
	{Register{"r4", ucPPCReg4}, 392, 8}, {Register{"r5", ucPPCReg5}, 400, 8},
	{Register{"r6", ucPPCReg6}, 408, 8}, {Register{"r7", ucPPCReg7}, 416, 8},
	{Register{"r8", ucPPCReg8}, 424, 8}, {Register{"r9", ucPPCReg9}, 432, 8},
	{Register{"r10", ucPPCReg10}, 440, 8}, {Register{"r11", ucPPCReg11}, 448, 8},
	{Register{"r12", ucPPCReg12}, 456, 8}, {Register{"r13", ucPPCReg13}, 464, 8},
	{Register{"r14", ucPPCReg14}, 472, 8}, {Register{"r15", ucPPCReg15}, 480, 8},
	{Register{"r16", ucPPCReg16}, 488, 8}, {Register{"r17", ucPPCReg17}, 496, 8},
	{Register{"r18", ucPPCReg18}, 504, 8}, {Register{"r19", ucPPCReg19}, 512, 8},
	{Register{"r20", ucPPCReg20}, 520, 8}, {Register{"r21", ucPPCReg21}, 528, 8},
	{Register{"r22", ucPPCReg22}, 536, 8}, {Register{"r23", ucPPCReg23}, 544, 8},
	{Register{"r24", ucPPCReg24}, 552, 8}, {Register{"r25", ucPPCReg25}, 560, 8},
	{Register{"r26", ucPPCReg26}, 568, 8}, {Register{"r27", ucPPCReg27}, 576, 8},
	{Register{"r28", ucPPCReg28}, 584, 8}, {Register{"r29", ucPPCReg29}, 592, 8},
	{Register{"r30", ucPPCReg30}, 600, 8}, {Register{"r31", ucPPCReg31}, 608, 8},
	{Register{"pc", ucPPCRegPC}, 616, 8},
	{Register{"ctr", ucPPCRegCTR}, 640, 8},
	{Register{"lr", ucPPCRegLR}, 648, 8},
	{Register{"xer", ucPPCRegXER}, 656, 8},
	{Register{"cr", ucPPCRegCR}, 664, 8},
}

// ppc64FrameFloat are its fp_regs: the floating-point registers and FPSCR.
var ppc64FrameFloat = []FloatSlot{
	{Reg: Register{"f0", ucPPCRegFPR0}, Offset: 744, Size: 8}, {Reg: Register{"f1", ucPPCRegFPR1}, Offset: 752, Size: 8},
	{Reg: Register{"f2", ucPPCRegFPR2}, Offset: 760, Size: 8}, {Reg: Register{"f3", ucPPCRegFPR3}, Offset: 768, Size: 8},
	{Reg: Register{"f4", ucPPCRegFPR4}, Offset: 776, Size: 8}, {Reg: Register{"f5", ucPPCRegFPR5}, Offset: 784, Size: 8},
	{Reg: Register{"f6", ucPPCRegFPR6}, Offset: 792, Size: 8}, {Reg: Register{"f7", ucPPCRegFPR7}, Offset: 800, Size: 8},
	{Reg: Register{"f8", ucPPCRegFPR8}, Offset: 808, Size: 8}, {Reg: Register{"f9", ucPPCRegFPR9}, Offset: 816, Size: 8},
	{Reg: Register{"f10", ucPPCRegFPR10}, Offset: 824, Size: 8}, {Reg: Register{"f11", ucPPCRegFPR11}, Offset: 832, Size: 8},
	{Reg: Register{"f12", ucPPCRegFPR12}, Offset: 840, Size: 8}, {Reg: Register{"f13", ucPPCRegFPR13}, Offset: 848, Size: 8},
	{Reg: Register{"f14", ucPPCRegFPR14}, Offset: 856, Size: 8}, {Reg: Register{"f15", ucPPCRegFPR15}, Offset: 864, Size: 8},
	{Reg: Register{"f16", ucPPCRegFPR16}, Offset: 872, Size: 8}, {Reg: Register{"f17", ucPPCRegFPR17}, Offset: 880, Size: 8},
	{Reg: Register{"f18", ucPPCRegFPR18}, Offset: 888, Size: 8}, {Reg: Register{"f19", ucPPCRegFPR19}, Offset: 896, Size: 8},
	{Reg: Register{"f20", ucPPCRegFPR20}, Offset: 904, Size: 8}, {Reg: Register{"f21", ucPPCRegFPR21}, Offset: 912, Size: 8},
	{Reg: Register{"f22", ucPPCRegFPR22}, Offset: 920, Size: 8}, {Reg: Register{"f23", ucPPCRegFPR23}, Offset: 928, Size: 8},
	{Reg: Register{"f24", ucPPCRegFPR24}, Offset: 936, Size: 8}, {Reg: Register{"f25", ucPPCRegFPR25}, Offset: 944, Size: 8},
	{Reg: Register{"f26", ucPPCRegFPR26}, Offset: 952, Size: 8}, {Reg: Register{"f27", ucPPCRegFPR27}, Offset: 960, Size: 8},
	{Reg: Register{"f28", ucPPCRegFPR28}, Offset: 968, Size: 8}, {Reg: Register{"f29", ucPPCRegFPR29}, Offset: 976, Size: 8},
	{Reg: Register{"f30", ucPPCRegFPR30}, Offset: 984, Size: 8}, {Reg: Register{"f31", ucPPCRegFPR31}, Offset: 992, Size: 8},
	{Reg: Register{"fpscr", ucPPCRegFPSCR}, Offset: 1000, Size: 8},
}

// ppc64FramePointers are pinfo and puc of struct rt_sigframe, and regs and v_regs of struct sigcontext.
var ppc64FramePointers = []Pointer{
	{Offset: 3568, Target: 3584}, {Offset: 3576, Target: 128}, {Offset: 352, Target: 360}, {Offset: 1008, Target: 1024},
}

// ppc64Stat is struct stat of powerpc/include/uapi/asm/stat.h.
var ppc64Stat = Layout{
	Size: 144,
	Fields: []Field{
		{"st_dev", 0, 8}, {"st_ino", 8, 8}, {"st_nlink", 16, 8}, {"st_mode", 24, 4}, {"st_uid", 28, 4}, {"st_gid", 32, 4},
		{"st_rdev", 40, 8}, {"st_size", 48, 8}, {"st_blksize", 56, 8}, {"st_blocks", 64, 8},
		{"st_atime", 72, 8}, {"st_atime_nsec", 80, 8}, {"st_mtime", 88, 8}, {"st_mtime_nsec", 96, 8},
		{"st_ctime", 104, 8}, {"st_ctime_nsec", 112, 8},
	},
}

// ppc64Traps: the engine's numbers are POWERPC_EXCP_* of QEMU's target/ppc/cpu.h; what Linux makes of them is in
// powerpc/kernel/traps.c.
var ppc64Traps = []Trap{
	{Intr: 6, Signal: SIGTRAP, Code: 1, Addr: true, Number: 0x700}, // program check: tw, td; TRAP_BRKPT
	{Intr: 5, Signal: SIGBUS, Code: 1, Addr: true, Number: 0x600},  // alignment; BUS_ADRALN
}

// ppc64Features are AT_HWCAP and AT_HWCAP2 (powerpc/include/uapi/asm/cputable.h), by the names that ld.so prints; /proc/cpuinfo has none.
// What a POWER9 has and the engine runs is there by default. Left out although the engine does something: htm, whose transactions always
// fail in it, and darn, which draws from the host.
var ppc64Features = []Feature{
	{Name: "ppcle", HWCap: 1, Bit: 0},
	{Name: "true_le", HWCap: 1, Bit: 1, Engine: true},
	{Name: "archpmu", HWCap: 1, Bit: 6},
	{Name: "vsx", HWCap: 1, Bit: 7, Engine: true},
	{Name: "arch_2_06", HWCap: 1, Bit: 8, Engine: true},
	{Name: "power6x", HWCap: 1, Bit: 9},
	{Name: "dfp", HWCap: 1, Bit: 10, Engine: true},
	{Name: "arch_2_05", HWCap: 1, Bit: 12},
	{Name: "ic_snoop", HWCap: 1, Bit: 13, Engine: true},
	{Name: "smt", HWCap: 1, Bit: 14, Engine: true},
	{Name: "mmu", HWCap: 1, Bit: 26, Engine: true},
	{Name: "fpu", HWCap: 1, Bit: 27, Engine: true},
	{Name: "altivec", HWCap: 1, Bit: 28, Engine: true},
	{Name: "ppc64", HWCap: 1, Bit: 30, Engine: true},
	{Name: "ppc32", HWCap: 1, Bit: 31, Engine: true},
	{Name: "mma", HWCap: 2, Bit: 17},
	{Name: "arch_3_1", Alias: "power10", HWCap: 2, Bit: 18},
	{Name: "htm-no-suspend", HWCap: 2, Bit: 19},
	{Name: "scv", HWCap: 2, Bit: 20},
	{Name: "darn", HWCap: 2, Bit: 21},
	{Name: "ieee128", HWCap: 2, Bit: 22, Engine: true},
	{Name: "arch_3_00", Alias: "power9", HWCap: 2, Bit: 23, Engine: true},
	{Name: "htm-nosc", HWCap: 2, Bit: 24},
	{Name: "vcrypto", HWCap: 2, Bit: 25, Engine: true},
	{Name: "tar", HWCap: 2, Bit: 26},
	{Name: "isel", HWCap: 2, Bit: 27, Engine: true},
	{Name: "ebb", HWCap: 2, Bit: 28},
	{Name: "dscr", HWCap: 2, Bit: 29},
	{Name: "htm", HWCap: 2, Bit: 30},
	{Name: "arch_2_07", Alias: "power8", HWCap: 2, Bit: 31, Engine: true},
}

// ppc64Reserve is `lwarx r5, 0, r3; sc`, the most significant byte first; ppc64leReserve is the other way round.
var (
	ppc64Reserve   = Reserve{Code: []byte{0x7c, 0xa0, 0x18, 0x28, 0x44, 0, 0, 0x02}, Addr: Register{"r3", ucPPCReg3}}
	ppc64leReserve = Reserve{Code: []byte{0x28, 0x18, 0xa0, 0x7c, 0x02, 0, 0, 0x44}, Addr: Register{"r3", ucPPCReg3}}
)
