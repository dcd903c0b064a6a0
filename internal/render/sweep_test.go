// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/harness"
)

// viewOf is a folded sweep; change may make something else of the reports.
func viewOf(axes harness.Axes, change func(i int, r *harness.Report)) SweepView {
	f := diff.NewFolder(axes)
	for i := range axes.Len() {
		v := axes.Variant(i)
		r := sweptReport(axes, v)
		if change != nil {
			change(i, r)
		}
		f.Add(v, r)
	}
	return SweepView{Title: "hello, go1.26.8, amd64", Axes: axes, Runs: f.Runs()}
}

// oldKernels are boots that end early with releases before 4.
func oldKernels() SweepView {
	releases := harness.Axis{Key: "kernel.release", Values: strings.Fields("2.6.23 3.10.0 4.19.0-25-amd64 5.10.0-8-amd64 6.1.0 6.8.0-45-generic")}
	return viewOf(sweepAxes(releases), func(i int, r *harness.Report) {
		r.Counts.Syscalls = 100 + i
		if i < 2 {
			two := 2
			r.Outcome, r.Reason, r.Phase, r.ExitCode = harness.Exited, "exit status 2 before main.main: kernel too old", "osinit", &two
			r.Stderr = "kernel too old"
		}
	})
}

func sweepText(t *testing.T, v SweepView, s Style) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, Sweep(&b, v, s))
	return b.String()
}

func TestSweepTable(t *testing.T) {
	t.Parallel()
	alike := harness.Axis{Key: "cpus", Values: numbers(1, 100)}
	for _, c := range []struct {
		name string
		view SweepView
	}{
		{"nothing", SweepView{Axes: sweepAxes(manyCPUs)}},
		{"one boot", viewOf(sweepAxes(), nil)},
		{"alike", viewOf(sweepAxes(alike), nil)},
		{"one axis", viewOf(sweepAxes(manyCPUs), nil)},
		{"three axes", viewOf(sweepAxes(pageSizes, hugePages, manyCPUs), nil)},
		{"words", oldKernels()},
		{"a lone one", viewOf(sweepAxes(harness.Axis{Key: "cpus", Values: numbers(180, 190)}), func(i int, r *harness.Report) {
			if r.Runtime.Goroutines = 5; i == 3 || i > 4 {
				r.Runtime.Goroutines += r.Runtime.NumCPU
			}
		})},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var markdown strings.Builder
			require.NoError(t, SweepMarkdown(&markdown, c.view))
			name := strings.ReplaceAll(c.name, " ", "-")
			golden(t, "sweep-"+name+".txt", []byte(sweepText(t, c.view, Style{})))
			golden(t, "sweep-"+name+".md", []byte(markdown.String()))
		})
	}
}

// Where every variant does something else, the table ends, and says where the rest is.
func TestSweepTableIsBounded(t *testing.T) {
	t.Parallel()
	axes := sweepAxes(harness.Axis{Key: "random", Values: numbers(1, 1050)})
	v := viewOf(axes, func(i int, r *harness.Report) { r.Runtime.Goroutines = i % 7; r.Runtime.GOMAXPROCS = i % 5 })
	text := sweepText(t, v, Style{})
	require.Contains(t, text, "1,050 boots: all reached; behaviour changes in 1,049 places\n")
	require.True(t, strings.HasSuffix(text, "... 950 more rows; -o csv and -o jsonl have every boot, -o html a map of them\n"), text[len(text)-200:])
	require.Less(t, strings.Count(text, "\n"), 2*sweepRows+10)
	var b strings.Builder
	require.NoError(t, SweepMarkdown(&b, v, v))
	require.Equal(t, 2, strings.Count(b.String(), "... 950 more rows"))
}

func TestSweepTableOnATerminal(t *testing.T) {
	t.Parallel()
	v := viewOf(sweepAxes(pageSizes, hugePages, manyCPUs), nil)
	for _, width := range []int{60, 80, 100, 200} {
		for line := range strings.Lines(sweepText(t, v, Style{Width: width})) {
			require.LessOrEqual(t, len([]rune(strings.TrimSuffix(line, "\n"))), max(width, len("1,536 boots: 1,344 reached, 96 threw, 96 stuck; behaviour changes in 4 places")), width)
		}
	}
	plain := sweepText(t, v, Style{Width: 100})
	coloured := sweepText(t, v, Style{Width: 100, Colour: true})
	require.NotContains(t, plain, "\x1b")
	require.Contains(t, coloured, "\x1b["+red+"mthrew in schedinit"+reset)
	stripped := coloured
	for _, c := range []string{bold, red, yellow} {
		stripped = strings.ReplaceAll(stripped, "\x1b["+c+"m", "")
	}
	require.Equal(t, plain, strings.ReplaceAll(stripped, reset, ""), "colours change nothing else")
}

// What a program wrote or a machine is named cannot break the lines, nor the terminal.
func TestSweepTableIsInert(t *testing.T) {
	t.Parallel()
	axes := sweepAxes(harness.Axis{Key: "env.X", Values: []string{"a\nb", "\x1b[2Jc|d"}})
	v := viewOf(axes, nil)
	v.Runs[0].Spans[0].All = false
	f := diff.NewFolder(axes)
	for i := range 2 {
		r := sweptReport(axes, axes.Variant(i))
		r.Outcome, r.Reason = harness.Threw, []string{hostile, "\x1b]0;x\a|<b>"}[i]
		f.Add(axes.Variant(i), r)
	}
	v.Title, v.Runs = "\x1b[2J<img>", f.Runs()
	text := sweepText(t, v, Style{})
	require.NotContains(t, text, "\x1b")
	require.Equal(t, 3+2+2+1, strings.Count(text, "\n"))
	var b strings.Builder
	require.NoError(t, SweepMarkdown(&b, v))
	require.NotContains(t, b.String(), "<b>")
	require.NotContains(t, b.String(), "\x1b")
}
