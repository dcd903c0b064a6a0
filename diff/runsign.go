// SPDX-License-Identifier: GPL-2.0-or-later

package diff

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// How the behaviour of boots is compared where each is of another machine. A field of a report is taken apart into words. Of each word there are guesses:
// that it is constant, and that it is the value of an axis, for each axis of which it is. Variants behave alike as long as a guess is left for each
// word of each field: GOMAXPROCS is 1 with one CPU, which may mean both, and 2 with two, which leaves "= cpus".

// point is where a variant stands: the axes' values, as texts and, when they are numbers, as these.
type point struct {
	texts   []string
	numbers []number
	// Of each field what the last variant had, since the next has the same for the most part.
	parsed map[string]parsed
	last   map[string]*pattern
	slots  []slot // of the field that is being looked at
}

type number struct {
	value int64
	ok    bool
}

// numberOf is the number that a value of a key means: a size in bytes, a count of CPUs.
func numberOf(key, text string) number {
	if key == "cpus" {
		set, err := machine.ParseCPUSet(text)
		return number{int64(set.Count()), err == nil}
	}
	if n, err := strconv.ParseInt(text, 0, 64); err == nil {
		return number{n, true}
	}
	size, err := machine.ParseSize(text)
	return number{int64(size), err == nil}
}

// slot is a word of a field, and the guesses that are left.
type slot struct {
	text     string // in the first variant
	constant bool
	axes     uint64 // a bit for each axis that it is equal to; of more than 64 axes the rest is not looked at
	// distances are how far a number is above each axis; distant has a bit for each axis that it may follow so.
	distances []int64
	distant   uint64
}

func (s slot) equal(t slot) bool {
	return s.text == t.text && s.constant == t.constant && s.axes == t.axes && s.distant == t.distant && slices.Equal(s.distances, t.distances)
}

// pattern is a field of the variants of a run. It is not changed once it is made, so that runs can share it.
type pattern struct {
	frame string // what is between the words, a 0 byte standing for each of these
	slots []slot
}

// signature is what a variant, or the variants of a run, do: patterns in the order of keys.
type signature struct {
	keys     []string // shared by all of a folder
	patterns []*pattern
	amounts  [amounts][2]uint64 // the smallest and the largest, in the order of amountsOf
}

// guess is the slot of a word.
func (p *point) guess(text string, value number) slot {
	s := slot{text: text, constant: true}
	for k, axis := range p.texts {
		if text != "" && text == axis || value.ok && value == p.numbers[k] {
			s.axes |= 1 << k
		}
	}
	return s
}

// pattern is that of a field whose words are in p.slots.
func (p *point) pattern(key, frame string) *pattern {
	last := p.last[key]
	if last == nil || last.frame != frame || !slices.EqualFunc(last.slots, p.slots, slot.equal) {
		last = &pattern{frame, slices.Clone(p.slots)}
		p.last[key] = last
	}
	p.slots = p.slots[:0]
	return last
}

// word is the frame of a field that is one word.
const word = "\x00"

// whole is the pattern of a field that is one word.
func (p *point) whole(key, text string) *pattern {
	p.slots = append(p.slots, p.guess(text, number{}))
	return p.pattern(key, word)
}

// number is the pattern of a number of the runtime.
func (p *point) number(key string, n int) *pattern {
	switch {
	case n == harness.Unknown:
		return p.whole(key, "unknown")
	case addresses[key] && n == 0:
		return p.whole(key, "none")
	case addresses[key]:
		return p.whole(key, "found")
	}
	s := p.guess(strconv.Itoa(n), number{int64(n), true})
	if distant[key] {
		s.distances = make([]int64, len(p.numbers))
		for k, axis := range p.numbers {
			if axis.ok {
				s.distances[k] = int64(n) - axis.value
				s.distant |= 1 << k
			}
		}
	}
	p.slots = append(p.slots, s)
	return p.pattern(key, word)
}

// distant are numbers of the runtime that may follow an axis at a distance: a garbage collection at start-up makes a goroutine for each P.
var distant = map[string]bool{"goroutines": true}

