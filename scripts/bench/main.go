// SPDX-License-Identifier: GPL-2.0-or-later

// Bench compares rt0 with Debian's qemu-user, side by side in one run: what a whole process takes to boot hello, and what user time a
// CPU-bound program costs. `make bench` builds rt0 and installs qemu-user first. Runs of the two alternate, so that a busy host
// disturbs both alike; medians are compared.
//
// It is the only place in the repository where wall-clock time is looked at.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
)

// The goals: rt0's share of qemu-user's time, and the memory of one boot.
const (
	goalStart   = 0.6
	goalCompute = 2.5
	goalMemory  = 150 << 20
)

// workaround is what qemu-user needs to run a program at all: the i386 one of Debian 12 crashes on nearly every program of Go 1.14 and
// newer; it was seen to do so no more once the runtime sends itself no preemption signals.
var workaround = map[string][]string{"386": {"GODEBUG=asyncpreemptoff=1"}}

// withGoal are the architectures whose CPU-bound figure has a goal; the others are reported.
var withGoal = []string{"amd64", "arm64"}

// target is an architecture that is compared.
type target struct {
	goarch  string
	qemu    contender
	compute limit // the goal for the CPU-bound program
}

// targets are the architectures of a list, or all.
func targets(list string) ([]target, error) {
	names := arch.Names()
	if list != "" {
		names = strings.Split(list, ",")
	}
	var all []target
	for _, name := range names {
		a, ok := arch.Find(name)
		if !ok {
			return nil, fmt.Errorf("unknown architecture %q: there are %s", name, strings.Join(arch.Names(), ", "))
		}
		t := target{name, contender{command: "qemu-" + a.QEMU, env: workaround[name]}, noGoal}
		if slices.Contains(withGoal, name) {
			t.compute = goalCompute
		}
		all = append(all, t)
	}
	return all, nil
}

type options struct {
	rt0           string
	runs, compute int
	toolchain     string
	arches        string
	strict        bool
}

func main() {
	var o options
	flag.StringVar(&o.rt0, "rt0", "bin/rt0", "the `command` to measure")
	flag.IntVar(&o.runs, "n", 20, "`runs` of hello")
	flag.IntVar(&o.compute, "compute", 5, "`runs` of the CPU-bound program")
	flag.StringVar(&o.toolchain, "toolchain", "", "Go `release` to build the programs with (default: the go on PATH)")
	flag.StringVar(&o.arches, "arch", "", "architectures, a comma between them (default: all)")
	flag.BoolVar(&o.strict, "strict", false, "exit with status 1 when a goal is missed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	missed, err := run(ctx, os.Stdout, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if missed > 0 && o.strict {
		os.Exit(1)
	}
}

// run prints both tables and returns how many goals were missed.
func run(ctx context.Context, w io.Writer, o options) (missed int, err error) {
	rt0, err := filepath.Abs(o.rt0)
	if err != nil {
		return 0, err
	}
	if _, err := os.Stat(rt0); err != nil {
		return 0, fmt.Errorf("find rt0 (run make build): %w", err)
	}
	list, err := targets(o.arches)
	if err != nil {
		return 0, err
	}
	boot := contender{command: rt0, args: []string{"boot"}}
	exit := contender{command: rt0, args: []string{"boot", "--until", "exit"}}
	wall := func(s sample) time.Duration { return s.wall }
	user := func(s sample) time.Duration { return s.user }

	fmt.Fprintf(w, "hello: wall time of the whole process, median of %d runs each, interleaved\n", o.runs)
	table := newTable(w, "GOARCH", boot.String(), exit.String(), "qemu-user", "boot ÷ qemu", "goal", "exit ÷ qemu", "peak RSS")
	for _, t := range list {
		m, err := measure(ctx, o, fixtures.Hello, t.goarch, []contender{boot, exit, t.qemu}, o.runs)
		if err != nil {
			return missed, err
		}
		r, rss := share(m[0], m[2], wall), max(m[0].peakRSS(), m[1].peakRSS())
		missed += count(r > goalStart, rss > goalMemory, m[0].failed+m[1].failed > 0)
		table.row(t.goarch, m[0].median(wall), m[1].median(wall), m[2].median(wall), r, limit(goalStart), share(m[1], m[2], wall), size(rss))
		table.note(t.goarch, m)
	}
	table.flush()

	fmt.Fprintf(w, "\ncompute: user time of the whole process, median of %d runs each, interleaved\n", o.compute)
	table = newTable(w, "GOARCH", exit.String(), "qemu-user", "exit ÷ qemu", "goal", "peak RSS")
	for _, t := range list {
		m, err := measure(ctx, o, fixtures.Compute, t.goarch, []contender{exit, t.qemu}, o.compute)
		if err != nil {
			return missed, err
		}
		r, rss := share(m[0], m[1], user), m[0].peakRSS()
		missed += count(float64(r) > float64(t.compute), rss > goalMemory, m[0].failed > 0)
		table.row(t.goarch, m[0].median(user), m[1].median(user), r, t.compute, size(rss))
		table.note(t.goarch, m)
	}
	table.flush()

	verdict := "all met"
	if missed > 0 {
		verdict = fmt.Sprintf("%d missed", missed)
	}
	fmt.Fprintf(w, "\ngoals, at most: %.1f and %.1f times qemu-user's time, %d MiB resident: %s\n", goalStart, goalCompute, goalMemory>>20, verdict)
	return missed, nil
}

func count(missed ...bool) (n int) {
	for _, m := range missed {
		if m {
			n++
		}
	}
	return n
}

// A table is aligned text, with notes below.
type table struct {
	w     *tabwriter.Writer
	notes []string
}

func newTable(w io.Writer, heads ...string) *table {
	t := &table{w: tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	fmt.Fprintln(t.w, strings.Join(heads, "\t"))
	return t
}

// note keeps what a reader must know of the runs: which failed, and what was changed to let them run.
func (t *table) note(goarch string, all []series) {
	for _, s := range all {
		if s.env != nil {
			t.notes = append(t.notes, fmt.Sprintf("%s: %s ran with %s", goarch, s.contender, strings.Join(s.env, " ")))
		}
		if s.failed > 0 {
			t.notes = append(t.notes, fmt.Sprintf("%s: %s failed in %d of %d runs: %s", goarch, s.contender, s.failed, s.failed+len(s.samples), s.reason))
		}
	}
}

func (t *table) row(cells ...any) {
	for i, cell := range cells {
		if i > 0 {
			fmt.Fprint(t.w, "\t")
		}
		fmt.Fprint(t.w, cell)
	}
	fmt.Fprintln(t.w)
}

func (t *table) flush() {
	for _, note := range t.notes {
		fmt.Fprintln(t.w, note)
	}
	_ = t.w.Flush()
}

// limit is a goal for a ratio.
type limit float64

// noGoal is the limit of what is only reported.
var noGoal = limit(math.Inf(1))

func (l limit) String() string {
	if l == noGoal {
		return "–"
	}
	return fmt.Sprintf("≤ %.1f", float64(l))
}

// size is an amount of memory in bytes.
type size int64

func (s size) String() string { return fmt.Sprintf("%.0f MiB", float64(s)/(1<<20)) }
