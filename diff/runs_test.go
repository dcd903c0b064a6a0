// SPDX-License-Identifier: GPL-2.0-or-later

package diff_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// axis is that of a text; the file without a name has values of GOMAXPROCS.
func axis(key, values string) harness.Axis {
	if values == "@" {
		values = "@gomaxprocs"
	}
	a, err := harness.ParseAxis(key, values, func(string) ([]byte, error) { return []byte("0\n8\n600\n"), nil })
	if err != nil {
		panic(err)
	}
	return a
}

// swept is the report of a variant of whose machine the runtime thinks the right things, and what f makes of it.
func swept(t *testing.T, axes harness.Axes, v harness.Variant, f func(m machine.Machine, r *harness.Report)) *harness.Report {
	m, err := axes.Of(v)
	require.NoError(t, err)
	r := &harness.Report{Machine: m, Outcome: harness.Reached, Phase: "main.main", Stderr: "hello\n"}
	r.Runtime = harness.Runtime{NumCPU: m.CPUs.Count(), GOMAXPROCS: m.CPUs.Count(), PhysPageSize: int(m.PageSize), PhysHugePageSize: int(m.HugePage), MaxMCount: 10000,
		Threads: v.Index % 3, SecureMode: harness.Unknown, VDSOClockgettime: 0x1000 + v.Index}
	r.Counts.Instructions = uint64(1000 + v.Index)
	if f != nil {
		f(m, r)
	}
	return r
}

// line is a run as these tests write it.
func line(r diff.Run) string {
	var words []string
	for _, s := range r.Spans {
		words = append(words, s.Key+" "+s.String())
	}
	outcome, _ := r.Field("outcome")
	procs, _ := r.Field("gomaxprocs")
	text := fmt.Sprintf("%s: %s, Ps %s", strings.Join(words, " × "), outcome, procs)
	for _, list := range []struct {
		mark    string
		changes []diff.FieldChange
	}{{" | ", r.Changes}, {" ^ ", r.Above}} {
		for _, c := range list.changes {
			text += list.mark + c.Key + ": " + c.Before + " -> " + c.After
		}
	}
	return text
}