// text is the pattern of a text, without addresses. Of a long one only its SHA-256 is kept. What a field had in the variant before, it has for the most
// part again: it is not taken apart anew.
func (p *point) text(key, text string) *pattern {
	was, ok := p.parsed[key]
	if !ok || was.text != text {
		was = parse(text)
		p.parsed[key] = was
	}
	for i, w := range was.words {
		p.slots = append(p.slots, p.guess(w, was.numbers[i]))
	}
	return p.pattern(key, was.frame)
}

// parsed is a text taken apart into its words and what is between them.
type parsed struct {
	text, frame string
	words       []string
	numbers     []number
}

func parse(text string) parsed {
	p := parsed{text: text}
	if len(text) > maxOutput {
		sum := sha256.Sum256([]byte(text))
		p.frame, p.words, p.numbers = word, []string{fmt.Sprintf("%d bytes, SHA-256 %x…", len(text), sum[:6])}, []number{{}}
		return p
	}
	text = masked(strings.ReplaceAll(text, "\x00", "�"))
	var frame strings.Builder
	for text != "" {
		n := strings.IndexFunc(text, inWord)
		if n < 0 {
			n = len(text)
		}
		frame.WriteString(text[:n])
		text = text[n:]
		if n = strings.IndexFunc(text, func(r rune) bool { return !inWord(r) }); n < 0 {
			n = len(text)
		}
		if w := strings.TrimRight(text[:n], ".-"); w != "" {
			i, err := strconv.ParseInt(w, 10, 64)
			p.words, p.numbers = append(p.words, w), append(p.numbers, number{i, err == nil})
			frame.WriteByte(0)
			n = len(w)
		} else {
			frame.WriteString(text[:n])
		}
		text = text[n:]
	}
	p.frame = frame.String()
	return p
}

// inWord says whether words have it: those of releases (6.1.0-18-amd64) and sizes are whole.
func inWord(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_' || r == '+' || r > 0x7f
}

// meet is what is left of the guesses about two words; it is not ok when nothing is.
func (s slot) meet(t slot) (both slot, ok bool) {
	s.constant = s.constant && t.constant && s.text == t.text
	s.axes &= t.axes
	for k, d := range s.distances {
		if t.distant>>k&1 == 0 || t.distances[k] != d {
			s.distant &^= 1 << k
		}
	}
	return s, s.constant || s.axes != 0 || s.distant != 0
}

// alike says whether guesses are left for all words of both.
func (p *pattern) alike(q *pattern) bool {
	if p.frame != q.frame || len(p.slots) != len(q.slots) {
		return false
	}
	for i := range p.slots {
		if _, ok := p.slots[i].meet(q.slots[i]); !ok {
			return false
		}
	}
	return true
}

// meet is what is left of the guesses about two fields that are alike.
func (p *pattern) meet(q *pattern) *pattern {
	both := p
	for i, s := range p.slots {
		if s, _ = s.meet(q.slots[i]); s.equal(p.slots[i]) {
			continue
		}
		if both == p {
			both = &pattern{p.frame, slices.Clone(p.slots)}
		}
		both.slots[i] = s
	}
	return both
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

// field is a pattern as it is shown.
func (p *pattern) field(key string, axes []string) Field {
	f := Field{Key: key}
	var text strings.Builder
	next := 0
	for i := range len(p.frame) {
		if p.frame[i] != 0 {
			text.WriteByte(p.frame[i])
			continue
		}
		s := p.slots[next]
		next++
		axis := s.axis(axes)
		if axis == "" {
			text.WriteString(s.above(axes))
			continue
		}
		text.WriteString("{" + axis + "}")
		if p.frame == word {
			f.Axis = axis
		}
	}
	f.Text = text.String()
	return f
}

// axis is the key of the axis that a word follows; "" when it is constant.
func (s slot) axis(axes []string) string {
	if !s.constant {
		for k, key := range axes {
			if s.axes>>k&1 != 0 {
				return key
			}
		}
	}
	return ""
}

// above is a word that is equal to no axis: "{cpus} + 5" for a number that follows one at a distance.
func (s slot) above(axes []string) string {
	if s.constant || s.axes != 0 {
		return s.text
	}
	for k, key := range axes {
		switch d := s.distances; {
		case s.distant>>k&1 == 0:
		case d[k] < 0:
			return fmt.Sprintf("{%s} - %d", key, -d[k])
		default:
			return fmt.Sprintf("{%s} + %d", key, d[k])
		}
	}
	return s.text
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
