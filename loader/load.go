// SPDX-License-Identifier: GPL-2.0-or-later

package loader

import (
	"debug/elf"
	"math/bits"
	"slices"

	"github.com/rt0-dev/rt0/emu"
)

// Memory is what the loader needs of an address space; [emu.Memory] has it. Addresses and sizes are whole pages of
// [emu.PageSize], except Poke's.
type Memory interface {
	// Map maps zeroed pages, in place of what was there.
	Map(addr, size uint64, prot emu.Prot, tag uint32) error
	// MapBytes maps pages whose contents are data, then zeroes. The data does not change.
	MapBytes(addr, size uint64, prot emu.Prot, tag uint32, data []byte) error
	// Protect changes what mapped pages allow.
	Protect(addr, size uint64, prot emu.Prot) error
	// Poke writes to mapped pages, whatever they allow.
	Poke(addr uint64, b []byte) error
}

// Tags of the regions that the loader makes, for [emu.Region.Tag].
const (
	TagImage uint32 = 0x100 + iota // pages of the file
	TagBSS                         // the zeroed rest of a segment
	TagStack                       // the first stack
)

// Layout says where an image was loaded.
type Layout struct {
	Bias  uint64 // what is added to the image's addresses; 0 except for a PIE
	Entry uint64 // the first instruction
	TOC   uint64 // the TOC of the entry point's descriptor, where there is one
	Phdr  uint64 // the program headers (AT_PHDR)
	Brk   uint64 // end of the image, in whole pages: where the heap starts
}

// Load maps the image as load_elf_binary does on a machine whose pages have pageSize bytes (AT_PAGESZ), and relocates a PIE as
// ld.so would. Pages come from the file's bytes when they are touched. An *[Error] of kind Refused says that a kernel with such
// pages would not start the program.
func (i *Image) Load(m Memory, pageSize uint64) (Layout, error) {
	if pageSize < emu.PageSize || bits.OnesCount64(pageSize) != 1 {
		return Layout{}, i.fail(Refused, "cannot be loaded: a page of %d bytes is no power of two from %d on", pageSize, emu.PageSize)
	}
	for _, s := range i.Segments {
		if s.FileSize > 0 && s.Addr%pageSize != s.Offset%pageSize {
			return Layout{}, i.fail(Refused,
				"cannot be loaded with pages of %d KiB: its segment at %#x is aligned for smaller ones (exec format error)", pageSize>>10, s.Addr)
		}
	}
	l := Layout{Bias: i.bias(pageSize)}
	first, last := i.Segments[0], i.Segments[len(i.Segments)-1]
	if i.Descriptors {
		l.TOC = i.TOC + l.Bias
	}
	l.Entry, l.Brk = i.Entry+l.Bias, roundUp(last.Addr+last.MemSize+l.Bias, pageSize)
	if l.Brk > i.Arch.UserTop || roundDown(first.Addr, pageSize)+l.Bias < l.Bias {
		return Layout{}, i.fail(Refused, "cannot be loaded: at %#x it would reach beyond user space, which ends at %#x", l.Bias+first.Addr, i.Arch.UserTop)
	}
	for _, s := range i.Segments { // AT_PHDR: the segment that the headers are in, as since Linux 5.18
		if i.header.phoff >= s.Offset && i.header.phoff-s.Offset < s.FileSize {
			l.Phdr = i.header.phoff - s.Offset + s.Addr + l.Bias
			break
		}
	}
	for _, s := range i.Segments {
		if err := i.mapSegment(m, s, l.Bias, pageSize); err != nil {
			return Layout{}, err
		}
	}
	if p, ok := i.find(elf.PT_GNU_RELRO); ok && i.interp && i.header.typ == elf.ET_DYN {
		if err := i.protectRelro(m, p, l.Bias, pageSize); err != nil {
			return Layout{}, err
		}
	}
	return l, nil
}

// bias is where load_elf_binary puts a PIE when randomisation is off: the first segment lands on ELF_ET_DYN_BASE, rounded down
// to what the segments ask for.
func (i *Image) bias(pageSize uint64) uint64 {
	if i.header.typ != elf.ET_DYN {
		return 0
	}
	align := pageSize
	for _, p := range i.programs {
		if p.typ == elf.PT_LOAD && bits.OnesCount64(p.align) == 1 && p.align <= 1<<30 {
			align = max(align, p.align)
		}
	}
	return roundDown(i.Arch.PIEBase, align) - roundDown(i.Segments[0].Addr, pageSize)
}

// mapSegment maps whole pages around a segment. What follows it in the file fills its last page, unless the segment goes on as
// zeroes (padzero in fs/binfmt_elf.c).
func (i *Image) mapSegment(m Memory, s Segment, bias, page uint64) error {
	start, end := roundDown(s.Addr, page), roundUp(s.Addr+s.MemSize, page)
	fileEnd := start
	if s.FileSize > 0 {
		fileEnd = roundUp(s.Addr+s.FileSize, page)
		from, to := s.Offset-(s.Addr-start), s.Offset+s.FileSize
		if s.MemSize == s.FileSize {
			to = min(to+(fileEnd-s.Addr-s.FileSize), uint64(len(i.Data)))
		}
		data := i.Data[from:to:to]
		if i.interp {
			data = i.relocate(data, start, bias)
		}
		if s.Prot&emu.Exec != 0 {
			data = i.rewritten(data)
		}
		if err := m.MapBytes(start+bias, fileEnd-start, s.Prot, TagImage, data); err != nil {
			return i.loadError(err)
		}
	}
	if end > fileEnd {
		if err := m.Map(fileEnd+bias, end-fileEnd, s.Prot, TagBSS); err != nil {
			return i.loadError(err)
		}
	}
	return nil
}

// protectRelro makes read-only what only relocations write to (_dl_protect_relro in glibc's elf/dl-reloc.c: whole pages within).
func (i *Image) protectRelro(m Memory, p program, bias, page uint64) error {
	start, end := roundDown(p.addr, page), roundDown(p.addr+p.memSize, page)
	for _, s := range i.Segments {
		if start >= roundDown(s.Addr, page) && end <= roundUp(s.Addr+s.MemSize, page) && start < end {
			if err := m.Protect(start+bias, end-start, s.Prot&^emu.Write); err != nil {
				return i.loadError(err)
			}
			return nil
		}
	}
	return nil
}

func (i *Image) loadError(err error) error {
	e := i.fail(Refused, "cannot be loaded")
	e.Err = err
	return e
}

// rewritten is code with what the engine would carry out wrongly in other words; code without such instructions is as it was.
func (i *Image) rewritten(code []byte) []byte {
	r := i.Arch.Engine.Rewrite
	if r.Word == nil || i.Minor() >= r.Before {
		return code
	}
	code = slices.Clone(code)
	for at := 0; at+4 <= len(code); at += 4 {
		if other, ok := r.Word(i.Arch.Order.Uint32(code[at:])); ok {
			i.Arch.Order.PutUint32(code[at:], other)
		}
	}
	return code
}
