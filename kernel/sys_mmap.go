// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
)

var memoryCalls = []call{
	{name: "mmap", do: sysMmap, support: partial, note: "a shared mapping of a file is a private copy; MAP_HUGETLB: ENOMEM, as with an empty pool"},
	{name: "mmap2", do: sysMmap2, support: partial, note: "as mmap"},
	{name: "munmap", do: sysMunmap},
	{name: "mprotect", do: sysMprotect, support: partial, note: "PROT_GROWSDOWN and PROT_GROWSUP: EINVAL"},
	{name: "mremap", do: sysMremap, support: partial, note: "MREMAP_DONTUNMAP: EINVAL"},
	{name: "brk", do: sysBrk},
	{name: "madvise", do: sysMadvise, support: partial, note: "MADV_DONTNEED and MADV_FREE drop pages at once; other advice is accepted and not taken"},
	{name: "mincore", do: sysMincore},
	{name: "mlock", do: sysMlock, support: partial, note: "checked, and nothing to do: no page is ever swapped out"},
	{name: "mlock2", do: sysMlock2, support: partial, note: "as mlock"},
	{name: "munlock", do: sysMlock, support: partial, note: "as mlock"},
	{name: "mlockall", do: sysMlockall, support: partial, note: "as mlock"},
	{name: "munlockall", do: sysMunlockall, support: partial, note: "as mlock"},
	{name: "msync", do: sysMsync, support: partial, note: "checked; mappings of files are private copies"},
	{name: "membarrier", do: sysMembarrier, support: partial, note: "one thread runs at a time: every barrier is there already"},
	{name: "process_madvise", do: refuse(arch.ENOSYS), support: refused, note: "ENOSYS"},
	{name: "pkey_alloc", do: refuse(arch.ENOSPC), support: refused, note: "ENOSPC: the CPU has no protection keys"},
	{name: "set_mempolicy", do: refuse(arch.ENOSYS), support: refused, note: "ENOSYS, as without CONFIG_NUMA"},
	{name: "get_mempolicy", do: refuse(arch.ENOSYS), support: refused, note: "ENOSYS, as without CONFIG_NUMA"},
	{name: "mbind", do: refuse(arch.ENOSYS), support: refused, note: "ENOSYS, as without CONFIG_NUMA"},
}

// The tags of regions: what /proc/self/maps says that a region is. The first three are the loader's (package loader, TagImage and its
// neighbours); neither package imports the other.
const (
	tagImage = 0x100 // the binary's pages
	tagBSS   = 0x101 // the zeroed rest of a segment
	tagStack = 0x102 // the first stack
	tagHeap  = 0x200
	tagAnon  = 0x201
	tagFiles = 0x1000 // mappings of files count from here
)

// Linux's bounds on mappings.
const (
	mmapMinAddr = 64 << 10 // vm.mmap_min_addr
	maxMapCount = 65530    // vm.max_map_count
	stackGuard  = 256      // stack_guard_gap, in pages
)

// The protections and flags of mmap, include/uapi/asm-generic/mman-common.h.
const (
	protAll           = 7
	mapShared         = 0x01
	mapPrivate        = 0x02
	mapSharedValidate = 0x03
	mapType           = 0x0f
	mapFixed          = 0x10
	mapAnonymous      = 0x20
	mapNoreserve      = 0x4000
	mapHugetlb        = 0x40000
	mapFixedNoreplace = 0x100000
)

// space is what the kernel keeps of the address space beside the regions themselves.
type space struct {
	page          uint64 // the machine's page size
	brkStart, brk uint64
	top           uint64    // where user space ends
	files         []mapping // by tag, from tagFiles on
	image         []mapping // the binary's segments, where they are in memory; made by findImage
	looked        bool
	pieces        int    // a bound on the number of regions, from above
	kept          int    // bytes copied for mappings
	uncounted     uint64 // bytes of regions that Linux would not count as the process's
	stackSpare    uint64 // those of the first stack
	placement
}

// initSpace starts the heap after the image.
func (p *Process) initSpace() {
	s := &p.space
	s.page = max(uint64(p.cfg.Machine.PageSize), emu.PageSize)
	s.brkStart = s.up(p.cfg.Brk)
	s.brk = s.brkStart
	s.top = p.arch.UserTop - p.arch.UserTop%s.page
	p.initPlacement()
	for _, r := range p.mem.Regions() {
		s.pieces++
		switch r.Tag {
		case kernelTag:
			s.uncounted += r.End - r.Start
		case tagStack:
			// Linux maps stack_expand's 128 KiB and grows the stack when it is used; here all of it is there at once.
			s.stackSpare = r.End - r.Start - min(r.End-r.Start, 132<<10)
			s.uncounted += s.stackSpare
		}
	}
}

// down and up round to the machine's pages, which need not be a power of two.
func (s *space) down(v uint64) uint64 { return v - v%s.page }

func (s *space) up(v uint64) uint64 {
	if r := v % s.page; r != 0 {
		return v + (s.page - r)
	}
	return v
}

// round is the length of a range in whole pages; ok is false where that wraps round or leaves user space.
func (s *space) round(size uint64) (uint64, bool) {
	up := s.up(size)
	return up, up >= size && up <= s.top
}

// request is an mmap as it is worked on.
type request struct {
	addr, size uint64
	prot       emu.Prot
	flags      uint64
	file       *regularFile
	offset     uint64
	path       string
}

