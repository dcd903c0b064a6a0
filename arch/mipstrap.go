// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"strconv"
	"strings"
)

// mipsTraps are the CPU's exceptions by the engine's numbers (EXCP_*), and what Linux makes of them (mips/kernel/traps.c) where
// mipsCarryOut does not know better. Where it says no more than force_sig, there is no address.
var mipsTraps = []Trap{
	{Intr: mipsAddressLoad, Signal: SIGBUS, Code: siKernel},             // do_ade
	{Intr: mipsAddressStore, Signal: SIGBUS, Code: siKernel},            // do_ade
	{Intr: mipsBreak, Signal: SIGTRAP, Code: 1},                         // do_bp: TRAP_BRKPT
	{Intr: mipsReserved, Signal: SIGILL, Code: siKernel},                // do_ri
	{Intr: 19, Signal: SIGILL, Code: siKernel},                          // coprocessor unusable: do_cpu
	{Intr: mipsOverflow, Signal: SIGFPE, Code: fpeIntOvf, Addr: true},   // do_ov
	{Intr: mipsTrap, Signal: SIGTRAP, Code: siKernel},                   // do_tr
	{Intr: mipsFloatError, Signal: SIGFPE, Code: fpeFltUnk, Addr: true}, // do_fpe
}

// mipsBreak is the exception of break.
const mipsBreak = 18

// Further values of si_code (include/uapi/asm-generic/siginfo.h).
const (
	fpeIntOvf = 2
	fpeFltUnk = 14
)

// mipsCarryOut carries out what Linux does for the CPU: unaligned accesses and rdhwr. And it tells apart the exceptions of which there are
// several kinds.
func mipsCarryOut(trap Trap, x Trapped) (Trap, bool) {
	i := mipsInsn(x.Insn)
	switch trap.Intr {
	case mipsAddressLoad, mipsAddressStore:
		return mipsUnaligned(trap, i, x)
	case mipsReserved:
		return trap, mipsHardware(i, x)
	case mipsBreak:
		return mipsBreakCode(trap, mipsCode(uint32(i)>>6&(1<<20-1))), false
	case mipsTrap:
		if i.op() != 0 {
			return trap, false // the immediate forms have no code
		}
		return mipsBreakCode(trap, uint32(i)>>6&(1<<10-1)), false
	case mipsFloatError:
		return mipsFloatSignal(trap, x), false
	}
	return trap, false
}

// mipsCode is the code of a break: assemblers put it into the upper half of its field as well (do_bp).
func mipsCode(field uint32) uint32 {
	if field >= 1<<10 {
		return field&(1<<10-1)<<10 | field>>10
	}
	return field
}

// mipsBreakCode: compilers use codes for arithmetic errors (do_trap_or_bp, mips/include/uapi/asm/break.h).
func mipsBreakCode(trap Trap, code uint32) Trap {
	const (
		overflow = 6    // BRK_OVERFLOW
		divide   = 7    // BRK_DIVZERO
		bug      = 12   // BRK_BUG
		emulator = 1023 // BRK_MEMU
	)
	switch code {
	case overflow:
		return Trap{Intr: trap.Intr, Signal: SIGFPE, Code: fpeIntOvf, Addr: true}
	case divide:
		return Trap{Intr: trap.Intr, Signal: SIGFPE, Code: fpeIntDiv, Addr: true}
	case bug, emulator:
		trap.Code = siKernel
	}
	return trap
}

// mipsFCSR is the floating-point control and status register, with the causes of the last exception at bit 12 and what is enabled at bit 7,
// inexact first.
var mipsFCSR = Register{"fcsr", ucMIPSRegFCSR}

// mipsPending are the causes of an FCSR that are enabled (mask_fcr31_x). One of them set would raise the exception anew.
func mipsPending(fcsr uint64) uint64 { return fcsr & (fcsr >> 7 & 0x1f << 12) }

