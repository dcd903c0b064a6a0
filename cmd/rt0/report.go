// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/harness"
)

func newReport(g *global) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "report COMMAND",
		Short: "Show saved reports, and merge those of a matrix's parts",
		Long: `Show reports that rt0 matrix --save or rt0 boot -o json has saved, and put the parts of
a matrix together that rt0 matrix --shard booted on several hosts.`,
		Example: `  rt0 matrix --go 1.21..1.27 --shard 1/2 --save a.json   # on one host
  rt0 matrix --go 1.21..1.27 --shard 2/2 --save b.json   # on another
  rt0 report merge a.json b.json --out all.json
  rt0 report show all.json -o markdown`,
		Args: cobra.ArbitraryArgs, // so that a command that does not exist comes to RunE
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return noCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(newReportMerge(g), newReportShow(g))
	return cmd
}

// mergeFlags are those of `rt0 report merge`.
type mergeFlags struct {
	*global
	out string
}

func newReportMerge(g *global) *cobra.Command {
	f := &mergeFlags{global: g}
	cmd := &cobra.Command{
		Use:   "merge FILE...",
		Short: "Make one report of several",
		Long: `Make one report of several, such as those of a matrix's parts, and write it as JSON.

The boots are in the order of the matrix, whatever the order of the files; equal ones
are one, and of a cell that could not be booted in one file and could in another the
boot is kept. - is standard input. All parts of a matrix give, byte for byte, what the
whole matrix would have saved.

Exit status: 0 all is in it; 1 two files have different boots of one cell; 2 wrong
usage; 3 a file is no report, or parts of the matrix are missing: what there is was
written all the same.`,
		Example: `  rt0 report merge shard-*.json --out all.json
  rt0 report merge a.json b.json | rt0 report show -`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return failf(statusUsage, "merge what? rt0 report merge wants files that rt0 matrix --save has written")
			}
			return nil
		},
		RunE: f.run,
	}
	cmd.Flags().StringVar(&f.out, "out", "", "write it to `FILE` instead of standard output")
	return cmd
}

func (f *mergeFlags) run(cmd *cobra.Command, args []string) error {
	documents, err := openDocuments(cmd, args)
	if err != nil {
		return err
	}
	merged, warning, err := harness.Merge(documents...)
	if warning != "" && !f.quiet {
		fmt.Fprintln(cmd.ErrOrStderr(), "rt0: warning:", warning)
	}
	var (
		conflict *harness.ConflictError
		missing  *harness.MissingError
	)
	switch {
	case errors.As(err, &conflict):
		return failf(statusFailed, "report merge: %w", err)
	case err != nil && !errors.As(err, &missing):
		return failf(statusRefused, "report merge: %w", err)
	}
	if f.out == "" {
		if err := merged.Write(cmd.OutOrStdout()); err != nil {
			return withStatus(statusRefused, err)
		}
	} else if err := merged.Save(f.out); err != nil {
		return failf(statusUsage, "--out: %w", err)
	}
	if err != nil {
		return failf(statusRefused, "report merge: %w", err)
	}
	return nil
}

// stdinName stands for standard input among files.
const stdinName = "-"

// openDocuments reads the named files; - is standard input, once.
func openDocuments(cmd *cobra.Command, names []string) ([]harness.NamedDocument, error) {
	if first := slices.Index(names, stdinName); first >= 0 && slices.Contains(names[first+1:], stdinName) {
		return nil, failf(statusUsage, "%s is standard input, which can be read once", stdinName)
	}
	var documents []harness.NamedDocument
	for _, name := range names {
		d, err := openDocument(cmd, name)
		if err != nil {
			return nil, err
		}
		documents = append(documents, harness.NamedDocument{Name: name, Document: d})
	}
	return documents, nil
}

func openDocument(cmd *cobra.Command, name string) (harness.Document, error) {
	if name != stdinName {
		d, err := harness.OpenDocument(name)
		return d, withStatus(statusRefused, err)
	}
	d, err := harness.ReadDocument(cmd.InOrStdin())
	if err != nil {
		return d, failf(statusRefused, "standard input: %w", err)
	}
	return d, nil
}

func newReportShow(g *global) *cobra.Command {
	f := newDocumentFlags(g)
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Show a saved report in any form",
		Long: `Show a report that rt0 matrix --save, rt0 boot -o json or rt0 report merge has written,
as rt0 matrix would. - is standard input.

The boots are judged as rt0 matrix judges them, by the expectations that are given here:
a saved report has no word of those that it was booted with.

Exit status: 0 all as asked and expected; 1 an expectation failed; 2 wrong usage; 3 the
file is no report, or something could not be built or booted; 4 a program died or got
stuck, and no expectation said that it would.`,
		Example: `  rt0 report show all.json
  rt0 report show all.json -o markdown >>"$GITHUB_STEP_SUMMARY"
  rt0 report show all.json --expect gomaxprocs=4 -o junit --out junit.xml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return failf(statusUsage, "show what? rt0 report show wants one file that rt0 matrix --save has written, or -")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(f.check(), f.named("")); err != nil {
				return err
			}
			if sameFile(args[0], f.file) {
				return failf(statusUsage, "%s is the report to show: it will not be written over", args[0])
			}
			doc, err := openDocument(cmd, args[0])
			if err != nil {
				return err
			}
			return f.tell(cmd, doc, "")
		},
	}
	cmd.Flags().SortFlags = false
	f.registerJudging(cmd)
	f.registerOutput(cmd)
	return cmd
}
