// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/machine"
)

const (
	private   = mapPrivate | mapAnonymous
	readWrite = uint64(emu.Read | emu.Write)
	noFile    = ^uint64(0)
)

// mmap makes the call for anonymous mappings under the name and with the numbers that the architecture has.
func (p *Process) mmap(addr, size, prot, flags uint64) (uint64, arch.Errno) {
	flags = arch.Own(flags, p.arch.Syscall.MapFlags)
	name := "mmap"
	if _, ok := p.arch.SyscallNumber("mmap2"); ok {
		name = "mmap2"
	} else if p.arch.Syscall.MmapBlock {
		for i, v := range []uint64{addr, size, prot, flags, noFile, 0} {
			if errno := p.current.writeUint(testStack+uint64(i*p.arch.PtrSize), p.arch.PtrSize, v); errno != 0 {
				return 0, errno
			}
		}
		return p.do(name, testStack)
	}
	return p.do(name, addr, size, prot, flags, noFile, 0)
}

func TestMmapArguments(t *testing.T) {
	t.Parallel()
	for _, goarch := range arches {
		for _, page := range []uint64{4 << 10, 16 << 10, 64 << 10, 1 << 20} {
			t.Run(fmt.Sprintf("%s/%d", goarch, page), func(t *testing.T) {
				t.Parallel()
				p := newProcess(t, goarch, nil, withMachine(machine.PageSize(page), machine.HugePage(0)))
				top := p.space.top
				const at = 0x10000000
				fixed := uint64(private | mapFixed)
				for _, tc := range []struct {
					name                    string
					addr, size, prot, flags uint64
					want                    uint64 // 0: anything
					errno                   arch.Errno
				}{
					{"no length", 0, 0, readWrite, private, 0, arch.EINVAL},
					{"no kind", 0, page, readWrite, mapAnonymous, 0, arch.EINVAL},
					{"too long", 0, top, readWrite, private, 0, arch.ENOMEM},
					{"length wraps", 0, ^uint64(0), readWrite, private, 0, arch.ENOMEM},
					{"no such descriptor", 0, page, readWrite, mapPrivate, 0, arch.EBADF},
					{"fixed, unaligned", at + 1, page, 0, fixed, 0, arch.EINVAL},
					{"fixed, past the top", top - page, 2 * page, 0, fixed, 0, arch.ENOMEM},
					{"fixed", at, page, readWrite, fixed, at, 0},
					{"fixed again replaces", at, page, 0, fixed, at, 0},
					{"fixed, no replacing", at - page, 2 * page, 0, private | mapFixedNoreplace, 0, arch.EEXIST},
					{"fixed, nothing to replace", at + page, page, 0, private | mapFixedNoreplace, at + page, 0},
					{"free hint", at + 16*page, page + 1, 0, private, at + 16*page, 0},
					{"hint inside a page", at + 32*page + 5, 1, 0, private, at + 32*page, 0},
					{"hint below the least address", 1, page, 0, private, 0, 0},
					{"hint past the top", top, page, 0, private, 0, 0},
					{"huge pages from an empty pool", 0, page, 0, private | mapHugetlb, 0, arch.ENOMEM},
					{"shared", 0, page, readWrite, mapShared | mapAnonymous, 0, 0},
				} {
					addr, errno := p.mmap(tc.addr, tc.size, tc.prot, tc.flags)
					require.Equal(t, tc.errno, errno, tc.name)
					if errno != 0 {
						continue
					}
					require.Zero(t, addr%page, tc.name)
					require.True(t, p.mem.Mapped(addr, p.space.up(tc.size)), tc.name)
					if tc.want != 0 {
						require.Equal(t, tc.want, addr, tc.name)
					}
				}
				// A hint that is taken moves the mapping to the top.
				addr, errno := p.mmap(at, page, 0, private)
				require.Zero(t, errno)
				require.Greater(t, addr, uint64(at)*2)
				// Placement is top-down and leaves no gap.
				below, _ := p.mmap(0, page, 0, private)
				require.Equal(t, addr-page, below)
			})
		}
	}
}

