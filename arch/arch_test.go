// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// conformance is what every architecture goes through.
var conformance = []struct {
	name  string
	check func(t *testing.T, a *Arch)
}{
	{"identity", testIdentity},
	{"engine", testEngine},
	{"registers", testRegisters},
	{"syscall convention", testSyscallConvention},
	{"syscall numbers", testSyscallNumbers},
	{"abi", testABI},
	{"signal frame", testSignalFrame},
	{"signals", testSignals},
	{"traps", testTraps},
	{"layouts", testLayouts},
	{"features", testFeatures},
	{"opcodes", testOpcodes},
	{"CPUs", testCPUs},
	{"cpuid", testCPUID},
	{"address space", testAddressSpace},
	{"variants", testVariants},
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, a := range All() {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			for _, c := range conformance {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					c.check(t, a)
				})
			}
		})
	}
}

func testIdentity(t *testing.T, a *Arch) {
	found, ok := Find(a.Name)
	require.True(t, ok)
	require.Same(t, a, found)
	found, ok = ByELF(a.ELF.Machine, a.ELF.Class, a.ELF.Data)
	require.True(t, ok)
	require.Same(t, a, found)
	require.Equal(t, map[int]string{4: "ELFCLASS32", 8: "ELFCLASS64"}[a.PtrSize], a.ELF.Class.String())
	require.Equal(t, map[string]string{"LittleEndian": "ELFDATA2LSB", "BigEndian": "ELFDATA2MSB"}[a.Order.String()], a.ELF.Data.String())
	require.NotZero(t, a.ELF.Relative)
	require.Contains(t, []Tier{Full, Partial}, a.Tier)
	require.NotEmpty(t, a.UTSName)
	for _, m := range a.Missing {
		require.LessOrEqual(t, len(m), 80, "a short phrase: %s", m)
	}
}

func testEngine(t *testing.T, a *Arch) {
	require.NotZero(t, a.Engine.Arch)
	require.NotEmpty(t, a.Engine.Models)
	require.Empty(t, a.Engine.Models[0].Lacks, "the default model is what the others are compared with")
	var names []string
	var ids []int
	for _, m := range a.Engine.Models {
		require.NotEmpty(t, m.Name)
		require.True(t, m.ID >= 0 || m.ID == DefaultModel && len(a.Engine.Models) == 1)
		names = append(names, m.Name)
		if m.Reset == nil { // else it is another one with something turned off
			ids = append(ids, m.ID)
		}
		for _, lack := range m.Lacks {
			f, ok := a.Feature(lack)
			require.True(t, ok, "%s lacks %s, which is no feature", m.Name, lack)
			require.True(t, f.Engine, "%s lacks %s, which no model runs", m.Name, lack)
		}
	}
	requireUnique(t, names)
	requireUnique(t, ids)
}

func testRegisters(t *testing.T, a *Arch) {
	var names []string
	var ids []int
	for _, r := range a.Registers {
		requireRegister(t, a, r)
		names, ids = append(names, r.Name), append(ids, r.ID)
	}
	requireUnique(t, names)
	requireUnique(t, ids)
	require.Contains(t, a.Registers, a.PC)
	require.Contains(t, a.Registers, a.SP)
	if a.Link != None {
		require.Contains(t, a.Registers, a.Link)
	}
	if a.Flags != None {
		requireRegister(t, a, a.Flags)
	}
	if a.TLS != None {
		requireRegister(t, a, a.TLS)
	}
	require.Equal(t, a.GDT, a.Segments.Table != None)
	_, ok := a.Register("no such register")
	require.False(t, ok)
	_, ok = a.Register("")
	require.False(t, ok, "the register that is not there has no name")
}

