// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/kernel"
)

// Crash is where a guest died or got stuck: what a reader needs to see first.
type Crash struct {
	Thread    int      // tid
	Fault     *Fault   // the instruction that the signal came from, when one did; Registers and Code are of that moment
	Registers []string // "rip=0x401000", in the order of arch.Arch.Registers
	Traceback []string // innermost first: "runtime.throw+0x48"
	Code      string   // the instruction at PC, disassembled; "" when it cannot be read
	Syscalls  []string // the last twenty, oldest first, as strace prints them
}

// Crash tells where the guest was when the boot ended; nil when it reached the point asked for.
func (r *Report) Crash() *Crash { return r.crash }

// String is the crash as a block of lines.
func (c *Crash) String() string {
	var b strings.Builder
	section := func(title string, lines []string) {
		if len(lines) > 0 {
			fmt.Fprintf(&b, "%s:\n    %s\n", title, strings.Join(lines, "\n    "))
		}
	}
	section("last system calls", c.Syscalls)
	if c.Fault != nil {
		section("fault", []string{c.Fault.String()})
	}
	section(fmt.Sprintf("registers of thread %d", c.Thread), columns(c.Registers, 4))
	if c.Code != "" {
		section("instruction", []string{c.Code})
	}
	section("traceback", c.Traceback)
	return b.String()
}

// columns joins n words to a line.
func columns(words []string, n int) []string {
	var lines []string
	for i := 0; i < len(words); i += n {
		var b strings.Builder
		for _, w := range words[i:min(i+n, len(words))] {
			fmt.Fprintf(&b, "%-28s", w)
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return lines
}

// Fault is a signal that an instruction has caused, as the kernel tells a handler.
type Fault struct {
	Signal      string  `json:"signal"`                // "SIGSEGV"
	Code        int     `json:"code"`                  // si_code
	Addr        Address `json:"addr"`                  // si_addr
	PC          Address `json:"pc"`                    // the instruction; on s390x a handler may be told of the one behind it
	Why         string  `json:"why"`                   // "at 0x123 (read)"
	Function    string  `json:"function,omitempty"`    // "main.load+0x4"; "" when pc lies in none
	Instruction string  `json:"instruction,omitempty"` // at pc, disassembled; "" when it cannot be read
}

func (f *Fault) String() string {
	return fmt.Sprintf("%s %s, pc %#x, code %d", f.Signal, f.Why, f.PC, f.Code)
}

// Address is an address of the guest. In JSON it is a string, "0x123": a number would lose digits in many a reader.
type Address uint64

// MarshalText writes the address in hexadecimal.
func (a Address) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%#x", uint64(a)), nil }

// UnmarshalText reads what MarshalText writes.
func (a *Address) UnmarshalText(text []byte) error {
	v, err := strconv.ParseUint(string(text), 0, 64)
	if err != nil {
		return fmt.Errorf("read an address: %w", err)
	}
	*a = Address(v)
	return nil
}

// sighted is a fault with what there was to be seen.
type sighted struct {
	Fault
	registers []string
	past      uint64 // where a handler finds the thread
}

// atFault notes a fault: of each thread the last.
func (b *boot) atFault(t *kernel.Thread, f kernel.Fault) {
	if b.faults == nil {
		b.faults = map[int]*sighted{}
	}
	s := &sighted{Fault{
		Signal: f.Signal.String(), Code: int(f.Code), Addr: Address(f.Addr), PC: Address(f.PC), Why: f.Why, Instruction: b.disassemble(f.PC),
	}, b.registers(), f.PC + uint64(f.Past)}
	if b.isCode(f.PC) {
		s.Function = b.location(frame{pc: f.PC, exact: true})
	}
	b.faults[t.TID] = s
}

// registers are those of the thread that is in the engine.
func (b *boot) registers() []string {
	list := make([]string, len(b.arch.Registers))
	for i, r := range b.arch.Registers {
		list[i] = fmt.Sprintf("%s=%#x", r.Name, b.engine.Reg(r))
	}
	return list
}

// autopsy looks at a thread whose registers are in the engine.
func (b *boot) autopsy(t *kernel.Thread) *Crash {
	c := &Crash{Thread: t.TID, Syscalls: b.recent.lines()}
	frames := b.unwind(t)
	for _, f := range frames {
		c.Traceback = append(c.Traceback, b.location(f))
	}
	if f := b.faults[t.TID]; f != nil && b.causedBy(f, frames) {
		c.Fault, c.Registers, c.Code = &f.Fault, f.registers, f.Instruction
		return c
	}
	c.Registers, c.Code = b.registers(), b.disassemble(frames[0].pc)
	return c
}

// causedBy says whether a thread is where it is because of a fault: it is still there, or in the handler or the panic that came of it.
func (b *boot) causedBy(fault *sighted, frames []frame) bool {
	for i, f := range frames {
		switch {
		case f.exact && (f.pc == uint64(fault.PC) || f.pc == fault.past):
			return true
		case i > 0 && frames[i-1].name == sigpanic: // the call of what is no code has left no frame
			return fault.Function == ""
		}
	}
	return false
}

// crashOf is the autopsy of a boot that has ended: of the moment at which the runtime gave up, when it did, else of the end.
func (b *boot) crashOf(e kernel.Exit) *Crash {
	if b.death != nil && (e.Kind == kernel.Exited || e.Kind == kernel.Killed) {
		b.death.crash.Syscalls = b.recent.lines()
		return b.death.crash
	}
	return b.autopsy(b.proc.Current())
}

// disassemble writes the instruction at pc; "" when there is none to read.
func (b *boot) disassemble(pc uint64) string {
	code := make([]byte, arch.MaxInstruction)
	code = code[:b.engine.Mem().Peek(pc, code)]
	if len(code) == 0 {
		return ""
	}
	name := func(addr uint64) (string, uint64) {
		f, ok := b.img.FuncAt(addr - b.layout.Bias)
		if !ok {
			return "", 0
		}
		return f.Name, f.Addr + b.layout.Bias
	}
	return fmt.Sprintf("%#x: %s", pc, b.arch.Instruction(code, pc, name))
}
