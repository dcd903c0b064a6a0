// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSet(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		key, value string
		want       Option
	}{
		{"cpus", "7", CPUs(7)},
		{"cpus", "0-3,8", CPUSetOf("0-3,8")},
		{"hugePage", "none", HugePage(0)},
		{"hugePage", "0", HugePage(0)},
		{"hugePage", "1G", HugePage(1 << 30)},
		{"pageSize", "64k", PageSize(64 << 10)},
		{"memory", "512MiB", Memory(512 << 20)},
		{"addressSpace", "300M", AddressSpace(300 << 20)},
		{"addressSpace", "unlimited", AddressSpace(0)},
		{"kernel.release", "3.4.35_hi3535", KernelRelease("3.4.35_hi3535")},
		{"kernel.version", "#2", KernelVersion("#2")},
		{"kernel.node", "n", Node("n")},
		{"kernel.machine", "m", func(m *Machine) { m.Kernel.Machine = "m" }},
		{"cgroup.version", "none", WithoutCgroup()},
		{"cgroup.version", "v1", CgroupV1(-1, 100000)},
		{"cgroup.quota", "50000", CgroupV2(50000, 100000)},
		{"cgroup.quota", "max", CgroupV2(-1, 100000)},
		{"cgroup.quota", "-1", CgroupV2(-1, 100000)},
		{"cgroup.period", "5", CgroupV2(-1, 5)},
		{"clock.realtime", "2038-01-19", func(m *Machine) { m.Clock.Realtime = "2038-01-19T00:00:00Z" }},
		{"clock.realtime", "0", func(m *Machine) { m.Clock.Realtime = "1970-01-01T00:00:00Z" }},
		{"clock.realtime", "@2147483648", func(m *Machine) { m.Clock.Realtime = "2038-01-19T03:14:08Z" }},
		{"clock.realtime", "2020-02-03T04:05:06.7+01:00", func(m *Machine) { m.Clock.Realtime = "2020-02-03T03:05:06.7Z" }},
		{"clock.monotonic", "0", MonotonicStart(0)},
		{"random", "7", Random("7")},
		{"features", "+avx2,-atomics", Features("+avx2", "-atomics")},
		{"features", "avx2 -avx2", Features("-avx2")},
		{"features", "+SSE3,lse", Features("+pni", "+atomics")},
		{"features", "", func(*Machine) {}},
		{"args", `a 'b c' "" d"e f"g`, Args("a", "b c", "", "de fg")},
		{"env.A", "1", Env("A=1")},
		{"env.A.B", "=", Env("A.B==")},
		{"files./path/with.dots", "x", File("/path/with.dots", "x")},
		{"name", "x", Named("x")},
		{"affinity.length", "8", func(m *Machine) { m.Affinity.Length = 8 }},
		{"affinity.length", "auto", func(*Machine) {}},
		{"affinity.minimum", "1KiB", AffinityMinimum(1024)},
		{"affinity.errno", "eperm", AffinityErrno("EPERM")},
		{"affinity.errno", "none", func(*Machine) {}},
		{"hugePage", "eacces", HugePageErrno("EACCES")},
		{"fileErrors." + hugePageFile, "EACCES", HugePageErrno("EACCES")},
		{"files." + hugePageFile, "2097152", HugePageText("2097152")},
		{"vm.addressBits", "39", AddressBits(39)},
		{"vm.mmapTop", "0xfffffffff000", MmapTop(0xfffffffff000)},
		{"vm.hints", "Ignore", func(m *Machine) { m.VM.Hints = HintsIgnore }},
		{"vm.placement", "bottomup", func(m *Machine) { m.VM.Placement = PlacementBottomUp }},
		{"vm.refuse", "c000000000-c100000000, 0x1000-0x2000", func(m *Machine) { m.VM.Refuse = []string{"0xc000000000-0xc100000000", "0x1000-0x2000"} }},
		{"vm.refuse+", "1-2", RefuseRange(1, 2)},
		{"vm.overcommit", "never", func(m *Machine) { m.VM.Overcommit = OvercommitNever }},
		{"vm.brk", "refuse", func(m *Machine) { m.VM.Brk = BrkRefuse }},
		{"kernel.vdso", "both", VDSO(VDSOBoth)},
		{"kernel.vsyscall", "none", func(m *Machine) { m.Kernel.Vsyscall = VsyscallNone }},
		{"kernel.userHelpers", "none", func(m *Machine) { m.Kernel.UserHelpers = UserHelpersNone }},
		{"cgroup.version", "hybrid", func(m *Machine) { m.Cgroup.Version, m.Cgroup.Unified = 1, true }},
		{"cgroup.parents", "200000, -1,5/7", func(m *Machine) { m.Cgroup.Parents = []string{"200000/100000", "max", "5/7"} }},
		{"cgroup.path", "/docker/1", CgroupPath("/docker/1")},
		{"cgroup.path", "/rt0", func(*Machine) {}},
		{"cgroup.path", "/../init", func(m *Machine) { m.Cgroup.Path = "/../init" }},
		{"cgroup.path", "/", func(m *Machine) { m.Cgroup.Path = "/" }},
		{"cgroup.mountPoint", "/cgroup", func(m *Machine) { m.Cgroup.MountPoint = "/cgroup" }},
		{"cgroup.mountPoint", "/sys/fs/cgroup", func(*Machine) {}},
		{"cgroup.mountRoot", "/docker", CgroupMount("", "/docker")},
		{"cgroup.mountRoot", "/", func(*Machine) {}},
		{"clock.resolution", "4ms", ClockResolution(4e6)},
		{"clock.step", "-1us", ClockStep(-1e3)},
		{"clock.frozen", "true", FrozenClock()},
		{"cpu.platform", "none", func(m *Machine) { m.CPU.Platform = PlatformNone }},
		{"cpu.xcr0", "7", func(m *Machine) { m.CPU.XCR0 = 7 }},
		{"cpuid.7", "0,1,2,0xF", CPUIDAnswer(7, 0, 0, 1, 2, 15)},
		{"cpuid.7.0", "0,1,2,0xF", func(m *Machine) { m.CPUID["7.0"] = "0x0,0x1,0x2,0xf" }},
		{"cpuid.0xD.1", "0,0,0,0", func(m *Machine) { m.CPUID["d.1"] = "0x0,0x0,0x0,0x0" }},
		{"hwprobe.0x4", "absent", func(m *Machine) { m.HWProbe["4"] = Absent }},
		{"features+", "avx2", Features("+avx2")},
		{"process.argv0", "-sh", Argv0("-sh")},
		{"process.argc0", "true", func(m *Machine) { m.Process.Argc0 = true }},
		{"process.secure", "1", Secure()},
		{"process.stdin", "closed", func(m *Machine) { m.Process.Stdin = StdioClosed }},
		{"stack.top", "0x7f0000000000", func(m *Machine) { m.Stack.Top = 0x7f0000000000 }},
		{"stack.align", "8", func(m *Machine) { m.Stack.Align = 8 }},
		{"random", "zero", func(m *Machine) { m.Random = Seed{} }},
		{"random", "absent", WithoutAuxv("AT_RANDOM")},
		{"auxv.hwcap", "0x10", Auxv("AT_HWCAP", 16)},
		{"auxv.51", "absent", func(m *Machine) { m.Auxv["AT_MINSIGSTKSZ"] = Absent }},
		{"registers.RDX", "7", Register("rdx", 7)},
		{"rlimits.RLIMIT_NOFILE", "64:1k", ResourceLimit("nofile", 64, 1024)},
		{"rules", "fcntl:error=ENOSYS mmap:error=ENOMEM:when=3", Rules("fcntl:error=ENOSYS", "mmap:error=ENOMEM:when=3")},
		{"rlimits.stack", "unlimited", func(m *Machine) { m.Rlimits["stack"] = "unlimited:unlimited" }},
		{"fileErrors./proc/self/cgroup", "eacces", FileError("/proc/self/cgroup", "EACCES")},
		{"symlinks./a", "/b", Symlink("/a", "/b")},
		{"description", "y", Describe("y")},
	} {
		t.Run(tc.key+"="+tc.value, func(t *testing.T) {
			t.Parallel()
			got, err := New().Set(tc.key, tc.value)
			require.NoError(t, err)
			require.Equal(t, New(tc.want), got)
			require.NoError(t, got.Validate())
		})
	}
}

func TestSetErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ key, value, want string }{
		{"hugepage", "1", `unknown machine key "hugepage"; did you mean "hugePage"?`},
		{"cpu", "1", `did you mean "cpus"?`},
		{"release", "1", `did you mean "kernel.release"?`},
		{"kernel.relaese", "1", `did you mean "kernel.release"?`},
		{"quota", "1", `did you mean "cgroup.quota"?`},
		{"env", "A=1", `did you mean "env.NAME"?`},
		{"env.", "A=1", `did you mean "env.NAME"?`},
		{"files", "x", `did you mean "files./PATH"?`},
		{"GOMAXPROCS", "7", "unknown machine key"},
		{"", "7", "unknown machine key"},
		{strings.Repeat("x", 1<<20), "7", "unknown machine key"},
		{"cpus", "0", `machine key cpus cannot be "0": a count starts at 1`},
		{"cpus", "many", `cpus cannot be "many"`},
		{"hugePage", "2Q", `machine key hugePage cannot be "2Q": want bytes (4096), a size (64KiB, 2MiB, 1GiB) or none`},
		{"pageSize", "3000", `pageSize cannot be "3000": want a power of two from 4KiB to 1GiB`},
		{"cgroup.version", "3", "want 1, 2, hybrid or none"},
		{"cgroup.quota", "50%", "want microseconds"},
		{"cgroup.period", "max", "want microseconds"},
		{"clock.realtime", "yesterday", "want a time between 1970 and 2262"},
		{"clock.monotonic", "3", "want a duration with its unit"},
		{"clock.monotonic", "-3s", "0 or later"},
		{"features", "a=b", "no architecture has a feature"},
		{"features", "+avx2,-popcont", `features cannot be "+avx2,-popcont": no architecture has a feature "popcont"; did you mean "popcnt"?`},
		{"args", "'a", "a ' is not closed"},
		{"files.etc/x", "", "want an absolute path"},
		{"env.A", "\x00", "env.A cannot be"},
		{"name", "", "want a name of one line"},
		{"affinity.errno", "EPREM", `affinity.errno cannot be "EPREM": want the name of an error, such as EPERM; did you mean "EPERM"?`},
		{"hugePage", "EACESS", `did you mean "EACCES"?`},
		{"vm.addressBits", "7", "want a number from 20 to 64, or auto"},
		{"vm.mmapTop", "high", "want an address such as"},
		{"vm.hints", "ignroe", `did you mean "ignore"?`},
		{"vm.refuse", "7", "want ranges 0xSTART-0xEND"},
		{"vm.refuse", "7-3", "the range ends at 0x3, before its start 0x7"},
		{"kernel.vdso", "hash", "want none, gnu, sysv or both"},
		{"cgroup.parents", "half", "want QUOTA/PERIOD in microseconds"},
		{"cgroup.path", "docker", "want an absolute path"},
		{"cgroup.path", "/docker/", "want an absolute path"},
		{"clock.resolution", "0", "want from 1ns to 1h"},
		{"clock.step", "-2h", "want from -1h to 1h"},
		{"clock.frozen", "maybe", "want true or false"},
		{"cpuid.x", "0,0,0,0", "want a leaf or LEAF.SUBLEAF in hexadecimal"},
		{"cpuid.1", "0,0,0", "want four numbers"},
		{"hwprobe.a", "1", "want a number"},
		{"process.stdin", "shut", "want open, closed, null, broken or full"},
		{"stack.align", "24", "want a power of two"},
		{"auxv.AT_HWCPA", "1", `did you mean "AT_HWCAP"?`},
		{"auxv.AT_NULL", "1", "it ends the vector"},
		{"registers.raxx", "1", `did you mean "rax"?`},
		{"rlimits.nofiles", "1", `did you mean "nofile"?`},
		{"rlimits.core", "2:1", "the soft limit 2 is above the hard limit 1"},
		{"fileErrors.proc", "EIO", "want an absolute path"},
		{"fileErrors./proc", "EOI", `did you mean "EIO"?`},
		{"symlinks./a", "", "want a path"},
	} {
		t.Run(clip(tc.key)+"="+tc.value, func(t *testing.T) {
			t.Parallel()
			before := New()
			after, err := before.Set(tc.key, tc.value)
			require.ErrorContains(t, err, tc.want)
			require.NotContains(t, err.Error(), "\n")
			require.Less(t, len(err.Error()), 400)
			require.Equal(t, New(), after, "a refused value changes nothing")
			var unknown *UnknownKeyError
			var value *ValueError
			if !strings.HasPrefix(err.Error(), "unknown") {
				require.ErrorAs(t, err, &value)
			} else {
				require.ErrorAs(t, err, &unknown)
			}
		})
	}
}

