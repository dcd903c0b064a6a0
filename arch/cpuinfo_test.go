// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCPUInfo: /proc/cpuinfo tells of the CPUs that it is asked about, each on lines of a name, tabs, a colon and a value.
func TestCPUInfo(t *testing.T) {
	t.Parallel()
	for _, a := range All() {
		if a.CPUInfo == nil {
			continue
		}
		text := a.CPUInfo([]int{0, 1, 5}, "one two")
		require.True(t, strings.HasSuffix(text, "\n"), a.Name)
		for line := range strings.Lines(text) {
			if strings.TrimSpace(line) != "" {
				require.Contains(t, line, ":", a.Name)
			}
		}
		require.NotEqual(t, text, a.CPUInfo([]int{0}, "one two"), a.Name)
	}
	riscv64, _ := Find("riscv64")
	require.Contains(t, riscv64.CPUInfo([]int{7}, "i m a f d c zba zbb"), "processor\t: 7\nhart\t\t: 7\nisa\t\t: rv64imafdc_zba_zbb\nmmu\t\t: sv39\n")
}
