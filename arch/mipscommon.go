// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import "slices"

// What mips, mipsle, mips64 and mips64le have in common: Linux's port to MIPS took its numbers from IRIX, where others took those of x86.
//
// The tables of flags are turned round by moving bits, so each place that a row takes away is given to another one: rows without a name
// swap places that mean nothing on one side.

// mipsOpenFlags are of mips/include/uapi/asm/fcntl.h. O_SYNC is two bits, one of which is O_DSYNC.
var mipsOpenFlags = []Flag{
	{"O_APPEND", 0o2000, 0x0008},
	{"O_DSYNC", 0o10000, 0x0010},
	{"O_NONBLOCK", 0o4000, 0x0080},
	{"O_CREAT", 0o100, 0x0100},
	{"O_TRUNC", 0o1000, 0x0200},
	{"O_EXCL", 0o200, 0x0400},
	{"O_NOCTTY", 0o400, 0x0800},
	{"FASYNC", 0o20000, 0x1000},
	{"O_LARGEFILE", 0o100000, 0x2000},
	{"__O_SYNC", 0o4000000, 0x4000},
	{"O_DIRECT", 0o40000, 0x8000},
	{"", 0x0008, 0o100},
	{"", 0x0010, 0o4000000},
}

// mipsMapFlags are of mips/include/uapi/asm/mman.h. It has no MAP_SYNC.
var mipsMapFlags = []Flag{
	{"MAP_NORESERVE", 0x4000, 0x0400},
	{"MAP_ANONYMOUS", 0x0020, 0x0800},
	{"MAP_GROWSDOWN", 0x0100, 0x1000},
	{"MAP_DENYWRITE", 0x0800, 0x2000},
	{"MAP_EXECUTABLE", 0x1000, 0x4000},
	{"MAP_LOCKED", 0x2000, 0x8000},
	{"MAP_POPULATE", 0x8000, 0x10000},
	{"MAP_NONBLOCK", 0x10000, 0x20000},
	{"MAP_STACK", 0x20000, 0x40000},
	{"MAP_HUGETLB", 0x40000, 0x80000},
	{"MAP_RENAME", 0x0400, 0x0020},   // means nothing
	{"MAP_AUTORSRV", 0x0200, 0x0100}, // means nothing
}

// mipsPollEvents are of mips/include/uapi/asm/poll.h, where POLLWRNORM is POLLOUT itself.
var mipsPollEvents = []Flag{
	{"POLLOUT", 0x0004, 0x0004},
	{"POLLWRNORM", 0x0100, 0x0004},
	{"POLLWRBAND", 0x0200, 0x0100},
}

// mipsLimits are of mips/include/uapi/asm/resource.h.
var mipsLimits = []Renumbered{
	{Generic: 7, Own: 5}, // RLIMIT_NOFILE
	{Generic: 9, Own: 6}, // RLIMIT_AS
	{Generic: 5, Own: 7}, // RLIMIT_RSS
	{Generic: 6, Own: 8}, // RLIMIT_NPROC
	{Generic: 8, Own: 9}, // RLIMIT_MEMLOCK
}

// mipsActionFlags are of mips/include/uapi/asm/signal.h. There is no SA_RESTORER: handlers return to the vDSO.
var mipsActionFlags = []Flag{
	{"SA_SIGINFO", 0x4, 0x8},
	{"SA_NOCLDWAIT", 0x2, 0x10000},
	{"", 0x8, 0x4},
	{"", 0x10000, 0x2},
}

// mipsSignalsOf are the signals of a program whose pointers have so many bytes: 128 of them, the struct sigaction of
// include/linux/signal_types.h with __ARCH_HAS_IRIX_SIGACTION (flags first, an int), and the siginfo_t and stack_t of
// mips/include/uapi/asm/siginfo.h and signal.h.
func mipsSignalsOf(word int) Signals {
	return Signals{
		Last:      128, // _NSIG of mips/include/uapi/asm/signal.h
		Numbers:   mipsSignals,
		Flags:     mipsActionFlags,
		How:       [3]int{1, 2, 3},
		Action:    SigAction{Flags: 0, FlagsSize: 4, Handler: word, Restorer: -1, Mask: 2 * word},
		CodeFirst: true,
		SizeFirst: true,
		Timer:     -3, // SI_TIMER of mips/include/uapi/asm/siginfo.h
	}
}

// mipsStat is struct stat of N64 and struct stat64 of O32 (mips/include/uapi/asm/stat.h), which come out alike: times are 32-bit in both.
var mipsStat = Layout{
	Size: 104,
	Fields: []Field{
		{"st_dev", 0, 4}, {"st_ino", 16, 8}, {"st_mode", 24, 4}, {"st_nlink", 28, 4}, {"st_uid", 32, 4}, {"st_gid", 36, 4},
		{"st_rdev", 40, 4}, {"st_size", 56, 8},
		{"st_atime", 64, 4}, {"st_atime_nsec", 68, 4}, {"st_mtime", 72, 4}, {"st_mtime_nsec", 76, 4},
		{"st_ctime", 80, 4}, {"st_ctime_nsec", 84, 4}, {"st_blksize", 88, 4}, {"st_blocks", 96, 8},
	},
}

// mipsFeatures are the bits of AT_HWCAP (mips/include/uapi/asm/hwcap.h), by their names among the "ASEs implemented" of /proc/cpuinfo
// where they have one, and r6, which is a release. Go's code needs none; engine are those that the engine's default model has.
func mipsFeatures(engine ...string) []Feature {
	names := [...]string{
		"r6", "msa", "crc32", "mips16", "mdmx", "mips3d", "smartmips", "dsp", "dsp2", "dsp3", "mips16e2",
		"loongson-mmi", "loongson-ext", "loongson-ext2", "loongson-cpucfg",
	}
	features := make([]Feature, len(names))
	for bit, name := range names {
		features[bit] = Feature{Name: name, HWCap: 1, Bit: uint(bit), Engine: slices.Contains(engine, name), Needs: map[string]string{"mips3d": "fpu", "msa": "fpu"}[name]}
	}
	// A floating-point unit, or a kernel that emulates one: AT_HWCAP does not tell.
	return append(features, Feature{Name: "fpu", Engine: true})
}

// mipsNoFPU takes coprocessor 1 away, for as long as the program runs.
var mipsNoFPU = []Reset{{Reg: Register{"status", ucMIPSRegCP0STATUS}, Keep: ^uint64(1 << 29)}}

// mipsReserve is `ll $5, 0($4); syscall`, the most significant byte first; mipsleReserve is the other way round.
var (
	mipsReserve   = Reserve{Code: []byte{0xc0, 0x85, 0, 0, 0, 0, 0, 0x0c}, Addr: Register{"r4", ucMIPSReg4}}
	mipsleReserve = Reserve{Code: []byte{0, 0, 0x85, 0xc0, 0x0c, 0, 0, 0}, Addr: Register{"r4", ucMIPSReg4}}
)
