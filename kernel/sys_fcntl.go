// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import "github.com/rt0-dev/rt0/arch"

// The commands of fcntl, which all architectures number alike; those of locks differ, and are told apart by nothing but not being
// among these.
const (
	fDUPFD        = 0
	fGETFD        = 1
	fSETFD        = 2
	fGETFL        = 3
	fSETFL        = 4
	fDUPFDCLOEXEC = 1030
	fSETPIPESZ    = 1031
	fGETPIPESZ    = 1032
)

func sysFcntl(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	d := t.p.files.get(fd(a[0]))
	if d == nil {
		return 0, arch.EBADF
	}
	command := uint32(a[1])
	f := fcntls[command]
	if d.flags&oPATH != 0 && (command == fSETFL || f == nil) {
		return 0, arch.EBADF
	}
	if f == nil {
		return t.fcntlOther(command)
	}
	return f(t, d, a[2])
}

var fcntls = map[uint32]func(t *Thread, d *descriptor, arg uint64) (uint64, arch.Errno){
	fDUPFD:        func(t *Thread, d *descriptor, arg uint64) (uint64, arch.Errno) { return t.duplicate(d, arg, false) },
	fDUPFDCLOEXEC: func(t *Thread, d *descriptor, arg uint64) (uint64, arch.Errno) { return t.duplicate(d, arg, true) },
	fGETFD: func(_ *Thread, d *descriptor, _ uint64) (uint64, arch.Errno) {
		if d.cloexec {
			return 1, 0
		}
		return 0, 0
	},
	fSETFD: func(_ *Thread, d *descriptor, arg uint64) (uint64, arch.Errno) {
		d.cloexec = arg&1 != 0
		return 0, 0
	},
	fGETFL: func(t *Thread, d *descriptor, _ uint64) (uint64, arch.Errno) {
		return t.p.guestFlags(d.flags), 0
	},
	fSETFL: func(t *Thread, d *descriptor, arg uint64) (uint64, arch.Errno) {
		const settable = oAPPEND | oNONBLOCK // of SETFL_MASK, those that mean something here
		d.flags = d.flags&^settable | t.p.openFlags(arg)&settable
		return 0, 0
	},
	fGETPIPESZ: pipeSize,
	fSETPIPESZ: pipeSize,
}

// pipeSize answers with the size that pipes have; it cannot be changed.
func pipeSize(t *Thread, d *descriptor, _ uint64) (uint64, arch.Errno) {
	if d.file.stat(t).mode&sIFMT != sIFIFO {
		return 0, arch.EBADF
	}
	return 64 << 10, 0
}

// fcntlOther grants locks, as there is one process, and refuses the rest. Locks are commands 5 to 7 or 12 to 14 or so, 36 to 38.
func (t *Thread) fcntlOther(command uint32) (uint64, arch.Errno) {
	if command >= 5 && command <= 38 {
		return 0, 0
	}
	return 0, arch.EINVAL
}

// duplicate gives the description of d another number, the lowest from min on.
func (t *Thread) duplicate(d *descriptor, min uint64, cloexec bool) (uint64, arch.Errno) {
	if uint64(uint32(min)) >= uint64(t.p.files.limit) {
		return 0, arch.EINVAL
	}
	n, errno := t.p.files.install(&descriptor{d.description, cloexec}, int(uint32(min)))
	return uint64(n), errno
}

func sysDup(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	d := t.p.files.get(fd(a[0]))
	if d == nil {
		return 0, arch.EBADF
	}
	return t.duplicate(d, 0, false)
}

func sysDup2(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if fd(a[0]) == fd(a[1]) {
		if t.p.files.get(fd(a[0])) == nil {
			return 0, arch.EBADF
		}
		return uint64(fd(a[1])), 0
	}
	return sysDup3(t, [6]uint64{a[0], a[1]})
}

func sysDup3(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	flags := t.p.openFlags(a[2])
	if flags&^oCLOEXEC != 0 || fd(a[0]) == fd(a[1]) {
		return 0, arch.EINVAL
	}
	d := t.p.files.get(fd(a[0]))
	if d == nil || fd(a[1]) < 0 || fd(a[1]) >= t.p.files.limit {
		return 0, arch.EBADF
	}
	t.p.files.put(&descriptor{d.description, flags&oCLOEXEC != 0}, fd(a[1]))
	t.p.filesChanged()
	return uint64(fd(a[1])), 0
}
