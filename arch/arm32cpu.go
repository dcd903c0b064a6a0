// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

const (
	armThumb = 1 << 5  // PSR_T_BIT
	armFPEXC = 1 << 30 // FPEXC_EN
)

// armFeatures are HWCAP and HWCAP2 (arm/include/uapi/asm/hwcap.h), by their names in /proc/cpuinfo (hwcap_str and hwcap2_str of
// arm/kernel/setup.c). What the engine runs was found out by running an instruction of each on its model "max".
//
// swp is no promise of a kernel for Armv7 (elf_hwcap_fixup takes it away where there is LDREX); evtstrm is the kernel's own.
var armFeatures = []Feature{
	{Name: "swp", HWCap: 1, Bit: 0, Carried: true},
	{Name: "half", HWCap: 1, Bit: 1, Engine: true},
	{Name: "thumb", HWCap: 1, Bit: 2, Engine: true},
	{Name: "26bit", HWCap: 1, Bit: 3},
	{Name: "fastmult", HWCap: 1, Bit: 4, Engine: true},
	{Name: "fpa", HWCap: 1, Bit: 5},
	{Name: "vfp", HWCap: 1, Bit: 6, Engine: true},
	{Name: "edsp", HWCap: 1, Bit: 7, Engine: true},
	{Name: "java", HWCap: 1, Bit: 8, Carried: true},
	{Name: "iwmmxt", HWCap: 1, Bit: 9},
	{Name: "crunch", HWCap: 1, Bit: 10},
	{Name: "thumbee", HWCap: 1, Bit: 11, Carried: true},
	{Name: "neon", HWCap: 1, Bit: 12, Engine: true},
	{Name: "vfpv3", HWCap: 1, Bit: 13, Engine: true},
	{Name: "vfpv3d16", HWCap: 1, Bit: 14, Carried: true},
	{Name: "tls", HWCap: 1, Bit: 15, Engine: true},
	{Name: "vfpv4", HWCap: 1, Bit: 16, Engine: true},
	{Name: "idiva", HWCap: 1, Bit: 17, Engine: true},
	{Name: "idivt", HWCap: 1, Bit: 18, Engine: true},
	{Name: "vfpd32", HWCap: 1, Bit: 19, Engine: true},
	{Name: "lpae", HWCap: 1, Bit: 20, Engine: true},
	{Name: "evtstrm", HWCap: 1, Bit: 21, Engine: true},
	{Name: "fphp", HWCap: 1, Bit: 22},
	{Name: "asimdhp", HWCap: 1, Bit: 23},
	{Name: "asimddp", Alias: "dotprod", HWCap: 1, Bit: 24, Engine: true},
	{Name: "asimdfhm", HWCap: 1, Bit: 25, Engine: true},
	{Name: "asimdbf16", HWCap: 1, Bit: 26},
	{Name: "i8mm", HWCap: 1, Bit: 27},
	{Name: "aes", HWCap: 2, Bit: 0, Engine: true},
	{Name: "pmull", HWCap: 2, Bit: 1, Engine: true},
	{Name: "sha1", HWCap: 2, Bit: 2, Engine: true},
	{Name: "sha2", HWCap: 2, Bit: 3, Engine: true},
	{Name: "crc32", HWCap: 2, Bit: 4, Engine: true},
	{Name: "sb", HWCap: 2, Bit: 5, Engine: true},
	{Name: "ssbs", HWCap: 2, Bit: 6},
}

// armv7Lacks is what the engine's Armv7 models trap on, found out likewise.
var (
	armv7Lacks = []string{"asimddp", "asimdfhm", "aes", "pmull", "sha1", "sha2", "crc32", "sb"}
	armA9Lacks = slices.Concat(armv7Lacks, []string{"idiva", "idivt", "vfpv4"})
	armv6Lacks = slices.Concat(armA9Lacks, []string{"neon", "vfpv3", "vfpd32"})
	armv5Lacks = slices.Concat(armv6Lacks, []string{"vfp", "tls"})
)

// armCPUInfo is c_show of arm/kernel/setup.c. The CPU is what MIDR of the engine's models "max" and "cortex-a15" says; the rest is a
// device tree's.
func armCPUInfo(cpus []int, features string) string {
	var b strings.Builder
	for _, cpu := range cpus {
		fmt.Fprintf(&b, "processor\t: %d\nmodel name\t: ARMv7 Processor rev 1 (v7l)\nBogoMIPS\t: 100.00\nFeatures\t: %s \n", cpu, features)
		b.WriteString("CPU implementer\t: 0x41\nCPU architecture: 7\nCPU variant\t: 0x2\nCPU part\t: 0xc0f\nCPU revision\t: 1\n\n")
	}
	b.WriteString("Hardware\t: Generic DT based system\nRevision\t: 0000\nSerial\t\t: 0000000000000000\n")
	return b.String()
}

