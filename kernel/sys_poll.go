// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"github.com/rt0-dev/rt0/arch"
)

var pollCalls = []call{
	{name: "pipe", do: sysPipe},
	{name: "pipe2", do: sysPipe2, support: partial, note: "O_DIRECT makes an ordinary pipe"},
	{name: "eventfd", do: sysEventfd},
	{name: "eventfd2", do: sysEventfd2},
	{name: "epoll_create", do: sysEpollCreate},
	{name: "epoll_create1", do: sysEpollCreate1},
	{name: "epoll_ctl", do: sysEpollCtl, support: partial, note: "EPOLLEXCLUSIVE and EPOLLWAKEUP are ignored; sets nest one deep"},
	{name: "epoll_wait", do: sysEpollWait},
	{name: "epoll_pwait", do: sysEpollPwait},
	{name: "epoll_pwait2", do: sysEpollPwait2},
	{name: "poll", do: sysPoll},
	{name: "ppoll", do: sysPpoll},
	{name: "ppoll_time64", do: sysPpoll64},
	{name: "select", do: sysSelect, support: partial, note: "ENOSYS where it is the old call with one argument (386)"},
	{name: "_newselect", do: sysNewselect},
	{name: "pselect6", do: sysPselect6},
	{name: "pselect6_time64", do: sysPselect664},
}

// The events of poll and epoll, include/uapi/asm-generic/poll.h.
const (
	pollIn     = 0x001
	pollOut    = 0x004
	pollErr    = 0x008
	pollHup    = 0x010
	pollNval   = 0x020
	pollRdNorm = 0x040
	pollWrNorm = 0x100
	pollRdHup  = 0x2000
)

// poll is what a file is ready for: vfs_poll.
func (d *description) poll() uint32 {
	var events uint32
	readable, writable := d.file.ready()
	if readable && d.readable() {
		events |= pollIn | pollRdNorm
	}
	if writable && d.writable() {
		events |= pollOut | pollWrNorm
	}
	if h, ok := d.file.(hangup); ok {
		read, write := h.hungUp()
		if read {
			events |= pollHup
			if len(h.(pipeReader).data) == 0 {
				events &^= pollIn | pollRdNorm // pipe_poll: only data is to be read; the end is POLLHUP
			}
		}
		if write {
			events |= pollErr
		}
	}
	return events
}

// waitFor blocks until try says that something is ready, or until the deadline; then it returns what expire says. A signal ends it.
func (t *Thread) waitFor(deadline int64, try func() (uint64, arch.Errno, bool), expire func() (uint64, arch.Errno)) (uint64, arch.Errno) {
	if result, errno, ok := try(); ok {
		return result, errno
	}
	switch {
	case deadline <= t.p.clock.now():
		return expire()
	case t.signalPending():
		return 0, arch.EINTR
	}
	t.block(wait{state: t.call.name, deadline: deadline, try: try, expire: expire})
	return 0, 0
}

func nothing() (uint64, arch.Errno) { return 0, 0 }

// afterMillis is the deadline of a timeout in milliseconds; negative: none.
func (t *Thread) afterMillis(ms uint64) int64 {
	if int32(ms) < 0 {
		return never
	}
	return addTime(t.p.clock.now(), int64(int32(ms))*1e6)
}

// afterTimespec is the deadline of a timeout at addr; 0: none.
func (t *Thread) afterTimespec(addr uint64, wide bool) (int64, arch.Errno) {
	if addr == 0 {
		return never, 0
	}
	d, errno := t.readTimespec(addr, wide)
	return addTime(t.p.clock.now(), d), errno
}

// sysPoll(fds, n, milliseconds).
func sysPoll(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.poll(a[0], a[1], t.afterMillis(a[2]))
}

func sysPpoll(t *Thread, a [6]uint64) (uint64, arch.Errno)   { return t.ppoll(a, t.p.wideTime()) }
func sysPpoll64(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.ppoll(a, true) }

// ppoll(fds, n, timeout, mask, size).
func (t *Thread) ppoll(a [6]uint64, wide bool) (uint64, arch.Errno) {
	deadline, errno := t.afterTimespec(a[2], wide)
	if errno != 0 {
		return 0, errno
	}
	if errno := t.maskFor(a[3], a[4]); errno != 0 {
		return 0, errno
	}
	return t.poll(a[0], a[1], deadline)
}

