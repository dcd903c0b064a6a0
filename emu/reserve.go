// SPDX-License-Identifier: GPL-2.0-or-later

package emu

// #include "shim.h"
import "C"

import (
	"sync"

	"github.com/rt0-dev/rt0/arch"
)

// A store-conditional succeeds in the engine when the address is the reserved one and memory holds the value that was read, whoever has
// written in between. Within a thread that is as good as the real thing. But a thread that was interrupted must fail: the kernel drops
// the reservation on its way back to user space (CLREX, SC or STWCX to a scratch word), because another thread may have changed the memory
// and put the old value back. The engine keeps the reservation among the registers, and has no name for it. So its place in a context is
// found out, once for each architecture, by reserving an address and looking where that appears.

// reservations are the places of the reserved address in a context, in bytes from its start: *arch.Arch → func() []C.size_t.
var reservations sync.Map

func (e *Engine) reservation() []C.size_t {
	find, ok := reservations.Load(e.arch)
	if !ok {
		find, _ = reservations.LoadOrStore(e.arch, sync.OnceValue(func() []C.size_t { return findReservation(e.arch) }))
	}
	return find.(func() []C.size_t)()
}

// findReservation runs the architecture's code on an engine of its own.
func findReservation(a *arch.Arch) []C.size_t {
	const text, data = 0x10000, 0x20120
	if a.Engine.Reserve.Code == nil {
		return nil
	}
	e, err := New(Config{Arch: a, Memory: 1 << 20})
	if err != nil {
		return nil
	}
	defer e.Close()
	before, after := e.NewContext(), e.NewContext()
	defer before.Close()
	defer after.Close()
	if e.mem.MapBytes(text, PageSize, Read|Exec, 0, a.Engine.Reserve.Code) != nil || e.mem.Map(data&^(PageSize-1), PageSize, Read|Write, 0) != nil {
		return nil
	}
	e.SetReg(a.PC, text)
	e.SetReg(a.Engine.Reserve.Addr, data)
	before.Save()
	if e.Run(1<<10).Kind != StopSyscall {
		return nil
	}
	after.Save()
	at := make([]C.size_t, 8)
	n := C.rt0_context_find(e.c, before.c, after.c, data, C.size_t(a.PtrSize), &at[0], C.size_t(len(at)))
	return at[:n]
}

// Park is Save for a thread that stops running: what it has reserved for a store-conditional is lost.
func (c *Context) Park() {
	c.Save()
	for _, at := range c.e.reserved() {
		C.rt0_context_fill(c.c, at, C.size_t(c.e.arch.PtrSize))
	}
}

// reserved is reservation, remembered.
func (e *Engine) reserved() []C.size_t {
	if !e.looked {
		e.looked, e.places = true, e.reservation()
	}
	return e.places
}
