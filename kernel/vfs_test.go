// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/machine"
)

// cwdFD is AT_FDCWD as the guest passes it.
const cwdFD = atFDCWDWord

// text writes a string into the guest's memory, at a place of its own for each n, and returns its address.
func (p *Process) text(t *testing.T, n int, s string) uint64 {
	t.Helper()
	addr := uint64(testData + n*4200)
	require.NoError(t, p.mem.Write(addr, append([]byte(s), 0)))
	return addr
}

// openFile opens a path and wants that to go well.
func (p *Process) openFile(t *testing.T, path string, flags uint64) uint64 {
	t.Helper()
	fd, errno := p.do("openat", cwdFD, p.text(t, 0, path), p.guestFlags(int(flags)), 0o644)
	require.Zero(t, errno, path)
	return fd
}

// readFile reads a file as the guest does, in pieces of odd sizes.
func (p *Process) readFile(t *testing.T, path string) string {
	t.Helper()
	fd := p.openFile(t, path, oRDONLY)
	defer p.do("close", fd)
	var s strings.Builder
	for {
		n, errno := p.do("read", fd, testData+4200, 777)
		require.Zero(t, errno)
		if n == 0 {
			return s.String()
		}
		b := make([]byte, n)
		require.NoError(t, p.mem.Read(testData+4200, b))
		s.Write(b)
	}
}

// withMachine changes the machine of a test process.
func withMachine(options ...machine.Option) func(*Config) {
	return func(c *Config) { c.Machine = machine.New(options...).Resolved() }
}

