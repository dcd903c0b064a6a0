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
	Since   int      // the minor release of Go 1 that began to build for it; 0: it is older than all that rt0 boots

	ELF     ELF
	Order   binary.ByteOrder // of data
	PtrSize int              // bytes in a pointer, and in an auxv word

	Engine Engine

	PC, SP    Register
	Link      Register   // the link register; None where calls push the return address
	Flags     Register   // the condition flags (EFLAGS, PSTATE); None where there are none (riscv64)
	TLS       Register   // what the thread pointer is kept in; None where it is a descriptor (386)
	TLSLow    Register   // the lower half of the thread pointer, where TLS has the upper one alone (s390x); else None
	Registers []Register // the user-visible integer registers, PC and SP included, in the order of a crash report

	Syscall Syscall
	ABI     ABI
	Signals Signals
	Signal  SignalFrame
	Traps   []Trap // what StopInterrupt's numbers mean; others are SIGILL
	// PageFault is what the frame says of a page fault beside its address; Undefined are undefined instructions that are no SIGILL.
	PageFault PageFault
	PCAlign   Trap // of an instruction that does not stand at a multiple of 4; the zero value: that is nothing special, or has an Intr
	Undefined []Undefined
	// Exception tells what an exception is by its instruction, where the engine has one number for many (s390x), and by how many bytes the
	// PC is past the instruction when a handler is entered. Nil: the number says it, and the PC stays.
	Exception func(code []byte, reg func(Register) uint64) (trap Trap, past int)
	// CarryOut does in the CPU's stead what the kernel does so (true), or says what an exception of a row of Traps is by its instruction.
	// Nil: there is no such thing.
	CarryOut func(Trap, Trapped) (Trap, bool)
	Structs  Structs

	Features []Feature // what AT_HWCAP, AT_HWCAP2 and CPUID can say
	CPUID    []CPUID   // what the CPU itself tells of its features when nothing is faked; nil where it does not

	Opcodes []Opcode // instructions of Features, the first that fits counts; nil where nothing is told apart
	CPUs    []CPU    // real ones, that a machine can name (cpu.go)

	// CPUInfo is /proc/cpuinfo of some CPUs with some features, by their names; nil where it is a paragraph for each CPU.
	CPUInfo func(cpus []int, features string) string

	Platform string // AT_PLATFORM; "" when the kernel gives none
	// BasePlatform is AT_BASE_PLATFORM, "" when the kernel gives none; Aux are the entries of the auxv that the architecture adds
	// (ARCH_DLINFO), but for the vDSO's.
	BasePlatform string
	Aux          []AuxEntry
	UTSName      string // uname's machine
	QEMU         string // qemu-user's name of the target: "aarch64" for qemu-aarch64

	// Disassemble writes an instruction for a crash report (disasm.go); nil where golang.org/x/arch has no decoder.
	Disassemble Disassembler

	Variants []Variant // what go build can make for the architecture (variant.go); nil where there is no choice
	// PIE is the minor release of Go 1 since which the Go linker makes position-independent executables by itself, without a C toolchain
	// (internal/platform.InternalLinkPIESupported); 0: it does not.
	PIE int
	// NarrowAtoi is the minor release of Go 1 whose compiler began to sign-extend in runtime.atoi32: older ones take GOMAXPROCS modulo
	// 1<<32. 0: it always did.
	NarrowAtoi int
	// NarrowMask is the minor release of Go 1 whose mask for sched_getaffinity has 1024 bits where that of other architectures has 65536
	// (runtime.getproccount); 0: there was none.
	NarrowMask int

	// Global are the instructions with which a function begins that can be called from another module: they find its own TOC. Calls from
	// within the module go past them, to its local entry (Power's second ELF ABI). Nil: a function has one entry.
	Global []Pattern

	Entry Register // register that holds the address of code that the kernel enters, where it has no descriptor; None: there is none
	TOC   Register // register that a function descriptor's second word goes to; None: there are no descriptors

	// AddressError is the first address of which each access is an error to the CPU itself (SIGBUS, and Linux tells no address); 0: there
	// is none.
	AddressError uint64

	UserTop    uint64 // first address above user space (TASK_SIZE)
	StackTop   uint64 // where the kernel puts the top of the first stack, randomisation off
	MmapTop    uint64 // where top-down mmap starts, randomisation off and the stack's limit below 128 MiB
	PIEBase    uint64 // where a PIE that names an interpreter is loaded (ELF_ET_DYN_BASE), for pages of 4096 bytes: round it down for larger ones
	PageSizes  []int  // page sizes that Linux offers on the architecture, ascending
	Trampoline []byte // code of the kernel's own sigreturn page (the vDSO's); nil where the program must bring its restorer
	Pages      []Page // what else the kernel puts at fixed addresses, outside of user space
	Canonical  uint   // bits of an address that the CPU translates, the others must repeat the highest or it raises #GP; 0: no such rule
	Vsyscall   uint64 // address of the legacy vsyscall page; 0 where there is none
	VDSO       *VDSO  // what the generated vDSO is made of; nil: Linux has none
	GDT        bool   // x86-32: segments come from a descriptor table in guest memory
	Segments   Segments

	BottomUp uint64  // where mmap goes upwards from, when it does not go down from MmapTop (TASK_UNMAPPED_BASE)
	Window   uint64  // from here on mmap gives only what a hint asks for (DEFAULT_MAP_WINDOW); 0: there is no such border
	Widths   []Width // the address spaces that other kernels and CPUs have (width.go), and this one where it goes by a number of bits
	// LegacyStack: an unlimited stack makes mmap go upwards (mmap_is_legacy of mm/util.c and s390/mm/mmap.c); x86 has ceased to.
	LegacyStack bool
}

