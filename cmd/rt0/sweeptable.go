// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"io"

	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/render"
)

// tableRows are a table for people.
type tableRows struct {
	w io.Writer
	s *sweep
	t render.Table
}

func newTableRows(w io.Writer, s *sweep, _ render.Style) (sweepRows, error) {
	t := &tableRows{w: w, s: s}
	t.t.Head = append(append(t.t.Head, s.plan.keys()...), "outcome", "Ps", "instructions")
	return t, nil
}

func (t *tableRows) row(r sweepRow) error {
	gomaxprocs, _ := harness.Expectation{Key: "gomaxprocs"}.Check(r.result.Report)
	t.t.Rows = append(t.t.Rows, append(t.s.plan.variant(r.part, r.result.Variant), render.End(r.result.Report), gomaxprocs,
		render.Number(r.result.Report.Counts.Instructions)))
	return nil
}

func (t *tableRows) end(bool) error {
	if t.s.flags.quiet && !t.s.flags.given {
		return nil
	}
	if t.s.flags.format.value == formMarkdown {
		return t.t.Markdown(t.w)
	}
	return t.t.Text(t.w)
}
