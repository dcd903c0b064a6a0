// SPDX-License-Identifier: GPL-2.0-or-later

package diff

// Folded is a change with all the boots in which it happened.
type Folded struct {
	Old    string `json:"old"` // the toolchains
	New    string `json:"new"`
	Change Change `json:"change"`           // an amount is that of the first boot
	Least  Amount `json:"least,omitzero"`   // of amounts that differ from boot to boot: the smallest share
	Most   Amount `json:"most,omitzero"`    // and the largest
	Places []Side `json:"places,omitempty"` // the new sides, in the order of the diffs
	Where  string `json:"where"`            // the places in words: "all architectures", "arm64, ppc64le on graviton"; "" when there is but one boot
}

// Fold tells equal changes of many boots once. Changes of amounts count as equal when they are of the same thing in the same direction.
func Fold(diffs []Diff) []Folded {
	type key struct {
		old, new string
		change   Change
	}
	index := map[key]int{}
	folded := []Folded{}
	for _, d := range diffs {
		for _, c := range d.Changes {
			k := key{d.Old.Toolchain, d.New.Toolchain, c}
			i, ok := index[k]
			if !ok {
				i = len(folded)
				index[k] = i
				folded = append(folded, Folded{Old: k.old, New: k.new, Change: c})
			}
			folded[i].Places = append(folded[i].Places, d.New)
		}
	}
	return folded
}
