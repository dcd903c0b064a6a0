// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"strconv"
	"strings"
)

const (
	legacy = iota
	vex
	evex
)

// op is an opcode of x86: kind, table of opcodes, mandatory prefix, last byte.
func op(kind, table, prefix, code uint64, feature, name string) Opcode {
	return Opcode{
		Mask:  3<<x86Kind | 0xf<<x86Map | 3<<x86Prefix | 0xff<<x86Opcode,
		Value: kind<<x86Kind | table<<x86Map | prefix<<x86Prefix | code<<x86Opcode, Feature: feature, Name: name,
	}
}

// ops are some with all that but the codes in common: "10-17 5a", in hexadecimal.
func ops(kind, table, prefix uint64, feature, codes string) []Opcode {
	var list []Opcode
	for part := range strings.FieldsSeq(codes) {
		from, to, isRange := strings.Cut(part, "-")
		first, _ := strconv.ParseUint(from, 16, 8)
		last := first
		if isRange {
			last, _ = strconv.ParseUint(to, 16, 8)
		}
		for code := first; code <= last; code++ {
			list = append(list, op(kind, table, prefix, code, feature, ""))
		}
	}
	return list
}

// with is an opcode of which more is given.
func (o Opcode) with(mask, value uint64) Opcode {
	o.Mask |= mask
	o.Value |= value
	return o
}

// x86Opcodes are the instructions of x86Features that a CPU traps when it lacks them (SDM volume 2, and its table of opcodes in appendix A).
// LZCNT and TZCNT are not here: a CPU that lacks them executes BSR and BSF. All that begins with VEX and is not of BMI1 and BMI2 is
// AVX's or follows from it.
var x86Opcodes = func() []Opcode {
	list := append(x86StateOpcodes(), []Opcode{
		op(vex, 2, 0, 0xf2, "bmi1", "andn"), op(vex, 2, 0, 0xf3, "bmi1", ""), op(vex, 2, 0, 0xf7, "bmi1", "bextr"),
		op(vex, 2, 0, 0xf5, "bmi2", "bzhi"), op(vex, 2, 2, 0xf5, "bmi2", "pext"), op(vex, 2, 3, 0xf5, "bmi2", "pdep"),
		op(vex, 2, 3, 0xf6, "bmi2", "mulx"), op(vex, 2, 1, 0xf7, "bmi2", "shlx"), op(vex, 2, 2, 0xf7, "bmi2", "sarx"),
		op(vex, 2, 3, 0xf7, "bmi2", "shrx"), op(vex, 3, 3, 0xf0, "bmi2", "rorx"),
		op(vex, 2, 1, 0x13, "f16c", "vcvtph2ps"), op(vex, 3, 1, 0x1d, "f16c", "vcvtps2ph"),
		op(vex, 1, 0, 0x77, "avx", "vzeroupper"),
	}...)
	for base, form := range []string{"132", "213", "231"} {
		for i, name := range []string{
			"vfmaddsub%pp", "vfmsubadd%pp", "vfmadd%pp", "vfmadd%ps", "vfmsub%pp", "vfmsub%ps", "vfnmadd%pp", "vfnmadd%ps", "vfnmsub%pp", "vfnmsub%ps",
		} {
			name = strings.Replace(name, "%", form, 1) // p or s, packed or scalar; then s or d by W
			name, kind := name[:len(name)-2], name[len(name)-1:]
			o := op(vex, 2, 1, uint64(0x96+0x10*base+i), "fma", "")
			for w, size := range []string{"s", "d"} {
				o.Name = name + kind + size
				list = append(list, o.with(1<<x86Wide, uint64(w)<<x86Wide))
			}
		}
	}
	for code, name := range map[uint64]string{
		0x58: "vpbroadcastd", 0x59: "vpbroadcastq", 0x5a: "vbroadcasti128", 0x78: "vpbroadcastb", 0x79: "vpbroadcastw", 0x36: "vpermd",
	} {
		list = append(list, op(vex, 2, 1, code, "avx2", name))
	}
	for code, name := range map[uint64]string{0x38: "vinserti128", 0x39: "vextracti128", 0x46: "vperm2i128", 0x00: "vpermq"} {
		list = append(list, op(vex, 3, 1, code, "avx2", name))
	}
	const long = 1 << x86Long
	add := func(with uint64, more []Opcode) {
		for _, o := range more {
			list = append(list, o.with(with, with))
		}
	}
	add(long, ops(vex, 2, 1, "vaes", "dc-df"))
	add(long, ops(vex, 3, 1, "vpclmulqdq", "44"))
	add(0, ops(vex, 2, 1, "avx_vnni", "50-53"))
	add(0, ops(vex, 2, 1, "avx2", "45-47 8c 8e 90-93"))
	add(long, ops(vex, 1, 1, "avx2", "60-6d 70-76 d1-d5 d7-df e0-e5 e8-ef f1-f6 f8-fe"))
	add(long, append(ops(vex, 1, 2, "avx2", "70"), ops(vex, 1, 3, "avx2", "70")...))
	add(long, ops(vex, 2, 1, "avx2", "00-0b 1c-1e 20-25 28-2b 30-35 37-40"))
	add(long, ops(vex, 3, 1, "avx2", "02 0e 0f 42 4c"))
	for prefix := range uint64(4) {
		add(0, ops(vex, 1, prefix, "avx512f", "41-4b 90-93 98 99")) // mask registers
		add(0, ops(vex, 2, prefix, "amx_tile", "49 4b 5c 5e"))
	}
	list = append(list,
		Opcode{Mask: 3 << x86Kind, Value: vex << x86Kind, Feature: "avx"},
		Opcode{Mask: 3 << x86Kind, Value: evex << x86Kind, Feature: "avx512f"})
	return append(list, x86LegacyOpcodes()...)
}()

