// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/harness"
)

// pageMark is a letter that stands in a cell for what its boot does otherwise than its left neighbour.
type pageMark struct {
	Letter string
	Word   string
	kinds  []diff.Kind
}

// pageMarks are all letters, in the order in which they stand in a cell. Instructions of the whole boot are told by colour, arrow and
// number.
var pageMarks = []pageMark{
	{"O", "outcome", []diff.Kind{diff.Until, diff.Outcome, diff.Reason}},
	{"R", "runtime values", []diff.Kind{diff.Runtime}},
	{"F", "files", []diff.Kind{diff.File}},
	{"S", "system calls", []diff.Kind{diff.Syscall, diff.Syscalls}},
	{"P", "phases, calls of schedinit", []diff.Kind{diff.Phase, diff.Schedinit}},
	{"I", "package initialisers", []diff.Kind{diff.Init}},
	{"C", "cost of a phase or package", []diff.Kind{diff.Instructions}},
	{"M", "memory pages", []diff.Kind{diff.Pages}},
	{"E", "events, output", []diff.Kind{diff.Event, diff.Output}},
}

// markOf is the letter of a change; "" for the instructions of the whole boot.
func markOf(c diff.Change) string {
	if wholeBoot(c) {
		return ""
	}
	for _, m := range pageMarks {
		if slices.Contains(m.kinds, c.Kind) {
			return m.Letter
		}
	}
	return ""
}

// wholeBoot says whether a change is of the instructions of the boot as a whole.
func wholeBoot(c diff.Change) bool {
	return c.Kind == diff.Instructions && c.Where == "" && c.Name == ""
}

// Marks are the letters of the boot's changes.
func (b *pageBoot) Marks() string {
	if b.diff == nil {
		return ""
	}
	has := map[string]bool{}
	for _, c := range b.diff.Changes {
		has[markOf(c)] = true
	}
	var letters strings.Builder
	for _, m := range pageMarks {
		if has[m.Letter] {
			letters.WriteString(m.Letter)
		}
	}
	return letters.String()
}

// well says whether the boot ended as it may.
func (b *pageBoot) well() bool { return slices.Contains(good, b.report.Outcome) }

// Amount is the boot's instructions beside the neighbour's.
func (b *pageBoot) Amount() diff.Amount {
	a := diff.Amount{New: b.report.Counts.Instructions}
	if b.previous != nil {
		a.Old = b.previous.report.Counts.Instructions
	}
	return a
}

// Class is what the cell's colour says: died, first (there is no neighbour), slower or faster in three steps, other (only something else
// has changed), same.
func (b *pageBoot) Class() string {
	switch {
	case b.report.Outcome == harness.Refused:
		return "died refused"
	case !b.well():
		return "died"
	case b.previous == nil:
		return "first"
	}
	if i := slices.IndexFunc(b.diff.Changes, wholeBoot); i >= 0 && b.previous.well() {
		return costClass(b.diff.Changes[i].Amount.Share())
	}
	if b.diff.Empty() {
		return "same"
	}
	return "other"
}

// costClass is the colour of a share that is beyond the threshold.
func costClass(share float64) string {
	name := "slower"
	if share < 0 {
		name = "faster"
	}
	step := 1
	switch size := math.Abs(share); {
	case size >= 0.25:
		step = 3
	case size >= 0.10:
		step = 2
	}
	return fmt.Sprintf("%s step%d", name, step)
}

// arrows stand beside the share, so that a cell does not say it by its colour alone.
var arrows = map[string]string{"slower": "▲", "faster": "▼", "same": "=", "about": "≈"}

// Cost is the instructions against the neighbour's: "▲+12%", "=", "≈-0.8%" (nothing changed beyond the threshold); "" without a neighbour
// that ended well. Of a boot that died, "=" says that it does what its neighbour does.
func (b *pageBoot) Cost() string {
	if b.previous != nil && b.diff.Empty() && !b.well() {
		return arrows["same"]
	}
	if b.previous == nil || !b.well() || !b.previous.well() {
		return ""
	}
	class, _, _ := strings.Cut(b.Class(), " ")
	if b.Amount().Old == b.Amount().New {
		return arrows[class]
	}
	if b.diff.Empty() {
		class = "about"
	}
	return arrows[class] + b.Amount().Percent()
}

// Head is the large line of a cell: the instructions, or how the boot ended.
func (b *pageBoot) Head() string {
	switch {
	case b.report.Outcome == harness.Refused && b.report.Binary.SHA256 == "":
		return "✕ no build"
	case !b.well():
		return "✕ " + string(b.report.Outcome)
	case b.report.Outcome != harness.Reached:
		return string(b.report.Outcome) + " " + Number(b.report.Counts.Instructions)
	}
	return Number(b.report.Counts.Instructions)
}

// Ps is the number of Ps; "" where it is not known, and of a boot that died.
func (b *pageBoot) Ps() string {
	if n := b.report.Runtime.GOMAXPROCS; b.well() && n != harness.Unknown {
		return fmt.Sprintf("%dP", n)
	}
	return ""
}

// Where is where a boot died: "in schedinit".
func (b *pageBoot) Where() string {
	if b.well() || b.report.Outcome == harness.Refused {
		return ""
	}
	_, where, _ := strings.Cut(b.facts.Outcome, " ")
	return where
}

// Tip is what a cell says when it is pointed at, and to those who hear the page.
func (b *pageBoot) Tip() string {
	words := []string{b.program(), b.cell.String() + ":", b.facts.Outcome}
	if b.report.Reason != "" {
		words = append(words, "("+cell(b.report.Reason)+")")
	}
	words = append(words, Number(b.report.Counts.Instructions)+" instructions,", plural(b.report.Counts.Syscalls, "system call")+";")
	switch {
	case b.previous == nil:
		words = append(words, "no neighbour to compare with")
	case b.diff.Empty():
		words = append(words, "nothing changed since", b.previous.cell.Toolchain)
	default:
		words = append(words, plural(len(b.diff.Changes), "change"), "since", b.previous.cell.Toolchain)
	}
	return strings.Join(words, " ")
}
