// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
)

// asleep makes a process whose threads 1001 to 1000+n wait at testData, in this order, and lets 1000 run.
func asleep(t *testing.T, n int, bitset func(i int) uint32) *Process {
	t.Helper()
	p := newProcess(t, "amd64", nil)
	var all []*Thread
	for range n {
		all = append(all, p.spawn(t))
	}
	for i, th := range all {
		for p.current != th {
			p.do("sched_yield")
			p.run(1)
		}
		bits := uint32(futexAny)
		if bitset != nil {
			bits = bitset(i)
		}
		_, errno := p.do("futex", testData, futexWaitBitset|futexPrivate, 0, 0, 0, uint64(bits))
		require.Zero(t, errno)
		require.Equal(t, "futex", th.State)
	}
	p.run(1)
	require.Equal(t, 1000, p.current.TID)
	return p
}

// awake are the threads that can run, in the order in which they will.
func (p *Process) awake() []int {
	var tids []int
	for _, t := range p.sched.queue {
		tids = append(tids, t.TID)
	}
	return tids
}

func TestFutexWakesOldestFirst(t *testing.T) {
	t.Parallel()
	p := asleep(t, 4, nil)
	n, errno := p.do("futex", testData, futexWake, 2)
	require.Zero(t, errno)
	require.EqualValues(t, 2, n)
	require.Equal(t, []int{1001, 1002}, p.awake())
	n, _ = p.do("futex", testData, futexWake, 100)
	require.EqualValues(t, 2, n)
	n, _ = p.do("futex", testData, futexWake, 100)
	require.Zero(t, n)
	require.Empty(t, p.futexes.queues)
}

func TestFutexBitset(t *testing.T) {
	t.Parallel()
	p := asleep(t, 4, func(i int) uint32 { return 1 << i })
	n, errno := p.do("futex", testData, futexWakeBitset, 100, 0, 0, 0b1010)
	require.Zero(t, errno)
	require.EqualValues(t, 2, n)
	require.Equal(t, []int{1002, 1004}, p.awake())
}

func TestFutexRequeue(t *testing.T) {
	t.Parallel()
	p := asleep(t, 4, nil)
	_, errno := p.do("futex", testData, futexCmpRequeue, 1, 2, testData+4, 7)
	require.Equal(t, arch.EAGAIN, errno)
	n, errno := p.do("futex", testData, futexCmpRequeue, 1, 2, testData+4, 0)
	require.Zero(t, errno)
	require.EqualValues(t, 3, n)
	require.Equal(t, []int{1001}, p.awake())
	n, _ = p.do("futex", testData+4, futexWake, 100)
	require.EqualValues(t, 2, n)
	n, _ = p.do("futex", testData, futexWake, 100)
	require.EqualValues(t, 1, n)
	require.Equal(t, []int{1001, 1002, 1003, 1004}, p.awake())
}

func TestFutexErrors(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	for _, tc := range []struct {
		name string
		args []uint64
		want arch.Errno
	}{
		{"changed", []uint64{testData, futexWait, 1}, arch.EAGAIN},
		{"unaligned", []uint64{testData + 2, futexWait, 0}, arch.EINVAL},
		{"unmapped", []uint64{0x1000, futexWait, 0}, arch.EFAULT},
		{"kernel space", []uint64{1 << 63, futexWake, 1}, arch.EFAULT},
		{"timeout unmapped", []uint64{testData, futexWait, 0, 0x1000}, arch.EFAULT},
		{"no bits", []uint64{testData, futexWaitBitset, 0, 0, 0, 0}, arch.EINVAL},
		{"priority inheritance", []uint64{testData, 6, 0}, arch.ENOSYS},
	} {
		_, errno := p.do("futex", tc.args...)
		require.Equal(t, tc.want, errno, tc.name)
		require.Nil(t, p.current.wait, tc.name)
	}
}

func TestFutexTimeouts(t *testing.T) {
	t.Parallel()
	const ms = 1_000_000
	for _, tc := range []struct {
		name string
		op   uint64
		base func(p *Process) int64
	}{
		{"relative", futexWait, func(*Process) int64 { return 0 }},
		{"absolute", futexWaitBitset, func(p *Process) int64 { return p.clock.now() }},
		{"wall", futexWaitBitset | futexClockRealtime, func(p *Process) int64 { return p.clock.wall() }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t, "amd64", nil)
			require.Zero(t, p.current.writeTimespec(testData+64, true, tc.base(p)+5*ms))
			start := p.clock.now()
			_, errno := p.do("futex", testData, tc.op, 0, testData+64, 0, futexAny)
			require.Zero(t, errno)
			p.run(1)
			require.InDelta(t, 5*ms, p.clock.now()-start, 100)
			require.Equal(t, failed(arch.ETIMEDOUT), p.eng.Reg(p.arch.Syscall.Result))
			require.Empty(t, p.futexes.queues)
		})
	}
}
