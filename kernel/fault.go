// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/machine"
)

// The values of si_code for faults, include/uapi/asm-generic/siginfo.h.
const (
	segvMapErr = 1
	segvAccErr = 2
	busAdrErr  = 2
	illIllOpc  = 1
)

// The exception numbers of x86, which its signal frames repeat; arm's have the first as well.
const (
	trapInvalidOpcode = 6
	trapProtection    = 13
)

var accessNames = map[emu.Prot]string{emu.Read: "read", emu.Write: "write", emu.Exec: "execute"}

// fault answers an access that the address space does not allow: the vsyscall page, or SIGSEGV.
func (p *Process) fault(t *Thread, stop emu.Stop) {
	if stop.Access == emu.Exec && p.vsyscall(t, stop.Addr) {
		return
	}
	if p.misplaced(t, stop) || !stop.Mapped && p.expandStack(stop.Addr) {
		return
	}
	what := &p.arch.PageFault
	if stop.Access == emu.Exec && what.Fetch != nil {
		what = what.Fetch
	}
	info := siginfo{signo: arch.SIGSEGV, code: segvMapErr, fault: true, addr: stop.Addr, trap: what.Trap, err: what.Base}
	info.why = fmt.Sprintf("at %#x (%s)", stop.Addr, accessNames[stop.Access])
	if stop.Mapped {
		info.code = segvAccErr
		info.err |= what.Protected
	} else {
		info.err |= what.Missing
	}
	info.err |= map[emu.Prot]uint64{emu.Read: what.Read, emu.Write: what.Write, emu.Exec: what.Exec}[stop.Access]
	if r, ok := p.mem.Find(stop.Addr); ok && stop.Mapped && r.Prot&emu.Absent != 0 && r.Prot&stop.Access != 0 { // filemap_fault
		if p.grown(r, stop.Addr) {
			return
		}
		info.signo, info.code = arch.SIGBUS, busAdrErr
		info.why = fmt.Sprintf("at %#x (%s behind the end of a mapped file)", stop.Addr, accessNames[stop.Access])
	}
	if what.Pages {
		info.addr &^= emu.PageSize - 1
	}
	if !p.canonical(stop.Addr) { // exc_general_protection: no address is told
		info.code, info.addr, info.trap, info.err = siKernel, 0, trapProtection, 0
	}
	if first := p.arch.AddressError; first != 0 && stop.Addr >= first { // the CPU does not even look for a page (do_ade of MIPS)
		info.signo, info.code, info.addr = arch.SIGBUS, siKernel, 0
	}
	p.force(t, info)
}

// canonical says whether the CPU translates an address at all.
func (p *Process) canonical(addr uint64) bool {
	unused := 64 - p.arch.Canonical
	return p.arch.Canonical == 0 || uint64(int64(addr<<unused)>>unused) == addr
}

// illegal answers an instruction that the CPU does not have. When the machine promises a feature that the engine lacks, the
// program may have believed it: that is rt0's limit, not the program's fault.
func (p *Process) illegal(t *Thread, stop emu.Stop) {
	if p.misplaced(t, stop) {
		return
	}
	trap, past := arch.Trap{Signal: arch.SIGILL, Code: illIllOpc, Addr: true, Number: trapInvalidOpcode}, 0
	for _, known := range p.arch.Traps {
		if known.Signal == arch.SIGILL {
			trap = known
			break
		}
	}
	if p.carryOut(t, stop, &trap) {
		return
	}
	what := "illegal instruction"
	if o := stop.Opcode; o.Feature != "" && !p.cpu.Has(o.Feature) {
		what = fmt.Sprintf("illegal instruction: %s, and the CPU has no %s", p.mnemonic(stop), o.Feature)
	}
	if p.arch.Exception != nil {
		code := make([]byte, arch.MaxInstruction)
		trap, past = p.arch.Exception(code[:p.mem.Peek(stop.PC, code)], p.eng.Reg)
		if trap.Signal != arch.SIGILL {
			what = "program exception"
		}
	}
	if insn, ok := p.undefined(&trap, stop.PC); ok {
		what = fmt.Sprintf("instruction %#08x", insn)
	}
	if why := p.beyondEngine(stop); why != "" && trap.Signal == arch.SIGILL {
		p.end(Exit{Kind: Unsupported, PC: stop.PC, Reason: why})
		return
	}
	info := trapped(trap, stop.PC, what)
	info.past = past
	p.force(t, info)
}

// misplaced answers an instruction that no CPU would fetch from where it is.
func (p *Process) misplaced(t *Thread, stop emu.Stop) bool {
	if p.arch.PCAlign.Signal == 0 || stop.PC%4 == 0 {
		return false
	}
	p.force(t, trapped(p.arch.PCAlign, stop.PC, "misaligned pc"))
	return true
}

// undefined looks whether the instruction at pc has a signal of its own, and puts that into trap.
func (p *Process) undefined(trap *arch.Trap, pc uint64) (insn uint64, ok bool) {
	insn, err := p.mem.Uint(pc, 4)
	if err != nil || trap.Signal != arch.SIGILL {
		return 0, false
	}
	for _, known := range p.arch.Undefined {
		if uint32(insn)&known.Mask == known.Value {
			trap.Signal, trap.Code, ok = known.Signal, known.Code, true
		}
	}
	return insn, ok
}