func TestFolder(t *testing.T) {
	t.Parallel()
	limit := func(most int) func(machine.Machine, *harness.Report) {
		return func(m machine.Machine, r *harness.Report) { r.Runtime.GOMAXPROCS = min(r.Runtime.GOMAXPROCS, most) }
	}
	die := func(r *harness.Report, reason string) {
		r.Outcome, r.Reason, r.Stderr = harness.Threw, reason, "goroutine 1 [running]:\n"+reason
	}
	environment := func(m machine.Machine, r *harness.Report) {
		text, _ := m.Getenv("GOMAXPROCS")
		if n, _ := strconv.Atoi(text); n > 0 {
			r.Runtime.GOMAXPROCS = n
		}
	}
	tests := []struct {
		name  string
		axes  harness.Axes
		what  func(machine.Machine, *harness.Report)
		stop  int // the sweep is interrupted before this variant; 0: it is not
		lines []string
	}{
		{name: "nothing", lines: []string{": reached, Ps 4"}},
		{name: "one", axes: harness.Axes{List: []harness.Axis{axis("cpus", "7")}}, lines: []string{"cpus 7: reached, Ps 7"}},
		{name: "follows", axes: harness.Axes{List: []harness.Axis{axis("cpus", "1..64")}}, lines: []string{"cpus 1–64: reached, Ps = cpus"}},
		{name: "follows at a distance", axes: harness.Axes{List: []harness.Axis{axis("cpus", "1..20")}},
			what: func(m machine.Machine, r *harness.Report) {
				if r.Runtime.Goroutines = 5; m.CPUs.Count() >= 10 {
					r.Runtime.Goroutines += m.CPUs.Count()
				}
			},
			lines: []string{"cpus 1–9: reached, Ps = cpus", "cpus 10–20: reached, Ps = cpus | goroutines: 5 -> {cpus} + 5"}},
		{name: "down", axes: harness.Axes{List: []harness.Axis{axis("cpus", "5..1")}}, lines: []string{"cpus 5–1: reached, Ps = cpus"}},
		{name: "a limit", axes: harness.Axes{List: []harness.Axis{axis("cpus", "1..64")}}, what: limit(33),
			lines: []string{"cpus 1–33: reached, Ps = cpus", "cpus 34–64: reached, Ps 33 | gomaxprocs: = cpus -> 33"}},
		{name: "sets of CPUs", axes: harness.Axes{List: []harness.Axis{{Key: "cpus", Values: []string{"0-3", "5-7", "8"}}}},
			lines: []string{"cpus 0-3, 5-7, 8: reached, Ps = cpus"}},
		{name: "three axes that do not matter", axes: harness.Axes{List: []harness.Axis{axis("cpus", "1..8"), axis("hugePage", "none,2MiB,1GiB"), axis("pageSize", "4KiB,64KiB")}},
			lines: []string{"cpus 1–8 × hugePage none, 2MiB, 1GiB × pageSize 4KiB, 64KiB: reached, Ps = cpus"}},
		{name: "dies of the slow axis", axes: harness.Axes{List: []harness.Axis{axis("cpus", "1..8"), axis("hugePage", "none,2MiB")}},
			what: func(m machine.Machine, r *harness.Report) {
				if m.CPUs.Count() > 5 {
					die(r, fmt.Sprintf("no room for %d CPUs at %#x", m.CPUs.Count(), m.CPUs.Count()))
				}
			},
			lines: []string{"cpus 1–5 × hugePage none, 2MiB: reached, Ps = cpus",
				"cpus 6–8 × hugePage none, 2MiB: threw, Ps = cpus ^ outcome: reached -> threw ^ reason: none -> no room for {cpus} CPUs at 0x…"}},
		{name: "dies of the fast axis", axes: harness.Axes{List: []harness.Axis{axis("cpus", "1..8"), axis("hugePage", "none,2MiB")}},
			what: func(m machine.Machine, r *harness.Report) {
				if m.HugePage == 0 {
					die(r, "no huge pages")
				}
			},
			lines: []string{"cpus 1–8 × hugePage none: threw, Ps = cpus",
				"cpus 1–8 × hugePage 2MiB: reached, Ps = cpus | outcome: threw -> reached | reason: no huge pages -> none"}},
		{name: "a corner", axes: harness.Axes{List: []harness.Axis{axis("hugePage", "none,2MiB,1GiB"), axis("cpus", "1..8")}},
			what: func(m machine.Machine, r *harness.Report) {
				if m.HugePage == 1<<30 && m.CPUs.Count() > 6 {
					r.Outcome = harness.Stuck
				}
			},
			lines: []string{"hugePage none, 2MiB × cpus 1–8: reached, Ps = cpus", "hugePage 1GiB × cpus 1–6: reached, Ps = cpus ^ cpus: 1–8 -> 1–6",
				"hugePage 1GiB × cpus 7, 8: stuck, Ps = cpus | outcome: reached -> stuck"}},
		{name: "a coincidence in the middle", axes: harness.Axes{List: []harness.Axis{axis("cpus", "4..32*2"), axis("env.GOMAXPROCS", "@")}}, what: environment,
			lines: []string{"cpus 4, 8, 16, 32 × env.GOMAXPROCS 0: reached, Ps = cpus",
				"cpus 4, 8, 16, 32 × env.GOMAXPROCS 8, 600: reached, Ps = env.GOMAXPROCS | gomaxprocs: = cpus -> = env.GOMAXPROCS"}},
		{name: "a coincidence at the beginning", axes: harness.Axes{List: []harness.Axis{axis("cpus", "8..32*2"), axis("env.GOMAXPROCS", "@")}}, what: environment,
			lines: []string{"cpus 8, 16, 32 × env.GOMAXPROCS 0: reached, Ps = cpus",
				"cpus 8, 16, 32 × env.GOMAXPROCS 8, 600: reached, Ps = env.GOMAXPROCS | gomaxprocs: = cpus -> = env.GOMAXPROCS"}},
		{name: "coincidences of the slowest axis", what: environment,
			axes: harness.Axes{List: []harness.Axis{axis("cpus", "8,4,16,600,2"), axis("pageSize", "4KiB,64KiB"), axis("env.GOMAXPROCS", "@")}},
			lines: []string{"cpus 8 … 2 × pageSize 4KiB, 64KiB × env.GOMAXPROCS 0: reached, Ps = cpus",
				"cpus 8 … 2 × pageSize 4KiB, 64KiB × env.GOMAXPROCS 8, 600: reached, Ps = env.GOMAXPROCS | gomaxprocs: = cpus -> = env.GOMAXPROCS"}},
		{name: "zipped", axes: harness.Axes{List: []harness.Axis{axis("cpus", "1..4"), axis("env.N", "1..4")}, Zip: true}, what: limit(3),
			lines: []string{"cpus 1–3 × env.N 1–3: reached, Ps = cpus", "cpus 4 × env.N 4: reached, Ps 3 | gomaxprocs: = cpus -> 3"}},
		{name: "sampled", axes: harness.Axes{List: []harness.Axis{axis("cpus", "1..100"), axis("hugePage", "none,2MiB")}, Sample: 20}, what: limit(50),
			lines: []string{"cpus 2–48 × hugePage none, 2MiB: reached, Ps = cpus", "cpus 54–99 × hugePage none, 2MiB: reached, Ps 50 | gomaxprocs: = cpus -> 50"}},
		{name: "interrupted", axes: harness.Axes{List: []harness.Axis{axis("hugePage", "none,2MiB,1GiB"), axis("cpus", "1..8")}}, stop: 20,
			lines: []string{"hugePage none, 2MiB × cpus 1–8: reached, Ps = cpus", "hugePage 1GiB × cpus 1–4: reached, Ps = cpus"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := diff.NewFolder(tc.axes)
			n := tc.axes.Len()
			if tc.stop > 0 {
				n = tc.stop
			}
			for i := range n {
				v := tc.axes.Variant(i)
				f.Add(v, swept(t, tc.axes, v, tc.what))
			}
			var lines []string
			for _, r := range f.Runs() {
				lines = append(lines, line(r))
			}
			require.Equal(t, tc.lines, lines)
		})
	}
}

