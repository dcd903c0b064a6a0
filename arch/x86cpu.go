// SPDX-License-Identifier: GPL-2.0-or-later

package arch

// x86CPUID is what the CPU of amd64 and 386 answers to CPUID when nothing is faked: an Intel Broadwell without what the engine cannot
// run (AVX and all that builds on it, XSAVE) and without what would draw on the host (RDRAND, RDSEED). SDM volume 2A, CPUID. A leaf that
// is not here answers zeroes. Go's runtime reads leaves 0, 1, 7 and 0x80000000, 0x80000001 (internal/cpu/cpu_x86.go), cache sizes
// are for others.
var x86CPUID = []CPUID{
	{0, 0, [4]uint32{0xd, 0x756e6547, 0x6c65746e, 0x49656e69}},        // highest leaf, GenuineIntel
	{1, 0, [4]uint32{0x000306d4, 0x00010800, 0x02d82203, 0x078bfbff}}, // family 6 model 61 stepping 4; CLFLUSH line 64 bytes, one logical CPU
	{2, 0, [4]uint32{0x76036301, 0x00f0b5ff, 0x00000000, 0x00c30000}}, // TLBs; caches: see leaf 4
	{4, 0, [4]uint32{0x00000121, 0x01c0003f, 0x0000003f, 0x00000000}}, // L1d 32 KiB, 8 ways
	{4, 1, [4]uint32{0x00000122, 0x01c0003f, 0x0000003f, 0x00000000}}, // L1i 32 KiB, 8 ways
	{4, 2, [4]uint32{0x00000143, 0x01c0003f, 0x000001ff, 0x00000000}}, // L2 256 KiB, 8 ways
	{4, 3, [4]uint32{0x00000163, 0x03c0003f, 0x00000fff, 0x00000006}}, // L3 4 MiB, 16 ways, inclusive
	{4, 4, [4]uint32{0, 0, 0, 0}},                                     // no more caches
	{7, 0, [4]uint32{0x00000000, 0x00080309, 0x00000000, 0x00000000}}, // no subleaf 1
	{7, 1, [4]uint32{0, 0, 0, 0}},                                     // else subleaf 0 would answer
	{0xb, 0, [4]uint32{0, 0, 0, 0}},                                   // no topology
	{0xd, 0, [4]uint32{0, 0, 0, 0}},                                   // no XSAVE
	{0x80000000, 0, [4]uint32{0x80000008, 0, 0, 0}},                   // highest leaf
	{0x80000001, 0, [4]uint32{0, 0, 0x00000121, 0x2c100800}},
	{0x80000002, 0, [4]uint32{0x65746e49, 0x6f43206c, 0x50206572, 0x65636f72}}, // "Intel Core Proce
	{0x80000003, 0, [4]uint32{0x726f7373, 0x72422820, 0x7764616f, 0x296c6c65}}, // ssor (Broadwell)"
	{0x80000004, 0, [4]uint32{0, 0, 0, 0}},
	{0x80000006, 0, [4]uint32{0, 0, 0x01006040, 0}}, // L2 256 KiB, 8 ways, line 64 bytes
	{0x80000007, 0, [4]uint32{0, 0, 0, 0x00000100}}, // the TSC's rate is constant
	{0x80000008, 0, [4]uint32{0x00003027, 0, 0, 0}}, // 39-bit physical, 48-bit linear addresses
}

// The registers of a CPUID answer.
const (
	eax = iota
	ebx
	ecx
	edx
)

// cpuidBit is the position of a feature: a bit of a register of a leaf.
func cpuidBit(leaf, subleaf uint32, register int, bit uint) *CPUID {
	c := &CPUID{Leaf: leaf, Subleaf: subleaf}
	c.Regs[register] = 1 << bit
	return c
}

