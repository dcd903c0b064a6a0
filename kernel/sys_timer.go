// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"math"
	"slices"

	"github.com/rt0-dev/rt0/arch"
)

// The timers of timer_create, which Go's profiler uses since Go 1.18: one for each thread, on the thread's own CPU time.

var timerCalls = []call{
	{name: "timer_create", do: sysTimerCreate, support: partial, note: "SIGEV_SIGNAL, SIGEV_NONE and SIGEV_THREAD_ID; CPU-time clocks of the caller alone"},
	{name: "timer_settime", do: sysTimerSettime},
	{name: "timer_settime64", do: sysTimerSettime64},
	{name: "timer_gettime", do: sysTimerGettime},
	{name: "timer_gettime64", do: sysTimerGettime64},
	{name: "timer_getoverrun", do: sysTimerGetoverrun},
	{name: "timer_delete", do: sysTimerDelete},
}

// The values of sigev_notify, include/uapi/asm-generic/siginfo.h. SIGEV_THREAD is the C library's, and SIGEV_SIGNAL to the kernel.
const (
	sigevSignal   = 0
	sigevNone     = 1
	sigevThread   = 2
	sigevThreadID = 4
)

// maxTimers bounds the timers of a process, as RLIMIT_SIGPENDING does: EAGAIN.
const maxTimers = 1024

// posixTimer is a timer of the process. Times are nanoseconds of its clock.
type posixTimer struct {
	id      int
	clock   int32
	owner   *Thread // whose CPU time CLOCK_THREAD_CPUTIME_ID is
	signal  arch.Signal
	silent  bool    // SIGEV_NONE
	target  *Thread // SIGEV_THREAD_ID; nil: the process
	value   uint64
	due     int64 // 0: not set
	period  int64
	timer   *timer // runs the clocks that pass while everybody sleeps
	missed  int    // expirations since its signal was queued
	overrun int    // the same at the last delivery
}

// cpu says that a timer runs on CPU time.
func (pt *posixTimer) cpu() bool { return pt.clock == clockProcessCPU || pt.clock == clockThreadCPU }

// now is the time of a timer's clock.
func (p *Process) timerNow(pt *posixTimer) int64 { return clocks[pt.clock].read(pt.owner) }

// arm sets a timer; first 0 stops it.
func (p *Process) arm(pt *posixTimer, first, period int64) {
	if pt.timer != nil {
		p.clock.stop(pt.timer)
		pt.timer = nil
	}
	pt.due, pt.period, pt.missed, pt.overrun = first, period, 0, 0
	if first != 0 && !pt.cpu() {
		p.startTimer(pt)
	}
}

func (p *Process) startTimer(pt *posixTimer) {
	due := pt.due
	if clocks[pt.clock].wall {
		due = p.clock.fromWall(due)
	}
	pt.timer = p.clock.after(due, func() {
		pt.timer = nil
		p.expireTimer(pt)
		if pt.due != 0 {
			p.startTimer(pt)
		}
	})
}

// expireTimer sends the timer's signal, or counts it while the one before is pending, and sets the timer to its next time.
func (p *Process) expireTimer(pt *posixTimer) {
	count := 1
	if pt.period == 0 {
		pt.due = 0
	} else {
		late := (p.timerNow(pt) - pt.due) / pt.period
		pt.due = addTime(pt.due, (late+1)*pt.period)
		count += int(late)
	}
	switch {
	case pt.silent || pt.target != nil && pt.target.dead:
	case slices.ContainsFunc(p.queueOf(pt).infos, pt.sent):
		pt.missed += count
	default:
		pt.missed = count - 1
		p.send(pt.target, siginfo{
			signo: pt.signal, code: p.timerCode(), timer: pt, pid: pt.id, value: pt.value, running: pt.cpu(), why: "of a timer",
		})
	}
}

// queueOf is where the signals of a timer wait.
func (p *Process) queueOf(pt *posixTimer) *signalQueue {
	if pt.target != nil {
		return &pt.target.queue
	}
	return &p.signals.queue
}

// sent says that a signal is the timer's.
func (pt *posixTimer) sent(info siginfo) bool { return info.timer == pt }

// delivered tells the timer that its signal is on its way, and the signal how many it stands for.
func (pt *posixTimer) delivered(info *siginfo) {
	pt.overrun, pt.missed = pt.missed, 0
	info.uid = pt.overrun // si_overrun is where si_uid is
}

// posixTimerDue is the instruction count at which the next timer on CPU time is due, should the current thread run on.
func (p *Process) posixTimerDue() uint64 {
	due := uint64(math.MaxUint64)
	for _, pt := range p.cpuTimers() {
		if pt.owner == p.current || pt.clock == clockProcessCPU {
			due = min(due, p.eng.Instructions()+uint64(max(pt.due-p.timerNow(pt), 0))/nsPerInstruction)
		}
	}
	return due
}

// firePosixTimers lets those on CPU time expire.
func (p *Process) firePosixTimers() {
	for _, pt := range p.cpuTimers() {
		if pt.due <= p.timerNow(pt) {
			p.expireTimer(pt)
		}
	}
}

