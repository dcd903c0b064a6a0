// SPDX-License-Identifier: GPL-2.0-or-later

package loader

import (
	"bytes"
	"cmp"
	"debug/elf"
	"hash/maphash"
	"slices"
	"sort"
	"strings"
)

// Func is a function of the program.
type Func struct {
	Name string
	Addr uint64 // of its first instruction, bias aside
	Size uint64 // bytes to the next function
}

// Func gives the address of a function. Names are the runtime's: "runtime.schedinit", "main.init.0", "os.(*File).Write". They
// come from the function table that every Go program has, so that a stripped program answers as it did before; what Go's table
// does not know (C functions of a static cgo program) comes from the symbol table. Of an assembly function and its wrapper, both
// of one name, the answer is the wrapped one.
func (i *Image) Func(name string) (addr uint64, ok bool) {
	t := i.funcs()
	if n, ok := t.lookup(name); ok {
		return t.funcs[n].Addr, true
	}
	s := i.symbols()
	if n, ok := s.lookup(name); ok {
		if sym := s.symbol(n); sym.typ == elf.STT_FUNC {
			return sym.value, true
		}
	}
	return 0, false
}

// Funcs lists the Go functions, by address. The slice is shared: read only.
func (i *Image) Funcs() []Func { return i.funcs().funcs }

// FuncAt gives the function that holds the address.
func (i *Image) FuncAt(pc uint64) (Func, bool) {
	t := i.funcs()
	n, ok := t.at(pc)
	if !ok {
		return Func{}, false
	}
	return t.funcs[n], true
}

// Var gives the address and the size in bytes of a package-level variable. Only the symbol table knows variables: !ok when it
// was stripped, as for a name that is not there.
func (i *Image) Var(name string) (addr, size uint64, ok bool) {
	s := i.symbols()
	n, ok := s.lookup(name)
	if !ok {
		return 0, 0, false
	}
	sym := s.symbol(n)
	if sym.typ != elf.STT_OBJECT && sym.typ != elf.STT_NOTYPE {
		return 0, 0, false
	}
	return sym.value, sym.size, true
}

// funcTable is the functions by address, and an index of their names.
type funcTable struct {
	funcs    []Func
	spTables []uint32 // beside funcs: where the table of each one's stack pointer is; nil when they come from the symbol table
	index    nameIndex
}

// at finds the function that holds an address.
func (t *funcTable) at(pc uint64) (int, bool) {
	n := sort.Search(len(t.funcs), func(n int) bool { return t.funcs[n].Addr > pc }) - 1
	return n, n >= 0 && pc-t.funcs[n].Addr < t.funcs[n].Size
}

func (t *funcTable) name(n int) string { return t.funcs[n].Name }

func (t *funcTable) lookup(name string) (int, bool) { return t.index.lookup(name, t.name) }

// symbolTable is the ELF symbol table where it stands in the file, and an index of its names.
type symbolTable struct {
	image   *Image
	entries []byte
	names   names
	index   nameIndex
}

// symbol is what is used of Elf32_Sym and Elf64_Sym.
type symbol struct {
	name        uint32
	typ         elf.SymType
	section     elf.SectionIndex
	value, size uint64
}

// symbolSize is the size of an entry of the symbol table.
func (i *Image) symbolSize() uint64 {
	if i.wide {
		return elf.Sym64Size
	}
	return elf.Sym32Size
}

// readSymbols indexes the symbol table.
func (i *Image) readSymbols() symbolTable {
	t := symbolTable{image: i}
	if i.Stripped {
		return t
	}
	t.entries, t.names = i.sections.symtab.bytes(i), newNames(i.sections.strtab.bytes(i))
	t.index = newIndex(t.len(), t.names.budget(), t.name, nil)
	return t
}

func (t *symbolTable) len() int {
	if t.image.Stripped {
		return 0
	}
	return len(t.entries) / int(t.image.symbolSize())
}