func TestPaths(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	tr := p.tree
	tr.text("/tmp/file", 0o644, "contents")
	tr.symlink("/tmp/link", "file")
	tr.symlink("/tmp/up", "../etc")
	tr.symlink("/tmp/slash", "/etc/")
	tr.symlink("/tmp/loop", "loop")
	tr.symlink("/tmp/dangling", "nowhere")
	tr.symlink("/tmp/root", "/")
	long := strings.Repeat("x", 256)
	for _, tc := range []struct {
		path     string
		nofollow bool
		want     string // path of the node; "" when the last name is free
		errno    arch.Errno
	}{
		{path: "/", want: "/"},
		{path: "//", want: "/"},
		{path: "", errno: arch.ENOENT},
		{path: "/..", want: "/"},
		{path: "/../../tmp", want: "/tmp"},
		{path: "tmp", want: "/tmp"},
		{path: "./tmp/.", want: "/tmp"},
		{path: "tmp//file", want: "/tmp/file"},
		{path: "/tmp/file/", errno: arch.ENOTDIR},
		{path: "/tmp/file/x", errno: arch.ENOTDIR},
		{path: "/tmp/file/..", errno: arch.ENOTDIR},
		{path: "/tmp/free"},
		{path: "/tmp/free/"},
		{path: "/tmp/free/x", errno: arch.ENOENT},
		{path: "/tmp/link", want: "/tmp/file"},
		{path: "/tmp/link", nofollow: true, want: "/tmp/link"},
		{path: "/tmp/link/", nofollow: true, errno: arch.ENOTDIR},
		{path: "/tmp/up", want: "/etc"},
		{path: "/tmp/up/hosts", nofollow: true, want: "/etc/hosts"},
		{path: "/tmp/up/../tmp/file", want: "/tmp/file"},
		{path: "/tmp/up/", nofollow: true, want: "/etc"},
		{path: "/tmp/slash/hosts", want: "/etc/hosts"},
		{path: "/tmp/slash", want: "/etc"},
		{path: "/tmp/root", want: "/"},
		{path: "/tmp/root/tmp/root/tmp/link", want: "/tmp/file"},
		{path: "/tmp/loop", errno: arch.ELOOP},
		{path: "/tmp/loop", nofollow: true, want: "/tmp/loop"},
		{path: "/tmp/loop/x", nofollow: true, errno: arch.ELOOP},
		{path: "/tmp/dangling"},
		{path: "/tmp/dangling/x", errno: arch.ENOENT},
		{path: "/tmp/" + long, errno: arch.ENAMETOOLONG},
		{path: "/tmp/" + long[:255]},
		{path: strings.Repeat("/tmp/..", 584), want: "/"},
		{path: strings.Repeat("/", 4096), errno: arch.ENAMETOOLONG},
		{path: "/proc/self", want: "/proc/1000"},
		{path: "/proc/self", nofollow: true, want: "/proc/self"},
		{path: "/proc/self/exe", want: "/test"},
		{path: "/proc/self/cwd/tmp", want: "/tmp"},
		{path: "/proc/thread-self/comm", want: "/proc/1000/task/1000/comm"},
		{path: "/proc/1001", want: ""},
		{path: "/dev/stdin", want: "/dev/null"},
		{path: "/dev/fd/0", want: "/dev/null"},
		{path: "/proc/self/fd/9"},
		{path: "/proc/self/task/1000/status", want: "/proc/1000/task/1000/status"},
	} {
		at, errno := tr.walk(p.current, tr.root, tc.path, !tc.nofollow)
		require.Equal(t, tc.errno, errno, "%.60s", tc.path)
		got := ""
		if at.node != nil {
			got, _ = at.node.path()
		}
		require.Equal(t, tc.want, got, "%.60s", tc.path)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for _, goarch := range arches {
		t.Run(goarch, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t, goarch, nil)
			p.tree.symlink("/tmp/link", "target")
			for _, tc := range []struct {
				path  string
				flags int
				errno arch.Errno
			}{
				{"/tmp/new", oRDWR, arch.ENOENT},
				{"/tmp/new", oRDWR | oCREAT | oEXCL, 0},
				{"/tmp/new", oRDWR | oCREAT | oEXCL, arch.EEXIST},
				{"/tmp/new", oRDWR | oCREAT | oTRUNC, 0},
				{"/tmp/new", oRDONLY | oDIRECTORY, arch.ENOTDIR},
				{"/tmp", oRDONLY | oDIRECTORY, 0},
				{"/tmp", oWRONLY, arch.EISDIR},
				{"/tmp", oRDONLY | oCREAT, arch.EISDIR},
				{"/tmp/x/", oWRONLY | oCREAT, arch.EISDIR},
				{"/tmp/link", oRDONLY | oNOFOLLOW, arch.ELOOP},
				{"/tmp/link", oRDONLY | oNOFOLLOW | oPATH, 0},
				{"/tmp/link", oWRONLY | oCREAT | oEXCL, arch.EEXIST},
				{"/tmp/link", oRDONLY, arch.ENOENT},
				{"/proc/cpuinfo", oWRONLY, arch.EACCES},
				{"/proc/new", oWRONLY | oCREAT, arch.EACCES},
				{"/sys/fs/cgroup/new", oWRONLY | oCREAT, arch.EACCES},
				{"/dev/tty", oRDWR, arch.ENXIO},
				{"/dev/null", oRDWR, 0},
				{"/tmp", oRDWR | oTMPFILE, arch.EOPNOTSUPP},
				{"", oRDONLY, arch.ENOENT},
			} {
				_, errno := p.do("openat", cwdFD, p.text(t, 0, tc.path), p.guestFlags(tc.flags), 0o644)
				require.Equal(t, tc.errno, errno, "%s %#o", tc.path, tc.flags)
			}
			_, errno := p.do("openat", cwdFD, 0, 0, 0)
			require.Equal(t, arch.EFAULT, errno)
			_, errno = p.do("openat", 1, p.text(t, 0, "x"), 0, 0)
			require.Equal(t, arch.ENOTDIR, errno, "a pipe is no directory")
			_, errno = p.do("openat", 77, p.text(t, 0, "x"), 0, 0)
			require.Equal(t, arch.EBADF, errno)
			dir := p.openFile(t, "/etc", oRDONLY|oDIRECTORY)
			_, errno = p.do("openat", dir, p.text(t, 0, "hosts"), 0, 0)
			require.Zero(t, errno)
		})
	}
}

