// SPDX-License-Identifier: GPL-2.0-or-later

package diff

import "strings"

// place is a side without its toolchain: boots of one place are compared.
func place(s Side) Side {
	s.Toolchain = ""
	return s
}

// minor is the minor release that a toolchain belongs to: "go1.26" of go1.26.8 and go1.26rc1.
func minor(toolchain string) string {
	digits := strings.TrimPrefix(toolchain, "go1.")
	if digits == toolchain {
		return toolchain
	}
	end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(digits)
	}
	return "go1." + digits[:end]
}

// Sets is [Documents] for facts.
func Sets(old, new []*Facts, o Options) Set {
	s := Set{Diffs: []Diff{}, OnlyOld: []Side{}, OnlyNew: []Side{}}
	pairs := pair(old, new)
	taken := map[*Facts]bool{}
	for _, n := range new {
		if was := pairs[n]; was != nil {
			taken[was] = true
			s.Diffs = append(s.Diffs, Compare(was, n, o))
		} else {
			s.OnlyNew = append(s.OnlyNew, n.Side)
		}
	}
	for _, f := range old {
		if !taken[f] {
			s.OnlyOld = append(s.OnlyOld, f.Side)
		}
	}
	return s
}

// pair finds the old boot for each new one: three rounds, the strictest first. A boot alone on either side is paired with the other.
func pair(old, new []*Facts) map[*Facts]*Facts {
	pairs, taken := map[*Facts]*Facts{}, map[*Facts]bool{}
	round := func(key func(*Facts) Side, alone bool) {
		candidates, rivals := map[Side][]*Facts{}, map[Side]int{}
		for _, f := range old {
			if !taken[f] {
				candidates[key(f)] = append(candidates[key(f)], f)
			}
		}
		for _, n := range new {
			if pairs[n] == nil {
				rivals[key(n)]++
			}
		}
		for _, n := range new {
			k := key(n)
			list := candidates[k]
			if pairs[n] != nil || len(list) == 0 || alone && (len(list) > 1 || rivals[k] > 1) {
				continue
			}
			pairs[n], candidates[k] = list[0], list[1:]
			taken[list[0]] = true
		}
	}
	round(func(f *Facts) Side { return f.Side }, false)
	round(func(f *Facts) Side {
		s := f.Side
		s.Toolchain = minor(s.Toolchain)
		return s
	}, true)
	round(func(f *Facts) Side { return place(f.Side) }, true)
	if len(old) == 1 && len(new) == 1 {
		pairs[new[0]] = old[0] // whoever compares one boot with another means these
	}
	return pairs
}

// neighbours is [Neighbours] for facts.
func neighbours(list []*Facts, o Options) []Diff {
	diffs := []Diff{}
	before := map[Side]*Facts{}
	for _, f := range list {
		if was := before[place(f.Side)]; was != nil {
			diffs = append(diffs, Compare(was, f, o))
		}
		before[place(f.Side)] = f
	}
	return diffs
}