// Segments are the registers of x86-32's segmentation; empty elsewhere.
type Segments struct {
	Table Register   // GDTR
	Local Register   // LDTR
	Code  Register   // CS
	Data  []Register // DS, ES, SS
}

// AuxEntry is an entry of the auxiliary vector with a fixed value.
type AuxEntry struct{ Type, Value uint64 }

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
	// A program whose e_flags & ABIMask is not ABIDirect names functions by descriptors: code address and TOC (ppc64). 0: none does.
	ABIMask, ABIDirect uint32
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
	Halt       uint32  // the exception number of the one instruction that the engine reports as invalid though it is not; 0: there is none
	Ahead      int     // bytes by which the engine's PC is past an instruction that has raised an exception, when it tells of it
	FlagsNever uint64  // bits of Flags that no program sets: one that is set shows that the engine's flags are garbage
	InsnShift  uint    // log2 of the size of an instruction in bytes; 0 where it varies
	Pauses     bool    // a hint that a loop waits ends a run of the engine, as if the CPU were halted (ppc64)
	SmallPages bool    // the engine must be told that pages are 4 KiB (its default is 1 KiB)
	Thumb      uint64  // the bit of Flags that selects another instruction set, and that is bit 0 of an address to go to; 0: there is none
	Reset      []Reset // what the kernel sets up before it enters a program, in order
	Emulation          // of instructions that the engine does not have as the CPU has them
	Reserve    Reserve // how memory is reserved for a store-conditional; the zero value where there is no such thing

	// Hidden are registers that the engine's interface does not have; nil: it has all that matter.
	Hidden *Hidden

	// Branches are the instructions that have a delay slot. An exception in the slot is the branch's: the PC is at the branch, which
	// is executed again.
	Branches []Pattern
	// Blind are the instructions that access memory past the engine's hooks: a host pointer in one of its helpers. Their mask may be of all.
	Blind []Pattern
	// Culprit finds the instruction that has raised an exception, by its index in the block, and the address that it accesses, if any,
	// where the engine has forgotten the PC after all exceptions but system calls and memory faults; nil where it remembers it.
	Culprit func(Exception) (index int, addr uint64)
	// TLB is the CPU's own, where an instruction looks into it beside rt0's page table; nil: none does.
	TLB *TLB
}

// Pattern is a set of 32-bit instructions: those with word & Mask == Value.
type Pattern struct{ Mask, Value uint32 }

// Hidden is how registers are read and written that the engine's interface does not have: by code, to and from a block of memory. Both codes
// end with a system call.
type Hidden struct {
	Size       int        // of the block, in bytes; no more than a page
	Addr       Register   // holds its address
	Uses       []Register // what the code uses besides, but for the hidden ones
	Set        []Reset    // what the code wants in registers besides; of those in Uses
	Registers  []Slot     // those that are read and written by name, and where they are in the block; nil: the block is taken as a whole
	Save, Load []uint32
}