// mipsFCSRSlot is its place in a signal frame. What is pending would raise SIGFPE again (fpcsr_pending): rt0 lets it go.
func mipsFCSRSlot(offset int) FloatSlot {
	return FloatSlot{
		Reg: mipsFCSR, Offset: offset, Size: 4,
		Save: func(v uint64) uint64 { return v },
		Load: func(v uint64) uint64 { return v &^ mipsPending(v) },
	}
}

// mipsFloatSignal is do_fpe and force_fcr31_sig.
func mipsFloatSignal(trap Trap, x Trapped) Trap {
	fcsr := x.Reg(mipsFCSR)
	x.SetReg(mipsFCSR, fcsr&^mipsPending(fcsr))
	for _, cause := range [...]struct {
		bit  uint
		code int32
	}{{16, 7}, {15, 3}, {14, 4}, {13, 5}, {12, 6}} { // FPE_FLTINV, FPE_FLTDIV, FPE_FLTOVF, FPE_FLTUND, FPE_FLTRES
		if fcsr>>cause.bit&1 != 0 {
			trap.Code = cause.code
			break
		}
	}
	return trap
}

// mipsResolution is how many cycles a tick of the counter has.
const mipsResolution = 2

// mipsHardware is simulate_rdhwr: registers of the hardware that the program may read. True: that was it.
func mipsHardware(i mipsInsn, x Trapped) bool {
	if i.op() != 0x1f || i.funct() != 0x3b {
		return false
	}
	var v uint64
	switch i.rd() {
	case 0: // the CPU's number
	case 1: // the cache's line
		v = 32
	case 2: // the counter
		v = uint64(int64(int32(x.Counter / mipsResolution)))
	case 3: // its resolution
		v = mipsResolution
	case 29: // UserLocal
		v = x.Reg(Register{"userlocal", ucMIPSRegCP0USERLOCAL})
	default:
		return true // simulate_rdhwr_normal passes over the others
	}
	if i.rt() != 0 {
		x.SetReg(mips32Registers[i.rt()], v)
	}
	return true
}

// mipsUnaligned is do_ade and emulate_load_store_insn.
func mipsUnaligned(trap Trap, i mipsInsn, x Trapped) (Trap, bool) {
	reg := func(n int) uint64 { return x.Reg(mips32Registers[n]) }
	a, addr, ok := i.access(reg)
	if x.Word == 4 {
		addr = uint64(uint32(addr))
	}
	switch {
	case !ok || a.conditional || addr+a.size > x.UserTop || addr+a.size < addr:
		return trap, false
	case a.size > uint64(x.Word) && !a.float:
		return Trap{Intr: trap.Intr, Signal: SIGILL, Code: siKernel}, false
	}
	fault := Trap{Intr: trap.Intr, Signal: SIGSEGV, Code: siKernel}
	if a.store {
		if !x.Write(addr, int(a.size), mipsStored(i, a, x)) {
			return fault, false
		}
		return trap, true
	}
	v, ok := x.Read(addr, int(a.size))
	if !ok {
		return fault, false
	}
	if a.float {
		mipsSetFloat(i, a, x, v)
		return trap, true
	}
	if unused := 64 - 8*a.size; a.signed {
		v = uint64(int64(v<<unused) >> unused)
	}
	if i.rt() != 0 {
		x.SetReg(mips32Registers[i.rt()], v)
	}
	return trap, true
}

// mipsFloat is a floating-point register: of 32 bits on O32, where two make a double, the even one its low half.
func mipsFloat(n int) Register { return Register{"f" + strconv.Itoa(n), ucMIPSRegF0 + n} }

// target is the floating-point register that a load or store is about.
func (i mipsInsn) target() int {
	if i.op() != 0x13 {
		return i.rt()
	}
	if i.funct() >= 8 { // swxc1, sdxc1: fs
		return i.rd()
	}
	return int(i >> 6 & 31) // fd
}

