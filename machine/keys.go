// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// KeyInfo describes a key of a machine for --help and the documentation.
type KeyInfo struct {
	Key     string // dotted; what follows the dot of an open key stands for any
	Open    bool
	Type    string // "CPUs", "size", "text", "list", ...
	Default string // as text; "" is empty
	Doc     string // one line
	Source  string // where a real machine's comes from: the kernel's file or manual; "" for what is rt0's own
}

// key is a row of the table that Set, the profiles, Validate and the documentation share. The kind of a row is which of its
// functions are there: text for a scalar, list for a sequence (its text is split first), entry for an open key.
type key struct {
	name, kind, doc string
	source          string // where the real machine's comes from: the kernel's file, a manual

	get   func(m *Machine) string                      // as text; not on open keys
	set   func(m *Machine, text string) error          // scalar
	seq   func(m *Machine) *[]string                   // sequence
	split func(text string) ([]string, error)          // sequence: its text
	entry func(m *Machine, name string, value *string) // open key; nil takes the entry away
	// entries are the names under an open key, in a fixed order, and how to look one up
	entries func(m *Machine) (names []string, value func(m *Machine, name string) (string, bool))
	check   func(m *Machine) error // what is wrong with it; the key and the value are added to the sentence
	omit    func(m *Machine) bool  // leave it out of YAML
	quote   bool                   // YAML: a string, whatever it looks like
	// commas says whether the commas of a text are part of a value; nil: no value has any
	commas func(text string) bool
}

// keys is filled by init, since the rows' functions need it in their errors.
var keys []key

func init() { keys = keyTable() }

// Keys describes every key, in the order of the documentation.
func Keys() []KeyInfo {
	m := defaults()
	infos := make([]KeyInfo, 0, len(keys))
	for _, k := range keys {
		info := KeyInfo{Key: k.name, Open: k.entry != nil, Type: k.kind, Doc: k.doc, Source: k.source}
		if k.get != nil && k.name != "description" {
			info.Default = k.get(&m)
		}
		infos = append(infos, info)
	}
	return infos
}

// KeysMarkdown is [Keys] as a Markdown table.
func KeysMarkdown() string {
	var b strings.Builder
	b.WriteString("| key | value | default | what it is | source |\n| --- | --- | --- | --- | --- |\n")
	for _, k := range Keys() {
		value := ""
		if k.Default != "" {
			value = "`" + k.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", k.Key, k.Type, value, k.Doc, k.Source)
	}
	return b.String()
}

// Set is a resolved copy of m with one key changed, the value being text as after --set. The key is one of [Keys]; an unknown one
// is an [*UnknownKeyError], a value that the key cannot have a [*ValueError]. A list's key with a plus sign behind it ("rules+") adds to
// the list.
func (m Machine) Set(name, value string) (Machine, error) {
	changed := m.Resolved()
	if err := changed.set(name, value); err != nil {
		return m, err
	}
	return changed, nil
}

// SetAll is [Machine.Set] for one change after the other. When one cannot be, those before it are made.
func (m Machine) SetAll(changes ...Change) (Machine, error) {
	m = m.Resolved()
	for _, c := range changes {
		if err := m.set(c.Key, c.Value); err != nil {
			return m, err
		}
	}
	return m, nil
}

// Checker says of many values of a key, one after the other, what [Machine.Set] would say of them, in less time. It is not for several goroutines.
func (m Machine) Checker(name string) (check func(value string) error, err error) {
	k, rest, add, err := findKeyToSet(name)
	if err != nil {
		return nil, err
	}
	m = m.Resolved()
	var before []string
	if add {
		before = *k.seq(&m)
	}
	return func(value string) error { return k.apply(&m, rest, value, before) }, nil
}

// set is Set on a machine that nobody else has. Of one that it fails on, the key may be anything.
func (m *Machine) set(name, value string) error {
	k, rest, add, err := findKeyToSet(name)
	if err != nil {
		return err
	}
	var before []string
	if add {
		before = *k.seq(m)
	}
	return k.apply(m, rest, value, before)
}

// KeepsCommas says whether the commas in a text of a key are part of one value, as those of a list are, and not between several values. A text of
// cpus is a list of CPUs when it has a dash (0-3,8); else it is counts (1,2,4). The key may have the plus sign that [Machine.Set] takes; an
// unknown one is an [*UnknownKeyError].
func KeepsCommas(name, text string) (bool, error) {
	k, _, _, err := findKeyToSet(name)
	return err == nil && k.commas != nil && k.commas(text), err
}

// findKey is the row of a key, and for an open key the part after its prefix.
func findKey(name string) (key, string, error) {
	for _, k := range keys {
		if k.entry == nil {
			if k.name == name {
				return k, "", nil
			}
			continue
		}
		if rest, ok := strings.CutPrefix(name, openPrefix(k.name)); ok && rest != "" {
			return k, rest, nil
		}
	}
	return key{}, "", &UnknownKeyError{Key: name, Nearest: nearest(name, keyNames())}
}

// findKeyToSet is findKey for a name that may have the plus sign that adds to a list.
func findKeyToSet(name string) (k key, rest string, add bool, err error) {
	if plain, plus := strings.CutSuffix(name, "+"); plus {
		if k, rest, err := findKey(plain); err == nil && k.seq != nil {
			return k, rest, true, nil
		}
	}
	k, rest, err = findKey(name)
	return k, rest, false, err
}

// openPrefix is what comes before the any-part of an open key, the dot included.
func openPrefix(name string) string { return name[:strings.IndexByte(name, '.')+1] }

func keyNames() []string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	return names
}

// apply gives the key a value by its text, and checks it. Of a sequence, before comes before it.
func (k key) apply(m *Machine, rest, value string, before []string) error {
	full := k.full(rest)
	switch {
	case k.entry != nil:
		k.entry(m, rest, &value)
	case k.seq != nil:
		items, err := k.split(value)
		if err != nil {
			return &ValueError{full, value, err.Error()}
		}
		*k.seq(m) = append(slices.Clip(before), items...)
	default:
		if err := k.set(m, value); err != nil {
			return &ValueError{full, value, err.Error()}
		}
	}
	m.settle()
	return k.validate(m, rest)
}

// full is the key as the user would write it.
func (k key) full(rest string) string {
	if k.entry != nil {
		return openPrefix(k.name) + rest
	}
	return k.name
}

// validate runs the row's check. A check says what is wrong; the key and the value are added here unless it knows better.
func (k key) validate(m *Machine, rest string) error {
	if k.check == nil {
		return nil
	}
	err := k.check(m)
	var value *ValueError
	if err == nil || errors.As(err, &value) {
		return err
	}
	shown := ""
	if k.get != nil {
		shown = k.get(m)
	}
	return &ValueError{k.full(rest), shown, err.Error()}
}

// Validate says what cannot be faked of the machine, a [*ValueError], nil if nothing. It does not judge taste: a machine may be as
// strange as its owner likes.
func (m Machine) Validate() error {
	if m.err != nil {
		return m.err
	}
	m = m.Resolved()
	for _, k := range keys {
		if err := k.validate(&m, "*"); err != nil {
			return err
		}
	}
	return m.contradiction()
}
