// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"math"

	"github.com/rt0-dev/rt0/arch"
)

// The interval timers of setitimer. ITIMER_REAL runs on the clock; ITIMER_VIRTUAL and ITIMER_PROF run on what the process executes,
// which is all user time.
const (
	itimerReal = iota
	itimerVirtual
	itimerProf
)

var itimerSignals = [3]arch.Signal{arch.SIGALRM, arch.SIGVTALRM, arch.SIGPROF}

// intervalTimer is one of the three. Times are nanoseconds, of CLOCK_MONOTONIC or of instructions executed.
type intervalTimer struct {
	due      int64 // 0: not set
	interval int64
	timer    *timer // ITIMER_REAL's
}

// itimerNow is the time of a timer's clock.
func (p *Process) itimerNow(which int) int64 {
	if which == itimerReal {
		return p.clock.now()
	}
	return int64(p.eng.Instructions()) * nsPerInstruction
}

// setItimer arms a timer; first 0 stops it.
func (p *Process) setItimer(which int, first, interval int64) {
	it := &p.itimers[which]
	if it.timer != nil {
		p.clock.stop(it.timer)
	}
	*it = intervalTimer{}
	if first == 0 {
		return
	}
	*it = intervalTimer{due: addTime(p.itimerNow(which), first), interval: interval}
	if which == itimerReal {
		p.armReal()
	}
}

func (p *Process) armReal() {
	it := &p.itimers[itimerReal]
	it.timer = p.clock.after(it.due, func() {
		it.timer = nil
		p.expireItimer(itimerReal)
		if it.due != 0 {
			p.armReal()
		}
	})
}

// expireItimer sends the timer's signal and sets it to its next time, past those that were missed.
func (p *Process) expireItimer(which int) {
	it := &p.itimers[which]
	now := p.itimerNow(which)
	switch {
	case it.interval == 0:
		it.due = 0
	default:
		missed := (now - it.due) / it.interval
		it.due = addTime(it.due, (missed+1)*it.interval)
	}
	p.send(nil, siginfo{signo: itimerSignals[which], code: siKernel, running: which != itimerReal, why: "of an interval timer"})
}

// cpuTimerDue is the instruction count at which a CPU-time timer is due next.
func (p *Process) cpuTimerDue() uint64 {
	due := uint64(math.MaxUint64)
	for _, which := range [...]int{itimerVirtual, itimerProf} {
		if it := &p.itimers[which]; it.due != 0 {
			due = min(due, uint64(it.due)/nsPerInstruction)
		}
	}
	return min(due, p.posixTimerDue())
}

func (p *Process) fireCPUTimers() {
	p.firePosixTimers()
	for _, which := range [...]int{itimerVirtual, itimerProf} {
		if it := &p.itimers[which]; it.due != 0 && it.due <= p.itimerNow(which) {
			p.expireItimer(which)
		}
	}
}

// readTimeval reads a struct timeval in nanoseconds.
func (t *Thread) readTimeval(addr uint64) (int64, arch.Errno) {
	word := t.p.arch.PtrSize
	raw := make([]byte, 2*word)
	if errno := t.copyIn(addr, raw); errno != 0 {
		return 0, errno
	}
	sec, usec := t.p.signed(getUint(t.p.arch, raw[:word])), t.p.signed(getUint(t.p.arch, raw[word:]))
	if sec < 0 || usec < 0 || usec >= 1_000_000 {
		return 0, arch.EINVAL
	}
	if sec >= math.MaxInt64/second {
		return never, 0
	}
	return sec*second + usec*1000, 0
}

// writeItimer writes a struct itimerval.
func (t *Thread) writeItimer(addr uint64, which int) arch.Errno {
	it, word, e := &t.p.itimers[which], t.p.arch.PtrSize, t.encode()
	left := int64(0)
	if it.due != 0 {
		left = max(it.due-t.p.itimerNow(which), 1000)
	}
	for _, ns := range [...]int64{it.interval, left} {
		e.uint(word, uint64(ns/second)).uint(word, uint64(ns%second/1000))
	}
	return t.copyOut(addr, e.b)
}

func sysGetitimer(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if a[0] > itimerProf {
		return 0, arch.EINVAL
	}
	return 0, t.writeItimer(a[1], int(a[0]))
}

// sysSetitimer(which, new, old).
func sysSetitimer(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if a[0] > itimerProf {
		return 0, arch.EINVAL
	}
	which := int(a[0])
	var interval, first int64
	if a[1] != 0 {
		var errno arch.Errno
		if interval, errno = t.readTimeval(a[1]); errno != 0 {
			return 0, errno
		}
		if first, errno = t.readTimeval(a[1] + uint64(2*t.p.arch.PtrSize)); errno != 0 {
			return 0, errno
		}
	}
	if a[2] != 0 {
		if errno := t.writeItimer(a[2], which); errno != 0 {
			return 0, errno
		}
	}
	t.p.setItimer(which, first, interval)
	return 0, 0
}
