// SPDX-License-Identifier: GPL-2.0-or-later

package conformance

import (
	"flag"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/loader"
	"github.com/rt0-dev/rt0/machine"
)

// toolchain has the whole table built by another release: go test ./harness/conformance -toolchain go1.16.15
var toolchain = flag.String("toolchain", "", "build the fixtures with this Go release")

// limit is what a case may take on the host's clock: it guards against a boot without end, and not against a slow host.
const limit = 5 * time.Minute

// A build is one of the ways in which a program is built for an architecture.
type build struct {
	name string
	opts []fixtures.Option
}

// builds are the other modes that the release links for the architecture.
func builds(a *arch.Arch, minor int) []build {
	list := []build{{"exe stripped", []fixtures.Option{fixtures.Stripped()}}}
	if a.PIE != 0 && minor >= a.PIE {
		list = append(list, build{"pie", []fixtures.Option{fixtures.PIE()}}, build{"pie stripped", []fixtures.Option{fixtures.PIE(), fixtures.Stripped()}})
	}
	return list
}

func program(t testing.TB, name string, a *arch.Arch, opts ...fixtures.Option) string {
	t.Helper()
	return fixtures.Build(t, name, a.Name, append([]fixtures.Option{fixtures.Toolchain(*toolchain)}, opts...)...)
}

// minor is that of the release that builds the fixtures.
func minor(t *testing.T, bin string) int {
	t.Helper()
	img, err := loader.Open(bin)
	require.NoError(t, err)
	return img.Minor()
}

// references are the results of the reference, by arguments and environment.
var references sync.Map // string → func() (Result, error)

// want is what the program prints on the reference when it is started as on m.
func want(t *testing.T, name string, m machine.Machine) Result {
	t.Helper()
	a, ok := arch.Find(reference)
	require.True(t, ok)
	bin := program(t, name, a)
	key := strings.Join(append(append([]string{name}, m.Args...), m.Env...), "\x00")
	once, _ := references.LoadOrStore(key, sync.OnceValues(func() (Result, error) { return Reference(t.Context(), bin, m) }))
	r, err := once.(func() (Result, error))()
	require.NoError(t, err)
	return r
}

// boot runs a case to its end and compares it with the reference.
func boot(t *testing.T, bin string, c Case, m machine.Machine) *harness.BootResult {
	t.Helper()
	m.Args = append([]string{c.Name}, m.Args...)
	b := harness.Boot(t, bin, m, harness.Until("exit"), harness.Timeout(limit))
	compare(t, bin, c, m, b)
	return b
}

// compare holds what a case has done against what it does on the real thing.
func compare(t *testing.T, bin string, c Case, m machine.Machine, b *harness.BootResult) {
	t.Helper()
	if !c.Machine {
		expected := want(t, fixtures.Conformance, m).only(c.Stderr)
		if a, _ := arch.Find(b.Binary.GOARCH); c.Breakpoint && a.Signals.Breakpoint == arch.SIGILL {
			expected.Stderr = "SIGILL: illegal instruction" // sigtable of runtime/sigtab_linux_generic.go
		}
		got := Of(b.Report).only(c.Stderr)
		if odd(b.Binary.GOARCH, c.Name, minor(t, bin)) {
			require.NotEqual(t, expected.Stdout, got.Stdout, "the entry in Oddities has to go")
			expected.Stdout = got.Stdout
		}
		same(t, expected, got)
	}
}

func same(t *testing.T, want, got Result) {
	t.Helper()
	require.Equal(t, want.End, got.End)
	require.Equal(t, want.Stdout, got.Stdout)
	require.Equal(t, want.Stderr, got.Stderr)
}

// each runs f for each architecture.
func each(t *testing.T, f func(t *testing.T, a *arch.Arch)) {
	t.Parallel()
	old := -1
	if *toolchain != "" {
		first, _ := arch.Find(reference)
		old = minor(t, program(t, fixtures.Hello, first))
	}
	for _, a := range arch.All() {
		if old >= 0 && old < a.Since {
			continue // the release does not have it
		}
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			f(t, a)
		})
	}
}

// find is a case by its name.
func find(t *testing.T, name string) Case {
	t.Helper()
	for _, c := range Cases {
		if c.Name == name {
			return c
		}
	}
	require.Fail(t, "no case "+name)
	return Case{}
}

