// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/render"
	"github.com/rt0-dev/rt0/machine"
)

// diffFlags are those of `rt0 diff`.
type diffFlags struct {
	*global
	machineFlags
	boundFlags
	buildFlags
	baselineFlags
	output

	toolchains []string
	arches     []string
	until      string
}

func newDiff(g *global) *cobra.Command {
	f := &diffFlags{global: g, boundFlags: newBoundFlags(), baselineFlags: newBaselineFlags()}
	cmd := &cobra.Command{
		Use:   "diff [flags] OLD NEW",
		Short: "Tell what changed between two saved reports, two binaries, or two toolchains",
		Long: `Tell what changed between two boots: how they end, what the runtime concluded, phases
of start-up, files that are asked for, system calls and their order, package
initialisers, and instructions, pages and system calls of each phase.

OLD and NEW are each a report (of rt0 boot -o json, or rt0 matrix --save; - is
standard input), a baseline, a binary, or something to build: a package's directory, a
.go file, one of rt0's own fixtures. What is no report is booted, on the machine of the
flags. Boots of two reports are paired by program, architecture, variant and machine,
and by toolchain: the same, else the same minor release, else the only one that is left.

With one argument, OLD is the baseline that --accept kept beside it. With --go A,B it
is one program, built with two toolchains.

Boots are deterministic, so whatever differs is told, but for amounts: these have to
differ by more than --threshold, and by 1,000 instructions, 10 system calls or 8 pages
of a phase, and 20,000 instructions of a package's initialisers; 0 tells all. Two equal
builds have no difference at all.

Exit status: 0 nothing changed; 1 something did; 2 wrong usage; 3 there is nothing to
compare: no report, a binary that cannot be booted, a build that fails.`,
		Example: `  rt0 diff --go 1.24,1.25 hello                      # what did Go 1.25 change?
  rt0 diff old.json new.json -o markdown             # two runs of rt0 matrix --save
  rt0 diff --machine graviton ./server-1.0 ./server-1.1
  rt0 diff --accept ./cmd/server && rt0 diff ./cmd/server   # from now on, tell me what changes`,
		Args:              f.arguments,
		ValidArgsFunction: completePrograms,
		RunE:              f.run,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	f.baselineFlags.register(cmd)
	flags.StringSliceVar(&f.toolchains, "go", nil, "build with these, as in rt0 matrix: two for one program, or one (default: local)")
	flags.StringSliceVar(&f.arches, "arch", nil, "build sources for this `LIST` of architectures, or all (default: the host's)")
	f.machineFlags.register(cmd)
	f.buildFlags.register(cmd)
	flags.StringVar(&f.until, "until", harness.DefaultUntil, "stop at a `PHASE|SYMBOL`; exit runs the programs to their end")
	f.boundFlags.register(cmd)
	f.output.register(cmd, formTable, formJSON, formMarkdown, formGitHub)
	complete(cmd, "arch", func() []string { return append(arch.Names(), allArches) })
	complete(cmd, "until", harness.Phases)
	return cmd
}

func (f *diffFlags) arguments(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return failf(statusUsage, "compare what? rt0 diff wants OLD and NEW, or one that has a baseline; see rt0 diff --help")
	case len(args) > 2:
		return failf(statusUsage, "rt0 diff compares two, and %q is a third", args[2])
	case args[0] == "-" && len(args) == 2 && args[1] == "-":
		return failf(statusUsage, "OLD and NEW cannot both be standard input")
	}
	return nil
}

func (f *diffFlags) run(cmd *cobra.Command, args []string) error {
	if err := f.check(); err != nil {
		return err
	}
	if err := f.sane(); err != nil {
		return err
	}
	sdks, err := f.sdks(cmd)
	if err != nil {
		return err
	}
	if len(sdks) == 2 && len(args) == 2 {
		return failf(statusUsage, "--go names two toolchains, and there are two programs: compare one program with two toolchains, or two with one")
	}
	sides := &sides{flags: f, cmd: cmd}
	var old, new []*diff.Facts
	oldName, newName := "", args[len(args)-1]
	switch {
	case len(sdks) == 2:
		oldName, newName = sdks[0].Name, sdks[1].Name
		if old, err = sides.built(args[0], sdks[0]); err == nil {
			new, err = sides.built(args[0], sdks[1])
		}
	case len(args) == 2:
		oldName = args[0]
		if old, err = sides.of(args[0], sdks); err == nil {
			new, err = sides.of(args[1], sdks)
		}
	default:
		if new, err = sides.of(args[0], sdks); err == nil && !f.accept {
			oldName = f.path(args[0])
			old, err = f.load(args[0])
		}
	}
	if err != nil {
		return err
	}
	if f.accept {
		return f.keep(args[len(args)-1], new, f.progressTo(cmd))
	}
	return f.tell(cmd, sides.compare(old, new), oldName, newName)
}

