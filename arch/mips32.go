// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import "encoding/binary"

// What mips and mipsle have in common: the O32 ABI under a 32-bit kernel.

// mips32Models is the engine's plainest CPU that has a floating-point unit. Go's code is MIPS32 of the first release. Release 6 has other
// encodings.
var mips32Models = []Model{
	{Name: "24kf", ID: ucCPUMIPS3224KF},
	{Name: "24kf-nofpu", ID: ucCPUMIPS3224KF, Lacks: []string{"fpu"}, Reset: mipsNoFPU},
}

var mips32PC = Register{"pc", ucMIPSRegPC}

var mips32Registers = []Register{
	{"r0", ucMIPSReg0}, {"r1", ucMIPSReg1}, {"r2", ucMIPSReg2}, {"r3", ucMIPSReg3},
	{"r4", ucMIPSReg4}, {"r5", ucMIPSReg5}, {"r6", ucMIPSReg6}, {"r7", ucMIPSReg7},
	{"r8", ucMIPSReg8}, {"r9", ucMIPSReg9}, {"r10", ucMIPSReg10}, {"r11", ucMIPSReg11},
	{"r12", ucMIPSReg12}, {"r13", ucMIPSReg13}, {"r14", ucMIPSReg14}, {"r15", ucMIPSReg15},
	{"r16", ucMIPSReg16}, {"r17", ucMIPSReg17}, {"r18", ucMIPSReg18}, {"r19", ucMIPSReg19},
	{"r20", ucMIPSReg20}, {"r21", ucMIPSReg21}, {"r22", ucMIPSReg22}, {"r23", ucMIPSReg23},
	{"r24", ucMIPSReg24}, {"r25", ucMIPSReg25}, {"r26", ucMIPSReg26}, {"r27", ucMIPSReg27},
	{"r28", ucMIPSReg28}, {"r29", ucMIPSReg29}, {"r30", ucMIPSReg30}, {"r31", ucMIPSReg31},
	{"hi", ucMIPSRegHI}, {"lo", ucMIPSRegLO}, {"pc", ucMIPSRegPC},
}

// mips32Reset is Status for a program: coprocessor 1, with floating-point registers of 32 bits (no FR), user mode (KSU). In user mode the engine
// traps what a program may not do.
var mips32Reset = []Reset{
	{Register{"status", ucMIPSRegCP0STATUS}, 0, 1<<29 | 2<<3},
}

// mips32TLB writes entries of 512 MiB, as mips64TLB does.
var mips32TLB = &TLB{
	Miss:    mipsTLBLoad,
	Entries: 16,
	Bits:    29,
	Set: []Reset{
		{Register{"status", ucMIPSRegCP0STATUS}, 0, 1<<29 | 1<<2}, // ERL: kernel mode
		{Register{"r9", ucMIPSReg9}, 0, 0x1fffe000},               // PageMask
		{Register{"r11", ucMIPSReg11}, 0, 6},                      // EntryLo: valid, dirty, any page
	},
	Index:   Register{"r8", ucMIPSReg8},
	Address: Register{"r10", ucMIPSReg10},
	Code: []uint32{
		0x40880000, // mtc0 $8, Index
		0x40892800, // mtc0 $9, PageMask
		0x254c0001, // addiu $12, $10, 1
		0x408c5000, // mtc0 $12, EntryHi
		0x408b1000, // mtc0 $11, EntryLo0
		0x408b1800, // mtc0 $11, EntryLo1
		0x42000002, // tlbwi
		0x408a5000, // mtc0 $10, EntryHi
		0x42000002, // tlbwi
		0x0000000c, // syscall
	},
}

