// SPDX-License-Identifier: GPL-2.0-or-later

package loader

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/machine"
)

// AT_PLATFORM and AT_HWCAP are the named CPU's, unless the machine says otherwise.
func TestPlatform(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		goarch, model, key string
		want               string
		hwcap              uint64
	}{
		{"s390x", "z15", "auto", "z15", 1<<15 | 1<<13 | 1<<11},
		{"s390x", "", "auto", "z13", 1 << 11},
		{"ppc64", "power8", "auto", "power8", 1 << 7},
		{"386", "pentium-mmx", "auto", "i586", 1 << 23},
		{"386", "atom-n270", "auto", "i686", 1 << 26},
		{"arm", "arm1176jzf-s", "auto", "v6l", 1 << 6},
		{"arm", "arm1176jzf-s", "none", "", 1 << 6},
		{"mips64", "octeon3", "auto", "octeon3", 0},
		{"mips64", "octeon3", "loongson3a", "loongson3a", 0},
		{"riscv64", "sifive-u74", "auto", "", 1 << 8},
		{"arm64", "apple-m1", "auto", "aarch64", 1<<17 | 1<<8},
	} {
		a, ok := arch.Find(tc.goarch)
		require.True(t, ok)
		m := machine.New(machine.Setting("cpu.model", tc.model), machine.Setting("cpu.platform", tc.key))
		cpu, err := m.Processor(a)
		require.NoError(t, err)
		require.Equal(t, tc.want, platform(m, cpu), "%+v", tc)
		require.Equal(t, tc.hwcap, cpu.HWCap()[1]&tc.hwcap, "%+v", tc)
	}
}
