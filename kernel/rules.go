// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"math"
	"strconv"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/machine"
)

// rule is a rule of the machine's, in the numbers of the architecture.
type rule struct {
	machine.Rule
	text    string
	numbers map[uint64]bool // Calls; those that the architecture lacks are not among them
	all     bool
	errno   uint64 // Error, as the guest numbers it
	signal  arch.Signal
	matches int // so far
}

// setRules reads the machine's rules. Without rules a call costs one comparison more.
func (p *Process) setRules(texts []string) error {
	p.rules = nil
	for _, text := range texts {
		r, err := machine.ParseRule(text)
		if err != nil {
			return fmt.Errorf("read the machine's rules: %w", err)
		}
		p.rules = append(p.rules, p.newRule(r))
	}
	return nil
}

// newRule is a valid rule on the process's architecture.
func (p *Process) newRule(r machine.Rule) *rule {
	c := &rule{Rule: r, text: r.String(), numbers: map[uint64]bool{}}
	for _, call := range r.Calls {
		if n, err := strconv.ParseUint(call, 0, 32); err == nil {
			c.numbers[n] = true
		} else if n, ok := p.arch.SyscallNumber(call); ok {
			c.numbers[n] = true
		}
		c.all = c.all || call == "all"
	}
	if errno, ok := arch.FindErrno(r.Error); ok {
		c.errno = p.arch.OwnErrno(errno)
	} else if n, err := strconv.ParseUint(r.Error, 10, 16); err == nil {
		c.errno = n
	}
	if sig, ok := arch.FindSignal(r.Signal); ok {
		c.signal = sig
	} else if n, err := strconv.ParseInt(r.Signal, 10, 16); err == nil {
		c.signal = p.signal(n)
	}
	return c
}

// UnmatchedRules are the texts of the machine's rules that no call has matched, in their order.
func (p *Process) UnmatchedRules() []string {
	var texts []string
	for _, r := range p.rules {
		if r.matches == 0 {
			texts = append(texts, r.text)
		}
	}
	return texts
}

// match says whether a call is one of the rule's, its number among them aside.
func (r *rule) match(t *Thread, n uint64, name string, args [6]uint64) bool {
	if !r.all && r.numbers[n] == r.Not {
		return false
	}
	if r.Thread != 0 && r.Thread != t.TID-firstPID+1 {
		return false
	}
	for _, test := range r.Args {
		if !test.Holds(args[test.Index], t.p.arch.PtrSize) {
			return false
		}
	}
	if r.Path == "" {
		return true
	}
	for _, path := range t.paths(name, args) {
		if r.HoldsPath(path) {
			return true
		}
	}
	return false
}

// ruled lets the machine's rules have a call that begins; false: none applies. Each rule counts for itself what it matches.
func (p *Process) ruled(t *Thread, row *row, n uint64, args [6]uint64) bool {
	name := ""
	if row != nil {
		name = row.name
	}
	var first *rule
	for _, r := range p.rules {
		if !r.match(t, n, name, args) {
			continue
		}
		r.matches++
		if first == nil && r.When.Holds(r.matches) {
			first = r
		}
	}
	if first == nil {
		return false
	}
	if name == "" {
		name = fmt.Sprintf("system call %d", n)
	}
	p.event("rule", first.text, "applied to "+name)
	if first.Delay == 0 {
		p.enforce(t, first, row, n, args)
		return true
	}
	t.delay(name, int64(first.Delay), func() { p.enforce(t, first, row, n, args) })
	return true
}

// enforce does with a call what a rule says. Seccomp's ways are those of __seccomp_filter (kernel/seccomp.c), a signal is sent as strace's
// tracer sends it: at entry, so that a call that would wait is interrupted.
func (p *Process) enforce(t *Thread, r *rule, row *row, n uint64, args [6]uint64) {
	name := fmt.Sprintf("system call %d", n)
	if row != nil {
		name = row.name
	}
	switch {
	case r.Kill != "":
		p.seccompKill(t, r, name, n)
		return
	case r.Trap:
		// The registers are as the call found them (syscall_rollback): nothing has been stored.
		p.force(t, p.sigsys(n, fmt.Sprintf("by rule %s, at %s", r.text, name)))
		return
	case r.errno != 0:
		t.fail(r.errno)
	case r.Retval != nil:
		t.finish(uint64(*r.Retval), 0)
	default:
		p.perform(t, row, n, args)
	}
	if r.signal != 0 && !t.dead && p.exit == nil {
		p.send(t, siginfo{signo: r.signal, code: siUser, why: "sent by rule " + r.text})
	}
}

// seccompKill is SECCOMP_RET_KILL_PROCESS and SECCOMP_RET_KILL_THREAD: no handler sees the signal, and a thread that is not the last one
// dies alone.
func (p *Process) seccompKill(t *Thread, r *rule, name string, n uint64) {
	if r.Kill == "thread" && len(p.byTID) > 1 {
		p.event("signal", arch.SIGSYS.String(), fmt.Sprintf("killed thread %d", t.TID))
		p.exitThread(t, int(arch.SIGSYS))
		return
	}
	p.kill(p.sigsys(n, fmt.Sprintf("killed by rule %s, at %s", r.text, name)))
}

// seccompCall is what siginfo tells of a call that seccomp has caught (_sigsys).
type seccompCall struct {
	addr, number uint64
}

// sysSeccomp is the si_code of SIGSYS, include/uapi/asm-generic/siginfo.h.
const sysSeccomp = 1

// sigsys is force_sig_seccomp's siginfo. The address is that of the instruction behind the trap.
func (p *Process) sigsys(n uint64, why string) siginfo {
	return siginfo{signo: arch.SIGSYS, code: sysSeccomp, call: &seccompCall{p.eng.Reg(p.arch.PC), n}, why: why}
}

// delay makes the current thread sleep before a call: no signal wakes it, as none wakes a thread that its tracer holds.
func (t *Thread) delay(name string, d int64, then func()) {
	t.block(wait{state: name + " (delayed)", deadline: addTime(t.p.clock.now(), min(d, math.MaxInt64-1)), resume: func() {
		then()
		if t.wait != nil && !t.queue.set.plus(t.p.signals.queue.set).and(t.mask.others()).empty() {
			t.interrupt() // what has come in the meantime does not let it wait
		}
	}})
}

// fail is finish with an errno in the guest's own numbers.
func (t *Thread) fail(own uint64) {
	t.record.complete(0, t.p.arch.GenericErrno(own))
	t.p.setFailure(own)
}
