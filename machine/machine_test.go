// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

func TestNew(t *testing.T) {
	t.Parallel()
	m := New(CPUs(7), HugePage(2<<20))
	require.NoError(t, m.Validate())
	require.Equal(t, 7, m.CPUs.Count())
	require.Equal(t, Size(2<<20), m.HugePage)
	require.Equal(t, New(Describe("")), Machine{}.Resolved(), "an empty literal is the default machine, the description aside")
}

func TestResolved(t *testing.T) {
	t.Parallel()
	none := Machine{HugePage: None, Memory: 1 << 20, Cgroup: Cgroup{Version: NoCgroup}}.Resolved()
	require.Zero(t, none.HugePage)
	require.Equal(t, Cgroup{Parents: []string{}}, none.Cgroup)
	require.Equal(t, Size(1<<20), none.Memory)
	require.Equal(t, none, none.Resolved(), "resolving twice changes nothing")
	require.Equal(t, none, none.With())

	v1 := Machine{Cgroup: Cgroup{Version: 1}}.Resolved()
	require.Equal(t, Cgroup{Version: 1, Quota: "-1", Period: "100000", Parents: []string{}}, v1.Cgroup)
	require.Equal(t, Cgroup{Version: 2, Quota: "max", Period: "100000", Parents: []string{}}, New(CgroupV2(-1, 100000)).Cgroup)
	require.Equal(t, Cgroup{Version: 1, Quota: "-1", Period: "50000", Parents: []string{}}, New(CgroupV1(-1, 50000)).Cgroup)
	require.Equal(t, Cgroup{Version: 2, Quota: "0", Period: "100000", Parents: []string{}}, New(CgroupV2(0, 100000)).Cgroup)
}

