// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
)

// TestSweepInParts sweeps from every variant on, with every number of boots at once: the results are those of the whole, from there on.
func TestSweepInParts(t *testing.T) {
	t.Parallel()
	bin := fixtures.Build(t, fixtures.Hello, "amd64")
	axes := harness.Axes{List: []harness.Axis{{Key: "cpus", Values: []string{"1", "2", "3"}}, {Key: "hugePage", Values: []string{"none", "2MiB"}}}}
	sweep := func(opts ...harness.Option) (indexes []int, hashes []string) {
		err := harness.Sweep(t.Context(), bin, axes, func(r harness.Result) {
			indexes, hashes = append(indexes, r.Variant.Index), append(hashes, r.Report.Hash)
		}, append(opts, harness.Until("schedinit"))...)
		require.NoError(t, err)
		return indexes, hashes
	}
	all, want := sweep()
	require.Equal(t, []int{0, 1, 2, 3, 4, 5}, all)
	for skip := range len(all) + 2 {
		from := min(skip, len(all))
		indexes, got := sweep(harness.Skip(skip), harness.Parallel(1+skip%3))
		require.Len(t, indexes, len(all)-from)
		require.Equal(t, all[from:], append([]int{}, indexes...))
		require.Equal(t, want[from:], append([]string{}, got...))
	}
}
