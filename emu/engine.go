// SPDX-License-Identifier: GPL-2.0-or-later

// Package emu is a CPU and its memory: the Unicorn engine behind a small Go type. It knows no Linux and no Go.
//
// Guest memory is rt0's own: a page table in C (space.c) answers the engine's TLB misses, so that pages appear at first touch, faults
// are precise, and snapshots share pages copy-on-write. What runs for each block, counting and breakpoints, is C as well (engine.c). Go
// sees stops: see [Engine.Run].
//
// It is the only package with cgo, and the only one that needs the engine's library; `make deps` puts that where the directives below
// look for it. The library's odd name is what a linker prints when it is missing.
package emu

/*
#cgo CFLAGS: -O2 -Wall -I${SRCDIR}/../.deps/include
#cgo LDFLAGS: -L${SRCDIR}/../.deps/lib -lrt0-run-make-deps -lm -lpthread
#cgo noescape rt0_transfer
#cgo noescape rt0_run
#cgo noescape rt0_space_peek
#cgo nocallback rt0_transfer
#cgo nocallback rt0_run
#cgo nocallback rt0_reg
#cgo nocallback rt0_set_reg
#cgo nocallback rt0_space_peek
#cgo nocallback rt0_space_find
#cgo nocallback rt0_space_map
#cgo nocallback rt0_space_unmap
#cgo nocallback rt0_space_protect
#cgo nocallback rt0_context_save
#cgo nocallback rt0_context_load
#include "shim.h"
*/
import "C"

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"unsafe"

	"github.com/rt0-dev/rt0/arch"
)

// DefaultMemory is the bound on touched guest memory, in bytes, when [Config] names none.
const DefaultMemory = 1 << 30

// MaxMemory is the largest bound that can be asked for, in bytes: guest physical memory must lie below 4 GiB, as 32-bit targets of the
// engine truncate physical addresses.
const MaxMemory = C.RT0_PHYS_MAX

// Config says what CPU to open.
type Config struct {
	Arch   *arch.Arch
	Model  arch.Model                // CPU model; the zero value means the architecture's default
	Memory uint64                    // how much guest memory may be touched, in bytes, page tables included; 0: DefaultMemory
	CPUID  []arch.CPUID              // what CPUID or STFLE answers; nil: the architecture's own table
	XCR0   uint64                    // what XGETBV answers, on x86
	Has    func(feature string) bool // what the CPU has of what rt0 carries out; nil: nothing
	ID     uint64                    // what arm64's MIDR_EL1 says; 0: what the model's does
	// Recollection, if there is one, spares the engine what another one with the same configuration has recorded in it.
	Recollection *Recollection
	Record       bool         // add to Recollection, at a tenth of the speed, instead of using it
	Guards       []arch.Guard // instructions that end a run with StopIllegal, whatever the model does with them
}

// Engine is an emulated CPU with its address space. It is not safe for concurrent use, but engines do not share anything: each may run
// in a goroutine of its own. [Engine.Close] must be called.
type Engine struct {
	arch   *arch.Arch
	c      *C.struct_rt0_engine
	mem    Memory
	cpuid  []arch.CPUID
	xcr0   uint64
	has    func(feature string) bool
	guards []arch.Guard
	pins   pins

	contexts  []*C.uc_context // closed ones, for the next
	snapshots []*Snapshot     // those that are valid, oldest first
	tlb       cpuTLB
	hidden    hidden
	next      uint64 // where the guest goes on past the instruction of the last stop (Skip)

	places []C.size_t // where a context has the reserved address (reserve.go); valid once looked
	looked bool
}