// armEmulate is MRRC of CNTVCT, the virtual count of the generic timer, which the engine traps in user mode. Linux lets programs read it
// (arch_counter_set_user_access of drivers/clocksource/arm_arch_timer.c).
func armEmulate(cpu Core, code []byte) (int, error) {
	if len(code) < 4 {
		return 0, nil
	}
	insn := binary.LittleEndian.Uint32(code)
	if cpu.Reg(Register{"cpsr", ucARMRegCPSR})&armThumb != 0 {
		insn = insn<<16 | insn>>16
	}
	if insn == armReadTLS && cpu.Reg(Register{"pc", ucARMRegPC})>>12 == 0xffff0 { // Linux reads it from memory there, and writes that
		cpu.SetReg(armGR[0], cpu.Reg(Register{"tpidruro", ucARMRegC13C03}))
		return 4, nil
	}
	low, high := insn>>12&15, insn>>16&15
	if insn&0x0ff00fff != 0x0c500f1e || insn>>28 == 0xf || low == 15 || high == 15 {
		return 0, nil
	}
	now := cpu.Counter()
	cpu.SetReg(armGR[low], now&0xffffffff)
	cpu.SetReg(armGR[high], now>>32)
	return 4, nil
}

var armGR = [15]Register{
	{"r0", ucARMRegR0}, {"r1", ucARMRegR1}, {"r2", ucARMRegR2}, {"r3", ucARMRegR3}, {"r4", ucARMRegR4}, {"r5", ucARMRegR5},
	{"r6", ucARMRegR6}, {"r7", ucARMRegR7}, {"r8", ucARMRegR8}, {"r9", ucARMRegR9}, {"r10", ucARMRegR10}, {"r11", ucARMRegR11},
	{"r12", ucARMRegR12}, {"sp", ucARMRegSP}, {"lr", ucARMRegLR},
}

// armTraps are the engine's exceptions (EXCP_* of QEMU's target/arm/cpu.h) and what Linux makes of them.
var armTraps = []Trap{
	{Intr: 1, Signal: SIGILL, Code: 1, Addr: true, Number: 6}, // EXCP_UDEF: ILL_ILLOPC, do_undefinstr of arm/kernel/traps.c
	// EXCP_BKPT: a prefetch abort whose status says "debug"; TRAP_HWBKPT, ifsr_info of arm/mm/fsr-2level.c. The PC stays on BKPT.
	{Intr: 7, Signal: SIGTRAP, Code: 4, Addr: true},
	// EXCP_DATA_ABORT of an exclusive access that is not aligned: BUS_ADRALN, do_alignment of arm/mm/alignment.c. The base register is in
	// bits 16 to 19.
	{Intr: 4, Signal: SIGBUS, Code: 1, Err: 1, Access: func(insn uint32, reg func(int) uint64) uint64 { return reg(int(insn >> 16 & 15)) }},
}

// armUndefined are undefined instructions that the kernel knows (register_undef_hook): what gdb and Go write for a breakpoint,
// arm_break_hook of arm/kernel/ptrace.c.
var armUndefined = []Undefined{
	{Mask: 0x0fffffff, Value: 0x07f001f0, Signal: SIGTRAP, Code: 1}, // TRAP_BRKPT
}

// armFloat is struct user_vfp in the frame's uc_regspace: d0 to d31 and FPSCR.
var armFloat = func() []FloatSlot {
	slots := make([]FloatSlot, 0, 33)
	for i, r := range armD {
		slots = append(slots, FloatSlot{Reg: r, Offset: 368 + 8*i, Size: 8})
	}
	return append(slots, FloatSlot{Reg: Register{"fpscr", ucARMRegFPSCR}, Offset: 624, Size: 4})
}()

var armD = [32]Register{
	{"d0", ucARMRegD0}, {"d1", ucARMRegD1}, {"d2", ucARMRegD2}, {"d3", ucARMRegD3},
	{"d4", ucARMRegD4}, {"d5", ucARMRegD5}, {"d6", ucARMRegD6}, {"d7", ucARMRegD7},
	{"d8", ucARMRegD8}, {"d9", ucARMRegD9}, {"d10", ucARMRegD10}, {"d11", ucARMRegD11},
	{"d12", ucARMRegD12}, {"d13", ucARMRegD13}, {"d14", ucARMRegD14}, {"d15", ucARMRegD15},
	{"d16", ucARMRegD16}, {"d17", ucARMRegD17}, {"d18", ucARMRegD18}, {"d19", ucARMRegD19},
	{"d20", ucARMRegD20}, {"d21", ucARMRegD21}, {"d22", ucARMRegD22}, {"d23", ucARMRegD23},
	{"d24", ucARMRegD24}, {"d25", ucARMRegD25}, {"d26", ucARMRegD26}, {"d27", ucARMRegD27},
	{"d28", ucARMRegD28}, {"d29", ucARMRegD29}, {"d30", ucARMRegD30}, {"d31", ucARMRegD31},
}

