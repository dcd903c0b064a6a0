// SPDX-License-Identifier: GPL-2.0-or-later

package fidelity

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
)

// parse reads a trace without process numbers.
func parse(t *testing.T, text string) []Call {
	t.Helper()
	calls, err := ParseStrace(text)
	require.NoError(t, err)
	return calls
}

func TestNormalise(t *testing.T) {
	t.Parallel()
	calls := parse(t, `sched_getaffinity(0, 0x2000, 0x7ffc0f0e0790) = 0x20
openat(0xffffffffffffff9c, 0x7ffc0f0e2810, 0, 0) = 0x3
mmap(0, 0x40000, 0x3, 0x22, 0xffffffff, 0) = 0x7ffb9994d000
mmap(0xc000000000, 0x4000000, 0, 0x22, 0xffffffff, 0) = 0xc000000000
mmap(0x7ffb9994e000, 0x1000, 0x3, 0x32, 0xffffffff, 0) = 0x7ffb9994e000
mmap(0, 0x1000, 0x3, 0x22, 0xffffffff, 0) = -1 ENOMEM (Cannot allocate memory)
brk(0) = 0x8af8000
brk(0x8af8000) = 0x8af8000
madvise(0x584208, 0x2000000, 0xf) = 0
gettid() = 0x3f38
clone(0xd0f00, 0xc000002000, 0, 0, 0x584208) = ?
`)
	text := func(s Space) (lines []string) {
		for _, c := range Normalise(Registers, calls, s) {
			lines = append(lines, c.String())
		}
		return lines
	}
	space := Space{SP: 0x7ffc0f0e2800, Fixed: true}
	require.Equal(t, []string{
		"sched_getaffinity(0x0, 0x2000, sp-0x2070) = 0x20",
		"openat(0xffffffffffffff9c, sp+0x10, 0x0, 0x0) = 0x3",
		"mmap(0x0, 0x40000, 0x3, 0x22, 0xffffffff, 0x0) = map1+0x0",
		"mmap(0xc000000000, 0x4000000, 0x0, 0x22, 0xffffffff, 0x0) = 0xc000000000",
		"mmap(map1+0x1000, 0x1000, 0x3, 0x32, 0xffffffff, 0x0) = map1+0x1000",
		"mmap(0x0, 0x1000, 0x3, 0x22, 0xffffffff, 0x0) = -1 ENOMEM",
		"brk(0x0) = brk+0x0",
		"brk(brk+0x0) = brk+0x0",
		"madvise(0x584208, 0x2000000, 0xf) = 0x0",
		"gettid() = pid",
		"clone(0xd0f00, 0xc000002000, 0x0, 0x0, 0x584208)",
	}, text(space))
	space.Fixed = false
	require.Equal(t, "mmap(map2+0x0, 0x4000000, 0x0, 0x22, 0xffffffff, 0x0) = map2+0x0", text(space)[3])
}

func TestNormaliseContents(t *testing.T) {
	t.Parallel()
	calls := parse(t, `mmap(NULL, 262144, 0x3, 0x22, -1, 0) = 0x7fbdcf4ff000
sigaltstack({ss_sp=0x7fbdcf500000, ss_flags=0, ss_size=32768}, NULL) = 0
set_thread_area({entry_number=-1, base_addr=0x81b268c, limit=0x0fffff}) = 0 (entry_number=12)
clock_gettime(0x1, {tv_sec=4383, tv_nsec=75}) = 0
openat(-100, "/proc/self/cgroup", 0x80000) = 3
`)
	var lines []string
	for _, c := range Normalise(Contents, calls, Space{}) {
		lines = append(lines, c.String())
	}
	require.Equal(t, []string{
		"mmap(0x0, 0x40000, 0x3, 0x22, 0xffffffff, 0x0) = map1+0x0",
		"sigaltstack({ss_sp=map1+0x1000, ss_flags=0, ss_size=32768}, 0x0) = 0x0",
		"set_thread_area({base_addr=0x81b268c, limit=0x0fffff}) = 0 (entry_number=12)",
		"clock_gettime(0x1, {time}) = 0x0",
		`openat(0xffffff9c, "/proc/self/cgroup", 0x80000) = 0x3`,
	}, lines)
}

func TestCompare(t *testing.T) {
	t.Parallel()
	real := parse(t, "getpid() = 1\nread(3, 0x1, 20) = 8\nclose(3) = 0\nmmap(0, 1) = 5\nmmap(0, 2) = 6\n")
	for _, tc := range []struct {
		name, rt0 string
		want      []string
	}{
		{"equal", "getpid() = 1\nread(3, 0x1, 20) = 8\nclose(3) = 0\nmmap(0, 1) = 5\nmmap(0, 2) = 6\n", nil},
		{"fields", "getpid() = 1\nread(3, 0x1, 21) = 9\nclose(3) = -1 EBADF\nmmap(0, 1) = 5\nmmap(0, 2, 0) = 6\n", []string{
			"call 2: read, arg 3: really 20, in rt0 21",
			"call 2: read, result: really 8, in rt0 9",
			"call 3: close, result: really 0, in rt0 -1 EBADF",
			"call 5: mmap, arg 3: really absent, in rt0 0",
		}},
		{"one more, one missing", "getpid() = 1\ntime() = 0\nread(3, 0x1, 20) = 8\nclose(3) = 0\nmmap(0, 2) = 6\n", []string{
			"call 2: only rt0 sees time() = 0",
			"call 4: only the real kernel sees mmap(0, 1) = 5",
		}},
		{"other order", "read(3, 0x1, 20) = 8\ngetpid() = 1\nclose(3) = 0\nmmap(0, 1) = 5\nmmap(0, 2) = 6\n", []string{
			"call 1: only the real kernel sees getpid() = 1",
			"call 2: only rt0 sees getpid() = 1",
		}},
		{"cut off", "getpid() = 1\nread(3, 0x1, 20) = 8\nclose(3) = 0\nmmap(0, 1) = 5\n", []string{
			"call 5: only the real kernel sees mmap(0, 2) = 6",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, d := range Compare(real, parse(t, tc.rt0)) {
				got = append(got, d.String())
			}
			require.Equal(t, tc.want, got)
		})
	}
}

