// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import "github.com/rt0-dev/rt0/arch"

var statCalls = []call{
	{name: "fstat", do: sysFstat},
	{name: "fstat64", do: sysFstat64},
	{name: "stat", do: sysStat},
	{name: "stat64", do: sysStat64},
	{name: "lstat", do: sysLstat},
	{name: "lstat64", do: sysLstat64},
	{name: "newfstatat", do: sysFstatat},
	{name: "fstatat", do: sysFstatat},
	{name: "fstatat64", do: sysFstatat},
	{name: "statx", do: sysStatx},
	{name: "statfs", do: sysStatfs},
	{name: "fstatfs", do: sysFstatfs},
	{name: "statfs64", do: sysStatfs64},
	{name: "fstatfs64", do: sysFstatfs64},
}

// old says that the call fills an older structure than the one that package arch knows: on architectures with fstat64, that is
// fstat's. Go uses none of them there.
func (t *Thread) old(a func(*Thread, [6]uint64) (uint64, arch.Errno), args [6]uint64) (uint64, arch.Errno) {
	if t.p.id.stat64 {
		t.p.event("syscall", t.call.name, "the structure of before stat64 is not supported: returned ENOSYS")
		return 0, arch.ENOSYS
	}
	return a(t, args)
}

func sysFstat(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.old(sysFstat64, a) }
func sysStat(t *Thread, a [6]uint64) (uint64, arch.Errno)  { return t.old(sysStat64, a) }
func sysLstat(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.old(sysLstat64, a) }

func sysFstat64(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	d := t.p.files.get(fd(a[0]))
	if d == nil {
		return 0, arch.EBADF
	}
	return 0, t.copyOut(a[1], t.encodeStat(d.file.stat(t)))
}

func sysStat64(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.statPath(atFDCWD, a[0], a[1], 0)
}

func sysLstat64(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.statPath(atFDCWD, a[0], a[1], atSymlinkNofollow)
}

func sysFstatat(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if uint32(a[3])&^(atSymlinkNofollow|atNoAutomount|atEmptyPath|atStatxSync) != 0 {
		return 0, arch.EINVAL
	}
	return t.statPath(fd(a[0]), a[1], a[2], a[3])
}

func (t *Thread) statPath(dirfd int, addr, buf, flags uint64) (uint64, arch.Errno) {
	n, errno := t.findNode(dirfd, addr, flags)
	if errno != 0 {
		return 0, errno
	}
	return 0, t.copyOut(buf, t.encodeStat(nodeStat(t, n)))
}

// sysStatx fills the basic fields; the birth time is the only one of the others that anything has.
func sysStatx(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	const basicStats, reserved = 0x7ff, 0x80000000
	if uint32(a[2])&^(atSymlinkNofollow|atNoAutomount|atEmptyPath|atStatxSync) != 0 || a[2]&atStatxSync == atStatxSync ||
		a[3]&reserved != 0 {
		return 0, arch.EINVAL
	}
	n, errno := t.findNode(fd(a[0]), a[1], a[2])
	if errno != 0 {
		return 0, errno
	}
	st := nodeStat(t, n)
	e := t.encode()
	e.u32(basicStats).u32(uint64(st.blksize)).u64(0).u32(uint64(st.links)).u32(uint64(st.uid)).u32(uint64(st.gid))
	e.u16(uint64(st.mode)).u16(0).u64(st.ino).u64(uint64(st.size)).u64(uint64(st.blocks)).u64(0)
	for range 4 { // atime, btime, ctime, mtime
		e.u64(uint64(st.time / second)).u32(uint64(st.time % second)).u32(0)
	}
	e.u32(st.rdev >> 8).u32(st.rdev & 0xff).u32(0).u32(st.dev)
	return 0, t.copyOut(a[4], e.pad(256).b)
}

func sysStatfs(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.old(statfsPath, a) }

func statfsPath(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	n, errno := t.findNode(atFDCWD, a[0], 0)
	if errno != 0 {
		return 0, errno
	}
	return 0, t.statfs(n, a[1])
}

func sysFstatfs(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.old(statfsFile, a) }

func statfsFile(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	d := t.p.files.get(fd(a[0]))
	if d == nil {
		return 0, arch.EBADF
	}
	return 0, t.statfs(t.behind(d), a[1])
}

// sized drops the argument of statfs64 and fstatfs64 that says how large the structure is; !ok: it is not.
func (t *Thread) sized(a [6]uint64) (without [6]uint64, ok bool) {
	layouts := &t.p.arch.Structs
	return [6]uint64{a[0], a[2]}, a[1] == uint64(layouts.Statfs.Size) || layouts.StatfsPadded != 0 && a[1] == uint64(layouts.StatfsPadded)
}

func sysStatfs64(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	a, ok := t.sized(a)
	if !ok {
		return 0, arch.EINVAL
	}
	return statfsPath(t, a)
}

func sysFstatfs64(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	a, ok := t.sized(a)
	if !ok {
		return 0, arch.EINVAL
	}
	return statfsFile(t, a)
}

// statfs fills the architecture's structure.
func (t *Thread) statfs(n *node, buf uint64) arch.Errno {
	tr := t.p.tree
	const block = 4096
	blocks, nodes := uint64(treeBytes/block), uint64(treeNodes)
	free := blocks - uint64(tr.bytes+block-1)/block
	if n.fs.fixed {
		blocks, free, nodes = 0, 0, 0
	}
	values := map[string]uint64{
		"f_type": n.fs.magic, "f_bsize": block, "f_frsize": block, "f_blocks": blocks, "f_bfree": free, "f_bavail": free,
		"f_files": nodes, "f_ffree": nodes - min(nodes, uint64(tr.nodes)), "f_fsid": uint64(n.fs.minor), "f_namelen": nameMax,
		"f_flags": 0x20, // ST_VALID of linux/statfs.h
	}
	layout := &t.p.arch.Structs.Statfs
	b := make([]byte, layout.Size)
	for _, f := range layout.Fields {
		putUint(t.p.arch, b[f.Offset:f.Offset+f.Size], values[f.Name])
	}
	return t.copyOut(buf, b)
}
