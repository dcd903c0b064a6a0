// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/render"
	"github.com/rt0-dev/rt0/machine"
)

// bootFlags are those of `rt0 boot`.
type bootFlags struct {
	*global
	machineFlags
	boundFlags
	output

	goarch    string
	until     string
	expect    expectFlag
	traces    traceFlag
	traceFile string
}

func newBoot(g *global) *cobra.Command {
	f := &bootFlags{global: g, boundFlags: newBoundFlags()}
	cmd := &cobra.Command{
		Use:   "boot [flags] BINARY [-- ARG...]",
		Short: "Boot one Go binary on one machine, and print what the runtime concluded",
		Long: `Boot one Go binary on one machine, and print what the runtime concluded.

BINARY is a Linux Go ELF file for any architecture of rt0 arches, a .go file, a
package's directory, or the name of one of rt0's own fixtures (hello, runtime,
panic, ...); sources are built first, for --arch.

The guest touches nothing of the host, and is bounded: by default it may execute
` + render.Number(harness.DefaultInstructions) + ` instructions and touch ` + machine.Size(harness.DefaultMemory).String() + ` of memory. There is no bound in time
unless --timeout sets one.

Exit status: 0 all as asked and expected; 1 an expectation failed; 2 wrong usage;
3 it could not be booted; 4 it died or got stuck, and no expectation said that it would.`,
		Example: `  # How many Ps does hello start with on seven CPUs without huge pages?
  rt0 boot --cpus 7 --hugepage none ./hello

  # Let a test decide: exit status 1 when an expectation fails.
  rt0 boot --machine raspberry-pi-4 --arch arm64 --expect gomaxprocs=4 ./cmd/app

  # Run a program to its end with arguments, and see its system calls.
  rt0 boot --until exit --trace syscalls ./hello -- -n 3`,
		Args:              f.arguments,
		ValidArgsFunction: completeBinary,
		RunE:              f.run,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	f.machineFlags.register(cmd)
	flags.StringVar(&f.goarch, "arch", "", "build sources for this `GOARCH` (default: the host's)")
	flags.StringVar(&f.until, "until", harness.DefaultUntil, "stop at a `PHASE|SYMBOL`; exit runs the program to its end")
	f.boundFlags.register(cmd)
	flags.Var(&f.expect, "expect", "assertion, repeatable: KEY=VALUE, KEY~TEXT (contains), KEY=~PATTERN (matches), != !~ <= >=")
	flags.Var(&f.traces, "trace", "write a trace to standard error, repeatable: "+strings.Join(traceNames(), ", "))
	flags.StringVar(&f.traceFile, "trace-file", "", "write traces to `FILE` instead")
	f.output.register(cmd, formTable, formJSON, formCSV, formMarkdown, formJUnit)

	complete(cmd, "arch", arch.Names)
	complete(cmd, "until", harness.Phases)
	complete(cmd, "trace", traceNames)
	completeExpect(cmd, "expect")
	return cmd
}

// arguments wants exactly one before the double dash.
func (f *bootFlags) arguments(cmd *cobra.Command, args []string) error {
	before := len(args)
	if dash := cmd.ArgsLenAtDash(); dash >= 0 {
		before = dash
	}
	switch {
	case before == 0 || args[0] == "":
		return failf(statusUsage, "boot what? rt0 boot wants a BINARY: an ELF file, a .go file or a package; see rt0 boot --help")
	case before == 1:
		return nil
	}
	return failf(statusUsage, "rt0 boot takes one BINARY, and %q is a second one: put the program's own arguments after --", args[1])
}

func completeBinary(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return fixtures.Names(), cobra.ShellCompDirectiveDefault
}

func (f *bootFlags) run(cmd *cobra.Command, args []string) error {
	m, err := f.machine()
	if err != nil {
		return err
	}
	if err := f.contradictions(); err != nil {
		return err
	}
	stderr := cmd.ErrOrStderr()
	verbose, progressTo := io.Discard, stderr
	if f.verbose {
		verbose = stderr
	}
	if f.quiet {
		progressTo = io.Discard
	}
	bin, err := executable(cmd.Context(), args[0], f.goarch, verbose, progressTo)
	if err != nil {
		return err
	}
	if sameFile(bin, f.file) || sameFile(bin, f.traceFile) {
		return failf(statusUsage, "%s is the program to boot: it will not be written over", bin)
	}
	if err := f.check(); err != nil {
		return err
	}
	options := append(f.bounds(), harness.Until(f.until), harness.Args(args[1:]...))
	traces, closeTraces, err := f.traceOptions(stderr)
	if err != nil {
		return err
	}
	options = append(options, traces...)
	progress := newProgress(progressTo, bin)
	report, err := harness.Run(cmd.Context(), bin, m, append(options, harness.Progress(progress.at))...)
	progress.done()
	if closeErr := closeTraces(); closeErr != nil {
		return failf(statusRefused, "--trace-file: %w", closeErr)
	}
	if usage := wrongUsage(report, err); usage != nil {
		return usage
	}
	for _, warning := range report.Warnings() {
		fmt.Fprintln(progressTo, "rt0: warning:", warning)
	}
	result, verdict := judge(report, err, f.expect)
	if err := f.show(cmd, result); err != nil {
		return err
	}
	if verdict != nil && report.Outcome != harness.Refused && f.format.value != formTable {
		fmt.Fprint(verbose, report.Story()) // the table has all of it
	}
	return verdict
}

// contradictions refuses values of flags that make no sense.
func (f *bootFlags) contradictions() error {
	if f.traceFile != "" && len(f.traces) == 0 {
		return failf(statusUsage, "--trace-file says where to, and no --trace says what: --trace %s", strings.Join(traceNames(), "|"))
	}
	return f.sane()
}

// traceOptions are the options of the traces asked for, and a function that ends them.
func (f *bootFlags) traceOptions(stderr io.Writer) (options []harness.Option, end func() error, err error) {
	w, end := stderr, func() error { return nil }
	if f.traceFile != "" {
		file, err := os.Create(f.traceFile)
		if err != nil {
			return nil, nil, failf(statusUsage, "--trace-file: %w", err)
		}
		w, end = file, file.Close
	}
	for _, kind := range f.traces {
		options = append(options, harness.Trace(kind, w))
	}
	return options, end, nil
}

// wrongUsage is a boot's error when it is the user's command that is wrong and not the file; else nil.
func wrongUsage(r *harness.Report, err error) error {
	var (
		point *harness.PointError
		value *machine.ValueError
	)
	if errors.As(err, &point) {
		return failf(statusUsage, "%s: --until: %w", subject(r), err)
	}
	if errors.As(err, &value) {
		return withStatus(statusUsage, err)
	}
	return nil
}

// show writes the report.
func (f *bootFlags) show(cmd *cobra.Command, result render.Result) error {
	r := result.Report
	forms := map[string]func(io.Writer) error{
		formJSON:     func(w io.Writer) error { return writeJSON(w, harness.NewDocument(r)) },
		formCSV:      func(w io.Writer) error { return render.Rows(render.Columns(), true, r).CSV(w) },
		formMarkdown: func(w io.Writer) error { return render.Rows(render.Short(), false, r).Markdown(w) },
		formJUnit:    func(w io.Writer) error { return render.JUnit(w, result) },
		formTable: func(w io.Writer) error {
			if f.quiet && !f.given || r.Outcome == harness.Refused {
				return nil
			}
			return render.Boot(w, r, render.Style{Colour: f.colour(cmd), Verbose: f.verbose})
		},
	}
	return f.write(cmd, forms[f.format.value])
}

// sameFile says whether two paths are one file that exists.
func sameFile(a, b string) bool {
	if b == "" {
		return false
	}
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}
