// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"slices"

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

// readSigset reads a signal mask; KILL and STOP stay out of it.
func (t *Thread) readSigset(addr, size uint64) (sigset, arch.Errno) {
	if size != uint64(t.p.sigsetSize()) {
		return sigset{}, arch.EINVAL
	}
	b := make([]byte, size)
	if errno := t.copyIn(addr, b); errno != 0 {
		return sigset{}, errno
	}
	return t.p.decodeSigset(b), 0
}

// setMask changes the blocked signals for good.
func (t *Thread) setMask(s sigset) { t.mask = s.minus(unblockable) }

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
	return !t.queue.set.plus(t.p.signals.queue.set).minus(t.mask).empty()
}

// sysRtSigaction(signal, new, old, size).
func sysRtSigaction(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	p, sig := t.p, t.p.signal(int64(int32(a[0])))
	if a[3] != uint64(p.sigsetSize()) || sig == 0 {
		return 0, arch.EINVAL
	}
	old := p.signals.actions[sig]
	b := make([]byte, p.arch.Signals.Action.Mask+p.sigsetSize())
	if a[1] != 0 {
		if errno := t.copyIn(a[1], b); errno != 0 {
			return 0, errno
		}
		if unblockable.has(sig) {
			return 0, arch.EINVAL
		}
		p.signals.actions[sig] = p.decodeAction(b)
		if p.ignores(sig) {
			p.dropPending(setOf(sig))
		}
	}
	if a[2] == 0 {
		return 0, 0
	}
	return 0, t.copyOut(a[2], p.encodeAction(old))
}

// decodeAction and encodeAction: struct sigaction.
func (p *Process) decodeAction(b []byte) action {
	l, word := &p.arch.Signals.Action, p.arch.PtrSize
	a := action{
		handler: getUint(p.arch, b[l.Handler:l.Handler+word]),
		flags:   arch.Generic(getUint(p.arch, b[l.Flags:l.Flags+l.FlagsSize]), p.arch.Signals.Flags),
		mask:    p.decodeSigset(b[l.Mask:]).minus(unblockable),
	}
	if l.Restorer >= 0 {
		a.restorer = getUint(p.arch, b[l.Restorer:l.Restorer+word])
	} else {
		a.flags &^= saRestorer
	}
	return a
}

func (p *Process) encodeAction(a action) []byte {
	l, word := &p.arch.Signals.Action, p.arch.PtrSize
	b := make([]byte, l.Mask+p.sigsetSize())
	putUint(p.arch, b[l.Handler:l.Handler+word], a.handler)
	putUint(p.arch, b[l.Flags:l.Flags+l.FlagsSize], arch.Own(a.flags, p.arch.Signals.Flags))
	if l.Restorer >= 0 {
		putUint(p.arch, b[l.Restorer:l.Restorer+word], a.restorer)
	}
	copy(b[l.Mask:], p.encodeSigset(a.mask))
	return b
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
	if a[3] != uint64(t.p.sigsetSize()) {
		return 0, arch.EINVAL
	}
	old := t.mask
	if a[1] != 0 {
		s, errno := t.readSigset(a[1], a[3])
		if errno != 0 {
			return 0, errno
		}
		switch slices.Index(t.p.arch.Signals.How[:], int(int32(a[0]))) {
		case 0: // SIG_BLOCK
			t.setMask(t.mask.plus(s))
		case 1: // SIG_UNBLOCK
			t.setMask(t.mask.minus(s))
		case 2: // SIG_SETMASK
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
	if a[1] > uint64(t.p.sigsetSize()) {
		return 0, arch.EINVAL
	}
	pending := t.queue.set.plus(t.p.signals.queue.set).and(t.mask)
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
	want = want.minus(unblockable)
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
		return t.p.ownSignal(info.signo), 0
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
		s := p.decodeAlt(b)
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
	return 0, t.copyOut(a[1], p.encodeAlt(old, old.state(sp)|old.flags))
}

// sendUser sends a signal as kill and its like do.
func (t *Thread) sendUser(target *Thread, own int64, code int32, value uint64) (uint64, arch.Errno) {
	sig := t.p.signal(own)
	switch {
	case own == 0:
		return 0, 0
	case sig == 0:
		return 0, arch.EINVAL
	}
	return 0, t.p.send(target, siginfo{
		signo: sig, code: code, pid: t.p.pid, uid: int(t.p.id.euid), value: value,
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
	codeAt := 8
	if t.p.arch.Signals.CodeFirst {
		codeAt = 4
	}
	code := int32(getUint(t.p.arch, b[codeAt:codeAt+4]))
	return t.sendUser(nil, int64(int32(a[1])), code, getUint(t.p.arch, b[at+8:at+8+word]))
}
