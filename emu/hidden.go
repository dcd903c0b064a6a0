// SPDX-License-Identifier: GPL-2.0-or-later

package emu

// #include "shim.h"
import "C"

import (
	"unsafe"

	"github.com/rt0-dev/rt0/arch"
)

// Hidden is the block of registers that the engine's interface does not have (arch.Hidden); nil where there are none.
func (e *Engine) Hidden() []byte {
	h := e.arch.Engine.Hidden
	if h == nil {
		return nil
	}
	e.runHidden(h, e.hidden.save)
	return append([]byte(nil), e.stubData(h)...)
}

// SetHidden writes it.
func (e *Engine) SetHidden(b []byte) {
	if h := e.arch.Engine.Hidden; h != nil {
		copy(e.stubData(h), b)
		e.runHidden(h, e.hidden.load)
	}
}

// stubData is where the code of ours leaves and finds the block.
func (e *Engine) stubData(h *arch.Hidden) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(e.c.stub)), h.Size)
}

// runHidden runs one of the two codes, and gives the registers that it uses back their values.
func (e *Engine) runHidden(h *arch.Hidden, offset C.uint64_t) {
	uses := append([]arch.Register{e.arch.PC, h.Addr}, h.Uses...)
	values := make([]uint64, len(uses))
	for i, r := range uses {
		values[i] = e.Reg(r)
	}
	e.SetReg(h.Addr, C.RT0_STUB_DATA)
	C.rt0_run_stub(e.c, offset)
	for i, r := range uses {
		e.SetReg(r, values[i])
	}
}
