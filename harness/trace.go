// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"fmt"
	"io"
	"slices"

	"github.com/rt0-dev/rt0/kernel"
)

// maxRecorded bounds the system calls that a report keeps; a trace that is written goes on past it.
const maxRecorded = 1_000_000

// tracer writes what was asked for while the guest runs.
type tracer struct {
	to      map[TraceKind][]io.Writer
	record  bool
	calls   []call // recorded
	blocked []call // written without a result
}

func newTracer(b *boot) *tracer {
	t := &tracer{to: map[TraceKind][]io.Writer{}, record: b.opts.record}
	for _, o := range b.opts.traces {
		t.to[o.kind] = append(t.to[o.kind], o.w)
	}
	return t
}

func (t *tracer) printf(kind TraceKind, format string, args ...any) {
	for _, w := range t.to[kind] {
		fmt.Fprintf(w, format, args...)
	}
}

// syscall is called for each system call when it has returned or blocked.
func (t *tracer) syscall(c call) {
	if t.record && len(t.calls) < maxRecorded {
		t.calls = append(t.calls, c)
	}
	if t.to[TraceSyscalls] == nil {
		return
	}
	t.resumed()
	t.printf(TraceSyscalls, "%s\n", c)
	if !c.Done {
		t.blocked = append(t.blocked, c)
	}
}

// resumed writes the results of calls that had blocked and have returned since.
func (t *tracer) resumed() {
	t.blocked = slices.DeleteFunc(t.blocked, func(c call) bool {
		if c.Done {
			t.printf(TraceSyscalls, "[pid %d] <... %s resumed> = %s\n", c.Thread, c.title(), c.resultText())
		}
		return c.Done
	})
}

// finish writes what is left, and returns the recorded calls.
func (t *tracer) finish() []Syscall {
	t.resumed()
	list := make([]Syscall, 0, len(t.calls))
	for _, c := range t.calls {
		s := Syscall{N: c.Seq + 1, Thread: c.Thread, Phase: c.phase, Name: c.title(), Args: c.arguments(), Instruction: c.Instructions}
		if c.Done {
			result := int64(c.Result)
			if c.Errno != 0 {
				result, s.Error = -int64(c.Errno), c.Errno.String()
			}
			s.Result = &result
		}
		list = append(list, s)
	}
	return list
}

// tracePhase writes that a phase, a call inside schedinit or a package initialiser begins.
func (b *boot) tracePhase(kind, name string, s span) {
	b.tracer.printf(TracePhases, "%12d %5d %-9s %s\n", s.start, s.syscalls, kind, name)
}

// traceBlock writes where the guest stands, which is the start of a basic block.
func (b *boot) traceBlock() {
	at := frame{pc: b.engine.Reg(b.arch.PC), exact: true}
	b.tracer.printf(TraceBlocks, "%12d [pid %d] %s\n", b.engine.Instructions(), b.proc.Current().TID, b.location(at))
}

// watchFunctions looks at every function's entry when a trace of them was asked for.
func (b *boot) watchFunctions() {
	if b.tracer.to[TraceFunctions] == nil {
		return
	}
	for _, f := range b.img.Funcs() {
		b.watch(f.Addr+b.layout.Bias, func(t *kernel.Thread) bool {
			b.tracer.printf(TraceFunctions, "%12d [pid %d] %s\n", b.engine.Instructions(), t.TID, f.Name)
			return false
		})
	}
}
