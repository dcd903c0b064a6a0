// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/render"
)

// sweepFlags are those of `rt0 sweep`.
type sweepFlags struct {
	*global
	machineFlags
	boundFlags
	output

	machines []string
	zip      bool
	sample   int
	seed     uint64
	arches   []string
	until    string
	expect   expectFlag
	find     string
	jobs     int
	heat     string
	resume   bool
}

func newSweep(g *global) *cobra.Command {
	f := &sweepFlags{global: g, boundFlags: newBoundFlags()}
	cmd := &cobra.Command{
		Use:   "sweep [flags] BINARY... [-- ARG...]",
		Short: "Boot a Go binary on many variants of a machine, a row a boot",
		Long: `Boot a Go binary on many variants of a machine: for which CPU counts, page sizes, kernels
does it start, and what does each cost? Every boot is as rt0 boot does it, but from a
warm engine, on all cores.

BINARY is what rt0 boot takes; several are swept one after the other, and so are several
architectures of sources (--arch) and several machines (--machine).

The flags that describe the machine take axes, any key of it may be one, and all
combinations are booted, the last axis the fastest:
  7, none, 2MiB           a value; one alone is no axis but the machine that is varied
  1,2,4                   a list
  1..256, 256..1          numbers, both ends included
  1..256+5, 1..4096*2     steps, powers; of sizes and times as well (4KiB..64KiB*2)
  @FILE                   a value a line, but for blank lines and those that begin with #
Where commas are part of a value (rules, lists, the environment, cpus=0-3,8), values come
from a file, or one by one: --axis KEY=VALUE --axis KEY=VALUE.

The table has equal neighbours folded, and says where behaviour changes, and how. jsonl
and csv are written while boots end. A sweep that was interrupted leaves whole rows, and
goes on behind them with --resume: the file then is what it would have been. json may be
read as any report of rt0; html, svg and png are maps of the sweep, and --heat says what
colours them.

With --find, the sweep ends at the first variant that does what is looked for. It is made
smaller axis by axis, and what is printed is the command that boots it. Several conditions
have && between them.

Exit status: 0 all as asked and expected, or nothing found; 1 an expectation failed, or
--find has found; 2 wrong usage; 3 something could not be built or booted; 4 a program
died or got stuck, and no expectation said that it would; 5 rt0 itself failed in a boot,
which comes before all others; 130 interrupted.`,
		Example: `  # 768 machines: where does start-up change, and what does it cost?
  rt0 sweep --cpus 1..256 --hugepage none,2MiB,1GiB ./hello

  # How little address space is enough? As a picture, over CPU counts.
  rt0 sweep --set addressSpace=256MiB..4GiB+256MiB --cpus 1..128 -o png --out map.png ./cmd/server

  # All of a list of kernels, as rows; if it is interrupted, the same command goes on.
  rt0 sweep --kernel @releases.txt --cpus 1..4096*2 -o jsonl --out rows.jsonl --resume ./hello

  # The plainest machine on which it does not start, of a product that is too large.
  rt0 sweep --cpus 1..256 --set addressSpace=none,8GiB..256MiB+64MiB --sample 1000 --seed 1 \
    --find 'outcome != reached' --arch arm64 ./cmd/server`,
		ValidArgsFunction: completePrograms,
		RunE:              f.run,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringSliceVar(&f.machines, "machine", []string{"default"}, "`LIST` of machines to vary: profiles (see rt0 machines), or YAML files")
	flags.Lookup("machine").DefValue = "default"
	f.machineFlags.registerSettings(cmd)
	for name, usage := range map[string]string{
		"set":       "a value or an axis of the machine, repeatable: --set memory=64MiB..1GiB*2",
		"cpus":      "CPUs: a count (7), an axis (1..256), a list of CPUs (0-3,8); short for --set cpus=",
		"hugepage":  "transparent huge page: none,2MiB,1GiB; short for --set hugePage=",
		"page-size": "page: 4KiB,64KiB; short for --set pageSize=",
		"kernel":    "kernel release: @FILE; short for --set kernel.release=",
		"env":       "a variable of the guest's environment, repeatable; NAME=@FILE is an axis",
	} {
		flags.Lookup(name).Usage = usage
	}
	flags.Var(&settingFlag{flags: &f.machineFlags, kind: "KEY=VALUES", axis: true}, "axis",
		"an axis, repeatable; values of the same key add up")
	flags.BoolVar(&f.zip, "zip", false, "the first values of all axes together, then the second ones, ...: all have the same length")
	flags.IntVar(&f.sample, "sample", 0, "draw `N` of the variants (of each binary, on each machine); 0 is all (default 0)")
	flags.Uint64Var(&f.seed, "seed", 0, "the number that --sample draws by (default 0)")
	flags.StringSliceVar(&f.arches, "arch", nil, "build sources for this `LIST` of architectures, or all (default: the host's)")
	flags.StringVar(&f.until, "until", harness.DefaultUntil, "stop at a `PHASE|SYMBOL`; exit runs the program to its end")
	f.boundFlags.register(cmd)
	flags.Var(&f.expect, "expect", "assertion on every boot, repeatable: see rt0 boot --help")
	flags.StringVar(&f.find, "find", "", "look for the smallest variant that fulfils `CONDITION`s: 'outcome != reached && gomaxprocs >= 64'")
	flags.IntVarP(&f.jobs, "jobs", "j", 0, "boot `N` at once; 0 is as many as there are CPUs (default 0)")
	f.output.register(cmd, sweepForms.names()...)
	flags.StringVar(&f.heat, "heat", "",
		"what colours a map: outcome, or a `KEY` of --expect such as gomaxprocs (default: instructions, or outcome when not all reached)")
	flags.BoolVar(&f.resume, "resume", false, "go on behind the rows that --out has of this very sweep (jsonl and csv)")

	complete(cmd, "arch", func() []string { return append(arch.Names(), allArches) })
	complete(cmd, "until", harness.Phases)
	complete(cmd, "heat", harness.ExpectKeys)
	completeMachine(cmd)
	completeKeys(cmd, "axis")
	completeExpect(cmd, "expect", "find")
	for _, name := range []string{"sample", "seed", "jobs"} {
		complete(cmd, name, func() []string { return nil })
	}
	return cmd
}

func (f *sweepFlags) run(cmd *cobra.Command, args []string) error {
	binaries, guestArgs := args, []string(nil)
	if dash := cmd.ArgsLenAtDash(); dash >= 0 {
		binaries, guestArgs = args[:dash], args[dash:]
	}
	if err := f.contradictions(binaries); err != nil {
		return err
	}
	if err := f.onTerminal(cmd.OutOrStdout()); err != nil {
		return err
	}
	conditions, err := f.conditions()
	if err != nil {
		return err
	}
	plan, err := f.plan(cmd, binaries, guestArgs)
	if err != nil {
		return err
	}
	if len(conditions) > 0 {
		return f.search(cmd, plan, conditions)
	}
	return f.boot(cmd, plan)
}

// contradictions refuses flags that make no sense, alone or together.
func (f *sweepFlags) contradictions(binaries []string) error {
	form := f.format.value
	for _, wrong := range []struct {
		is   bool
		text string
	}{
		{len(binaries) == 0 || binaries[0] == "",
			"sweep what? rt0 sweep wants a BINARY: an ELF file, a .go file or a package; see rt0 sweep --help"},
		{f.sample < 0, fmt.Sprintf("--sample cannot be %d: want how many variants to draw", f.sample)},
		{f.seed != 0 && f.sample == 0, "--seed says how to draw, and no --sample says how many variants"},
		{f.jobs < 0, fmt.Sprintf("--jobs cannot be %d: want how many to boot at once, or 0 for as many as there are CPUs", f.jobs)},
		{f.heat != "" && !sweepForms.form(form).heat, "--heat colours a map: it wants -o html, svg or png"},
		{f.resume && f.file == "", "--resume goes on with a file: it wants --out FILE, with -o jsonl or csv"},
		{f.resume && form != formJSONL && form != formCSV, "--resume goes on behind the rows of a file: it wants -o jsonl or csv"},
		{f.resume && f.find != "", "--resume and --find contradict each other: --find has no rows to go on behind"},
		{f.find != "" && len(f.expect) > 0, "--find and --expect contradict each other: --find 'KEY != VALUE' looks for what is not as expected"},
		{f.find != "" && form != formTable, "--find prints what it has found, and no rows: it has no other form"},
	} {
		if wrong.is {
			return failf(statusUsage, "%s", wrong.text)
		}
	}
	return f.sane()
}

// boot boots the plan's variants and writes what they did.
func (f *sweepFlags) boot(cmd *cobra.Command, plan *sweepPlan) error {
	if err := f.check(); err != nil {
		return err
	}
	s := &sweep{
		plan: plan, flags: f, stderr: f.progressTo(cmd), start: time.Now(),
		verdicts: verdicts{command: "sweep"}, outcomes: map[harness.Outcome]int{},
	}
	form := sweepForms.form(f.format.value)
	s.silent = form.take != nil && f.file == "" && isTerminal(cmd.OutOrStdout())
	ctx, stop := interruptible(cmd.Context())
	defer stop()
	interrupted := false
	err := f.into(cmd, form, s, func(rows sweepRows) error {
		err := s.run(ctx, rows)
		if interrupted = err != nil && ctx.Err() != nil; err != nil && !interrupted {
			return err // what was begun is of no use
		}
		return rows.end(!interrupted)
	})
	switch {
	case err != nil:
		return refusedUnless(err)
	case interrupted:
		return f.interrupted(s)
	}
	s.summary()
	return s.verdicts.worst()
}

// refusedUnless is an error that has the status of what could not be carried out, unless it has one of its own.
func refusedUnless(err error) error {
	if e := (*statusError)(nil); errors.As(err, &e) {
		return err
	}
	return withStatus(statusRefused, err)
}

// style is how a table is written.
func (f *sweepFlags) style(cmd *cobra.Command) render.Style {
	return render.Style{Colour: f.colour(cmd), Verbose: f.verbose, Width: f.width(cmd)}
}

// interrupted is the error of a sweep that did not come to its end.
func (f *sweepFlags) interrupted(s *sweep) error {
	advice := "with --out FILE and -o jsonl or csv, --resume would go on from there"
	if f.file != "" && (f.format.value == formJSONL || f.format.value == formCSV) {
		advice = "what was done is in " + f.file + ", and the same command with --resume goes on from there"
	}
	return failf(statusInterrupted, "sweep: interrupted after %d of %d boots; %s", s.done, s.plan.len(), advice)
}

func (f *sweepFlags) progressTo(cmd *cobra.Command) io.Writer {
	if f.quiet {
		return io.Discard
	}
	return cmd.ErrOrStderr()
}
