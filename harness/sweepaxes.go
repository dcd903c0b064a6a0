// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"unicode"

	"github.com/rt0-dev/rt0/machine"
)

// Axis is a key of a machine, as machine.Keys has them ("cpus", "pageSize", "kernel.release"), and the values that it takes, as after --set.
// [ParseAxis] reads one from a text.
type Axis struct {
	Key    string   `json:"key"`
	Values []string `json:"values"`
}

// Axes are the variants of a machine that a sweep boots: every combination of the axes' values, the last axis the fastest. The zero value is one
// variant, the default machine. [Axes.Check] says what is wrong with them.
type Axes struct {
	Machine machine.Machine // what the variants vary
	List    []Axis
	Zip     bool // the first value of each axis together, then the second, ...: all axes then have the same length

	// Sample, if it is not 0, draws so many of the variants, without repetition, by a sequence that Seed fixes; they keep their order. See sweepsample.go.
	Sample int
	Seed   uint64
}

// Variant is one point of [Axes]: a value for each axis.
type Variant struct {
	Index   int      // in the order of the sweep, from 0; of a sample, among those that were drawn
	Values  []string // in the order of Axes.List
	Product uint64   // its place among all variants: Index, but in a sample
}

// MaxVariants bounds a sweep that is no sample, so that a slip of the finger does not boot for days.
const MaxVariants = 10_000_000

// maxProduct bounds what samples are drawn from.
const maxProduct = math.MaxInt64

// Product is how many variants there are before a sample is drawn. It is not ok above 2^63-1.
func (a Axes) Product() (n uint64, ok bool) {
	n = 1
	for i, axis := range a.List {
		if a.Zip && i > 0 {
			break
		}
		high, low := bits.Mul64(n, uint64(len(axis.Values)))
		if high != 0 || low > maxProduct {
			// an empty axis further on makes nothing of all
			for _, rest := range a.List[i+1:] {
				if len(rest.Values) == 0 {
					return 0, true
				}
			}
			return maxProduct, false
		}
		n = low
	}
	return n, true
}

// Len is how many variants the sweep boots. It is math.MaxInt for more than an int has room for, which [Axes.Check] refuses.
func (a Axes) Len() int {
	n, _ := a.Product()
	if a.Sample > 0 {
		n = min(n, uint64(a.Sample))
	}
	return int(min(n, math.MaxInt))
}

// Variant is the i-th that the sweep boots.
func (a Axes) Variant(i int) Variant {
	v := a.at(a.drawn(i))
	v.Index = i
	return v
}

// at is the variant of a place among all. Its Index is what it would be without a sample.
func (a Axes) at(place uint64) Variant {
	v := Variant{Index: int(min(place, math.MaxInt)), Values: make([]string, len(a.List)), Product: place}
	for k := len(a.List) - 1; k >= 0; k-- {
		n := uint64(len(a.List[k].Values))
		v.Values[k] = a.List[k].Values[place%n]
		if !a.Zip {
			place /= n
		}
	}
	return v
}

// Of is the machine of a variant. The axes are set in their order.
func (a Axes) Of(v Variant) (machine.Machine, error) {
	changes := make([]machine.Change, len(a.List))
	for k, axis := range a.List {
		changes[k] = machine.Change{Key: axis.Key, Value: v.Values[k]}
	}
	m, err := a.Machine.SetAll(changes...)
	if err != nil {
		return m, fmt.Errorf("variant %d: %w", v.Index, err)
	}
	return m, nil
}

// Name is the variant in words that name one and no other: "cpus=7 hugePage=none"; of axes that are none, the machine's name.
func (a Axes) Name(v Variant) string {
	if len(a.List) == 0 {
		return a.Machine.Resolved().Name
	}
	words := make([]string, len(a.List))
	for k, axis := range a.List {
		words[k] = axis.Key + "=" + v.Values[k]
		if v.Values[k] == "" || strings.ContainsFunc(words[k], func(r rune) bool { return r == '"' || !unicode.IsPrint(r) || unicode.IsSpace(r) }) {
			words[k] = axis.Key + "=" + strconv.Quote(v.Values[k])
		}
	}
	return strings.Join(words, " ")
}

