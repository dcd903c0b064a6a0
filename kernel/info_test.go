// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"math/bits"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/machine"
)

// TestAffinity asks with buffers of many sizes on machines of many CPUs. What is wanted is kernel/sched/syscalls.c's
// sched_getaffinity, and what the runtime makes of the answer: it counts the bits (getproccount in runtime/os_linux.go).
func TestAffinity(t *testing.T) {
	t.Parallel()
	for _, goarch := range arches {
		t.Run(goarch, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t, goarch, nil)
			word := uint64(p.arch.PtrSize)
			for _, cpus := range []int{1, 2, 7, 8, 31, 32, 33, 63, 64, 65, 127, 128, 129, 576, 1000, 4095, 4096} {
				p.cfg.Machine.CPUs = machine.Count(cpus)
				p.id.cpus = p.cfg.Machine.CPUs
				for _, size := range []uint64{0, 1, 4, 7, 8, 12, 16, 20, 64, 128, 512, 516, 1024, 8192} {
					got, errno := p.do("sched_getaffinity", 0, size, testData)
					if size*8 < uint64(cpus) || size%word != 0 {
						require.Equal(t, arch.EINVAL, errno, "%d CPUs, %d bytes", cpus, size)
						continue
					}
					require.Zero(t, errno, "%d CPUs, %d bytes", cpus, size)
					kernel := uint64(8) // bytes in a word of the mask: 386 has a 64-bit kernel
					if word == 4 && p.arch.UserTop < 0xc0000000 {
						kernel = 4
					}
					require.Equal(t, min(size, (uint64(cpus)+8*kernel-1)/(8*kernel)*kernel), got, "%d CPUs, %d bytes", cpus, size)
					b := make([]byte, got)
					require.NoError(t, p.mem.Read(testData, b))
					n := 0
					for _, v := range b {
						n += bits.OnesCount8(v)
					}
					require.Equal(t, cpus, n)
				}
			}
			_, errno := p.do("sched_getaffinity", 4711, 8192, testData)
			require.Equal(t, arch.ESRCH, errno)
			_, errno = p.do("sched_getaffinity", 0, 8192, 8)
			require.Equal(t, arch.EFAULT, errno)
		})
	}
}

func TestAffinityOfSets(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil, withMachine(machine.CPUSetOf("1,3-4,70")))
	n, errno := p.do("sched_getaffinity", 0, 128, testData)
	require.Zero(t, errno)
	require.EqualValues(t, 16, n)
	low, _ := p.mem.Uint(testData, 8)
	high, _ := p.mem.Uint(testData+8, 8)
	require.EqualValues(t, 0b11010, low)
	require.EqualValues(t, 1<<6, high)
	require.Contains(t, p.readFile(t, "/proc/self/status"), "Cpus_allowed:\t40,00000000,0000001a\nCpus_allowed_list:\t1,3-4,70\n")
	require.Equal(t, "0-70\n", p.readFile(t, "/sys/devices/system/cpu/possible"))

	require.NoError(t, p.mem.PutUint(testData, 8, 0b111000))
	_, errno = p.do("sched_setaffinity", 0, 8, testData)
	require.Zero(t, errno)
	require.Equal(t, "3-4", p.id.cpus.List(), "what the machine does not have falls away")
	require.NoError(t, p.mem.PutUint(testData, 8, 1))
	_, errno = p.do("sched_setaffinity", 0, 8, testData)
	require.Equal(t, arch.EINVAL, errno)
	_, errno = p.do("getcpu", testData, 0, 0)
	require.Zero(t, errno)
	cpu, _ := p.mem.Uint(testData, 4)
	require.EqualValues(t, 3, cpu)
}

func TestUname(t *testing.T) {
	t.Parallel()
	for _, goarch := range arches {
		p := newProcess(t, goarch, nil, withMachine(machine.KernelRelease("5.10.0-8"), machine.Node(strings.Repeat("n", 99))))
		_, errno := p.do("uname", testData)
		require.Zero(t, errno)
		for i, want := range []string{"Linux", strings.Repeat("n", 64), "5.10.0-8", p.cfg.Machine.Kernel.Version, p.arch.UTSName, "(none)"} {
			s, err := p.mem.CString(testData+uint64(65*i), 65)
			require.NoError(t, err)
			require.Equal(t, want, s)
		}
	}
}