func TestDescriptors(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	first := p.openFile(t, "/etc/hosts", oRDONLY|oCLOEXEC)
	require.EqualValues(t, 3, first)
	second, _ := p.do("dup", first)
	require.EqualValues(t, 4, second)
	third, _ := p.do("fcntl", first, fDUPFDCLOEXEC, 10)
	require.EqualValues(t, 10, third)
	for fd, want := range map[uint64]uint64{first: 1, second: 0, third: 1} {
		got, errno := p.do("fcntl", fd, fGETFD)
		require.Zero(t, errno)
		require.Equal(t, want, got, "close-on-exec of %d", fd)
	}
	n, _ := p.do("read", first, testData, 4)
	require.EqualValues(t, 4, n)
	pos, _ := p.do("lseek", second, 0, 1)
	require.EqualValues(t, 4, pos, "dup shares the position")
	p.do("close", first)
	require.EqualValues(t, 3, p.openFile(t, "/etc/group", oRDONLY), "the lowest free number is given again")
	_, errno := p.do("dup3", second, second, 0)
	require.Equal(t, arch.EINVAL, errno)
	same, _ := p.do("dup2", second, second)
	require.Equal(t, second, same)
	_, errno = p.do("dup2", second, 1<<20)
	require.Equal(t, arch.EBADF, errno)
	p.id.limits[limitFiles].soft = 12
	require.Zero(t, p.setLimit(limitFiles, rlimit{12, 4096}))
	for _, name := range []string{"dup", "dup", "dup", "dup", "dup", "dup"} {
		_, errno = p.do(name, second)
		require.Zero(t, errno)
	}
	_, errno = p.do("dup", second)
	require.Equal(t, arch.EMFILE, errno)
	_, errno = p.do("openat", cwdFD, p.text(t, 0, "/nowhere"), 0, 0)
	require.Equal(t, arch.EMFILE, errno, "the number comes before the path")
	_, errno = p.do("close_range", 3, ^uint64(0), 0)
	require.Zero(t, errno)
	require.Nil(t, p.files.get(4))
	require.NotNil(t, p.files.get(2))
	flags, _ := p.do("fcntl", 0, fGETFL)
	require.EqualValues(t, oRDONLY, flags)
}

func TestFilesAreWrittenAndRead(t *testing.T) {
	t.Parallel()
	for _, goarch := range arches {
		t.Run(goarch, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t, goarch, nil)
			fd := p.openFile(t, "/tmp/f", oRDWR|oCREAT|oAPPEND)
			text := p.text(t, 2, "hello, world")
			for range 2 {
				n, errno := p.do("write", fd, text, 12)
				require.Zero(t, errno)
				require.EqualValues(t, 12, n)
			}
			require.Equal(t, "hello, worldhello, world", p.readFile(t, "/tmp/f"))
			n, errno := p.do("pread64", p.wide([]uint64{fd, testData, 5}, 7)...)
			require.Zero(t, errno)
			require.EqualValues(t, 5, n)
			s, err := p.mem.CString(testData, 64)
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(s, "world"), s)
			_, errno = p.do("ftruncate", fd, 3)
			require.Zero(t, errno)
			require.Equal(t, "hel", p.readFile(t, "/tmp/f"))
			_, errno = p.do("pwrite64", p.wide([]uint64{fd, text, 2}, 5)...)
			require.Zero(t, errno)
			require.Equal(t, "hel\x00\x00he", p.readFile(t, "/tmp/f"), "a hole reads as zeroes")
			_, errno = p.do("pwrite64", p.wide([]uint64{fd, text, 2}, 1<<40)...)
			require.Equal(t, arch.ENOSPC, errno, "the tree is bounded")
			_, errno = p.do("read", 1, testData, 1)
			require.Equal(t, arch.EBADF, errno)
			_, errno = p.do("pread64", p.wide([]uint64{1, testData, 1}, 0)...)
			require.Equal(t, arch.ESPIPE, errno)
			_, errno = p.do("read", fd, 0x10, 1)
			require.Zero(t, errno, "the end of the file comes before the buffer is looked at")
		})
	}
}

