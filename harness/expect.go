// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rt0-dev/rt0/arch"
)

// Expectation is what `--expect` asks of a report: how a field compares with a text.
type Expectation struct {
	Key   string
	Op    Op // "" is Equals
	Value string
}

// ExpectError says what is wrong with the text of an expectation.
type ExpectError struct {
	Text    string
	Key     string
	Nearest string // the nearest key; "" when none is near, or the key is not what is wrong
	Why     string // what is wrong with the value, when that is it
}

func (e *ExpectError) Error() string {
	if e.Why != "" {
		return fmt.Sprintf("expectation %q: %s", e.Text, e.Why)
	}
	if e.Key == "" {
		return fmt.Sprintf("expectation %q: want KEY=VALUE, KEY~TEXT for contains, KEY=~PATTERN for matches; != !~ <= >= as well", e.Text)
	}
	s := fmt.Sprintf("expectation %q: there is no key %q", e.Text, e.Key)
	if e.Nearest != "" {
		return s + fmt.Sprintf(": did you mean %q?", e.Nearest)
	}
	return s + ": the keys are " + strings.Join(ExpectKeys(), ", ")
}

// reportKey is a field of a report, beside those of its runtime, that can be expected.
type reportKey struct {
	key  string
	text func(*Report) string
}

// reportKeys are those that are a column of a table as well: how the boot ended.
var reportKeys = []reportKey{
	{"outcome", func(r *Report) string { return string(r.Outcome) }},
	{"phase", func(r *Report) string { return r.Phase }},
	{"exitCode", func(r *Report) string {
		if r.ExitCode == nil {
			return null
		}
		return strconv.Itoa(*r.ExitCode)
	}},
	{"signal", func(r *Report) string {
		if r.Signal == nil {
			return null
		}
		return *r.Signal
	}},
	{"reason", func(r *Report) string { return r.Reason }},
}

const null = "null"

// furtherKeys are the fields that no table has a column for by this name. Output is compared without the line feed at its end, and
// the lists with their items joined by line feeds.
var furtherKeys = []reportKey{
	{"stdout", func(r *Report) string { return strings.TrimSuffix(r.Stdout, "\n") }},
	{"stderr", func(r *Report) string { return strings.TrimSuffix(r.Stderr, "\n") }},
	{"events", func(r *Report) string { return strings.Join(r.Events, "\n") }},
	{"goVersion", func(r *Report) string { return r.Binary.GoVersion }},
	{"counts.instructions", func(r *Report) string { return strconv.FormatUint(r.Counts.Instructions, 10) }},
	{"counts.blocks", func(r *Report) string { return strconv.FormatUint(r.Counts.Blocks, 10) }},
	{"counts.syscalls", func(r *Report) string { return strconv.Itoa(r.Counts.Syscalls) }},
	{"counts.threads", func(r *Report) string { return strconv.Itoa(r.Counts.Threads) }},
	{"counts.pagesTouched", func(r *Report) string { return strconv.FormatUint(r.Counts.PagesTouched, 10) }},
}

// callsPrefix begins the keys that count the calls of one name: syscalls.openat.
const callsPrefix = "syscalls."

// FieldKeys are the keys that can be expected and that tables have a column for, in the order of a report.
func FieldKeys() []string {
	var keys []string
	for _, k := range reportKeys {
		keys = append(keys, k.key)
	}
	t := reflect.TypeFor[Runtime]()
	for i := range t.NumField() {
		keys = append(keys, t.Field(i).Tag.Get("json"))
	}
	return keys
}

// ExpectKeys are the keys that can be expected, in the order of a report; syscalls.NAME stands for one key for each system call.
func ExpectKeys() []string {
	keys := FieldKeys()
	for _, k := range furtherKeys {
		keys = append(keys, k.key)
	}
	return append(keys, callsPrefix+"NAME")
}

