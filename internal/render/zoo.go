// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"io"
	"strings"

	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/zoo"
)

// zooTitle names the boot of a row: "kernel-release go1.26.3 arm".
func zooTitle(row zoo.Row) string {
	return strings.Join(words(zooEntry(row), row.Release, row.Arch), " ")
}

func zooEntry(row zoo.Row) string {
	if row.Case == "" {
		return row.Entry
	}
	return row.Entry + "/" + row.Case
}

// Zoo is a row for each boot of the zoo.
func Zoo(rows []zoo.Row, s Style) Table {
	t := Table{Head: []string{"entry", "arch", "release", "machine", "verdict", "what it did"}}
	for _, row := range rows {
		good := row.Verdict == zoo.Reproduced || row.Verdict == zoo.IsClean
		detail := row.Found
		if !good {
			detail = strings.Join(row.Differences, "; ")
		}
		t.Rows = append(t.Rows, []string{
			zooEntry(row), row.Arch, row.Release, machineOf(row), s.State(string(row.Verdict), good), cell(detail),
		})
	}
	return t
}

// machineOf is a profile's name. A machine of an entry's own bears the entry's name, which a row has already.
func machineOf(row zoo.Row) string {
	if row.Machine == zooEntry(row) {
		return "its own"
	}
	return row.Machine
}

// ZooCSV is the same for programs.
func ZooCSV(rows []zoo.Row) Table {
	t := Table{Head: []string{"entry", "case", "arch", "release", "machine", "side", "verdict", "found", "differences"}}
	for _, row := range rows {
		t.Rows = append(t.Rows, []string{
			row.Entry, row.Case, row.Arch, row.Release, row.Machine, string(row.Side), string(row.Verdict), row.Found, strings.Join(row.Differences, "; "),
		})
	}
	return t
}

// ZooList is a row for each entry.
func ZooList(entries []zoo.Entry) Table {
	t := Table{Head: []string{"entry", "affected", "arch", "title"}}
	for _, e := range entries {
		t.Rows = append(t.Rows, []string{e.ID, e.Range, strings.Join(e.Arch(), " "), e.Title})
	}
	return t
}

// ZooJUnit writes a test suite for each boot of the zoo.
func ZooJUnit(w io.Writer, rows []zoo.Row) error {
	results := make([]Result, len(rows))
	for i, row := range rows {
		r := Result{Name: zooTitle(row), Report: row.Report}
		if r.Report == nil {
			r.Report = &harness.Report{Outcome: harness.Refused}
		}
		if row.Err != nil {
			r.Failure = row.Err.Error()
		}
		for _, c := range row.Checks {
			r.Checks = append(r.Checks, Check(c))
		}
		results[i] = r
	}
	return JUnit(w, results...)
}

// ZooProbes is a row for each release that a bisection booted.
func ZooProbes(b *zoo.Bisection, s Style) Table {
	t := Table{Head: []string{"release", "it is", "what it did"}}
	for _, p := range b.Probes {
		good := p.State == zoo.ShowsIt || p.State == zoo.NotIt
		t.Rows = append(t.Rows, []string{p.Release, s.State(string(p.State), good), cell(p.Found)})
	}
	return t
}

// cell keeps a text to one line of a table that a terminal can show.
func cell(text string) string {
	const most = 100
	text = strings.ReplaceAll(text, "\n", " ")
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
