// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"fmt"
	"strings"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/kernel"
)

// Crash is where a guest died or got stuck: what a reader needs to see first.
type Crash struct {
	Thread    int      // tid
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

// autopsy looks at a thread whose registers are in the engine.
func (b *boot) autopsy(t *kernel.Thread) *Crash {
	pc := b.engine.Reg(b.arch.PC)
	c := &Crash{Thread: t.TID, Code: b.disassemble(pc), Traceback: b.traceback(pc), Syscalls: b.recent.lines()}
	for _, r := range b.arch.Registers {
		c.Registers = append(c.Registers, fmt.Sprintf("%s=%#x", r.Name, b.engine.Reg(r)))
	}
	return c
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
