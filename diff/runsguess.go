// SPDX-License-Identifier: GPL-2.0-or-later

package diff

import (
	"crypto/sha256"
	"fmt"
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