func TestParseQEMU(t *testing.T) {
	t.Parallel()
	a, ok := arch.Find("arm64")
	require.True(t, ok)
	calls, err := ParseQEMU(a, `16247 openat(AT_FDCWD,"/proc/self/cgroup",O_RDONLY|O_CLOEXEC) = 3
16247 mmap(0x0000005545162000,4096,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED,-1,0) = 0x0000005545162000
16247 madvise(0x0000005545162000,33554432,MADV_NOHUGEPAGE) = -1 errno=22 (Invalid argument)
16247 sched_getaffinity(0,8192,365080603848,0,0,0) = 32
16247 clock_gettime(CLOCK_MONOTONIC,0x0000005500800cd0) = 0 ({tv_sec = 3077,tv_nsec = 465019841})
16247 sigaltstack((nil),0x5500800d08) = 0
16247 rt_sigaction(SIGIOT,NULL,0x0000005500800d00) = 0
16247 rt_sigaction(34,NULL,0x0000005500800d00) = 0
16247 prctl(1,2,3,4,5,6) = 0
16247 Unknown syscall 278
16247 Unknown syscall 12345
16247 clone(CLONE_VM|CLONE_FS,child_stack=0x000032118dc92000) = 16252
hello, world
`)
	require.NoError(t, err)
	require.Equal(t, []Call{
		{"openat", []string{"0xffffff9c", `"/proc/self/cgroup"`, "0x80000"}, "0x3"},
		{"mmap", []string{"address", "0x1000", "0x3", "0x32", "0xffffffff", "0x0"}, "address"},
		{"madvise", []string{"address", "0x2000000", "0xf"}, "-1 EINVAL"},
		{"sched_getaffinity", []string{"0x0", "0x2000", "address"}, "0x20"},
		{"clock_gettime", []string{"0x1", "address"}, "0x0"},
		{"sigaltstack", []string{"NULL", "address"}, "0x0"},
		{"rt_sigaction", []string{"0x6", "NULL", "address"}, "0x0"},
		{"rt_sigaction", []string{"0x22", "NULL", "address"}, "0x0"},
		{"prctl", []string{"0x1"}, "0x0"},
		{"getrandom", nil, "-1 ENOSYS"},
		{"system call 12345", nil, "-1 ENOSYS"},
		{"clone", []string{"0x300"}, ""},
	}, calls)
}

// TestDialect: words are read as the architecture's numbers.
func TestDialect(t *testing.T) {
	t.Parallel()
	own := &arch.Arch{
		Syscall: arch.Syscall{
			OpenFlags: []arch.Flag{{Name: "O_NONBLOCK", Generic: 0o4000, Own: 0x80}},
			MapFlags:  []arch.Flag{{Name: "MAP_ANONYMOUS", Generic: 0x20, Own: 0x800}},
			Errnos:    []arch.Renumbered{{Generic: uint64(arch.ENOSYS), Own: 89}},
		},
		Signals: arch.Signals{How: [3]int{1, 2, 3}, Numbers: []arch.Renumbered{{Generic: uint64(arch.SIGBUS), Own: 10}}},
	}
	d := newDialect(own)
	for text, want := range map[string]string{
		"O_RDWR|O_NONBLOCK": "0x82", "MAP_PRIVATE|MAP_ANONYMOUS": "0x802", "SIG_SETMASK": "0x3", "SIGBUS": "0xa", "SIGIOT": "0x6",
		"SIGSEGV": "0xb", "O_RDWR|O_UNHEARD": "O_RDWR|O_UNHEARD", "AT_FDCWD": "-100", "17": "0x11",
	} {
		require.Equal(t, want, d.number(text), text)
	}
	require.Equal(t, arch.ENOSYS, d.errno("89"))
	require.Equal(t, arch.ENOENT, d.errno("2"))
}

func FuzzParseQEMU(f *testing.F) {
	f.Add("1 a(\"\\")
	f.Add("1 Unknown syscall 1\n1 open(\"a\",O_RDONLY) = -1 errno=2 (No such file or directory)\n1 clone(CLONE_VM")
	f.Fuzz(func(t *testing.T, text string) {
		for _, a := range arch.All() {
			_, _ = ParseQEMU(a, text)
		}
	})
}