// TestFolderProperty folds random behaviour on random grids: the runs share the variants out, and each says of all its variants what they did.
func TestFolderProperty(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		random := rand.New(rand.NewPCG(seed, 0))
		pick := func(lists ...string) string { return lists[random.IntN(len(lists))] }
		all := []harness.Axis{axis("cpus", pick("1..5", "7..2", "3", "1..64*2")), axis("hugePage", pick("none,2MiB", "2MiB,1GiB,4MiB")),
			axis("pageSize", pick("4KiB,16KiB", "4096,64KiB,4KiB")), axis("env.N", pick("1..3", "2,2"))}
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		axes := harness.Axes{List: all[:1+random.IntN(4)]}
		if random.IntN(4) == 0 {
			axes.Sample = 1 + random.IntN(20)
		}
		most, huge, page, rare := 1+random.IntN(8), machine.Size(2<<20)<<random.IntN(3), machine.Size(4096)<<random.IntN(3), random.IntN(40)
		f := diff.NewFolder(axes)
		reports := make([]*harness.Report, axes.Len())
		variants := make([]harness.Variant, len(reports))
		for i := range reports {
			variants[i] = axes.Variant(i)
			reports[i] = swept(t, axes, variants[i], func(m machine.Machine, r *harness.Report) {
				r.Runtime.GOMAXPROCS = min(r.Runtime.GOMAXPROCS, most)
				if text, ok := m.Getenv("N"); ok && most%2 == 0 {
					r.Runtime.GOMAXPROCS, _ = strconv.Atoi(text)
				}
				r.Stdout = fmt.Sprintf("%d CPUs, limit %d, page %s.\n", m.CPUs.Count(), most, m.PageSize)
				if m.HugePage > huge && m.PageSize >= page {
					r.Outcome, r.Reason = harness.Killed, fmt.Sprintf("no %s pages", m.HugePage)
				}
				if i == rare {
					r.Phase = "schedinit"
				}
			})
			f.Add(variants[i], reports[i])
		}
		runs := f.Runs()
		covered := make([]int, len(reports))
		for n, run := range runs {
			inside := 0
			for i, v := range variants {
				if !within(axes, run, v) || axes.Sample > 0 && (i < run.First.Index || i > run.Last.Index) {
					continue
				}
				inside++
				covered[i]++
				r := reports[i]
				for key, want := range map[string]string{
					"outcome": string(r.Outcome), "reason": r.Reason, "phase": r.Phase, "stdout": r.Stdout, "gomaxprocs": strconv.Itoa(r.Runtime.GOMAXPROCS),
					"physPageSize": strconv.Itoa(r.Runtime.PhysPageSize), "physHugePageSize": strconv.Itoa(r.Runtime.PhysHugePageSize),
				} {
					field, ok := run.Field(key)
					require.True(t, ok)
					require.Contains(t, unfold(axes, field.Text, v), want, "seed %d, %s of %s: %s", seed, key, axes.Name(v), field.Text)
				}
				a, ok := run.Amount("counts.instructions")
				require.True(t, ok && a.Min <= r.Counts.Instructions && r.Counts.Instructions <= a.Max)
			}
			require.Equal(t, run.Count, inside, "seed %d", seed)
			require.Equal(t, n == 0, run.Level < 0, "seed %d", seed)
			if run.Level == len(axes.List)-1 {
				require.True(t, run.Marked(), "seed %d: neighbours of a row that do not differ are one run", seed)
			}
		}
		for i, n := range covered {
			require.Equal(t, 1, n, "seed %d: %s is in so many runs", seed, axes.Name(variants[i]))
		}
	}
}

