// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"encoding/csv"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/harness"
)

func TestSweepCSV(t *testing.T) {
	t.Parallel()
	axes := sweepAxes(hugePages, someCPUs)
	var b strings.Builder
	c := NewSweepCSV(&b, []string{"hugePage", "cpus"}, "status", "failure")
	require.Empty(t, b.String())
	require.NoError(t, c.Head())
	for i := range axes.Len() {
		v := axes.Variant(i)
		before := b.Len()
		require.NoError(t, c.Add(v.Values, sweptReport(axes, v), "4", "it\ndied"))
		require.Greater(t, b.Len(), before, "each row is there at once")
		require.True(t, strings.HasSuffix(b.String(), "\n"))
	}
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 16)
	require.Equal(t, c.Names(), rows[0])
	require.Equal(t, []string{"variant.hugePage", "variant.cpus", "cell.program"}, rows[0][:3])
	matrix := MatrixCSV([]*harness.Report{sweptReport(axes, axes.Variant(3))})
	require.Equal(t, matrix.Head, rows[0][2:len(rows[0])-2], "a matrix has the same columns")
	require.Equal(t, matrix.Rows[0], rows[4][2:len(rows[4])-2])
	require.Equal(t, []string{"status", "failure"}, rows[0][len(rows[0])-2:])
	require.Equal(t, []string{"4", "it\ndied"}, rows[4][len(rows[4])-2:])
	require.Equal(t, []string{"none", "200"}, rows[4][:2])
}

func junitOf(t *testing.T, axes harness.Axes) (got testsuites) {
	t.Helper()
	j := NewSweepJUnit(axes)
	for i := range axes.Len() {
		v := axes.Variant(i)
		result := Result{Report: sweptReport(axes, v)}
		if result.Report.Outcome != harness.Reached {
			result.Failure = "it died"
		}
		if v.Index == 5 {
			result.Checks = []Check{{Expect: harness.Expectation{Key: "gomaxprocs", Value: "5"}, Got: "1"}}
		}
		j.Add("hello", v, result)
	}
	var b strings.Builder
	require.NoError(t, j.Write(&b))
	require.NoError(t, xml.Unmarshal([]byte(b.String()), &got))
	return got
}

func TestSweepJUnit(t *testing.T) {
	t.Parallel()
	got := junitOf(t, sweepAxes(hugePages, someCPUs))
	require.Len(t, got.Suites, 1)
	require.Equal(t, []int{15, 5}, []int{got.Tests, got.Failures})
	cases := got.Suites[0].Cases
	require.Equal(t, testcase{Class: "hello", Name: "hugePage=none,cpus=1"}, cases[0])
	require.Equal(t, "it died", cases[3].Failure.Message)
	require.Equal(t, "threw", cases[3].Failure.Type)
	require.Contains(t, cases[3].Failure.Text, "rt0 boot --set cpus=200 --set hugePage=none")
	require.Equal(t, "expected gomaxprocs to be 5, got 1", cases[5].Failure.Message)
	require.Equal(t, "default", junitOf(t, sweepAxes()).Suites[0].Cases[0].Name)
}

// A large sweep has a case for each stretch of variants that came out alike.
func TestSweepJUnitOfManyVariants(t *testing.T) {
	t.Parallel()
	got := junitOf(t, sweepAxes(pageSizes, hugePages, manyCPUs))
	var names []string
	for _, c := range got.Suites[0].Cases {
		if c.Failure != nil {
			names = append(names, c.Name)
		}
	}
	require.Equal(t, []string{
		"pageSize=4KiB,hugePage=none,cpus=6",
		"pageSize=4KiB,hugePage=none,cpus=193 – pageSize=4KiB,hugePage=none,cpus=240 (48 boots)",
	}, names[:2])
	require.Less(t, got.Tests, 20)
	require.Equal(t, got.Tests, len(got.Suites[0].Cases))
}