func TestPartialTransfer(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	fd := p.openFile(t, "/dev/zero", oRDWR)
	end := uint64(testData + testSize)
	n, errno := p.do("read", fd, end-100, 4096)
	require.Zero(t, errno)
	require.EqualValues(t, 100, n, "what fits is read")
	_, errno = p.do("read", fd, end, 4096)
	require.Equal(t, arch.EFAULT, errno)
	_, errno = p.do("read", fd, testCode, 1)
	require.Equal(t, arch.EFAULT, errno, "code cannot be written to")
	n, _ = p.do("write", fd, end-7, 8)
	require.EqualValues(t, 7, n)
	// An iovec whose second piece is bad moves the first.
	vec := p.current.encode().word(end - 10).word(10).word(0).word(10).b
	require.NoError(t, p.mem.Write(testStack, vec))
	n, errno = p.do("readv", fd, testStack, 2)
	require.Zero(t, errno)
	require.EqualValues(t, 10, n)
	_, errno = p.do("readv", fd, testStack, 1025)
	require.Equal(t, arch.EINVAL, errno)
}

func TestTreeChanges(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "arm64", nil)
	at := func(name string, path string, args ...uint64) arch.Errno {
		_, errno := p.do(name, append([]uint64{cwdFD, p.text(t, 0, path)}, args...)...)
		return errno
	}
	rename := func(from, to string) arch.Errno {
		_, errno := p.do("renameat2", cwdFD, p.text(t, 0, from), cwdFD, p.text(t, 1, to), 0)
		return errno
	}
	require.Zero(t, at("mkdirat", "/tmp/a", 0o755))
	require.Equal(t, arch.EEXIST, at("mkdirat", "/tmp/a", 0o755))
	require.Zero(t, at("mkdirat", "/tmp/a/b/", 0o755))
	require.Equal(t, arch.ENOENT, at("mkdirat", "/tmp/x/b", 0o755))
	require.Equal(t, arch.EACCES, at("mkdirat", "/proc/x", 0o755))
	p.openFile(t, "/tmp/a/f", oWRONLY|oCREAT)
	require.Equal(t, arch.EISDIR, at("unlinkat", "/tmp/a", 0))
	require.Equal(t, arch.ENOTEMPTY, at("unlinkat", "/tmp/a", atRemovedir))
	require.Equal(t, arch.ENOTDIR, at("unlinkat", "/tmp/a/f", atRemovedir))
	require.Equal(t, arch.EPERM, at("unlinkat", "/proc/version", 0))
	require.Equal(t, arch.EBUSY, at("unlinkat", "/proc", atRemovedir))
	require.Equal(t, arch.EINVAL, rename("/tmp/a", "/tmp/a/b/c"))
	require.Equal(t, arch.EXDEV, rename("/tmp/a/f", "/dev/f"))
	require.Equal(t, arch.EISDIR, rename("/tmp/a/f", "/tmp/a/b"))
	require.Zero(t, rename("/tmp/a/f", "/tmp/g"))
	require.Zero(t, rename("/tmp/a", "/tmp/c"))
	require.Equal(t, arch.ENOENT, at("unlinkat", "/tmp/a/f", 0))
	require.Zero(t, at("unlinkat", "/tmp/c/b", atRemovedir))
	require.Zero(t, at("unlinkat", "/tmp/c", atRemovedir))
	require.Zero(t, at("unlinkat", "/tmp/g", 0))
	require.Empty(t, p.tree.at("/tmp").children)
	require.EqualValues(t, 2, p.tree.at("/tmp").links)

	before := p.tree.bytes
	fd := p.openFile(t, "/tmp/big", oWRONLY|oCREAT)
	_, errno := p.do("ftruncate", fd, treeBytes)
	require.Zero(t, errno)
	require.Zero(t, at("unlinkat", "/tmp/big", 0))
	require.Equal(t, before+treeBytes, p.tree.bytes, "an open file keeps its room")
	p.do("close", fd)
	require.Equal(t, before, p.tree.bytes, "the last close gives it back")
}

