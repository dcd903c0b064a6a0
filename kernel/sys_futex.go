// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"slices"

	"github.com/rt0-dev/rt0/arch"
)

var futexCalls = []call{
	{name: "futex", do: sysFutex, support: partial, note: "WAIT, WAKE, their _BITSET forms, REQUEUE, CMP_REQUEUE; others ENOSYS"},
	{name: "futex_time64", do: sysFutexTime64, support: partial, note: "as futex"},
}

// The operations of futex, include/uapi/linux/futex.h.
const (
	futexWait       = 0
	futexWake       = 1
	futexRequeue    = 3
	futexCmpRequeue = 4
	futexWaitBitset = 9
	futexWakeBitset = 10

	futexPrivate       = 128
	futexClockRealtime = 256

	futexAny = 0xffffffff // FUTEX_BITSET_MATCH_ANY
)

// futexTable holds the threads that wait at an address, in order of arrival. There is one address space, and no page is shared with
// another: the virtual address is the key of private and shared futexes alike.
type futexTable struct {
	queues map[uint64][]*futexWaiter
}

type futexWaiter struct {
	t      *Thread
	key    uint64
	bitset uint32
}

func (f *futexTable) init() { f.queues = map[uint64][]*futexWaiter{} }

func (f *futexTable) add(w *futexWaiter) { f.queues[w.key] = append(f.queues[w.key], w) }

// remove takes a waiter out of its queue, if it is there still.
func (f *futexTable) remove(w *futexWaiter) {
	queue := f.queues[w.key]
	i := slices.Index(queue, w)
	if i < 0 {
		return
	}
	f.set(w.key, slices.Delete(queue, i, i+1))
}

func (f *futexTable) set(key uint64, queue []*futexWaiter) {
	if len(queue) == 0 {
		delete(f.queues, key)
		return
	}
	f.queues[key] = queue
}

// wake wakes up to n waiters that share a bit with bitset, oldest first, and returns how many.
func (f *futexTable) wake(key uint64, n int, bitset uint32) int {
	woken := 0
	// A wake removes its waiter from the queue.
	for _, w := range slices.Clone(f.queues[key]) {
		if woken >= n {
			break
		}
		if w.bitset&bitset != 0 {
			w.t.wake(0, 0)
			woken++
		}
	}
	return woken
}

// requeue moves up to n waiters to another address and returns how many.
func (f *futexTable) requeue(from, to uint64, n int) int {
	if from == to {
		return min(n, len(f.queues[from]))
	}
	queue := f.queues[from]
	n = min(n, len(queue))
	moved := slices.Clone(queue[:n])
	f.set(from, slices.Delete(queue, 0, n))
	for _, w := range moved {
		w.key = to
		f.add(w)
	}
	return n
}

func sysFutex(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.futex(a, t.p.arch.PtrSize == 8)
}

func sysFutexTime64(t *Thread, a [6]uint64) (uint64, arch.Errno) { return t.futex(a, true) }

// futex(uaddr, op, val, timeout or val2, uaddr2, val3); wide: the timeout's fields have 64 bits.
func (t *Thread) futex(a [6]uint64, wide bool) (uint64, arch.Errno) {
	p := t.p
	addr, op, val := a[0], a[1]&^uint64(futexPrivate|futexClockRealtime)&0xffffffff, a[2]
	switch op {
	case futexWait, futexWaitBitset:
		return t.futexWait(a, op == futexWaitBitset, wide)
	case futexWake, futexWakeBitset:
		bitset := uint32(futexAny)
		if op == futexWakeBitset {
			if bitset = uint32(a[5]); bitset == 0 {
				return 0, arch.EINVAL
			}
		}
		if errno := checkFutex(p, addr); errno != 0 {
			return 0, errno
		}
		// futex_wake wakes one though zero are asked for: it counts before it compares.
		n := max(int(int32(val)), 1)
		return uint64(p.futexes.wake(addr, n, bitset)), 0
	case futexRequeue, futexCmpRequeue:
		return t.futexRequeue(a, op == futexCmpRequeue)
	}
	p.event("flag", "futex", fmt.Sprintf("operation %d: returned ENOSYS", op))
	return 0, arch.ENOSYS
}

// checkFutex is get_futex_key's check of an address.
func checkFutex(p *Process, addr uint64) arch.Errno {
	switch {
	case addr%4 != 0:
		return arch.EINVAL
	case addr >= p.arch.UserTop:
		return arch.EFAULT
	}
	return 0
}

func (t *Thread) futexWait(a [6]uint64, bitset, wide bool) (uint64, arch.Errno) {
	p := t.p
	addr, val := a[0], uint32(a[2])
	w := &futexWaiter{t: t, key: addr, bitset: futexAny}
	if bitset {
		if w.bitset = uint32(a[5]); w.bitset == 0 {
			return 0, arch.EINVAL
		}
	}
	deadline := int64(never)
	if a[3] != 0 {
		timeout, errno := t.readTimespec(a[3], wide)
		if errno != 0 {
			return 0, errno
		}
		switch {
		case !bitset:
			deadline = addTime(p.clock.now(), timeout)
		case a[1]&futexClockRealtime != 0:
			deadline = p.clock.fromWall(timeout)
		default:
			deadline = timeout
		}
	}
	if errno := checkFutex(p, addr); errno != 0 {
		return 0, errno
	}
	now, errno := t.readUint(addr, 4)
	if errno != 0 {
		return 0, errno
	}
	if uint32(now) != val {
		return 0, arch.EAGAIN
	}
	p.futexes.add(w)
	t.block(wait{
		state:    "futex",
		deadline: deadline,
		cancel:   func() { p.futexes.remove(w) },
		// futex_wait: ERESTARTSYS without a timeout, ERESTART_RESTARTBLOCK with one.
		restart: a[3] == 0,
	})
	return 0, 0
}

// futexRequeue(uaddr, op, wake, requeue, uaddr2, expected).
func (t *Thread) futexRequeue(a [6]uint64, compare bool) (uint64, arch.Errno) {
	p := t.p
	wake, move := int(int32(a[2])), int(int32(a[3]))
	if wake < 0 || move < 0 {
		return 0, arch.EINVAL
	}
	for _, addr := range []uint64{a[0], a[4]} {
		if errno := checkFutex(p, addr); errno != 0 {
			return 0, errno
		}
	}
	if compare {
		now, errno := t.readUint(a[0], 4)
		if errno != 0 {
			return 0, errno
		}
		if uint32(now) != uint32(a[5]) {
			return 0, arch.EAGAIN
		}
	}
	from, to := a[0], a[4]
	n := p.futexes.wake(from, wake, futexAny)
	return uint64(n + p.futexes.requeue(from, to, move)), 0
}
