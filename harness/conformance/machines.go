// SPDX-License-Identifier: GPL-2.0-or-later

package conformance

import (
	"fmt"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/machine"
)

// A Computer is a machine of the table, and the cases that run on it beside the case machine.
type Computer struct {
	Name    string
	Machine machine.Machine
	Cases   []string
}

// busy are the cases in which many threads take part.
var busy = []string{"goroutines", "locks", "atomics", "gc", "preempt"}

// Computers are those that an architecture runs on: of few and many CPUs, with and without huge pages, with all its page sizes, and in
// several environments.
func Computers(a *arch.Arch) []Computer {
	list := []Computer{
		{"1 CPU", machine.New(machine.CPUs(1)), busy},
		{"7 CPUs", machine.New(machine.CPUs(7)), nil},
		{"64 CPUs", machine.New(machine.CPUs(64)), busy},
		{"1024 CPUs", machine.New(machine.CPUs(1024)), nil},
		{"CPUs with holes", machine.New(machine.CPUSetOf("1,3-5,1023")), nil},
		{"no huge pages", machine.New(machine.HugePage(0)), []string{"gc"}},
		{"huge pages of 32 MiB", machine.New(machine.HugePage(32 << 20)), nil},
		{"huge pages of 1 GiB", machine.New(machine.HugePage(1 << 30)), nil},
		{"GOMAXPROCS=1", machine.New(machine.CPUs(3), machine.Env("GOMAXPROCS=1")), []string{"goroutines"}},
		{"GOMAXPROCS=5", machine.New(machine.CPUs(3), machine.Env("GOMAXPROCS=5")), nil},
		{"GOMAXPROCS=abc", machine.New(machine.CPUs(3), machine.Env("GOMAXPROCS=abc")), nil},
		{"GOGC=10", machine.New(machine.Env("GOGC=10")), []string{"gc"}},
		{"GODEBUG", machine.New(machine.Env("GODEBUG=asyncpreemptoff=1,madvdontneed=1")), []string{"hello", "gc"}},
		{"GOTRACEBACK=all", machine.New(machine.Env("GOTRACEBACK=all")), []string{"deadlock"}},
		{"an environment", machine.New(machine.Env("HOME=/root", "EMPTY=", "LANG=C", "LIST=a,b c"), machine.Args("", "two words", "größe")),
			[]string{"environment"}},
	}
	for _, size := range a.PageSizes[1:] {
		list = append(list, Computer{
			fmt.Sprintf("pages of %s", machine.Size(size)), machine.New(machine.PageSize(uint64(size))), []string{"faults", "gc", "stacks"},
		})
	}
	return list
}
