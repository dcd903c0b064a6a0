// SPDX-License-Identifier: GPL-2.0-or-later

package fidelity

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	// hexadecimal is a number that may be an address.
	hexadecimal = regexp.MustCompile(`0x[0-9a-f]+`)
	// source is where a function of a traceback is: file and line, and how far into the function, unless it is at its entry.
	source = regexp.MustCompile(`^\t(?:.*/)?([^/]+:\d+)(?: (\+0x[0-9a-f]+))?`)
)

// goroutine begins the traceback of one.
const goroutine = "goroutine "

// ParseDeath reads what a Go program printed when it died: what the runtime says of the signal, and where the goroutine was that caused it,
// line by line. Registers and the other goroutines are left out, and so are arguments, which may be stale (runtime/traceback.go).
// Addresses outside of the image, [start, end), are told by their place in a page.
func ParseDeath(text string, start, end uint64) []Call {
	place := func(s string) string {
		return hexadecimal.ReplaceAllStringFunc(s, func(s string) string {
			const page = 4096
			v, err := strconv.ParseUint(s, 0, 64)
			if err != nil || v < page || v >= start && v < end {
				return s
			}
			return fmt.Sprintf("page+%#x", v%page)
		})
	}
	var calls []Call
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch at := source.FindStringSubmatch(line); {
		case inside && line == "":
			return calls
		case strings.HasPrefix(line, goroutine):
			inside = true
		case inside && at != nil && len(calls) > 0:
			last := &calls[len(calls)-1]
			last.Args = append(last.Args, at[1], at[2])
		case inside:
			calls = append(calls, Call{Name: "frame", Args: []string{function(line)}})
		case line != "":
			// "[signal SIGSEGV: ... code=0x1 ...]", "PC=0x4ab480 m=0 ...", "panic: ...": the first word is the call.
			if words := strings.FieldsFunc(place(line), func(r rune) bool { return strings.ContainsRune(" =:[]", r) }); len(words) > 0 {
				calls = append(calls, Call{Name: words[0], Args: words[1:]})
			}
		}
	}
	return calls
}

// function is a line of a traceback without the arguments: those are in the last parentheses.
func function(line string) string {
	if i := strings.LastIndexByte(line, '('); i > 0 {
		return line[:i]
	}
	return line
}
