// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import "github.com/rt0-dev/rt0/machine"

// clockFace is what programs see of the clock, where a machine has them see something else: ticks, time that jumps or goes backward, time
// that stands. The clock itself goes on as always; sleeps, timers and time-outs go by it, and so does the CPU's cycle counter.
type clockFace struct {
	resolution int64 // nanoseconds that the values are multiples of; at least 1
	step       int64 // nanoseconds that each reading adds for the next one
	added      int64 // by the readings so far
	frozen     bool  // CLOCK_MONOTONIC stands at start
	start      int64
}

func (f *clockFace) init(m machine.Clock) {
	*f = clockFace{resolution: max(int64(m.Resolution), 1), step: int64(m.Step), frozen: m.Frozen, start: int64(m.Monotonic)}
}

// shown is a reading: what a program sees of CLOCK_REALTIME (wall) or CLOCK_MONOTONIC. With a step each reading counts, of whichever clock;
// the first shows the clock as it is. No clock goes below 0. Without any of these it is wall or now.
func (c *clock) shown(wall bool) int64 {
	now := c.now()
	f := &c.face
	if f.frozen {
		now = f.start
	}
	if wall {
		now = c.wall()
	}
	now = max(addTime(now, f.added), 0)
	f.added = addTime(f.added, f.step)
	return now - now%f.resolution
}
