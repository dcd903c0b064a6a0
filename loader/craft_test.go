// SPDX-License-Identifier: GPL-2.0-or-later

package loader_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"strings"

	"github.com/rt0-dev/rt0/arch"
)

// crafted is a Go program without code: all that a loader looks at, in 14 KiB, and each part can be spoilt.
//
//	0x0000  ELF header, program headers
//	0x1000  text, r-x
//	0x2000  pclntab, interpreter, notes, names and tables of the dynamic linker, r--
//	0x3000  buildinfo, moduledata, pointers, dynamic section, rw-, with a bss of 0x2000 bytes
//	0x3400  symbols, section names, section headers
type crafted struct {
	arch     *arch.Arch
	typ      elf.Type
	base     uint64
	interp   string
	note     string // owner of an ELF note
	dynamic  [][2]uint64
	needed   []string
	settings string
	table    []byte // relocations, at tableAddr
	pclntab  []byte // in place of a sound one
	patch    func(f *image)
}

// image is a built file with the places that spoilers need.
type image struct {
	data                  []byte
	order                 binary.ByteOrder
	wide                  bool
	programs, symtab, sec int // file offsets
}

const (
	textAt, roAt, dataAt = 0x1000, 0x2000, 0x3000
	interpAt             = roAt + 0x400
	noteAt               = roAt + 0x480
	dynstrAt             = roAt + 0x500
	tableAt              = roAt + 0x800
	moduleAt             = dataAt + 0x100
	pointersAt           = dataAt + 0x200
	dynamicAt            = dataAt + 0x300
	dataEnd              = dataAt + 0x400
	memEnd               = dataAt + 0x2000
	stripBase            = 0x100000
)

func craft(a *arch.Arch) *crafted {
	return &crafted{arch: a, typ: elf.ET_EXEC, base: stripBase, settings: "build\tGOOS=linux\n"}
}

// craftPIE is one as Go links it without cgo, with one RELATIVE relocation for each pointer that a PIE has.
func craftPIE(a *arch.Arch) *crafted {
	c := craft(a)
	c.typ, c.base, c.interp = elf.ET_DYN, 0, "/lib/ld.so"
	return c
}

func (c *crafted) word(b []byte, v uint64) []byte {
	o := c.arch.Order.(binary.AppendByteOrder)
	if c.arch.PtrSize == 8 {
		return o.AppendUint64(b, v)
	}
	return o.AppendUint32(b, uint32(v))
}

func (c *crafted) half(b []byte, v ...uint16) []byte {
	for _, v := range v {
		b = c.arch.Order.(binary.AppendByteOrder).AppendUint16(b, v)
	}
	return b
}

func (c *crafted) long(b []byte, v ...uint32) []byte {
	for _, v := range v {
		b = c.arch.Order.(binary.AppendByteOrder).AppendUint32(b, v)
	}
	return b
}

// craftedFuncs are the functions, 32 bytes each from the start of the text on.
var craftedFuncs = []string{"_rt0", "runtime.schedinit", "main.init", "main.main"}

// makePclntab is a table in the layout of Go 1.20.
func (c *crafted) makePclntab() []byte {
	const funcSize = 48
	ptr := c.arch.PtrSize
	names := "\x00" + strings.Join(craftedFuncs, "\x00") + "\x00"
	header := 8 + 8*ptr
	funcs := (header + len(names) + 7) &^ 7
	b := c.long(nil, 0xfffffff1)
	b = append(b, 0, 0, 1, byte(ptr))
	for _, v := range []int{len(craftedFuncs), 0, 0, header, header + len(names), header + len(names), header + len(names), funcs} {
		b = c.word(b, uint64(v))
	}
	b = append(append(b, names...), make([]byte, funcs-header-len(names))...)
	entries := (2*len(craftedFuncs) + 1) * 4
	at := entries
	for n := range craftedFuncs {
		b = c.long(b, uint32(32*n), uint32(at))
		at += funcSize
	}
	b = c.long(b, uint32(32*len(craftedFuncs)))
	for n := range craftedFuncs {
		b = c.long(b, uint32(32*n), uint32(1+len(strings.Join(craftedFuncs[:n], "\x00"))+min(n, 1)))
		b = append(b, make([]byte, funcSize-8)...)
	}
	return b
}

