// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"slices"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
)

// fileCalls are all calls about files: by descriptor (this file), by path (sys_path.go), what they are (sys_stat.go), and
// setting that (sys_attr.go).
var fileCalls = slices.Concat(descriptorCalls, pathCalls, statCalls, attrCalls)

var descriptorCalls = []call{
	{name: "read", do: sysRead},
	{name: "pread64", do: sysPread},
	{name: "readv", do: sysReadv},
	{name: "preadv", do: sysPreadv},
	{name: "write", do: sysWrite},
	{name: "pwrite64", do: sysPwrite},
	{name: "writev", do: sysWritev},
	{name: "pwritev", do: sysPwritev},
	{name: "close", do: sysClose},
	{name: "close_range", do: sysCloseRange, support: partial, note: "CLOSE_RANGE_UNSHARE: one process shares its table with nobody"},
	{name: "lseek", do: sysLseek},
	{name: "_llseek", do: sysLlseek},
	{name: "getdents64", do: sysGetdents64},
	{name: "fcntl", do: sysFcntl, support: partial, note: "descriptors and status flags; locks are granted to the one process that there is"},
	{name: "fcntl64", do: sysFcntl, support: partial, note: "as fcntl"},
	{name: "dup", do: sysDup},
	{name: "dup2", do: sysDup2},
	{name: "dup3", do: sysDup3},
	{name: "ioctl", do: sysIoctl, support: partial, note: "ENOTTY: no file is a terminal"},
	{name: "ftruncate", do: sysFtruncate},
	{name: "ftruncate64", do: sysFtruncate64},
	{name: "fsync", do: sysOnDescriptor},
	{name: "fdatasync", do: sysOnDescriptor},
	{name: "copy_file_range", do: refuse(arch.ENOSYS), support: refused, note: "ENOSYS, as before Linux 4.5; callers read and write"},
	{name: "sendfile", do: refuse(arch.ENOSYS), support: refused, note: "ENOSYS; callers read and write"},
	{name: "sendfile64", do: refuse(arch.ENOSYS), support: refused, note: "ENOSYS; callers read and write"},
	{name: "splice", do: refuse(arch.EINVAL), support: refused, note: "EINVAL, as of files that cannot; callers read and write"},
	{name: "fallocate", do: refuse(arch.EOPNOTSUPP), support: refused, note: "EOPNOTSUPP, as of a file system without it"},
	{name: "flock", do: sysOnDescriptor, support: partial, note: "granted: nobody else locks"},
	{name: "fadvise64", do: sysOnDescriptor, support: partial, note: "advice is not taken"},
	{name: "arm_fadvise64_64", do: sysOnDescriptor, support: partial, note: "advice is not taken"},
	{name: "fadvise64_64", do: sysOnDescriptor, support: partial, note: "advice is not taken"},
}

// fd reads a descriptor argument: an int, whatever the register's upper half holds.
func fd(v uint64) int { return int(int32(v)) }

// pair joins a 64-bit argument that 32-bit architectures pass in two registers, from a[i] on.
func (t *Thread) pair(a [6]uint64, i int) int64 {
	if t.p.arch.PtrSize == 8 {
		return int64(a[i])
	}
	if t.p.arch.Syscall.AlignPairs {
		i += i & 1
	}
	low, high := uint64(uint32(a[i])), uint64(uint32(a[i+1]))
	if t.p.bigEndian() {
		low, high = high, low
	}
	return int64(high<<32 | low)
}

// bigEndian says how the guest stores its integers.
func (p *Process) bigEndian() bool { return getUint(p.arch, []byte{0, 1}) == 1 }

// atPosition as an offset stands for the description's own position.
const atPosition = -1

func sysRead(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.transfer(fd(a[0]), []iovec{{a[1], a[2]}}, atPosition, false)
}

func sysWrite(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.transfer(fd(a[0]), []iovec{{a[1], a[2]}}, atPosition, true)
}

func sysPread(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.transferAt(fd(a[0]), []iovec{{a[1], a[2]}}, t.pair(a, 3), false)
}

func sysPwrite(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.transferAt(fd(a[0]), []iovec{{a[1], a[2]}}, t.pair(a, 3), true)
}

func sysReadv(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.transferVec(a, atPosition, false)
}

func sysWritev(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.transferVec(a, atPosition, true)
}

func sysPreadv(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.transferVec(a, t.halves(a), false)
}

func sysPwritev(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.transferVec(a, t.halves(a), true)
}

// halves joins the offset of preadv and pwritev: low, then high, on all architectures (pos_from_hilo in fs/read_write.c). A
// negative offset must not look like atPosition: any of them is EINVAL.
func (t *Thread) halves(a [6]uint64) int64 {
	off := int64(a[3])
	if t.p.arch.PtrSize == 4 {
		off = int64(uint64(uint32(a[4]))<<32 | uint64(uint32(a[3])))
	}
	if off < 0 {
		return -2
	}
	return off
}

