// SPDX-License-Identifier: GPL-2.0-or-later

// Package kernel is the faked Linux: it runs one process on an emulated CPU and answers its system calls.
//
// A [Process] is a pure function of its [Config]. It has no host clock, no host randomness and no host files: time is what the
// guest ran and slept, threads take turns at counted instructions, and the file tree is made from the machine. Whatever the
// guest does, Run ends with an [Exit]: bounds hold on threads, descriptors, sleepers, output and signal depth.
//
// Start with table.go: the table of system calls says what is there. Each theme has its file, sys_*.go; sched.go picks the
// thread that runs, clock.go says what time it is, signal.go and frame.go deliver signals, fault.go turns what the CPU
// refuses into them.
package kernel

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/machine"
)

// Config is what a process is made of. The image and the first stack are in the engine's memory already.
type Config struct {
	Engine  *emu.Engine
	Arch    *arch.Arch
	Machine machine.Machine // resolved
	CPU     *arch.Processor // the machine's; nil: it is made of the machine

	Exe     string // what /proc/self/exe links to: "/" and the base name of the binary
	ExeData []byte // contents of that file
	Auxv    []byte // contents of /proc/self/auxv

	Entry, SP uint64 // the first instruction and the first stack pointer
	// Descriptors says that the program names functions by descriptors, TOC is that of the entry point's: see loader.Image.
	Descriptors bool
	TOC         uint64
	Bias        uint64 // what is added to the image's addresses
	Brk         uint64 // where the heap starts: the end of the image, page aligned

	// VDSO is what [MapVDSO] has mapped; nil: there is none.
	VDSO *VDSO

	Observer Observer
	Order    Order // how the scheduler picks; the zero value is round robin
	// Sleep is how long the process may sleep in all, by its own clock; 0: a day. Who sleeps for ever, as a server without clients,
	// executes next to nothing and would take very long to reach a limit of instructions.
	Sleep  time.Duration
	Output int // bytes kept of stdout and of stderr, each; 0: 1 MiB
}

// Observer is told what the process does. Functions may be nil. They must not change the process, and that they look leaves no
// trace in it.
type Observer struct {
	// Syscall is called once for each system call, in order of entry, when the call has returned or has blocked. A call that has
	// blocked is filled in in place when it returns.
	Syscall func(*Syscall)
	// Break is called at a breakpoint that was set with [emu.Engine.Break]. True ends Run with [Stopped].
	Break func(t *Thread, pc uint64) (stop bool)
	// Fault is called when an instruction has caused a signal, before that is delivered: the thread's registers are in the engine.
	Fault func(*Thread, Fault)
	// Slice is called now and then with the instructions executed so far: for progress bars and traces.
	Slice func(instructions uint64)
}

// Fault is a signal that an instruction has caused, as siginfo tells it.
type Fault struct {
	Signal arch.Signal
	Code   int32  // si_code
	Addr   uint64 // si_addr
	PC     uint64 // the instruction
	Past   int    // bytes from there to where a handler finds the thread
	Why    string // "at 0x123 (read)"
}

// Syscall is one system call as it happened.
type Syscall struct {
	Seq          int        // from 0, in order of entry
	Thread       int        // TID
	N            uint64     // the architecture's number
	Name         string     // Linux's name; "" where the architecture's table has no such number
	Args         [6]uint64  // as they stood in the registers
	Result       uint64     // what the register got, when Errno is 0
	Errno        arch.Errno // 0: it went well
	Done         bool       // it has returned; exit and exit_group never do
	Instructions uint64     // executed by the process at entry
}

// The bounds on what a guest may make the kernel keep. Each answers with the error that Linux gives at its own bound.
const (
	maxThreads     = 10_500 // alive at once: a little above the 10,000 at which Go's runtime gives up; clone says EAGAIN
	maxDead        = 32_768 // ended threads that Threads still tells of; Linux' default pid_max
	maxSignalDepth = 128    // handlers that have not returned, for which vector state is kept; the oldest is forgotten
	maxQueued      = 1024   // signals pending on a thread or on the process; SIGPENDING's bound, EAGAIN
	maxEvents      = 1000   // different events kept
	defaultOutput  = 1 << 20
	defaultSleep   = 24 * time.Hour
)

// firstPID is the process, and its first thread. A fixed number far from 1 (the runtime and libraries treat init specially).
const firstPID = 1000

// checkEvery is the longest run, in instructions, that does not look at the context: about 0.1 s.
const checkEvery = 20_000_000