// TestList: the table has every case of the fixture, and no other.
func TestList(t *testing.T) {
	var names []string
	for _, c := range Cases {
		names = append(names, c.Name)
	}
	each(t, func(t *testing.T, a *arch.Arch) {
		b := harness.Boot(t, program(t, fixtures.Conformance, a), machine.New(), harness.Until("exit"))
		require.Equal(t, names, strings.Fields(b.Stdout))
	})
}

// TestCases runs every case on the plain executable, twice.
func TestCases(t *testing.T) {
	each(t, func(t *testing.T, a *arch.Arch) {
		bin := program(t, fixtures.Conformance, a)
		release := minor(t, bin)
		for _, c := range Cases {
			if testing.Short() && !c.Short || release < c.Since {
				continue
			}
			t.Run(c.Name, func(t *testing.T) {
				first := boot(t, bin, c, machine.New())
				if testing.Short() {
					return
				}
				second, err := harness.Run(t.Context(), bin, first.Machine, harness.Until("exit"))
				require.NoError(t, err)
				require.Equal(t, first.Hash, second.Hash, "the second boot is another")
				require.Equal(t, first.Counts, second.Counts)
			})
		}
	})
}

// TestModes runs on the other builds what they could touch.
func TestModes(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: TestCases has the plain executable")
	}
	each(t, func(t *testing.T, a *arch.Arch) {
		release := minor(t, program(t, fixtures.Conformance, a))
		for _, b := range builds(a, release) {
			t.Run(b.name, func(t *testing.T) {
				bin := program(t, fixtures.Conformance, a, b.opts...)
				for _, c := range Cases {
					if !c.Modes || release < c.Since {
						continue
					}
					t.Run(c.Name, func(t *testing.T) {
						r := boot(t, bin, c, machine.New())
						require.Equal(t, strings.HasPrefix(b.name, "pie"), r.Binary.BuildMode == "pie")
						require.Equal(t, strings.HasSuffix(b.name, "stripped"), r.Binary.Stripped)
					})
				}
			})
		}
	})
}

// TestNoPIE: where arch.Arch.PIE says that Go makes no PIE without a C toolchain, none is asked for.
func TestNoPIE(t *testing.T) {
	each(t, func(t *testing.T, a *arch.Arch) {
		release := minor(t, program(t, fixtures.Hello, a))
		if a.PIE != 0 && release >= a.PIE {
			return // TestModes builds it
		}
		_, err := fixtures.Make(t.Context(), fixtures.Spec{Program: fixtures.Hello, GOARCH: a.Name, Mode: fixtures.ModePIE, Toolchain: *toolchain})
		require.ErrorAs(t, err, new(*fixtures.UnsupportedError))
	})
}

// TestMachines judges what the runtime concludes of each machine, and runs there what the machine could touch.
func TestMachines(t *testing.T) {
	each(t, func(t *testing.T, a *arch.Arch) {
		bin := program(t, fixtures.Conformance, a)
		for n, computer := range Computers(a) {
			if testing.Short() && n%4 != 0 {
				continue
			}
			t.Run(computer.Name, func(t *testing.T) {
				b := boot(t, bin, find(t, "machine"), computer.Machine)
				b.RequireExited(0)
				b.RequireStartup()
				said := map[string]int{}
				for line := range strings.Lines(b.Stdout) {
					key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
					n, err := strconv.Atoi(value)
					require.NoError(t, err)
					said[key] = n
				}
				require.Equal(t, map[string]int{
					"numCPU": b.Machine.CPUs.Count(), "gomaxprocs": harness.ExpectedPs(b.Report), "pageSize": int(b.Machine.PageSize),
					"maxStack": harness.MaxStackSize(a.Name), "maxThreads": harness.MaxMCount,
				}, said, "what the program itself says")
				if testing.Short() {
					return
				}
				for _, name := range computer.Cases {
					if c := find(t, name); c.Since <= minor(t, bin) {
						t.Run(name, func(t *testing.T) { boot(t, bin, c, computer.Machine) })
					}
				}
			})
		}
	})
}

// TestBigProgram: net/http and all that it brings along, initialised.
func TestBigProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes long to build")
	}
	each(t, func(t *testing.T, a *arch.Arch) {
		b := harness.Boot(t, program(t, fixtures.BigProgram, a), machine.New(), harness.Until("exit"))
		b.RequireStartup()
		same(t, want(t, fixtures.BigProgram, machine.New()), Of(b.Report))
		require.Greater(t, len(b.Inits), 100)
	})
}
