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
	wall, user, cpu time.Duration // cpu: user and system
	rss             int64         // peak, in bytes
}

// A series is what one contender did.
type series struct {
	contender
	samples []sample
	failed  int
	reason  string // of the last failure
}

// program is the executable of a fixture.
func (o options) program(ctx context.Context, program, goarch string) (path string, err error) {
	return fixtures.Make(ctx, fixtures.Spec{Program: program, GOARCH: goarch, Toolchain: o.toolchain})
}

// measure runs the contenders by turns, and every other round the other way round, after one round that only warms the caches.
func measure(ctx context.Context, binary string, contenders []contender, runs int) ([]series, error) {
	all := make([]series, len(contenders))
	order := make([]int, len(contenders))
	for i, c := range contenders {
		all[i].contender, order[i] = c, i
	}
	for round := -1; round < runs; round++ {
		for _, i := range order {
			if round < 0 {
				_, _ = contenders[i].run(ctx, binary)
			} else {
				all[i].add(ctx, binary)
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
		slices.Reverse(order)
	}
	return all, nil
}

// add runs it once more.
func (s *series) add(ctx context.Context, binary string) {
	one, err := s.run(ctx, binary)
	if err != nil {
		s.failed++
		s.reason = err.Error()
		return
	}
	s.samples = append(s.samples, one)
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
	s.cpu = s.user + cmd.ProcessState.SystemTime()
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
	if ms := float64(d) * 1e3; ms < 10 {
		return fmt.Sprintf("%.2f ms", ms)
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
	values := make([]duration, len(s.samples))
	for i, sample := range s.samples {
		values[i] = duration(get(sample).Seconds())
	}
	return median(values)
}

// median is the middle one, or the mean of the two; NaN of none.
func median[T ~float64](values []T) T {
	if len(values) == 0 {
		return T(math.NaN())
	}
	values = slices.Sorted(slices.Values(values))
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}

func wall(s sample) time.Duration { return s.wall }
func user(s sample) time.Duration { return s.user }
func cpu(s sample) time.Duration  { return s.cpu }

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
