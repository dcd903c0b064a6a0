// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Expectation is what `--expect` asks of a report: that a field equals a text, or contains it.
type Expectation struct {
	Key      string
	Contains bool
	Value    string
}

// ExpectError says what is wrong with the text of an expectation.
type ExpectError struct {
	Text    string
	Key     string
	Nearest string // the nearest key; "" when none is near, or the key is not what is wrong
}

func (e *ExpectError) Error() string {
	if e.Key == "" {
		return fmt.Sprintf("expectation %q: want KEY=VALUE, or KEY~TEXT for contains", e.Text)
	}
	s := fmt.Sprintf("expectation %q: there is no key %q", e.Text, e.Key)
	if e.Nearest != "" {
		return s + fmt.Sprintf(": did you mean %q?", e.Nearest)
	}
	return s + ": the keys are " + strings.Join(ExpectKeys(), ", ")
}

// reportKeys are the fields of a report, beside those of its runtime, that can be expected.
var reportKeys = []struct {
	key  string
	text func(*Report) string
}{
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

// ExpectKeys are the keys that can be expected, in the order of a report.
func ExpectKeys() []string {
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

// ParseExpectation reads KEY=VALUE or KEY~TEXT. Errors are of type [*ExpectError].
func ParseExpectation(text string) (Expectation, error) {
	i := strings.IndexAny(text, "=~")
	if i <= 0 {
		return Expectation{}, &ExpectError{Text: text}
	}
	e := Expectation{Key: text[:i], Contains: text[i] == '~', Value: text[i+1:]}
	if !slices.Contains(ExpectKeys(), e.Key) {
		return Expectation{}, &ExpectError{Text: text, Key: e.Key, Nearest: nearest(e.Key, ExpectKeys())}
	}
	return e, nil
}

// String is the text that [ParseExpectation] reads.
func (e Expectation) String() string {
	if e.Contains {
		return e.Key + "~" + e.Value
	}
	return e.Key + "=" + e.Value
}

// Check says whether a report is as expected, and what it has. A number that is unknown is "null"; a list is its JSON.
func (e Expectation) Check(r *Report) (got string, ok bool) {
	got = fieldText(r, e.Key)
	if e.Contains {
		return got, strings.Contains(got, e.Value)
	}
	return got, got == e.Value
}

func fieldText(r *Report, key string) string {
	for _, k := range reportKeys {
		if k.key == key {
			return k.text(r)
		}
	}
	v := reflect.ValueOf(r.Runtime)
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("json") != key {
			continue
		}
		if f := v.Field(i); f.Kind() == reflect.Int {
			if f.Int() == Unknown {
				return null
			}
			return strconv.FormatInt(f.Int(), 10)
		}
		text, _ := json.Marshal(v.Field(i).Interface())
		return string(text)
	}
	return ""
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
