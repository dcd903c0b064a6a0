// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"cmp"
	"go/version"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/loader"
	"github.com/rt0-dev/rt0/machine"
)

// oldReleases stand for what changed: the last without init tasks and without runtime.physHugePageSize, the last one whose ABI passes
// everything on the stack, and the newest.
var oldReleases = []string{"go1.11.13", "go1.16.15", "go1.27.0"}

// ancient releases, from before modules, and the architectures that stand for the others there: the last runtime in C, the first in Go,
// with the LDT of 386, and the first with 32-bit MIPS and a page size that it asks for.
var ancient = map[string][]string{
	"go1.4.3": {"amd64"},
	"go1.5.4": {"386", "arm64", "ppc64"},
	"go1.8.7": {"arm", "mips", "s390x"},
}

// releases are all toolchains that tests use; "" is the one on PATH. With -short that is all.
func releases() []string {
	if testing.Short() {
		return []string{""}
	}
	return append([]string{""}, oldReleases...)
}

// each runs f for each architecture.
func each(t *testing.T, f func(t *testing.T, goarch string)) {
	t.Parallel()
	for _, goarch := range harness.Architectures() {
		t.Run(goarch, func(t *testing.T) {
			t.Parallel()
			f(t, goarch)
		})
	}
}

// eachRelease runs f for each architecture and toolchain.
func eachRelease(t *testing.T, f func(t *testing.T, goarch, toolchain string)) {
	each(t, func(t *testing.T, goarch string) {
		toolchains := releases()
		for toolchain, names := range ancient {
			if !testing.Short() && slices.Contains(names, goarch) {
				toolchains = append(toolchains, toolchain)
			}
		}
		for _, toolchain := range toolchains {
			if !fixtures.Builds(toolchain, goarch) {
				continue
			}
			t.Run(cmp.Or(toolchain, "host"), func(t *testing.T) {
				t.Parallel()
				f(t, goarch, toolchain)
			})
		}
	})
}

func TestStartup(t *testing.T) {
	eachRelease(t, func(t *testing.T, goarch, toolchain string) {
		for _, program := range fixtures.Small() {
			if toolchain != "" && program != fixtures.Hello && program != fixtures.Inits {
				continue
			}
			t.Run(program, func(t *testing.T) {
				bin := fixtures.Build(t, program, goarch, fixtures.Toolchain(toolchain))
				m := machine.New(machine.CPUs(7), machine.Env("HOME=/root", "EMPTY=", "LANG=C"), machine.Args("one", "", "three words"))
				boot := harness.Boot(t, bin, m)
				boot.RequireReached("main.main")
				boot.RequireStartup()
				if toolchain == "go1.4.3" {
					require.Equal(t, 1, boot.Runtime.GOMAXPROCS)
				} else {
					require.Equal(t, 7, boot.Runtime.GOMAXPROCS)
				}
				require.Equal(t, harness.MaxStackSize(goarch), boot.Runtime.MaxStackSize)
			})
		}
	})
}

func TestPhases(t *testing.T) {
	eachRelease(t, func(t *testing.T, goarch, toolchain string) {
		modes := [][]fixtures.Option{nil, {fixtures.Stripped()}}
		if toolchain == "" && fixtures.LinksPIE(toolchain, goarch) {
			modes = append(modes, []fixtures.Option{fixtures.PIE()}, []fixtures.Option{fixtures.PIE(), fixtures.Stripped()})
		}
		for _, opts := range modes {
			bin := fixtures.Build(t, fixtures.Hello, goarch, append(opts, fixtures.Toolchain(toolchain))...)
			boot := harness.Boot(t, bin, machine.New(), harness.Until("exit"))
			boot.RequireExited(0)
			require.Equal(t, "hello, world\n", boot.Stdout)
			require.Equal(t, harness.Phases(), names(boot.Phases))
			var instructions uint64
			syscalls, pages := 0, uint64(0)
			for _, p := range boot.Phases {
				require.Equal(t, instructions, p.StartInstruction, p.Name)
				instructions += p.Instructions
				syscalls += p.Syscalls
				pages += p.Pages
			}
			require.Equal(t, boot.Counts.Instructions, instructions)
			require.Equal(t, boot.Counts.Syscalls, syscalls)
			require.Equal(t, boot.Counts.PagesTouched, pages)
			calls := names(boot.Schedinit)
			require.Subset(t, calls, []string{"mallocinit", "goargs", "gcinit", "procresize"})
			require.IsIncreasing(t, []int{indexOf(calls, "mallocinit"), indexOf(calls, "goargs"), indexOf(calls, "gcinit"), indexOf(calls, "procresize")})
		}
	})
}

