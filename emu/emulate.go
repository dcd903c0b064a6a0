// SPDX-License-Identifier: GPL-2.0-or-later

package emu

// #include "shim.h"
import "C"

import (
	"errors"

	"github.com/rt0-dev/rt0/arch"
)

// intercept tells the engine which instructions it must leave to emulate.
func (e *Engine) intercept() {
	list := e.arch.Engine.Intercept
	if len(list) == 0 {
		return
	}
	patterns := make([]C.struct_rt0_pattern, len(list))
	for i, p := range list {
		patterns[i] = C.struct_rt0_pattern{mask: C.uint32_t(p.Mask), value: C.uint32_t(p.Value)}
	}
	var lengths [4]C.uint8_t
	for i, n := range e.arch.Engine.Lengths {
		lengths[i] = C.uint8_t(n)
	}
	C.rt0_intercept(e.c, &patterns[0], C.size_t(len(patterns)), &lengths[0])
}

// emulate carries out the instruction that ended a run, and goes on behind it. False: stop says why it cannot.
func (e *Engine) emulate(stop *Stop) bool {
	if stop.Kind != stopEmulate && (stop.Kind != StopIllegal || e.arch.Engine.Emulate == nil) {
		return false
	}
	code := make([]byte, arch.MaxInstruction)
	code = code[:e.mem.Peek(stop.PC, code)]
	length, err := e.arch.Engine.Emulate(emulated{e}, code)
	var fault *Fault
	switch {
	case errors.As(err, &fault):
		*stop = Stop{Kind: StopFault, PC: stop.PC, Addr: fault.Addr, Access: fault.Access, Mapped: fault.Mapped}
		return false
	case err != nil:
		*stop = Stop{Kind: StopMemory, PC: stop.PC}
		return false
	case length == 0:
		stop.Kind = StopIllegal
		return false
	}
	e.SetReg(e.arch.PC, stop.PC+uint64(length))
	return true
}

// emulated is the CPU as an instruction sees it.
type emulated struct{ *Engine }

func (e emulated) Read(addr uint64, b []byte) error  { return e.mem.Read(addr, b) }
func (e emulated) Write(addr uint64, b []byte) error { return e.mem.Write(addr, b) }
func (e emulated) Counter() uint64                   { return uint64(C.rt0_counter(e.c)) }
func (e emulated) CPUID() []arch.CPUID               { return e.cpuid }
