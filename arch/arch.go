// SPDX-License-Identifier: GPL-2.0-or-later

// Package arch says what differs between CPUs, and nothing else: one file per GOARCH, each a single literal of [Arch],
// alike enough to be compared by eye. Adding an architecture is adding a file, its generated numbers, and its row in the
// conformance table (arch_test.go).
//
// The package is data, and small functions where data will not do. It imports nothing of rt0, runs nothing, and knows neither the
// engine's functions nor Go's runtime.
//
// Sources are named the short way: "x86/kernel/signal_64.c" is arch/x86/kernel/signal_64.c of Linux 6.12, "SDM" Intel's Software
// Developer's Manual, "Arm ARM" the Arm Architecture Reference Manual (DDI 0487).
package arch

//go:generate go run ./internal/gen

import (
	"debug/elf"
	"encoding/binary"
)

// Arch is one GOARCH. The values are shared: treat them, and all that they point to, as read-only.
type Arch struct {
	Name    string   // GOARCH
	Tier    Tier     // how far support goes
	Missing []string // what a user could miss, one short phrase each; shown by `rt0 arches`

	ELF     ELF
	Order   binary.ByteOrder // of data
	PtrSize int              // bytes in a pointer, and in an auxv word

	Engine Engine

	PC, SP    Register
	Link      Register   // the link register; None where calls push the return address
	Flags     Register   // the condition flags (EFLAGS, PSTATE)
	TLS       Register   // what the thread pointer is kept in; None where it is a descriptor (386)
	Registers []Register // the user-visible integer registers, PC and SP included, in the order of a crash report

	Syscall Syscall
	ABI     ABI
	Signal  SignalFrame
	Traps   []Trap // what StopInterrupt's numbers mean; others are SIGILL
	Structs Structs

	Features []Feature // what AT_HWCAP, AT_HWCAP2 and CPUID can say
	CPUID    []CPUID   // x86: the leaves that the CPU answers with when nothing is faked; nil elsewhere

	Platform string // AT_PLATFORM; "" when the kernel gives none
	UTSName  string // uname's machine
	QEMU     string // qemu-user's name of the target: "aarch64" for qemu-aarch64

	// Disassemble writes an instruction for a crash report (disasm.go); nil where golang.org/x/arch has no decoder.
	Disassemble Disassembler

	UserTop    uint64 // first address above user space (TASK_SIZE)
	StackTop   uint64 // where the kernel puts the top of the first stack, randomisation off
	MmapTop    uint64 // where top-down mmap starts, randomisation off and the stack's limit below 128 MiB
	PIEBase    uint64 // where a PIE that names an interpreter is loaded (ELF_ET_DYN_BASE), for pages of 4096 bytes: round it down for larger ones
	PageSizes  []int  // page sizes that Linux offers on the architecture, ascending
	Trampoline []byte // code of the kernel's own sigreturn page (the vDSO's); nil where the program must bring its restorer
	Canonical  uint   // bits of an address that the CPU translates, the others must repeat the highest or it raises #GP; 0: no such rule
	Vsyscall   uint64 // address of the legacy vsyscall page; 0 where there is none
	GDT        bool   // x86-32: segments come from a descriptor table in guest memory
	Segments   Segments
}

// Segments are the registers of x86-32's segmentation; empty elsewhere.
type Segments struct {
	Table Register   // GDTR
	Code  Register   // CS
	Data  []Register // DS, ES, SS
}

// Tier says how far the support of an architecture goes.
type Tier string

// The tiers.
const (
	Full    Tier = "full"    // every fixture boots, and the conformance table passes
	Partial Tier = "partial" // boots to main.main, with the gaps that Missing names
)

// ELF is what the header of an executable of the architecture says.
type ELF struct {
	Machine  elf.Machine
	Class    elf.Class
	Data     elf.Data
	Relative uint32 // the relocation that adds the load bias (R_*_RELATIVE)
	Rela     bool   // relocations carry addends (RELA), else they stand in place (REL)
}

// Register is a CPU register: the name of the manual, in lower case, and the engine's number.
type Register struct {
	Name string
	ID   int
}

// None is the register that an architecture lacks.
var None = Register{}

// Engine is how the CPU engine is opened.
type Engine struct {
	Arch, Mode int     // uc_arch, uc_mode
	Models     []Model // the first is the default
	Illegal    uint32  // the exception number of an undefined instruction; 0: the engine reports it by itself
	FlagsNever uint64  // bits of Flags that no program sets: one that is set shows that the engine's flags are garbage
	InsnShift  uint    // log2 of the size of an instruction in bytes; 0 where it varies
	SmallPages bool    // the engine must be told that pages are 4 KiB (its default is 1 KiB)
}

// Model is a CPU model of the engine.
type Model struct {
	Name  string   // the engine's, in lower case
	ID    int      // the engine's number (UC_CPU_*)
	Lacks []string // names of Features that code on this model traps on, though the default model runs them
}

