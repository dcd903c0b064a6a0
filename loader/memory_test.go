// SPDX-License-Identifier: GPL-2.0-or-later

package loader_test

import (
	"fmt"

	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/loader"
)

// memory is an address space in plain Go, a page at a time.
type memory struct {
	pages map[uint64]*page
	fail  int // which call fails, from 1 on; 0: none
	calls int
}

type page struct {
	prot emu.Prot
	tag  uint32
	data []byte // nil: zeroes
}

var _ loader.Memory = (*emu.Memory)(nil)

func newMemory() *memory { return &memory{pages: map[uint64]*page{}} }

func (m *memory) call() error {
	if m.calls++; m.calls == m.fail {
		return fmt.Errorf("call %d fails", m.calls)
	}
	return nil
}

func (m *memory) Map(addr, size uint64, prot emu.Prot, tag uint32) error {
	return m.MapBytes(addr, size, prot, tag, nil)
}

func (m *memory) MapBytes(addr, size uint64, prot emu.Prot, tag uint32, data []byte) error {
	if addr%emu.PageSize != 0 || size%emu.PageSize != 0 || size == 0 || addr+size < addr {
		return fmt.Errorf("map %#x+%#x", addr, size)
	}
	if size > 64<<20 { // enough for every sound program here; the rest need not be held
		size = 64 << 20
	}
	for off := uint64(0); off < size; off += emu.PageSize {
		p := &page{prot: prot, tag: tag}
		if off < uint64(len(data)) {
			p.data = make([]byte, emu.PageSize)
			copy(p.data, data[off:])
		}
		m.pages[addr+off] = p
	}
	return m.call()
}

func (m *memory) Protect(addr, size uint64, prot emu.Prot) error {
	for off := uint64(0); off < size; off += emu.PageSize {
		p := m.pages[addr+off]
		if p == nil {
			return fmt.Errorf("protect %#x+%#x", addr, size)
		}
		p.prot = prot
	}
	return m.call()
}

func (m *memory) Poke(addr uint64, b []byte) error {
	for len(b) > 0 {
		p := m.pages[addr&^(emu.PageSize-1)]
		if p == nil {
			return fmt.Errorf("poke %#x", addr)
		}
		if p.data == nil {
			p.data = make([]byte, emu.PageSize)
		}
		n := copy(p.data[addr%emu.PageSize:], b)
		addr, b = addr+uint64(n), b[n:]
	}
	return m.call()
}

// read gives size bytes at addr; a hole is nil.
func (m *memory) read(addr, size uint64) []byte {
	b := make([]byte, 0, size)
	for size > 0 {
		p := m.pages[addr&^(emu.PageSize-1)]
		if p == nil {
			return nil
		}
		off := addr % emu.PageSize
		n := min(size, emu.PageSize-off)
		if p.data == nil {
			b = append(b, make([]byte, n)...)
		} else {
			b = append(b, p.data[off:off+n]...)
		}
		addr, size = addr+n, size-n
	}
	return b
}
