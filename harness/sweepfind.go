// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Found is the variant that [Find] ends at.
type Found struct {
	// Variant is its place among all variants, also where a sample was searched.
	Variant Variant
	Name    string // of the variant: see [Axes.Name]
	// Report is that of a boot of its own; Report.Reproduce is the command that does it again.
	Report *Report
	// First is the first variant of the sweep that matched, and Searched how many were booted up to it.
	First    Variant
	Searched int
	// Shrunk is how many boots came after that: to make it smaller, and to look beside it.
	Shrunk int
	// Edges say for each axis what is beside the value that was found; axes that are zipped are one.
	Edges []Edge
}

// Edge is a value of the variant that was found, and those beside it on its axis, all other axes being the same.
type Edge struct {
	Key    string // the axis's; of axes that are zipped, all with commas between them
	Value  string
	Before string // the value before it, which does not match; "" with First
	First  bool   // it is the first of the axis
	After  string // the value behind it; "" with Last
	Last   bool   // it is the last of the axis
	Beyond bool   // the value behind it matches as well
	// Guessed says that not every value before it was tried, for there are too many: only those of a bisection.
	Guessed bool
}

// String is the edge in words: "cpus=33: 32 does not, 34 does".
func (e Edge) String() string {
	var words []string
	if !e.First {
		words = append(words, short(e.Before)+" does not")
	}
	switch {
	case e.Last:
	case e.Beyond:
		words = append(words, short(e.After)+" does")
	default:
		words = append(words, short(e.After)+" does not")
	}
	if len(words) == 0 {
		words = []string{"there is no other value"}
	}
	return e.Key + "=" + short(e.Value) + ": " + strings.Join(words, ", ")
}

// FindProgress is how far a search is.
type FindProgress struct {
	Shrinking bool // the first is found: it is being made smaller
	Done      int  // boots, of this part
	Total     int  // the most that there may be of a search; 0: not known
}

// maxScan bounds the values of an axis that are tried one by one below the one that was found.
const maxScan = 10_000

// Find boots variants in the order of the sweep until the report of one fulfils all conditions, and then makes it smaller, axis by axis, until no axis
// alone can have an earlier value without a condition failing: so axes should have their plainest values first. What it finds does not depend on how many
// boots run at once. It is nil when no variant matches. What progress is told comes one at a time; nil tells nobody.
//
// Errors are those of [Axes.Check], the context's, and a [*PanicError]. A boot that could not be carried out is Refused, and no error: it may be
// what is looked for.
func Find(ctx context.Context, bin string, axes Axes, conditions []Expectation, progress func(FindProgress), opts ...Option) (*Found, error) {
	if err := axes.Check(); err != nil {
		return nil, err
	}
	if len(conditions) == 0 {
		return nil, errors.New("there is nothing to find: want a condition such as outcome!=reached")
	}
	if progress == nil {
		progress = func(FindProgress) {}
	}
	skip := newOptions(opts).skip
	f := &finder{ctx: ctx, bin: bin, axes: axes, conditions: conditions, progress: progress, opts: append(opts[:len(opts):len(opts)], Skip(0)), known: map[uint64]bool{}}
	f.axes.Sample = 0
	total := axes.Len()
	first, searched, err := f.sweep(axes, func(done int) { progress(FindProgress{Done: done, Total: max(total-skip, 0)}) }, opts)
	if err != nil || first < 0 {
		return nil, err
	}
	found := &Found{First: axes.Variant(first), Searched: searched}
	place := found.First.Product
	if n, _ := axes.Product(); skip == 0 && uint64(total) == n {
		f.below = place // all before it were booted: none is smaller on one axis alone
	}
	f.known[place] = true
	if place, err = f.shrink(place); err != nil {
		return nil, err
	}
	if found.Edges, err = f.edges(place); err != nil {
		return nil, err
	}
	found.Variant, found.Shrunk = f.axes.at(place), f.boots
	found.Name = f.axes.Name(found.Variant)
	if found.Report, err = f.report(place); err != nil {
		return nil, err
	}
	if !f.match(found.Report) {
		return nil, fmt.Errorf("%s matches in the sweep, and not alone: please report this with %s", found.Name, found.Report.Reproduce())
	}
	return found, nil
}

// finder is a search. Variants are known by their places among all; the index of each axis's value is a digit of it.
type finder struct {
	ctx        context.Context
	bin        string
	axes       Axes // without a sample
	conditions []Expectation
	progress   func(FindProgress)
	opts       []Option
	known      map[uint64]bool // what was booted since, and whether it matched
	below      uint64          // all before this place are known not to match
	boots      int
	guessed    map[int]bool // axes of which not every smaller value was tried
}

// match says whether a report fulfils the conditions.
func (f *finder) match(r *Report) bool {
	for _, e := range f.conditions {
		if _, ok := e.Check(r); !ok {
			return false
		}
	}
	return true
}

// sweep is the index of the first variant of a sweep that matches, -1 when none does, and how many were looked at.
func (f *finder) sweep(axes Axes, progress func(done int), opts []Option) (first, done int, err error) {
	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	first = -1
	var failed error
	err = Sweep(ctx, f.bin, axes, func(r Result) {
		if first >= 0 || ctx.Err() != nil {
			return
		}
		done++
		progress(done)
		switch {
		case r.Panic != nil:
			failed = r.Panic
		case f.match(r.Report):
			first = r.Variant.Index
		default:
			return
		}
		cancel()
	}, opts...)
	switch {
	case failed != nil:
		err = failed
	case first >= 0:
		err = nil // it was stopped
	}
	return first, done, err
}

// ParseConditions reads what is to be found: expectations as [ParseExpectation] has them, with or without blanks around the comparison, and with && between
// several: "outcome != reached && gomaxprocs >= 64". All have to be fulfilled. Errors are of type [*ExpectError].
func ParseConditions(text string) ([]Expectation, error) {
	var list []Expectation
	for part := range strings.SplitSeq(text, "&&") {
		part = strings.TrimSpace(part)
		if i := strings.IndexAny(part, "=~!<>"); i > 0 {
			for _, row := range ops {
				if value, ok := strings.CutPrefix(part[i:], string(row.op)); ok {
					part = strings.TrimSpace(part[:i]) + string(row.op) + strings.TrimSpace(value)
					break
				}
			}
		}
		e, err := ParseExpectation(part)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}
