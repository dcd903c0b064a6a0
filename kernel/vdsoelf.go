// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"sort"
	"strings"

	"github.com/rt0-dev/rt0/arch"
)

// vdsoImage is the file of a vDSO as it is made: the addresses in it are offsets.
type vdsoImage struct {
	v       *arch.VDSO
	machine elf.Machine
	order   binary.AppendByteOrder
	wide    bool // ELFCLASS64
	text    []byte
	symbols []vdsoSymbol // sorted as DT_GNU_HASH wants them
	names   []string     // of versions, as in .gnu.version_d; the first is the file itself
	strings []byte       // .dynstr
}

// vdsoSymbol is a symbol that the file defines.
type vdsoSymbol struct {
	name    string
	version int // its index in names
	value   uint64
	size    int
	bind    elf.SymBind
}

// newVDSO makes the ELF file of a vDSO as Linux of a release has it: with DT_HASH, with DT_GNU_HASH, or with both.
func newVDSO(a *arch.Arch, running release, sysv, gnu bool) (*vdsoImage, []byte, error) {
	order, ok := a.Order.(binary.AppendByteOrder)
	if !ok || a.VDSO == nil {
		return nil, nil, fmt.Errorf("make the vDSO: %s has none", a.Name)
	}
	i := &vdsoImage{
		v: a.VDSO, machine: a.ELF.Machine, order: order, wide: a.ELF.Class == elf.ELFCLASS64,
		names: []string{a.VDSO.Soname, a.VDSO.Version},
	}
	i.collect(running)
	var list []vdsoSection
	if sysv {
		list = append(list, vdsoSection{name: ".hash", kind: elf.SHT_HASH, body: i.sysvHash(), entry: i.hashWord(), link: ".dynsym"})
	}
	if gnu {
		list = append(list, vdsoSection{name: ".gnu.hash", kind: elf.SHT_GNU_HASH, body: i.gnuHash(), link: ".dynsym"})
	}
	symtab, verdef := i.symtab(len(list)+6), i.verdef()
	soname := i.str(i.v.Soname)
	list = append(list,
		vdsoSection{name: ".dynsym", kind: elf.SHT_DYNSYM, body: symtab, entry: i.pick(16, 24), link: ".dynstr", info: 1},
		vdsoSection{name: ".dynstr", kind: elf.SHT_STRTAB, body: i.strings},
		vdsoSection{name: ".gnu.version", kind: elf.SHT_GNU_VERSYM, body: i.versym(), entry: 2, link: ".dynsym"},
		vdsoSection{name: ".gnu.version_d", kind: elf.SHT_GNU_VERDEF, body: verdef, link: ".dynstr", info: uint32(len(i.names))},
		vdsoSection{name: ".dynamic", kind: elf.SHT_DYNAMIC, body: make([]byte, 12*i.pick(8, 16)), entry: i.pick(8, 16), link: ".dynstr"},
		vdsoSection{name: ".text", kind: elf.SHT_PROGBITS, flags: elf.SHF_EXECINSTR, body: i.text},
	)
	file, err := i.file(list, soname)
	if err != nil {
		return nil, nil, fmt.Errorf("make the vDSO of %s: %w", a.Name, err)
	}
	return i, file, nil
}

// pick is a size that depends on the class.
func (i *vdsoImage) pick(narrow, wide int) int {
	if i.wide {
		return wide
	}
	return narrow
}

// hashWord is the size of an entry of DT_HASH.
func (i *vdsoImage) hashWord() int {
	if i.v.WideHash {
		return 8
	}
	return 4
}

// collect lays the code out, and lists the symbols.
func (i *vdsoImage) collect(running release) {
	typed := func(name, version string, at uint64, size int, bind elf.SymBind) {
		s := vdsoSymbol{name: name, version: -1, value: at, size: size, bind: bind}
		for n, known := range i.names {
			if known == version {
				s.version = n
			}
		}
		if s.version < 0 {
			s.version = len(i.names)
			i.names = append(i.names, version)
		}
		i.symbols = append(i.symbols, s)
	}
	for _, f := range i.v.Code {
		at := uint64(arch.VDSOText + len(i.text))
		i.text = append(i.text, f.Code...)
		if f.Name == "" || running.before(release{f.Since[0], f.Since[1]}) {
			continue
		}
		version := f.Version
		if version == "" {
			version = i.v.Version
		}
		typed(f.Name, version, at, len(f.Code), elf.STB_GLOBAL)
		if short, ok := strings.CutPrefix(f.Name, i.v.Weak); ok && i.v.Weak != "" {
			typed(short, version, at, len(f.Code), elf.STB_WEAK)
		}
	}
	sort.SliceStable(i.symbols, func(x, y int) bool {
		return gnuHash(i.symbols[x].name)%i.buckets() < gnuHash(i.symbols[y].name)%i.buckets()
	})
}

// buckets is how many chains a hash table has: as GNU ld makes them (elf_buckets of bfd/elflink.c).
func (i *vdsoImage) buckets() uint32 {
	if len(i.symbols) < 17 {
		return 3
	}
	return 17
}

