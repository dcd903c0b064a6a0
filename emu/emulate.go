// SPDX-License-Identifier: GPL-2.0-or-later

package emu

// #include "shim.h"
import "C"

import (
	"errors"
	"slices"
	"unsafe"

	"github.com/rt0-dev/rt0/arch"
)

// intercept tells the engine which instructions it must leave to emulate, or must not carry out at all.
func (e *Engine) intercept(guards []arch.Guard) {
	a := e.arch
	e.guards = guards
	if len(a.Engine.Intercept) == 0 && len(guards) == 0 {
		return
	}
	var opcodes []C.struct_rt0_opcode
	for _, o := range a.Engine.Intercept {
		opcodes = append(opcodes, C.struct_rt0_opcode{mask: C.uint64_t(o.Mask), value: C.uint64_t(o.Value), stop: true})
	}
	for _, g := range guards {
		opcodes = append(opcodes, C.struct_rt0_opcode{mask: C.uint64_t(g.Mask), value: C.uint64_t(g.Value), stop: C.bool(g.Stop)})
	}
	var lengths [4]C.uint8_t
	for i, n := range a.Engine.Lengths {
		lengths[i] = C.uint8_t(n)
	}
	C.rt0_intercept(e.c, &opcodes[0], C.size_t(len(opcodes)), &lengths[0], e.decoder())
}

// decoder is how instructions are told apart.
func (e *Engine) decoder() uint32 {
	switch {
	case e.arch.Engine.Lengths[0] != 0 || e.arch.CPUID == nil:
		return C.RT0_BY_LENGTHS
	case e.arch.PtrSize == 8:
		return C.RT0_X86_64
	}
	return C.RT0_X86_32
}

// word is that of the instruction at the start of code, for arch.Opcode.
func (e *Engine) word(code []byte) uint64 {
	if e.decoder() == C.RT0_BY_LENGTHS {
		return arch.InsnWord(code)
	}
	word, _ := x86Word(code, e.arch.PtrSize == 8)
	return word
}

// x86Word is the word of the instruction of x86 at the start of code, and its length in bytes.
func x86Word(code []byte, wide bool) (word uint64, length int) {
	if len(code) == 0 {
		return 0, 0
	}
	var n C.uint32_t
	word = uint64(C.rt0_x86_insn((*C.uint8_t)(unsafe.Pointer(&code[0])), C.size_t(len(code)), C.bool(wide), &n))
	return word, int(n)
}

// lacks says that the CPU does not have an instruction.
func (e *Engine) lacks(word uint64) bool {
	i := slices.IndexFunc(e.guards, func(g arch.Guard) bool { return word&g.Mask == g.Value })
	return i >= 0 && e.guards[i].Stop && !e.guards[i].Carry
}

// emulate carries out the instruction that ended a run, and goes on behind it. False: stop says why it cannot.
func (e *Engine) emulate(stop *Stop) bool {
	if stop.Kind != stopEmulate && stop.Kind != StopIllegal {
		return false
	}
	code := make([]byte, arch.MaxInstruction)
	code = code[:e.mem.Peek(stop.PC, code)]
	word := e.word(code)
	if e.arch.Engine.Emulate == nil || e.lacks(word) {
		stop.Kind = StopIllegal
		stop.Opcode, _ = e.arch.Opcode(word)
		return false
	}
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
		stop.Opcode, _ = e.arch.Opcode(word)
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
func (e emulated) XCR0() uint64                      { return e.xcr0 }

func (e emulated) Has(feature string) bool { return e.has != nil && e.has(feature) }

func (e emulated) Vector(n int) [4]uint64 {
	var v [8]uint64
	C.rt0_wide_reg(e.c, C.int(C.UC_X86_REG_YMM0+n), unsafe.Pointer(&v))
	return [4]uint64(v[:4])
}

func (e emulated) SetVector(n int, value [4]uint64) {
	var v [8]uint64
	copy(v[:], value[:])
	C.rt0_set_wide_reg(e.c, C.int(C.UC_X86_REG_YMM0+n), unsafe.Pointer(&v))
}
