// SPDX-License-Identifier: GPL-2.0-or-later

package diff_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/harness"
)

// usual is how large a difference the commands tell.
var usual = diff.Options{Threshold: diff.DefaultThreshold}

// report is a boot to main.main, changed by f.
func report(f func(*harness.Report)) *harness.Report {
	r := &harness.Report{
		Cell:  &harness.Cell{Program: "hello", Toolchain: "go1.25.1", GOARCH: "mips", Variant: "exe", Machine: "default"},
		Until: "main.main", Outcome: harness.Reached, Phase: "main.main",
		Phases: []harness.Phase{
			{Name: "rt0", Instructions: 100}, {Name: "osinit", Instructions: 2_000, Pages: 5},
			{Name: "schedinit", Instructions: 100_000, Pages: 100},
			{Name: "main", Instructions: 9_000}, {Name: "init", Instructions: 200_000}, {Name: "main.main"},
		},
		Schedinit: []harness.Phase{
			{Name: "mallocinit", Instructions: 9_000}, {Name: "traceLockInit", Instructions: 1}, {Name: "goargs", Instructions: 4_000},
			{Name: "procresize", Instructions: 13_000},
		},
		Inits: []harness.Init{
			{Package: "runtime", Function: "runtime.init", Instructions: 900}, {Package: "runtime", Function: "runtime.init.0", Instructions: 100},
			{Package: "errors", Instructions: 50}, {Package: "unicode", Instructions: 100_000}, {Package: "os", Instructions: 8_000},
		},
		Counts: harness.Counts{Instructions: 311_100, Syscalls: 60, PagesTouched: 300},
		Calls:  map[string]int{"openat": 1, "read": 1, "close": 1, "mmap": 20, "prlimit64": 3, "futex": 7, "clone": 3, "sched_yield": 1},
		Files:  []harness.File{{Path: "/sys/a", Call: "openat", Phase: "osinit"}},
		Events: []string{"refused call: at 0x1000 (3 times)"},
	}
	r.Runtime.GOMAXPROCS, r.Runtime.PhysHugePageSize, r.Runtime.VDSOClockgettime = 4, harness.Unknown, 0x7fff1000
	r.Runtime.CPUFeatures, r.Runtime.Args = []string{"aes", "sse2"}, []string{"hello-old", "-v"}
	if f != nil {
		f(r)
	}
	return r
}

// calls is a trace in the phase schedinit, of the thread 1000, and then in init of 1001.
func calls(alone []string, beside ...string) []harness.Syscall {
	var list []harness.Syscall
	zero := int64(0)
	for _, name := range alone {
		list = append(list, harness.Syscall{Thread: 1000, Phase: "schedinit", Name: name, Result: &zero})
	}
	list = append(list, harness.Syscall{Thread: 1000, Phase: "main", Name: "clone"})
	for _, name := range beside {
		list = append(list, harness.Syscall{Thread: 1001, Phase: "init", Name: name, Result: &zero})
	}
	return list
}

func died(r *harness.Report) {
	r.Outcome, r.Reason, r.Phase = harness.Threw, "fatal error: x at 0x10", "exit"
	r.Phases = append(r.Phases[:3:3], harness.Phase{Name: "exit"})
	r.Inits, r.Files, r.Counts, r.Calls = nil, nil, harness.Counts{Instructions: 9}, map[string]int{"write": 1}
	r.Runtime.GOMAXPROCS = 0
}

