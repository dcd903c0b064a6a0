// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/render"
)

// sweep is a sweep while it runs, and what is counted of it.
type sweep struct {
	plan   *sweepPlan
	flags  *sweepFlags
	stderr io.Writer
	silent bool // the rows are progress enough: a bar would stand between them
	start  time.Time

	verdicts verdicts
	outcomes map[harness.Outcome]int
	done     int  // boots, those that were taken over among them
	taken    int  // over from an interrupted sweep
	behind   bool // rows that the file has: it needs no head
}

// sweepRow is a boot of a sweep with what there is to say of it.
type sweepRow struct {
	part   *sweepPart
	number int // of the part, from 0
	result harness.Result
	judged render.Result
	status status // what rt0 would exit with if this were the only boot
	why    error  // of that status; nil: all is well
}

// sweepRows take the rows of a sweep, in their order, and write them in some form.
type sweepRows interface {
	row(r sweepRow) error
	// end is called behind the last row, of an interrupted sweep too: then the rows are not all of it.
	end(whole bool) error
}

// count judges a boot and counts it.
func (s *sweep) count(number int, result harness.Result) sweepRow {
	r := sweepRow{part: &s.plan.parts[number], number: number, result: result}
	r.judged, r.why = judge(result.Report, result.Report.Err(), s.flags.expect)
	if result.Panic != nil {
		r.why = withStatus(statusFault, result.Panic)
		r.judged.Failure = result.Panic.Error()
	}
	if r.why != nil {
		r.status = statusOf(r.why)
	}
	s.tally(result.Report.Outcome, r.status, func() error { return s.named(r.part, result.Variant, r.why) })
	return r
}

// tally counts a boot.
func (s *sweep) tally(outcome harness.Outcome, status status, why func() error) {
	s.done++
	s.outcomes[outcome]++
	if status == statusOK {
		s.verdicts.add(status, nil)
		return
	}
	s.verdicts.add(status, why())
}

// named is an error with the variant in front.
func (s *sweep) named(part *sweepPart, v harness.Variant, err error) error {
	return fmt.Errorf("%s: %w", s.plan.name(part, v), err)
}

// run boots what is not done yet, and gives the rows of it. Its error is that of a row that cannot be written, or the context's.
func (s *sweep) run(parent context.Context, rows sweepRows) error {
	ctx, stop := context.WithCancelCause(parent)
	defer stop(nil)
	progressTo := s.stderr
	if s.silent {
		progressTo = io.Discard
	}
	p := newBootsProgress(progressTo, "sweep", s.plan.len())
	defer p.done()
	before := 0 // variants of the parts before
	for i := range s.plan.parts {
		part := &s.plan.parts[i]
		n := part.axes.Len()
		skip := min(s.taken-before, n)
		if before += n; skip == n {
			continue
		}
		each := func(result harness.Result) {
			if ctx.Err() != nil {
				return // it may have been cut short
			}
			r := s.count(i, result)
			if result.Panic != nil {
				s.fault(p, r)
			}
			if err := rows.row(r); err != nil {
				stop(err)
			}
			p.at(s.progress(r), s.done)
		}
		options := append(s.plan.options[:len(s.plan.options):len(s.plan.options)], harness.Parallel(s.flags.jobs), harness.Skip(max(skip, 0)))
		err := harness.Sweep(ctx, part.bin, part.axes, each, options...)
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		if err != nil {
			return failf(statusRefused, "sweep: %w", err)
		}
	}
	return nil
}

// progress is what stands beside the bar.
func (s *sweep) progress(r sweepRow) string {
	rate := float64(s.done-s.taken) / max(time.Since(s.start).Seconds(), 0.001)
	return fmt.Sprintf("%s, %.0f/s", s.plan.name(r.part, r.result.Variant), rate)
}

// fault tells of a failure of rt0 itself as soon as it has happened, and with --verbose where.
func (s *sweep) fault(p *bootsProgress, r sweepRow) {
	text := fmt.Sprintf("sweep: %v", s.named(r.part, r.result.Variant, r.result.Panic))
	if s.flags.verbose {
		text += "\n" + strings.TrimSpace(r.result.Panic.Stack)
	}
	if s.silent {
		fmt.Fprintln(s.stderr, text)
		return
	}
	p.line(text)
}

// summary tells how it went.
func (s *sweep) summary() {
	text := fmt.Sprintf("sweep: %s %s: %s", render.Number(uint64(s.done)), plural(s.done, "boot"), counted(s.outcomes))
	if s.taken > 0 {
		text += fmt.Sprintf("; %s of them were in %s already", render.Number(uint64(s.taken)), s.flags.file)
	}
	if s.taken < s.done {
		text += fmt.Sprintf("; %.1f s", time.Since(s.start).Seconds())
	}
	fmt.Fprintln(s.stderr, text)
}