// build makes the file.
func (c *crafted) build() []byte {
	f := image{data: make([]byte, dataEnd), order: c.arch.Order, wide: c.arch.PtrSize == 8}
	at := func(off int, b []byte) { copy(f.data[off:], b) }

	pclntab := c.pclntab
	if pclntab == nil {
		pclntab = c.makePclntab()
	}
	at(roAt, pclntab)
	at(interpAt, append([]byte(c.interp), 0))
	if c.note != "" {
		at(noteAt, append(c.long(nil, uint32(len(c.note)+1), 4, 1), c.note...))
	}
	dynstr := []byte{0}
	dynamic := append([][2]uint64{}, c.dynamic...)
	for _, n := range c.needed {
		dynamic = append(dynamic, [2]uint64{uint64(elf.DT_NEEDED), uint64(len(dynstr))})
		dynstr = append(append(dynstr, n...), 0)
	}
	dynamic = append(dynamic, [2]uint64{uint64(elf.DT_STRTAB), c.base + dynstrAt}, [2]uint64{uint64(elf.DT_STRSZ), uint64(len(dynstr))}, [2]uint64{})
	at(dynstrAt, dynstr)
	at(tableAt, c.table)

	module := "0123456789abcdef" + "path\tcrafted\n" + c.settings + "fedcba9876543210"
	info := append([]byte("\xff Go buildinf:\x00\x02"), make([]byte, 16)...)
	info = append(binary.AppendUvarint(info, uint64(len("go1.26.8"))), "go1.26.8"...)
	at(dataAt, append(binary.AppendUvarint(info, uint64(len(module))), module...))
	at(moduleAt, c.word(nil, c.base+roAt))
	at(moduleAt+20*c.arch.PtrSize, c.word(c.word(c.word(nil, c.base+textAt), 0), c.base+textAt))
	for n, d := range dynamic {
		at(dynamicAt+2*n*c.arch.PtrSize, c.word(c.word(nil, d[0]), d[1]))
	}
	c.addSymbols(&f)
	c.addHeaders(&f)
	if c.patch != nil {
		c.patch(&f)
	}
	return f.data
}

func (c *crafted) addSymbols(f *image) {
	f.symtab = len(f.data)
	names := []byte{0}
	symbol := func(name string, info byte, value, size uint64) {
		n := uint32(len(names))
		names = append(append(names, name...), 0)
		if f.wide {
			f.data = c.half(append(c.long(f.data, n), info, 0), 1)
			f.data = c.word(c.word(f.data, value), size)
			return
		}
		f.data = c.long(f.data, n, uint32(value), uint32(size))
		f.data = c.half(append(f.data, info, 0), 1)
	}
	symbol("", 0, 0, 0)
	symbol("main.main", byte(elf.STT_FUNC), c.base+textAt+96, 32)
	symbol("c_function", byte(elf.STT_FUNC), c.base+textAt+0x90, 8)
	symbol("runtime.ncpu", byte(elf.STT_OBJECT), c.base+dataEnd+16, 4)
	end := len(f.data)
	f.data = append(f.data, names...)
	section := func(name, typ uint32, addr uint64, from, to int, link uint32, entry uint64) {
		f.data = c.long(f.data, name, typ)
		for _, v := range []uint64{0, addr, uint64(from), uint64(to - from)} {
			f.data = c.word(f.data, v)
		}
		f.data = c.word(c.word(c.long(f.data, link, 0), 1), entry)
	}
	shstr := len(f.data)
	const shnames = "\x00.symtab\x00.strtab\x00.shstrtab\x00.gopclntab\x00.go.buildinfo\x00"
	f.data = append(f.data, shnames...)
	shend := len(f.data)
	name := func(s string) uint32 { return uint32(strings.Index(shnames, s)) }
	f.sec = len(f.data)
	entry := uint64(elf.Sym32Size)
	if f.wide {
		entry = elf.Sym64Size
	}
	section(0, 0, 0, 0, 0, 0, 0)
	section(name(".symtab"), uint32(elf.SHT_SYMTAB), 0, f.symtab, end, 2, entry)
	section(name(".strtab"), uint32(elf.SHT_STRTAB), 0, end, shstr, 0, 0)
	section(name(".shstrtab"), uint32(elf.SHT_STRTAB), 0, shstr, shend, 0, 0)
	section(name(".gopclntab"), uint32(elf.SHT_PROGBITS), c.base+roAt, roAt, interpAt, 0, 0)
	section(name(".go.buildinfo"), uint32(elf.SHT_PROGBITS), c.base+dataAt, dataAt, moduleAt, 0, 0)
}