func (t *Thread) transferVec(a [6]uint64, off int64, write bool) (uint64, arch.Errno) {
	if t.p.files.get(fd(a[0])) == nil {
		return 0, arch.EBADF
	}
	vec, errno := t.readIovec(a[1], a[2])
	if errno != 0 {
		return 0, errno
	}
	if off == atPosition {
		return t.transfer(fd(a[0]), vec, off, write)
	}
	return t.transferAt(fd(a[0]), vec, off, write)
}

// transferAt is transfer for the calls that name an offset.
func (t *Thread) transferAt(fd int, vec []iovec, off int64, write bool) (uint64, arch.Errno) {
	if off < 0 {
		return 0, arch.EINVAL
	}
	d := t.p.files.get(fd)
	switch {
	case d == nil:
		return 0, arch.EBADF
	case !d.file.seekable():
		return 0, arch.ESPIPE
	}
	return t.transfer(fd, vec, off, write)
}

// transfer is vfs_read and vfs_write. A descriptor without O_NONBLOCK waits until there is something to read, or until everything
// is written.
func (t *Thread) transfer(fd int, vec []iovec, off int64, write bool) (uint64, arch.Errno) {
	d := t.p.files.get(fd)
	if d == nil || write && !d.writable() || !write && !d.readable() {
		return 0, arch.EBADF
	}
	for i := range vec {
		if t.p.signed(vec[i].size) < 0 {
			return 0, arch.EINVAL // rw_verify_area
		}
		vec[i].size = min(vec[i].size, maxTransfer)
	}
	state := "read"
	if write {
		state = "write"
	}
	var total uint64
	return t.blockUntil(state, func() (uint64, arch.Errno, bool) {
		n, errno := t.move(d.description, vec, off, write)
		total += n
		if errno == arch.EAGAIN && d.flags&oNONBLOCK == 0 && (write || total == 0) {
			vec = skip(vec, n)
			return 0, 0, false
		}
		if total > 0 {
			return total, 0, true
		}
		return 0, errno, true
	})
}

// skip leaves the first n bytes of vec out.
func skip(vec []iovec, n uint64) []iovec {
	for len(vec) > 0 && n >= vec[0].size {
		n -= vec[0].size
		vec = vec[1:]
	}
	if n > 0 {
		vec[0].base += n
		vec[0].size -= n
	}
	return vec
}

// chunk is how much of a transfer is in rt0's own memory at a time.
const chunk = 64 << 10

// move transfers what can be transferred now. The errno says why it stopped, if not for having come to an end.
func (t *Thread) move(d *description, vec []iovec, off int64, write bool) (total uint64, errno arch.Errno) {
	pos := off
	if off == atPosition {
		pos = d.pos
		if write && d.flags&oAPPEND != 0 {
			pos = d.file.stat(t).size
		}
		defer func() { d.pos = pos }()
	}
	f, need := d.file.read, emu.Write
	if write {
		f, need = d.file.write, emu.Read
	}
	var size uint64
	for _, v := range vec {
		size += v.size
	}
	if size == 0 {
		_, errno = f(t, nil, pos)
		return 0, errno
	}
	limit := uint64(chunk)
	if !write && d.file.seekable() { // the runtime asks for 64 KiB of files that have three lines
		limit = min(limit, uint64(max(d.file.stat(t).size-pos, emu.PageSize)))
	}
	buf := make([]byte, min(size, limit))
	for _, v := range vec {
		for v.size > 0 {
			b := buf[:min(v.size, limit)]
			able := t.accessible(v.base, uint64(len(b)), need)
			if able == 0 {
				// The end of a file comes before the buffer is looked at.
				if !write && d.file.seekable() {
					if n, errno := f(t, buf[:1], pos); n == 0 {
						return total, errno
					}
				}
				return total, arch.EFAULT
			}
			b = b[:able]
			if write {
				errno = t.copyIn(v.base, b)
			}
			n := 0
			if errno == 0 {
				n, errno = f(t, b, pos)
			}
			if n > 0 && !write {
				if errno := t.copyOut(v.base, b[:n]); errno != 0 {
					return total, errno
				}
			}
			pos += int64(n)
			total += uint64(n)
			v.base += uint64(n)
			v.size -= uint64(n)
			if errno != 0 || n < len(b) {
				return total, errno
			}
		}
	}
	return total, 0
}

func sysClose(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if !t.p.files.remove(fd(a[0])) {
		return 0, arch.EBADF
	}
	t.p.filesChanged()
	return 0, 0
}

