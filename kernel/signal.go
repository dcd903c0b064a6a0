// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"slices"

	"github.com/rt0-dev/rt0/arch"
)

// Signals follow kernel/signal.c: they are queued on a thread or on the process, taken when a thread is about to run, and then
// ignored, fatal, or delivered to a handler by a frame on the guest's stack (frame.go). Faults of the CPU are delivered at once
// (force_sig).

var (
	// unblockable are the signals that no mask holds and no handler takes.
	unblockable = setOf(arch.SIGKILL, arch.SIGSTOP)
	// ignoredByDefault is sig_kernel_ignore.
	ignoredByDefault = setOf(arch.SIGCHLD, arch.SIGURG, arch.SIGWINCH, arch.SIGCONT)
	// stopping is sig_kernel_stop. rt0 has nobody who would continue a stopped process: it goes on, with an event.
	stopping = setOf(arch.SIGSTOP, arch.SIGTSTP, arch.SIGTTIN, arch.SIGTTOU)
	// synchronous is SYNCHRONOUS_MASK: taken before all others.
	synchronous = setOf(arch.SIGSEGV, arch.SIGBUS, arch.SIGILL, arch.SIGTRAP, arch.SIGFPE, arch.SIGSYS)
)

// The values of a handler that are none, and the flags of sigaction.
const (
	sigDefault = 0
	sigIgnore  = 1

	saSiginfo   = 0x4
	saOnStack   = 0x08000000
	saRestart   = 0x10000000
	saNoDefer   = 0x40000000
	saResetHand = 0x80000000
	saRestorer  = 0x04000000
)

// The values of si_code, include/uapi/asm-generic/siginfo.h.
const (
	siUser   = 0
	siKernel = 0x80
	siQueue  = -1
	siTimer  = -2
	siTkill  = -6
)

// action is what a signal does: struct k_sigaction.
type action struct {
	handler, flags, restorer uint64
	mask                     sigset
}

// siginfo is a signal on its way.
type siginfo struct {
	signo arch.Signal
	code  int32
	// fault says that addr is meant, and trap and err where the frame has a place for them; else pid, uid and value.
	fault     bool
	addr      uint64
	trap, err uint64
	past      int // bytes from the PC to where the handler is to find it: behind the instruction, where the architecture has it so
	pid, uid  int
	value     uint64
	timer     *posixTimer  // that sent it; nil: none
	call      *seccompCall // that was caught; nil: none
	running   bool         // sent on behalf of the running thread, which is to take it: a CPU-time timer
	why       string       // for the reason of a death: "sent by thread 1000 with tgkill"
}

// signalState is what the threads share: actions and the signals sent to the process.
type signalState struct {
	actions [lastSignal + 1]action
	queue   signalQueue
}

// signalQueue holds pending signals in order of arrival.
type signalQueue struct {
	set   sigset
	infos []siginfo
}

// add queues a signal. One that is pending is not queued again, unless it is a real-time signal or a timer's; EAGAIN when there are too many.
func (q *signalQueue) add(info siginfo) arch.Errno {
	if q.set.has(info.signo) && info.signo < firstRealtime && info.timer == nil {
		return 0
	}
	if len(q.infos) >= maxQueued {
		return arch.EAGAIN
	}
	q.set = q.set.plus(setOf(info.signo))
	q.infos = append(q.infos, info)
	return 0
}

// take removes the next signal of those in want: synchronous ones first, then the lowest number, then the oldest.
func (q *signalQueue) take(want sigset) (siginfo, bool) {
	best := -1
	rank := func(sig arch.Signal) int {
		if synchronous.has(sig) {
			return int(sig) - lastSignal
		}
		return int(sig)
	}
	for i, info := range q.infos {
		if want.has(info.signo) && (best < 0 || rank(info.signo) < rank(q.infos[best].signo)) {
			best = i
		}
	}
	if best < 0 {
		return siginfo{}, false
	}
	info := q.infos[best]
	q.infos = slices.Delete(q.infos, best, best+1)
	q.update()
	if info.timer != nil {
		info.timer.delivered(&info)
	}
	return info, true
}

// drop forgets all of a set: what became ignored.
func (q *signalQueue) drop(set sigset) {
	q.infos = slices.DeleteFunc(q.infos, func(i siginfo) bool { return set.has(i.signo) })
	q.update()
}

func (q *signalQueue) update() {
	q.set = sigset{}
	for _, info := range q.infos {
		q.set = q.set.plus(setOf(info.signo))
	}
}

// ignores says that a signal does nothing, by its action or by default.
func (p *Process) ignores(sig arch.Signal) bool {
	switch p.signals.actions[sig].handler {
	case sigIgnore:
		return true
	case sigDefault:
		return ignoredByDefault.has(sig)
	}
	return false
}

// send queues a signal on a thread, or on the process when t is nil, and wakes who is to take it.
func (p *Process) send(t *Thread, info siginfo) arch.Errno {
	sig := info.signo
	if sig == arch.SIGKILL {
		p.kill(info)
		return 0
	}
	target := t
	if target == nil {
		target = p.receiver(info)
	}
	if waiter := p.sigwaiter(t, sig); waiter != nil {
		queue := &waiter.queue
		if errno := queue.add(info); errno != 0 {
			return errno
		}
		waiter.wake(waiter.wait.expire())
		return 0
	}
	if p.ignores(sig) && !target.mask.has(sig) {
		return 0
	}
	queue := &p.signals.queue
	if t != nil {
		queue = &t.queue
	}
	if errno := queue.add(info); errno != 0 {
		return errno
	}
	if !target.mask.has(sig) {
		target.interrupt()
	}
	return 0
}