// sdks are the toolchains asked for: one or two.
func (f *diffFlags) sdks(cmd *cobra.Command) ([]fixtures.SDK, error) {
	selector := fixtures.Selector{Warn: func(text string) { fmt.Fprintln(f.progressTo(cmd), "rt0: warning:", text) }}
	sdks, err := selector.Select(cmd.Context(), strings.Join(f.toolchains, ","))
	if err != nil {
		return nil, failf(statusUsage, "--go: %w", err)
	}
	if len(sdks) > 2 {
		return nil, failf(statusUsage, "--go names %d toolchains, and rt0 diff compares two: rt0 matrix boots more", len(sdks))
	}
	return sdks, nil
}

// tell writes what changed; the error is that something did.
func (f *diffFlags) tell(cmd *cobra.Command, set diff.Set, oldName, newName string) error {
	err := f.write(cmd, func(w io.Writer) error {
		if f.format.value == formTable && f.quiet && !f.given {
			return nil
		}
		return diffForms[f.format.value](w, render.Changes{Set: set, Old: oldName, New: newName},
			render.Style{Colour: f.colour(cmd), Verbose: f.verbose, Width: f.width(cmd)})
	})
	if err != nil {
		return err
	}
	return changed("diff", set)
}

// diffForms are the forms of a difference.
var diffForms = map[string]func(io.Writer, render.Changes, render.Style) error{
	formTable:    func(w io.Writer, c render.Changes, s render.Style) error { return c.Text(w, s) },
	formMarkdown: func(w io.Writer, c render.Changes, _ render.Style) error { return c.Markdown(w) },
	formGitHub: func(w io.Writer, c render.Changes, _ render.Style) error {
		return render.Annotations(w, c.Annotations())
	},
	formJSON: func(w io.Writer, c render.Changes, _ render.Style) error {
		return writeJSON(w, struct {
			Schema int         `json:"schema"`
			RT0    harness.RT0 `json:"rt0"`
			diff.Set
		}{harness.Schema, harness.RT0{Version: harness.Version()}, c.Set})
	},
}

func (f *diffFlags) progressTo(cmd *cobra.Command) io.Writer {
	if f.quiet {
		return io.Discard
	}
	return cmd.ErrOrStderr()
}

// sides makes facts of what is compared.
type sides struct {
	flags    *diffFlags
	cmd      *cobra.Command
	programs int // of the sides, how many were booted and not read
}

// of is what an argument stands for: a report, a baseline, a binary or sources.
func (s *sides) of(arg string, sdks []fixtures.SDK) ([]*diff.Facts, error) {
	if arg == "-" {
		facts, err := diff.Read(s.cmd.InOrStdin())
		if err != nil {
			return nil, failf(statusRefused, "standard input: %w", err)
		}
		return facts, nil
	}
	if fixtures.IsSource(arg) {
		return s.built(arg, sdks[0])
	}
	document, err := isText(arg)
	if err != nil {
		return nil, withStatus(statusRefused, err)
	}
	if document {
		facts, err := diff.Open(arg)
		return facts, withStatus(statusRefused, err)
	}
	return s.booted(arg)
}

// isText says whether a file is no ELF file. What begins with a brace, or is none of both, is taken for a report, whose reader says what is wrong.
func isText(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	const elfMagic = "\x7fELF"
	first, err := bufio.NewReader(f).Peek(len(elfMagic))
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read %s: %w", path, err)
	}
	return string(first) != elfMagic, nil
}

