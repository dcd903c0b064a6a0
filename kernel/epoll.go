// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"slices"

	"github.com/rt0-dev/rt0/arch"
)

// The flags of epoll_ctl, include/uapi/linux/eventpoll.h.
const (
	epollCtlAdd = 1
	epollCtlDel = 2
	epollCtlMod = 3

	epollExclusive = 1 << 28
	epollWakeup    = 1 << 29
	epollOneshot   = 1 << 30
	epollET        = 1 << 31
)

// pollReads and pollWrites are the events that a file's reading and writing edges are about.
const (
	pollReads  = pollIn | pollRdNorm | pollHup | pollRdHup
	pollWrites = pollOut | pollWrNorm | pollErr
)

// maxEpollItems bounds one set (max_user_watches): ENOSPC.
const maxEpollItems = 65_536

// epoll is a set of files to wait for, fs/eventpoll.c. Files are looked at when somebody waits; the order of what is reported is that
// of registration, and rotates so that a full report does not starve the rest.
type epoll struct {
	p     *Process
	items []*epollItem
	next  int  // where the next report starts
	inner bool // it is, or was, in another set
}

// epollItem is a registration. As on Linux it belongs to a number and a description, and goes with the description's last descriptor.
type epollItem struct {
	fd          int
	d           *description
	events      uint32
	data        uint64
	off         bool   // EPOLLONESHOT has fired
	told        bool   // it has reported something
	read, write uint64 // EPOLLET: the edges reported last
}

func (e *epoll) seekable() bool                                 { return false }
func (e *epoll) stat(t *Thread) fileStat                        { return anonStat(t) }
func (e *epoll) read(*Thread, []byte, int64) (int, arch.Errno)  { return 0, arch.EINVAL }
func (e *epoll) write(*Thread, []byte, int64) (int, arch.Errno) { return 0, arch.EINVAL }
func (e *epoll) close()                                         { e.items = nil }
func (e *epoll) ready() (bool, bool) {
	e.sweep()
	return slices.ContainsFunc(e.items, func(i *epollItem) bool { return i.due() != 0 }), false
}

// sweep drops the items whose file is closed.
func (e *epoll) sweep() {
	e.items = slices.DeleteFunc(e.items, func(i *epollItem) bool { return i.d.refs == 0 })
}

// due is what an item would report now.
func (i *epollItem) due() uint32 {
	if i.off {
		return 0
	}
	got := i.d.poll() & (i.events | pollErr | pollHup)
	if got == 0 || i.events&epollET == 0 {
		return got
	}
	// ep_poll_callback passes over a wake-up whose events the item does not ask for.
	read, write := i.edges()
	if i.told && (i.events&pollReads == 0 || read == i.read) && (i.events&pollWrites == 0 || write == i.write) {
		return 0
	}
	return got
}

func (i *epollItem) edges() (uint64, uint64) {
	if f, ok := i.d.file.(edges); ok {
		return f.edges()
	}
	return 0, 0
}

// reported notes that an item's events were told.
func (i *epollItem) reported() {
	i.told = true
	i.read, i.write = i.edges()
	i.off = i.events&epollOneshot != 0
}

// collect takes up to n ready items.
func (e *epoll) collect(t *Thread, n int) []byte {
	e.sweep()
	var b []byte
	layout := &t.p.arch.Structs
	count, all := 0, len(e.items)
	start := e.next
	for k := range all {
		if count == n {
			break
		}
		i := e.items[(start+k)%all]
		got := i.due()
		if got == 0 {
			continue
		}
		i.reported()
		at := len(b)
		b = append(b, make([]byte, layout.EpollEvent)...)
		putUint(t.p.arch, b[at:at+4], uint64(got))
		putUint(t.p.arch, b[at+layout.EpollData:at+layout.EpollData+8], i.data)
		count++
		e.next = (start + k + 1) % all
	}
	return b
}

func sysEpollCreate(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if int32(a[0]) <= 0 {
		return 0, arch.EINVAL
	}
	return sysEpollCreate1(t, [6]uint64{})
}

func sysEpollCreate1(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	flags := int(a[0])
	if flags&^oCLOEXEC != 0 {
		return 0, arch.EINVAL
	}
	n, errno := t.p.files.install(newDescriptor(&epoll{p: t.p}, oRDWR|flags, "anon_inode:[eventpoll]"), 0)
	return uint64(n), errno
}

