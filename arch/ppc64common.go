// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"encoding/binary"
	"fmt"
	"strings"
)

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
	{"pc", ucPPCRegPC}, {"lr", ucPPCRegLR}, {"ctr", ucPPCRegCTR},
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

// ppc64Global is `addis r2, r12, ...; addi r2, r2, ...` (preprocess of cmd/internal/obj/ppc64/obj9.go).
var ppc64Global = []Pattern{{Mask: 0xffff0000, Value: 0x3c4c0000}, {Mask: 0xffff0000, Value: 0x38420000}}

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
// powerpc/kernel/traps.c, do_program_check and alignment_exception.
var ppc64Traps = []Trap{
	{Intr: 96, Signal: SIGILL, Code: 1, Addr: true, Number: 0x700},                       // what the CPU does not have: ILL_ILLOPC
	{Intr: 6, Signal: SIGILL, Code: 5, Addr: true, Number: 0x700},                        // program check: ILL_PRVOPC, or a trap
	{Intr: 5, Signal: SIGBUS, Code: 1, Addr: true, Number: 0x600, Access: ppc64Accessed}, // alignment: BUS_ADRALN
}

// ppc64Undefined are the trap instructions, which raise a program check as well: TRAP_BRKPT.
var ppc64Undefined = []Undefined{
	{Mask: 0xfc0007fe, Value: 0x7c000008, Signal: SIGTRAP, Code: 1}, // tw
	{Mask: 0xfc0007fe, Value: 0x7c000088, Signal: SIGTRAP, Code: 1}, // td
	{Mask: 0xfc000000, Value: 0x0c000000, Signal: SIGTRAP, Code: 1}, // twi
	{Mask: 0xfc000000, Value: 0x08000000, Signal: SIGTRAP, Code: 1}, // tdi
}

// ppc64PageFault are the interrupts 0x300 and 0x400, and the bits of DSISR (powerpc/include/asm/reg.h): DSISR_NOHPTE, DSISR_PROTFAULT,
// DSISR_ISSTORE; for a fetch, DSISR_NOEXEC_OR_G.
var ppc64PageFault = PageFault{
	Trap: 0x300, Missing: 0x40000000, Protected: 0x08000000, Write: 0x02000000,
	Fetch: &PageFault{Trap: 0x400, Missing: 0x40000000, Protected: 0x10000000},
}

// ppc64Accessed is the effective address of a load or store (Power ISA, 1.10.3): RA or 0, and RB or a displacement.
func ppc64Accessed(insn uint32, reg func(int) uint64) uint64 {
	addr, rA, rB := uint64(0), int(insn>>16&31), int(insn>>11&31)
	if rA != 0 {
		addr = reg(rA)
	}
	if insn>>26 == 31 {
		return addr + reg(rB)
	}
	return addr + uint64(int64(int16(insn)))
}

// ppc64Emulation: the engine's time base stands still, and its DARN draws from the host. DARN is refused, as on a machine without it. swap
// says that code is little-endian.
func ppc64Emulation(swap bool) Emulation {
	order, opcodes := binary.ByteOrder(binary.BigEndian), []Opcode{
		instruction(0xfc1efffe, 0x7c0c42a6), // mfspr rD, TB; the next number is TBU, its upper half
		instruction(0xfc1efffe, 0x7c0c42e6), // mftb rD, TB
		instruction(0xfc0007fe, 0x7c0005e6), // darn
	}
	if swap {
		order, opcodes = binary.LittleEndian, littleEndian(opcodes)
	}
	return Emulation{
		Emulate: func(cpu Core, code []byte) (int, error) {
			if len(code) < 4 {
				return 0, nil
			}
			insn := order.Uint32(code)
			if op := insn & 0xfc0007fe; op != 0x7c0002a6 && op != 0x7c0002e6 {
				return 0, nil
			}
			switch now := cpu.Counter(); insn >> 11 & 0x3ff {
			case 12<<5 | 8: // the two halves of the number are exchanged
				cpu.SetReg(ppc64Registers[insn>>21&31], now)
			case 13<<5 | 8:
				cpu.SetReg(ppc64Registers[insn>>21&31], now>>32)
			default:
				return 0, nil
			}
			return 4, nil
		},
		Intercept: opcodes,
		Lengths:   [4]int{4, 4, 4, 4},
	}
}

