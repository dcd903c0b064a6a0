// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/arch/arm/armasm"
	"golang.org/x/arch/arm64/arm64asm"
	"golang.org/x/arch/ppc64/ppc64asm"
	"golang.org/x/arch/riscv64/riscv64asm"
	"golang.org/x/arch/s390x/s390xasm"
	"golang.org/x/arch/x86/x86asm"
)

// SymName names the symbol that an address lies in, and the symbol's own address; "" when it lies in none.
type SymName = func(addr uint64) (name string, base uint64)

// Disassembler writes the instruction at the start of code, which stands at pc, in the syntax of Go's assembler.
type Disassembler = func(code []byte, pc uint64, symname SymName) (string, error)

// MaxInstruction is the longest instruction of any architecture, in bytes: x86's.
const MaxInstruction = 15

// Instruction writes the instruction at the start of code, at pc: in the syntax of Go's assembler, or else its bytes, which are told as
// one word where all instructions have four.
func (a *Arch) Instruction(code []byte, pc uint64, symname SymName) string {
	const shown = 8
	if a.Disassemble != nil {
		if text, err := guarded(a.Disassemble, code, pc, symname); err == nil {
			return text
		}
	}
	if a.Engine.InsnShift == 2 && len(code) >= 4 {
		return fmt.Sprintf("word %#08x", a.Order.Uint32(code))
	}
	return fmt.Sprintf("bytes % x", code[:min(len(code), shown)])
}

// disassembling guards the tables of golang.org/x/arch, some of which are made at the first use.
var disassembling sync.Mutex

var (
	errUndecodable   = errors.New("the decoder panicked") // it gave up in its own way
	errNoInstruction = errors.New("unknown instruction")
)

// guarded calls a decoder with code of the guest's choice: those of golang.org/x/arch are made for code that a compiler wrote.
func guarded(decode Disassembler, code []byte, pc uint64, symname SymName) (text string, err error) {
	disassembling.Lock()
	defer disassembling.Unlock()
	defer func() {
		if recover() != nil {
			text, err = "", errUndecodable
		}
	}()
	return decode(code, pc, symname)
}

// disassembleX86 is the disassembler of a mode of x86: 32 or 64.
func disassembleX86(mode int) Disassembler {
	return func(code []byte, pc uint64, symname SymName) (string, error) {
		inst, err := x86asm.Decode(code, mode)
		if err != nil {
			return "", err
		}
		return x86asm.GoSyntax(inst, pc, symname), nil
	}
}

func disassembleARM64(code []byte, pc uint64, symname SymName) (string, error) {
	inst, err := arm64asm.Decode(code)
	if err != nil {
		return "", err
	}
	return arm64asm.GoSyntax(inst, pc, symname, nil), nil
}

// disassembleARM reads A32, the only instruction set that Go's compiler and assembler write for arm.
func disassembleARM(code []byte, pc uint64, symname SymName) (string, error) {
	inst, err := armasm.Decode(code, armasm.ModeARM)
	if err != nil {
		return "", err
	}
	return armasm.GoSyntax(inst, pc, symname, nil), nil
}

// disassemblePPC64 is the disassembler of a byte order.
func disassemblePPC64(order binary.ByteOrder) Disassembler {
	return func(code []byte, pc uint64, symname SymName) (string, error) {
		inst, err := ppc64asm.Decode(code, order)
		if err != nil {
			return "", err
		}
		return ppc64asm.GoSyntax(inst, pc, symname), nil
	}
}

func disassembleRISCV64(code []byte, pc uint64, symname SymName) (string, error) {
	inst, err := riscv64asm.Decode(code)
	if err != nil {
		return "", err
	}
	return riscv64asm.GoSyntax(inst, pc, symname, nil), nil
}

func disassembleS390X(code []byte, pc uint64, symname SymName) (string, error) {
	inst, err := s390xasm.Decode(code)
	if err != nil {
		return "", err
	}
	if inst.Op == 0 { // a halfword of zeroes, the one that Go's UNDEF is made of
		return "", errNoInstruction
	}
	return s390xasm.GoSyntax(inst, pc, symname), nil
}
