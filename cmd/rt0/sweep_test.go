// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/render"
	"github.com/rt0-dev/rt0/machine"
)

// sweeping are the arguments of a small sweep in a form, into a file. Some of its boots die.
func sweeping(form, out string, more ...string) []string {
	args := []string{
		"sweep", "--cpus", "1..3", "--axis", "addressSpace=none", "--axis", "addressSpace=256MiB",
		"--set", "env.A=@" + filepath.Join("testdata", "values.txt"),
		"--until", "newproc", "-j", "1", "--limit-instructions", "40_000_000", "-o", form, "--out", out,
	}
	return append(args, more...)
}

// TestSweepResume cuts a file short in many places: what the next sweep makes of it is the whole, byte for byte, and it exits as the whole
// did.
func TestSweepResume(t *testing.T) {
	t.Parallel()
	paths, err := built()
	require.NoError(t, err)
	for _, form := range []string{formJSONL, formCSV} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "rows")
			args := sweeping(form, out, paths["hello"], paths["hello-386"])
			var stderr bytes.Buffer
			status := execute(t.Context(), args, &bytes.Buffer{}, &stderr)
			require.Equal(t, int(statusDied), status, stderr.String())
			verdict := lastLine(stderr.String())
			whole, err := os.ReadFile(out)
			require.NoError(t, err)
			lines := bytes.SplitAfter(whole, []byte("\n"))
			require.Len(t, lines, 1+2*3*2*2+1)

			args = append(args, "--resume")
			for _, tc := range []struct {
				cut   int
				taken string // rows
			}{
				{0, ""},
				{1, ""},
				{len(lines[0]) - 1, ""},
				{len(lines[0]), ""},
				{len(lines[0]) + len(lines[1])/2, ""},
				{len(lines[0]) + len(lines[1]) - 1, ""},
				{len(lines[0]) + len(lines[1]), "1"},
				{len(bytes.Join(lines[:13], nil)), "12"}, // of one binary all, of the other none
				{len(bytes.Join(lines[:20], nil)) + 9, "19"},
				{len(whole) - 1, "23"},
				{len(whole), "24"},
			} {
				require.NoError(t, os.WriteFile(out, whole[:tc.cut], 0o666))
				stderr.Reset()
				require.Equal(t, status, execute(t.Context(), args, &bytes.Buffer{}, &stderr), stderr.String())
				require.Equal(t, verdict, lastLine(stderr.String()), "cut at %d", tc.cut)
				if tc.taken != "" {
					require.Contains(t, stderr.String(), tc.taken+" of them were in "+out+" already")
				} else {
					require.NotContains(t, stderr.String(), "already")
				}
				got, err := os.ReadFile(out)
				require.NoError(t, err)
				require.Equal(t, string(whole), string(got), "cut at %d", tc.cut)
			}
			refused := func(what string, text []byte, args []string) {
				require.NoError(t, os.WriteFile(out, text, 0o666))
				stderr.Reset()
				require.Equal(t, int(statusUsage), execute(t.Context(), args, &bytes.Buffer{}, &stderr), "%s: %s", what, stderr.String())
				require.Contains(t, stderr.String(), "rt0: --resume: "+out+" has ", what)
				got, err := os.ReadFile(out)
				require.NoError(t, err)
				require.Equal(t, string(text), string(got), what)
			}
			for what, more := range map[string][]string{
				"values": {"--cpus", "1..4"}, "axes": {"--set", "memory=1GiB,2GiB"}, "machine": {"--set", "memory=1GiB"}, "until": {"--until", "exit"},
				"bound": {"--limit-instructions", "40_000_001"}, "arguments": {"--", "x"},
				"expectations": {"--expect", "gomaxprocs>=1"}, "sample": {"--sample", "7"},
			} {
				refused(what, whole, append(args[:len(args):len(args)], more...))
			}
			refused("order", bytes.Join([][]byte{lines[0], lines[2], lines[1]}, nil), args)
			refused("nothing of rt0", []byte("to be, or not to be\n"), args)
			refused("too many", bytes.Join([][]byte{whole, lines[1]}, nil), args)
			refused("broken", bytes.Join([][]byte{lines[0], lines[1][:len(lines[1])/2], []byte("\n"), lines[2]}, nil), args)
		})
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	return lines[len(lines)-1]
}

