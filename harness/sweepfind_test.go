// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
)

// parsed is an axis of a text.
func parsed(t *testing.T, key, text string) harness.Axis {
	a, err := harness.ParseAxis(key, text, nil)
	require.NoError(t, err)
	return a
}

func conditions(t *testing.T, text string) []harness.Expectation {
	list, err := harness.ParseConditions(text)
	require.NoError(t, err)
	return list
}

func edges(f *harness.Found) string {
	var words []string
	for _, e := range f.Edges {
		words = append(words, e.String())
	}
	return strings.Join(words, "; ")
}

// TestFind: a page above 512 KiB is more than the runtime of any architecture takes (maxPhysPageSize, runtime/malloc.go).
func TestFind(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Hello, goarch)
		pages := parsed(t, "pageSize", "4KiB,64KiB,512KiB,1MiB,2MiB")
		none := parsed(t, "hugePage", "none")
		found, err := harness.Find(t.Context(), bin, harness.Axes{List: []harness.Axis{parsed(t, "cpus", "1,2"), none, pages}}, conditions(t, "outcome != reached"), nil)
		require.NoError(t, err)
		require.Equal(t, "cpus=1 hugePage=none pageSize=1MiB", found.Name)
		require.Equal(t, 4, found.Searched)
		require.Equal(t, 2, found.Shrunk)
		require.Equal(t, "cpus=1: 2 does; hugePage=none: there is no other value; pageSize=1MiB: 512KiB does not, 2MiB does", edges(found))
		require.Equal(t, "fatal error: bad system page size", found.Report.Reason)
		require.Contains(t, found.Report.Reproduce(), "--set cpus=1 ")
		require.Contains(t, found.Report.Reproduce(), "--set pageSize=1MiB ")

		zipped := harness.Axes{List: []harness.Axis{parsed(t, "cpus", "1..5"), pages}, Zip: true}
		found, err = harness.Find(t.Context(), bin, zipped, conditions(t, "outcome=threw && numCPU >= 3"), nil, harness.Parallel(1))
		require.NoError(t, err)
		require.Equal(t, "cpus=4 pageSize=1MiB", found.Name)
		require.Equal(t, "cpus, pageSize=4, 1MiB: 3, 512KiB does not, 5, 2MiB does not", edges(found)) // a page of 2 MiB is refused with a huge page of that size

		found, err = harness.Find(t.Context(), bin, harness.Axes{List: []harness.Axis{none, pages}}, conditions(t, "outcome=killed"), nil)
		require.NoError(t, err)
		require.Nil(t, found)
	})
}

// TestFindShrinks: what a sample meets first is not small.
func TestFindShrinks(t *testing.T) {
	t.Parallel()
	bin := fixtures.Build(t, fixtures.Hello, "amd64")
	axes := harness.Axes{
		List:   []harness.Axis{parsed(t, "env.X", "1..100000"), parsed(t, "hugePage", "none,2MiB"), parsed(t, "cpus", "1..300"), parsed(t, "kernel.release", "5.10.0,6.1.0")},
		Sample: 30, Seed: 1,
	}
	until := harness.Until("schedinit")
	var one *harness.Found
	for _, workers := range []int{1, 3} {
		var progress []harness.FindProgress
		found, err := harness.Find(t.Context(), bin, axes, conditions(t, "numCPU >= 37 && physHugePageSize != 0"), func(p harness.FindProgress) { progress = append(progress, p) },
			until, harness.Parallel(workers))
		require.NoError(t, err)
		require.Equal(t, "env.X=1 hugePage=2MiB cpus=37 kernel.release=5.10.0", found.Name)
		require.Equal(t, "env.X=1: 2 does; hugePage=2MiB: none does not; cpus=37: 36 does not, 38 does; kernel.release=5.10.0: 6.1.0 does", edges(found))
		require.Equal(t, len(progress), found.Searched+found.Shrunk)
		require.Equal(t, harness.FindProgress{Done: 1, Total: 30}, progress[0])
		require.Equal(t, harness.FindProgress{Shrinking: true, Done: found.Shrunk}, progress[len(progress)-1])
		found.Report = nil
		if one != nil {
			require.Equal(t, one, found)
		}
		one = found
	}
}

// TestFindSmallest: what matches does not match from some value on, and still the first value is found.
func TestFindSmallest(t *testing.T) {
	t.Parallel()
	bin := fixtures.Build(t, fixtures.Hello, "arm64")
	axes := harness.Axes{List: []harness.Axis{parsed(t, "cpus", "1..128")}}
	for _, skip := range []int{0, 100} {
		found, err := harness.Find(t.Context(), bin, axes, conditions(t, "numCPU =~ ^(5|6|9[0-9]|1..)$"), nil, harness.Until("schedinit"), harness.Skip(skip))
		require.NoError(t, err)
		require.Equal(t, "cpus=5", found.Name, "from %d on", skip)
		require.Equal(t, "cpus=5: 4 does not, 6 does", edges(found))
		require.Equal(t, max(skip, 4), found.First.Index)
	}
}

func TestFindErrors(t *testing.T) {
	t.Parallel()
	bin := fixtures.Build(t, fixtures.Hello, "amd64")
	axes := harness.Axes{List: []harness.Axis{parsed(t, "cpus", "1..128")}}
	_, err := harness.Find(t.Context(), bin, axes, nil, nil)
	require.ErrorContains(t, err, "there is nothing to find: want a condition such as outcome!=reached")
	_, err = harness.Find(t.Context(), bin, harness.Axes{List: []harness.Axis{{Key: "cpus"}}}, conditions(t, "outcome=threw"), nil)
	require.ErrorContains(t, err, "axis cpus: it has no values")
	ctx, cancel := context.WithCancel(t.Context())
	_, err = harness.Find(ctx, bin, axes, conditions(t, "outcome=threw"), func(harness.FindProgress) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
	found, err := harness.Find(t.Context(), bin+".not", axes, conditions(t, "outcome=refused"), nil)
	require.NoError(t, err)
	require.Equal(t, "cpus=1", found.Name)
	require.ErrorContains(t, found.Report.Err(), "no such file")

	for text, want := range map[string]string{
		"":                         "want KEY=VALUE",
		"outcome":                  "want KEY=VALUE",
		"outcome = reachd":         "there is no such outcome",
		"outcom != reached":        `did you mean "outcome"?`,
		"outcome!=reached &&":      "want KEY=VALUE",
		"counts.instructions >= x": "compares with a number",
	} {
		_, err := harness.ParseConditions(text)
		require.ErrorContains(t, err, want, text)
		var e *harness.ExpectError
		require.True(t, errors.As(err, &e), text)
	}
	require.Equal(t, []harness.Expectation{{Key: "stdout", Op: harness.Matches, Value: "a  b"}, {Key: "outcome", Op: harness.Differs, Value: "reached"}},
		conditions(t, " stdout =~ a  b && outcome!= reached"))
}
