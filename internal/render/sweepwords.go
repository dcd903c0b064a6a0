// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// spanText is a run's part of an axis.
func spanText(s diff.Span) string {
	if s.All && len(s.Values) > 1 {
		if text := s.String(); len(text) <= len("all 1,000")+4 {
			return oneLine(text)
		}
		return fmt.Sprintf("all %s", Number(uint64(len(s.Values)))) //nolint:gosec // a count
	}
	text := oneLine(s.String())
	if n := len(s.Values) - 1; n > 0 && len(text) > widest/2 {
		text = oneLine(s.Values[0] + " … " + s.Values[n])
	}
	return clipped(text, widest)
}

// clipped is a text of at most so many characters.
func clipped(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return strings.TrimRight(string(runes[:most-1]), " ") + "…"
	}
	return text
}

// endKeys are the fields that say together how the boots of a run ended.
var endKeys = []string{"outcome", "phase", "died", "exitCode", "signal"}

// sweepEnd is how the boots of a run ended: "reached", "threw in schedinit", "killed by SIGSEGV in init".
func sweepEnd(r diff.Run) string {
	return endText(func(key string) string {
		f, _ := r.Field(key)
		return f.Text
	})
}

func endText(field func(key string) string) string {
	end := field("outcome")
	if end == string(harness.Reached) {
		return end
	}
	if code := field("exitCode"); end == string(harness.Exited) && code != "" {
		end += " with " + code
	}
	if signal := field("signal"); signal != "" {
		end += " by " + signal
	}
	if phase := cmp.Or(field("died"), field("phase")); phase != "" {
		end += " in " + phase
	}
	return oneLine(end)
}

// titleOf is the title that tables have for a key.
func titleOf(columns []Column, key string) string {
	i := slices.IndexFunc(columns, func(c Column) bool { return c.Name == key || c.Name == "runtime."+key })
	if i < 0 {
		return key
	}
	return columns[i].Title
}

// followed are the axes that a field is equal to in some run.
func (v SweepView) followed(key string) []string {
	var list []string
	for _, r := range v.Runs {
		if f, _ := r.Field(key); f.Axis != "" && !slices.Contains(list, f.Axis) {
			list = append(list, f.Axis)
		}
	}
	return list
}

// valueOf is a field of a run. Of a single variant nobody can say whether a value is what it is because of an axis: it is said where other runs say so,
// which follow these axes.
func valueOf(r diff.Run, key string, axes []string) string {
	f, _ := r.Field(key)
	if f.Axis != "" {
		return f.String()
	}
	for _, s := range r.Spans {
		if s.From == s.To && slices.Contains(axes, s.Key) && (s.Values[0] == f.Text || sameSize(s.Values[0], f.Text)) {
			return diff.Field{Key: key, Axis: s.Key}.String()
		}
	}
	return f.String()
}

// sameSize says whether two texts are one size: 64KiB and 65536.
func sameSize(a, b string) bool {
	x, err1 := machine.ParseSize(a)
	y, err2 := machine.ParseSize(b)
	return err1 == nil && err2 == nil && x == y
}

// fieldText is a field's value for people. Where it follows axes, these stand in braces.
func (v SweepView) fieldText(key, text string) string {
	for _, a := range v.Axes.List {
		text = strings.ReplaceAll(text, "{"+a.Key+"}", a.Key)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case text == "" || text == "unknown":
		return unknown
	case err != nil || n < 0:
		return clipped(oneLine(text), widest)
	case sizeKeys[key]:
		return machine.Size(n).String()
	}
	return Number(uint64(n))
}

// changes are what changes where a run begins, against the run before it or the row above.
func (v SweepView) changes(r diff.Run) []string {
	list := r.Changes
	if list == nil {
		list = r.Above
	}
	before := map[string]string{}
	for _, c := range list {
		before[c.Key] = strings.TrimSuffix(c.Before, noText)
	}
	var lines []string
	end := sweepEnd(r)
	was := endText(func(key string) string {
		if text, ok := before[key]; ok {
			return text
		}
		f, _ := r.Field(key)
		return f.Text
	})
	if was != end {
		lines = append(lines, "outcome "+was+" → "+end)
	}
	for _, c := range list {
		switch {
		case was != end && (slices.Contains(endKeys, c.Key) || c.Key == "reason" && c.After == noText): // said already
		case c.Key == "reason":
			lines = append(lines, "reason "+v.fieldText(c.Key, c.After))
		case slices.ContainsFunc(v.Axes.List, func(a harness.Axis) bool { return a.Key == c.Key }):
			lines = append(lines, fmt.Sprintf("%s %s, above %s", c.Key, oneLine(c.After), oneLine(c.Before)))
		default:
			lines = append(lines, c.Key+" "+v.fieldText(c.Key, c.Before)+" → "+v.fieldText(c.Key, c.After))
		}
	}
	if more := len(lines) - sweepChange; more > 1 {
		lines = append(lines[:sweepChange:sweepChange], fmt.Sprintf("%d more", more))
	}
	return lines
}

// noText is how a change tells of a field that is empty.
var noText = diff.Field{}.String()
