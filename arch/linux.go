// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import "strconv"

// Errno is a Linux error number. The constants are those of asm-generic/errno.h, which every architecture but MIPS and SPARC uses:
// those number the ones above 34 differently. MIPS carries its exceptions in a table ([Renumbered]), applied where a result goes into
// the register, so that the rest of rt0 goes on speaking of ENOSYS.
type Errno uint32

// String is Linux's name, as strace prints it: "ENOSYS". 0 is "0".
func (e Errno) String() string {
	if name := nameOf(errnoNames[:], uint64(e)); name != "" {
		return name
	}
	return strconv.FormatUint(uint64(e), 10)
}

// Error makes an Errno an error: its name.
func (e Errno) Error() string { return e.String() }

// Signal is a Linux signal number. The constants are asm-generic/signal.h's; MIPS numbers some differently (see [Errno]).
type Signal int

// String is Linux's name: "SIGSEGV". Real-time signals have none and give their number.
func (s Signal) String() string {
	if name := nameOf(signalNames[:], uint64(s)); name != "" {
		return name
	}
	return strconv.Itoa(int(s))
}

// Renumbered is an errno or a signal that an architecture numbers in a way of its own (mips/include/uapi/asm/errno.h, signal.h).
type Renumbered struct {
	Generic uint64 // the number in package arch: ENOSYS's 38
	Own     uint64 // the architecture's: 89 on MIPS
}

// nameOf is the name of a number; "": it has none.
func nameOf(names []string, n uint64) string {
	if n < uint64(len(names)) {
		return names[n]
	}
	return ""
}

// The types of entries of the auxiliary vector (include/uapi/linux/auxvec.h), and those of x86 and arm64 (asm/auxvec.h).
const (
	AT_NULL              = 0  // end of the vector
	AT_IGNORE            = 1  // to be passed over
	AT_EXECFD            = 2  // file descriptor of the program
	AT_PHDR              = 3  // address of the program headers
	AT_PHENT             = 4  // size of one
	AT_PHNUM             = 5  // number of them
	AT_PAGESZ            = 6  // page size in bytes
	AT_BASE              = 7  // address of the interpreter; 0: none
	AT_FLAGS             = 8  // always 0
	AT_ENTRY             = 9  // entry point of the program
	AT_UID               = 11 // real user
	AT_EUID              = 12 // effective user
	AT_GID               = 13 // real group
	AT_EGID              = 14 // effective group
	AT_PLATFORM          = 15 // address of a string: the CPU for ld.so
	AT_HWCAP             = 16 // CPU features
	AT_CLKTCK            = 17 // frequency of times(), in Hz
	AT_DCACHEBSIZE       = 19 // ppc64: size of a data cache block, in bytes
	AT_ICACHEBSIZE       = 20 // ppc64: size of an instruction cache block
	AT_UCACHEBSIZE       = 21 // ppc64: size of a unified cache block
	AT_IGNOREPPC         = 22 // ppc64: to be passed over
	AT_SECURE            = 23 // 1: set-user-ID and the like
	AT_BASE_PLATFORM     = 24 // address of a string: the CPU that it really is
	AT_RANDOM            = 25 // address of 16 random bytes
	AT_HWCAP2            = 26 // more CPU features
	AT_RSEQ_FEATURE_SIZE = 27 // size of the rseq area that the kernel knows, in bytes
	AT_RSEQ_ALIGN        = 28 // its alignment, in bytes
	AT_HWCAP3            = 29 // more CPU features
	AT_HWCAP4            = 30 // more CPU features
	AT_EXECFN            = 31 // address of a string: the program's path
	AT_SYSINFO           = 32 // 386: address of the vDSO's system call
	AT_SYSINFO_EHDR      = 33 // address of the vDSO
	AT_L1I_CACHESIZE     = 40 // ppc64, riscv64: size of a cache, in bytes
	AT_L1I_CACHEGEOMETRY = 41 // its associativity << 16, and the size of a line
	AT_L1D_CACHESIZE     = 42
	AT_L1D_CACHEGEOMETRY = 43
	AT_L2_CACHESIZE      = 44
	AT_L2_CACHEGEOMETRY  = 45
	AT_L3_CACHESIZE      = 46
	AT_L3_CACHEGEOMETRY  = 47
	AT_MINSIGSTKSZ       = 51 // smallest stack for a signal, in bytes
)

// auxNames are the names of the types, as `LD_SHOW_AUXV=1` prints them.
var auxNames = [...]string{
	AT_NULL: "AT_NULL", AT_IGNORE: "AT_IGNORE", AT_EXECFD: "AT_EXECFD", AT_PHDR: "AT_PHDR", AT_PHENT: "AT_PHENT", AT_PHNUM: "AT_PHNUM",
	AT_PAGESZ: "AT_PAGESZ", AT_BASE: "AT_BASE", AT_FLAGS: "AT_FLAGS", AT_ENTRY: "AT_ENTRY", AT_UID: "AT_UID", AT_EUID: "AT_EUID",
	AT_GID: "AT_GID", AT_EGID: "AT_EGID", AT_PLATFORM: "AT_PLATFORM", AT_HWCAP: "AT_HWCAP", AT_CLKTCK: "AT_CLKTCK",
	AT_DCACHEBSIZE: "AT_DCACHEBSIZE", AT_ICACHEBSIZE: "AT_ICACHEBSIZE", AT_UCACHEBSIZE: "AT_UCACHEBSIZE", AT_IGNOREPPC: "AT_IGNOREPPC",
	AT_L1I_CACHESIZE: "AT_L1I_CACHESIZE", AT_L1I_CACHEGEOMETRY: "AT_L1I_CACHEGEOMETRY",
	AT_L1D_CACHESIZE: "AT_L1D_CACHESIZE", AT_L1D_CACHEGEOMETRY: "AT_L1D_CACHEGEOMETRY",
	AT_L2_CACHESIZE: "AT_L2_CACHESIZE", AT_L2_CACHEGEOMETRY: "AT_L2_CACHEGEOMETRY",
	AT_L3_CACHESIZE: "AT_L3_CACHESIZE", AT_L3_CACHEGEOMETRY: "AT_L3_CACHEGEOMETRY",
	AT_SECURE: "AT_SECURE", AT_BASE_PLATFORM: "AT_BASE_PLATFORM", AT_RANDOM: "AT_RANDOM", AT_HWCAP2: "AT_HWCAP2", AT_RSEQ_FEATURE_SIZE: "AT_RSEQ_FEATURE_SIZE",
	AT_RSEQ_ALIGN: "AT_RSEQ_ALIGN", AT_HWCAP3: "AT_HWCAP3", AT_HWCAP4: "AT_HWCAP4", AT_EXECFN: "AT_EXECFN",
	AT_SYSINFO: "AT_SYSINFO", AT_SYSINFO_EHDR: "AT_SYSINFO_EHDR", AT_MINSIGSTKSZ: "AT_MINSIGSTKSZ",
}

// AuxName is Linux's name of an auxv entry's type: "AT_PHDR".
func AuxName(t uint64) string {
	if name := nameOf(auxNames[:], t); name != "" {
		return name
	}
	return strconv.FormatUint(t, 10)
}
