// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"image/color"
	"strings"
)

// heatBlock is a rectangle of cells that look alike, one cell or many.
type heatBlock struct {
	column, row   int
	columns, rows int
	cell          heatCell // the first
	colour        color.RGBA
	low, high     int64 // of its numbers
	mixed         bool  // its boots did not all end with the same words
}

// From how many cells on neighbours become one block: small maps show each cell. From how many blocks on it is enough that their colours are equal.
const (
	separateCells = 1000
	exactBlocks   = 5000
)

// blocks are what is drawn of each map.
func (h *Heat) blocks(s heatScale) [][]heatBlock {
	same := func(a, b *heatBlock) bool { return false }
	if len(h.cells) > separateCells {
		same = func(a, b *heatBlock) bool {
			x, y := a.cell, b.cell
			if s.key == heatOutcome {
				x.number, x.value, y.number, y.value = 0, 0, 0, 0
			}
			return x == y
		}
	}
	list, n := h.blocksBy(s, same)
	if n > exactBlocks {
		list, _ = h.blocksBy(s, func(a, b *heatBlock) bool { return a.colour == b.colour && a.cell.state == b.cell.state })
	}
	return list
}

// letters are the blocks that get a letter: each cell where it has room for one, else all neighbours in a state together.
func (h *Heat) letters(l heatLayout) [][]heatBlock {
	small := l.cw < letterRoom || l.ch < letterRoom || len(h.cells) > separateCells
	list, _ := h.blocksBy(heatScale{key: heatOutcome}, func(a, b *heatBlock) bool { return small && a.cell.state == b.cell.state })
	return list
}

func (h *Heat) blocksBy(s heatScale, same func(a, b *heatBlock) bool) (list [][]heatBlock, n int) {
	g := h.grid
	for m := range g.binaries * g.maps {
		var done []heatBlock
		above := make([]int, g.across) // the block that begins in a column and ends in the row before: its index plus one
		for row := range g.down {
			line := h.line(s, same, m, row)
			at := make([]int, g.across)
			for _, b := range line {
				i := above[b.column]
				if i == 0 || g.wrapped || done[i-1].columns != b.columns || !same(&done[i-1], &b) {
					done = append(done, b)
					i = len(done)
				} else {
					done[i-1].rows++
					done[i-1].take(b)
				}
				at[b.column] = i
			}
			above = at
		}
		list = append(list, done)
		n += len(done)
	}
	return list, n
}

// line is a row of a map as blocks of one row.
func (h *Heat) line(s heatScale, same func(a, b *heatBlock) bool, m, row int) []heatBlock {
	var line []heatBlock
	for column := range h.grid.across {
		c := h.cells[(m*h.grid.down+row)*h.grid.across+column]
		if c.state == 0 {
			continue
		}
		b := heatBlock{column: column, row: row, columns: 1, rows: 1, cell: c, colour: s.colour(c), low: c.number, high: c.number}
		if n := len(line) - 1; n >= 0 && line[n].column+line[n].columns == column && same(&line[n], &b) {
			line[n].columns++
			line[n].take(b)
			continue
		}
		line = append(line, b)
	}
	return line
}

// take makes the block speak for another one that looks like it.
func (b *heatBlock) take(other heatBlock) {
	b.low, b.high = min(b.low, other.low), max(b.high, other.high)
	b.mixed = b.mixed || other.mixed || b.cell.end != other.cell.end
}

// tip is what the block says when it is pointed at: "cpus 1 – 64, hugePage none: reached main.main; 412,345".
func (h *Heat) tip(m int, b heatBlock) string {
	var where []string
	if h.options.Binaries > 1 {
		where = append(where, h.binary(m/h.grid.maps))
	}
	for _, spot := range h.grid.spots(m, b) {
		where = append(where, spot.axis+" "+spot.value)
	}
	text := h.ends.texts[b.cell.end]
	if b.mixed {
		text = heatStates[b.cell.state-1].word
	}
	if place := strings.Join(where, ", "); place != "" {
		text = place + ": " + text
	}
	if value := h.text(b.cell); value != "" {
		if b.cell.value == 0 && b.low < b.high {
			value = heatNumber(h.key(), b.low) + " – " + heatNumber(h.key(), b.high)
		}
		text += "; " + value
	}
	return oneLine(text)
}
