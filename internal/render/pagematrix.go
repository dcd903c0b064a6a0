// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"fmt"
	"go/version"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/harness"
)

// pageMatrix is a document as the page's table has it: releases across, everything else down.
type pageMatrix struct {
	Releases []pageRelease
	Labels   []pageLabel // the head of the rows' labels: those that tell rows apart
	Rows     []pageRow
	boots    []*pageBoot // row by row
	diffs    []diff.Diff
}

// pageRelease is a column.
type pageRelease struct {
	Name   string // "go1.26.8"
	Short  string // "1.26.8"
	Median string // by how much the instructions of its boots differ from the left neighbours'; "" without neighbours
	Boots  int
}

// pageLabel is one of the words that name a row.
type pageLabel struct {
	Name  string // "machine"
	width int    // in characters
}

// pageRow is a row of cells.
type pageRow struct {
	Words  []string // those of the matrix's labels
	Cells  []pageCell
	Points string // the instructions of its boots as an SVG polyline
}

// pageCell is a place in the table.
type pageCell struct {
	Boot  *pageBoot // nil: there is none
	Title string    // of a cell without a boot: why
}

// pageBoot is a boot with what is told of it in the matrix.
type pageBoot struct {
	report   *harness.Report
	cell     harness.Cell
	facts    *diff.Facts
	Index    int       // in the page's data
	previous *pageBoot // the left neighbour
	diff     *diff.Diff
	ID       string // its fragment
}

// newPageMatrix puts reports into rows and columns, and compares each with its left neighbour. The releases ascend, whatever the order of the
// reports.
func newPageMatrix(reports []*harness.Report, o diff.Options) *pageMatrix {
	m := &pageMatrix{}
	reports = slices.Clone(reports)
	slices.SortStableFunc(reports, func(a, b *harness.Report) int { return compareReleases(a.Place().Toolchain, b.Place().Toolchain) })
	grid := Grid(reports)
	for i, title := range grid.Titles {
		m.Labels = append(m.Labels, pageLabel{title, labelWidth(title, grid.Rows, i)})
	}
	ids := map[string]int{}
	for _, r := range grid.Rows {
		row := pageRow{Words: r.Head}
		var previous *pageBoot
		for _, report := range r.Boots {
			if report == nil {
				row.Cells = append(row.Cells, pageCell{Title: "not in this document"})
				continue
			}
			b := &pageBoot{report: report, cell: report.Place(), Index: len(m.boots)}
			if b.cell.Absent != "" {
				row.Cells = append(row.Cells, pageCell{Title: b.cell.Absent})
				continue
			}
			b.facts, b.ID = diff.FactsOf(report), strings.ToValidUTF8(b.program()+"/"+b.cell.String(), "\uFFFD")
			if ids[b.ID]++; ids[b.ID] > 1 {
				b.ID += fmt.Sprintf("~%d", ids[b.ID])
			}
			b.facts.Side = diff.Side{
				Program: b.program(), Toolchain: b.cell.Toolchain, GOARCH: b.cell.GOARCH, Variant: b.cell.Variant, Machine: b.cell.Machine,
			}
			if previous != nil {
				d := b.compare(previous, o)
				b.previous, b.diff = previous, &d
				m.diffs = append(m.diffs, d)
			}
			previous = b
			m.boots = append(m.boots, b)
			row.Cells = append(row.Cells, pageCell{Boot: b})
		}
		row.Points = sparkline(row.Cells)
		m.Rows = append(m.Rows, row)
	}
	// diff.Fold wants the changes release by release.
	slices.SortStableFunc(m.diffs, func(a, b diff.Diff) int { return compareReleases(a.New.Toolchain, b.New.Toolchain) })
	for i, toolchain := range grid.Toolchains {
		m.Releases = append(m.Releases, m.release(i, toolchain))
	}
	return m
}

// compare says what the boot does otherwise than another. Two that never came to a boot do the same: why they did not names the release.
func (b *pageBoot) compare(old *pageBoot, o diff.Options) diff.Diff {
	if b.report.Outcome == harness.Refused && old.report.Outcome == harness.Refused {
		return diff.Diff{Old: old.facts.Side, New: b.facts.Side}
	}
	return diff.Compare(old.facts, b.facts, o)
}

// labelWidth is the room that a label needs, within reason.
func labelWidth(title string, rows []MatrixRow, i int) int {
	const most, gap = 26, 3
	width := utf8.RuneCountInString(title) + gap
	for _, r := range rows {
		width = max(width, utf8.RuneCountInString(r.Head[i])+gap)
	}
	return min(width, most)
}

