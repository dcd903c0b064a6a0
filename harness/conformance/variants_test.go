// SPDX-License-Identifier: GPL-2.0-or-later

package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// eachVariant runs f for each variant that compiles to code of its own and is not what the rest of the table is built for. value is a
// whole one: an option follows the default.
func eachVariant(t *testing.T, f func(t *testing.T, a *arch.Arch, v arch.Variant, value string)) {
	if testing.Short() {
		t.Skip("-short: the standard library is compiled anew for each variant")
	}
	each(t, func(t *testing.T, a *arch.Arch) {
		release, normal := minor(t, program(t, fixtures.Hello, a)), ""
		for _, v := range a.Variants {
			if v.Default {
				normal = v.Value
			}
		}
		for _, v := range a.Variants {
			if v.Default || v.As != "" || release < v.Since {
				continue
			}
			value := v.Value
			if strings.HasPrefix(value, ",") {
				value = normal + value
			}
			t.Run(v.Setting+"="+value, func(t *testing.T) { f(t, a, v, value) })
		}
	})
}

// TestVariants: what the compiler makes for another CPU prints the same.
func TestVariants(t *testing.T) {
	eachVariant(t, func(t *testing.T, a *arch.Arch, v arch.Variant, value string) {
		if v.Needs != "" {
			return // TestRefused has it
		}
		bin := program(t, fixtures.Conformance, a, fixtures.Env(v.Setting+"="+value))
		for _, c := range Cases {
			if c.Variants && minor(t, bin) >= c.Since {
				t.Run(c.Name, func(t *testing.T) { boot(t, bin, c, machine.New()) })
			}
		}
	})
}

// TestCarriedOut: cases print the same on a CPU with AVX2, of which rt0 carries out what the runtime and the compiler write, and on one with Zba, Zbb and
// Zbs, which it carries out in full. A case may end at an instruction that it does not, in the assembly of cryptography.
func TestCarriedOut(t *testing.T) {
	t.Parallel()
	names := []string{"hello", "maps", "fma", "bits", "integers", "floats", "panic", "stacks", "goroutines"}
	for _, build := range []struct{ goarch, setting, key, value string }{
		{"386", "GO386=sse2", "cpu.model", "haswell"},
		{"amd64", "GOAMD64=v3", "cpu.model", "haswell"},
		{"riscv64", "GORISCV64=rva22u64", "features", "+zba,+zbb,+zbs"},
	} {
		a, ok := arch.Find(build.goarch)
		require.True(t, ok)
		t.Run(build.goarch+"/"+build.setting, func(t *testing.T) {
			t.Parallel()
			bin := program(t, fixtures.Conformance, a, fixtures.Env(build.setting))
			ran := 0
			for _, c := range Cases {
				if c.Machine || minor(t, bin) < c.Since || !slices.Contains(names, c.Name) {
					continue
				}
				m := machine.New(machine.Setting(build.key, build.value))
				m.Args = []string{c.Name}
				b := harness.Boot(t, bin, m, harness.Until("exit"), harness.Timeout(limit))
				if b.Outcome == harness.Stuck {
					require.Contains(t, b.Reason, "the engine cannot execute", c.Name)
					continue
				}
				compare(t, bin, c, m, b)
				ran++
			}
			require.Greater(t, ran, 3)
		})
	}
}

// TestBeyondEngine: a binary for a CPU that the engine is not runs on the default machine as on a real one of its kind: the program itself says
// what it needs, or dies of SIGILL. On a machine that promises it, the report says that it is the engine which cannot go on.
func TestBeyondEngine(t *testing.T) {
	cpus := map[string]string{"GOAMD64=v3": "haswell", "GOAMD64=v4": "icelake-server", "GOPPC64=power10": "power10",
		"GORISCV64=rva22u64": "spacemit-k1", "GORISCV64=rva23u64": "spacemit-k1"}
	eachVariant(t, func(t *testing.T, a *arch.Arch, v arch.Variant, value string) {
		if v.Needs == "" {
			return // TestVariants has it
		}
		bin := program(t, fixtures.Hello, a, fixtures.Env(v.Setting+"="+value))
		b := harness.Boot(t, bin, machine.New(), harness.Until("exit"))
		if v.Checked {
			b.RequireExited(1)
			require.Contains(t, b.Stderr, "microarchitecture support")
			require.Equal(t, []string{"rt0", "exit"}, []string{b.Phases[0].Name, b.Phases[len(b.Phases)-1].Name})
		} else {
			require.Contains(t, []harness.Outcome{harness.Killed, harness.Threw}, b.Outcome)
			require.Contains(t, b.Reason, "SIGILL")
		}
		require.Empty(t, b.Warnings())
		model := cpus[v.Setting+"="+value]
		require.NotEmpty(t, model, "name a CPU that has it")
		b = harness.Boot(t, bin, machine.New(machine.Setting("cpu.model", model)), harness.Until("exit"))
		if b.Outcome == harness.Reached { // rt0 carries out what it met
			b.RequireExited(0)
			require.Equal(t, "hello, world\n", b.Stdout)
		} else {
			require.Equal(t, harness.Stuck, b.Outcome, b.Reason)
			require.Contains(t, b.Reason, "the engine cannot execute")
		}
		require.Len(t, b.Warnings(), 1)
		require.Contains(t, b.Events, b.Warnings()[0])
	})
}
