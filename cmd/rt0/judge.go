// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/render"
)

// judge compares a boot with what was expected of it. The error is nil when all is well; else it has the exit status:
//
//   - a boot that could not be carried out is refused, whatever was expected, unless that was the refusal itself (outcome=refused);
//   - then an expectation that does not hold counts;
//   - then a death before the point asked for, unless an expectation about the end was there to hold.
func judge(r *harness.Report, bootErr error, expectations []harness.Expectation) (render.Result, error) {
	result := render.Result{Report: r}
	var failures []string
	for _, e := range expectations {
		got, ok := e.Check(r)
		c := render.Check{Expect: e, Got: got, OK: ok}
		result.Checks = append(result.Checks, c)
		if !ok {
			failures = append(failures, c.String())
		}
	}
	if r.Outcome == harness.Refused && !expectsRefusal(expectations) {
		result.Failure = r.Reason
		return result, withStatus(statusRefused, refusal(r, bootErr))
	}
	died := r.Outcome != harness.Reached && !slices.ContainsFunc(expectations, harness.Expectation.AboutEnd)
	if died {
		result.Failure = r.Cause()
	}
	switch {
	case len(failures) > 0:
		return result, failf(statusFailed, "%s: %s%s", subject(r), strings.Join(failures, "; "), ending(r))
	case died:
		return result, withStatus(statusDied, errors.New(r.Cause()))
	}
	return result, nil
}

// refusal is a boot's error with the file and its architecture, which most of those about the file name already.
func refusal(r *harness.Report, err error) error {
	if strings.HasPrefix(err.Error(), r.Binary.Path) {
		return err
	}
	return fmt.Errorf("%s: %w", subject(r), err)
}

func subject(r *harness.Report) string {
	if r.Binary.GOARCH == "" {
		return r.Binary.Path
	}
	return fmt.Sprintf("%s (%s)", r.Binary.Path, r.Binary.GOARCH)
}

// ending is how a boot ended, when not at the point asked for.
func ending(r *harness.Report) string {
	if r.Outcome == harness.Reached {
		return ""
	}
	return strings.TrimSuffix("; it "+endings[r.Outcome]+strings.TrimPrefix(render.End(r), string(r.Outcome))+": "+r.Reason, ": ")
}

var endings = map[harness.Outcome]string{
	harness.Exited: "exited", harness.Threw: "threw", harness.Killed: "was killed", harness.Stuck: "got stuck", harness.Refused: "was refused",
}

// expectsRefusal says whether it was expected that the file cannot be booted.
func expectsRefusal(expectations []harness.Expectation) bool {
	return slices.ContainsFunc(expectations, func(e harness.Expectation) bool {
		return e.Key == "outcome" && e.Value == string(harness.Refused)
	})
}

// verdicts are those on many boots, as they come.
type verdicts struct {
	command string
	judged  int
	count   map[status]int
	first   map[status]error
}

// worstFirst are the ways in which a boot can be not as it should, the worst first, and how many are told of it.
var worstFirst = []struct {
	status status
	text   string
}{
	{statusFault, "met a fault of rt0 itself"},
	{statusFailed, "are not as expected"},
	{statusRefused, "could not be done"},
	{statusDied, "died or got stuck"},
}

// add counts a boot that alone would have that exit status. err says why, and which boot it is.
func (v *verdicts) add(s status, err error) {
	v.judged++
	if err == nil {
		return
	}
	if v.count == nil {
		v.count, v.first = map[status]int{}, map[status]error{}
	}
	if v.count[s]++; v.first[s] == nil {
		v.first[s] = err
	}
}

// worst is the verdict on all of them: it has the worst one's exit status, and tells of the first of these.
func (v *verdicts) worst() error {
	for _, w := range worstFirst {
		if n := v.count[w.status]; n > 0 {
			return failf(w.status, "%s: %d of %d boots %s; the first: %w", v.command, n, v.judged, w.text, v.first[w.status])
		}
	}
	return nil
}
