// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/rt0-dev/rt0/fixtures"
)

// The goals for whole processes: rt0's share of qemu-user's time, and the memory of one boot.
const (
	goalStart   = 0.6
	goalCompute = 2.5
	goalMemory  = 150 << 20
)

// withGoal are the architectures whose CPU-bound figure has a goal; the others are reported.
var withGoal = []string{"amd64", "arm64"}

// boot and exit are rt0 as it boots one program to main.main, and to its end.
func (o options) boot() contender { return contender{command: o.rt0, args: []string{"boot"}} }
func (o options) exit() contender {
	return contender{command: o.rt0, args: []string{"boot", "--until", "exit"}}
}

// hello compares what a process takes to boot hello.
func hello(ctx context.Context, o options) (*table, error) {
	t := newTable(fmt.Sprintf("hello: wall time of the whole process, median of %d runs each, interleaved", o.runs),
		"GOARCH", o.boot().String(), o.exit().String(), "qemu-user", "boot ÷ qemu", "goal", "exit ÷ qemu", "peak RSS", "goals")
	for _, on := range o.targets {
		binary, err := o.program(ctx, fixtures.Hello, on.goarch)
		if err != nil {
			return nil, err
		}
		m, err := measure(ctx, binary, []contender{o.boot(), o.exit(), on.qemu}, o.runs)
		if err != nil {
			return nil, err
		}
		r, rss := share(m[0], m[2], wall), max(m[0].peakRSS(), m[1].peakRSS())
		t.row(on.goarch, m[0].median(wall), m[1].median(wall), m[2].median(wall), r, limit(goalStart), share(m[1], m[2], wall), size(rss),
			judge(float64(r), goalStart, float64(rss), goalMemory, float64(m[0].failed+m[1].failed), 0))
		t.note(on.goarch, m...)
	}
	t.notes = append(t.notes, fmt.Sprintf("goal for memory: at most %d MiB resident", goalMemory>>20))
	return t, nil
}

// computing compares the user time of a program that only computes.
func computing(ctx context.Context, o options) (*table, error) {
	t := newTable(fmt.Sprintf("compute: user time of the whole process, median of %d runs each, interleaved", o.compute),
		"GOARCH", o.exit().String(), "qemu-user", "exit ÷ qemu", "goal", "peak RSS", "goals")
	for _, on := range o.targets {
		binary, err := o.program(ctx, fixtures.Compute, on.goarch)
		if err != nil {
			return nil, err
		}
		m, err := measure(ctx, binary, []contender{o.exit(), on.qemu}, o.compute)
		if err != nil {
			return nil, err
		}
		goal := noGoal
		if slices.Contains(withGoal, on.goarch) {
			goal = goalCompute
		}
		r, rss := share(m[0], m[1], user), m[0].peakRSS()
		t.row(on.goarch, m[0].median(user), m[1].median(user), r, goal, size(rss),
			judge(float64(r), float64(goal), float64(rss), goalMemory, float64(m[0].failed), 0))
		t.note(on.goarch, m...)
	}
	return t, nil
}