func names(phases []harness.Phase) []string {
	var list []string
	for _, p := range phases {
		list = append(list, p.Name)
	}
	return list
}

func indexOf(list []string, word string) int {
	for i, w := range list {
		if w == word {
			return i
		}
	}
	return -1
}

func TestCPUs(t *testing.T) {
	// Whatever go line the fixture's module has, the runtime shall look at cgroups.
	containers := machine.Env("GODEBUG=containermaxprocs=1")
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Hello, goarch)
		for _, tc := range []struct {
			name string
			m    machine.Machine
			ps   int
		}{
			{"1", machine.New(machine.CPUs(1)), 1},
			{"7", machine.New(machine.CPUs(7)), 7},
			{"128", machine.New(machine.CPUs(128)), 128},
			{"1000", machine.New(machine.CPUs(1000)), 1000},
			{"holes", machine.New(machine.CPUSetOf("0-3,8,64-65")), 7},
			{"quota", machine.New(machine.CPUs(8), machine.CgroupV2(350_000, 100_000), containers), 4},
			{"small quota", machine.New(machine.CPUs(8), machine.CgroupV2(10_000, 100_000), containers), 2},
			{"large quota", machine.New(machine.CPUs(8), machine.CgroupV2(9_000_000, 100_000), containers), 8},
			{"old quota", machine.New(machine.CPUs(8), machine.CgroupV1(500_000, 100_000), containers), 5},
			{"no quota", machine.New(machine.CPUs(8), machine.CgroupV1(-1, 100_000), containers), 8},
			{"no cgroup", machine.New(machine.CPUs(8), machine.WithoutCgroup(), containers), 8},
			{"quota off", machine.New(machine.CPUs(8), machine.CgroupV2(350_000, 100_000), machine.Env("GODEBUG=containermaxprocs=0")), 8},
		} {
			t.Run(tc.name, func(t *testing.T) {
				boot := harness.Boot(t, bin, tc.m)
				boot.RequireStartup()
				require.Equal(t, tc.ps, boot.Runtime.GOMAXPROCS)
			})
		}
	})
}

// TestManyCPUs: the Ps of so many CPUs fill the heap, so that a garbage collection with a thousand workers runs before main.main.
func TestManyCPUs(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: takes ten seconds")
	}
	t.Parallel()
	boot := harness.Boot(t, fixtures.Build(t, fixtures.Hello, "amd64"), machine.New(machine.CPUs(4096)))
	boot.RequireStartup()
	require.Equal(t, 4096, boot.Runtime.GOMAXPROCS)
}

func TestGOMAXPROCS(t *testing.T) {
	eachRelease(t, func(t *testing.T, goarch, toolchain string) {
		bin := fixtures.Build(t, fixtures.Hello, goarch, fixtures.Toolchain(toolchain))
		for value, ps := range map[string]int{
			"1": 1, "3": 3, "007": 7, "200": 200,
			"0": 4, "-3": 4, "abc": 4, "": 4, " 7": 4, "7 ": 4, "1e2": 4, "0x10": 4, "4294967297": 4, "99999999999999999999": 4,
		} {
			t.Run(value, func(t *testing.T) {
				boot := harness.Boot(t, bin, machine.New(machine.CPUs(4), machine.Env("GOMAXPROCS="+value)))
				boot.RequireStartup()
				if value == "4294967297" || version.Compare(boot.Binary.GoVersion, "go1.8") < 0 {
					ps = harness.ExpectedPs(boot.Report) // Go 1.12 and older got it wrong on mips64; up to 1.7 it was another function
				}
				require.Equal(t, ps, boot.Runtime.GOMAXPROCS)
			})
		}
	})
}