func testSyscallConvention(t *testing.T, a *Arch) {
	s := a.Syscall
	require.True(t, (s.Insn == 0) != (s.Intr == 0), "a trap is an instruction or an interrupt")
	require.Contains(t, a.Registers, s.Number)
	require.Contains(t, a.Registers, s.Result)
	require.Equal(t, s.Stack != 0, len(s.Args) < 6, "arguments are in registers, or the rest is on the stack")
	requireUnique(t, s.Args)
	for _, r := range s.Args {
		require.Contains(t, a.Registers, r)
		require.NotEqual(t, s.Number, r)
	}
	require.Contains(t, []Clone{cloneForwards, cloneBackwards, cloneBackwards2}, s.Clone)
	require.Equal(t, s.Failed.Mask != 0, s.Failed.Reg != None)
	require.Zero(t, s.Failed.Set&^s.Failed.Mask)
	require.False(t, s.Imm && s.Length == 0, "what has an immediate has a length")
	require.False(t, s.AlignPairs && a.PtrSize == 8)
	for _, r := range s.Errnos {
		require.Greater(t, r.Generic, uint64(34), "the numbers up to ERANGE are everybody's")
	}
}

// runtimeCalls are what Go's runtime makes on every Linux architecture (runtime/sys_linux_*.s, internal/runtime/syscall).
var runtimeCalls = strings.Fields(`brk clock_gettime clone close epoll_ctl epoll_create1 eventfd2 exit exit_group fcntl futex getpid gettid
	kill madvise mincore munmap nanosleep openat pipe2 prctl prlimit64 read rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity
	sched_yield setitimer sigaltstack statx tgkill timer_create timer_delete timer_settime uname write`)

// ownCalls are those that depend on the architecture.
var ownCalls = map[string]map[string]uint64{
	"amd64":   {"read": 0, "mmap": 9, "clone": 56, "exit_group": 231, "arch_prctl": 158, "newfstatat": 262, "epoll_pwait": 281, "getrandom": 318},
	"arm64":   {"read": 63, "mmap": 222, "clone": 220, "exit_group": 94, "fstat": 80, "epoll_pwait": 22, "getrandom": 278},
	"riscv64": {"read": 63, "mmap": 222, "clone": 220, "exit_group": 94, "riscv_hwprobe": 258, "riscv_flush_icache": 259, "getrandom": 278},
	"ppc64le": {"read": 3, "mmap": 90, "clone": 120, "exit_group": 234, "newfstatat": 291, "epoll_pwait": 303, "getrandom": 359},
	"ppc64":   {"read": 3, "mmap": 90, "clone": 120, "exit_group": 234, "newfstatat": 291, "epoll_pwait": 303, "getrandom": 359},
	"386":     {"read": 3, "mmap2": 192, "clone": 120, "exit_group": 252, "set_thread_area": 243, "modify_ldt": 123, "fstat64": 197, "clock_gettime64": 403, "futex_time64": 422},
	"arm": {
		"read": 3, "mmap2": 192, "clone": 120, "exit_group": 248, "fstat64": 197, "clock_gettime64": 403, "arm_fadvise64_64": 270, "set_tls": 0xf0005,
		"cacheflush": 0xf0002,
	},
	"s390x":    {"read": 3, "mmap": 90, "clone": 120, "exit_group": 248, "fstat": 108, "pread64": 180, "fadvise64": 253, "getrandom": 349},
	"mips":     {"read": 4003, "mmap2": 4210, "clone": 4120, "exit_group": 4246, "set_thread_area": 4283, "fstat64": 4215, "clock_gettime64": 4403, "futex_time64": 4422},
	"mipsle":   {"read": 4003, "mmap2": 4210, "clone": 4120, "exit_group": 4246, "set_thread_area": 4283, "fstat64": 4215, "clock_gettime64": 4403, "futex_time64": 4422},
	"mips64":   {"read": 5000, "mmap": 5009, "clone": 5055, "exit_group": 5205, "set_thread_area": 5242, "newfstatat": 5252, "epoll_pwait": 5272, "getrandom": 5313},
	"mips64le": {"read": 5000, "mmap": 5009, "clone": 5055, "exit_group": 5205, "set_thread_area": 5242, "newfstatat": 5252, "epoll_pwait": 5272, "getrandom": 5313},
}