// ppc64Aux are ARCH_DLINFO of powerpc/include/asm/elf.h, with the caches of a guest on POWER9, whose device tree tells of the first level
// only: 32 KiB, eight ways, lines of 128 bytes. The first two keep old versions of glibc happy.
var ppc64Aux = []AuxEntry{
	{AT_IGNOREPPC, AT_IGNOREPPC}, {AT_IGNOREPPC, AT_IGNOREPPC},
	{AT_DCACHEBSIZE, 128}, {AT_ICACHEBSIZE, 128}, {AT_UCACHEBSIZE, 0},
	{AT_L1I_CACHESIZE, 32 << 10}, {AT_L1I_CACHEGEOMETRY, 8<<16 | 128}, {AT_L1D_CACHESIZE, 32 << 10}, {AT_L1D_CACHEGEOMETRY, 8<<16 | 128},
	{AT_L2_CACHESIZE, 0}, {AT_L2_CACHEGEOMETRY, 0}, {AT_L3_CACHESIZE, 0}, {AT_L3_CACHEGEOMETRY, 0},
}

// ppc64CPUInfo is show_cpuinfo of powerpc/kernel/setup-common.c. It tells no features; the time base is rt0's clock.
func ppc64CPUInfo(cpus []int, _ string) string {
	var b strings.Builder
	for _, cpu := range cpus {
		fmt.Fprintf(&b, "processor\t: %d\ncpu\t\t: POWER9 (architected), altivec supported\nclock\t\t: 1000.000000MHz\n"+
			"revision\t: 2.2 (pvr 004e 1202)\n\n", cpu)
	}
	return b.String() + "timebase\t: 1000000000\nplatform\t: pSeries\nmodel\t\t: rt0\nmachine\t\t: CHRP rt0\nMMU\t\t: Radix\n"
}

// ppc64Features are AT_HWCAP and AT_HWCAP2 (powerpc/include/uapi/asm/cputable.h), by the names that ld.so prints; /proc/cpuinfo has none.
// What a POWER9 has and the engine runs is there by default. Left out although the engine does something: htm, whose transactions always
// fail in it, and darn, which draws from the host.
var ppc64Features = []Feature{
	{Name: "ppcle", HWCap: 1, Bit: 0, Carried: true},
	{Name: "true_le", HWCap: 1, Bit: 1, Engine: true},
	{Name: "archpmu", HWCap: 1, Bit: 6, Carried: true},
	{Name: "vsx", HWCap: 1, Bit: 7, Engine: true},
	{Name: "arch_2_06", HWCap: 1, Bit: 8, Engine: true},
	{Name: "power6x", HWCap: 1, Bit: 9, Carried: true},
	{Name: "dfp", HWCap: 1, Bit: 10, Engine: true},
	{Name: "arch_2_05", HWCap: 1, Bit: 12, Carried: true},
	{Name: "ic_snoop", HWCap: 1, Bit: 13, Engine: true},
	{Name: "smt", HWCap: 1, Bit: 14, Engine: true},
	{Name: "mmu", HWCap: 1, Bit: 26, Engine: true},
	{Name: "fpu", HWCap: 1, Bit: 27, Engine: true},
	{Name: "altivec", HWCap: 1, Bit: 28, Engine: true},
	{Name: "ppc64", HWCap: 1, Bit: 30, Engine: true},
	{Name: "ppc32", HWCap: 1, Bit: 31, Engine: true},
	{Name: "mma", HWCap: 2, Bit: 17},
	{Name: "arch_3_1", Alias: "power10", HWCap: 2, Bit: 18},
	{Name: "htm-no-suspend", HWCap: 2, Bit: 19, Carried: true},
	{Name: "scv", HWCap: 2, Bit: 20},
	{Name: "darn", HWCap: 2, Bit: 21},
	{Name: "ieee128", HWCap: 2, Bit: 22, Engine: true},
	{Name: "arch_3_00", Alias: "power9", HWCap: 2, Bit: 23, Engine: true},
	{Name: "htm-nosc", HWCap: 2, Bit: 24, Carried: true},
	{Name: "vcrypto", HWCap: 2, Bit: 25, Engine: true},
	{Name: "tar", HWCap: 2, Bit: 26, Carried: true},
	{Name: "isel", HWCap: 2, Bit: 27, Engine: true},
	{Name: "ebb", HWCap: 2, Bit: 28, Carried: true},
	{Name: "dscr", HWCap: 2, Bit: 29},
	{Name: "htm", HWCap: 2, Bit: 30, Carried: true},
	{Name: "arch_2_07", Alias: "power8", HWCap: 2, Bit: 31, Engine: true},
}

