// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// The features of generations of x86, each what it brought.
const (
	i586 = "fpu vme de pse tsc msr mce cx8 "
	i686 = i586 + "pae apic sep mtrr pge mca cmov pat pse36 "
	x64  = i686 + "clflush mmx fxsr sse sse2 ht syscall nx lm constant_tsc "

	core2       = x64 + "pni monitor ssse3 cx16 lahf_lm "
	penryn      = core2 + "sse4_1 "
	nehalem     = penryn + "sse4_2 popcnt rdtscp "
	westmere    = nehalem + "aes pclmulqdq pdpe1gb "
	sandyBridge = westmere + "avx xsave osxsave "
	ivyBridge   = sandyBridge + "f16c rdrand fsgsbase erms "
	haswell     = ivyBridge + "avx2 bmi1 bmi2 fma movbe abm "
	broadwell   = haswell + "adx rdseed 3dnowprefetch "
	skylake     = broadwell + "clflushopt "
	skylakeX    = skylake + "clwb avx512f avx512dq avx512cd avx512bw avx512vl "
	iceLakeX    = skylakeX + "avx512ifma avx512vbmi avx512_vbmi2 gfni vaes vpclmulqdq avx512_vnni avx512_bitalg avx512_vpopcntdq rdpid sha_ni fsrm "
	sapphire    = iceLakeX + "avx_vnni avx512_fp16 amx_tile "
	silvermont  = core2 + "sse4_1 sse4_2 popcnt rdtscp movbe aes pclmulqdq rdrand erms 3dnowprefetch "
	goldmont    = silvermont + "xsave osxsave fsgsbase rdseed sha_ni clflushopt "

	k8        = x64 + "pni cx16 lahf_lm rdtscp 3dnowprefetch "
	k10       = k8 + "monitor popcnt abm sse4a pdpe1gb "
	bulldozer = k10 + "ssse3 sse4_1 sse4_2 aes pclmulqdq avx xsave osxsave "
	jaguar    = bulldozer + "f16c movbe bmi1 "
	zen1      = jaguar + "fma avx2 bmi2 rdrand rdseed adx fsgsbase clflushopt sha_ni "
	zen2      = zen1 + "clwb rdpid "
	zen3      = zen2 + "erms fsrm vaes vpclmulqdq "
	zen4      = zen3 + "avx512f avx512dq avx512ifma avx512cd avx512bw avx512vl avx512vbmi avx512_vbmi2 gfni avx512_vnni avx512_bitalg avx512_vpopcntdq "
)

const (
	intel = "GenuineIntel"
	amd   = "AuthenticAMD"

	intelSource = "Intel SDM volume 1, 5, and volume 4, table 2-1; LLVM's X86.td"
	amdSource   = "AMD's revision guides; LLVM's X86.td"
)

// x86CPUs are sorted by maker and age. Model numbers: "x86/include/asm/intel-family.h", AMD's revision guides.
var x86CPUs = []CPU{
	x86CPU("pentium", "Intel Pentium 75 - 200 (1994)", intel, 5, 2, 12, 1, i586, intelSource),
	x86CPU("pentium-mmx", "Intel Pentium MMX (1997)", intel, 5, 4, 3, 1, i586+"mmx", intelSource),
	x86CPU("pentium2", "Intel Pentium II (1997)", intel, 6, 5, 2, 2, i686+"mmx fxsr", intelSource),
	x86CPU("pentium3", "Intel Pentium III (1999)", intel, 6, 8, 6, 2, i686+"mmx fxsr sse", intelSource),
	x86CPU("pentium-m", "Intel Pentium M (2003)", intel, 6, 13, 8, 2, i686+"clflush mmx fxsr sse sse2 nx", intelSource),
	x86CPU("quark-x1000", "Intel Quark X1000 (2013)", intel, 5, 9, 0, 7, "fpu vme pse tsc msr pae cx8 apic pge nx", "Intel Quark SoC X1000 Core developer's manual, 3.4"),
	x86CPU("atom-n270", "Intel Atom N270 (2008)", intel, 6, 28, 2, 10, i686+"clflush mmx fxsr sse sse2 ht nx constant_tsc pni monitor ssse3 movbe lahf_lm",
		"/proc/cpuinfo of netbooks with it"),
	x86CPU("core2-duo", "Intel Core2 Duo (2006)", intel, 6, 15, 11, 10, core2, intelSource),
	x86CPU("penryn", "Intel Core2 Duo (Penryn) (2007)", intel, 6, 23, 10, 13, penryn+"xsave", intelSource),
	x86CPU("nehalem", "Intel Xeon 5500 (Nehalem) (2008)", intel, 6, 26, 5, 11, nehalem, intelSource),
	x86CPU("westmere", "Intel Xeon 5600 (Westmere) (2010)", intel, 6, 44, 2, 11, westmere, intelSource),
	x86CPU("sandybridge", "Intel Xeon E5 (Sandy Bridge) (2011)", intel, 6, 45, 7, 13, sandyBridge, intelSource),
	x86CPU("ivybridge", "Intel Xeon E5 v2 (Ivy Bridge) (2012)", intel, 6, 62, 4, 13, ivyBridge, intelSource),
	x86CPU("haswell", "Intel Xeon E5 v3 (Haswell) (2013)", intel, 6, 63, 2, 13, haswell, intelSource),
	x86CPU("broadwell", "Intel Xeon E5 v4 (Broadwell) (2014)", intel, 6, 79, 1, 13, broadwell, intelSource),
	x86CPU("skylake", "Intel Core (Skylake) (2015)", intel, 6, 94, 3, 13, skylake, intelSource),
	x86CPU("skylake-server", "Intel Xeon Scalable (Skylake) (2017)", intel, 6, 85, 4, 13, skylakeX, intelSource),
	x86CPU("icelake-server", "Intel Xeon Scalable (Ice Lake) (2021)", intel, 6, 106, 6, 13, iceLakeX, intelSource),
	x86CPU("sapphire-rapids", "Intel Xeon Scalable (Sapphire Rapids) (2023)", intel, 6, 143, 8, 13, sapphire, intelSource),
	x86CPU("silvermont", "Intel Atom (Silvermont) (2013)", intel, 6, 77, 8, 11, silvermont, intelSource),
	x86CPU("goldmont", "Intel Atom (Goldmont) (2016)", intel, 6, 92, 9, 13, goldmont, intelSource),
	x86CPU("geode-lx", "AMD Geode LX (2005)", amd, 5, 10, 2, 1, "fpu de pse tsc msr cx8 sep pge cmov clflush mmx", "AMD Geode LX processors data book, 5.4"),
	x86CPU("vortex86dx", "DM&P Vortex86DX (2008)", "Vortex86 SoC", 5, 2, 2, 1, "fpu tsc cx8", "/proc/cpuinfo of boards with it"),
	x86CPU("opteron-k8", "AMD Opteron (K8, revision F) (2006)", amd, 15, 65, 2, 1, k8, amdSource),
	x86CPU("opteron-k10", "AMD Opteron (K10) (2007)", amd, 16, 4, 2, 5, k10, amdSource),
	x86CPU("bulldozer", "AMD Opteron (Bulldozer) (2011)", amd, 21, 1, 2, 13, bulldozer, amdSource),
	x86CPU("jaguar", "AMD A-Series (Jaguar) (2013)", amd, 22, 0, 1, 13, jaguar, amdSource),
	x86CPU("zen1", "AMD EPYC 7001 (Zen) (2017)", amd, 23, 1, 2, 13, zen1, amdSource),
	x86CPU("zen2", "AMD EPYC 7002 (Zen 2) (2019)", amd, 23, 49, 0, 16, zen2, amdSource),
	x86CPU("zen3", "AMD EPYC 7003 (Zen 3) (2021)", amd, 25, 1, 1, 16, zen3, amdSource),
	x86CPU("zen4", "AMD EPYC 9004 (Zen 4) (2022)", amd, 25, 17, 1, 16, zen4, amdSource),
}

