// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
)

// What TestSweepOfMany does by default is little. This compares 200 of 20,000 boots to the end of hello, on each of two architectures:
//
//	go test ./harness -run TestSweepOfMany -variants 20000 -compare 200 -sweep-until exit
var (
	manyVariants = flag.Int("variants", 2000, "`variants` of TestSweepOfMany, a multiple of 200")
	manyCompared = flag.Int("compare", 20, "how `many` of them it compares with cold boots")
	manyUntil    = flag.String("sweep-until", "schedinit", "the `phase` that it boots to")
)

// TestSweepOfMany: of many boots of a sweep, those drawn are what they are alone, byte for byte; the others end as they should.
func TestSweepOfMany(t *testing.T) {
	t.Parallel()
	for i, goarch := range []string{"arm64", "ppc64"} {
		t.Run(goarch, func(t *testing.T) {
			t.Parallel()
			bin, err := fixtures.Make(t.Context(), fixtures.Spec{Program: fixtures.Hello, GOARCH: goarch})
			require.NoError(t, err)
			var releases, cpus []string
			for i := range *manyVariants / 200 {
				releases = append(releases, fmt.Sprintf("6.1.%d", i))
			}
			for i := range 50 {
				cpus = append(cpus, fmt.Sprint(i+1))
			}
			axes := harness.Axes{List: []harness.Axis{
				{Key: "kernel.release", Values: releases}, {Key: "hugePage", Values: []string{"none", "2MiB", "4MiB", "1GiB"}}, {Key: "cpus", Values: cpus},
			}}
			require.Equal(t, *manyVariants, axes.Len())
			drawn := map[int]bool{}
			for random := rand.New(rand.NewPCG(uint64(i), 0)); len(drawn) < min(*manyCompared, axes.Len()); {
				drawn[random.IntN(axes.Len())] = true
			}
			until := harness.Until(*manyUntil)
			warm := map[int][]byte{}
			require.NoError(t, harness.Sweep(t.Context(), bin, axes, func(r harness.Result) {
				require.Nil(t, r.Panic)
				require.Equal(t, harness.Reached, r.Report.Outcome, "%v: %s", r.Variant.Values, r.Report.Reason)
				if drawn[r.Variant.Index] {
					warm[r.Variant.Index], err = json.Marshal(r.Report)
					require.NoError(t, err)
				}
			}, until))
			require.Len(t, warm, len(drawn))
			for n, got := range warm {
				m, err := axes.Of(axes.Variant(n))
				require.NoError(t, err)
				cold, err := harness.Run(t.Context(), bin, m, until)
				require.NoError(t, err)
				want, err := json.Marshal(cold)
				require.NoError(t, err)
				require.Equal(t, string(want), string(got), "%v: boot it alone with %s", axes.Variant(n).Values, cold.Reproduce())
			}
		})
	}
}
