// SPDX-License-Identifier: GPL-2.0-or-later

package emu

// #include "shim.h"
import "C"

import (
	"unsafe"

	"github.com/rt0-dev/rt0/arch"
)

// hidden are the registers that the engine's interface does not have (arch.Hidden). Code of ours (stub.c) stores them to memory when they are
// asked for, and loads them before the guest goes on, if one was changed.
type hidden struct {
	*arch.Hidden
	slots      []arch.Slot // those with names, by the engine's number; of size 0: not hidden
	save, load C.uint64_t  // where the code lies in the page of our own
	valid      bool        // memory has what the CPU has, or what it is to have:
	dirty      bool
}

// newHidden puts the registers in order.
func newHidden(h *arch.Hidden) hidden {
	list := hidden{Hidden: h}
	if h == nil {
		return list
	}
	for _, s := range h.Registers {
		for len(list.slots) <= s.Reg.ID {
			list.slots = append(list.slots, arch.Slot{})
		}
		list.slots[s.Reg.ID] = s
	}
	return list
}

// Hidden is the block of registers that the engine's interface does not have (arch.Hidden); nil where there are none without a name.
func (e *Engine) Hidden() []byte {
	h := &e.hidden
	if h.Hidden == nil || h.slots != nil {
		return nil
	}
	return append([]byte(nil), e.block()...)
}

// SetHidden writes it.
func (e *Engine) SetHidden(b []byte) {
	h := &e.hidden
	if h.Hidden != nil && h.slots == nil {
		h.valid = true
		copy(e.block(), b)
		h.dirty = true
	}
}

// block is where the code of ours leaves and finds the registers.
func (e *Engine) block() []byte {
	if h := &e.hidden; !h.valid {
		e.runHidden(h.save)
		h.valid = true
	}
	return unsafe.Slice((*byte)(e.c.stub), e.hidden.Size)
}

// slot is the place of a hidden register in the block; nil: it is not hidden.
func (e *Engine) slot(r arch.Register) []byte {
	h := &e.hidden
	if r.ID >= len(h.slots) || h.slots[r.ID].Size == 0 {
		return nil
	}
	s := h.slots[r.ID]
	return e.block()[s.Offset : s.Offset+s.Size]
}

// runHidden runs one of the two codes, and gives the registers that it uses back their values.
func (e *Engine) runHidden(offset C.uint64_t) {
	h := &e.hidden
	uses := append([]arch.Register{e.arch.PC, h.Addr}, h.Uses...)
	values := make([]uint64, len(uses))
	for i, r := range uses {
		values[i] = e.Reg(r)
	}
	e.SetReg(h.Addr, C.RT0_STUB_DATA)
	for _, r := range h.Set {
		e.SetReg(r.Reg, e.Reg(r.Reg)&r.Keep|r.Value)
	}
	C.rt0_run_stub(e.c, offset)
	for i, r := range uses {
		e.SetReg(r, values[i])
	}
}

// flushHidden gives the CPU what was written to hidden registers: before it runs, and before its registers are copied.
func (e *Engine) flushHidden() {
	if h := &e.hidden; h.dirty {
		e.runHidden(h.load)
		h.dirty = false
	}
}

// dropHidden forgets what memory has: the CPU has run, or has got other registers.
func (e *Engine) dropHidden() { e.hidden.valid, e.hidden.dirty = false, false }