func TestHugePage(t *testing.T) {
	eachRelease(t, func(t *testing.T, goarch, toolchain string) {
		bin := fixtures.Build(t, fixtures.Hello, goarch, fixtures.Toolchain(toolchain))
		for size, want := range map[uint64]int{0: 0, 2 << 20: 2 << 20, 4 << 20: 4 << 20, 1 << 30: 0, 3 << 20: 0, 64 << 10: 64 << 10} {
			t.Run(machine.Size(size).String(), func(t *testing.T) {
				// Linux up to 6.12 does not go to a hint for a mapping as large as a huge page when there is no room for two; a 1.5 dies of it.
				boot := harness.Boot(t, bin, machine.New(machine.HugePage(size), machine.KernelRelease("6.13.0")))
				boot.RequireReached("main.main")
				boot.RequireHugePage()
				if version.Compare(boot.Binary.GoVersion, "go1.13") < 0 {
					want = harness.Unknown
				}
				require.Equal(t, want, boot.Runtime.PhysHugePageSize)
			})
		}
	})
}

// hostMinor is N of the Go 1.N on PATH.
func hostMinor(t *testing.T) int {
	img, err := loader.Open(fixtures.Build(t, fixtures.Hello, "amd64"))
	require.NoError(t, err)
	return img.Minor()
}

func TestModes(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		for _, tc := range []struct {
			name string
			opts []fixtures.Option
		}{
			{"exe", nil},
			{"pie", []fixtures.Option{fixtures.PIE()}},
			{"stripped", []fixtures.Option{fixtures.Stripped()}},
			{"stripped pie", []fixtures.Option{fixtures.Stripped(), fixtures.PIE()}},
		} {
			a, _ := arch.Find(goarch)
			if strings.HasSuffix(tc.name, "pie") && (a.PIE == 0 || a.PIE > hostMinor(t)) {
				continue // harness/conformance shows that Go refuses to
			}
			t.Run(tc.name, func(t *testing.T) {
				boot := harness.Boot(t, fixtures.Build(t, fixtures.Inits, goarch, tc.opts...), machine.New(), harness.Until("exit"))
				boot.RequireExited(0)
				if boot.Binary.Stripped {
					require.Equal(t, harness.Unknown, boot.Runtime.GOMAXPROCS)
				} else {
					boot.RequireStartup()
				}
				var user []string
				for _, i := range boot.Inits {
					if i.Package == "main" {
						user = append(user, i.Function)
					}
				}
				require.Equal(t, []string{"main.init", "main.init.0", "main.init.1"}, user)
			})
		}
	})
}

func TestOutcomes(t *testing.T) {
	eachRelease(t, func(t *testing.T, goarch, toolchain string) {
		run := func(t *testing.T, program string, opts ...harness.Option) *harness.BootResult {
			bin := fixtures.Build(t, program, goarch, fixtures.Toolchain(toolchain))
			return harness.Boot(t, bin, machine.New(), append([]harness.Option{harness.Until("exit")}, opts...)...)
		}
		t.Run("panic", func(t *testing.T) {
			boot := run(t, fixtures.Panic)
			boot.RequireThrew("panic: on purpose, code 42")
			require.Equal(t, 2, *boot.ExitCode)
			require.Equal(t, "about to panic\ndeferred\n", boot.Stdout)
			require.NotEmpty(t, boot.Crash().Traceback)
		})
		t.Run("deadlock", func(t *testing.T) {
			boot := run(t, fixtures.Deadlock)
			boot.RequireThrew("fatal error: all goroutines are asleep - deadlock!")
			require.Equal(t, 2, *boot.ExitCode)
		})
		t.Run("nil dereference", func(t *testing.T) {
			run(t, fixtures.NilDeref).RequireThrew("panic: runtime error: invalid memory address or nil pointer dereference")
		})
		t.Run("goroutines", func(t *testing.T) {
			run(t, fixtures.Goroutines).RequireExited(0)
		})
		t.Run("limit", func(t *testing.T) {
			run(t, fixtures.Hello, harness.LimitInstructions(10_000)).RequireStuck("limit of 10000 instructions")
		})
		t.Run("memory", func(t *testing.T) {
			run(t, fixtures.Hello, harness.LimitMemory(256<<10)).RequireStuck("memory")
		})
	})
}