func TestReports(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		old, new func(*harness.Report)
		want     []string
	}{
		"equal": {},
		"addresses, names and chance are no difference": {new: func(r *harness.Report) {
			r.Runtime.VDSOClockgettime, r.Runtime.Args = 0x1234, []string{"hello-new", "-v"}
			r.Events = []string{"refused call: at 0x2000", "signal SIGURG: delivered to a handler"}
			r.Calls = map[string]int{"openat": 1, "read": 1, "close": 1, "mmap": 24, "prlimit64": 3, "futex": 30, "clone": 4, "tgkill": 1}
			r.Hash, r.Binary.SHA256 = "other", "other"
		}},
		"outcome: what comes after the death is no news": {new: died, want: []string{
			"~ outcome: reached main.main → threw in schedinit",
			"~ runtime gomaxprocs: 4 → 0",
		}},
		"reason": {old: died, new: func(r *harness.Report) { died(r); r.Reason = "fatal error: y at 0x20" }, want: []string{
			"~ reason: fatal error: x at 0x10 → fatal error: y at 0x20",
		}},
		"reason of another address": {old: died, new: func(r *harness.Report) { died(r); r.Reason = "fatal error: x at 0x20" }},
		"refused": {new: func(r *harness.Report) {
			*r = harness.Report{Cell: r.Cell, Until: r.Until, Outcome: harness.Refused, Reason: "not an ELF file"}
			r.Runtime.GOMAXPROCS, r.Runtime.PhysHugePageSize, r.Runtime.VDSOClockgettime = harness.Unknown, harness.Unknown, harness.Unknown
		}, want: []string{"~ outcome: reached main.main → refused"}},
		"until": {new: func(r *harness.Report) {
			r.Until, r.Phase = "osinit", "osinit"
			r.Phases, r.Schedinit, r.Inits = r.Phases[:2], nil, nil
		}, want: []string{"~ until: main.main → osinit", "~ outcome: reached main.main → reached osinit"}},
		"runtime": {new: func(r *harness.Report) {
			r.Runtime.GOMAXPROCS, r.Runtime.PhysHugePageSize, r.Runtime.VDSOClockgettime = 2, 2<<20, 0
			r.Runtime.CPUFeatures = []string{"aes", "avx"}
		}, want: []string{
			"~ runtime gomaxprocs: 4 → 2", "+ runtime physHugePageSize: new: 2097152", "~ runtime vdsoClockgettime: found → none",
			"- runtime cpuFeatures: gone, was sse2", "+ runtime cpuFeatures: new: avx",
		}},
		"phases": {new: func(r *harness.Report) {
			r.Phases[0], r.Phases[1] = r.Phases[1], r.Phases[0]
			r.Phases[3].Name = "newproc"
		}, want: []string{"> phase osinit: after rt0 → first", "+ phase newproc: new", "- phase main: gone"}},
		"calls inside schedinit": {new: func(r *harness.Report) {
			r.Schedinit = []harness.Phase{
				{Name: "goargs", Instructions: 4_000}, {Name: "mallocinit", Instructions: 9_000}, {Name: "gcinit", Instructions: 500},
			}
		}, want: []string{
			"> schedinit goargs: after mallocinit → first", "+ schedinit gcinit: new, or inlined no longer",
			"- schedinit procresize: gone, or inlined",
		}},
		"files": {new: func(r *harness.Report) {
			r.Files = []harness.File{
				{Path: "/proc/1000/cgroup", Call: "openat", Phase: "schedinit"}, {Path: "/proc/self/cgroup", Call: "openat", Phase: "schedinit"},
				{Path: "/b", Call: "openat", Phase: "init", Error: "ENOENT"},
			}
		}, want: []string{
			"- file /sys/a: no longer asked for, in osinit", "+ file /proc/self/cgroup: asked for now, in schedinit",
			"+ file /b: asked for now, in init: ENOENT",
		}},
		"a file that is not there any more": {new: func(r *harness.Report) { r.Files[0].Error = "ENOENT" }, want: []string{
			"~ file /sys/a: found → ENOENT",
		}},
		"a file asked for elsewhere": {new: func(r *harness.Report) { r.Files[0].Phase = "init" }, want: []string{
			"> file /sys/a: osinit → init",
		}},
		"a report without files": {new: func(r *harness.Report) { r.Files = nil }},
		"calls, untraced": {new: func(r *harness.Report) {
			r.Calls = map[string]int{
				"openat": 9, "read": 9, "close": 9, "mmap": 20, "prlimit64": 4, "futex_time64": 7, "clone": 300, "sched_yield": 1,
			}
		}, want: []string{
			"- syscall futex: gone, was 7×", "+ syscall futex_time64: new, 7×", "~ syscall clone: 3 → 300", "~ syscall prlimit64: 3 → 4",
		}},
		"calls, traced": {
			old: func(r *harness.Report) {
				r.Syscalls = calls([]string{"uname", "mmap", "getrandom", "mmap", "prlimit64", "futex"}, "futex", "mmap")
			},
			new: func(r *harness.Report) {
				r.Syscalls = calls([]string{"mmap", "getrandom", "getrandom", "mmap", "uname", "sysinfo"}, "mmap", "mmap", "fcntl")
			},
			want: []string{
				"~ syscall getrandom in schedinit: 1 → 2", "- syscall prlimit64 in schedinit: gone, was 1×", "+ syscall sysinfo in schedinit: new, 1×",
				"> syscall mmap in schedinit: after uname → first",
			},
		},
		"initialisers": {new: func(r *harness.Report) {
			r.Inits = []harness.Init{
				{Package: "errors", Instructions: 50}, {Package: "runtime", Instructions: 900}, {Package: "unicode", Instructions: 104_000},
				{Package: "os", Instructions: 40_000}, {Package: "net", Instructions: 1_000_000},
			}
		}, want: []string{
			"> init errors: after runtime → first", "+ init net: new", "~ init initialisers of runtime: 2 → 1",
			"~ instructions os (init): 8,000 → 40,000 (×5)",
		}},
		"costs": {new: func(r *harness.Report) {
			r.Phases[0].Instructions = 400      // below the floor
			r.Phases[2].Instructions = 104_000  // below the threshold
			r.Phases[3].Instructions = 10_500   // told
			r.Phases[2].Pages = 120             // told
			r.Phases[1].Pages = 10              // below the floor
			r.Counts.Instructions = 100_000     // told
			r.Phases[5].Pages = 3               // unknown before
			r.Inits[3].Instructions = 110_000   // below the floor
			r.Schedinit[1].Instructions = 9_999 // of calls inside schedinit no costs are told
			r.Phases[4].Syscalls = 30           // told: there is no trace that would tell more
		}, want: []string{
			"~ instructions the whole boot: 311,100 → 100,000 (-68%)", "~ instructions main: 9,000 → 10,500 (+17%)",
			"~ syscalls init: 0 → 30 (new)", "~ pages schedinit: 100 → 120 (+20%)",
		}},
		"events and output": {new: func(r *harness.Report) {
			r.Events, r.Stdout, r.Stderr = []string{"unknown call: 4000"}, "hello\nworld\n", "warning\n"
		}, want: []string{
			"- event refused call: at 0x…: gone", "+ event unknown call: 4000: new",
			`+ output stdout: line 1: nothing → "hello"`, `+ output stderr: line 1: nothing → "warning"`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old, new := report(tc.old), report(tc.new)
			d := diff.Reports(old, new, usual)
			var got []string
			for _, c := range d.Changes {
				got = append(got, c.String())
			}
			require.Equal(t, tc.want, got)
			require.ElementsMatch(t, d.Mirror().Changes, diff.Reports(new, old, usual).Changes)
		})
	}
}

