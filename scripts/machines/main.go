// SPDX-License-Identifier: GPL-2.0-or-later

// Command machines puts the tables of the machine's keys and of the profiles into a Markdown file, between their markers; `go generate`
// runs it for docs/machines.md.
//
//	machines docs/machines.md
package main

//go:generate go run . ../../docs/machines.md

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/internal/render"
	"github.com/rt0-dev/rt0/machine"
)

// sections are what stands between a begin and an end of that name.
var sections = []struct {
	name  string
	table func() (string, error)
}{
	{"keys", func() (string, error) { return machine.KeysMarkdown(), nil }},
	{"profiles", profiles},
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: machines FILE")
		os.Exit(2)
	}
	if err := update(os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "machines: %v\n", err)
		os.Exit(1)
	}
}

func update(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, err := insert(string(data))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, []byte(text), 0o666)
}

// insert is the text with the tables as they have to be.
func insert(text string) (string, error) {
	for _, s := range sections {
		begin, finish := fmt.Sprintf("<!-- %s: begin; go generate writes it -->\n", s.name), fmt.Sprintf("<!-- %s: end -->\n", s.name)
		before, _, after, err := render.Section(text, begin, finish)
		if err != nil {
			return "", err
		}
		table, err := s.table()
		if err != nil {
			return "", err
		}
		text = before + begin + "\n" + table + "\n" + finish + after
	}
	return text, nil
}

// profiles is the table of the machines that come with rt0.
func profiles() (string, error) {
	t := render.Table{Head: []string{"name", "CPUs", "page", "huge page", "memory", "kernel", "what it is"}, Right: []bool{false, true, true, true, true}}
	for _, p := range machine.Profiles() {
		m := p.Machine
		t.Rows = append(t.Rows, []string{"[" + p.Name + "](../machine/profiles/" + p.Name + ".yaml)", strconv.Itoa(m.CPUs.Count()), m.PageSize.String(),
			m.HugePage.String(), m.Memory.String(), m.Kernel.Release, m.Description})
	}
	var b strings.Builder
	err := t.Markdown(&b)
	return b.String(), err
}