// TestKeys: each key's default, given to Set, is the default machine again.
func TestKeys(t *testing.T) {
	t.Parallel()
	for _, k := range Keys() {
		require.NotEmpty(t, k.Type, k.Key)
		require.NotEmpty(t, k.Doc, k.Key)
		require.NotContains(t, k.Doc, "|", k.Key)
		require.Contains(t, KeysMarkdown(), "| `"+k.Key+"` | ")
		if k.Open || k.Key == "description" {
			continue
		}
		m, err := New().Set(k.Key, k.Default)
		require.NoError(t, err, k.Key)
		require.Equal(t, New(), m, k.Key)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for _, words := range [][]string{{}, {""}, {"a", "b c"}, {"it's", `"`, "a\tb", "\n"}, {"", "", " "}} {
		back, err := splitWords(joinWords(words))
		require.NoError(t, err)
		require.Equal(t, words, back)
	}
}

func TestEdits(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3},
	} {
		require.Equal(t, tc.want, edits(tc.a, tc.b), "%s %s", tc.a, tc.b)
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	for _, p := range Profiles() {
		changes, exact := New().Changes(p.Machine)
		require.True(t, exact, p.Name)
		m := New()
		for _, c := range changes {
			var err error
			m, err = m.Set(c.Key, c.Value)
			require.NoError(t, err, "%s: %s=%s", p.Name, c.Key, c.Value)
		}
		require.Equal(t, p.Machine, m)
	}
	changes, exact := New(Env("A=0")).Changes(New(CPUs(7), WithoutCgroup(), Env("A=1", "B=2"), File("/f", "x"), Args("a b")))
	require.True(t, exact)
	require.Equal(t, []Change{{"cpus", "7"}, {"cgroup.version", "none"}, {"args", "'a b'"}, {"env.A", "1"}, {"env.B", "2"}, {"files./f", "x"}}, changes)
	for _, to := range []Machine{New(Env("A=1", "A=2")), New(Env("A"))} {
		_, exact = New().Changes(to)
		require.False(t, exact)
	}
	_, exact = New(File("/f", "")).Changes(New())
	require.False(t, exact)
	none, exact := New(CPUs(7)).Changes(New(CPUs(7)))
	require.True(t, exact)
	require.Empty(t, none)
}

