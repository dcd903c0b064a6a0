// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/render"
)

// conditions are what --find looks for; none without it.
func (f *sweepFlags) conditions() ([]harness.Expectation, error) {
	if f.find == "" {
		return nil, nil
	}
	list, err := harness.ParseConditions(f.find)
	if err != nil {
		return nil, failf(statusUsage, "--find: %w", err)
	}
	return list, nil
}

// search looks for the smallest variant that fulfils the conditions, in one part after the other.
func (f *sweepFlags) search(cmd *cobra.Command, plan *sweepPlan, conditions []harness.Expectation) error {
	if err := f.check(); err != nil {
		return err
	}
	ctx, stop := interruptible(cmd.Context())
	defer stop()
	p := newBootsProgress(f.progressTo(cmd), "sweep", plan.len())
	done := p.done
	defer func() { done() }()
	searched := 0
	for i := range plan.parts {
		part := &plan.parts[i]
		before := searched
		progress := func(at harness.FindProgress) {
			what := "looking for " + f.find
			if at.Shrinking {
				what = fmt.Sprintf("found, %d more to make it smaller", at.Done)
			} else {
				searched = before + at.Done
			}
			p.doing(what, what, searched)
		}
		options := append(plan.options[:len(plan.options):len(plan.options)], harness.Parallel(f.jobs))
		found, err := harness.Find(ctx, part.bin, part.axes, conditions, progress, options...)
		var fault *harness.PanicError
		switch {
		case ctx.Err() != nil:
			return failf(statusInterrupted, "sweep: interrupted after %d of %d boots; nothing was found in them", searched, plan.len())
		case errors.As(err, &fault):
			return failf(statusFault, "sweep: %w", err)
		case errors.Is(err, context.Canceled):
			return failf(statusInterrupted, "sweep: %w", err)
		case err != nil:
			return failf(statusRefused, "sweep: %w", err)
		}
		if found == nil {
			continue
		}
		done()
		done = func() {}
		name := strings.Join(append(plan.places(part), found.Name), " ")
		if err := f.tellFound(cmd, name, found); err != nil {
			return err
		}
		return failf(statusFailed, "sweep: found %s: %s", name, found.Report.Cause())
	}
	done()
	done = func() {}
	return f.write(cmd, func(w io.Writer) error {
		if f.quiet {
			return nil
		}
		_, err := fmt.Fprintf(w, "none of %s %s fulfils %s\n", render.Number(uint64(searched)), plural(searched, "boot"), f.find)
		return err
	})
}

// tellFound writes what was found.
func (f *sweepFlags) tellFound(cmd *cobra.Command, name string, found *harness.Found) error {
	r := found.Report
	rows := [][]string{{"found", name}, {"outcome", strings.TrimSuffix(render.End(r)+": "+r.Reason, ": ")}}
	title := "beside it"
	for _, edge := range found.Edges {
		text := edge.String()
		if edge.Guessed {
			text += " (there are too many values for all before it to be tried)"
		}
		rows = append(rows, []string{title, text})
		title = ""
	}
	rows = append(rows,
		[]string{"boots", fmt.Sprintf("%s until the first, and %s to make it smaller and look beside it",
			render.Number(uint64(found.Searched)), render.Number(uint64(found.Shrunk)))},
		[]string{"reproduce", r.Reproduce()},
	)
	return f.write(cmd, func(w io.Writer) error {
		if f.quiet {
			return nil
		}
		if err := (render.Table{Rows: rows}).Text(w); err != nil || !f.verbose {
			return err
		}
		_, err := fmt.Fprintf(w, "\n%s", r.Story())
		return err
	})
}

// places are what tells a part apart, in words.
func (p *sweepPlan) places(part *sweepPart) []string {
	var words []string
	for i, value := range part.place {
		words = append(words, p.lead[i]+"="+value)
	}
	return words
}
