// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

func TestFile(t *testing.T) {
	t.Parallel()
	const tables = "title\n\n| arch  | Go       |\n|:------|:---------|\n| amd64 | go1.26.8 |\n"
	path := filepath.Join(t.TempDir(), "README.md")
	require.NoError(t, os.WriteFile(path, []byte("# before\n\n"+begin+finish+"\nafter\n"), 0o666))

	err := checkFile(path, tables, "go1.26.8")
	require.ErrorContains(t, err, "out of date")
	require.ErrorContains(t, err, "make run ARGS='-write "+path+"'")
	require.NoError(t, writeFile(path, tables))
	require.NoError(t, checkFile(path, tables, "go1.26.8"))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "# before\n\n"+begin+"\n"+tables+"\n"+finish+"\nafter\n", string(data))

	require.NoError(t, writeFile(path, tables), "a second time")
	again, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(data), string(again))

	err = checkFile(path, strings.Replace(tables, "amd64", "arm64", 1), "go1.26.8")
	require.ErrorContains(t, err, "has  | amd64 | go1.26.8 |")
	require.ErrorContains(t, err, "want | arm64 | go1.26.8 |")
	require.NoError(t, checkFile(path, "whatever", "go1.27.0"), "tables of another release are not judged")
	require.ErrorContains(t, checkFile(path, "title\n", "go1.26.8"), "lines too many")

	require.NoError(t, os.WriteFile(path, []byte("no markers\n"), 0o666))
	require.ErrorContains(t, checkFile(path, tables, "go1.26.8"), "has no lines")
	require.ErrorContains(t, writeFile(path, tables), "has no lines")
	require.ErrorIs(t, checkFile(path+".missing", tables, "go1.26.8"), os.ErrNotExist)
}

// TestEnds: firstlight knows how each fixture ends.
func TestEnds(t *testing.T) {
	t.Parallel()
	for _, name := range fixtures.Small() {
		require.Contains(t, ends, name)
	}
	require.Len(t, ends, len(fixtures.Small()))
}

func TestJudge(t *testing.T) {
	t.Parallel()
	bin := fixtures.Build(t, fixtures.Hello, "amd64")
	good, err := harness.Run(t.Context(), bin, machine.New(machine.CPUs(7)))
	require.NoError(t, err)
	require.Empty(t, startup(good))
	require.Contains(t, end(fixtures.Hello, good), "want exit code 0")
	require.Contains(t, end("nothing", good), "add it to ends")
	good.Runtime.GOMAXPROCS = 8
	require.Equal(t, "Ps: got 8, want 7", startup(good))
	bad, err := harness.Run(t.Context(), bin, machine.New(), harness.LimitInstructions(1000))
	require.NoError(t, err)
	require.Contains(t, startup(bad), "stuck in args")
	require.Contains(t, end(fixtures.Hello, bad), "want reached: ")

	r := &result{goarch: "amd64", startups: []*harness.Report{good}}
	r.judge(good, "")
	require.NoError(t, complaint([]*result{r}))
	r.judge(bad, "why")
	require.ErrorContains(t, complaint([]*result{r}), "1 of 1 boots went wrong")
}

func TestTables(t *testing.T) {
	t.Parallel()
	r, err := surveyArch(t.Context(), io.Discard, "arm64")
	require.NoError(t, err)
	require.Empty(t, r.wrong)
	bad, err := harness.Run(t.Context(), r.startups[0].Binary.Path, machine.New())
	require.Error(t, err)
	broken := &result{goarch: "amd64", startups: slices.Clone(r.startups), runs: slices.Clone(r.runs)}
	broken.startups[0], broken.runs[0] = bad, bad

	var text, markdown, all strings.Builder
	require.NoError(t, print(&text, summary([]*result{r, broken}), false))
	require.NoError(t, print(&markdown, summary([]*result{r, broken}), true))
	require.NoError(t, print(&all, everything([]*result{r, broken}), false))
	require.Contains(t, text.String(), "hello from _rt0 to main.main on a machine with 7 CPUs; 18 boots on 9 machines\n\narch ")
	require.Contains(t, text.String(), "  9/9\n")
	require.Contains(t, text.String(), "  8/9\n")
	require.Contains(t, text.String(), "WRONG: refused")
	require.Contains(t, text.String(), "threw, 2")
	require.Contains(t, markdown.String(), "\n| arch  | Go ")
	for _, column := range []string{"Go", "CPUs seen", "Ps", "physical page", "physical huge page", "max stack", "instructions", "syscalls", "outcome"} {
		require.Contains(t, text.String(), "  "+column)
		require.Contains(t, all.String(), "  "+column)
	}
	require.Contains(t, all.String(), "the fixtures run to their end, 16 boots")
}
