// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"fmt"
	"os"
	"strings"

	"github.com/rt0-dev/rt0/machine"
)

// MaxAxis bounds the values of one axis.
const MaxAxis = 1_000_000

// AxisError says what is wrong with an axis of a sweep.
type AxisError struct {
	Axis string // the key, or several with commas between them
	Item string // what of the axis's text; "" when all of it is meant
	Why  string
	Err  error // of package machine, where the value or the key is what is wrong: then Why is its text
}

func (e *AxisError) Error() string {
	if e.Item == "" {
		return fmt.Sprintf("axis %s: %s", short(e.Axis), e.Why)
	}
	return fmt.Sprintf("axis %s, %q: %s", short(e.Axis), short(e.Item), e.Why)
}

func (e *AxisError) Unwrap() error { return e.Err }

// short keeps what is quoted in an error to one readable line.
func short(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// axisKeys are the names of rt0's flags that are not their key's.
var axisKeys = map[string]string{"hugepage": "hugePage", "page-size": "pageSize", "kernel": "kernel.release"}

// ParseAxis reads the values that a key takes in a sweep. The key is one of machine.Keys, or the name of the flag that stands for it ("hugepage"). The
// text is items with commas between them:
//
//	7, none, 2MiB     a value
//	1..256, 256..1    the numbers from the first to the last, both included
//	1..256+5          by a step, up or down; the last is the largest that the step comes to
//	1..4096*2         powers: each so many times the one before, or that part of it on the way down
//	4KiB..64KiB*2     sizes, durations (1ms..1s*10) and hexadecimal numbers as well; these need a step or a factor
//	@FILE             a value a line, as it stands; blank lines and those with # in front are left out, and \# begins a value with #
//
// In a key whose values have commas themselves (see [machine.KeepsCommas]: lists, rules, environment, cpus=0-3,8) the text is one item. Such values make
// an axis by a file, or one by one with [Axis.Join]. There, as well as anywhere, what does not begin with a number is no range.
//
// Numbers may have their digits grouped (1_000_000, and not 1e6). Each value is checked as [machine.Machine.Set] does on the default machine. An axis has at most MaxAxis
// values. Errors are of type [*AxisError]; those of open, which reads a file, are wrapped in it. A nil open is os.ReadFile.
func ParseAxis(key, text string, open func(name string) ([]byte, error)) (Axis, error) {
	if name, ok := axisKeys[key]; ok {
		key = name
	}
	if open == nil {
		open = os.ReadFile
	}
	keeps, err := machine.KeepsCommas(key, text)
	if err != nil {
		return Axis{}, &AxisError{Axis: key, Why: err.Error(), Err: err}
	}
	p := axisParser{axis: Axis{Key: key}, open: open, whole: keeps}
	items := []string{text}
	if !keeps {
		items = strings.Split(text, ",")
	}
	for _, item := range items {
		if !keeps {
			item = strings.TrimSpace(item)
		}
		if item == "" && len(items) > 1 {
			return Axis{}, &AxisError{Axis: key, Item: text, Why: "there is nothing between two commas, or beside one: want VALUE,VALUE"}
		}
		if err := p.item(item); err != nil {
			return Axis{}, err
		}
	}
	return p.axis, nil
}

// Single says whether the axis has one value only: it then is a setting of the machine that is varied, and not an axis, unless it was asked for as one.
func (a Axis) Single() bool { return len(a.Values) == 1 }

// Join is the axis with the values of another of the same key behind its own.
func (a Axis) Join(b Axis) (Axis, error) {
	if a.Key != b.Key {
		return a, &AxisError{Axis: a.Key, Item: b.Key, Why: "values of another key cannot be added to it"}
	}
	values := append(append(make([]string, 0, len(a.Values)+len(b.Values)), a.Values...), b.Values...)
	if len(values) > MaxAxis {
		return a, tooMany(a.Key, "")
	}
	return Axis{Key: a.Key, Values: values}, nil
}

func tooMany(key, item string) *AxisError {
	return &AxisError{Axis: key, Item: item, Why: fmt.Sprintf("an axis has at most %d values: take a larger step, or powers (A..B*2)", MaxAxis)}
}

// axisParser collects the values of an axis.
type axisParser struct {
	axis  Axis
	open  func(name string) ([]byte, error)
	whole bool // the text is not split at commas
}

// item adds the values of an item.
func (p *axisParser) item(text string) error {
	if name, ok := strings.CutPrefix(text, "@"); ok {
		return p.file(text, name)
	}
	values, err := rangeValues(text)
	switch {
	case err != nil && p.whole && p.add(text, text) == nil: // an environment variable may hold anything
		return nil
	case err != nil:
		return &AxisError{Axis: p.axis.Key, Item: text, Why: err.Error()}
	case values == nil:
		return p.add(text, text)
	}
	return p.add(text, values...)
}

// file adds the values of a file.
func (p *axisParser) file(item, name string) error {
	if name == "" {
		return &AxisError{Axis: p.axis.Key, Item: item, Why: "want the name of a file behind the @"}
	}
	data, err := p.open(name)
	if err != nil {
		return &AxisError{Axis: p.axis.Key, Item: item, Why: err.Error(), Err: err}
	}
	before, number := len(p.axis.Values), 0
	for line := range strings.Lines(strings.TrimPrefix(string(data), "\ufeff")) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if strings.HasPrefix(line, `\#`) {
			line = line[1:]
		}
		if err := p.add(fmt.Sprintf("%s:%d", item, number), line); err != nil {
			return err
		}
	}
	if len(p.axis.Values) == before {
		return &AxisError{Axis: p.axis.Key, Item: item, Why: "the file has no values: want one a line"}
	}
	return nil
}

// add adds values that an item stands for, checked.
func (p *axisParser) add(item string, values ...string) error {
	if len(values) > MaxAxis-len(p.axis.Values) {
		return tooMany(p.axis.Key, item)
	}
	check, err := machine.New().Checker(p.axis.Key)
	if err != nil {
		return &AxisError{Axis: p.axis.Key, Why: err.Error(), Err: err}
	}
	for _, v := range values {
		if err := check(v); err != nil {
			if v == item {
				item = "" // the error quotes it
			}
			return &AxisError{Axis: p.axis.Key, Item: item, Why: err.Error(), Err: err}
		}
	}
	p.axis.Values = append(p.axis.Values, values...)
	return nil
}
