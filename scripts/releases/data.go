// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/fixtures"
)

// record is a boot in releases.json: what package diff compares of it, as lists of words, so that the whole file stays small enough for a
// repository and a change of it can be read. Items have commas between.
type record struct {
	Boot      string `json:"boot"`      // "go1.26.11/amd64/default"
	Outcome   string `json:"outcome"`   // "reached main.main"
	Values    string `json:"values"`    // name value
	CPU       string `json:"cpu"`       // features
	Total     string `json:"total"`     // instructions, system calls, pages
	Phases    string `json:"phases"`    // name instructions calls pages
	Schedinit string `json:"schedinit"` // likewise
	Inits     string `json:"inits"`     // package instructions calls pages number
	Files     string `json:"files"`     // path call phase error
	Calls     string `json:"calls"`     // name number phase: of all threads, with the phase of the first
	Order     string `json:"order"`     // phase number name: of the first thread
}

const (
	program  = fixtures.Hello
	features = "cpuFeatures" // the list of the runtime's conclusions that is not the machine's own
)

// condensed is the record of a boot.
func condensed(f *diff.Facts) record {
	r := record{Boot: f.Side.String(), Outcome: f.Outcome, CPU: strings.Join(f.Lists[features], " "), Total: costs(f.Total)}
	var values, files, calls, order []string
	for _, name := range slices.Sorted(maps.Keys(f.Values)) {
		values = append(values, name+" "+f.Values[name])
	}
	for _, a := range f.Files {
		files = append(files, strings.TrimSpace(strings.Join([]string{a.Path, a.Call, a.Phase, a.Error}, " ")))
	}
	for _, name := range slices.Sorted(maps.Keys(f.Calls)) {
		calls = append(calls, fmt.Sprint(name, " ", f.Calls[name], " ", f.First[name]))
	}
	for _, c := range f.Order {
		order = append(order, fmt.Sprint(c.Phase, " ", max(1, c.Times), " ", c.Name))
	}
	r.Values, r.Files, r.Calls, r.Order = list(values), list(files), list(calls), list(order)
	r.Phases, r.Schedinit, r.Inits = stretches(f.Phases), stretches(f.Schedinit), stretches(f.Inits)
	return r
}

func list(items []string) string { return strings.Join(items, ", ") }

// costs are the numbers of a stretch, without the zeros at the end.
func costs(s diff.Stretch) string {
	text := fmt.Sprint(s.Instructions, " ", s.Syscalls, " ", s.Pages, " ", s.Times)
	for strings.HasSuffix(text, " 0") {
		text = strings.TrimSuffix(text, " 0")
	}
	return text
}

func stretches(all []diff.Stretch) string {
	var items []string
	for _, s := range all {
		items = append(items, s.Name+" "+costs(s))
	}
	return list(items)
}

// reader takes records apart, and keeps the first thing that is wrong.
type reader struct{ err error }

// items are the words of each item of a list: at least least of them, and the last is the rest of the item.
func (r *reader) items(text string, least, most int) [][]string {
	if text == "" {
		return nil
	}
	var items [][]string
	for item := range strings.SplitSeq(text, ", ") {
		words := strings.SplitN(item, " ", most)
		if len(words) < least {
			r.fail("%q is too short", item)
			return nil
		}
		items = append(items, append(words, make([]string, most-len(words))...))
	}
	return items
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func (r *reader) number(text string) uint64 {
	if text == "" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		r.fail("%q is no number", text)
	}
	return n
}

func (r *reader) stretch(name string, numbers []string) diff.Stretch {
	return diff.Stretch{
		Name: name, Instructions: r.number(numbers[0]), Syscalls: int(r.number(numbers[1])), Pages: r.number(numbers[2]), Times: int(r.number(numbers[3])),
	}
}

func (r *reader) stretches(text string) []diff.Stretch {
	all := []diff.Stretch{}
	for _, words := range r.items(text, 2, 5) {
		all = append(all, r.stretch(words[0], words[1:]))
	}
	return all
}

// facts are what package diff compares.
func (r record) facts() (*diff.Facts, error) {
	var read reader
	place := strings.Split(r.Boot, "/")
	if len(place) != 3 {
		return nil, fmt.Errorf("%q is no boot: want toolchain/architecture/machine", r.Boot)
	}
	f := &diff.Facts{
		Side:    diff.Side{Program: program, Toolchain: place[0], GOARCH: place[1], Variant: fixtures.ModeExe, Machine: place[2]},
		Outcome: r.Outcome, Until: until, Values: map[string]string{}, Lists: map[string][]string{}, Calls: map[string]int{}, First: map[string]string{},
		Phases: read.stretches(r.Phases), Schedinit: read.stretches(r.Schedinit), Inits: read.stretches(r.Inits),
		Files: []diff.Asked{}, Order: []diff.Call{},
	}
	for _, words := range read.items(r.Total, 1, 4) {
		f.Total = read.stretch("", words)
	}
	if r.CPU != "" {
		f.Lists[features] = strings.Fields(r.CPU)
	}
	for _, words := range read.items(r.Values, 2, 2) {
		f.Values[words[0]] = words[1]
	}
	for _, words := range read.items(r.Files, 3, 4) {
		f.Files = append(f.Files, diff.Asked{Path: words[0], Call: words[1], Phase: words[2], Error: words[3]})
	}
	for _, words := range read.items(r.Calls, 3, 3) {
		f.Calls[words[0]], f.First[words[0]] = int(read.number(words[1])), words[2]
	}
	for _, words := range read.items(r.Order, 3, 3) {
		c := diff.Call{Phase: words[0], Name: words[2], Times: int(read.number(words[1]))}
		if c.Times == 1 {
			c.Times = 0
		}
		f.Order = append(f.Order, c)
	}
	if read.err != nil {
		return nil, fmt.Errorf("%s: %w", r.Boot, read.err)
	}
	return f, nil
}

const until = "main.main"

// write puts boots into a file.
func write(file string, boots []*diff.Facts) error {
	records := make([]record, len(boots))
	for i, f := range boots {
		records[i] = condensed(f)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(records); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o666)
}

// read is the boots of a file.
func read(file string) ([]*diff.Facts, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var records []record
	if err := json.Unmarshal(data, &records); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var boots []*diff.Facts
	for _, r := range records {
		f, err := r.facts()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		boots = append(boots, f)
	}
	return boots, nil
}
