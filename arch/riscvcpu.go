// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"fmt"
	"strings"
)

// riscvFeatures are the extensions that a program learns of: the letters of AT_HWCAP, where 'a' is bit 0 (riscv/kernel/cpufeature.c,
// riscv_get_elf_hwcap), and the bits of RISCV_HWPROBE_KEY_IMA_EXT_0 (riscv/include/uapi/asm/hwprobe.h), by their names in the ISA
// string. What the engine runs was found out by running an instruction of each on its model "any". F and D share a bit of hwprobe, which
// goes by D.
var riscvFeatures = []Feature{
	{Name: "i", HWCap: 1, Bit: 8, Engine: true},
	{Name: "m", HWCap: 1, Bit: 12, Engine: true},
	{Name: "a", HWCap: 1, Bit: 0, Engine: true},
	{Name: "f", HWCap: 1, Bit: 5, Engine: true},
	{Name: "d", HWCap: 1, Bit: 3, HWProbe: 1 << 0, Engine: true},
	{Name: "c", HWCap: 1, Bit: 2, HWProbe: 1 << 1, Engine: true},
	{Name: "v", HWCap: 1, Bit: 21, HWProbe: 1 << 2},
	{Name: "zba", HWProbe: 1 << 3, Carried: true},
	{Name: "zbb", HWProbe: 1 << 4, Carried: true},
	{Name: "zbs", HWProbe: 1 << 5, Carried: true},
	{Name: "zicboz", HWProbe: 1 << 6},
	{Name: "zbc", HWProbe: 1 << 7},
	{Name: "zbkb", HWProbe: 1 << 8},
	{Name: "zbkc", HWProbe: 1 << 9},
	{Name: "zbkx", HWProbe: 1 << 10},
	{Name: "zknd", HWProbe: 1 << 11},
	{Name: "zkne", HWProbe: 1 << 12},
	{Name: "zknh", HWProbe: 1 << 13},
	{Name: "zvbb", HWProbe: 1 << 17},
	{Name: "zfh", HWProbe: 1 << 27},
	{Name: "zfa", HWProbe: 1 << 32},
	{Name: "zacas", HWProbe: 1 << 34},
	{Name: "zicond", HWProbe: 1 << 35, Carried: true},
}

// riscvFloats are f0 to f31 and fcsr, as struct __riscv_d_ext_state has them (riscv/include/uapi/asm/ptrace.h).
var riscvFloats = []FloatSlot{
	{Reg: Register{"f0", ucRISCVRegF0}, Offset: 560, Size: 8}, {Reg: Register{"f1", ucRISCVRegF1}, Offset: 568, Size: 8},
	{Reg: Register{"f2", ucRISCVRegF2}, Offset: 576, Size: 8}, {Reg: Register{"f3", ucRISCVRegF3}, Offset: 584, Size: 8},
	{Reg: Register{"f4", ucRISCVRegF4}, Offset: 592, Size: 8}, {Reg: Register{"f5", ucRISCVRegF5}, Offset: 600, Size: 8},
	{Reg: Register{"f6", ucRISCVRegF6}, Offset: 608, Size: 8}, {Reg: Register{"f7", ucRISCVRegF7}, Offset: 616, Size: 8},
	{Reg: Register{"f8", ucRISCVRegF8}, Offset: 624, Size: 8}, {Reg: Register{"f9", ucRISCVRegF9}, Offset: 632, Size: 8},
	{Reg: Register{"f10", ucRISCVRegF10}, Offset: 640, Size: 8}, {Reg: Register{"f11", ucRISCVRegF11}, Offset: 648, Size: 8},
	{Reg: Register{"f12", ucRISCVRegF12}, Offset: 656, Size: 8}, {Reg: Register{"f13", ucRISCVRegF13}, Offset: 664, Size: 8},
	{Reg: Register{"f14", ucRISCVRegF14}, Offset: 672, Size: 8}, {Reg: Register{"f15", ucRISCVRegF15}, Offset: 680, Size: 8},
	{Reg: Register{"f16", ucRISCVRegF16}, Offset: 688, Size: 8}, {Reg: Register{"f17", ucRISCVRegF17}, Offset: 696, Size: 8},
	{Reg: Register{"f18", ucRISCVRegF18}, Offset: 704, Size: 8}, {Reg: Register{"f19", ucRISCVRegF19}, Offset: 712, Size: 8},
	{Reg: Register{"f20", ucRISCVRegF20}, Offset: 720, Size: 8}, {Reg: Register{"f21", ucRISCVRegF21}, Offset: 728, Size: 8},
	{Reg: Register{"f22", ucRISCVRegF22}, Offset: 736, Size: 8}, {Reg: Register{"f23", ucRISCVRegF23}, Offset: 744, Size: 8},
	{Reg: Register{"f24", ucRISCVRegF24}, Offset: 752, Size: 8}, {Reg: Register{"f25", ucRISCVRegF25}, Offset: 760, Size: 8},
	{Reg: Register{"f26", ucRISCVRegF26}, Offset: 768, Size: 8}, {Reg: Register{"f27", ucRISCVRegF27}, Offset: 776, Size: 8},
	{Reg: Register{"f28", ucRISCVRegF28}, Offset: 784, Size: 8}, {Reg: Register{"f29", ucRISCVRegF29}, Offset: 792, Size: 8},
	{Reg: Register{"f30", ucRISCVRegF30}, Offset: 800, Size: 8}, {Reg: Register{"f31", ucRISCVRegF31}, Offset: 808, Size: 8},
	{Reg: Register{"fcsr", ucRISCVRegFCSR}, Offset: 816, Size: 4},
}

// riscvTraps are the exceptions of the privileged architecture (scause) and what Linux makes of them (riscv/kernel/traps.c). The engine
// takes accesses that are not aligned, as Linux' emulation does, except atomic ones: those nobody mends (handle_misaligned_store).
var riscvTraps = []Trap{
	{Intr: 1, Signal: SIGSEGV, Code: 2, Addr: true}, // instruction access fault: SEGV_ACCERR
	{Intr: 3, Signal: SIGTRAP, Code: 1, Addr: true}, // EBREAK: TRAP_BRKPT, do_trap_break; the PC stays on it
	{Intr: 4, Signal: SIGBUS, Code: 1, Addr: true},  // load that is not aligned: BUS_ADRALN
	{Intr: 5, Signal: SIGSEGV, Code: 2, Addr: true}, // load access fault: SEGV_ACCERR
	{Intr: 6, Signal: SIGBUS, Code: 1, Addr: true},  // store or atomic access that is not aligned: BUS_ADRALN
	{Intr: 7, Signal: SIGSEGV, Code: 2, Addr: true}, // store access fault: SEGV_ACCERR
}

// riscvCPUInfo is c_show of riscv/kernel/cpu.c. A CPU of nobody's: its identification registers are 0.
func riscvCPUInfo(cpus []int, features string) string {
	isa := "rv64"
	for _, name := range strings.Fields(features) {
		if len(name) > 1 {
			name = "_" + name
		}
		isa += name
	}
	var b strings.Builder
	for _, cpu := range cpus {
		fmt.Fprintf(&b, "processor\t: %d\nhart\t\t: %d\nisa\t\t: %s\nmmu\t\t: sv39\nmvendorid\t: 0x0\nmarchid\t\t: 0x0\nmimpid\t\t: 0x0\nhart isa\t: %s\n\n",
			cpu, cpu, isa, isa)
	}
	return b.String()
}
