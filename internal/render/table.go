// SPDX-License-Identifier: GPL-2.0-or-later

// Package render writes reports for people and for other programs: tables, Markdown, CSV and JUnit's XML. It knows nothing of flags or
// terminals; its callers say where to write, and whether in colour.
package render

import (
	"encoding/csv"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
)

// Table is rows of text under a head. One without a head is a list of names and values, two columns.
type Table struct {
	Head  []string
	Right []bool // columns of numbers; those beyond its length stand left
	Rows  [][]string
}

// Text writes the table for a terminal.
func (t Table) Text(w io.Writer) error {
	if len(t.Head) == 0 {
		return t.list(w)
	}
	var b strings.Builder
	table := t.writer(&b)
	table.SetBorder(false)
	table.SetColumnSeparator("")
	table.SetCenterSeparator("─")
	table.SetRowSeparator("─")
	table.Render()
	_, err := io.WriteString(w, trimmed(b.String()))
	return err
}

// Fit is the table for a terminal of so many columns: the last column is cut, and where too little of it would be left, those before it are
// left out, the last of them first. 0 is any width.
func (t Table) Fit(width int) Table {
	const least, gap = 30, 2 // of the last column; between two
	last := len(t.Head) - 1
	if width == 0 || last < 1 {
		return t
	}
	used, keep := 0, 0 // columns before the last one
	for keep < last && (keep == 0 || used+t.width(keep)+gap+least <= width) {
		used += t.width(keep) + gap
		keep++
	}
	room := max(width-used, 1)
	row := func(cells []string, room int) []string {
		text := cells[last]
		if tablewriter.DisplayWidth(text) > room {
			text = strings.TrimRight(string([]rune(text)[:room-1]), " ") + "…"
		}
		return append(slices.Clone(cells[:keep]), text)
	}
	fitted := Table{Head: row(t.Head, room), Right: t.Right[:min(keep, len(t.Right))]}
	for _, cells := range t.Rows {
		fitted.Rows = append(fitted.Rows, row(cells, room))
	}
	return fitted
}

// list writes names and values.
func (t Table) list(w io.Writer) error {
	width := 0
	for _, row := range t.Rows {
		width = max(width, len(row[0]))
	}
	var b strings.Builder
	for _, row := range t.Rows {
		b.WriteString(strings.TrimRight(row[0]+strings.Repeat(" ", width-len(row[0])+2)+row[1], " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Markdown writes the table as a Markdown one.
func (t Table) Markdown(w io.Writer) error {
	escaped := Table{Head: escapeAll(t.Head), Right: t.Right}
	for _, row := range t.Rows {
		escaped.Rows = append(escaped.Rows, escapeAll(row))
	}
	var b strings.Builder
	table := escaped.writer(&b)
	table.SetBorders(tablewriter.Border{Left: true, Right: true})
	table.SetCenterSeparator("|")
	table.Render()
	lines := strings.SplitAfter(b.String(), "\n")
	lines[1] = t.aligned(lines[1])
	_, err := io.WriteString(w, strings.Join(lines, ""))
	return err
}

// aligned puts the colons into a Markdown table's second line that say on which side a column stands; the library has none.
func (t Table) aligned(line string) string {
	cells := strings.Split(line, "|")
	for i := range t.Head {
		if dashes := cells[i+1]; i < len(t.Right) && t.Right[i] {
			cells[i+1] = dashes[1:] + ":"
		} else {
			cells[i+1] = ":" + dashes[1:]
		}
	}
	return strings.Join(cells, "|")
}

// CSV writes the table as RFC 4180 has it, with lines that end in a line feed alone.
func (t Table) CSV(w io.Writer) error {
	c := csv.NewWriter(w)
	if err := c.Write(t.Head); err != nil {
		return err
	}
	return c.WriteAll(t.Rows)
}

// writer is the library's table with our cells: nothing is to be wrapped, cut or put into capitals.
func (t Table) writer(w io.Writer) *tablewriter.Table {
	table := tablewriter.NewWriter(w)
	table.SetAutoFormatHeaders(false)
	table.SetAutoWrapText(false)
	table.SetHeaderAlignment(tablewriter.ALIGN_LEFT)
	head, alignment := make([]string, len(t.Head)), make([]int, len(t.Head))
	for i, title := range t.Head {
		head[i], alignment[i] = title, tablewriter.ALIGN_LEFT
		if i < len(t.Right) && t.Right[i] {
			alignment[i] = tablewriter.ALIGN_RIGHT
			head[i] = strings.Repeat(" ", t.width(i)-tablewriter.DisplayWidth(title)) + title
		}
	}
	table.SetHeader(head)
	table.SetColumnAlignment(alignment)
	table.AppendBulk(t.Rows)
	return table
}

// width is that of a column on a terminal.
func (t Table) width(column int) int {
	n := tablewriter.DisplayWidth(t.Head[column])
	for _, row := range t.Rows {
		n = max(n, tablewriter.DisplayWidth(row[column]))
	}
	return n
}

// escapeAll makes texts fit for cells of a Markdown table.
func escapeAll(texts []string) []string {
	list := make([]string, len(texts))
	for i, text := range texts {
		list[i] = strings.NewReplacer("|", `\|`, "\r", "", "\n", " ").Replace(text)
	}
	return list
}

// reset ends a colour.
const reset = "\x1b[0m"

// trimmed takes away the blanks that the library puts before the first column and behind the last.
func trimmed(table string) string {
	lines, longest := strings.Split(strings.TrimSuffix(table, "\n"), "\n"), 0
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(strings.TrimRight(line, " "), "  ")
		if !strings.HasPrefix(line, "───") {
			longest = max(longest, tablewriter.DisplayWidth(lines[i]))
		}
	}
	for i, line := range lines {
		if strings.HasPrefix(line, "───") {
			lines[i] = strings.Repeat("─", longest)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}
