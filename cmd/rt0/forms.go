// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"io"

	"github.com/rt0-dev/rt0/internal/render"
)

// documentForm is a form that a matrix, or a document that was saved, can be written in.
type documentForm struct {
	name  string
	write func(w io.Writer, view render.MatrixView, s render.Style) error
}

type documentFormTable []documentForm

// documentForms are all of them, the default first.
var documentForms = documentFormTable{
	{formTable, func(w io.Writer, v render.MatrixView, s render.Style) error {
		return render.Matrix(w, v, s)
	}},
	{formJSON, func(w io.Writer, v render.MatrixView, _ render.Style) error { return v.Document.Write(w) }},
	{formCSV, func(w io.Writer, v render.MatrixView, _ render.Style) error {
		return render.MatrixCSV(v.Document.Boots).CSV(w)
	}},
	{formMarkdown, func(w io.Writer, v render.MatrixView, _ render.Style) error { return render.MatrixMarkdown(w, v) }},
	{formJUnit, func(w io.Writer, v render.MatrixView, _ render.Style) error { return render.MatrixJUnit(w, v) }},
	{formGitHub, func(w io.Writer, v render.MatrixView, _ render.Style) error {
		return render.Annotations(w, render.MatrixAnnotations(v))
	}},
	{formHTML, func(w io.Writer, v render.MatrixView, _ render.Style) error {
		return render.Page(w, v.Document, v.Diff)
	}},
}

func (t documentFormTable) names() []string {
	var names []string
	for _, f := range t {
		names = append(names, f.name)
	}
	return names
}

// write writes the view in the named form, which is one of names.
func (t documentFormTable) write(name string, w io.Writer, view render.MatrixView, s render.Style) error {
	for _, f := range t {
		if f.name == name {
			return f.write(w, view, s)
		}
	}
	panic("no form " + name) // the flag takes the names only
}
