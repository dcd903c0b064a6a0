// SPDX-License-Identifier: GPL-2.0-or-later

package diff

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/rt0-dev/rt0/harness"
)

// floors are the least differences that count, when there is a threshold: what is smaller is no news, whatever share it is.
var floors = map[Kind]uint64{
	Instructions: 1_000, // a microsecond
	Syscalls:     10,
	Pages:        8,
}

// Those of amounts in which threads beside have a part.
const (
	initFloor      = 20_000 // instructions of a package's initialisers
	multitudeFloor = 100    // calls that serve or wait
	servingFloor   = 4      // calls that serve memory, while there is but one thread
)

// Floor is the least difference of a kind that counts when there is a threshold: in instructions, calls or pages of a phase or of the boot.
func Floor(k Kind) uint64 { return floors[k] }

// inlined is the number of instructions up to which a call inside schedinit may come and go with the compiler's inlining.
const inlined = 100

// comparison is two boots on the way to their difference.
type comparison struct {
	old, new *Facts
	options  Options
	changes  []Change
	shared   map[string]bool // the phases that both have gone through; nil: all are compared
}

// Compare says what changed between two boots.
func Compare(old, new *Facts, o Options) Diff {
	c := comparison{old: old, new: new, options: o, changes: []Change{}}
	c.add(value(Until, "", "", old.Until, new.Until)...)
	c.end()
	c.conclusions()
	c.phases()
	c.files()
	c.calls()
	c.inits()
	c.costs()
	c.rest()
	slices.SortStableFunc(c.changes, func(a, b Change) int { return cmp.Compare(slices.Index(Kinds, a.Kind), slices.Index(Kinds, b.Kind)) })
	return Diff{Old: old.Side, New: new.Side, Changes: c.changes}
}

func (c *comparison) add(list ...Change) { c.changes = append(c.changes, list...) }

// value compares two texts, of which an empty one is none.
func value(kind Kind, where, name, old, new string) []Change {
	c := Change{Kind: kind, Op: Changed, Where: where, Name: name, Old: old, New: new}
	switch {
	case old == new:
		return nil
	case old == "":
		c.Op = Added
	case new == "":
		c.Op = Removed
	}
	return []Change{c}
}

// end compares how the boots ended. When they did not come as far as each other, only what both have gone through is compared: that the
// rest is missing is no news of its own.
func (c *comparison) end() {
	c.add(value(Outcome, "", "", c.old.Outcome, c.new.Outcome)...)
	if c.old.Outcome == c.new.Outcome && masked(c.old.Reason) != masked(c.new.Reason) {
		c.add(value(Reason, "", "", c.old.Reason, c.new.Reason)...)
	}
	if c.old.Outcome == c.new.Outcome && c.old.Until == c.new.Until {
		return
	}
	if c.old.Died == "" && c.new.Died == "" && c.old.Until == c.new.Until {
		return // exited, with another status: both are whole
	}
	c.shared = map[string]bool{}
	for name := range through(c.old) {
		if through(c.new)[name] {
			c.shared[name] = true
		}
	}
}

// through are the phases that a boot has gone through: all but the one that it ended in.
func through(f *Facts) map[string]bool {
	set := map[string]bool{}
	for i, p := range f.Phases {
		if p.Name == f.Died || i == len(f.Phases)-1 {
			break
		}
		set[p.Name] = true
	}
	return set
}

// both says whether a phase is one to compare; "" is the whole boot.
func (c *comparison) both(phase string) bool { return c.shared == nil || c.shared[phase] }

// conclusions compares what the runtime concluded: a value that one side lacks is new, or gone.
func (c *comparison) conclusions() {
	t := reflect.TypeFor[harness.Runtime]()
	for i := range t.NumField() {
		key := t.Field(i).Tag.Get("json")
		if c.shared == nil || c.old.Values[key] != "" && c.new.Values[key] != "" {
			c.add(value(Runtime, "", key, c.old.Values[key], c.new.Values[key])...)
		}
		old, known1 := c.old.Lists[key]
		new, known2 := c.new.Lists[key]
		if known1 && known2 {
			c.add(set(Runtime, key, old, new)...)
		}
	}
}

// set compares lists of which the order is of no account, item by item.
func set(kind Kind, name string, old, new []string) []Change {
	var changes []Change
	for _, item := range old {
		if !slices.Contains(new, item) {
			changes = append(changes, Change{Kind: kind, Op: Removed, Name: name, Old: item})
		}
	}
	for _, item := range new {
		if !slices.Contains(old, item) {
			changes = append(changes, Change{Kind: kind, Op: Added, Name: name, New: item})
		}
	}
	return changes
}

// phases compares which phases there are, and which calls inside schedinit, and in which order.
func (c *comparison) phases() {
	names := func(list []Stretch, keep func(Stretch) bool) []string {
		var names []string
		for _, s := range list {
			if keep(s) {
				names = append(names, s.Name)
			}
		}
		return names
	}
	whole := func(s Stretch) bool { return c.both(s.Name) }
	c.add(sequence(Phase, "", names(c.old.Phases, whole), names(c.new.Phases, whole))...)
	if !c.both("schedinit") {
		return
	}
	// A small function may be there as a call of its own in one release, and inlined in another.
	small := map[string]bool{}
	if c.options.Threshold > 0 {
		for _, s := range slices.Concat(c.old.Schedinit, c.new.Schedinit) {
			if s.Instructions < inlined && s.Syscalls == 0 {
				small[s.Name] = true
			}
		}
	}
	large := func(s Stretch) bool { return !small[s.Name] }
	c.add(sequence(Schedinit, "schedinit", names(c.old.Schedinit, large), names(c.new.Schedinit, large))...)
}

