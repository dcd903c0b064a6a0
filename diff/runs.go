// SPDX-License-Identifier: GPL-2.0-or-later

package diff

import (
	"slices"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/harness"
)

// Run is a block of a sweep's variants that behave alike: what [Folder] makes of them.
type Run struct {
	// Spans are one for each axis, in the order of [harness.Axes.List]: the block is their product. Axes that are zipped go together; of a sample, it
	// is the box around those that were drawn.
	Spans       []Span
	First, Last harness.Variant
	Count       int // variants
	// Fields are what is the same for all, in the order of a report; Amounts are what may differ.
	Fields  []Field
	Amounts []Range
	// Changes are those against the run before it in its row, which is along the fastest axis; nil for the first of a row.
	Changes []FieldChange
	// Above are the changes against the row above, on the first run of a row that differs from it; nil elsewhere.
	Above []FieldChange
	// Level is the axis along which it follows the run before it: the last one within a row; -1 for the first run of all.
	Level int
}

// Field is what all variants of a run have in a field of their reports.
type Field struct {
	Key string // as in [harness.FieldKeys]: "outcome", "gomaxprocs"; "died", "stdout", "stderr", "events"
	// Text is the value, with an axis's key in braces for what follows that axis: "{cpus}", "limit of {addressSpace}".
	Text string
	Axis string // the key of the axis that the whole value is equal to; "" when it is constant, or only parts of it follow an axis
}

// Range is the smallest and the largest of an amount in a run.
type Range struct {
	Key      string // "counts.instructions"
	Min, Max uint64
}

// FieldChange is what one run has otherwise than another: texts as those of [Field.String]. When what differs is where the run ends, Key is that of the
// fastest axis.
type FieldChange struct {
	Key, Before, After string
}

// Span is a run's part of an axis.
type Span struct {
	Key      string
	From, To int      // indexes of its first and its last value
	Values   []string // those from the first to the last
	All      bool     // the whole axis
}

// Field is the field of a key.
func (r Run) Field(key string) (Field, bool) {
	i := slices.IndexFunc(r.Fields, func(f Field) bool { return f.Key == key })
	if i < 0 {
		return Field{}, false
	}
	return r.Fields[i], true
}

// Amount is the amount of a key.
func (r Run) Amount(key string) (Range, bool) {
	i := slices.IndexFunc(r.Amounts, func(a Range) bool { return a.Key == key })
	if i < 0 {
		return Range{}, false
	}
	return r.Amounts[i], true
}

// Marked says that behaviour changes where the run begins.
func (r Run) Marked() bool { return len(r.Changes)+len(r.Above) > 0 }

// String is "= cpus" for what is equal to an axis, else the value, and "none" for nothing.
func (f Field) String() string {
	switch {
	case f.Axis != "":
		return "= " + f.Axis
	case f.Text == "":
		return "none"
	}
	return f.Text
}

// String is "812,345", or "812,345–901,002".
func (r Range) String() string {
	if r.Min == r.Max {
		return grouped(r.Min)
	}
	return grouped(r.Min) + "–" + grouped(r.Max)
}

// few is how many values a span lists before it leaves some out.
const few = 4

// String is "7", "1–64" for numbers one after the other, "none, 2MiB, 1GiB" for a few values, "4KiB … 1GiB" for more.
func (s Span) String() string {
	n := len(s.Values)
	switch {
	case n == 0:
		return ""
	case n > 2 && consecutive(s.Values):
		return s.Values[0] + "–" + s.Values[n-1]
	case n <= few:
		return strings.Join(s.Values, ", ")
	}
	return s.Values[0] + " … " + s.Values[n-1]
}

// consecutive says whether values are numbers one after the other, up or down.
func consecutive(values []string) bool {
	numbers := make([]int64, len(values))
	for i, v := range values {
		var err error
		if numbers[i], err = strconv.ParseInt(v, 10, 64); err != nil {
			return false
		}
		if step := numbers[1] - numbers[0]; i > 0 && (step != 1 && step != -1 || numbers[i] != numbers[i-1]+step) {
			return false
		}
	}
	return true
}
