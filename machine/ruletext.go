// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxRuleText bounds a rule's text: a path, and as many calls as a seccomp filter of a container engine names.
const maxRuleText = 16 << 10

// blanks may stand around the parts of a rule.
const blanks = " \t\r\n"

// ParseRule reads a rule's text, which [Rule] explains. Errors are of type [*ValueError].
func ParseRule(text string) (Rule, error) {
	r, err := parseRule(text)
	if err != nil {
		return Rule{}, &ValueError{rulesKey, text, err.Error()}
	}
	return r, nil
}

func parseRule(text string) (Rule, error) {
	if len(text) > maxRuleText {
		return Rule{}, fmt.Errorf("a rule has at most %d bytes", maxRuleText)
	}
	parts := strings.Split(strings.Trim(text, blanks), ":")
	r := Rule{}
	calls, not := strings.CutPrefix(parts[0], "!")
	r.Not = not
	for call := range strings.SplitSeq(calls, ",") {
		if call = strings.Trim(call, blanks); call != "" {
			r.Calls = append(r.Calls, call)
		}
	}
	seen := map[string]bool{}
	for _, part := range parts[1:] {
		if err := r.parsePart(strings.Trim(part, blanks), seen); err != nil {
			return Rule{}, err
		}
	}
	r = r.canonical()
	return r, r.check()
}

// ruleParts are the parts of a rule's text after the calls, in the order of [Rule.String]; those of arguments aside.
var ruleParts = []struct {
	name  string // with =, when a value follows
	parse func(r *Rule, value string) error
	text  func(r *Rule) string // "": it is not there
}{
	{"path=",
		func(r *Rule, value string) (err error) { r.Path, err = unescapePath(value); return err },
		func(r *Rule) string { return escapePath(r.Path) }},
	{"thread=",
		func(r *Rule, value string) error { return count(&r.Thread, value) },
		func(r *Rule) string { return positive(r.Thread) }},
	{"when=",
		func(r *Rule, value string) (err error) { r.When, err = parseWhen(value); return err },
		func(r *Rule) string { return r.When.String() }},
	{"error=",
		func(r *Rule, value string) error { r.Error = value; return nil },
		func(r *Rule) string { return r.Error }},
	{"retval=",
		func(r *Rule, value string) error {
			n, err := parseNumber(value)
			signed := int64(n)
			r.Retval = &signed
			return err
		},
		func(r *Rule) string {
			if r.Retval == nil {
				return ""
			}
			return strconv.FormatInt(*r.Retval, 10)
		}},
	{"trap",
		func(r *Rule, _ string) error { r.Trap = true; return nil },
		func(r *Rule) string { return map[bool]string{true: "trap"}[r.Trap] }},
	{"kill=",
		func(r *Rule, value string) error { r.Kill = value; return nil },
		func(r *Rule) string { return r.Kill }},
	{"signal=",
		func(r *Rule, value string) error { r.Signal = value; return nil },
		func(r *Rule) string { return r.Signal }},
	{"delay=",
		func(r *Rule, value string) error {
			if d, err := time.ParseDuration(value); err != nil || d <= 0 {
				return errors.New("want a delay above 0 with its unit, such as delay=250ms")
			}
			return r.Delay.UnmarshalText([]byte(value))
		},
		func(r *Rule) string { return map[bool]string{true: r.Delay.String()}[r.Delay != 0] }},
}

// argPart begins the test of an argument: arg2=7.
const argPart = "arg"

// parsePart reads what stands between two colons.
func (r *Rule) parsePart(part string, seen map[string]bool) error {
	name, value, valued := strings.Cut(part, "=")
	if valued {
		name += "="
	}
	for _, known := range ruleParts {
		if known.name != strings.ToLower(name) {
			continue
		}
		switch {
		case seen[known.name]:
			return fmt.Errorf("%s is there twice", known.name)
		case valued && value == "":
			return fmt.Errorf("%s has no value", known.name)
		}
		seen[known.name] = true
		return known.parse(r, value)
	}
	if test := strings.TrimPrefix(strings.ToLower(part), argPart); test != strings.ToLower(part) && test != "" && isDigits(test[:1]) {
		a, err := parseArgTest(test)
		r.Args = append(r.Args, a)
		return err
	}
	candidates := []string{argPart + "0="}
	for _, known := range ruleParts {
		candidates = append(candidates, known.name)
	}
	return fmt.Errorf("a rule has no part %q; did you mean %q?", clip(part), nearest(name, candidates))
}