// cpuTimers are the timers on CPU time that are set.
func (p *Process) cpuTimers() []*posixTimer {
	if len(p.timers) == 0 {
		return nil
	}
	var set []*posixTimer
	for _, pt := range p.timers {
		if pt.cpu() && pt.due != 0 && !pt.owner.dead {
			set = append(set, pt)
		}
	}
	return set
}

// findTimer finds a timer by its number.
func (p *Process) findTimer(id uint64) *posixTimer {
	for _, pt := range p.timers {
		if pt.id == int(int32(id)) {
			return pt
		}
	}
	return nil
}

// sysTimerCreate(clock, event, id). The structure sigevent: value, signal, notify, thread.
func sysTimerCreate(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	p, word := t.p, t.p.arch.PtrSize
	c, known := clocks[int32(a[0])]
	pt := &posixTimer{id: p.nextTimer, clock: int32(a[0]), owner: t, signal: arch.SIGALRM, value: uint64(p.nextTimer)}
	switch {
	case !known:
		return 0, arch.EINVAL
	case !c.sleep && !pt.cpu():
		return 0, arch.EOPNOTSUPP
	case len(p.timers) >= maxTimers:
		return 0, arch.EAGAIN
	}
	if a[1] != 0 {
		b := make([]byte, 64) // sizeof(struct sigevent)
		if errno := t.copyIn(a[1], b); errno != 0 {
			return 0, errno
		}
		number := func(i int) uint64 { return getUint(p.arch, b[word+4*i:word+4*i+4]) }
		pt.value, pt.signal = getUint(p.arch, b[:word]), p.signal(int64(int32(number(0))))
		switch number(1) {
		case sigevNone:
			pt.silent = true
		case sigevSignal, sigevThread:
		case sigevSignal | sigevThreadID:
			if pt.target = p.byTID[int(int32(number(2)))]; pt.target == nil {
				return 0, arch.EINVAL
			}
		default:
			return 0, arch.EINVAL
		}
		if pt.signal == 0 && !pt.silent {
			return 0, arch.EINVAL
		}
	}
	if errno := t.writeUint(a[2], 4, uint64(pt.id)); errno != 0 {
		return 0, errno
	}
	p.nextTimer++
	p.timers = append(p.timers, pt)
	return 0, 0
}

func sysTimerSettime(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.timerSettime(a, t.p.wideTime())
}
func sysTimerSettime64(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.timerSettime(a, true) }

// timerSettime(id, flags, new, old). The structure itimerspec: period, then the first time.
func (t *Thread) timerSettime(a [6]uint64, wide bool) (uint64, arch.Errno) {
	const absolute = 1 // TIMER_ABSTIME
	if a[2] == 0 {
		return 0, arch.EINVAL
	}
	period, errno := t.readTimespec(a[2], wide)
	if errno != 0 {
		return 0, errno
	}
	first, errno := t.readTimespec(a[2]+timespecSize(wide), wide)
	if errno != 0 {
		return 0, errno
	}
	pt := t.p.findTimer(a[0])
	if pt == nil {
		return 0, arch.EINVAL
	}
	if a[3] != 0 {
		if errno := t.writeItimerspec(a[3], pt, wide); errno != 0 {
			return 0, errno
		}
	}
	if first != 0 && a[1]&absolute == 0 {
		first = addTime(t.p.timerNow(pt), first)
	}
	t.p.arm(pt, first, period)
	return 0, 0
}

func timespecSize(wide bool) uint64 {
	if wide {
		return 16
	}
	return 8
}

// writeItimerspec tells a timer's period, and how long it has yet to run.
func (t *Thread) writeItimerspec(addr uint64, pt *posixTimer, wide bool) arch.Errno {
	left := int64(0)
	if pt.due != 0 {
		left = max(pt.due-t.p.timerNow(pt), 1)
	}
	if errno := t.writeTimespec(addr, wide, pt.period); errno != 0 {
		return errno
	}
	return t.writeTimespec(addr+timespecSize(wide), wide, left)
}

func sysTimerGettime(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.timerGettime(a, t.p.wideTime())
}
func sysTimerGettime64(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.timerGettime(a, true) }

func (t *Thread) timerGettime(a [6]uint64, wide bool) (uint64, arch.Errno) {
	pt := t.p.findTimer(a[0])
	if pt == nil {
		return 0, arch.EINVAL
	}
	return 0, t.writeItimerspec(a[1], pt, wide)
}

func sysTimerGetoverrun(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	pt := t.p.findTimer(a[0])
	if pt == nil {
		return 0, arch.EINVAL
	}
	return uint64(pt.overrun), 0
}

func sysTimerDelete(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	p := t.p
	pt := p.findTimer(a[0])
	if pt == nil {
		return 0, arch.EINVAL
	}
	p.arm(pt, 0, 0)
	queue := p.queueOf(pt)
	queue.infos = slices.DeleteFunc(queue.infos, pt.sent)
	queue.update()
	p.timers = slices.DeleteFunc(p.timers, func(other *posixTimer) bool { return other == pt })
	return 0, 0
}
