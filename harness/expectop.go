// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"regexp"
	"strconv"
	"strings"
)

// Op is how an expectation compares.
type Op string

// The comparisons. A pattern is a regular expression of package regexp, and matches anywhere unless it is anchored.
const (
	Equals   Op = "="
	Differs  Op = "!="
	Contains Op = "~"
	Lacks    Op = "!~"
	Matches  Op = "=~"
	AtMost   Op = "<=" // of numbers
	AtLeast  Op = ">="
)

// ops say how each compares, and how a sentence calls it ("expected reason to contain procresize"). What begins another stands after it.
var ops = []struct {
	op    Op
	verb  string
	holds func(got, want string) bool
}{
	{Matches, "to match", matches},
	{Differs, "not to be", func(got, want string) bool { return got != want }},
	{Lacks, "not to contain", func(got, want string) bool { return !strings.Contains(got, want) }},
	{AtMost, "to be at most", numbers(func(got, want int64) bool { return got <= want })},
	{AtLeast, "to be at least", numbers(func(got, want int64) bool { return got >= want })},
	{Contains, "to contain", strings.Contains},
	{Equals, "to be", func(got, want string) bool { return got == want }},
}

// Verb is the comparison in the words of a sentence: "to contain".
func (o Op) Verb() string {
	for _, row := range ops {
		if row.op == o {
			return row.verb
		}
	}
	return Equals.Verb()
}

func matches(got, want string) bool {
	pattern, err := regexp.Compile(want)
	return err == nil && pattern.MatchString(got)
}

// numbers compares what both sides hold as numbers; what is none is neither more nor less.
func numbers(holds func(got, want int64) bool) func(got, want string) bool {
	return func(got, want string) bool {
		g, err1 := strconv.ParseInt(got, 10, 64)
		w, err2 := strconv.ParseInt(want, 10, 64)
		return err1 == nil && err2 == nil && holds(g, w)
	}
}
