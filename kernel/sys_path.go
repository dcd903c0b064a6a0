// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"github.com/rt0-dev/rt0/arch"
)

var pathCalls = []call{
	{name: "open", do: sysOpen},
	{name: "openat", do: sysOpenat},
	{name: "openat2", do: refuse(arch.ENOSYS), support: refused, note: "ENOSYS: callers fall back on openat"},
	{name: "creat", do: sysCreat},
	{name: "access", do: sysAccess},
	{name: "faccessat", do: sysFaccessat},
	{name: "faccessat2", do: sysFaccessat2},
	{name: "readlink", do: sysReadlink},
	{name: "readlinkat", do: sysReadlinkat},
	{name: "getcwd", do: sysGetcwd},
	{name: "chdir", do: sysChdir},
	{name: "fchdir", do: sysFchdir},
	{name: "mkdir", do: sysMkdir},
	{name: "mkdirat", do: sysMkdirat},
	{name: "rmdir", do: sysRmdir},
	{name: "unlink", do: sysUnlink},
	{name: "unlinkat", do: sysUnlinkat},
	{name: "rename", do: sysRename},
	{name: "renameat", do: sysRenameat},
	{name: "renameat2", do: sysRenameat2, support: partial, note: "RENAME_EXCHANGE and RENAME_WHITEOUT: EINVAL"},
	{name: "symlink", do: sysSymlink},
	{name: "symlinkat", do: sysSymlinkat},
	{name: "link", do: refuse(arch.EPERM), support: refused, note: "EPERM, as of a file system without hard links"},
	{name: "linkat", do: refuse(arch.EPERM), support: refused, note: "EPERM, as of a file system without hard links"},
	{name: "truncate", do: sysTruncate},
	{name: "truncate64", do: sysTruncate64},
	{name: "umask", do: sysUmask},
}

// atFDCWD stands for the working directory where a directory's descriptor is asked for; the others are flags of the *at calls.
const (
	atFDCWD           = -100
	atSymlinkNofollow = 0x100
	atRemovedir       = 0x200
	atEaccess         = 0x200
	atNoAutomount     = 0x800
	atEmptyPath       = 0x1000
	atStatxSync       = 0x6000
)

// start is the directory that a path of an *at call is looked up from.
func (t *Thread) start(dirfd int, path string) (*node, arch.Errno) {
	if len(path) > 0 && path[0] == '/' {
		return t.p.tree.root, 0
	}
	if dirfd == atFDCWD {
		return t.p.tree.cwd, 0
	}
	d := t.p.files.get(dirfd)
	if d == nil {
		return nil, arch.EBADF
	}
	n := nodeOf(d.file)
	if n == nil || !n.isDir() {
		return nil, arch.ENOTDIR
	}
	return n, 0
}

// nodeOf is the node of an open file of the tree, nil for any other file.
func nodeOf(f file) *node {
	if n, ok := f.(interface{ inode() *node }); ok {
		return n.inode()
	}
	return nil
}

// find reads a path from the guest's memory and walks it.
func (t *Thread) find(dirfd int, addr uint64, follow bool) (place, arch.Errno) {
	path, errno := t.readPath(addr)
	if errno != 0 {
		return place{}, errno
	}
	base, errno := t.start(dirfd, path)
	if errno != 0 && path != "" {
		return place{}, errno
	}
	return t.p.tree.walk(t, base, path, follow)
}

// findNode is find for what must be there. With AT_EMPTY_PATH, an empty path is the descriptor's own file.
func (t *Thread) findNode(dirfd int, addr, flags uint64) (*node, arch.Errno) {
	at, errno := t.find(dirfd, addr, flags&atSymlinkNofollow == 0)
	switch {
	case errno == arch.ENOENT && flags&atEmptyPath != 0:
		if path, _ := t.readPath(addr); path != "" {
			return nil, errno
		}
		if dirfd == atFDCWD {
			return t.p.tree.cwd, 0
		}
		d := t.p.files.get(dirfd)
		if d == nil {
			return nil, arch.EBADF
		}
		return t.behind(d), 0
	case errno != 0:
		return nil, errno
	case at.node == nil:
		return nil, arch.ENOENT
	}
	return at.node, 0
}

