// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"slices"
	"sync"

	"github.com/rt0-dev/rt0/arch"
)

// handler is a system call. It is called on the current thread with the arguments as they stand in the registers, and returns
// what the result register gets, or an errno.
//
// A call that must wait sets a wait ([Thread.block]) and returns anything; a call that has put the registers in place itself
// (rt_sigreturn) sets t.noResult.
type handler func(t *Thread, a [6]uint64) (uint64, arch.Errno)

// support says how much of a call is there.
type support uint8

const (
	full    support = iota // as Linux does it, as far as one process can tell
	partial                // note says what is ignored
	refused                // always an error; note says which and why
)

var supportNames = [...]string{"full", "partial", "refused"}

func (s support) String() string { return supportNames[s] }

// call is a row of the table. Numbers come from the architecture, so rows go by Linux's names.
type call struct {
	name    string
	do      handler
	support support
	note    string
}

// calls joins the themes. The order is that of `rt0 arches` and of the documentation.
func calls() []call {
	return slices.Concat(
		threadCalls, timeCalls, timerCalls, futexCalls, signalCalls, pollCalls,
		fileCalls, memoryCalls, infoCalls,
	)
}

// row is a call with its architecture's number.
type row struct {
	call
	n uint64
}

var tables sync.Map // *arch.Arch → map[uint64]*row

// tableFor returns the calls of an architecture by number. Rows whose do is nil have a name and nothing behind it.
func tableFor(a *arch.Arch) map[uint64]*row {
	if t, ok := tables.Load(a); ok {
		return t.(map[uint64]*row)
	}
	byName := map[string]call{}
	for _, c := range calls() {
		byName[c.name] = c
	}
	table := make(map[uint64]*row, len(a.Syscall.Numbers))
	for _, number := range a.Syscall.Numbers {
		c, ok := byName[number.Name]
		if !ok {
			c = call{name: number.Name, support: refused}
		}
		table[number.N] = &row{c, number.N}
	}
	t, _ := tables.LoadOrStore(a, table)
	return t.(map[uint64]*row)
}

// Support is a row of the table as documentation.
type Support struct {
	N       uint64 `json:"n"`
	Name    string `json:"name"`
	Support string `json:"support"` // "full", "partial", "refused"
	Note    string `json:"note,omitempty"`
}

// Supported lists the calls that the kernel answers on an architecture, ascending by number. All others return ENOSYS.
func Supported(a *arch.Arch) []Support {
	var list []Support
	for _, number := range a.Syscall.Numbers {
		if r := tableFor(a)[number.N]; r.do != nil {
			list = append(list, Support{r.n, r.name, r.support.String(), r.note})
		}
	}
	return list
}

// syscall answers the system call that the current thread has trapped with.
func (p *Process) syscall(t *Thread) {
	n, args := p.request()
	r := p.table[n]
	record := t.enter(n, r, args)
	if p.rules == nil || !p.ruled(t, r, n, args) {
		p.perform(t, r, n, args)
	}
	if p.cfg.Observer.Syscall != nil {
		p.cfg.Observer.Syscall(record)
	}
}

// request reads a call's number and its arguments, and moves the PC past the trap where the engine has not.
func (p *Process) request() (n uint64, args [6]uint64) {
	convention := &p.arch.Syscall
	// Linux takes the number as an int (do_syscall_64): upper halves do not count.
	n = uint64(uint32(p.eng.Reg(convention.Number)))
	if convention.Length != 0 {
		next := p.eng.Reg(p.arch.PC) + uint64(convention.Length)
		if imm, err := p.mem.Uint(next-1, 1); convention.Imm && err == nil && imm != 0 {
			n = imm
		}
		p.eng.SetReg(p.arch.PC, next)
	}
	p.eng.Regs(convention.Args, args[:])
	if convention.Stack != 0 {
		for i := len(convention.Args); i < len(args); i++ {
			// What cannot be read is not there: Linux would return EFAULT, for calls that have so many arguments.
			args[i], _ = p.mem.Uint(p.eng.Reg(p.arch.SP)+uint64(convention.Stack+(i-len(convention.Args))*p.arch.PtrSize), p.arch.PtrSize)
		}
	}
	return n, args
}

// perform runs a call's handler and stores what it returns, unless it waits.
func (p *Process) perform(t *Thread, r *row, n uint64, args [6]uint64) {
	if r == nil || r.do == nil {
		name := fmt.Sprintf("system call %d", n)
		if r != nil {
			name = r.name
		}
		p.event("syscall", name, "unknown to rt0: returned ENOSYS")
		t.finish(0, arch.ENOSYS)
		return
	}
	t.call, t.args = r, args
	result, errno := r.do(t, args)
	switch {
	case t.dead || p.exit != nil || t.wait != nil:
	case t.noResult:
		t.noResult = false
		t.record.complete(0, 0)
	default:
		t.finish(result, errno)
	}
}

// enter notes that a call begins.
func (t *Thread) enter(n uint64, r *row, args [6]uint64) *Syscall {
	p := t.p
	seq := p.syscalls
	p.syscalls++
	if p.cfg.Observer.Syscall == nil {
		return nil
	}
	if len(p.records) == 0 {
		p.records = make([]Syscall, 32) // one by one would keep the collector busy
	}
	record := &p.records[0]
	p.records = p.records[1:]
	*record = Syscall{Seq: seq, Thread: t.TID, N: n, Args: args, Instructions: p.eng.Instructions()}
	if r != nil {
		record.Name = r.name
	}
	t.record = record
	return record
}

// complete fills a record in; a nil record is nobody's.
func (s *Syscall) complete(result uint64, errno arch.Errno) {
	if s == nil {
		return
	}
	s.Done, s.Errno = true, errno
	if errno == 0 {
		s.Result = result
	}
}
