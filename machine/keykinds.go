// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// The kinds of keys: each makes a row of the table from the field that it is about.

// auto is the text of a value that is what it usually is.
const auto = "auto"

// row begins a row; one of the methods below says what kind of value it has.
func row(name, doc, source string) key { return key{name: name, doc: doc, source: source} }

// always are the commas of a row whose values are lists, or any text.
func always(string) bool { return true }

// listed is a row whose values are lists with commas.
func (k key) listed() key {
	k.commas = always
	return k
}

// word takes the commas from a row of texts: its values are words.
func (k key) word() key {
	k.commas = nil
	return k
}

// quiet leaves a row that has its default out of YAML.
func (k key) quiet() key {
	k.omit = func(m *Machine) bool {
		d := defaults()
		return k.get(m) == k.get(&d)
	}
	return k
}

// checked adds a check to that of the kind.
func (k key) checked(check func(*Machine) error) key {
	first := k.check
	k.check = func(m *Machine) error {
		if first != nil {
			if err := first(m); err != nil {
				return err
			}
		}
		return check(m)
	}
	return k
}

// text is a text of which "" is written as zero.
func (k key) text(field func(*Machine) *string, zero string) key {
	k.kind, k.commas = "text", always
	k.get = func(m *Machine) string {
		if *field(m) == "" {
			return zero
		}
		return *field(m)
	}
	k.set = func(m *Machine, text string) error {
		if *field(m) = text; text == zero {
			*field(m) = ""
		}
		return nil
	}
	k.check = func(m *Machine) error {
		if strings.ContainsRune(*field(m), 0) {
			return errors.New("a 0 byte would end it")
		}
		return nil
	}
	k.quote = true
	return k
}

// words is one of some words.
func (k key) words(field func(*Machine) *string, allowed ...string) key {
	k.kind = strings.Join(allowed[:len(allowed)-1], ", ") + " or " + allowed[len(allowed)-1]
	k.get = func(m *Machine) string { return *field(m) }
	k.set = func(m *Machine, text string) error {
		*field(m) = strings.ToLower(strings.TrimSpace(text))
		return nil
	}
	k.check = func(m *Machine) error {
		if !slices.Contains(allowed, *field(m)) {
			return fmt.Errorf("want %s; did you mean %q?", k.kind, nearest(*field(m), allowed))
		}
		return nil
	}
	return k
}

// truth is true or false.
func (k key) truth(field func(*Machine) *bool) key {
	k.kind = "true or false"
	k.get = func(m *Machine) string { return strconv.FormatBool(*field(m)) }
	k.set = func(m *Machine, text string) error {
		value, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(text)))
		if err != nil {
			return errors.New("want true or false")
		}
		*field(m) = value
		return nil
	}
	return k
}

// size is a size of which 0 is written as zero.
func (k key) size(field func(*Machine) *Size, zero string) key {
	k.kind = "size or " + zero
	k.get = func(m *Machine) string {
		if *field(m) == 0 {
			return zero
		}
		return field(m).String()
	}
	k.set = func(m *Machine, text string) error {
		if text == zero {
			text = "none"
		}
		return setSize(field)(m, text)
	}
	return k
}

// number is a number from low to high, or auto.
func (k key) number(field func(*Machine) *int, low, high int) key {
	k.kind = "number or auto"
	k.get = func(m *Machine) string {
		if *field(m) == 0 {
			return auto
		}
		return strconv.Itoa(*field(m))
	}
	want := fmt.Errorf("want a number from %d to %d, or auto", low, high)
	k.set = func(m *Machine, text string) error {
		if text == auto || text == "0" {
			*field(m) = 0
			return nil
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return want
		}
		*field(m) = n
		return nil
	}
	k.check = func(m *Machine) error {
		if n := *field(m); n != 0 && (n < low || n > high) {
			return want
		}
		return nil
	}
	return k
}

// addr is an address or another word of bits, or auto.
func (k key) addr(field func(*Machine) *Addr) key {
	k.kind = "hexadecimal number or auto"
	k.get = func(m *Machine) string { return field(m).String() }
	k.set = func(m *Machine, text string) error {
		a, err := ParseAddr(text)
		if err == nil {
			*field(m) = a
		}
		return err
	}
	return k
}

