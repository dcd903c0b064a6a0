// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/machine"
)

// heatBinary is what one of several maps is of: program, release, architecture and machine.
type heatBinary [4]string

// shared are the words that all maps have, but for the program.
func (h *Heat) shared() []string {
	var list []string
	for i := 1; i < len(heatBinary{}); i++ {
		if !h.differs(i) {
			list = append(list, words(h.binaries[0][i])...)
		}
	}
	return list
}

// differs says whether maps differ in a word. Those of which nothing was booted have none.
func (h *Heat) differs(word int) bool {
	return slices.ContainsFunc(h.binaries, func(b heatBinary) bool {
		return b[word] != "" && b[word] != h.binaries[0][word]
	})
}

// binary tells a map from those that are not of the same program, architecture or machine.
func (h *Heat) binary(n int) string {
	var list []string
	for i, word := range h.binaries[n] {
		if h.differs(i) {
			list = append(list, word)
		}
	}
	if len(words(list...)) == 0 {
		return cmp.Or(h.binaries[n][0], "program "+strconv.Itoa(n+1))
	}
	return strings.Join(words(list...), ", ")
}

// title and subtitle are what stands above the map: what it shows, and of what.
func (h *Heat) title() string {
	subject := "sweep"
	if h.differs(0) {
		subject = plural(len(h.binaries), "program")
	} else if h.first != nil {
		subject = h.binaries[0][0]
	}
	key := strings.TrimPrefix(h.key(), "counts.")
	var names []string
	for _, d := range heatDims(h.grid.axes) {
		names = append(names, d.title)
	}
	if len(names) > 0 {
		key += " by " + listed(names)
	}
	return printable(subject + ": " + key)
}

// listed are names in a sentence: "a, b and c".
func listed(names []string) string {
	if n := len(names) - 1; n > 0 {
		return strings.Join(names[:n], ", ") + " and " + names[n]
	}
	return strings.Join(names, "")
}

func (h *Heat) subtitle() string {
	if h.first == nil {
		return "nothing was booted"
	}
	const most = 4
	list := append(h.shared(), "to "+h.first.Until)
	if !h.differs(3) {
		for i, c := range machineChanges(h.grid.axes.Machine.Resolved()) {
			if i == most {
				list = append(list, "…")
				break
			}
			list = append(list, c.Key+"="+c.Value)
		}
	}
	return oneLine(strings.Join(append(list, plural(h.booted(), "boot")), " · "))
}

// machineChanges are what a machine has otherwise than the profile of its name, or than the default one.
func machineChanges(m machine.Machine) []machine.Change {
	base, err := machine.Load(m.Name)
	if err != nil {
		base = machine.New()
	}
	base.Name, base.Description = m.Name, m.Description
	changes, _ := base.Changes(m)
	return changes
}
