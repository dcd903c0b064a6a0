// SPDX-License-Identifier: GPL-2.0-or-later

// Package diff says what changed between two boots, and only what changed: boots are deterministic, so a difference is news. It is pure:
// reports go in, changes come out.
//
// A [harness.Report] is condensed to [Facts] first, which hold what is compared and nothing that may differ by itself: no address, no
// descriptor, no thread id, no path of the host. Facts are what a baseline keeps, so that comparing with a baseline is comparing with the
// boot. RATIONALE.md says what counts as a difference, and why.
package diff

import (
	"fmt"
	"math"

	"github.com/rt0-dev/rt0/harness"
)

// Options say how large a difference of an amount has to be.
type Options struct {
	// Threshold is the share of the old amount by which instructions, pages and system calls of a phase must differ to be told: 0.05 is 5%.
	// With 0 every difference is told. Otherwise a difference below the floor of its kind (see [Floor]) is not, whatever share it is.
	Threshold float64
}

// DefaultThreshold is that of the commands.
const DefaultThreshold = 0.05

// Kind is what changed.
type Kind string

// The kinds, in the order in which changes are told.
const (
	Until        Kind = "until"        // the point that the boot was to reach: the two are not of the same length
	Outcome      Kind = "outcome"      // how the boot ended, and where
	Reason       Kind = "reason"       // why, when the outcome is the same
	Runtime      Kind = "runtime"      // a value that the runtime concluded; Name is its key in the report
	Phase        Kind = "phase"        // a phase of start-up
	Schedinit    Kind = "schedinit"    // a call inside runtime.schedinit
	File         Kind = "file"         // a file that the guest asked for; Name is its path
	Syscall      Kind = "syscall"      // a system call, but for those of a file; Name has the request where that tells calls apart
	Init         Kind = "init"         // the initialisers of a package; Name is its path
	Instructions Kind = "instructions" // of a phase (Where), or of a package's initialisers (Where "init", Name), or of the boot (neither)
	Syscalls     Kind = "syscalls"     // how many system calls a phase makes
	Pages        Kind = "pages"        // of memory touched in a phase, or in the boot
	Event        Kind = "event"        // what the faked kernel met and does not do
	Output       Kind = "output"       // what the program wrote; Name is stdout or stderr
)

// Kinds are all kinds, in the order in which changes are told.
var Kinds = []Kind{
	Until, Outcome, Reason, Runtime, Phase, Schedinit, File, Syscall, Init, Instructions, Syscalls, Pages, Event, Output,
}

// Op is what happened to it.
type Op string

// The ways in which things change.
const (
	Added   Op = "added"
	Removed Op = "removed"
	Moved   Op = "moved" // it is in another place of an order; Old and New say behind what it stands
	Changed Op = "changed"
)

// mirrored is the change as seen from the other side.
var mirrored = map[Op]Op{Added: Removed, Removed: Added, Moved: Moved, Changed: Changed}

// Amount is a number on both sides.
type Amount struct {
	Old uint64 `json:"old"`
	New uint64 `json:"new"`
}

// Share is by how much of the old amount the new one is larger: 0.08, -0.5. From nothing to something it is infinite.
func (a Amount) Share() float64 {
	if a.Old == a.New {
		return 0
	}
	return (float64(a.New) - float64(a.Old)) / float64(a.Old)
}

// Percent is the share for people: "+8%", "-50%", "×12", "new", "gone".
func (a Amount) Percent() string {
	share := a.Share()
	switch {
	case a.Old == 0 && a.New == 0:
		return "±0%"
	case a.Old == 0:
		return "new"
	case a.New == 0:
		return "gone"
	case share >= 2:
		return fmt.Sprintf("×%.3g", share+1)
	case math.Abs(share) < 0.095:
		return fmt.Sprintf("%+.1f%%", 100*share)
	}
	return fmt.Sprintf("%+.0f%%", 100*share)
}

// Change is one difference. Changes are comparable: equal ones of different boots are the same news.
type Change struct {
	Kind   Kind   `json:"kind"`
	Op     Op     `json:"op"`
	Where  string `json:"where,omitempty"` // the phase; "init" for the cost of a package's initialisers; "" the boot, or all phases
	Name   string `json:"name,omitempty"`  // what it is, see the kinds
	Old    string `json:"old,omitempty"`   // the value before
	New    string `json:"new,omitempty"`
	Amount Amount `json:"amount,omitzero"` // of kinds that are amounts, and how often a system call is made
}

// Mirror is the change from new to old.
func (c Change) Mirror() Change {
	c.Op, c.Old, c.New = mirrored[c.Op], c.New, c.Old
	c.Amount.Old, c.Amount.New = c.Amount.New, c.Amount.Old
	return c
}

// Side is one of two boots that are compared: its place in a matrix, or what that would be.
type Side = harness.Cell

// Diff is what changed between two boots. None is the best news.
type Diff struct {
	Old     Side     `json:"old"`
	New     Side     `json:"new"`
	Changes []Change `json:"changes"` // in the order of Kinds, then as start-up goes
}

// Empty says that nothing changed.
func (d Diff) Empty() bool { return len(d.Changes) == 0 }

// Mirror is the difference from new to old.
func (d Diff) Mirror() Diff {
	m := Diff{Old: d.New, New: d.Old, Changes: make([]Change, len(d.Changes))}
	for i, c := range d.Changes {
		m.Changes[i] = c.Mirror()
	}
	return m
}

// Set is what changed between two documents.
type Set struct {
	Diffs   []Diff `json:"diffs"`   // of the boots that both have, equal ones among them, in the order of the new document
	OnlyOld []Side `json:"onlyOld"` // boots that the new document lacks
	OnlyNew []Side `json:"onlyNew"` // boots that the old document lacks
}

// Empty says that both have the same boots, and that nothing changed in any.
func (s Set) Empty() bool { return len(s.OnlyOld) == 0 && len(s.OnlyNew) == 0 && s.Changed() == 0 }

// Changed is the number of boots in which something changed.
func (s Set) Changed() int {
	n := 0
	for _, d := range s.Diffs {
		if !d.Empty() {
			n++
		}
	}
	return n
}

// Reports says what changed between two boots.
func Reports(old, new *harness.Report, o Options) Diff { return Compare(FactsOf(old), FactsOf(new), o) }

// Documents says what changed between two documents. Boots are paired by program, architecture, variant and machine; of several
// toolchains, by the same, else the same minor release, else the only one left on both sides.
func Documents(old, new harness.Document, o Options) Set {
	return Sets(factsOfAll(old.Boots), factsOfAll(new.Boots), o)
}

// Neighbours says what each toolchain of a matrix changed against the one before it, for the same program, architecture, variant and
// machine. Cells of a port that the release lacks are passed over. The reports have to be in the order of the matrix: toolchains ascending.
func Neighbours(reports []*harness.Report, o Options) []Diff {
	return neighbours(factsOfAll(reports), o)
}
