// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/harness"
)

// MatrixView is a matrix with what there is to say of it.
type MatrixView struct {
	Document harness.Document
	Results  []Result     // of the document's boots, in their order
	Diff     diff.Options // what differences between neighbours are told
	Since    *Changes     // since the accepted baseline; nil: there is none
}

// A MatrixGrid is a matrix as people read it: toolchains across; programs, architectures, variants and machines down.
type MatrixGrid struct {
	Toolchains []string // in the order of their first boot
	Titles     []string // of the columns that a row begins with: those that tell rows apart
	Rows       []MatrixRow
}

// MatrixRow is what one target on one machine does, release by release.
type MatrixRow struct {
	Cell  harness.Cell      // without a toolchain
	Head  []string          // the row in words, one for each of the titles
	Boots []*harness.Report // one for each toolchain; nil: the matrix has none
}

// axes are the columns that a row may begin with. The architecture is always there.
var axes = []struct {
	title string
	word  func(harness.Cell) string
}{
	{"program", func(c harness.Cell) string { return c.Program }},
	{"arch", func(c harness.Cell) string { return c.GOARCH }},
	{"variant", func(c harness.Cell) string { return c.Variant }},
	{"machine", func(c harness.Cell) string { return c.Machine }},
	{"build flags", func(c harness.Cell) string { return c.Flags }},
}

// Grid puts the boots of a matrix in their places. Boots without a cell, such as those of `rt0 boot`, get one from what they are; where two
// boots have one place, each has a row of its own.
func Grid(boots []*harness.Report) MatrixGrid {
	var g MatrixGrid
	type spot struct {
		cell harness.Cell
		n    int // of boots that are in the same place, which one
	}
	places := map[spot]int{}
	distinct := make([]map[string]bool, len(axes))
	for _, r := range boots {
		cell := r.Place()
		if !slices.Contains(g.Toolchains, cell.Toolchain) {
			g.Toolchains = append(g.Toolchains, cell.Toolchain)
		}
	}
	for _, r := range boots {
		cell := r.Place()
		column := slices.Index(g.Toolchains, cell.Toolchain)
		cell.Toolchain, cell.Absent = "", ""
		at := spot{cell: cell}
		place, ok := places[at]
		for ok && g.Rows[place].Boots[column] != nil {
			at.n++
			place, ok = places[at]
		}
		if !ok {
			place = len(g.Rows)
			places[at] = place
			g.Rows = append(g.Rows, MatrixRow{Cell: cell, Boots: make([]*harness.Report, len(g.Toolchains))})
		}
		g.Rows[place].Boots[column] = r
		for i, axis := range axes {
			if distinct[i] == nil {
				distinct[i] = map[string]bool{}
			}
			distinct[i][axis.word(cell)] = true
		}
	}
	for i, axis := range axes {
		if axis.title != "arch" && len(distinct[i]) < 2 {
			continue
		}
		g.Titles = append(g.Titles, axis.title)
		for j := range g.Rows {
			g.Rows[j].Head = append(g.Rows[j].Head, axis.word(g.Rows[j].Cell))
		}
	}
	return g
}

// MatrixCell is a boot in a few characters: how it ended unless it reached the point asked for, its Ps and its instructions.
func MatrixCell(r *harness.Report) string {
	switch {
	case r == nil:
		return ""
	case r.Cell != nil && r.Cell.Absent != "":
		return unknown
	case r.Outcome == harness.Refused:
		return string(harness.Refused)
	}
	var words []string
	if r.Outcome != harness.Reached {
		words = append(words, string(r.Outcome))
	}
	if r.Runtime.GOMAXPROCS > 0 {
		words = append(words, strconv.Itoa(r.Runtime.GOMAXPROCS)+"P")
	}
	return strings.Join(append(words, Number(r.Counts.Instructions)), " ")
}

// Matrix writes the matrix as tables for a terminal, as many releases beside each other as there is room for; then how much each release changes,
// or with Verbose what; then what is not as the baseline has it.
func Matrix(w io.Writer, v MatrixView, s Style) error {
	if err := v.tables(w, s); err != nil {
		return err
	}
	var b strings.Builder
	steps, _ := v.steps()
	for i, step := range steps {
		if s.Verbose {
			FoldedText(&b, step.changes, s)
			continue
		}
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s → %s: %s at start-up\n", step.old, step.new, plural(len(step.changes), "change"))
	}
	if len(steps) > 0 && !s.Verbose {
		b.WriteString("--verbose tells them, and -o html shows them boot by boot\n")
	}
	if v.Since != nil && !v.Since.Set.Empty() {
		b.WriteString("\n")
		if err := v.Since.Text(&b, s); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (v MatrixView) tables(w io.Writer, s Style) error {
	g := Grid(v.Document.Boots)
	for from := 0; from < len(g.Toolchains); {
		to := len(g.Toolchains)
		t := g.table(from, to, s)
		for s.Width > 0 && to > from+1 && t.columns() > s.Width {
			to--
			t = g.table(from, to, s)
		}
		if from > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if err := t.Text(w); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// table has the toolchains from and up to to.
func (g MatrixGrid) table(from, to int, s Style) Table {
	t := Table{Head: slices.Concat(g.Titles, g.Toolchains[from:to])}
	t.Right = make([]bool, len(t.Head))
	for i := len(g.Titles); i < len(t.Head); i++ {
		t.Right[i] = true
	}
	for _, row := range g.Rows {
		cells := slices.Clone(row.Head)
		for _, r := range row.Boots[from:to] {
			cells = append(cells, s.matrixCell(r))
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// matrixCell is a cell in red where the boot died.
func (s Style) matrixCell(r *harness.Report) string {
	text := MatrixCell(r)
	if r == nil || r.Outcome == harness.Reached || r.Cell != nil && r.Cell.Absent != "" {
		return text
	}
	return s.paint(red, text)
}

// columns is how wide the table is on a terminal.
func (t Table) columns() int {
	const gap = 2
	n := -gap
	for i := range t.Head {
		n += t.width(i) + gap
	}
	return n
}

// cellColumns are a boot's place in a matrix.
var cellColumns = []string{"cell.program", "cell.toolchain", "cell.goarch", "cell.variant", "cell.machine", "cell.flags", "cell.absent"}

// MatrixCSV is a row for each boot: its cell, and the columns of all reports.
func MatrixCSV(boots []*harness.Report) Table {
	columns := Columns()
	t := Rows(columns, true)
	t.Head = slices.Concat(cellColumns, t.Head)
	for _, r := range boots {
		t.Rows = append(t.Rows, matrixRow(columns, r))
	}
	return t
}

// matrixRow is a boot's row in CSV.
func matrixRow(columns []Column, r *harness.Report) []string {
	c := r.Place()
	row := []string{c.Program, c.Toolchain, c.GOARCH, c.Variant, c.Machine, c.Flags, c.Absent}
	for _, column := range columns {
		row = append(row, column.cell(r, true))
	}
	return row
}
