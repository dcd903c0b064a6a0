// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"cmp"
	"encoding/xml"
	"io"
	"strings"

	"github.com/rt0-dev/rt0/harness"
)

// Result is a boot with what was expected of it.
type Result struct {
	Name    string // of the suite; "": what was booted, and where
	Report  *harness.Report
	Failure string // why the boot itself counts as failed; "" when it does not
	Checks  []Check
	Since   string // what is not as the accepted baseline has it; "" when all is
}

// Check is an expectation and how it came out.
type Check struct {
	Expect harness.Expectation
	Got    string
	OK     bool
}

type testsuites struct {
	XMLName  xml.Name    `xml:"testsuites"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr,omitempty"`
	Suites   []testsuite `xml:"testsuite"`
}

type testsuite struct {
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Skipped  int        `xml:"skipped,attr,omitempty"`
	Cases    []testcase `xml:"testcase"`
}

type testcase struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Failure *failure `xml:"failure,omitempty"`
	Skipped *skipped `xml:"skipped,omitempty"`
	Stdout  string   `xml:"system-out,omitempty"`
	Stderr  string   `xml:"system-err,omitempty"`
}

type failure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

type skipped struct {
	Message string `xml:"message,attr"`
}

// JUnit writes a test suite for each boot, with a test case for the boot and one for each expectation. There are no times in it: equal
// boots give equal documents.
func JUnit(w io.Writer, results ...Result) error {
	all := testsuites{Name: "rt0"}
	for _, result := range results {
		all.Suites = append(all.Suites, result.suite())
	}
	return all.write(w)
}

// write writes the suites, with their sums.
func (all testsuites) write(w io.Writer) error {
	for _, suite := range all.Suites {
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Skipped += suite.Skipped
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// add puts a case into the suite.
func (s *testsuite) add(c testcase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Skipped != nil {
		s.Skipped++
	}
}

func (result Result) suite() testsuite {
	r := result.Report
	suite := testsuite{Name: cmp.Or(result.Name, strings.Join(words(r.Binary.Path, r.Binary.GOARCH, r.Binary.GoVersion, r.Machine.Name), " "))}
	add := func(c testcase, failed bool, f failure) {
		c.Class = suite.Name
		if failed {
			c.Failure = &f
		}
		suite.add(c)
	}
	add(testcase{Name: "boot to " + r.Until, Stdout: r.Stdout, Stderr: r.Stderr}, result.Failure != "",
		failure{Message: result.Failure, Type: string(r.Outcome), Text: r.Story()})
	for _, c := range result.Checks {
		add(testcase{Name: c.Expect.String()}, !c.OK, failure{Message: c.String(), Type: "expectation"})
	}
	return suite
}

// String is an expectation that failed, in a few words.
func (c Check) String() string {
	return "expected " + c.Expect.Key + " " + c.Expect.Op.Verb() + " " + quoted(c.Expect.Value) + ", got " + quoted(c.Got)
}

// quoted makes a value that is empty, or more than a word, stand out.
func quoted(text string) string {
	if text == "" || strings.ContainsAny(text, " \t\n\"") {
		return `"` + strings.ReplaceAll(text, "\n", " ") + `"`
	}
	return text
}

// words are those that are not empty.
func words(list ...string) []string {
	var kept []string
	for _, word := range list {
		if word != "" {
			kept = append(kept, word)
		}
	}
	return kept
}
