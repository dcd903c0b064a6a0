// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/machine"
)

// Calls on ranges that are mapped: their rows are memoryCalls.

// sysMunmap is __vm_munmap. Holes in the range are no error.
func sysMunmap(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	s := &t.p.space
	addr := a[0]
	size, ok := s.round(a[1])
	if !ok || size == 0 || addr%s.page != 0 || addr > s.top-size {
		return 0, arch.EINVAL
	}
	if t.p.splits(addr, size) && t.p.full() {
		return 0, arch.ENOMEM
	}
	return 0, t.p.unmap(addr, size)
}

// splits says that taking the range out of one region leaves two.
func (p *Process) splits(addr, size uint64) bool {
	r, ok := p.mem.Find(addr)
	return ok && r.Start < addr && addr+size < r.End
}

func (p *Process) unmap(addr, size uint64) arch.Errno {
	p.space.pieces += 2
	if size > 0 && p.mem.Unmap(addr, size) != nil {
		return arch.ENOMEM
	}
	return 0
}

// sysMprotect is do_mprotect_pkey: what lies before the first hole is changed, the hole is ENOMEM.
func sysMprotect(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	const protSem = 8
	p, s := t.p, &t.p.space
	addr := a[0]
	if addr%s.page != 0 {
		return 0, arch.EINVAL
	}
	if a[1] == 0 {
		return 0, 0
	}
	size, ok := s.round(a[1])
	switch {
	case !ok || addr+size <= addr:
		return 0, arch.ENOMEM
	case a[2]&^(protAll|protSem) != 0:
		return 0, arch.EINVAL
	case p.full():
		return 0, arch.ENOMEM
	}
	prot := guestProt(a[2])
	end := addr + size
	for at := addr; at < end; {
		r, ok := p.mem.Find(at)
		if !ok || r.Tag == kernelTag {
			return 0, arch.ENOMEM
		}
		if r.Tag == tagVVAR && prot&^emu.Read != 0 {
			return 0, arch.EACCES // neither VM_MAYWRITE nor VM_MAYEXEC
		}
		part := min(r.End, end) - at
		if prot&^r.Prot&emu.Write != 0 {
			if !p.mayHold(part) {
				return 0, arch.ENOMEM
			}
			if errno := p.commit(part, 0); errno != 0 {
				return 0, errno
			}
		}
		if p.mem.Protect(at, part, prot) != nil {
			return 0, arch.ENOMEM
		}
		p.space.pieces += 2
		at += part
	}
	return 0, 0
}

// sysBrk is the brk call, which returns where the heap ends, whether or not that is what was asked for.
func sysBrk(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	p, s := t.p, &t.p.space
	want, old := a[0], s.up(s.brk)
	if want < s.brkStart || want > s.top-s.page || p.cfg.Machine.VM.Brk == machine.BrkRefuse {
		return s.brk, 0
	}
	new := s.up(want)
	switch {
	case new < old:
		if p.unmap(new, old-new) != 0 {
			return s.brk, 0
		}
	case new > old:
		size := new - old
		// A page stays free above the heap, and the stack keeps its distance.
		if p.occupied(old, size+s.page) || p.guards(old, size) || !p.mayExpand(size) || !p.mayHold(size) || p.commit(size, 0) != 0 || p.full() {
			return s.brk, 0
		}
		p.space.pieces += 2
		if p.mem.Map(old, size, emu.Read|emu.Write, tagHeap) != nil {
			return s.brk, 0
		}
	}
	s.brk = want
	return s.brk, 0
}

