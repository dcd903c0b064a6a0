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

func sysStatfs(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	n, errno := t.findNode(atFDCWD, a[0], 0)
	if errno != 0 {
		return 0, errno
	}
	return 0, t.statfs(n, a[1], t.p.arch.PtrSize)
}

func sysFstatfs(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	d := t.p.files.get(fd(a[0]))
	if d == nil {
		return 0, arch.EBADF
	}
	return 0, t.statfs(t.behind(d), a[1], t.p.arch.PtrSize)
}

// statfs64Size is sizeof(struct statfs64) of 32-bit architectures, which its caller has to name.
const statfs64Size = 84

func sysStatfs64(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if a[1] != statfs64Size {
		return 0, arch.EINVAL
	}
	n, errno := t.findNode(atFDCWD, a[0], 0)
	if errno != 0 {
		return 0, errno
	}
	return 0, t.statfs(n, a[2], 8)
}

func sysFstatfs64(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if a[1] != statfs64Size {
		return 0, arch.EINVAL
	}
	d := t.p.files.get(fd(a[0]))
	if d == nil {
		return 0, arch.EBADF
	}
	return 0, t.statfs(t.behind(d), a[2], 8)
}

// statfs fills struct statfs of include/uapi/asm-generic/statfs.h: the counters have count bytes, the other members are words.
func (t *Thread) statfs(n *node, buf uint64, count int) arch.Errno {
	tr := t.p.tree
	const block = 4096
	blocks, nodes := uint64(treeBytes/block), uint64(treeNodes)
	free := blocks - uint64(tr.bytes+block-1)/block
	if n.fs.fixed {
		blocks, free, nodes = 0, 0, 0
	}
	e := t.encode().word(n.fs.magic).word(block)
	for _, v := range []uint64{blocks, free, free, nodes, nodes - min(nodes, uint64(tr.nodes))} {
		e.uint(count, v)
	}
	e.u32(n.fs.minor).u32(0) // f_fsid
	e.word(nameMax).word(block).word(0x20)
	return t.copyOut(buf, e.pad(len(e.b)+4*t.p.arch.PtrSize).b)
}
