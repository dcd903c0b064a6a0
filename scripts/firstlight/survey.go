// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// The machines: every number of CPUs with every huge page.
var (
	cpus      = []int{1, 7, 128}
	hugePages = []uint64{2 << 20, 1 << 30, 0}
)

// ends is how each fixture ends when it is run to its end: outcome and exit code.
var ends = map[string]struct {
	outcome harness.Outcome
	code    int
}{
	fixtures.Hello:      {harness.Reached, 0},
	fixtures.Inits:      {harness.Reached, 0},
	fixtures.Runtime:    {harness.Reached, 0},
	fixtures.Goroutines: {harness.Reached, 0},
	fixtures.Panic:      {harness.Threw, 2},
	fixtures.Deadlock:   {harness.Threw, 2},
	fixtures.NilDeref:   {harness.Threw, 2},
	fixtures.Compute:    {harness.Reached, 0},
}

// arguments are what fixtures are given: the least work that shows something.
var arguments = map[string][]string{fixtures.Compute: {"1"}}

// result is what the boots of an architecture came to.
type result struct {
	goarch   string
	startups []*harness.Report // to main.main, one for each machine
	runs     []*harness.Report // to the end, one for each fixture
	wrong    []string          // one line for each boot that is not as it should be
}

// survey builds the fixtures and boots them, architectures side by side, and says on progress what it is at.
func survey(ctx context.Context, progress io.Writer) ([]*result, error) {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	results := make([]*result, len(harness.Architectures()))
	for i, goarch := range harness.Architectures() {
		g.Go(func() (err error) {
			results[i], err = surveyArch(ctx, progress, goarch)
			return err
		})
	}
	return results, g.Wait()
}

func surveyArch(ctx context.Context, progress io.Writer, goarch string) (*result, error) {
	r := &result{goarch: goarch}
	built, err := build(ctx, progress, goarch)
	if err != nil {
		return nil, err
	}
	for _, n := range cpus {
		for _, page := range hugePages {
			m := machine.New(machine.CPUs(n), machine.HugePage(page))
			report := r.boot(ctx, built[fixtures.Hello], m)
			r.startups = append(r.startups, report)
			r.judge(report, startup(report))
		}
	}
	for _, name := range fixtures.Small() {
		m := machine.New(machine.Args(arguments[name]...))
		report := r.boot(ctx, built[name], m, harness.Until("exit"))
		r.runs = append(r.runs, report)
		r.judge(report, end(name, report))
	}
	return r, nil
}

// build builds all fixtures for an architecture.
func build(ctx context.Context, progress io.Writer, goarch string) (map[string]string, error) {
	fmt.Fprintf(progress, "%s: %d fixtures to build and boot\n", goarch, len(fixtures.Small()))
	built := map[string]string{}
	for _, name := range fixtures.Small() {
		path, err := fixtures.Make(ctx, fixtures.Spec{Program: name, GOARCH: goarch})
		if err != nil {
			return nil, err
		}
		built[name] = path
	}
	return built, nil
}

// boot boots, and shows the program by its name instead of by where the cache keeps it.
func (r *result) boot(ctx context.Context, path string, m machine.Machine, opts ...harness.Option) *harness.Report {
	report, _ := harness.Run(ctx, path, m, opts...) // an error is in the report as well
	report.Binary.Path = filepath.Base(path)
	return report
}

func (r *result) judge(report *harness.Report, problem string) {
	if problem == "" {
		return
	}
	line := fmt.Sprintf("%s on %s with %d CPUs and huge page %s: %s", report.Binary.Path, report.Binary.GOARCH,
		report.Machine.CPUs.Count(), report.Machine.HugePage, problem)
	r.wrong = append(r.wrong, line)
}

// startup says what is wrong with a boot to main.main, "" if nothing.
func startup(r *harness.Report) string {
	if r.Outcome != harness.Reached {
		return r.Cause()
	}
	for _, c := range []struct {
		name      string
		got, want int
	}{
		{"CPUs seen", r.Runtime.NumCPU, r.Machine.CPUs.Count()},
		{"Ps", r.Runtime.GOMAXPROCS, harness.ExpectedPs(r)},
		{"max Ms", r.Runtime.MaxMCount, harness.MaxMCount},
		{"physical page", r.Runtime.PhysPageSize, int(r.Machine.PageSize)},
		{"physical huge page", r.Runtime.PhysHugePageSize, harness.ExpectedHugePage(r)},
		{"max stack", r.Runtime.MaxStackSize, harness.MaxStackSize(r.Binary.GOARCH)},
	} {
		if c.got != c.want {
			return fmt.Sprintf("%s: got %d, want %d", c.name, c.got, c.want)
		}
	}
	return ""
}

// end says what is wrong with a run to the end.
func end(name string, r *harness.Report) string {
	want, known := ends[name]
	switch {
	case !known:
		return "firstlight does not know how this fixture ends: add it to ends"
	case r.Outcome != want.outcome:
		return fmt.Sprintf("want %s: %s", want.outcome, r.Cause())
	case r.ExitCode == nil || *r.ExitCode != want.code:
		return fmt.Sprintf("want exit code %d: %s", want.code, r.Cause())
	}
	return ""
}
