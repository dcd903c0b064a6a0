// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import "encoding/binary"

// What Linux tells of generations of Power: COMMON_USER_POWER8 and its like in powerpc/kernel/cpu_specs_book3s_64.h. Of POWER7 and older, which
// Go's compiler does not write code for, big-endian POWER7 is what an old kernel may call itself.
const (
	power7  = "ppc32 ppc64 fpu mmu altivec vsx smt ic_snoop arch_2_06 dfp archpmu "
	power8  = power7 + "true_le arch_2_07 isel tar vcrypto ebb dscr htm htm-nosc "
	power9  = power7 + "true_le arch_2_07 isel tar vcrypto ebb dscr arch_3_00 ieee128 darn scv "
	power10 = power9 + "arch_3_1 mma "
)

var ppc64CPUs = []CPU{
	ppc64CPU("power8", "IBM POWER8 (2014)", "POWER8 (raw), altivec supported", "2.0 (pvr 004d 0200)", power8),
	ppc64CPU("power9", "IBM POWER9 (2017)", "POWER9 (raw), altivec supported", "2.3 (pvr 004e 1203)", power9),
	ppc64CPU("power10", "IBM POWER10 (2021)", "POWER10 (raw), altivec supported", "2.0 (pvr 0080 0200)", power10),
}

func ppc64CPU(name, title, cpu, revision, features string) CPU {
	return CPU{
		Name: name, Title: title, Source: "powerpc/kernel/cpu_specs_book3s_64.h", Features: features, Platform: name, BasePlatform: name,
		Info: []InfoLine{{"cpu", cpu}, {"revision", revision}},
	}
}

// ppc64Opcodes are instructions that came with a version of the Power ISA, those that a compiler writes (Power ISA 3.1B, appendix F).
func ppc64Opcodes(order binary.ByteOrder) []Opcode {
	const power31 = 0xfc0007fe // primary opcode and extended opcode of X-form
	var list []Opcode
	for _, o := range []struct {
		feature, name string
		mask, value   uint32
	}{
		{"arch_3_1", "", 0xfc000000, 1 << 26}, // the prefix of all that have one
		{"mma", "", 0xfc000400, 59<<26 | 0x400 | 0<<1}, {"mma", "", power31, 31<<26 | 177<<1},
		{"arch_3_1", "setbc", power31 &^ (3 << 6), 31<<26 | 384<<1}, {"arch_3_1", "brd", power31, 31<<26 | 187<<1},
		{"arch_3_1", "brw", power31, 31<<26 | 155<<1}, {"arch_3_1", "brh", power31, 31<<26 | 219<<1},
		{"arch_3_1", "cfuged", power31, 31<<26 | 220<<1}, {"arch_3_1", "pdepd", power31, 31<<26 | 156<<1}, {"arch_3_1", "pextd", power31, 31<<26 | 188<<1},
		{"darn", "darn", power31, 31<<26 | 755<<1}, {"scv", "scv", 0xfc000003, 17<<26 | 1},
		{"arch_3_00", "maddld", 0xfc00003f, 4<<26 | 51}, {"arch_3_00", "maddhd", 0xfc00003f, 4<<26 | 48}, {"arch_3_00", "maddhdu", 0xfc00003f, 4<<26 | 49},
		{"arch_3_00", "modsd", power31, 31<<26 | 777<<1}, {"arch_3_00", "modud", power31, 31<<26 | 265<<1},
		{"arch_3_00", "modsw", power31, 31<<26 | 779<<1}, {"arch_3_00", "moduw", power31, 31<<26 | 267<<1},
		{"arch_3_00", "setb", power31, 31<<26 | 128<<1}, {"arch_3_00", "cnttzw", power31, 31<<26 | 538<<1}, {"arch_3_00", "cnttzd", power31, 31<<26 | 570<<1},
		{"arch_3_00", "extswsli", power31 &^ 2, 31<<26 | 890<<1}, {"arch_3_00", "cmprb", power31, 31<<26 | 192<<1}, {"arch_3_00", "cmpeqb", power31, 31<<26 | 224<<1},
		{"arch_3_00", "addpcis", 0xfc00003e, 19<<26 | 2<<1}, {"arch_3_00", "mtvsrdd", power31, 31<<26 | 435<<1}, {"arch_3_00", "mfvsrld", power31, 31<<26 | 307<<1},
		{"arch_3_00", "mtvsrws", power31, 31<<26 | 403<<1}, {"arch_3_00", "lxvx", power31, 31<<26 | 268<<1}, {"arch_3_00", "stxvx", power31, 31<<26 | 396<<1},
		{"arch_3_00", "lxvb16x", power31, 31<<26 | 876<<1}, {"arch_3_00", "stxvb16x", power31, 31<<26 | 1004<<1},
		{"arch_3_00", "lxvl", power31, 31<<26 | 269<<1}, {"arch_3_00", "stxvl", power31, 31<<26 | 397<<1},
		{"arch_3_00", "lxvll", power31, 31<<26 | 301<<1}, {"arch_3_00", "stxvll", power31, 31<<26 | 429<<1},
		{"arch_3_00", "lxv", 0xfc000007, 61<<26 | 1}, {"arch_3_00", "stxv", 0xfc000007, 61<<26 | 5},
		{"ieee128", "", power31, 63<<26 | 4<<1}, {"ieee128", "", power31, 63<<26 | 36<<1}, {"ieee128", "", power31, 63<<26 | 516<<1}, {"ieee128", "", power31, 63<<26 | 548<<1},
		{"vcrypto", "", 0xfc0007fe, 4<<26 | 1288}, {"vcrypto", "", 0xfc0007fe, 4<<26 | 1352},
	} {
		op := instruction(o.mask, o.value)
		op.Feature, op.Name = o.feature, o.name
		list = append(list, op)
	}
	if order == binary.ByteOrder(binary.LittleEndian) {
		return littleEndian(list)
	}
	return list
}
