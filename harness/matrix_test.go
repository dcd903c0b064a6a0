// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// plan is one of cells with the given names.
func plan(releases, arches, machines []string) harness.MatrixPlan {
	p := harness.MatrixPlan{Arches: arches}
	for _, r := range releases {
		p.SDKs = append(p.SDKs, fixtures.SDK{Name: r})
	}
	for _, name := range machines {
		m := machine.New()
		m.Name = name
		p.Machines = append(p.Machines, m)
	}
	return p
}

func jobsOf(t *testing.T, p harness.MatrixPlan) []harness.MatrixJob {
	t.Helper()
	jobs, err := p.Jobs()
	require.NoError(t, err)
	return jobs
}

func cells(jobs []harness.MatrixJob) []string {
	var names []string
	for _, j := range jobs {
		names = append(names, j.Cell.String())
	}
	return names
}

func TestMatrixJobs(t *testing.T) {
	t.Parallel()
	p := plan([]string{"go1.26.8", "go1.27.4"}, []string{"arm64", "s390x"}, []string{"a", "b"})
	jobs := jobsOf(t, p)
	require.Equal(t, []string{
		"go1.26.8/arm64/a", "go1.26.8/arm64/b", "go1.26.8/s390x/a", "go1.26.8/s390x/b",
		"go1.27.4/arm64/a", "go1.27.4/arm64/b", "go1.27.4/s390x/a", "go1.27.4/s390x/b",
	}, cells(jobs))
	require.Equal(t, "go1.27.4", jobs[7].Spec.Toolchain)
	require.Equal(t, "s390x", jobs[7].Spec.GOARCH)
	require.Equal(t, "b", jobs[7].Machine.Name)

	pie, err := fixtures.ParseVariant("pie")
	require.NoError(t, err)
	p.Variants = []fixtures.Variant{{Name: "exe"}, pie}
	jobs = jobsOf(t, p)
	require.Equal(t, "go1.26.8/arm64-pie/a", jobs[2].Cell.String())
	require.Equal(t, fixtures.ModePIE, jobs[2].Spec.Mode)

	all := jobsOf(t, harness.MatrixPlan{SDKs: []fixtures.SDK{{Name: "go1.26.8"}}})
	require.Len(t, all, len(harness.Architectures()), "all architectures, one machine, hello")

	for name, bad := range map[string]harness.MatrixPlan{
		"machine a of":   plan([]string{"go1.26.8"}, []string{"arm64"}, []string{"a", "a"}),
		"no name":        plan([]string{"go1.26.8"}, []string{"arm64"}, []string{"a", ""}),
		`"sparc64"`:      plan([]string{"go1.26.8"}, []string{"sparc64"}, []string{"a"}),
		"hello twice":    plan([]string{"go1.26.8", "go1.26.8"}, []string{"arm64"}, []string{"a"}),
		"arm64/a of hel": plan([]string{"go1.26.8"}, []string{"arm64", "arm64"}, []string{"a"}),
	} {
		_, err := bad.Jobs()
		require.Error(t, err, name)
		if name != "machine a of" {
			require.ErrorContains(t, err, name)
		}
	}
}

// TestShard: the parts are the whole, in its order, for every number of parts; no build is in two; and they are of one size but for one build.
func TestShard(t *testing.T) {
	t.Parallel()
	jobs := jobsOf(t, plan([]string{"go1.25.1", "go1.26.8", "go1.27.4"}, []string{"arm64", "s390x", "386", "mips"}, []string{"a", "b", "c"}))
	for n := 1; n <= 40; n++ {
		var whole []string
		var sizes []int
		for k := 1; k <= n; k++ {
			part := harness.Shard(jobs, k, n)
			require.Equal(t, part, harness.Shard(jobs, k, n))
			require.Zero(t, len(part)%3, "whole builds, of three machines")
			sizes = append(sizes, len(part))
			whole = append(whole, cells(part)...)
		}
		require.Equal(t, cells(jobs), whole)
		require.LessOrEqual(t, slices.Max(sizes)-slices.Min(sizes), 3)
	}
}

