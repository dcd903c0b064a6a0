// SPDX-License-Identifier: GPL-2.0-or-later

// Package arch says what differs between CPUs, and nothing else: one file per GOARCH, each a single literal of [Arch],
// alike enough to be compared by eye. Adding an architecture is adding a file, its generated numbers, and its row in the
// conformance table (arch_test.go).
//
// The package is data. It imports nothing of rt0, runs nothing, and knows neither the engine's functions nor Go's runtime.
package arch

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
	Order   binary.ByteOrder
	PtrSize int // bytes in a pointer, and in an auxv word

	Engine Engine

	PC, SP    Register
	Link      Register   // the link register; None where calls push the return address
	Flags     Register   // the condition flags (EFLAGS, PSTATE)
	TLS       Register   // what the thread pointer is kept in; None where it is a descriptor (386)
	Registers []Register // the user-visible integer registers, PC and SP included, in the order of a crash report

	Syscall Syscall
	ABI     ABI
	Signal  SignalFrame
	Structs Structs

	Features []Feature // what AT_HWCAP, AT_HWCAP2 and CPUID can say
	CPUID    []CPUID   // x86: the leaves that the CPU answers with when nothing is faked; nil elsewhere

	Platform string // AT_PLATFORM; "" when the kernel gives none
	UTSName  string // uname's machine

	UserTop    uint64 // first address above user space (TASK_SIZE)
	StackTop   uint64 // where the kernel puts the top of the first stack, randomisation off
	MmapTop    uint64 // where top-down mmap starts, randomisation off
	PIEBase    uint64 // where a PIE without an interpreter's wish is loaded (ELF_ET_DYN_BASE)
	PageSizes  []int  // page sizes that Linux offers on the architecture, ascending
	Trampoline []byte // code of the kernel's own sigreturn page; nil where the program must bring its restorer
	Vsyscall   uint64 // address of the legacy vsyscall page; 0 where there is none
	GDT        bool   // x86-32: segments come from a descriptor table in guest memory
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
	InsnShift  uint    // log2 of the size of an instruction in bytes; 0 where it varies
	SmallPages bool    // the engine must be told that pages are 4 KiB (its default is 1 KiB)
}

// Model is a CPU model of the engine. Default models use ID -1: the engine's own choice, set by nothing.
type Model struct {
	Name  string
	ID    int
	Lacks []string // names of Features that code on this model traps on, though the default model runs them
}

// Syscall is the system call convention and the table of numbers.
type Syscall struct {
	Insn    int // the engine's instruction id of the trap, for UC_HOOK_INSN; 0: the trap is an interrupt
	Intr    uint32
	Number  Register
	Args    []Register
	Result  Register
	Numbers []Number // ascending
	// CloneTLS and CloneChildTID are the indexes of clone's arguments that differ between architectures.
	CloneTLS, CloneChildTID int
	// OldTime says that the table has calls of 32-bit time_t beside the _time64 ones.
	OldTime bool
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
// frame's start, which is the handler's SP.
type SignalFrame struct {
	Size    int // whole frame
	Align   int // of the frame's address
	Skew    int // the frame's address is Align×n − Skew (x86-64 enters as if called)
	Info    int // siginfo_t
	Context int // ucontext_t
	Mask    int // uc_sigmask
	Stack   int // uc_stack
	Fault   int // where the fault address is repeated in the machine context (cr2, fault_address)
	Trap    int // trap number and, a word before it or after it as the layout says, error code; -1: none
	Err     int // error code; -1: none
	// Regs are saved registers and where they go; Words are further words with a fixed value.
	Regs  []Slot
	Words []Word
	// Args receives signal number, siginfo and ucontext: registers, and for 386 stack slots as well.
	Args      []Register
	StackArgs []int // offsets of the same three in the frame, when the ABI passes them on the stack
	Return    int   // offset of the return address; -1: it goes to Link
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
	Size   int
	Fields []Field
}

// Field is a member of a structure: Linux's name, offset and size in bytes.
type Field struct {
	Name         string
	Offset, Size int
}

// Feature is a CPU feature by Linux's name in /proc/cpuinfo ("sse4_2", "atomics").
type Feature struct {
	Name   string
	HWCap  int    // 1: AT_HWCAP, 2: AT_HWCAP2, 0: not in the auxv
	Bit    uint   // in that word
	CPUID  *CPUID // where CPUID says it; the one set bit of Regs is the feature's
	Engine bool   // the engine runs it, and it is there when nothing is faked
}

// CPUID is a leaf of CPUID and its answer in EAX, EBX, ECX, EDX.
type CPUID struct {
	Leaf, Subleaf uint32
	Regs          [4]uint32
}
