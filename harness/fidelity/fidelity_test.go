// SPDX-License-Identifier: GPL-2.0-or-later

package fidelity

import (
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/loader"
)

const ledgerFile = "testdata/ledger.yaml"

// toolchains are compared besides the go on PATH, unless the test is short: the oldest that rt0 speaks of, the one with the first change
// of the calling convention ahead of it, and the newest. Programs start in the same way with each, so that two fixtures do.
var (
	toolchains        = []string{"go1.11.13", "go1.16.15", newest}
	toolchainPrograms = []string{fixtures.Hello, fixtures.Inits}
)

const newest = "go1.27.0"

// settings make the runtime start in other ways.
var settings = []string{
	"GODEBUG=decoratemappings=1,disablethp=1,inittrace=1,madvdontneed=1,profstackdepth=64", "GOGC=50", "GOMAXPROCS=5", "GOMEMLIMIT=100MiB",
	"GOTRACEBACK=crash",
}

// program is what is compared.
type program struct {
	fixture, toolchain string
	env                []string
	pie                bool
}

// buildable are those of a list that their release builds for an architecture.
func buildable(list []program, goarch string) []program {
	return slices.DeleteFunc(list, func(p program) bool {
		return !fixtures.Builds(p.toolchain, goarch) || p.pie && !fixtures.LinksPIE(p.toolchain, goarch)
	})
}

// programs lists them.
func programs() []program {
	var list []program
	for _, name := range fixtures.Small() {
		list = append(list, program{fixture: name})
	}
	list = append(list, program{fixture: fixtures.Runtime, env: settings}, program{fixture: fixtures.Hello, pie: true})
	if testing.Short() {
		return list
	}
	for _, toolchain := range toolchains {
		for _, name := range toolchainPrograms {
			list = append(list, program{fixture: name, toolchain: toolchain})
		}
	}
	return list
}

func (p program) name() string {
	name := p.fixture
	if p.toolchain != "" {
		name += "-" + p.toolchain
	}
	if p.env != nil {
		name += "-settings"
	}
	if p.pie {
		name += "-pie"
	}
	return name
}

// scope names what is compared: a fixture, "hello", or a position-independent one, "hello-pie".
func (p program) scope() string {
	if p.pie {
		return p.fixture + "-pie"
	}
	return p.fixture
}

func (p program) build(t *testing.T, goarch string) string {
	t.Helper()
	options := []fixtures.Option{fixtures.Toolchain(p.toolchain)}
	if p.pie {
		options = append(options, fixtures.PIE())
	}
	return fixtures.Build(t, p.fixture, goarch, options...)
}

// judge gathers what was compared, for the ledger's sake.
type judge struct {
	ledger *Ledger
	mu     sync.Mutex
	done   []Scope // guarded by mu
	left   int     // comparisons that cannot be made, wherever the test is run; guarded by mu
}

// leave notes that a comparison cannot be made, wherever the test is run, and skips the test.
func (j *judge) leave(t *testing.T, why string, args ...any) {
	t.Helper()
	j.mu.Lock()
	j.left++
	j.mu.Unlock()
	t.Skipf(why, args...)
}

func newJudge(t *testing.T) *judge {
	t.Helper()
	ledger, err := ReadLedger(ledgerFile)
	require.NoError(t, err)
	return &judge{ledger: ledger}
}

// least are fewer lines than any program gives: a comparison of nothing finds nothing.
var least = map[View]int{Registers: 100, Contents: 100, QEMU: 100, Auxv: 10, Deaths: 0}

// compare holds one comparison against the ledger.
func (j *judge) compare(t *testing.T, s Scope, real, rt0 []Call) {
	t.Helper()
	j.mu.Lock()
	j.done = append(j.done, s)
	j.mu.Unlock()
	require.Greater(t, min(len(real), len(rt0)), least[s.View], "lines to compare in %s", s)
	verdict := j.ledger.Judge(s, Compare(real, rt0))
	for _, d := range verdict.Unexplained {
		t.Errorf("%s: %s", s, d)
	}
	for _, e := range verdict.Stale {
		t.Errorf("%s: this no longer differs; take its entry out of %s, or narrow its scope: %s", s, ledgerFile, e)
	}
}

