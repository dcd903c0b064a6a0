// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
)

// ok is do for a call that must succeed.
func (p *Process) ok(t *testing.T, name string, args ...uint64) uint64 {
	t.Helper()
	result, errno := p.do(name, args...)
	require.Zero(t, errno, "%s: %v", name, errno)
	return result
}

// pipe makes a pipe and returns its ends.
func (p *Process) pipe(t *testing.T, flags uint64) (r, w uint64) {
	t.Helper()
	p.ok(t, "pipe2", testData, p.guestFlags(int(flags)))
	r, _ = p.current.readUint(testData, 4)
	w, _ = p.current.readUint(testData+4, 4)
	return r, w
}

// result is what the last call of the thread that now runs has returned.
func (p *Process) result() uint64 { return p.eng.Reg(p.arch.Syscall.Result) }

func TestPipe(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	r, w := p.pipe(t, oNONBLOCK)
	_, errno := p.do("read", r, testData, 10)
	require.Equal(t, arch.EAGAIN, errno)
	require.EqualValues(t, pipeCapacity, p.ok(t, "write", w, testData, testSize), "as much as there is room for")
	_, errno = p.do("write", w, testData, 1)
	require.Equal(t, arch.EAGAIN, errno)
	p.ok(t, "read", r, testData, 100)
	_, errno = p.do("write", w, testData, 200)
	require.Equal(t, arch.EAGAIN, errno, "up to PIPE_BUF: all or nothing")
	require.EqualValues(t, 50, p.ok(t, "write", w, testData, 50))
	p.ok(t, "close", w)
	for p.ok(t, "read", r, testData, testSize) > 0 {
		require.Nil(t, p.current.wait)
	}
	_, errno = p.do("write", r, testData, 1)
	require.Equal(t, arch.EBADF, errno)
}

func TestPipeWithoutReader(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	r, w := p.pipe(t, 0)
	p.ok(t, "close", r)
	_, errno := p.do("write", w, testData, 1)
	require.Equal(t, arch.EPIPE, errno)
	p.deliverSignals(p.current)
	require.Equal(t, arch.SIGPIPE, p.exit.Signal)
}

// A reader waits until somebody writes, and for nothing else.
func TestBlockedRead(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	r, w := p.pipe(t, 0)
	reader, writer := p.current, p.spawn(t)
	p.do("read", r, testData+512, 100)
	require.Equal(t, "read", reader.State)
	p.run(1)
	require.Equal(t, writer, p.current)
	require.Equal(t, "read", reader.State)
	require.NoError(t, p.mem.Write(testData, []byte("hello")))
	p.ok(t, "write", w, testData, 5)
	p.do("sched_yield")
	p.run(1)
	require.Equal(t, reader, p.current)
	require.EqualValues(t, 5, p.result())
	got := make([]byte, 5)
	require.NoError(t, p.mem.Read(testData+512, got))
	require.Equal(t, "hello", string(got))
	require.Empty(t, p.waiters)
}

func TestEventfd(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	for _, semaphore := range []uint64{0, 1} {
		fd := p.ok(t, "eventfd2", 3, oNONBLOCK|semaphore)
		require.EqualValues(t, 8, p.ok(t, "read", fd, testData, 8))
		n, _ := p.current.readUint(testData, 8)
		require.EqualValues(t, 3-2*semaphore, n)
		require.Zero(t, p.current.writeUint(testData, 8, 1<<64-2))
		_, errno := p.do("write", fd, testData, 8)
		require.Equal(t, semaphore == 1, errno == arch.EAGAIN, "no room beside what is left")
		require.Zero(t, p.current.writeUint(testData, 8, 1<<64-1))
		_, errno = p.do("write", fd, testData, 8)
		require.Equal(t, arch.EINVAL, errno)
		_, errno = p.do("read", fd, testData, 7)
		require.Equal(t, arch.EINVAL, errno)
	}
	_, errno := p.do("eventfd2", 0, 2)
	require.Equal(t, arch.EINVAL, errno)
}