// TestStrange: machines that no one sells, and that can be faked all the same.
func TestStrange(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]Option{
		"page of 1 MiB":        PageSize(1 << 20),
		"odd huge page":        HugePage(3000000),
		"no huge page":         HugePage(0),
		"hisilicon":            KernelRelease("3.4.35_hi3535"),
		"no release":           KernelRelease(""),
		"1970":                 RealtimeStart(time.Unix(0, 0)),
		"just up":              MonotonicStart(0),
		"65536 CPUs":           CPUs(65536),
		"only the highest CPU": CPUSetOf("1048575-1048575"),
		"GOMAXPROCS":           Env("GOMAXPROCS=-7"),
		"twice":                Env("A=1", "A=2", "=", "", "B"),
		"one byte of memory":   Memory(1),
		"tiny address space":   AddressSpace(1),
		"quota of 0":           CgroupV1(0, 0),
		"bytes":                Args("\xff\xfe", ""),
		"replaced file":        File("/sys/fs/cgroup/cpu.max", "nonsense"),
	} {
		require.NoError(t, New(opt).Validate(), name)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		opt  Option
		want string
	}{
		{"no CPUs", CPUs(0), `machine key cpus cannot be "0": want a count (7)`},
		{"negative CPUs", CPUs(-1), `cpus cannot be "-1"`},
		{"too many CPUs", CPUs(MaxCPUs + 1), `cpus cannot be "1048577"`},
		{"bad list", CPUSetOf("0-x"), `cpus cannot be "0-x": "x" is not a number`},
		{"page size", PageSize(3000), `pageSize cannot be "3000": want a power of two`},
		{"no page", PageSize(0), `pageSize cannot be "none"`},
		{"no memory", Memory(0), `memory cannot be "none"`},
		{"long release", KernelRelease(strings.Repeat("6", 65)), "kernel.release cannot be"},
		{"zero byte", Node("a\x00b"), "kernel.node cannot be"},
		{"quota without cgroup", Setting("cgroup.version", "none").and(Setting("cgroup.quota", "5")), "it needs cgroup.version 1 or 2"},
		{"bad option", Setting("hugepage", "1"), `unknown machine key "hugepage"; did you mean "hugePage"?`},
		{"before 1970", RealtimeStart(time.Unix(-1, 0)), "clock.realtime cannot be"},
		{"after 2262", RealtimeStart(time.Unix(maxRealtime+1, 0)), "clock.realtime cannot be"},
		{"negative uptime", MonotonicStart(-1), "clock.monotonic cannot be"},
		{"no feature", Features("+"), `features cannot be "+": no architecture has a feature ""`},
		{"wrong feature", Features("-atomic"), `no architecture has a feature "atomic"; did you mean "atomics"?`},
		{"two features", Features("+avx,sse"), `no architecture has a feature "avx,sse"`},
		{"zero in args", Args("a", "b\x00"), "args cannot be"},
		{"long arg", Args(strings.Repeat("x", maxArg)), "execve takes strings"},
		{"many args", Args(strings.Split(strings.Repeat("x,", maxArgs/9), ",")...), "execve takes 2097152 bytes"},
		{"zero in env", Env("A=\x00"), "env.A cannot be"},
		{"relative file", File("etc/x", ""), "files.etc/x cannot be"},
		{"unclean file", File("/etc//x", ""), "want an absolute path"},
		{"file below a file", File("/a", "").and(File("/a/b/c", "")), "/a is a file, and cannot be its directory"},
		{"no name", Named(""), "name cannot be"},
		{"short mask", CPUs(2000).and(Setting("affinity.length", "8")), `affinity.length cannot be "8": a mask of 8 bytes has no bit for CPU 1999 of cpus 2000`},
		{"small huge page", HugePage(32 << 10).and(PageSize(64 << 10)), `hugePage cannot be "32KiB": a huge page is larger than a page, and pageSize is 64KiB`},
		{"high mmap", Setting("vm.mmapTop", "0x7ffff7fff000").and(Setting("vm.addressBits", "39")), "outside of the user addresses of vm.addressBits 39"},
		{"high stack", Setting("stack.top", "0x7ffff7fff000").and(Setting("vm.addressBits", "39")), "outside of the user addresses of vm.addressBits 39"},
		{"arguments without argc", Args("x").and(Setting("process.argc0", "true")), `process.argc0 cannot be "true": args has 1 arguments`},
		{"name without argc", Setting("process.argv0", "x").and(Setting("process.argc0", "true")), `process.argv0 is "x"`},
		{"secure and not", Setting("process.secure", "true").and(Setting("auxv.AT_SECURE", "0")), "auxv.AT_SECURE is 0x0"},
		{"two limits", AddressSpace(1 << 20).and(Setting("rlimits.as", "2MiB")), "addressSpace is 1MiB, and it is the same limit"},
		{"too many parents", Setting("cgroup.parents", "1,2").and(Setting("cgroup.path", "/a/b")), "cgroup.path /a/b has 1 groups above its last, and these are 2"},
		{"parents without cgroup", WithoutCgroup().and(Setting("cgroup.parents", "1")), "it needs cgroup.version 1, 2 or hybrid"},
		{"link and file", File("/a", "").and(Setting("symlinks./a", "/b")), "files./a is there as well"},
		{"link and error", Setting("fileErrors./a", "EIO").and(Setting("symlinks./a", "/b")), "fileErrors./a is EIO"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, New(tc.opt).Validate(), tc.want)
		})
	}
}

func (o Option) and(other Option) Option { return func(m *Machine) { o(m); other(m) } }

// TestImmutable: no change of a copy reaches the machine that it was made from.
func TestImmutable(t *testing.T) {
	t.Parallel()
	base := New(Args("a"), Env("A=1"), Features("+avx"), File("/f", "1"))
	want, err := json.Marshal(base)
	require.NoError(t, err)

	changed := base.With(Args("b"), Env("A=2"), Features("-avx"), File("/f", "2"), File("/g", ""))
	changed.Args[0], changed.Env[0], changed.Features[0], changed.Files["/f"] = "c", "C", "c", "3"
	set, err := base.Set("files./f", "4")
	require.NoError(t, err)
	require.Equal(t, "4", set.Files["/f"])
	opts := []string{"x"}
	held := New(Args(opts...))
	opts[0] = "y"
	require.Equal(t, []string{"x"}, held.Args)

	got, err := json.Marshal(base)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(got))
}