// ppc64Reserve is `lwarx r5, 0, r3; sc`, the most significant byte first; ppc64leReserve is the other way round.
var (
	ppc64Reserve   = Reserve{Code: []byte{0x7c, 0xa0, 0x18, 0x28, 0x44, 0, 0, 0x02}, Addr: Register{"r3", ucPPCReg3}}
	ppc64leReserve = Reserve{Code: []byte{0x28, 0x18, 0xa0, 0x7c, 0x02, 0, 0, 0x44}, Addr: Register{"r3", ucPPCReg3}}
)

// ppc64Hidden are the registers that a signal frame has and the engine's interface has not. The block begins as the frame has them at
// v_regs: 32 vector registers, VSCR, VRSAVE, and the halves of the first 32 VSX registers that are not the floating-point ones; then XER.
var ppc64Hidden = &Hidden{
	Size: 808,
	Addr: Register{"r3", ucPPCReg3},
	Uses: []Register{{"r4", ucPPCReg4}, {"r5", ucPPCReg5}},
	Save: ppc64HiddenCode(false),
	Load: ppc64HiddenCode(true),
}

// ppc64FrameHidden are v_regs and PT_XER.
var ppc64FrameHidden = []HiddenSlot{{From: 0, Offset: 1024, Size: 800}, {From: 800, Offset: 656, Size: 8}}

// ppc64HiddenCode saves or loads the block at r3. It needs r4 and r5.
func ppc64HiddenCode(load bool) []uint32 {
	const vscr, vrsave, low, xer = 512, 528, 544, 800
	var code []uint32
	emit := func(words ...uint32) { code = append(code, words...) }
	vector := func(n, offset uint32, load bool) { // li r4, offset; lvx or stvx vn, r3, r4
		op := uint32(231)
		if load {
			op = 103
		}
		emit(14<<26|4<<21|offset, 31<<26|n<<21|3<<16|4<<11|op<<1)
	}
	if load {
		vector(0, vscr, true)
		emit(4<<26 | 0<<11 | 1604)                                 // mtvscr v0
		emit(32<<26|4<<21|3<<16|vrsave, 31<<26|4<<21|8<<11|467<<1) // lwz r4, vrsave(r3); mtspr VRSAVE, r4
		emit(58<<26|4<<21|3<<16|xer, 31<<26|4<<21|1<<16|467<<1)    // ld r4, xer(r3); mtxer r4
	}
	for n := range uint32(32) {
		vector(n, 16*n, load)
		at := 3<<16 | low + 8*n
		if load { // mfvsrd r4, vsn; ld r5, at(r3); mtvsrdd vsn, r4, r5
			emit(31<<26|n<<21|4<<16|51<<1, 58<<26|5<<21|at, 31<<26|n<<21|4<<16|5<<11|435<<1)
		} else { // mfvsrld r4, vsn; std r4, at(r3)
			emit(31<<26|n<<21|4<<16|307<<1, 62<<26|4<<21|at)
		}
	}
	if !load {
		emit(4<<26 | 0<<21 | 1540) // mfvscr v0
		vector(0, vscr, false)
		vector(0, 0, true)
		emit(31<<26|4<<21|8<<11|339<<1, 36<<26|4<<21|3<<16|vrsave) // mfspr r4, VRSAVE; stw r4, vrsave(r3)
		emit(31<<26|4<<21|1<<16|339<<1, 62<<26|4<<21|3<<16|xer)    // mfxer r4; std r4, xer(r3)
	}
	emit(17<<26 | 2) // sc
	return code
}
