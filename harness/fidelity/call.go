// SPDX-License-Identifier: GPL-2.0-or-later

package fidelity

import (
	"fmt"
	"strings"
)

// Call is a system call, or another thing that is compared line by line, as text.
type Call struct {
	Name   string
	Args   []string
	Result string // a number, "-1 ENOENT", or "" when it is not compared
}

// String is the call as strace prints it.
func (c Call) String() string {
	s := fmt.Sprintf("%s(%s)", c.Name, strings.Join(c.Args, ", "))
	if c.Result != "" {
		s += " = " + c.Result
	}
	return s
}

// View is a way to look at system calls.
type View string

// The views.
const (
	Registers View = "registers" // arguments and results as numbers
	Contents  View = "contents"  // what pointers point to
	Auxv      View = "auxv"      // the auxiliary vector
	QEMU      View = "qemu"      // what qemu-user prints reliably
	Deaths    View = "deaths"    // what Go's runtime prints of a fault
)

// Views are all views.
var Views = []View{Registers, Contents, Auxv, QEMU, Deaths}

// last says whether a call is the last that is compared: the one that makes a second thread.
func last(name string) bool { return name == "clone" || name == "clone3" }

// signature says what the arguments and the result of a call are, one letter each:
//
//	n number   p address   i number of a process   h upper half of the number before it, where registers have 32 bits
//	s path     r bytes, as many as the result says
//	S sigset_t, whose size is the last argument   A struct sigaction   K stack_t   M mask of CPUs, as many bytes as the result says
//	N struct utsname   U struct user_desc   T time
type signature struct {
	args   string
	result byte
}

// signatures are the calls that Go's runtime makes before it has a second thread. A call that is missing here is compared by its
// numbers as they stand, which fails for addresses, and so says that it wants a row.
var signatures = map[string]signature{
	"access":            {"sn", 'n'},
	"arch_prctl":        {"np", 'n'},
	"brk":               {"p", 'p'},
	"clock_gettime":     {"nT", 'n'},
	"clock_gettime64":   {"nT", 'n'},
	"clone":             {"npppp", 'i'},
	"close":             {"n", 'n'},
	"fcntl":             {"nnn", 'n'},
	"fcntl64":           {"nnn", 'n'},
	"getpid":            {"", 'i'},
	"gettid":            {"", 'i'},
	"gettimeofday":      {"Tp", 'n'},
	"madvise":           {"pnn", 'n'},
	"mincore":           {"pnp", 'n'},
	"mmap":              {"pnnnnn", 'p'},
	"mmap2":             {"pnnnnn", 'p'},
	"mprotect":          {"pnn", 'n'},
	"munmap":            {"pn", 'n'},
	"open":              {"snn", 'n'},
	"openat":            {"nsnn", 'n'},
	"prctl":             {"nnpns", 'n'}, // as PR_SET_VMA has them
	"pread64":           {"nrnnh", 'n'},
	"read":              {"nrn", 'n'},
	"rt_sigaction":      {"nAAn", 'n'},
	"rt_sigprocmask":    {"nSSn", 'n'},
	"sched_getaffinity": {"nnM", 'n'},
	"set_thread_area":   {"U", 'n'},
	"sigaltstack":       {"KK", 'n'},
	"uname":             {"N", 'n'},
}

// letter is that of an argument; n when there is no row.
func letter(name string, i int) byte {
	if s := signatures[name]; i < len(s.args) {
		return s.args[i]
	}
	return 'n'
}