// symbol decodes entry n.
func (t *symbolTable) symbol(n int) symbol {
	b := t.entries[uint64(n)*t.image.symbolSize():]
	order := t.image.order
	if t.image.wide {
		return symbol{order.Uint32(b), elf.ST_TYPE(b[4]), elf.SectionIndex(order.Uint16(b[6:])), order.Uint64(b[8:]), order.Uint64(b[16:])}
	}
	return symbol{order.Uint32(b), elf.ST_TYPE(b[12]), elf.SectionIndex(order.Uint16(b[14:])),
		uint64(order.Uint32(b[4:])), uint64(order.Uint32(b[8:]))}
}

// name gives the name of entry n; "" for what names nothing that is loaded.
func (t *symbolTable) name(n int) string {
	s := t.symbol(n)
	if s.section == elf.SHN_UNDEF || s.typ == elf.STT_SECTION || s.typ == elf.STT_FILE || s.typ == elf.STT_TLS {
		return ""
	}
	return t.names.at(uint64(s.name))
}

func (t *symbolTable) lookup(name string) (int, bool) { return t.index.lookup(name, t.name) }

// funcTable makes a table of the functions among the symbols.
func (t *symbolTable) funcTable() funcTable {
	var f funcTable
	budget := t.names.budget()
	for n := range t.len() {
		s := t.symbol(n)
		if s.typ != elf.STT_FUNC {
			continue
		}
		name := t.name(n)
		if budget -= len(name); budget < 0 {
			break
		}
		if name != "" {
			f.funcs = append(f.funcs, Func{Name: name, Addr: s.value, Size: s.size})
		}
	}
	slices.SortStableFunc(f.funcs, func(a, b Func) int { return cmp.Compare(a.Addr, b.Addr) })
	f.index = newIndex(len(f.funcs), t.names.budget(), f.name, nil)
	return f
}

// names is a table of zero-terminated strings, one after the other.
type names string

// newNames takes a table, up to its last terminator.
func newNames(b []byte) names { return names(b[:bytes.LastIndexByte(b, 0)+1]) }

// at gives the name at an offset, "" when the offset is beyond the table.
func (t names) at(off uint64) string {
	if off >= uint64(len(t)) {
		return ""
	}
	s := t[off:]
	return string(s[:strings.IndexByte(string(s), 0)])
}

// budget is how many bytes of names a walk over a table may meet. Tables say each name once or twice, but a hostile one lets all
// its entries point into one long name; the bound keeps the work in proportion to the file.
func (t names) budget() int { return 8*len(t) + 1<<16 }

// nameIndex finds entries of a table by name: a hash table of their numbers. It takes a third of the time and a fifth of the
// space of a map of strings, and a boot makes two of them.
type nameIndex struct {
	seed  maphash.Seed
	slots []uint32 // number of an entry + 1; 0: free
}

// newIndex indexes n entries, within a budget of bytes of names; empty names are left out. Of equal names the first counts, unless
// prefer says otherwise.
func newIndex(n, budget int, name func(int) string, prefer func(old, new int) bool) nameIndex {
	size := 1
	for size < 2*n {
		size *= 2
	}
	x := nameIndex{maphash.MakeSeed(), make([]uint32, size)}
	for e := range n {
		s := name(e)
		if budget -= len(s); budget < 0 {
			break
		}
		if s == "" {
			continue
		}
		slot := x.find(s, name)
		if x.slots[slot] == 0 || prefer != nil && prefer(int(x.slots[slot]-1), e) {
			x.slots[slot] = uint32(e + 1)
		}
	}
	return x
}

// find gives the slot that holds name, or the free one where it would be.
func (x *nameIndex) find(s string, name func(int) string) uint64 {
	mask := uint64(len(x.slots) - 1)
	slot := maphash.String(x.seed, s) & mask
	for x.slots[slot] != 0 && name(int(x.slots[slot]-1)) != s {
		slot = (slot + 1) & mask
	}
	return slot
}

// lookup gives the number of the entry of that name.
func (x *nameIndex) lookup(s string, name func(int) string) (int, bool) {
	if len(x.slots) == 0 || s == "" {
		return 0, false
	}
	e := x.slots[x.find(s, name)]
	return int(e) - 1, e != 0
}
