// SPDX-License-Identifier: GPL-2.0-or-later

package arch

// arm64Features are HWCAP and HWCAP2 (arm64/include/uapi/asm/hwcap.h), by their names in /proc/cpuinfo (hwcap_str of
// arm64/kernel/cpuinfo.c). What the engine runs was found out by running an instruction of each on its model "max".
//
// evtstrm is the kernel's own (timer events wake a WFE). cpuid says that MRS of MIDR_EL1 and the like works in user space: the engine
// answers it. Left out although their instructions run, because they do not do what they promise: paca (keys are not set, so that nothing is
// authenticated), bti (branch targets are not guarded), rng (RNDR draws from the host), dgh (a hint).
var arm64Features = []Feature{
	{Name: "fp", HWCap: 1, Bit: 0, Engine: true},
	{Name: "asimd", HWCap: 1, Bit: 1, Engine: true},
	{Name: "evtstrm", HWCap: 1, Bit: 2, Engine: true},
	{Name: "aes", HWCap: 1, Bit: 3, Engine: true},
	{Name: "pmull", HWCap: 1, Bit: 4, Engine: true},
	{Name: "sha1", HWCap: 1, Bit: 5, Engine: true},
	{Name: "sha2", HWCap: 1, Bit: 6, Engine: true},
	{Name: "crc32", HWCap: 1, Bit: 7, Engine: true},
	{Name: "atomics", Alias: "lse", HWCap: 1, Bit: 8, Engine: true},
	{Name: "fphp", HWCap: 1, Bit: 9, Engine: true},
	{Name: "asimdhp", HWCap: 1, Bit: 10, Engine: true},
	{Name: "cpuid", HWCap: 1, Bit: 11, Engine: true},
	{Name: "asimdrdm", HWCap: 1, Bit: 12, Engine: true},
	{Name: "jscvt", HWCap: 1, Bit: 13, Engine: true},
	{Name: "fcma", HWCap: 1, Bit: 14, Engine: true},
	{Name: "lrcpc", HWCap: 1, Bit: 15, Engine: true},
	{Name: "dcpop", HWCap: 1, Bit: 16, Engine: true},
	{Name: "sha3", HWCap: 1, Bit: 17, Engine: true},
	{Name: "sm3", HWCap: 1, Bit: 18, Engine: true},
	{Name: "sm4", HWCap: 1, Bit: 19, Engine: true},
	{Name: "asimddp", Alias: "dotprod", HWCap: 1, Bit: 20, Engine: true},
	{Name: "sha512", HWCap: 1, Bit: 21, Engine: true},
	{Name: "sve", HWCap: 1, Bit: 22},
	{Name: "asimdfhm", HWCap: 1, Bit: 23, Engine: true},
	{Name: "dit", HWCap: 1, Bit: 24},
	{Name: "uscat", HWCap: 1, Bit: 25, Carried: true},
	{Name: "ilrcpc", HWCap: 1, Bit: 26, Engine: true},
	{Name: "flagm", HWCap: 1, Bit: 27, Engine: true},
	{Name: "ssbs", HWCap: 1, Bit: 28},
	{Name: "sb", HWCap: 1, Bit: 29, Engine: true},
	{Name: "paca", HWCap: 1, Bit: 30, Carried: true},
	{Name: "pacg", HWCap: 1, Bit: 31},
	{Name: "dcpodp", HWCap: 2, Bit: 0, Engine: true},
	{Name: "sve2", HWCap: 2, Bit: 1},
	{Name: "sveaes", HWCap: 2, Bit: 2},
	{Name: "svepmull", HWCap: 2, Bit: 3},
	{Name: "svebitperm", HWCap: 2, Bit: 4},
	{Name: "svesha3", HWCap: 2, Bit: 5},
	{Name: "svesm4", HWCap: 2, Bit: 6},
	{Name: "flagm2", HWCap: 2, Bit: 7, Engine: true},
	{Name: "frint", HWCap: 2, Bit: 8, Engine: true},
	{Name: "svei8mm", HWCap: 2, Bit: 9},
	{Name: "svef32mm", HWCap: 2, Bit: 10},
	{Name: "svef64mm", HWCap: 2, Bit: 11},
	{Name: "svebf16", HWCap: 2, Bit: 12},
	{Name: "i8mm", HWCap: 2, Bit: 13},
	{Name: "bf16", HWCap: 2, Bit: 14},
	{Name: "dgh", HWCap: 2, Bit: 15, Carried: true},
	{Name: "rng", HWCap: 2, Bit: 16},
	{Name: "bti", HWCap: 2, Bit: 17, Carried: true},
	{Name: "mte", HWCap: 2, Bit: 18},
	{Name: "ecv", HWCap: 2, Bit: 19, Carried: true},
	{Name: "afp", HWCap: 2, Bit: 20, Carried: true},
	{Name: "rpres", HWCap: 2, Bit: 21, Carried: true},
	{Name: "mte3", HWCap: 2, Bit: 22},
	{Name: "sme", HWCap: 2, Bit: 23},
	{Name: "smei16i64", HWCap: 2, Bit: 24},
	{Name: "smef64f64", HWCap: 2, Bit: 25},
	{Name: "smei8i32", HWCap: 2, Bit: 26},
	{Name: "smef16f32", HWCap: 2, Bit: 27},
	{Name: "smeb16f32", HWCap: 2, Bit: 28},
	{Name: "smef32f32", HWCap: 2, Bit: 29},
	{Name: "smefa64", HWCap: 2, Bit: 30},
	{Name: "wfxt", HWCap: 2, Bit: 31},
	{Name: "ebf16", HWCap: 2, Bit: 32},
	{Name: "sveebf16", HWCap: 2, Bit: 33},
	{Name: "cssc", HWCap: 2, Bit: 34},
	{Name: "rprfm", HWCap: 2, Bit: 35},
	{Name: "sve2p1", HWCap: 2, Bit: 36},
	{Name: "sme2", HWCap: 2, Bit: 37},
	{Name: "sme2p1", HWCap: 2, Bit: 38},
	{Name: "smei16i32", HWCap: 2, Bit: 39},
	{Name: "smebi32i32", HWCap: 2, Bit: 40},
	{Name: "smeb16b16", HWCap: 2, Bit: 41},
	{Name: "smef16f16", HWCap: 2, Bit: 42},
	{Name: "mops", HWCap: 2, Bit: 43},
	{Name: "hbc", HWCap: 2, Bit: 44},
	{Name: "sveb16b16", HWCap: 2, Bit: 45},
	{Name: "lrcpc3", HWCap: 2, Bit: 46},
	{Name: "lse128", HWCap: 2, Bit: 47},
}

