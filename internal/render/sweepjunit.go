// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"io"
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/harness"
)

// Bounds of a sweep as test cases: what shows them makes a page of all of them.
const (
	sweepCases   = 1000 // a sweep of more variants has one case for neighbours that came out alike
	sweepStories = 100  // so many failures are told in full
)

// SweepJUnit collects a sweep as JUnit's XML while it runs: a suite for each binary; a test case for each variant, or of a large sweep for each
// stretch of variants that came out alike.
type SweepJUnit struct {
	axes    harness.Axes
	folded  bool
	all     testsuites
	last    *stretch
	stories int
}

// stretch is a test case of neighbours.
type stretch struct {
	testcase
	suite string
	first string // variant
	count int
}

// NewSweepJUnit is an empty document.
func NewSweepJUnit(axes harness.Axes) *SweepJUnit {
	return &SweepJUnit{axes: axes, folded: axes.Len() > sweepCases, all: testsuites{Name: "rt0"}}
}

// Add takes one result, in the order of the sweep. The suite is the binary's.
func (s *SweepJUnit) Add(suite string, v harness.Variant, result Result) {
	name := VariantName(s.axes, v)
	c := testcase{Class: suite, Name: name}
	if why := result.failures(); len(why) > 0 {
		c.Failure = &failure{Message: strings.Join(why, "; "), Type: result.failureType()}
	}
	if s.folded && s.last != nil && s.last.suite == suite && alike(s.last.testcase, c) {
		s.last.count++
		s.last.Name = s.last.first + " – " + name + " (" + plural(s.last.count, "boot") + ")"
		return
	}
	s.flush()
	if c.Failure != nil && s.stories < sweepStories {
		s.stories++
		c.Failure.Text = result.Report.Story()
		c.Stdout, c.Stderr = result.Report.Stdout, result.Report.Stderr
	}
	s.last = &stretch{testcase: c, suite: suite, first: name, count: 1}
}

// alike says whether two cases have the same to say.
func alike(a, b testcase) bool {
	if a.Failure == nil || b.Failure == nil {
		return a.Failure == b.Failure
	}
	return a.Failure.Message == b.Failure.Message && a.Failure.Type == b.Failure.Type
}

// flush puts the last stretch into its suite.
func (s *SweepJUnit) flush() {
	if s.last == nil {
		return
	}
	name := s.last.suite
	i := slices.IndexFunc(s.all.Suites, func(t testsuite) bool { return t.Name == name })
	if i < 0 {
		i = len(s.all.Suites)
		s.all.Suites = append(s.all.Suites, testsuite{Name: name})
	}
	s.all.Suites[i].add(s.last.testcase)
	s.last = nil
}

// Write writes the document.
func (s *SweepJUnit) Write(w io.Writer) error {
	s.flush()
	return s.all.write(w)
}

// VariantName names a variant by its values: "cpus=7,hugePage=none".
func VariantName(axes harness.Axes, v harness.Variant) string {
	var list []string
	for i, a := range axes.List {
		list = append(list, a.Key+"="+oneLine(v.Values[i]))
	}
	if list == nil {
		return "default"
	}
	return strings.Join(list, ",")
}