// Href is the link to the boot.
func (b *pageBoot) Href() template.URL {
	u := url.URL{Fragment: b.ID}
	return template.URL(u.String())
}

// program is the program with what its build was told.
func (b *pageBoot) program() string {
	return strings.TrimSpace(b.cell.Program + " " + b.cell.Flags)
}

// compareReleases is the order of toolchains: releases ascend; what is no release, such as a GOROOT's, comes after them as it stands.
func compareReleases(a, b string) int {
	x, y := version.IsValid(a), version.IsValid(b)
	switch {
	case x && y:
		return version.Compare(a, b)
	case x:
		return -1
	case y:
		return 1
	}
	return 0
}

// release is the head of a column.
func (m *pageMatrix) release(column int, name string) pageRelease {
	r := pageRelease{Name: name, Short: strings.TrimPrefix(name, "go")}
	var shares []float64
	for _, row := range m.Rows {
		b := row.Cells[column].Boot
		if b == nil {
			continue
		}
		r.Boots++
		if b.previous != nil && b.well() && b.previous.well() {
			shares = append(shares, b.Amount().Share())
		}
	}
	if len(shares) > 0 {
		slices.Sort(shares)
		r.Median = fmt.Sprintf("%+.1f%%", 100*shares[len(shares)/2])
	}
	return r
}

// sparkline is the instructions of a row's boots as points in a box of 100 by 20, as wide as the matrix; "" for fewer than two.
func sparkline(cells []pageCell) string {
	const width, height = 100, 20
	var most uint64
	var points []string
	for _, c := range cells {
		if c.Boot != nil && c.Boot.well() {
			most = max(most, c.Boot.report.Counts.Instructions)
		}
	}
	for i, c := range cells {
		if c.Boot != nil && c.Boot.well() && most > 0 {
			x := width * float64(i) / float64(max(len(cells)-1, 1))
			y := height * (1 - float64(c.Boot.report.Counts.Instructions)/float64(most))
			points = append(points, fmt.Sprintf("%.1f,%.1f", x, y))
		}
	}
	if len(points) < 2 {
		return ""
	}
	return strings.Join(points, " ")
}

// title is what the matrix is of.
func (m *pageMatrix) title() string {
	programs := m.distinct(func(b *pageBoot) string { return b.program() })
	if len(programs) == 0 {
		return "no boots"
	}
	if len(programs) > 3 {
		return fmt.Sprintf("%d programs", len(programs))
	}
	return strings.Join(programs, ", ")
}

// distinct are the values that boots have, in the order of their first boot.
func (m *pageMatrix) distinct(value func(*pageBoot) string) []string {
	var list []string
	for _, b := range m.boots {
		if v := value(b); !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

// pageTotal is a number above the matrix, with what it is of.
type pageTotal struct {
	Number string
	Unit   string
	Title  string
	Bad    bool
}

// totals are what the document holds.
func (m *pageMatrix) totals(doc harness.Document) []pageTotal {
	var list []pageTotal
	add := func(n int, one, many, title string, bad bool) {
		if n != 1 {
			one = many
		}
		list = append(list, pageTotal{Number(uint64(n)), one, title, bad})
	}
	add(len(m.boots), "boot", "boots", "cells that a release has no port for are not counted", false)
	counts := map[harness.Outcome]int{}
	for _, b := range m.boots {
		counts[b.report.Outcome]++
	}
	for _, outcome := range harness.Outcomes {
		if n := counts[outcome]; n > 0 {
			add(n, string(outcome), string(outcome), "", !slices.Contains(good, outcome))
		}
	}
	if absent := len(doc.Boots) - len(m.boots); absent > 0 {
		add(absent, "absent", "absent", "a release has no such port", false)
	}
	for _, dimension := range []struct {
		one, many string
		value     func(*pageBoot) string
	}{
		{"program", "programs", func(b *pageBoot) string { return b.program() }},
		{"toolchain", "toolchains", func(b *pageBoot) string { return b.cell.Toolchain }},
		{"architecture", "architectures", func(b *pageBoot) string { return b.cell.GOARCH }},
		{"variant", "variants", func(b *pageBoot) string { return b.cell.Variant }},
		{"machine", "machines", func(b *pageBoot) string { return b.cell.Machine }},
	} {
		names := m.distinct(dimension.value)
		add(len(names), dimension.one, dimension.many, strings.Join(names, ", "), false)
	}
	return list
}

func percentOf(share float64) string { return fmt.Sprintf("%.4g%%", 100*share) }
