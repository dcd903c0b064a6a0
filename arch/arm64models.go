// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"fmt"
	"strings"
)

// What generations of arm64 brought, by their names in /proc/cpuinfo.
const (
	armv80   = "fp asimd evtstrm crc32 cpuid "
	armv8AES = "aes pmull sha1 sha2 "
	armv82   = armv80 + armv8AES + "atomics fphp asimdhp asimdrdm lrcpc dcpop asimddp "
	armv84   = armv82 + "jscvt fcma sha3 sha512 asimdfhm dit uscat ilrcpc flagm "
	armv85   = armv84 + "ssbs sb paca pacg dcpodp flagm2 frint "

	neoverseV1 = armv84 + "sm3 sm4 ssbs paca pacg dcpodp sve svei8mm svebf16 i8mm bf16 dgh rng "
	armv9      = armv85 + "sve sve2 sveaes svepmull svebitperm svesha3 svei8mm svebf16 i8mm bf16 dgh bti "

	armLists = "/proc/cpuinfo of machines with it; arm64/include/asm/cputype.h"
)

// arm64CPUs are sorted by maker and age. Some makers leave the cryptography out that Arm's cores can have (Raspberry Pi 3 and 4): -aes, -pmull,
// -sha1, -sha2.
var arm64CPUs = []CPU{
	arm64CPU("cortex-a35", "Arm Cortex-A35 (2015)", 0x41, 0xd04, 0, 2, armv80+armv8AES),
	arm64CPU("cortex-a53", "Arm Cortex-A53 (2012)", 0x41, 0xd03, 0, 4, armv80+armv8AES),
	arm64CPU("cortex-a55", "Arm Cortex-A55 (2017)", 0x41, 0xd05, 2, 0, armv82),
	arm64CPU("cortex-a57", "Arm Cortex-A57 (2012)", 0x41, 0xd07, 1, 1, armv80+armv8AES),
	arm64CPU("cortex-a72", "Arm Cortex-A72 (2015)", 0x41, 0xd08, 0, 3, armv80+armv8AES),
	arm64CPU("cortex-a73", "Arm Cortex-A73 (2016)", 0x41, 0xd09, 0, 2, armv80+armv8AES),
	arm64CPU("cortex-a75", "Arm Cortex-A75 (2017)", 0x41, 0xd0a, 2, 1, armv82),
	arm64CPU("cortex-a76", "Arm Cortex-A76 (2018)", 0x41, 0xd0b, 4, 1, armv82),
	arm64CPU("cortex-a78ae", "Arm Cortex-A78AE (2020)", 0x41, 0xd42, 0, 1, armv82+"uscat ilrcpc flagm paca pacg"),
	arm64CPU("neoverse-n1", "Arm Neoverse N1 (2019)", 0x41, 0xd0c, 3, 1, armv82+"ssbs"),
	arm64CPU("neoverse-v1", "Arm Neoverse V1 (2020)", 0x41, 0xd40, 1, 1, neoverseV1),
	arm64CPU("neoverse-n2", "Arm Neoverse N2 (2021)", 0x41, 0xd49, 0, 3, armv9+"sm3 sm4 svesm4"),
	arm64CPU("neoverse-v2", "Arm Neoverse V2 (2022)", 0x41, 0xd4f, 0, 1, armv9+"rng"),
	arm64CPU("apple-m1", "Apple M1 (2020)", 0x61, 0x023, 1, 1, armv85),
	arm64CPU("thunderx", "Cavium ThunderX (2014)", 0x43, 0x0a1, 1, 1, armv80+armv8AES+"atomics"),
	arm64CPU("thunderx2", "Cavium ThunderX2 (2018)", 0x43, 0x0af, 0, 1, armv80+armv8AES+"atomics asimdrdm"),
	arm64CPU("kunpeng-920", "HiSilicon Kunpeng 920 (2019)", 0x48, 0xd01, 1, 0,
		armv80+armv8AES+"atomics fphp asimdhp asimdrdm jscvt fcma dcpop asimddp asimdfhm ssbs"),
	arm64CPU("ampere-one", "AmpereOne (2023)", 0xc0, 0xac3, 0, 0, armv85+"sm3 sm4 i8mm bf16 rng bti ecv"),
}

func arm64CPU(name, title string, implementer, part, variant, revision uint64, features string) CPU {
	hex := func(n uint64, digits int) string { return fmt.Sprintf("0x%0*x", digits, n) }
	return CPU{
		Name: name, Title: title, Source: armLists, Features: features,
		MIDR: implementer<<24 | variant<<20 | 0xf<<16 | part<<4 | revision,
		Info: []InfoLine{
			{"CPU implementer", hex(implementer, 2)}, {"CPU variant", hex(variant, 1)}, {"CPU part", hex(part, 3)}, {"CPU revision", fmt.Sprint(revision)},
		},
	}
}

