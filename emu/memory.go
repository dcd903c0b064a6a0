// SPDX-License-Identifier: GPL-2.0-or-later

package emu

// #include "shim.h"
import "C"

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"
)

// PageSize is the size of a guest page here, in bytes. A machine with larger pages maps and protects in multiples of it.
const PageSize = C.RT0_PAGE_SIZE

// AddressBits is the width of the address space: addresses at or above 1<<AddressBits cannot be mapped.
const AddressBits = C.RT0_ADDRESS_BITS

// Prot is what a page allows; the bits are those of PROT_READ, PROT_WRITE and PROT_EXEC.
type Prot uint8

// The kinds of access.
const (
	Read  Prot = C.RT0_READ
	Write Prot = C.RT0_WRITE
	Exec  Prot = C.RT0_EXEC
)

// Absent is added to the protection of pages that are not there, as behind the end of a mapped file: every access to them faults, whatever
// else is allowed. [Memory.Protect] does not take it away.
const Absent Prot = C.RT0_ABSENT

// String is the form of /proc/PID/maps: "r-x".
func (p Prot) String() string {
	b := []byte("---")
	for i, c := range []byte("rwx") {
		if p>>i&1 != 0 {
			b[i] = c
		}
	}
	return string(b)
}

// Region is a range of pages that are mapped alike.
type Region struct {
	Start, End uint64
	Prot       Prot
	Tag        uint32 // the mark that the caller of Map gave
}

// Fault is an access that the address space does not allow. It is the error of [Memory.Read] and its like, which work on behalf of the
// guest (EFAULT).
type Fault struct {
	Addr   uint64
	Access Prot
	Mapped bool // there is a page, and its protection forbids the access
}

func (f *Fault) Error() string {
	why := "nothing is mapped there"
	if f.Mapped {
		why = "its protection forbids it"
	}
	verb := map[Prot]string{Read: "read", Write: "write", Exec: "execute"}[f.Access]
	return fmt.Sprintf("%s guest memory at %#x: %s", verb, f.Addr, why)
}

// ErrExhausted says that the guest touched as much memory as Config.Memory allows, or that the host has no more for the tables.
var ErrExhausted = errors.New("touch guest memory: the bound is reached")

// NotMappedError says that a range has a hole.
type NotMappedError struct{ Addr uint64 }

func (e *NotMappedError) Error() string {
	return fmt.Sprintf("protect guest memory: nothing is mapped at %#x", e.Addr)
}

// Memory is the guest's address space, in pages of [PageSize]. Ranges that are mapped, unmapped or protected must be whole pages.
type Memory struct{ e *Engine }

func (m *Memory) space() *C.struct_rt0_space { return &m.e.c.space }

// check refuses ranges that are no whole pages, empty, or outside of the address space.
func check(verb string, addr, size uint64) error {
	switch {
	case addr%PageSize != 0 || size%PageSize != 0:
		return fmt.Errorf("%s guest memory: %#x+%#x is not a multiple of the page size", verb, addr, size)
	case size == 0:
		return fmt.Errorf("%s guest memory: the range at %#x is empty", verb, addr)
	case addr+size < addr || addr+size > 1<<AddressBits:
		return fmt.Errorf("%s guest memory: %#x+%#x is outside of the address space", verb, addr, size)
	}
	return nil
}

func (m *Memory) result(r C.int) error {
	if r != 0 {
		return ErrExhausted
	}
	return nil
}

// Map maps zeroed pages, which appear when they are touched; it replaces what was there. Neighbours of equal protection and tag merge.
func (m *Memory) Map(addr, size uint64, prot Prot, tag uint32) error {
	return m.MapBytes(addr, size, prot, tag, nil)
}

// MapBytes maps pages whose contents are data, then zeroes. A page is copied when it is first touched, so data must not change before the
// engine is closed.
func (m *Memory) MapBytes(addr, size uint64, prot Prot, tag uint32, data []byte) error {
	if err := check("map", addr, size); err != nil {
		return err
	}
	return m.result(C.rt0_space_map(m.space(), C.uint64_t(addr), C.uint64_t(size), C.uint32_t(prot), C.uint32_t(tag), m.e.pin(data, prot), C.uint64_t(len(data))))
}

// Unmap removes all pages of the range; holes in it are no error.
func (m *Memory) Unmap(addr, size uint64) error {
	if err := check("unmap", addr, size); err != nil {
		return err
	}
	return m.result(C.rt0_space_unmap(m.space(), C.uint64_t(addr), C.uint64_t(size)))
}

