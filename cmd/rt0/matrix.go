// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/kballard/go-shellquote"
	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/render"
)

// matrixFlags are those of `rt0 matrix`.
type matrixFlags struct {
	documentFlags
	machineFlags
	boundFlags
	buildFlags

	toolchains []string
	arches     []string
	machines   []string
	variants   []string
	until      string
	save       string
	shard      shardFlag
}

func newMatrix(g *global) *cobra.Command {
	f := &matrixFlags{documentFlags: newDocumentFlags(g), boundFlags: newBoundFlags()}
	cmd := &cobra.Command{
		Use:   "matrix [flags] [PROGRAM...] [-- ARG...]",
		Short: "Boot programs built with many toolchains, for many architectures, on many machines",
		Long: `Boot programs built with many toolchains, for many architectures, on many machines,
and show what changes from one release of Go to the next.

PROGRAM is a package's directory, a .go file, or one of rt0's own fixtures (default:
hello). A package is built where it lies, with the dependencies of its module, and
without cgo. Toolchains that are not here are fetched by the go command; what they
take is said before, and rt0 doctor --prune frees it.

--go takes a list of
  1.26, 1.26.3, 1.27rc1   the newest patch of a release, or exactly that one
  1.21..1.27, 1.21..      the newest patch of each release of a range
  1.26.0..1.26.5, 1.25.*  patches
  all                     all releases since Go 1.5
  local, tip, DIR         the go on PATH, what gotip keeps, a GOROOT

A release that has no port to an architecture leaves its cells empty; one that cannot
build the program says so in a line, and the rest goes on.

With --save, a run that was interrupted goes on where it stopped when the same command
is given again.

With --accept, what was booted is kept as a baseline beside the program; later runs
compare with it. A death that the baseline has is as expected.

Exit status: 0 all as asked and expected; 1 an expectation failed, or something is not
as the baseline has it; 2 wrong usage; 3 something could not be built or booted; 4 a
program died or got stuck, and no expectation said that it would.`,
		Example: `  # Seven releases, everywhere, on three machines.
  rt0 matrix --go 1.21..1.27 --machine default,graviton,raspberry-pi-4

  # What would the upgrade do to this server's start-up, on the boards that it ships to?
  rt0 matrix ./cmd/server --go 1.26,1.27 --arch arm64,arm --machine raspberry-pi-4 -o html --out upgrade.html`,
		ValidArgsFunction: completePrograms,
		RunE:              f.run,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringSliceVar(&f.toolchains, "go", []string{"local"}, "`LIST` of toolchains: 1.21..1.27, 1.26.3, all, local, tip, a GOROOT")
	flags.StringSliceVar(&f.arches, "arch", []string{allArches}, "`LIST` of architectures, or all")
	flags.StringSliceVar(&f.machines, "machine", []string{"default"}, "`LIST` of machines: profiles (see rt0 machines), or YAML files")
	f.machineFlags.registerSettings(cmd)
	flags.StringSliceVar(&f.variants, "variant", []string{fixtures.ModeExe}, "`LIST` of ways to build: exe, pie, stripped, pie+stripped, GOAMD64=v3")
	f.buildFlags.register(cmd)
	flags.StringVar(&f.until, "until", harness.DefaultUntil, "stop at a `PHASE|SYMBOL`; exit runs the programs to their end")
	f.boundFlags.register(cmd)
	f.documentFlags.registerJudging(cmd)
	flags.StringVar(&f.save, "save", "", "keep all reports in `FILE`, for rt0 diff, rt0 report and an interrupted run's continuation")
	flags.Var(&f.shard, "shard", "boot part `K/N` of the matrix only: 3/8; rt0 report merge puts the parts together")
	f.documentFlags.registerOutput(cmd)

	for _, name := range []string{"go", "arch", "machine", "variant"} {
		list := flags.Lookup(name)
		list.DefValue = strings.Trim(list.DefValue, "[]") // as one would write it
	}
	complete(cmd, "arch", func() []string { return append(arch.Names(), allArches) })
	complete(cmd, "until", harness.Phases)
	completeMachine(cmd)
	complete(cmd, "variant", func() []string { return []string{"exe", "pie", "stripped", "pie+stripped"} })
	return cmd
}

func completePrograms(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return fixtures.Names(), cobra.ShellCompDirectiveDefault
}

// allArches stands for every architecture.
const allArches = "all"

// shardFlag is part K of N; both are 1 when nothing was asked for.
type shardFlag struct{ k, n int }

func (s *shardFlag) String() string {
	if s.n == 0 {
		return ""
	}
	return harness.ShardName(s.k, s.n)
}

func (s *shardFlag) Type() string { return "K/N" }

func (s *shardFlag) Set(text string) error {
	k, n, err := harness.ParseShard(text)
	if err != nil {
		return err
	}
	s.k, s.n = k, n
	return nil
}

// buildFlags are flags of go build for a user's program.
type buildFlags struct {
	tags, ldflags, gcflags, mod string
	more                        string
}

func (f *buildFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.tags, "tags", "", "go build's -tags, a `LIST`")
	flags.StringVar(&f.ldflags, "ldflags", "", "go build's -ldflags: `FLAGS` of the linker")
	flags.StringVar(&f.gcflags, "gcflags", "", "go build's -gcflags: `FLAGS` of the compiler")
	flags.StringVar(&f.mod, "mod", "", "go build's -mod: `MODE` readonly, vendor or mod")
	flags.StringVar(&f.more, "build-flags", "", "other `FLAGS` of go build, as a shell would have them: \"-trimpath -cover\"")
}

