// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
)

// A table is what a section found: rows of cells, notes below, and how many goals were missed.
type table struct {
	title  string
	heads  []string
	rows   [][]string
	notes  []string
	missed int
}

func newTable(title string, heads ...string) *table { return &table{title: title, heads: heads} }

func (t *table) row(cells ...any) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		row[i] = fmt.Sprint(cell)
		if v, ok := cell.(verdict); ok && v == missed {
			t.missed++
		}
	}
	t.rows = append(t.rows, row)
}

// note keeps what a reader must know of the runs: which failed, and what was changed to let them run.
func (t *table) note(goarch string, all ...series) {
	for _, s := range all {
		if s.env != nil {
			t.notes = append(t.notes, fmt.Sprintf("%s: %s ran with %s", goarch, s.contender, strings.Join(s.env, " ")))
		}
		if s.failed > 0 {
			t.notes = append(t.notes, fmt.Sprintf("%s: %s failed in %d of %d runs: %s", goarch, s.contender, s.failed, s.failed+len(s.samples), s.reason))
		}
	}
}

// text prints the table with aligned columns.
func (t *table) text(w io.Writer) {
	fmt.Fprintln(w, t.title)
	aligned := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{t.heads}, t.rows...) {
		fmt.Fprintln(aligned, strings.Join(row, "\t"))
	}
	_ = aligned.Flush()
	for _, note := range t.notes {
		fmt.Fprintln(w, note)
	}
	fmt.Fprintln(w)
}

// markdown prints it as a page has it.
func (t *table) markdown(w io.Writer) {
	fmt.Fprintf(w, "%s.\n\n", t.title)
	rule := make([]string, len(t.heads))
	for i := range rule {
		rule[i] = "--:"
	}
	rule[0] = "---"
	for _, row := range append([][]string{t.heads, rule}, t.rows...) {
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
	}
	if len(t.notes) > 0 {
		fmt.Fprintln(w)
	}
	for _, note := range t.notes {
		fmt.Fprintf(w, "- %s\n", note)
	}
}

// A verdict says whether a goal was met.
type verdict string

const (
	met     verdict = "met"
	missed  verdict = "missed"
	unknown verdict = "–" // no goal, or nothing that could be compared
)

// judge compares with goals, pairs of a figure and the most that it may be.
func judge(pairs ...float64) verdict {
	v := unknown
	for i := 0; i < len(pairs); i += 2 {
		switch value, most := pairs[i], pairs[i+1]; {
		case value > most:
			return missed
		case !math.IsNaN(value) && !math.IsInf(most, 1):
			v = met
		}
	}
	return v
}

// times is how often one goes into the other: a speed, of which more is better.
type times float64

func (t times) String() string {
	switch {
	case math.IsNaN(float64(t)):
		return "–"
	case t >= 20:
		return fmt.Sprintf("%.0f", float64(t))
	}
	return fmt.Sprintf("%.2f", float64(t))
}

// limit is a goal for a ratio.
type limit float64

// noGoal is the limit of what is only reported.
var noGoal = limit(math.Inf(1))

func (l limit) String() string {
	if l == noGoal {
		return "–"
	}
	return fmt.Sprintf("≤ %.1f", float64(l))
}

// size is an amount of memory in bytes.
type size int64

func (s size) String() string { return fmt.Sprintf("%.0f MiB", float64(s)/(1<<20)) }
