// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"math"

	"github.com/rt0-dev/rt0/arch"
)

// anonDev is st_dev of the files of anon_inodefs, which all share one inode.
const (
	anonDev = 15
	anonIno = 1
)

// anonymous is the name of a file that has no path, as /proc/self/fd tells it.
func anonymous(kind string, ino uint64) string { return fmt.Sprintf("%s:[%d]", kind, ino) }

// anonStat is what fstat says of an eventfd or an epoll set.
func anonStat(t *Thread) fileStat {
	return fileStat{
		dev: anonDev, ino: anonIno, mode: 0o600, links: 1,
		uid: t.p.id.euid, gid: t.p.id.egid, blksize: 4096, time: t.p.tree.time,
	}
}

// eventfd is a counter as a file, fs/eventfd.c.
type eventfd struct {
	p         *Process
	count     uint64
	semaphore bool
	filled    uint64
	drained   uint64
}

func (e *eventfd) seekable() bool          { return false }
func (e *eventfd) stat(t *Thread) fileStat { return anonStat(t) }
func (e *eventfd) ready() (bool, bool)     { return e.count > 0, e.count < math.MaxUint64-1 }
func (e *eventfd) edges() (uint64, uint64) { return e.filled, e.drained }
func (e *eventfd) close()                  {}

func (e *eventfd) read(t *Thread, b []byte, _ int64) (int, arch.Errno) {
	switch {
	case len(b) < 8:
		return 0, arch.EINVAL
	case e.count == 0:
		return 0, arch.EAGAIN
	}
	n := e.count
	if e.semaphore {
		n = 1
	}
	e.count -= n
	putUint(t.p.arch, b[:8], n)
	e.drained++
	e.p.filesChanged()
	return 8, 0
}

func (e *eventfd) write(t *Thread, b []byte, _ int64) (int, arch.Errno) {
	if len(b) < 8 {
		return 0, arch.EINVAL
	}
	n := getUint(t.p.arch, b[:8])
	switch {
	case n == math.MaxUint64:
		return 0, arch.EINVAL
	case n > math.MaxUint64-1-e.count:
		return 0, arch.EAGAIN
	}
	e.count += n
	e.filled++
	e.p.filesChanged()
	return 8, 0
}

func sysEventfd(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return sysEventfd2(t, [6]uint64{a[0]})
}

// sysEventfd2(initial, flags).
func sysEventfd2(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	const semaphore = 1
	flags := t.p.openFlags(a[1])
	if flags&^(semaphore|oCLOEXEC|oNONBLOCK) != 0 {
		return 0, arch.EINVAL
	}
	e := &eventfd{p: t.p, count: uint64(uint32(a[0])), semaphore: flags&semaphore != 0}
	n, errno := t.p.files.install(newDescriptor(e, oRDWR|flags&^semaphore, "anon_inode:[eventfd]"), 0)
	return uint64(n), errno
}
