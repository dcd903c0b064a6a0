// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"fmt"
	"strings"
)

// s390xFloat is where a signal frame has the floating-point and vector registers. F0 to F15 are the upper halves of V0 to V15; the
// engine's F registers are upper halves, and what it calls F0_HI and so on are lower ones.
var s390xFloat = []FloatSlot{
	{Reg: Register{"fpc", ucS390XRegFPC}, Offset: 544, Size: 4},
	{Reg: Register{"f0", ucS390XRegF0}, Offset: 552, Size: 8},
	{Reg: Register{"f1", ucS390XRegF1}, Offset: 560, Size: 8},
	{Reg: Register{"f2", ucS390XRegF2}, Offset: 568, Size: 8},
	{Reg: Register{"f3", ucS390XRegF3}, Offset: 576, Size: 8},
	{Reg: Register{"f4", ucS390XRegF4}, Offset: 584, Size: 8},
	{Reg: Register{"f5", ucS390XRegF5}, Offset: 592, Size: 8},
	{Reg: Register{"f6", ucS390XRegF6}, Offset: 600, Size: 8},
	{Reg: Register{"f7", ucS390XRegF7}, Offset: 608, Size: 8},
	{Reg: Register{"f8", ucS390XRegF8}, Offset: 616, Size: 8},
	{Reg: Register{"f9", ucS390XRegF9}, Offset: 624, Size: 8},
	{Reg: Register{"f10", ucS390XRegF10}, Offset: 632, Size: 8},
	{Reg: Register{"f11", ucS390XRegF11}, Offset: 640, Size: 8},
	{Reg: Register{"f12", ucS390XRegF12}, Offset: 648, Size: 8},
	{Reg: Register{"f13", ucS390XRegF13}, Offset: 656, Size: 8},
	{Reg: Register{"f14", ucS390XRegF14}, Offset: 664, Size: 8},
	{Reg: Register{"f15", ucS390XRegF15}, Offset: 672, Size: 8},
	{Reg: Register{"v0.low", ucS390XRegF0HI}, Offset: 808, Size: 8},
	{Reg: Register{"v1.low", ucS390XRegF1HI}, Offset: 816, Size: 8},
	{Reg: Register{"v2.low", ucS390XRegF2HI}, Offset: 824, Size: 8},
	{Reg: Register{"v3.low", ucS390XRegF3HI}, Offset: 832, Size: 8},
	{Reg: Register{"v4.low", ucS390XRegF4HI}, Offset: 840, Size: 8},
	{Reg: Register{"v5.low", ucS390XRegF5HI}, Offset: 848, Size: 8},
	{Reg: Register{"v6.low", ucS390XRegF6HI}, Offset: 856, Size: 8},
	{Reg: Register{"v7.low", ucS390XRegF7HI}, Offset: 864, Size: 8},
	{Reg: Register{"v8.low", ucS390XRegF8HI}, Offset: 872, Size: 8},
	{Reg: Register{"v9.low", ucS390XRegF9HI}, Offset: 880, Size: 8},
	{Reg: Register{"v10.low", ucS390XRegF10HI}, Offset: 888, Size: 8},
	{Reg: Register{"v11.low", ucS390XRegF11HI}, Offset: 896, Size: 8},
	{Reg: Register{"v12.low", ucS390XRegF12HI}, Offset: 904, Size: 8},
	{Reg: Register{"v13.low", ucS390XRegF13HI}, Offset: 912, Size: 8},
	{Reg: Register{"v14.low", ucS390XRegF14HI}, Offset: 920, Size: 8},
	{Reg: Register{"v15.low", ucS390XRegF15HI}, Offset: 928, Size: 8},
	{Reg: Register{"v16.high", ucS390XRegF16}, Offset: 936, Size: 8},
	{Reg: Register{"v16.low", ucS390XRegF16HI}, Offset: 944, Size: 8},
	{Reg: Register{"v17.high", ucS390XRegF17}, Offset: 952, Size: 8},
	{Reg: Register{"v17.low", ucS390XRegF17HI}, Offset: 960, Size: 8},
	{Reg: Register{"v18.high", ucS390XRegF18}, Offset: 968, Size: 8},
	{Reg: Register{"v18.low", ucS390XRegF18HI}, Offset: 976, Size: 8},
	{Reg: Register{"v19.high", ucS390XRegF19}, Offset: 984, Size: 8},
	{Reg: Register{"v19.low", ucS390XRegF19HI}, Offset: 992, Size: 8},
	{Reg: Register{"v20.high", ucS390XRegF20}, Offset: 1000, Size: 8},
	{Reg: Register{"v20.low", ucS390XRegF20HI}, Offset: 1008, Size: 8},
	{Reg: Register{"v21.high", ucS390XRegF21}, Offset: 1016, Size: 8},
	{Reg: Register{"v21.low", ucS390XRegF21HI}, Offset: 1024, Size: 8},
	{Reg: Register{"v22.high", ucS390XRegF22}, Offset: 1032, Size: 8},
	{Reg: Register{"v22.low", ucS390XRegF22HI}, Offset: 1040, Size: 8},
	{Reg: Register{"v23.high", ucS390XRegF23}, Offset: 1048, Size: 8},
	{Reg: Register{"v23.low", ucS390XRegF23HI}, Offset: 1056, Size: 8},
	{Reg: Register{"v24.high", ucS390XRegF24}, Offset: 1064, Size: 8},
	{Reg: Register{"v24.low", ucS390XRegF24HI}, Offset: 1072, Size: 8},
	{Reg: Register{"v25.high", ucS390XRegF25}, Offset: 1080, Size: 8},
	{Reg: Register{"v25.low", ucS390XRegF25HI}, Offset: 1088, Size: 8},
	{Reg: Register{"v26.high", ucS390XRegF26}, Offset: 1096, Size: 8},
	{Reg: Register{"v26.low", ucS390XRegF26HI}, Offset: 1104, Size: 8},
	{Reg: Register{"v27.high", ucS390XRegF27}, Offset: 1112, Size: 8},
	{Reg: Register{"v27.low", ucS390XRegF27HI}, Offset: 1120, Size: 8},
	{Reg: Register{"v28.high", ucS390XRegF28}, Offset: 1128, Size: 8},
	{Reg: Register{"v28.low", ucS390XRegF28HI}, Offset: 1136, Size: 8},
	{Reg: Register{"v29.high", ucS390XRegF29}, Offset: 1144, Size: 8},
	{Reg: Register{"v29.low", ucS390XRegF29HI}, Offset: 1152, Size: 8},
	{Reg: Register{"v30.high", ucS390XRegF30}, Offset: 1160, Size: 8},
	{Reg: Register{"v30.low", ucS390XRegF30HI}, Offset: 1168, Size: 8},
	{Reg: Register{"v31.high", ucS390XRegF31}, Offset: 1176, Size: 8},
	{Reg: Register{"v31.low", ucS390XRegF31HI}, Offset: 1184, Size: 8},
}

