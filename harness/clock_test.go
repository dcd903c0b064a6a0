// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// TestClock boots with clocks that stand, tick coarsely, jump and go backward.
func TestClock(t *testing.T) {
	const zero = "fatal error: nanotime returning zero"
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Hello, goarch)
		for _, tc := range []struct {
			name string
			keys []string // pairs
			want string   // the reason of a throw; "": there is none
		}{
			{"zero", []string{"clock.monotonic", "0", "clock.frozen", "true"}, zero},
			{"zero by the vDSO", []string{"clock.monotonic", "0", "clock.frozen", "true", "kernel.vdso", "both"}, zero},
			{"ticks by the vDSO", []string{"clock.monotonic", "0", "clock.resolution", "1s", "kernel.vdso", "both"}, zero},
			{"frozen", []string{"clock.frozen", "true"}, ""},
			{"first tick", []string{"clock.monotonic", "0", "clock.resolution", "1s"}, zero},
			{"ticks", []string{"clock.resolution", "10ms"}, ""},
			{"jumps", []string{"clock.step", "1h"}, ""},
			{"backward", []string{"clock.step", "-1ms"}, ""},
		} {
			t.Run(tc.name, func(t *testing.T) {
				m := machine.New()
				for i := 0; i < len(tc.keys); i += 2 {
					m = m.With(machine.Setting(tc.keys[i], tc.keys[i+1]))
				}
				boot := harness.Boot(t, bin, m, harness.Until("exit"))
				if tc.want == "" {
					boot.RequireReached("exit")
					return
				}
				boot.RequireThrew(tc.want)
				require.Contains(t, boot.Cause(), "threw in main: ")
			})
		}
	})
}