// fakeRunner makes no file and boots nothing: the report says what it was asked for.
func fakeRunner(fail map[string]error) *harness.MatrixRunner {
	return &harness.MatrixRunner{
		Make: func(_ context.Context, s fixtures.Spec) (string, error) {
			return "/cache/" + s.GOARCH, fail[s.Toolchain+" "+s.GOARCH]
		},
		Boot: func(_ context.Context, bin string, m machine.Machine, _ ...harness.Option) (*harness.Report, error) {
			return &harness.Report{Binary: harness.Binary{Path: bin, GOARCH: filepath.Base(bin)}, Machine: m, Outcome: harness.Reached}, nil
		},
	}
}

func TestMatrixRunner(t *testing.T) {
	t.Parallel()
	jobs := jobsOf(t, plan([]string{"go1.13.15", "go1.26.8"}, []string{"arm64", "riscv64", "s390x"}, []string{"a", "b"}))
	r := fakeRunner(map[string]error{
		"go1.13.15 riscv64": fmt.Errorf("build: %w", &fixtures.UnsupportedError{Toolchain: "go1.13.15", GOARCH: "riscv64", Since: 14}),
		"go1.26.8 s390x":    errors.New("undefined: x"),
	})
	var told []string
	r.Done = func(r *harness.Report, bin string, done, total int) {
		require.Equal(t, len(jobs), total)
		require.Equal(t, len(told)+1, done)
		told = append(told, r.Cell.String())
		require.Equal(t, bin == "", r.Outcome == harness.Refused)
	}
	reports, err := r.Run(t.Context(), jobs)
	require.NoError(t, err)
	require.ElementsMatch(t, cells(jobs), told)
	for i, report := range reports {
		require.Equal(t, jobs[i].Cell.String(), report.Cell.String(), "in the order of the jobs")
		require.Equal(t, "hello", report.Binary.Path, "the host's paths are not the report's matter")
		require.Equal(t, jobs[i].Machine.Name, report.Machine.Name)
		switch jobs[i].Cell.Toolchain + " " + jobs[i].Cell.GOARCH {
		case "go1.13.15 riscv64":
			require.Equal(t, harness.Refused, report.Outcome)
			require.NotEmpty(t, report.Cell.Absent)
		case "go1.26.8 s390x":
			require.Equal(t, harness.Refused, report.Outcome)
			require.Empty(t, report.Cell.Absent)
			require.Equal(t, "undefined: x", report.Reason)
			require.EqualError(t, report.Err(), "undefined: x")
			require.Equal(t, "s390x", report.Binary.GOARCH)
		default:
			require.Equal(t, harness.Reached, report.Outcome)
			require.NoError(t, report.Err())
		}
	}
}

// TestMatrixInterrupted: a context that ends is the error, and what was done by then is there.
func TestMatrixInterrupted(t *testing.T) {
	t.Parallel()
	jobs := jobsOf(t, plan([]string{"go1.25.1", "go1.26.8"}, []string{"arm64", "s390x"}, []string{"a", "b"}))
	r := fakeRunner(nil)
	r.Parallel = 1
	ctx, cancel := context.WithCancel(t.Context())
	r.Done = func(_ *harness.Report, _ string, done, _ int) {
		if done == 3 {
			cancel()
		}
	}
	reports, err := r.Run(ctx, jobs)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 3, len(slices.DeleteFunc(slices.Clone(reports), func(r *harness.Report) bool { return r == nil })))
}

// TestMatrixBuiltByAnother: an executable of another release than the cell's is a defect of the set-up, and no boot of the cell.
func TestMatrixBuiltByAnother(t *testing.T) {
	t.Parallel()
	r := fakeRunner(nil)
	boot := r.Boot
	r.Boot = func(ctx context.Context, bin string, m machine.Machine, opts ...harness.Option) (*harness.Report, error) {
		report, err := boot(ctx, bin, m, opts...)
		report.Binary.GoVersion = "go1.26.7"
		return report, err
	}
	reports, err := r.Run(t.Context(), jobsOf(t, plan([]string{"go1.26.8"}, []string{"arm64"}, []string{"a"})))
	require.NoError(t, err)
	require.Equal(t, harness.Refused, reports[0].Outcome)
	require.Equal(t, "go1.26.8 was to build it, and go1.26.7 did", reports[0].Reason)
}

// here is the release that the go on PATH is.
func here(t *testing.T) []fixtures.SDK {
	t.Helper()
	sdks, err := fixtures.Select(t.Context(), "local")
	require.NoError(t, err)
	return sdks
}

