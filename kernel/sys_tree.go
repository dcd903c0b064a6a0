// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import "github.com/rt0-dev/rt0/arch"

// The calls that change the tree: their rows are pathCalls.

func sysMkdir(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.mkdir(atFDCWD, a[0], a[1]) }

func sysMkdirat(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.mkdir(fd(a[0]), a[1], a[2]) }

func (t *Thread) mkdir(dirfd int, addr, mode uint64) (uint64, arch.Errno) {
	return t.make(dirfd, addr, true, &node{mode: sIFDIR | uint32(mode)&0o1777})
}

// make creates n where nothing is yet (filename_create). A path that ends in a slash is a directory's.
func (t *Thread) make(dirfd int, addr uint64, dir bool, n *node) (uint64, arch.Errno) {
	at, errno := t.find(dirfd, addr, false)
	switch {
	case errno != 0:
		return 0, errno
	case at.node != nil:
		return 0, arch.EEXIST
	case at.slash && !dir:
		return 0, arch.ENOENT
	}
	_, errno = t.create(at, n)
	return 0, errno
}

func sysSymlink(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return sysSymlinkat(t, [6]uint64{a[0], atFDCWDWord, a[1]})
}

// atFDCWDWord is AT_FDCWD as it stands in a register.
const atFDCWDWord = ^uint64(0) - 99

func sysSymlinkat(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	target, errno := t.readPath(a[0])
	if errno != 0 {
		return 0, errno
	}
	if target == "" {
		return 0, arch.ENOENT
	}
	return t.make(fd(a[1]), a[2], false, newLink(target))
}

func sysRmdir(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.unlink(atFDCWD, a[0], true) }

func sysUnlink(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.unlink(atFDCWD, a[0], false) }

func sysUnlinkat(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if uint32(a[2])&^atRemovedir != 0 {
		return 0, arch.EINVAL
	}
	return t.unlink(fd(a[0]), a[1], a[2]&atRemovedir != 0)
}

// unlink removes a name: do_unlinkat and do_rmdir.
func (t *Thread) unlink(dirfd int, addr uint64, dir bool) (uint64, arch.Errno) {
	at, errno := t.find(dirfd, addr, false)
	switch {
	case errno != 0:
		return 0, errno
	case at.name == "" && dir:
		return 0, arch.EBUSY // ".", ".." and "/": Linux has a word for each, and Go asks for none
	case at.name == "":
		return 0, arch.EISDIR
	case at.node == nil:
		return 0, arch.ENOENT
	}
	if errno := t.mayRemove(at); errno != 0 {
		return 0, errno
	}
	switch {
	case dir && !at.node.isDir():
		return 0, arch.ENOTDIR
	case !dir && at.node.isDir():
		return 0, arch.EISDIR
	case dir && len(at.node.children) > 0:
		return 0, arch.ENOTEMPTY
	}
	t.detach(at)
	t.p.tree.release(at.node)
	return 0, 0
}

// mayRemove is may_delete. Mount points are busy.
func (t *Thread) mayRemove(at place) arch.Errno {
	id := &t.p.id
	switch {
	case at.dir.fs.fixed:
		return arch.EPERM
	case at.node.fs != at.dir.fs:
		return arch.EBUSY
	case !t.p.permits(at.dir, mayWrite|mayExec):
		return arch.EACCES
	case at.dir.mode&0o1000 != 0 && id.euid != 0 && id.euid != at.node.uid && id.euid != at.dir.uid:
		return arch.EPERM // sticky
	}
	return 0
}

// detach takes a node out of its directory.
func (t *Thread) detach(at place) {
	delete(at.dir.children, at.name)
	at.dir.time = t.p.clock.wall()
	if at.node.isDir() {
		at.dir.links--
	}
	at.node.parent, at.node.links = nil, 0
}

func sysRename(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.rename(atFDCWD, a[0], atFDCWD, a[1], false)
}

func sysRenameat(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.rename(fd(a[0]), a[1], fd(a[2]), a[3], false)
}

func sysRenameat2(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	const noReplace = 1
	if uint32(a[4])&^noReplace != 0 {
		return 0, arch.EINVAL
	}
	return t.rename(fd(a[0]), a[1], fd(a[2]), a[3], a[4]&noReplace != 0)
}

// rename is do_renameat2 and vfs_rename.
func (t *Thread) rename(fromFD int, from uint64, toFD int, to uint64, noReplace bool) (uint64, arch.Errno) {
	old, errno := t.find(fromFD, from, false)
	if errno != 0 {
		return 0, errno
	}
	new, errno := t.find(toFD, to, false)
	switch {
	case errno != 0:
		return 0, errno
	case old.name == "" || new.name == "":
		return 0, arch.EBUSY
	case old.node == nil:
		return 0, arch.ENOENT
	case new.slash && !old.node.isDir():
		return 0, arch.ENOTDIR
	case new.node != nil && noReplace:
		return 0, arch.EEXIST
	case old.dir.fs != new.dir.fs:
		return 0, arch.EXDEV
	case new.node == old.node:
		return 0, 0
	case new.dir.parent == nil:
		return 0, arch.ENOENT
	case new.dir.fs.fixed, !t.p.permits(new.dir, mayWrite|mayExec):
		return 0, arch.EACCES
	}
	if errno := t.mayRemove(old); errno != 0 {
		return 0, errno
	}
	for n := new.dir; n != t.p.tree.root; n = n.parent {
		if n == old.node {
			return 0, arch.EINVAL // a directory does not go into itself
		}
	}
	if new.node != nil {
		switch {
		case old.node.isDir() && !new.node.isDir():
			return 0, arch.ENOTDIR
		case !old.node.isDir() && new.node.isDir():
			return 0, arch.EISDIR
		case len(new.node.children) > 0:
			return 0, arch.ENOTEMPTY
		}
		if errno := t.mayRemove(new); errno != 0 {
			return 0, errno
		}
		t.detach(new)
		t.p.tree.release(new.node)
	}
	moved, links, time := old.node, old.node.links, old.node.time
	t.detach(old)
	t.p.tree.attach(new.dir, new.name, moved)
	moved.links, moved.time = links, time
	if moved.isDir() {
		new.dir.links++
	}
	new.dir.time = t.p.clock.wall()
	return 0, 0
}

func sysTruncate(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.truncatePath(a, t.p.signed(a[1]))
}

func sysTruncate64(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.truncatePath(a, t.pair(a, 1))
}

func (t *Thread) truncatePath(a [6]uint64, size int64) (uint64, arch.Errno) {
	if size < 0 {
		return 0, arch.EINVAL
	}
	n, errno := t.findNode(atFDCWD, a[0], 0)
	switch {
	case errno != 0:
		return 0, errno
	case n.isDir():
		return 0, arch.EISDIR
	case n.kind() != sIFREG:
		return 0, arch.EINVAL
	case !t.p.permits(n, mayWrite), n.fs.fixed && n.mode&0o222 == 0:
		return 0, arch.EACCES
	}
	return 0, t.truncate(n, size)
}

// truncate sets the size of a regular file; those of procfs and sysfs have none to set.
func (t *Thread) truncate(n *node, size int64) arch.Errno {
	if n.fs.fixed {
		return 0
	}
	n.time = t.p.clock.wall()
	return t.p.tree.resize(n, size)
}