// Protect changes what the pages of the range allow. A hole in it is a *[NotMappedError], and then nothing has changed.
func (m *Memory) Protect(addr, size uint64, prot Prot) error {
	if err := check("protect", addr, size); err != nil {
		return err
	}
	if hole, ok := m.hole(addr, size); ok {
		return &NotMappedError{hole}
	}
	if prot&Exec != 0 {
		m.e.pins.keep()
	}
	return m.result(C.rt0_space_protect(m.space(), C.uint64_t(addr), C.uint64_t(size), C.uint32_t(prot)))
}

// Discard drops the contents of the range (MADV_DONTNEED): the next touch reads what Map or MapBytes put there.
func (m *Memory) Discard(addr, size uint64) {
	if check("discard", addr, size) == nil {
		C.rt0_space_discard(m.space(), C.uint64_t(addr), C.uint64_t(size))
	}
}

// at is the i-th region.
func (m *Memory) at(i C.size_t) (Region, bool) {
	s := m.space()
	if i >= s.nregions {
		return Region{}, false
	}
	r := unsafe.Slice(s.regions, s.nregions)[i]
	return Region{uint64(r.start), uint64(r.end), Prot(r.prot), uint32(r.tag)}, true
}

// Next is the first region that ends above addr.
func (m *Memory) Next(addr uint64) (Region, bool) {
	return m.at(C.rt0_space_find(m.space(), C.uint64_t(addr)))
}

// Find is the region that holds addr.
func (m *Memory) Find(addr uint64) (Region, bool) {
	r, ok := m.Next(addr)
	if !ok || r.Start > addr {
		return Region{}, false
	}
	return r, true
}

// Regions are all regions, ascending.
func (m *Memory) Regions() []Region {
	all := make([]Region, 0, int(m.space().nregions))
	for i := C.size_t(0); ; i++ {
		r, ok := m.at(i)
		if !ok {
			return all
		}
		all = append(all, r)
	}
}

// hole is the first address of the range that is not mapped.
func (m *Memory) hole(addr, size uint64) (uint64, bool) {
	end := addr + size
	for i := C.rt0_space_find(m.space(), C.uint64_t(addr)); addr < end; i++ {
		r, ok := m.at(i)
		if !ok || r.Start > addr {
			return addr, true
		}
		addr = r.End
	}
	return 0, false
}

// Mapped says whether the whole range is mapped.
func (m *Memory) Mapped(addr, size uint64) bool {
	if addr+size < addr {
		return false
	}
	_, hole := m.hole(addr, size)
	return !hole
}

// FindGap is the address of size free bytes in [low, high), a multiple of align (a power of two): the highest when down, else the lowest.
func (m *Memory) FindGap(size, align, low, high uint64, down bool) (uint64, bool) {
	align = max(align, 1)
	high = min(high, 1<<AddressBits)
	if size == 0 || size > high || low > high-size {
		return 0, false
	}
	// fit is an aligned place in the free range [from, to).
	fit := func(from, to uint64) (uint64, bool) {
		from, to = max(from, low), min(to, high)
		if to < from || to-from < size {
			return 0, false
		}
		if down {
			at := (to - size) &^ (align - 1)
			return at, at >= from
		}
		at := (from + align - 1) &^ (align - 1)
		return at, at >= from && at <= to-size
	}
	s := m.space()
	if !down {
		from := low
		for i := C.rt0_space_find(s, C.uint64_t(low)); ; i++ {
			r, ok := m.at(i)
			if !ok {
				return fit(from, high)
			}
			if at, ok := fit(from, r.Start); ok {
				return at, true
			}
			if from = r.End; from >= high {
				return 0, false
			}
		}
	}
	to := high
	for i := C.rt0_space_find(s, C.uint64_t(high-1)); ; i-- {
		if r, ok := m.at(i); ok && r.Start < to {
			if at, ok := fit(r.End, to); ok {
				return at, true
			}
			if to = r.Start; to <= low {
				return 0, false
			}
		}
		if i == 0 {
			return fit(low, to)
		}
	}
}

// Resident says whether the page of addr was touched since it was mapped or discarded.
func (m *Memory) Resident(addr uint64) bool {
	return bool(C.rt0_space_resident(m.space(), C.uint64_t(addr)))
}

// Size is the sum of all regions, in bytes.
func (m *Memory) Size() uint64 {
	var n uint64
	for _, r := range m.Regions() {
		n += r.End - r.Start
	}
	return n
}

