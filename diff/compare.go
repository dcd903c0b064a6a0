// SPDX-License-Identifier: GPL-2.0-or-later

package diff

import (
	"maps"
	"slices"
)

// Compare says what changed between two boots.
func Compare(old, new *Facts, o Options) Diff {
	d := Diff{Old: old.Side, New: new.Side, Changes: []Change{}}
	add := func(list ...Change) { d.Changes = append(d.Changes, list...) }
	add(value(Until, "", old.Until, new.Until)...)
	add(value(Outcome, "", old.Outcome, new.Outcome)...)
	if old.Outcome == new.Outcome {
		add(value(Reason, "", old.Reason, new.Reason)...)
	}
	keys := maps.Clone(old.Runtime)
	maps.Copy(keys, new.Runtime)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		add(value(Runtime, key, old.Runtime[key], new.Runtime[key])...)
	}
	return d
}

// value compares two texts, of which an empty one is none.
func value(kind Kind, name, old, new string) []Change {
	c := Change{Kind: kind, Op: Changed, Name: name, Old: old, New: new}
	switch {
	case old == new:
		return nil
	case old == "":
		c.Op = Added
	case new == "":
		c.Op = Removed
	}
	return []Change{c}
}
