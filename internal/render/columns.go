// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"strconv"

	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// Column is one value of a report.
type Column struct {
	Name  string // where it stands in the JSON: "counts.instructions"; the head of CSV
	Title string // the head of tables
	Right bool   // it is a number
	Short bool   // it is in the row that people read
	Text  func(*harness.Report) string
	Show  func(*harness.Report) string // for people; nil: Text
}

// null is how an unknown value stands in CSV (Text) and in tables (Show).
const (
	null    = ""
	unknown = "–"
)

// Columns are all columns, in the order of CSV.
func Columns() []Column {
	columns := []Column{
		{Name: "binary.path", Title: "binary", Short: true, Text: func(r *harness.Report) string { return r.Binary.Path }},
		{Name: "binary.goarch", Title: "arch", Short: true, Text: func(r *harness.Report) string { return r.Binary.GOARCH }},
		{Name: "binary.goVersion", Title: "Go", Short: true, Text: func(r *harness.Report) string { return r.Binary.GoVersion }},
		{Name: "binary.buildMode", Title: "mode", Text: func(r *harness.Report) string { return r.Binary.BuildMode }},
		{Name: "binary.stripped", Title: "stripped", Text: func(r *harness.Report) string { return strconv.FormatBool(r.Binary.Stripped) }},
		{Name: "binary.sha256", Title: "SHA-256", Text: func(r *harness.Report) string { return r.Binary.SHA256 }},
		{Name: "machine.name", Title: "machine", Short: true, Text: func(r *harness.Report) string { return r.Machine.Name }},
		{Name: "machine.cpus", Title: "CPUs", Right: true, Short: true, Text: func(r *harness.Report) string { return strconv.Itoa(r.Machine.CPUs.Count()) }},
		size("machine.hugePage", "huge page", func(r *harness.Report) int { return int(r.Machine.HugePage) }),
		size("machine.pageSize", "page", func(r *harness.Report) int { return int(r.Machine.PageSize) }),
		{Name: "machine.kernel", Title: "kernel", Text: func(r *harness.Report) string { return r.Machine.Kernel.Release }},
		{Name: "until", Title: "until", Text: func(r *harness.Report) string { return r.Until }},
	}
	for _, key := range harness.FieldKeys() {
		columns = append(columns, field(key))
	}
	return append(columns,
		count("counts.instructions", "instructions", func(r *harness.Report) uint64 { return r.Counts.Instructions }),
		count("counts.blocks", "blocks", func(r *harness.Report) uint64 { return r.Counts.Blocks }),
		count("counts.syscalls", "syscalls", func(r *harness.Report) uint64 { return uint64(r.Counts.Syscalls) }),
		count("counts.threads", "OS threads", func(r *harness.Report) uint64 { return uint64(r.Counts.Threads) }),
		count("counts.pagesTouched", "pages touched", func(r *harness.Report) uint64 { return r.Counts.PagesTouched }),
		Column{Name: "hash", Title: "hash", Text: func(r *harness.Report) string { return r.Hash }},
	)
}

// Short are the columns that fit a terminal.
func Short() []Column {
	var short []Column
	for _, c := range Columns() {
		if c.Short {
			short = append(short, c)
		}
	}
	return short
}

// fields says how keys of --expect look in tables. Those that it does not name are there by their own name.
var fields = map[string]Column{
	"outcome":          {Title: "outcome", Short: true},
	"phase":            {Title: "phase", Short: true},
	"exitCode":         {Title: "exit", Right: true, Short: true},
	"signal":           {Title: "signal"},
	"reason":           {Title: "reason", Short: true},
	"argc":             {Title: "argc", Right: true},
	"numCPU":           {Title: "CPUs seen", Right: true, Short: true},
	"gomaxprocs":       {Title: "Ps", Right: true, Short: true},
	"maxMCount":        {Title: "max Ms", Right: true},
	"physPageSize":     {Title: "physical page", Right: true, Short: true, Show: shownSize(func(r *harness.Report) int { return r.Runtime.PhysPageSize })},
	"physHugePageSize": {Title: "physical huge page", Right: true, Short: true, Show: shownSize(func(r *harness.Report) int { return r.Runtime.PhysHugePageSize })},
	"maxStackSize":     {Title: "max stack", Right: true, Short: true, Show: shownNumber(func(r *harness.Report) int { return r.Runtime.MaxStackSize })},
	"threads":          {Title: "Ms", Right: true},
	"goroutines":       {Title: "goroutines", Right: true},
}

// reportFields are the keys of --expect that are the report's own; the others are its runtime's.
var reportFields = map[string]bool{"outcome": true, "phase": true, "exitCode": true, "signal": true, "reason": true}

// field is the column of a key of --expect.
func field(key string) Column {
	c := fields[key]
	if c.Title == "" {
		c.Title = key
	}
	c.Name = key
	if !reportFields[key] {
		c.Name = "runtime." + key
	}
	c.Text = func(r *harness.Report) string {
		text, _ := harness.Expectation{Key: key}.Check(r)
		if text == "null" {
			return null
		}
		return text
	}
	return c
}

func size(name, title string, value func(*harness.Report) int) Column {
	return Column{Name: name, Title: title, Right: true, Show: shownSize(value),
		Text: func(r *harness.Report) string { return strconv.Itoa(value(r)) }}
}

func count(name, title string, value func(*harness.Report) uint64) Column {
	return Column{Name: name, Title: title, Right: true, Short: name == "counts.instructions" || name == "counts.syscalls",
		Text: func(r *harness.Report) string { return strconv.FormatUint(value(r), 10) },
		Show: func(r *harness.Report) string { return Number(value(r)) }}
}

func shownSize(value func(*harness.Report) int) func(*harness.Report) string {
	return func(r *harness.Report) string {
		v := value(r)
		if v == harness.Unknown {
			return unknown
		}
		return machine.Size(v).String()
	}
}

func shownNumber(value func(*harness.Report) int) func(*harness.Report) string {
	return func(r *harness.Report) string {
		v := value(r)
		if v < 0 {
			return unknown
		}
		return Number(uint64(v))
	}
}

// Number is a number with its digits in groups of three.
func Number(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Rows is one row for each report, for people or, raw, for programs.
func Rows(columns []Column, raw bool, reports ...*harness.Report) Table {
	var t Table
	for _, c := range columns {
		if raw {
			t.Head = append(t.Head, c.Name)
		} else {
			t.Head = append(t.Head, c.Title)
		}
		t.Right = append(t.Right, c.Right)
	}
	for _, r := range reports {
		row := make([]string, len(columns))
		for i, c := range columns {
			row[i] = c.cell(r, raw)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (c Column) cell(r *harness.Report, raw bool) string {
	if raw {
		return c.Text(r)
	}
	if c.Show != nil {
		return c.Show(r)
	}
	if text := c.Text(r); text != null {
		return text
	}
	return unknown
}