// duration is a time span.
func (k key) duration(field func(*Machine) *Duration, check func(*Machine) error) key {
	k.kind = "duration"
	k.get = func(m *Machine) string { return field(m).String() }
	k.set = func(m *Machine, text string) error {
		if field(m).UnmarshalText([]byte(text)) != nil {
			return errors.New("want a duration with its unit, such as 90m, 1h30m or 250ms")
		}
		return nil
	}
	k.check = check
	return k
}

// errno is the name of an error, or none.
func (k key) errno(field func(*Machine) *string) key {
	k.kind = "error or none"
	k.get = func(m *Machine) string {
		if *field(m) == "" {
			return "none"
		}
		return *field(m)
	}
	k.set = func(m *Machine, text string) error {
		if *field(m) = strings.ToUpper(text); strings.EqualFold(text, "none") {
			*field(m) = ""
		}
		return nil
	}
	k.check = func(m *Machine) error {
		if *field(m) == "" {
			return nil
		}
		_, err := errnoName("", *field(m))
		return err
	}
	return k
}

// path is an absolute path; empty it is what usual says. With root it may be / alone.
func (k key) path(field func(*Machine) *string, usual func(Cgroup) string, root bool) key {
	k.kind = "path"
	k.get = func(m *Machine) string {
		if *field(m) == "" {
			return usual(m.Cgroup)
		}
		return *field(m)
	}
	k.set = setText(field)
	k.check = func(m *Machine) error {
		if *field(m) == "" {
			return nil
		}
		return checkGroupPath(*field(m))
	}
	k.quote = true
	return k
}

// list is a sequence whose items have one canonical text each.
func (k key) list(field func(*Machine) *[]string, split func(string) ([]string, error), join func([]string) string,
	item func(string) (string, error)) key {
	k.kind, k.commas = "list", always
	k.get = func(m *Machine) string { return join(*field(m)) }
	k.seq = field
	k.split = split
	k.check = func(m *Machine) error {
		for i, text := range *field(m) {
			canonical, err := item(text)
			if err != nil {
				return &ValueError{k.name, text, err.Error()}
			}
			(*field(m))[i] = canonical
		}
		return nil
	}
	return k
}

// entriesOf is an open key: entries by name, whose names and values have one canonical text each.
func (k key) entriesOf(kind string, field func(*Machine) *map[string]string, name func(string) (string, error),
	value func(name, value string) (string, error)) key {
	prefix := openPrefix(k.name)
	k.kind = kind
	k.entry = func(m *Machine, given string, text *string) {
		if canonical, err := name(given); err == nil {
			given = canonical
		}
		if text == nil {
			delete(*field(m), given)
			return
		}
		(*field(m))[given] = *text
		if canonical, err := value(given, *text); err == nil {
			(*field(m))[given] = canonical
		}
	}
	k.entries = func(m *Machine) ([]string, func(*Machine, string) (string, bool)) {
		return slices.Sorted(maps.Keys(*field(m))), func(m *Machine, name string) (string, bool) {
			text, ok := (*field(m))[name]
			return text, ok
		}
	}
	k.check = func(m *Machine) error {
		for _, given := range slices.Sorted(maps.Keys(*field(m))) {
			text := (*field(m))[given]
			if _, err := name(given); err != nil {
				return &ValueError{prefix + given, text, err.Error()}
			}
			if _, err := value(given, text); err != nil {
				return &ValueError{prefix + given, text, err.Error()}
			}
		}
		return nil
	}
	k.omit = func(m *Machine) bool { return len(*field(m)) == 0 }
	return k
}

func setText(field func(*Machine) *string) func(*Machine, string) error {
	return func(m *Machine, text string) error {
		*field(m) = text
		return nil
	}
}

func setSize(field func(*Machine) *Size) func(*Machine, string) error {
	return func(m *Machine, text string) error {
		bytes, err := ParseSize(text)
		if err == nil {
			*field(m) = bytes
		}
		return err
	}
}
