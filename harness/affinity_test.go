// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// TestAffinity has sched_getaffinity answer as kernels and sandboxes do that are not ours; what the runtime counts is as expected of it.
func TestAffinity(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Hello, goarch)
		for _, tc := range []struct {
			cpus, key, value string
			want             int
		}{
			{"7", "affinity.errno", "EPERM", 1},
			{"7", "affinity.errno", "none", 7},
			{"7", "affinity.length", "1KiB", 7},
			{"7", "affinity.length", "auto", 7},
			{"7", "affinity.length", "8", 7},
			{"7", "affinity.length", "16KiB", 7},
			{"7", "affinity.minimum", "8KiB", 7},
			{"7", "affinity.minimum", "8200", 1}, // the runtime's buffer has 8 KiB
			{"600", "affinity.length", "128", 600},
		} {
			t.Run(fmt.Sprintf("%s %s=%s", tc.cpus, tc.key, tc.value), func(t *testing.T) {
				m := machine.New(machine.CPUSetOf(tc.cpus), machine.Setting(tc.key, tc.value))
				boot := harness.Boot(t, bin, m, harness.Until("runtime.main"))
				require.Equal(t, tc.want, boot.Runtime.NumCPU)
				boot.RequirePs()
			})
		}
	})
}