// epollOf is the set behind a descriptor.
func (t *Thread) epollOf(fd uint64) (*epoll, arch.Errno) {
	d := t.p.files.get(int(int32(fd)))
	if d == nil {
		return nil, arch.EBADF
	}
	e, ok := d.file.(*epoll)
	if !ok {
		return nil, arch.EINVAL
	}
	return e, 0
}

// sysEpollCtl(epfd, op, fd, event).
func sysEpollCtl(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	p, layout := t.p, &t.p.arch.Structs
	op, number := int(int32(a[1])), int(int32(a[2]))
	var events uint32
	var data uint64
	if op != epollCtlDel {
		b := make([]byte, layout.EpollEvent)
		if errno := t.copyIn(a[3], b); errno != 0 {
			return 0, errno
		}
		events = uint32(getUint(p.arch, b[:4])) &^ (epollExclusive | epollWakeup)
		data = getUint(p.arch, b[layout.EpollData:layout.EpollData+8])
	}
	d := p.files.get(number)
	if d == nil || p.files.get(int(int32(a[0]))) == nil {
		return 0, arch.EBADF
	}
	e, errno := t.epollOf(a[0])
	if errno != 0 {
		return 0, errno
	}
	if errno := e.accepts(d.description); errno != 0 {
		return 0, errno
	}
	e.sweep()
	at := slices.IndexFunc(e.items, func(i *epollItem) bool { return i.fd == number && i.d == d.description })
	switch {
	case op == epollCtlAdd && at >= 0:
		return 0, arch.EEXIST
	case op == epollCtlAdd && len(e.items) >= maxEpollItems:
		return 0, arch.ENOSPC
	case op == epollCtlAdd:
		e.items = append(e.items, &epollItem{fd: number, d: d.description, events: events, data: data})
	case at < 0 && (op == epollCtlMod || op == epollCtlDel):
		return 0, arch.ENOENT
	case op == epollCtlMod:
		*e.items[at] = epollItem{fd: number, d: d.description, events: events, data: data}
	case op == epollCtlDel:
		e.items = slices.Delete(e.items, at, at+1)
	default:
		return 0, arch.EINVAL
	}
	p.filesChanged()
	return 0, 0
}

// accepts says whether a file can be in the set: not the set itself, and only files that can be polled. Sets nest one deep: a set in a
// set holds no sets (Linux allows five levels, and counts the paths).
func (e *epoll) accepts(d *description) arch.Errno {
	if inner, ok := d.file.(*epoll); ok {
		if inner == e {
			return arch.EINVAL
		}
		if e.inner || slices.ContainsFunc(inner.items, func(i *epollItem) bool { _, nested := i.d.file.(*epoll); return nested }) {
			return arch.ELOOP
		}
		inner.inner = true
		return 0
	}
	if d.file.seekable() {
		return arch.EPERM // regular files and directories have no poll
	}
	return 0
}

// sysEpollWait(epfd, events, max, milliseconds).
func sysEpollWait(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.epollWait(a, t.afterMillis(a[3]))
}

// sysEpollPwait(epfd, events, max, milliseconds, mask, size).
func sysEpollPwait(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if errno := t.maskFor(a[4], a[5]); errno != 0 {
		return 0, errno
	}
	return t.epollWait(a, t.afterMillis(a[3]))
}

// sysEpollPwait2(epfd, events, max, timespec, mask, size).
func sysEpollPwait2(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	deadline, errno := t.afterTimespec(a[3], true)
	if errno != 0 {
		return 0, errno
	}
	if errno := t.maskFor(a[4], a[5]); errno != 0 {
		return 0, errno
	}
	return t.epollWait(a, deadline)
}

func (t *Thread) epollWait(a [6]uint64, deadline int64) (uint64, arch.Errno) {
	size := t.p.arch.Structs.EpollEvent
	n := int(int32(a[2]))
	if n <= 0 {
		return 0, arch.EINVAL
	}
	e, errno := t.epollOf(a[0])
	if errno != 0 {
		return 0, errno
	}
	return t.waitFor(deadline, func() (uint64, arch.Errno, bool) {
		b := e.collect(t, n)
		if len(b) == 0 {
			return 0, 0, false
		}
		return uint64(len(b) / size), t.copyOut(a[1], b), true
	}, nothing)
}
