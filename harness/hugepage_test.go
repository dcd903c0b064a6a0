// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// TestHugePageFile: what the file can hold besides a size, and what the runtime makes of it.
func TestHugePageFile(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Hello, goarch)
		for _, tc := range []struct {
			value string
			want  int
		}{
			{"2MiB", 2 << 20},
			{"none", 0},
			{"ENOENT", 0},
			{"EACCES", 0},
			{"text:", 0},
			{"text:\n", 0},
			{"text:garbage\n", 0},
			{"text:2097152\n", 2 << 20},
			{"text:2097152", 0},    // the last digit is taken for the newline: 209715
			{"text:40960", 4096},   // and here that leaves a power of two
			{"text:-2097152\n", 0}, // negative
			{"text: 2097152\n", 0}, // a blank
			{"text:3000000\n", 0},  // no power of two
			{"text:99999999999999999999999\n", 0},
			{"text:0000000000000002097152\n", 0}, // 20 bytes are read: 000000000000000209715
			{"text:4194304\n", 4 << 20},
			{"text:8388608\n", 0}, // above maxPhysHugePageSize
			{"1GiB", 0},
		} {
			boot := harness.Boot(t, bin, machine.New(machine.Setting("hugePage", tc.value)))
			boot.RequireReached("main.main")
			require.Equal(t, tc.want, boot.Runtime.PhysHugePageSize, "%q", tc.value)
			boot.RequireHugePage()
		}
	})
}