// watch adds a descriptor to an epoll set; its data is 100 more than the number.
func (p *Process) watch(t *testing.T, set, op, fd uint64, events uint32) arch.Errno {
	t.Helper()
	at := uint64(p.arch.Structs.EpollData)
	require.Zero(t, p.current.writeUint(testData+64, 4, uint64(events)))
	require.Zero(t, p.current.writeUint(testData+64+at, 8, fd+100))
	_, errno := p.do("epoll_ctl", set, op, fd, testData+64)
	return errno
}

// ready asks a set without waiting: data → events.
func (p *Process) ready(t *testing.T, set uint64) map[uint64]uint32 {
	t.Helper()
	size, at := uint64(p.arch.Structs.EpollEvent), uint64(p.arch.Structs.EpollData)
	got := map[uint64]uint32{}
	for i := range p.ok(t, "epoll_pwait", set, testData+1024, 16, 0, 0, 8) {
		events, _ := p.current.readUint(testData+1024+i*size, 4)
		data, _ := p.current.readUint(testData+1024+i*size+at, 8)
		got[data-100] = uint32(events)
	}
	return got
}

func TestEpoll(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *Process) {
		set := p.ok(t, "epoll_create1", oCLOEXEC)
		r, w := p.pipe(t, oNONBLOCK)
		require.Zero(t, p.watch(t, set, epollCtlAdd, r, pollIn))
		require.Zero(t, p.watch(t, set, epollCtlAdd, w, pollOut|epollET))
		require.Equal(t, arch.EEXIST, p.watch(t, set, epollCtlAdd, r, pollIn))
		require.Equal(t, map[uint64]uint32{w: pollOut}, p.ready(t, set), "nothing to read, room to write")
		require.Empty(t, p.ready(t, set), "an edge is told once")
		p.ok(t, "write", w, testData, 10)
		require.Equal(t, map[uint64]uint32{r: pollIn}, p.ready(t, set))
		require.Equal(t, map[uint64]uint32{r: pollIn}, p.ready(t, set), "a level stays")
		p.ok(t, "read", r, testData, 10)
		require.Equal(t, map[uint64]uint32{w: pollOut}, p.ready(t, set), "a new edge")
		require.Zero(t, p.watch(t, set, epollCtlMod, r, pollIn|epollOneshot))
		p.ok(t, "write", w, testData, 10)
		require.Equal(t, map[uint64]uint32{r: pollIn}, p.ready(t, set))
		require.Empty(t, p.ready(t, set))
		require.Zero(t, p.watch(t, set, epollCtlDel, r, 0))
		require.Equal(t, arch.ENOENT, p.watch(t, set, epollCtlDel, r, 0))
		p.ok(t, "close", r)
		require.Equal(t, map[uint64]uint32{w: pollOut | pollErr}, p.ready(t, set))
		p.ok(t, "close", w)
		require.Empty(t, p.ready(t, set), "a closed file leaves the set")
	})
}

func TestEpollErrors(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	a, b, c := p.ok(t, "epoll_create1", 0), p.ok(t, "epoll_create1", 0), p.ok(t, "epoll_create1", 0)
	require.Equal(t, arch.EINVAL, p.watch(t, a, epollCtlAdd, a, pollIn), "a set in itself")
	require.Zero(t, p.watch(t, a, epollCtlAdd, b, pollIn))
	require.Equal(t, arch.ELOOP, p.watch(t, b, epollCtlAdd, a, pollIn))
	require.Equal(t, arch.ELOOP, p.watch(t, b, epollCtlAdd, c, pollIn))
	require.Equal(t, arch.EBADF, p.watch(t, a, epollCtlAdd, 99, pollIn))
	require.Equal(t, arch.EINVAL, p.watch(t, a, 9, c, pollIn))
	_, errno := p.do("epoll_pwait", a, testData, 0, 0, 0, 8)
	require.Equal(t, arch.EINVAL, errno)
	_, errno = p.do("epoll_pwait", 0, testData, 1, 0, 0, 8)
	require.Equal(t, arch.EINVAL, errno, "no set")
}

