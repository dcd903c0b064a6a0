// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/fixtures"
)

func counting(key string, from, to int) Axes {
	axis := Axis{Key: key}
	for n := from; n <= to; n++ {
		axis.Values = append(axis.Values, strconv.Itoa(n))
	}
	return Axes{List: []Axis{axis}}
}

// inEach is the option that has f called in each boot, when the guest is about to run.
func inEach(f func(*boot)) Option { return func(o *options) { o.inject = f } }

// TestSweepContainsPanics has rt0 fail in some boots: these are rows, and the others what they always are.
func TestSweepContainsPanics(t *testing.T) {
	t.Parallel()
	bin := fixtures.Build(t, fixtures.Hello, "arm64")
	var index *int // of nothing
	fails := func(n int) bool { return n%5 == 3 }
	axes, told := counting("cpus", 1, 20), 0
	err := Sweep(t.Context(), bin, axes, func(r Result) {
		require.Equal(t, told, r.Variant.Index)
		told++
		cpus := r.Variant.Index + 1
		if !fails(cpus) {
			require.Nil(t, r.Panic)
			require.Equal(t, Reached, r.Report.Outcome, r.Report.Reason)
			require.Equal(t, cpus, r.Report.Runtime.GOMAXPROCS)
			return
		}
		require.Contains(t, r.Panic.Value, "nil pointer dereference")
		require.Contains(t, r.Panic.Stack, "sweep_internal_test.go")
		require.Equal(t, fmt.Sprintf("rt0 boot --set cpus=%d --until main %s", cpus, bin), r.Panic.Reproduce)
		require.Equal(t, Refused, r.Report.Outcome)
		require.ErrorAs(t, r.Report.Err(), new(*PanicError))
		require.Contains(t, r.Report.Reason, r.Panic.Reproduce)
	}, Until("main"), inEach(func(b *boot) {
		if fails(b.report.Machine.CPUs.Count()) {
			*index++
		}
	}))
	require.NoError(t, err)
	require.Equal(t, axes.Len(), told)
}

// TestSweepPanicOfCaller lets a panic of the caller's through, and leaves nothing running behind.
func TestSweepPanicOfCaller(t *testing.T) {
	t.Parallel()
	bin := fixtures.Build(t, fixtures.Hello, "amd64")
	var running atomic.Int32
	told := 0
	require.PanicsWithValue(t, "mine", func() {
		_ = Sweep(t.Context(), bin, counting("cpus", 1, 1000), func(r Result) {
			if told++; told == 3 {
				panic("mine")
			}
		}, Until("schedinit"), inEach(func(*boot) { running.Add(1) }))
	})
	require.Equal(t, 3, told)
	n := running.Load()
	time.Sleep(20 * time.Millisecond)
	require.Equal(t, n, running.Load())
}

// TestSweepWindow has one boot wait until the others can go no further: their number is bounded, and none is lost.
func TestSweepWindow(t *testing.T) {
	t.Parallel()
	bin := fixtures.Build(t, fixtures.Hello, "amd64")
	var others atomic.Int32
	told, most := 0, int32(0)
	err := Sweep(t.Context(), bin, counting("cpus", 1, sweepWindow+50), func(r Result) {
		require.Equal(t, told, r.Variant.Index)
		told++
		require.Equal(t, told, r.Report.Machine.CPUs.Count())
	}, Until("rt0"), Parallel(3), inEach(func(b *boot) {
		if b.report.Machine.CPUs.Count() > 1 {
			others.Add(1)
			return
		}
		for last := int32(-1); last != others.Load(); time.Sleep(200 * time.Millisecond) {
			last = others.Load()
		}
		most = others.Load()
	}))
	require.NoError(t, err)
	require.Equal(t, sweepWindow+50, told)
	require.Equal(t, int32(sweepWindow-1), most)
}

// TestSweepInterrupted ends sweeps at any result: what was told is a prefix, and the next one goes on there.
func TestSweepInterrupted(t *testing.T) {
	t.Parallel()
	bin := fixtures.Build(t, fixtures.Hello, "amd64")
	for _, after := range []int{1, 2, 7} {
		ctx, cancel := context.WithCancel(t.Context())
		var told []int
		err := Sweep(ctx, bin, counting("cpus", 1, 30), func(r Result) {
			require.Equal(t, Reached, r.Report.Outcome)
			if told = append(told, r.Variant.Index); len(told) == after {
				cancel()
			}
		}, Until("schedinit"))
		cancel()
		require.ErrorIs(t, err, context.Canceled)
		require.Len(t, told, after)
		require.Equal(t, after-1, told[after-1])
	}
}

// TestSweepPoison spoils all of the guest's memory and registers after each boot of a warm engine: the next one is as if on an engine of its own.
func TestSweepPoison(t *testing.T) {
	t.Parallel()
	for _, a := range arch.All() {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			bin := fixtures.Build(t, fixtures.Hello, a.Name)
			axes := Axes{Zip: true, List: []Axis{
				{Key: "cpus", Values: []string{"4", "4", "1", "9", "4"}},
				{Key: "hugePage", Values: []string{"none", "none", "2MiB", "1GiB", "none"}},
				{Key: "random", Values: []string{"a", "a", "zero", "b", "a"}},
			}}
			poisoned := 0
			s := newStation(openProgram(bin), newOptions([]Option{Until(exitPhase)}))
			s.warm, s.recall = true, newRecollections(0.5)
			defer s.recall.close()
			defer s.close()
			recalled := uint64(0)
			for i := range axes.Len() {
				m, err := axes.Of(axes.Variant(i))
				require.NoError(t, err)
				cold, err := Run(t.Context(), bin, m, Until(exitPhase))
				require.NoError(t, err)
				warm := s.run(t.Context(), s.machine(m))
				require.Equal(t, asJSON(t, cold), asJSON(t, warm))
				require.Len(t, s.stages, 1)
				recalled = s.stages[0].engine.Recalled()
				poisoned += spoil(s.stages[0].engine)
			}
			require.Greater(t, poisoned, 4*100, "pages")
			require.NotZero(t, recalled, "instructions")
		})
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

// spoil writes to every page that the guest has, maps some, takes some away, and sets every register; it returns how many pages that were.
func spoil(e *emu.Engine) int {
	mem, pages := e.Mem(), 0
	garbage := make([]byte, emu.PageSize)
	for i := range garbage {
		garbage[i] = 0xa5 ^ byte(i)
	}
	for _, r := range mem.Regions() {
		for addr, n := r.Start, 0; addr < r.End && n < 4096; addr, n = addr+emu.PageSize, n+1 {
			if (mem.Resident(addr) || n < 16) && mem.Poke(addr, garbage) == nil {
				pages++
			}
		}
		if r.End-r.Start > 2*emu.PageSize {
			_ = mem.Unmap(r.End-emu.PageSize, emu.PageSize)
		}
		_ = mem.Protect(r.Start, emu.PageSize, emu.Read|emu.Write|emu.Exec)
	}
	if at, ok := mem.FindGap(1<<20, 1<<20, 1<<16, 1<<31, false); ok && mem.MapBytes(at, 1<<20, emu.Read|emu.Write, 7, garbage) == nil {
		_ = mem.Poke(at, garbage)
	}
	for _, r := range e.Arch().Registers {
		if r != e.Arch().PC {
			e.SetReg(r, 0x5a5a5a5a)
		}
	}
	for addr := uint64(0x10000); addr < 0x10040; addr += 4 {
		e.Break(addr)
		e.Unbreak(addr)
	}
	return pages
}