func TestThreshold(t *testing.T) {
	t.Parallel()
	changed := report(func(r *harness.Report) { r.Phases[0].Instructions, r.Phases[2].Instructions = 101, 140_000 })
	for threshold, want := range map[float64]int{0: 2, 0.05: 1, 0.39: 1, 0.4: 0, 0.5: 0} {
		require.Len(t, diff.Reports(report(nil), changed, diff.Options{Threshold: threshold}).Changes, want, "%v", threshold)
	}
}

// scrambled is a boot with all its lists drawn anew.
func scrambled(random *rand.Rand) *harness.Report {
	names := []string{"a", "b", "c", "d", "e", "f", "g"}
	draw := func() []string {
		list := slices.Clone(names)
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		return list[:random.IntN(len(list)+1)]
	}
	return report(func(r *harness.Report) {
		r.Schedinit, r.Inits, r.Files = nil, nil, []harness.File{}
		for _, name := range draw() {
			r.Schedinit = append(r.Schedinit, harness.Phase{Name: name, Instructions: 1_000})
		}
		for _, name := range draw() {
			r.Inits = append(r.Inits, harness.Init{Package: name, Instructions: random.Uint64N(100_000)})
		}
		for _, name := range draw() {
			r.Files = append(r.Files, harness.File{Path: name, Call: "openat", Phase: "init"})
		}
		r.Syscalls = calls(append(draw(), draw()...), draw()...)
		r.Phases[random.IntN(len(r.Phases))].Instructions = random.Uint64N(1_000_000)
		r.Runtime.GOMAXPROCS = random.IntN(3) - 1
		if random.IntN(8) == 0 {
			died(r)
		}
	})
}

