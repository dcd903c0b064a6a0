// SPDX-License-Identifier: GPL-2.0-or-later

package arch

// The CPUs of MIPS boards. A CPU without a floating-point unit runs hardfloat programs where its kernel emulates one (CONFIG_MIPS_FP_SUPPORT,
// mips/math-emu), as "+fpu" says; the kernels of most routers (OpenWrt) do not, and raise SIGILL.
var (
	mips32CPUs = []CPU{
		mipsCPU("4kec", "MIPS 4KEc (2000)", "MIPS 4KEc V4.10", "mips1 mips2 mips32r1 mips32r2", "mips16"),
		mipsCPU("24kc", "MIPS 24Kc (2003): AR71xx, AR93xx, MT7628", "MIPS 24Kc V7.4", "mips1 mips2 mips32r1 mips32r2", "mips16"),
		mipsCPU("24kf", "MIPS 24Kf (2003)", "MIPS 24Kc V0.0  FPU V0.0", "mips1 mips2 mips32r1 mips32r2", "mips16 fpu"),
		mipsCPU("74kc", "MIPS 74Kc (2007): AR934x, QCA955x, BCM4706", "MIPS 74Kc V5.0", "mips1 mips2 mips32r1 mips32r2", "mips16 dsp dsp2"),
		mipsCPU("74kf", "MIPS 74Kf (2007)", "MIPS 74Kc V4.9  FPU V0.0", "mips1 mips2 mips32r1 mips32r2", "mips16 dsp dsp2 fpu"),
		mipsCPU("1004kc", "MIPS 1004Kc (2008): MT7621", "MIPS 1004Kc V2.15", "mips1 mips2 mips32r1 mips32r2", "mips16 dsp"),
		mipsCPU("p5600", "MIPS P5600 (2013): Baikal-T1", "MIPS P5600 V3.0  FPU V2.0  MSA V0.1", "mips1 mips2 mips32r1 mips32r2 mips32r5", "msa fpu"),
	}
	mips64CPUs = []CPU{
		mipsCPU("5kc", "MIPS 5Kc (1999)", "MIPS 5Kc V0.1", "mips1 mips2 mips3 mips4 mips5 mips32r1 mips64r1", ""),
		mipsCPU("octeon", "Cavium Octeon Plus (2006): EdgeRouter Lite", "Cavium Octeon+ V0.1", "mips1 mips2 mips3 mips4 mips5 mips32r1 mips32r2 mips64r1 mips64r2", "").of("octeon"),
		mipsCPU("octeon3", "Cavium Octeon III (2012): EdgeRouter 4", "Cavium Octeon III V0.2  FPU V0.0", "mips1 mips2 mips3 mips4 mips5 mips32r1 mips32r2 mips64r1 mips64r2", "fpu").of("octeon3"),
		mipsCPU("loongson-3a1000", "Loongson 3A1000 (2009)", "ICT Loongson-3 V0.5  FPU V0.1", "mips1 mips2 mips3 mips4 mips5 mips32r1 mips64r1", "loongson-mmi loongson-ext fpu").of("loongson3a"),
		mipsCPU("loongson-3a3000", "Loongson 3A3000 (2016)", "ICT Loongson-3 V0.9  FPU V0.1", "mips1 mips2 mips3 mips4 mips5 mips32r1 mips32r2 mips64r1 mips64r2",
			"loongson-mmi loongson-ext loongson-ext2 fpu").of("loongson3a"),
	}
)

func mipsCPU(name, title, model, isa, features string) CPU {
	return CPU{
		Name: name, Title: title, Source: "mips/kernel/cpu-probe.c; /proc/cpuinfo of boards with it", Features: features,
		Info: []InfoLine{{"cpu model", model}, {"isa", isa}},
	}
}

// of is the CPU with an AT_PLATFORM, which few have (set_elf_platform).
func (c CPU) of(platform string) CPU {
	c.Platform = platform
	return c
}