// x86StateOpcodes are XSAVE and its like, of which all but one form have an operand in memory.
func x86StateOpcodes() []Opcode {
	var list []Opcode
	for _, form := range []struct {
		code, reg uint64
		name      string
	}{{0xae, 4, "xsave"}, {0xae, 5, "xrstor"}, {0xae, 6, "xsaveopt"}, {0xc7, 3, "xrstors"}, {0xc7, 4, "xsavec"}, {0xc7, 5, "xsaves"}} {
		for mod := range uint64(3) {
			list = append(list, op(legacy, 1, 0, form.code, "xsave", form.name).with(0xf8, mod<<6|form.reg<<3))
		}
	}
	return list
}

// x86LegacyOpcodes are those that CPUs of before 2013 lack, some or all.
func x86LegacyOpcodes() []Opcode {
	const wide = 1 << x86Wide
	list := []Opcode{
		op(legacy, 1, 0, 0xc7, "cx16", "cmpxchg16b").with(wide|0x38, wide|0x08), op(legacy, 1, 0, 0xc7, "cx8", "cmpxchg8b").with(0x38, 0x08),
		op(legacy, 1, 2, 0xb8, "popcnt", "popcnt"), op(legacy, 3, 1, 0x44, "pclmulqdq", "pclmulqdq"), op(legacy, 1, 0, 0x31, "tsc", "rdtsc"),
		op(legacy, 1, 0, 0x01, "rdtscp", "rdtscp").with(0xff, 0xf9),
		op(legacy, 2, 1, 0xf6, "adx", "adcx"), op(legacy, 2, 2, 0xf6, "adx", "adox"),
		op(legacy, 2, 3, 0xf0, "sse4_2", "crc32"), op(legacy, 2, 3, 0xf1, "sse4_2", "crc32"),
		op(legacy, 2, 0, 0xf0, "movbe", "movbe"), op(legacy, 2, 0, 0xf1, "movbe", "movbe"),
		op(legacy, 2, 1, 0xf0, "movbe", "movbe"), op(legacy, 2, 1, 0xf1, "movbe", "movbe"),
		op(legacy, 1, 0, 0xae, "sse2", "lfence").with(0xf8, 0xe8), op(legacy, 1, 0, 0xae, "sse2", "mfence").with(0xf8, 0xf0),
		op(legacy, 1, 0, 0xae, "sse", "sfence").with(0xf8, 0xf8),
	}
	for _, set := range []struct {
		table, prefix  uint64
		feature, codes string
	}{
		{1, 0, "cmov", "40-4f"},
		{2, 1, "aes", "db-df"}, {3, 1, "aes", "df"},
		{2, 1, "sse4_2", "37"}, {3, 1, "sse4_2", "60-63"},
		{2, 1, "sse4_1", "10 14 15 17 20-25 28-2b 30-35 38-41"}, {3, 1, "sse4_1", "08-0e 14-17 20-22 40-42"},
		{2, 0, "ssse3", "00-0b 1c-1e"}, {2, 1, "ssse3", "00-0b 1c-1e"}, {3, 0, "ssse3", "0f"}, {3, 1, "ssse3", "0f"},
		{1, 1, "pni", "7c 7d d0"}, {1, 3, "pni", "12 7c 7d d0 f0"}, {1, 2, "pni", "12 16"},
		{1, 1, "sse2", "10-17 28-2f 50-76 7e 7f c2 c4-c6 d1-ef f1-fe"},
		{1, 2, "sse2", "5a 5b 6f 70 7e 7f d6 e6"}, {1, 3, "sse2", "10 11 2a 2c 2d 51 58-5f 70 c2 d6 e6"}, {1, 0, "sse2", "5a 5b d4 f4 fb"},
		{1, 0, "sse", "10-17 28-2f 50-59 5c-5f c2 c4-c6 70 d7 da de e0 e3 e4 e7 ea ee f6 f7"},
		{1, 2, "sse", "10 11 2a 2c 2d 51-53 58 59 5c-5f c2"},
		{1, 0, "mmx", "60-6b 6e 6f 71-77 7e 7f d1-d3 d5 d8 d9 db-dd df e1 e2 e5 e8 e9 eb-ed ef f1-f3 f5 f8-fa fc-fe"},
	} {
		list = append(list, ops(legacy, set.table, set.prefix, set.feature, set.codes)...)
	}
	return list
}

// x86StateLeaves are what CPUID tells of the states that XCR0 has: sizes and offsets in bytes (SDM volume 1, 13.2 and 13.5).
func x86StateLeaves(xcr0 uint64) []CPUID {
	size := uint32(576) // the legacy region and the header
	var leaves []CPUID
	for _, state := range []struct{ bit, size, offset uint32 }{{2, 256, 576}, {5, 64, 1088}, {6, 512, 1152}, {7, 1024, 1664}, {17, 64, 2752}, {18, 8192, 2816}} {
		if xcr0>>state.bit&1 != 0 {
			size = max(size, state.size+state.offset)
			leaves = append(leaves, CPUID{0xd, state.bit, [4]uint32{state.size, state.offset, 0, 0}})
		}
	}
	const xsaveopt = 1
	return append(leaves, CPUID{0xd, 0, [4]uint32{uint32(xcr0), size, size, uint32(xcr0 >> 32)}}, CPUID{0xd, 1, [4]uint32{xsaveopt, 0, 0, 0}})
}
