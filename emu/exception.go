// SPDX-License-Identifier: GPL-2.0-or-later

package emu

// #include "shim.h"
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/rt0-dev/rt0/arch"
)

// After most exceptions the engine's MIPS has lost its PC, and after one in a delay slot it takes the next instruction for the slot of the same
// branch, wherever that is. And its LL looks into the CPU's own TLB, which only code of the CPU can write. So there is a page with code of
// ours (stub.c), and what an exception leaves behind is put right before anybody sees it.

// cpuTLB is what is in the CPU's own TLB. It is no part of a context or a snapshot, and neither is the TLB; nothing that the guest can see
// depends on it.
type cpuTLB struct {
	entries []uint64 // first addresses
	next    int      // the entry to be overwritten next, when all are taken
}

// has says that an address has an entry.
func (t *cpuTLB) has(addr uint64, bits uint) bool {
	for _, entry := range t.entries {
		if entry == addr>>bits<<bits {
			return true
		}
	}
	return false
}

// slotStub is where the page of our own has a do-nothing instruction and a system call; the code that writes the TLB follows.
const slotStub, tlbStub = 0, 8

// initStub fills the page of our own.
func (e *Engine) initStub() error {
	var words []uint32
	if tlb := e.arch.Engine.TLB; len(e.arch.Engine.Branches) > 0 && tlb != nil {
		words = append([]uint32{0, tlb.Code[len(tlb.Code)-1]}, tlb.Code...)
	}
	if h := e.arch.Engine.Hidden; h != nil {
		e.hidden.save = C.uint64_t(4 * len(words))
		words = append(words, h.Save...)
		e.hidden.load = C.uint64_t(4 * len(words))
		words = append(words, h.Load...)
	}
	if len(words) == 0 {
		return nil
	}
	code := make([]byte, 4*len(words))
	for i, w := range words {
		e.arch.Order.PutUint32(code[4*i:], w)
	}
	if !C.rt0_set_stub(e.c, unsafe.Pointer(&code[0]), C.size_t(len(code))) {
		return fmt.Errorf("open engine for %s: no memory for a page of code", e.arch.Name)
	}
	return nil
}

// mend puts right what an exception has left behind. True: it was nobody's business but the engine's, and the guest goes on.
func (e *Engine) mend(stop *Stop) bool {
	switch stop.Kind {
	case StopIllegal, StopInterrupt:
		var addr uint64
		stop.PC, addr = e.culprit(stop.Intr)
		e.SetReg(e.arch.PC, stop.PC)
		if tlb := e.arch.Engine.TLB; tlb != nil && stop.Intr == tlb.Miss && !e.tlb.has(addr, tlb.Bits) {
			e.fillTLB(tlb, addr)
			C.rt0_resume(e.c, C.uint64_t(stop.PC))
			return true
		}
	case StopFault:
	default:
		return false
	}
	e.next = stop.PC + 4
	next := C.uint64_t(e.next)
	if bool(C.rt0_in_slot(e.c, C.uint64_t(stop.PC))) && bool(C.rt0_leave_slot(e.c, slotStub, &next)) {
		stop.PC -= 4
		stop.Slot = true
		e.next = uint64(next)
	}
	e.SetReg(e.arch.PC, stop.PC)
	return false
}

// Skip moves the PC past the instruction that the last run has stopped at, which was a fault or another exception: to where a branch goes,
// when that was in its delay slot. Only architectures whose instructions are of one size have it.
func (e *Engine) Skip() {
	next := e.next
	if e.arch.Engine.Culprit == nil {
		next = e.Reg(e.arch.PC) + 1<<e.arch.Engine.InsnShift
	}
	e.SetReg(e.arch.PC, next)
}

// culprit is the address of the instruction that has raised an exception, and the address that it accesses, if any.
func (e *Engine) culprit(intr uint32) (pc, addr uint64) {
	raw := make([]byte, e.c.block_size)
	pc = uint64(e.c.block)
	x := arch.Exception{
		Intr:     intr,
		PC:       pc,
		Block:    make([]uint32, e.mem.Peek(pc, raw)/4),
		Reg:      e.Reg,
		Unmapped: func(addr uint64) bool { return e.arch.Engine.TLB != nil && !e.tlb.has(addr, e.arch.Engine.TLB.Bits) },
	}
	for i := range x.Block {
		x.Block[i] = e.arch.Order.Uint32(raw[4*i:])
	}
	n, addr := e.arch.Engine.Culprit(x)
	return pc + uint64(4*max(n, 0)), addr
}

// fillTLB makes an entry for an address, in the place of the oldest when all are taken.
func (e *Engine) fillTLB(tlb *arch.TLB, addr uint64) {
	addr = addr >> tlb.Bits << tlb.Bits
	C.rt0_context_save(e.c, e.c.scratch)
	var next C.uint64_t
	C.rt0_leave_slot(e.c, slotStub, &next) // lest the code begins in one
	for _, r := range tlb.Set {
		e.SetReg(r.Reg, e.Reg(r.Reg)&r.Keep|r.Value)
	}
	e.SetReg(tlb.Index, uint64(e.tlb.next))
	e.SetReg(tlb.Address, addr)
	C.rt0_run_stub(e.c, tlbStub)
	C.rt0_context_load(e.c, e.c.scratch)
	if e.tlb.next < len(e.tlb.entries) {
		e.tlb.entries[e.tlb.next] = addr
	} else {
		e.tlb.entries = append(e.tlb.entries, addr)
	}
	e.tlb.next = (e.tlb.next + 1) % tlb.Entries
}