func sysOpen(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.open(atFDCWD, a[0], a[1], a[2]) }

func sysOpenat(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.open(fd(a[0]), a[1], a[2], a[3])
}

func sysCreat(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.open(atFDCWD, a[0], t.p.guestFlags(oCREAT|oWRONLY|oTRUNC), a[1])
}

// open is do_sys_openat2: path_openat with the checks of may_open.
func (t *Thread) open(dirfd int, addr, rawFlags, mode uint64) (uint64, arch.Errno) {
	flags := t.p.openFlags(rawFlags)
	if flags&oPATH != 0 {
		flags &= oPATH | oDIRECTORY | oNOFOLLOW | oCLOEXEC
	}
	if flags&oTMPFILE == oTMPFILE {
		return 0, arch.EOPNOTSUPP
	}
	path, errno := t.readPath(addr)
	switch {
	case errno != 0:
		return 0, errno
	case path == "":
		return 0, arch.ENOENT
	case t.p.files.free(0) < 0:
		return 0, arch.EMFILE
	}
	base, errno := t.start(dirfd, path)
	if errno != 0 {
		return 0, errno
	}
	at, errno := t.p.tree.walk(t, base, path, flags&oNOFOLLOW == 0 && flags&(oCREAT|oEXCL) != oCREAT|oEXCL)
	if errno != 0 {
		return 0, errno
	}
	n := at.node
	if n == nil {
		if flags&oCREAT == 0 {
			return 0, arch.ENOENT
		}
		if at.slash {
			return 0, arch.EISDIR
		}
		if n, errno = t.create(at, &node{mode: sIFREG | uint32(mode)&0o7777}); errno != 0 {
			return 0, errno
		}
	} else if errno := t.mayOpen(n, flags); errno != 0 {
		return 0, errno
	}
	var f file
	if flags&oPATH != 0 {
		f = &pathFile{nodeFile{node: n}}
	} else if f, errno = t.openNode(n); errno != 0 {
		return 0, errno
	}
	name, _ := n.path()
	if t.p.arch.PtrSize == 8 && flags&oPATH == 0 {
		flags |= oLARGEFILE // force_o_largefile
	}
	number, errno := t.p.files.install(newDescriptor(f, flags, name), 0)
	return uint64(number), errno
}

// mayOpen checks that a node that is there can be opened so, and truncates it when that is asked.
func (t *Thread) mayOpen(n *node, flags int) arch.Errno {
	write := flags&oAccMode != oRDONLY
	want := []uint32{mayRead, mayWrite, mayRead | mayWrite, mayRead | mayWrite}[flags&oAccMode]
	switch {
	case flags&(oCREAT|oEXCL) == oCREAT|oEXCL:
		return arch.EEXIST
	case flags&oDIRECTORY != 0 && !n.isDir():
		return arch.ENOTDIR
	case flags&oPATH != 0:
		return 0
	case n.isLink():
		return arch.ELOOP
	case n.isDir() && (write || flags&oCREAT != 0):
		return arch.EISDIR
	case !t.p.permits(n, want), write && n.fs.fixed && n.mode&0o222 == 0:
		return arch.EACCES
	case n.kind() == sIFREG && flags&oTRUNC != 0 && write && !n.fs.fixed:
		return t.p.tree.resize(n, 0)
	}
	return 0
}

