// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/harness"
)

// SweepView is a sweep of one binary, folded.
type SweepView struct {
	Title string // what was booted: "hello, go1.26.8, amd64"; may be empty
	Axes  harness.Axes
	Runs  []diff.Run
}

// Bounds of what people read of a sweep. Where hardly any two neighbours are alike, the folded table is not what tells it.
const (
	sweepRows   = 100
	sweepChange = 4 // changes of a row that are told in full; the rest are counted
)

// sweepGrid is the folded table, and what goes with it.
type sweepGrid struct {
	title   string
	tally   string
	columns []sweepColumn
	rows    []sweepRow
	more    string // what is left out
	well    bool   // every boot went as far as it was to go
}

// sweepColumn is a column of the folded table.
type sweepColumn struct {
	title string
	right bool
	least bool // it is left out first where there is no room for all
	must  bool // it is never left out
}

// sweepRow is a stretch of neighbours.
type sweepRow struct {
	cells   []string
	dead    bool
	changes []string // what changes here; nil where nothing does
}

// sweepMark stands before a row where behaviour changes.
const sweepMark = "▸"

// sweepFields are fields that have a column where they vary, in its order. Output and reasons are told as changes.
var sweepFields = []string{
	"numCPU", "gomaxprocs", "maxMCount", "physPageSize", "physHugePageSize", "maxStackSize", "vdsoClockgettime", "secureMode",
}

// sweepAmounts are the amounts that have a column.
var sweepAmounts = []string{"counts.instructions", "counts.syscalls"}

// grid lays the table out.
func (v SweepView) grid() sweepGrid {
	g := sweepGrid{title: v.Title, well: len(v.Runs) > 0}
	columns := Columns()
	var cells []func(diff.Run) string
	add := func(c sweepColumn, cell func(diff.Run) string) {
		g.columns, cells = append(g.columns, c), append(cells, cell)
	}
	for i, a := range v.Axes.List {
		if len(a.Values) > 1 {
			add(sweepColumn{title: a.Key, must: true}, func(r diff.Run) string { return spanText(r.Spans[i]) })
		}
	}
	add(sweepColumn{title: "boots", right: true, least: true}, func(r diff.Run) string { return Number(uint64(r.Count)) }) //nolint:gosec // a count
	add(sweepColumn{title: "outcome", must: true}, sweepEnd)
	if v.exitCodes() {
		add(sweepColumn{title: titleOf(columns, "exitCode")}, func(r diff.Run) string {
			f, _ := r.Field("exitCode")
			return cmp.Or(f.Text, unknown)
		})
	}
	for _, key := range sweepFields {
		axes := v.followed(key)
		if key == "gomaxprocs" || v.varies(key, axes) {
			add(sweepColumn{title: titleOf(columns, key)}, func(r diff.Run) string {
				return v.fieldText(key, valueOf(r, key, axes))
			})
		}
	}
	for _, key := range sweepAmounts {
		if key != "counts.instructions" && !v.costs(key) {
			continue
		}
		add(sweepColumn{title: titleOf(columns, key), right: true, least: key != "counts.instructions"}, func(r diff.Run) string {
			a, _ := r.Amount(key)
			return a.String()
		})
	}
	boots, outcomes, changes := 0, map[string]int{}, 0
	for i, r := range v.Runs {
		f, _ := r.Field("outcome")
		outcomes[f.Text] += r.Count
		boots += r.Count
		dead := !slices.Contains(good, harness.Outcome(f.Text))
		g.well = g.well && !dead
		if r.Marked() {
			changes++
		}
		if i >= sweepRows {
			continue
		}
		row := sweepRow{dead: dead, changes: v.changes(r)}
		for _, cell := range cells {
			row.cells = append(row.cells, cell(r))
		}
		g.rows = append(g.rows, row)
	}
	g.tally = sweepTally(boots, outcomes, changes)
	if n := len(v.Runs) - len(g.rows); n > 0 {
		g.more = fmt.Sprintf("... %s more rows; -o csv and -o jsonl have every boot, -o html a map of them", Number(uint64(n))) //nolint:gosec // a count
	}
	return g
}

// sweepTally is the sweep in a line: "256 boots: 192 reached, 64 threw; behaviour changes in 1 place".
func sweepTally(boots int, outcomes map[string]int, changes int) string {
	text := plural(boots, "boot")
	var parts []string
	for _, o := range harness.Outcomes {
		if n := outcomes[string(o)]; n == boots && n > 0 {
			parts = append(parts, string(o))
			if n > 1 {
				parts[0] = "all " + parts[0]
			}
		} else if n > 0 {
			parts = append(parts, Number(uint64(n))+" "+string(o)) //nolint:gosec // a count
		}
	}
	if parts != nil {
		text += ": " + strings.Join(parts, ", ")
	}
	if boots > 1 {
		text += "; behaviour "
		switch changes {
		case 0:
			text += "is the same in all"
		default:
			text += "changes in " + plural(changes, "place")
		}
	}
	return text
}

// varies says whether a field has something else in one run than in another, or follows an axis that Ps do not follow.
func (v SweepView) varies(key string, axes []string) bool {
	const ps = "gomaxprocs"
	also := v.followed(ps)
	return slices.ContainsFunc(v.Runs, func(r diff.Run) bool {
		f, _ := r.Field(key)
		text := valueOf(r, key, axes)
		return text != valueOf(v.Runs[0], key, axes) || f.Axis != "" && valueOf(r, ps, also) != text
	})
}