// s390xFeatures are the bits of AT_HWCAP (s390/include/asm/elf.h), by their names in /proc/cpuinfo (hwcap_str of
// s390/kernel/processor.c), with their facility bits. What the engine runs was found out by running an instruction of each. It has some
// instructions of vxe, and knows no more of edat, which is the kernel's, than the name. sie is there where a kernel can run guests.
var s390xFeatures = []Feature{
	{Name: "esan3", HWCap: 1, Bit: 0, CPUID: facility(0), Engine: true},
	{Name: "zarch", HWCap: 1, Bit: 1, CPUID: facility(1), Engine: true},
	{Name: "stfle", HWCap: 1, Bit: 2, CPUID: facility(7), Engine: true},
	{Name: "msa", HWCap: 1, Bit: 3, CPUID: facility(17), Engine: true},
	{Name: "ldisp", HWCap: 1, Bit: 4, CPUID: facility(18), Engine: true},
	{Name: "eimm", HWCap: 1, Bit: 5, CPUID: facility(21), Engine: true},
	{Name: "dfp", HWCap: 1, Bit: 6, CPUID: facility(42)},
	{Name: "edat", HWCap: 1, Bit: 7, CPUID: facility(8), Engine: true},
	{Name: "etf3eh", HWCap: 1, Bit: 8, CPUID: facility(30), Engine: true},
	{Name: "highgprs", HWCap: 1, Bit: 9, Engine: true},
	{Name: "te", HWCap: 1, Bit: 10, CPUID: facility(73), Carried: true},
	{Name: "vx", HWCap: 1, Bit: 11, CPUID: facility(129), Engine: true},
	{Name: "vxd", HWCap: 1, Bit: 12, CPUID: facility(134)},
	{Name: "vxe", HWCap: 1, Bit: 13, CPUID: facility(135), Partly: true},
	{Name: "gs", HWCap: 1, Bit: 14, CPUID: facility(133)},
	{Name: "vxe2", HWCap: 1, Bit: 15, CPUID: facility(148)},
	{Name: "vxp", HWCap: 1, Bit: 16, CPUID: facility(152)},
	{Name: "sort", HWCap: 1, Bit: 17, CPUID: facility(150)},
	{Name: "dflt", HWCap: 1, Bit: 18, CPUID: facility(151)},
	{Name: "vxp2", HWCap: 1, Bit: 19, CPUID: facility(192)},
	{Name: "nnpa", HWCap: 1, Bit: 20, CPUID: facility(165)},
	{Name: "pcimio", HWCap: 1, Bit: 21, CPUID: facility(153), Carried: true},
	{Name: "sie", HWCap: 1, Bit: 22, Carried: true},
}

