// SPDX-License-Identifier: GPL-2.0-or-later

package loader

import (
	"cmp"
	"debug/elf"
	"slices"

	"github.com/rt0-dev/rt0/emu"
)

// program is a program header.
type program struct {
	typ                                    elf.ProgType
	flags                                  elf.ProgFlag
	offset, addr, fileSize, memSize, align uint64
}

const (
	// maxHeaders is Linux' bound on the program header table, in bytes (ELF_MIN_ALIGN of the largest page size, 64 KiB;
	// load_elf_phdrs in fs/binfmt_elf.c).
	maxHeaders = 65536
	// maxImage is the largest memory image that is taken for a program, in bytes. Go's linker stops at 2e9 bytes for a section
	// (cmd/link/internal/ld: "too much data"), and there are two that grow: data and bss.
	maxImage = 4 << 30
)

// readPrograms reads the program headers; each part of the file that one promises must be there.
func (i *Image) readPrograms() *Error {
	h := &i.header
	size := uint64(32)
	if i.wide {
		size = 56
	}
	switch {
	case h.phnum == 0:
		return i.fail(Corrupt, "nothing to load: it has no program headers")
	case uint64(h.phentsize) != size:
		return i.fail(Corrupt, "corrupt ELF header: a program header has %d bytes, not %d", h.phentsize, size)
	case uint64(h.phnum)*size > maxHeaders:
		return i.fail(Corrupt, "too many program headers: %d, Linux takes %d", h.phnum, maxHeaders/size)
	case !i.inFile(h.phoff, uint64(h.phnum)*size):
		if h.phoff > 1<<62 {
			return i.fail(Corrupt, "absurd size: its program headers are at offset %d", h.phoff)
		}
		return i.truncated("program header table", h.phoff+uint64(h.phnum)*size)
	}
	i.programs = make([]program, h.phnum)
	for n := range i.programs {
		p := &i.programs[n]
		b := i.Data[h.phoff+uint64(n)*size:]
		p.typ = elf.ProgType(i.order.Uint32(b))
		if i.wide {
			w := func(n int) uint64 { return i.order.Uint64(b[n:]) }
			p.flags = elf.ProgFlag(i.order.Uint32(b[4:]))
			p.offset, p.addr, p.fileSize, p.memSize, p.align = w(8), w(16), w(32), w(40), w(48)
		} else {
			w := func(n int) uint64 { return uint64(i.order.Uint32(b[n:])) }
			p.flags = elf.ProgFlag(i.order.Uint32(b[24:]))
			p.offset, p.addr, p.fileSize, p.memSize, p.align = w(4), w(8), w(16), w(20), w(28)
		}
		if p.fileSize != 0 && !i.inFile(p.offset, p.fileSize) {
			what := "program header " + p.typ.String()
			if p.typ == elf.PT_LOAD {
				what = "segment data"
			}
			if end := p.offset + p.fileSize; end >= p.offset {
				return i.truncated(what, end)
			}
			return i.fail(Corrupt, "absurd size: its %s has %d bytes at offset %d", what, p.fileSize, p.offset)
		}
		if p.typ == elf.PT_INTERP {
			i.interp = true
		}
	}
	return nil
}

// find gives the first program header of a type.
func (i *Image) find(typ elf.ProgType) (program, bool) {
	for _, p := range i.programs {
		if p.typ == typ {
			return p, true
		}
	}
	return program{}, false
}

// readSegments makes Segments of the PT_LOAD headers, and checks that an address space can hold them.
func (i *Image) readSegments() *Error {
	var memory, file uint64
	for _, p := range i.programs {
		if p.typ != elf.PT_LOAD || p.memSize == 0 && p.fileSize == 0 {
			continue
		}
		s := Segment{Addr: p.addr, MemSize: p.memSize, Offset: p.offset, FileSize: p.fileSize}
		for _, f := range protections {
			if p.flags&f.flag != 0 {
				s.Prot |= f.prot
			}
		}
		end := s.Addr + s.MemSize
		switch {
		case s.FileSize > s.MemSize:
			return i.fail(Corrupt, "corrupt segment at %#x: %d bytes of the file do not fit into %d of memory", s.Addr, s.FileSize, s.MemSize)
		case end < s.Addr:
			return i.fail(Corrupt, "corrupt segment at %#x: with %d bytes it wraps around the address space", s.Addr, s.MemSize)
		case end > i.Arch.UserTop:
			return i.fail(Corrupt, "corrupt segment: %#x to %#x is outside of user space, which ends at %#x", s.Addr, end, i.Arch.UserTop)
		case s.MemSize > maxImage || memory > maxImage-s.MemSize:
			return i.fail(Corrupt, "absurd size: its segments take over %d GiB of memory", maxImage>>30)
		case s.Addr%emu.PageSize != s.Offset%emu.PageSize && s.FileSize > 0:
			return i.fail(Corrupt, "misaligned segment: address %#x and file offset %#x differ in their place in a page", s.Addr, s.Offset)
		}
		memory, file = memory+s.MemSize, file+s.FileSize
		i.Segments = append(i.Segments, s)
	}
	if len(i.Segments) == 0 {
		return i.fail(Corrupt, "nothing to load: it has no loadable segment (PT_LOAD)")
	}
	if file > 2*uint64(len(i.Data)) { // each byte of a program is loaded once, the page around a border twice
		return i.fail(Corrupt, "absurd size: its segments load %d bytes of a file that has %d", file, len(i.Data))
	}
	slices.SortStableFunc(i.Segments, func(a, b Segment) int { return cmp.Compare(a.Addr, b.Addr) })
	for n := 1; n < len(i.Segments); n++ {
		a, b := i.Segments[n-1], i.Segments[n]
		// A shared page is sound only when both segments mean the same page of the file.
		shared := roundUp(a.Addr+a.MemSize, emu.PageSize) > roundDown(b.Addr, emu.PageSize)
		same := a.MemSize == a.FileSize && a.Addr-a.Offset == b.Addr-b.Offset
		if a.Addr+a.MemSize > b.Addr || shared && !same {
			return i.fail(Corrupt, "overlapping segments: %#x to %#x and %#x to %#x", a.Addr, a.Addr+a.MemSize, b.Addr, b.Addr+b.MemSize)
		}
	}
	return nil
}

// protections are the bits of p_flags as PROT_*.
var protections = []struct {
	flag elf.ProgFlag
	prot emu.Prot
}{{elf.PF_R, emu.Read}, {elf.PF_W, emu.Write}, {elf.PF_X, emu.Exec}}

func roundDown(n, unit uint64) uint64 { return n &^ (unit - 1) }
func roundUp(n, unit uint64) uint64   { return (n + unit - 1) &^ (unit - 1) }
