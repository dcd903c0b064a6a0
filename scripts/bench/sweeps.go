// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rt0-dev/rt0/fixtures"
)

// The goals for sweeps.
const (
	goalMainFirst = 0.9e-3 // seconds for a warm boot to runtime.main, mean of 1 to 200 CPUs, on the architectures of first
	goalMain      = 1.1e-3 // on the others
	goalWarm      = 45.0   // warm boots to exit in the time of a process of qemu-user
	goalCold      = 1.8    // processes of rt0 boot --until exit in that time
	goalSame      = 1.1    // a variant of 20,000 as one of 200: a tenth for what a run differs from the next
	goalBase      = 40 << 20
	goalEngine    = 10 << 20
	goalFlat      = 2 << 20 // what memory may grow from a fifth of the way on
	goalCores     = 1.8     // two cores, to the host's own limit
)

// first are the architectures that must be fastest.
var first = []string{"amd64", "arm64", "riscv64"}

// detailed are those whose sweeps are measured in all ways.
var detailed = []string{"amd64", "arm64"}

// block is how many variants the small sweep has; passes, how often the CPUs of a warm one are gone through, the first time unmeasured.
const (
	block  = 200
	passes = 6
	// turns is how many processes are run for each sweep that they are compared with.
	turns = 4
)

// warmMain measures boots to runtime.main on a warm engine.
func warmMain(ctx context.Context, o options) (*table, error) {
	t := newTable(
		fmt.Sprintf("main: a boot of hello to runtime.main in rt0 sweep -j 1 on one CPU, mean of 1 to %d CPUs, median of %d rounds", block, passes-1),
		"GOARCH", "wall time", "CPU time", "goal", "wall time is")
	for _, on := range o.targets {
		binary, err := o.program(ctx, fixtures.Hello, on.goarch)
		if err != nil {
			return nil, err
		}
		goal := goalMain
		if slices.Contains(first, on.goarch) {
			goal = goalMainFirst
		}
		wall, cpu, err := toMain(ctx, o, binary)
		if err != nil {
			return nil, err
		}
		t.row(on.goarch, wall, cpu, "≤ "+duration(goal).String(), judge(float64(wall), goal))
	}
	return t, nil
}

// warmExit compares boots of all of hello, warm and cold, with qemu-user.
func warmExit(ctx context.Context, o options) (*table, error) {
	t := newTable(fmt.Sprintf("exit: all of hello: a boot in rt0 sweep -j 1 on one CPU (warm; median of %d sweeps), "+
		"and processes between the sweeps (medians of %d)", o.rounds, turns*o.rounds),
		"GOARCH", "warm, wall", "CPU", "qemu-user, wall", "CPU", o.exit().String()+", wall", "CPU",
		"qemu ÷ warm, wall", "CPU", fmt.Sprintf("wall ≥ %.0f", goalWarm),
		"qemu ÷ rt0 boot, wall", "CPU", fmt.Sprintf("wall ≥ %.1f", goalCold))
	for _, on := range o.targets {
		binary, err := o.program(ctx, fixtures.Hello, on.goarch)
		if err != nil {
			return nil, err
		}
		warmWall, warmCPU, cold, qemu, err := toExit(ctx, o, on, binary)
		if err != nil {
			return nil, err
		}
		warmth, coldness := quotient(qemu.median(wall), warmWall), quotient(qemu.median(wall), cold.median(wall))
		t.row(on.goarch, warmWall, warmCPU, qemu.median(wall), qemu.median(cpu), cold.median(wall), cold.median(cpu),
			warmth, quotient(qemu.median(cpu), warmCPU), judge(atLeast(warmth, goalWarm)),
			coldness, quotient(qemu.median(cpu), cold.median(cpu)), judge(atLeast(coldness, goalCold)))
		t.note(on.goarch, cold, qemu)
	}
	return t, nil
}

// toMain is the mean time of a boot to runtime.main with 1 to 200 CPUs, the median of all passes but the first one.
func toMain(ctx context.Context, o options, binary string) (wall, cpu duration, err error) {
	s, err := job{binary, "main", 1, []string{"--axis", releases(passes), "--cpus", fmt.Sprintf("1..%d", block)}, true}.run(ctx, o.rt0)
	if err != nil {
		return 0, 0, err
	}
	var walls, cpus []duration
	for pass := 1; pass < passes; pass++ {
		wall, cpu := s.mean(pass*block, (pass+1)*block)
		walls, cpus = append(walls, wall), append(cpus, cpu)
	}
	return median(walls), median(cpus), nil
}

// toExit is the time of a boot of all of hello on a machine with 4 CPUs, warm, cold and in qemu-user. Of each sweep the second half counts.
func toExit(ctx context.Context, o options, on target, binary string) (wall, cpu duration, cold, qemu series, err error) {
	cold.contender, qemu.contender = o.exit(), on.qemu
	var walls, cpus []duration
	for range o.rounds {
		s, err := job{binary, "exit", 1, []string{"--cpus", "4", "--axis", releases(4 * block)}, true}.run(ctx, o.rt0)
		if err != nil {
			return 0, 0, cold, qemu, err
		}
		wall, cpu := s.mean(2*block, 4*block)
		walls, cpus = append(walls, wall), append(cpus, cpu)
		for range turns {
			cold.add(ctx, binary)
			qemu.add(ctx, binary)
		}
	}
	return median(walls), median(cpus), cold, qemu, ctx.Err()
}