// x86Features are by their names in /proc/cpuinfo (x86/include/asm/cpufeatures.h). AT_HWCAP is EDX of leaf 1 (ELF_HWCAP of
// x86/include/asm/elf.h), AT_HWCAP2 has a bit for FSGSBASE (x86/include/uapi/asm/hwcap2.h). What the engine runs was found out by running an
// instruction of each on its model "broadwell".
//
// osxsave is not in /proc/cpuinfo, but CPUID has to say it before a program believes in AVX. Some instructions run and are not promised
// by default: the engine's XSAVE knows no AVX registers, SSE4A is AMD's; RDRAND and RDSEED, which draw from the host in the engine, are rt0's.
// AVX is worse than missing: the engine runs it as the SSE instruction of the same opcode. What a feature needs is by the kernel's
// x86/kernel/cpu/cpuid-deps.c.
var x86Features = []Feature{
	{Name: "fpu", HWCap: 1, Bit: 0, CPUID: cpuidBit(1, 0, edx, 0), Engine: true},
	{Name: "vme", HWCap: 1, Bit: 1, CPUID: cpuidBit(1, 0, edx, 1), Engine: true},
	{Name: "de", HWCap: 1, Bit: 2, CPUID: cpuidBit(1, 0, edx, 2), Engine: true},
	{Name: "pse", HWCap: 1, Bit: 3, CPUID: cpuidBit(1, 0, edx, 3), Engine: true},
	{Name: "tsc", HWCap: 1, Bit: 4, CPUID: cpuidBit(1, 0, edx, 4), Engine: true},
	{Name: "msr", HWCap: 1, Bit: 5, CPUID: cpuidBit(1, 0, edx, 5), Engine: true},
	{Name: "pae", HWCap: 1, Bit: 6, CPUID: cpuidBit(1, 0, edx, 6), Engine: true},
	{Name: "mce", HWCap: 1, Bit: 7, CPUID: cpuidBit(1, 0, edx, 7), Engine: true},
	{Name: "cx8", HWCap: 1, Bit: 8, CPUID: cpuidBit(1, 0, edx, 8), Engine: true},
	{Name: "apic", HWCap: 1, Bit: 9, CPUID: cpuidBit(1, 0, edx, 9), Engine: true},
	{Name: "sep", HWCap: 1, Bit: 11, CPUID: cpuidBit(1, 0, edx, 11), Engine: true},
	{Name: "mtrr", HWCap: 1, Bit: 12, CPUID: cpuidBit(1, 0, edx, 12), Engine: true},
	{Name: "pge", HWCap: 1, Bit: 13, CPUID: cpuidBit(1, 0, edx, 13), Engine: true},
	{Name: "mca", HWCap: 1, Bit: 14, CPUID: cpuidBit(1, 0, edx, 14), Engine: true},
	{Name: "cmov", HWCap: 1, Bit: 15, CPUID: cpuidBit(1, 0, edx, 15), Engine: true},
	{Name: "pat", HWCap: 1, Bit: 16, CPUID: cpuidBit(1, 0, edx, 16), Engine: true},
	{Name: "pse36", HWCap: 1, Bit: 17, CPUID: cpuidBit(1, 0, edx, 17), Engine: true},
	{Name: "clflush", HWCap: 1, Bit: 19, CPUID: cpuidBit(1, 0, edx, 19), Engine: true},
	{Name: "mmx", HWCap: 1, Bit: 23, CPUID: cpuidBit(1, 0, edx, 23), Engine: true},
	{Name: "fxsr", HWCap: 1, Bit: 24, CPUID: cpuidBit(1, 0, edx, 24), Engine: true},
	{Name: "sse", HWCap: 1, Bit: 25, CPUID: cpuidBit(1, 0, edx, 25), Engine: true},
	{Name: "sse2", HWCap: 1, Bit: 26, CPUID: cpuidBit(1, 0, edx, 26), Engine: true},
	{Name: "ht", HWCap: 1, Bit: 28, CPUID: cpuidBit(1, 0, edx, 28), Carried: true},
	{Name: "pni", Alias: "sse3", CPUID: cpuidBit(1, 0, ecx, 0), Engine: true},
	{Name: "pclmulqdq", CPUID: cpuidBit(1, 0, ecx, 1), Engine: true},
	{Name: "monitor", CPUID: cpuidBit(1, 0, ecx, 3), Carried: true},
	{Name: "ssse3", CPUID: cpuidBit(1, 0, ecx, 9), Engine: true},
	{Name: "fma", CPUID: cpuidBit(1, 0, ecx, 12), Misrun: true, Needs: "avx", Common: true},
	{Name: "cx16", Alias: "cmpxchg16b", CPUID: cpuidBit(1, 0, ecx, 13), Engine: true},
	{Name: "sse4_1", Alias: "sse4.1", CPUID: cpuidBit(1, 0, ecx, 19), Engine: true},
	{Name: "sse4_2", Alias: "sse4.2", CPUID: cpuidBit(1, 0, ecx, 20), Engine: true},
	{Name: "movbe", CPUID: cpuidBit(1, 0, ecx, 22), Engine: true},
	{Name: "popcnt", CPUID: cpuidBit(1, 0, ecx, 23), Engine: true},
	{Name: "aes", CPUID: cpuidBit(1, 0, ecx, 25), Engine: true},
	{Name: "xsave", CPUID: cpuidBit(1, 0, ecx, 26), Misrun: true},
	{Name: "osxsave", CPUID: cpuidBit(1, 0, ecx, 27), Carried: true, Needs: "xsave"},
	{Name: "avx", CPUID: cpuidBit(1, 0, ecx, 28), Misrun: true, Needs: "osxsave", Common: true},
	{Name: "f16c", CPUID: cpuidBit(1, 0, ecx, 29), Misrun: true, Needs: "avx"},
	{Name: "rdrand", CPUID: cpuidBit(1, 0, ecx, 30), Carried: true},
	{Name: "hypervisor", CPUID: cpuidBit(1, 0, ecx, 31), Carried: true},
	{Name: "fsgsbase", HWCap: 2, Bit: 1, CPUID: cpuidBit(7, 0, ebx, 0), Engine: true},
	{Name: "bmi1", CPUID: cpuidBit(7, 0, ebx, 3), Engine: true},
	{Name: "avx2", CPUID: cpuidBit(7, 0, ebx, 5), Misrun: true, Needs: "avx", Common: true},
	{Name: "bmi2", CPUID: cpuidBit(7, 0, ebx, 8), Engine: true},
	{Name: "erms", CPUID: cpuidBit(7, 0, ebx, 9), Engine: true},
	{Name: "avx512f", CPUID: cpuidBit(7, 0, ebx, 16), Needs: "avx2 fma f16c", Misrun: true},
	{Name: "avx512dq", CPUID: cpuidBit(7, 0, ebx, 17), Needs: "avx512f"},
	{Name: "rdseed", CPUID: cpuidBit(7, 0, ebx, 18), Carried: true},
	{Name: "adx", CPUID: cpuidBit(7, 0, ebx, 19), Engine: true},
	{Name: "avx512ifma", CPUID: cpuidBit(7, 0, ebx, 21), Needs: "avx512f"},
	{Name: "clflushopt", CPUID: cpuidBit(7, 0, ebx, 23)},
	{Name: "clwb", CPUID: cpuidBit(7, 0, ebx, 24)},
	{Name: "avx512cd", CPUID: cpuidBit(7, 0, ebx, 28), Needs: "avx512f"},
	{Name: "sha_ni", Alias: "sha", CPUID: cpuidBit(7, 0, ebx, 29)},
	{Name: "avx512bw", CPUID: cpuidBit(7, 0, ebx, 30), Needs: "avx512f"},
	{Name: "avx512vl", CPUID: cpuidBit(7, 0, ebx, 31), Needs: "avx512f"},
	{Name: "avx512vbmi", CPUID: cpuidBit(7, 0, ecx, 1), Needs: "avx512f"},
	{Name: "avx512_vbmi2", CPUID: cpuidBit(7, 0, ecx, 6), Needs: "avx512f"},
	{Name: "gfni", CPUID: cpuidBit(7, 0, ecx, 8)},
	{Name: "vaes", CPUID: cpuidBit(7, 0, ecx, 9), Misrun: true, Needs: "avx aes"},
	{Name: "vpclmulqdq", CPUID: cpuidBit(7, 0, ecx, 10), Misrun: true, Needs: "avx pclmulqdq"},
	{Name: "avx512_vnni", CPUID: cpuidBit(7, 0, ecx, 11), Needs: "avx512f"},
	{Name: "avx512_bitalg", CPUID: cpuidBit(7, 0, ecx, 12), Needs: "avx512f"},
	{Name: "avx512_vpopcntdq", CPUID: cpuidBit(7, 0, ecx, 14), Needs: "avx512f"},
	{Name: "rdpid", CPUID: cpuidBit(7, 0, ecx, 22)},
	{Name: "fsrm", CPUID: cpuidBit(7, 0, edx, 4), Carried: true},
	{Name: "avx512_fp16", CPUID: cpuidBit(7, 0, edx, 23), Needs: "avx512bw"},
	{Name: "amx_tile", CPUID: cpuidBit(7, 0, edx, 24), Needs: "osxsave", Misrun: true},
	{Name: "avx_vnni", CPUID: cpuidBit(7, 1, eax, 4), Misrun: true, Needs: "avx2"},
	{Name: "lahf_lm", CPUID: cpuidBit(0x80000001, 0, ecx, 0), Engine: true},
	{Name: "abm", Alias: "lzcnt", CPUID: cpuidBit(0x80000001, 0, ecx, 5), Engine: true},
	{Name: "sse4a", CPUID: cpuidBit(0x80000001, 0, ecx, 6), Carried: true},
	{Name: "3dnowprefetch", CPUID: cpuidBit(0x80000001, 0, ecx, 8), Engine: true},
	{Name: "syscall", CPUID: cpuidBit(0x80000001, 0, edx, 11), Engine: true},
	{Name: "nx", CPUID: cpuidBit(0x80000001, 0, edx, 20), Engine: true},
	{Name: "pdpe1gb", CPUID: cpuidBit(0x80000001, 0, edx, 26), Engine: true},
	{Name: "rdtscp", CPUID: cpuidBit(0x80000001, 0, edx, 27), Engine: true},
	{Name: "lm", CPUID: cpuidBit(0x80000001, 0, edx, 29), Engine: true},
	{Name: "constant_tsc", CPUID: cpuidBit(0x80000007, 0, edx, 8), Engine: true},
}

