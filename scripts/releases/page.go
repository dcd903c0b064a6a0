// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"fmt"
	goversion "go/version"
	"io"
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/internal/render"
)

// writePage writes the page: the introduction, a table of all boots, and a section for each release, the newest first.
func writePage(w io.Writer, boots []*diff.Facts, words words) error {
	diffs := neighbours(boots)
	fmt.Fprintf(w, "<!-- Written by scripts/releases from releases.json and releases.yaml: make generate. -->\n\n%s\n", strings.TrimSpace(words.Intro))
	fmt.Fprint(w, "\n## All releases\n\nInstructions, system calls and pages touched up to `main.main`; package initialisers that have anything to do.\n\n")
	if err := overview(boots).Markdown(w); err != nil {
		return err
	}
	told := map[string]bool{}
	for _, release := range slices.Backward(releases(boots)) {
		minor := strings.TrimPrefix(goversion.Lang(release), "go")
		text := strings.TrimSpace(words.Releases[minor])
		if text == "" {
			return fmt.Errorf("releases.yaml says nothing of %s", minor)
		}
		told[minor] = true
		fmt.Fprintf(w, "\n## Go %s\n\n%s\n", minor, text)
		if changes := of(diffs, release); len(changes) > 0 {
			folded := diff.Fold(changes)
			fmt.Fprintf(w, "\n%s against %s:\n\n", release, changes[0].Old.Toolchain)
			if err := table(folded).Markdown(w); err != nil {
				return err
			}
		}
	}
	for minor := range words.Releases {
		if !told[minor] {
			return fmt.Errorf("releases.yaml has %s, and releases.json has no such boot", minor)
		}
	}
	return nil
}

// neighbours are the differences between each release and the one before it.
func neighbours(boots []*diff.Facts) []diff.Diff {
	var diffs []diff.Diff
	last := map[string]*diff.Facts{}
	for _, f := range boots {
		if old := last[f.Side.GOARCH]; old != nil {
			diffs = append(diffs, diff.Compare(old, f, diff.Options{Threshold: diff.DefaultThreshold}))
		}
		last[f.Side.GOARCH] = f
	}
	return diffs
}

// of are the differences that lead to a release.
func of(diffs []diff.Diff, release string) []diff.Diff {
	return slices.DeleteFunc(slices.Clone(diffs), func(d diff.Diff) bool { return d.New.Toolchain != release })
}

// releases are the toolchains, ascending.
func releases(boots []*diff.Facts) []string {
	var list []string
	for _, f := range boots {
		if !slices.Contains(list, f.Side.Toolchain) {
			list = append(list, f.Side.Toolchain)
		}
	}
	return list
}

// overview is a row for each release.
func overview(boots []*diff.Facts) render.Table {
	t := render.Table{Head: []string{"release"}, Right: []bool{false}}
	columns := []struct {
		title string
		value func(*diff.Facts) uint64
	}{
		{"instructions", func(f *diff.Facts) uint64 { return f.Total.Instructions }},
		{"calls", func(f *diff.Facts) uint64 { return uint64(f.Total.Syscalls) }},
		{"pages", func(f *diff.Facts) uint64 { return f.Total.Pages }},
		{"initialisers", initialisers},
	}
	for _, c := range columns {
		for _, goarch := range arches {
			t.Head = append(t.Head, c.title+" "+goarch)
			t.Right = append(t.Right, true)
		}
	}
	for _, release := range slices.Backward(releases(boots)) {
		row := []string{release}
		for _, c := range columns {
			for _, goarch := range arches {
				i := slices.IndexFunc(boots, func(f *diff.Facts) bool { return f.Side.Toolchain == release && f.Side.GOARCH == goarch })
				cell := "–"
				if i >= 0 {
					cell = render.Number(c.value(boots[i]))
				}
				row = append(row, cell)
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func initialisers(f *diff.Facts) uint64 {
	n := 0
	for _, s := range f.Inits {
		n += max(1, s.Times)
	}
	return uint64(n)
}

// table is the changes of a release, in the words of rt0 diff. What happened to several things in the same words and the same places is one row.
func table(folded []diff.Folded) render.Table {
	t := render.Table{Head: []string{"what", "", "change", "where"}}
	rows := map[[4]string]int{}
	for _, f := range folded {
		c := f.Change
		row := []string{c.Kind.Title(), c.Subject(), f.Text(), f.Where}
		key := [4]string{row[0], "", row[2], row[3]}
		together, value := 1, row[1]
		if c.Kind == diff.Runtime && c.Op != diff.Changed && lists[c.Name] {
			// An item of a list: the list is the subject, and the items are what is told together.
			key = [4]string{row[0], c.Name, string(c.Op), row[3]}
			together, value = 2, c.Old+c.New
		} else if c.Op == diff.Changed || c.Op == diff.Moved {
			key[1] = row[1]
		}
		if i, ok := rows[key]; ok {
			t.Rows[i][together] += ", " + value
			continue
		}
		rows[key] = len(t.Rows)
		t.Rows = append(t.Rows, row)
	}
	return t
}

// lists are those of the runtime's conclusions that are lists.
var lists = map[string]bool{features: true}