// receiver picks the thread that is woken for a signal to the process, as complete_signal does: the favoured one if it does not block
// the signal, else the first that does not; the first thread when all do.
func (p *Process) receiver(info siginfo) *Thread {
	if t := p.current; info.running && !t.dead && !t.mask.has(info.signo) {
		return t
	}
	first := (*Thread)(nil)
	for _, t := range p.threads {
		if t.dead {
			continue
		}
		if !t.mask.has(info.signo) {
			return t
		}
		if first == nil {
			first = t
		}
	}
	return first
}

// sigwaiter is a thread that waits for just this signal in rt_sigtimedwait: t, or any when t is nil.
func (p *Process) sigwaiter(t *Thread, sig arch.Signal) *Thread {
	if t != nil {
		if t.wait != nil && t.wait.accept.has(sig) {
			return t
		}
		return nil
	}
	for _, t := range p.threads {
		if t.wait != nil && t.wait.accept.has(sig) {
			return t
		}
	}
	return nil
}

// interruption is a call that a signal has ended before its time.
type interruption struct {
	row     *row
	args    [6]uint64
	restart bool // ERESTARTSYS: SA_RESTART of the handler decides; else EINTR when there is a handler
}

// interrupt ends the wait of a thread for a signal. What becomes of the call is decided when the signal is delivered.
func (t *Thread) interrupt() {
	w := t.wait
	if w == nil || w.resume != nil {
		return
	}
	errno := arch.EINTR
	if w.interrupted != nil {
		errno = w.interrupted()
	}
	t.interrupted = &interruption{row: t.call, args: t.args, restart: w.restart}
	t.wake(0, errno)
}

// deliverSignals takes what is pending for the thread that is about to run, as get_signal and arch_do_signal_or_restart do. It
// may end the process, and may block the thread again, in a call that starts over.
func (p *Process) deliverSignals(t *Thread) {
	if t.queue.set.plus(p.signals.queue.set).empty() && t.interrupted == nil && !t.maskSaved {
		return
	}
	for {
		want := t.mask.others().plus(unblockable)
		info, ok := t.queue.take(want)
		if !ok {
			if info, ok = p.signals.queue.take(want); !ok {
				break
			}
		}
		if !p.act(t, info) {
			return
		}
	}
	if call := t.interrupted; call != nil {
		// No handler ran: all calls start over (ERESTARTNOHAND, ERESTARTSYS), with the temporary mask that they had.
		t.interrupted, t.record = nil, nil
		p.unmask(t)
		p.perform(t, call.row, call.row.n, call.args)
		return
	}
	p.unmask(t)
}

// unmask puts the mask back that a call has replaced for its time.
func (p *Process) unmask(t *Thread) {
	if t.maskSaved && t.wait == nil {
		t.mask, t.maskSaved = t.savedMask, false
	}
}

// act does what a signal does to the running thread; false: the process has ended.
func (p *Process) act(t *Thread, info siginfo) bool {
	a := &p.signals.actions[info.signo]
	switch {
	case a.handler == sigIgnore, a.handler == sigDefault && ignoredByDefault.has(info.signo):
		return true
	case a.handler == sigDefault && stopping.has(info.signo):
		p.event("signal", info.signo.String(), "would stop the process: ignored")
		return true
	case a.handler == sigDefault:
		p.kill(info)
		return false
	}
	p.event("signal", info.signo.String(), "delivered to a handler")
	handler := *a
	if a.flags&saResetHand != 0 {
		a.handler = sigDefault
	}
	if p.pushFrame(t, info, handler) {
		return true
	}
	// signal_setup_done: the stack did not take the frame.
	if info.signo == arch.SIGSEGV {
		p.signals.actions[arch.SIGSEGV].handler = sigDefault
	}
	return p.force(t, siginfo{signo: arch.SIGSEGV, code: siKernel, fault: true, why: "no room for the frame of " + info.signo.String()})
}

// force delivers a signal that cannot wait, as force_sig_info does: one that is blocked or ignored kills. False: the process has
// ended.
func (p *Process) force(t *Thread, info siginfo) bool {
	if info.fault && p.cfg.Observer.Fault != nil {
		p.cfg.Observer.Fault(t, Fault{info.signo, info.code, info.addr, p.eng.Reg(p.arch.PC), info.past, info.why})
	}
	a := &p.signals.actions[info.signo]
	if t.mask.has(info.signo) || a.handler == sigIgnore {
		a.handler = sigDefault
		t.mask = t.mask.minus(setOf(info.signo))
	}
	if a.handler == sigDefault {
		p.kill(info)
		return false
	}
	return p.act(t, info)
}

// kill ends the process by a signal.
func (p *Process) kill(info siginfo) {
	pc := p.eng.Reg(p.arch.PC)
	p.event("signal", info.signo.String(), "killed the process")
	e := Exit{Kind: Killed, Signal: info.signo, PC: pc, Reason: fmt.Sprintf("%v %s, pc %#x", info.signo, info.why, pc)}
	if info.fault {
		e.Addr = info.addr
	}
	p.end(e)
}
