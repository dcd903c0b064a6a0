// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"io"
	"strings"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/internal/render"
	"github.com/rt0-dev/rt0/machine"
)

// foldedRows are tables for people, one for each part, with neighbours that behave alike folded.
type foldedRows struct {
	w      io.Writer
	s      *sweep
	folder *diff.Folder // of the part that is swept
	number int          // of that part
	views  []render.SweepView
	each   func(r sweepRow) // what else is to be done with a row; nil: nothing
	write  func(w io.Writer, views []render.SweepView) error
}

func newTableRows(w io.Writer, s *sweep, style render.Style) (sweepRows, error) {
	return &foldedRows{w: w, s: s, write: func(w io.Writer, views []render.SweepView) error {
		if s.flags.quiet && !s.flags.given {
			return nil
		}
		for i, view := range views {
			if i > 0 {
				if _, err := io.WriteString(w, "\n"); err != nil {
					return err
				}
			}
			if err := render.Sweep(w, view, style); err != nil {
				return err
			}
		}
		return nil
	}}, nil
}

func newMarkdownRows(w io.Writer, s *sweep, _ render.Style) (sweepRows, error) {
	return &foldedRows{w: w, s: s, write: func(w io.Writer, views []render.SweepView) error {
		return render.SweepMarkdown(w, views...)
	}}, nil
}

func (t *foldedRows) row(r sweepRow) error {
	if r.number != t.number || t.folder == nil {
		t.fold()
		t.folder, t.number = diff.NewFolder(r.part.axes), r.number
		t.views = append(t.views, render.SweepView{Title: t.title(r), Axes: r.part.axes})
	}
	t.folder.Add(r.result.Variant, r.result.Report)
	if t.each != nil {
		t.each(r)
	}
	return nil
}

// fold ends the part that is swept.
func (t *foldedRows) fold() {
	if t.folder != nil {
		t.views[len(t.views)-1].Runs = t.folder.Runs()
	}
}

// title is what a part boots, in words.
func (t *foldedRows) title(r sweepRow) string {
	b := r.result.Report.Binary
	words := []string{r.part.name, b.GOARCH, b.GoVersion}
	if name := r.part.axes.Machine.Name; len(t.s.flags.machines) > 1 || name != machine.New().Name {
		words = append(words, name)
	}
	return strings.Join(words, ", ")
}

func (t *foldedRows) end(bool) error {
	t.fold()
	return t.write(t.w, t.views)
}
