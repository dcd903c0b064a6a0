// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"encoding/csv"
	"encoding/xml"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// report is a boot that threw, with texts that are hard to print.
func report(t *testing.T) *harness.Report {
	t.Helper()
	code := 2
	return &harness.Report{
		Binary:   harness.Binary{Path: "a|b", GOARCH: "amd64", GoVersion: "go1.26.8", BuildMode: "exe"},
		Machine:  machine.New(machine.CPUs(7)),
		Until:    "main.main",
		Outcome:  harness.Threw,
		Reason:   `fatal error: "x", <y> & z`,
		Phase:    "schedinit",
		ExitCode: &code,
		Stdout:   "one\n\x1b[2Jtwo\x00",
		Runtime: harness.Runtime{
			NumCPU: 7, GOMAXPROCS: 7, PhysPageSize: 65536, PhysHugePageSize: 0, MaxStackSize: harness.Unknown, Args: []string{"a,b"},
		},
		Phases: []harness.Phase{{Name: "rt0", Function: "_rt0_amd64_linux", Instructions: 1234567, Syscalls: 1}},
		Counts: harness.Counts{Instructions: 1234567, Syscalls: 1, Threads: 1, PagesTouched: 12},
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	table := Table{Head: []string{"name", "n"}, Right: []bool{false, true}, Rows: [][]string{{"a  b", "1"}, {"", "1,000"}, {"\x1b[32mgreen\x1b[0m", "7"}}}
	require.NoError(t, table.Text(&b))
	require.Equal(t, "name       n\n"+strings.Repeat("─", 12)+"\na  b       1\n       1,000\n\x1b[32mgreen\x1b[0m      7\n", b.String())
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	table := Table{Head: []string{"name", "n"}, Right: []bool{false, true}, Rows: [][]string{{"a|b\nc", "1"}}}
	require.NoError(t, table.Markdown(&b))
	require.Equal(t, "| name   | n |\n|:-------|--:|\n| a\\|b c | 1 |\n", b.String())
}

func TestCSV(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	require.NoError(t, Rows(Columns(), true, report(t)).CSV(&b))
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 2)
	values := map[string]string{}
	for i, name := range rows[0] {
		require.NotContains(t, values, name, "each column has a name of its own")
		values[name] = rows[1][i]
	}
	for name, want := range map[string]string{
		"binary.path": "a|b", "machine.cpus": "7", "machine.hugePage": "2097152", "outcome": "threw", "exitCode": "2", "signal": "",
		"reason": `fatal error: "x", <y> & z`, "runtime.gomaxprocs": "7", "runtime.physHugePageSize": "0", "runtime.maxStackSize": "",
		"runtime.args": `["a,b"]`, "counts.instructions": "1234567",
	} {
		require.Equal(t, want, values[name], name)
	}
}

func TestColumnsOfPeople(t *testing.T) {
	t.Parallel()
	for _, c := range Columns() {
		require.NotEmpty(t, c.Title, c.Name)
	}
	table := Rows(Short(), false, report(t))
	require.Subset(t, table.Rows[0], []string{"a|b", "64KiB", "none", unknown, "1,234,567", "threw"})
	require.LessOrEqual(t, len(table.Head), 16, "fits a wide terminal")
}

func TestBoot(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	require.NoError(t, Boot(&b, report(t), Style{Verbose: true}))
	text := b.String()
	require.Contains(t, text, "7 CPUs, huge page 2MiB, page 4KiB")
	require.Contains(t, text, "outcome    threw in schedinit\n")
	require.Contains(t, text, "1,234,567 instructions, 1 system call, 1 thread, 12 pages touched")
	require.Contains(t, text, "physPageSize      65536 (64KiB)\n")
	require.NotContains(t, text, "maxStackSize", "what is unknown is left out")
	require.Contains(t, text, "    one\n    \uFFFD[2Jtwo\uFFFD\n")
	require.NotContains(t, text, "\x1b", "the guest cannot steer the terminal")

	b.Reset()
	require.NoError(t, Boot(&b, report(t), Style{Colour: true}))
	require.Contains(t, b.String(), "\x1b[31mthrew\x1b[0m in schedinit\n")
	require.Contains(t, b.String(), "\x1b[1mphases\x1b[0m\n")
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	procs := harness.Expectation{Key: "gomaxprocs", Value: "8"}
	reason := harness.Expectation{Key: "reason", Op: harness.Contains, Value: "x"}
	var b strings.Builder
	require.NoError(t, JUnit(&b, Result{
		Report: report(t), Failure: "it threw",
		Checks: []Check{{Expect: procs, Got: "7"}, {Expect: reason, Got: "x y", OK: true}},
	}))
	var got testsuites
	require.NoError(t, xml.Unmarshal([]byte(b.String()), &got))
	require.Equal(t, 3, got.Tests)
	require.Equal(t, 2, got.Failures)
	require.Len(t, got.Suites, 1)
	cases := got.Suites[0].Cases
	require.Equal(t, "boot to main.main", cases[0].Name)
	require.Equal(t, "it threw", cases[0].Failure.Message)
	require.Contains(t, cases[0].Failure.Text, "reproduce with")
	require.Equal(t, "expected gomaxprocs to be 8, got 7", cases[1].Failure.Message)
	require.Equal(t, "reason~x", cases[2].Name)
	require.Nil(t, cases[2].Failure)
	require.Equal(t, `expected reason to contain x, got "x y"`, Check{Expect: reason, Got: "x y"}.String())
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", 1 << 63: "9,223,372,036,854,775,808"} {
		require.Equal(t, want, Number(n))
	}
}

// TestFit: a table is no wider than the terminal, and what is left out is what matters least.
func TestFit(t *testing.T) {
	t.Parallel()
	table := Table{
		Head: []string{"name", "size", "kernel", "description"}, Right: []bool{false, true},
		Rows: [][]string{{"größe", "1", "6.12", strings.Repeat("long ", 20)}, {"b", "10000", "3.4.35_hi3535", "short"}},
	}
	require.Equal(t, table, table.Fit(0))
	require.Equal(t, table, table.Fit(200))
	for width, head := range map[int][]string{
		70: {"name", "size", "kernel", "description"}, 50: {"name", "size", "description"}, 40: {"name", "description"}, 20: {"name", "description"},
	} {
		fitted := table.Fit(width)
		require.Equal(t, head, fitted.Head, width)
		var b strings.Builder
		require.NoError(t, fitted.Text(&b))
		for line := range strings.Lines(b.String()) {
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), width, line)
		}
		require.Contains(t, b.String(), "…")
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	idle := func(text string) string { return "rule " + text + ": no call matched it" }
	require.Empty(t, rules([]string{"flag mmap: x"}))
	require.Equal(t, []string{"a: applied to b (2 times)", "c: no call matched it"}, rules([]string{"rule a: applied to b (2 times)", "flag x", idle("c")}))
	require.Equal(t, []string{"2 others, such as a, matched no call"}, rules([]string{idle("a"), idle("b")}))
}