func TestMergeEnv(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, env, entries, want string }{
		{"adds in order", "A=1", "C=3 B=2", "A=1 C=3 B=2"},
		{"replaces in place", "A=1 B=2 C=3", "B=9", "A=1 B=9 C=3"},
		{"one for many", "A=1 B=2 A=3", "A=9", "A=9 B=2"},
		{"keeps repetition", "A=1 B=2", "A=8 A=9", "A=8 B=2 A=9"},
		{"value with =", "A=1", "A=b=c", "A=b=c"},
		{"without =", "A B=2", "B", "A B"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, strings.Fields(tc.want), mergeEnv(strings.Fields(tc.env), strings.Fields(tc.entries)))
		})
	}
	m := New(Env("A=1=2", "B", "A=3"))
	value, ok := m.Getenv("A")
	require.True(t, ok)
	require.Equal(t, "1=2", value)
	for _, name := range []string{"B", "C", ""} {
		_, ok = m.Getenv(name)
		require.False(t, ok, name)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	m := New(CPUs(7), HugePage(0), WithoutCgroup())
	data, err := json.Marshal(m)
	require.NoError(t, err)
	require.Contains(t, string(data), `"cpus":{"count":7,"set":"0-6"},"hugePage":0,"pageSize":4096,`)
	require.Contains(t, string(data), `"features":[],"cpuid":{},"hwprobe":{},"rules":[],"args":[],"env":[],"auxv":{},"registers":{},"rlimits":{},"files":{},"fileErrors":{},"symlinks":{}`)
	var back Machine
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, m, back)
	require.NoError(t, json.Unmarshal([]byte(`{"name": "x", "cpus": 3, "fromTheFuture": 1}`), &back))
	require.Equal(t, New(Named("x"), Describe(""), CPUs(3)), back, "absent fields have their defaults")
}

// randomMachine is a valid machine that uses everything.
func randomMachine(r *rand.Rand) Machine {
	text := func() string {
		alphabet := []string{"a", "Z", "0", "9", " ", "  ", "\n", "\t", "#", ": ", "-", "- ", "\"", "'", "\\", "é", "\u2028", "\ufeff", "😀", "\u0085", "\u00a0", "\xff", "\x01",
			"\x7f", "{", "}", "[", "]", ",", "&", "*", "!", "|", ">", "%", "@", "`", "~", "=", "?", "null", "true", "1e3", "0x1", "\r", "\r\n", "<<", "---\n", "...\n"}
		var b strings.Builder
		for range r.IntN(6) {
			b.WriteString(alphabet[r.IntN(len(alphabet))])
		}
		return b.String()
	}
	texts := func(n int) []string {
		list := make([]string, r.IntN(n))
		for i := range list {
			list[i] = text()
		}
		return list
	}
	set, _ := randomCPUSet(r)
	m := New(Named(strings.ReplaceAll(text(), "\n", "")+"m"), Describe(text()), CPUSetOf(set.String()), HugePage(r.Uint64()>>(1+r.IntN(63))),
		PageSize(4096<<r.IntN(10)), Memory(1+r.Uint64()>>(2+r.IntN(60))), AddressSpace(r.Uint64()>>(1+r.IntN(63))),
		KernelRelease(text()), KernelVersion(text()), Node(text()), RealtimeStart(time.Unix(r.Int64N(maxRealtime), r.Int64N(1e9))),
		MonotonicStart(time.Duration(r.Int64())), Random(text()), Args(texts(5)...), Env(texts(5)...))
	m.Kernel.Machine = text()
	switch r.IntN(3) {
	case 0:
		m = m.With(WithoutCgroup())
	case 1:
		m = m.With(CgroupV1(r.Int64N(1e6)-5e5, r.Int64N(1e6)))
	case 2:
		m = m.With(CgroupV2(r.Int64N(1e6)-5e5, r.Int64N(1e6)))
	}
	features := []string{"avx2", "atomics", "SSE3", "lse"}
	for i := range r.IntN(5) {
		m = m.With(Features([]string{"+", "-", ""}[r.IntN(3)]+features[i]),
			File("/"+strconv.Itoa(i)+strings.ReplaceAll(text(), "/", "_")+"x", strings.Repeat(text()+"\n", r.IntN(3))+text()))
	}
	for _, change := range moreKeys {
		if r.IntN(3) == 0 {
			m = m.With(Setting(change[0], change[1]))
		}
	}
	if m.Cgroup.Version == 0 {
		m.Cgroup.Parents = []string{}
	}
	if m.HugePage <= m.PageSize {
		m.HugePage = 0
	}
	return m
}