// TestPlacementAsOnLinux repeats the mappings of a start of the runtime (Go 1.26 on Linux 6.18, x86-64, randomisation off, above them
// a vDSO), for which strace has told the addresses.
func TestPlacementAsOnLinux(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil, withMachine(machine.HugePage(2<<20), machine.KernelRelease("6.18.0")))
	p.space.base = 0x7ffff7ff7000
	for _, m := range [][2]uint64{
		{262144, 0x7ffff7fb7000}, {131072, 0x7ffff7f97000}, {1048576, 0x7ffff7e97000}, {8388608, 0x7ffff7600000},
		{67108864, 0x7ffff3600000}, {536870912, 0x7fffd3600000}, {536870912, 0x7fffb3600000}, {33554432, 0x7fffb1600000},
		{69648, 0x7ffff7e85000}, {1048576, 0x7fffb1500000}, {65536, 0x7ffff7e75000}, {65536, 0x7ffff7e65000}, {1439992, 0x7fffb13a0000},
	} {
		prot := uint64(0)
		if m[0] == 33554432 || m[0] < 1<<20 || m[1] == 0x7fffb1500000 || m[0] == 1439992 {
			prot = readWrite
		}
		addr, errno := p.mmap(0, m[0], prot, private)
		require.Zero(t, errno)
		require.Equal(t, fmt.Sprintf("%#x", m[1]), fmt.Sprintf("%#x", addr), "mmap of %d bytes", m[0])
	}
}

func TestHugeAlignment(t *testing.T) {
	t.Parallel()
	const huge = 2 << 20
	for _, tc := range []struct {
		goarch, kernel string
		huge, size     uint64
		aligned        bool
	}{
		{"amd64", "6.6.0", huge, 2 * huge, false},
		{"amd64", "6.7.0", huge, 2 * huge, true},
		{"amd64", "6.7.0", huge, 2*huge + 4096, true},
		{"amd64", "6.12.48", huge, 2*huge + 4096, false},
		{"amd64", "6.12.48", huge, 2 * huge, true},
		{"amd64", "6.12.48", 0, 2 * huge, false},
		{"amd64", "6.12.48", 1 << 30, 2 * huge, false},
		{"arm64", "6.12.48", huge, huge, true},
		{"386", "6.12.48", huge, huge, false},
	} {
		p := newProcess(t, tc.goarch, nil, withMachine(machine.HugePage(tc.huge), machine.KernelRelease(tc.kernel)))
		_, errno := p.mmap(0, 3*4096, 0, private)
		require.Zero(t, errno)
		addr, errno := p.mmap(0, tc.size, 0, private)
		require.Zero(t, errno)
		require.Equal(t, tc.aligned, addr%huge == 0, "%+v: %#x", tc, addr)
	}
}

func TestMemoryLimits(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil, withMachine(machine.AddressSpace(64<<20), machine.Memory(1<<30)))
	_, errno := p.mmap(0, 65<<20, 0, private)
	require.Equal(t, arch.ENOMEM, errno)
	addr, errno := p.mmap(0, 60<<20, 0, private)
	require.Zero(t, errno)
	_, errno = p.mmap(0, 8<<20, 0, private)
	require.Equal(t, arch.ENOMEM, errno)
	_, errno = p.mmap(addr, 60<<20, readWrite, private|mapFixed)
	require.Zero(t, errno, "what is replaced does not count twice")
	old, _ := p.do("brk", 0)
	end, _ := p.do("brk", old+8<<20)
	require.Equal(t, old, end, "brk has the same limit, and its own way to say so")

	p = newProcess(t, "amd64", nil, withMachine(machine.Memory(1<<30)))
	_, errno = p.mmap(0, 2<<30, readWrite, private)
	require.Equal(t, arch.ENOMEM, errno, "more than the machine could ever have")
	_, errno = p.mmap(0, 2<<30, readWrite, private|mapNoreserve)
	require.Zero(t, errno)
	addr, errno = p.mmap(0, 64<<30, 0, private)
	require.Zero(t, errno, "a reservation is not memory")
	_, errno = p.do("mprotect", addr, 2<<30, readWrite)
	require.Equal(t, arch.ENOMEM, errno)
}

