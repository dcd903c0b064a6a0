// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/machine"
)

// MatrixRunner builds and boots the jobs of a matrix. The zero value does so for real, as many at once as there are CPUs.
type MatrixRunner struct {
	Make     func(context.Context, fixtures.Spec) (string, error)                       // nil: fixtures.Make
	Boot     func(context.Context, string, machine.Machine, ...Option) (*Report, error) // nil: Run
	Parallel int                                                                        // builds at once, each followed by its boots; 0: as many as CPUs
	Options  []Option                                                                   // of every boot; system calls are recorded anyway
	// Building is called before a program is built, and what it returns when that has ended; nil: nobody wants to know.
	Building func(job MatrixJob) (end func())
	// Known returns the report of an earlier run that this job would give again, or nil. It may be called from many goroutines at once.
	Known func(job MatrixJob, bin string) *Report
	// Done is called after each boot, never from two goroutines at once. bin is "" when there was nothing to boot, and when the report was known.
	Done func(r *Report, bin string, done, total int)
}

// Run does the jobs, and returns a report for each, in their order. A build that failed, or a file that cannot be booted, is a report whose
// outcome is Refused; where the release has no such port, its Cell says so. The error is that of a context that ended: reports of jobs that
// were not done are nil then.
func (r *MatrixRunner) Run(ctx context.Context, jobs []MatrixJob) ([]*Report, error) {
	reports := make([]*Report, len(jobs))
	var group errgroup.Group
	group.SetLimit(max(r.Parallel, 0))
	if r.Parallel <= 0 {
		group.SetLimit(runtime.GOMAXPROCS(0))
	}
	var (
		mu   sync.Mutex
		done int
	)
	finish := func(i int, report *Report, bin string) {
		mu.Lock()
		defer mu.Unlock()
		reports[i] = report
		done++
		if r.Done != nil {
			r.Done(report, bin, done, len(jobs))
		}
	}
	for _, indices := range buildsOf(jobs) {
		group.Go(func() error {
			return r.build(ctx, jobs, indices, finish)
		})
	}
	return reports, group.Wait()
}

// build makes one executable, and boots it on the machines of its jobs.
func (r *MatrixRunner) build(ctx context.Context, jobs []MatrixJob, indices []int, finish func(i int, report *Report, bin string)) error {
	build, run := r.Make, r.Boot
	if build == nil {
		build = fixtures.Make
	}
	if run == nil {
		run = Run
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	options := append(r.Options[:len(r.Options):len(r.Options)], RecordSyscalls())
	end := func() {}
	if r.Building != nil {
		end = r.Building(jobs[indices[0]])
	}
	bin, err := build(ctx, jobs[indices[0]].Spec)
	end()
	for _, i := range indices {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		job := jobs[i]
		if err != nil {
			finish(i, job.failed(err, newOptions(options)), "")
			continue
		}
		if r.Known != nil {
			if known := r.Known(job, bin); known != nil {
				finish(i, known, "")
				continue
			}
		}
		report, bootErr := run(ctx, bin, job.Machine, options...)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if bootErr == nil {
			bootErr = job.builtBy(report.Binary.GoVersion)
		}
		if bootErr != nil {
			report.Outcome, report.Reason, report.err = Refused, bootErr.Error(), bootErr
		}
		finish(i, job.labelled(report), bin)
	}
	return nil
}

// failed is the report of a job whose build failed.
func (j MatrixJob) failed(err error, o *options) *Report {
	if fetch := (*fixtures.FetchError)(nil); errors.As(err, &fetch) {
		err = fetch // what was to be built with it is another matter
	}
	if unsupported := (*fixtures.UnsupportedError)(nil); errors.As(err, &unsupported) {
		j.Cell.Absent = unsupported.Error()
	}
	r := j.refused(err, o)
	r.err = err
	return r
}

// builtBy makes sure that an executable is of the release that was to build it. Old ones do not say.
func (j MatrixJob) builtBy(version string) error {
	if version == "" || !fixtures.IsRelease(j.Cell.Toolchain) || version == j.Cell.Toolchain || strings.HasPrefix(version, j.Cell.Toolchain+" ") {
		return nil
	}
	return fmt.Errorf("%s was to build it, and %s did", j.Cell.Toolchain, version)
}