// uint appends a number.
func (i *vdsoImage) uint(b []byte, size int, v uint64) []byte {
	switch size {
	case 2:
		return i.order.AppendUint16(b, uint16(v))
	case 4:
		return i.order.AppendUint32(b, uint32(v))
	}
	return i.order.AppendUint64(b, v)
}

// words appends numbers of 4 bytes.
func (i *vdsoImage) words(b []byte, list ...uint32) []byte {
	for _, v := range list {
		b = i.order.AppendUint32(b, v)
	}
	return b
}

// longs appends numbers of the class's size.
func (i *vdsoImage) longs(b []byte, list ...uint64) []byte {
	for _, v := range list {
		b = i.uint(b, i.pick(4, 8), v)
	}
	return b
}

// str is the place of a string in .dynstr.
func (i *vdsoImage) str(s string) uint32 {
	if len(i.strings) == 0 {
		i.strings = []byte{0}
	}
	if at := bytes.Index(i.strings, []byte("\x00"+s+"\x00")); at >= 0 {
		return uint32(at + 1)
	}
	at := len(i.strings)
	i.strings = append(append(i.strings, s...), 0)
	return uint32(at)
}

// symtab is .dynsym: Elf32_Sym and Elf64_Sym differ in the order of their fields. text is the section that the symbols are in.
func (i *vdsoImage) symtab(text int) []byte {
	b := make([]byte, i.pick(16, 24))
	kind := elf.STT_FUNC
	if i.v.Untyped {
		kind = elf.STT_NOTYPE
	}
	for _, s := range i.symbols {
		info := elf.ST_INFO(s.bind, kind)
		b = i.words(b, i.str(s.name))
		if i.wide {
			b = i.uint(append(b, info, 0), 2, uint64(text))
			b = i.longs(b, s.value, uint64(s.size))
			continue
		}
		b = i.longs(b, s.value, uint64(s.size))
		b = i.uint(append(b, info, 0), 2, uint64(text))
	}
	return b
}

// versym is .gnu.version: an index into .gnu.version_d for each symbol. Those of versions count from 1.
func (i *vdsoImage) versym() []byte {
	b := i.uint(nil, 2, 0)
	for _, s := range i.symbols {
		b = i.uint(b, 2, uint64(s.version+1))
	}
	return b
}

// verdef is .gnu.version_d: an Elf_Verdef and its Elf_Verdaux for each version. The first names the file (VER_FLG_BASE).
func (i *vdsoImage) verdef() []byte {
	const def, size = 20, 28
	var b []byte
	for n, name := range i.names {
		flags, next := uint64(0), uint32(size)
		if n == 0 {
			flags = 1
		}
		if n == len(i.names)-1 {
			next = 0
		}
		b = i.uint(i.uint(i.uint(i.uint(b, 2, 1), 2, flags), 2, uint64(n+1)), 2, 1)
		b = i.words(b, sysvHash(name), def, next, i.str(name), 0)
	}
	return b
}

// sysvHash is DT_HASH.
func (i *vdsoImage) sysvHash() []byte {
	count := i.buckets()
	table := make([]uint32, 2+int(count)+1+len(i.symbols))
	table[0], table[1] = count, uint32(1+len(i.symbols))
	bucket, chain := table[2:2+count], table[2+count:]
	for n := len(i.symbols); n > 0; n-- {
		h := sysvHash(i.symbols[n-1].name) % count
		bucket[h], chain[n] = uint32(n), bucket[h]
	}
	var b []byte
	for _, v := range table {
		b = i.uint(b, i.hashWord(), uint64(v))
	}
	return b
}

// gnuHash is DT_GNU_HASH: a Bloom filter of one word, then buckets, then the hashes of all symbols, of which the last in a bucket is odd.
func (i *vdsoImage) gnuHash() []byte {
	const shift = 6
	count, bits := i.buckets(), uint32(i.pick(32, 64))
	var bloom uint64
	bucket, chain := make([]uint32, count), make([]uint32, len(i.symbols))
	for n, s := range i.symbols {
		h := gnuHash(s.name)
		bloom |= 1<<(h%bits) | 1<<(h>>shift%bits)
		if bucket[h%count] == 0 {
			bucket[h%count] = uint32(n + 1)
		}
		chain[n] = h &^ 1
		if n+1 == len(i.symbols) || gnuHash(i.symbols[n+1].name)%count != h%count {
			chain[n] |= 1
		}
	}
	b := i.longs(i.words(nil, count, 1, 1, shift), bloom)
	return i.words(i.words(b, bucket...), chain...)
}

// sysvHash is the ELF specification's hash of a name.
func sysvHash(name string) uint32 {
	var h uint32
	for _, c := range []byte(name) {
		h = h<<4 + uint32(c)
		h ^= h >> 24 & 0xf0
		h &= 0x0fffffff
	}
	return h
}

// gnuHash is DT_GNU_HASH's.
func gnuHash(name string) uint32 {
	h := uint32(5381)
	for _, c := range []byte(name) {
		h = h*33 + uint32(c)
	}
	return h
}
