// SPDX-License-Identifier: GPL-2.0-or-later

// Package render writes reports for people and for other programs: tables, Markdown, CSV and JUnit's XML. It knows nothing of flags or
// terminals; its callers say where to write, and whether in colour.
package render

import (
	"encoding/csv"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
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
	lines := tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: tw.On, ShowFooterLine: tw.Off}
	return t.write(w, tablewriter.WithRendition(tw.Rendition{
		Borders:  tw.BorderNone,
		Symbols:  tw.NewSymbols(tw.StyleLight),
		Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: lines},
	}), tablewriter.WithPadding(tw.Padding{Left: tw.Empty, Right: "  ", Overwrite: true}))
}

// list writes names and values. Tablewriter would do, but takes a millisecond for each table that it makes, and most runs of rt0 print
// lists and a single table.
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
	return escaped.write(w, tablewriter.WithRenderer(renderer.NewMarkdown()))
}

// CSV writes the table as RFC 4180 has it, with lines that end in a line feed alone.
func (t Table) CSV(w io.Writer) error {
	c := csv.NewWriter(w)
	if err := c.Write(t.Head); err != nil {
		return err
	}
	return c.WriteAll(t.Rows)
}

func (t Table) write(w io.Writer, style ...tablewriter.Option) error {
	// Nothing is to be wrapped, cut or put into capitals: cells are meant as they are.
	options := append(style,
		tablewriter.WithHeaderAutoFormat(tw.Off), tablewriter.WithHeaderAutoWrap(tw.WrapNone), tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithTrimSpace(tw.Off), tablewriter.WithAlignment(t.alignment()))
	table := tablewriter.NewTable(trimmer{w}, options...)
	table.Header(t.Head)
	if err := table.Bulk(t.Rows); err != nil {
		return err
	}
	return table.Render()
}

func (t Table) alignment() tw.Alignment {
	alignment := make(tw.Alignment, len(t.Head))
	for i := range alignment {
		alignment[i] = tw.AlignLeft
		if i < len(t.Right) && t.Right[i] {
			alignment[i] = tw.AlignRight
		}
	}
	return alignment
}

// escapeAll makes texts fit for cells of a Markdown table.
func escapeAll(texts []string) []string {
	list := make([]string, len(texts))
	for i, text := range texts {
		list[i] = strings.NewReplacer("|", `\|`, "\r", "", "\n", " ").Replace(text)
	}
	return list
}

// reset ends a colour. Tablewriter adds one behind the blanks with which it fills a cell up that has had colours.
const reset = "\x1b[0m"

// trimmer takes the blanks at the end of lines away, with which tables are filled up. Each write is whole lines.
type trimmer struct{ w io.Writer }

func (t trimmer) Write(data []byte) (int, error) {
	var b strings.Builder
	for line := range strings.Lines(string(data)) {
		body, ended := strings.CutSuffix(line, "\n")
		if filled, ok := strings.CutSuffix(body, " "+reset); ok {
			body = filled
		}
		b.WriteString(strings.TrimRight(body, " "))
		if ended {
			b.WriteByte('\n')
		}
	}
	if _, err := io.WriteString(t.w, b.String()); err != nil {
		return 0, err
	}
	return len(data), nil
}
