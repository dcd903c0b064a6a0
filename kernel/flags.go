// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import "github.com/rt0-dev/rt0/arch"

// Some architectures number the flags of open and mmap in their own way. Inside, all code speaks asm-generic's.

// openFlags translates open's flags from the guest's numbers.
func (p *Process) openFlags(v uint64) int {
	return int(translate(uint64(uint32(v)), p.arch.Syscall.OpenFlags, false))
}

// guestFlags translates them back.
func (p *Process) guestFlags(flags int) uint64 {
	return translate(uint64(flags), p.arch.Syscall.OpenFlags, true)
}

// mapFlags translates mmap's flags from the guest's numbers.
func (p *Process) mapFlags(v uint64) uint64 { return translate(v, p.arch.Syscall.MapFlags, false) }

// translate moves the bits that table knows to where the other side has them.
func translate(v uint64, table []arch.Flag, back bool) uint64 {
	var from, to uint64
	for _, f := range table {
		old, new := f.Own, f.Generic
		if back {
			old, new = new, old
		}
		from |= old
		if v&old == old {
			to |= new
		}
	}
	return v&^from | to
}
