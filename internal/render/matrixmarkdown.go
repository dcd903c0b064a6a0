// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxMarkdown bounds what a matrix is in Markdown, in bytes: GitHub takes no job summary beyond 1 MiB of one step (actions/runner,
// FileCommandManager.cs), and what the step writes besides has to have room.
const maxMarkdown = 1<<20 - 64<<10

// openRows is how long a table may be without being folded away.
const openRows = 16

// MatrixMarkdown writes the matrix for a pull request or a job summary: what is wrong, what each upgrade changes, and the table. What is as it was
// takes one line.
func MatrixMarkdown(w io.Writer, v MatrixView) error {
	var b strings.Builder
	tally, well := v.tally()
	mark := "✅"
	if !well {
		mark = "❌"
	}
	fmt.Fprintf(&b, "### rt0: %s\n\n%s %s.\n", strings.Join(codes(v.programs()), ", "), mark, tally)
	if troubles := v.troubles(); len(troubles) > 0 {
		b.WriteString("\n| what | where |\n|:-----|:------|\n")
		for _, t := range troubles {
			fmt.Fprintf(&b, "| %s | %s |\n", code(t.why), code(t.where()))
		}
	}
	if v.Since != nil {
		b.WriteString("\n")
		if err := v.Since.Markdown(&b); err != nil {
			return err
		}
	}
	v.markdownSteps(&b)
	if err := v.markdownTable(&b); err != nil {
		return err
	}
	_, err := io.WriteString(w, cutText(b.String(), maxMarkdown))
	return err
}

// markdownSteps tells what each upgrade changes.
func (v MatrixView) markdownSteps(b *strings.Builder) {
	steps, compared := v.steps()
	toolchains := v.toolchains()
	if compared && len(steps) == 0 {
		fmt.Fprintf(b, "\nStart-up is the same from %s to %s.\n", toolchains[0], toolchains[len(toolchains)-1])
	}
	for _, s := range steps {
		s.markdown(b, len(steps) == 1)
	}
}

// markdown is a table that is folded away when it is long, or one of several.
func (s step) markdown(b *strings.Builder, alone bool) {
	fmt.Fprintf(b, "\n<details%s><summary><b>%s → %s</b>: %s at start-up</summary>\n\n", opened(alone && len(s.changes) <= openRows),
		escapeHTML.Replace(s.old), escapeHTML.Replace(s.new), plural(len(s.changes), "change"))
	b.WriteString("| | what | how | where |\n|:-|:-----|:----|:------|\n")
	for _, f := range s.changes {
		what := string(f.Change.Kind)
		if subject := f.Change.Subject(); subject != what {
			what += " " + code(subject)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", code(f.Change.Op.Sign()), what, inCell(f.Text()), inCell(f.Where))
	}
	b.WriteString("\n</details>\n")
}

// markdownTable is the matrix itself.
func (v MatrixView) markdownTable(b *strings.Builder) error {
	g := Grid(v.Document.Boots)
	if len(g.Rows) == 0 {
		return nil
	}
	fmt.Fprintf(b, "\n<details%s><summary><b>All boots</b>: Ps and instructions until %s</summary>\n\n", opened(len(g.Rows) <= openRows),
		escapeHTML.Replace(v.Document.Boots[0].Until))
	t := g.table(0, len(g.Toolchains), Style{})
	for i, row := range t.Rows {
		for j := range row {
			t.Rows[i][j] = escapeMarkdown.Replace(t.Rows[i][j])
		}
	}
	if err := t.Markdown(b); err != nil {
		return err
	}
	b.WriteString("\n</details>\n")
	return nil
}

func opened(open bool) string {
	if open {
		return " open"
	}
	return ""
}

// cutText cuts a text after a line, and says so. What was folded at the cut is closed.
func cutText(text string, most int) string {
	if len(text) <= most {
		return text
	}
	kept := text[:strings.LastIndexByte(text[:most], '\n')+1]
	for n := strings.Count(kept, "<details") - strings.Count(kept, "</details>"); n > 0; n-- {
		kept += "\n</details>\n"
	}
	return kept + "\n**Cut here**: the rest is in the report.\n"
}

var (
	escapeHTML = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "", "\n", " ")
	// escapeMarkdown makes a text plain where Markdown would take it for more. Tables escape their own bars.
	escapeMarkdown = strings.NewReplacer("\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "<", "&lt;", ">", "&gt;",
		"&", "&amp;", "~", "\\~", "@", "&#64;", "#", "\\#", "\r", "", "\n", " ")
)

// inCell is plain text in a table.
func inCell(text string) string {
	return strings.ReplaceAll(escapeMarkdown.Replace(printable(text)), "|", "\\|")
}

// code is a text in a code span, as it is but for its length and its lines; one that is empty is nothing.
func code(text string) string {
	const most = 300
	text = strings.NewReplacer("\r", "", "\n", " ", "|", "\\|").Replace(printable(text))
	if text == "" {
		return ""
	}
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most]) + "…"
	}
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		return fence + " " + text + " " + fence
	}
	return fence + text + fence
}

func codes(texts []string) []string {
	list := make([]string, len(texts))
	for i, text := range texts {
		list[i] = code(text)
	}
	return list
}
