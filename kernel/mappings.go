// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"bytes"
	"debug/elf"

	"github.com/rt0-dev/rt0/emu"
)

// What regions are: the names and offsets of /proc/self/maps.

// mapping is a file that is mapped.
type mapping struct {
	start, end uint64
	offset     uint64 // of start in the file
	ino, dev   uint64
	name       string
	node       *node // nil for the image
}

// fileTag is the tag of a mapping of a file: one for each file and distance between address and offset.
func (p *Process) fileTag(r *request) uint32 {
	m := mapping{start: r.addr, end: r.addr + r.size, offset: r.offset, ino: r.file.node.ino, dev: r.file.node.fs.minor, name: r.path, node: r.file.node}
	for i, old := range p.space.files {
		if old.ino == m.ino && old.start-old.offset == m.start-m.offset {
			return tagFiles + uint32(i)
		}
	}
	if len(p.space.files) >= maxNamedFiles {
		return tagAnon // its name is lost, and nothing else
	}
	p.space.files = append(p.space.files, m)
	return tagFiles + uint32(len(p.space.files)-1)
}

// grown maps the page of addr, which was behind the end of its file, when the file has grown over it since. False: it has not.
func (p *Process) grown(r emu.Region, addr uint64) bool {
	m := p.origin(r)
	page := addr &^ (p.space.page - 1)
	if m.node == nil {
		return false
	}
	at := m.offset + page - r.Start
	if at >= uint64(len(m.node.data)) {
		return false
	}
	data := p.keep(m.node.data[at:min(at+p.space.page, uint64(len(m.node.data)))])
	return data != nil && p.mem.MapBytes(page, p.space.page, r.Prot&^emu.Absent, r.Tag, data) == nil
}

// maxNamedFiles bounds the list of mapped files.
const maxNamedFiles = 1024

// findImage finds where the binary's segments are in memory, when somebody asks. A binary that debug/elf does not read has none that are named.
func (p *Process) findImage() {
	if p.space.looked {
		return
	}
	p.space.looked = true
	f, err := elf.NewFile(bytes.NewReader(p.cfg.ExeData))
	if err != nil {
		return
	}
	bias := p.cfg.Bias
	exe := p.tree.exe
	for _, s := range f.Progs {
		if s.Type != elf.PT_LOAD || s.Filesz == 0 {
			continue
		}
		start := p.space.down(s.Vaddr)
		p.space.image = append(p.space.image, mapping{
			start: bias + start, end: bias + p.space.up(s.Vaddr+s.Filesz), offset: s.Off - (s.Vaddr - start),
			ino: exe.ino, dev: exe.fs.minor, name: p.cfg.Exe,
		})
	}
}

// ofFile says that a region's pages come from a file.
func ofFile(r emu.Region) bool { return r.Tag == tagImage || r.Tag >= tagFiles }

// origin is what a region was made from; the zero value for anonymous memory.
func (p *Process) origin(r emu.Region) mapping {
	m := mapping{}
	switch {
	case r.Tag == tagStack:
		m.name = "[stack]"
	case r.Tag == tagVVAR:
		m.name = "[vvar]"
	case r.Tag == tagVDSO:
		m.name = "[vdso]"
	case r.Tag == tagHeap:
		m.name = "[heap]"
	case r.Tag >= tagFiles && r.Tag-tagFiles < uint32(len(p.space.files)):
		m = p.space.files[r.Tag-tagFiles]
		m.offset += r.Start - m.start
	case r.Tag == tagImage:
		p.findImage()
		for _, s := range p.space.image {
			if r.Start >= s.start && r.Start < s.end {
				m = s
				m.offset += r.Start - s.start
			}
		}
	}
	return m
}
