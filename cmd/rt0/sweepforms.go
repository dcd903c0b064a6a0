// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"io"
	"os"

	"github.com/rt0-dev/rt0/internal/render"
)

// The forms that only a sweep has.
const (
	formJSONL = "jsonl" // rows as JSON, a line each
	formSVG   = "svg"
	formPNG   = "png"
)

// sweepForm is a form that the rows of a sweep can be written in.
type sweepForm struct {
	name string
	open func(w io.Writer, s *sweep, style render.Style) (sweepRows, error)
	// take takes the rows over that a file has of this sweep, and says where they end; nil: the form's rows are not written as they come.
	take func(file *os.File, s *sweep) (end int64, err error)
	heat bool // it is a map
}

type sweepFormTable []sweepForm

// sweepForms are all of them, the default first.
var sweepForms = sweepFormTable{
	{name: formTable, open: newTableRows},
	{name: formJSON, open: newDocumentRows},
	{name: formJSONL, open: newLineRows, take: takeLines},
	{name: formCSV, open: newCSVRows, take: takeCSV},
	{name: formMarkdown, open: newMarkdownRows},
	{name: formJUnit, open: newCaseRows},
	{name: formHTML, open: newPageRows, heat: true},
	{name: formSVG, open: mapRows((*render.Heat).SVG), heat: true},
	{name: formPNG, open: mapRows((*render.Heat).PNG), heat: true},
}

func (t sweepFormTable) names() []string {
	var names []string
	for _, f := range t {
		names = append(names, f.name)
	}
	return names
}

// form is the named one, which is one of names.
func (t sweepFormTable) form(name string) sweepForm {
	for _, f := range t {
		if f.name == name {
			return f
		}
	}
	panic("no form " + name) // the flag takes the names only
}