// TestMirrored: a boot does not differ from itself, and from the other side a difference is the same with what was added and removed
// changed over.
func TestMirrored(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		a, b := scrambled(random), scrambled(random)
		for _, o := range []diff.Options{usual, {}} {
			require.Empty(t, diff.Reports(a, a, o).Changes)
			there, back := diff.Reports(a, b, o), diff.Reports(b, a, o)
			require.ElementsMatch(t, there.Changes, back.Mirror().Changes)
			require.Equal(t, there, diff.Reports(a, b, o), "nothing depends on the order of a map")
		}
	}
}

// TestManyCalls: a program that makes very many calls before it ends is compared in a moment, and its calls are still counted.
func TestManyCalls(t *testing.T) {
	t.Parallel()
	many := func(n int, names ...string) *harness.Report {
		var list []string
		for i := range n {
			list = append(list, names[i%len(names)])
		}
		return report(func(r *harness.Report) { r.Syscalls = calls(list) })
	}
	old, new := many(300_000, "getppid", "getuid"), many(300_002, "getuid", "getppid")
	require.Less(t, len(diff.FactsOf(old).Order), 3_000)
	var got []string
	for _, c := range diff.Reports(old, new, usual).Changes {
		got = append(got, c.String())
	}
	require.Equal(t, []string{
		"~ syscall getppid in schedinit: 150,000 → 150,001", "~ syscall getuid in schedinit: 150,000 → 150,001",
	}, got)
}

func at(toolchain, goarch, machine string, f func(*harness.Report)) *harness.Report {
	return report(func(r *harness.Report) {
		r.Cell.Toolchain, r.Cell.GOARCH, r.Cell.Machine = toolchain, goarch, machine
		if f != nil {
			f(r)
		}
	})
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ old, new, pairs, onlyOld, onlyNew []string }{
		"the same toolchain": {
			[]string{"go1.25.1/mips", "go1.26.0/mips"}, []string{"go1.26.0/mips", "go1.25.1/mips"},
			[]string{"go1.26.0→go1.26.0", "go1.25.1→go1.25.1"}, nil, nil,
		},
		"the same minor release": {
			[]string{"go1.25.1/mips", "go1.26.0/mips"}, []string{"go1.26.3/mips", "go1.25.1/mips"},
			[]string{"go1.26.0→go1.26.3", "go1.25.1→go1.25.1"}, nil, nil,
		},
		"the only one left": {
			[]string{"go1.25.1/mips", "go1.26.0/mips"}, []string{"go1.25.1/mips", "go1.27rc1/mips"},
			[]string{"go1.25.1→go1.25.1", "go1.26.0→go1.27rc1"}, nil, nil,
		},
		"which of two is not for rt0 to guess": {
			[]string{"go1.24.1/mips", "go1.25.1/mips"}, []string{"go1.26.0/mips", "go1.27.0/mips"},
			nil, []string{"go1.24.1/mips", "go1.25.1/mips"}, []string{"go1.26.0/mips", "go1.27.0/mips"},
		},
		"places that one side lacks": {
			[]string{"go1.25.1/mips", "go1.25.1/arm"}, []string{"go1.25.1/mips", "go1.25.1/386"},
			[]string{"go1.25.1→go1.25.1"}, []string{"go1.25.1/arm"}, []string{"go1.25.1/386"},
		},
		"a boot against a boot": {[]string{"go1.25.1/mips"}, []string{"go1.26.1/s390x"}, []string{"go1.25.1→go1.26.1"}, nil, nil},
		"nothing":               {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document := func(cells []string) harness.Document {
				var d harness.Document
				for _, cell := range cells {
					toolchain, goarch, _ := cutLast(cell)
					d.Boots = append(d.Boots, at(toolchain, goarch, "default", nil))
				}
				return d
			}
			text := func(sides []diff.Side) (list []string) {
				for _, s := range sides {
					list = append(list, s.Toolchain+"/"+s.GOARCH)
				}
				return list
			}
			set := diff.Documents(document(tc.old), document(tc.new), usual)
			var pairs []string
			for _, d := range set.Diffs {
				pairs = append(pairs, d.Old.Toolchain+"→"+d.New.Toolchain)
			}
			require.Equal(t, tc.pairs, pairs)
			require.Equal(t, tc.onlyOld, text(set.OnlyOld))
			require.Equal(t, tc.onlyNew, text(set.OnlyNew))
			require.Equal(t, len(tc.onlyOld)+len(tc.onlyNew) == 0, set.Empty(), "boots are alike but for their places")
		})
	}
}

