// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/harness"
)

// trouble is what is wrong with boots of a matrix, told once for all that it is wrong with.
type trouble struct {
	why   string
	cells []string
}

// where are the cells, the first few by name.
func (t trouble) where() string {
	const most = 3
	if n := len(t.cells); n > most {
		return strings.Join(t.cells[:most], ", ") + fmt.Sprintf(" and %d more", n-most)
	}
	return strings.Join(t.cells, ", ")
}

// troubles are the failures of a matrix, in the order of their first boot.
func (v MatrixView) troubles() []trouble {
	var list []trouble
	programs := v.programs()
	for _, result := range v.Results {
		why := result.briefly()
		if why == "" {
			continue
		}
		cell := result.Report.Place()
		name := cell.String()
		if len(programs) > 1 {
			name = cell.Program + " " + name
		}
		i := slices.IndexFunc(list, func(t trouble) bool { return t.why == why })
		if i < 0 {
			i = len(list)
			list = append(list, trouble{why: why})
		}
		list[i].cells = append(list[i].cells, name)
	}
	return list
}

// briefly is why a boot is not as it should be, without the names of its cell; "" when all is well.
func (result Result) briefly() string {
	r := result.Report
	var why []string
	switch {
	case result.Failure == "":
	case r.Outcome == harness.Refused:
		why = append(why, r.Reason)
	default:
		why = append(why, strings.TrimSuffix(End(r)+": "+r.Reason, ": "))
	}
	for _, c := range result.Checks {
		if !c.OK {
			why = append(why, c.String())
		}
	}
	if result.Since != "" {
		why = append(why, result.Since)
	}
	return strings.Join(why, "; ")
}

// programs are those of the boots, in their order.
func (v MatrixView) programs() []string {
	var list []string
	for _, r := range v.Document.Boots {
		if p := r.Place().Program; !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}

// step is what changes from one toolchain to the next.
type step struct {
	old, new string
	changes  []diff.Folded
}

// steps are the changes between neighbours, and whether there are neighbours at all.
func (v MatrixView) steps() (steps []step, compared bool) {
	diffs := diff.Neighbours(v.Document.Boots, v.Diff)
	steps = stepsOf(diff.Fold(diffs))
	slices.SortStableFunc(steps, func(a, b step) int {
		of := v.toolchains()
		return slices.Index(of, a.new) - slices.Index(of, b.new)
	})
	return steps, len(diffs) > 0
}

// stepsOf puts folded changes together by their toolchains.
func stepsOf(folded []diff.Folded) (steps []step) {
	for _, f := range folded {
		i := slices.IndexFunc(steps, func(s step) bool { return s.old == f.Old && s.new == f.New })
		if i < 0 {
			i = len(steps)
			steps = append(steps, step{old: f.Old, new: f.New})
		}
		steps[i].changes = append(steps[i].changes, f)
	}
	return steps
}

func (v MatrixView) toolchains() []string { return Grid(v.Document.Boots).Toolchains }

// tally is the matrix in a sentence: "92 of 94 boots ended as asked; 2 cells of ports that the release lacks".
func (v MatrixView) tally() (text string, well bool) {
	good, bad, absent := 0, 0, 0
	for _, result := range v.Results {
		switch {
		case result.Report.Place().Absent != "":
			absent++
		case result.briefly() == "":
			good++
		default:
			bad++
		}
	}
	text = fmt.Sprintf("%s of %s ended as asked", Number(uint64(good)), plural(good+bad, "boot"))
	if bad == 0 {
		text = plural(good, "boot") + ", and all ended as asked"
	}
	if absent > 0 {
		text += fmt.Sprintf("; %s of ports that the release lacks", plural(absent, "cell"))
	}
	return text, bad == 0
}

// changeLine is a change in one line: "file /sys/fs/cgroup/cpu.max: asked for now, in schedinit (all architectures)".
func changeLine(f diff.Folded) string {
	text := strings.TrimSuffix(f.Change.Op.Sign()+" "+string(f.Change.Kind), " ")
	if subject := f.Change.Subject(); subject != string(f.Change.Kind) {
		text += " " + subject
	}
	text += ": " + f.Text()
	if f.Where != "" {
		text += " (" + f.Where + ")"
	}
	return text
}

// MatrixAnnotations are an error for each thing that is wrong, with the cells where it is, a warning for each upgrade that changes something, and
// the sum as a notice.
func MatrixAnnotations(v MatrixView) []Annotation {
	var list []Annotation
	for _, t := range v.troubles() {
		list = append(list, Annotation{LevelError, t.where(), t.why})
	}
	steps, _ := v.steps()
	for _, s := range steps {
		var lines []string
		for _, f := range s.changes {
			lines = append(lines, changeLine(f))
		}
		list = append(list, Annotation{LevelWarning, s.old + " → " + s.new, strings.Join(lines, "\n")})
	}
	text, _ := v.tally()
	return append(list, Annotation{LevelNotice, "rt0 matrix", text})
}