func TestEpollWaits(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	set, event := p.ok(t, "epoll_create1", 0), p.ok(t, "eventfd2", 0, 0)
	require.Zero(t, p.watch(t, set, epollCtlAdd, event, pollIn))
	start := p.clock.now()
	p.do("epoll_wait", set, testData, 4, 20)
	p.run(1)
	require.InDelta(t, 20e6, p.clock.now()-start, 100)
	require.Zero(t, p.result(), "timed out")

	waiter, other := p.current, p.spawn(t)
	minusOne := uint64(1<<64 - 1)
	p.do("epoll_wait", set, testData, 4, minusOne)
	p.run(1)
	require.Equal(t, other, p.current)
	require.Zero(t, p.current.writeUint(testData+256, 8, 1))
	p.ok(t, "write", event, testData+256, 8)
	p.do("sched_yield")
	p.run(1)
	require.Equal(t, waiter, p.current)
	require.EqualValues(t, 1, p.result())
}

func TestPoll(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	r, w := p.pipe(t, 0)
	set := func(at uint64, fd uint64, events uint64) {
		require.Zero(t, p.current.copyOut(testData+512+8*at, p.current.encode().u32(fd).u16(events).u16(0xffff).b))
	}
	got := func(at uint64) uint64 {
		v, _ := p.current.readUint(testData+512+8*at+6, 2)
		return v
	}
	set(0, r, pollIn)
	set(1, w, pollOut|pollIn)
	set(2, 99, pollIn)
	set(3, ^uint64(0), pollIn)
	require.EqualValues(t, 2, p.ok(t, "poll", testData+512, 4, 0))
	require.Equal(t, []uint64{0, pollOut, pollNval, 0}, []uint64{got(0), got(1), got(2), got(3)})
	p.ok(t, "close", w)
	require.EqualValues(t, 1, p.ok(t, "poll", testData+512, 1, 0))
	require.EqualValues(t, pollHup, got(0))
	_, errno := p.do("poll", testData+512, 1<<40, 0)
	require.Equal(t, arch.EINVAL, errno)
}

// select is how Go up to 1.11 sleeps on some architectures.
func TestSelectSleeps(t *testing.T) {
	t.Parallel()
	for goarch, name := range map[string]string{"amd64": "select", "386": "_newselect"} {
		p := newProcess(t, goarch, nil)
		word := p.arch.PtrSize
		require.Zero(t, p.current.copyOut(testData, p.current.encode().uint(word, 0).uint(word, 20).b))
		start := p.clock.now()
		p.do(name, 0, 0, 0, 0, testData)
		p.run(1)
		require.InDelta(t, 20_000, p.clock.now()-start, 100)
		require.Zero(t, p.result())
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *Process) {
		r, w := p.pipe(t, 0)
		word := p.arch.PtrSize
		sets := []uint64{testData + 512, testData + 640}
		for _, at := range sets {
			require.Zero(t, p.current.writeUint(at, word, 1<<r|1<<w))
		}
		require.Zero(t, p.current.copyOut(testData, make([]byte, 16)))
		require.EqualValues(t, 1, p.ok(t, "pselect6", w+1, sets[0], sets[1], 0, testData, 0))
		readable, _ := p.current.readUint(sets[0], word)
		writable, _ := p.current.readUint(sets[1], word)
		require.Zero(t, readable)
		require.EqualValues(t, 1<<w, writable)
	})
}

// ppoll's mask holds for the call: a signal that it lets through ends the call, and the handler's frame has the old mask.
func TestTemporaryMask(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	p.handle(t, arch.SIGUSR1, 0, sigset{})
	p.current.mask = setOf(arch.SIGUSR1, arch.SIGUSR2)
	p.send(p.current, siginfo{signo: arch.SIGUSR1})
	p.deliverSignals(p.current)
	require.EqualValues(t, testCode, p.eng.Reg(p.arch.PC), "blocked")
	require.Zero(t, p.current.copyOut(testData, make([]byte, 8)))
	p.do("ppoll", 0, 0, 0, testData, 8)
	p.schedule()
	require.EqualValues(t, testHandler, p.eng.Reg(p.arch.PC))
	p.returns()
	require.Equal(t, setOf(arch.SIGUSR1, arch.SIGUSR2), p.current.mask)
	require.Equal(t, failed(arch.EINTR), p.result())
}
