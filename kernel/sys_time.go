// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"github.com/rt0-dev/rt0/arch"
)

var timeCalls = []call{
	{name: "clock_gettime", do: sysClockGettime},
	{name: "clock_gettime64", do: sysClockGettime64},
	{name: "clock_getres", do: sysClockGetres},
	{name: "clock_getres_time64", do: sysClockGetres64},
	{name: "clock_settime", do: refuse(arch.EPERM), support: refused, note: "EPERM, as for an ordinary user"},
	{name: "clock_nanosleep", do: sysClockNanosleep, support: partial, note: "the CPU-time clocks sleep by the wall clock"},
	{name: "clock_nanosleep_time64", do: sysClockNanosleep64, support: partial, note: "as clock_nanosleep"},
	{name: "nanosleep", do: sysNanosleep},
	{name: "gettimeofday", do: sysGettimeofday},
	{name: "time", do: sysTime},
	{name: "getitimer", do: sysGetitimer},
	{name: "setitimer", do: sysSetitimer, support: partial, note: "ITIMER_VIRTUAL and ITIMER_PROF both count what the process executes"},
}

// The clocks of CPU time.
const (
	clockProcessCPU = 2 // CLOCK_PROCESS_CPUTIME_ID
	clockThreadCPU  = 3 // CLOCK_THREAD_CPUTIME_ID
)

// clocks are the values of clockid_t, by what they read, include/uapi/linux/time.h. Coarse clocks tick at CONFIG_HZ=250.
var clocks = map[int32]struct {
	read       func(t *Thread) int64
	resolution int64
	wall       bool // a sleep until a time of this clock is on CLOCK_REALTIME's scale
	sleep      bool // clock_nanosleep knows it
	cpu        bool // it counts what is executed, and the machine's resolution is nothing to it
	// vdso is what the vDSO shows of it; nil: it makes the system call.
	vdso func(*clock) int64
}{
	0:               {read: wallTime, resolution: 1, wall: true, sleep: true, vdso: (*clock).wall}, // CLOCK_REALTIME
	1:               {read: monotonicTime, resolution: 1, sleep: true, vdso: (*clock).now},         // CLOCK_MONOTONIC
	clockProcessCPU: {read: processTime, resolution: 1, cpu: true},
	clockThreadCPU:  {read: threadTime, resolution: 1, cpu: true},
	4:               {read: monotonicTime, resolution: 1, vdso: (*clock).now},              // CLOCK_MONOTONIC_RAW
	5:               {read: coarse(wallTime), resolution: tick},                            // CLOCK_REALTIME_COARSE
	6:               {read: coarse(monotonicTime), resolution: tick},                       // CLOCK_MONOTONIC_COARSE
	7:               {read: monotonicTime, resolution: 1, sleep: true, vdso: (*clock).now}, // CLOCK_BOOTTIME: never suspended
	11:              {read: taiTime, resolution: 1, vdso: (*clock).wall},                   // CLOCK_TAI
}

// tick is a jiffy at CONFIG_HZ=250, in nanoseconds.
const tick = 4_000_000

func wallTime(t *Thread) int64      { return t.p.clock.shown(true) }
func monotonicTime(t *Thread) int64 { return t.p.clock.shown(false) }
func processTime(t *Thread) int64   { return int64(t.p.eng.Instructions()) * nsPerInstruction }
func threadTime(t *Thread) int64    { return int64(t.Instructions) * nsPerInstruction }

// taiTime: International Atomic Time is ahead by the leap seconds when a daemon tells the kernel; none does here.
func taiTime(t *Thread) int64 { return wallTime(t) }

func coarse(read func(*Thread) int64) func(*Thread) int64 {
	return func(t *Thread) int64 {
		now := read(t)
		return now - now%max(tick, t.p.clock.face.resolution)
	}
}

// wideTime says that the old calls of an architecture have 64-bit timespecs.
func (p *Process) wideTime() bool { return p.arch.PtrSize == 8 }

func sysClockGettime(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.clockGettime(a, t.p.wideTime())
}
func sysClockGettime64(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.clockGettime(a, true) }

func (t *Thread) clockGettime(a [6]uint64, wide bool) (uint64, arch.Errno) {
	c, ok := clocks[int32(a[0])]
	if !ok {
		return 0, arch.EINVAL
	}
	return 0, t.writeTimespec(a[1], wide, c.read(t))
}

func sysClockGetres(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.clockGetres(a, t.p.wideTime())
}
func sysClockGetres64(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.clockGetres(a, true) }

func (t *Thread) clockGetres(a [6]uint64, wide bool) (uint64, arch.Errno) {
	c, ok := clocks[int32(a[0])]
	if !ok {
		return 0, arch.EINVAL
	}
	if a[1] == 0 {
		return 0, 0
	}
	resolution := c.resolution
	if !c.cpu {
		resolution = max(resolution, t.p.clock.face.resolution)
	}
	return 0, t.writeTimespec(a[1], wide, resolution)
}

func sysNanosleep(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	d, errno := t.readTimespec(a[0], t.p.wideTime())
	if errno != 0 {
		return 0, errno
	}
	return t.sleep("nanosleep", addTime(t.p.clock.now(), d), a[1], t.p.wideTime())
}

func sysClockNanosleep(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.clockNanosleep(a, t.p.wideTime())
}

func sysClockNanosleep64(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.clockNanosleep(a, true)
}

// clockNanosleep(clock, flags, request, remain).
func (t *Thread) clockNanosleep(a [6]uint64, wide bool) (uint64, arch.Errno) {
	const timerAbstime = 1
	c, ok := clocks[int32(a[0])]
	switch {
	case !ok:
		return 0, arch.EINVAL
	case !c.sleep:
		return 0, arch.EOPNOTSUPP
	}
	d, errno := t.readTimespec(a[2], wide)
	if errno != 0 {
		return 0, errno
	}
	switch {
	case a[1]&timerAbstime == 0:
		return t.sleep("clock_nanosleep", addTime(t.p.clock.now(), d), a[3], wide)
	case c.wall:
		d = t.p.clock.fromWall(d)
	}
	return t.sleep("clock_nanosleep", d, 0, wide)
}

// sleep blocks until a time of CLOCK_MONOTONIC. A signal leaves what is missing at remain, unless that is 0.
func (t *Thread) sleep(state string, deadline int64, remain uint64, wide bool) (uint64, arch.Errno) {
	t.block(wait{
		state:    state,
		deadline: deadline,
		expire:   func() (uint64, arch.Errno) { return 0, 0 },
		interrupted: func() arch.Errno {
			if remain != 0 {
				if errno := t.writeTimespec(remain, wide, max(deadline-t.p.clock.now(), 0)); errno != 0 {
					return errno
				}
			}
			return arch.EINTR
		},
	})
	return 0, 0
}

func sysGettimeofday(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	word := t.p.arch.PtrSize
	if a[0] != 0 {
		now := t.p.clock.shown(true)
		b := t.encode().uint(word, uint64(now/second)).uint(word, uint64(now%second/1000)).b
		if errno := t.copyOut(a[0], b); errno != 0 {
			return 0, errno
		}
	}
	if a[1] != 0 { // struct timezone: UTC
		return 0, t.copyOut(a[1], make([]byte, 8))
	}
	return 0, 0
}

func sysTime(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	now := uint64(t.p.clock.shown(true) / second)
	if a[0] != 0 {
		if errno := t.writeUint(a[0], t.p.arch.PtrSize, now); errno != 0 {
			return 0, errno
		}
	}
	return now, 0
}
