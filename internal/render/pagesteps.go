// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"fmt"
	"strings"

	"github.com/rt0-dev/rt0/diff"
)

// pageStep is what changed from one release to the next, in all boots together.
type pageStep struct {
	Old, New string
	Summary  string // how much of what: "files 2 · system calls 5"
	Rows     []pageChange
}

// pageChange is a change with where it happened, in package diff's words.
type pageChange struct {
	Mark    string
	Sign    string
	Op      string
	Kind    string
	Subject string
	Text    string
	Where   string // "all architectures"
}

// steps are the changes of all neighbours, each told once: see [diff.Fold].
func (m *pageMatrix) steps() []pageStep {
	var steps []pageStep
	var counts []map[string]int
	for _, f := range diff.Fold(m.diffs) {
		last := len(steps) - 1
		if last < 0 || steps[last].Old != f.Old || steps[last].New != f.New {
			last++
			steps, counts = append(steps, pageStep{Old: f.Old, New: f.New}), append(counts, map[string]int{})
		}
		c := f.Change
		counts[last][markOf(c)]++
		steps[last].Rows = append(steps[last].Rows, pageChange{
			Mark: markOf(c), Sign: c.Op.Sign(), Op: string(c.Op), Kind: string(c.Kind), Subject: cell(c.Subject()), Text: cell(f.Text()),
			Where: f.Where,
		})
	}
	for i := range steps {
		var parts []string
		for _, mark := range pageMarks {
			if n := counts[i][mark.Letter]; n > 0 {
				parts = append(parts, fmt.Sprintf("%s %d", mark.Word, n))
			}
		}
		steps[i].Summary = strings.Join(parts, " · ")
	}
	return steps
}