// amd64CPUs are those with a 64-bit mode.
var amd64CPUs = slices.DeleteFunc(slices.Clone(x86CPUs), func(c CPU) bool { return !slices.Contains(strings.Fields(c.Features), "lm") })

// x86CPU makes the leaves of CPUID that name a CPU, and the lines of /proc/cpuinfo. highest is the highest basic leaf. A CPU without a 64-bit
// mode has a 32-bit kernel, whose uname and AT_PLATFORM tell the family (ELF_PLATFORM of x86/include/asm/elf.h).
func x86CPU(name, title, vendor string, family, model, stepping, highest uint32, features, source string) CPU {
	c := CPU{Name: name, Title: title, Source: source, Features: features}
	brand, _, _ := strings.Cut(title, " (1")
	brand, _, _ = strings.Cut(brand, " (2")
	signature := stepping | model&15<<4 | min(family, 15)<<8
	if family == 6 || family >= 15 {
		signature |= model >> 4 << 16
	}
	signature |= (max(family, 15) - 15) << 20
	word := func(text string, at int) uint32 {
		var b [4]byte
		copy(b[:], text[min(at, len(text)):])
		return binary.LittleEndian.Uint32(b[:])
	}
	words := func(leaf uint32, text string, at int) CPUID {
		return CPUID{leaf, 0, [4]uint32{word(text, at), word(text, at+4), word(text, at+8), word(text, at+12)}}
	}
	extended := uint32(0)
	if !strings.HasPrefix(name, "pentium") && name != "quark-x1000" && name != "vortex86dx" {
		extended = 0x80000008
	}
	c.CPUID = []CPUID{
		{0, 0, [4]uint32{highest, word(vendor, 0), word(vendor, 8), word(vendor, 4)}},
		{1, 0, [4]uint32{signature, 0x00010800, 0, 0}},
		{0x80000000, 0, [4]uint32{extended, word(vendor, 0), word(vendor, 8), word(vendor, 4)}},
		words(0x80000002, brand, 0), words(0x80000003, brand, 16), words(0x80000004, brand, 32),
	}
	if vendor == intel {
		c.CPUID[2].Regs = [4]uint32{extended, 0, 0, 0}
	}
	c.Info = []InfoLine{
		{"vendor_id", vendor}, {"cpu family", fmt.Sprint(family)}, {"model", fmt.Sprint(model)}, {"model name", brand}, {"stepping", fmt.Sprint(stepping)},
	}
	if !slices.Contains(strings.Fields(features), "lm") {
		c.UTSName = fmt.Sprintf("i%d86", min(family, 6))
		c.Platform = c.UTSName
	}
	return c
}

// x86CPUInfo is the part of show_cpuinfo (x86/kernel/cpu/proc.c) that programs look for.
func x86CPUInfo(cpus []int, features string) string {
	var b strings.Builder
	for _, cpu := range cpus {
		fmt.Fprintf(&b, "processor\t: %d\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 61\nmodel name\t: Intel Core Processor (Broadwell)\nstepping\t: 4\n", cpu)
		fmt.Fprintf(&b, "flags\t\t: %s\nclflush size\t: 64\naddress sizes\t: 39 bits physical, 48 bits virtual\n\n", features)
	}
	return b.String()
}
