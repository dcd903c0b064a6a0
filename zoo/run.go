// SPDX-License-Identifier: GPL-2.0-or-later

package zoo

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// Verdict is what came of a boot.
type Verdict string

// The verdicts.
const (
	Reproduced Verdict = "reproduced" // an affected release shows it
	IsClean    Verdict = "clean"      // a clean release does not
	Differs    Verdict = "differs"    // the boot is not what the entry has
	Failed     Verdict = "failed"     // there was no boot: no toolchain, no build, or rt0 refused
)

// Row is one boot of the zoo.
type Row struct {
	Entry   string  `json:"entry"`
	Case    string  `json:"case,omitempty"`
	Arch    string  `json:"arch"`
	Release string  `json:"release"`
	Machine string  `json:"machine"`
	Side    Side    `json:"side"` // what the release is said to be
	Verdict Verdict `json:"verdict"`
	// Found is how the boot ended, in a few words.
	Found string `json:"found"`
	// Differences are the expectations that did not hold, or why there was no boot.
	Differences []string `json:"differences,omitempty"`

	Report *harness.Report `json:"-"` // nil when there was none
	Err    error           `json:"-"` // why a row has failed
	Checks []Check         `json:"-"`
}

// Check is an expectation and how it came out.
type Check struct {
	Expect harness.Expectation
	Got    string
	OK     bool
}

// Job is a boot to do.
type Job struct {
	Entry   Entry
	Case    Case
	Arch    string
	Release string
	Side    Side
}

// Filter picks boots; an empty list picks all.
type Filter struct {
	Arch     []string
	Releases []string
}

func (f Filter) picks(goarch, release string) bool {
	return (len(f.Arch) == 0 || slices.Contains(f.Arch, goarch)) && (len(f.Releases) == 0 || slices.Contains(f.Releases, release))
}

// Jobs are the boots of entries, in their order: by case, architecture, and release, the affected ones first.
func Jobs(entries []Entry, f Filter) []Job {
	var jobs []Job
	for _, e := range entries {
		for _, c := range e.Cases {
			for _, goarch := range c.Arch {
				for _, side := range Sides {
					for _, release := range c.Releases(side) {
						if f.picks(goarch, release) {
							jobs = append(jobs, Job{e, c, goarch, release, side})
						}
					}
				}
			}
		}
	}
	return jobs
}

// Runner builds and boots. The zero value does so for real, as many boots at once as there are CPUs.
type Runner struct {
	Make     func(context.Context, fixtures.Spec) (string, error)                                       // nil: fixtures.Make
	Boot     func(context.Context, string, machine.Machine, ...harness.Option) (*harness.Report, error) // nil: harness.Run
	Parallel int                                                                                        // boots at once; 0: as many as CPUs
	Progress func(row Row, done, total int)                                                             // called after each boot; not from two goroutines at once
}

// Run does the boots, and returns a row for each in the order of the jobs. Its error is that of a context that ended.
func (r *Runner) Run(ctx context.Context, jobs []Job) ([]Row, error) {
	rows := make([]Row, len(jobs))
	var group errgroup.Group
	group.SetLimit(max(r.Parallel, 0))
	if r.Parallel <= 0 {
		group.SetLimit(runtime.GOMAXPROCS(0))
	}
	var (
		mu   sync.Mutex
		done int
	)
	for i, job := range jobs {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			row := r.row(ctx, job)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			mu.Lock()
			defer mu.Unlock()
			rows[i] = row
			done++
			if r.Progress != nil {
				r.Progress(row, done, len(jobs))
			}
			return nil
		})
	}
	return rows, group.Wait()
}

