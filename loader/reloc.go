// SPDX-License-Identifier: GPL-2.0-or-later

package loader

import (
	"bytes"
	"debug/elf"
	"fmt"
	"slices"

	"github.com/rt0-dev/rt0/emu"
)

// dynamic is what is used of PT_DYNAMIC.
type dynamic struct {
	needed                      []string // DT_NEEDED
	pie                         bool     // DF_1_PIE
	rela, relaSize, relaEntry   uint64
	rel, relSize, relEntry      uint64
	jmprel, jmprelSize, jmprelT uint64 // jmprelT: DT_REL or DT_RELA
	relr, relrSize              uint64
}

// The tags of packed relative relocations, which debug/elf lacks (gABI, draft of 2018).
const (
	dtRelrSize = 35
	dtRelr     = 36
)

// relocation is a pointer in the image: bias + value goes to addr.
type relocation struct{ addr, value uint64 }

// readDynamic reads the dynamic section.
func (i *Image) readDynamic() *Error {
	p, ok := i.find(elf.PT_DYNAMIC)
	if !ok || p.fileSize == 0 {
		return nil
	}
	word := uint64(4)
	if i.wide {
		word = 8
	}
	b := i.Data[p.offset : p.offset+p.fileSize]
	d := &i.dynamic
	fields := map[elf.DynTag]*uint64{
		elf.DT_RELA: &d.rela, elf.DT_RELASZ: &d.relaSize, elf.DT_RELAENT: &d.relaEntry,
		elf.DT_REL: &d.rel, elf.DT_RELSZ: &d.relSize, elf.DT_RELENT: &d.relEntry,
		elf.DT_JMPREL: &d.jmprel, elf.DT_PLTRELSZ: &d.jmprelSize, elf.DT_PLTREL: &d.jmprelT,
		dtRelr: &d.relr, dtRelrSize: &d.relrSize,
	}
	var strtab, strsize uint64
	fields[elf.DT_STRTAB], fields[elf.DT_STRSZ] = &strtab, &strsize
	var names []uint64
	for ; uint64(len(b)) >= 2*word; b = b[2*word:] {
		tag, value := elf.DynTag(i.word(b)), i.word(b[word:])
		if tag == elf.DT_NULL {
			break
		}
		switch tag {
		case elf.DT_NEEDED:
			names = append(names, value)
		case elf.DT_FLAGS_1:
			d.pie = d.pie || elf.DynFlag1(value)&elf.DF_1_PIE != 0
		default:
			if f := fields[tag]; f != nil {
				*f = value
			}
		}
	}
	table, _ := i.from(strtab)
	table = table[:min(strsize, uint64(len(table)))]
	for n, off := range names {
		if n == 8 { // a sentence, not a page
			d.needed = append(d.needed, fmt.Sprintf("%d more", len(names)-n))
			break
		}
		name := []byte("?")
		if off < uint64(len(table)) {
			if s, ok := cstring(table[off:]); ok {
				name = s
			}
		}
		d.needed = append(d.needed, clean(name))
	}
	return nil
}

// checkRelocations lists what ld.so would relocate. A program without an interpreter relocates itself, if at all, and how it
// does so is its own business; then the list is for reading pointers only.
func (i *Image) checkRelocations() *Error {
	if len(i.dynamic.needed) > 0 {
		return nil
	}
	if err := i.readRelocations(); err != nil && i.interp {
		return err
	}
	return nil
}

// readRelocations reads the tables that the dynamic section names.
func (i *Image) readRelocations() *Error {
	d := &i.dynamic
	type table struct {
		addr, size, entry uint64
		rela              bool
	}
	tables := []table{{d.rela, d.relaSize, d.relaEntry, true}, {d.rel, d.relSize, d.relEntry, false}}
	if d.jmprelSize > 0 {
		tables = append(tables, table{d.jmprel, d.jmprelSize, 0, elf.DynTag(d.jmprelT) == elf.DT_RELA})
	}
	for _, t := range tables {
		if err := i.readTable(t.addr, t.size, t.entry, t.rela); err != nil {
			return err
		}
	}
	return i.readPacked(d.relr, d.relrSize)
}

// readTable reads a table of Rel or Rela.
func (i *Image) readTable(addr, size, entry uint64, rela bool) *Error {
	word := uint64(i.Arch.PtrSize)
	want := 2 * word
	if rela {
		want += word
	}
	switch {
	case size == 0:
		return nil
	case entry != 0 && entry != want:
		return i.fail(Corrupt, "corrupt dynamic section: a relocation has %d bytes, not %d", entry, want)
	}
	b, ok := i.at(addr, size)
	if !ok {
		return i.fail(Corrupt, "corrupt dynamic section: %d bytes of relocations at %#x are outside of the segments", size, addr)
	}
	i.relocs = slices.Grow(i.relocs, int(size/want))
	for ; uint64(len(b)) >= want; b = b[want:] {
		offset, info := i.word(b), i.word(b[word:])
		typ := uint32(info)
		if !i.wide {
			typ = uint32(info & 0xff)
		}
		if typ == 0 { // R_*_NONE on every architecture
			continue
		}
		if typ != i.Arch.ELF.Relative {
			return i.fail(Relocation, "needs a dynamic linker: it has a relocation of type %s", i.relocationName(typ))
		}
		slot, err := i.slot(offset)
		if err != nil {
			return err
		}
		r := relocation{offset, i.word(slot)}
		if rela {
			r.value = i.word(b[2*word:])
		}
		i.relocs = append(i.relocs, r)
	}
	return nil
}

