// SPDX-License-Identifier: GPL-2.0-or-later

package diff

import (
	"slices"

	"github.com/rt0-dev/rt0/harness"
)

// Folder folds the boots of a sweep into runs of neighbours that behave alike while they come: along the fastest axis first, then equal rows along the next,
// and so on. It keeps no report, and of the variants no more than the runs of what is not finished, and of the result.
type Folder struct {
	axes  harness.Axes
	keys  []string // of the axes
	names []string // of a signature's fields
	grid  []int    // lengths of the axes along which is folded; one of all variants when they are zipped, or a sample
	line  bool     // it is all variants: they are zipped, or a sample
	last  []int    // where on the grid the last variant stands; nil: there is none
	open  [][]*block
	// progress is that of the blocks of each level but the last, of which the blocks are runs.
	progress []progress
	point    point
	place    []int // indexes of the last variant's values, by axis
}

// block is a run, or what runs of one axis more are made of: level k's blocks are along the k-th axis of the grid.
type block struct {
	sign     *signature // of a run
	rows     []*block   // of others: the runs, or blocks, of each of their values, which are equal
	from, to []int      // on the grid
	low, top []int      // indexes of values, by axis
	count    int
	first    int // variants of a run
	last     int
}

// NewFolder is a folder for the boots of a sweep of these axes.
func NewFolder(axes harness.Axes) *Folder {
	f := &Folder{axes: axes, names: signatureKeys()}
	for _, axis := range axes.List {
		f.keys = append(f.keys, axis.Key)
		f.grid = append(f.grid, len(axis.Values))
	}
	n, _ := axes.Product()
	if f.line = axes.Zip || len(f.grid) == 0 || axes.Sample > 0 && uint64(axes.Sample) < n; f.line {
		f.grid = []int{axes.Len()}
	}
	f.open, f.progress = make([][]*block, len(f.grid)), make([]progress, len(f.grid)-1)
	f.place = make([]int, len(f.keys))
	f.point = point{
		texts: make([]string, len(f.keys)), numbers: make([]number, len(f.keys)), parsed: map[string]parsed{}, last: map[string]*pattern{},
	}
	for i := range f.place {
		f.place[i] = -1
	}
	return f
}

// Add folds a boot in. They come in the order of the sweep; those that are left out are gaps that nothing is folded across.
func (f *Folder) Add(v harness.Variant, r *harness.Report) {
	at := make([]int, len(f.grid))
	for k, rest := len(f.grid)-1, v.Index; k >= 0; k-- {
		at[k], rest = rest%max(f.grid[k], 1), rest/max(f.grid[k], 1)
	}
	if f.last != nil {
		k := 0 // the first axis on which it is elsewhere
		for k < len(at)-1 && at[k] == f.last[k] {
			k++
		}
		f.close(k)
	}
	f.last = at
	f.move(v)
	n, sign := len(f.grid)-1, f.point.sign(r, f.names)
	for level := range n {
		f.see(level, sight{at, v.Index, sign})
	}
	f.push(&block{
		sign: sign.clone(), from: slices.Clone(at), to: slices.Clone(at), low: slices.Clone(f.place), top: slices.Clone(f.place), count: 1, first: v.Index, last: v.Index,
	})
	for n > 0 && at[n] == f.grid[n]-1 {
		n--
	}
	f.close(n) // of what is whole, the last row as well
}

// move goes to a variant's values.
func (f *Folder) move(v harness.Variant) {
	place := uint64(v.Index)
	if f.axes.Sample > 0 {
		place = v.Product
	}
	for k := len(f.keys) - 1; k >= 0; k-- {
		n := uint64(max(len(f.axes.List[k].Values), 1))
		i := int(place % n)
		if !f.axes.Zip {
			place /= n
		}
		if i != f.place[k] {
			f.place[k], f.point.texts[k], f.point.numbers[k] = i, v.Values[k], numberOf(f.keys[k], v.Values[k])
		}
	}
}

// close ends the blocks of the axes behind the k-th.
func (f *Folder) close(k int) {
	for level := len(f.grid) - 1; level > k; level-- {
		if len(f.open[level]) > 0 {
			if b := wrap(f.open[level]); !f.join(level-1, b) {
				f.open[level-1] = append(f.open[level-1], b)
			}
			f.open[level] = nil
			if level < len(f.progress) {
				f.progress[level] = progress{}
			}
		}
	}
}