// TestValues: what is told of a machine makes the machine again, key by key; of each key something is told once it has another value.
func TestValues(t *testing.T) {
	t.Parallel()
	told := map[string]bool{}
	for _, m := range append(allKeys(t), machinesOf(Profiles())...) {
		back := New(Describe(""), Env("A=0"))
		back.Env = []string{}
		for _, v := range m.Values() {
			var err error
			back, err = back.Set(v.Key, v.Value)
			require.NoError(t, err, "%s=%s", v.Key, v.Value)
			k, _, err := findKey(v.Key)
			require.NoError(t, err)
			told[k.name] = true
		}
		require.Equal(t, m, back)
	}
	for _, k := range Keys() {
		require.True(t, told[k.Key], k.Key)
	}
	require.Equal(t, []Change{{"env.A", "1"}, {"env.A", "2"}, {"env.B", ""}}, slices.DeleteFunc(New(Env("A=1", "A=2", "B")).Values(),
		func(c Change) bool { return !strings.HasPrefix(c.Key, "env.") }))
}

func machinesOf(profiles []Profile) (list []Machine) {
	for _, p := range profiles {
		list = append(list, p.Machine)
	}
	return list
}

// allKeys are machines that differ from the default in one key each, all keys among them.
func allKeys(t *testing.T) (list []Machine) {
	t.Helper()
	pairs := append([][2]string{
		{"name", "x"}, {"description", "y"}, {"cpus", "0-3,8"}, {"affinity.length", "128"}, {"hugePage", "1MiB"}, {"pageSize", "64KiB"}, {"memory", "1GiB"},
		{"addressSpace", "1GiB"}, {"vm.placement", "bottomup"}, {"kernel.release", "1"}, {"kernel.version", "2"}, {"kernel.node", "3"}, {"kernel.machine", "4"},
		{"kernel.vsyscall", "none"}, {"kernel.userHelpers", "none"}, {"cgroup.version", "hybrid"}, {"cgroup.quota", "5"}, {"cgroup.period", "7"},
		{"clock.realtime", "2001-02-03T04:05:06Z"}, {"clock.monotonic", "3h"}, {"cpu.model", "cortex-a72"}, {"features", "+avx2"}, {"args", "a"},
		{"process.argc0", "true"}, {"process.stdin", "closed"}, {"process.stdout", "null"}, {"env.A", "1"}, {"files./f", "x"},
	}, moreKeys...)
	for _, pair := range pairs {
		m, err := New(Describe("")).Set(pair[0], pair[1])
		require.NoError(t, err, pair)
		list = append(list, m)
	}
	return list
}

func TestAffinityBounds(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"affinity.length", "affinity.minimum"} {
		_, err := New().Set(key, "128KiB")
		require.NoError(t, err)
		_, err = New().Set(key, "256KiB")
		require.EqualError(t, err, "machine key "+key+` cannot be "256KiB": affinity masks have at most 128KiB, for 1048576 CPUs`)
	}
}
