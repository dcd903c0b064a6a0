// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"container/heap"
	"fmt"
	"math"

	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/machine"
)

// nsPerInstruction is how far the clocks go per instruction: 1 ns, the pace of a CPU that runs one instruction per cycle at
// 1 GHz. The figure is a convention; that time is counted and not measured is the point. The unit is chosen so that a count of
// instructions and a count of nanoseconds need no conversion.
const nsPerInstruction = 1

// never is the deadline of a wait without end, Linux' KTIME_MAX.
const never = math.MaxInt64

// clock is the time of the process: what the guest ran, plus what it slept. All times are nanoseconds of CLOCK_MONOTONIC.
type clock struct {
	eng      *emu.Engine
	start    int64 // CLOCK_MONOTONIC at instruction 0, and all that was slept since
	slept    int64 // what jumps have added
	realtime int64 // CLOCK_REALTIME minus CLOCK_MONOTONIC
	timers   timerHeap
	seq      uint64
	vdso     *VDSO // nil: there is none
	plain    bool  // the clocks show what the CPU's counter counts, so that the vDSO can serve them
	face     clockFace
}

// timer calls f once at its deadline.
type timer struct {
	deadline int64
	seq      uint64 // order among equal deadlines: first set, first fired
	index    int    // in the heap
	f        func()
}

func (c *clock) init(e *emu.Engine, m machine.Clock) error {
	c.eng = e
	wall, err := m.Time()
	if err != nil {
		return fmt.Errorf("read the machine's clock: %w", err)
	}
	monotonic := int64(m.Monotonic)
	c.start = monotonic - int64(e.Instructions())*nsPerInstruction
	c.realtime = wall.UnixNano() - monotonic
	c.plain = m.Resolution <= 1 && m.Step == 0 && !m.Frozen
	c.face.init(m)
	c.count()
	return nil
}

// now is CLOCK_MONOTONIC.
func (c *clock) now() int64 { return c.at(c.eng.Instructions()) }

// at is CLOCK_MONOTONIC at an instruction count, nothing slept from now to then.
func (c *clock) at(instructions uint64) int64 {
	return addTime(c.start, int64(min(instructions, math.MaxInt64))*nsPerInstruction)
}

// wall is CLOCK_REALTIME.
func (c *clock) wall() int64 { return addTime(c.now(), c.realtime) }

// fromWall turns a time of CLOCK_REALTIME into one of CLOCK_MONOTONIC; never stays never.
func (c *clock) fromWall(t int64) int64 {
	if t == never {
		return never
	}
	return addTime(t, -c.realtime)
}

// after sets a timer on a CLOCK_MONOTONIC time; one that has passed fires at the next opportunity.
func (c *clock) after(deadline int64, f func()) *timer {
	c.seq++
	t := &timer{deadline: deadline, seq: c.seq, f: f}
	heap.Push(&c.timers, t)
	return t
}

// stop takes a timer back. It is in the heap still.
func (c *clock) stop(t *timer) { heap.Remove(&c.timers, t.index) }

// fire calls the timers that are due, in order of (deadline, seq).
func (c *clock) fire() {
	for len(c.timers) > 0 && c.timers[0].deadline <= c.now() {
		heap.Pop(&c.timers).(*timer).f()
	}
	if c.vdso != nil {
		c.vdso.write(c)
	}
}

// nextDue is the instruction count at which the next timer is due when nobody sleeps, or the vDSO's data.
func (c *clock) nextDue() uint64 {
	next := uint64(math.MaxUint64)
	if c.vdso != nil {
		next = c.vdso.due(c)
	}
	if len(c.timers) == 0 {
		return next
	}
	done := c.eng.Instructions()
	left := c.timers[0].deadline - c.now()
	if left <= 0 {
		return done
	}
	return min(next, done+uint64(left)/nsPerInstruction)
}

// jump moves the time to the next timer: everybody sleeps. False: there is none.
func (c *clock) jump() bool {
	if len(c.timers) == 0 {
		return false
	}
	if left := c.timers[0].deadline - c.now(); left > 0 {
		c.start += left
		c.slept = addTime(c.slept, left)
		c.count()
	}
	return true
}

// count lets the CPU's cycle counter tell the same time as the clocks: RDTSC and CNTVCT_EL0 do not stop when nobody runs.
func (c *clock) count() { c.eng.SetCounter(c.counter()) }

// counter is what that counter reads, in nanoseconds.
func (c *clock) counter() uint64 {
	if c.eng.Arch().Engine.WallCounter {
		return uint64(c.wall())
	}
	return uint64(c.now())
}

// addTime adds without wrapping: a guest may sleep for centuries, as Linux' ktime_add_safe lets it.
func addTime(a, b int64) int64 {
	sum := a + b
	switch {
	case b > 0 && sum < a:
		return math.MaxInt64
	case b < 0 && sum > a:
		return math.MinInt64
	}
	return sum
}

// timerHeap is ordered by (deadline, seq).
type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if h[i].deadline != h[j].deadline {
		return h[i].deadline < h[j].deadline
	}
	return h[i].seq < h[j].seq
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	t := x.(*timer)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return t
}
