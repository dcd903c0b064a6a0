// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/render"
)

// judgeMatrix judges each boot as rt0 boot would. Cells of ports that a release lacks are not judged. The error has the status of the worst:
// an expectation that failed comes before a boot that could not be carried out, and that before a death. It tells of the first of these.
func judgeMatrix(doc harness.Document, expectations []harness.Expectation) ([]render.Result, error) {
	worst := []struct {
		status status
		text   string
	}{
		{statusFailed, "are not as expected"}, {statusRefused, "could not be done"}, {statusDied, "died or got stuck"},
	}
	var (
		results []render.Result
		first   = map[status]error{}
		count   = map[status]int{}
		judged  int
	)
	for _, r := range doc.Boots {
		if r.Cell != nil && r.Cell.Absent != "" {
			results = append(results, render.Result{Report: r})
			continue
		}
		judged++
		result, err := judge(r, r.Err(), expectations)
		results = append(results, result)
		if err == nil {
			continue
		}
		s := statusOf(err)
		if count[s]++; first[s] != nil {
			continue
		}
		first[s] = fmt.Errorf("%s: %w", r.Place(), err)
		if notBuilt(r) {
			first[s] = r.Err() // it names the program, the architecture and the toolchain
		}
	}
	for _, w := range worst {
		if n := count[w.status]; n > 0 {
			return results, failf(w.status, "matrix: %d of %d boots %s; the first: %w", n, judged, w.text, first[w.status])
		}
	}
	if isPart := doc.Matrix != nil && len(doc.Matrix.Shards) > 0; judged == 0 && !isPart {
		return results, failf(statusRefused, "matrix: none of these releases has a port to %s", strings.Join(archesOf(doc.Boots), ", "))
	}
	return results, nil
}

// notBuilt says whether there was nothing to boot.
func notBuilt(r *harness.Report) bool { return r.Outcome == harness.Refused && r.Binary.SHA256 == "" }

func archesOf(boots []*harness.Report) []string {
	var arches []string
	for _, r := range boots {
		if goarch := r.Place().GOARCH; !slices.Contains(arches, goarch) {
			arches = append(arches, goarch)
		}
	}
	return arches
}

// tellAbsent says in one line for each architecture which releases have no port to it.
func tellAbsent(w io.Writer, plan harness.MatrixPlan) {
	for _, goarch := range plan.Arches {
		a, ok := arch.Find(goarch)
		if !ok {
			continue
		}
		var without []string
		for _, sdk := range plan.SDKs {
			if fixtures.IsRelease(sdk.Name) && !fixtures.Builds(sdk.Name, goarch) {
				without = append(without, sdk.Name)
			}
		}
		switch n := len(without); {
		case n == 1:
			fmt.Fprintf(w, "matrix: %s has no %s: Go builds for it since 1.%d\n", without[0], goarch, a.Since)
		case n > 1:
			fmt.Fprintf(w, "matrix: %s to %s have no %s: Go builds for it since 1.%d\n", without[0], without[n-1], goarch, a.Since)
		}
	}
}