func sysMmap(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if t.p.arch.Syscall.MmapBlock {
		block, word := a[0], uint64(t.p.arch.PtrSize)
		for i := range a {
			var errno arch.Errno
			if a[i], errno = t.readUint(block+uint64(i)*word, int(word)); errno != 0 {
				return 0, errno
			}
		}
	}
	if a[5]%t.p.space.page != 0 {
		return 0, arch.EINVAL
	}
	return t.mmap(a, a[5])
}

// sysMmap2 counts the offset in units of 4096 bytes, whatever the page size.
func sysMmap2(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if a[5]<<12%t.p.space.page != 0 {
		return 0, arch.EINVAL
	}
	return t.mmap(a, uint64(uint32(a[5]))<<12)
}

// mmap is ksys_mmap_pgoff and do_mmap.
func (t *Thread) mmap(a [6]uint64, offset uint64) (uint64, arch.Errno) {
	s := &t.p.space
	r := request{addr: a[0], prot: guestProt(a[2]), flags: t.p.mapFlags(a[3]), offset: offset}
	if r.flags&mapAnonymous == 0 {
		if errno := t.mapsFile(&r, fd(a[4])); errno != 0 {
			return 0, errno
		}
	} else if r.flags&mapHugetlb != 0 {
		return 0, arch.ENOMEM
	}
	if a[1] == 0 {
		return 0, arch.EINVAL
	}
	if r.flags&mapFixedNoreplace != 0 {
		r.flags |= mapFixed
	}
	if r.flags&mapFixed == 0 {
		r.addr = s.hint(r.addr)
	}
	var ok bool
	if r.size, ok = s.round(a[1]); !ok {
		return 0, arch.ENOMEM
	}
	if r.offset+r.size < r.offset {
		return 0, arch.EOVERFLOW
	}
	if t.p.full() {
		return 0, arch.ENOMEM
	}
	if errno := t.p.place(&r); errno != 0 {
		return 0, errno
	}
	if r.flags&mapFixedNoreplace != 0 && t.p.occupied(r.addr, r.size) {
		return 0, arch.EEXIST
	}
	switch r.flags & mapType {
	case mapPrivate:
	case mapShared, mapSharedValidate:
		if r.flags&mapType == mapSharedValidate && r.flags&mapAnonymous != 0 {
			return 0, arch.EINVAL
		}
	default:
		return 0, arch.EINVAL
	}
	if errno := t.p.mayMap(&r); errno != 0 {
		return 0, errno
	}
	return r.addr, t.p.install(&r)
}

// guestProt is a protection argument as the engine wants it. What can be written or executed can be read: the CPUs in question have
// no such pages (protection_map of x86), or nobody asks for them.
func guestProt(v uint64) emu.Prot {
	prot := emu.Prot(v & protAll)
	if prot != 0 {
		prot |= emu.Read
	}
	return prot
}

// mapsFile finds the file that is to be mapped, and checks that its descriptor allows that.
func (t *Thread) mapsFile(r *request, number int) arch.Errno {
	d := t.p.files.get(number)
	if d == nil || d.flags&oPATH != 0 {
		return arch.EBADF
	}
	f, ok := d.file.(*regularFile)
	shared := r.flags&mapType != mapPrivate
	switch {
	case !d.readable(), shared && r.prot&emu.Write != 0 && !d.writable():
		return arch.EACCES
	case !ok || f.node.render != nil:
		return arch.ENODEV
	}
	if shared && r.prot&emu.Write != 0 {
		t.p.event("flag", "mmap", "a writable shared mapping of a file: what is written does not reach the file")
	}
	r.file, r.path = f, d.path
	return 0
}

// full says that there are as many regions as Linux allows. A call that changes regions makes at most two more of them, so they are
// counted only when the sum of that could have passed the bound.
func (p *Process) full() bool {
	if p.space.pieces > maxMapCount {
		p.space.pieces = len(p.mem.Regions())
	}
	return p.space.pieces > maxMapCount
}

// install maps what has been placed and checked.
func (p *Process) install(r *request) arch.Errno {
	p.space.pieces += 2
	var err error
	if r.file == nil {
		err = p.mem.Map(r.addr, r.size, r.prot, tagAnon)
	} else {
		n := r.file.node
		data := n.data[min(r.offset, uint64(len(n.data))):min(r.offset+r.size, uint64(len(n.data)))]
		if n.stored > 0 {
			// The guest may write to the file, and the bytes behind a mapping must not change.
			if data = p.keep(data); data == nil {
				return arch.ENOMEM
			}
		}
		tag := p.fileTag(r)
		// Whole pages behind the file's end are there in name only (filemap_fault).
		there := min(p.space.up(uint64(len(data))), r.size)
		if there > 0 {
			err = p.mem.MapBytes(r.addr, there, r.prot, tag, data)
		}
		if there < r.size && err == nil {
			err = p.mem.Map(r.addr+there, r.size-there, r.prot|emu.Absent, tag)
		}
	}
	if err != nil {
		return arch.ENOMEM
	}
	return 0
}

// keepBytes bounds the copies behind mappings, which live as long as the engine: more is ENOMEM.
const keepBytes = 64 << 20

// keep copies bytes for a mapping; nil: there have been too many.
func (p *Process) keep(data []byte) []byte {
	if p.space.kept += len(data); p.space.kept > keepBytes {
		p.event("bound", "mmap", "more than 64 MiB of files that the guest wrote are mapped: refused with ENOMEM")
		return nil
	}
	return append([]byte{}, data...)
}
