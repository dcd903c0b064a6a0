// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/arch"
)

const (
	pathMax     = 4096 // PATH_MAX, the zero byte included
	nameMax     = 255  // NAME_MAX
	maxSymlinks = 40   // MAXSYMLINKS, include/linux/namei.h
	// treeBytes bounds what the guest can store in files: more is ENOSPC. The tree lives in rt0's own memory, and a guest must not
	// be able to exhaust that.
	treeBytes = 64 << 20
	// treeNodes bounds the number of files and directories that a guest can make, for the same reason.
	treeNodes = 1 << 16
)

// node is an entry of the tree: a directory, a regular file, a symbolic link or a device.
type node struct {
	fs     *filesystem
	ino    uint64
	mode   uint32
	uid    uint32
	gid    uint32
	links  uint32
	time   int64 // nanoseconds of CLOCK_REALTIME at creation or the last change
	rdev   uint64
	name   string
	parent *node // the root's is the root; nil once removed

	children map[string]*node
	// list makes entries that come and go: threads, descriptors.
	list func(t *Thread) []*node
	// data is a regular file's contents; render makes them anew for files that the kernel writes.
	data   []byte
	stored int  // bytes of data that are the guest's own; the rest is shared with the image and the machine
	opens  int  // open files of it
	made   bool // by the guest
	render func(t *Thread) []byte
	// target is where a symbolic link points; follow is the node behind one whose target is no path (/proc/self/fd/1).
	target func(t *Thread) string
	follow func(t *Thread) *node
	errno  arch.Errno // every walk that comes here fails with it; ENOENT is not even listed
	// open makes the file of a device.
	open func(t *Thread) (file, arch.Errno)
}

// filesystem is what is mounted somewhere: what st_dev, statfs and /proc/self/mountinfo say.
type filesystem struct {
	kind    string // "proc"
	point   string // where it is mounted
	root    string // the directory of it that is mounted there; "": its root
	options string // super block options
	minor   uint64 // of st_dev; the major is 0, as of all file systems without a device
	magic   uint64 // statfs f_type, include/uapi/linux/magic.h
	fixed   bool   // names can be neither added nor taken: procfs, sysfs, cgroupfs
}

// tree is all the files that there are. The host's are not among them.
type tree struct {
	root   *node
	mounts []*filesystem // in the order of mounting
	cwd    *node
	exe    *node // the binary
	umask  uint32
	time   int64 // of the files that were there at the start

	ino   uint64 // last number given
	bytes int    // stored by the guest
	nodes int    // made by the guest
}

func (n *node) kind() uint32 { return n.mode & sIFMT }
func (n *node) isDir() bool  { return n.kind() == sIFDIR }
func (n *node) isLink() bool { return n.kind() == sIFLNK }

// entries are a directory's, "." and ".." left out, sorted: an order that no run changes.
func (n *node) entries(t *Thread) []*node {
	var all []*node
	if n.list != nil {
		all = n.list(t)
	}
	for _, child := range n.children {
		all = append(all, child)
	}
	all = slices.DeleteFunc(all, func(n *node) bool { return n.errno == arch.ENOENT })
	slices.SortFunc(all, func(a, b *node) int { return strings.Compare(a.name, b.name) })
	return all
}

// lookup finds a name in a directory, or nil.
func (n *node) lookup(t *Thread, name string) *node {
	if child := n.children[name]; child != nil {
		return child
	}
	if n.list != nil {
		for _, child := range n.list(t) {
			if child.name == name {
				return child
			}
		}
	}
	return nil
}

// path is the absolute path; ok is false for what has been removed.
func (n *node) path() (path string, ok bool) {
	var parts []string
	for ; n.parent != n; n = n.parent {
		if n.parent == nil {
			return "", false
		}
		parts = append(parts, n.name)
	}
	slices.Reverse(parts)
	return "/" + strings.Join(parts, "/"), true
}

// newTree makes a root with nothing in it. All files bear the time at which the machine was started.
func newTree(time int64) *tree {
	fs := &filesystem{kind: "ext4", point: "/", options: "rw", minor: 20, magic: 0xef53}
	tr := &tree{umask: 0o022, time: time, mounts: []*filesystem{fs}}
	tr.root = &node{fs: fs, ino: tr.number(), mode: sIFDIR | 0o755, links: 2, time: time, children: map[string]*node{}}
	tr.root.parent = tr.root
	tr.cwd = tr.root
	return tr
}

func (tr *tree) number() uint64 {
	tr.ino++
	return tr.ino
}

// put adds n at an absolute path, making the directories that lead there; what was there is replaced.
func (tr *tree) put(path string, n *node) *node {
	dir, last := tr.root, ""
	for name := range eachComponent(path) {
		if last != "" {
			next := dir.children[last]
			if next == nil || !next.isDir() {
				next = tr.attach(dir, last, &node{mode: sIFDIR | 0o755})
			}
			dir = next
		}
		last = name
	}
	if last == "" {
		return tr.root
	}
	return tr.attach(dir, last, n)
}

