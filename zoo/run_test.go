// SPDX-License-Identifier: GPL-2.0-or-later

package zoo

import (
	"context"
	"errors"
	"fmt"
	goversion "go/version"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// world is a fake: which releases there are, and which of them die.
type world struct {
	dies    func(release string) bool
	missing func(release string) bool
	boots   atomic.Int32
}

func (w *world) runner() *Runner {
	return &Runner{
		Parallel: 3,
		Make: func(_ context.Context, s fixtures.Spec) (string, error) {
			if w.missing != nil && w.missing(s.Toolchain) {
				return "", &fixtures.FetchError{Toolchain: s.Toolchain, Err: errors.New("not available")}
			}
			return s.Toolchain + " " + s.GOARCH, nil
		},
		Boot: func(_ context.Context, bin string, m machine.Machine, _ ...harness.Option) (*harness.Report, error) {
			w.boots.Add(1)
			release, goarch, _ := strings.Cut(bin, " ")
			r := &harness.Report{Machine: m, Until: "main.main", Outcome: harness.Reached, Binary: harness.Binary{GoVersion: release, GOARCH: goarch}}
			if w.dies(release) {
				r.Outcome, r.Reason = harness.Threw, "fatal error: as always"
				r.Stderr = "fatal error: as always\n\nruntime stack:\n"
			}
			return r, nil
		},
	}
}

// between are the releases from first to last.
func between(first, last string) func(string) bool {
	return func(release string) bool {
		return goversion.Compare(first, release) <= 0 && goversion.Compare(release, last) <= 0
	}
}

const bug = `
title: T
arch: [amd64, arm]
affected: [go1.26.3, go1.26.4]
clean: [go1.26.2, go1.26.8]
expect:
  affected: [outcome=threw, reason~always]
  clean: [outcome=reached]
crash: |
  fatal error: as …
  runtime stack:
`

func entry(t *testing.T, text string) Entry {
	t.Helper()
	e, err := Parse("bug.yaml", []byte(text))
	require.NoError(t, err)
	return e
}

func TestRun(t *testing.T) {
	t.Parallel()
	w := &world{dies: between("go1.26.3", "go1.26.4")}
	r := w.runner()
	seen := 0
	r.Progress = func(row Row, done, total int) {
		seen++
		require.Equal(t, seen, done)
		require.Equal(t, 8, total)
		require.NotEmpty(t, row.Verdict)
	}
	rows, err := r.Run(t.Context(), Jobs([]Entry{entry(t, bug)}, Filter{}))
	require.NoError(t, err)
	require.Equal(t, 8, seen)
	var got []string
	for _, row := range rows {
		got = append(got, fmt.Sprintf("%s %s %s %s", row.Arch, row.Release, row.Verdict, row.Found))
	}
	require.Equal(t, []string{
		"amd64 go1.26.3 reproduced threw: fatal error: as always", "amd64 go1.26.4 reproduced threw: fatal error: as always",
		"amd64 go1.26.2 clean reached main.main", "amd64 go1.26.8 clean reached main.main",
		"arm go1.26.3 reproduced threw: fatal error: as always", "arm go1.26.4 reproduced threw: fatal error: as always",
		"arm go1.26.2 clean reached main.main", "arm go1.26.8 clean reached main.main",
	}, got)
	require.Equal(t, Reproduced, Worst(rows))
	require.Equal(t, "default", rows[0].Machine)
	require.True(t, rows[0].Checks[0].OK)
}

func TestRunDiffers(t *testing.T) {
	t.Parallel()
	w := &world{dies: between("go1.26.4", "go1.26.8"), missing: func(r string) bool { return r == "go1.26.2" }}
	rows, err := w.runner().Run(t.Context(), Jobs([]Entry{entry(t, bug)}, Filter{Arch: []string{"arm"}}))
	require.NoError(t, err)
	require.Len(t, rows, 4)

	require.Equal(t, Differs, rows[0].Verdict)
	require.Equal(t, []string{"expected outcome to be threw, got reached", `expected reason to contain always, got ""`, `it did not print "fatal error: as …"`},
		rows[0].Differences)
	require.Equal(t, Reproduced, rows[1].Verdict)
	require.Equal(t, Failed, rows[2].Verdict)
	require.True(t, rows[2].NoToolchain())
	require.Equal(t, []string{"fetch go1.26.2: not available"}, rows[2].Differences)
	require.Nil(t, rows[2].Report)
	require.Equal(t, Differs, rows[3].Verdict)
	require.Equal(t, []string{"expected outcome to be reached, got threw", "it threw: fatal error: as always"}, rows[3].Differences)
	require.Equal(t, Differs, Worst(rows))
	require.Equal(t, Failed, Worst(rows[1:3]))
}

// A toolchain that is not the one that was asked for proves nothing.
func TestRunOtherToolchain(t *testing.T) {
	t.Parallel()
	w := &world{dies: between("go1.26.3", "go1.26.4")}
	r := w.runner()
	r.Make = func(context.Context, fixtures.Spec) (string, error) { return "go1.26.8 amd64", nil }
	rows, err := r.Run(t.Context(), Jobs([]Entry{entry(t, bug)}, Filter{Arch: []string{"amd64"}, Releases: []string{"go1.26.3"}}))
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, Failed, rows[0].Verdict)
	require.Equal(t, []string{"go1.26.3 was to build it, and go1.26.8 did"}, rows[0].Differences)
}

func TestRunCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	<-ctx.Done()
	w := &world{dies: between("", "")}
	_, err := w.runner().Run(ctx, Jobs([]Entry{entry(t, bug)}, Filter{}))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Zero(t, w.boots.Load())
}

func TestMatchLines(t *testing.T) {
	t.Parallel()
	const got = "runtime: mlock of signal stack failed: 12\nfatal error: mlock failed\n\nruntime stack:\nruntime.throw(0x1234, 5)\n"
	tests := []struct{ want, missing string }{
		{"fatal error: mlock failed", ""},
		{"  fatal error: mlock failed  \n\nruntime stack:", ""},
		{"runtime: mlock of … failed: 12\n…\nruntime.throw(…, 5)", ""},
		{"…mlock…", ""},
		{"…", ""},
		{"fatal error", "fatal error"},
		{"fatal error: …\nruntime: mlock …", "runtime: mlock …"},
		{"runtime.throw(…, 6)", "runtime.throw(…, 6)"},
		{"… x …", "… x …"},
	}
	for _, tc := range tests {
		t.Run(tc.want, func(t *testing.T) {
			missing, ok := matchLines(tc.want, got)
			require.Equal(t, tc.missing, missing)
			require.Equal(t, tc.missing == "", ok)
		})
	}
}
