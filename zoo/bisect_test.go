// SPDX-License-Identifier: GPL-2.0-or-later

package zoo

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// releases are some of each minor one.
func releases() []string {
	var list []string
	for minor := 22; minor <= 27; minor++ {
		for patch := range 10 {
			list = append(list, fmt.Sprintf("go1.%d.%d", minor, patch))
		}
	}
	return list
}

func bisect(t *testing.T, w *world, within Range) *Bisection {
	t.Helper()
	e := entry(t, bug)
	var told []string
	b, err := w.runner().Bisect(t.Context(), e, e.Cases[0], "amd64", releases(), within, func(p Probe) { told = append(told, p.Release) })
	require.NoError(t, err)
	require.Len(t, told, len(b.Probes))
	require.Len(t, releases(), len(b.Probes)+len(b.Assumed)+before(b)+after(b))
	return b
}

// before and after are the releases outside the range.
func before(b *Bisection) (n int) {
	for _, r := range releases() {
		if r == b.From {
			return n
		}
		n++
	}
	return n
}

func after(b *Bisection) (n int) {
	for _, r := range releases() {
		n++
		if r == b.To {
			n = 0
		}
	}
	return n
}

func TestBisect(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		first, last string
		within      Range
		want        []Span
		boots       int // at most
	}{
		{"as the entry has it", "go1.26.3", "go1.26.4", Range{}, []Span{{"go1.26.3", "go1.26.4", "go1.26.2", "go1.26.5"}}, 9},
		{"longer", "go1.26.1", "go1.26.6", Range{}, []Span{{"go1.26.1", "go1.26.6", "go1.26.0", "go1.26.7"}}, 9},
		{"from an older minor release", "go1.24.5", "go1.26.5", Range{From: "go1.22.0"}, []Span{{"go1.24.5", "go1.26.5", "go1.24.4", "go1.26.6"}}, 14},
		{"to the end", "go1.26.3", "go1.27.9", Range{To: "go1.27.9"}, []Span{{"go1.26.3", "go1.27.9", "go1.26.2", ""}}, 10},
		{"not at all", "go1.20", "go1.20", Range{}, []Span{}, 7},
		{"always", "go1.20", "go1.30", Range{}, []Span{{"go1.26.0", "go1.26.9", "", ""}}, 7},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := &world{dies: between(tc.first, tc.last)}
			b := bisect(t, w, tc.within)
			require.Equal(t, tc.want, b.Spans)
			require.LessOrEqual(t, int(w.boots.Load()), tc.boots)
		})
	}
}

// Two stretches, of which an entry names one only: a bisection may miss the other and lists what it assumed; a scan does not.
func TestBisectTwoStretches(t *testing.T) {
	t.Parallel()
	backport := between("go1.25.3", "go1.25.4")
	own := between("go1.26.3", "go1.26.4")
	w := &world{dies: func(r string) bool { return backport(r) || own(r) }}
	b := bisect(t, w, Range{From: "go1.25.0", To: "go1.26.9"})
	require.Len(t, b.Spans, 1)
	require.Contains(t, b.Assumed, "go1.25.3")
	require.Contains(t, b.String(), "assumed, as they lie between two that came out alike: go1.25.1 ")

	b = bisect(t, w, Range{From: "go1.25.0", To: "go1.26.9", All: true})
	require.Equal(t, []Span{{"go1.25.3", "go1.25.4", "go1.25.2", "go1.25.5"}, {"go1.26.3", "go1.26.4", "go1.26.2", "go1.26.5"}}, b.Spans)
	require.Empty(t, b.Assumed)
	require.Equal(t, "affected: go1.25.3 to go1.25.4; go1.25.2 before and go1.25.5 after are not\n"+
		"affected: go1.26.3 to go1.26.4; go1.26.2 before and go1.26.5 after are not\n", b.String())
}

// Releases that nobody can fetch are gone around.
func TestBisectMissing(t *testing.T) {
	t.Parallel()
	w := &world{dies: between("go1.26.3", "go1.26.7"), missing: func(r string) bool { return r == "go1.26.2" || r == "go1.26.8" || r == "go1.26.5" }}
	b := bisect(t, w, Range{})
	require.Equal(t, []Span{{"go1.26.3", "go1.26.7", "go1.26.1", "go1.26.9"}}, b.Spans)
	require.Contains(t, b.Probes, Probe{"go1.26.2", Missing, "fetch go1.26.2: not available"})
}

func TestBisectNothing(t *testing.T) {
	t.Parallel()
	e := entry(t, bug)
	w := &world{dies: between("", "")}
	_, err := w.runner().Bisect(t.Context(), e, e.Cases[0], "amd64", nil, Range{From: "go1.28.0"}, nil)
	require.EqualError(t, err, "there is no release between go1.28.0 and the newest that builds for amd64")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = w.runner().Bisect(ctx, e, e.Cases[0], "amd64", releases(), Range{}, nil)
	require.ErrorIs(t, err, context.Canceled)
}

// A release that is neither as affected nor as clean ones are is a state of its own.
func TestBisectNeither(t *testing.T) {
	t.Parallel()
	e := entry(t, bug+"program: {args: [x]}\n")
	e.Cases[0].Expect[Clean][0].Value = "exited"
	w := &world{dies: between("go1.26.3", "go1.26.4")}
	b, err := w.runner().Bisect(t.Context(), e, e.Cases[0], "amd64", releases(), Range{}, nil)
	require.NoError(t, err)
	require.Equal(t, Other, b.Probes[0].State)
	require.Equal(t, []Span{{"go1.26.3", "go1.26.4", "go1.26.2", "go1.26.5"}}, b.Spans)
}