// armv80Lacks is what the engine's Armv8.0 models (Cortex-A53, A57, A72) trap on, found out likewise.
var armv80Lacks = []string{
	"atomics", "fphp", "asimdhp", "asimdrdm", "jscvt", "fcma", "lrcpc", "dcpop", "sha3", "sm3",
	"sm4", "asimddp", "sha512", "asimdfhm", "ilrcpc", "flagm", "sb", "dcpodp", "flagm2", "frint",
}

// arm64Traps are the engine's exceptions (EXCP_* of QEMU's target/arm/cpu.h) and what Linux makes of them
// (arm64/kernel/traps.c, debug-monitors.c, arm64/mm/fault.c).
var arm64Traps = []Trap{
	{Intr: 1, Signal: SIGILL, Code: 1, Addr: true},  // EXCP_UDEF: ILL_ILLOPC, do_el0_undef
	{Intr: 7, Signal: SIGTRAP, Code: 1, Addr: true}, // EXCP_BKPT: TRAP_BRKPT, brk_handler; the PC stays on BRK
	// EXCP_DATA_ABORT of an exclusive or atomic access that is not aligned: BUS_ADRALN, fault_info. Their base register is in bits 5 to 9.
	{Intr: 4, Signal: SIGBUS, Code: 1, Err: 0x92000021, Access: func(insn uint32, reg func(int) uint64) uint64 { return reg(int(insn >> 5 & 31)) }},
}

// arm64Float is struct fpsimd_context in the frame's __reserved (arm64/include/uapi/asm/sigcontext.h).
var arm64Float = func() []FloatSlot {
	slots := []FloatSlot{
		{Reg: Register{"fpsr", ucARM64RegFPSR}, Offset: 600, Size: 4},
		{Reg: Register{"fpcr", ucARM64RegFPCR}, Offset: 604, Size: 4},
	}
	for i, r := range arm64V {
		slots = append(slots, FloatSlot{Reg: r, Offset: 608 + 16*i, Size: 16})
	}
	return slots
}()

var arm64V = [32]Register{
	{"v0", ucARM64RegV0}, {"v1", ucARM64RegV1}, {"v2", ucARM64RegV2}, {"v3", ucARM64RegV3},
	{"v4", ucARM64RegV4}, {"v5", ucARM64RegV5}, {"v6", ucARM64RegV6}, {"v7", ucARM64RegV7},
	{"v8", ucARM64RegV8}, {"v9", ucARM64RegV9}, {"v10", ucARM64RegV10}, {"v11", ucARM64RegV11},
	{"v12", ucARM64RegV12}, {"v13", ucARM64RegV13}, {"v14", ucARM64RegV14}, {"v15", ucARM64RegV15},
	{"v16", ucARM64RegV16}, {"v17", ucARM64RegV17}, {"v18", ucARM64RegV18}, {"v19", ucARM64RegV19},
	{"v20", ucARM64RegV20}, {"v21", ucARM64RegV21}, {"v22", ucARM64RegV22}, {"v23", ucARM64RegV23},
	{"v24", ucARM64RegV24}, {"v25", ucARM64RegV25}, {"v26", ucARM64RegV26}, {"v27", ucARM64RegV27},
	{"v28", ucARM64RegV28}, {"v29", ucARM64RegV29}, {"v30", ucARM64RegV30}, {"v31", ucARM64RegV31},
}