// exitCodes says whether programs that reached the point asked for had another exit code in one run than in another. Of the others the outcome
// tells it.
func (v SweepView) exitCodes() bool {
	var codes []string
	for _, r := range v.Runs {
		outcome, _ := r.Field("outcome")
		if f, _ := r.Field("exitCode"); outcome.Text == string(harness.Reached) && !slices.Contains(codes, f.Text) {
			codes = append(codes, f.Text)
		}
	}
	return len(codes) > 1
}

// costs says whether an amount is not the same everywhere.
func (v SweepView) costs(key string) bool {
	return slices.ContainsFunc(v.Runs, func(r diff.Run) bool {
		a, _ := r.Amount(key)
		first, _ := v.Runs[0].Amount(key)
		return a.Min != first.Min || a.Max != first.Min
	})
}

// table is the grid as a table without its changes; without the columns for which there is no room.
func (g sweepGrid) table(s Style) Table {
	left := make([]bool, len(g.columns))
	for {
		t := Table{Head: []string{" "}, Right: []bool{false}}
		for i, c := range g.columns {
			if !left[i] {
				t.Head, t.Right = append(t.Head, c.title), append(t.Right, c.right)
			}
		}
		for _, row := range g.rows {
			mark := " "
			if row.changes != nil {
				mark = s.paint(bold, sweepMark)
			}
			cells := []string{mark}
			for i, cell := range row.cells {
				switch {
				case left[i]:
				case g.columns[i].title == "outcome":
					cells = append(cells, s.sweepOutcome(cell, row.dead))
				default:
					cells = append(cells, cell)
				}
			}
			t.Rows = append(t.Rows, cells)
		}
		if s.Width == 0 || t.columns() <= s.Width || !g.leave(left) {
			return t
		}
	}
}

// leave leaves out one more column: those that matter least first, then the last one that is not needed.
func (g sweepGrid) leave(left []bool) bool {
	for _, least := range []bool{true, false} {
		for i := len(g.columns) - 1; i >= 0; i-- {
			if c := g.columns[i]; !left[i] && !c.must && c.least == least {
				left[i] = true
				return true
			}
		}
	}
	return false
}

func (s Style) sweepOutcome(text string, dead bool) string {
	if dead {
		return s.paint(red, text)
	}
	return text
}

// Sweep writes the folded table of a sweep for a terminal. Where behaviour changes the row is marked, and a line below it says what changes.
func Sweep(w io.Writer, v SweepView, s Style) error {
	g := v.grid()
	var b strings.Builder
	if g.title != "" {
		fmt.Fprintf(&b, "%s\n", s.paint(bold, oneLine(g.title)))
	}
	fmt.Fprintf(&b, "%s\n", g.tally)
	if len(g.rows) > 0 {
		b.WriteString("\n")
		var table strings.Builder
		if err := g.table(s).Text(&table); err != nil {
			return err
		}
		g.lines(&b, table.String(), s)
	}
	if g.more != "" {
		fmt.Fprintf(&b, "%s\n", g.more)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// lines writes the table's lines, and below each row what changes there.
func (g sweepGrid) lines(b *strings.Builder, table string, s Style) {
	const head = 2
	for i, line := range strings.SplitAfter(strings.TrimSuffix(table, "\n"), "\n") {
		b.WriteString(strings.TrimSuffix(line, "\n") + "\n")
		if i < head {
			continue
		}
		if changes := g.rows[i-head].changes; changes != nil {
			text := "    " + strings.Join(changes, "; ")
			if s.Width > 0 && !s.Verbose {
				text = clipped(text, s.Width)
			}
			b.WriteString(s.paint(yellow, text) + "\n")
		}
	}
}

// SweepMarkdown writes folded tables for a pull request or a job summary.
func SweepMarkdown(w io.Writer, views ...SweepView) error {
	var b strings.Builder
	for i, v := range views {
		g := v.grid()
		if i > 0 {
			b.WriteString("\n")
		}
		mark := "✅"
		if !g.well {
			mark = "❌"
		}
		if g.title != "" {
			fmt.Fprintf(&b, "### rt0 sweep: %s\n\n", code(g.title))
		}
		fmt.Fprintf(&b, "%s %s.\n", mark, g.tally)
		if len(g.rows) > 0 {
			b.WriteString("\n")
			if err := g.markdown().Markdown(&b); err != nil {
				return err
			}
		}
		if g.more != "" {
			fmt.Fprintf(&b, "\n%s\n", g.more)
		}
	}
	_, err := io.WriteString(w, cutText(b.String(), maxMarkdown))
	return err
}

// markdown is the grid as a table whose last column says what changes.
func (g sweepGrid) markdown() Table {
	t := Table{}
	for _, c := range g.columns {
		t.Head, t.Right = append(t.Head, c.title), append(t.Right, c.right)
	}
	t.Head = append(t.Head, "what changes")
	for _, row := range g.rows {
		var cells []string
		for _, cell := range row.cells {
			cells = append(cells, escapeMarkdown.Replace(cell))
		}
		t.Rows = append(t.Rows, append(cells, escapeMarkdown.Replace(strings.Join(row.changes, "; "))))
	}
	return t
}