// New opens a CPU with nothing mapped and all registers as the engine resets them.
func New(cfg Config) (*Engine, error) {
	a := cfg.Arch
	if a == nil {
		return nil, errors.New("open engine: no architecture given")
	}
	model := cfg.Model
	if model.Name == "" && len(a.Engine.Models) > 0 {
		model = a.Engine.Models[0]
	}
	if cfg.Memory == 0 {
		cfg.Memory = DefaultMemory
	}
	if cfg.Memory > MaxMemory {
		return nil, fmt.Errorf("open engine: %d bytes of guest memory are more than the %d that it can have", cfg.Memory, uint64(MaxMemory))
	}
	conf := C.struct_rt0_config{
		arch: C.int(a.Engine.Arch), mode: C.int(a.Engine.Mode), model: -1,
		small_pages:  C.bool(a.Engine.SmallPages),
		pc:           C.int(a.PC.ID),
		syscall_insn: C.int(a.Syscall.Insn),
		syscall_intr: C.uint32_t(a.Syscall.Intr),
		illegal:      C.uint32_t(a.Engine.Illegal),
		halt:         C.uint32_t(a.Engine.Halt),
		ahead:        C.uint32_t(a.Engine.Ahead),
		flags:        C.int(a.Flags.ID),
		flags_never:  C.uint64_t(a.Engine.FlagsNever),
		thumb:        C.uint64_t(a.Engine.Thumb),
		shift:        C.uint32_t(a.Engine.InsnShift),
		pauses:       C.bool(a.Engine.Pauses),
		memory:       C.uint64_t(cfg.Memory),
		id:           C.uint64_t(cfg.ID),
		big_endian:   C.bool(a.Order == binary.ByteOrder(binary.BigEndian)),
		nbranches:    C.uint32_t(len(a.Engine.Branches)),
		nblind:       C.uint32_t(len(a.Engine.Blind)),
		record:       C.bool(cfg.Record),
	}
	for i, p := range a.Engine.Branches {
		conf.branches[i] = C.struct_rt0_pattern{C.uint32_t(p.Mask), C.uint32_t(p.Value)}
	}
	for i, p := range a.Engine.Blind {
		conf.blind[i] = C.struct_rt0_pattern{C.uint32_t(p.Mask), C.uint32_t(p.Value)}
	}
	if len(a.Engine.Intercept) > 0 || len(cfg.Guards) > 0 {
		conf.shift = 0 // blocks are looked through when they are not in the table of what a block counts
	}
	if model.Name != "" {
		conf.model = C.int(model.ID)
	}
	var code C.uint32_t
	c := C.rt0_open(&conf, &code)
	if c == nil {
		return nil, fmt.Errorf("open engine for %s: %w", a.Name, engineError(code))
	}
	e := &Engine{arch: a, c: c, cpuid: cfg.CPUID, xcr0: cfg.XCR0, has: cfg.Has}
	e.mem.e = e
	e.hidden = newHidden(a.Engine.Hidden)
	if err := e.initStub(); err != nil {
		e.Close()
		return nil, err
	}
	e.intercept(cfg.Guards)
	for _, r := range slices.Concat(a.Engine.Reset, model.Reset) {
		e.SetReg(r.Reg, e.Reg(r.Reg)&r.Keep|r.Value)
	}
	if e.cpuid == nil {
		e.cpuid = a.CPUID
	}
	if err := e.recall(cfg); err != nil {
		e.Close()
		return nil, err
	}
	if len(e.cpuid) > 0 {
		table := make([]C.struct_rt0_cpuid, len(e.cpuid))
		for i, l := range e.cpuid {
			table[i].leaf, table[i].subleaf = C.uint32_t(l.Leaf), C.uint32_t(l.Subleaf)
			for j, r := range l.Regs {
				table[i].regs[j] = C.uint32_t(r)
			}
		}
		C.rt0_set_cpuid(c, &table[0], C.size_t(len(table)))
	}
	return e, nil
}

// Close frees the engine and the guest's memory. Contexts must be closed before it.
func (e *Engine) Close() {
	if e.c != nil {
		for _, s := range e.snapshots {
			s.context.Close()
		}
		for _, c := range e.contexts {
			C.rt0_context_close(c)
		}
		e.contexts = nil
		C.rt0_close(e.c)
		e.c = nil
		e.pins.drop()
	}
}

// Version is the engine library's version, as it was compiled against.
func Version() string {
	return fmt.Sprintf("%d.%d.%d", int(C.UC_API_MAJOR), int(C.UC_API_MINOR), int(C.UC_API_PATCH))
}

// engineError is what the engine says of a uc_err.
func engineError(code C.uint32_t) error { return errors.New(C.GoString(C.uc_strerror(C.uc_err(code)))) }

// Arch is the architecture that the engine was opened for.
func (e *Engine) Arch() *arch.Arch { return e.arch }

// Mem is the guest's address space.
func (e *Engine) Mem() *Memory { return &e.mem }

// Reg reads an integer register, zero-extended to 64 bits.
func (e *Engine) Reg(r arch.Register) uint64 {
	if b := e.slot(r); b != nil {
		return uintOf(e.arch.Order, b)
	}
	return uint64(C.rt0_reg(e.c, C.int(r.ID)))
}

// SetReg writes an integer register; bits past its width are dropped.
func (e *Engine) SetReg(r arch.Register, v uint64) {
	if b := e.slot(r); b != nil {
		putUint(e.arch.Order, b, v)
		e.hidden.dirty = true
		return
	}
	C.rt0_set_reg(e.c, C.int(r.ID), C.uint64_t(v))
}

// WideReg reads a register of up to 128 bits, the low word first.
func (e *Engine) WideReg(r arch.Register) [2]uint64 {
	var b [64]byte // more than any register has
	C.rt0_wide_reg(e.c, C.int(r.ID), unsafe.Pointer(&b))
	return [2]uint64{binary.NativeEndian.Uint64(b[:8]), binary.NativeEndian.Uint64(b[8:16])}
}

// SetWideReg writes one.
func (e *Engine) SetWideReg(r arch.Register, v [2]uint64) {
	b := make([]byte, 64)
	binary.NativeEndian.PutUint64(b, v[0])
	binary.NativeEndian.PutUint64(b[8:], v[1])
	C.rt0_set_wide_reg(e.c, C.int(r.ID), unsafe.Pointer(&b[0]))
}

// SetGDT points a descriptor table register of x86, GDTR or LDTR, at guest memory; limit is the table's size less one, in bytes.
func (e *Engine) SetGDT(r arch.Register, base uint64, limit uint32) {
	C.rt0_set_gdt(e.c, C.int(r.ID), C.uint64_t(base), C.uint32_t(limit))
}

