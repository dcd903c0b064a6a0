// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import "slices"

const (
	z196  = "esan3 zarch stfle msa ldisp eimm dfp edat etf3eh highgprs sie "
	zEC12 = z196 + "te "
	z13   = zEC12 + "vx "
	z14   = z13 + "vxd vxe gs "
	z15   = z14 + "vxe2 sort dflt vxp "
	z16   = z15 + "vxp2 nnpa "
)

// s390xCPUs are by age. Go's minimum is the z13 since Go 1.19.
var s390xCPUs = []CPU{
	s390xCPU("z196", "IBM zEnterprise 196 (2010)", "2817", z196, "z196"),
	s390xCPU("zec12", "IBM zEnterprise EC12 (2012)", "2827", zEC12, "zEC12"),
	s390xCPU("z13", "IBM z13 (2015)", "2964", z13, "z13"),
	s390xCPU("z14", "IBM z14 (2017)", "3906", z14, "z14", 58, 80, 81, 130, 144, 145, 146),
	s390xCPU("z15", "IBM z15 (2019)", "8561", z15, "z15", 58, 61, 80, 81, 130, 144, 145, 146, 149, 155),
	s390xCPU("z16", "IBM z16 (2022)", "3931", z16, "z16", 58, 61, 80, 81, 130, 144, 145, 146, 149, 155, 193, 194, 196, 197),
}

// s390xCPU is a CPU with further facilities, beside those of the z13 and those that are features with names.
func s390xCPU(name, title, machine, features, platform string, more ...uint32) CPU {
	c := CPU{
		Name: name, Title: title, Source: "s390/kernel/processor.c; QEMU's documentation of its CPU models", Features: features, Platform: platform,
		Info: []InfoLine{{"machine", machine}},
	}
	if len(more) > 0 {
		c.CPUID = facilities(2, slices.Concat(s390xFacilityBits, more)...)
	}
	return c
}

// s390xOpcodes are instructions that came with the vector-enhancements facility 1 of the z14 (SA22-7832), which the engine has or rt0 carries
// out: all of those of VECTOR FP that work on elements of 32 bits, and those that are new.
var s390xOpcodes = func() []Opcode {
	const vector, last, format = 0xff0000000000 << 16, 0xff << 16, 0xf000 << 16
	set := func(feature, name string, code uint64) Opcode {
		return Opcode{Mask: vector | last, Value: 0xe7<<56 | code<<16, Feature: feature, Name: name}
	}
	list := []Opcode{
		set("vxe", "vfmin", 0xee), set("vxe", "vfmax", 0xef), set("vxe", "vbperm", 0x85), set("vxe", "vmsl", 0xb8),
		set("vxe", "vnn", 0x6e), set("vxe", "voc", 0x6f), set("vxe", "vnx", 0x6c), set("vxe", "vfnms", 0x9e), set("vxe", "vfnma", 0x9f),
	}
	for code, name := range map[uint64]string{
		0xe3: "vfa", 0xe2: "vfs", 0xe7: "vfm", 0xe5: "vfd", 0xce: "vfsq", 0xc7: "vfi", 0xcc: "vfpso", 0xcb: "wfc", 0xca: "wfk",
		0xe8: "vfce", 0xea: "vfche", 0xeb: "vfch", 0x4a: "vftci",
	} {
		o := set("vxe", name, code)
		o.Mask |= format
		o.Value |= 2 << 28
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b Opcode) int { return int(a.Value>>16&0xffff) - int(b.Value>>16&0xffff) })
	vxe2 := []Opcode{}
	for code, name := range map[uint64]string{0x06: "vl*br", 0x0e: "vst*br", 0x01: "vlebrh", 0x02: "vlebrg", 0x03: "vlebrf"} {
		vxe2 = append(vxe2, Opcode{Mask: vector | last, Value: 0xe6<<56 | code<<16, Feature: "vxe2", Name: name})
	}
	slices.SortFunc(vxe2, func(a, b Opcode) int { return int(a.Value>>16&0xffff) - int(b.Value>>16&0xffff) })
	list = append(list, vxe2...)
	return append(list,
		Opcode{Mask: vector, Value: 0xe6 << 56, Feature: "vxd"}, // packed decimal
		Opcode{Mask: vector, Value: 0xe7 << 56, Feature: "vx"})
}()