func testSyscallNumbers(t *testing.T, a *Arch) {
	require.True(t, slices.IsSortedFunc(a.Syscall.Numbers, func(x, y Number) int { return cmp.Compare(x.N, y.N) }))
	var names []string
	for _, row := range a.Syscall.Numbers {
		names = append(names, row.Name)
		name, ok := a.SyscallName(row.N)
		require.True(t, ok)
		require.Equal(t, row.Name, name)
		n, ok := a.SyscallNumber(row.Name)
		require.True(t, ok)
		require.Equal(t, row.N, n)
	}
	requireUnique(t, names)
	for _, name := range runtimeCalls {
		require.Contains(t, names, name)
	}
	require.NotEmpty(t, ownCalls[a.Name], "give the architecture its row")
	for name, want := range ownCalls[a.Name] {
		n, ok := a.SyscallNumber(name)
		require.True(t, ok, name)
		require.Equal(t, want, n, name)
	}
	require.Equal(t, slices.Contains(names, "clock_gettime64"), a.Syscall.OldTime)
	_, ok := a.SyscallName(1 << 40)
	require.False(t, ok)
	_, ok = a.SyscallNumber("no_such_call")
	require.False(t, ok)
}

func testABI(t *testing.T, a *Arch) {
	require.Equal(t, a.ABI.Regs == nil, a.ABI.Since == 0)
	require.False(t, a.ABI.Regs != nil && a.ABI.G == None)
	require.Zero(t, a.ABI.StackArgs%a.PtrSize)
	requireUnique(t, a.ABI.Regs)
	for _, r := range a.ABI.Regs {
		require.Contains(t, a.Registers, r)
		require.NotContains(t, []Register{a.PC, a.SP, a.Link, a.ABI.G}, r)
	}
	if a.ABI.G != None {
		require.Contains(t, a.Registers, a.ABI.G)
	}
}

func testTraps(t *testing.T, a *Arch) {
	require.NotEmpty(t, a.Traps)
	var numbers []uint32
	for _, trap := range a.Traps {
		numbers = append(numbers, trap.Intr)
		require.Contains(t, []Signal{SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV}, trap.Signal)
		if a.Syscall.Insn == 0 {
			require.NotEqual(t, a.Syscall.Intr, trap.Intr)
		}
		if a.Signal.Trap < 0 {
			require.Zero(t, trap.Number, "the frame has no room for it")
		}
	}
	requireUnique(t, numbers)
}

func testLayouts(t *testing.T, a *Arch) {
	testLayout(t, a.Structs.Stat, `st_dev st_ino st_mode st_nlink st_uid st_gid st_rdev st_size st_blksize st_blocks st_atime st_atime_nsec
		st_mtime st_mtime_nsec st_ctime st_ctime_nsec`)
	testLayout(t, a.Structs.Statfs, `f_type f_bsize f_blocks f_bfree f_bavail f_files f_ffree f_fsid f_namelen f_frsize f_flags`)
	require.Equal(t, a.Structs.EpollEvent, a.Structs.EpollData+8, "the data ends the event")
	require.GreaterOrEqual(t, a.Structs.EpollData, 4)
}

func testLayout(t *testing.T, l Layout, want string) {
	taken := newArea(l.Size)
	var names []string
	for _, f := range l.Fields {
		names = append(names, f.Name)
		taken.take(t, f.Name, f.Offset, f.Size)
	}
	requireUnique(t, names)
	require.Subset(t, names, strings.Fields(want))
}

