// SPDX-License-Identifier: GPL-2.0-or-later

package arch

// Emulation is how instructions are carried out that the engine does not know, or that it answers wrongly.
type Emulation struct {
	// Emulate carries out the instruction at the start of code, MaxInstruction bytes or as many as can be executed, and returns its
	// length; 0: it is none that it knows. An error is an access to memory that failed: then the instruction has had no effect. It is called
	// for an instruction that the engine does not know, and for one that Intercept names. Nil: there is none.
	Emulate func(cpu Core, code []byte) (length int, err error)
	// Intercept are the instructions that the engine knows and must not carry out.
	Intercept []Opcode
	// Lengths are the lengths of instructions in bytes, by the two highest bits of the first byte; zeroes for x86. Needed with Intercept, and
	// for a machine to lack instructions that the engine has.
	Lengths [4]int
	// WallCounter says that the CPU's counter tells the time of day, in nanoseconds of the Unix epoch (s390x's TOD clock), and not the time
	// since it was switched on.
	WallCounter bool
	// Rewrite is what the engine cannot be stopped at, and carries out wrongly.
	Rewrite Rewrite
}

// Rewrite gives a program another instruction in the place of one, of the same length and, on hardware, the same effect.
type Rewrite struct {
	// Before is the first minor release of Go 1 whose compiler does not write the instruction; programs of it and later are left as they are.
	Before int
	// Word is the other instruction; false: there is none for this one. Nil: the engine knows all.
	Word func(insn uint32) (other uint32, ok bool)
}

// Core is what an emulated instruction has to do with.
type Core interface {
	Reg(Register) uint64
	SetReg(Register, uint64)
	Read(addr uint64, b []byte) error
	Write(addr uint64, b []byte) error
	Counter() uint64         // what the CPU's cycle counter reads
	CPUID() []CPUID          // what the CPU tells of its features
	Has(feature string) bool // by its name in Arch.Features
	XCR0() uint64            // what XGETBV answers (x86)
	// Vector is a vector register of x86, the low word first.
	Vector(n int) [4]uint64
	SetVector(n int, v [4]uint64)
}