func cutLast(cell string) (toolchain, goarch string, ok bool) {
	for i := range cell {
		if cell[i] == '/' {
			return cell[:i], cell[i+1:], true
		}
	}
	return cell, "", false
}

func TestFold(t *testing.T) {
	t.Parallel()
	ps := func(n int) func(*harness.Report) { return func(r *harness.Report) { r.Runtime.GOMAXPROCS = n } }
	cost := func(n uint64) func(*harness.Report) { return func(r *harness.Report) { r.Phases[3].Instructions = n } }
	for name, tc := range map[string]struct {
		on   map[string]func(*harness.Report) // by "arch/machine" of the boots that change
		want []string
	}{
		"everywhere": {map[string]func(*harness.Report){
			"386/a": ps(2), "386/b": ps(2), "arm/a": ps(2), "arm/b": ps(2), "mips/a": ps(2), "mips/b": ps(2),
		}, []string{"gomaxprocs: 4 → 2: all architectures"}},
		"on one machine": {map[string]func(*harness.Report){"386/b": ps(2), "arm/b": ps(2), "mips/b": ps(2)},
			[]string{"gomaxprocs: 4 → 2: all architectures on b"}},
		"on one architecture": {map[string]func(*harness.Report){"arm/a": ps(2), "arm/b": ps(2)}, []string{"gomaxprocs: 4 → 2: arm"}},
		"but on one": {map[string]func(*harness.Report){"386/a": ps(2), "386/b": ps(2), "mips/a": ps(2), "mips/b": ps(2), "arm/a": ps(8)},
			[]string{"gomaxprocs: 4 → 2: 386, mips", "gomaxprocs: 4 → 8: arm on a"}},
		"amounts": {map[string]func(*harness.Report){
			"386/a": cost(18_000), "386/b": cost(18_000), "arm/a": cost(12_000), "arm/b": cost(18_000), "mips/a": cost(3_000),
		}, []string{"main: +33% to +100%: 386, arm", "main: 9,000 → 3,000 (-67%): mips on a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var diffs []diff.Diff
			for _, goarch := range []string{"386", "arm", "mips"} {
				for _, m := range []string{"a", "b"} {
					diffs = append(diffs, diff.Reports(at("go1.25.1", goarch, m, nil), at("go1.26.1", goarch, m, tc.on[goarch+"/"+m]), usual))
				}
			}
			var got []string
			for _, f := range diff.Fold(diffs) {
				require.Equal(t, []string{"go1.25.1", "go1.26.1"}, []string{f.Old, f.New})
				got = append(got, fmt.Sprintf("%s: %s: %s", f.Change.Subject(), f.Text(), f.Where))
			}
			require.Equal(t, tc.want, got)
		})
	}
	require.Empty(t, diff.Fold(nil))
}

func TestNeighbours(t *testing.T) {
	t.Parallel()
	absent := at("go1.10.8", "mips", "a", nil)
	absent.Outcome, absent.Cell.Absent = harness.Refused, "no such port"
	var pairs []string
	for _, d := range diff.Neighbours([]*harness.Report{
		absent, at("go1.11.1", "mips", "a", nil), at("go1.11.1", "mips", "b", nil), nil, at("go1.12.1", "mips", "a", nil),
		at("go1.13.1", "mips", "a", nil),
		at("go1.13.1", "mips", "b", nil),
	}, usual) {
		require.True(t, d.Empty())
		pairs = append(pairs, d.Old.String()+" "+d.New.Toolchain)
	}
	require.Equal(t, []string{"go1.11.1/mips/a go1.12.1", "go1.12.1/mips/a go1.13.1", "go1.11.1/mips/b go1.13.1"}, pairs)
}
