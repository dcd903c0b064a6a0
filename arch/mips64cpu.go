// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import "encoding/binary"

// What mips64 and mips64le have in common: the N64 ABI.

// mips64Models are the engine's. Go's code is MIPS III with conditional moves; all of them run it.
var mips64Models = []Model{
	{Name: "mips64r2-generic", ID: ucCPUMIPS64MIPS64R2GENERIC},
	{Name: "mips64r2-nofpu", ID: ucCPUMIPS64MIPS64R2GENERIC, Lacks: []string{"fpu", "mips3d"}, Reset: mipsNoFPU},
}

// mips64Reset is Status for a program: coprocessor 1, 64-bit floating-point registers (FR), user mode (KSU) with 64-bit addresses (UX). In
// user mode the engine traps what a program may not do.
var mips64Reset = []Reset{
	{Register{"status", ucMIPSRegCP0STATUS}, 0, 1<<29 | 1<<26 | 2<<3 | 1<<5},
}

// mips64TLB writes entries of 512 MiB, the largest that the engine takes, into the CPU's own TLB: $8 is the index, $10 the address. The entry
// is written twice, at first for another address space (ASID 1), as overwriting one of the current address space would have the engine
// flush its pages one by one.
var mips64TLB = &TLB{
	Miss:    26, // EXCP_TLBL
	Entries: 64,
	Bits:    29,
	Set: []Reset{
		{Register{"status", ucMIPSRegCP0STATUS}, 0, 1<<29 | 1<<26 | 1<<7 | 1<<2}, // KX, ERL: kernel mode
		{Register{"r9", ucMIPSReg9}, 0, 0x1fffe000},                              // PageMask
		{Register{"r11", ucMIPSReg11}, 0, 6},                                     // EntryLo: valid, dirty, any page
	},
	Index:   Register{"r8", ucMIPSReg8},
	Address: Register{"r10", ucMIPSReg10},
	Code: []uint32{
		0x40880000, // mtc0 $8, Index
		0x40892800, // mtc0 $9, PageMask
		0x654c0001, // daddiu $12, $10, 1
		0x40ac5000, // dmtc0 $12, EntryHi
		0x40ab1000, // dmtc0 $11, EntryLo0
		0x40ab1800, // dmtc0 $11, EntryLo1
		0x42000002, // tlbwi
		0x40aa5000, // dmtc0 $10, EntryHi
		0x42000002, // tlbwi
		0x0000000c, // syscall
	},
}

var mips64PC = Register{"pc", ucMIPSRegPC}

var mips64Registers = []Register{
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

// mips64Syscall is the convention of mips/kernel/scall64-n64.S and syscall(2).
var mips64Syscall = Syscall{
	Insn:   0,
	Intr:   17, // EXCP_SYSCALL
	Length: 0,  // the engine has passed the trap
	Number: Register{"r2", ucMIPSReg2},
	Args: []Register{
		{"r4", ucMIPSReg4}, {"r5", ucMIPSReg5}, {"r6", ucMIPSReg6},
		{"r7", ucMIPSReg7}, {"r8", ucMIPSReg8}, {"r9", ucMIPSReg9},
	},
	Result:     Register{"r2", ucMIPSReg2},
	Second:     Register{"r3", ucMIPSReg3},
	Failed:     Failed{Reg: Register{"r7", ucMIPSReg7}, Mask: ^uint64(0), Set: 1},
	Numbers:    syscallsMIPS64,
	Errnos:     mipsErrnos,
	Clone:      cloneBackwards, // CONFIG_CLONE_BACKWARDS of mips/Kconfig
	OldTime:    false,
	OpenFlags:  mipsOpenFlags,
	MapFlags:   mipsMapFlags,
	PollEvents: mipsPollEvents,
	Limits:     mipsLimits,
}

// mips64ABI: no register arguments, as cmd/compile/abi-internal.md does not cover it. g: cmd/internal/obj/mips/a.out.go, REGG.
var mips64ABI = ABI{
	Regs:      nil,
	Since:     0,
	StackArgs: 8, // above the saved link register
	G:         None,
}

// mips64Frame is struct rt_sigframe of mips/kernel/signal.c: the argument slots of O32 and padding, siginfo at 24, ucontext at 152 with its
// sigcontext (mips/include/uapi/asm/sigcontext.h, N64's) at 192. Filled in by setup_rt_frame and setup_sigcontext. The accumulators of the
// DSP extension, which the CPU lacks, nobody writes.
func mips64Frame() SignalFrame {
	const (
		context = 192
		fpregs  = context + 256
		hi, lo  = context + 512, context + 544
		pc      = context + 576
		csr     = context + 584
	)
	f := SignalFrame{
		Size:    808,
		Align:   16, // ALMASK of mips/include/asm/asm.h
		Skew:    0,
		Info:    24,
		Context: 152,
		Mask:    792,
		Stack:   168,
		Fault:   -1,
		Trap:    -1,
		Err:     -1,
		Words: []Word{
			{152, 8, 0},           // uc_flags
			{160, 8, 0},           // uc_link
			{context + 588, 4, 3}, // sc_used_math: USED_FP, USED_FR1
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
	for i, r := range mips64Registers[:32] {
		f.Regs = append(f.Regs, Slot{r, context + 8*i, 8})
		f.Float = append(f.Float, FloatSlot{Reg: mipsFloat(i), Offset: fpregs + 8*i, Size: 8})
	}
	f.Float = append(f.Float, mipsFCSRSlot(csr))
	f.Regs = append(f.Regs, Slot{Register{"hi", ucMIPSRegHI}, hi, 8}, Slot{Register{"lo", ucMIPSRegLO}, lo, 8}, Slot{mips64PC, pc, 8})
	return f
}

// mips64Sigreturn is `li $2, 5211; syscall`: __vdso_rt_sigreturn of mips/vdso/sigreturn.S.
func mips64Sigreturn(order binary.AppendByteOrder) []byte {
	return order.AppendUint32(order.AppendUint32(nil, 0x2402145b), 0x0000000c)
}

// mips64Structs are the layouts that fstat and epoll_wait fill.
var mips64Structs = Structs{
	Stat:       mipsStat,
	Statfs:     mips64Statfs,
	EpollEvent: 16, // natural alignment
	EpollData:  8,
}

// mips64Features are what the engine's generic CPU has.
var mips64Features = mipsFeatures("mips3d", "fpu")

// mips64Rewrite is for what the compilers of Go 1.6 to 1.9 extend the sign of 32 bits with: ADDU rd, rs, $0. By the manual (MIPS64 Architecture for
// Programmers, volume II-A) the result is UNPREDICTABLE when rs is not extended already. CPUs extend the sum; QEMU's translator (gen_arith) makes a move of
// it. SLL rd, rs, 0, which later releases write, extends by definition.
var mips64Rewrite = Rewrite{Before: 10, Word: func(insn uint32) (uint32, bool) {
	const (
		rs   = 0x03e0_0000
		rd   = 0x0000_f800
		addu = 0x21 // SPECIAL; rt and sa are 0
	)
	if insn&^(rs|rd) != addu {
		return 0, false
	}
	return insn&rs>>5 | insn&rd, true // SPECIAL, SLL: rt is what is shifted
}}