// moreKeys are keys and values that agree with all others.
var moreKeys = [][2]string{
	{"affinity.minimum", "64"}, {"affinity.errno", "EPERM"}, {"hugePage", "EACCES"}, {"vm.addressBits", "39"}, {"vm.mmapTop", "0x3fffff000"},
	{"vm.hints", "ignore"}, {"vm.refuse", "0xc000000000-0xd000000000"}, {"vm.overcommit", "always"}, {"vm.brk", "refuse"}, {"kernel.vdso", "both"},
	{"cgroup.parents", "max,5/7"}, {"cgroup.path", "/a/b c/d/e"}, {"cgroup.mountPoint", "/cg"}, {"cgroup.mountRoot", "/a"}, {"clock.resolution", "4ms"},
	{"clock.step", "-1ns"}, {"clock.frozen", "true"}, {"cpu.platform", "none"}, {"cpu.xcr0", "0x7"}, {"cpuid.7.1", "0,1,2,3"}, {"hwprobe.3", "absent"},
	{"rules", "fcntl:error=ENOSYS mmap:error=ENOMEM:when=3"}, {"process.argv0", "a b"}, {"process.secure", "true"}, {"process.stderr", "full"},
	{"stack.top", "0x3fffffff0"}, {"stack.align", "8"}, {"random", "absent"}, {"auxv.AT_HWCAP", "1"}, {"auxv.99", "absent"}, {"registers.rdx", "9"},
	{"rlimits.nofile", "10:20"}, {"fileErrors./proc/self/maps", "EIO"}, {"symlinks./etc/x", "../y"},
}

// TestRoundTrip: the YAML of a resolved machine loads back to the same machine, and the JSON of one whose texts are UTF-8.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 1500 {
		m := randomMachine(r)
		require.NoError(t, m.Validate())
		text, err := m.MarshalYAML()
		require.NoError(t, err)
		back, err := parseProfile("back.yaml", text, nil)
		require.NoError(t, err, "%s", text)
		require.Equal(t, m, back, "%s", text)

		data, err := json.Marshal(m)
		require.NoError(t, err)
		if strings.Contains(string(data), `\ufffd`) {
			continue // JSON has no bytes
		}
		require.NoError(t, json.Unmarshal(data, &back))
		require.Equal(t, m, back)
	}
}

func TestYAMLInside(t *testing.T) {
	t.Parallel()
	var doc struct{ Machine Machine }
	require.NoError(t, yaml.Unmarshal([]byte("machine:\n  inherits: raspberry-pi-4\n  cpus: 3\n"), &doc))
	require.Equal(t, 3, doc.Machine.CPUs.Count())
	require.Zero(t, doc.Machine.HugePage)
	require.NoError(t, yaml.Unmarshal([]byte("machine: wsl2\n"), &doc))
	require.Equal(t, "wsl2", doc.Machine.Name)
	require.ErrorContains(t, yaml.Unmarshal([]byte("machine: {cpu: 3}\n"), &doc), `"cpu" is a group of keys; did you mean "cpus"?`)
	require.ErrorContains(t, yaml.Unmarshal([]byte("machine: {kernel: 6.1}\n"), &doc), `"kernel" is a group of keys; did you mean "kernel.release"?`)

	m := New(CPUs(9), Args("a b"))
	doc.Machine = m
	text, err := yaml.Marshal(doc)
	require.NoError(t, err)
	doc.Machine = Machine{}
	require.NoError(t, yaml.Unmarshal(text, &doc), "%s", text)
	require.Equal(t, m, doc.Machine)
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	profiles := Profiles()
	require.GreaterOrEqual(t, len(profiles), 15)
	last := ""
	for _, p := range profiles {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, p.Machine.Validate())
			require.Equal(t, p.Name, p.Machine.Name)
			require.NotEmpty(t, p.Machine.Description, "say in one line who would choose it")
			require.Greater(t, len(p.Source), 100, "say where the figures come from, in a comment at the head of the file")
			text, err := p.Machine.MarshalYAML()
			require.NoError(t, err)
			back, err := parseProfile(p.Name, text, nil)
			require.NoError(t, err)
			require.Equal(t, p.Machine, back)
			loaded, err := Load(p.Name)
			require.NoError(t, err)
			require.Equal(t, p.Machine, loaded)
		})
		require.Less(t, last, p.Name, "sorted")
		last = p.Name
	}
}

