// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"errors"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
)

// encoder lays a structure out in the guest's byte order; the zero value of b is an empty structure.
type encoder struct {
	arch *arch.Arch
	b    []byte
}

func (t *Thread) encode() *encoder { return &encoder{arch: t.p.arch} }

// uint adds an integer of 1, 2, 4 or 8 bytes.
func (e *encoder) uint(size int, v uint64) *encoder {
	at := len(e.b)
	e.b = append(e.b, make([]byte, size)...)
	putUint(e.arch, e.b[at:], v)
	return e
}

func (e *encoder) u16(v uint64) *encoder  { return e.uint(2, v) }
func (e *encoder) u32(v uint64) *encoder  { return e.uint(4, v) }
func (e *encoder) u64(v uint64) *encoder  { return e.uint(8, v) }
func (e *encoder) word(v uint64) *encoder { return e.uint(e.arch.PtrSize, v) }

// pad adds zeroes until the structure is size bytes long.
func (e *encoder) pad(size int) *encoder {
	for len(e.b) < size {
		e.b = append(e.b, 0)
	}
	return e
}

// field adds a string of fixed size, zero-terminated and cut when it is longer.
func (e *encoder) field(size int, s string) *encoder {
	at := len(e.b)
	e.pad(at + size)
	copy(e.b[at:at+size-1], s)
	return e
}

// putUint stores an integer as wide as b in the guest's byte order.
func putUint(a *arch.Arch, b []byte, v uint64) {
	switch len(b) {
	case 1:
		b[0] = byte(v)
	case 2:
		a.Order.PutUint16(b, uint16(v))
	case 4:
		a.Order.PutUint32(b, uint32(v))
	default:
		a.Order.PutUint64(b, v)
	}
}

// getUint is putUint's opposite.
func getUint(a *arch.Arch, b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(a.Order.Uint16(b))
	case 4:
		return uint64(a.Order.Uint32(b))
	}
	return a.Order.Uint64(b)
}

// copyOut is copy_to_user: EFAULT when not all of b can be written at addr.
func (t *Thread) copyOut(addr uint64, b []byte) arch.Errno {
	if len(b) == 0 {
		return 0
	}
	return t.fault(t.p.mem.Write(addr, b))
}

// fault is the errno of an access on the guest's behalf. Running into the bound on touched memory ends the process, as it does when
// the guest itself touches too much.
func (t *Thread) fault(err error) arch.Errno {
	if err == nil {
		return 0
	}
	if errors.Is(err, emu.ErrExhausted) {
		t.p.end(Exit{Kind: Memory, Reason: "limit of touched memory"})
	}
	return arch.EFAULT
}

// copyIn is copy_from_user.
func (t *Thread) copyIn(addr uint64, b []byte) arch.Errno {
	if len(b) == 0 {
		return 0
	}
	return t.fault(t.p.mem.Read(addr, b))
}

// readUint reads an integer of the guest's memory.
func (t *Thread) readUint(addr uint64, size int) (uint64, arch.Errno) {
	v, err := t.p.mem.Uint(addr, size)
	return v, t.fault(err)
}

// writeUint writes one.
func (t *Thread) writeUint(addr uint64, size int, v uint64) arch.Errno {
	return t.fault(t.p.mem.PutUint(addr, size, v))
}

// readPath is getname: a zero-terminated string shorter than PATH_MAX.
func (t *Thread) readPath(addr uint64) (string, arch.Errno) {
	s, err := t.p.mem.CString(addr, pathMax)
	if err == nil {
		return s, 0
	}
	if fault := (*emu.Fault)(nil); errors.As(err, &fault) {
		return "", arch.EFAULT
	}
	return "", arch.ENAMETOOLONG
}

// accessible counts the bytes from addr on, up to n, that the guest may use in the way of prot: a transfer stops where they end, and
// is EFAULT only when there are none.
func (t *Thread) accessible(addr, n uint64, prot emu.Prot) uint64 {
	end := addr + n
	if end < addr {
		end = 0
	}
	at := addr
	for at-addr < n {
		r, ok := t.p.mem.Find(at)
		if !ok || r.Prot&prot != prot {
			break
		}
		if at = r.End; at == 0 || at-addr > n {
			at = end
		}
	}
	return min(at-addr, n)
}

// maxTransfer is MAX_RW_COUNT: what one read or write moves at most.
const maxTransfer = 0x7ffff000

// iovec is a piece of the guest's memory.
type iovec struct{ base, size uint64 }

