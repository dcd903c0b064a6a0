// SPDX-License-Identifier: GPL-2.0-or-later

package diff

import (
	"maps"
	"slices"
	"strings"
)

// aboutFiles are further calls that a file tells of, beside those that open it or are given its descriptor.
var aboutFiles = map[string]bool{
	"access": true, "faccessat": true, "faccessat2": true, "fstatat64": true, "lstat": true, "lstat64": true, "newfstatat": true,
	"readlink": true, "readlinkat": true, "stat": true, "stat64": true, "statx": true,
}

// calls compares the system calls: first which there are at all, in any thread. Then, of those that the program does of its own, how many
// there are in each phase and in which order; when a boot was not traced, how many in all. Of the others only a multitude counts.
func (c *comparison) calls() {
	told := c.presence()
	if c.shared == nil {
		c.multitudes(told)
	}
	if c.old.Order == nil || c.new.Order == nil {
		if c.shared == nil {
			c.numbers(told)
		}
		return
	}
	old, new := c.ordered(c.old, told), c.ordered(c.new, told)
	c.counts(old, new)
	c.order(old, new)
}

// presence tells the names that only one side has, and returns them.
func (c *comparison) presence() (told map[string]bool) {
	told = map[string]bool{}
	if c.shared != nil || len(c.old.Calls) == 0 || len(c.new.Calls) == 0 {
		return told
	}
	for _, name := range union(c.old.Calls, c.new.Calls) {
		was, is := c.old.Calls[name], c.new.Calls[name]
		switch {
		case roles[name] == chance || was > 0 && is > 0 || was == is:
			continue
		case was == 0:
			c.add(Change{Kind: Syscall, Op: Added, Name: name, New: c.new.First[name], Amount: Amount{0, uint64(is)}})
		case is == 0:
			c.add(Change{Kind: Syscall, Op: Removed, Name: name, Old: c.old.First[name], Amount: Amount{uint64(was), 0}})
		}
		told[name] = true
	}
	return told
}

// name is the call's name without its request.
func (c Call) name() string {
	name, _, _ := strings.Cut(c.Name, " ")
	return name
}

func (c Call) times() int { return max(c.Times, 1) }

// multitudes tells of calls whose number is a matter of whose turn it is, when that number is of another order.
func (c *comparison) multitudes(told map[string]bool) {
	for _, name := range union(c.old.Calls, c.new.Calls) {
		if roles[name] != doing && !told[name] {
			c.amount(Change{Kind: Syscall, Name: name, Amount: Amount{uint64(c.old.Calls[name]), uint64(c.new.Calls[name])}}, multitudeFloor)
		}
	}
}

// numbers compares how often each other call is made in all.
func (c *comparison) numbers(told map[string]bool) {
	for _, name := range union(c.old.Calls, c.new.Calls) {
		was, is := c.old.Calls[name], c.new.Calls[name]
		if was != is && roles[name] == doing && !told[name] && !openers[name] && !describing[name] && !aboutFiles[name] {
			c.add(Change{Kind: Syscall, Op: Changed, Name: name, Amount: Amount{uint64(was), uint64(is)}})
		}
	}
}

// ordered are the calls in the phases to compare, without those that are told of already.
func (c *comparison) ordered(f *Facts, told map[string]bool) []Call {
	var list []Call
	for _, call := range f.Order {
		if c.both(call.Phase) && !told[call.name()] {
			list = append(list, call)
		}
	}
	return list
}

// tally is how often a call is made in each phase.
type tally map[string]int

func tallies(list []Call) (by map[string]tally, phases []string) {
	by = map[string]tally{}
	for _, call := range list {
		if by[call.Name] == nil {
			by[call.Name] = tally{}
		}
		by[call.Name][call.Phase] += call.times()
		if !slices.Contains(phases, call.Phase) {
			phases = append(phases, call.Phase)
		}
	}
	return by, phases
}

// count tells how often a call is made in a phase, when that changed. One mapping more or less is a matter of sizes.
func (c *comparison) count(phase, name string, a Amount) {
	change := Change{Kind: Syscall, Op: Changed, Where: phase, Name: name, Amount: a}
	switch {
	case a.Old == a.New:
		return
	case a.Old == 0:
		change.Op = Added
	case a.New == 0:
		change.Op = Removed
	case roles[Call{Name: name}.name()] == serving:
		c.amount(change, servingFloor)
		return
	}
	c.add(change)
}

// counts tells calls that are made more or less often, or in another phase.
func (c *comparison) counts(old, new []Call) {
	was, oldPhases := tallies(old)
	is, newPhases := tallies(new)
	phases := oldPhases
	for _, p := range newPhases {
		if !slices.Contains(phases, p) {
			phases = append(phases, p)
		}
	}
	for _, name := range union(was, is) {
		if maps.Equal(was[name], is[name]) {
			continue
		}
		if from, to := moved(was[name], is[name]); to != "" {
			c.add(Change{Kind: Syscall, Op: Moved, Name: name, Old: from, New: to})
			continue
		}
		for _, phase := range phases {
			c.count(phase, name, Amount{uint64(was[name][phase]), uint64(is[name][phase])})
		}
	}
}

// moved says that all calls of one phase are made in another instead; "" when that is not what happened.
func moved(was, is tally) (from, to string) {
	for _, phase := range union(was, is) {
		switch {
		case was[phase] == is[phase]:
		case is[phase] == 0 && from == "":
			from = phase
		case was[phase] == 0 && to == "":
			to = phase
		default:
			return "", ""
		}
	}
	if from == "" || to == "" || was[from] != is[to] {
		return "", ""
	}
	return from, to
}

// order tells calls that stand elsewhere within their phase.
func (c *comparison) order(old, new []Call) {
	was, phases := tallies(old)
	is, _ := tallies(new)
	for _, phase := range phases {
		names := func(list []Call) []string {
			var names []string
			for _, call := range list {
				if call.Phase == phase && was[call.Name][phase] == is[call.Name][phase] && (len(names) == 0 || names[len(names)-1] != call.Name) {
					names = append(names, call.Name)
				}
			}
			return names
		}
		told := map[string]bool{}
		for _, change := range sequence(Syscall, phase, names(old), names(new)) {
			if change.Op == Moved && !told[change.Name] {
				told[change.Name] = true
				c.add(change)
			}
		}
	}
}

// union are the keys of two maps, sorted.
func union[M ~map[string]V, V any](a, b M) []string {
	keys := map[string]bool{}
	for key := range a {
		keys[key] = true
	}
	for key := range b {
		keys[key] = true
	}
	return slices.Sorted(maps.Keys(keys))
}
