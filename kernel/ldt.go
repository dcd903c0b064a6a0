// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
)

// Go up to 1.6 gives each thread of a 386 program an entry of the process's own descriptor table (runtime·setldt, 7 and the M's number),
// which all threads share. Later releases ask for the thread's own entries of the GDT.

// The last page of 32 bits, behind the GDT, is kernel space: it holds 512 entries, of the 8192 that Linux has (LDT_ENTRIES).
const (
	ldtAddr    = 1<<32 - emu.PageSize
	ldtEntries = emu.PageSize / 8
	ldtLimit   = 8192
)

// mapLDT makes the table, empty, and tells the CPU: an entry that was not written cannot be selected.
func (p *Process) mapLDT() error {
	if err := p.mem.Map(ldtAddr, emu.PageSize, emu.Read, kernelTag); err != nil {
		return fmt.Errorf("map the local descriptor table: %w", err)
	}
	p.eng.SetGDT(p.arch.Segments.Local, ldtAddr, emu.PageSize-1)
	return nil
}

// sysModifyLDT is arch/x86/kernel/ldt.c. Other architectures have the number and no more.
func sysModifyLDT(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	const read, writeOld, readDefault, write = 0, 1, 2, 0x11
	if t.p.gdt == 0 {
		return 0, arch.ENOSYS
	}
	switch a[0] {
	case read:
		return t.readLDT(a[1], a[2])
	case readDefault: // read_default_ldt: zeros, as many as a 64-bit kernel has
		n := min(a[2], 128)
		return n, t.copyOut(a[1], make([]byte, n))
	case writeOld, write:
		return 0, t.writeLDT(a[1], a[2], a[0] == writeOld)
	}
	return 0, arch.ENOSYS
}

// readLDT is read_ldt: what was written, with zeros behind it; nothing before the first write.
func (t *Thread) readLDT(addr, size uint64) (uint64, arch.Errno) {
	if !t.p.ldt {
		return 0, 0
	}
	b := make([]byte, min(size, ldtLimit*8))
	t.p.mem.Peek(ldtAddr, b[:min(len(b), emu.PageSize)])
	return uint64(len(b)), t.copyOut(addr, b)
}

// writeLDT is write_ldt; old is the mode that could not say useable, and took a base and a limit of 0 for an empty description.
func (t *Thread) writeLDT(addr, size uint64, old bool) arch.Errno {
	if size != 16 {
		return arch.EINVAL
	}
	u, errno := t.readUserDesc(addr)
	if errno != 0 {
		return errno
	}
	switch {
	case u.entry >= ldtLimit:
		return arch.EINVAL
	case u.flags>>contentsShift&3 == 3 && (old || u.flags&segNotPresent == 0):
		return arch.EINVAL // a conforming code segment
	case u.entry >= ldtEntries:
		return arch.ENOMEM
	}
	if old && u.base == 0 && u.limit == 0 {
		u = userDesc{entry: u.entry}
	}
	if old {
		u.flags &^= useable
	}
	t.p.ldt = true
	t.p.setDescriptor(int((ldtAddr-t.p.gdt)/8)+int(u.entry), u.descriptor())
	return 0
}