// trapped is what a signal handler is told of a trap.
func trapped(trap arch.Trap, pc uint64, what string) siginfo {
	info := siginfo{signo: trap.Signal, code: trap.Code, fault: true, trap: trap.Number, err: trap.Err, why: fmt.Sprintf("at %#x (%s)", pc, what)}
	if trap.Addr {
		info.addr = pc
	}
	return info
}

// beyondEngine says that an instruction is one that the machine's CPU may have and the engine has not; "": it is the program's own fault. An
// instruction without a name may belong to any of the features that the machine promises and the engine cannot execute.
func (p *Process) beyondEngine(stop emu.Stop) string {
	if o := stop.Opcode; o.Feature != "" {
		if !slices.Contains(p.cpu.Promised(), o.Feature) {
			return ""
		}
		name := p.mnemonic(stop)
		return fmt.Sprintf("the program executed %s at pc %#x (%s), which the machine promises and the engine cannot execute", name, stop.PC, o.Feature)
	}
	if promised := p.cpu.Promised(); len(promised) > 0 {
		return fmt.Sprintf("the machine promises %s, which the engine cannot execute, and the instruction at pc %#x is one that it does not know",
			strings.Join(promised, ", "), stop.PC)
	}
	return ""
}

// mnemonic is the name of the instruction that a run has stopped at.
func (p *Process) mnemonic(stop emu.Stop) string {
	if stop.Opcode.Name != "" {
		return stop.Opcode.Name
	}
	code := make([]byte, arch.MaxInstruction)
	name, _, _ := strings.Cut(p.arch.Instruction(code[:p.mem.Peek(stop.PC, code)], stop.PC, nil), " ")
	if name = strings.TrimSuffix(strings.ToLower(name), "_xmm"); name == "bytes" || name == "word" { // there is no name
		return "an instruction"
	}
	return name
}

// interrupt answers any other exception, by the architecture's table.
func (p *Process) interrupt(t *Thread, stop emu.Stop) {
	trap := arch.Trap{Intr: stop.Intr, Signal: arch.SIGILL, Code: illIllOpc, Addr: true, Number: trapInvalidOpcode}
	for _, known := range p.arch.Traps {
		if known.Intr == stop.Intr {
			trap = known
		}
	}
	if p.carryOut(t, stop, &trap) {
		return
	}
	p.undefined(&trap, stop.PC)
	info := trapped(trap, stop.PC, fmt.Sprintf("exception %d", stop.Intr))
	if insn, err := p.mem.Uint(stop.PC, 4); err == nil && trap.Access != nil {
		info.addr = trap.Access(uint32(insn), func(n int) uint64 { return p.eng.Reg(p.arch.Registers[n]) })
		info.why = fmt.Sprintf("at %#x (misaligned access)", info.addr)
	}
	p.force(t, info)
}

// carryOut lets the architecture do an instruction in the CPU's stead, or say what its exception is.
func (p *Process) carryOut(t *Thread, stop emu.Stop, trap *arch.Trap) (done bool) {
	if p.arch.CarryOut == nil {
		return false
	}
	if *trap, done = p.arch.CarryOut(*trap, p.instruction(t, stop)); done {
		p.eng.Skip()
	}
	return done
}

// instruction is what has raised an exception, and what it works on.
func (p *Process) instruction(t *Thread, stop emu.Stop) arch.Trapped {
	at := stop.PC
	if stop.Slot {
		at += 4
	}
	insn, _ := t.readUint(at, 4)
	return arch.Trapped{
		Insn: uint32(insn), Word: p.arch.PtrSize, UserTop: p.arch.UserTop, Counter: uint64(p.clock.now()),
		Reg: p.eng.Reg, SetReg: p.eng.SetReg,
		Read: func(addr uint64, size int) (uint64, bool) {
			v, errno := t.readUint(addr, size)
			return v, errno == 0
		},
		Write: func(addr uint64, size int, v uint64) bool { return t.writeUint(addr, size, v) == 0 },
	}
}

// vsyscalls are the entries of x86-64's legacy page, by offset. Go up to 1.15 calls them where it finds no vDSO. Linux lets the
// call fault and answers it in emulate_vsyscall; so does rt0, as if the program had made the system call.
var vsyscalls = map[uint64]string{0: "gettimeofday", 0x400: "time", 0x800: "getcpu"}

// hasVsyscall says that there is a legacy page (vsyscall= on the kernel's command line).
func (p *Process) hasVsyscall() bool {
	return p.arch.Vsyscall != 0 && p.cfg.Machine.Kernel.Vsyscall != machine.VsyscallNone
}

// vsyscall answers a call into the legacy page; false: addr is no entry of it.
func (p *Process) vsyscall(t *Thread, addr uint64) bool {
	if !p.hasVsyscall() || addr-p.arch.Vsyscall >= emu.PageSize {
		return false
	}
	name, ok := vsyscalls[addr-p.arch.Vsyscall]
	if !ok {
		return false
	}
	sp := p.eng.Reg(p.arch.SP)
	back, errno := t.readUint(sp, p.arch.PtrSize)
	if errno != 0 {
		return false
	}
	p.eng.SetReg(p.arch.PC, back)
	p.eng.SetReg(p.arch.SP, sp+uint64(p.arch.PtrSize))
	for _, number := range p.arch.Syscall.Numbers {
		if number.Name == name {
			p.eng.SetReg(p.arch.Syscall.Number, number.N)
			break
		}
	}
	p.syscall(t)
	return true
}