// list is what go build is told.
func (f *buildFlags) list() ([]string, error) {
	var list []string
	for _, flag := range []struct{ name, value string }{{"-tags", f.tags}, {"-ldflags", f.ldflags}, {"-gcflags", f.gcflags}, {"-mod", f.mod}} {
		if flag.value != "" {
			list = append(list, flag.name+"="+flag.value)
		}
	}
	more, err := shellquote.Split(f.more)
	if err != nil {
		return nil, failf(statusUsage, "--build-flags: %q: %w", f.more, err)
	}
	for i, word := range more {
		switch {
		case strings.HasPrefix(word, "-"):
			list = append(list, word)
		case i > 0 && strings.HasPrefix(more[i-1], "-") && !strings.Contains(more[i-1], "="):
			list[len(list)-1] += "=" + word // the flag's value as a word of its own
		default:
			return nil, failf(statusUsage, "--build-flags: %q is no flag of go build", word)
		}
	}
	return list, nil
}

func (f *matrixFlags) run(cmd *cobra.Command, args []string) error {
	programs, guestArgs := args, []string(nil)
	if dash := cmd.ArgsLenAtDash(); dash >= 0 {
		programs, guestArgs = args[:dash], args[dash:]
	}
	if err := f.check(); err != nil {
		return err
	}
	if err := f.sane(); err != nil {
		return err
	}
	plan, err := f.plan(cmd, programs)
	if err != nil {
		return err
	}
	program := ""
	if len(plan.Programs) == 1 {
		program = plan.Programs[0].Program
	}
	if err := f.named(program); err != nil {
		return err
	}
	jobs, err := plan.Jobs()
	if err != nil {
		return withStatus(statusUsage, err)
	}
	axes := harness.AxesOf(jobs)
	if f.shard.n > 0 {
		jobs = harness.Shard(jobs, f.shard.k, f.shard.n)
		axes.Shards = []string{f.shard.String()}
	}
	tellAbsent(f.progressTo(cmd), plan)
	if err := checkRoom(cmd.Context(), f.progressTo(cmd), jobs); err != nil {
		return err
	}
	options := append(f.bounds(), harness.Until(f.until), harness.Args(guestArgs...))
	doc, err := f.boot(cmd, jobs, axes, options)
	if err != nil {
		return err
	}
	return f.tell(cmd, doc, program)
}

