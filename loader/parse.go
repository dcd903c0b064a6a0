// SPDX-License-Identifier: GPL-2.0-or-later

package loader

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"strings"

	"github.com/rt0-dev/rt0/arch"
)

// header is what is used of Elf32_Ehdr and Elf64_Ehdr.
type header struct {
	typ                         elf.Type
	machine                     elf.Machine
	flags                       uint32
	entry, phoff, shoff         uint64
	phentsize, phnum, shentsize uint16
	shnum, shstrndx             uint32 // extended numbering resolved
}

// section is what is used of Elf32_Shdr and Elf64_Shdr.
type section struct {
	typ                           elf.SectionType
	nameOff, link                 uint32
	addr, offset, size, entrySize uint64
}

// wanted are the sections that are looked at; nil where the file has none.
type wanted struct {
	symtab, strtab, pclntab, text, buildinfo *section
}

// parse runs the checks in the order in which a reader would put the questions: is it ELF, for which CPU, whole, for loading,
// Go, Linux, self-contained?
func (i *Image) parse() *Error {
	for _, step := range []func() *Error{
		i.readHeader, i.readPrograms, i.readSegments, i.readSections, i.readDynamic,
		i.checkType, i.findPclntab, i.checkRelocations, i.readVersion, i.checkOS, i.checkLibraries, i.checkEntry,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// class and data are those of the ELF identification; 0 in a file that is too short for one.
func (i *Image) class() elf.Class { return elf.Class(i.ident(elf.EI_CLASS)) }
func (i *Image) data() elf.Data   { return elf.Data(i.ident(elf.EI_DATA)) }

func (i *Image) ident(n int) byte {
	if len(i.Data) < elf.EI_NIDENT {
		return 0
	}
	return i.Data[n]
}

// readHeader reads the ELF header and finds the architecture.
func (i *Image) readHeader() *Error {
	d := i.Data
	if !bytes.HasPrefix(d, []byte(elf.ELFMAG)) {
		return i.foreign()
	}
	if len(d) < elf.EI_NIDENT {
		return i.truncated("ELF identification", elf.EI_NIDENT)
	}
	class, data := i.class(), i.data()
	size := 52
	switch class {
	case elf.ELFCLASS64:
		i.wide, size = true, 64
	case elf.ELFCLASS32:
	default:
		return i.fail(Corrupt, "corrupt ELF header: class %d is neither 32 nor 64 bits", class)
	}
	switch data {
	case elf.ELFDATA2LSB:
		i.order = binary.LittleEndian
	case elf.ELFDATA2MSB:
		i.order = binary.BigEndian
	default:
		return i.fail(Corrupt, "corrupt ELF header: byte order %d is neither little- nor big-endian", data)
	}
	if len(d) < size {
		return i.truncated("ELF header", uint64(size))
	}
	if v := d[elf.EI_VERSION]; v != byte(elf.EV_CURRENT) {
		return i.fail(Corrupt, "corrupt ELF header: version %d is not 1", v)
	}
	h := &i.header
	h.typ, h.machine = elf.Type(i.order.Uint16(d[16:])), elf.Machine(i.order.Uint16(d[18:]))
	rest := d[52-16:] // e_flags and what follows, ELF32
	if i.wide {
		h.entry, h.phoff, h.shoff = i.order.Uint64(d[24:]), i.order.Uint64(d[32:]), i.order.Uint64(d[40:])
		rest = d[64-16:]
	} else {
		h.entry, h.phoff, h.shoff = uint64(i.order.Uint32(d[24:])), uint64(i.order.Uint32(d[28:])), uint64(i.order.Uint32(d[32:]))
	}
	h.flags = i.order.Uint32(rest)
	half := func(n int) uint16 { return i.order.Uint16(rest[n:]) }
	h.phentsize, h.phnum, h.shentsize = half(6), half(8), half(10)
	h.shnum, h.shstrndx = uint32(half(12)), uint32(half(14))

	if os, ok := systems[elf.OSABI(d[elf.EI_OSABI])]; ok {
		return i.fail(WrongOS, "it is a program for %s, not for Linux: build with GOOS=linux", os)
	}
	a, ok := arch.ByELF(h.machine, class, data)
	if !ok {
		return i.fail(UnsupportedArch, "unsupported architecture %s; rt0 boots %s", goarch(h.machine, class, data), strings.Join(arch.Names(), ", "))
	}
	i.Arch = a
	if ehsize := half(4); int(ehsize) != size {
		return i.fail(Corrupt, "corrupt ELF header: it says that it has %d bytes, not %d", ehsize, size)
	}
	switch h.typ {
	case elf.ET_EXEC, elf.ET_DYN:
		return nil
	case elf.ET_REL:
		return i.fail(NotExecutable, "not an executable: it is an object file")
	case elf.ET_CORE:
		return i.fail(NotExecutable, "not an executable: it is a core dump")
	}
	return i.fail(NotExecutable, "not an executable: its type is %v", h.typ)
}

// truncated is the error of a file that ends before a part of it does.
func (i *Image) truncated(what string, end uint64) *Error {
	return i.fail(Truncated, "truncated file: its %s should end at byte %d, the file has %d", what, end, len(i.Data))
}

// inFile says whether the file has size bytes at offset.
func (i *Image) inFile(offset, size uint64) bool {
	n := uint64(len(i.Data))
	return offset <= n && size <= n-offset
}

// readSections walks the section headers: all must lie in the file, as a cut file is told by them; a few are kept. A file
// without section headers is fine, the kernel needs none.
func (i *Image) readSections() *Error {
	h := &i.header
	size := uint64(40)
	if i.wide {
		size = 64
	}
	if h.shoff == 0 {
		if h.shnum != 0 {
			return i.fail(Corrupt, "corrupt ELF header: %d section headers at offset 0", h.shnum)
		}
		return nil
	}
	if uint64(h.shentsize) != size {
		if h.shnum == 0 { // strip --strip-section-headers leaves such headers
			return nil
		}
		return i.fail(Corrupt, "corrupt ELF header: a section header has %d bytes, not %d", h.shentsize, size)
	}
	if !i.inFile(h.shoff, size) {
		return i.truncated("section header table", h.shoff+size)
	}
	num := uint64(h.shnum)
	first := i.section(0)
	if num == 0 { // more than 0xff00 sections: the number is in the first one
		num = first.size
	}
	if h.shstrndx == uint32(elf.SHN_XINDEX) {
		h.shstrndx = first.link
	}
	if num > (uint64(len(i.Data))-h.shoff)/size {
		if num > uint64(len(i.Data)) { // not even with a byte each
			return i.fail(Corrupt, "absurd size: the file has %d bytes and claims %d section headers", len(i.Data), num)
		}
		return i.truncated("section header table", h.shoff+num*size)
	}
	if num == 0 {
		return nil
	}
	if uint64(h.shstrndx) >= num {
		return i.fail(Corrupt, "corrupt ELF header: section names are in section %d of %d", h.shstrndx, num)
	}
	names := i.section(uint64(h.shstrndx))
	if names.typ == elf.SHT_NOBITS || !i.inFile(names.offset, names.size) {
		return i.truncated("section name table", names.offset+names.size)
	}
	table := i.Data[names.offset : names.offset+names.size]
	keep := map[string]**section{
		".gopclntab": &i.sections.pclntab, ".data.rel.ro.gopclntab": &i.sections.pclntab,
		".text": &i.sections.text, ".go.buildinfo": &i.sections.buildinfo,
	}
	for n := uint64(1); n < num; n++ {
		s := i.section(n)
		name := []byte("?")
		if uint64(s.nameOff) < uint64(len(table)) {
			if b, ok := cstring(table[s.nameOff:]); ok {
				name = b
			}
		}
		if s.typ != elf.SHT_NOBITS && s.typ != elf.SHT_NULL && !i.inFile(s.offset, s.size) {
			what := "section " + clean(name)
			if s.typ == elf.SHT_SYMTAB {
				what = "symbol table"
			}
			if end := s.offset + s.size; end >= s.offset {
				return i.truncated(what, end)
			}
			return i.fail(Corrupt, "absurd size: its %s has %d bytes at offset %d", what, s.size, s.offset)
		}
		if s.typ == elf.SHT_SYMTAB && i.sections.symtab == nil {
			i.sections.symtab = &s
			if uint64(s.link) >= num {
				return i.fail(Corrupt, "corrupt symbol table: its names are in section %d of %d", s.link, num)
			}
			strtab := i.section(uint64(s.link))
			if strtab.typ != elf.SHT_STRTAB || !i.inFile(strtab.offset, strtab.size) {
				return i.truncated("symbol name table", strtab.offset+strtab.size)
			}
			i.sections.strtab = &strtab
		}
		if p := keep[string(name)]; p != nil && *p == nil && s.typ != elf.SHT_NOBITS && s.typ != elf.SHT_NULL {
			*p = &s
		}
	}
	if s := i.sections.symtab; s != nil {
		if want := i.symbolSize(); s.entrySize != want {
			return i.fail(Corrupt, "corrupt symbol table: an entry has %d bytes, not %d", s.entrySize, want)
		}
	}
	i.Stripped = i.sections.symtab == nil || i.sections.symtab.size == 0
	return nil
}

// section decodes section header n. Preconditions: it lies in the file.
func (i *Image) section(n uint64) section {
	b := i.Data[i.header.shoff+n*uint64(i.header.shentsize):]
	s := section{nameOff: i.order.Uint32(b), typ: elf.SectionType(i.order.Uint32(b[4:]))}
	if i.wide {
		s.addr, s.offset, s.size = i.order.Uint64(b[16:]), i.order.Uint64(b[24:]), i.order.Uint64(b[32:])
		s.link, s.entrySize = i.order.Uint32(b[40:]), i.order.Uint64(b[56:])
	} else {
		w := func(n int) uint64 { return uint64(i.order.Uint32(b[n:])) }
		s.addr, s.offset, s.size = w(12), w(16), w(20)
		s.link, s.entrySize = i.order.Uint32(b[24:]), w(36)
	}
	return s
}

// bytes are the contents of a section that readSections kept.
func (s *section) bytes(i *Image) []byte {
	return i.Data[s.offset : s.offset+s.size : s.offset+s.size]
}
