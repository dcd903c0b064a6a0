// SPDX-License-Identifier: GPL-2.0-or-later

package fidelity

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml"
)

// Entry is a known difference, and why it is one.
type Entry struct {
	Views    []View   `yaml:"views"`
	Fixtures []string `yaml:"fixtures"` // none: all
	Arches   []string `yaml:"arches"`   // none: all
	Since    int      `yaml:"since"`    // N of Go 1.N; 0: the first
	Until    int      `yaml:"until"`    // inclusive; 0: the newest

	Call  string `yaml:"call"`  // the system call's name, or the auxiliary vector's entry; "any"
	Field string `yaml:"field"` // "call", "result", "arg 2"; "any"
	Real  string `yaml:"real"`  // regular expressions that both sides match as a whole; none: anything
	RT0   string `yaml:"rt0"`

	// Host says what of the host decides whether it differs; none: it differs everywhere.
	Host string `yaml:"host"`
	// Reason says why it cannot be the same.
	Reason string `yaml:"reason"`

	real, rt0 *regexp.Regexp
}

// anything is an entry's Call or Field that stands for all.
const anything = "any"

// Scope is a comparison: of what, in which view.
type Scope struct {
	View    View
	Fixture string
	GOARCH  string
	Minor   int // N of Go 1.N
}

func (s Scope) String() string {
	return fmt.Sprintf("%s on %s built with go1.%d, %s", s.Fixture, s.GOARCH, s.Minor, s.View)
}

// covers says whether a comparison is in the entry's scope.
func (e *Entry) covers(s Scope) bool {
	in := func(list []string, name string) bool { return len(list) == 0 || slices.Contains(list, name) }
	return slices.Contains(e.Views, s.View) && in(e.Fixtures, s.Fixture) && in(e.Arches, s.GOARCH) && s.Minor >= e.Since && (e.Until == 0 || s.Minor <= e.Until)
}

// explains says whether a difference is the entry's.
func (e *Entry) explains(d Difference) bool {
	is := func(wanted, name string) bool { return wanted == name || wanted == anything }
	return is(e.Call, d.Call) && is(e.Field, d.Field) && (e.real == nil || e.real.MatchString(d.Real)) && (e.rt0 == nil || e.rt0.MatchString(d.RT0))
}

// String names the entry.
func (e *Entry) String() string {
	return fmt.Sprintf("%v %s, %s", e.Views, e.Call, e.Field)
}

// Ledger is the list of known differences.
type Ledger struct {
	Entries []*Entry `yaml:"entries"`
}

// ReadLedger reads the file at path. Keys that it should not have are refused, and entries without a reason.
func ReadLedger(path string) (*Ledger, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var l Ledger
	if err := yaml.UnmarshalWithOptions(text, &l, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("read the ledger %s: %w", path, err)
	}
	for i, e := range l.Entries {
		if err := e.prepare(); err != nil {
			return nil, fmt.Errorf("read the ledger %s: entry %d: %w", path, i+1, err)
		}
	}
	return &l, nil
}

func (e *Entry) prepare() error {
	if e.Reason == "" || e.Call == "" || e.Field == "" || len(e.Views) == 0 {
		return errors.New("views, call, field and reason must be there")
	}
	for _, v := range e.Views {
		if !slices.Contains(Views, v) {
			return fmt.Errorf("there is no view %q", v)
		}
	}
	var err1, err2 error
	e.real, err1 = whole(e.Real)
	e.rt0, err2 = whole(e.RT0)
	return errors.Join(err1, err2)
}

// whole is the expression for the whole of a text; nil for none.
func whole(text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	return regexp.Compile(`^(?:` + text + `)$`)
}

// Judgement is what the ledger says of one comparison.
type Judgement struct {
	Unexplained []Difference
	Stale       []*Entry // in scope, and nothing differs any more
}

// Judge holds the differences of one comparison against the ledger.
func (l *Ledger) Judge(s Scope, differences []Difference) Judgement {
	var j Judgement
	used := map[*Entry]bool{}
	for _, d := range differences {
		known := false
		for _, e := range l.Entries {
			if e.covers(s) && e.explains(d) {
				known, used[e] = true, true
			}
		}
		if !known {
			j.Unexplained = append(j.Unexplained, d)
		}
	}
	for _, e := range l.Entries {
		if e.covers(s) && !used[e] && e.Host == "" {
			j.Stale = append(j.Stale, e)
		}
	}
	return j
}

// Idle are the entries in whose scope none of the comparisons was.
func (l *Ledger) Idle(done []Scope) []*Entry {
	return slices.DeleteFunc(slices.Clone(l.Entries), func(e *Entry) bool { return slices.ContainsFunc(done, e.covers) })
}
