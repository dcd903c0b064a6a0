// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rt0-dev/rt0/fixtures"
)

// Matrix boots a plan as subtests, go1.26.8/arm64/graviton, so that go test -run picks cells, and -json and what reads it knows them. Only what is
// picked is built. check is called for each boot, with its own t; nil asserts that the boot came to the point asked for. Ports that a release
// lacks are skipped. More than one program puts the program's name before the toolchain's.
//
//	func TestUpgrade(t *testing.T) {
//		harness.Matrix(t, harness.MatrixPlan{
//			Programs: []fixtures.Spec{{Program: "./cmd/server"}},
//			SDKs:     fixtures.SDKs(t, "1.26,1.27"),
//			Machines: []machine.Machine{machine.New(), graviton},
//		}, func(t *testing.T, boot *harness.BootResult) {
//			boot.RequireReached("main.main")
//		})
//	}
func Matrix(t *testing.T, plan MatrixPlan, check func(t *testing.T, boot *BootResult), opts ...Option) {
	t.Helper()
	plan, err := plan.filled()
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := plan.Jobs()
	if err != nil {
		t.Fatal(err)
	}
	if check == nil {
		check = func(t *testing.T, boot *BootResult) {
			t.Helper()
			boot.RequireReached(boot.Until)
		}
	}
	levels := []func(Cell) string{
		func(c Cell) string { return c.Toolchain },
		Cell.Target,
	}
	if len(plan.Programs) > 1 {
		levels = append([]func(Cell) string{programName}, levels...)
	}
	subtests(t, jobs, levels, func(t *testing.T, jobs []MatrixJob) { matrixBuild(t, jobs, check, opts) })
}

// programName is a program as a level of subtests: a slash would begin another.
func programName(c Cell) string { return strings.TrimSuffix(filepath.Base(c.Program), ".go") }

// subtests runs a subtest for each name that the first level gives the jobs, those of the next level inside it, and leaf inside the last.
func subtests(t *testing.T, jobs []MatrixJob, levels []func(Cell) string, leaf func(t *testing.T, jobs []MatrixJob)) {
	t.Helper()
	if len(levels) == 0 {
		leaf(t, jobs)
		return
	}
	var names []string
	groups := map[string][]MatrixJob{}
	for _, job := range jobs {
		name := levels[0](job.Cell)
		if groups[name] == nil {
			names = append(names, name)
		}
		groups[name] = append(groups[name], job)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			subtests(t, groups[name], levels[1:], leaf)
		})
	}
}

// matrixBuild makes one executable, and boots it on its machines, one after the other.
func matrixBuild(t *testing.T, jobs []MatrixJob, check func(t *testing.T, boot *BootResult), opts []Option) {
	t.Helper()
	bin, err := fixtures.Make(t.Context(), jobs[0].Spec)
	switch {
	case errors.As(err, new(*fixtures.UnsupportedError)):
		t.Skip(err)
	case err != nil:
		t.Fatalf("%+v", err)
	}
	for _, job := range jobs {
		t.Run(job.Cell.Machine, func(t *testing.T) {
			boot := Boot(t, bin, job.Machine, opts...)
			if err := job.builtBy(boot.Binary.GoVersion); err != nil {
				t.Fatal(err)
			}
			job.labelled(boot.Report)
			check(t, boot)
		})
	}
}
