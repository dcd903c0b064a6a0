// SPDX-License-Identifier: GPL-2.0-or-later

package diff_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// boots is what a file does on the default machine.
func boots(t *testing.T, bin string, options ...harness.Option) *harness.Report {
	t.Helper()
	r, err := harness.Run(t.Context(), bin, machine.New(), options...)
	require.NoError(t, err)
	return r
}

// TestEqualBuilds: two files of one content do not differ on any architecture, even without a threshold; nor does a boot that was traced
// from one that was not. When one has a longer name, the guest copies longer arguments, and that is below the threshold.
func TestEqualBuilds(t *testing.T) {
	t.Parallel()
	for _, goarch := range harness.Architectures() {
		t.Run(goarch, func(t *testing.T) {
			t.Parallel()
			bin := fixtures.Build(t, fixtures.Hello, goarch)
			data, err := os.ReadFile(bin)
			require.NoError(t, err)
			dir := t.TempDir()
			copied, renamed := filepath.Join(dir, filepath.Base(bin)), filepath.Join(dir, "hello-of-another-name")
			require.NoError(t, os.WriteFile(copied, data, 0o777))
			require.NoError(t, os.WriteFile(renamed, data, 0o777))
			for _, until := range []string{"main.main", "exit"} {
				first := boots(t, bin, harness.RecordSyscalls(), harness.Until(until))
				require.NotEmpty(t, first.Syscalls)
				require.Empty(t, diff.Reports(first, boots(t, copied, harness.RecordSyscalls(), harness.Until(until)), diff.Options{}).Changes)
				require.Empty(t, diff.Reports(boots(t, copied, harness.Until(until)), first, diff.Options{}).Changes)
				require.Empty(t, diff.Reports(first, boots(t, renamed, harness.RecordSyscalls(), harness.Until(until)), usual).Changes)
			}
		})
	}
}

// TestAnotherMachine: what a machine with half the CPUs changes is what the runtime concludes of it.
func TestAnotherMachine(t *testing.T) {
	t.Parallel()
	bin := fixtures.Build(t, fixtures.Hello, "s390x")
	two, err := harness.Run(t.Context(), bin, machine.New(machine.CPUs(2)), harness.RecordSyscalls())
	require.NoError(t, err)
	changes := diff.Reports(boots(t, bin, harness.RecordSyscalls()), two, usual).Changes
	require.Contains(t, changes, diff.Change{Kind: diff.Runtime, Op: diff.Changed, Name: "numCPU", Old: "4", New: "2"})
	require.Contains(t, changes, diff.Change{Kind: diff.Runtime, Op: diff.Changed, Name: "gomaxprocs", Old: "4", New: "2"})
}

// TestReleases: Go 1.25 reads the CPU limit of the process's cgroup, with all that goes with it (runtime/cgroup_linux.go,
// internal/runtime/cgroup).
func TestReleases(t *testing.T) {
	if testing.Short() {
		t.Skip("fetches toolchains")
	}
	t.Parallel()
	for _, goarch := range []string{"386", "s390x"} {
		t.Run(goarch, func(t *testing.T) {
			t.Parallel()
			of := func(toolchain string) *harness.Report {
				bin, err := fixtures.Make(t.Context(), fixtures.Spec{Program: fixtures.Hello, GOARCH: goarch, Toolchain: toolchain})
				require.NoError(t, err)
				return boots(t, bin, harness.RecordSyscalls())
			}
			old, new := of("go1.24.13"), of("go1.25.14")
			d := diff.Reports(old, new, usual)
			var files, calls []string
			for _, c := range d.Changes {
				switch c.Kind {
				case diff.File:
					require.Equal(t, diff.Added, c.Op)
					require.Equal(t, "schedinit", c.Where)
					files = append(files, c.Name)
				case diff.Syscall:
					calls = append(calls, c.String())
				}
			}
			require.Equal(t, []string{"/proc/self/mountinfo", "/proc/self/cgroup", "/sys/fs/cgroup/rt0/cpu.max"}, files)
			require.Contains(t, calls, "+ syscall pread64: new, 1×, first in schedinit")
			require.Contains(t, calls, "+ syscall sched_getaffinity in schedinit: new, 1×")
			require.Contains(t, d.Changes, diff.Change{Kind: diff.Schedinit, Op: diff.Added, Where: "schedinit", Name: "defaultGOMAXPROCSInit"})

			old.Syscalls, new.Syscalls = nil, nil
			untraced := diff.Reports(old, new, usual)
			for _, c := range d.Changes {
				if c.Kind == diff.File || c.Kind == diff.Runtime || c.Kind == diff.Init {
					require.Contains(t, untraced.Changes, c, "it does not take a trace to see that")
				}
			}
		})
	}
}
