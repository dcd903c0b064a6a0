// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/rt0-dev/rt0/fixtures"
)

// A contender runs a binary: its command and arguments, the binary comes last, and variables that it needs in its environment.
type contender struct {
	command string
	args    []string
	env     []string
}

func (c contender) String() string {
	return strings.Join(append([]string{filepath.Base(c.command)}, c.args...), " ")
}

// A sample is one run of a process.
type sample struct {
	wall, user time.Duration
	rss        int64 // peak, in bytes
}

// A series is what one contender did.
type series struct {
	contender
	samples []sample
	failed  int
	reason  string // of the last failure
}

// measure runs the contenders by turns, and every other round the other way round, after one round that only warms the caches.
func measure(ctx context.Context, o options, program, goarch string, contenders []contender, runs int) ([]series, error) {
	binary, err := fixtures.Make(ctx, fixtures.Spec{Program: program, GOARCH: goarch, Toolchain: o.toolchain})
	if err != nil {
		return nil, err
	}
	all := make([]series, len(contenders))
	order := make([]int, len(contenders))
	for i, c := range contenders {
		all[i].contender, order[i] = c, i
	}
	for round := -1; round < runs; round++ {
		for _, i := range order {
			s, err := all[i].run(ctx, binary)
			switch {
			case ctx.Err() != nil:
				return nil, ctx.Err()
			case round < 0:
			case err != nil:
				all[i].failed++
				all[i].reason = err.Error()
			default:
				all[i].samples = append(all[i].samples, s)
			}
		}
		slices.Reverse(order)
	}
	return all, nil
}

// run measures one process.
func (c contender) run(ctx context.Context, binary string) (sample, error) {
	command, env := unpacked(c.command)
	cmd := exec.CommandContext(ctx, command, append(slices.Clone(c.args), binary)...)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stderr = slices.Concat(os.Environ(), c.env, env), &stderr
	begin := time.Now()
	err := cmd.Run()
	wall := time.Since(begin)
	if err != nil {
		if line, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n"); line != "" {
			err = fmt.Errorf("%w: %s", err, line)
		}
		return sample{}, err
	}
	s := sample{wall: wall, user: cmd.ProcessState.UserTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.rss = int64(usage.Maxrss) << 10 // Linux counts in KiB
	}
	return s, nil
}

// unpacked finds the program behind a wrapper that scripts/tool.sh wrote: the wrapper's own start must not count.
func unpacked(command string) (path string, env []string) {
	found, err := exec.LookPath(command)
	if err != nil {
		return command, nil // exec says why
	}
	root := filepath.Dir(filepath.Dir(found))
	program := filepath.Join(root, "usr", "bin", filepath.Base(found))
	if filepath.Base(root) != "tools" {
		return found, nil
	}
	if _, err := os.Stat(program); err != nil {
		return found, nil
	}
	libraries, err := filepath.Glob(filepath.Join(root, "usr", "lib", "*-linux-gnu*"))
	if err != nil {
		return found, nil
	}
	return program, []string{"LD_LIBRARY_PATH=" + strings.Join(libraries, ":")}
}

// duration prints in milliseconds; NaN is a run that never succeeded.
type duration float64

func (d duration) String() string {
	if math.IsNaN(float64(d)) {
		return "–"
	}
	return fmt.Sprintf("%.1f ms", float64(d)*1e3)
}

// ratio of two durations; NaN where there is none. NaN is larger than no goal: who cannot be compared has not lost.
type ratio float64

func (r ratio) String() string {
	if math.IsNaN(float64(r)) {
		return "–"
	}
	return fmt.Sprintf("%.2f", float64(r))
}

// median of what get takes from the samples.
func (s series) median(get func(sample) time.Duration) duration {
	if len(s.samples) == 0 {
		return duration(math.NaN())
	}
	values := make([]time.Duration, len(s.samples))
	for i, sample := range s.samples {
		values[i] = get(sample)
	}
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return duration(values[middle].Seconds())
	}
	return duration((values[middle-1] + values[middle]).Seconds() / 2)
}

// share is a's part of b.
func share(a, b series, get func(sample) time.Duration) ratio {
	return ratio(a.median(get) / b.median(get))
}

// peakRSS is the largest of all runs. The kernel counts what the parent had when it forked: a floor of some MiB.
func (s series) peakRSS() int64 {
	if len(s.samples) == 0 {
		return 0
	}
	return slices.MaxFunc(s.samples, func(a, b sample) int { return cmp.Compare(a.rss, b.rss) }).rss
}
