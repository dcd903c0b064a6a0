// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"debug/elf"
	"fmt"

	"github.com/rt0-dev/rt0/arch"
)

// vdsoSection is a section of a vDSO's file.
type vdsoSection struct {
	name  string
	kind  elf.SectionType
	flags elf.SectionFlag // but for SHF_ALLOC, which all have
	body  []byte
	entry int
	link  string // the section that it belongs to
	info  uint32
	at    uint64 // offset and address
}

// file puts the sections together, with the headers that tell where they are: program headers for who loads it, section headers for who
// reads the file. soname is a place in .dynstr.
func (i *vdsoImage) file(list []vdsoSection, soname uint32) ([]byte, error) {
	const programs = 2
	head, phsize := i.pick(52, 64), i.pick(32, 56)
	at := uint64(head + programs*phsize)
	var text, dynamic *vdsoSection
	for n := range list {
		s := &list[n]
		switch s.name {
		case ".text":
			if at > arch.VDSOText {
				return nil, fmt.Errorf("its tables take %d bytes, and its code begins at %d", at, arch.VDSOText)
			}
			at, text = arch.VDSOText, s
		case ".dynamic":
			dynamic = s
		}
		at = (at + 7) &^ 7
		s.at = at
		at += uint64(len(s.body))
	}
	copy(dynamic.body, i.dynamic(list, soname))
	loaded := at

	names, nameAt := []byte{0}, map[string]uint32{}
	index := map[string]uint32{}
	for n, s := range list {
		nameAt[s.name], index[s.name] = uint32(len(names)), uint32(n+1)
		names = append(append(names, s.name...), 0)
	}
	shstrtab := uint32(len(names))
	names = append(names, ".shstrtab\x00"...)
	sections := (loaded + uint64(len(names)) + 7) &^ 7

	b := make([]byte, sections)
	for _, s := range list {
		copy(b[s.at:], s.body)
	}
	copy(b[loaded:], names)
	copy(b, i.header(sections, len(list)+2))
	copy(b[head:], i.program(elf.PT_LOAD, elf.PF_R|elf.PF_X, 0, loaded, i.v.Align))
	copy(b[head+phsize:], i.program(elf.PT_DYNAMIC, elf.PF_R, dynamic.at, uint64(len(dynamic.body)), 8))
	b = append(b, make([]byte, i.pick(40, 64))...)
	for _, s := range list {
		align := uint64(i.pick(4, 8))
		if s.name == text.name {
			align = 16
		}
		b = i.words(b, nameAt[s.name], uint32(s.kind))
		b = i.longs(b, uint64(s.flags|elf.SHF_ALLOC), s.at, s.at, uint64(len(s.body)))
		b = i.words(b, index[s.link], s.info)
		b = i.longs(b, align, uint64(s.entry))
	}
	b = i.words(b, shstrtab, uint32(elf.SHT_STRTAB))
	b = i.longs(b, 0, 0, loaded, uint64(len(names)))
	b = i.words(b, 0, 0)
	return i.longs(b, 1, 0), nil
}

// header is the ELF header.
func (i *vdsoImage) header(sections uint64, count int) []byte {
	data := elf.ELFDATA2LSB
	if i.order.AppendUint16(nil, 1)[0] == 0 {
		data = elf.ELFDATA2MSB
	}
	class := elf.ELFCLASS32
	if i.wide {
		class = elf.ELFCLASS64
	}
	b := append([]byte(elf.ELFMAG), byte(class), byte(data), byte(elf.EV_CURRENT))
	b = append(b, make([]byte, 16-len(b))...)
	b = i.uint(i.uint(b, 2, uint64(elf.ET_DYN)), 2, uint64(i.machine))
	b = i.words(b, uint32(elf.EV_CURRENT))
	b = i.longs(b, 0, uint64(i.pick(52, 64)), sections)
	b = i.words(b, i.v.Flags)
	for _, v := range []int{i.pick(52, 64), i.pick(32, 56), 2, i.pick(40, 64), count, count - 1} {
		b = i.uint(b, 2, uint64(v))
	}
	return b
}

// program is a program header: Elf32_Phdr and Elf64_Phdr have the flags in different places.
func (i *vdsoImage) program(kind elf.ProgType, flags elf.ProgFlag, at, size, align uint64) []byte {
	b := i.words(nil, uint32(kind))
	if i.wide {
		b = i.words(b, uint32(flags))
	}
	b = i.longs(b, at, at, at, size, size)
	if !i.wide {
		b = i.words(b, uint32(flags))
	}
	return i.longs(b, align)
}

// dynamic is .dynamic.
func (i *vdsoImage) dynamic(list []vdsoSection, soname uint32) []byte {
	tags := map[string]elf.DynTag{
		".hash": elf.DT_HASH, ".gnu.hash": elf.DT_GNU_HASH, ".dynsym": elf.DT_SYMTAB, ".dynstr": elf.DT_STRTAB,
		".gnu.version": elf.DT_VERSYM, ".gnu.version_d": elf.DT_VERDEF,
	}
	b := i.longs(nil, uint64(elf.DT_SONAME), uint64(soname))
	for _, s := range list {
		if tag, ok := tags[s.name]; ok {
			b = i.longs(b, uint64(tag), s.at)
		}
	}
	return i.longs(b,
		uint64(elf.DT_STRSZ), uint64(len(i.strings)), uint64(elf.DT_SYMENT), uint64(i.pick(16, 24)),
		uint64(elf.DT_VERDEFNUM), uint64(len(i.names)), uint64(elf.DT_NULL), 0)
}
