// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"fmt"

	"github.com/rt0-dev/rt0/machine"
)

// Axis is a key of a machine, as machine.Keys has them ("cpus", "pageSize", "kernel.release"), and the values that it takes, as after --set.
type Axis struct {
	Key    string
	Values []string
}

// Axes are the variants of a machine that a sweep boots: every combination of the axes' values, the last axis the fastest. The zero value is one
// variant, the default machine.
type Axes struct {
	Machine machine.Machine // what the variants vary
	List    []Axis
	Zip     bool // the first value of each axis together, then the second, ...: all axes then have the same length

	// Sample, if it is not 0, draws so many of the variants, without repetition, by a sequence that Seed fixes; they keep their order.
	Sample int
	Seed   uint64
}

// Variant is one point of [Axes]: a value for each axis.
type Variant struct {
	Index  int      // in the order of the sweep, from 0
	Values []string // in the order of Axes.List
}

// Len is how many variants there are.
func (a Axes) Len() int {
	n := 1
	for i, axis := range a.List {
		if a.Zip && i > 0 {
			break
		}
		n *= len(axis.Values)
	}
	return n
}

// Variant is the i-th.
func (a Axes) Variant(i int) Variant {
	v := Variant{Index: i, Values: make([]string, len(a.List))}
	for k := len(a.List) - 1; k >= 0; k-- {
		n := len(a.List[k].Values)
		v.Values[k] = a.List[k].Values[i%n]
		if !a.Zip {
			i /= n
		}
	}
	return v
}

// Of is the machine of a variant.
func (a Axes) Of(v Variant) (machine.Machine, error) {
	m := a.Machine.Resolved()
	for k, axis := range a.List {
		var err error
		if m, err = m.Set(axis.Key, v.Values[k]); err != nil {
			return m, fmt.Errorf("variant %d: %w", v.Index, err)
		}
	}
	return m, nil
}