// TestMatrix: subtests have the names of the cells, and each its own boot.
func TestMatrix(t *testing.T) {
	t.Parallel()
	var (
		mu   sync.Mutex
		ran  []string
		sdks = here(t)
	)
	two := machine.New(machine.CPUs(2))
	two.Name = "two"
	t.Run("cells", func(t *testing.T) {
		harness.Matrix(t, harness.MatrixPlan{SDKs: sdks, Machines: []machine.Machine{machine.New(), two}},
			func(t *testing.T, boot *harness.BootResult) {
				boot.RequireReached("main.main")
				require.Equal(t, boot.Machine.CPUs.Count(), boot.Runtime.GOMAXPROCS)
				require.True(t, strings.HasSuffix(t.Name(), "/"+boot.Cell.String()), t.Name())
				mu.Lock()
				defer mu.Unlock()
				ran = append(ran, boot.Cell.String())
			})
	})
	var want []string
	for _, goarch := range harness.Architectures() {
		want = append(want, sdks[0].Name+"/"+goarch+"/default", sdks[0].Name+"/"+goarch+"/two")
	}
	require.ElementsMatch(t, want, ran)
}

// TestMatrixPrograms: more than one program is a level of its own, without the slashes of a path; without a check the point asked for is to be reached.
func TestMatrixPrograms(t *testing.T) {
	t.Parallel()
	harness.Matrix(t, harness.MatrixPlan{
		Programs: []fixtures.Spec{{Program: "hello"}, {Program: "./testdata/process"}}, SDKs: here(t), Arches: []string{"mips", "arm64"},
	}, nil)
}

// TestDocument: what is written is what was read, byte for byte, on every architecture.
func TestDocument(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		jobs := jobsOf(t, harness.MatrixPlan{SDKs: here(t), Arches: []string{goarch}})
		reports, err := (&harness.MatrixRunner{}).Run(t.Context(), jobs)
		require.NoError(t, err)
		require.Equal(t, harness.Reached, reports[0].Outcome, reports[0].Reason)
		require.NotEmpty(t, reports[0].Syscalls, "boots of a matrix are traced")
		require.NotEmpty(t, reports[0].Files)

		var first, second strings.Builder
		require.NoError(t, harness.NewDocument(reports...).Write(&first))
		read, err := harness.ReadDocument(strings.NewReader(first.String()))
		require.NoError(t, err)
		require.NoError(t, read.Write(&second))
		require.Equal(t, first.String(), second.String())
		require.NotContains(t, first.String(), os.TempDir())
	})
}

func TestReadDocument(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:                              "it is no report of rt0: unexpected end of JSON input",
		`{"schema":1,"boots":[{"bin`:    "it is no report of rt0: unexpected end of JSON input",
		`[]`:                            "it is no report of rt0: json: cannot unmarshal array",
		`{}`:                            "it has no schema and boots",
		`{"schema":1}`:                  "it has no schema and boots",
		`{"schema":2,"boots":[]}`:       "it is a report of schema 2, and this rt0 reads schema 1",
		`{"schema":1,"boots":[null]}`:   "its boot 1 has no outcome",
		`{"schema":1,"boots":[{}]}`:     "its boot 1 has no outcome",
		`{"schema":1,"boots":[{"a":2]}`: "it is no report of rt0",
	} {
		_, err := harness.ReadDocument(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
		require.ErrorAs(t, err, new(*harness.DocumentError))
	}
	d, err := harness.ReadDocument(strings.NewReader(`{"schema":1,"new":1,"boots":[{"outcome":"reached","runtime":{"gomaxprocs":null}}]}`))
	require.NoError(t, err)
	require.Equal(t, harness.Unknown, d.Boots[0].Runtime.GOMAXPROCS)
}

func FuzzReadDocument(f *testing.F) {
	f.Add(`{"schema":1,"rt0":{"version":"x"},"boots":[{"outcome":"reached","machine":{"cpus":{"count":2}},"syscalls":[{"n":1,"result":-2}]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := harness.ReadDocument(strings.NewReader(text))
		if err != nil {
			return
		}
		var first, second strings.Builder
		require.NoError(t, d.Write(&first))
		again, err := harness.ReadDocument(strings.NewReader(first.String()))
		require.NoError(t, err)
		require.NoError(t, again.Write(&second))
		require.Equal(t, first.String(), second.String())
		for _, r := range d.Boots {
			_, _, _ = r.Reproduce(), r.Story(), r.Warnings()
		}
	})
}