func TestMaxMapCount(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	addr, errno := p.mmap(0, 2*(maxMapCount+10)*4096, 0, private)
	require.Zero(t, errno)
	n := 0
	for ; errno == 0 && n < maxMapCount; n++ {
		_, errno = p.do("mprotect", addr+uint64(2*n+1)*4096, 4096, uint64(emu.Read))
	}
	require.Equal(t, arch.ENOMEM, errno)
	require.InDelta(t, maxMapCount, len(p.mem.Regions()), 4)
	_, errno = p.do("munmap", addr, 64*4096)
	require.Zero(t, errno, "taking away is always possible where nothing is split")
	_, errno = p.mmap(0, 4096, 0, private)
	require.Zero(t, errno)
}

func TestBrk(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "386", nil, func(c *Config) { c.Brk = 0x8000001 })
	start, _ := p.do("brk", 0)
	require.EqualValues(t, 0x8001000, start)
	for _, tc := range []struct{ ask, want uint64 }{
		{start - 1, start}, {start + 1, start + 1}, {start + 0x5000, start + 0x5000}, {start + 0x2000, start + 0x2000}, {0xffffffff, start + 0x2000},
	} {
		got, errno := p.do("brk", tc.ask)
		require.Zero(t, errno)
		require.Equal(t, tc.want, got)
		if heap := p.space.up(got) - start; heap > 0 {
			require.True(t, p.mem.Mapped(start, heap))
		}
		require.False(t, p.mem.Mapped(p.space.up(got), 1))
	}
	_, errno := p.mmap(start+0x4000, 4096, 0, private|mapFixed)
	require.Zero(t, errno)
	got, _ := p.do("brk", start+0x4000)
	require.Equal(t, start+0x2000, got, "a page stays free above the heap")
}

func TestMadviseAndMincore(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "arm64", nil, withMachine(machine.PageSize(64<<10), machine.HugePage(0), machine.KernelRelease("4.19.0")))
	const page = 64 << 10
	addr, _ := p.mmap(0, 4*page, readWrite, private)
	require.NoError(t, p.mem.PutUint(addr+page+5000, 8, 42))
	_, errno := p.do("mincore", addr, 4*page, testData)
	require.Zero(t, errno)
	v, _ := p.mem.Uint(testData, 4)
	require.EqualValues(t, 0x00000100, v, "the second page was touched")
	for _, tc := range []struct {
		addr, size, advice uint64
		errno              arch.Errno
	}{
		{addr + 4096, page, 4, arch.EINVAL},
		{addr, page, 99, arch.EINVAL},
		{addr, page, 14, arch.EINVAL}, // MADV_HUGEPAGE without huge pages
		{addr, page, 21, arch.EINVAL}, // MADV_PAGEOUT is of 5.4
		{addr, page, 8, 0},
		{addr, 5 * page, 3, 0}, // more is mapped above
		{addr - 2*page, 3 * page, 3, arch.ENOMEM},
		{addr, 0, 4, 0},
		{addr + page, 1, 4, 0},
	} {
		if tc.size == 5*page {
			tc.size = 4 * page
		}
		_, errno := p.do("madvise", tc.addr, tc.size, tc.advice)
		require.Equal(t, tc.errno, errno, "%+v", tc)
	}
	v, err := p.mem.Uint(addr+page+5000, 8)
	require.NoError(t, err)
	require.Zero(t, v, "MADV_DONTNEED drops a page of the machine's, not of the engine's")
	_, errno = p.do("mincore", addr+1, page, testData)
	require.Equal(t, arch.EINVAL, errno)
	_, errno = p.do("mincore", addr-2*page, page, testData)
	require.Equal(t, arch.ENOMEM, errno)
	_, errno = p.do("mincore", addr, page, 0)
	require.Equal(t, arch.EFAULT, errno)
}