// readIovec is import_iovec: at most UIO_MAXIOV pieces, cut where their sum passes MAX_RW_COUNT.
func (t *Thread) readIovec(addr, count uint64) ([]iovec, arch.Errno) {
	if count > 1024 {
		return nil, arch.EINVAL
	}
	word := uint64(t.p.arch.PtrSize)
	left := uint64(maxTransfer)
	vec := make([]iovec, count)
	raw := make([]byte, 2*word*count)
	if errno := t.copyIn(addr, raw); errno != 0 {
		return nil, errno
	}
	for i := range vec {
		at := raw[2*word*uint64(i):]
		v := iovec{getUint(t.p.arch, at[:word]), getUint(t.p.arch, at[word:2*word])}
		if t.p.signed(v.size) < 0 {
			return nil, arch.EINVAL
		}
		v.size = min(v.size, left)
		left -= v.size
		vec[i] = v
	}
	return vec, 0
}

// signed reads a register as a long of the architecture.
func (p *Process) signed(v uint64) int64 {
	if p.arch.PtrSize == 4 {
		return int64(int32(v))
	}
	return int64(v)
}

const second = int64(1e9)

// readTimespec reads a timespec in nanoseconds; wide says that its fields have 64 bits (64-bit architectures, and the _time64 calls
// of the others). EINVAL when it is not one, as timespec64_valid has it. Times past the range of int64 stand for "for ever".
func (t *Thread) readTimespec(addr uint64, wide bool) (int64, arch.Errno) {
	size := uint64(4)
	if wide {
		size = 8
	}
	raw := make([]byte, 2*size)
	if errno := t.copyIn(addr, raw); errno != 0 {
		return 0, errno
	}
	sec, nsec := int64(getUint(t.p.arch, raw[:size])), int64(getUint(t.p.arch, raw[size:]))
	if !wide {
		sec, nsec = int64(int32(sec)), int64(int32(nsec))
	} else if t.p.arch.PtrSize == 4 {
		nsec = int64(uint32(nsec)) // get_timespec64 drops the padding of 32-bit callers
	}
	if sec < 0 || nsec < 0 || nsec >= second {
		return 0, arch.EINVAL
	}
	if sec >= (1<<63-1)/second {
		return 1<<63 - 1, 0
	}
	return sec*second + nsec, 0
}

// writeTimespec writes nanoseconds as a timespec.
func (t *Thread) writeTimespec(addr uint64, wide bool, ns int64) arch.Errno {
	size := 4
	if wide {
		size = 8
	}
	return t.copyOut(addr, t.encode().uint(size, uint64(ns/second)).uint(size, uint64(ns%second)).b)
}

// encodeStat lays a fileStat out as the architecture's stat (or stat64) structure.
func (t *Thread) encodeStat(st fileStat) []byte {
	b := make([]byte, t.p.arch.Structs.Stat.Size)
	for _, f := range t.p.arch.Structs.Stat.Fields {
		if value := statFields[f.Name]; value != nil {
			putUint(t.p.arch, b[f.Offset:f.Offset+f.Size], value(&st))
		}
	}
	return b
}

// statFields are the members of the stat structures. __st_ino is stat64's truncated inode number of 32-bit x86.
var statFields = map[string]func(st *fileStat) uint64{
	"st_dev":        func(st *fileStat) uint64 { return st.dev },
	"st_ino":        func(st *fileStat) uint64 { return st.ino },
	"__st_ino":      func(st *fileStat) uint64 { return st.ino },
	"st_mode":       func(st *fileStat) uint64 { return uint64(st.mode) },
	"st_nlink":      func(st *fileStat) uint64 { return uint64(st.links) },
	"st_uid":        func(st *fileStat) uint64 { return uint64(st.uid) },
	"st_gid":        func(st *fileStat) uint64 { return uint64(st.gid) },
	"st_rdev":       func(st *fileStat) uint64 { return st.rdev },
	"st_size":       func(st *fileStat) uint64 { return uint64(st.size) },
	"st_blksize":    func(st *fileStat) uint64 { return uint64(st.blksize) },
	"st_blocks":     func(st *fileStat) uint64 { return uint64(st.blocks) },
	"st_atime":      func(st *fileStat) uint64 { return uint64(st.time / second) },
	"st_mtime":      func(st *fileStat) uint64 { return uint64(st.time / second) },
	"st_ctime":      func(st *fileStat) uint64 { return uint64(st.time / second) },
	"st_atime_nsec": func(st *fileStat) uint64 { return uint64(st.time % second) },
	"st_mtime_nsec": func(st *fileStat) uint64 { return uint64(st.time % second) },
	"st_ctime_nsec": func(st *fileStat) uint64 { return uint64(st.time % second) },
}