// within says whether a variant is in a run's box.
func within(axes harness.Axes, run diff.Run, v harness.Variant) bool {
	place := v.Product
	for k := len(axes.List) - 1; k >= 0; k-- {
		n := uint64(len(axes.List[k].Values))
		i := int(place % n)
		place /= n
		if i < run.Spans[k].From || i > run.Spans[k].To {
			return false
		}
	}
	return true
}

// unfold are the texts that a field of a run may stand for in a variant: as the axes have their values, and as numbers.
func unfold(axes harness.Axes, text string, v harness.Variant) []string {
	texts := []string{text, text}
	for k, a := range axes.List {
		size, err := machine.ParseSize(v.Values[k])
		texts[0] = strings.ReplaceAll(texts[0], "{"+a.Key+"}", v.Values[k])
		if err == nil {
			texts[1] = strings.ReplaceAll(texts[1], "{"+a.Key+"}", strconv.Itoa(int(size)))
		}
	}
	return texts
}

func BenchmarkFolder(b *testing.B) {
	axes := harness.Axes{List: []harness.Axis{axis("hugePage", "none,2MiB,1GiB"), axis("cpus", "1..1000")}}
	r := &harness.Report{Outcome: harness.Reached, Stdout: strings.Repeat("hello world 7\n", 20)}
	f := diff.NewFolder(axes)
	for i := 0; b.Loop(); i++ {
		f.Add(axes.Variant(i%3000), r)
	}
}

// TestFolderKeepsLittle: a program of which no two boots are alike makes the longest table that there is, and not one that fills the memory.
func TestFolderKeepsLittle(t *testing.T) {
	axes := harness.Axes{List: []harness.Axis{axis("hugePage", "none,2MiB,1GiB"), axis("cpus", "1..7000")}}
	f := diff.NewFolder(axes)
	r := swept(t, axes, axes.Variant(0), nil)
	r.Runtime.Env = strings.Fields(strings.Repeat("NAME=value ", 50))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range axes.Len() {
		r.Stdout = fmt.Sprintf("%d clock ticks\n", 100_000+i*i)
		f.Add(axes.Variant(i), r)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(21_000*1100))
	require.Len(t, f.Runs(), 21_000)
}

// TestFolderBoots folds real boots of all architectures: the runtime has as many Ps as there are CPUs, and takes no page above 512 KiB (maxPhysPageSize,
// runtime/malloc.go).
func TestFolderBoots(t *testing.T) {
	t.Parallel()
	for _, goarch := range harness.Architectures() {
		t.Run(goarch, func(t *testing.T) {
			t.Parallel()
			bin := fixtures.Build(t, fixtures.Hello, goarch)
			axes := harness.Axes{
				List:    []harness.Axis{axis("pageSize", "4KiB,512KiB,1MiB"), axis("cpus", "1..9+4")},
				Machine: machine.Machine{HugePage: machine.None},
			}
			f := diff.NewFolder(axes)
			require.NoError(t, harness.Sweep(t.Context(), bin, axes, func(r harness.Result) { f.Add(r.Variant, r.Report) }))
			runs := f.Runs()
			last := runs[len(runs)-1]
			require.Equal(t, "pageSize 1MiB × cpus 1, 5, 9: threw, Ps 0 ^ outcome: reached -> threw ^ reason: none -> fatal error: bad system page size"+
				" ^ phase: main.main -> exit ^ died: none -> schedinit ^ exitCode: none -> 2", line(last))
			for _, r := range runs[:len(runs)-1] {
				require.Regexp(t, `^pageSize (4KiB|512KiB|4KiB, 512KiB) × cpus 1, 5, 9: reached, Ps = cpus( \^ events: none -> page size: no `+goarch+` machine has pages of 512KiB; .*)?$`, line(r))
			}
		})
	}
}
