// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"strings"

	"github.com/rt0-dev/rt0/harness"
)

// heatDetails are what the page tells of each variant. Texts are kept once, and so are beginnings of commands, of which a sweep has many alike.
type heatDetails struct {
	columns []Column
	values  *textPool
	cells   [][]int32 // of each column: the numbers of the texts

	words    *textPool
	parents  []int32 // a command's last word: the number of what comes before it; 0: nothing does
	last     []int32 // and the number of the word
	index    map[[2]int32]int32
	commands []int32 // of each cell
}

// heatSkipped are columns that a page of a sweep does not tell of each variant: they are in its title, or of use to programs only.
var heatSkipped = []string{"binary.", "machine.", "until", "outcome", "reason", "hash", "counts.blocks", "runtime.args"}

func newHeatDetails(cells int) *heatDetails {
	d := &heatDetails{
		values: newTextPool(), words: newTextPool(), index: map[[2]int32]int32{}, commands: make([]int32, cells),
		parents: []int32{0}, last: []int32{0}, // the first is no command
	}
	d.values.number("")
	for _, c := range Columns() {
		skipped := false
		for _, name := range heatSkipped {
			skipped = skipped || strings.HasPrefix(c.Name, name)
		}
		if !skipped {
			d.columns = append(d.columns, c)
		}
	}
	d.cells = make([][]int32, len(d.columns))
	for i := range d.cells {
		d.cells[i] = make([]int32, cells)
	}
	return d
}

// add takes the details of a boot.
func (d *heatDetails) add(at int, r *harness.Report) {
	for i, c := range d.columns {
		d.cells[i][at] = d.values.number(clipped(oneLine(c.cell(r, false)), maxHeatText))
	}
	if r.Binary.Path == "" {
		return // there is nothing to boot
	}
	node := int32(0)
	for word := range strings.SplitSeq(r.Reproduce(), " ") {
		key := [2]int32{node, d.words.number(word)}
		next, ok := d.index[key]
		if !ok {
			next = int32(len(d.parents)) //nolint:gosec // fewer than the words of all commands
			d.index[key] = next
			d.parents, d.last = append(d.parents, key[0]), append(d.last, key[1])
		}
		node = next
	}
	d.commands[at] = node
}

// maxHeatText is the most characters of a value.
const maxHeatText = 300