// attach enters n in a directory and fills in what it inherits.
func (tr *tree) attach(dir *node, name string, n *node) *node {
	n.name, n.parent, n.time = name, dir, max(n.time, tr.time)
	if n.fs == nil {
		n.fs = dir.fs
	}
	if n.ino == 0 {
		n.ino = tr.number()
	}
	n.links = 1
	if n.isDir() {
		n.links = 2
		if n.children == nil {
			n.children = map[string]*node{}
		}
	}
	if dir.children != nil {
		dir.children[name] = n
	}
	return n
}

// mount puts a file system's root at a path.
func (tr *tree) mount(fs *filesystem, mode uint32) *node {
	fs.minor = uint64(20 + len(tr.mounts))
	tr.mounts = append(tr.mounts, fs)
	return tr.put(fs.point, &node{fs: fs, mode: sIFDIR | mode})
}

// text adds a regular file with fixed contents.
func (tr *tree) text(path string, mode uint32, contents string) *node {
	return tr.put(path, &node{mode: sIFREG | mode, data: []byte(contents)})
}

// texts adds many, in the order of their names: inode numbers must not follow the order of a map.
func (tr *tree) texts(dir string, mode uint32, files map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		tr.text(dir+name, mode, files[name])
	}
}

// rendered adds a regular file whose contents are made when they are read.
func (tr *tree) rendered(path string, mode uint32, render func(t *Thread) []byte) *node {
	return tr.put(path, &node{mode: sIFREG | mode, render: render})
}

// symlink adds a symbolic link.
func (tr *tree) symlink(path, target string) *node {
	return tr.put(path, newLink(target))
}

func newLink(target string) *node {
	return &node{mode: sIFLNK | 0o777, target: func(*Thread) string { return target }}
}

// at is the node at a path none of whose components is a link, or nil.
func (tr *tree) at(path string) *node {
	n := tr.root
	for name := range eachComponent(path) {
		if n = n.children[name]; n == nil {
			return nil
		}
	}
	return n
}

// place is where a path leads: the last component's directory and name, and the node there, nil when the name is free.
type place struct {
	dir   *node
	name  string // "" when the path ends in "/", "." or "..": there is no name to create or to remove
	node  *node
	slash bool // the path ended in one: only a directory will do
}

// walk resolves a path from base as namei does (fs/namei.c, link_path_walk). A symbolic link in the last component is followed when
// follow says so or a slash comes after it. A missing last component is no error: place.node is nil.
func (tr *tree) walk(t *Thread, base *node, path string, follow bool) (place, arch.Errno) {
	if path == "" {
		return place{}, arch.ENOENT
	}
	if len(path) >= pathMax {
		return place{}, arch.ENAMETOOLONG
	}
	if path[0] == '/' {
		base = tr.root
	}
	at := place{dir: base.parent, node: base}
	if at.dir == nil {
		at.dir = base // a working directory that was removed
	}
	parts := components(path)
	slash := strings.HasSuffix(path, "/")
	links := 0
	for len(parts) > 0 {
		dir, name := at.node, parts[0]
		parts = parts[1:]
		switch {
		case dir == nil:
			return place{}, arch.ENOENT
		case !dir.isDir():
			return place{}, arch.ENOTDIR
		case !t.p.permits(dir, mayExec):
			return place{}, arch.EACCES
		case len(name) > nameMax:
			return place{}, arch.ENAMETOOLONG
		case name == ".":
			at = place{dir: dir, node: dir}
			continue
		case name == "..":
			if dir.parent == nil {
				return place{}, arch.ENOENT
			}
			at = place{dir: dir.parent.parent, node: dir.parent}
			continue
		}
		at = place{dir: dir, name: name, node: dir.lookup(t, name)}
		if at.node != nil && at.node.errno != 0 {
			return place{}, at.node.errno
		}
		last := len(parts) == 0 && !slash
		if at.node == nil || !at.node.isLink() || last && !follow {
			continue
		}
		if links++; links > maxSymlinks {
			return place{}, arch.ELOOP
		}
		if at.node.follow != nil {
			if at.node = at.node.follow(t); at.node == nil {
				return place{}, arch.ENOENT
			}
			continue
		}
		target := at.node.target(t)
		if target == "" {
			return place{}, arch.ENOENT
		}
		if len(parts) == 0 && strings.HasSuffix(target, "/") {
			slash = true
		}
		parts = append(components(target), parts...)
		at = place{dir: dir.parent, node: dir}
		if target[0] == '/' {
			at = place{dir: tr.root, node: tr.root}
		}
	}
	if slash && at.node != nil && !at.node.isDir() {
		return place{}, arch.ENOTDIR
	}
	at.slash = slash
	return at, 0
}

// components are the names in a path, empty ones left out.
func components(path string) []string {
	parts := make([]string, 0, strings.Count(path, "/")+1)
	for part := range eachComponent(path) {
		parts = append(parts, part)
	}
	return parts
}

// eachComponent is components one by one.
func eachComponent(path string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for path != "" {
			part, rest, _ := strings.Cut(path, "/")
			if path = rest; part != "" && !yield(part) {
				return
			}
		}
	}
}
