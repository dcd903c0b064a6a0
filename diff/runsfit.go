// SPDX-License-Identifier: GPL-2.0-or-later

package diff

import (
	"slices"
	"sort"
)

// How a row becomes part of the one before it. Folded for itself, it may have its runs elsewhere though it does the same: with 8 CPUs, GOMAXPROCS=8 does what no
// GOMAXPROCS does, and with 16 it does not. So it is asked of each variant of a row whether it fits the run at its place in the row before; if all do, these
// runs are theirs as well. If not, the row before is tried with the runs of the new one, for it may have been the one with the coincidence. The same goes for the
// rows of rows of the slower axes.

// maxKept bounds the variants that are kept of a block for that second attempt.
const maxKept = 4096

// sight is a variant: where it stands on the grid, and what it did.
type sight struct {
	at    []int
	index int
	sign  *signature
}

// fit is an attempt to see variants as one more value of a block's axis.
type fit struct {
	into   *block             // nil: they do not fit
	joints map[*block]*sights // by the runs of it
}

// sights are the variants that fell to a run.
type sights struct {
	sign        *signature // of them and of the run
	first, last int
}

// add says whether a variant fits as well.
func (t *fit) add(level int, v sight) bool {
	run := t.into.find(level, v.at)
	j := t.joints[run]
	if j == nil {
		j = &sights{run.sign.clone(), v.index, v.index}
	}
	if !j.sign.alike(v.sign) {
		return false
	}
	j.sign.take(v.sign)
	j.last = v.index
	t.joints[run] = j
	return true
}

// find is the run of a block at a place.
func (b *block) find(level int, at []int) *block {
	for b.sign == nil {
		level++
		rows := b.rows
		b = rows[sort.Search(len(rows)-1, func(i int) bool { return rows[i].to[level] >= at[level] })]
	}
	return b
}

// progress is a block that is not whole yet: those of its variants that are to be looked at again, and whether they fit the one before.
type progress struct {
	began bool
	fit   fit
	kept  []sight
	// before are the variants of the block before, when it is of one value and they are not too many.
	before []sight
}

// see takes note of a variant of the block in progress on a level.
func (f *Folder) see(level int, v sight) {
	p := &f.progress[level]
	if !p.began {
		p.began, p.fit, p.kept = true, fit{joints: map[*block]*sights{}}, nil
		if last := f.lastOf(level); last != nil && f.complete(level, last) && last.to[level]+1 == v.at[level] {
			p.fit.into = last
		}
	}
	if p.fit.into != nil && !p.fit.add(level, v) {
		p.fit = fit{}
	}
	if f.size(level) <= maxKept {
		p.kept = append(p.kept, v)
	}
}

// lastOf is the last block of a level; nil when there is none.
func (f *Folder) lastOf(level int) *block {
	if n := len(f.open[level]); n > 0 {
		return f.open[level][n-1]
	}
	return nil
}

// size is how many variants a block of one value has.
func (f *Folder) size(level int) int {
	n := 1
	for _, length := range f.grid[level+1:] {
		if n *= length; n > maxKept {
			return n
		}
	}
	return n
}

// join makes a block that is done a part of the one before, or both one with the new one's runs. It says whether it could.
func (f *Folder) join(level int, b *block) bool {
	p := &f.progress[level]
	kept, before := p.kept, p.before
	p.began, p.kept, p.before = false, nil, nil
	if !f.complete(level, b) {
		return false
	}
	last := f.lastOf(level)
	if last != nil && p.fit.into == last {
		last.grow(level, b.from[level], p.fit.joints)
		return true
	}
	p.before = kept
	if last == nil || before == nil || last.to[level]+1 != b.from[level] {
		return false
	}
	back := fit{b, map[*block]*sights{}}
	if slices.ContainsFunc(before, func(v sight) bool { return !back.add(level, v) }) {
		return false
	}
	b.grow(level, last.from[level], back.joints)
	f.open[level][len(f.open[level])-1] = b
	p.before = nil
	return true
}

// grow makes a block larger by one value of its axis, whose variants fell to its runs as the joints say.
func (b *block) grow(level, at int, joints map[*block]*sights) {
	values := b.to[level] - b.from[level] + 1
	var walk func(b *block)
	walk = func(b *block) {
		b.count += b.count / values
		for _, low := range []*int{&b.from[level], &b.low[level]} {
			*low = min(*low, at)
		}
		for _, top := range []*int{&b.to[level], &b.top[level]} {
			*top = max(*top, at)
		}
		for _, row := range b.rows {
			walk(row)
		}
	}
	walk(b)
	for run, j := range joints {
		run.sign, run.first, run.last = j.sign, min(run.first, j.first), max(run.last, j.last)
	}
}