// mipsStored is what a store stores.
func mipsStored(i mipsInsn, a mipsAccess, x Trapped) uint64 {
	switch n := i.target(); {
	case !a.float:
		return x.Reg(mips32Registers[i.rt()])
	case a.size == 8 && x.Word == 4:
		return x.Reg(mipsFloat(n&^1)) | x.Reg(mipsFloat(n|1))<<32
	default:
		return x.Reg(mipsFloat(n))
	}
}

// mipsSetFloat gives a floating-point register what was loaded.
func mipsSetFloat(i mipsInsn, a mipsAccess, x Trapped, v uint64) {
	switch n := i.target(); {
	case a.size == 8 && x.Word == 4:
		x.SetReg(mipsFloat(n&^1), v&0xffffffff)
		x.SetReg(mipsFloat(n|1), v>>32)
	case a.size == 4 && x.Word == 8:
		r := mipsFloat(n)
		x.SetReg(r, x.Reg(r)&^0xffffffff|v)
	default:
		x.SetReg(mipsFloat(n), v)
	}
}

// mipsHidden are the floating-point registers, which Unicorn's interface for MIPS lacks (reg_read of qemu/target/mips/unicorn.c): of so many
// bytes. The code has the block's address in $8, and uses $9.
func mipsHidden(size int) *Hidden {
	const (
		load, store     = 0, 1
		cfc1, ctc1      = 0x4449f800, 0x44c9f800 // $9, $31
		lw, sw          = 0x8d090000, 0xad090000 // $9, offset($8)
		trap            = 0x0000000c             // syscall
		base, registers = 8, 32
	)
	access := map[int][2]uint32{4: {0xc5000000, 0xe5000000}, 8: {0xd5000000, 0xf5000000}}[size] // lwc1, swc1; ldc1, sdc1
	status := Register{"status", ucMIPSRegCP0STATUS}
	h := &Hidden{
		Addr: Register{"r8", ucMIPSReg8}, Uses: []Register{{"r9", ucMIPSReg9}, status}, Size: registers*size + 4,
		Set: []Reset{{status, ^uint64(0), 1 << 29}}, // coprocessor 1, which the program may be without
	}
	for n := range registers {
		h.Registers = append(h.Registers, Slot{mipsFloat(n), n * size, size})
		h.Load = append(h.Load, access[load]|uint32(n<<16|n*size))
		h.Save = append(h.Save, access[store]|uint32(n<<16|n*size))
	}
	h.Registers = append(h.Registers, Slot{mipsFCSR, registers * size, 4})
	h.Load = append(h.Load, lw|uint32(registers*size), ctc1, trap)
	h.Save = append(h.Save, cfc1, sw|uint32(registers*size), trap)
	return h
}

// mipsCPUInfo is show_cpuinfo of mips/kernel/proc.c, for a CPU that Linux calls so.
func mipsCPUInfo(model, isa string) func(cpus []int, features string) string {
	return func(cpus []int, features string) string {
		var b strings.Builder
		line := func(name, value string) {
			b.WriteString(name + strings.Repeat("\t", 3-len(name)/8) + strings.TrimRight(": "+value, " ") + "\n")
		}
		line("system type", "rt0")
		for _, cpu := range cpus {
			line("processor", strconv.Itoa(cpu))
			line("cpu model", model)
			line("BogoMIPS", "1000.00")
			line("wait instruction", "yes")
			line("microsecond timers", "yes")
			line("tlb_entries", "16")
			line("extra interrupt vector", "yes")
			line("hardware watchpoint", "no")
			line("isa", isa)
			line("ASEs implemented", strings.TrimSpace(strings.TrimSuffix(features, "fpu")))
			line("shadow register sets", "1")
			line("kscratch registers", "0")
			line("package", "0")
			line("core", strconv.Itoa(cpu))
			line("VCED exceptions", "not available")
			line("VCEI exceptions", "not available")
			b.WriteString("\n")
		}
		return b.String()
	}
}
