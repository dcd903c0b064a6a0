// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import "github.com/rt0-dev/rt0/arch"

var attrCalls = []call{
	{name: "chmod", do: sysChmod},
	{name: "fchmod", do: sysFchmod},
	{name: "fchmodat", do: sysFchmodat},
	{name: "chown", do: sysChown},
	{name: "chown32", do: sysChown},
	{name: "lchown", do: sysLchown},
	{name: "lchown32", do: sysLchown},
	{name: "fchown", do: sysFchown},
	{name: "fchown32", do: sysFchown},
	{name: "fchownat", do: sysFchownat},
	{name: "utimensat", do: sysUtimensat, support: partial, note: "one time for all: that of the last change"},
	{name: "utimensat_time64", do: sysUtimensat64, support: partial, note: "as utimensat"},
}

func sysChmod(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.chmod(atFDCWD, a[0], a[1]) }

func sysFchmodat(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.chmod(fd(a[0]), a[1], a[2]) }

func sysFchmod(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	d := t.p.files.get(fd(a[0]))
	if d == nil || d.flags&oPATH != 0 {
		return 0, arch.EBADF
	}
	return 0, t.setMode(t.behind(d), a[1])
}

func (t *Thread) chmod(dirfd int, addr, mode uint64) (uint64, arch.Errno) {
	n, errno := t.findNode(dirfd, addr, 0)
	if errno != 0 {
		return 0, errno
	}
	return 0, t.setMode(n, mode)
}

func (t *Thread) setMode(n *node, mode uint64) arch.Errno {
	if n.fs.fixed || t.p.id.euid != 0 && t.p.id.euid != n.uid {
		return arch.EPERM
	}
	n.mode = n.kind() | uint32(mode)&0o7777
	return 0
}

func sysChown(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.chown(atFDCWD, a[0], a[1], a[2], 0)
}

func sysLchown(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.chown(atFDCWD, a[0], a[1], a[2], atSymlinkNofollow)
}

func sysFchownat(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if uint32(a[4])&^(atSymlinkNofollow|atEmptyPath) != 0 {
		return 0, arch.EINVAL
	}
	return t.chown(fd(a[0]), a[1], a[2], a[3], a[4])
}

func sysFchown(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	d := t.p.files.get(fd(a[0]))
	if d == nil || d.flags&oPATH != 0 {
		return 0, arch.EBADF
	}
	return 0, t.setOwner(t.behind(d), a[1], a[2])
}

func (t *Thread) chown(dirfd int, addr, uid, gid, flags uint64) (uint64, arch.Errno) {
	n, errno := t.findNode(dirfd, addr, flags)
	if errno != 0 {
		return 0, errno
	}
	return 0, t.setOwner(n, uid, gid)
}

// setOwner is chown_common; -1 leaves an owner as it is. Only root gives files away.
func (t *Thread) setOwner(n *node, uid, gid uint64) arch.Errno {
	owner, group := uint32(uid), uint32(gid)
	if owner == ^uint32(0) {
		owner = n.uid
	}
	if group == ^uint32(0) {
		group = n.gid
	}
	if n.fs.fixed || t.p.id.euid != 0 && (owner != n.uid || group != n.gid) {
		return arch.EPERM
	}
	n.uid, n.gid = owner, group
	return 0
}

func sysUtimensat(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.utimens(a, t.p.arch.PtrSize) }

func sysUtimensat64(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.utimens(a, 8) }

// utimens is do_utimes, of which the second time counts: that of the last change. A null path means the descriptor itself.
func (t *Thread) utimens(a [6]uint64, size int) (uint64, arch.Errno) {
	const now, omit = 0x3fffffff, 0x3ffffffe
	if uint32(a[3])&^(atSymlinkNofollow|atEmptyPath) != 0 {
		return 0, arch.EINVAL
	}
	time := t.p.clock.wall()
	if a[2] != 0 {
		raw := make([]byte, 4*size)
		if errno := t.copyIn(a[2], raw); errno != 0 {
			return 0, errno
		}
		sec, nsec := getUint(t.p.arch, raw[2*size:3*size]), getUint(t.p.arch, raw[3*size:])
		switch {
		case nsec == omit:
			return 0, 0
		case nsec == now:
		case nsec >= uint64(second):
			return 0, arch.EINVAL
		default:
			time = int64(min(sec, uint64(1<<63-1)/uint64(second)-1))*second + int64(nsec)
		}
	}
	var n *node
	if a[1] == 0 {
		d := t.p.files.get(fd(a[0]))
		if d == nil {
			return 0, arch.EBADF
		}
		n = t.behind(d)
	} else {
		var errno arch.Errno
		if n, errno = t.findNode(fd(a[0]), a[1], a[3]); errno != 0 {
			return 0, errno
		}
	}
	if n.fs.fixed || t.p.id.euid != 0 && t.p.id.euid != n.uid && (a[2] != 0 || !t.p.permits(n, mayWrite)) {
		return 0, arch.EPERM
	}
	n.time = time
	return 0, 0
}
