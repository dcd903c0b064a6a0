// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"

	"github.com/rt0-dev/rt0/arch"
)

var signalCalls = []call{
	{name: "rt_sigaction", do: sysRtSigaction, support: partial, note: "handlers get the SA_SIGINFO frame always; SA_NOCLDSTOP and SA_NOCLDWAIT are kept"},
	{name: "rt_sigprocmask", do: sysRtSigprocmask},
	{name: "rt_sigpending", do: sysRtSigpending},
	{name: "rt_sigreturn", do: sysRtSigreturn},
	{name: "rt_sigsuspend", do: sysRtSigsuspend},
	{name: "rt_sigtimedwait", do: sysRtSigtimedwait},
	{name: "rt_sigtimedwait_time64", do: sysRtSigtimedwait64},
	{name: "rt_sigqueueinfo", do: sysRtSigqueueinfo, support: partial, note: "to the process itself"},
	{name: "sigaltstack", do: sysSigaltstack},
	{name: "pause", do: sysPause},
	{name: "kill", do: sysKill, support: partial, note: "the process itself; others are ESRCH"},
	{name: "tkill", do: sysTkill},
	{name: "tgkill", do: sysTgkill},
}

// sigsetSize is sizeof(sigset_t) in the kernel, in bytes.
const sigsetSize = lastSignal / 8

// readSigset reads a signal mask; KILL and STOP stay out of it.
func (t *Thread) readSigset(addr, size uint64) (sigset, arch.Errno) {
	if size != sigsetSize {
		return 0, arch.EINVAL
	}
	var b [sigsetSize]byte
	if errno := t.copyIn(addr, b[:]); errno != 0 {
		return 0, errno
	}
	return t.p.decodeSigset(b[:]), 0
}

// setMask changes the blocked signals for good.
func (t *Thread) setMask(s sigset) { t.mask = s &^ unblockable }

// maskFor blocks other signals for the time of a call; addr 0: it leaves the mask alone.
func (t *Thread) maskFor(addr, size uint64) arch.Errno {
	if addr == 0 {
		return 0
	}
	s, errno := t.readSigset(addr, size)
	if errno != 0 {
		return errno
	}
	t.savedMask, t.maskSaved = t.mask, true
	t.setMask(s)
	return 0
}

// pendingFor says whether a signal waits that the thread does not block: a call that would wait returns EINTR.
func (t *Thread) signalPending() bool {
	return (t.queue.set|t.p.signals.queue.set)&^t.mask != 0
}

// sysRtSigaction(signal, new, old, size). The structure: handler, flags, restorer, mask.
func sysRtSigaction(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	p, sig, word := t.p, int64(int32(a[0])), t.p.arch.PtrSize
	if a[3] != sigsetSize || sig < 1 || sig > lastSignal {
		return 0, arch.EINVAL
	}
	old := p.signals.actions[sig]
	if a[1] != 0 {
		b := make([]byte, 3*word+sigsetSize)
		if errno := t.copyIn(a[1], b); errno != 0 {
			return 0, errno
		}
		if unblockable.has(arch.Signal(sig)) {
			return 0, arch.EINVAL
		}
		p.signals.actions[sig] = action{
			handler:  getUint(p.arch, b[:word]),
			flags:    getUint(p.arch, b[word:2*word]),
			restorer: getUint(p.arch, b[2*word:3*word]),
			mask:     p.decodeSigset(b[3*word:]) &^ unblockable,
		}
		if p.ignores(arch.Signal(sig)) {
			p.dropPending(setOf(arch.Signal(sig)))
		}
	}
	if a[2] == 0 {
		return 0, 0
	}
	e := t.encode().word(old.handler).word(old.flags).word(old.restorer)
	return 0, t.copyOut(a[2], append(e.b, p.encodeSigset(old.mask)...))
}

// dropPending forgets signals that have become ignored, as POSIX wants it.
func (p *Process) dropPending(s sigset) {
	p.signals.queue.drop(s)
	for _, t := range p.threads {
		if !t.dead {
			t.queue.drop(s)
		}
	}
}

// sysRtSigprocmask(how, new, old, size).
func sysRtSigprocmask(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	const block, unblock, set = 0, 1, 2
	if a[3] != sigsetSize {
		return 0, arch.EINVAL
	}
	old := t.mask
	if a[1] != 0 {
		s, errno := t.readSigset(a[1], a[3])
		if errno != 0 {
			return 0, errno
		}
		switch int32(a[0]) {
		case block:
			t.setMask(t.mask | s)
		case unblock:
			t.setMask(t.mask &^ s)
		case set:
			t.setMask(s)
		default:
			return 0, arch.EINVAL
		}
	}
	if a[2] == 0 {
		return 0, 0
	}
	return 0, t.copyOut(a[2], t.p.encodeSigset(old))
}

func sysRtSigpending(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if a[1] > sigsetSize {
		return 0, arch.EINVAL
	}
	pending := (t.queue.set | t.p.signals.queue.set) & t.mask
	return 0, t.copyOut(a[0], t.p.encodeSigset(pending)[:a[1]])
}

func sysRtSigreturn(t *Thread, _ [6]uint64) (uint64, arch.Errno) {
	if !t.p.popFrame(t) {
		t.p.force(t, siginfo{signo: arch.SIGSEGV, code: siKernel, fault: true, why: "in rt_sigreturn: the frame cannot be read"})
	}
	t.noResult = true
	return 0, 0
}

