// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/machine"
)

// eachProcess runs a subtest for each architecture, with processes of machines with these settings.
func eachProcess(t *testing.T, f func(t *testing.T, start func(settings ...string) *Process)) {
	t.Parallel()
	for _, goarch := range arches {
		t.Run(goarch, func(t *testing.T) {
			t.Parallel()
			f(t, func(settings ...string) *Process {
				options := []machine.Option{machine.HugePage(0)}
				for i := 0; i < len(settings); i += 2 {
					options = append(options, machine.Setting(settings[i], settings[i+1]))
				}
				require.NoError(t, machine.New(options...).Validate())
				return newProcess(t, goarch, nil, withMachine(options...))
			})
		})
	}
}

// give maps two pages and tells where they are.
func (p *Process) give(t *testing.T, hint, flags uint64) uint64 {
	t.Helper()
	addr, errno := p.mmap(hint, 2*4096, 0, private|flags)
	require.Zero(t, errno)
	return addr
}

const freeHint = 0x20000000

func TestHints(t *testing.T) {
	eachProcess(t, func(t *testing.T, start func(...string) *Process) {
		p := start()
		require.EqualValues(t, freeHint, p.give(t, freeHint, 0))
		p = start("vm.hints", "ignore")
		require.Equal(t, p.space.base-2*4096, p.give(t, freeHint, 0))
		require.EqualValues(t, freeHint, p.give(t, freeHint, mapFixed), "MAP_FIXED is no hint")
	})
}

func TestBottomUp(t *testing.T) {
	eachProcess(t, func(t *testing.T, start func(...string) *Process) {
		for _, settings := range [][]string{{"vm.placement", "bottomup"}, {"rlimits.stack", "unlimited"}} {
			p := start(settings...)
			if settings[0] == "rlimits.stack" && !p.arch.LegacyStack {
				require.Equal(t, p.space.base-2*4096, p.give(t, 0, 0))
				require.Less(t, p.space.base, p.arch.StackTop/5)
				continue
			}
			require.Equal(t, p.arch.BottomUp, p.give(t, 0, 0))
			require.Equal(t, p.arch.BottomUp+2*4096, p.give(t, 0, 0))
			require.EqualValues(t, freeHint, p.give(t, freeHint, 0))
		}
	})
}

func TestMmapTop(t *testing.T) {
	eachProcess(t, func(t *testing.T, start func(...string) *Process) {
		p := start("vm.mmapTop", "0x30000fff")
		require.EqualValues(t, 0x30000000-2*4096, p.give(t, 0, 0))
		addr, errno := p.mmap(0, 0x30000000, 0, private)
		require.Zero(t, errno, "what has no room below goes above")
		require.GreaterOrEqual(t, addr, p.arch.BottomUp)
	})
}

// TestStackLimit: mmap begins below what the stack may grow to.
func TestStackLimit(t *testing.T) {
	eachProcess(t, func(t *testing.T, start func(...string) *Process) {
		for limit, gap := range map[uint64]uint64{64 << 10: 128 << 20, 127 << 20: 128 << 20, 200 << 20: 201 << 20, 1 << 60: start().arch.StackTop / 6 * 5} {
			p := start("rlimits.stack", fmt.Sprint(limit))
			require.Equal(t, p.space.down(p.arch.StackTop-gap), p.give(t, 0, 0)+2*4096, "a stack of %d MiB", limit>>20)
		}
	})
}

func TestRefusedRanges(t *testing.T) {
	eachProcess(t, func(t *testing.T, start func(...string) *Process) {
		base := start().space.base
		p := start("vm.refuse", fmt.Sprintf("0x20000000-0x20003000,%#x-%#x,%#x-0xffffffffffffffff", base-0x8000, base-0x4000, base-0x1000))
		require.Equal(t, base-0x1000-2*4096, p.give(t, 0, 0))
		require.Equal(t, base-0x8000-2*4096, p.give(t, 0, 0), "one page is left above the second range")
		require.Equal(t, base-0xa000-2*4096, p.give(t, 0x20002000, 0))
		require.EqualValues(t, 0x20003000, p.give(t, 0x20003000, 0))
		for _, flags := range []uint64{mapFixed, mapFixedNoreplace} {
			_, errno := p.mmap(0x1ffff000, 2*4096, 0, private|flags)
			require.Equal(t, arch.ENOMEM, errno)
		}
		at := p.give(t, 0x1fffe000, 0)
		require.EqualValues(t, 0x1fffe000, at)
		moved, errno := p.do("mremap", at, 2*4096, 3*4096, 1)
		require.Zero(t, errno)
		require.NotEqual(t, at, moved, "a mapping does not grow into a range")
		_, errno = p.do("mremap", moved, 3*4096, 3*4096, 3, 0x20000000)
		require.Equal(t, arch.ENOMEM, errno)

		up := start("vm.placement", "bottomup", "vm.refuse", fmt.Sprintf("%#x-%#x", p.arch.BottomUp+4096, p.arch.BottomUp+4097))
		require.Equal(t, p.arch.BottomUp+2*4096, up.give(t, 0, 0))
		require.Equal(t, p.arch.BottomUp+4*4096, up.give(t, 0, 0))
	})
}

