// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"github.com/rt0-dev/rt0/arch"
)

// edges is what a file has whose readiness an edge-triggered epoll can follow: counters that grow whenever something arrives that a
// reader or a writer may have waited for. A file without it became ready when it was made, and never again.
type edges interface {
	edges() (read, write uint64)
}

// hangup is what a file has whose other end can go away.
type hangup interface {
	// hungUp says that the reader's or the writer's counterpart is gone: POLLHUP, POLLERR.
	hungUp() (read, write bool)
}

// pipeCapacity and pipeAtomic are fs/pipe.c's default size of 16 pages, and PIPE_BUF.
const (
	pipeCapacity = 64 << 10
	pipeAtomic   = 4096
)

// pipe is a pipe; its ends are the files.
type pipe struct {
	p       *Process
	ino     uint64
	data    []byte
	readers int
	writers int
	filled  uint64 // counts what readers may wait for
	drained uint64 // and writers
}

type pipeReader struct{ *pipe }

type pipeWriter struct{ *pipe }

func (p *pipe) seekable() bool { return false }

func (p *pipe) stat(t *Thread) fileStat {
	return fileStat{
		dev: pipeDev, ino: p.ino, mode: sIFIFO | 0o600, links: 1,
		uid: t.p.id.euid, gid: t.p.id.egid, blksize: 4096, time: t.p.tree.time,
	}
}

func (r pipeReader) write(*Thread, []byte, int64) (int, arch.Errno) { return 0, arch.EBADF }
func (w pipeWriter) read(*Thread, []byte, int64) (int, arch.Errno)  { return 0, arch.EBADF }

func (r pipeReader) ready() (bool, bool) { return len(r.data) > 0 || r.writers == 0, false }
func (w pipeWriter) ready() (bool, bool) {
	return false, pipeCapacity-len(w.data) >= pipeAtomic || w.readers == 0
}

func (r pipeReader) edges() (uint64, uint64) { return r.filled, 0 }
func (w pipeWriter) edges() (uint64, uint64) { return 0, w.drained }

func (r pipeReader) hungUp() (bool, bool) { return r.writers == 0, false }
func (w pipeWriter) hungUp() (bool, bool) { return false, w.readers == 0 }

func (r pipeReader) read(_ *Thread, b []byte, _ int64) (int, arch.Errno) {
	switch {
	case len(b) == 0:
		return 0, 0
	case len(r.data) == 0 && r.writers == 0:
		return 0, 0
	case len(r.data) == 0:
		return 0, arch.EAGAIN
	}
	n := copy(b, r.data)
	r.data = append(r.data[:0], r.data[n:]...)
	r.drained++
	r.p.filesChanged()
	return n, 0
}

func (w pipeWriter) write(t *Thread, b []byte, _ int64) (int, arch.Errno) {
	if w.readers == 0 {
		w.p.send(t, siginfo{signo: arch.SIGPIPE, code: siUser, pid: w.p.pid, why: "of a write to a pipe that nobody reads"})
		return 0, arch.EPIPE
	}
	room := pipeCapacity - len(w.data)
	if room == 0 || len(b) <= pipeAtomic && len(b) > room {
		return 0, arch.EAGAIN
	}
	n := min(len(b), room)
	if n == 0 {
		return 0, 0
	}
	w.data = append(w.data, b[:n]...)
	w.filled++
	w.p.filesChanged()
	if n < len(b) {
		return n, arch.EAGAIN
	}
	return n, 0
}

func (r pipeReader) close() {
	r.readers--
	r.drained++
	r.p.filesChanged()
}

func (w pipeWriter) close() {
	w.writers--
	w.filled++
	w.p.filesChanged()
}

// sysPipe(fds); on MIPS the descriptors are the results (sysm_pipe of mips/kernel/syscall.c).
func sysPipe(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	second := t.p.arch.Syscall.Second
	if second == arch.None {
		return sysPipe2(t, [6]uint64{a[0]})
	}
	numbers, errno := t.pipe(0)
	if errno != 0 {
		return 0, errno
	}
	t.p.eng.SetReg(second, uint64(numbers[1]))
	return uint64(numbers[0]), 0
}

// sysPipe2(fds, flags).
func sysPipe2(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	numbers, errno := t.pipe(t.p.openFlags(a[1]))
	if errno != 0 {
		return 0, errno
	}
	b := t.encode().u32(uint64(numbers[0])).u32(uint64(numbers[1])).b
	if errno := t.copyOut(a[0], b); errno != 0 {
		t.p.files.remove(numbers[0])
		t.p.files.remove(numbers[1])
		return 0, errno
	}
	return 0, 0
}

// pipe makes a pipe and opens its ends, the one for reading first.
func (t *Thread) pipe(flags int) ([]int, arch.Errno) {
	const direct = 0o40000 // O_DIRECT: packets. Kept as an ordinary pipe.
	if flags&^(oCLOEXEC|oNONBLOCK|direct) != 0 {
		return nil, arch.EINVAL
	}
	p := &pipe{p: t.p, ino: t.p.tree.number(), readers: 1, writers: 1}
	return t.installAll(
		newDescriptor(pipeReader{p}, oRDONLY|flags, anonymous("pipe", p.ino)),
		newDescriptor(pipeWriter{p}, oWRONLY|flags, anonymous("pipe", p.ino)),
	)
}

// installAll gives numbers to all descriptors, or to none.
func (t *Thread) installAll(all ...*descriptor) ([]int, arch.Errno) {
	var numbers []int
	for _, d := range all {
		n, errno := t.p.files.install(d, 0)
		if errno != 0 {
			for _, n := range numbers {
				t.p.files.remove(n)
			}
			return nil, errno
		}
		numbers = append(numbers, n)
	}
	return numbers, 0
}
