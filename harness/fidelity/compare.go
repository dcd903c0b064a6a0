// SPDX-License-Identifier: GPL-2.0-or-later

package fidelity

import (
	"fmt"
	"slices"
)

// Difference is one thing in which rt0 is not as the real kernel.
type Difference struct {
	Call  string // its name
	Field string // "arg 1", "result"; "call" when it is made on one side only
	Real  string // "" when the real side does not make the call
	RT0   string // "" when rt0's side does not
	N     int    // number of the call on the side that makes it, from 1: rt0's when both do
}

// The fields of a Difference that are no argument.
const (
	fieldCall   = "call"
	fieldResult = "result"
)

func (d Difference) String() string {
	switch {
	case d.Field == fieldCall && d.RT0 == "":
		return fmt.Sprintf("call %d: only the real kernel sees %s", d.N, d.Real)
	case d.Field == fieldCall:
		return fmt.Sprintf("call %d: only rt0 sees %s", d.N, d.RT0)
	}
	return fmt.Sprintf("call %d: %s, %s: really %s, in rt0 %s", d.N, d.Call, d.Field, d.Real, d.RT0)
}

// Costs of the alignment: a call that differs in one field is the same call; one that has another name never is.
const (
	costField = 1
	costCall  = 8
)

// Compare matches the calls of both sides in order, with as few differences as there can be, and tells those. The calls are
// normalised.
func Compare(real, rt0 []Call) []Difference {
	// cost[i][j] is that of the rest from real[i] and rt0[j] on.
	cost := make([][]int, len(real)+1)
	for i := range cost {
		cost[i] = make([]int, len(rt0)+1)
	}
	for i := len(real); i >= 0; i-- {
		for j := len(rt0); j >= 0; j-- {
			switch {
			case i == len(real):
				cost[i][j] = costCall * (len(rt0) - j)
			case j == len(rt0):
				cost[i][j] = costCall * (len(real) - i)
			default:
				cost[i][j] = costCall + min(cost[i+1][j], cost[i][j+1])
				if real[i].Name == rt0[j].Name {
					cost[i][j] = min(cost[i][j], cost[i+1][j+1]+costField*len(fields(real[i], rt0[j], j+1)))
				}
			}
		}
	}
	var list []Difference
	i, j := 0, 0
	for i < len(real) || j < len(rt0) {
		if i < len(real) && j < len(rt0) && real[i].Name == rt0[j].Name {
			if f := fields(real[i], rt0[j], j+1); cost[i][j] == cost[i+1][j+1]+costField*len(f) {
				list = append(list, f...)
				i, j = i+1, j+1
				continue
			}
		}
		if j == len(rt0) || i < len(real) && cost[i][j] == costCall+cost[i+1][j] {
			list = append(list, Difference{Call: real[i].Name, Field: fieldCall, Real: real[i].String(), N: i + 1})
			i++
			continue
		}
		list = append(list, Difference{Call: rt0[j].Name, Field: fieldCall, RT0: rt0[j].String(), N: j + 1})
		j++
	}
	return list
}

// fields tells in what two calls of one name differ.
func fields(real, rt0 Call, n int) []Difference {
	if real.Result == rt0.Result && slices.Equal(real.Args, rt0.Args) {
		return nil
	}
	var list []Difference
	add := func(field, a, b string) {
		if a != b {
			list = append(list, Difference{Call: rt0.Name, Field: field, Real: a, RT0: b, N: n})
		}
	}
	at := func(args []string, i int) string {
		if i < len(args) {
			return args[i]
		}
		return "absent"
	}
	for i := range max(len(real.Args), len(rt0.Args)) {
		add(fmt.Sprintf("arg %d", i+1), at(real.Args, i), at(rt0.Args, i))
	}
	add(fieldResult, real.Result, rt0.Result)
	return list
}