func TestReleases(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]release{
		"6.12.48": {6, 12}, "3.10.0-1160.el7.x86_64": {3, 10}, "5.4": {5, 4}, "7": {7, 0}, "none": {1 << 30, 0},
	} {
		require.Equal(t, want, parseRelease(text), text)
	}
	require.True(t, release{5, 19}.before(release{6, 0}))
	require.False(t, release{6, 0}.before(release{6, 0}))
	require.False(t, release{6, 1}.before(release{6, 0}))
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for _, goarch := range arches {
		t.Run(goarch, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t, goarch, nil, withMachine(machine.AddressSpace(5<<30)))
			read := func(addr uint64) (soft, hard uint64) {
				soft, _ = p.mem.Uint(addr, 8)
				hard, _ = p.mem.Uint(addr+8, 8)
				return soft, hard
			}
			own := func(resource uint64) uint64 {
				for _, r := range p.arch.Syscall.Limits {
					if r.Generic == resource {
						return r.Own
					}
				}
				return resource
			}
			space, files := own(limitAddressSpace), own(limitFiles)
			_, errno := p.do("prlimit64", 0, space, 0, testData)
			require.Zero(t, errno)
			soft, hard := read(testData)
			require.Equal(t, [2]uint64{5 << 30, 5 << 30}, [2]uint64{soft, hard})
			_, errno = p.do(p.named(t, "ugetrlimit", "getrlimit"), space, testData)
			require.Zero(t, errno)
			word, _ := p.mem.Uint(testData, p.arch.PtrSize)
			if p.arch.PtrSize == 4 {
				require.EqualValues(t, p.limitInfinity(), word, "what does not fit is infinity")
			} else {
				require.EqualValues(t, 5<<30, word)
			}
			// The os package raises the number of files to what is allowed.
			_, errno = p.do("prlimit64", 0, files, 0, testData)
			require.Zero(t, errno)
			_, hard = read(testData)
			require.NoError(t, p.mem.PutUint(testData, 8, hard))
			_, errno = p.do("prlimit64", uint64(p.pid), files, testData, 0)
			require.Zero(t, errno)
			require.EqualValues(t, hard, p.files.limit)
			require.NoError(t, p.mem.PutUint(testData, 8, hard+1))
			_, errno = p.do("prlimit64", 0, files, testData, 0)
			require.Equal(t, arch.EINVAL, errno)
			_, errno = p.do("prlimit64", 0, 16, 0, testData)
			require.Equal(t, arch.EINVAL, errno)
			_, errno = p.do("prlimit64", 1, files, 0, testData)
			require.Equal(t, arch.ESRCH, errno)
		})
	}
}

func TestRandomIsReproducible(t *testing.T) {
	t.Parallel()
	draw := func(seed string, flags uint64) (string, arch.Errno) {
		p := newProcess(t, "amd64", nil, withMachine(machine.Random(seed)))
		n, errno := p.do("getrandom", testData, 100, flags)
		b := make([]byte, n)
		require.NoError(t, p.mem.Read(testData, b))
		return string(b), errno
	}
	one, errno := draw("a", 0)
	require.Zero(t, errno)
	require.Len(t, one, 100)
	same, _ := draw("a", 1)
	require.Equal(t, one, same)
	other, _ := draw("b", 0)
	require.NotEqual(t, one, other)
	_, errno = draw("a", 6)
	require.Equal(t, arch.EINVAL, errno)
	_, errno = draw("a", 8)
	require.Equal(t, arch.EINVAL, errno)
}

