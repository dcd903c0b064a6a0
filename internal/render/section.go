// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// Section splits a Markdown text at a pair of marker lines: what stands between them is generated. The lines themselves are in no part.
func Section(text, begin, finish string) (before, between, after string, err error) {
	before, rest, found1 := strings.Cut(text, begin)
	between, after, found2 := strings.Cut(rest, finish)
	if !found1 || !found2 {
		return "", "", "", fmt.Errorf("it has no lines %q and %q", strings.TrimSpace(begin), strings.TrimSpace(finish))
	}
	return before, between, after, nil
}

// Generated is a part of a Markdown file that go generate writes, between the markers that [Generated.Markers] gives.
type Generated struct {
	Name  string
	Write func(w io.Writer) error
}

// Markers are the lines before and behind the part.
func (g Generated) Markers() (begin, finish string) {
	return fmt.Sprintf("<!-- %s: begin; go generate writes it -->\n", g.Name), fmt.Sprintf("<!-- %s: end -->\n", g.Name)
}

// Regenerate is a Markdown text with its generated parts as they have to be.
func Regenerate(text string, parts []Generated) (string, error) {
	for _, part := range parts {
		begin, finish := part.Markers()
		before, _, after, err := Section(text, begin, finish)
		if err != nil {
			return "", err
		}
		var b strings.Builder
		if err := part.Write(&b); err != nil {
			return "", err
		}
		text = before + begin + "\n" + b.String() + "\n" + finish + after
	}
	return text, nil
}

// RegenerateFile is [Regenerate] for a file.
func RegenerateFile(file string, parts []Generated) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, err := Regenerate(string(data), parts)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, []byte(text), 0o666)
}
