// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
)

// newTimer makes a timer that sends SIGPROF as Go's profiler does, to one thread or to the process.
func (p *Process) newTimer(t *testing.T, clock int, target *Thread) uint64 {
	t.Helper()
	e := p.current.encode().word(0x1234).u32(p.ownSignal(arch.SIGPROF))
	if target != nil {
		e.u32(sigevThreadID).u32(uint64(target.TID))
	}
	require.NoError(t, p.mem.Write(testData, e.pad(64).b))
	p.ok(t, "timer_create", uint64(clock), testData, testData+128)
	id, _ := p.current.readUint(testData+128, 4)
	return id
}

// setTimer sets a timer, in nanoseconds.
func (p *Process) setTimer(t *testing.T, id uint64, first, period int64) {
	t.Helper()
	wide := p.wideTime()
	require.Zero(t, p.current.writeTimespec(testData, wide, period))
	require.Zero(t, p.current.writeTimespec(testData+timespecSize(wide), wide, first))
	p.ok(t, "timer_settime", id, 0, testData, 0)
}

func TestTimerOnThreadTime(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *Process) {
		first := p.current
		first.mask = setOf(arch.SIGPROF)
		other := p.spawn(t)
		id := p.newTimer(t, clockThreadCPU, first)
		p.setTimer(t, id, 50_000, 20_000)
		begin := first.Instructions
		for !first.queue.set.has(arch.SIGPROF) {
			p.run(1)
			require.LessOrEqual(t, first.Instructions-begin, uint64(50_002)) // the loop may have a delay slot
		}
		require.GreaterOrEqual(t, first.Instructions-begin, uint64(50_000))
		require.Greater(t, other.Instructions, uint64(20_000), "another thread's time does not count")
		require.False(t, other.queue.set.has(arch.SIGPROF))

		for first.Instructions-begin < 95_000 {
			p.run(1000)
		}
		for p.current != first {
			p.run(1000)
		}
		require.NoError(t, p.mem.Write(testData+256, p.encodeSigset(setOf(arch.SIGPROF))))
		sig := p.ok(t, "rt_sigtimedwait", testData+256, testData+512, 0, uint64(p.sigsetSize()))
		require.Equal(t, p.ownSignal(arch.SIGPROF), sig)
		at := uint64(testData + 512 + 12)
		if p.arch.PtrSize == 8 {
			at += 4
		}
		for i, want := range []uint64{id, 2} { // si_timerid, si_overrun
			v, _ := p.current.readUint(at+uint64(4*i), 4)
			require.Equal(t, want, v)
		}
		value, _ := p.current.readUint(at+8, p.arch.PtrSize)
		require.EqualValues(t, 0x1234, value)
		require.EqualValues(t, 2, p.ok(t, "timer_getoverrun", id))

		p.ok(t, "timer_gettime", id, testData)
		period, _ := p.current.readTimespec(testData, p.wideTime())
		left, _ := p.current.readTimespec(testData+timespecSize(p.wideTime()), p.wideTime())
		require.EqualValues(t, 20_000, period)
		require.Positive(t, left)
		require.LessOrEqual(t, left, period)

		p.ok(t, "timer_delete", id)
		for range 20 {
			p.run(10_000)
		}
		require.False(t, first.queue.set.has(arch.SIGPROF), "a timer that is gone")
		_, errno := p.do("timer_settime", id, 0, testData, 0)
		require.Equal(t, arch.EINVAL, errno)
	})
}

func TestTimerWhileAllSleep(t *testing.T) {
	t.Parallel()
	for _, clock := range []int{0, 1, 7} { // CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME
		p := newProcess(t, "amd64", nil)
		id := p.newTimer(t, clock, nil)
		p.setTimer(t, id, 3*second, 0)
		begin := p.clock.now()
		p.do("pause")
		e := p.run(100)
		require.Equal(t, Killed, e.Kind)
		require.Equal(t, arch.SIGPROF, e.Signal)
		require.Contains(t, e.Reason, "of a timer")
		require.InDelta(t, 3*second, p.clock.now()-begin, 1000)
	}
}

func TestTimerRefuses(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	for _, tc := range []struct {
		clock, signal, notify, tid uint64
		want                       arch.Errno
	}{
		{1, 27, sigevSignal, 0, 0},
		{1, 0, sigevNone, 0, 0},
		{99, 27, sigevSignal, 0, arch.EINVAL},
		{4, 27, sigevSignal, 0, arch.EOPNOTSUPP}, // CLOCK_MONOTONIC_RAW
		{1, 0, sigevSignal, 0, arch.EINVAL},
		{1, 65, sigevSignal, 0, arch.EINVAL},
		{1, 27, 8, 0, arch.EINVAL},
		{1, 27, sigevThreadID, 4711, arch.EINVAL},
		{1, 27, sigevThreadID, firstPID, 0},
	} {
		require.NoError(t, p.mem.Write(testData, p.current.encode().word(0).u32(tc.signal).u32(tc.notify).u32(tc.tid).pad(64).b))
		_, errno := p.do("timer_create", tc.clock, testData, testData+128)
		require.Equal(t, tc.want, errno, "%+v", tc)
	}
	_, errno := p.do("timer_create", 1, 0, testData+128)
	require.Zero(t, errno, "no event: SIGALRM")
	for range 2 * maxTimers {
		_, errno = p.do("timer_create", 1, 0, testData+128)
	}
	require.Equal(t, arch.EAGAIN, errno)
	for _, name := range []string{"timer_settime", "timer_gettime", "timer_getoverrun", "timer_delete"} {
		_, errno := p.do(name, 1<<20, 0, testData, 0)
		require.Equal(t, arch.EINVAL, errno, name)
	}
}
