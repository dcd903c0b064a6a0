// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/rt0-dev/rt0/arch"
)

// linuxNames are the CPU features of all architectures, in lower case, and Linux's name of each: itself, or for a manual's name
// ("sse3") what Linux calls it ("pni").
var linuxNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for _, a := range arch.All() {
		for _, f := range a.Features {
			if _, taken := names[strings.ToLower(f.Alias)]; f.Alias != "" && !taken {
				names[strings.ToLower(f.Alias)] = f.Name
			}
		}
	}
	for _, a := range arch.All() { // after the aliases: a name of its own goes before another's alias
		for _, f := range a.Features {
			names[strings.ToLower(f.Name)] = f.Name
		}
	}
	return names
})

// settleFeatures gives each feature its sign and Linux's name, and keeps the last word on each, where it was first named.
func settleFeatures(features []string) []string {
	settled := make([]string, 0, len(features))
	at := make(map[string]int, len(features))
	for _, feature := range features {
		sign, name := "+", feature
		if feature != "" && (feature[0] == '+' || feature[0] == '-') {
			sign, name = feature[:1], feature[1:]
		}
		if linux, known := linuxNames()[strings.ToLower(name)]; known {
			name = linux
		}
		if i, ok := at[name]; ok {
			settled[i] = sign + name
			continue
		}
		at[name] = len(settled)
		settled = append(settled, sign+name)
	}
	return settled
}

// checkFeatures refuses what no architecture has: passed over, a slip of the pen would go unnoticed.
func checkFeatures(m *Machine) error {
	for _, feature := range m.Features {
		name := feature[1:]
		if _, known := linuxNames()[strings.ToLower(name)]; !known {
			return fmt.Errorf("no architecture has a feature %q; did you mean %q?", clip(name), nearest(name, slices.Sorted(maps.Keys(linuxNames()))))
		}
	}
	return nil
}

// splitFeatures takes commas, and blanks as /proc/cpuinfo has them.
func splitFeatures(text string) ([]string, error) {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }), nil
}