// parseArgTest reads what follows arg: N=V, N!=V, N&M=V, N&M!=V.
func parseArgTest(text string) (a ArgTest, err error) {
	left, right, ok := strings.Cut(text, "=")
	if !ok {
		return a, fmt.Errorf("%s%s: want argN=V, argN!=V or argN&M=V", argPart, clip(text))
	}
	left, a.Not = strings.CutSuffix(left, "!")
	index, mask, masked := strings.Cut(left, "&")
	if a.Index, err = strconv.Atoi(index); err != nil || !isDigits(index) {
		return a, fmt.Errorf("%s%s: system calls have the arguments arg0 to arg%d", argPart, clip(index), maxArgIndex)
	}
	if masked {
		if a.Mask, err = parseNumber(mask); err == nil && a.Mask == 0 {
			err = errors.New("a mask has some bits")
		}
	}
	if err == nil {
		a.Value, err = parseNumber(right)
	}
	return a, err
}

// parseNumber reads 64 bits: decimal or hexadecimal, a minus sign before it or not.
func parseNumber(text string) (uint64, error) {
	digits, minus := strings.CutPrefix(text, "-")
	base := 10
	if hex, ok := strings.CutPrefix(strings.ToLower(digits), "0x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 64)
	switch {
	case err != nil || minus && n > 1<<63:
		return 0, fmt.Errorf("%q is no number of 64 bits, decimal or hexadecimal", clip(text))
	case minus:
		return -n, nil
	}
	return n, nil
}

// number is what parseNumber reads: small numbers in decimal, others in hexadecimal.
func number(n uint64) string {
	const small = 4096
	if signed := int64(n); signed > -small && signed < small {
		return strconv.FormatInt(signed, 10)
	}
	return "0x" + strconv.FormatUint(n, 16)
}

// count reads a number from 1 on.
func count(to *int, text string) error {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || n == 0 {
		return fmt.Errorf("%q is no count: want a number from 1 to %d", clip(text), math.MaxInt32)
	}
	*to = int(n)
	return nil
}

func positive(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// parseWhen reads N, N+, N+STEP, N..M and N..M+STEP.
func parseWhen(text string) (w When, err error) {
	const want = "when=%s: want N, N+ (from there on), N..M, or N+STEP"
	span, step, stepped := strings.Cut(text, "+")
	first, last, bounded := strings.Cut(span, "..")
	err = count(&w.First, first)
	switch {
	case bounded && err == nil:
		err = count(&w.Last, last)
	case !stepped:
		w.Last = w.First
	}
	if step != "" && err == nil {
		err = count(&w.Step, step)
	}
	if err != nil || bounded && stepped && step == "" || w.Last != 0 && w.Last < w.First {
		return w, fmt.Errorf(want, clip(text))
	}
	return w, nil
}

// String is what stands after when=; "" for all.
func (w When) String() string {
	text := strconv.Itoa(max(w.First, 1))
	switch {
	case w == When{}:
		return ""
	case w.Last == w.First:
		return text
	case w.Last != 0:
		text += ".." + strconv.Itoa(w.Last)
		if w.Step != 0 {
			text += "+" + strconv.Itoa(w.Step)
		}
		return text
	}
	return text + "+" + positive(w.Step)
}

// String is the test as [ParseRule] reads it: "arg1&0x7f=0".
func (a ArgTest) String() string {
	text := argPart + strconv.Itoa(a.Index)
	if a.Mask != 0 {
		text += "&" + number(a.Mask)
	}
	if a.Not {
		text += "!"
	}
	return text + "=" + number(a.Value)
}

// String is the rule as [ParseRule] reads it.
func (r Rule) String() string {
	r = r.canonical()
	text := strings.Join(r.Calls, ",")
	if r.Not {
		text = "!" + text
	}
	for _, a := range r.Args {
		text += ":" + a.String()
	}
	for _, part := range ruleParts {
		switch value := part.text(&r); {
		case value == "":
		case strings.HasSuffix(part.name, "="):
			text += ":" + part.name + value
		default:
			text += ":" + part.name
		}
	}
	return text
}

// MarshalText implements [encoding.TextMarshaler]; it is also the JSON and the YAML form.
func (r Rule) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (r *Rule) UnmarshalText(text []byte) error {
	parsed, err := ParseRule(string(text))
	if err == nil {
		*r = parsed
	}
	return err
}

// escapePath writes what would end a part of a rule, or a rule in a list of them, as %XX.
func escapePath(path string) string {
	const escaped = ":% '\"\x7f"
	var b strings.Builder
	for i, r := range path {
		switch {
		case r == utf8.RuneError && path[i] != string(r)[0], r < ' ', strings.ContainsRune(escaped, r):
			fmt.Fprintf(&b, "%%%02x", path[i])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func unescapePath(text string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			b.WriteByte(text[i])
			continue
		}
		code, err := strconv.ParseUint(text[i+1:min(i+3, len(text))], 16, 8)
		if err != nil || i+3 > len(text) {
			return "", fmt.Errorf("path=%s: a %% is followed by two hexadecimal digits (%%3a is a colon, %%25 a %%)", clip(text))
		}
		b.WriteByte(byte(code))
		i += 2
	}
	return b.String(), nil
}
