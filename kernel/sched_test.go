// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
)

// order runs a process with n further threads and says who ran, slice by slice.
func order(t *testing.T, n, slices int, o Order) []int {
	t.Helper()
	p := newProcess(t, "amd64", nil, func(c *Config) { c.Order = o })
	for range n {
		p.spawn(t)
	}
	var ran []int
	for range slices {
		require.Equal(t, Limit, p.run(slice).Kind)
		ran = append(ran, p.Current().TID)
	}
	return ran
}

func TestRoundRobin(t *testing.T) {
	t.Parallel()
	require.Equal(t, []int{1000, 1001, 1002, 1000, 1001, 1002}, order(t, 2, 6, RoundRobin))
}

func TestSeededOrderRepeats(t *testing.T) {
	t.Parallel()
	require.Equal(t, order(t, 4, 40, Seeded(1)), order(t, 4, 40, Seeded(1)))
	require.NotEqual(t, order(t, 4, 40, Seeded(1)), order(t, 4, 40, Seeded(2)))
	require.NotEqual(t, order(t, 4, 40, Seeded(0)), order(t, 4, 40, RoundRobin))
}

func TestSlicesAreShared(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	for range 3 {
		p.spawn(t)
	}
	p.run(40 * slice)
	total := uint64(0)
	for _, th := range p.Threads() {
		require.InDelta(t, 10*slice, th.Instructions, slice)
		total += th.Instructions
	}
	require.Equal(t, p.eng.Instructions(), total)
}

func TestAloneIsNotSwitched(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	p.run(10 * slice)
	require.Equal(t, "running", p.Current().State)
	require.Empty(t, p.sched.queue)
}

// Stops that mean nothing to the process, as breakpoints and limits are, change nothing.
func TestStopsChangeNothing(t *testing.T) {
	t.Parallel()
	const end = 60 * slice
	history := func(chunk func() uint64) []int64 {
		p := newProcess(t, "amd64", nil)
		var log []int64
		note := func(what int64) { log = append(log, what, p.clock.now(), int64(p.current.TID)) }
		for i := range 2 {
			th := p.spawn(t)
			base := p.clock.now()
			for n := range 150 {
				p.clock.after(base+int64(i*13_001+n*37_011), func() {
					note(int64(i))
					if p.current == th && th.State == "running" {
						th.block(wait{state: "test", deadline: p.clock.now() + 333_333})
					}
				})
			}
		}
		for p.eng.Instructions() < end {
			require.Equal(t, Limit, p.run(min(chunk(), end-p.eng.Instructions())).Kind)
		}
		for _, th := range p.Threads() {
			log = append(log, int64(th.Instructions))
		}
		return log
	}
	want := history(func() uint64 { return end })
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 0))
		require.Equal(t, want, history(func() uint64 { return 1 + random.Uint64N(3*slice) }))
	}
}

func TestYieldGoesToTheEnd(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	p.spawn(t)
	_, errno := p.do("sched_yield")
	require.Zero(t, errno)
	p.run(1)
	require.Equal(t, 1001, p.Current().TID)
}

func TestDeadlock(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	_, errno := p.do("futex", testData, futexWait|futexPrivate, 0, 0)
	require.Zero(t, errno)
	e := p.run(1)
	require.Equal(t, Deadlock, e.Kind)
	require.Equal(t, "every thread waits and no timer runs: 1 in futex", e.Reason)
}

// A timer whose signal does nothing must not keep a process going for ever.
func TestIdleTimerIsADeadlock(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	p.signals.actions[arch.SIGALRM].handler = sigIgnore
	p.setItimer(itimerReal, 1000, 1000)
	p.do("futex", testData, futexWait, 0, 0)
	require.Equal(t, Deadlock, p.run(1).Kind)
}

func TestTimersFireInOrder(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		p := newProcess(t, "amd64", nil)
		base := p.clock.now()
		type set struct {
			deadline int64
			n        int
		}
		var want, got []set
		var timers []*timer
		for n := range 40 {
			s := set{base + random.Int64N(10)*1000, n}
			timers = append(timers, p.clock.after(s.deadline, func() { got = append(got, s) }))
			want = append(want, s)
		}
		for range 10 {
			i := random.IntN(len(timers))
			p.clock.stop(timers[i])
			timers = append(timers[:i], timers[i+1:]...)
			want = append(want[:i], want[i+1:]...)
		}
		for p.clock.jump() {
			p.clock.fire()
		}
		for i := range want[1:] { // insertion sort: stable
			for j := i + 1; j > 0 && want[j].deadline < want[j-1].deadline; j-- {
				want[j], want[j-1] = want[j-1], want[j]
			}
		}
		require.Equal(t, want, got)
	}
}

func TestTimeAddsUp(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	start, wall := p.clock.now(), p.clock.wall()
	p.run(5000)
	require.Equal(t, int64(p.eng.Instructions())*nsPerInstruction, p.clock.now()-start)
	before := p.clock.now()
	deadline := before + 1_000_000
	p.current.sleep("nanosleep", deadline, 0, true)
	p.run(1)
	require.GreaterOrEqual(t, p.clock.now(), deadline)
	require.Less(t, p.clock.now(), deadline+100)
	require.Equal(t, p.clock.now()-start, p.clock.wall()-wall)
	require.Equal(t, int64(never), addTime(never-5, 10))
	require.Equal(t, int64(never), p.clock.fromWall(never))
}

// A sleep of centuries neither wraps nor hangs, and ends the run.
func TestLongSleeps(t *testing.T) {
	t.Parallel()
	for _, d := range []int64{int64(25 * time.Hour), never / 2, never - 1} {
		p := newProcess(t, "amd64", nil)
		p.current.sleep("nanosleep", addTime(p.clock.now(), d), 0, true)
		p.run(1)
		e := p.run(1)
		if e.Kind != Deadlock { // a deadline of never is no timer
			require.Equal(t, Limit, e.Kind)
			require.Equal(t, "the process has slept for more than 24h0m0s of its own time", e.Reason)
		}
		require.Positive(t, p.clock.now())
	}
}