func TestWorkingDirectory(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "386", nil)
	_, errno := p.do("chdir", p.text(t, 0, "/etc/hosts"))
	require.Equal(t, arch.ENOTDIR, errno)
	_, errno = p.do("chdir", p.text(t, 0, "/proc/self/../../tmp"))
	require.Zero(t, errno)
	n, errno := p.do("getcwd", testData, 5)
	require.Zero(t, errno)
	require.EqualValues(t, 5, n)
	_, errno = p.do("getcwd", testData, 4)
	require.Equal(t, arch.ERANGE, errno)
	p.openFile(t, "here", oWRONLY|oCREAT)
	require.NotNil(t, p.tree.at("/tmp/here"))
}

func TestDirectoryListing(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	fd := p.openFile(t, "/dev", oRDONLY|oDIRECTORY)
	var names []string
	for {
		n, errno := p.do("getdents64", fd, testData, 64)
		require.Zero(t, errno)
		if n == 0 {
			break
		}
		b := make([]byte, n)
		require.NoError(t, p.mem.Read(testData, b))
		for len(b) > 0 {
			size := binary.LittleEndian.Uint16(b[16:])
			name, _, _ := strings.Cut(string(b[19:size]), "\x00")
			names = append(names, name)
			b = b[size:]
		}
	}
	require.Equal(t, []string{".", "..", "fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom", "zero"}, names)
	p.do("lseek", fd, 0, 0)
	_, errno := p.do("getdents64", fd, testData, 8)
	require.Equal(t, arch.EINVAL, errno)
}

func TestMachineFiles(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil, withMachine(
		machine.File("/etc/hosts", "mine\n"),
		machine.File("/a/b/c", "deep"),
		machine.File("/proc/self/cgroup", "0::/elsewhere\n"),
		machine.File("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "what?"),
	))
	for path, want := range map[string]string{
		"/etc/hosts": "mine\n", "/a/b/c": "deep", "/proc/self/cgroup": "0::/elsewhere\n",
		"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size": "what?", "/proc/sys/kernel/osrelease": "6.12.48\n",
	} {
		require.Equal(t, want, p.readFile(t, path))
	}
}

func TestBinaryNamedLikeADirectory(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil, func(c *Config) { c.Exe, c.ExeData = "/proc", []byte("binary") })
	require.Equal(t, "binary", p.readFile(t, "/proc/self/exe"))
	require.Contains(t, p.readFile(t, "/proc/version"), "6.12.48")
}

func TestOutputIsBounded(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil, func(c *Config) { c.Output = 10 })
	for range 3 {
		n, errno := p.do("write", 1, p.text(t, 0, "12345678"), 8)
		require.Zero(t, errno)
		require.EqualValues(t, 8, n)
	}
	out, cut := p.Stdout()
	require.Equal(t, "1234567812", string(out))
	require.True(t, cut)
	_, cut = p.Stderr()
	require.False(t, cut)
	n, errno := p.do("read", 0, testData, 8)
	require.Zero(t, errno)
	require.Zero(t, n, "standard input is empty")
}

// TestInodesDoNotDependOnChance makes the same tree twice: maps must not show through.
func TestInodesDoNotDependOnChance(t *testing.T) {
	t.Parallel()
	inodes := func() map[string]uint64 {
		p := newProcess(t, "amd64", nil, withMachine(machine.File("/x/a", ""), machine.File("/x/b", ""), machine.File("/x/c", "")))
		all := map[string]uint64{}
		var walk func(n *node)
		walk = func(n *node) {
			path, _ := n.path()
			all[path] = n.ino
			for _, child := range n.children {
				walk(child)
			}
		}
		walk(p.tree.root)
		return all
	}
	want := inodes()
	require.Greater(t, len(want), 100)
	seen := map[uint64]bool{}
	for path, ino := range want {
		require.False(t, seen[ino], path)
		seen[ino] = true
	}
	for range 3 {
		require.Equal(t, want, inodes())
	}
}