// files compares which files were asked for, and whether they were there.
func (c *comparison) files() {
	if c.old.Files == nil || c.new.Files == nil {
		return // one of them does not know
	}
	old, new := map[string]Asked{}, map[string]Asked{}
	for _, a := range c.old.Files {
		old[a.Path] = a
	}
	for _, a := range c.new.Files {
		new[a.Path] = a
	}
	for _, was := range c.old.Files {
		if _, ok := new[was.Path]; !ok && c.both(was.Phase) {
			c.add(Change{Kind: File, Op: Removed, Where: was.Phase, Name: was.Path, Old: was.found()})
		}
	}
	for _, a := range c.new.Files {
		was, ok := old[a.Path]
		switch {
		case !c.both(a.Phase) || ok && !c.both(was.Phase):
		case !ok:
			c.add(Change{Kind: File, Op: Added, Where: a.Phase, Name: a.Path, New: a.found()})
		case was.Error != a.Error:
			c.add(value(File, a.Phase, a.Path, was.found(), a.found())...)
		case was.Phase != a.Phase && was.Phase != "" && a.Phase != "":
			c.add(Change{Kind: File, Op: Moved, Name: a.Path, Old: was.Phase, New: a.Phase})
		}
	}
}

// found is a file that is there.
const found = "found"

// found is what became of the request for a file.
func (a Asked) found() string { return cmp.Or(a.Error, found) }

// inits compares which packages have initialisers, how many, and in which order.
func (c *comparison) inits() {
	if !c.both("init") {
		return
	}
	times := func(list []Stretch) (names []string, times map[string]int) {
		times = map[string]int{}
		for _, s := range list {
			names = append(names, s.Name)
			times[s.Name] = max(s.Times, 1)
		}
		return names, times
	}
	old, oldTimes := times(c.old.Inits)
	new, newTimes := times(c.new.Inits)
	c.add(sequence(Init, "", old, new)...)
	for _, name := range new {
		if was := oldTimes[name]; was != 0 && was != newTimes[name] {
			c.add(Change{Kind: Init, Op: Changed, Name: name, Amount: Amount{uint64(was), uint64(newTimes[name])}})
		}
	}
}

// costs compares amounts, of what both sides have.
func (c *comparison) costs() {
	if c.shared == nil {
		c.cost("", c.old.Total, c.new.Total)
	}
	each(c.old.Phases, c.new.Phases, func(name string, old, new Stretch) {
		if c.both(name) {
			c.cost(name, old, new)
		}
	})
	if !c.both("init") {
		return
	}
	each(c.old.Inits, c.new.Inits, func(name string, old, new Stretch) {
		c.amount(Change{Kind: Instructions, Where: "init", Name: name, Amount: Amount{old.Instructions, new.Instructions}}, initFloor)
	})
}

// each calls f for what both lists have, in the order of the new one.
func each(old, new []Stretch, f func(name string, old, new Stretch)) {
	by := map[string]Stretch{}
	for _, s := range old {
		if _, twice := by[s.Name]; !twice {
			by[s.Name] = s
		}
	}
	for _, s := range new {
		if was, ok := by[s.Name]; ok {
			f(s.Name, was, s)
			delete(by, s.Name)
		}
	}
}

// cost compares the amounts of a phase, or of the boot. System calls are told one by one where both boots were traced.
func (c *comparison) cost(where string, old, new Stretch) {
	c.amount(Change{Kind: Instructions, Where: where, Amount: Amount{old.Instructions, new.Instructions}}, Floor(Instructions))
	if c.old.Order == nil || c.new.Order == nil {
		c.amount(Change{Kind: Syscalls, Where: where, Amount: Amount{uint64(old.Syscalls), uint64(new.Syscalls)}}, Floor(Syscalls))
	}
	if old.Pages != 0 && new.Pages != 0 { // else one of them does not know
		c.amount(Change{Kind: Pages, Where: where, Amount: Amount{old.Pages, new.Pages}}, Floor(Pages))
	}
}

// amount tells a difference that is large enough.
func (c *comparison) amount(change Change, floor uint64) {
	old, new := change.Amount.Old, change.Amount.New
	difference := max(old, new) - min(old, new)
	if difference == 0 {
		return
	}
	// The share is of the smaller amount, so that it is the same from either side.
	if t := c.options.Threshold; t > 0 && (difference < floor || float64(difference) <= t*float64(min(old, new))) {
		return
	}
	change.Op = Changed
	c.add(change)
}

// rest compares what is text.
func (c *comparison) rest() {
	for _, change := range set(Event, "", c.old.Events, c.new.Events) {
		// A boot that did not come as far has not met what came later.
		if c.shared == nil || change.Op == Added && c.new.Died != "" || change.Op == Removed && c.old.Died != "" {
			c.add(change)
		}
	}
	if c.shared == nil {
		c.add(value(Output, "", "stdout", c.old.Stdout, c.new.Stdout)...)
		if c.old.Died == "" && c.new.Died == "" {
			c.add(value(Output, "", "stderr", c.old.Stderr, c.new.Stderr)...)
		}
	}
}
