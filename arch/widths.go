// SPDX-License-Identifier: GPL-2.0-or-later

package arch

// The address spaces of each architecture, from Linux' figures: where they end (TASK_SIZE), where the stack does (STACK_TOP),
// ELF_ET_DYN_BASE and TASK_UNMAPPED_BASE. A row of bits alone is the one that the architecture's own file tells of.

// widthsAMD64: x86/include/asm/page_64_types.h.
var widthsAMD64 = []Width{
	{Bits: []int{47}}, // four levels of page tables
	// No CPU's own: what a translator gives on a host with arm64's addresses (Rosetta 2, qemu-user: golang.org/issue/69255).
	{Bits: []int{48}, UserTop: 1 << 48, StackTop: 1 << 48, PIEBase: 0xaaaaaaaaa000, BottomUp: 1 << 46},
	// Five levels: TASK_SIZE_MAX, and DEFAULT_MAP_WINDOW as before.
	{Bits: []int{57, 56}, UserTop: 0xfffffffffff000, Window: 0x7ffffffff000, StackTop: 0x7ffffffff000,
		PIEBase: 0x555555554000, BottomUp: 0x2aaaaaaab000, Canonical: 57},
}

// widths386: x86/Kconfig.
var widths386 = []Width{
	{Bits: []int{32}}, // a 64-bit kernel
	// CONFIG_VMSPLIT_2G.
	{Bits: []int{31}, UserTop: 1 << 31, StackTop: 1 << 31, PIEBase: 0x400000, BottomUp: 0x2aaab000},
	// CONFIG_VMSPLIT_1G.
	{Bits: []int{30}, UserTop: 1 << 30, StackTop: 1 << 30, PIEBase: 0x400000, BottomUp: 0x15556000},
}

// widthsARM: arm/Kconfig, whose default, CONFIG_VMSPLIT_3G, has no number of bits.
var widthsARM = []Width{
	// An arm64 kernel: up to AARCH32_VECTORS_BASE of arm64/include/asm/processor.h.
	{Bits: []int{32}, UserTop: 0xffff0000, StackTop: 0xffff0000, PIEBase: 0xaaaaa000, BottomUp: 1 << 30},
	// CONFIG_VMSPLIT_2G.
	{Bits: []int{31}, UserTop: 0x7f000000, StackTop: 0x7f000000, PIEBase: 0x400000, BottomUp: 0x2b000000},
	// CONFIG_VMSPLIT_1G.
	{Bits: []int{30}, UserTop: 0x3f000000, StackTop: 0x3f000000, PIEBase: 0x400000, BottomUp: 0x15000000},
}

// widthsARM64: arm64/Kconfig, CONFIG_ARM64_VA_BITS. Which pages go with which is not looked at.
var widthsARM64 = []Width{
	{Bits: []int{48}}, // servers
	// With pages of 16 KiB.
	{Bits: []int{36}, UserTop: 1 << 36, StackTop: 1 << 36, PIEBase: 0xaaaaaa000, BottomUp: 1 << 34},
	// Android, and boards.
	{Bits: []int{39}, UserTop: 1 << 39, StackTop: 1 << 39, PIEBase: 0x5555555000, BottomUp: 1 << 37},
	// With pages of 64 KiB.
	{Bits: []int{42}, UserTop: 1 << 42, StackTop: 1 << 42, PIEBase: 0x2aaaaaaa000, BottomUp: 1 << 40},
	// With pages of 16 KiB.
	{Bits: []int{47}, UserTop: 1 << 47, StackTop: 1 << 47, PIEBase: 0x555555555000, BottomUp: 1 << 45},
	// FEAT_LVA and FEAT_LPA2, DEFAULT_MAP_WINDOW_64 as before.
	{Bits: []int{52}, UserTop: 1 << 52, Window: 1 << 48, StackTop: 1 << 48, PIEBase: 0xaaaaaaaaa000, BottomUp: 1 << 46},
}

// widthsMIPS: mips/include/asm/processor.h.
var widthsMIPS = []Width{
	{Bits: []int{31}}, // kseg0 begins above
}

// widthsMIPS64: mips/include/asm/processor.h. With CONFIG_MIPS_VA_BITS_48 there are as many as the CPU has; the engine's has 42, and LL and SC
// go by its own TLB whatever rt0's page table says.
var widthsMIPS64 = []Width{
	{Bits: []int{40}}, // TASK_SIZE64
	{Bits: []int{42}, UserTop: 1 << 42, StackTop: 0x3ffffffd000, PIEBase: 0x2aaaaaaa000, BottomUp: 0x15555556000, AddressError: 1 << 42},
}

// widthsPPC64: powerpc/include/asm/task_size_64.h.
var widthsPPC64 = []Width{
	{Bits: []int{47}}, // the window of 64 KiB pages
	// Before Linux 3.7.
	{Bits: []int{44}, UserTop: 1 << 44, StackTop: 1 << 44, PIEBase: 1 << 32, BottomUp: 1 << 42},
	// TASK_SIZE_64TB: pages of 4 KiB; before Linux 4.12 all.
	{Bits: []int{46}, UserTop: 1 << 46, StackTop: 1 << 46, PIEBase: 1 << 32, BottomUp: 1 << 44},
	// TASK_SIZE_512TB: Linux 4.12 to 4.16.
	{Bits: []int{49}, UserTop: 1 << 49, Window: 1 << 47, StackTop: 1 << 47, PIEBase: 1 << 32, BottomUp: 1 << 45},
	// TASK_SIZE_4PB.
	{Bits: []int{52}, UserTop: 1 << 52, Window: 1 << 47, StackTop: 1 << 47, PIEBase: 1 << 32, BottomUp: 1 << 45},
}

// widthsRISCV64: riscv/include/asm/pgtable.h. The upper half of what is translated is the kernel's.
var widthsRISCV64 = []Width{
	{Bits: []int{39, 38}}, // Sv39
	// Sv48.
	{Bits: []int{48, 47}, UserTop: 1 << 47, StackTop: 1 << 47, PIEBase: 0x555555555000, BottomUp: 0x2aaaaab000},
	// Sv57: mmap starts where Sv48 has it (DEFAULT_MAP_WINDOW of riscv/include/asm/processor.h), hints reach farther.
	{Bits: []int{57, 56}, UserTop: 1 << 56, StackTop: 1 << 47, PIEBase: 0x555555555000, BottomUp: 0x2aaaaab000},
}

// widthsS390X: s390/include/asm/processor.h: a process begins with three levels of page tables, and gets the others when it asks for more.
var widthsS390X = []Width{
	{Bits: []int{48}}, // four levels, and never asked for more
	// Three levels alone.
	{Bits: []int{42}, UserTop: 1 << 42, StackTop: 1 << 42, PIEBase: 0x2aa00000000, BottomUp: 1 << 41},
	// All of four levels.
	{Bits: []int{53}, UserTop: 1 << 53, StackTop: 1 << 42, PIEBase: 0x2aa00000000, BottomUp: 1 << 41},
}
