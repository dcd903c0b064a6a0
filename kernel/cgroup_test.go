// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/machine"
)

// limitByRuntime finds the CPU limit in the way of internal/runtime/cgroup (Go 1.25 to 1.27): the process's cgroup, the mount that
// holds it, the files there. ok is false where the runtime finds no cgroup; limit 0 is no limit.
func limitByRuntime(t *testing.T, p *Process) (limit float64, ok bool) {
	t.Helper()
	cgroup, version := "", 0
	for line := range strings.Lines(p.readFile(t, "/proc/self/cgroup")) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		require.Len(t, fields, 3, line)
		require.True(t, strings.HasPrefix(fields[2], "/"), line)
		if fields[0] == "0" {
			cgroup, version = fields[2], 2
		} else if slices.Contains(strings.Split(fields[1], ","), "cpu") {
			cgroup, version = fields[2], 1
			break
		}
	}
	if version == 0 {
		return 0, false
	}
	dir := ""
	for line := range strings.Lines(p.readFile(t, "/proc/self/mountinfo")) {
		before, after, found := strings.Cut(strings.TrimSuffix(line, "\n"), " - ")
		require.True(t, found, line)
		mount, super := strings.Split(before, " "), strings.Split(after, " ")
		require.GreaterOrEqual(t, len(mount), 6, line)
		require.Len(t, super, 3, line)
		cpu := slices.Contains(strings.Split(super[2], ","), "cpu")
		if dir == "" && (version == 2 && super[0] == "cgroup2" || version == 1 && super[0] == "cgroup" && cpu) {
			require.Equal(t, "/", mount[3], "the root of the mount holds every cgroup")
			dir = mount[4] + cgroup
		}
	}
	if dir == "" {
		return 0, false
	}
	number := func(s string) float64 {
		s, newline := strings.CutSuffix(s, "\n")
		require.True(t, newline, "the parsers want a newline")
		n, err := strconv.ParseInt(s, 10, 64)
		require.NoError(t, err)
		return float64(n)
	}
	if version == 1 {
		quota := number(p.readFile(t, dir+"/cpu.cfs_quota_us"))
		period := number(p.readFile(t, dir+"/cpu.cfs_period_us"))
		if quota < 0 {
			return 0, true
		}
		return quota / period, true
	}
	quota, period, found := strings.Cut(p.readFile(t, dir+"/cpu.max"), " ")
	require.True(t, found)
	if quota == "max" {
		require.Positive(t, number(period))
		return 0, true
	}
	return number(quota+"\n") / number(period), true
}

func TestCgroup(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		cgroup machine.Cgroup
		limit  float64
		ok     bool
	}{
		{"none", machine.Cgroup{Version: machine.NoCgroup}, 0, false},
		{"v2 unlimited", machine.Cgroup{Version: 2}, 0, true},
		{"v2 two CPUs", machine.Cgroup{Version: 2, Quota: "200000"}, 2, true},
		{"v2 half a CPU", machine.Cgroup{Version: 2, Quota: "25000", Period: "50000"}, 0.5, true},
		{"v1 unlimited", machine.Cgroup{Version: 1}, 0, true},
		{"v1 2.5 CPUs", machine.Cgroup{Version: 1, Quota: "250000"}, 2.5, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t, "amd64", nil, func(c *Config) { c.Machine = machine.Machine{Cgroup: tc.cgroup}.Resolved() })
			limit, ok := limitByRuntime(t, p)
			require.Equal(t, tc.ok, ok)
			require.InDelta(t, tc.limit, limit, 1e-9)
		})
	}
}

func TestHugePageFiles(t *testing.T) {
	t.Parallel()
	const file = "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"
	p := newProcess(t, "amd64", nil, withMachine(machine.HugePage(1<<30)))
	require.Equal(t, "1073741824\n", p.readFile(t, file))
	p = newProcess(t, "amd64", nil, withMachine(machine.HugePage(0)))
	require.Nil(t, p.tree.at("/sys/kernel/mm"))
}
