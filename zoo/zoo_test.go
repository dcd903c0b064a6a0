// SPDX-License-Identifier: GPL-2.0-or-later

package zoo_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/zoo"
)

// The zoo as it is: an affected release reproduces, a clean one is clean. Of each case the first release of either side is booted, on the
// first of its architectures; `make zoo` has them all, which takes three times as many builds. -short boots those whose toolchain is here.
func TestZoo(t *testing.T) {
	t.Parallel()
	for _, e := range zoo.Entries() {
		t.Run(e.ID, func(t *testing.T) {
			t.Parallel()
			var jobs []zoo.Job
			seen := map[string]bool{}
			for _, j := range zoo.Jobs([]zoo.Entry{e}, zoo.Filter{}) {
				side := j.Case.Name + " " + string(j.Side)
				if testing.Short() && !fixtures.IsLocal(j.Release) || j.Arch != j.Case.Arch[0] || seen[side] {
					continue
				}
				seen[side] = true
				jobs = append(jobs, j)
			}
			if len(jobs) == 0 {
				t.Skip("none of its toolchains is here, and -short fetches none")
			}
			rows, err := new(zoo.Runner).Run(t.Context(), jobs)
			require.NoError(t, err)
			for _, row := range rows {
				if row.Verdict == zoo.Differs || row.Verdict == zoo.Failed {
					t.Errorf("%s %s on %s, %s: %s", row.Entry, row.Case, row.Arch, row.Release, strings.Join(row.Differences, "; "))
				}
			}
		})
	}
}

// Two runs give the same rows and the same boots, whatever runs beside them.
func TestZooIsDeterministic(t *testing.T) {
	t.Parallel()
	var first []zoo.Row
	for _, parallel := range []int{1, 3} {
		entries := zoo.Entries()
		var jobs []zoo.Job
		for _, j := range zoo.Jobs(entries, zoo.Filter{}) {
			if fixtures.IsLocal(j.Release) && len(jobs) < 6 {
				jobs = append(jobs, j)
			}
		}
		rows, err := (&zoo.Runner{Parallel: parallel}).Run(t.Context(), jobs)
		require.NoError(t, err)
		if first == nil {
			first = rows
			continue
		}
		for i := range rows {
			require.Equal(t, first[i].Report.Hash, rows[i].Report.Hash)
			require.Equal(t, first[i].Verdict, rows[i].Verdict)
			require.Equal(t, first[i].Differences, rows[i].Differences)
		}
	}
}
