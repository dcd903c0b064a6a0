// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// The boots: every release with which all architectures have a compiler, and architectures that stand for the usual, for RISC and for 32 bits.
const toolchains = "1.5..1.27"

var arches = []string{"amd64", "arm64", "386"}

// bootAll boots all releases, in the order of the page's data.
func bootAll(ctx context.Context) ([]*diff.Facts, error) {
	sdks, err := fixtures.Select(ctx, toolchains)
	if err != nil {
		return nil, err
	}
	return bootSome(ctx, sdks, arches)
}

func bootSome(ctx context.Context, sdks []fixtures.SDK, arches []string) ([]*diff.Facts, error) {
	jobs, err := plan(sdks, arches)
	if err != nil {
		return nil, err
	}
	runner := harness.MatrixRunner{Done: func(r *harness.Report, _ string, done, total int) {
		fmt.Fprintf(os.Stderr, "releases: %d of %d: %s %s\n", done, total, r.Cell, r.Outcome)
	}}
	reports, err := runner.Run(ctx, jobs)
	if err != nil {
		return nil, err
	}
	var boots []*diff.Facts
	for _, r := range reports {
		if r.Outcome != harness.Reached {
			return nil, fmt.Errorf("%s: %s: %s", r.Cell, r.Outcome, r.Reason)
		}
		boots = append(boots, diff.FactsOf(r))
	}
	return boots, nil
}

func plan(sdks []fixtures.SDK, arches []string) ([]harness.MatrixJob, error) {
	return harness.MatrixPlan{
		Programs: []fixtures.Spec{{Program: fixtures.Hello}}, SDKs: sdks, Arches: arches, Machines: []machine.Machine{machine.New()},
	}.Jobs()
}
