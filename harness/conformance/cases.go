// SPDX-License-Identifier: GPL-2.0-or-later

package conformance

import "slices"

// A Case is a row of the table: a case of the fixture conformance.
type Case struct {
	Name string
	// Stderr says how much of standard error is compared; the zero value is all of it, normalised.
	Stderr Part
	// Modes: the case runs in every build mode, stripped and not, since addresses or missing symbols might matter to it.
	Modes bool
	// Variants: the case runs on every variant of the architecture, since the instructions that the compiler chooses matter to it.
	Variants bool
	// Short: the case runs with go test -short too.
	Short bool
	// Since is the first minor release of Go 1 on which the case ends; 0 is any.
	Since int
	// Breakpoint: the case dies of the architecture's breakpoint instruction, which is not SIGTRAP everywhere.
	Breakpoint bool
	// Machine: the output tells of the machine, and is not that of another.
	Machine bool
}

// Part is how much of standard error is compared.
type Part int

// The parts.
const (
	Whole     Part = iota
	Paragraph      // up to an empty line: the traceback that follows depends on where a frame's check of the stack has its line
	Line           // the first: the traceback that follows depends on where the signal met the program
	None           // nothing: what a breakpoint is depends on the architecture
)

// Cases are the rows, in the order of the fixture's list.
var Cases = []Case{
	{Name: "hello", Modes: true, Variants: true, Short: true},
	{Name: "machine", Machine: true},
	{Name: "environment", Modes: true},
	{Name: "initialisers", Modes: true},
	{Name: "exit", Modes: true},
	{Name: "panic", Modes: true, Short: true},
	{Name: "nilderef", Modes: true},
	{Name: "deadlock"},
	{Name: "overflow", Stderr: Paragraph},
	{Name: "recover", Modes: true, Variants: true, Short: true},
	{Name: "faults", Modes: true},
	{Name: "calls", Modes: true, Variants: true},
	{Name: "stacks"},
	{Name: "goroutines", Modes: true, Short: true},
	{Name: "locks"},
	{Name: "selects"},
	{Name: "timers"},
	{Name: "clock"},
	{Name: "atomics", Modes: true, Variants: true, Short: true},
	{Name: "maps"},
	{Name: "gc", Modes: true, Variants: true},
	{Name: "memory", Variants: true},
	{Name: "floats", Modes: true, Variants: true, Short: true},
	{Name: "fma", Variants: true, Since: 14},
	{Name: "bits", Variants: true},
	{Name: "integers", Variants: true},
	{Name: "endian"},
	{Name: "hashes", Variants: true},
	{Name: "ciphers", Variants: true},
	{Name: "bigints", Variants: true},
	{Name: "pipes"},
	{Name: "preempt", Modes: true, Variants: true, Since: 14},
	{Name: "signals", Modes: true, Short: true},
	{Name: "terminate"},
	{Name: "quit", Stderr: Line},
	// s390x has SIGTRAP for debuggers only, and SIGILL otherwise: illegal_op of s390/kernel/traps.c.
	{Name: "breakpoint", Stderr: None},
	{Name: "profile", Modes: true},
}

// An Oddity is where Go itself makes a program of an architecture print something else than on the others. Each was seen in qemu-user as
// well; one that no longer shows fails the test.
type Oddity struct {
	GOARCHes []string
	Case     string
	Minor    int // the minor release of Go 1 that has it; 0: all
	Why      string
}

// Oddities are all that are known.
var Oddities = []Oddity{
	{[]string{"mips", "mipsle"}, "integers", 0, "int8(a)>>n of a 64-bit a is shifted as if it were unsigned"},
	{[]string{"mips"}, "profile", 26, "runtime.timespec has 4 bytes of nanoseconds where the kernel's " +
		"has 8: a big-endian kernel reads 0, so that the profiler's timer is never set, and sleeps below a second end at once"},
}

// odd says whether the case is odd on the architecture.
func odd(goarch, name string, minor int) bool {
	return slices.ContainsFunc(Oddities, func(o Oddity) bool {
		return o.Case == name && slices.Contains(o.GOARCHes, goarch) && (o.Minor == 0 || o.Minor == minor)
	})
}