// built builds a program and boots it for all architectures of the flags.
func (s *sides) built(program string, sdk fixtures.SDK) ([]*diff.Facts, error) {
	f := s.flags
	if !slices.Contains(fixtures.Names(), program) && !fixtures.IsSource(program) {
		return nil, failf(statusUsage, "--go: %s is nothing to build: want a package's directory, a .go file or a fixture (%s)",
			program, strings.Join(fixtures.Names(), ", "))
	}
	flags, err := f.buildFlags.list()
	if err != nil {
		return nil, err
	}
	m, err := f.machine()
	if err != nil {
		return nil, err
	}
	arches, err := f.archList()
	if err != nil {
		return nil, err
	}
	jobs, err := harness.MatrixPlan{
		Programs: []fixtures.Spec{{Program: program, Flags: flags}}, SDKs: []fixtures.SDK{sdk}, Arches: arches, Machines: []machine.Machine{m},
	}.Jobs()
	if err != nil {
		return nil, withStatus(statusUsage, err)
	}
	ctx, stop := interruptible(s.cmd.Context())
	defer stop()
	runner := &harness.MatrixRunner{Options: append(f.bounds(), harness.Until(f.until))}
	reports, err := runner.Run(ctx, jobs)
	if errors.Is(err, context.Canceled) {
		return nil, failf(statusInterrupted, "diff: interrupted")
	}
	if err != nil {
		return nil, withStatus(statusRefused, err)
	}
	s.programs++
	return s.facts(reports...)
}

// booted boots an executable.
func (s *sides) booted(path string) ([]*diff.Facts, error) {
	f := s.flags
	m, err := f.machine()
	if err != nil {
		return nil, err
	}
	options := append(f.bounds(), harness.Until(f.until), harness.RecordSyscalls())
	report, err := harness.Run(s.cmd.Context(), path, m, options...)
	if usage := wrongUsage(report, err); usage != nil {
		return nil, usage
	}
	s.programs++
	return s.facts(report)
}

// facts refuses what could not be booted.
func (s *sides) facts(reports ...*harness.Report) ([]*diff.Facts, error) {
	for _, r := range reports {
		switch {
		case r.Outcome != harness.Refused || r.Cell != nil && r.Cell.Absent != "":
		case notBuilt(r) && r.Cell != nil:
			return nil, withStatus(statusRefused, r.Err())
		default:
			return nil, withStatus(statusRefused, refusal(r, r.Err()))
		}
	}
	facts := diff.FactsOfAll(reports)
	if len(facts) == 0 {
		return nil, failf(statusRefused, "%s", reports[0].Reason) // a port that the release lacks
	}
	return facts, nil
}

// compare pairs the boots of both sides. Two programs that were booted here are compared whatever they are called.
func (s *sides) compare(old, new []*diff.Facts) diff.Set {
	if s.programs == 2 && len(new) > 0 {
		for _, f := range old {
			f.Side.Program = new[0].Side.Program
		}
	}
	return diff.Sets(old, new, diff.Options{Threshold: float64(s.flags.threshold)})
}

// archList are the architectures asked for.
func (f *diffFlags) archList() ([]string, error) {
	arches := f.arches
	if len(arches) == 0 {
		arches = []string{hostArch}
	}
	if slices.Contains(arches, allArches) {
		return arch.Names(), nil
	}
	for _, goarch := range arches {
		if err := checkArch(goarch); err != nil {
			return nil, err
		}
	}
	return arches, nil
}

// changed is the verdict on a comparison: nil when nothing changed.
func changed(command string, set diff.Set) error {
	if set.Empty() {
		return nil
	}
	var first []string
	for _, d := range set.Diffs {
		if !d.Empty() {
			first = append(first, fmt.Sprintf("%s: %s", d.New, d.Changes[0]))
			break
		}
	}
	for _, only := range []struct {
		sides []diff.Side
		text  string
	}{{set.OnlyOld, "only the old side has"}, {set.OnlyNew, "only the new side has"}} {
		if len(only.sides) > 0 && len(first) == 0 {
			first = append(first, fmt.Sprintf("%s %s", only.text, only.sides[0]))
		}
	}
	total := len(set.Diffs) + len(set.OnlyOld) + len(set.OnlyNew)
	return failf(statusFailed, "%s: %d of %d boots changed; the first: %s",
		command, set.Changed()+len(set.OnlyOld)+len(set.OnlyNew), total, first[0])
}

// besides returns the path of a file that belongs to a program: in a package's directory, beside any other file.
func besides(program, name string) string {
	if info, err := os.Stat(program); err == nil && info.IsDir() {
		return filepath.Join(program, name)
	}
	return strings.TrimSuffix(program, ".go") + "." + name
}