// sysMremap is the mremap call.
func sysMremap(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	const mayMove, fixed = 1, 2
	p, s := t.p, &t.p.space
	addr, flags, to := a[0], a[3], a[4]
	oldSize, ok := s.round(a[1])
	newSize, newOK := s.round(a[2])
	switch {
	case flags&^(mayMove|fixed) != 0, flags&fixed != 0 && flags&mayMove == 0, addr%s.page != 0, newSize == 0:
		return 0, arch.EINVAL
	case !ok || !newOK:
		return 0, arch.EINVAL
	}
	r, ok := p.mem.Find(addr)
	if !ok || r.Tag == kernelTag {
		return 0, arch.EFAULT
	}
	if flags&fixed != 0 {
		return p.mremapTo(addr, oldSize, to, newSize)
	}
	if newSize <= oldSize {
		if addr > s.top-oldSize {
			return 0, arch.EINVAL
		}
		return addr, p.unmap(addr+newSize, oldSize-newSize)
	}
	if errno := p.resizable(addr, oldSize, newSize); errno != 0 {
		return 0, errno
	}
	grow := newSize - oldSize
	if oldSize == r.End-addr && addr <= s.top-newSize && !p.occupied(r.End, grow) && !s.refuses(r.End, grow) && !ofFile(r) {
		p.space.pieces += 2
		if p.mem.Map(r.End, grow, r.Prot, r.Tag) != nil {
			return 0, arch.ENOMEM
		}
		return addr, 0
	}
	if flags&mayMove == 0 {
		return 0, arch.ENOMEM
	}
	at, ok := p.unmapped(0, newSize)
	if !ok {
		return 0, arch.ENOMEM
	}
	return at, p.moveRange(addr, oldSize, at, newSize)
}

// mremapTo is mremap with MREMAP_FIXED.
func (p *Process) mremapTo(addr, oldSize, to, newSize uint64) (uint64, arch.Errno) {
	s := &p.space
	if to%s.page != 0 || to > s.top-newSize || to < addr+oldSize && addr < to+newSize {
		return 0, arch.EINVAL
	}
	if s.refuses(to, newSize) {
		return 0, arch.ENOMEM
	}
	if errno := p.resizable(addr, min(oldSize, newSize), newSize); errno != 0 {
		return 0, errno
	}
	if errno := p.unmap(to, newSize); errno != 0 {
		return 0, errno
	}
	if newSize < oldSize {
		if errno := p.unmap(addr+newSize, oldSize-newSize); errno != 0 {
			return 0, errno
		}
		oldSize = newSize
	}
	return to, p.moveRange(addr, oldSize, to, newSize)
}

// resizable is vma_to_resize: the old range lies in one region, and there may be as much more.
func (p *Process) resizable(addr, oldSize, newSize uint64) arch.Errno {
	r, _ := p.mem.Find(addr)
	switch {
	case oldSize == 0:
		return arch.EINVAL // it would double a shared mapping
	case oldSize > r.End-addr:
		return arch.EFAULT
	case !p.mayExpand(newSize - oldSize):
		return arch.ENOMEM
	case r.Prot&emu.Write != 0 && (p.commit(newSize-oldSize, 0) != 0 || !p.mayHold(newSize-oldSize)):
		return arch.ENOMEM
	case p.full():
		return arch.ENOMEM
	}
	return 0
}

// maxMove bounds the pages that one mremap looks through for what to copy. Linux moves page tables instead.
const maxMove = 1 << 22

// moveRange maps newSize bytes at to, with what stands in oldSize bytes at addr, and unmaps those. The old range is in one region.
func (p *Process) moveRange(addr, oldSize, to, newSize uint64) arch.Errno {
	r, _ := p.mem.Find(addr)
	if oldSize/emu.PageSize > maxMove {
		p.event("bound", "mremap", "a mapping of more than 16 GiB does not move: refused with ENOMEM")
		return arch.ENOMEM
	}
	p.space.pieces += 2
	if ofFile(r) {
		// Untouched pages of it have contents too, and the name goes with the address: from here on, it is anonymous.
		data := make([]byte, min(oldSize, keepBytes))
		p.mem.Peek(addr, data)
		if data = p.keep(data); data == nil || p.mem.MapBytes(to, newSize, r.Prot, tagAnon, data) != nil {
			return arch.ENOMEM
		}
		return p.unmap(addr, oldSize)
	}
	if p.mem.Map(to, newSize, r.Prot, tagAnon) != nil {
		return arch.ENOMEM
	}
	var page [emu.PageSize]byte
	for off := uint64(0); off < oldSize; off += emu.PageSize {
		if !p.mem.Resident(addr + off) {
			continue
		}
		p.mem.Peek(addr+off, page[:])
		if p.mem.Poke(to+off, page[:]) != nil {
			p.unmap(to, newSize)
			return arch.ENOMEM
		}
	}
	return p.unmap(addr, oldSize)
}
