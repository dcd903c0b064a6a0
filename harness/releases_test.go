// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"cmp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// furtherReleases are the newest patch releases of the minor ones that no other test boots. Those whose toolchain is here are booted, each on
// as many architectures as perRelease says, which go round: all releases on all architectures are what `make releases` and `rt0 matrix` boot.
var furtherReleases = []string{
	"go1.6.4", "go1.7.6", "go1.9.7", "go1.10.8", "go1.12.17", "go1.13.15", "go1.14.15", "go1.15.15", "go1.17.13", "go1.18.10", "go1.19.13",
	"go1.20.14", "go1.21.13", "go1.22.12", "go1.23.12", "go1.24.13", "go1.25.14", "go1.26.11",
}

const perRelease = 2

// TestReleases: every release boots, and what is read from its memory is what the program itself says.
func TestReleases(t *testing.T) {
	t.Run("used elsewhere", func(t *testing.T) { eachRelease(t, requireSelf) })
	if testing.Short() {
		return
	}
	for goarch, toolchain := range map[string]string{"mips64": "go1.8.7", "mips64le": "go1.9.7"} { // those whose code is rewritten
		if fixtures.IsLocal(toolchain) {
			t.Run(toolchain+" "+goarch, func(t *testing.T) {
				t.Parallel()
				requireSelf(t, goarch, toolchain)
			})
		}
	}
	next := 0
	for _, toolchain := range furtherReleases {
		if !fixtures.IsLocal(toolchain) {
			continue // 250 MB for everybody who runs the tests
		}
		for n := 0; n < perRelease; next++ {
			goarch := arch.Names()[next%len(arch.Names())]
			if !fixtures.Builds(toolchain, goarch) {
				continue
			}
			n++
			t.Run(toolchain+" "+goarch, func(t *testing.T) {
				t.Parallel()
				requireSelf(t, goarch, toolchain)
			})
		}
	}
}

// requireSelf boots the fixture that prints what the runtime says of itself, and compares.
func requireSelf(t *testing.T, goarch, toolchain string) {
	bin := fixtures.Build(t, fixtures.Runtime, goarch, fixtures.Toolchain(toolchain))
	m := machine.New(machine.CPUs(7), machine.Env("HOME=/root", "EMPTY="), machine.Args("one", "", "three words"))
	start := harness.Boot(t, bin, m)
	start.RequireReached("main.main")
	start.RequireStartup()
	end := harness.Boot(t, bin, m, harness.Until("exit"))
	end.RequireExited(0)
	require.Equal(t, harness.Phases(), names(end.Phases))
	for _, event := range end.Events {
		require.Contains(t, event, "signal SIGURG", "of preemption, which is all that may be worth a word")
	}

	said := map[string]string{}
	for line := range strings.Lines(end.Stdout) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		said[key] = value
	}
	list := func(name string, count string) []string {
		n, err := strconv.Atoi(said[count])
		require.NoError(t, err)
		words := []string{}
		for i := range n {
			words = append(words, said[name+strconv.Itoa(i)])
		}
		return words
	}
	for _, tc := range []struct {
		key  string
		read int
	}{
		{"numCPU", end.Runtime.NumCPU},
		{"gomaxprocs", end.Runtime.GOMAXPROCS},
		{"argc", end.Runtime.Argc},
		{"maxStack", start.Runtime.MaxStackSize}, // before the program sets it
		{"maxThreads", start.Runtime.MaxMCount},
	} {
		require.Equal(t, said[tc.key], strconv.Itoa(tc.read), tc.key)
	}
	if end.Runtime.PhysPageSize != harness.Unknown {
		require.Equal(t, said["pageSize"], strconv.Itoa(end.Runtime.PhysPageSize))
	}
	require.Equal(t, 1<<20, end.Runtime.MaxStackSize, "which the program has set")
	require.Equal(t, 1000, end.Runtime.MaxMCount)
	require.Equal(t, said["version"], end.Binary.GoVersion)
	require.Equal(t, said["goarch"], end.Binary.GOARCH)
	require.Equal(t, list("arg", "argc"), end.Runtime.Args)
	require.Equal(t, list("env", "envc"), end.Runtime.Env)
}

// TestFeaturesOfReleases: what internal/cpu has found is told since Go 1.11, the first with options, which were shorter than they are.
func TestFeaturesOfReleases(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ toolchain, goarch, feature string }{
		{"go1.8.7", "s390x", ""},
		{"go1.11.13", "amd64", "ssse3"},
		{"go1.11.13", "386", "sse2"},
		{"go1.11.13", "arm64", "atomics"},
		{"go1.11.13", "s390x", "vx"},
		{"go1.16.15", "arm64", "atomics"},
		{"", "s390x", "vx"},
	} {
		if testing.Short() && tc.toolchain != "" {
			continue
		}
		t.Run(cmp.Or(tc.toolchain, "host")+" "+tc.goarch, func(t *testing.T) {
			t.Parallel()
			boot := harness.Boot(t, fixtures.Build(t, fixtures.Hello, tc.goarch, fixtures.Toolchain(tc.toolchain)), machine.New())
			boot.RequireReached("main.main")
			if tc.feature == "" {
				require.Nil(t, boot.Runtime.CPUFeatures)
				return
			}
			require.Contains(t, boot.Runtime.CPUFeatures, tc.feature)
		})
	}
}
