// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import "encoding/binary"

// VDSO is the code that the kernel puts into each process for what needs no system call, as a shared object: names, versions and their order
// are those of Linux (ARCH/kernel/vdso/vdso.lds.S); the code is rt0's own. Package kernel makes the ELF file.
//
// The functions find the clocks in a page of data, which ends where the file begins (VDSODataSize before it), so that code and data stay
// together whatever a page's size is. It holds, in the architecture's byte order:
//
//	0   4 bytes   how often it was written
//	4   4 bytes   the clocks that are served: bit n is clockid_t n. All others go to the system call
//	8   8 bytes   what the CPU's counter read when the clocks showed:
//	64  16 bytes for each clockid_t below 16: seconds and nanoseconds, 8 bytes each
//
// A function reads it, and reads again when it was written meanwhile (vdso_read_begin of include/vdso/helpers.h). The kernel writes before
// the counter is half a second past what is there.
type VDSO struct {
	Soname   string
	Version  string // of the symbols, where they do not say another
	Flags    uint32 // e_flags
	Align    uint64 // of the segment
	Untyped  bool   // symbols are STT_NOTYPE: powerpc/include/asm/vdso.h gives them no type
	WideHash bool   // the entries of DT_HASH have 8 bytes (the ELF supplement of s390x)
	Weak     string // symbols with this prefix have a weak alias without it
	Code     []VDSOFunction
	SysInfo  string // the symbol that AT_SYSINFO tells; "": there is no such entry
	AuxAfter int    // how many of Aux stand before its entry of the auxiliary vector (ARCH_DLINFO)
	Above    bool   // it is mapped above the stack, where the stack's top leaves room for it, else where mmap would put it
	Go       int    // the minor release of Go 1 whose runtime began to find it (runtime/vdso_linux_*.go); 0: none does
	// Count is what the CPU's counter reads at a time that the engine's counter tells in nanoseconds. It must be exact at multiples of
	// VDSOStep.
	Count func(ns uint64) uint64
}

// VDSOFunction is a part of the code. The parts stand one behind the other.
type VDSOFunction struct {
	Name    string // "": it is no symbol, the others call it
	Version string // "": VDSO.Version
	Since   [2]int // the release of Linux that got it, where that is later than 4.0
	Code    []byte
}

// Where things are in the data of a vDSO, and where its code is.
const (
	VDSODataSize = 0x1000 // from the data's start to the file's
	VDSOText     = 0x800  // from there to the first function
	VDSOSequence = 0
	VDSOServed   = 4
	VDSOCounter  = 8
	VDSOClocks   = 64
	VDSOClockIDs = 16
	// VDSOStep is how often the data is written, in nanoseconds: a multiple of all counters' units.
	VDSOStep = 250_000_000
)

// lsb are instructions in little-endian order.
func lsb(words ...uint32) []byte { return instructions(binary.LittleEndian, words) }

func instructions(order binary.AppendByteOrder, words []uint32) []byte {
	var b []byte
	for _, w := range words {
		b = order.AppendUint32(b, w)
	}
	return b
}

// nanoseconds is the Count of a counter that runs at 1 GHz.
func nanoseconds(ns uint64) uint64 { return ns }