func sysCloseRange(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	const unshare, cloexec = 2, 4
	first, last := uint32(a[0]), uint32(a[1])
	if a[2]&^(unshare|cloexec) != 0 || last < first {
		return 0, arch.EINVAL
	}
	for n := uint64(first); n <= uint64(last) && n < uint64(len(t.p.files.open)); n++ {
		if d := t.p.files.get(int(n)); d == nil {
			continue
		} else if a[2]&cloexec != 0 {
			d.cloexec = true
		} else {
			t.p.files.remove(int(n))
		}
	}
	t.p.filesChanged()
	return 0, 0
}

func sysLseek(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	pos, errno := t.seek(fd(a[0]), t.p.signed(a[1]), uint32(a[2]))
	if errno == 0 && t.p.signed(uint64(pos)) != pos {
		return 0, arch.EOVERFLOW
	}
	return uint64(pos), errno
}

func sysLlseek(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	pos, errno := t.seek(fd(a[0]), int64(uint64(uint32(a[1]))<<32|uint64(uint32(a[2]))), uint32(a[4]))
	if errno != 0 {
		return 0, errno
	}
	return 0, t.writeUint(a[3], 8, uint64(pos))
}

// seek moves a description's position.
func (t *Thread) seek(fd int, off int64, whence uint32) (int64, arch.Errno) {
	d := t.p.files.get(fd)
	switch {
	case d == nil || d.flags&oPATH != 0:
		return 0, arch.EBADF
	case !d.file.seekable():
		return 0, arch.ESPIPE
	}
	if _, ok := d.file.(*device); ok {
		return 0, 0 // null_lseek
	}
	size := d.file.stat(t).size
	base := []int64{0, d.pos, size, 0, 0} // SEEK_SET, CUR, END, DATA, HOLE: a file without holes
	if whence >= uint32(len(base)) {
		return 0, arch.EINVAL
	}
	pos := base[whence] + off
	switch {
	case whence >= 3 && (off < 0 || off >= size):
		return 0, arch.ENXIO
	case whence == 4:
		pos = size
	case pos < 0 || off > 0 && pos < off:
		return 0, arch.EINVAL
	}
	d.pos = pos
	return pos, 0
}

// sysGetdents64 writes linux_dirent64 records. The position of an open directory is the index of the next entry; "." and ".." are
// 0 and 1.
func sysGetdents64(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	d := t.p.files.get(fd(a[0]))
	if d == nil || !d.readable() {
		return 0, arch.EBADF
	}
	dir, ok := d.file.(*dirFile)
	if !ok {
		return 0, arch.ENOTDIR
	}
	if d.pos == 0 || dir.listing == nil {
		self, above := *dir.node, *dir.node
		if dir.node.parent != nil {
			above = *dir.node.parent
		}
		self.name, above.name = ".", ".."
		dir.listing = append([]*node{&self, &above}, dir.node.entries(t)...)
	}
	room := uint64(uint32(a[2]))
	out := t.encode()
	pos := d.pos
	for ; pos < int64(len(dir.listing)); pos++ {
		n := dir.listing[pos]
		size := (19 + len(n.name) + 1 + 7) &^ 7
		if uint64(len(out.b)+size) > room {
			break
		}
		end := len(out.b) + size
		out.u64(n.ino).u64(uint64(pos+1)).u16(uint64(size)).uint(1, uint64(n.mode>>12&0xf))
		out.b = append(out.b, n.name...)
		out.pad(end)
	}
	if pos == d.pos && pos < int64(len(dir.listing)) {
		return 0, arch.EINVAL
	}
	if errno := t.copyOut(a[1], out.b); errno != 0 {
		return 0, errno
	}
	d.pos = pos
	return uint64(len(out.b)), 0
}

func sysFtruncate(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.ftruncate(a, t.p.signed(a[1]))
}

func sysFtruncate64(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.ftruncate(a, t.pair(a, 1)) }

func (t *Thread) ftruncate(a [6]uint64, size int64) (uint64, arch.Errno) {
	d := t.p.files.get(fd(a[0]))
	if d == nil {
		return 0, arch.EBADF
	}
	f, ok := d.file.(*regularFile)
	if !ok || size < 0 || !d.writable() {
		return 0, arch.EINVAL
	}
	return 0, t.truncate(f.node, size)
}

// sysOnDescriptor is a call that does nothing, to an open descriptor.
func sysOnDescriptor(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if t.p.files.get(fd(a[0])) == nil {
		return 0, arch.EBADF
	}
	return 0, 0
}

// sysIoctl refuses all requests, as files do that know none: TCGETS and TIOCGWINSZ, by which programs ask for a terminal, too.
func sysIoctl(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if t.p.files.get(fd(a[0])) == nil {
		return 0, arch.EBADF
	}
	return 0, arch.ENOTTY
}
