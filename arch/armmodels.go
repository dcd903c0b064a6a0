// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import "fmt"

// What generations of 32-bit Arm have in AT_HWCAP (elf_hwcap of arm/mm/proc-*.S, and what arm/kernel/setup.c and arm/vfp/vfpmodule.c add).
const (
	armv5 = "swp half thumb fastmult edsp "
	armv6 = armv5 + "java "
	armv7 = "half thumb fastmult edsp tls vfp vfpv3 "
	armA8 = armv7 + "thumbee neon vfpd32 "
	armA7 = armv7 + "neon vfpv4 idiva idivt vfpd32 lpae evtstrm "

	armSource = "arm/mm/proc-arm926.S, proc-v6.S, proc-v7.S; /proc/cpuinfo of boards with it"
)

// armCPUs are sorted by age.
var armCPUs = []CPU{
	armCPU("arm926ej-s", "Arm ARM926EJ-S (2001): Kirkwood, i.MX28, VersatilePB", "ARM926EJ-S rev 5 (v5l)", "5TEJ", "v5l", "armv5tejl", 0x41, 0x926, 0, 5, armv5+"java").
		withPages(armv5KernelPages).before7(),
	armCPU("feroceon", "Marvell Feroceon 88FR131 (2008): SheevaPlug, many NAS", "Feroceon 88FR131 rev 1 (v5l)", "5TE", "v5l", "armv5tel", 0x56, 0x131, 2, 1, armv5).
		withPages(armv5KernelPages).before7(),
	armCPU("arm1176jzf-s", "Arm ARM1176JZF-S (2003): Raspberry Pi 1 and Zero", "ARMv6-compatible processor rev 7 (v6l)", "7", "v6l", "armv6l", 0x41, 0xb76, 0, 7,
		"half thumb fastmult vfp edsp java tls").before7(),
	armCPU("cortex-a7", "Arm Cortex-A7 (2011)", "ARMv7 Processor rev 5 (v7l)", "7", "v7l", "armv7l", 0x41, 0xc07, 0, 5, armA7),
	armCPU("cortex-a8", "Arm Cortex-A8 (2005)", "ARMv7 Processor rev 2 (v7l)", "7", "v7l", "armv7l", 0x41, 0xc08, 3, 2, armA8),
	armCPU("cortex-a9", "Arm Cortex-A9 (2007)", "ARMv7 Processor rev 1 (v7l)", "7", "v7l", "armv7l", 0x41, 0xc09, 4, 1, armv7+"neon vfpd32"),
	armCPU("tegra2", "NVIDIA Tegra 2 (2010): Cortex-A9 without NEON", "ARMv7 Processor rev 0 (v7l)", "7", "v7l", "armv7l", 0x41, 0xc09, 1, 0, armv7+"vfpv3d16"),
	armCPU("cortex-a15", "Arm Cortex-A15 (2010)", "ARMv7 Processor rev 3 (v7l)", "7", "v7l", "armv7l", 0x41, 0xc0f, 2, 3, armA7),
}

// before7 is a CPU whose kernels are built without a vDSO: its code is Armv7's.
func (c CPU) before7() CPU {
	c.NoVDSO = "Linux builds the vDSO of arm for Armv7 (CONFIG_CPU_V7, arm/mm/Kconfig)"
	return c
}

// withPages is the CPU under a kernel with other pages of its own.
func (c CPU) withPages(pages []Page) CPU {
	c.Pages = pages
	return c
}

func armCPU(name, title, model, architecture, platform, uts string, implementer, part, variant, revision uint64, features string) CPU {
	return CPU{
		Name: name, Title: title, Source: armSource, Features: features, Platform: platform, UTSName: uts,
		Info: []InfoLine{
			{"model name", model}, {"CPU implementer", fmt.Sprintf("%#x", implementer)}, {"CPU architecture", architecture},
			{"CPU variant", fmt.Sprintf("%#x", variant)}, {"CPU part", fmt.Sprintf("0x%03x", part)}, {"CPU revision", fmt.Sprint(revision)},
		},
	}
}