// callNames are the system calls of all architectures, sorted.
var callNames = sync.OnceValue(func() []string {
	set := map[string]bool{}
	for _, a := range arch.All() {
		for _, n := range a.Syscall.Numbers {
			set[n.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
})

// ParseExpectation reads KEY=VALUE, KEY~TEXT and the other comparisons. Errors are of type [*ExpectError].
func ParseExpectation(text string) (Expectation, error) {
	i := strings.IndexAny(text, "=~!<>")
	if i <= 0 {
		return Expectation{}, &ExpectError{Text: text}
	}
	e := Expectation{Key: text[:i]}
	for _, row := range ops {
		if value, ok := strings.CutPrefix(text[i:], string(row.op)); ok {
			e.Op, e.Value = row.op, value
			break
		}
	}
	if e.Op == "" {
		return Expectation{}, &ExpectError{Text: text}
	}
	if name, ok := strings.CutPrefix(e.Key, callsPrefix); ok {
		if _, known := slices.BinarySearch(callNames(), name); !known {
			near := nearest(name, callNames())
			if near != "" {
				near = callsPrefix + near
			}
			return Expectation{}, &ExpectError{Text: text, Key: e.Key, Nearest: near}
		}
	} else if !slices.Contains(ExpectKeys(), e.Key) {
		return Expectation{}, &ExpectError{Text: text, Key: e.Key, Nearest: nearest(e.Key, ExpectKeys())}
	}
	if why := e.wrong(); why != "" {
		return Expectation{}, &ExpectError{Text: text, Key: e.Key, Why: why}
	}
	return e, nil
}

// wrong says what no report could ever fulfil.
func (e Expectation) wrong() string {
	if e.Op == Matches {
		if _, err := regexp.Compile(e.Value); err != nil {
			return fmt.Sprintf("not a regular expression: %v", err)
		}
	}
	if e.Op == AtMost || e.Op == AtLeast {
		if _, err := strconv.ParseInt(e.Value, 10, 64); err != nil {
			return fmt.Sprintf("%s compares with a number, and %q is none", e.Op, e.Value)
		}
	}
	if e.Key == "outcome" && e.Op == Equals && !slices.Contains(Outcomes, Outcome(e.Value)) {
		return fmt.Sprintf("there is no such outcome: they are %v", Outcomes)
	}
	return ""
}

// String is the text that [ParseExpectation] reads.
func (e Expectation) String() string { return e.Key + string(cmp.Or(e.Op, Equals)) + e.Value }

// Check says whether a report is as expected, and what it has. A number that is unknown is "null"; a list is its JSON.
func (e Expectation) Check(r *Report) (got string, ok bool) {
	got = fieldText(r, e.Key)
	for _, row := range ops {
		if row.op == cmp.Or(e.Op, Equals) {
			return got, row.holds(got, e.Value)
		}
	}
	return got, false
}

// runtimeFields are the places of Runtime's fields, by their keys: a sweep asks for thirty of them in every boot.
var runtimeFields = func() map[string]int {
	fields := map[string]int{}
	t := reflect.TypeFor[Runtime]()
	for i := range t.NumField() {
		fields[t.Field(i).Tag.Get("json")] = i
	}
	return fields
}()

func fieldText(r *Report, key string) string {
	for _, list := range [][]reportKey{reportKeys, furtherKeys} {
		for _, k := range list {
			if k.key == key {
				return k.text(r)
			}
		}
	}
	if name, ok := strings.CutPrefix(key, callsPrefix); ok {
		return strconv.Itoa(r.Calls[name])
	}
	i, ok := runtimeFields[key]
	if !ok {
		return ""
	}
	f := reflect.ValueOf(&r.Runtime).Elem().Field(i)
	if f.Kind() == reflect.Int {
		if f.Int() == Unknown {
			return null
		}
		return strconv.FormatInt(f.Int(), 10)
	}
	text, _ := json.Marshal(f.Interface())
	return string(text)
}

// AboutEnd says whether the expectation is about how the boot ended, so that a death that fits it is what was wanted.
func (e Expectation) AboutEnd() bool {
	for _, k := range reportKeys {
		if k.key == e.Key {
			return true
		}
	}
	return false
}