func testAddressSpace(t *testing.T, a *Arch) {
	require.NotEmpty(t, a.PageSizes)
	require.True(t, slices.IsSorted(a.PageSizes))
	require.Equal(t, 4096, a.PageSizes[0], "guest memory is made of pages of 4096 bytes")
	for _, size := range a.PageSizes {
		require.Equal(t, 1, bits.OnesCount(uint(size)))
	}
	for _, addr := range []uint64{a.UserTop, a.StackTop, a.MmapTop, a.PIEBase, a.Vsyscall} {
		require.Zero(t, addr%4096)
	}
	require.LessOrEqual(t, a.StackTop, a.UserTop)
	require.Less(t, a.MmapTop, a.StackTop)
	require.GreaterOrEqual(t, a.StackTop-a.MmapTop, uint64(128<<20))
	require.Less(t, a.PIEBase, a.MmapTop)
	if a.PtrSize == 4 {
		require.LessOrEqual(t, a.UserTop, uint64(1)<<32)
	}
	if a.Vsyscall != 0 {
		require.Greater(t, a.Vsyscall, a.UserTop)
	}
	testWidths(t, a)
}

// testWidths: each width is found by its numbers, and is an address space as the architecture's own is.
func testWidths(t *testing.T, a *Arch) {
	require.Zero(t, a.Window)
	require.True(t, a.BottomUp%4096 == 0 && a.BottomUp > 0 && a.BottomUp < a.MmapTop, "%#x", a.BottomUp)
	own := 0
	for _, number := range a.AddressBits() {
		w, ok := a.Wide(number)
		require.True(t, ok, number)
		again, _ := a.Wide(number)
		require.Same(t, w, again)
		if w == a {
			own++
			continue
		}
		for _, addr := range []uint64{w.UserTop, w.Window, w.StackTop, w.MmapTop, w.PIEBase, w.BottomUp} {
			require.Zero(t, addr%4096, "%d bits: %#x", number, addr)
		}
		require.LessOrEqual(t, w.UserTop, uint64(1)<<number)
		require.LessOrEqual(t, w.StackTop, w.UserTop)
		require.LessOrEqual(t, w.Window, w.UserTop)
		require.Greater(t, w.MmapTop, w.BottomUp)
		require.Greater(t, w.MmapTop, w.PIEBase)
		require.Equal(t, a.StackTop-a.MmapTop, w.StackTop-w.MmapTop)
		require.Equal(t, a.AddressError != 0, w.AddressError != 0)
		require.Equal(t, a.Name, w.Name)
		for _, name := range []string{"read", "futex_time64", "pread64"} {
			want, has := a.SyscallNumber(name)
			got, ok := w.SyscallNumber(name)
			require.Equal(t, has, ok, name)
			require.Equal(t, want, got, name)
		}
		reached, ok := a.Reaching(w.UserTop)
		require.True(t, ok)
		require.GreaterOrEqual(t, reached.UserTop, w.UserTop)
	}
	require.Equal(t, a.Name != "arm", own > 0, "but for arm's default, a width is the architecture's own")
	_, ok := a.Wide(99)
	require.False(t, ok)
	_, ok = a.Reaching(1 << 60)
	require.False(t, ok)
	same, ok := a.Reaching(a.UserTop)
	require.True(t, ok)
	require.Same(t, a, same)
}

// requireRegister: the register has a name and a number, and is found by the name.
func requireRegister(t *testing.T, a *Arch, r Register) {
	t.Helper()
	require.NotEqual(t, None, r)
	require.Equal(t, strings.ToLower(r.Name), r.Name)
	require.NotZero(t, r.ID, r.Name)
	found, ok := a.Register(strings.ToUpper(r.Name))
	require.True(t, ok, r.Name)
	require.Equal(t, r, found)
}

func requireUnique[T comparable](t *testing.T, list []T) {
	t.Helper()
	seen := map[T]bool{}
	for _, v := range list {
		require.False(t, seen[v], "%v is there twice", v)
		seen[v] = true
	}
}

// area is a structure of which each byte is taken once.
type area []string

func newArea(size int) area { return make(area, size) }

func (a area) take(t *testing.T, name string, offset, size int) {
	t.Helper()
	require.Positive(t, size, name)
	require.GreaterOrEqual(t, offset, 0, name)
	require.LessOrEqual(t, offset+size, len(a), "%s ends past the structure", name)
	for i := offset; i < offset+size; i++ {
		require.Empty(t, a[i], "%s overlaps it at byte %d", name, i)
		a[i] = name
	}
}