// Check says what is wrong with the axes, an [*AxisError], nil if nothing: a key that is none or that two axes have, a value that it cannot have, an
// axis without values, axes of different lengths that are to be zipped, more variants than MaxVariants that are no sample. What only some variants
// get wrong, as a huge page that is smaller than a page, is no error: their boots are refused.
func (a Axes) Check() error {
	seen := map[string]bool{}
	fallback := machine.New()
	for _, axis := range a.List {
		key := axis.Key
		if seen[key] {
			return &AxisError{Axis: key, Why: "it is there twice: give all its values to one"}
		}
		seen[key] = true
		if len(axis.Values) == 0 {
			return &AxisError{Axis: key, Why: "it has no values"}
		}
		if len(axis.Values) > MaxAxis {
			return tooMany(key, "")
		}
		if err := checkValues(axis, a.Machine, fallback); err != nil {
			return err
		}
	}
	if err := a.checkZip(); err != nil {
		return err
	}
	if err := a.checkSize(); err != nil {
		return err
	}
	return a.checkSome()
}

// checkValues says which value of an axis its key cannot have. A key's check may look at other keys, which other axes may set: what the machine that is
// varied refuses may be right still, unless the default machine refuses it as well.
func checkValues(axis Axis, m, fallback machine.Machine) error {
	refuse := func(err error) error { return &AxisError{Axis: axis.Key, Why: err.Error(), Err: err} }
	check, err := m.Checker(axis.Key)
	if err != nil {
		return refuse(err)
	}
	for _, v := range axis.Values {
		if check(v) == nil {
			continue
		}
		if _, err := fallback.Set(axis.Key, v); err != nil {
			return refuse(err)
		}
		check, _ = m.Checker(axis.Key) // what it refused may be left in it
	}
	return nil
}

// checkZip says which axes differ in length.
func (a Axes) checkZip() error {
	if !a.Zip || len(a.List) == 0 {
		return nil
	}
	var lengths []string
	differ := false
	for _, axis := range a.List {
		lengths = append(lengths, fmt.Sprintf("%s has %d", axis.Key, len(axis.Values)))
		differ = differ || len(axis.Values) != len(a.List[0].Values)
	}
	if differ {
		return &AxisError{Axis: a.keys(), Why: "axes that are zipped have the same number of values: " + strings.Join(lengths, ", ")}
	}
	return nil
}

func (a Axes) checkSize() error {
	n, ok := a.Product()
	refuse := func(why string) error { return &AxisError{Axis: a.keys(), Why: why} }
	switch {
	case a.Sample < 0:
		return refuse(fmt.Sprintf("a sample has 1 variant or more, and not %d", a.Sample))
	case !ok:
		return refuse("together they have 2^63 variants or more, of which no sample can be drawn: take values away")
	case a.Len() > MaxVariants && a.Sample > 0:
		return refuse(fmt.Sprintf("a sample has at most %d variants", MaxVariants))
	case a.Len() > MaxVariants:
		return refuse(fmt.Sprintf("together they have %d variants, and a sweep at most %d: draw a sample (--sample 10000)", n, MaxVariants))
	}
	return nil
}

// maxChecked bounds the variants that are looked at to find one that there can be. The first is one, as a rule.
const maxChecked = 1000

// checkSome says that there can be none of the variants, where all of them can be looked at.
func (a Axes) checkSome() error {
	n := a.Len()
	var first error
	for i := range min(n, maxChecked) {
		m, err := a.Of(a.Variant(i))
		if err == nil {
			err = m.Validate()
		}
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	if n > maxChecked || first == nil {
		return nil
	}
	if len(a.List) == 0 {
		return first
	}
	return &AxisError{Axis: a.keys(), Why: fmt.Sprintf("not one of the %d variants is a machine: of the first, %v", n, first), Err: first}
}

// keys are the axes' keys, as an error names them.
func (a Axes) keys() string {
	keys := make([]string, len(a.List))
	for i, axis := range a.List {
		keys[i] = axis.Key
	}
	return strings.Join(keys, ", ")
}
