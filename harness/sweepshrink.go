// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import "strings"

// How a variant that was found is made smaller. It is one for which no axis alone can have an earlier value: what matches need not do so from some
// value on, so after a bisection all values below are tried as well, on all cores.

// digit is an axis of a place: which of how many values, and by how much the place grows from one to the next.
type digit struct {
	index, values, weight uint64
}

// digits are the axes of a place. Axes that are zipped are one.
func (f *finder) digits(place uint64) []digit {
	if f.axes.Zip || len(f.axes.List) == 0 {
		n, _ := f.axes.Product()
		return []digit{{place, n, 1}}
	}
	list := make([]digit, len(f.axes.List))
	weight := uint64(1)
	for k := len(list) - 1; k >= 0; k-- {
		n := uint64(len(f.axes.List[k].Values))
		list[k] = digit{place % n, n, weight}
		place /= n
		weight *= n
	}
	return list
}

// matches says whether the variant of a place does.
func (f *finder) matches(place uint64) (bool, error) {
	if place < f.below {
		return false, nil
	}
	if known, ok := f.known[place]; ok {
		return known, nil
	}
	first, _, err := f.sweep(f.only(place), func(int) { f.booted(1) }, f.opts)
	f.known[place] = first == 0
	return first == 0, err
}

// only are axes that have the variants of these places, and no others.
func (f *finder) only(places ...uint64) Axes {
	axes := f.axes
	axes.Zip = true
	axes.List = make([]Axis, len(f.axes.List))
	for k := range axes.List {
		axes.List[k] = Axis{Key: f.axes.List[k].Key, Values: make([]string, len(places))}
	}
	for i, place := range places {
		for k, value := range f.axes.at(place).Values {
			axes.List[k].Values[i] = value
		}
	}
	return axes
}

func (f *finder) booted(n int) {
	f.boots += n
	f.progress(FindProgress{Shrinking: true, Done: f.boots})
}

// report is that of a boot of its own.
func (f *finder) report(place uint64) (*Report, error) {
	m, err := f.axes.Of(f.axes.at(place))
	if err != nil {
		r := newReport(f.bin, m, newOptions(f.opts))
		r.refuse(err)
		return r, nil
	}
	r, _ := Run(f.ctx, f.bin, m, f.opts...) // why it was refused, the report has
	return r, f.ctx.Err()
}

// shrink is the place of the smaller variant.
func (f *finder) shrink(place uint64) (uint64, error) {
	f.guessed = map[int]bool{}
	for {
		before := place
		for k := range f.digits(place) {
			var err error
			if place, err = f.shrinkAxis(place, k); err != nil {
				return 0, err
			}
		}
		if place == before {
			return place, nil
		}
	}
}

// shrinkAxis is the place with the earliest value of an axis.
func (f *finder) shrinkAxis(place uint64, k int) (uint64, error) {
	d := f.digits(place)[k]
	if d.index == 0 || place-d.weight < f.below { // below are all those with an earlier value
		return place, nil
	}
	zero := place - d.index*d.weight
	at := func(i uint64) uint64 { return zero + i*d.weight }
	low, high := uint64(0), d.index // low does not match, high does
	if ok, err := f.matches(zero); ok || err != nil {
		return zero, err
	}
	for high-low > 1 {
		middle := low + (high-low)/2
		ok, err := f.matches(at(middle))
		if err != nil {
			return 0, err
		}
		if ok {
			high = middle
		} else {
			low = middle
		}
	}
	f.guessed[k] = high-1 > maxScan
	if f.guessed[k] {
		return at(high), nil
	}
	first, err := f.scan(at, high)
	return at(first), err
}

// scan is the first of an axis's values below high that matches; high when none does.
func (f *finder) scan(at func(uint64) uint64, high uint64) (uint64, error) {
	var left, places []uint64
	for i := range high {
		if _, known := f.known[at(i)]; !known && at(i) >= f.below {
			left, places = append(left, i), append(places, at(i))
		}
	}
	if len(left) == 0 {
		return high, nil
	}
	first, done, err := f.sweep(f.only(places...), func(int) { f.booted(1) }, f.opts)
	for i := range done {
		f.known[places[i]] = i == first
	}
	if err != nil || first < 0 {
		return high, err
	}
	return left[first], nil
}

// edges look beside the variant on each axis.
func (f *finder) edges(place uint64) ([]Edge, error) {
	var edges []Edge
	for k, d := range f.digits(place) {
		if len(f.axes.List) == 0 {
			break
		}
		e := Edge{Key: f.axes.keys(), First: d.index == 0, Last: d.index == d.values-1, Guessed: f.guessed[k]}
		text := func(place uint64) string {
			values := f.axes.at(place).Values
			if f.axes.Zip {
				return strings.Join(values, ", ")
			}
			return values[k]
		}
		if !f.axes.Zip {
			e.Key = f.axes.List[k].Key
		}
		e.Value = text(place)
		if !e.First {
			e.Before = text(place - d.weight)
		}
		if !e.Last {
			e.After = text(place + d.weight)
			var err error
			if e.Beyond, err = f.matches(place + d.weight); err != nil {
				return nil, err
			}
		}
		edges = append(edges, e)
	}
	return edges, nil
}