func sysRtSigsuspend(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if errno := t.maskFor(a[0], a[1]); errno != 0 {
		return 0, errno
	}
	if a[0] == 0 {
		return 0, arch.EFAULT
	}
	return sysPause(t, a)
}

// sysPause waits for a signal that has a handler.
func sysPause(t *Thread, _ [6]uint64) (uint64, arch.Errno) {
	if t.signalPending() {
		return 0, arch.EINTR
	}
	t.block(wait{state: t.call.name, deadline: never})
	return 0, 0
}

func sysRtSigtimedwait(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.sigtimedwait(a, t.p.wideTime())
}

func sysRtSigtimedwait64(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.sigtimedwait(a, true) }

// sigtimedwait(set, info, timeout, size).
func (t *Thread) sigtimedwait(a [6]uint64, wide bool) (uint64, arch.Errno) {
	want, errno := t.readSigset(a[0], a[3])
	if errno != 0 {
		return 0, errno
	}
	want &^= unblockable
	deadline := int64(never)
	if a[2] != 0 {
		timeout, errno := t.readTimespec(a[2], wide)
		if errno != 0 {
			return 0, errno
		}
		deadline = addTime(t.p.clock.now(), timeout)
	}
	take := func() (uint64, arch.Errno) {
		info, ok := t.queue.take(want)
		if !ok {
			if info, ok = t.p.signals.queue.take(want); !ok {
				return 0, arch.EAGAIN
			}
		}
		if a[1] != 0 {
			if errno := t.copyOut(a[1], t.p.encodeSiginfo(info)); errno != 0 {
				return 0, errno
			}
		}
		return uint64(info.signo), 0
	}
	if sig, errno := take(); errno != arch.EAGAIN || deadline <= t.p.clock.now() {
		return sig, errno
	}
	t.block(wait{state: t.call.name, deadline: deadline, expire: take, accept: want})
	return 0, 0
}

// sysSigaltstack(new, old).
func sysSigaltstack(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	const minSize = 2048 // MINSIGSTKSZ
	p, word := t.p, t.p.arch.PtrSize
	sp := p.eng.Reg(p.arch.SP)
	old := t.alt
	if a[0] != 0 {
		b := make([]byte, 3*word)
		if errno := t.copyIn(a[0], b); errno != 0 {
			return 0, errno
		}
		s := altStack{
			sp:    getUint(p.arch, b[:word]),
			flags: getUint(p.arch, b[word:word+4]),
			size:  getUint(p.arch, b[2*word:]),
		}
		mode := s.flags &^ ssAutodisarm
		switch {
		case old.holds(sp):
			return 0, arch.EPERM
		case mode != 0 && mode != ssOnStack && mode != ssDisable:
			return 0, arch.EINVAL
		case mode != ssDisable && s.size < minSize:
			return 0, arch.ENOMEM
		}
		t.setAlt(s)
	}
	if a[1] == 0 {
		return 0, 0
	}
	e := t.encode().word(old.sp).u32(old.state(sp) | old.flags)
	return 0, t.copyOut(a[1], e.pad(2*word).word(old.size).b)
}

// sendUser sends a signal as kill and its like do.
func (t *Thread) sendUser(target *Thread, sig int64, code int32, value uint64) (uint64, arch.Errno) {
	switch {
	case sig < 0 || sig > lastSignal:
		return 0, arch.EINVAL
	case sig == 0:
		return 0, 0
	}
	return 0, t.p.send(target, siginfo{
		signo: arch.Signal(sig), code: code, pid: t.p.pid, uid: int(t.p.id.euid), value: value,
		why: fmt.Sprintf("sent by thread %d with %s", t.TID, t.call.name),
	})
}

// sysKill(pid, signal). 0 and the negative numbers are process groups; the process is alone in its own.
func sysKill(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	pid := int(int32(a[0]))
	if pid != t.p.pid && pid != 0 && pid != -t.p.pid {
		return 0, arch.ESRCH
	}
	return t.sendUser(nil, int64(int32(a[1])), siUser, 0)
}

func sysTkill(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.tgkill(int(int32(a[0])), int64(int32(a[1])))
}

// sysTgkill(tgid, tid, signal).
func sysTgkill(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	switch tgid := int(int32(a[0])); {
	case tgid <= 0:
		return 0, arch.EINVAL
	case tgid != t.p.pid:
		return 0, arch.ESRCH
	}
	return t.tgkill(int(int32(a[1])), int64(int32(a[2])))
}

func (t *Thread) tgkill(tid int, sig int64) (uint64, arch.Errno) {
	if tid <= 0 {
		return 0, arch.EINVAL
	}
	target := t.p.byTID[tid]
	if target == nil {
		return 0, arch.ESRCH
	}
	return t.sendUser(target, sig, siTkill, 0)
}

// sysRtSigqueueinfo(pid, signal, info).
func sysRtSigqueueinfo(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if int(int32(a[0])) != t.p.pid {
		return 0, arch.ESRCH
	}
	word := t.p.arch.PtrSize
	b := make([]byte, 2*word+8+2*word)
	if errno := t.copyIn(a[2], b); errno != 0 {
		return 0, errno
	}
	at := 12
	if word == 8 {
		at = 16
	}
	code := int32(getUint(t.p.arch, b[8:12]))
	return t.sendUser(nil, int64(int32(a[1])), code, getUint(t.p.arch, b[at+8:at+8+word]))
}