// TestThreadArea describes the segment that the runtime asks for (runtime·setldt in sys_linux_386.s), and reads it back.
func TestThreadArea(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "386", nil)
	for i := range gdtTLSCount {
		p.describe(t, 1<<32-1, 0x81d65cc+uint64(i), 0xfffff, 0x51)
		_, errno := p.do("set_thread_area", testData)
		require.Zero(t, errno)
		entry, _ := p.mem.Uint(testData, 4)
		require.EqualValues(t, 12+i, entry, "as a 64-bit kernel counts")
	}
	p.describe(t, 1<<32-1, 0, 0, 0x51)
	_, errno := p.do("set_thread_area", testData)
	require.Equal(t, arch.ESRCH, errno, "no entry is left")
	require.EqualValues(t, 0x08dff31d65ccffff, p.current.tls[0], "base 0x81d65cc, limit 4 GiB, a writable data segment of ring 3")
	p.describe(t, 13, 0, 0, 0)
	_, errno = p.do("get_thread_area", testData)
	require.Zero(t, errno)
	base, _ := p.mem.Uint(testData+4, 4)
	limit, _ := p.mem.Uint(testData+8, 4)
	flags, _ := p.mem.Uint(testData+12, 4)
	require.Equal(t, [3]uint64{0x81d65cd, 0xfffff, 0x51}, [3]uint64{base, limit, flags})
	for _, tc := range []struct{ entry, flags uint64 }{{11, 0x51}, {15, 0x51}, {12, 0x50}, {12, 0x71}, {12, 0x55}} {
		p.describe(t, tc.entry, 1, 1, tc.flags)
		_, errno := p.do("set_thread_area", testData)
		require.Equal(t, arch.EINVAL, errno, "%+v", tc)
	}
	p.describe(t, 13, 0, 0, readExecOnly|segNotPresent)
	_, errno = p.do("set_thread_area", testData)
	require.Zero(t, errno)
	require.Zero(t, p.current.tls[1], "an empty description clears")
}

// TestLDT writes an entry as Go 1.6 does, and reads it back.
func TestLDT(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "386", nil)
	require.Zero(t, p.ok(t, "modify_ldt", 0, testData, 16), "nothing was written yet")
	p.describe(t, 8, 0x81d65cc, 0xfffff, 0x51)
	require.Zero(t, p.ok(t, "modify_ldt", 1, testData, 16))
	require.EqualValues(t, 128, p.ok(t, "modify_ldt", 0, testData, 128))
	entry, _ := p.mem.Uint(testData+8*8, 8)
	require.EqualValues(t, 0x08cff31d65ccffff, entry, "a writable data segment of ring 3; the old way knows no useable bit")
	require.EqualValues(t, 128, p.ok(t, "modify_ldt", 2, testData, 4096))
	entry, _ = p.mem.Uint(testData+8*8, 8)
	require.Zero(t, entry)

	for _, tc := range []struct{ entry, base, flags, function, size uint64 }{
		{8192, 1, 0x51, 1, 16}, {8, 1, 0x51, 1, 12}, {8, 1, 0x57, 1, 16}, {8, 1, 0x57, 0x11, 16},
	} {
		p.describe(t, tc.entry, tc.base, 1, tc.flags)
		_, errno := p.do("modify_ldt", tc.function, testData, tc.size)
		require.Equal(t, arch.EINVAL, errno, "%+v", tc)
	}
	p.describe(t, 512, 1, 1, 0x51)
	_, errno := p.do("modify_ldt", 0x11, testData, 16)
	require.Equal(t, arch.ENOMEM, errno, "the page is full")
	_, errno = p.do("modify_ldt", 3)
	require.Equal(t, arch.ENOSYS, errno)
	p.describe(t, 8, 0, 0, 0x51)
	require.Zero(t, p.ok(t, "modify_ldt", 1, testData, 16))
	p.ok(t, "modify_ldt", 0, testData, 128)
	entry, _ = p.mem.Uint(testData+8*8, 8)
	require.Zero(t, entry, "no base and no limit: cleared")

	_, errno = newProcess(t, "mips", nil).do("modify_ldt", 0)
	require.Equal(t, arch.ENOSYS, errno)
}

// describe writes a user_desc.
func (p *Process) describe(t *testing.T, entry, base, limit, flags uint64) {
	t.Helper()
	b := p.current.encode().u32(entry).u32(base).u32(limit).u32(flags).b
	require.NoError(t, p.mem.Write(testData, b))
}

