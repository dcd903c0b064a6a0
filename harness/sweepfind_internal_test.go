// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
)

// TestFindTellsOfPanics: a failure of rt0 itself is not what was looked for, though its report is a refused one, and ends the search when it comes before that.
func TestFindTellsOfPanics(t *testing.T) {
	t.Parallel()
	bin := fixtures.Build(t, fixtures.Hello, "arm64")
	fails := inEach(func(b *boot) {
		if b.report.Machine.CPUs.Count() == 6 {
			panic("mine")
		}
	})
	for _, tc := range []struct {
		condition Expectation
		found     string // "": the panic
	}{
		{Expectation{"outcome", Differs, "reached"}, ""},
		{Expectation{"numCPU", AtLeast, "7"}, ""},
		{Expectation{"numCPU", AtLeast, "3"}, "cpus=3"},
	} {
		found, err := Find(t.Context(), bin, counting("cpus", 1, 20), []Expectation{tc.condition}, nil, Until("schedinit"), fails)
		if tc.found == "" {
			var failure *PanicError
			require.ErrorAs(t, err, &failure)
			require.Equal(t, "mine", failure.Value)
			require.Contains(t, failure.Reproduce, "--set cpus=6 ")
			continue
		}
		require.NoError(t, err)
		require.Equal(t, tc.found, found.Name)
	}
}
