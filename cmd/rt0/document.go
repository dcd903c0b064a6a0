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
	expect    expectFlag
	threshold percentFlag
}

// registerJudging adds the flags that say what is well.
func (f *documentFlags) registerJudging(cmd *cobra.Command) {
	cmd.Flags().Var(&f.expect, "expect", "assertion on every boot, repeatable: see rt0 boot --help")
	completeExpect(cmd)
	f.threshold = diff.DefaultThreshold
	cmd.Flags().Var(&f.threshold, "threshold", "tell changes of instructions, pages and calls between releases from this `SHARE` on")
	complete(cmd, "threshold", func() []string { return []string{"0%", "1%", "5%", "10%"} })
}

// registerOutput adds those that say in which form to write, and where to.
func (f *documentFlags) registerOutput(cmd *cobra.Command) {
	f.output.register(cmd, documentForms.names()...)
}

// tell writes the document, and says in the exit status how its boots went.
func (f *documentFlags) tell(cmd *cobra.Command, doc harness.Document) error {
	results, verdict := judgeMatrix(doc, f.expect)
	view := render.MatrixView{Document: doc, Results: results, Diff: diff.Options{Threshold: float64(f.threshold)}}
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
			if r := result.Report; r.Outcome != harness.Reached && render.CellOf(r).Absent == "" {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s:\n%s\n", render.CellOf(r), r.Story())
			}
		}
	}
	return verdict
}

func (f *documentFlags) progressTo(cmd *cobra.Command) io.Writer {
	if f.quiet {
		return io.Discard
	}
	return cmd.ErrOrStderr()
}