func TestFileMappings(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil, func(c *Config) { c.ExeData = []byte("the binary's bytes") })
	fd := p.openFile(t, "/test", oRDWR)
	addr, errno := p.do("mmap", 0, 100, readWrite, mapPrivate, fd, 0)
	require.Zero(t, errno)
	_, errno = p.do("write", fd, p.text(t, 0, "THE"), 3)
	require.Zero(t, errno)
	require.NoError(t, p.mem.Write(addr+4, []byte("X")))
	s, _ := p.mem.CString(addr, 64)
	require.Equal(t, "the Xinary's bytes", s, "a private copy")
	require.Equal(t, "THE binary's bytes", p.readFile(t, "/test"))
	require.Contains(t, p.readFile(t, "/proc/self/maps"),
		fmt.Sprintf("%08x-%08x rw-p 00000000 00:14 %d", addr, addr+4096, p.tree.exe.ino))
	_, errno = p.do("mmap", 0, 100, readWrite, mapPrivate, fd, 1)
	require.Equal(t, arch.EINVAL, errno)
	_, errno = p.do("mmap", 0, 100, readWrite, mapPrivate, 1, 0)
	require.Equal(t, arch.EACCES, errno, "a pipe that is not open for reading")
	_, errno = p.do("mmap", 0, 100, uint64(emu.Read), mapPrivate, 0, 0)
	require.Equal(t, arch.ENODEV, errno)
	moved, errno := p.do("mremap", addr, 4096, 8192, 1)
	require.Zero(t, errno)
	s, _ = p.mem.CString(moved, 64)
	require.Equal(t, "the Xinary's bytes", s)
}

// page is what the model knows of a page.
type page struct {
	prot emu.Prot
	mark byte
}

// TestBehindTheFile: whole pages of a mapping behind the end of its file are there in name only, until the file grows over them.
func TestBehindTheFile(t *testing.T) {
	t.Parallel()
	files := withMachine(machine.File("/test", "the contents"))
	p := newProcess(t, "amd64", nil, files)
	fd := p.openFile(t, "/test", oRDWR)
	addr, errno := p.do("mmap", 0, 3*emu.PageSize, uint64(emu.Read), mapPrivate, fd, 0)
	require.Zero(t, errno)
	absent := func(page uint64) bool {
		r, ok := p.mem.Find(addr + page*emu.PageSize)
		require.True(t, ok)
		return r.Prot&emu.Absent != 0
	}
	require.Equal(t, []bool{false, true, true}, []bool{absent(0), absent(1), absent(2)})
	require.Contains(t, string(procMaps(p.Current())), fmt.Sprintf("%08x-%08x r--p 00000000", addr, addr+3*emu.PageSize))
	_, errno = p.do("mprotect", addr, 3*emu.PageSize, readWrite)
	require.Zero(t, errno)
	require.True(t, absent(1))

	at := addr + emu.PageSize
	_, errno = p.do("write", fd, at, 1)
	require.Equal(t, arch.EFAULT, errno, "nothing is there to be read")
	fault := emu.Stop{Kind: emu.StopFault, Addr: at + 5, Access: emu.Write, Mapped: true}
	_, errno = p.do("ftruncate", fd, emu.PageSize+7)
	require.Zero(t, errno)
	p.fault(p.Current(), fault)
	require.Nil(t, p.exit)
	require.Equal(t, []bool{false, false, true}, []bool{absent(0), absent(1), absent(2)})

	fault.Addr = addr + 2*emu.PageSize
	p.fault(p.Current(), fault)
	require.Equal(t, arch.SIGBUS, p.exit.Signal)
	require.Equal(t, fault.Addr, p.exit.Addr)
}

// TestAddressSpaceModel runs random calls against a map of pages.
func TestAddressSpaceModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			goarch := arches[int(seed)%len(arches)]
			size := []uint64{4 << 10, 64 << 10}[seed%2]
			p := newProcess(t, goarch, nil, withMachine(machine.PageSize(size)))
			m := &model{t: t, p: p, size: size, pages: map[uint64]page{}, rng: rand.New(rand.NewPCG(seed, 7))}
			for range 1500 {
				m.step()
			}
			m.compare()
		})
	}
}

// model is the address space from base on as a map of pages.
type model struct {
	t     *testing.T
	p     *Process
	size  uint64
	pages map[uint64]page // by address
	rng   *rand.Rand
}

const modelBase, modelPages = 0x20000000, 48

// some is a random range of the arena.
func (m *model) some() (addr, n uint64) {
	first := m.rng.Uint64N(modelPages)
	n = 1 + m.rng.Uint64N(modelPages-first)
	return modelBase + first*m.size, n * m.size
}

