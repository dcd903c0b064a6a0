// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"io"
	"slices"
	"strings"
)

// MatrixJUnit writes a test suite for each toolchain, with a test case for each boot: its class is the program, its name the cell's, as the subtests
// of harness.Matrix have it, so that what reads both groups them alike. A port that the release lacks is a case that was skipped.
func MatrixJUnit(w io.Writer, v MatrixView) error {
	all := testsuites{Name: "rt0"}
	for _, result := range v.Results {
		toolchain := result.Report.Place().Toolchain
		i := slices.IndexFunc(all.Suites, func(s testsuite) bool { return s.Name == toolchain })
		if i < 0 {
			i = len(all.Suites)
			all.Suites = append(all.Suites, testsuite{Name: toolchain})
		}
		all.Suites[i].add(result.cellCase())
	}
	return all.write(w)
}

// cellCase is the boot of a matrix as a test case. What a boot that is well has written is left out: there are many of them.
func (result Result) cellCase() testcase {
	r := result.Report
	cell := r.Place()
	c := testcase{Class: cell.Program, Name: cell.String()}
	if cell.Absent != "" {
		c.Skipped = &skipped{cell.Absent}
		return c
	}
	if why := result.failures(); len(why) > 0 {
		c.Failure = &failure{Message: strings.Join(why, "; "), Type: result.failureType(), Text: r.Story()}
		c.Stdout, c.Stderr = r.Stdout, r.Stderr
	}
	return c
}

// failures say in what a boot is not as it should be; none when all is well.
func (result Result) failures() []string {
	var why []string
	if result.Failure != "" {
		why = append(why, result.Failure)
	}
	for _, c := range result.Checks {
		if !c.OK {
			why = append(why, c.String())
		}
	}
	if result.Since != "" {
		why = append(why, result.Since)
	}
	return why
}

// failureType is the outcome of a boot that failed by itself, else says that an expectation did.
func (result Result) failureType() string {
	if result.Failure == "" {
		return "expectation"
	}
	return string(result.Report.Outcome)
}
