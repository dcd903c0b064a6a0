// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// TestStrangePages: the runtime is told of pages that no machine of the architecture has, and draws its conclusions.
func TestStrangePages(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Runtime, goarch)
		a, _ := arch.Find(goarch)
		for _, size := range []uint64{8 << 10, 16 << 10, 64 << 10, 512 << 10} {
			if slices.Contains(a.PageSizes, int(size)) {
				continue
			}
			boot := harness.Boot(t, bin, machine.New(machine.PageSize(size)), harness.Until("exit"))
			boot.RequireReached("exit")
			require.Equal(t, int(size), boot.Runtime.PhysPageSize)
			require.Contains(t, strings.Join(boot.Events, "\n"), "page size: no "+goarch+" machine has pages of "+machine.Size(size).String())
		}
		boot := harness.Boot(t, bin, machine.New(machine.PageSize(1<<20))) // beyond maxPhysPageSize (runtime/malloc.go)
		boot.RequireThrew("fatal error: bad system page size")
	})
}

// TestPageSizes: the runtime takes what the kernel says, on each architecture that has more than one size.
func TestPageSizes(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		a, _ := arch.Find(goarch)
		for _, size := range a.PageSizes {
			t.Run(machine.Size(size).String(), func(t *testing.T) {
				bin := fixtures.Build(t, fixtures.Runtime, goarch)
				boot := harness.Boot(t, bin, machine.New(machine.PageSize(uint64(size))), harness.Until("exit"))
				boot.RequireExited(0)
				require.Equal(t, size, boot.Runtime.PhysPageSize)
				require.Contains(t, boot.Stdout, "pageSize="+strconv.Itoa(size)+"\n")
			})
		}
	})
}

// TestFeatures takes away features of which Go has a second way, and adds what no Go program asks for. Names of other architectures change
// nothing.
func TestFeatures(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Goroutines, goarch)
		a, _ := arch.Find(goarch)
		known := false
		hashes := map[string]bool{}
		for _, features := range [][]string{
			nil, {"-atomics", "-sse4_2", "-popcnt", "-bmi2", "-bmi1", "-adx", "-movbe"}, {"-aes", "-asimd", "-sse4_1"}, {"+clflushopt", "+sve"},
		} {
			boot := harness.Boot(t, bin, machine.New(machine.Features(features...)), harness.Until("exit"))
			boot.RequireExited(0)
			require.Equal(t, "goroutines=100 sum=4950\n", boot.Stdout)
			hashes[boot.Hash] = true
			for _, name := range features {
				_, ok := a.Feature(name[1:])
				known = known || ok
			}
		}
		require.Equal(t, known, len(hashes) > 1, "a feature makes a difference where there is one")
	})
}

// TestSeed: another order of threads is another run with the same result, and the same one again for the same seed.
func TestSeed(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Goroutines, goarch)
		hash := func(opts ...harness.Option) string {
			boot := harness.Boot(t, bin, machine.New(), append(opts, harness.Until("exit"))...)
			boot.RequireExited(0)
			boot.RequireStartup()
			return boot.Hash
		}
		require.Equal(t, hash(harness.Seed(1)), hash(harness.Seed(1)))
		require.NotEqual(t, hash(harness.Seed(1)), hash(harness.Seed(2)))
	})
}

// TestRuntimeFixture compares the probes with what the runtime says of itself.
func TestRuntimeFixture(t *testing.T) {
	eachRelease(t, func(t *testing.T, goarch, toolchain string) {
		bin := fixtures.Build(t, fixtures.Runtime, goarch, fixtures.Toolchain(toolchain))
		m := machine.New(machine.CPUs(12), machine.Env("GOMAXPROCS=5", "X=y"), machine.Args("a", "b c"))
		started := harness.Boot(t, bin, m)
		started.RequireStartup()
		boot := harness.Boot(t, bin, m, harness.Until("exit"))
		boot.RequireExited(0)
		require.Regexp(t, "\nnumCPU=12\ngomaxprocs=5\npageSize=(4096|65536)\n", boot.Stdout)
		if boot.Runtime.PhysPageSize != harness.Unknown { // before Go 1.8 it was a constant of the architecture
			require.Contains(t, boot.Stdout, "\npageSize=4096\n")
		}
		require.Contains(t, boot.Stdout, "argc=3\narg0=runtime\narg1=a\narg2=b c\nenvc=2\nenv0=GOMAXPROCS=5\nenv1=X=y\n")
		// The program has set these two; the probes see it.
		require.Equal(t, 1<<20, boot.Runtime.MaxStackSize)
		require.Equal(t, 1000, boot.Runtime.MaxMCount)
	})
}