// TestWindow: above the window there is only what is asked for by its address.
func TestWindow(t *testing.T) {
	t.Parallel()
	for goarch, bits := range map[string]int{"amd64": 57, "arm64": 52, "ppc64": 52, "ppc64le": 49} {
		own, _ := arch.Find(goarch)
		a, ok := own.Wide(bits)
		require.True(t, ok)
		p := newProcess(t, goarch, nil, withMachine(machine.HugePage(0)), func(c *Config) { c.Arch = a })
		require.Equal(t, a.MmapTop-2*4096, p.give(t, 0, 0))
		require.Equal(t, a.Window, p.give(t, a.Window, 0))
		require.Equal(t, a.Window-4*4096, p.give(t, a.Window-4*4096, 0))
		require.Equal(t, a.MmapTop-4*4096, p.give(t, a.Window-4096, 0), "no mapping crosses the border")
		require.Equal(t, a.MmapTop+a.UserTop-a.Window-2*4096, p.give(t, a.Window+4096, 0), "a hint that is taken is one above all the same")
		require.Equal(t, a.UserTop-2*4096, p.give(t, a.UserTop-2*4096, 0))
	}
}

func TestOvercommit(t *testing.T) {
	eachProcess(t, func(t *testing.T, start func(...string) *Process) {
		const most = 64 << 20
		for _, tc := range []struct {
			mode, number         string
			half, double, shared arch.Errno
			noreserve            arch.Errno
		}{
			{"heuristic", "0\n", 0, arch.ENOMEM, 0, 0},
			{"always", "1\n", 0, 0, 0, 0},
			{"never", "2\n", arch.ENOMEM, arch.ENOMEM, 0, arch.ENOMEM},
		} {
			p := start("vm.overcommit", tc.mode, "memory", fmt.Sprint(most))
			require.Equal(t, tc.number, p.readFile(t, "/proc/sys/vm/overcommit_memory"))
			_, errno := p.mmap(0, most/2, readWrite, private)
			require.Equal(t, tc.half, errno, tc.mode)
			_, errno = p.mmap(0, 2*most, readWrite, private)
			require.Equal(t, tc.double, errno, tc.mode)
			_, errno = p.mmap(0, 2*most, readWrite, private|mapNoreserve)
			require.Equal(t, tc.noreserve, errno, tc.mode)
			_, errno = p.mmap(0, 4*most, 0, private)
			require.Zero(t, errno, "%s: a reservation is no promise", tc.mode)
		}
		p := start("vm.overcommit", "never", "memory", "64MiB")
		at, errno := p.mmap(0, 16<<20, readWrite, private)
		require.Zero(t, errno)
		_, errno = p.mmap(at, 16<<20, readWrite, private|mapFixed)
		require.Zero(t, errno, "what is replaced is not promised twice")
		reserved, _ := p.mmap(0, 32<<20, 0, private)
		_, errno = p.do("mprotect", reserved, 8<<20, readWrite)
		require.Zero(t, errno)
		_, errno = p.do("mprotect", reserved+8<<20, 8<<20, readWrite)
		require.Equal(t, arch.ENOMEM, errno)
		_, errno = p.do("munmap", at, 16<<20)
		require.Zero(t, errno)
		_, errno = p.do("mprotect", reserved+8<<20, 8<<20, readWrite)
		require.Zero(t, errno)
		require.Contains(t, p.readFile(t, "/proc/meminfo"), "CommitLimit:       32768 kB\n")
	})
}

func TestBrkRefused(t *testing.T) {
	eachProcess(t, func(t *testing.T, start func(...string) *Process) {
		for setting, value := range map[string]string{"vm.brk": "refuse", "rlimits.data": "8KiB"} {
			p := start(setting, value)
			old, errno := p.do("brk", 0)
			require.Zero(t, errno)
			now, errno := p.do("brk", old+64<<10)
			require.Zero(t, errno)
			require.Equal(t, old, now, setting)
		}
	})
}

// TestDataLimit: RLIMIT_DATA counts what is private and can be written.
func TestDataLimit(t *testing.T) {
	eachProcess(t, func(t *testing.T, start func(...string) *Process) {
		p := start("rlimits.data", "4MiB")
		at, errno := p.mmap(0, 16<<20, 0, private)
		require.Zero(t, errno)
		_, errno = p.mmap(0, 5<<20, readWrite, private)
		require.Equal(t, arch.ENOMEM, errno)
		_, errno = p.do("mprotect", at, 5<<20, readWrite)
		require.Equal(t, arch.ENOMEM, errno)
		_, errno = p.do("mprotect", at, 3<<20, readWrite)
		require.Zero(t, errno)
	})
}

// TestProcessLimit: RLIMIT_NPROC counts threads.
func TestProcessLimit(t *testing.T) {
	eachProcess(t, func(t *testing.T, start func(...string) *Process) {
		p := start("rlimits.nproc", "2")
		p.spawn(t)
		var args [5]uint64
		args[p.arch.Syscall.Clone.Flags], args[p.arch.Syscall.Clone.Stack] = threadFlags, testStack+testSize/2
		_, errno := p.do("clone", args[:]...)
		require.Equal(t, arch.EAGAIN, errno)
	})
}

// TestStackGrows: to where it is touched, within its limit, and not up to the next mapping.
func TestStackGrows(t *testing.T) {
	eachProcess(t, func(t *testing.T, start func(...string) *Process) {
		const top, size = 0x30000000, 8 << 20
		p := start("rlimits.stack", "16MiB")
		require.NoError(t, p.mem.Map(top-size, size, 3, tagStack))
		require.False(t, p.expandStack(top-16<<20-1), "beyond the limit")
		require.True(t, p.expandStack(top-12<<20+5))
		require.True(t, p.mem.Mapped(top-12<<20, 12<<20))
		require.Equal(t, "[stack]", p.origin(first(p.mem.Find(top-12<<20))).name)
		require.NoError(t, p.mem.Map(top-15<<20, 4096, 3, tagAnon))
		require.False(t, p.expandStack(top-15<<20+stackGuard*4096), "into the guard")
		require.True(t, p.expandStack(top-15<<20+4096+stackGuard*4096))
		require.False(t, start().expandStack(0x1000), "there is no stack")
	})
}

func first[A, B any](a A, _ B) A { return a }
