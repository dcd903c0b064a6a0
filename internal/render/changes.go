// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"

	"github.com/rt0-dev/rt0/diff"
)

// Changes are the differences of many boots, to be told once where they are the same.
type Changes struct {
	Set      diff.Set
	Old, New string // what was compared, in words
}

// signColours are those of a change's sign on a terminal.
var signColours = map[diff.Op]string{diff.Added: green, diff.Removed: red}

// Text writes the changes for a terminal: by toolchain, then by kind. Where nothing changed it writes nothing.
func (c Changes) Text(w io.Writer, s Style) error {
	if c.Set.Empty() {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s → %s\n", c.Old, c.New)
	for _, only := range c.onlySides() {
		fmt.Fprintf(&b, "\n%s\n", only.title)
		for _, side := range only.sides {
			fmt.Fprintf(&b, "  %s %s\n", s.paint(signColours[only.op], only.op.Sign()), side)
		}
	}
	foldedText(&b, diff.Fold(c.Set.Diffs), c.Old+" → "+c.New, s)
	_, err := io.WriteString(w, b.String())
	return err
}

// onlySide are boots that one side has.
type onlySide struct {
	op    diff.Op
	title string
	sides []diff.Side
}

func (c Changes) onlySides() []onlySide {
	var list []onlySide
	for _, o := range []onlySide{
		{diff.Removed, "boots that only " + c.Old + " has", c.Set.OnlyOld},
		{diff.Added, "boots that only " + c.New + " has", c.Set.OnlyNew},
	} {
		if len(o.sides) > 0 {
			list = append(list, o)
		}
	}
	return list
}

// FoldedText writes folded changes for a terminal.
func FoldedText(b *strings.Builder, folded []diff.Folded, s Style) { foldedText(b, folded, "", s) }

// foldedText has a headline for each pair of toolchains, unless that is said already.
func foldedText(b *strings.Builder, folded []diff.Folded, said string, s Style) {
	toolchains := said
	var kind diff.Kind
	subjects, texts := 0, 0
	for _, f := range folded {
		subjects = max(subjects, min(widest, tablewriter.DisplayWidth(f.Change.Subject())))
		texts = max(texts, min(widest, tablewriter.DisplayWidth(f.Text())))
	}
	for _, f := range folded {
		if t := f.Old + " → " + f.New; t != toolchains {
			toolchains, kind = t, ""
			if f.Old != f.New {
				fmt.Fprintf(b, "\n%s\n", s.paint(bold, t))
			}
		}
		if f.Change.Kind != kind {
			kind = f.Change.Kind
			fmt.Fprintf(b, "\n%s\n", kind.Title())
		}
		line := s.paint(signColours[f.Change.Op], f.Change.Op.Sign()) + " " + padded(f.Change.Subject(), subjects)
		line += "  " + padded(oneLine(f.Text()), texts)
		if f.Where != "" {
			line += "  " + f.Where
		}
		b.WriteString("  " + strings.TrimRight(line, " ") + "\n")
	}
}

// widest is how much of a line a column may keep for itself.
const widest = 60

func padded(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-tablewriter.DisplayWidth(text)))
}

// oneLine is a text without line feeds, and without what a terminal would take for a command.
func oneLine(text string) string { return strings.Join(strings.Fields(printable(text)), " ") }

// Markdown writes the changes for a pull request.
func (c Changes) Markdown(w io.Writer) error {
	var b strings.Builder
	if c.Set.Empty() {
		fmt.Fprintf(&b, "No change from %s to %s in %s.\n", code(c.Old), code(c.New), plural(len(c.Set.Diffs), "boot"))
		_, err := io.WriteString(w, b.String())
		return err
	}
	fmt.Fprintf(&b, "Changes from %s to %s in %d of %d boots:\n", code(c.Old), code(c.New), c.Set.Changed(), len(c.Set.Diffs))
	for _, only := range c.onlySides() {
		fmt.Fprintf(&b, "\n%s:\n\n", only.title)
		for _, side := range only.sides {
			fmt.Fprintf(&b, "- %s\n", code(side.String()))
		}
	}
	steps := stepsOf(diff.Fold(c.Set.Diffs))
	for _, step := range steps {
		step.markdown(&b, len(steps) == 1)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Annotations are the changes as remarks of a CI system, each a warning.
func (c Changes) Annotations() []Annotation {
	var list []Annotation
	for _, only := range c.onlySides() {
		for _, side := range only.sides {
			list = append(list, Annotation{LevelWarning, only.title, side.String()})
		}
	}
	for _, f := range diff.Fold(c.Set.Diffs) {
		list = append(list, Annotation{LevelWarning, f.Old + " → " + f.New, changeLine(f)})
	}
	return list
}
