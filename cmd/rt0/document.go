// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/render"
)

// documentFlags say how many boots are judged and shown, whether they were just booted (rt0 matrix) or saved (rt0 report show).
type documentFlags struct {
	*global
	output
	baselineFlags
	expect expectFlag
}

func newDocumentFlags(g *global) documentFlags {
	return documentFlags{global: g, baselineFlags: newBaselineFlags()}
}

// registerJudging adds the flags that say what is well.
func (f *documentFlags) registerJudging(cmd *cobra.Command) {
	cmd.Flags().Var(&f.expect, "expect", "assertion on every boot, repeatable: see rt0 boot --help")
	completeExpect(cmd, "expect")
	f.baselineFlags.register(cmd)
}

// registerOutput adds those that say in which form to write, and where to.
func (f *documentFlags) registerOutput(cmd *cobra.Command) {
	f.output.register(cmd, documentForms.names()...)
}

// tell writes the document, and says in the exit status how its boots went. program is what has the baseline, unless a flag names it; "": nothing.
func (f *documentFlags) tell(cmd *cobra.Command, doc harness.Document, program string) error {
	results, verdict := judgeMatrix(doc, f.expect)
	view := render.MatrixView{Document: doc, Results: results, Diff: diff.Options{Threshold: float64(f.threshold)}}
	if !f.accept && f.has(program) {
		since, err := f.since(program, doc, results)
		if err != nil {
			return err
		}
		view.Since = since
		verdict = f.verdict(verdict, since)
	}
	err := f.write(cmd, func(w io.Writer) error {
		if f.format.value == formTable && f.quiet && !f.given {
			return nil
		}
		return documentForms.write(f.format.value, w, view, render.Style{Colour: f.colour(cmd), Verbose: f.verbose, Width: f.width(cmd)})
	})
	if err != nil {
		return err
	}
	if f.verbose {
		for _, result := range results {
			if r := result.Report; r.Outcome != harness.Reached && r.Place().Absent == "" {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s:\n%s\n", r.Place(), r.Story())
			}
		}
	}
	if !f.accept {
		return verdict
	}
	if verdict != nil && statusOf(verdict) != statusDied {
		return verdict // what could not be booted, or is not as expected, is nothing to accept
	}
	return f.keep(program, diff.FactsOfAll(doc.Boots), f.progressTo(cmd))
}

// since compares a document with the baseline, and tells the results. Boots that the baseline has and the document has not are no news: it is
// the flags that say what is booted.
func (f *documentFlags) since(program string, doc harness.Document, results []render.Result) (*render.Changes, error) {
	base, err := f.load(program)
	if err != nil {
		return nil, err
	}
	set := diff.Sets(base, diff.FactsOfAll(doc.Boots), diff.Options{Threshold: float64(f.threshold)})
	set.OnlyOld = nil
	told := map[diff.Side]string{}
	for _, d := range set.Diffs {
		if n := len(d.Changes); n > 0 {
			told[d.New] = fmt.Sprintf("%d %s since the baseline, the first: %s", n, plural(n, "change"), d.Changes[0])
		}
	}
	for _, side := range set.OnlyNew {
		told[side] = "the baseline has no such boot"
	}
	for i, result := range results {
		results[i].Since = told[result.Report.Place()]
	}
	return &render.Changes{Set: set, Old: f.path(program), New: "now"}, nil
}

// verdict is the one on boots that have a baseline: what changed since is a difference, and a death that the baseline has was expected.
func (f *documentFlags) verdict(boots error, since *render.Changes) error {
	switch {
	case boots != nil && statusOf(boots) == statusFailed:
		return boots
	case !since.Set.Empty():
		return changed("matrix", since.Set)
	case boots != nil && statusOf(boots) == statusDied:
		return nil
	}
	return boots
}

func (f *documentFlags) progressTo(cmd *cobra.Command) io.Writer {
	if f.quiet {
		return io.Discard
	}
	return cmd.ErrOrStderr()
}