// row does one boot and compares it.
func (r *Runner) row(ctx context.Context, j Job) Row {
	row := Row{Entry: j.Entry.ID, Case: j.Case.Name, Arch: j.Arch, Release: j.Release, Machine: j.Case.Machine.Name, Side: j.Side}
	report, err := r.boot(ctx, j)
	row.Report = report
	if err != nil {
		row.Verdict, row.Err, row.Found = Failed, err, "no boot"
		if fetch := (*fixtures.FetchError)(nil); errors.As(err, &fetch) {
			err = fetch // what was to be built with it is another matter
		}
		row.Differences = []string{err.Error()}
		return row
	}
	row.Checks, row.Differences = j.Case.compare(j.Side, report)
	row.Found = found(report, row.Checks)
	switch {
	case len(row.Differences) > 0:
		row.Verdict = Differs
	case j.Side == Affected:
		row.Verdict = Reproduced
	default:
		row.Verdict = IsClean
	}
	return row
}

// boot builds the program of a job and boots it. A report comes with an error when rt0 refused.
func (r *Runner) boot(ctx context.Context, j Job) (*harness.Report, error) {
	make, run := r.Make, r.Boot
	if make == nil {
		make = fixtures.Make
	}
	if run == nil {
		run = harness.Run
	}
	bin, err := make(ctx, j.Case.Program.Spec(j.Entry.ID, j.Arch, j.Release))
	if err != nil {
		return nil, err
	}
	report, err := run(ctx, bin, j.Case.Machine, j.Case.options()...)
	if err != nil {
		return report, err
	}
	if v := report.Binary.GoVersion; v != "" && v != j.Release && !strings.HasPrefix(v, j.Release+" ") {
		return report, fmt.Errorf("%s was to build it, and %s did", j.Release, v)
	}
	return report, nil
}

// compare says what of a report is not as the case has it for a side.
func (c Case) compare(side Side, r *harness.Report) (checks []Check, differences []string) {
	for _, e := range c.Expect[side] {
		got, ok := e.Check(r)
		checks = append(checks, Check{e, got, ok})
		if !ok {
			differences = append(differences, fmt.Sprintf("expected %s %s %s, got %s", e.Key, e.Op.Verb(), quote(e.Value), quote(got)))
		}
	}
	if side == Affected && c.Crash != "" {
		if missing, ok := matchLines(c.Crash, r.Stderr+"\n"+r.Reason); !ok {
			differences = append(differences, fmt.Sprintf("it did not print %s", quote(missing)))
		}
	}
	if len(differences) > 0 && r.Outcome != harness.Reached {
		differences = append(differences, "it "+found(r, nil))
	}
	return checks, differences
}

// found is how a boot ended, in a few words; where it came to its end, with the values that the entry is about.
func found(r *harness.Report, checks []Check) string {
	if r.Outcome == harness.Reached {
		s := "reached " + r.Until
		for _, c := range checks {
			if _, numeric := strconv.Atoi(c.Got); numeric == nil && !c.Expect.AboutEnd() {
				s += fmt.Sprintf(", %s %s", c.Expect.Key, c.Got)
			}
		}
		return s
	}
	s := string(r.Outcome)
	if r.Reason != "" {
		s += ": " + clip(r.Reason)
	}
	return s
}

// quote makes a value that is empty, or more than a word, stand out.
func quote(text string) string {
	text = clip(strings.ReplaceAll(text, "\n", " "))
	if text == "" || strings.ContainsAny(text, " \t\"") {
		return `"` + text + `"`
	}
	return text
}

// clip keeps a text to a line that can be read.
func clip(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// Worst is what a run comes to: Differs when a boot was not what its entry has, else Failed when one could not be done, else Reproduced.
func Worst(rows []Row) Verdict {
	worst := Reproduced
	for _, row := range rows {
		if row.Verdict == Differs {
			return Differs
		}
		if row.Verdict == Failed {
			worst = Failed
		}
	}
	return worst
}

// NoToolchain says that a row has failed because its toolchain is neither here nor to be had.
func (r Row) NoToolchain() bool { return errors.As(r.Err, new(*fixtures.FetchError)) }
