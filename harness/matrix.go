// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"cmp"
	"context"
	"fmt"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/machine"
)

// MatrixPlan is what a matrix boots: the product of its lists. A list that is empty has one entry, or all: see each.
type MatrixPlan struct {
	// Programs are what to build; their toolchain, GOARCH, mode and stripping are filled in. Empty: the fixture hello.
	Programs []fixtures.Spec
	// SDKs are the toolchains, as [fixtures.Select] finds them. Empty: the go on PATH.
	SDKs []fixtures.SDK
	// Arches are GOARCHes. Empty: all.
	Arches []string
	// Variants are ways to build. Empty: a plain executable.
	Variants []fixtures.Variant
	// Machines are told apart by their names. Empty: the default one.
	Machines []machine.Machine
}

// MatrixJob is one boot of a matrix.
type MatrixJob struct {
	Cell    Cell
	Spec    fixtures.Spec // what to build
	Machine machine.Machine
}

// Jobs are the plan's boots in their order: by program, toolchain, architecture, variant and machine, each in the order of its list. An error
// says that two of them would be one cell, or that there is no such architecture.
func (p MatrixPlan) Jobs() ([]MatrixJob, error) {
	p, err := p.filled()
	if err != nil {
		return nil, err
	}
	var jobs []MatrixJob
	seen := map[Cell]bool{}
	for _, program := range p.Programs {
		for _, sdk := range p.SDKs {
			for _, goarch := range p.Arches {
				for _, variant := range p.Variants {
					if !variant.Concerns(goarch) {
						continue
					}
					spec := variant.Apply(program)
					spec.Toolchain, spec.GOARCH = sdk.Toolchain(), goarch
					for _, m := range p.Machines {
						cell := Cell{
							Program: program.Program, Toolchain: sdk.Name, GOARCH: goarch, Variant: variant.Name, Machine: m.Name,
							Flags: quoteAll(program.Flags),
						}
						if seen[cell] {
							return nil, fmt.Errorf("the matrix has %s of %s twice: give machines names of their own, and nothing else twice", cell, cell.Program)
						}
						seen[cell] = true
						jobs = append(jobs, MatrixJob{cell, spec, m})
					}
				}
			}
		}
	}
	return jobs, nil
}

// filled is the plan with the entries of its empty lists.
func (p MatrixPlan) filled() (MatrixPlan, error) {
	if len(p.Programs) == 0 {
		p.Programs = []fixtures.Spec{{Program: fixtures.Hello}}
	}
	if len(p.SDKs) == 0 {
		local, err := fixtures.Select(context.Background(), "local")
		if err != nil {
			return p, err
		}
		p.SDKs = local
	}
	if len(p.Arches) == 0 {
		p.Arches = arch.Names()
	}
	for _, goarch := range p.Arches {
		if _, ok := arch.Find(goarch); !ok {
			return p, fmt.Errorf("rt0 does not boot the architecture %q: see rt0 arches", goarch)
		}
	}
	if len(p.Variants) == 0 {
		p.Variants = []fixtures.Variant{{Name: fixtures.ModeExe}}
	}
	if len(p.Machines) == 0 {
		p.Machines = []machine.Machine{machine.New()}
	}
	for i, m := range p.Machines {
		if m.Name == "" {
			return p, fmt.Errorf("machine %d of the matrix has no name to tell it from the others", i+1)
		}
	}
	return p, nil
}

// Shard is part k (1 to n) of n of a matrix. Parts have whole builds, in the order of the jobs, so that one needs few of the toolchains; their
// sizes differ by one build at most, and together they are the matrix.
func Shard(jobs []MatrixJob, k, n int) []MatrixJob {
	builds := buildsOf(jobs)
	var part []MatrixJob
	for _, indices := range builds[len(builds)*(k-1)/n : len(builds)*k/n] {
		for _, i := range indices {
			part = append(part, jobs[i])
		}
	}
	return part
}

// buildsOf are the indices of the jobs that boot one executable, in the order of the first of each.
func buildsOf(jobs []MatrixJob) [][]int {
	var builds [][]int
	place := map[Cell]int{}
	for i, job := range jobs {
		build := job.Cell.build()
		at, ok := place[build]
		if !ok {
			at = len(builds)
			place[build] = at
			builds = append(builds, nil)
		}
		builds[at] = append(builds[at], i)
	}
	return builds
}

// refused is the report of a job that could not be booted.
func (j MatrixJob) refused(err error, o *options) *Report {
	m := j.Machine.Resolved()
	m.Args = append(m.Args, o.args...)
	r := newReport(j.Spec.Program, m, o)
	r.Outcome, r.Reason = Refused, err.Error()
	r.Binary.GOARCH = j.Cell.GOARCH
	return j.labelled(r)
}

// labelled puts the job's cell into its report. The program's name takes the place of the path in the cache, which is the host's matter.
func (j MatrixJob) labelled(r *Report) *Report {
	cell := j.Cell
	r.Cell = &cell
	r.Binary.Path = cmp.Or(j.Cell.Program, r.Binary.Path)
	return r
}