// plan is what the flags ask for.
func (f *matrixFlags) plan(cmd *cobra.Command, programs []string) (harness.MatrixPlan, error) {
	var plan harness.MatrixPlan
	flags, err := f.buildFlags.list()
	if err != nil {
		return plan, err
	}
	if len(programs) == 0 {
		programs = []string{fixtures.Hello}
	}
	for _, program := range programs {
		// A fixture's name means the fixture here, whatever file bears it too: what is a file already is nothing to build.
		if !slices.Contains(fixtures.Names(), program) && !fixtures.IsSource(program) {
			return plan, failf(statusUsage, "%s is nothing to build: rt0 matrix wants a package's directory, a .go file or a fixture (%s)",
				program, strings.Join(fixtures.Names(), ", "))
		}
		plan.Programs = append(plan.Programs, fixtures.Spec{Program: program, Flags: flags})
	}
	for _, goarch := range f.arches {
		switch {
		case goarch == allArches:
			plan.Arches = append(plan.Arches, arch.Names()...)
		default:
			if err := checkArch(goarch); err != nil {
				return plan, err
			}
			plan.Arches = append(plan.Arches, goarch)
		}
	}
	slices.SortFunc(plan.Arches, func(a, b string) int { return slices.Index(arch.Names(), a) - slices.Index(arch.Names(), b) })
	plan.Arches = slices.Compact(plan.Arches)
	for _, text := range f.variants {
		v, err := fixtures.ParseVariant(text)
		if err != nil {
			return plan, failf(statusUsage, "--variant: %w", err)
		}
		plan.Variants = append(plan.Variants, v)
	}
	for _, name := range f.machines {
		m, err := f.machineNamed(name)
		if err != nil {
			return plan, err
		}
		plan.Machines = append(plan.Machines, m)
	}
	selector := fixtures.Selector{Warn: func(text string) { fmt.Fprintln(f.progressTo(cmd), "rt0: warning:", text) }}
	if plan.SDKs, err = selector.Select(cmd.Context(), strings.Join(f.toolchains, ",")); err != nil {
		return plan, failf(statusUsage, "--go: %w", err)
	}
	return plan, nil
}

// boot does the jobs, with a bar.
func (f *matrixFlags) boot(
	cmd *cobra.Command, jobs []harness.MatrixJob, axes *harness.MatrixAxes, options []harness.Option,
) (doc harness.Document, err error) {
	stderr := f.progressTo(cmd)
	runner := &harness.MatrixRunner{Options: options}
	told := map[string]bool{}
	var journal *harness.Journal
	if f.save != "" {
		if journal, err = harness.OpenJournal(f.save); err != nil {
			return doc, failf(statusUsage, "--save: %w", err)
		}
		if n := journal.Resumed(); n > 0 {
			fmt.Fprintf(stderr, "matrix: boots taken over from an interrupted run: %s\n", render.Number(uint64(n)))
		}
		runner.Known = journal.Known(options...)
	}
	p := newBootsProgress(stderr, "matrix", len(jobs))
	runner.Building = func(job harness.MatrixJob) func() {
		return p.build(fmt.Sprintf("%s for %s with %s", job.Cell.Program, job.Cell.Target(), job.Cell.Toolchain))
	}
	runner.Done = func(r *harness.Report, bin string, done, _ int) {
		if journal != nil && bin != "" {
			journal.Add(r)
		}
		if r.Cell.Absent == "" && notBuilt(r) && !told[r.Reason] {
			told[r.Reason] = true // for all machines
			p.line("matrix: " + r.Reason)
		}
		p.at(r.Cell.String(), done)
	}
	ctx, stop := interruptible(cmd.Context())
	defer stop()
	reports, err := runner.Run(ctx, jobs)
	p.done()
	if err != nil {
		return doc, interrupted(err, journal, reports)
	}
	doc = harness.NewDocument(reports...)
	doc.Matrix = axes
	if journal == nil {
		return doc, nil
	}
	if err := journal.Finish(doc); err != nil {
		return doc, failf(statusRefused, "--save: %w", err)
	}
	return doc, nil
}

// interruptible is a context that SIGINT and SIGTERM end. A second one ends rt0.
func interruptible(parent context.Context) (ctx context.Context, stop func()) {
	ctx, stop = signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// interrupted is the error of a run that did not come to its end.
func interrupted(err error, journal *harness.Journal, reports []*harness.Report) error {
	done := 0
	for _, r := range reports {
		if r != nil {
			done++
		}
	}
	advice := "with --save FILE the next run would go on from there"
	if journal != nil {
		advice = "what was done is kept, and the same command goes on from there"
		if closeErr := journal.Close(); closeErr != nil {
			advice = closeErr.Error()
		}
	}
	if !errors.Is(err, context.Canceled) {
		return failf(statusRefused, "matrix: %w", err)
	}
	return failf(statusInterrupted, "matrix: interrupted after %d of %d boots; %s", done, len(reports), advice)
}