// TestSweepInterrupted interrupts a sweep in its fourth boot, which takes long: what it leaves is the beginning of what it would have
// written, in whole rows, and can be resumed.
func TestSweepInterrupted(t *testing.T) {
	t.Parallel()
	compute, err := fixtures.Make(t.Context(), fixtures.Spec{Program: fixtures.Compute, GOARCH: "amd64"})
	require.NoError(t, err)
	for _, form := range []string{formJSONL, formCSV} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "rows")
			args := []string{
				"sweep", "--axis", "args=1..3", "--axis", "args=100", "--axis", "args=4", "--until", "exit", "-j", "1", "-o", form, compute, "--out",
			}
			require.Zero(t, execute(t.Context(), append(args[:len(args):len(args)], out+".whole"), &bytes.Buffer{}, &bytes.Buffer{}))
			whole, err := os.ReadFile(out + ".whole")
			require.NoError(t, err)

			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				for ctx.Err() == nil {
					if text, err := os.ReadFile(out); err == nil && bytes.Count(text, []byte("\n")) == 1+3 {
						cancel()
					}
					time.Sleep(time.Millisecond)
				}
			}()
			var stderr bytes.Buffer
			status := execute(ctx, append(args[:len(args):len(args)], out), &bytes.Buffer{}, &stderr)
			require.Equal(t, int(statusInterrupted), status, stderr.String())
			require.Equal(t, "rt0: sweep: interrupted after 3 of 5 boots; what was done is in "+out+
				", and the same command with --resume goes on from there", lastLine(stderr.String()))
			part, err := os.ReadFile(out)
			require.NoError(t, err)
			require.Equal(t, string(bytes.Join(bytes.SplitAfter(whole, []byte("\n"))[:1+3], nil)), string(part))

			require.Zero(t, execute(t.Context(), append(args[:len(args):len(args)], out, "--resume"), &bytes.Buffer{}, &bytes.Buffer{}))
			resumed, err := os.ReadFile(out)
			require.NoError(t, err)
			require.True(t, bytes.Equal(whole, resumed))
		})
	}

	// Other forms are whole, and say so where they can.
	ctx, cancel := context.WithCancel(t.Context())
	stdout := &stopAt{word: `{"variant":{"args":"1"},`, stop: cancel}
	var stderr bytes.Buffer
	args := []string{"sweep", "--axis", "args=1", "--axis", "args=100", "--until", "exit", "-j", "1", compute, "-o", formJSON}
	require.Equal(t, int(statusInterrupted), execute(ctx, args, stdout, &stderr), stderr.String())
	require.Contains(t, stderr.String(), "; with --out FILE and -o jsonl or csv, --resume would go on from there\n")
	require.True(t, strings.HasSuffix(stdout.String(), "\n],\"interrupted\":true}\n"))
	doc, err := harness.ReadDocument(&stdout.Buffer)
	require.NoError(t, err)
	require.Len(t, doc.Boots, 1)
}

// TestSweepFault: a boot in which rt0 itself fails is a row, and counts more than all others.
func TestSweepFault(t *testing.T) {
	t.Parallel()
	result := func(index int, outcome harness.Outcome) harness.Result {
		return harness.Result{
			Variant: harness.Variant{Index: index, Values: []string{strconv.Itoa(index + 1)}},
			Report:  &harness.Report{Machine: machine.New(), Outcome: outcome},
		}
	}
	well, fault, death := result(0, harness.Reached), result(1, harness.Refused), result(2, harness.Threw)
	fault.Panic = &harness.PanicError{Value: "index out of range", Reproduce: "rt0 boot --set cpus=2 hello"}
	plan := &sweepPlan{parts: []sweepPart{{axes: harness.Axes{List: []harness.Axis{{Key: "cpus", Values: []string{"1", "2", "3"}}}}}}}
	for _, form := range []string{formJSONL, formCSV} {
		newOne := func() *sweep {
			return &sweep{
				plan: plan, flags: &sweepFlags{global: &global{}}, verdicts: verdicts{command: "sweep"}, outcomes: map[harness.Outcome]int{},
			}
		}
		s := newOne()
		path := filepath.Join(t.TempDir(), "rows")
		file, err := os.Create(path)
		require.NoError(t, err)
		defer file.Close()
		rows, err := sweepForms.form(form).open(file, s, render.Style{})
		require.NoError(t, err)
		for _, result := range []harness.Result{well, fault, death} {
			require.NoError(t, rows.row(s.count(0, result)))
		}
		verdict := s.verdicts.worst()
		require.EqualError(t, verdict, "sweep: 1 of 3 boots met a fault of rt0 itself; the first: cpus=2: "+fault.Panic.Error())
		require.Equal(t, statusFault, statusOf(verdict))

		again := newOne()
		_, err = file.Seek(0, 0)
		require.NoError(t, err)
		_, err = sweepForms.form(form).take(file, again)
		require.NoError(t, err)
		require.Equal(t, 3, again.taken)
		require.Equal(t, statusFault, statusOf(again.verdicts.worst()), form)
		require.Equal(t, s.outcomes, again.outcomes)
	}
}

// TestSweepOfNothing: what is interrupted before its first boot has ended is written in all forms.
func TestSweepOfNothing(t *testing.T) {
	t.Parallel()
	for _, form := range sweepForms {
		t.Run(form.name, func(t *testing.T) {
			t.Parallel()
			s := &sweep{
				plan:  &sweepPlan{parts: []sweepPart{{axes: harness.Axes{List: []harness.Axis{{Key: "cpus", Values: []string{"1", "2"}}}}}}},
				flags: &sweepFlags{global: &global{}}, outcomes: map[harness.Outcome]int{},
			}
			var b bytes.Buffer
			rows, err := form.open(&b, s, render.Style{})
			require.NoError(t, err)
			require.NoError(t, rows.end(false))
		})
	}
}