// Touched counts the first touches of pages, in all: a page that was discarded and touched again counts twice.
func (m *Memory) Touched() uint64 { return uint64(m.space().touched) }

// Exhausted says whether the bound on guest memory was met since the engine was opened or a snapshot restored.
func (m *Memory) Exhausted() bool { s := m.space(); return bool(s.exhausted || s.no_memory) }

// Footprint is how many bytes the host has given for guest memory and its tables, in all. Restoring a snapshot gives nothing back: the next
// run takes what the last one has left.
func (m *Memory) Footprint() uint64 {
	const table = 1 << 15 // bytes of a level of the page table
	return uint64(m.space().used)*PageSize + uint64(m.space().tables)*table
}

// transfer copies between b and the guest.
func (m *Memory) transfer(addr uint64, b []byte, access Prot, force bool) error {
	if len(b) == 0 {
		return nil
	}
	if addr+uint64(len(b)) < addr {
		return &Fault{Addr: addr, Access: access}
	}
	var at C.uint64_t
	switch C.rt0_transfer(m.e.c, C.uint64_t(addr), (*C.uint8_t)(unsafe.SliceData(b)), C.uint64_t(len(b)), C.bool(access == Write), C.bool(force), &at) {
	case C.RT0_OK:
		return nil
	case C.RT0_EXHAUSTED:
		return ErrExhausted
	case C.RT0_PROTECTED:
		return &Fault{Addr: uint64(at), Access: access, Mapped: true}
	default:
		return &Fault{Addr: uint64(at), Access: access}
	}
}

// Read reads guest memory as the guest would: a page that is not mapped or not readable is a *[Fault]. What lies before it has been read.
func (m *Memory) Read(addr uint64, b []byte) error { return m.transfer(addr, b, Read, false) }

// Write writes guest memory as the guest would.
func (m *Memory) Write(addr uint64, b []byte) error { return m.transfer(addr, b, Write, false) }

// Poke writes guest memory whatever its protection.
func (m *Memory) Poke(addr uint64, b []byte) error { return m.transfer(addr, b, Write, true) }

// Peek is a debugger's view: it reads whatever the protection, touches nothing, and returns how many bytes lie before the first hole.
func (m *Memory) Peek(addr uint64, b []byte) int {
	n := 0
	for n < len(b) && addr+uint64(n) >= addr {
		var valid C.uint64_t
		var mapped C.bool
		p := C.rt0_space_peek(m.space(), C.uint64_t(addr+uint64(n)), &valid, &mapped)
		if !mapped {
			break
		}
		part := b[n:min(len(b), n+int(valid))]
		if p == nil {
			clear(part)
		} else {
			copy(part, unsafe.Slice((*byte)(unsafe.Pointer(p)), len(part)))
		}
		n += len(part)
	}
	return n
}

// Uint reads an unsigned integer of 1, 2, 4 or 8 bytes in the guest's byte order.
func (m *Memory) Uint(addr uint64, size int) (uint64, error) {
	var b [8]byte
	if err := m.Read(addr, b[:size]); err != nil {
		return 0, err
	}
	return uintOf(m.e.arch.Order, b[:size]), nil
}

func uintOf(order binary.ByteOrder, b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(order.Uint16(b))
	case 4:
		return uint64(order.Uint32(b))
	default:
		return order.Uint64(b)
	}
}

// PutUint writes one.
func (m *Memory) PutUint(addr uint64, size int, v uint64) error {
	var b [8]byte
	putUint(m.e.arch.Order, b[:size], v)
	return m.Write(addr, b[:size])
}

func putUint(order binary.ByteOrder, b []byte, v uint64) {
	switch len(b) {
	case 1:
		b[0] = byte(v)
	case 2:
		order.PutUint16(b, uint16(v))
	case 4:
		order.PutUint32(b, uint32(v))
	default:
		order.PutUint64(b, v)
	}
}

// CString reads the bytes before the first NUL; it is an error when none of the first limit bytes is one.
func (m *Memory) CString(addr uint64, limit int) (string, error) {
	var s []byte
	for len(s) < limit {
		at := addr + uint64(len(s))
		part := make([]byte, min(limit-len(s), int(PageSize-at%PageSize), 256))
		if err := m.Read(at, part); err != nil {
			return "", err
		}
		for i, c := range part {
			if c == 0 {
				return string(append(s, part[:i]...)), nil
			}
		}
		s = append(s, part...)
	}
	return "", fmt.Errorf("read a string at %#x: no NUL in %d bytes", addr, limit)
}