// Process is a Linux process. It is not safe for use by more than one goroutine.
type Process struct {
	cfg  Config
	eng  *emu.Engine
	mem  *emu.Memory
	arch *arch.Arch
	cpu  *arch.Processor // the machine's

	pid     int
	threads []*Thread       // alive and dead, in order of creation
	byTID   map[int]*Thread // alive
	nextTID int
	dead    int     // of threads
	current *Thread // whose registers are in the engine
	sched   scheduler
	clock   clock

	table    map[uint64]*row // by system call number
	rules    []*rule         // the machine's
	syscalls int
	records  []Syscall // not used yet

	futexes   futexTable
	signals   signalState
	waiters   []*Thread // blocked until a file is ready, in order of blocking
	changed   bool      // a file may have become ready since the waiters were tried
	itimers   [3]intervalTimer
	timers    []*posixTimer // of timer_create, in order of their numbers
	nextTimer int
	restorer  uint64 // address of the kernel's sigreturn page; 0: the program brings its own

	gdt       uint64              // address of the descriptor table; 0 where the architecture has none
	loadedTLS [gdtTLSCount]uint64 // the TLS descriptors in it
	ldt       bool                // the local descriptor table was written to

	events    []Event
	eventByID map[eventKey]int

	resources // files, memory and identity; made by initResources

	exit *Exit
}

// ExitKind says why Run returned.
type ExitKind int

// The kinds of exit. After Stopped, Limit and Timeout, Run may be called again and goes on where it stopped.
const (
	Exited      ExitKind = iota // exit_group, or the last thread's exit
	Killed                      // by a signal
	Stopped                     // Observer.Break said so
	Deadlock                    // every thread waits for another
	Limit                       // the limit of instructions, or of sleep
	Memory                      // the limit of touched memory
	Timeout                     // the context
	Unsupported                 // the engine cannot run it
)

var exitNames = [...]string{"exited", "killed", "stopped", "deadlock", "limit", "memory", "timeout", "unsupported"}

func (k ExitKind) String() string {
	if k < 0 || int(k) >= len(exitNames) {
		return fmt.Sprintf("exit kind %d", int(k))
	}
	return exitNames[k]
}

// Exit is how Run ended.
type Exit struct {
	Kind   ExitKind
	Code   int         // Exited
	Signal arch.Signal // Killed
	Addr   uint64      // Killed by a fault: the address
	PC     uint64      // where the current thread stood
	Reason string      // one line, lower case
}

// Event is something that a report should mention: an unknown system call, a refused flag, a signal.
type Event struct {
	Kind         string // "syscall", "flag", "signal", "bound", "rule"
	Name         string // what it is about: "io_uring_setup", "SIGSEGV"
	Detail       string // one line, lower case
	Count        int    // how often
	Instructions uint64 // at the first time
	Thread       int    // TID, the first time
}

type eventKey struct{ kind, name, detail string }

// event records that something worth a line happened. Equal events are counted.
func (p *Process) event(kind, name, detail string) {
	key := eventKey{kind, name, detail}
	if i, ok := p.eventByID[key]; ok {
		p.events[i].Count++
		return
	}
	if len(p.events) >= maxEvents {
		return
	}
	p.eventByID[key] = len(p.events)
	p.events = append(p.events, Event{kind, name, detail, 1, p.eng.Instructions(), p.current.TID})
}

// New makes a process that stands before its first instruction.
func New(cfg Config) (*Process, error) {
	if cfg.Engine == nil || cfg.Arch == nil {
		return nil, errors.New("kernel: a process needs an engine and an architecture")
	}
	cpu := cfg.CPU
	if cpu == nil {
		var err error
		if cpu, err = cfg.Machine.Processor(cfg.Arch); err != nil {
			return nil, err
		}
	}
	if cfg.Output == 0 {
		cfg.Output = defaultOutput
	}
	if cfg.Sleep == 0 {
		cfg.Sleep = defaultSleep
	}
	p := &Process{
		cfg:       cfg,
		eng:       cfg.Engine,
		mem:       cfg.Engine.Mem(),
		arch:      cfg.Arch,
		cpu:       cpu,
		pid:       firstPID,
		nextTID:   firstPID,
		byTID:     map[int]*Thread{},
		table:     tableFor(cfg.Arch),
		eventByID: map[eventKey]int{},
	}
	p.futexes.init()
	p.sched.init(cfg.Order)
	if err := p.clock.init(p.eng, cfg.Machine.Clock); err != nil {
		return nil, err
	}
	if p.clock.vdso = cfg.VDSO; cfg.VDSO != nil {
		cfg.VDSO.write(&p.clock)
	}
	t := p.newThread()
	p.current = t
	p.eng.SetReg(p.arch.PC, cfg.Entry)
	p.eng.SetReg(p.arch.SP, cfg.SP)
	if cfg.Descriptors {
		p.eng.SetReg(p.arch.TOC, cfg.TOC)
	} else if p.arch.Entry != arch.None {
		p.eng.SetReg(p.arch.Entry, cfg.Entry)
	}
	for name, value := range cfg.Machine.Registers {
		if r, ok := p.arch.Register(name); ok {
			v, _ := strconv.ParseUint(value, 0, 64)
			p.eng.SetReg(r, v)
		}
	}
	if err := p.mapKernelPages(); err != nil {
		return nil, err
	}
	if err := p.initResources(); err != nil {
		return nil, err
	}
	if err := p.setRules(cfg.Machine.Rules); err != nil {
		return nil, err
	}
	p.sched.start(p, t)
	return p, nil
}

