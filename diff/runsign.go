// SPDX-License-Identifier: GPL-2.0-or-later

package diff

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/harness"
)

// signature is what a variant, or the variants of a run, do: patterns in the order of keys.
type signature struct {
	keys     []string // shared by all of a folder
	patterns []*pattern
	amounts  [amounts][2]uint64 // the smallest and the largest, in the order of amountsOf
}

// clone is a copy that takes more variants without the original's doing so.
func (s *signature) clone() *signature {
	c := *s
	c.patterns = slices.Clone(s.patterns)
	return &c
}

// share takes the patterns of another signature where they are equal, for less memory: runs differ in few of them.
func (s *signature) share(t *signature) {
	for i, p := range s.patterns {
		if q := t.patterns[i]; p.frame == q.frame && slices.EqualFunc(p.slots, q.slots, slot.equal) {
			s.patterns[i] = q
		}
	}
}

// alike says whether both are the same behaviour.
func (s *signature) alike(t *signature) bool {
	return slices.EqualFunc(s.patterns, t.patterns, (*pattern).alike)
}

// take makes s the signature of t's variants as well, which are alike.
func (s *signature) take(t *signature) {
	for i, p := range s.patterns {
		s.patterns[i] = p.meet(t.patterns[i])
	}
	for i, a := range t.amounts {
		s.amounts[i] = [2]uint64{min(s.amounts[i][0], a[0]), max(s.amounts[i][1], a[1])}
	}
}

// ends are the fields of a signature that say how a boot ended; where decides says that two ended in another place, the rest of what differs is for that
// reason, and is not told.
var ends = []struct {
	key     string
	decides bool
}{{"outcome", true}, {"reason", false}, {"phase", true}, {"died", true}, {"exitCode", false}, {"signal", false}}

// changes are the fields that two runs have otherwise.
func (s *signature) changes(t *signature, axes []string) []FieldChange {
	var list []FieldChange
	elsewhere := false
	for i, p := range s.patterns {
		if i == len(ends) && elsewhere {
			break
		}
		if q := t.patterns[i]; !p.alike(q) {
			list = append(list, FieldChange{s.keys[i], p.field(s.keys[i], axes).String(), q.field(s.keys[i], axes).String()})
			elsewhere = elsewhere || i < len(ends) && ends[i].decides
		}
	}
	return list
}

// amounts is how many there are.
const amounts = 5

// amountsOf are the numbers that may differ in a run. How many threads the runtime has depends on which of them was faster.
var amountsOf = [amounts]struct {
	key string
	of  func(*harness.Report) uint64
}{
	{"threads", func(r *harness.Report) uint64 { return uint64(max(r.Runtime.Threads, 0)) }},
	{"counts.instructions", func(r *harness.Report) uint64 { return r.Counts.Instructions }},
	{"counts.syscalls", func(r *harness.Report) uint64 { return uint64(r.Counts.Syscalls) }},
	{"counts.threads", func(r *harness.Report) uint64 { return uint64(r.Counts.Threads) }},
	{"counts.pagesTouched", func(r *harness.Report) uint64 { return r.Counts.PagesTouched }},
}

// isAmount says of a field of [harness.Runtime] that it is one of them.
func isAmount(key string) bool { return key == amountsOf[0].key }

// runtimeKeys are the fields of [harness.Runtime].
var runtimeKeys = func() (keys []string) {
	t := reflect.TypeFor[harness.Runtime]()
	for i := range t.NumField() {
		keys = append(keys, t.Field(i).Tag.Get("json"))
	}
	return keys
}()

// signatureKeys are the fields of a signature.
func signatureKeys() []string {
	var keys []string
	for _, e := range ends {
		keys = append(keys, e.key)
	}
	for _, key := range runtimeKeys {
		if !isAmount(key) {
			keys = append(keys, key)
		}
	}
	return append(keys, "stdout", "stderr", "events")
}

// sign is the signature of one boot.
func (p *point) sign(r *harness.Report, keys []string) *signature {
	s := &signature{keys: keys, patterns: make([]*pattern, 0, len(keys))}
	add := func(q *pattern) { s.patterns = append(s.patterns, q) }
	add(p.whole("outcome", string(r.Outcome)))
	add(p.text("reason", r.Reason))
	add(p.whole("phase", r.Phase))
	add(p.whole("died", r.Died))
	exitCode, signal := "", ""
	if r.ExitCode != nil {
		exitCode = strconv.Itoa(*r.ExitCode)
	}
	if r.Signal != nil {
		signal = *r.Signal
	}
	add(p.text("exitCode", exitCode))
	add(p.whole("signal", signal))
	v := reflect.ValueOf(r.Runtime)
	for i, key := range runtimeKeys {
		switch value := v.Field(i).Interface().(type) {
		case int:
			if !isAmount(key) {
				add(p.number(key, value))
			}
		case []string:
			add(p.text(key, strings.Join(value, " ")))
		}
	}
	add(p.text("stdout", r.Stdout))
	if good[r.Outcome] {
		add(p.text("stderr", r.Stderr))
	} else {
		add(&pattern{}) // a traceback: the reason has what is in it
	}
	add(p.text("events", strings.Join(events(r.Events), "\n")))
	for i, a := range amountsOf {
		n := a.of(r)
		s.amounts[i] = [2]uint64{n, n}
	}
	return s
}
