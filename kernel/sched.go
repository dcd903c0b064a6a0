// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// slice is how many instructions a thread runs while others wait for their turn. At 1 ns an instruction it is 10 µs: far below
// the 10 ms after which sysmon takes a P away, so the runtime never sees a thread that is starved by rt0, and long enough that
// the engine's stop and the contexts' exchange (some 0.3 µs together) do not show. Longer ones waste work on machines with many
// CPUs, where idle Ms spin for what a thread that waits for its turn would do: a boot on 1024 CPUs took 2.5 times as much at 100 µs.
const slice = 10_000

// maxJumps bounds how often time may jump to the next timer without waking anybody: an interval timer whose signal is ignored would
// have it jump for ever.
const maxJumps = 100_000

// Order is the rule by which the scheduler picks the next thread.
type Order struct {
	seeded bool
	seed   uint64
}

// RoundRobin lets the runnable threads take turns in the order in which they became runnable.
var RoundRobin = Order{}

// Seeded picks any of the runnable threads, by a sequence that the seed fixes: another legal order for each seed, and the same
// one for the same seed.
func Seeded(seed uint64) Order { return Order{seeded: true, seed: seed} }

func (o Order) String() string {
	if !o.seeded {
		return "round robin"
	}
	return fmt.Sprintf("seeded %d", o.seed)
}

// scheduler keeps the threads that could run and do not. One thread runs at a time; a switch happens when it blocks, ends or
// yields, or when its slice is over and another one is runnable.
type scheduler struct {
	queue  []*Thread // runnable, the running one left out
	random *rand.Rand
	end    uint64 // instruction count at which the running thread's slice is over
	yield  bool   // the running thread gives up the rest of its slice
	turns  uint64 // so far
	jumps  int    // of the clock, since a thread executed anything
	pool   contextPool
}

func (s *scheduler) init(o Order) {
	if o.seeded {
		s.random = rand.New(rand.NewPCG(o.seed, 0x7274302d6f726465)) // "rt0-orde"
	}
}

// start gives the first thread its first slice.
func (s *scheduler) start(p *Process, t *Thread) {
	t.State = "running"
	s.end = p.eng.Instructions() + slice
}

// renew gives the running thread its next slices while nobody else wants one. It is called at each stop of the engine, before anything
// else can become runnable; slices follow one another without a gap, so that stops which mean nothing to the process (breakpoints, the
// limit of a Run) change nothing.
func (s *scheduler) renew(now uint64) {
	if len(s.queue) == 0 && now >= s.end {
		s.end += ((now-s.end)/slice + 1) * slice
	}
}

// length is a turn's, when threads take turns: a slice, and up to a tenth of it more. Were all alike, a loop whose length fits would be
// interrupted at the same instruction each time, with a lock held, or where the runtime cannot preempt it, for ever.
func (s *scheduler) length() uint64 {
	const step, most = 617, slice / 10 // step is most's golden section: the turns' ends are spread evenly
	s.turns++
	return slice + s.turns*step%most
}

// ready queues a thread that can run.
func (s *scheduler) ready(t *Thread) { s.queue = append(s.queue, t) }

// next takes a thread from the queue. A pick out of the middle leaves its place to the oldest, so that no pick moves the others.
func (s *scheduler) next() *Thread {
	i := 0
	if s.random != nil {
		i = s.random.IntN(len(s.queue))
	}
	t := s.queue[i]
	s.queue[i], s.queue[0] = s.queue[0], nil
	s.queue = s.queue[1:]
	return t
}

// until is the instruction count at which the scheduler wants the CPU back: at the next timer, and at the slice's end when
// somebody waits for it.
func (s *scheduler) until(p *Process) uint64 {
	until := p.clock.nextDue()
	if len(s.queue) > 0 {
		until = min(until, s.end)
	}
	// A pending timer may be due now, and a profiling timer too; schedule has looked. One instruction more is progress.
	return max(min(until, p.cpuTimerDue()), p.eng.Instructions()+1)
}

// schedule fires the timers that are due, and puts a thread that can run into the engine, with its pending signals delivered.
// When all of them wait, time jumps to the next timer. False: all wait, and there is no timer.
func (p *Process) schedule() bool {
	for {
		p.clock.fire()
		p.fireCPUTimers()
		p.tryWaiters()
		if !p.pick() {
			return false
		}
		if t := p.current; t.resume != nil {
			resume := t.resume
			t.resume = nil
			if resume(); p.exit != nil {
				return true
			}
			if t.wait != nil || t.State != "running" {
				continue
			}
		}
		p.deliverSignals(p.current)
		if p.exit != nil {
			return true
		}
		// Delivering may have blocked the thread again (a call that starts over).
		if p.current.wait == nil && !p.current.dead {
			return true
		}
	}
}

// pick decides who runs.
func (p *Process) pick() bool {
	s, t := &p.sched, p.current
	runs := t.State == "running"
	now := p.eng.Instructions()
	if runs && len(s.queue) == 0 {
		s.yield = false
		return true
	}
	if runs && !s.yield && now < s.end {
		return true
	}
	s.yield = false
	if runs {
		t.State = "runnable"
		s.ready(t)
	}
	for len(s.queue) == 0 {
		if s.jumps++; s.jumps > maxJumps || !p.clock.jump() {
			return false
		}
		p.clock.fire()
		p.tryWaiters()
	}
	p.switchTo(s.next())
	s.end = now + s.length()
	return true
}

// switchTo puts a runnable thread into the engine.
func (p *Process) switchTo(t *Thread) {
	if old := p.current; old != t {
		if !old.dead {
			old.ctx.Park()
		}
		t.ctx.Load()
		p.current = t
		p.loadTLS(t)
	}
	t.State = "running"
	if o := t.pending; o != nil {
		t.pending = nil
		p.setResult(o.result, o.errno)
	}
}

// deadlockReason says who waits for what.
func (p *Process) deadlockReason() string {
	states := map[string]int{}
	var order []string
	for _, t := range p.threads {
		if t.dead {
			continue
		}
		if states[t.State] == 0 {
			order = append(order, t.State)
		}
		states[t.State]++
	}
	var parts []string
	for _, state := range order {
		parts = append(parts, fmt.Sprintf("%d in %s", states[state], state))
	}
	return "every thread waits and no timer runs: " + strings.Join(parts, ", ")
}
