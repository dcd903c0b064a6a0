// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/render"
)

// section is a table with its title.
type section struct {
	title string
	table render.Table
}

// summary is a row for each architecture: what the runtime concluded of one machine, and on how many it was right; then how the fixtures
// ended.
func summary(results []*result) []section {
	columns := []string{"binary.goarch", "binary.goVersion", "runtime.numCPU", "runtime.gomaxprocs", "runtime.physPageSize",
		"runtime.physHugePageSize", "runtime.maxStackSize", "counts.instructions", "counts.syscalls", "outcome"}
	var shown []*harness.Report
	startups, runs := 0, 0
	for _, r := range results {
		shown = append(shown, r.startups[len(hugePages)]) // seven CPUs, the usual huge page
		startups += len(r.startups)
		runs += len(r.runs)
	}
	first := table(columns, shown)
	first.Head = append(first.Head, "machines")
	first.Right = append(first.Right, true)

	second := render.Table{Head: append([]string{"arch"}, fixtures.Small()...), Right: make([]bool, 1+len(fixtures.Small()))}
	for i, r := range results {
		right := len(r.startups)
		for _, report := range r.startups {
			if startup(report) != "" {
				right--
			}
		}
		first.Rows[i] = append(first.Rows[i], fmt.Sprintf("%d/%d", right, len(r.startups)))

		row := []string{r.goarch}
		for n, report := range r.runs {
			row = append(row, ending(fixtures.Small()[n], report))
		}
		second.Rows = append(second.Rows, row)
	}
	return []section{
		{fmt.Sprintf("%s from _rt0 to main.main on a machine with %d CPUs; %d boots on %d machines", fixtures.Hello, cpus[1], startups,
			len(cpus)*len(hugePages)), first},
		{fmt.Sprintf("the fixtures run to their end, %d boots: how they exit", runs), second},
	}
}

// ending is a cell of the second table: the exit status where all is well.
func ending(name string, r *harness.Report) string {
	if end(name, r) != "" {
		return "WRONG: " + string(r.Outcome)
	}
	if r.Outcome == harness.Threw {
		return "threw, " + strconv.Itoa(*r.ExitCode)
	}
	return strconv.Itoa(*r.ExitCode)
}

// everything is a row for each boot.
func everything(results []*result) []section {
	var startups, runs []*harness.Report
	for _, r := range results {
		startups = append(startups, r.startups...)
		runs = append(runs, r.runs...)
	}
	return []section{
		{fmt.Sprintf("%s from _rt0 to main.main, %d boots", fixtures.Hello, len(startups)), table([]string{"binary.goarch", "machine.cpus",
			"machine.hugePage", "binary.goVersion", "runtime.numCPU", "runtime.gomaxprocs", "runtime.physPageSize", "runtime.physHugePageSize",
			"runtime.maxStackSize", "counts.instructions", "counts.syscalls", "outcome"}, startups)},
		{fmt.Sprintf("the fixtures run to their end, %d boots", len(runs)), table([]string{"binary.goarch", "binary.path",
			"counts.instructions", "counts.syscalls", "counts.threads", "outcome", "exitCode", "reason"}, runs)},
	}
}

// print writes tables below each other.
func print(w io.Writer, sections []section, markdown bool) error {
	for i, s := range sections {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s\n\n", s.title)
		write := s.table.Text
		if markdown {
			write = s.table.Markdown
		}
		if err := write(w); err != nil {
			return err
		}
	}
	return nil
}

// table has a row for each report, and the columns of these names, which are the JSON's.
func table(names []string, reports []*harness.Report) render.Table {
	var columns []render.Column
	all := render.Columns()
	for _, name := range names {
		i := slices.IndexFunc(all, func(c render.Column) bool { return c.Name == name })
		if i < 0 {
			panic("there is no column " + name)
		}
		columns = append(columns, all[i])
	}
	return render.Rows(columns, false, reports...)
}

// complaint is an error of all that went wrong; nil: nothing did.
func complaint(results []*result) error {
	var lines []string
	boots := 0
	for _, r := range results {
		lines = append(lines, r.wrong...)
		boots += len(r.startups) + len(r.runs)
	}
	if len(lines) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d boots went wrong:\n    %s", len(lines), boots, strings.Join(lines, "\n    "))
}
