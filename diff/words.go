// SPDX-License-Identifier: GPL-2.0-or-later

package diff

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Sign is a change in one character: + added, - removed, > moved, ~ changed.
func (o Op) Sign() string {
	return map[Op]string{Added: "+", Removed: "-", Moved: ">", Changed: "~"}[o]
}

// Title is what the changes of a kind are called, in the plural.
func (k Kind) Title() string { return titles[k] }

var titles = map[Kind]string{
	Until: "point to reach", Outcome: "outcome", Reason: "reason", Runtime: "what the runtime concluded", Phase: "phases",
	Schedinit: "calls inside schedinit", File: "files", Syscall: "system calls", Init: "package initialisers", Instructions: "instructions",
	Syscalls: "number of system calls", Pages: "pages touched", Event: "events", Output: "output",
}

// Subject is what changed, without its kind: "gomaxprocs", "/proc/self/cgroup", "schedinit", "mmap in schedinit".
func (c Change) Subject() string {
	switch c.Kind {
	case Until, Outcome, Reason:
		return string(c.Kind)
	case Event:
		return c.Old + c.New
	case Init:
		if c.Op == Changed {
			return "initialisers of " + c.Name
		}
	case Syscall:
		if c.Where != "" {
			return c.Name + " in " + c.Where
		}
	case Instructions, Syscalls, Pages:
		switch {
		case c.Name != "":
			return c.Name + " (" + c.Where + ")"
		case c.Where == "":
			return "the whole boot"
		}
		return c.Where
	}
	return c.Name
}

// Text is how it changed: "4 → 8", "new: found, in schedinit", "412,034 → 500,120 (+21%)".
func (c Change) Text() string {
	switch {
	case c.Kind == Event:
		return map[Op]string{Added: "new", Removed: "gone"}[c.Op]
	case c.Op == Moved:
		return c.Old + " → " + c.New
	case c.Kind == File && c.Op != Changed:
		text := map[Op]string{Added: "asked for now", Removed: "no longer asked for"}[c.Op]
		if c.Where != "" {
			text += ", in " + c.Where
		}
		if c.Op == Added && c.New != found {
			text += ": " + c.New
		}
		return text
	case c.Kind == Output:
		return firstDifference(c.Old, c.New)
	case c.Kind == Syscall && c.Op == Added:
		return words("new", times(c.Amount.New), first(c.New))
	case c.Kind == Syscall && c.Op == Removed:
		return words("gone", "was "+times(c.Amount.Old), first(c.Old))
	case c.Kind == Syscall || c.Kind == Init && c.Op == Changed:
		return grouped(c.Amount.Old) + " → " + grouped(c.Amount.New)
	case c.Amount != Amount{}:
		return fmt.Sprintf("%s → %s (%s)", grouped(c.Amount.Old), grouped(c.Amount.New), c.Amount.Percent())
	case c.Kind == Schedinit && c.Op == Added:
		return "new, or inlined no longer"
	case c.Kind == Schedinit && c.Op == Removed:
		return "gone, or inlined"
	case c.Op == Added && c.New != "":
		return "new: " + c.New
	case c.Op == Removed && c.Old != "":
		return "gone, was " + c.Old
	case c.Op == Added:
		return "new"
	case c.Op == Removed:
		return "gone"
	}
	return c.Old + " → " + c.New
}

// words joins those that are not empty.
func words(list ...string) string {
	return strings.Join(slices.DeleteFunc(list, func(w string) bool { return w == "" }), ", ")
}

func times(n uint64) string { return grouped(n) + "×" }

// first says in which phase a call comes for the first time.
func first(phase string) string {
	if phase == "" {
		return ""
	}
	return "first in " + phase
}

// Text is the change's, for all the boots in which it happened.
func (f Folded) Text() string {
	switch {
	case f.Least == f.Most || f.Change.Op != Changed:
		return f.Change.Text()
	case f.Change.Kind == Syscall || f.Change.Kind == Init:
		// How many there are is no matter of shares.
		least, most := f.Least.difference(), f.Most.difference()
		if least == most {
			return least
		}
		return least + " to " + most
	}
	return f.Percent()
}

// difference is by how many an amount changed: "+3".
func (a Amount) difference() string { return fmt.Sprintf("%+d", int64(a.New-a.Old)) }

// String is one line: "+ file /proc/self/cgroup: asked for now, in schedinit".
func (c Change) String() string {
	subject := c.Subject()
	if subject == string(c.Kind) {
		return fmt.Sprintf("%s %s: %s", c.Op.Sign(), subject, c.Text())
	}
	return fmt.Sprintf("%s %s %s: %s", c.Op.Sign(), c.Kind, subject, c.Text())
}

// firstDifference shows the first line in which two texts differ.
func firstDifference(old, new string) string {
	a, b := strings.Split(old, "\n"), strings.Split(new, "\n")
	line := func(list []string, i int) string {
		if i >= len(list) || i == len(list)-1 && list[i] == "" {
			return "nothing"
		}
		return strconv.Quote(list[i])
	}
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return fmt.Sprintf("line %d: %s → %s", i+1, line(a, i), line(b, i))
}

// grouped is a number with its digits in groups of three.
func grouped(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