// arm64CPUInfo is c_show of arm64/kernel/cpuinfo.c. The CPU is what MIDR_EL1 of the engine's model "max" says.
func arm64CPUInfo(cpus []int, features string) string {
	var b strings.Builder
	for _, cpu := range cpus {
		fmt.Fprintf(&b, "processor\t: %d\nBogoMIPS\t: 100.00\nFeatures\t: %s\n", cpu, features)
		b.WriteString("CPU implementer\t: 0x00\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0x051\nCPU revision\t: 0\n\n")
	}
	return b.String()
}

// arm64Opcodes are instructions of arm64Features, not all of each (Arm ARM, C4.1): enough for a program that uses a feature to meet one.
var arm64Opcodes = func() []Opcode {
	var list []Opcode
	for _, o := range []struct {
		feature, name string
		mask, value   uint32
	}{
		{"sve", "", 0x1e000000, 0x04000000},
		{"sme", "", 0x9e000000, 0x80000000},
		{"lrcpc", "ldapr", 0x3ffffc00, 0x38bfc000},
		{"ilrcpc", "", 0x3f200c00, 0x19000000},
		{"atomics", "cas", 0x3fa07c00, 0x08a07c00}, {"atomics", "casp", 0xbfa07c00, 0x08207c00},
		{"atomics", "swp", 0x3f20fc00, 0x38208000}, {"atomics", "ldadd", 0x3f20fc00, 0x38200000}, {"atomics", "ldclr", 0x3f20fc00, 0x38201000},
		{"atomics", "ldeor", 0x3f20fc00, 0x38202000}, {"atomics", "ldset", 0x3f20fc00, 0x38203000}, {"atomics", "", 0x3f208c00, 0x38200000},
		{"asimdrdm", "", 0xbf20f400, 0x2e008400}, {"asimdrdm", "", 0xff20f400, 0x7e008400},
		{"asimddp", "", 0x9f20fc00, 0x0e009400}, {"asimddp", "", 0x9f00f400, 0x0f00e000},
		{"fcma", "fcmla", 0xbf20e400, 0x2e00c400}, {"fcma", "fcadd", 0xbf20ec00, 0x2e00e400},
		{"jscvt", "fjcvtzs", 0xfffffc00, 0x1e7e0000},
		{"frint", "", 0xff3e7c00, 0x1e284000},
		{"crc32", "", 0x7fe0e000, 0x1ac04000},
		{"aes", "", 0xffffcc00, 0x4e284800},
		{"pmull", "pmull", 0xbfe0fc00, 0x0ee0e000},
		{"sha1", "", 0xffe0cc00, 0x5e000000}, {"sha1", "sha1h", 0xfffffc00, 0x5e280800}, {"sha1", "sha1su1", 0xfffffc00, 0x5e281800},
		{"sha2", "", 0xffe0cc00, 0x5e004000}, {"sha2", "sha256su0", 0xfffffc00, 0x5e282800},
		{"sha3", "eor3", 0xffe08000, 0xce000000}, {"sha3", "bcax", 0xffe08000, 0xce200000}, {"sha3", "rax1", 0xffe0fc00, 0xce608c00},
		{"sha3", "xar", 0xffe00000, 0xce800000},
		{"sha512", "", 0xffe0f800, 0xce608000}, {"sha512", "sha512su1", 0xffe0fc00, 0xce608800}, {"sha512", "sha512su0", 0xfffffc00, 0xcec08000},
		{"sm3", "sm3ss1", 0xffe08000, 0xce400000}, {"sm3", "", 0xffe0c000, 0xce408000}, {"sm3", "", 0xffe0f800, 0xce60c000},
		{"sm4", "sm4e", 0xfffffc00, 0xcec08400}, {"sm4", "sm4ekey", 0xffe0fc00, 0xce60c800},
		{"fphp", "", 0x7fe00000, 0x1ee00000},
		{"flagm", "cfinv", 0xffffffff, 0xd500401f}, {"flagm2", "", 0xffffffdf, 0xd500401f}, {"flagm2", "", 0xffffffbf, 0xd500401f},
		{"flagm", "rmif", 0xffe07c10, 0xba000400}, {"flagm", "setf", 0xffffbc1f, 0x3a00080d},
		{"sb", "sb", 0xffffffff, 0xd50330ff},
		{"dcpop", "dc cvap", 0xffffffe0, 0xd50b7c20}, {"dcpodp", "dc cvadp", 0xffffffe0, 0xd50b7d20},
		{"i8mm", "", 0x9f20f400, 0x0e00a400}, {"bf16", "", 0xbfe0f400, 0x2e40e400 | 0x1000},
		{"mte", "irg", 0xffe0fc00, 0x9ac01000}, {"pacg", "pacga", 0xffe0fc00, 0x9ac03000},
	} {
		op := instruction(o.mask, o.value)
		op.Feature, op.Name = o.feature, o.name
		list = append(list, op)
	}
	return littleEndian(list)
}()