// armKernelPages is the page of helpers that programs for CPUs before Armv7 call at fixed addresses, Go's with GOARM=5 and 6 among them
// (Documentation/arch/arm/kernel_user_helpers.rst). The barriers are Armv6's, which Armv7 has as well.
var armKernelPages = []Page{{Addr: 0xffff0000, Name: "[vectors]", Code: words(0x1000, map[int][]uint32{
	// kuser_cmpxchg64(r0 *old, r1 *new, r2 *ptr): as kuser_cmpxchg.
	0xf60: {
		0xea000000 | (0x400-0xf60-8)>>2&0xffffff, // b 0x400
	},
	0x400: {
		0xe92d03f0, // push {r4-r9}
		0xe8900030, // ldm r0, {r4, r5}
		0xe89100c0, // ldm r1, {r6, r7}
		0xee070fba, // mcr p15, 0, r0, c7, c10, 5
		0xe1b28f9f, // ldrexd r8, r9, [r2]
		0xe1580004, // cmp r8, r4
		0x01590005, // cmpeq r9, r5
		0x1a000002, // bne 0x42c
		0xe1a23f96, // strexd r3, r6, r7, [r2]
		0xe3530000, // cmp r3, #0
		0x1afffff8, // bne 0x410
		0xe8bd03f0, // pop {r4-r9}
		0xea000012, // b 0x480
	},
	// kuser_memory_barrier.
	0xfa0: {
		0xee070fba, // mcr p15, 0, r0, c7, c10, 5
		0xe12fff1e, // bx lr
	},
	// kuser_cmpxchg(r0 old, r1 new, r2 *ptr): r0 is zero and the carry set when it was exchanged.
	0xfc0: {
		0xee070fba,                               // mcr p15, 0, r0, c7, c10, 5
		0xe1923f9f,                               // ldrex r3, [r2]
		0xe1530000,                               // cmp r3, r0
		0x1a000000 | (0x480-0xfcc-8)>>2&0xffffff, // bne 0x480
		0xe1823f91,                               // strex r3, r1, [r2]
		0xe3530000,                               // cmp r3, #0
		0x1afffff9,                               // bne 0xfc4
		0xea000000 | (0x480-0xfdc-8)>>2&0xffffff, // b 0x480
	},
	// The end of both: equal says that it was exchanged.
	0x480: {
		0xee070fba, // mcr p15, 0, r0, c7, c10, 5
		0x13a00001, // movne r0, #1
		0x03a00000, // moveq r0, #0
		0xe2703000, // rsbs r3, r0, #0
		0xe12fff1e, // bx lr
	},
	// kuser_get_tls.
	0xfe0: {
		armReadTLS,
		0xe12fff1e, // bx lr
	},
	0xffc: {5}, // kuser_helper_version: up to kuser_cmpxchg64
})}}

// armv5KernelPages are those of a CPU without LDREX: the kernel sees to it that nothing comes between the load and the store (a thread is switched
// at the end of a block, and there is none). The thread pointer is the kernel's to tell: armEmulate.
var armv5KernelPages = []Page{{Addr: 0xffff0000, Name: "[vectors]", Code: words(0x1000, map[int][]uint32{
	0xf60: {
		0xea000000 | (0x400-0xf60-8)>>2&0xffffff, // b 0x400
	},
	0x400: {
		0xe92d00f0,                               // push {r4-r7}
		0xe8900030,                               // ldm r0, {r4, r5}
		0xe8910088,                               // ldm r1, {r3, r7}
		0xe5926000,                               // ldr r6, [r2]
		0xe1560004,                               // cmp r6, r4
		0x05926004,                               // ldreq r6, [r2, #4]
		0x01560005,                               // cmpeq r6, r5
		0x05823000,                               // streq r3, [r2]
		0x05827004,                               // streq r7, [r2, #4]
		0xe8bd00f0,                               // pop {r4-r7}
		0xea000000 | (0x480-0x428-8)>>2&0xffffff, // b 0x480
	},
	0xfa0: {
		0xe12fff1e, // bx lr
	},
	0xfc0: {
		0xe5923000,                               // ldr r3, [r2]
		0xe1530000,                               // cmp r3, r0
		0x05821000,                               // streq r1, [r2]
		0xea000000 | (0x480-0xfcc-8)>>2&0xffffff, // b 0x480
	},
	0x480: {
		0x13a00001, // movne r0, #1
		0x03a00000, // moveq r0, #0
		0xe2703000, // rsbs r3, r0, #0
		0xe12fff1e, // bx lr
	},
	0xfe0: {
		armReadTLS,
		0xe12fff1e, // bx lr
	},
	0xffc: {5},
})}}

// armReadTLS is mrc p15, 0, r0, c13, c0, 3.
const armReadTLS = 0xee1d0f70

// words is a page of little-endian words that stand at offsets.
func words(size int, at map[int][]uint32) []byte {
	page := make([]byte, size)
	for offset, list := range at {
		for i, w := range list {
			binary.LittleEndian.PutUint32(page[offset+4*i:], w)
		}
	}
	return page
}
