// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/machine"
)

// onClock runs f on every architecture, on a machine with such a clock.
func onClock(t *testing.T, c machine.Clock, f func(t *testing.T, p *Process)) {
	t.Helper()
	for _, goarch := range arches {
		t.Run(goarch, func(t *testing.T) {
			t.Parallel()
			f(t, newProcess(t, goarch, nil, func(cfg *Config) { cfg.Machine.Clock = c }))
		})
	}
}

// written is the time that a call has written at testData.
func (p *Process) written() int64 {
	sec, _ := p.current.readUint(testData, p.arch.PtrSize)
	rest, _ := p.current.readUint(testData+uint64(p.arch.PtrSize), p.arch.PtrSize)
	return int64(sec)*second + int64(rest)
}

func (p *Process) readClock(t *testing.T, id uint64) int64 {
	t.Helper()
	p.ok(t, "clock_gettime", id, testData)
	return p.written()
}

// The ids of CLOCK_REALTIME and its like, and of CLOCK_MONOTONIC and its like, coarse ones at the end.
var (
	wallClocks      = []uint64{0, 11, 5}
	monotonicClocks = []uint64{1, 4, 7, 6}
)

func TestClockResolution(t *testing.T) {
	t.Parallel()
	const resolution = 10 * int64(time.Millisecond)
	clock := machine.Clock{
		Realtime: "2026-01-01T00:00:00Z", Monotonic: machine.Duration(time.Hour), Resolution: machine.Duration(resolution),
	}
	onClock(t, clock, func(t *testing.T, p *Process) {
		for range 3 {
			p.run(3_500_000)
			for _, id := range wallClocks {
				require.Equal(t, p.clock.wall()-p.clock.wall()%resolution, p.readClock(t, id), id)
			}
			for _, id := range monotonicClocks {
				require.Equal(t, p.clock.now()-p.clock.now()%resolution, p.readClock(t, id), id)
			}
			require.EqualValues(t, p.eng.Instructions(), p.readClock(t, clockProcessCPU))
			p.ok(t, "gettimeofday", testData, 0)
			usec, _ := p.current.readUint(testData+uint64(p.arch.PtrSize), p.arch.PtrSize)
			require.Zero(t, usec%10_000)
		}
		for id, want := range map[uint64]int64{0: resolution, 1: resolution, 6: resolution, clockProcessCPU: 1, clockThreadCPU: 1} {
			p.ok(t, "clock_getres", id, testData)
			require.Equal(t, want, p.written(), id)
		}
	})
}

// A finer resolution leaves the coarse clocks their ticks.
func TestClockResolutionBelowTick(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "s390x", nil, func(cfg *Config) { cfg.Machine.Clock.Resolution = 1000 })
	p.run(5_000_000)
	require.Zero(t, p.readClock(t, 6)%tick)
	require.Zero(t, p.readClock(t, 1)%1000)
	p.ok(t, "clock_getres", 6, testData)
	require.EqualValues(t, tick, p.written())
}

func TestClockStep(t *testing.T) {
	t.Parallel()
	for _, step := range []time.Duration{time.Second, -time.Second} {
		clock := machine.Clock{
			Realtime: "1970-01-01T00:00:05Z", Monotonic: machine.Duration(5 * time.Second), Resolution: 1, Step: machine.Duration(step),
		}
		t.Run(step.String(), func(t *testing.T) {
			onClock(t, clock, func(t *testing.T, p *Process) {
				start := p.clock.now()
				for i := range int64(8) {
					require.Equal(t, max(start+i*int64(step), 0), p.readClock(t, []uint64{0, 1}[i%2]), "reading %d", i)
				}
				require.Equal(t, start, p.clock.now())
				require.Zero(t, p.current.writeTimespec(testData, p.wideTime(), second))
				p.do("nanosleep", testData, 0)
				p.run(1)
				require.InDelta(t, second, p.clock.now()-start, 100, "sleeps are what they were")
			})
		})
	}
}

func TestClockFrozen(t *testing.T) {
	t.Parallel()
	clock := machine.Clock{Realtime: "1970-01-01T00:00:00Z", Resolution: 1, Frozen: true}
	onClock(t, clock, func(t *testing.T, p *Process) {
		p.run(1000)
		require.Zero(t, p.current.writeTimespec(testData, p.wideTime(), second))
		p.do("nanosleep", testData, 0)
		p.run(1)
		require.GreaterOrEqual(t, p.clock.now(), second)
		for _, id := range monotonicClocks {
			require.Zero(t, p.readClock(t, id))
		}
		require.Equal(t, p.clock.wall(), p.readClock(t, 0), "CLOCK_REALTIME goes on")
	})
}

// The clock of an ordinary machine shows what it is, however often it is read.
func TestClockPlain(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "mips", nil)
	for range 3 {
		require.Equal(t, p.clock.now(), p.clock.shown(false))
		require.Equal(t, p.clock.wall(), p.clock.shown(true))
	}
}