// Run lets the process run until it ends, a breakpoint says stop, limit instructions were executed in total, or ctx is done.
// ctx is looked at at every stop of the engine.
func (p *Process) Run(ctx context.Context, limit uint64) Exit {
	for p.exit == nil {
		if err := ctx.Err(); err != nil {
			return p.pause(Timeout, "the time given to the boot is up")
		}
		done := p.eng.Instructions()
		if done >= limit {
			return p.pause(Limit, fmt.Sprintf("limit of %d instructions", limit))
		}
		if p.clock.slept > int64(p.cfg.Sleep) {
			return p.pause(Limit, fmt.Sprintf("the process has slept for more than %v of its own time", p.cfg.Sleep))
		}
		if !p.schedule() {
			p.end(Exit{Kind: Deadlock, Reason: p.deadlockReason()})
			break
		}
		if p.exit != nil {
			break
		}
		t := p.current
		stop := p.eng.Run(min(limit, p.sched.until(p), done+checkEvery))
		now := p.eng.Instructions()
		t.Instructions += now - done
		if now > done {
			p.sched.jumps = 0
		}
		p.sched.renew(now)
		if p.cfg.Observer.Slice != nil && (stop.Kind == emu.StopLimit || p.syscalls&0xff == 0) {
			p.cfg.Observer.Slice(now)
		}
		if p.stopped(t, stop) {
			return p.pause(Stopped, "breakpoint")
		}
	}
	return *p.exit
}

// stopped answers a stop of the engine; true: an observer wants Run to end.
func (p *Process) stopped(t *Thread, stop emu.Stop) bool {
	switch stop.Kind {
	case emu.StopLimit:
	case emu.StopSyscall:
		p.syscall(t)
	case emu.StopBreak:
		return p.cfg.Observer.Break != nil && p.cfg.Observer.Break(t, stop.PC)
	case emu.StopFault:
		p.fault(t, stop)
	case emu.StopIllegal:
		p.illegal(t, stop)
	case emu.StopInterrupt:
		p.interrupt(t, stop)
	case emu.StopMemory:
		p.end(Exit{Kind: Memory, PC: stop.PC, Reason: "limit of touched memory"})
	default:
		p.end(Exit{Kind: Unsupported, PC: stop.PC, Reason: fmt.Sprintf("the engine stopped at pc %#x: %v", stop.PC, stop.Err)})
	}
	return false
}

// end makes the process's end known to Run. The first end counts.
func (p *Process) end(e Exit) {
	if p.exit != nil {
		return
	}
	if e.PC == 0 {
		e.PC = p.eng.Reg(p.arch.PC)
	}
	p.exit = &e
}

// pause is an exit after which Run may be called again.
func (p *Process) pause(kind ExitKind, reason string) Exit {
	return Exit{Kind: kind, PC: p.eng.Reg(p.arch.PC), Reason: reason}
}

// Threads returns the threads, alive and dead, in order of creation. Of very many dead ones the oldest are left out.
func (p *Process) Threads() []*Thread { return p.threads }

// Current returns the thread whose registers are in the engine. It may have ended.
func (p *Process) Current() *Thread { return p.current }

// PID returns the process's number.
func (p *Process) PID() int { return p.pid }

// SyscallCount returns how many system calls were entered.
func (p *Process) SyscallCount() int { return p.syscalls }

// Events returns what a report should mention, in order of the first occurrence.
func (p *Process) Events() []Event { return p.events }

// Inspect calls f with the registers of t in the engine, and puts those of the current thread back. For a thread that has
// ended it does nothing and returns false.
func (p *Process) Inspect(t *Thread, f func()) bool {
	if t.dead {
		return false
	}
	if t != p.current {
		here := p.sched.pool.get(p.eng)
		here.Save()
		t.ctx.Load()
		defer func() {
			here.Load()
			p.sched.pool.put(here)
		}()
	}
	f()
	return true
}

// Close frees the threads' contexts. The engine stays open; it is the caller's.
func (p *Process) Close() {
	for _, t := range p.threads {
		t.release()
	}
	p.sched.pool.close()
}