func TestDefaultProfile(t *testing.T) {
	t.Parallel()
	data, err := readEmbedded("default")
	require.NoError(t, err)
	parsed, err := parseProfile("default", data, nil)
	require.NoError(t, err)
	require.Equal(t, New(), parsed, "profiles/default.yaml and defaults() say the same")
}

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	write("base.yaml", "description: the base\ncpus: 3\nargs: [a, b]\nfeatures: [+avx]\nenv: {A: 1, B: 2}\nfiles: {/f: one, /g: two}\nkernel: {release: 5.10}\n")
	child := write("sub/child.yml", "inherits: ../base.yaml\nhugePage: none\nargs: [c]\nenv: {B: null, C: 3, A: 9}\nfiles: {/g: null, /h: three}\nkernel: {node: n}\n")
	grandchild := write("sub/grandchild.yaml", "inherits: child.yml\nname: last\nenv: [Z=1, A=8, Z=2]\ncgroup: {version: 1}\n")

	m, err := Load(child)
	require.NoError(t, err)
	require.Equal(t, New(Named("child"), Describe(""), CPUs(3), HugePage(0), Args("c"), Features("+avx"), Env("A=9", "C=3"), File("/f", "one"), File("/h", "three"),
		KernelRelease("5.10"), Node("n")), m)

	m, err = Load(grandchild)
	require.NoError(t, err)
	require.Equal(t, "last", m.Name)
	require.Equal(t, []string{"A=8", "C=3", "Z=1", "Z=2"}, m.Env)
	require.Equal(t, Cgroup{Version: 1, Quota: "-1", Period: "100000", Parents: []string{}}, m.Cgroup)

	_, err = Load(write("broken-parent.yaml", "inherits: sub/bad.yaml\n"))
	require.ErrorContains(t, err, "no such file")
	write("sub/bad.yaml", "cpus: 4\nhugepage: 1\n")
	_, err = Load(filepath.Join(dir, "broken-parent.yaml"))
	require.ErrorContains(t, err, `bad.yaml:2: unknown machine key "hugepage"; did you mean "hugePage"?`)
	var unknown *UnknownKeyError
	require.ErrorAs(t, err, &unknown)

	write("a.yaml", "inherits: b.yaml\n")
	write("b.yaml", "inherits: ./c.yaml\n")
	write("c.yaml", "cpus: 1\ninherits: a.yaml\n")
	_, err = Load(filepath.Join(dir, "a.yaml"))
	require.ErrorContains(t, err, "it inherits from itself")
	require.Regexp(t, `a\.yaml → .*b\.yaml → .*c\.yaml → .*a\.yaml$`, err.Error())
	var located *ProfileError
	require.ErrorAs(t, err, &located)
	require.Equal(t, 2, located.Line)

	for i := range maxDepth + 2 {
		write("deep"+strconv.Itoa(i)+".yaml", "inherits: deep"+strconv.Itoa(i+1)+".yaml\n")
	}
	_, err = Load(filepath.Join(dir, "deep0.yaml"))
	require.ErrorContains(t, err, "more than 16 profiles inherit from each other")

	_, err = Load(write("big.yaml", strings.Repeat("#", maxProfile+1)))
	require.ErrorContains(t, err, "at most 1048576 bytes")
	_, err = Load(dir + "/")
	require.ErrorAs(t, err, &located)

	var profile *UnknownProfileError
	_, err = Load("raspbery-pi4")
	require.ErrorAs(t, err, &profile)
	require.Equal(t, "raspberry-pi-4", profile.Nearest)
	_, err = Load("rasp")
	require.ErrorAs(t, err, &profile)
	require.Equal(t, "raspberry-pi-1", profile.Nearest, "the first of equals")
	_, err = Load("")
	require.ErrorAs(t, err, &profile)
	_, err = Load(filepath.Join(dir, "missing.yaml"))
	require.True(t, errors.Is(err, os.ErrNotExist))
	require.Regexp(t, `^machine profile .*missing\.yaml: no such file or directory$`, err.Error())
}

func TestProfileErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, text, want string }{
		{"unknown key", "cpus: 3\nhugPage: 2MiB\n", `x:2: unknown machine key "hugPage"; did you mean "hugePage"?`},
		{"unknown key of a group", "kernel:\n  relase: 1\n", `x:2: unknown machine key "kernel.relase"; did you mean "kernel.release"?`},
		{"unknown group", "kernal:\n  release: 1\n", `x:1: unknown machine key "kernal"; did you mean "kernel.release"?`},
		{"inherit", "inherit: default\n", `did you mean "inherits"?`},
		{"unknown parent", "\ninherits: wsl3\n", `x:2: unknown machine profile "wsl3"; did you mean "wsl1"?`},
		{"bad value", "cpus: 3\n\npageSize: 5000\n", `x:3: machine key pageSize cannot be "5000": want a power of two`},
		{"list for a value", "cpus: [1, 2]\n", "x:1: want a single value"},
		{"mapping for a value", "cpus:\n  a: 1\n", "want a single value"},
		{"value for a group", "kernel: 5\n", "x:1: \"kernel\" is a group of keys"},
		{"list for a group", "files: [a]\n", "files is a mapping of keys to values"},
		{"nothing", "cpus:\n", "x:1: cpus has no value"},
		{"twice", "cpus: 1\ncpus: 2\n", "x:2: "},
		{"twice, dotted", "kernel.release: 1\nkernel: {release: 2}\n", "kernel.release is there twice"},
		{"not a mapping", "- a\n", "a profile is a mapping of keys to values"},
		{"text", "hello\n", "a profile is a mapping of keys to values"},
		{"two documents", "cpus: 1\n---\ncpus: 2\n", "x:3: a profile is one YAML document"},
		{"alias", "memory: &m 1GiB\naddressSpace: *m\n", "there are no anchors and aliases here"},
		{"not YAML", "cpus: [1\n", "not YAML"},
		{"tab", "kernel:\n\trelease: 1\n", "x:2: not YAML"},
		{"tag", "cpus: !!float 3\n", "the only tags here are"},
		{"deep", strings.Repeat("[", 5000), "nested too deeply"},
		{"deep blocks", strings.Repeat("- ", 5000), "nested too deeply"},
		{"many keys", "files:\n" + strings.Repeat("  /a: b\n", 5000), "a profile has at most 4096 keys"},
		{"bad path", "files:\n  /a: b\n  c: d\n", `x:3: machine key files.c cannot be "d": want an absolute path`},
		{"bad variable", "env:\n  A: 1\n  B: \"\\0\"\n", `x:3: machine key env.B cannot be "\x00": a 0 byte would end it`},
		{"bad entry", "auxv:\n  AT_HWCAP: 1\n  AT_PAGESZ: many\n", `x:3: machine key auxv.AT_PAGESZ cannot be "many": want a number`},
		{"bad name", "rlimits:\n  nofil: 5\n", `did you mean "nofile"?`},
		{"no name", "env:\n  \"\": 5\n", `x:2: unknown machine key "env."; did you mean "env.NAME"?`},
		{"twice in a group", "symlinks:\n  /a: b\n  /a: c\n", "x:3: "},
		{"mapping in an open group", "files:\n  /a: {b: c}\n", "x:2: want a single value"},
		{"long path of groups", "cgroup:\n  parents: [" + strings.Repeat("max,", 2000) + "max]\n", `cgroup.parents cannot be "2001 groups": the path of a group`},
		{"bad rule", "rules:\n  - fcntl:error=ENOSYS\n  - fcntll:error=ENOSYS\n", `machine key rules cannot be "fcntll:error=ENOSYS": no architecture has a system call`},
		{"rules as a mapping", "rules: {fcntl: ENOSYS}\n", "x:1: want a single value"},
		{"plus on a scalar", "cpus+: 3\n", `x:1: unknown machine key "cpus+"; did you mean "cpus"?`},
		{"word", "vm: {hints: honor}\n", `x:1: machine key vm.hints cannot be "honor": want honour or ignore; did you mean "honour"?`},
		{"yes", "clock: {frozen: yes}\n", `clock.frozen cannot be "yes": want true or false`},
		{"cross", "cgroup: {version: none, quota: 5}\n", "it needs cgroup.version 1 or 2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := parseProfile("x", []byte(tc.text), []string{"x"})
			require.ErrorContains(t, err, tc.want)
			require.NotContains(t, err.Error(), "\n")
			var located *ProfileError
			require.ErrorAs(t, err, &located)
		})
	}
	for _, text := range []string{"", "# nothing\n", "---\n", "{}\n"} {
		m, err := parseProfile("x", []byte(text), []string{"x"})
		require.NoError(t, err, text)
		require.Equal(t, New(Named("x"), Describe("")), m)
	}
}
