// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// BenchmarkBoot is a whole cold boot of hello to its end: file, engine, translation, report.
func BenchmarkBoot(b *testing.B) {
	for _, goarch := range harness.Architectures() {
		b.Run(goarch, func(b *testing.B) {
			bin, err := fixtures.Make(b.Context(), fixtures.Spec{Program: fixtures.Hello, GOARCH: goarch})
			require.NoError(b, err)
			for b.Loop() {
				r, err := harness.Run(b.Context(), bin, machine.New(), harness.Until("exit"))
				require.NoError(b, err)
				require.Equal(b, harness.Reached, r.Outcome, r.Reason)
			}
		})
	}
}
