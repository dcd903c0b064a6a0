// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"io"
	"time"
)

// The bounds of a boot when nothing else is asked for.
const (
	// DefaultInstructions is some twenty seconds of emulated work: a thousand times what a large program's start-up takes.
	DefaultInstructions = 20_000_000_000
	// DefaultMemory is in bytes of guest memory touched.
	DefaultMemory = 1 << 30
	// DefaultUntil is the phase that a boot runs to.
	DefaultUntil = "main.main"
)

// Option changes how a boot is run, or what is looked at. None changes the machine: that is [machine.Machine]'s part.
type Option func(*options)

type options struct {
	until        string
	instructions uint64
	memory       uint64
	timeout      time.Duration
	args         []string
	traces       []trace
	record       bool
	progress     func(instructions uint64)
	breaks       []string
	seed         uint64
	seeded       bool
	parallel     int
	skip         int
	forgetful    bool        // tests: nothing is recalled
	recordAfter  float64     // tests: boots before the first is recorded; 0: the default
	inject       func(*boot) // tests: called when the guest is about to run
	ended        func(*boot) // tests: called when it has come to its end
}

type trace struct {
	kind TraceKind
	w    io.Writer
}

func newOptions(opts []Option) *options {
	o := &options{until: DefaultUntil, instructions: DefaultInstructions, memory: DefaultMemory}
	for _, f := range opts {
		f(o)
	}
	return o
}

// Until sets where the boot stops: a phase's name ("schedinit", "main.main", "exit") or the name of a function ("net/http.init").
// "exit" runs the program to its end. The default is "main.main".
func Until(point string) Option { return func(o *options) { o.until = point } }

// LimitInstructions bounds the instructions of all threads together. The default is DefaultInstructions.
func LimitInstructions(n uint64) Option { return func(o *options) { o.instructions = n } }

// LimitMemory bounds the bytes of guest memory that may be touched. The default is DefaultMemory.
func LimitMemory(bytes uint64) Option { return func(o *options) { o.memory = bytes } }

// Timeout bounds the host's time; 0 is no bound. It is the only bound whose effect depends on the host.
func Timeout(d time.Duration) Option { return func(o *options) { o.timeout = d } }

// Args adds arguments after those of the machine.
func Args(args ...string) Option { return func(o *options) { o.args = append(o.args, args...) } }

// TraceKind is what a trace shows.
type TraceKind string

// The kinds of trace.
const (
	TraceSyscalls  TraceKind = "syscalls"  // one line a call, as strace prints them
	TracePhases    TraceKind = "phases"    // one line a phase, call inside schedinit and package initialiser
	TraceFunctions TraceKind = "functions" // one line a function entered
	TraceBlocks    TraceKind = "blocks"    // one line a basic block
)

// TraceKinds are all kinds of trace.
var TraceKinds = []TraceKind{TraceSyscalls, TracePhases, TraceFunctions, TraceBlocks}

// Trace writes a trace of one kind to w while the guest runs, a line at a time: a long one wants a buffered writer. It may be given
// several times. A trace of system calls puts them into the report as well.
func Trace(kind TraceKind, w io.Writer) Option {
	return func(o *options) {
		o.traces = append(o.traces, trace{kind, w})
		o.record = o.record || kind == TraceSyscalls
	}
}

// RecordSyscalls puts the system calls into the report without writing a trace.
func RecordSyscalls() Option { return func(o *options) { o.record = true } }

// Progress calls f now and then with the number of instructions so far.
func Progress(f func(instructions uint64)) Option { return func(o *options) { o.progress = f } }

// Breakpoints looks at the entries of functions without doing anything there: a means to show that looking changes nothing.
func Breakpoints(functions ...string) Option {
	return func(o *options) { o.breaks = append(o.breaks, functions...) }
}

// Seed makes the scheduler pick the next thread in an order drawn from seed, instead of round robin.
func Seed(seed uint64) Option { return func(o *options) { o.seed, o.seeded = seed, true } }

// Parallel is how many boots of a sweep run at once; 0, the default, is as many as there are CPUs. It changes no result and no order.
func Parallel(n int) Option { return func(o *options) { o.parallel = n } }

// Skip leaves the first n variants of a sweep out: those that an interrupted one has done.
func Skip(n int) Option { return func(o *options) { o.skip = n } }
