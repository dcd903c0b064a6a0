// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"slices"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
)

// Thread is a thread of the process: a saved CPU context and what the kernel keeps beside it.
type Thread struct {
	TID          int
	State        string // "running", "runnable", "dead", or the call that it waits in
	Instructions uint64 // executed by this thread

	p    *Process
	ctx  *emu.Context // the registers, while another thread runs
	dead bool

	call   *row      // the system call that it is in, or was in last
	args   [6]uint64 // of that call
	record *Syscall  // what the observer was given of it; nil without an observer
	// noResult says that the handler has put the registers in place itself.
	noResult bool

	wait    *wait    // nil: the thread can run
	pending *outcome // of a wait that is over: goes to the registers when the thread runs again
	resume  func()   // what the thread does first when it runs again; nil: nothing
	// interrupted is the call that a signal has ended; what becomes of it is decided at delivery.
	interrupted *interruption

	mask      sigset // blocked signals
	savedMask sigset // to put back when the call that has set mask for its time is over (sigsuspend, ppoll, epoll_pwait)
	maskSaved bool
	queue     signalQueue
	alt       altStack
	frames    []savedFrame        // handlers that have not returned, oldest first
	clearTID  uint64              // set_tid_address
	robust    [2]uint64           // set_robust_list: head, size
	name      string              // PR_SET_NAME
	tls       [gdtTLSCount]uint64 // x86-32: the descriptors of set_thread_area, GDT entries 6 to 8
}

// outcome is what a system call returns.
type outcome struct {
	result uint64
	errno  arch.Errno
}

// wait is what a blocked thread waits for. A wait ends when somebody calls [Thread.wake], when try succeeds, when the deadline
// passes, or when a signal interrupts it.
type wait struct {
	state string // what Thread.State shows
	// deadline is the CLOCK_MONOTONIC time at which expire is called; never: without end.
	deadline int64
	expire   func() (uint64, arch.Errno) // nil: ETIMEDOUT
	timer    *timer
	// try is called whenever a file may have become ready; true: the wait is over.
	try func() (uint64, arch.Errno, bool)
	// cancel undoes what the wait has left elsewhere (a place in a queue); called however the wait ends.
	cancel func()
	// interrupted is called when a signal ends the wait; nil: EINTR.
	interrupted func() arch.Errno
	// restart: the call starts again after a handler with SA_RESTART (ERESTARTSYS); false: it returns EINTR (ERESTART_RESTARTBLOCK
	// with a handler, or EINTR itself).
	restart bool
	// accept are signals that end the wait though they are blocked (rt_sigtimedwait).
	accept sigset
	// resume is called when the thread runs again, instead of a result at the deadline; such a wait ends in no other way.
	resume func()
}

// newThread makes a thread that the scheduler does not know of yet.
func (p *Process) newThread() *Thread {
	t := &Thread{TID: p.nextTID, State: "runnable", p: p, ctx: p.sched.pool.get(p.eng)}
	p.nextTID++
	p.byTID[t.TID] = t
	p.threads = append(p.threads, t)
	return t
}

// block makes the current thread wait.
func (t *Thread) block(w wait) {
	t.wait = &w
	t.State = w.state
	if w.deadline != never {
		w := t.wait
		w.timer = t.p.clock.after(w.deadline, func() {
			w.timer = nil
			if w.resume != nil {
				t.wait, t.resume, t.State = nil, w.resume, "runnable"
				t.p.sched.ready(t)
				return
			}
			if w.expire == nil {
				t.wake(0, arch.ETIMEDOUT)
				return
			}
			t.wake(w.expire())
		})
	}
	if w.try != nil {
		t.p.waiters = append(t.p.waiters, t)
	}
}

// blockUntil is block for a call that goes on when a file is ready: try returns true when the call is over. It tries at once.
func (t *Thread) blockUntil(state string, try func() (uint64, arch.Errno, bool)) (uint64, arch.Errno) {
	if result, errno, ok := try(); ok {
		return result, errno
	}
	t.block(wait{state: state, deadline: never, try: try, restart: true})
	return 0, 0
}

// wake ends a wait with the call's result. The thread goes to the end of the run queue.
func (t *Thread) wake(result uint64, errno arch.Errno) {
	w := t.wait
	if w == nil {
		return
	}
	t.wait = nil
	if w.timer != nil {
		t.p.clock.stop(w.timer)
	}
	if w.cancel != nil {
		w.cancel()
	}
	if w.try != nil {
		i := slices.Index(t.p.waiters, t)
		t.p.waiters = slices.Delete(t.p.waiters, i, i+1)
	}
	t.pending = &outcome{result, errno}
	t.record.complete(result, errno)
	t.State = "runnable"
	t.p.sched.ready(t)
}

// finish stores a call's result in the registers, which are the current thread's.
func (t *Thread) finish(result uint64, errno arch.Errno) {
	t.record.complete(result, errno)
	t.p.setResult(result, errno)
}

// setResult stores a call's result in the engine's registers: Linux returns -errno, or errno and a flag beside it.
func (p *Process) setResult(result uint64, errno arch.Errno) {
	if errno != 0 {
		p.setFailure(p.arch.OwnErrno(errno))
		return
	}
	convention := &p.arch.Syscall
	p.eng.SetReg(convention.Result, result)
	if failed := &convention.Failed; failed.Mask != 0 {
		p.eng.SetReg(failed.Reg, p.eng.Reg(failed.Reg)&^failed.Mask)
	}
}

// setFailure is setResult of an errno in the guest's numbers.
func (p *Process) setFailure(own uint64) {
	convention := &p.arch.Syscall
	failed := &convention.Failed
	if failed.Mask == 0 {
		p.eng.SetReg(convention.Result, -own)
		return
	}
	p.eng.SetReg(convention.Result, own)
	p.eng.SetReg(failed.Reg, p.eng.Reg(failed.Reg)&^failed.Mask|failed.Set)
}

// filesChanged notes that a file may have become ready. Whoever makes one ready, or closes one, calls it.
func (p *Process) filesChanged() { p.changed = true }

// tryWaiters lets the threads that wait for a file have another try, in the order in which they blocked. What one of them
// takes or gives may concern the others, hence the loop; each round ends a wait, so it ends.
func (p *Process) tryWaiters() {
	for p.changed {
		p.changed = false
		for _, t := range slices.Clone(p.waiters) {
			if t.wait == nil || t.wait.try == nil {
				continue
			}
			if result, errno, ok := t.wait.try(); ok {
				t.wake(result, errno)
			}
		}
	}
}

// release gives the thread's contexts back.
func (t *Thread) release() {
	pool := &t.p.sched.pool
	pool.put(t.ctx)
	t.ctx = nil
	for _, f := range t.frames {
		pool.put(f.ctx)
	}
	t.frames = nil
}

// contextPool keeps contexts for the next thread or signal frame: a context is some kilobytes of C memory.
type contextPool struct{ free []*emu.Context }

func (c *contextPool) get(e *emu.Engine) *emu.Context {
	if n := len(c.free); n > 0 {
		ctx := c.free[n-1]
		c.free = c.free[:n-1]
		return ctx
	}
	return e.NewContext()
}

func (c *contextPool) put(ctx *emu.Context) {
	if ctx != nil {
		c.free = append(c.free, ctx)
	}
}

func (c *contextPool) close() {
	for _, ctx := range c.free {
		ctx.Close()
	}
	c.free = nil
}
