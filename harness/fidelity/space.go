// SPDX-License-Identifier: GPL-2.0-or-later

package fidelity

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Space is what of a run must be known to normalise its addresses.
type Space struct {
	// SP is the first stack pointer: addresses near it are told by their distance from it.
	SP uint64
	// Image is where a position-independent image lies: addresses in it are told by their distance from its start.
	Image, ImageEnd uint64
	// Fixed says that a mapping that the program asked for at an address is compared by that address, and not by its ordinal: it
	// depends on nothing that is random.
	Fixed bool
}

// The first stack, about SP: RLIMIT_STACK below, arguments and environment above.
const (
	stackBelow = 8 << 20
	stackAbove = 1 << 20
)

// region is a range of addresses with a name.
type region struct {
	start, end uint64
	name       string
}

// normaliser makes the calls of one run comparable to those of another.
type normaliser struct {
	space   Space
	view    View
	regions []region
	maps    int
}

// Normalise makes the calls of one run in the registers' or the contents' view comparable to those of another. Names and order stay.
func Normalise(view View, calls []Call, s Space) []Call {
	n := &normaliser{space: s, view: view}
	if s.SP != 0 {
		n.regions = []region{{s.SP - stackBelow, s.SP + stackAbove, "stack"}}
	}
	if s.Image != 0 {
		n.regions = append(n.regions, region{s.Image, s.ImageEnd, "image"})
	}
	list := make([]Call, len(calls))
	for i, c := range calls {
		n.learn(c)
		list[i] = n.call(c)
	}
	return list
}

// mapFixed is MAP_FIXED.
const mapFixed = 0x10

// learn notes a new mapping. Where the program said, in no uncertain terms, where it is to be, it is a part of an older one.
func (n *normaliser) learn(c Call) {
	result, ok := number(c.Result)
	if !ok {
		return
	}
	switch c.Name {
	case "brk":
		if !n.known("brk") {
			n.regions = append(n.regions, region{result, result + 1, "brk"})
		}
	case "mmap", "mmap2":
		if len(c.Args) < 4 {
			return
		}
		hint, _ := number(c.Args[0])
		size, _ := number(c.Args[1])
		flags, _ := number(c.Args[3])
		if flags&mapFixed != 0 || hint != 0 && hint == result && n.space.Fixed {
			return
		}
		n.maps++
		n.regions = append(n.regions, region{result, result + size, fmt.Sprintf("map%d", n.maps)})
	}
}

func (n *normaliser) known(name string) bool {
	for _, r := range n.regions {
		if r.name == name {
			return true
		}
	}
	return false
}

// call rewrites one call.
func (n *normaliser) call(c Call) Call {
	out := Call{Name: c.Name, Result: c.Result}
	for i, arg := range c.Args {
		out.Args = append(out.Args, n.arg(c.Name, i, arg))
	}
	switch {
	case last(c.Name):
		out.Result = ""
		if n.view == Contents {
			out.Args = nil // written with names, and no more than the registers' view has
		}
	case strings.HasPrefix(c.Result, "-1 "):
	case signatures[c.Name].result == 'p':
		out.Result = n.address(c.Result)
	case signatures[c.Name].result == 'i':
		out.Result = "pid"
	default:
		out.Result = plain(c.Result)
	}
	return out
}

var (
	// pointerField is a member that holds an address.
	pointerField = regexp.MustCompile(`\b(ss_sp|sa_handler|sa_restorer|base_addr)=(0x[0-9a-f]+)`)
	// entryField is a member that strace shows as it was at the call's entry, and rt0 as it is at its return; its value is a part of
	// the result's text.
	entryField = regexp.MustCompile(`\bentry_number=-?\d+, `)
)

// timeValue stands for a time: two runs cannot share it.
const timeValue = "{time}"

// arg rewrites an argument.
func (n *normaliser) arg(name string, i int, arg string) string {
	kind := letter(name, i)
	switch {
	case strings.HasPrefix(arg, "{"):
		if kind == 'T' {
			return timeValue
		}
		arg = entryField.ReplaceAllString(arg, "")
		return pointerField.ReplaceAllStringFunc(arg, func(s string) string {
			field, value, _ := strings.Cut(s, "=")
			return field + "=" + n.address(value)
		})
	case kind == 'n':
		return plain(arg)
	case kind == 'i':
		return "pid"
	}
	return n.address(arg)
}

// address names the region of an address. One that lies nowhere is of the image, which has its fixed place.
func (n *normaliser) address(text string) string {
	v, ok := number(text)
	if !ok {
		return text
	}
	for i := len(n.regions) - 1; i >= 0; i-- {
		r := n.regions[i]
		switch {
		case v < r.start || v >= r.end:
		case r.name == "stack" && v < n.space.SP:
			return fmt.Sprintf("sp-%#x", n.space.SP-v)
		case r.name == "stack":
			return fmt.Sprintf("sp+%#x", v-n.space.SP)
		default:
			return fmt.Sprintf("%s+%#x", r.name, v-r.start)
		}
	}
	return fmt.Sprintf("%#x", v)
}

// plain writes a number in one of its many forms in the one that is compared. An int is as wide as the kernel takes it: -1 is
// 0xffffffff. Anything else stays.
func plain(text string) string {
	v, ok := number(text)
	if !ok {
		return text
	}
	if strings.HasPrefix(text, "-") {
		v = uint64(uint32(v))
	}
	return fmt.Sprintf("%#x", v)
}

// number reads a number as strace writes it.
func number(text string) (uint64, bool) {
	if text == "NULL" {
		return 0, true
	}
	if v, err := strconv.ParseUint(text, 0, 64); err == nil {
		return v, true
	}
	v, err := strconv.ParseInt(text, 0, 64)
	return uint64(v), err == nil
}