// wrap is the block of one value of an axis, of the blocks along the next.
func wrap(rows []*block) *block {
	first, last := rows[0], rows[len(rows)-1]
	b := &block{
		rows: rows, from: slices.Clone(first.from), to: slices.Clone(last.to), low: slices.Clone(first.low), top: slices.Clone(first.top),
	}
	for _, row := range rows {
		b.count += row.count
		b.stretch(row)
	}
	return b
}

// stretch makes the box around b one around c as well.
func (b *block) stretch(c *block) {
	for i := range b.low {
		b.low[i], b.top[i] = min(b.low[i], c.low[i]), max(b.top[i], c.top[i])
	}
}

// push puts a run of one variant behind the others, or makes the last of these larger by it.
func (f *Folder) push(b *block) {
	level := len(f.grid) - 1
	if last := f.lastOf(level); last != nil {
		if last.to[level]+1 == b.from[level] && last.sign.alike(b.sign) {
			copy(last.to, b.to)
			last.stretch(b)
			last.count++
			last.last = b.last
			last.sign.take(b.sign)
			return
		}
		b.sign.share(last.sign)
	}
	f.open[level] = append(f.open[level], b)
}

// complete says whether a block has all variants of the axes behind its own.
func (f *Folder) complete(level int, b *block) bool {
	n := b.to[level] - b.from[level] + 1
	for _, length := range f.grid[level+1:] {
		n *= length
	}
	return b.count == n
}

// Runs are those so far, in order. The sweep may go on.
func (f *Folder) Runs() []Run {
	var tail *block
	var list []*block
	for level := len(f.grid) - 1; level >= 0; level-- {
		list = slices.Clone(f.open[level])
		if tail != nil {
			list = append(list, tail)
		}
		if tail = nil; len(list) > 0 && level > 0 {
			tail = wrap(list)
		}
	}
	var runs []Run
	f.flatten(&runs, 0, -1, list)
	f.rows(runs, list)
	return runs
}

// flatten appends the runs of the blocks of a level; the first of them follows what is before it along the axis lead.
func (f *Folder) flatten(runs *[]Run, level, lead int, list []*block) {
	for i, b := range list {
		if i > 0 {
			lead = level
		}
		if b.sign == nil {
			f.flatten(runs, level+1, lead, b.rows)
			continue
		}
		run := f.run(b, lead)
		if i > 0 {
			run.Changes = list[i-1].sign.changes(b.sign, f.keys)
		}
		*runs = append(*runs, run)
	}
}

// run is a block of the last level.
func (f *Folder) run(b *block, lead int) Run {
	run := Run{First: f.axes.Variant(b.first), Last: f.axes.Variant(b.last), Count: b.count, Level: lead}
	if lead >= 0 && f.line {
		run.Level = len(f.keys) - 1
	}
	for k, axis := range f.axes.List {
		run.Spans = append(run.Spans, Span{
			Key: axis.Key, From: b.low[k], To: b.top[k], Values: axis.Values[b.low[k] : b.top[k]+1], All: b.top[k]-b.low[k]+1 == len(axis.Values),
		})
	}
	for i, a := range b.sign.amounts {
		run.Amounts = append(run.Amounts, Range{amountsOf[i].key, a[0], a[1]})
	}
	for i, p := range b.sign.patterns {
		run.Fields = append(run.Fields, p.field(b.sign.keys[i], f.keys))
	}
	return run
}

// rows says of each row, but for the first, where it begins to differ from the one above.
func (f *Folder) rows(runs []Run, list []*block) {
	var above []*block
	start, level := 0, len(f.grid)-1
	var walk func(list []*block)
	walk = func(list []*block) {
		if len(list) == 0 {
			return
		}
		if list[0].sign == nil {
			for _, b := range list {
				walk(b.rows)
			}
			return
		}
		for i, b := range list {
			if above == nil {
				break
			}
			a := above[min(i, len(above)-1)]
			changes := a.sign.changes(b.sign, f.keys)
			// A row that is not at its end yet says nothing about where its last run ends.
			open := i == len(list)-1 && b.to[level] != f.grid[level]-1
			if moved := a.from[level] != b.from[level] || a.to[level] != b.to[level] && !open; moved && len(changes) == 0 {
				changes = []FieldChange{{f.keys[level], f.span(a, level), f.span(b, level)}}
			}
			if len(changes) > 0 {
				runs[start+i].Above = changes
				break
			}
		}
		above, start = list, start+len(list)
	}
	walk(list)
}

func (f *Folder) span(b *block, k int) string {
	return Span{Values: f.axes.List[k].Values[b.low[k] : b.top[k]+1]}.String()
}
