// SPDX-License-Identifier: GPL-2.0-or-later

package diff

import (
	"cmp"
	"slices"
	"strings"
)

// Folded is a change with all the boots in which it happened.
type Folded struct {
	Old    string `json:"old"`            // the toolchains
	New    string `json:"new"`            //
	Change Change `json:"change"`         // of amounts, and of what moved, that of the first boot
	Least  Amount `json:"least,omitzero"` // of amounts: the one that grew least, or shrank most
	Most   Amount `json:"most,omitzero"`  // and the one that grew most
	Where  string `json:"where"`          // the places: "all architectures", "arm64, ppc64le on graviton"; "" when there is but one boot
	Places []Side `json:"places"`         // the new sides, in the order of the diffs
}

// Percent is by how much an amount changed: "+8%", or "+8% to +14%" when boots differ.
func (f Folded) Percent() string {
	least, most := f.Least.Percent(), f.Most.Percent()
	if least == most {
		return least
	}
	return least + " to " + most
}

// essence is what makes changes of two boots the same news: of amounts, only in which direction they went; of what moved, not past what.
func (c Change) essence() Change {
	switch {
	case c.Op == Moved:
		c.Old, c.New = "", ""
	case c.Amount != Amount{}:
		c.Amount = Amount{Old: uint64(cmp.Compare(c.Amount.Old, c.Amount.New) + 1)}
	case c.Kind == Reason:
		c.Old, c.New = masked(c.Old), masked(c.New)
	}
	return c
}

// Fold tells equal changes of many boots once. They are in the order of the diffs' toolchains, then of the kinds.
func Fold(diffs []Diff) []Folded {
	type toolchains struct{ old, new string }
	type key struct {
		toolchains
		change Change
	}
	index := map[key]int{}
	boots := map[toolchains][]Side{}
	var order []toolchains
	folded := []Folded{}
	for _, d := range diffs {
		t := toolchains{d.Old.Toolchain, d.New.Toolchain}
		if boots[t] == nil {
			order = append(order, t)
		}
		boots[t] = append(boots[t], d.New)
		for _, c := range d.Changes {
			k := key{t, c.essence()}
			i, ok := index[k]
			if !ok {
				i = len(folded)
				index[k] = i
				folded = append(folded, Folded{Old: t.old, New: t.new, Change: c, Least: c.Amount, Most: c.Amount})
			}
			f := &folded[i]
			f.Places = append(f.Places, d.New)
			if c.Amount.Share() < f.Least.Share() {
				f.Least = c.Amount
			}
			if c.Amount.Share() > f.Most.Share() {
				f.Most = c.Amount
			}
		}
	}
	for i := range folded {
		f := &folded[i]
		f.Where = places(f.Places, boots[toolchains{f.Old, f.New}])
	}
	slices.SortStableFunc(folded, func(a, b Folded) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, toolchains{a.Old, a.New}), slices.Index(order, toolchains{b.Old, b.New})),
			cmp.Compare(slices.Index(Kinds, a.Change.Kind), slices.Index(Kinds, b.Change.Kind)),
		)
	})
	return folded
}

// places says in words which of all boots some are.
func places(some, all []Side) string {
	if len(all) == 1 {
		return ""
	}
	dimensions := varying(all)
	rests := func(list []Side) (arches []string, rest map[string][]string) {
		rest = map[string][]string{}
		for _, s := range list {
			if rest[s.GOARCH] == nil {
				arches = append(arches, s.GOARCH)
			}
			rest[s.GOARCH] = append(rest[s.GOARCH], dimensions.rest(s))
		}
		return arches, rest
	}
	allArches, allRests := rests(all)
	arches, rest := rests(some)
	// Architectures on which it happened in the same boots are told together.
	var groups []string
	together := map[string][]string{}
	for _, arch := range arches {
		text := ""
		if len(rest[arch]) < len(allRests[arch]) {
			text = strings.Join(rest[arch], ", ")
		}
		if together[text] == nil {
			groups = append(groups, text)
		}
		together[text] = append(together[text], arch)
	}
	var parts []string
	for _, text := range groups {
		part := listed(together[text], allArches)
		if text != "" && len(allArches) == 1 {
			part = text
		} else if text != "" {
			part += " on " + text
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

// listed names architectures, in as few words as can be.
func listed(some, all []string) string {
	const few = 2
	var missing []string
	for _, arch := range all {
		if !slices.Contains(some, arch) {
			missing = append(missing, arch)
		}
	}
	switch {
	case len(missing) == 0 && len(all) == 1:
		return "everywhere"
	case len(missing) == 0:
		return "all architectures"
	case len(missing) <= few && len(some) > few*len(missing):
		return "all architectures but " + strings.Join(missing, ", ")
	}
	return strings.Join(some, ", ")
}

// dimensions are those in which boots differ, beside the architecture.
type dimensions struct{ program, variant, machine, flags bool }

func varying(list []Side) dimensions {
	var d dimensions
	for _, s := range list {
		d.program = d.program || s.Program != list[0].Program
		d.variant = d.variant || s.Variant != list[0].Variant
		d.machine = d.machine || s.Machine != list[0].Machine
		d.flags = d.flags || s.Flags != list[0].Flags
	}
	return d
}

// rest names a boot among those of its architecture.
func (d dimensions) rest(s Side) string {
	var words []string
	for _, w := range []struct {
		varies bool
		name   string
	}{{d.program, s.Program}, {d.variant, s.Variant}, {d.machine, s.Machine}, {d.flags, s.Flags}} {
		if w.varies {
			words = append(words, w.name)
		}
	}
	if len(words) == 0 {
		return s.String()
	}
	return strings.Join(words, "/")
}