// create makes a node at a free place.
func (t *Thread) create(at place, n *node) (*node, arch.Errno) {
	tr := t.p.tree
	switch {
	case at.dir.parent == nil:
		return nil, arch.ENOENT // the directory has been removed
	case at.dir.fs.fixed, !t.p.permits(at.dir, mayWrite|mayExec):
		return nil, arch.EACCES
	case tr.nodes >= treeNodes:
		return nil, arch.ENOSPC
	}
	tr.nodes++
	n.made = true
	if !n.isLink() {
		n.mode &^= tr.umask
	}
	n.uid, n.gid = t.p.id.euid, t.p.id.egid
	tr.attach(at.dir, at.name, n)
	n.time = t.p.clock.wall()
	at.dir.time = n.time
	if n.isDir() {
		at.dir.links++
	}
	return n, 0
}

// pathFile is what O_PATH opens: a place, of which nothing can be read.
type pathFile struct{ nodeFile }

func (f *pathFile) read(*Thread, []byte, int64) (int, arch.Errno)  { return 0, arch.EBADF }
func (f *pathFile) write(*Thread, []byte, int64) (int, arch.Errno) { return 0, arch.EBADF }

func sysAccess(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.access(atFDCWD, a[0], a[1], 0) }

func sysFaccessat(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.access(fd(a[0]), a[1], a[2], 0)
}

func sysFaccessat2(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if a[3]&^(atEaccess|atSymlinkNofollow|atEmptyPath) != 0 {
		return 0, arch.EINVAL
	}
	return t.access(fd(a[0]), a[1], a[2], a[3])
}

// access is do_faccessat. Real and effective user are the same.
func (t *Thread) access(dirfd int, addr, mode, flags uint64) (uint64, arch.Errno) {
	if uint32(mode)&^7 != 0 {
		return 0, arch.EINVAL
	}
	n, errno := t.findNode(dirfd, addr, flags)
	if errno != 0 {
		return 0, errno
	}
	if !t.p.permits(n, uint32(mode)) {
		return 0, arch.EACCES
	}
	return 0, 0
}

func sysReadlink(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.readlink(atFDCWD, a[0], a[1], a[2])
}

func sysReadlinkat(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.readlink(fd(a[0]), a[1], a[2], a[3])
}

func (t *Thread) readlink(dirfd int, addr, buf, size uint64) (uint64, arch.Errno) {
	if int32(size) <= 0 {
		return 0, arch.EINVAL
	}
	n, errno := t.findNode(dirfd, addr, atSymlinkNofollow|atEmptyPath)
	if errno != 0 {
		return 0, errno
	}
	if !n.isLink() {
		return 0, arch.EINVAL
	}
	target := n.target(t)
	target = target[:min(len(target), int(int32(size)))]
	return uint64(len(target)), t.copyOut(buf, []byte(target))
}

// sysGetcwd returns the length with the zero byte, as the call itself does; the C library's pointer is its own doing.
func sysGetcwd(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	path, ok := t.p.tree.cwd.path()
	if !ok {
		return 0, arch.ENOENT
	}
	if uint64(len(path)+1) > a[1] {
		return 0, arch.ERANGE
	}
	return uint64(len(path) + 1), t.copyOut(a[0], append([]byte(path), 0))
}

func sysChdir(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	n, errno := t.findNode(atFDCWD, a[0], 0)
	if errno != 0 {
		return 0, errno
	}
	return 0, t.chdir(n)
}

func sysFchdir(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	d := t.p.files.get(fd(a[0]))
	if d == nil {
		return 0, arch.EBADF
	}
	n := nodeOf(d.file)
	if n == nil {
		return 0, arch.ENOTDIR
	}
	return 0, t.chdir(n)
}

func (t *Thread) chdir(n *node) arch.Errno {
	switch {
	case !n.isDir():
		return arch.ENOTDIR
	case !t.p.permits(n, mayExec):
		return arch.EACCES
	}
	t.p.tree.cwd = n
	return 0
}

func sysUmask(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	old := t.p.tree.umask
	t.p.tree.umask = uint32(a[0]) & 0o777
	return uint64(old), 0
}