func TestPrctl(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	_, errno := p.do("prctl", 15, p.text(t, 0, "a name that is longer than fifteen"))
	require.Zero(t, errno)
	require.Equal(t, "a name that is \n", p.readFile(t, "/proc/self/comm"))
	_, errno = p.do("prctl", 16, testData)
	require.Zero(t, errno)
	s, _ := p.mem.CString(testData, 16)
	require.Equal(t, "a name that is ", s)
	_, errno = p.do("prctl", 0x53564d41, 0, testData, 4096, 0)
	require.Equal(t, arch.EINVAL, errno, "PR_SET_VMA")
	_, errno = p.do("arch_prctl", 0x1002, 0x1234)
	require.Zero(t, errno)
	require.EqualValues(t, 0x1234, p.eng.Reg(p.arch.TLS))
	_, errno = p.do("arch_prctl", 0x1002, 1<<47)
	require.Equal(t, arch.EPERM, errno)
}

// TestCapabilities: what kernel.org/pub/linux/libs/security/libcap/cap and others ask in their initialisers.
func TestCapabilities(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		uid    uint32
		kernel string
		last   uint64
		have   uint64
	}{
		{0, "6.12.48", 40, 1<<41 - 1},
		{0, "5.8.0", 39, 1<<40 - 1},
		{0, "4.14.1", 37, 1<<38 - 1},
		{1000, "6.12.48", 40, 0},
	} {
		for _, goarch := range arches {
			p := newProcess(t, goarch, nil, withMachine(machine.Setting("kernel.release", tc.kernel)))
			p.id.euid = tc.uid
			ask := func(version, pid uint32) (uint64, arch.Errno) {
				require.NoError(t, p.mem.Write(testData, p.current.encode().u32(uint64(version)).u32(uint64(pid)).b))
				return p.do("capget", testData, testData+8)
			}
			_, errno := ask(capabilityVersion, 0)
			require.Zero(t, errno, goarch)
			words := make([]uint64, 6)
			for i := range words {
				words[i], _ = p.mem.Uint(testData+8+uint64(4*i), 4)
			}
			low, high := tc.have&0xffffffff, tc.have>>32
			require.Equal(t, []uint64{low, low, 0, high, high, 0}, words, goarch)
			_, errno = ask(1, 0)
			require.Equal(t, arch.EINVAL, errno)
			newest, _ := p.mem.Uint(testData, 4)
			require.EqualValues(t, capabilityVersion, newest)
			_, errno = ask(capabilityVersion, 77)
			require.Equal(t, arch.ESRCH, errno)
			have, errno := p.do("prctl", 23, tc.last)
			require.Zero(t, errno)
			require.EqualValues(t, 1, have)
			_, errno = p.do("prctl", 23, tc.last+1)
			require.Equal(t, arch.EINVAL, errno)
			require.Equal(t, fmt.Sprintln(tc.last), p.readFile(t, "/proc/sys/kernel/cap_last_cap"))
			require.Contains(t, p.readFile(t, "/proc/self/status"), fmt.Sprintf("CapEff:\t%016x\n", tc.have))
		}
	}
}

func TestSysinfo(t *testing.T) {
	t.Parallel()
	for _, goarch := range arches {
		p := newProcess(t, goarch, nil, withMachine(machine.Memory(8<<30)))
		_, errno := p.do("sysinfo", testData)
		require.Zero(t, errno)
		word := p.arch.PtrSize
		total, _ := p.mem.Uint(testData+uint64(4*word), word)
		unit, _ := p.mem.Uint(testData+map[int]uint64{4: 52, 8: 104}[word], 4)
		require.EqualValues(t, 8<<30, total*unit, goarch)
	}
}