func (c *crafted) addHeaders(f *image) {
	b := append([]byte(elf.ELFMAG), byte(c.arch.ELF.Class), byte(c.arch.ELF.Data), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = c.long(c.half(b, uint16(c.typ), uint16(c.arch.ELF.Machine)), 1)
	size, phsize, shsize := 52, 32, 40
	if f.wide {
		size, phsize, shsize = 64, 56, 64
	}
	var ph []byte
	num := 0
	program := func(typ elf.ProgType, flags elf.ProgFlag, from, to, end int) {
		num++
		ph = c.long(ph, uint32(typ))
		if f.wide {
			ph = c.long(ph, uint32(flags))
		}
		for _, v := range []uint64{uint64(from), c.base + uint64(from), c.base + uint64(from), uint64(to - from), uint64(end - from)} {
			ph = c.word(ph, v)
		}
		if !f.wide {
			ph = c.long(ph, uint32(flags))
		}
		ph = c.word(ph, 0x1000)
	}
	program(elf.PT_LOAD, elf.PF_R|elf.PF_X, 0, textAt+0x100, textAt+0x100)
	program(elf.PT_LOAD, elf.PF_R, roAt, roAt+0xc00, roAt+0xc00)
	program(elf.PT_LOAD, elf.PF_R|elf.PF_W, dataAt, dataEnd, memEnd)
	if c.note != "" {
		program(elf.PT_NOTE, elf.PF_R, noteAt, noteAt+32, noteAt+32)
	}
	if c.interp != "" {
		program(elf.PT_INTERP, elf.PF_R, interpAt, interpAt+len(c.interp)+1, interpAt+len(c.interp)+1)
		program(elf.PT_DYNAMIC, elf.PF_R|elf.PF_W, dynamicAt, dataEnd, dataEnd)
	}
	f.programs = size
	for _, v := range []uint64{c.base + textAt, uint64(size), uint64(f.sec)} {
		b = c.word(b, v)
	}
	b = c.long(b, c.arch.ELF.ABIDirect)
	b = c.half(b, uint16(size), uint16(phsize), uint16(num), uint16(shsize), 6, 3)
	copy(f.data, append(b, ph...))
}

// field offsets in the headers, 32 and 64 bits wide
func (f *image) pick(narrow, wide int) int {
	if f.wide {
		return wide
	}
	return narrow
}

// put writes a word-sized field.
func (f *image) put(off int, v uint64) {
	if f.wide {
		f.order.PutUint64(f.data[off:], v)
	} else {
		f.order.PutUint32(f.data[off:], uint32(v))
	}
}

func (f *image) put16(off int, v uint16) { f.order.PutUint16(f.data[off:], v) }
func (f *image) put32(off int, v uint32) { f.order.PutUint32(f.data[off:], v) }

func (f *image) entry(v uint64)        { f.put(24, v) }
func (f *image) phoff(v uint64)        { f.put(f.pick(28, 32), v) }
func (f *image) shoff(v uint64)        { f.put(f.pick(32, 40), v) }
func (f *image) phentsize(v uint16)    { f.put16(f.pick(42, 54), v) }
func (f *image) phnum(v uint16)        { f.put16(f.pick(44, 56), v) }
func (f *image) shentsize(v uint16)    { f.put16(f.pick(46, 58), v) }
func (f *image) shnum(v uint16)        { f.put16(f.pick(48, 60), v) }
func (f *image) shstrndx(v uint16)     { f.put16(f.pick(50, 62), v) }
func (f *image) program(n int) int     { return f.programs + n*f.pick(32, 56) }
func (f *image) pType(n int, v uint32) { f.put32(f.program(n), v) }
func (f *image) pOffset(n int, v uint64) {
	f.put(f.program(n)+f.pick(4, 8), v)
}
func (f *image) pAddr(n int, v uint64)   { f.put(f.program(n)+f.pick(8, 16), v) }
func (f *image) pFile(n int, v uint64)   { f.put(f.program(n)+f.pick(16, 32), v) }
func (f *image) pMem(n int, v uint64)    { f.put(f.program(n)+f.pick(20, 40), v) }
func (f *image) pFlags(n int, v uint32)  { f.put32(f.program(n)+f.pick(24, 4), v) }
func (f *image) section(n int) int       { return f.sec + n*f.pick(40, 64) }
func (f *image) sOffset(n int, v uint64) { f.put(f.section(n)+f.pick(16, 24), v) }
func (f *image) sSize(n int, v uint64)   { f.put(f.section(n)+f.pick(20, 32), v) }
func (f *image) sLink(n int, v uint32)   { f.put32(f.section(n)+f.pick(24, 40), v) }
func (f *image) sEntry(n int, v uint64)  { f.put(f.section(n)+f.pick(36, 56), v) }

// sectionless takes the section headers away.
func sectionless(data []byte) []byte {
	data = bytes.Clone(data)
	f := image{data: data, wide: data[elf.EI_CLASS] == byte(elf.ELFCLASS64), order: binary.LittleEndian}
	if data[elf.EI_DATA] == byte(elf.ELFDATA2MSB) {
		f.order = binary.BigEndian
	}
	f.shoff(0)
	f.shnum(0)
	f.shstrndx(0)
	return data
}