// Exception is what an exception has left behind.
type Exception struct {
	Intr     uint32                 // the engine's number
	PC       uint64                 // of the block's first instruction
	Block    []uint32               // the instructions of the block that was entered last
	Reg      func(Register) uint64  // registers, as the instruction found them
	Unmapped func(addr uint64) bool // there is no entry for an address in the CPU's own TLB
}

// TLB is how an entry is written to the CPU's own TLB. Entries are made when they are missed; any page will do, as the result of the look-up
// is not used.
type TLB struct {
	Miss    uint32   // the exception of an address that has no entry
	Entries int      // how many there are
	Bits    uint     // log2 of the bytes that one covers
	Set     []Reset  // what Code wants in registers, besides these:
	Index   Register // the entry's number
	Address Register // the first address that it covers
	Code    []uint32 // ends with a system call
}

// Reserve is how memory is reserved for a store-conditional: LL, LR, LDREX, LWARX and their like. A thread that stops running loses what
// it has reserved.
type Reserve struct {
	Code []byte   // reserves, and makes a system call
	Addr Register // holds the address
}

// Reset is a register that gets a value before the first instruction: (old & Keep) | Value.
type Reset struct {
	Reg         Register
	Keep, Value uint64
}

// Model is a CPU model of the engine.
type Model struct {
	Name  string   // the engine's, in lower case
	ID    int      // the engine's number (UC_CPU_*), or DefaultModel
	Lacks []string // names of Features that code on this model traps on, though the default model runs them
	Reset []Reset  // beside Engine.Reset
}

// DefaultModel is the ID of the model that the engine takes when it is told none.
const DefaultModel = -1

// ABI is Go's calling convention at a function's entry.
type ABI struct {
	// Regs are the integer argument registers of ABIInternal, in order; nil where arguments are on the stack.
	Regs []Register
	// Since is the minor release of Go 1 that began to use Regs.
	Since int
	// StackArgs is the offset from SP of the first stack argument at a function's entry.
	StackArgs int
	// FixedFrame is the minor release of Go 1 whose frames began to have a fixed part; before, the first argument was above a word. 0: no
	// release changed it.
	FixedFrame int
	// StackAlign is what SP is always a multiple of (internal/goarch.StackAlign); 0: a word.
	StackAlign int
	// G is the register that holds the current goroutine under ABIInternal; None where it is in TLS.
	G Register
}

// Structs are the kernel structures whose layout depends on more than the pointer size.
type Structs struct {
	Stat   Layout // what fstat or fstat64 fill
	Statfs Layout // what statfs or statfs64 fill
	// StatfsPadded is what the callers of statfs64 may also call the structure's size (sys_statfs64_wrapper of arm/kernel/entry-common.S); 0: nothing.
	StatfsPadded int
	EpollEvent   int // sizeof(struct epoll_event): 12 where packed
	EpollData    int // offset of its data
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
	CPUID *CPUID // where CPUID says it; the one set bit of Regs is the feature's. Nil where CPUID does not say it
	// HWProbe is its bit in riscv_hwprobe's RISCV_HWPROBE_KEY_IMA_EXT_0; 0: the call does not say it.
	HWProbe uint64
	// Engine says that the engine's default model runs it, and answers what the host cannot change (so not RDRAND). Such a
	// feature is there when nothing is faked.
	Engine bool
	// Misrun: the engine executes the feature's code wrongly instead of trapping. It is not let near that code, which Opcodes names.
	Misrun bool
	// Carried: a machine that promises the feature promises nothing that fails, though Engine is not set: it has no instructions of its own,
	// or rt0 carries them out, or the engine does and they are not there by default for another reason.
	Carried bool
	Partly  bool   // the engine runs some of its instructions, though Engine is not set
	Common  bool   // rt0 carries out those that Go's runtime and compiler write, and no others (x86vector.go)
	Needs   string // other features that a CPU with it has, with blanks between
}

// CPUID is a leaf of x86's CPUID and its answer in EAX, EBX, ECX, EDX. On s390x it is a part of STFLE's list: facilities 128×Leaf and on, the
// first is the highest bit of the first word.
type CPUID struct {
	Leaf, Subleaf uint32
	Regs          [4]uint32
}
