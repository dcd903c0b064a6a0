// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A job is an `rt0 sweep` that is measured: rows are counted as they leave the process.
type job struct {
	binary string
	until  string
	jobs   int
	axes   []string // flags; the last axis is the fastest
	pinned bool     // to one CPU
}

// A mark is how far a sweep was at some time.
type mark struct {
	rows     int
	at, cpu  time.Duration // since it was started; cpu: of all its threads
	rss, hwm int64         // bytes that are resident, and the most that were
}

// A swept is a sweep that has ended.
type swept struct {
	marks     []mark // one for each write of the process: every 50 ms
	wall, cpu time.Duration
}

// start is the command of the job.
func (j job) command(ctx context.Context, rt0 string) *exec.Cmd {
	args := append([]string{rt0, "sweep", "--quiet", "-o", "csv", "--until", j.until, "-j", strconv.Itoa(j.jobs)}, j.axes...)
	args = append(args, j.binary)
	if j.pinned {
		args = append([]string{"taskset", "-c", "0"}, args...)
	}
	return exec.CommandContext(ctx, args[0], args[1:]...)
}

// run measures the job.
func (j job) run(ctx context.Context, rt0 string) (s swept, err error) {
	cmd := j.command(ctx, rt0)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return s, err
	}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return s, fmt.Errorf("start rt0 sweep: %w", err)
	}
	rows, buffer := -1, make([]byte, 1<<18) // the first line is the head
	s.marks = append(s.marks, mark{})
	for {
		n, err := out.Read(buffer)
		rows += bytes.Count(buffer[:n], []byte{'\n'})
		m := look(cmd.Process.Pid)
		m.rows, m.at = rows, time.Since(begin)
		// A thread that has ended takes its time with it: such a look is of no use.
		if last := s.marks[len(s.marks)-1]; m.rss > 0 && rows > last.rows && m.cpu >= last.cpu {
			s.marks = append(s.marks, m)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				return s, err
			}
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		return s, fmt.Errorf("rt0 sweep --until %s %s: %w: %s", j.until, j.binary, err, strings.TrimSpace(stderr.String()))
	}
	s.wall, s.cpu = time.Since(begin), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
	s.marks = append(s.marks, mark{rows: rows, at: s.wall, cpu: s.cpu, rss: s.end().rss, hwm: s.end().hwm})
	return s, nil
}

// look is what /proc tells of a process.
func look(pid int) (m mark) {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	tasks, _ := filepath.Glob(filepath.Join(proc, "task", "*", "schedstat"))
	for _, task := range tasks {
		data, _ := os.ReadFile(task)
		ran, _, _ := strings.Cut(string(data), " ")
		ns, _ := strconv.ParseInt(ran, 10, 64)
		m.cpu += time.Duration(ns)
	}
	kib := func(name string) int64 {
		n, _ := strconv.ParseInt(strings.TrimSuffix(field(filepath.Join(proc, "status"), name, "\n", ":"), " kB"), 10, 64)
		return n << 10
	}
	m.rss, m.hwm = kib("VmRSS"), kib("VmHWM")
	return m
}

// end is the last mark.
func (s swept) end() mark { return s.marks[len(s.marks)-1] }

// when is when so many rows were there, between the two marks that are nearest.
func (s swept) when(rows int) (at, cpu time.Duration) {
	for i := 1; i < len(s.marks); i++ {
		a, b := s.marks[i-1], s.marks[i]
		if b.rows < rows || b.rows == a.rows {
			continue
		}
		part := float64(rows-a.rows) / float64(b.rows-a.rows)
		between := func(x, y time.Duration) time.Duration { return x + time.Duration(part*float64(y-x)) }
		return between(a.at, b.at), between(a.cpu, b.cpu)
	}
	return s.wall, s.cpu
}

// mean is the time for each row behind the first from and up to the first to.
func (s swept) mean(from, to int) (wall, cpu duration) {
	t0, c0 := s.when(from)
	t1, c1 := s.when(to)
	n := float64(to - from)
	return duration((t1 - t0).Seconds() / n), duration((c1 - c0).Seconds() / n)
}

// resident is how much memory it had at so many rows.
func (s swept) resident(rows int) int64 {
	for _, m := range s.marks {
		if m.rows >= rows {
			return m.rss
		}
	}
	return s.end().rss
}

// releases are n kernel releases that no program of the benchmark asks for, as an axis of that name.
func releases(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("6.1.%d", i)
	}
	return "kernel.release=" + strings.Join(list, ",")
}

// quotient of two durations; NaN where there is none.
func quotient(a, b duration) times { return times(float64(a) / float64(b)) }

// atLeast turns a goal that is a least into one that is a most, for judge.
func atLeast(value times, least float64) (negated, most float64) {
	if math.IsNaN(float64(value)) {
		return math.NaN(), -least
	}
	return -float64(value), -least
}