// product has n variants, block for each kernel release.
func product(n int) []string {
	return []string{"--axis", releases(n / block), "--hugepage", "none,2MiB,4MiB,1GiB", "--cpus", fmt.Sprintf("1..%d", block/4)}
}

// among are the targets that a list has.
func among(all []target, names []string) []target {
	return slices.DeleteFunc(slices.Clone(all), func(t target) bool { return !slices.Contains(names, t.goarch) })
}

// variants compares a large sweep with small ones: time and memory.
func variants(ctx context.Context, o options) (*table, error) {
	few, many := fmt.Sprint(block, ": a variant, wall"), fmt.Sprint(o.variants, ": a variant, wall")
	t := newTable(fmt.Sprintf("variants: rt0 sweep --until main, %d variants against %d, whole processes, the median of %d small ones around the "+
		"large one; tenths: the time of a variant in the first and the last tenth", o.variants, block, max(o.rounds, 2)),
		"GOARCH", "jobs", few, "CPU", many, "CPU", "many ÷ few, CPU", "goal", "first tenth, CPU", "last tenth, CPU",
		"RSS at a fifth", "in the end", "peak", "goal", "goals")
	for _, on := range among(o.targets, detailed) {
		binary, err := o.program(ctx, fixtures.Hello, on.goarch)
		if err != nil {
			return nil, err
		}
		for jobs := 1; jobs <= 2; jobs++ {
			var large swept
			var walls, cpus []duration
			rounds := max(o.rounds, 2)
			for round := range rounds {
				if round == rounds/2 {
					if large, err = (job{binary, "main", jobs, product(o.variants), false}).run(ctx, o.rt0); err != nil {
						return nil, err
					}
				}
				small, err := job{binary, "main", jobs, product(block), false}.run(ctx, o.rt0)
				if err != nil {
					return nil, err
				}
				walls, cpus = append(walls, each(small.wall, block)), append(cpus, each(small.cpu, block))
			}
			tenth := o.variants / 10
			_, begin := large.mean(0, tenth)
			_, end := large.mean(o.variants-tenth, o.variants)
			same := quotient(each(large.cpu, o.variants), median(cpus))
			before, after := large.resident(o.variants/5), large.end().rss
			most := int64(goalBase + jobs*goalEngine)
			t.row(on.goarch, jobs, median(walls), median(cpus), each(large.wall, o.variants), each(large.cpu, o.variants),
				same, limit(goalSame), begin, end, size(before), size(after), size(large.peak()), "≤ "+size(most).String(),
				judge(float64(same), goalSame, float64(large.peak()), float64(most), float64(after-before), goalFlat))
		}
	}
	return t, nil
}

func each(d time.Duration, n int) duration { return duration(d.Seconds() / float64(n)) }

// peak is the most memory that it had.
func (s swept) peak() int64 {
	return slices.MaxFunc(s.marks, func(a, b mark) int { return cmp.Compare(a.hwm, b.hwm) }).hwm
}

// cores compares two cores with one, and with what two processes get of the host.
func cores(ctx context.Context, o options) (*table, error) {
	n := min(2000, o.variants)
	t := newTable(fmt.Sprintf("cores: wall time of rt0 sweep --until main of %d variants, medians of %d, by turns", n, o.rounds),
		"GOARCH", "-j 1", "-j 2", "two processes", "-j 1 ÷ -j 2", "2 × -j 1 ÷ two processes", "two processes ÷ -j 2", "goal", "goals")
	for _, on := range among(o.targets, detailed) {
		binary, err := o.program(ctx, fixtures.Hello, on.goarch)
		if err != nil {
			return nil, err
		}
		one, two := job{binary, "main", 1, product(n), false}, job{binary, "main", 2, product(n), false}
		var singles, doubles, pairs []duration
		for range o.rounds {
			single, err := one.run(ctx, o.rt0)
			if err != nil {
				return nil, err
			}
			pair, err := beside(ctx, o, one)
			if err != nil {
				return nil, err
			}
			double, err := two.run(ctx, o.rt0)
			if err != nil {
				return nil, err
			}
			singles, doubles, pairs = append(singles, each(single.wall, 1)), append(doubles, each(double.wall, 1)), append(pairs, each(pair, 1))
		}
		single, double, pair := median(singles), median(doubles), median(pairs)
		reached := quotient(pair, double)
		t.row(on.goarch, single, double, pair, quotient(single, double), 2*quotient(single, pair), reached,
			fmt.Sprintf("≥ %.1f", goalCores), judge(atLeast(reached, goalCores)))
	}
	return t, nil
}

// beside runs two of the job at once, and is the mean of what they took.
func beside(ctx context.Context, o options, j job) (time.Duration, error) {
	type result struct {
		wall time.Duration
		err  error
	}
	other := make(chan result)
	go func() {
		s, err := j.run(ctx, o.rt0)
		other <- result{s.wall, err}
	}()
	s, err := j.run(ctx, o.rt0)
	r := <-other
	return (s.wall + r.wall) / 2, cmp.Or(err, r.err)
}