// x86ClearFlags are what a signal handler starts without: DF, RF and TF (handle_signal, x86/kernel/signal.c).
const x86ClearFlags = 1<<10 | 1<<16 | 1<<8

// Interrupts are on in user mode; a fault pushes RF (SDM vol. 3, "Instruction-Breakpoint Exception Condition").
const (
	x86ShownFlags = 1 << 9
	x86FaultFlags = 1 << 16
)

// x86UserFlags are what rt_sigreturn takes from the frame: AC, OF, DF, TF, SF, ZF, AF, PF, CF, RF (FIX_EFLAGS of x86/include/asm/sighandling.h).
const x86UserFlags = 1<<18 | 1<<11 | 1<<10 | 1<<8 | 1<<7 | 1<<6 | 1<<4 | 1<<2 | 1<<0 | 1<<16

// siKernel is SI_KERNEL (uapi/asm-generic/siginfo.h): the kernel sent it and says no more.
const siKernel = 0x80

// x86Traps are the CPU's exception vectors (SDM volume 3A, 6.15), which are also the engine's numbers and the frame's trapno, and what
// Linux makes of them (x86/kernel/traps.c).
var x86Traps = []Trap{
	{Intr: 0, Signal: SIGFPE, Code: 1, Addr: true, Number: 0},   // divide error: FPE_INTDIV
	{Intr: 1, Signal: SIGTRAP, Code: 2, Addr: true, Number: 1},  // debug: TRAP_TRACE
	{Intr: 3, Signal: SIGTRAP, Code: siKernel, Number: 3},       // INT3
	{Intr: 4, Signal: SIGSEGV, Code: siKernel, Number: 4},       // INTO
	{Intr: 5, Signal: SIGSEGV, Code: siKernel, Number: 5},       // BOUND
	{Intr: 6, Signal: SIGILL, Code: 2, Addr: true, Number: 6},   // invalid opcode: ILL_ILLOPN
	{Intr: 10, Signal: SIGSEGV, Code: siKernel, Number: 10},     // invalid TSS
	{Intr: 11, Signal: SIGBUS, Code: siKernel, Number: 11},      // segment not present
	{Intr: 12, Signal: SIGBUS, Code: siKernel, Number: 12},      // stack segment
	{Intr: 13, Signal: SIGSEGV, Code: siKernel, Number: 13},     // general protection
	{Intr: 16, Signal: SIGFPE, Code: 0, Addr: true, Number: 16}, // x87: FPE_* as its status says
	{Intr: 17, Signal: SIGBUS, Code: 1, Number: 17},             // alignment check: BUS_ADRALN
	{Intr: 19, Signal: SIGFPE, Code: 0, Addr: true, Number: 19}, // SSE: FPE_* as MXCSR says
}

// x86PageFault is the error code of a page fault at CPL 3 (x86/include/asm/trap_pf.h).
var x86PageFault = PageFault{Trap: 14, Base: 1 << 2, Protected: 1 << 0, Write: 1 << 1, Exec: 1 << 4}

// x86FlagsNever are the bits of EFLAGS that are reserved as zero, or that a program at CPL 3 does not change, or would not survive
// changing: TF, IF, IOPL, NT, RF, VM, VIF, VIP. Intel SDM volume 1, 3.4.3.
const x86FlagsNever = 0xffdb_f328
