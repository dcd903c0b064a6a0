// SPDX-License-Identifier: GPL-2.0-or-later

package diff

import (
	"slices"
	"strconv"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// step is an item of an edit script: an item of both sides, of the old one, or of the new one.
type step struct {
	old, new int // indices; none: this side does not have it
}

const none = -1

// script turns old into new with as few steps of one side as can be: what is common is a longest common subsequence. Of several of that
// length the same is taken whichever side is called the old one.
func script(old, new []string) []step {
	if slices.Compare(old, new) > 0 {
		steps := script(new, old)
		for i, s := range steps {
			steps[i] = step{s.new, s.old}
		}
		return steps
	}
	// The library compares texts; each distinct item becomes a character of one.
	letters := map[string]rune{}
	spell := func(items []string) []rune {
		text := make([]rune, len(items))
		for i, item := range items {
			if letters[item] == 0 {
				letters[item] = letter(len(letters))
			}
			text[i] = letters[item]
		}
		return text
	}
	from, to := spell(old), spell(new)
	library := diffmatchpatch.New()
	library.DiffTimeout = 0 // no clock: the result is exact
	steps := make([]step, 0, max(len(old), len(new)))
	i, j := 0, 0
	for _, part := range library.DiffMainRunes(from, to, false) {
		for range part.Text {
			s := step{none, none}
			if part.Type != diffmatchpatch.DiffInsert {
				s.old = i
				i++
			}
			if part.Type != diffmatchpatch.DiffDelete {
				s.new = j
				j++
			}
			steps = append(steps, s)
		}
	}
	return steps
}

// letter is the n-th character that stands for an item: any but the surrogates, which are no characters of their own.
func letter(n int) rune {
	const surrogates, many = 0xd800, 0x800
	r := rune(n + 1)
	if r >= surrogates {
		r += many
	}
	return r
}

// sequence compares two orders of names: what is added, removed, and moved. A name that is there twice is two names.
func sequence(kind Kind, where string, old, new []string) []Change {
	from, to := numbered(old), numbered(new)
	inOld, inNew := indexOf(from), indexOf(to)
	var changes []Change
	for _, s := range script(from, to) {
		c := Change{Kind: kind, Where: where}
		switch {
		case s.old != none && s.new != none:
			continue
		case s.new != none:
			c.Op, c.Name = Added, new[s.new]
			if i, ok := inOld[to[s.new]]; ok {
				c.Op, c.Old, c.New = Moved, behind(old, i), behind(new, s.new)
				if c.Old == c.New {
					continue // it has gone along with that one
				}
			}
		default:
			c.Op, c.Name = Removed, old[s.old]
			if _, ok := inNew[from[s.old]]; ok {
				continue // moved: told where it stands now
			}
		}
		changes = append(changes, c)
	}
	return changes
}

// behind says after which name the i-th stands.
func behind(names []string, i int) string {
	if i == 0 {
		return "first"
	}
	return "after " + names[i-1]
}

// numbered makes names that are there several times distinct.
func numbered(names []string) []string {
	seen := map[string]int{}
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = name
		if n := seen[name]; n > 0 {
			list[i] += "\x00" + strconv.Itoa(n)
		}
		seen[name]++
	}
	return list
}

func indexOf(names []string) map[string]int {
	index := make(map[string]int, len(names))
	for i, name := range names {
		index[name] = i
	}
	return index
}
