// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// TestCgroupShapes: what the runtime makes of where its group is mounted, on a machine with 16 CPUs. The fixtures' go line is too old for
// the limit to count by itself.
func TestCgroupShapes(t *testing.T) {
	set := func(pairs ...string) []machine.Option {
		var opts []machine.Option
		for i := 0; i < len(pairs); i += 2 {
			opts = append(opts, machine.Setting(pairs[i], pairs[i+1]))
		}
		return opts
	}
	for _, tc := range []struct {
		name    string
		options []machine.Option
		before  int // Ps with Go 1.25
		now     int
	}{
		{"own group", set("cgroup.quota", "300000"), 3, 3},
		{"version 1", set("cgroup.version", "1", "cgroup.quota", "300000"), 3, 3},
		{"hybrid", set("cgroup.version", "hybrid", "cgroup.quota", "300000"), 3, 3},
		{"none", set("cgroup.version", "none"), 16, 16},
		{"version 1 as RHEL 6 mounts it", set("cgroup.version", "1", "cgroup.quota", "300000", "cgroup.mountPoint", "/cgroup/cpu"), 3, 3},
		{"only a parent's limit", set("cgroup.parents", "300000/100000"), 16, 16},
		{"a namespace's root", set("cgroup.path", "/", "cgroup.quota", "300000"), 3, 3},
		{"Docker without a namespace", set("cgroup.version", "1", "cgroup.quota", "300000", "cgroup.path", "/docker/0123456789ab",
			"cgroup.mountRoot", "/docker/0123456789ab"), 16, 3},
		{"another group is mounted", set("cgroup.quota", "300000", "cgroup.path", "/a/b", "cgroup.mountRoot", "/c"), 16, 16},
		{"out of the namespace", set("cgroup.quota", "300000", "cgroup.path", "/../a"), 16, 16},
		{"a mount point with a blank", set("cgroup.quota", "300000", "cgroup.mountPoint", "/sys/fs/c group"), 3, 3},
		{"raw text", set("files./sys/fs/cgroup/rt0/cpu.max", "500000 100000\n"), 5, 5},
		{"no newline", set("files./sys/fs/cgroup/rt0/cpu.max", "500000 100000"), 16, 16},
		{"refused", set("cgroup.quota", "300000", "fileErrors./sys/fs/cgroup/rt0/cpu.max", "EACCES"), 16, 16},
		{"no membership", set("cgroup.quota", "300000", "fileErrors./proc/self/cgroup", "ENOENT"), 16, 16},
		{"linked", append(set("fileErrors./sys/fs/cgroup/rt0/memory.max", "EIO", "symlinks./sys/fs/cgroup/rt0/cpu.max", "/etc/cpu.max"),
			machine.File("/etc/cpu.max", "700000 100000\n")), 7, 7},
	} {
		t.Run(tc.name, func(t *testing.T) {
			each(t, func(t *testing.T, goarch string) {
				wants := map[string]int{"": tc.now}
				if tc.before != tc.now && !testing.Short() && slices.Contains([]string{"amd64", "mips", "s390x"}, goarch) {
					wants["go1.25.14"] = tc.before // the code is the same on all
				}
				for toolchain, want := range wants {
					bin := fixtures.Build(t, fixtures.Hello, goarch, fixtures.Toolchain(toolchain))
					boot := harness.Boot(t, bin, machine.New(machine.CPUs(16), machine.Env("GODEBUG=containermaxprocs=1")).With(tc.options...))
					boot.RequireReached("main.main")
					require.Equal(t, want, boot.Runtime.GOMAXPROCS, toolchain)
					if len(boot.Machine.Files)+len(boot.Machine.FileErrors) == 0 {
						boot.RequirePs()
					}
				}
			})
		})
	}
}