// TestStat checks the structure against the architecture's layout through values that tell the fields apart.
func TestStat(t *testing.T) {
	t.Parallel()
	for _, goarch := range arches {
		t.Run(goarch, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t, goarch, nil)
			name, at := p.named(t, "fstat64", "fstat"), p.named(t, "fstatat64", "newfstatat", "fstatat")
			fd := p.openFile(t, "/etc/passwd", oRDONLY)
			_, errno := p.do(name, fd, testData)
			require.Zero(t, errno)
			want := map[string]uint64{
				"st_mode": sIFREG | 0o644, "st_nlink": 1, "st_size": uint64(len(p.readFile(t, "/etc/passwd"))), "st_blksize": 4096, "st_blocks": 1,
				"st_ino": p.tree.at("/etc/passwd").ino, "st_dev": 20, "st_mtime": 1767225600,
			}
			_, errno = p.do(name, fd, testData)
			require.Zero(t, errno)
			found := 0
			for _, f := range p.arch.Structs.Stat.Fields {
				require.Contains(t, statFields, f.Name, "a member that nobody fills")
				if v, ok := want[f.Name]; ok {
					got, _ := p.mem.Uint(testData+uint64(f.Offset), f.Size)
					require.Equal(t, v, got, f.Name)
					found++
				}
			}
			require.GreaterOrEqual(t, found, len(want))
			_, errno = p.do(at, cwdFD, p.text(t, 1, "/proc/self"), testData, atSymlinkNofollow)
			require.Zero(t, errno)
			_, errno = p.do(at, fd, p.text(t, 1, ""), testData, atEmptyPath)
			require.Zero(t, errno)
			_, errno = p.do(at, fd, p.text(t, 1, ""), testData, 0)
			require.Equal(t, arch.ENOENT, errno)
			_, errno = p.do("statx", cwdFD, p.text(t, 1, "/etc/passwd"), 0, 0x7ff, testData)
			require.Zero(t, errno)
			mode, _ := p.mem.Uint(testData+28, 2)
			require.EqualValues(t, sIFREG|0o644, mode)
		})
	}
}

func TestMapsFormat(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	_, errno := p.do("brk", p.space.brkStart+1)
	require.Zero(t, errno)
	require.Contains(t, p.readFile(t, "/proc/self/maps"), fmt.Sprintf("%08x-%08x rw-p 00000000 00:00 0                                  [heap]\n",
		p.space.brkStart, p.space.brkStart+4096))
}

func TestSocketsAreRefusedAndReported(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	_, errno := p.do("socket", 2, 1, 0)
	require.Equal(t, arch.EAFNOSUPPORT, errno)
	require.Len(t, p.Events(), 1)
	require.Equal(t, "socket", p.Events()[0].Name)
}

// The machine's affinity.* has it answer as another kernel does.
func TestAffinityKeys(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		affinity machine.Affinity
		cpus     string
		size     uint64
		want     uint64 // bytes
		errno    arch.Errno
	}{
		{"refused", machine.Affinity{Errno: "EPERM"}, "4", 8192, 0, arch.EPERM},
		{"refused with a number of its own", machine.Affinity{Errno: "ENOSYS"}, "4", 8192, 0, arch.ENOSYS},
		{"longer than needed", machine.Affinity{Length: 128}, "4", 8192, 128, 0},
		{"longer than the buffer", machine.Affinity{Length: 128}, "4", 64, 64, 0},
		{"one byte", machine.Affinity{Length: 1}, "4", 8192, 1, 0},
		{"odd", machine.Affinity{Length: 11}, "0-3,80-87", 8192, 11, 0},
		{"below the minimum", machine.Affinity{Minimum: 1024}, "4", 1016, 0, arch.EINVAL},
		{"at the minimum", machine.Affinity{Minimum: 1024, Length: 1024}, "4", 1024, 1024, 0},
		{"less than the CPUs need", machine.Affinity{Minimum: 8}, "128", 8, 8, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, goarch := range arches {
				p := newProcess(t, goarch, nil, func(c *Config) {
					c.Machine = machine.New(machine.CPUSetOf(tc.cpus))
					c.Machine.Affinity = tc.affinity
				})
				n, errno := p.do("sched_getaffinity", 0, tc.size, testData)
				require.Equal(t, tc.errno, errno, goarch)
				require.Equal(t, tc.want, n, goarch)
				word := p.arch.PtrSize
				want := p.id.cpus.MaskFor(64*word, word, p.arch.Order)
				got := make([]byte, tc.want)
				require.NoError(t, p.mem.Read(testData, got))
				for i, b := range got {
					if i < len(want) {
						require.Equal(t, want[i], b, goarch)
					} else {
						require.Zero(t, b, goarch)
					}
				}
			}
		})
	}
}