// idle tells which of the views' entries nothing was compared for. When all the comparisons that there are were made, there is nothing
// that such an entry could stand for.
func (j *judge) idle(t *testing.T, comparisons int, views ...View) {
	for _, e := range j.ledger.Idle(j.done) {
		switch {
		case !slices.ContainsFunc(views, func(v View) bool { return slices.Contains(e.Views, v) }):
		case len(j.done)+j.left >= comparisons && !testing.Short():
			t.Errorf("no comparison is in the scope of this entry of %s: %s", ledgerFile, e)
		default:
			t.Logf("not looked at, as nothing in its scope was run: %s", e)
		}
	}
}

// The machine's name for programs that the kernel runs itself: that of the kernel, for 32-bit programs too.
const unameAMD64 = "x86_64"

// natives are the architectures whose programs the kernel of the hosts that strace is asked on runs itself.
var natives = []string{"amd64", "386"}

func TestRealKernel(t *testing.T) {
	strace := findStrace(t)
	j := newJudge(t)
	t.Run("arches", func(t *testing.T) {
		for _, goarch := range natives {
			t.Run(goarch, func(t *testing.T) {
				requireRuns(t, fixtures.Build(t, fixtures.Hello, goarch), goarch)
				for _, p := range buildable(programs(), goarch) {
					t.Run(p.name(), func(t *testing.T) {
						t.Parallel()
						realKernel(t, j, strace, p, goarch)
					})
				}
			})
		}
	})
	views := []View{Registers, Contents, Auxv}
	comparisons := 0
	for _, goarch := range natives {
		comparisons += len(buildable(programs(), goarch)) * len(views)
	}
	j.idle(t, comparisons, views...)
}

// realKernel compares one program.
func realKernel(t *testing.T, j *judge, strace string, p program, goarch string) {
	bin := p.build(t, goarch)
	a, ok := arch.Find(goarch)
	require.True(t, ok)
	img, err := loader.Open(bin)
	require.NoError(t, err)
	if interpreterRoot(t, bin) != "/" {
		t.Skip("the program's interpreter is not installed where it looks for it")
	}
	m := hostMachine(t, unameAMD64, p.env...)
	real, sps, biases := native(t, strace, bin, img, m)
	m = withFiles(t, m, real.Calls[Contents])
	rt0, err := Guest(t.Context(), bin, Start{Machine: m, UID: uint32(os.Getuid()), GID: uint32(os.Getgid())})
	require.NoError(t, err)

	// Where the program asks for an address, it takes it from AT_RANDOM, which is the same; but those of 32 bits take it from brk.
	fixed := a.PtrSize == 8
	for i, view := range []View{Registers, Contents} {
		calls := real.Calls[view]
		if p.pie {
			calls = withoutInterpreter(t, calls, rt0.Calls[view])
		}
		j.compare(t, Scope{view, p.scope(), goarch, img.Minor()},
			Normalise(view, calls, space(img, sps[i], biases[i], fixed)), Normalise(view, rt0.Calls[view], space(img, rt0.SP, rt0.Bias, fixed)))
	}
	j.compare(t, Scope{Auxv, p.scope(), goarch, img.Minor()}, real.Calls[Auxv], rt0.Calls[Auxv])

	// What was compared is what package harness boots.
	boot, err := harness.Run(t.Context(), bin, m, harness.RecordSyscalls())
	require.NoError(t, err)
	for i, c := range rt0.Calls[Registers] {
		require.Equal(t, c.Name, boot.Syscalls[i].Name, "call %d of the boot by package harness", i+1)
	}
}

// space describes the address space of a run.
func space(img *loader.Image, sp, bias uint64, fixed bool) Space {
	s := Space{SP: sp, Fixed: fixed}
	if bias != 0 {
		final := img.Segments[len(img.Segments)-1]
		s.Image, s.ImageEnd = bias+img.Segments[0].Addr, bias+final.Addr+final.MemSize
	}
	return s
}

// withoutInterpreter takes out what the interpreter of a position-independent program has called before the program began, which is where
// the names are those with which rt0's guest begins: rt0 does the interpreter's work itself.
func withoutInterpreter(t *testing.T, real, rt0 []Call) []Call {
	t.Helper()
	const enough = 3
	same := func(a, b Call) bool { return a.Name == b.Name }
	for i := range real {
		if slices.EqualFunc(real[i:min(i+enough, len(real))], rt0[:enough], same) {
			return real[i:]
		}
	}
	t.Fatalf("nothing in the trace begins as rt0's guest does, with %v", rt0[:enough])
	return nil
}
