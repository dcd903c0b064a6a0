// SPDX-License-Identifier: GPL-2.0-or-later

package loader

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/rt0-dev/rt0/emu"
)

// The runtime's own function table, the pclntab, is in every Go program, stripped or not: tracebacks need it. Four layouts exist
// (internal/abi/symtab.go; golang.org/s/go12symtab for the first). A header says where the parts are; the function table proper
// is pairs of an entry address and the offset of a _func, which holds the offset of the name.
//
// debug/gosym reads it as well, but makes three objects for each function and relies on recovering from its own panics.

// layout is one of the formats.
type layout struct {
	version byte // low byte of the magic number 0xffffff__
	release int  // first release of Go 1 with it
	// namesField is the number of the pointer-sized field in the header that says where the names are; the next one says where
	// they end. -1: the offset of a name is one from the start of the table.
	namesField int
	funcsField int  // the same for the function table; -1: it follows the header
	relative   bool // entries are 32-bit offsets from the start of the text, else addresses
	// funcID is the offset of _func.funcID after its entry field: it tells wrappers from what they wrap. 0: there are none yet.
	funcID int
}

var layouts = []layout{
	{version: 0xfb, release: 2, namesField: -1, funcsField: -1},
	{version: 0xfa, release: 16, namesField: 2, funcsField: 6, funcID: 32},
	{version: 0xf0, release: 18, namesField: 3, funcsField: 7, relative: true, funcID: 32},
	{version: 0xf1, release: 20, namesField: 3, funcsField: 7, relative: true, funcID: 36},
}

// pclntab is a table whose header makes sense.
type pclntab struct {
	*layout
	addr    uint64 // where it is mapped
	data    []byte // from the header to the end of its section or segment
	count   int    // functions
	size    int    // bytes of each half of an entry
	entries []byte // the function table
	base    []byte // what the offsets of _func count from
	names   []byte
	pctab   []byte // what _func.pcsp counts from
	text    uint64 // start of the text according to the header; 0: it does not say, as from Go 1.27 on
}

// findPclntab finds the table: by its section, else, as section headers can be gone or an external linker may have merged the
// section into another, by its magic number.
func (i *Image) findPclntab() *Error {
	if s := i.sections.pclntab; s != nil {
		if b, ok := i.at(s.addr, s.size); ok && (i.readPclntab(s.addr, b) || i.readObfuscated(s.addr, b)) {
			return nil
		}
	}
	for n := range i.Segments {
		if i.scanPclntab(&i.Segments[n]) {
			return nil
		}
	}
	switch {
	case i.sections.pclntab != nil:
		return i.fail(Corrupt, "corrupt Go program: its function table (.gopclntab) makes no sense")
	case i.sections.buildinfo != nil:
		return i.fail(Corrupt, "corrupt Go program: it has no function table (pclntab); obfuscators and packers hide it")
	case bytes.Contains(i.Data[:min(4096, len(i.Data))], []byte("UPX!")):
		return i.fail(NotGo, "not a Go program as it stands: it is packed with UPX (upx -d unpacks it)")
	}
	return i.fail(NotGo, "not a Go program: it has no Go function table (pclntab)")
}

// scanPclntab looks through a segment for a header.
func (i *Image) scanPclntab(s *Segment) bool {
	// Both byte orders have three bytes of 0xff; what precedes or follows them is the version.
	pattern, before := []byte("\xff\xff\xff\x00\x00"), 1
	if i.order == binary.BigEndian {
		pattern, before = []byte("\xff\xff\xff"), 0
	}
	b := i.Data[s.Offset : s.Offset+s.FileSize]
	for at := 0; ; at++ {
		n := bytes.Index(b[at:], pattern)
		if n < 0 {
			return false
		}
		at += n
		if at >= before && i.readPclntab(s.Addr+uint64(at-before), b[at-before:]) {
			return true
		}
	}
}

// readPclntab reads a header, and says whether it can be one: quickly, for a scan meets false ones.
func (i *Image) readPclntab(addr uint64, b []byte) bool {
	if len(b) < 4 {
		return false
	}
	magic := i.order.Uint32(b)
	n := slices.IndexFunc(layouts, func(l layout) bool { return magic == 0xffffff00|uint32(l.version) })
	if n < 0 {
		return false
	}
	t, ok := i.readLayout(&layouts[n], addr, b)
	if ok {
		i.pcln = t
	}
	return ok
}

// readObfuscated reads a table by its section where its magic number is not the linker's: mvdan.cc/garble puts another one there, in the
// program and in its runtime, and scrambles _func.entryOff, which nobody needs. The rest is as it was, and the names of the runtime's
// functions with it (garble -tiny takes most of those away). As the number is what else tells that it is a table, all of it must make sense.
func (i *Image) readObfuscated(addr uint64, b []byte) bool {
	for n := len(layouts) - 1; n >= 0 && layouts[n].relative; n-- {
		t, ok := i.readLayout(&layouts[n], addr, b)
		if !ok {
			continue
		}
		last := uint64(0)
		for f := 0; f < t.count && ok; f++ {
			data, found := t.function(i, f)
			entry := t.value(i, 2*f)
			ok = found && entry >= last && uint64(i.order.Uint32(data)) < uint64(len(t.names))
			last = entry
		}
		if _, known := t.start(i); ok && known {
			i.pcln = t
			return true
		}
	}
	return false
}

