// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/harness"
)

// matrixOf is a view of boots of hello: arm64 and 386 with each toolchain, of which change may make something else.
func matrixOf(toolchains []string, change func(r *harness.Report) (failure string)) MatrixView {
	var v MatrixView
	for _, toolchain := range toolchains {
		for _, goarch := range []string{"arm64", "386"} {
			r := &harness.Report{
				Cell:    &harness.Cell{Program: "hello", Toolchain: toolchain, GOARCH: goarch, Variant: "exe", Machine: "default"},
				Binary:  harness.Binary{Path: "hello", GOARCH: goarch, GoVersion: toolchain, BuildMode: "exe"},
				Outcome: harness.Reached, Until: "main.main", Phase: "main.main", Counts: harness.Counts{Instructions: 400_000},
				Stdout: "what it wrote",
			}
			r.Machine.Name = "default"
			r.Runtime.GOMAXPROCS = 4
			result := Result{Report: r}
			if change != nil {
				result.Failure = change(r)
			}
			v.Results = append(v.Results, result)
			v.Document.Boots = append(v.Document.Boots, r)
		}
	}
	return v
}

func markdownOf(t *testing.T, v MatrixView) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, MatrixMarkdown(&b, v))
	return b.String()
}

func TestMatrixMarkdownOfNothingNewIsShort(t *testing.T) {
	t.Parallel()
	require.Equal(t, "### rt0: `hello`\n\n✅ 4 boots, and all ended as asked.\n\nStart-up is the same from go1.26.1 to go1.26.2.\n\n"+
		"<details open><summary><b>All boots</b>: Ps and instructions until main.main</summary>\n\n"+
		"| arch  |   go1.26.1 |   go1.26.2 |\n|:------|-----------:|-----------:|\n| arm64 | 4P 400,000 | 4P 400,000 |\n| 386   | 4P 400,000 | 4P 400,000 |\n"+
		"\n</details>\n", markdownOf(t, matrixOf([]string{"go1.26.1", "go1.26.2"}, nil)))
}

// died makes the boots of a release die with a text, and one of a port that it lacks absent.
func died(toolchain, text string) func(r *harness.Report) string {
	return func(r *harness.Report) string {
		switch {
		case r.Cell.Toolchain != toolchain:
			return ""
		case r.Cell.GOARCH == "386":
			r.Outcome, r.Cell.Absent = harness.Refused, "no port"
			return ""
		}
		r.Outcome, r.Reason, r.Phase = harness.Threw, text, "schedinit"
		return r.Cause()
	}
}

func TestMatrixMarkdownTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	const hostile = "panic: a`b|c</details><img src=x>\n## no\n| x |"
	text := markdownOf(t, matrixOf([]string{"go1.26.1", "go1.27.0"}, died("go1.27.0", hostile)))
	require.Contains(t, text, "❌ 2 of 3 boots ended as asked; 1 cell of ports that the release lacks.")
	require.Contains(t, text, "| `` threw in schedinit: panic: a`b\\|c</details><img src=x> ## no \\| x \\| `` | `go1.27.0/arm64/default` |\n")
	require.Contains(t, text, "<summary><b>go1.26.1 → go1.27.0</b>: ")
	require.Contains(t, text, "| 4P 400,000 |                – |")
	for line := range strings.Lines(text) {
		require.False(t, strings.HasPrefix(line, "## "), line)
	}
	// Outside of code spans nothing of the guest's is more than text.
	inCode := false
	plain := strings.Map(func(r rune) rune {
		if r == '`' {
			inCode = !inCode
		}
		if inCode {
			return -1
		}
		return r
	}, strings.NewReplacer("``", "`", "a`b", "ab", "\\`", "").Replace(text))
	require.NotContains(t, plain, "<img")
}

func TestMatrixMarkdownIsCut(t *testing.T) {
	t.Parallel()
	text := "### t\n\n<details><summary>s</summary>\n\n" + strings.Repeat("| a row of a table |\n", 100)
	cut := cutText(text, 1000)
	require.Less(t, len(cut), 1100)
	require.True(t, strings.HasSuffix(cut, "table |\n\n</details>\n\n**Cut here**: the rest is in the report.\n"), cut)
	require.Equal(t, text, cutText(text, len(text)))

	n := 0
	v := matrixOf([]string{"go1.26.1"}, nil)
	for len(v.Results) < 8000 {
		n++
		r := *v.Results[0].Report
		r.Cell = &harness.Cell{Program: "hello", Toolchain: "go1.26.1", GOARCH: "arm64", Variant: "exe", Machine: fmt.Sprintf("a-machine-of-some-name-%d", n)}
		r.Outcome, r.Reason = harness.Stuck, fmt.Sprintf("reason %d: %s", n, strings.Repeat("long ", 60))
		v.Results = append(v.Results, Result{Report: &r, Failure: "stuck"})
		v.Document.Boots = append(v.Document.Boots, &r)
	}
	text = markdownOf(t, v)
	require.Less(t, len(text), 1<<20)
	require.Contains(t, text, "**Cut here**")
}

func TestMatrixAnnotationsFoldEqualTroubles(t *testing.T) {
	t.Parallel()
	v := matrixOf([]string{"go1.26.1", "go1.27.0"}, func(r *harness.Report) string {
		r.Outcome, r.Reason, r.Phase = harness.Threw, "fatal error: x", "schedinit"
		return r.Cause()
	})
	require.Equal(t, []Annotation{
		{LevelError, "go1.26.1/arm64/default, go1.26.1/386/default, go1.27.0/arm64/default and 1 more", "threw in schedinit: fatal error: x"},
		{LevelNotice, "rt0 matrix", "0 of 4 boots ended as asked"},
	}, MatrixAnnotations(v))
	list := MatrixAnnotations(matrixOf([]string{"go1.26.1", "go1.27.0"}, died("go1.27.0", "fatal error: y")))
	require.Len(t, list, 3)
	require.Equal(t, LevelWarning, list[1].Level)
	require.Equal(t, "go1.26.1 → go1.27.0", list[1].Title)
	require.Contains(t, list[1].Text, "outcome: ")
}

func TestMatrixJUnit(t *testing.T) {
	t.Parallel()
	v := matrixOf([]string{"go1.26.1", "go1.27.0"}, died("go1.27.0", "fatal error: y"))
	v.Results[1].Checks = []Check{{Expect: harness.Expectation{Key: "gomaxprocs", Value: "5"}, Got: "4"}}
	var b strings.Builder
	require.NoError(t, MatrixJUnit(&b, v))
	var got testsuites
	require.NoError(t, xml.Unmarshal([]byte(b.String()), &got))
	require.Equal(t, []int{4, 2, 1}, []int{got.Tests, got.Failures, got.Skipped})
	require.Len(t, got.Suites, 2)
	require.Equal(t, "go1.26.1", got.Suites[0].Name)
	well, failed, died, absent := got.Suites[0].Cases[0], got.Suites[0].Cases[1], got.Suites[1].Cases[0], got.Suites[1].Cases[1]
	require.Equal(t, testcase{Class: "hello", Name: "go1.26.1/arm64/default"}, well)
	require.Equal(t, "expectation", failed.Failure.Type)
	require.Equal(t, "expected gomaxprocs to be 5, got 4", failed.Failure.Message)
	require.Equal(t, "threw", died.Failure.Type)
	require.Equal(t, "what it wrote", died.Stdout)
	require.Equal(t, "no port", absent.Skipped.Message)
	require.Equal(t, "go1.27.0/386/default", absent.Name)
}