// readPacked reads a RELR table: an even entry is the address of a pointer, an odd one a bitmap of the words that follow it.
// Addresses have to rise, as linkers sort them; that bounds what a small table can unfold to.
func (i *Image) readPacked(addr, size uint64) *Error {
	if size == 0 {
		return nil
	}
	word := uint64(i.Arch.PtrSize)
	b, ok := i.at(addr, size)
	if !ok {
		return i.fail(Corrupt, "corrupt dynamic section: %d bytes of packed relocations at %#x are outside of the segments", size, addr)
	}
	next := uint64(0) // where a bitmap starts
	add := func(addr uint64) *Error {
		slot, err := i.slot(addr)
		if err == nil {
			i.relocs = append(i.relocs, relocation{addr, i.word(slot)})
		}
		return err
	}
	for ; uint64(len(b)) >= word; b = b[word:] {
		entry := i.word(b)
		if entry&1 == 0 {
			if entry < next {
				return i.fail(Corrupt, "corrupt dynamic section: packed relocations are not in order at %#x", entry)
			}
			if err := add(entry); err != nil {
				return err
			}
			next = entry + word
			continue
		}
		for bit, bits := uint64(0), entry>>1; bits != 0; bit, bits = bit+1, bits>>1 {
			if bits&1 != 0 {
				if err := add(next + bit*word); err != nil {
					return err
				}
			}
		}
		next += (8*word - 1) * word
	}
	return nil
}

// slot gives the file's bytes of a pointer that is to be relocated.
func (i *Image) slot(addr uint64) ([]byte, *Error) {
	for n := range i.Segments {
		s := &i.Segments[n]
		if addr < s.Addr || addr-s.Addr >= s.FileSize || s.FileSize-(addr-s.Addr) < uint64(i.Arch.PtrSize) {
			continue
		}
		if s.Prot&emu.Write == 0 {
			return nil, i.fail(Relocation, "needs a dynamic linker: it has a relocation at %#x, in a segment that is not writable", addr)
		}
		return i.Data[s.Offset+(addr-s.Addr):], nil
	}
	return nil, i.fail(Corrupt, "corrupt dynamic section: a relocation at %#x is outside of the segments", addr)
}

// pointer reads the pointer at addr, relocated, bias aside. It walks the list, which is sorted by nothing: callers read a handful.
func (i *Image) pointer(addr uint64) (uint64, bool) {
	for n := len(i.relocs) - 1; n >= 0; n-- { // of two for one place the last counts
		if i.relocs[n].addr == addr {
			return i.relocs[n].value, true
		}
	}
	b, ok := i.at(addr, uint64(i.Arch.PtrSize))
	if !ok {
		return 0, false
	}
	return i.word(b), true
}

// relocate gives b, the image's bytes from addr on, with all relocations applied that lie within it whole: a copy when there are
// any.
func (i *Image) relocate(b []byte, addr, bias uint64) []byte {
	word, copied := uint64(i.Arch.PtrSize), false
	if uint64(len(b)) < word {
		return b
	}
	last := uint64(len(b)) - word
	for _, r := range i.relocs {
		at := r.addr - addr
		if at > last {
			continue
		}
		if !copied {
			b, copied = bytes.Clone(b), true
		}
		if word == 8 {
			i.order.PutUint64(b[at:], bias+r.value)
		} else {
			i.order.PutUint32(b[at:], uint32(bias+r.value))
		}
	}
	return b
}

// relocationNames are the vocabularies of debug/elf by machine.
var relocationNames = map[elf.Machine]func(uint32) string{
	elf.EM_386:       func(t uint32) string { return elf.R_386(t).String() },
	elf.EM_X86_64:    func(t uint32) string { return elf.R_X86_64(t).String() },
	elf.EM_ARM:       func(t uint32) string { return elf.R_ARM(t).String() },
	elf.EM_AARCH64:   func(t uint32) string { return elf.R_AARCH64(t).String() },
	elf.EM_RISCV:     func(t uint32) string { return elf.R_RISCV(t).String() },
	elf.EM_PPC64:     func(t uint32) string { return elf.R_PPC64(t).String() },
	elf.EM_S390:      func(t uint32) string { return elf.R_390(t).String() },
	elf.EM_MIPS:      func(t uint32) string { return elf.R_MIPS(t).String() },
	elf.EM_LOONGARCH: func(t uint32) string { return elf.R_LARCH(t).String() },
}

// relocationName is a type as the ABI calls it.
func (i *Image) relocationName(t uint32) string {
	if f := relocationNames[i.header.machine]; f != nil {
		return f(t)
	}
	return fmt.Sprintf("%d", t)
}