// Syscall is the system call convention and the table of numbers.
type Syscall struct {
	Insn    int    // the engine's instruction id of the trap, for UC_HOOK_INSN; 0: the trap is an interrupt
	Intr    uint32 // the engine's exception number of the trap, when Insn is 0
	Number  Register
	Args    []Register // as many as the convention has, in order
	Result  Register   // -4095 to -1 are errnos
	Numbers []Number   // ascending
	// CloneTLS and CloneChildTID are the indexes of clone's arguments that differ between architectures.
	CloneTLS, CloneChildTID int
	// OldTime says that the table has calls of 32-bit time_t beside the _time64 ones.
	OldTime bool
	// OpenFlags and MapFlags are the flags of open and of mmap that are not where asm-generic has them.
	OpenFlags, MapFlags []Flag
}

// Flag is a bit of an argument: Linux's name, its place in asm-generic, and its place on the architecture.
type Flag struct {
	Name         string
	Generic, Own uint64
}

// Number is a row of the system call table.
type Number struct {
	N    uint64
	Name string // Linux's name, lower case: "rt_sigaction"
}

// ABI is Go's calling convention at a function's entry.
type ABI struct {
	// Regs are the integer argument registers of ABIInternal, in order; nil where arguments are on the stack.
	Regs []Register
	// Since is the minor release of Go 1 that began to use Regs.
	Since int
	// StackArgs is the offset from SP of the first stack argument at a function's entry.
	StackArgs int
	// G is the register that holds the current goroutine under ABIInternal; None where it is in TLS.
	G Register
}

// SignalFrame is the layout of the frame that the kernel pushes for a handler with SA_SIGINFO. Offsets are from the
// frame's start, which is the handler's SP. All that it does not name is zero.
//
// Floating-point and vector registers are left out: Go's handlers do not look for them, and whoever emulates rt_sigreturn has them in
// the context that was saved at delivery. The frame says so as Linux would (x86: fpstate is null; arm64: no record but the terminator).
type SignalFrame struct {
	Size    int // whole frame
	Align   int // of the frame's address
	Skew    int // the frame's address is Align×n − Skew (x86-64 enters as if called)
	Info    int // siginfo_t
	Context int // ucontext_t
	Mask    int // uc_sigmask
	Stack   int // uc_stack
	Fault   int // where the fault address is repeated in the machine context (cr2, fault_address)
	Trap    int // trap number; -1: none
	Err     int // error code; -1: none
	// Regs are saved registers and where they go. A register that is saved twice has its real place, the one that rt_sigreturn
	// reads, last. Words are further words with a fixed value.
	Regs  []Slot
	Words []Word
	// Args receives signal number, siginfo and ucontext: registers, and for 386 stack slots as well.
	Args      []Register
	StackArgs []int // offsets of the same three in the frame, when the ABI passes them on the stack
	Return    int   // offset of the return address; -1: it goes to Link

	RedZone    int    // bytes below SP that belong to the interrupted function (x86-64: 128)
	ClearFlags uint64 // bits of Flags that a handler starts without (x86: DF, RF, TF)
	UserFlags  uint64 // bits of Flags that a handler may change in the frame (x86: FIX_EFLAGS; arm64: NZCV and their like)
}

// Trap is what an exception of the CPU, by the engine's number, means to Linux.
type Trap struct {
	Intr   uint32
	Signal Signal
	Code   int32  // si_code
	Addr   bool   // si_addr is the instruction's address; else 0
	Number uint64 // trap number in the signal frame, where it has one
}

// Slot is a register in a signal frame.
type Slot struct {
	Reg    Register
	Offset int
	Size   int // bytes
}

// Word is a fixed value in a signal frame.
type Word struct {
	Offset, Size int
	Value        uint64
}

// Structs are the kernel structures whose layout depends on more than the pointer size.
type Structs struct {
	Stat       Layout // what fstat or fstat64 fill
	EpollEvent int    // sizeof(struct epoll_event): 12 where packed
	EpollData  int    // offset of its data
}

// Layout is a structure as named fields.
type Layout struct {
	Size   int // bytes, padding at the end included
	Fields []Field
}

// Field is a member of a structure: Linux's name, offset and size in bytes.
type Field struct {
	Name         string
	Offset, Size int
}

// Feature is a CPU feature by Linux's name in /proc/cpuinfo ("sse4_2", "atomics").
type Feature struct {
	Name  string
	Alias string // the manual's name where Linux's is another ("sse3" for "pni"); else ""
	HWCap int    // 1: AT_HWCAP, 2: AT_HWCAP2, 0: not in the auxv
	Bit   uint   // in that word
	CPUID *CPUID // x86: where CPUID says it; the one set bit of Regs is the feature's. Nil where CPUID does not say it
	// Engine says that the engine's default model runs it, and answers what the host cannot change (so not RDRAND). Such a
	// feature is there when nothing is faked.
	Engine bool
	// Misrun: the engine executes the feature's code wrongly instead of trapping. A machine must not promise it.
	Misrun bool
}

// CPUID is a leaf of CPUID and its answer in EAX, EBX, ECX, EDX.
type CPUID struct {
	Leaf, Subleaf uint32
	Regs          [4]uint32
}
