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
	var results []render.Result
	all := verdicts{command: "matrix"}
	for _, r := range doc.Boots {
		if r.Cell != nil && r.Cell.Absent != "" {
			results = append(results, render.Result{Report: r})
			continue
		}
		result, err := judge(r, r.Err(), expectations)
		results = append(results, result)
		switch {
		case err == nil:
			all.add(statusOK, nil)
		case notBuilt(r):
			all.add(statusOf(err), r.Err()) // it names the program, the architecture and the toolchain
		default:
			all.add(statusOf(err), fmt.Errorf("%s: %w", r.Place(), err))
		}
	}
	if err := all.worst(); err != nil {
		return results, err
	}
	if isPart := doc.Matrix != nil && len(doc.Matrix.Shards) > 0; all.judged == 0 && !isPart {
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
