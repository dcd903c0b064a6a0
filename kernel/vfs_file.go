// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"math/rand/v2"

	"github.com/rt0-dev/rt0/arch"
)

// What a caller wants to do with a node, as the bits of a mode's last digit.
const (
	mayExec  = 1
	mayWrite = 2
	mayRead  = 4
)

// permits checks the mode of n as generic_permission does. Root may all but execute what nobody may.
func (p *Process) permits(n *node, want uint32) bool {
	mode := n.mode
	switch {
	case p.id.euid == 0:
		return want&mayExec == 0 || n.isDir() || mode&0o111 != 0
	case p.id.euid == n.uid:
		mode >>= 6
	case p.id.egid == n.gid:
		mode >>= 3
	}
	return mode&want == want
}

// nodeStat is what stat says of a node.
func nodeStat(t *Thread, n *node) fileStat {
	st := fileStat{
		dev: n.fs.minor, ino: n.ino, rdev: n.rdev, mode: n.mode, links: n.links, uid: n.uid, gid: n.gid,
		size: int64(len(n.data)), blksize: 4096, time: n.time,
	}
	switch {
	case n.render != nil:
		st.size = 0 // as procfs has it: the size is not known before it is read
	case n.isLink():
		st.size = int64(len(n.target(t)))
	case n.isDir() && !n.fs.fixed:
		st.size = 4096
	}
	st.blocks = (st.size + 511) / 512
	return st
}

// openNode makes the file of a node: what open gives after all its checks.
func (t *Thread) openNode(n *node) (file, arch.Errno) {
	switch {
	case n.open != nil:
		return n.open(t)
	case n.isDir():
		return &dirFile{nodeFile: nodeFile{node: n}}, 0
	case n.kind() == sIFREG:
		n.opens++
		return &regularFile{nodeFile: nodeFile{node: n}, tree: t.p.tree}, 0
	}
	return nil, arch.ENXIO
}

// nodeFile is what open files of the tree have in common: they never wait.
type nodeFile struct{ node *node }

func (f *nodeFile) inode() *node            { return f.node }
func (f *nodeFile) stat(t *Thread) fileStat { return nodeStat(t, f.node) }
func (f *nodeFile) seekable() bool          { return true }
func (f *nodeFile) ready() (bool, bool)     { return true, true }
func (f *nodeFile) close()                  {}

// regularFile is an open regular file, stored or rendered.
type regularFile struct {
	nodeFile
	tree     *tree
	rendered []byte
}

// contents are the bytes to read at off. What the kernel writes is made anew whenever reading starts at the front, as seq_read does.
func (f *regularFile) contents(t *Thread, off int64) []byte {
	if f.node.render == nil {
		return f.node.data
	}
	if off == 0 || f.rendered == nil {
		f.rendered = f.node.render(t)
	}
	return f.rendered
}

func (f *regularFile) read(t *Thread, b []byte, off int64) (int, arch.Errno) {
	data := f.contents(t, off)
	if off >= int64(len(data)) {
		return 0, 0
	}
	return copy(b, data[off:]), 0
}

func (f *regularFile) write(t *Thread, b []byte, off int64) (int, arch.Errno) {
	if f.node.fs.fixed {
		return 0, arch.EINVAL // a file of procfs or sysfs that takes no such value
	}
	if len(b) == 0 {
		return 0, 0
	}
	end := off + int64(len(b))
	if end < off {
		return 0, arch.EFBIG
	}
	if errno := f.tree.resize(f.node, max(end, int64(len(f.node.data)))); errno != 0 {
		return 0, errno
	}
	f.node.time = t.p.clock.wall()
	return copy(f.node.data[off:], b), 0
}

func (f *regularFile) close() {
	f.node.opens--
	f.tree.release(f.node)
}

// resize makes a file's contents size bytes long, and the guest's own: what was there at the start is shared with the image of the
// binary and with mappings, and is left alone. New bytes are zero.
func (tr *tree) resize(n *node, size int64) arch.Errno {
	if size > treeBytes || int64(tr.bytes-n.stored)+size > treeBytes {
		return arch.ENOSPC
	}
	tr.bytes += int(size) - n.stored
	if n.stored > 0 && size <= int64(cap(n.data)) {
		old := len(n.data)
		n.data = n.data[:size]
		clear(n.data[min(old, len(n.data)):])
	} else {
		room := size
		if n.stored > 0 {
			room = min(2*size, treeBytes) // a file that grows will grow on
		}
		data := make([]byte, size, room)
		copy(data, n.data)
		n.data = data
	}
	n.stored = int(size)
	return 0
}

// release frees the room of a file that has neither a name nor a user.
func (tr *tree) release(n *node) {
	if n.parent == nil && n.opens == 0 && n.made {
		tr.bytes -= n.stored
		tr.nodes--
		n.made = false
	}
}

// dirFile is an open directory.
type dirFile struct {
	nodeFile
	listing []*node // as of the last read from the start
}

func (f *dirFile) read(*Thread, []byte, int64) (int, arch.Errno)  { return 0, arch.EISDIR }
func (f *dirFile) write(*Thread, []byte, int64) (int, arch.Errno) { return 0, arch.EISDIR }

// device is a character device: what reading and writing do.
type device struct {
	nodeFile
	onRead  func(t *Thread, b []byte) (int, arch.Errno)
	onWrite func(b []byte) (int, arch.Errno)
}

func (d *device) read(t *Thread, b []byte, _ int64) (int, arch.Errno)  { return d.onRead(t, b) }
func (d *device) write(_ *Thread, b []byte, _ int64) (int, arch.Errno) { return d.onWrite(b) }

func endOfFile(*Thread, []byte) (int, arch.Errno) { return 0, 0 }
func swallow(b []byte) (int, arch.Errno)          { return len(b), 0 }

func zeroes(_ *Thread, b []byte) (int, arch.Errno) {
	clear(b)
	return len(b), 0
}

// capture is what stdout and stderr are: the write end of a pipe whose reader keeps the first bytes and drops the rest.
type capture struct {
	ino   uint64
	limit int
	bytes []byte
	cut   bool
}

func (c *capture) read(*Thread, []byte, int64) (int, arch.Errno) { return 0, arch.EBADF }

func (c *capture) write(_ *Thread, b []byte, _ int64) (int, arch.Errno) {
	keep := min(len(b), c.limit-len(c.bytes))
	c.bytes = append(c.bytes, b[:keep]...)
	c.cut = c.cut || keep < len(b)
	return len(b), 0
}

func (c *capture) stat(t *Thread) fileStat {
	return fileStat{dev: pipeDev, ino: c.ino, mode: sIFIFO | 0o600, links: 1, uid: t.p.id.euid, gid: t.p.id.egid, blksize: 4096, time: t.p.tree.time}
}

func (c *capture) seekable() bool      { return false }
func (c *capture) ready() (bool, bool) { return false, true }
func (c *capture) close()              {}

// pipeDev is st_dev of pipes: the minor of pipefs, a file system that is mounted nowhere.
const pipeDev = 14

// shared is a file opened a second time through /proc/self/fd: closing it leaves the first alone.
type shared struct{ file }

func (shared) close() {}

// randomStream is a reproducible stream of bytes for one purpose, from the machine's seed. ChaCha8's output is fixed by the
// documentation of math/rand/v2, so that it will not change with a toolchain.
func randomStream(seed []byte, purpose string) *rand.ChaCha8 {
	var key [32]byte
	copy(key[:16], seed)
	copy(key[16:], purpose)
	return rand.NewChaCha8(key)
}