// readLayout reads a header of one of the formats.
func (i *Image) readLayout(l *layout, addr uint64, b []byte) (t pclntab, ok bool) {
	ptr := i.Arch.PtrSize
	if len(b) < 8+8*ptr || b[4] != 0 || b[5] != 0 || b[6] != 1 && b[6] != 2 && b[6] != 4 || int(b[7]) != ptr {
		return t, false
	}
	t = pclntab{layout: l, addr: addr, data: b, size: ptr}
	field := func(n int) uint64 { return i.word(b[8+n*ptr:]) }
	if t.relative {
		t.size, t.text = 4, field(2)
	}
	count := field(0)
	if count == 0 || count > uint64(len(b)/(2*t.size)) {
		return t, false
	}
	t.count = int(count)
	if t.namesField < 0 {
		t.entries, t.base, t.names, t.pctab = b[8+ptr:], b, b, b
	} else {
		// The field before that of the function table says where the tables of values by PC are.
		names, end, pctab, funcs := field(t.namesField), field(t.namesField+1), field(t.funcsField-1), field(t.funcsField)
		if names >= end || end > uint64(len(b)) || funcs >= uint64(len(b)) {
			return t, false
		}
		t.entries, t.base, t.names, t.pctab = b[funcs:], b[funcs:], b[names:end], b[min(pctab, uint64(len(b))):]
	}
	if len(t.entries) < (2*t.count+1)*t.size {
		return t, false
	}
	f, ok := t.function(i, 0)
	if !ok || uint64(i.order.Uint32(f)) >= uint64(len(t.names)) {
		return t, false
	}
	return t, true
}

// value reads half an entry.
func (t *pclntab) value(i *Image, half int) uint64 {
	if t.size == 8 {
		return i.order.Uint64(t.entries[half*8:])
	}
	return uint64(i.order.Uint32(t.entries[half*4:]))
}

// function gives what follows the entry field in function n's _func, up to funcID at least: the offset of the name comes first.
func (t *pclntab) function(i *Image, n int) ([]byte, bool) {
	off, need := t.value(i, 2*n+1), uint64(t.size+t.funcID+4)
	if off >= uint64(len(t.base)) || uint64(len(t.base))-off < need {
		return nil, false
	}
	return t.base[off+uint64(t.size):], true
}

// start finds the address that relative entries count from. The runtime has it from its moduledata, which starts with a pointer
// to the table; the table's own header says it too, up to Go 1.26 and not in a PIE. !ok: neither does.
func (t *pclntab) start(i *Image) (uint64, bool) {
	const minpc, text = 20, 22 // fields of moduledata, in pointers, from Go 1.18 to 1.27 (runtime/symtab.go)
	ptr := uint64(i.Arch.PtrSize)
	check := func(module uint64) (uint64, bool) {
		low, ok1 := i.pointer(module + minpc*ptr)
		start, ok2 := i.pointer(module + text*ptr)
		return start, ok1 && ok2 && start+t.value(i, 0) == low && i.executable(start)
	}
	candidates := 16 // more is hostile, and a check is a walk over the relocations
	for _, r := range i.relocs {
		if r.value == t.addr && candidates > 0 {
			candidates--
			if start, ok := check(r.addr); ok {
				return start, true
			}
		}
	}
	pattern := make([]byte, ptr)
	if ptr == 8 {
		i.order.PutUint64(pattern, t.addr)
	} else {
		i.order.PutUint32(pattern, uint32(t.addr))
	}
	for _, s := range i.Segments {
		if s.Prot&emu.Write == 0 {
			continue
		}
		b := i.Data[s.Offset : s.Offset+s.FileSize]
		for at := 0; ; at++ {
			n := bytes.Index(b[at:], pattern)
			if n < 0 {
				break
			}
			at += n
			if start, ok := check(s.Addr + uint64(at)); ok {
				return start, true
			}
			if candidates--; candidates <= 0 {
				break
			}
		}
	}
	return t.text, t.text != 0 && i.executable(t.text)
}

// pcspField is the offset of _func.pcsp after its entry field, in all layouts: name, args and deferreturn precede it.
const pcspField = 12

// readFuncs lists the functions of the table. Damaged entries are left out.
func (i *Image) readFuncs() funcTable {
	t := i.pcln
	start := uint64(0)
	if t.relative {
		var ok bool
		if start, ok = t.start(i); !ok {
			s := i.symbols()
			return s.funcTable()
		}
	} else { // addresses in a PIE are still to be relocated
		data := i.relocate(t.data, t.addr, 0)
		t.entries = data[len(data)-len(t.entries):]
	}
	var (
		table   = funcTable{funcs: make([]Func, 0, t.count), spTables: make([]uint32, 0, t.count)}
		ids     = make([]byte, 0, t.count)
		names   = newNames(t.names)
		budget  = names.budget()
		last    uint64 // where the previous function ends
		wrapper byte   // FuncIDWrapper, the highest of each release's numbers
	)
	for n := range t.count {
		f, ok := t.function(i, n)
		entry, end := t.value(i, 2*n), t.value(i, 2*n+2)
		if !ok || entry < last || end < entry {
			continue
		}
		name := names.at(uint64(i.order.Uint32(f)))
		if budget -= len(name); budget < 0 {
			break
		}
		if name == "" {
			continue
		}
		id := byte(0)
		if t.funcID > 0 {
			id = f[t.funcID]
		}
		last, wrapper = end, max(wrapper, id)
		ids = append(ids, id)
		table.funcs = append(table.funcs, Func{Name: name, Addr: start + entry, Size: end - entry})
		sp := uint32(spUnknown)
		if len(f) >= pcspField+4 {
			sp = i.order.Uint32(f[pcspField:])
		}
		table.spTables = append(table.spTables, sp)
	}
	// An assembly function and the wrapper that gives it Go's calling convention, or the other way round, have one name here; a
	// wrapper calls what it wraps, so the name means the latter.
	table.index = newIndex(len(table.funcs), names.budget(), table.name,
		func(old, new int) bool { return wrapper != 0 && ids[old] == wrapper && ids[new] != wrapper })
	return table
}