// poll answers an array of struct pollfd: int fd, short events, short revents.
func (t *Thread) poll(addr, n uint64, deadline int64) (uint64, arch.Errno) {
	const size = 8
	own := t.p.arch.Syscall.PollEvents
	if n > uint64(t.p.files.limit) {
		return 0, arch.EINVAL
	}
	b := make([]byte, n*size)
	if errno := t.copyIn(addr, b); errno != 0 {
		return 0, errno
	}
	return t.waitFor(deadline, func() (uint64, arch.Errno, bool) {
		count := uint64(0)
		for at := 0; at < len(b); at += size {
			number, events := int(int32(getUint(t.p.arch, b[at:at+4]))), uint32(arch.Generic(getUint(t.p.arch, b[at+4:at+6]), own))
			var got uint32
			if d := t.p.files.get(number); d != nil {
				got = d.poll() & (events | pollErr | pollHup)
			} else if number >= 0 {
				got = pollNval
			}
			putUint(t.p.arch, b[at+6:at+8], arch.Own(uint64(got), own))
			if got != 0 {
				count++
			}
		}
		if count == 0 {
			return 0, 0, false
		}
		return count, t.copyOut(addr, b), true
	}, func() (uint64, arch.Errno) { return 0, t.copyOut(addr, b) })
}

// sysSelect is select where it takes five arguments. On 32-bit x86 the name is that of the first Linux's call with a pointer to them.
func sysSelect(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if t.p.arch.PtrSize == 4 {
		return 0, arch.ENOSYS
	}
	return sysNewselect(t, a)
}

// sysNewselect(n, read, write, except, timeout). What is left of the timeout is written back, as Linux does.
func sysNewselect(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	deadline := int64(never)
	if a[4] != 0 {
		d, errno := t.readTimeval(a[4])
		if errno != 0 {
			return 0, errno
		}
		deadline = addTime(t.p.clock.now(), d)
	}
	return t.selectFiles(a, deadline)
}

func sysPselect6(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.pselect(a, t.p.wideTime()) }

func sysPselect664(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.pselect(a, true) }

// pselect(n, read, write, except, timeout, mask), the last one a pointer to a mask's address and size.
func (t *Thread) pselect(a [6]uint64, wide bool) (uint64, arch.Errno) {
	deadline, errno := t.afterTimespec(a[4], wide)
	if errno != 0 {
		return 0, errno
	}
	if a[5] != 0 {
		word := t.p.arch.PtrSize
		addr, errno := t.readUint(a[5], word)
		if errno != 0 {
			return 0, errno
		}
		size, errno := t.readUint(a[5]+uint64(word), word)
		if errno != 0 {
			return 0, errno
		}
		if errno := t.maskFor(addr, size); errno != 0 {
			return 0, errno
		}
	}
	return t.selectFiles(a, deadline)
}

// selectFiles answers select's three sets, which are arrays of longs.
func (t *Thread) selectFiles(a [6]uint64, deadline int64) (uint64, arch.Errno) {
	n := int(int32(a[0]))
	if n < 0 {
		return 0, arch.EINVAL
	}
	n = min(n, len(t.p.files.open)) // core_sys_select looks no further than the table
	word := t.p.arch.PtrSize
	bits := 8 * word
	size := (n + bits - 1) / bits * word
	wanted := [3]uint32{pollIn | pollRdNorm | pollHup | pollErr, pollOut | pollWrNorm | pollErr, 0}
	var asked, got [3][]byte
	for i := range asked {
		if addr := a[1+i]; addr != 0 {
			asked[i], got[i] = make([]byte, size), make([]byte, size)
			if errno := t.copyIn(addr, asked[i]); errno != 0 {
				return 0, errno
			}
		}
	}
	finish := func(count uint64) (uint64, arch.Errno) {
		for i := range got {
			if errno := t.copyOut(a[1+i], got[i]); errno != 0 {
				return 0, errno
			}
		}
		return count, 0
	}
	return t.waitFor(deadline, func() (uint64, arch.Errno, bool) {
		count := uint64(0)
		for fd := range n {
			at, bit := fd/bits*word, uint64(1)<<(fd%bits)
			for i := range asked {
				if asked[i] == nil || getUint(t.p.arch, asked[i][at:at+word])&bit == 0 {
					continue
				}
				d := t.p.files.get(fd)
				if d == nil {
					return 0, arch.EBADF, true
				}
				set := got[i][at : at+word]
				v := getUint(t.p.arch, set) &^ bit
				if d.poll()&wanted[i] != 0 {
					v |= bit
					count++
				}
				putUint(t.p.arch, set, v)
			}
		}
		if count == 0 {
			return 0, 0, false
		}
		result, errno := finish(count)
		return result, errno, true
	}, func() (uint64, arch.Errno) { return finish(0) })
}
