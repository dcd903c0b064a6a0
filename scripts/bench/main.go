// SPDX-License-Identifier: GPL-2.0-or-later

// Bench measures rt0, and Debian's qemu-user beside it in the same run: whole processes that boot hello or compute, boots of a warm sweep,
// sweeps of many variants, and two cores. `make bench` builds rt0 and installs qemu-user first. Runs of what is compared alternate, so that a
// busy host disturbs both alike; medians are compared. With -write the tables go to docs/performance.md, each with the host and the time.
//
// It is the only place in the repository where wall-clock time is looked at.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/arch"
)

// workaround is what qemu-user needs to run a program at all: the i386 one of Debian 12 crashes on nearly every program of Go 1.14 and
// newer; it was seen to do so no more once the runtime sends itself no preemption signals.
var workaround = map[string][]string{"386": {"GODEBUG=asyncpreemptoff=1"}}

// target is an architecture that is compared.
type target struct {
	goarch string
	qemu   contender
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
		all = append(all, target{name, contender{command: "qemu-" + a.QEMU, env: workaround[name]}})
	}
	return all, nil
}

type options struct {
	rt0          string
	runs, rounds int
	compute      int
	variants     int
	toolchain    string
	targets      []target
}

// A section is a table of its own.
type section struct {
	name string
	run  func(ctx context.Context, o options) (*table, error)
}

var sections = []section{
	{"hello", hello}, {"compute", computing}, {"main", warmMain}, {"exit", warmExit}, {"variants", variants}, {"cores", cores},
}

func main() {
	var o options
	var arches, only, page string
	flag.StringVar(&o.rt0, "rt0", "bin/rt0", "the `command` to measure")
	flag.IntVar(&o.runs, "n", 20, "`runs` of processes that boot hello")
	flag.IntVar(&o.rounds, "rounds", 5, "`rounds` of sweeps, a median of which is shown")
	flag.IntVar(&o.compute, "compute", 5, "`runs` of the CPU-bound program")
	flag.IntVar(&o.variants, "variants", 20_000, "`variants` of the large sweep, a multiple of 200")
	flag.StringVar(&o.toolchain, "toolchain", "", "Go `release` to build the programs with (default: the go on PATH)")
	flag.StringVar(&arches, "arch", "", "architectures, a comma between them (default: all)")
	flag.StringVar(&only, "only", "", "sections, a comma between them: hello, compute, main, exit, variants, cores (default: all)")
	flag.StringVar(&page, "write", "", "put the tables into this `page`, between the lines that name them")
	quick := flag.Bool("quick", false, "few runs of each, to see that everything works: the figures mean nothing")
	strict := flag.Bool("strict", false, "exit with status 1 when a goal is missed")
	flag.Parse()
	if *quick {
		o.runs, o.rounds, o.compute, o.variants = 2, 1, 1, 1000
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := o.check(arches)
	lost := 0
	if err == nil {
		lost, err = o.run(ctx, os.Stdout, only, page)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if lost > 0 && *strict {
		os.Exit(1)
	}
}

// check makes the options complete, and says what is wrong with them.
func (o *options) check(arches string) (err error) {
	if o.rt0, err = filepath.Abs(o.rt0); err != nil {
		return err
	}
	if _, err := os.Stat(o.rt0); err != nil {
		return fmt.Errorf("find rt0 (run make build): %w", err)
	}
	if o.variants < block || o.variants%block != 0 {
		return fmt.Errorf("-variants cannot be %d: want a multiple of %d", o.variants, block)
	}
	if o.runs < 1 || o.rounds < 1 || o.compute < 1 {
		return fmt.Errorf("-n, -rounds and -compute cannot be %d, %d and %d: each of them is 1 at least", o.runs, o.rounds, o.compute)
	}
	o.targets, err = targets(arches)
	return err
}

// chosen are the sections of a list, or all.
func chosen(only string) ([]section, error) {
	if only == "" {
		return sections, nil
	}
	var list []section
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(sections, func(s section) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-only has %q, which is no section: see -help", name)
		}
		list = append(list, sections[i])
	}
	return list, nil
}

// run prints the tables, and returns how many goals were missed.
func (o options) run(ctx context.Context, w io.Writer, only, page string) (lost int, err error) {
	list, err := chosen(only)
	if err != nil {
		return 0, err
	}
	for _, s := range list {
		host := host()
		t, err := s.run(ctx, o)
		if err != nil {
			return lost, fmt.Errorf("%s: %w", s.name, err)
		}
		t.text(w)
		if lost += t.missed; page == "" {
			continue
		}
		if err := write(page, s.name, host, t); err != nil {
			return lost, err
		}
	}
	says := "all met"
	if lost > 0 {
		says = fmt.Sprintf("%d missed", lost)
	}
	fmt.Fprintln(w, "goals:", says)
	return lost, nil
}