// SetCounter sets what the CPU's cycle counter (RDTSC, CNTVCT_EL0, RDTIME) reads now; it advances by one with each instruction.
func (e *Engine) SetCounter(v uint64) { e.c.counter = C.uint64_t(v - e.Instructions()) }

// Instructions is how many instructions were executed since New, less those that [Engine.Restore] undid. Those of a block count when it
// is entered.
func (e *Engine) Instructions() uint64 { return uint64(e.c.goal) - uint64(e.c.left) }

// Blocks is the same for basic blocks. Where blocks are cut depends on the version of the engine's library.
func (e *Engine) Blocks() uint64 { return uint64(e.c.blocks) }

// Break sets a breakpoint at an address that begins a basic block, such as a function's entry: [Engine.Run] ends with [StopBreak] before the
// instruction executes. Breakpoints cost next to nothing, can be set at any time, and are no part of a snapshot. Address 0 can have none.
func (e *Engine) Break(addr uint64) { C.rt0_break(e.c, C.uint64_t(addr)) }

// Unbreak removes the breakpoint at addr, if there is one.
func (e *Engine) Unbreak(addr uint64) { C.rt0_unbreak(e.c, C.uint64_t(addr)) }

// StopKind says why a run ended.
type StopKind int

// The reasons for a stop, in the order of enum rt0_why.
const (
	StopLimit     StopKind = iota // Instructions() reached the limit
	StopSyscall                   // the guest asks for a system call
	StopBreak                     // a breakpoint
	StopFault                     // a memory access that the address space does not allow
	StopIllegal                   // an instruction that the CPU does not have
	StopInterrupt                 // another exception, such as a division by zero
	StopMemory                    // the guest touched more memory than Config.Memory
	StopEngine                    // the engine itself failed; it may be unable to run again
	stopEmulate                   // an instruction that Run carries out
)

// Stop is the end of a run.
type Stop struct {
	Kind StopKind
	// PC is the next instruction: after the trap for StopSyscall (on it where arch.Syscall.Length says so), the instruction itself for
	// StopFault, StopIllegal and StopBreak. What stops in a delay slot is at its branch.
	PC     uint64
	Addr   uint64      // StopFault: the address that was accessed
	Access Prot        // StopFault: how
	Mapped bool        // StopFault: there is a page, and its protection forbids the access
	Intr   uint32      // StopInterrupt: the engine's exception number
	Slot   bool        // what stopped is in the delay slot of the branch at PC
	Err    error       // StopEngine: what the engine says
	Opcode arch.Opcode // StopIllegal: which instruction it is, where the architecture names it
}

// Run lets the CPU run from its PC until something happens, or until [Engine.Instructions] has reached limit and a basic block begins.
// After a breakpoint, the next run passes over it.
func (e *Engine) Run(limit uint64) Stop {
	for {
		stop := e.run(limit)
		again := e.arch.Engine.Culprit != nil && e.mend(&stop)
		if !again && !e.emulate(&stop) {
			return stop
		}
	}
}

// run is Run, up to an instruction that may be emulated.
func (e *Engine) run(limit uint64) Stop {
	e.flushHidden()
	e.dropHidden()
	C.rt0_run(e.c, C.uint64_t(limit))
	s := &e.c.stop
	stop := Stop{Kind: StopKind(s.why), PC: uint64(s.pc), Addr: uint64(s.addr), Access: Prot(s.access), Mapped: s.mapped != 0, Intr: uint32(s.intr)}
	if stop.Kind == StopEngine {
		stop.Err = engineError(s.err)
		if e.c.broken != 0 {
			stop.Err = fmt.Errorf("the engine's own code failed: %v", syscall.Signal(e.c.broken))
		}
	}
	return stop
}

// Context holds all registers of a CPU, vector and system ones included: a thread that is not running.
type Context struct {
	e *Engine
	c *C.uc_context
}

// NewContext makes a context; it holds nothing before the first Save.
func (e *Engine) NewContext() *Context {
	if n := len(e.contexts); n > 0 {
		c := e.contexts[n-1]
		e.contexts = e.contexts[:n-1]
		return &Context{e, c}
	}
	return &Context{e, C.rt0_context_open(e.c)}
}

// Save copies the CPU's registers to the context.
func (c *Context) Save() {
	c.e.flushHidden()
	C.rt0_context_save(c.e.c, c.c)
}

// Load copies them back.
func (c *Context) Load() {
	c.e.dropHidden()
	C.rt0_context_load(c.e.c, c.c)
}

// maxContexts bounds the contexts that an engine keeps for later: a context has some kilobytes.
const maxContexts = 64

// Close gives the context back.
func (c *Context) Close() {
	switch {
	case c.c == nil:
		return
	case c.e.c != nil && len(c.e.contexts) < maxContexts:
		c.e.contexts = append(c.e.contexts, c.c)
	default:
		C.rt0_context_close(c.c)
	}
	c.c = nil
}

// Broken says that the engine died of its own code: it never runs again.
func (e *Engine) Broken() bool { return e.c.broken != 0 }
