// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Change is a key and the text that --set gives it.
type Change struct{ Key, Value string }

// Changes are what turns m into another machine by [Machine.Set], in order, in the table's order. Not exact: some of it cannot be said
// that way (a variable or a file taken away, another order of the environment, or a variable twice).
func (m Machine) Changes(to Machine) (changes []Change, exact bool) {
	m, to = m.Resolved(), to.Resolved()
	try := func(k key, rest, value string) {
		if changed, err := m.Set(k.full(rest), value); err == nil {
			m = changed
			changes = append(changes, Change{k.full(rest), value})
		}
	}
	for _, k := range keys {
		if k.entry == nil {
			if value := k.get(&to); value != k.get(&m) {
				try(k, "", value)
			}
			continue
		}
		names, value := k.entries(&to)
		for _, name := range names {
			want, _ := value(&to, name)
			if have, ok := value(&m, name); !ok || have != want {
				try(k, name, want)
			}
		}
	}
	return changes, reflect.DeepEqual(m, to)
}

// Values are the keys that the machine has something to say about, in the table's order, with the texts that --set gives them: what is
// always there, what differs from the default, and each entry of an open key. A variable that is in the environment twice is there twice.
func (m Machine) Values() []Change {
	m = m.Resolved()
	var values []Change
	for _, k := range keys {
		switch {
		case k.omit != nil && k.omit(&m):
		case k.name == envPrefix+"NAME":
			for _, entry := range m.Env {
				name, value, _ := strings.Cut(entry, "=")
				values = append(values, Change{k.full(name), value})
			}
		case k.entry == nil:
			values = append(values, Change{k.name, k.get(&m)})
		default:
			names, value := k.entries(&m)
			for _, name := range names {
				text, _ := value(&m, name)
				values = append(values, Change{k.full(name), text})
			}
		}
	}
	return values
}

// envEntries and fileEntries are the names under an open key, in a fixed order, and how to look one up.
func envEntries(m *Machine) ([]string, func(*Machine, string) (string, bool)) {
	var names []string
	for _, entry := range m.Env {
		if name := envName(entry); len(name) < len(entry) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, func(m *Machine, name string) (string, bool) { return m.Getenv(name) }
}

func fileEntries(m *Machine) ([]string, func(*Machine, string) (string, bool)) {
	return slices.Sorted(maps.Keys(m.Files)), func(m *Machine, path string) (string, bool) {
		contents, ok := m.Files[path]
		return contents, ok
	}
}
