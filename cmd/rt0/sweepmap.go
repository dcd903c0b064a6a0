// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"io"
	"strings"

	"github.com/rt0-dev/rt0/internal/render"
)

// mapRows are a picture in a form.
func mapRows(draw func(*render.Heat, io.Writer) error) func(io.Writer, *sweep, render.Style) (sweepRows, error) {
	return func(w io.Writer, s *sweep, _ render.Style) (sweepRows, error) {
		heat, err := render.NewHeat(s.plan.parts[0].axes, render.HeatOptions{Key: s.flags.heat, Binaries: len(s.plan.parts)})
		return &pictureRows{w, heat, draw}, withStatus(statusUsage, err)
	}
}

// newPageRows are a map as a page, with the folded tables below it.
func newPageRows(w io.Writer, s *sweep, _ render.Style) (sweepRows, error) {
	heat, err := render.NewHeat(s.plan.parts[0].axes, render.HeatOptions{Key: s.flags.heat, Binaries: len(s.plan.parts), Details: true})
	if err != nil {
		return nil, withStatus(statusUsage, err)
	}
	return &foldedRows{
		w: w, s: s,
		each:  func(r sweepRow) { heat.Add(r.number, r.result) },
		write: func(w io.Writer, views []render.SweepView) error { return heat.HTML(w, views...) },
	}, nil
}

// pictureRows collect a map, and draw it at the end.
type pictureRows struct {
	w    io.Writer
	heat *render.Heat
	draw func(*render.Heat, io.Writer) error
}

func (p *pictureRows) row(r sweepRow) error {
	p.heat.Add(r.number, r.result)
	return nil
}

func (p *pictureRows) end(bool) error { return p.draw(p.heat, p.w) }

// caseRows are test cases: a suite for each part.
type caseRows struct {
	w     io.Writer
	s     *sweep
	cases *render.SweepJUnit
}

func newCaseRows(w io.Writer, s *sweep, _ render.Style) (sweepRows, error) {
	return &caseRows{w, s, render.NewSweepJUnit(s.plan.parts[0].axes)}, nil
}

func (c *caseRows) row(r sweepRow) error {
	b := r.result.Report.Binary
	suite := strings.Join(r.part.place, " ")
	if suite == "" {
		suite = strings.TrimSpace(r.part.name + " " + b.GOARCH)
	}
	c.cases.Add(suite, r.result.Variant, r.judged)
	return nil
}

func (c *caseRows) end(bool) error { return c.cases.Write(c.w) }

// onTerminal refuses what is no text where text is read.
func (f *sweepFlags) onTerminal(w io.Writer) error {
	if f.format.value == formPNG && f.file == "" && isTerminal(w) {
		return failf(statusUsage, "a picture is nothing for a terminal: name a file with --out")
	}
	return nil
}
