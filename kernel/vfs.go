// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"github.com/rt0-dev/rt0/arch"
)

// The flags of open, as most architectures number them; those that differ are translated on entry (openFlags).
const (
	oAccMode   = 0o3
	oRDONLY    = 0o0
	oWRONLY    = 0o1
	oRDWR      = 0o2
	oCREAT     = 0o100
	oEXCL      = 0o200
	oTRUNC     = 0o1000
	oAPPEND    = 0o2000
	oNONBLOCK  = 0o4000
	oDIRECTORY = 0o200000
	oNOFOLLOW  = 0o400000
	oCLOEXEC   = 0o2000000
	oPATH      = 0o10000000
	oTMPFILE   = 0o20000000 | oDIRECTORY
	oLARGEFILE = 0o100000
)

// The bits of st_mode.
const (
	sIFMT  = 0o170000
	sIFIFO = 0o010000
	sIFCHR = 0o020000
	sIFDIR = 0o040000
	sIFREG = 0o100000
	sIFLNK = 0o120000
	sIFSOC = 0o140000
)

// file is what a descriptor refers to: a file of the tree, a pipe, an event counter, an epoll set.
//
// read and write move bytes at off, which files without a position (seekable says false) pass over. They never wait: what would
// block returns EAGAIN, and the caller of the handler decides between that and a blocked thread.
type file interface {
	read(t *Thread, b []byte, off int64) (int, arch.Errno)
	write(t *Thread, b []byte, off int64) (int, arch.Errno)
	stat(t *Thread) fileStat
	seekable() bool
	// ready says whether a read and a write would go on without waiting; end of file and errors count as ready.
	ready() (readable, writable bool)
	// close is called once, when the last descriptor is gone.
	close()
}

// fileStat is what stat and statx say, before it is laid out for an architecture.
type fileStat struct {
	dev, ino, rdev uint64
	mode           uint32
	links          uint32
	uid, gid       uint32
	size           int64
	blksize        int64
	blocks         int64 // of 512 bytes
	time           int64 // atime, mtime, ctime: nanoseconds of CLOCK_REALTIME
}

// description is Linux's open file description: what dup shares.
type description struct {
	file  file
	flags int // O_* of the open, as F_GETFL tells them: without O_CREAT and its like
	pos   int64
	path  string // what /proc/self/fd says
	refs  int
}

func (d *description) readable() bool { return d.flags&oPATH == 0 && d.flags&oAccMode != oWRONLY }
func (d *description) writable() bool { return d.flags&oPATH == 0 && d.flags&oAccMode != oRDONLY }

// descriptor is a number's entry in the table: a description, and the mark that dup does not share.
type descriptor struct {
	*description
	cloexec bool
}

// newDescriptor makes a descriptor of a file that is in no table yet. Pipes and the like have no path: Linux names them
// "pipe:[ino]", "anon_inode:[eventfd]".
func newDescriptor(f file, flags int, path string) *descriptor {
	return &descriptor{
		description: &description{file: f, flags: flags &^ (oCREAT | oEXCL | oTRUNC | oCLOEXEC), path: path},
		cloexec:     flags&oCLOEXEC != 0,
	}
}

// fileTable is the table of descriptors of the process. The numbers are given as POSIX wants it: the lowest free one.
type fileTable struct {
	open  []*descriptor // by number; nil: free
	limit int           // RLIMIT_NOFILE, one above the highest number
}

// get returns the descriptor of a number, or nil (EBADF).
func (f *fileTable) get(fd int) *descriptor {
	if fd < 0 || fd >= len(f.open) {
		return nil
	}
	return f.open[fd]
}

// free is the lowest free number from min on, -1 when the limit is reached.
func (f *fileTable) free(min int) int {
	n := min
	for n < len(f.open) && f.open[n] != nil {
		n++
	}
	if n >= f.limit {
		return -1
	}
	return n
}

// install gives d the lowest free number from min on. EMFILE when the limit is reached.
func (f *fileTable) install(d *descriptor, min int) (int, arch.Errno) {
	n := f.free(min)
	if n < 0 {
		return 0, arch.EMFILE
	}
	f.put(d, n)
	return n, 0
}

// put stores d at a number that the caller has checked against the limit, closing what was there.
func (f *fileTable) put(d *descriptor, fd int) {
	for fd >= len(f.open) {
		f.open = append(f.open, nil)
	}
	f.remove(fd)
	d.refs++
	f.open[fd] = d
}

// remove frees a number and closes the file when it was the last; false: it was free already (EBADF).
func (f *fileTable) remove(fd int) bool {
	d := f.get(fd)
	if d == nil {
		return false
	}
	f.open[fd] = nil
	if d.refs--; d.refs == 0 {
		d.file.close()
	}
	return true
}
