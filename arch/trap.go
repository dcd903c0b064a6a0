// SPDX-License-Identifier: GPL-2.0-or-later

package arch

// Trapped is an exception as the kernel sees it: the instruction, and what it works on.
type Trapped struct {
	Insn    uint32 // the instruction, where all have four bytes
	Word    int    // bytes in a register
	UserTop uint64 // [Arch.UserTop]
	Counter uint64 // what a counter of cycles reads

	Reg    func(Register) uint64
	SetReg func(Register, uint64)
	Read   func(addr uint64, size int) (v uint64, ok bool) // memory, as the program may
	Write  func(addr uint64, size int, v uint64) (ok bool)
}