func (m *model) each(addr, size uint64, f func(at uint64)) {
	for at := addr; at < addr+size; at += m.size {
		f(at)
	}
}

// holes says whether any page of the range is missing.
func (m *model) holes(addr, size uint64) (hole bool) {
	m.each(addr, size, func(at uint64) {
		_, ok := m.pages[at]
		hole = hole || !ok
	})
	return hole
}

func (m *model) step() {
	addr, size := m.some()
	prot := []emu.Prot{0, emu.Read, emu.Read | emu.Write, emu.Read | emu.Exec}[m.rng.IntN(4)]
	require := require.New(m.t)
	switch m.rng.IntN(7) {
	case 0:
		got, errno := m.p.mmap(addr, size, uint64(prot), private|mapFixed)
		require.Zero(errno)
		require.Equal(addr, got)
		m.each(addr, size, func(at uint64) { m.pages[at] = page{prot: prot} })
	case 1:
		_, errno := m.p.do("munmap", addr, size)
		require.Zero(errno)
		m.each(addr, size, func(at uint64) { delete(m.pages, at) })
	case 2:
		_, errno := m.p.do("mprotect", addr, size, uint64(prot))
		require.Equal(m.holes(addr, size), errno == arch.ENOMEM)
		hole := false
		m.each(addr, size, func(at uint64) {
			pg, ok := m.pages[at]
			if hole = hole || !ok; !hole {
				m.pages[at] = page{prot, pg.mark}
			}
		})
	case 3: // mark a page
		at := addr + m.rng.Uint64N(size/m.size)*m.size
		pg, ok := m.pages[at]
		mark := byte(1 + m.rng.IntN(255))
		err := m.p.mem.Write(at+m.size-1, []byte{mark})
		require.Equal(ok && pg.prot&emu.Write != 0, err == nil)
		if err == nil {
			m.pages[at] = page{pg.prot, mark}
		}
	case 4:
		_, errno := m.p.do("madvise", addr, size, 4)
		require.Equal(m.holes(addr, size), errno == arch.ENOMEM)
		m.each(addr, size, func(at uint64) {
			if pg, ok := m.pages[at]; ok {
				m.pages[at] = page{prot: pg.prot}
			}
		})
	case 5:
		got, errno := m.p.mmap(addr, size, uint64(prot), private|mapFixedNoreplace)
		taken := false
		m.each(addr, size, func(at uint64) { _, ok := m.pages[at]; taken = taken || ok })
		require.Equal(taken, errno == arch.EEXIST)
		if errno == 0 {
			require.Equal(addr, got)
			m.each(addr, size, func(at uint64) { m.pages[at] = page{prot: prot} })
		}
	case 6:
		m.move(addr, size)
	}
}

// move is mremap to a fixed place: it works from one region, onto what does not overlap.
func (m *model) move(addr, size uint64) {
	to, newSize := m.some()
	r, ok := m.p.mem.Find(addr)
	_, errno := m.p.do("mremap", addr, size, newSize, 3, to)
	overlaps := to < addr+size && addr < to+newSize
	switch {
	case !ok:
		require.Equal(m.t, arch.EFAULT, errno)
		return
	case overlaps:
		require.Equal(m.t, arch.EINVAL, errno)
		return
	case r.End-addr < min(size, newSize):
		require.Equal(m.t, arch.EFAULT, errno)
		return
	}
	require.Zero(m.t, errno)
	m.each(to, newSize, func(at uint64) {
		from, ok := m.pages[addr+at-to]
		if !ok || at-to >= size {
			from = page{prot: r.Prot}
		}
		m.pages[at] = from
	})
	m.each(addr, size, func(at uint64) { delete(m.pages, at) })
}

// compare checks protection and contents of every page of the arena.
func (m *model) compare() {
	m.each(modelBase, modelPages*m.size, func(at uint64) {
		want, ok := m.pages[at]
		r, found := m.p.mem.Find(at)
		require.Equal(m.t, ok, found, "%#x", at)
		if !ok {
			return
		}
		require.Equal(m.t, want.prot, r.Prot, "%#x", at)
		var b [1]byte
		m.p.mem.Peek(at+m.size-1, b[:])
		require.Equal(m.t, want.mark, b[0], "%#x", at)
	})
}