// mips32Syscall is the convention of mips/kernel/scall32-o32.S and syscall(2).
var mips32Syscall = Syscall{
	Insn:   0,
	Intr:   17, // EXCP_SYSCALL
	Length: 0,  // the engine has passed the trap
	Number: Register{"r2", ucMIPSReg2},
	Args: []Register{
		{"r4", ucMIPSReg4}, {"r5", ucMIPSReg5}, {"r6", ucMIPSReg6}, {"r7", ucMIPSReg7},
	},
	Stack:         16, // above the four words that O32 keeps for the arguments in registers
	Result:        Register{"r2", ucMIPSReg2},
	Second:        Register{"r3", ucMIPSReg3},
	Failed:        Failed{Reg: Register{"r7", ucMIPSReg7}, Mask: ^uint64(0), Set: 1},
	Numbers:       syscallsMIPS,
	Errnos:        mipsErrnos,
	Clone:         cloneBackwards, // CONFIG_CLONE_BACKWARDS of mips/Kconfig
	AlignPairs:    true,
	OldTime:       true,
	OpenFlags:     mipsOpenFlags,
	MapFlags:      mipsMapFlags,
	PollEvents:    mipsPollEvents,
	Limits:        mipsLimits,
	LimitInfinity: 0x7fffffff, // RLIM_INFINITY of mips/include/uapi/asm/resource.h
}

// mips32Frame is struct rt_sigframe of mips/kernel/signal.c: the argument slots of O32 and padding, siginfo at 24, ucontext at 152 with its
// sigcontext (mips/include/uapi/asm/sigcontext.h) at 176, where registers of 32 bits have 64. Filled in by setup_rt_frame and
// setup_sigcontext. What it calls unused, and the registers of the DSP extension that the CPU lacks, nobody writes; neither does it write
// the odd places of sc_fpregs.
func mips32Frame(order binary.ByteOrder) SignalFrame {
	const (
		context = 176
		pc      = context + 8
		regs    = context + 16
		fpregs  = context + 272
		csr     = context + 532
		hi, lo  = context + 552, context + 560
	)
	f := SignalFrame{
		Size:    784,
		Align:   8, // ALMASK of mips/include/asm/asm.h
		Skew:    0,
		Info:    24,
		Context: 152,
		Mask:    768,
		Stack:   160,
		Fault:   -1,
		Trap:    -1,
		Err:     -1,
		Words: []Word{
			{152, 4, 0},           // uc_flags
			{156, 4, 0},           // uc_link
			{context + 540, 4, 1}, // sc_used_math: USED_FP
		},
		Args:       []Register{{"r4", ucMIPSReg4}, {"r5", ucMIPSReg5}, {"r6", ucMIPSReg6}},
		StackArgs:  nil,
		Return:     -1,
		Popped:     0,
		Handler:    []Register{{"r25", ucMIPSReg25}},
		RedZone:    32, // get_sigframe stays clear of the FPU emulator's trampoline
		ClearFlags: 0,
		UserFlags:  0,
	}
	for i, r := range mips32Registers[:32] {
		f.Regs = append(f.Regs, Slot{r, regs + 8*i, 8})
	}
	f.Regs = append(f.Regs, Slot{Register{"hi", ucMIPSRegHI}, hi, 8}, Slot{Register{"lo", ucMIPSRegLO}, lo, 8}, Slot{mips32PC, pc, 8})
	low := 4 // of a double, whose halves are in two registers (FR = 0)
	if order == binary.ByteOrder(binary.LittleEndian) {
		low = 0
	}
	for i := 0; i < 32; i += 2 {
		f.Float = append(f.Float,
			FloatSlot{Reg: mipsFloat(i), Offset: fpregs + 8*i + low, Size: 4}, FloatSlot{Reg: mipsFloat(i + 1), Offset: fpregs + 8*i + 4 - low, Size: 4})
	}
	f.Float = append(f.Float, mipsFCSRSlot(csr))
	return f
}

// mips32Sigreturn is `li $2, 4193; syscall`: __vdso_rt_sigreturn of mips/vdso/sigreturn.S.
func mips32Sigreturn(order binary.AppendByteOrder) []byte {
	return order.AppendUint32(order.AppendUint32(nil, 0x24021061), 0x0000000c)
}

// mips32Structs are the layouts that fstat64 and epoll_wait fill.
var mips32Structs = Structs{
	Stat:       mipsStat,
	Statfs:     mips32Statfs,
	EpollEvent: 16, // natural alignment
	EpollData:  8,
}

// mips32Features are what a 24Kf has.
var mips32Features = mipsFeatures("mips16", "fpu")
