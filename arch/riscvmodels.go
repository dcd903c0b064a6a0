// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import "fmt"

const (
	rv64gc   = "i m a f d c "
	rva22    = rv64gc + "zba zbb zbs zicboz "
	riscvIDs = "riscv/include/asm/vendorid_list.h; /proc/cpuinfo of boards with it"
)

// riscvCPUs are by maker. The T-Head C906 and C910 have vectors of a draft, which Linux does not call V.
var riscvCPUs = []CPU{
	riscvCPU("sifive-u54", "SiFive U54 (2017): HiFive Unleashed, PolarFire", 0x489, 0x1, 0x0, rv64gc),
	riscvCPU("sifive-u74", "SiFive U74 (2018): HiFive Unmatched, VisionFive 2", 0x489, 0x8000000000000007, 0x4210427, rv64gc+"zba zbb"),
	riscvCPU("sifive-p550", "SiFive P550 (2021): HiFive Premier", 0x489, 0x8000000000000008, 0x6220425, rv64gc+"zba zbb"),
	riscvCPU("thead-c906", "T-Head C906 (2020): Allwinner D1, Milk-V Duo", 0x5b7, 0, 0, rv64gc),
	riscvCPU("thead-c910", "T-Head C910 (2020): LicheePi 4A", 0x5b7, 0, 0, rv64gc),
	riscvCPU("thead-c920", "T-Head C920 (2022): SOPHON SG2042", 0x5b7, 0x8000000009140d00, 0x50000, rv64gc),
	riscvCPU("spacemit-k1", "SpacemiT K1 (2024): Banana Pi BPI-F3", 0x710, 0x8000000058000001, 0x1000000049772200,
		rva22+"zbc v zfh zicond zbkb zvbb"),
}

func riscvCPU(name, title string, vendor, architecture, implementation uint64, features string) CPU {
	hex := func(n uint64) string { return fmt.Sprintf("%#x", n) }
	return CPU{
		Name: name, Title: title, Source: riscvIDs, Features: features,
		HWProbe: map[int64]uint64{0: vendor, 1: architecture, 2: implementation},
		Info:    []InfoLine{{"mvendorid", hex(vendor)}, {"marchid", hex(architecture)}, {"mimpid", hex(implementation)}},
	}
}

// riscvOpcodes are instructions of the extensions that the engine lacks, by the unprivileged specification. Their lengths are not needed: the
// engine traps on all of them.
var riscvOpcodes = func() []Opcode {
	var list []Opcode
	for _, o := range []struct {
		feature, name string
		mask, value   uint32
	}{
		{"v", "", 0x7f, 0x57}, // OP-V
		{"zba", "sh1add", 0xfe00707f, 0x20002033}, {"zba", "sh2add", 0xfe00707f, 0x20004033}, {"zba", "sh3add", 0xfe00707f, 0x20006033},
		{"zba", "add.uw", 0xfe00707f, 0x0800003b}, {"zba", "", 0xfe00707f, 0x2000203b}, {"zba", "", 0xfe00707f, 0x2000403b},
		{"zba", "", 0xfe00707f, 0x2000603b}, {"zba", "slli.uw", 0xfc00707f, 0x0800101b},
		{"zbb", "andn", 0xfe00707f, 0x40007033}, {"zbb", "orn", 0xfe00707f, 0x40006033}, {"zbb", "xnor", 0xfe00707f, 0x40004033},
		{"zbb", "", 0xffe0707f, 0x60001013}, {"zbb", "cpop", 0xfff0707f, 0x60201013},
		{"zbb", "sext", 0xffe0707f, 0x60401013}, {"zbb", "", 0xfe00407f, 0x0a004033}, {"zbb", "rol", 0xfe00707f, 0x60001033},
		{"zbb", "ror", 0xfe00707f, 0x60005033}, {"zbb", "rori", 0xfc00707f, 0x60005013}, {"zbb", "rev8", 0xfff0707f, 0x6b805013},
		{"zbb", "orc.b", 0xfff0707f, 0x28705013}, {"zbb", "zext.h", 0xfff0707f, 0x0800403b}, {"zbb", "", 0xfff0707f, 0x6000101b},
		{"zbb", "", 0xfff0707f, 0x6010101b}, {"zbb", "", 0xfff0707f, 0x6020101b}, {"zbb", "", 0xfe00707f, 0x6000103b},
		{"zbb", "", 0xfe00707f, 0x6000503b}, {"zbb", "", 0xfe00707f, 0x6000501b},
		{"zbs", "bclr", 0xfe00707f, 0x48001033}, {"zbs", "bext", 0xfe00707f, 0x48005033}, {"zbs", "binv", 0xfe00707f, 0x68001033},
		{"zbs", "bset", 0xfe00707f, 0x28001033}, {"zbs", "bclri", 0xfc00707f, 0x48001013}, {"zbs", "bexti", 0xfc00707f, 0x48005013},
		{"zbs", "binvi", 0xfc00707f, 0x68001013}, {"zbs", "bseti", 0xfc00707f, 0x28001013},
		{"zicond", "czero", 0xfe00507f, 0x0e005033},
	} {
		op := instruction(o.mask, o.value)
		op.Feature, op.Name = o.feature, o.name
		list = append(list, op)
	}
	return littleEndian(list)
}()
