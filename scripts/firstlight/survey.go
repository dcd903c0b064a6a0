// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/render"
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

// result is what all boots came to.
type result struct {
	startups []*harness.Report // to main.main, one for each architecture and machine
	runs     []*harness.Report // to the end, one for each architecture and fixture
	wrong    []string          // one line for each boot that is not as it should be
}

// survey builds the fixtures and boots them, and says on progress what it is at.
func survey(ctx context.Context, progress io.Writer) (*result, error) {
	r := new(result)
	for _, goarch := range harness.Architectures() {
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
		for _, name := range fixtures.Names() {
			m := machine.New(machine.Args(arguments[name]...))
			report := r.boot(ctx, built[name], m, harness.Until("exit"))
			r.runs = append(r.runs, report)
			r.judge(report, end(name, report))
		}
	}
	return r, nil
}

// build builds all fixtures for an architecture.
func build(ctx context.Context, progress io.Writer, goarch string) (map[string]string, error) {
	fmt.Fprintf(progress, "%s: %d fixtures to build and boot\n", goarch, len(fixtures.Names()))
	built := map[string]string{}
	for _, name := range fixtures.Names() {
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

// goVersion is the release that built the fixtures.
func (r *result) goVersion() string { return r.startups[0].Binary.GoVersion }

// The columns, by their names in the JSON.
var (
	startupColumns = []string{"binary.goarch", "machine.cpus", "machine.hugePage", "binary.goVersion", "runtime.numCPU", "runtime.gomaxprocs",
		"runtime.physPageSize", "runtime.physHugePageSize", "runtime.maxStackSize", "counts.instructions", "counts.syscalls", "outcome"}
	runColumns = []string{"binary.goarch", "binary.path", "counts.instructions", "counts.syscalls", "counts.threads", "outcome", "exitCode", "reason"}
)

// print writes both tables.
func (r *result) print(w io.Writer, markdown bool) error {
	sections := []struct {
		title string
		table render.Table
	}{
		{fmt.Sprintf("%s from _rt0 to main.main, %d boots", fixtures.Hello, len(r.startups)), table(startupColumns, r.startups)},
		{"the fixtures run to their end, " + strconv.Itoa(len(r.runs)) + " boots", table(runColumns, r.runs)},
	}
	for i, s := range sections {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s\n\n", s.title)
		write := s.table.Text
		if markdown {
			write = s.table.Markdown
		}
		if err := write(w); err != nil {
			return err
		}
	}
	return nil
}

func table(names []string, reports []*harness.Report) render.Table {
	var columns []render.Column
	all := render.Columns()
	for _, name := range names {
		i := slices.IndexFunc(all, func(c render.Column) bool { return c.Name == name })
		if i < 0 {
			panic("there is no column " + name)
		}
		columns = append(columns, all[i])
	}
	return render.Rows(columns, false, reports...)
}
