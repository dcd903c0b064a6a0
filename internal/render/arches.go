// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"debug/elf"
	"fmt"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/arch"
)

// Planned is the tier of the architectures that Go has and rt0 does not boot.
const Planned = "planned"

// What an ELF header says of pointers and byte order.
var (
	ClassBits  = map[elf.Class]int{elf.ELFCLASS32: 32, elf.ELFCLASS64: 64}
	DataEndian = map[elf.Data]string{elf.ELFDATA2LSB: "little", elf.ELFDATA2MSB: "big"}
)

// Arches is the table of the architectures: those that rt0 boots, then the planned ones.
func Arches() Table {
	t := Table{
		Head:  []string{"arch", "tier", "CPU", "bits", "endian", "pages", "PIE", "builds", "missing"},
		Right: []bool{false, false, false, true},
	}
	row := func(name, tier, cpu string, class elf.Class, data elf.Data, rest ...string) {
		t.Rows = append(t.Rows, append([]string{name, tier, cpu, strconv.Itoa(ClassBits[class]), DataEndian[data]}, rest...))
	}
	for _, a := range arch.All() {
		row(a.Name, string(a.Tier), a.Engine.Models[0].Name, a.ELF.Class, a.ELF.Data,
			pages(a), since(a.PIE), builds(a.Variants), strings.Join(append(append([]string{}, a.Missing...), missing(a.Variants)...), "; "))
	}
	for _, p := range arch.Unsupported() {
		row(p.Name, Planned, "", p.Class, p.Data, "", "", "", p.Why)
	}
	return t
}

// CPUs is the table of the CPUs of an architecture that a machine can name.
func CPUs(a *arch.Arch) Table {
	t := Table{Head: []string{"cpu.model", "what it is", "AT_PLATFORM", "promised, not executed"}}
	for _, c := range a.CPUs {
		p, err := a.Processor(c.Name, nil)
		if err != nil {
			continue // it is in the list
		}
		t.Rows = append(t.Rows, []string{c.Name, c.Title, p.Platform(), few(p.Promised())})
	}
	return t
}

// few are the first of some names, and how many more there are.
func few(names []string) string {
	const shown = 5
	if more := len(names) - shown; more > 1 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), more)
	}
	return strings.Join(names, ", ")
}

// Last splits a table into all but its last column, and a list of the first and the last: for a terminal, where a column of sentences
// makes a table unreadable.
func (t Table) Last() (table, list Table) {
	last := len(t.Head) - 1
	table = Table{Head: t.Head[:last], Right: t.Right}
	for _, row := range t.Rows {
		table.Rows = append(table.Rows, row[:last])
		list.Rows = append(list.Rows, []string{row[0], row[last]})
	}
	return table, list
}

// pages are the page sizes in KiB.
func pages(a *arch.Arch) string {
	var list []string
	for _, size := range a.PageSizes {
		list = append(list, strconv.Itoa(size>>10))
	}
	return strings.Join(list, ", ") + " KiB"
}

// since is the release that began to make PIEs without a C toolchain.
func since(minor int) string {
	if minor == 0 {
		return "no"
	}
	return fmt.Sprintf("Go 1.%d", minor)
}

// builds are the variants that run, in a few words: "GOARM 5, 6, 7 [,softfloat]". Of a row of values that compile to the same code the
// last one is named: "v8.1 to v9.5".
func builds(variants []arch.Variant) string {
	var values, options []string
	for _, v := range variants {
		switch {
		case v.Needs != "":
		case strings.HasPrefix(v.Value, ","):
			options = append(options, "["+v.Value+"]")
		case v.As != "":
			first, _, _ := strings.Cut(values[len(values)-1], " ")
			values[len(values)-1] = first + " to " + v.Value
		default:
			values = append(values, v.Value)
		}
	}
	if values == nil {
		return ""
	}
	return strings.Join(append([]string{variants[0].Setting, strings.Join(values, ", ")}, options...), " ")
}

// missing are the variants that the engine cannot run to the end.
func missing(variants []arch.Variant) []string {
	var list []string
	for _, v := range variants {
		if v.Needs != "" {
			list = append(list, fmt.Sprintf("%s=%s (%s)", v.Setting, v.Value, v.Needs))
		}
	}
	return list
}