// facility is a bit of STFLE's list: 128 of them are a leaf, and bit 0 is the highest of its first word.
func facility(bit uint32) *CPUID {
	c := &CPUID{Leaf: bit / 128}
	c.Regs[bit%128/32] = 1 << (31 - bit%32)
	return c
}

// facilities makes STFLE's list of its bits.
func facilities(leaves int, bits ...uint32) []CPUID {
	list := make([]CPUID, leaves)
	for i := range list {
		list[i].Leaf = uint32(i)
	}
	for _, bit := range bits {
		f := facility(bit)
		for i, word := range f.Regs {
			list[f.Leaf].Regs[i] |= word
		}
	}
	return list
}

// s390xFacilityBits are the facilities of a z13 (facilities of the Principles of Operation, chapter 4) that the engine has. The first lines are those
// that are features with names.
var s390xFacilityBits = []uint32{
	0, 1, 7, 8, 17, 18, 21, 30, 129,
	2,           // z/Architecture is active
	3, 4, 9, 13, // DAT enhancement, IDTE, sense-running-status, IPTE-range
	16, 22, 24, // extended translation 2 and 3, and the former's enhancement
	19,     // long displacement is fast
	25, 31, // STCKF, ECTG
	27, 32, 33, // MVCOS, CSST and its 16 bytes
	34, 35, // general-instructions extension, EXRL
	37, 40, 41, // floating-point extension, LPP, floating-point support
	45, 49, 51, 52, // distinct operands and the others of the z196, those of the zEC12, local TLB clearing, interlocked access 2
	53,         // load/store on condition 2 and the others of the z13
	57, 76, 77, // message-security assist 5, 3 and 4: their queries
	131, 138, // side-effect access, the CPU was never in another mode
}

// s390xFacilities are STFLE's list of them.
var s390xFacilities = facilities(2, s390xFacilityBits...)

// s390xCPUInfo is show_cpu_summary and show_cpuinfo of s390/kernel/processor.c, without what z/VM or a logical partition would tell. The
// machine type is the z13's.
func s390xCPUInfo(cpus []int, features string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "vendor_id       : IBM/S390\n# processors    : %d\nbogomips per cpu: 3033.00\nmax thread id   : 0\nfeatures\t: %s \n", len(cpus), features)
	for _, cpu := range cpus {
		fmt.Fprintf(&b, "processor %d: version = FF,  identification = 000000,  machine = 2964\n", cpu)
	}
	for _, cpu := range cpus {
		fmt.Fprintf(&b, "\ncpu number      : %d\nversion         : FF\nidentification  : 000000\nmachine         : 2964\n", cpu)
	}
	return b.String()
}
