// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
)

// randomAxes are n machines, drawn by name: values of a key each, many of them the usual one, and some that nothing boots with.
func randomAxes(a *arch.Arch, name string, n int) harness.Axes {
	h := fnv.New64a()
	fmt.Fprint(h, a.Name, name)
	random := rand.New(rand.NewPCG(h.Sum64(), 0))
	features := []string{""}
	for _, f := range a.Features {
		features = append(features, "+"+f.Name, "-"+f.Name)
	}
	models, bits := []string{"auto", "auto", "auto", "no-such-cpu"}, []string{"auto", "auto", "auto", "33"}
	for _, c := range a.CPUs {
		models = append(models, c.Name)
	}
	for _, b := range a.AddressBits() {
		bits = append(bits, fmt.Sprint(b))
	}
	register := a.Registers[random.IntN(len(a.Registers))]
	axes := harness.Axes{Zip: true}
	for _, axis := range []harness.Axis{
		{Key: "cpus", Values: []string{"1", "2", "3", "7", "64", "0-3,8", "300", "65"}},
		{Key: "hugePage", Values: []string{"none", "2MiB", "1GiB", "EACCES", "text:x"}},
		{Key: "pageSize", Values: []string{"4KiB", "4KiB", "4KiB", "16KiB", "64KiB", "8KiB"}},
		{Key: "kernel.release", Values: []string{"6.1.0", "2.6.32", "5.10.0-rt0", "4.4.0", "unread"}},
		{Key: "kernel.vdso", Values: []string{"gnu", "sysv", "both", "none"}},
		{Key: "cgroup.version", Values: []string{"2", "2", "1", "hybrid", "none"}},
		{Key: "cgroup.quota", Values: []string{"150000", "max", "1000000", "1"}},
		{Key: "memory", Values: []string{"8GiB", "64MiB", "1TiB"}},
		{Key: "addressSpace", Values: []string{"none", "none", "none", "64MiB", "8GiB"}},
		{Key: "vm.addressBits", Values: bits},
		{Key: "vm.placement", Values: []string{"topdown", "bottomup"}},
		{Key: "vm.overcommit", Values: []string{"heuristic", "always", "never"}},
		{Key: "clock.step", Values: []string{"0s", "0s", "1ms", "-1ms"}},
		{Key: "features", Values: features},
		{Key: "cpu.model", Values: models},
		{Key: "rules", Values: []string{
			"getppid:error=EPERM", "getppid:error=EPERM", "clone:when=2:error=EAGAIN", "openat,open:error=EACCES", "mmap,mmap2:when=5+:error=ENOMEM",
			"futex,futex_time64:trap", "sched_getaffinity:delay=1ms", "write:arg0=1:signal=SIGSEGV",
		}},
		{Key: "args", Values: []string{"", "a b c", "-x"}},
		{Key: "env.GODEBUG", Values: []string{"", "", "inittrace=1", "cpu.all=off", "madvdontneed=1"}},
		{Key: "env.GOMAXPROCS", Values: []string{"", "", "3", "0x"}},
		{Key: "stack.top", Values: []string{"auto", "auto", "auto", "auto", fmt.Sprintf("%#x", a.StackTop-1<<24), "0x10000"}},
		{Key: "random", Values: []string{"zero", "absent", "seed"}},
		{Key: "registers." + register.Name, Values: []string{"0", "1", "0x7fffffff"}},
		{Key: "rlimits.stack", Values: []string{"8MiB", "8MiB", "64KiB", "unlimited"}},
	} {
		values := make([]string, n)
		for i := range values {
			// The first machine is a usual one, and others are not so in too many ways.
			if i > 0 && random.IntN(3) == 0 {
				values[i] = axis.Values[random.IntN(len(axis.Values))]
			} else {
				values[i] = axis.Values[0]
			}
		}
		axes.List = append(axes.List, harness.Axis{Key: axis.Key, Values: values})
	}
	return axes
}

// TestSweepEqualsRun boots machines that were drawn at random in sweeps, and one by one.
func TestSweepEqualsRun(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		a, _ := arch.Find(goarch)
		outcomes := map[harness.Outcome]int{}
		for _, c := range []struct {
			program, mode string
			n             int
			opts          []harness.Option
		}{
			{fixtures.Hello, fixtures.ModeExe, 10, []harness.Option{harness.Until("exit")}},
			{fixtures.Hello, fixtures.ModePIE, 4, []harness.Option{harness.Until("main.main"), harness.RecordSyscalls()}},
			{fixtures.Hello, fixtures.ModeExe, 4, []harness.Option{harness.Until("schedinit"), harness.LimitMemory(1 << 20)}},
			{fixtures.Hello, fixtures.ModeExe, 4, []harness.Option{harness.Until("exit"), harness.LimitMemory(2400 << 10), harness.Args("x")}},
			{fixtures.Hello, fixtures.ModeExe, 3, []harness.Option{harness.LimitInstructions(200_000), harness.Seed(7)}},
			{fixtures.Hello, fixtures.ModeExe, 2, []harness.Option{harness.Until("main.nowhere")}},
			{"goroutines", fixtures.ModeExe, 3, []harness.Option{harness.Until("exit")}},
			{"nilderef", fixtures.ModeExe, 2, []harness.Option{harness.Until("exit")}},
			{"deadlock", fixtures.ModeExe, 2, []harness.Option{harness.Until("exit")}},
		} {
			bin, err := fixtures.Make(t.Context(), fixtures.Spec{Program: c.program, GOARCH: goarch, Mode: c.mode})
			if errors.As(err, new(*fixtures.UnsupportedError)) {
				continue // a linker without PIE
			}
			require.NoError(t, err)
			axes := randomAxes(a, c.program, c.n)
			c.opts = append([]harness.Option{harness.LimitInstructions(4_000_000), harness.RecordAfter(0.01)}, c.opts...)
			var results []harness.Result
			require.NoError(t, harness.Sweep(t.Context(), bin, axes, func(r harness.Result) { results = append(results, r) }, c.opts...))
			require.Len(t, results, c.n)
			for i, r := range results {
				require.Equal(t, i, r.Variant.Index)
				require.Nil(t, r.Panic)
				m, err := axes.Of(r.Variant)
				if err != nil {
					require.Equal(t, err, r.Report.Err())
					continue
				}
				cold, coldErr := harness.Run(t.Context(), bin, m, c.opts...)
				want, err := json.Marshal(cold)
				require.NoError(t, err)
				got, err := json.Marshal(r.Report)
				require.NoError(t, err)
				require.Equal(t, string(want), string(got), "%s, variant %v, %s", c.program, r.Variant, cold.Reproduce())
				require.Equal(t, fmt.Sprint(coldErr), fmt.Sprint(r.Report.Err()))
				require.Equal(t, cold.Story(), r.Report.Story())
				outcomes[cold.Outcome]++
			}
		}
		require.Greater(t, len(outcomes), 2, "the machines are too much alike: %v", outcomes)
		require.NotZero(t, outcomes[harness.Reached])
	})
}
