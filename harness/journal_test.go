// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// kept runs jobs with a journal, interrupts the run after some boots (0: never), and returns how many boots were done and whether it came to its end.
func kept(t *testing.T, path string, jobs []harness.MatrixJob, interrupt int, opts ...harness.Option) (booted int, whole bool) {
	t.Helper()
	journal, err := harness.OpenJournal(path)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var count atomic.Int32
	r := &harness.MatrixRunner{Parallel: 1, Options: opts, Known: journal.Known(opts...)}
	r.Boot = func(ctx context.Context, bin string, m machine.Machine, opts ...harness.Option) (*harness.Report, error) {
		count.Add(1)
		return harness.Run(ctx, bin, m, opts...)
	}
	r.Done = func(r *harness.Report, bin string, done, total int) {
		if bin != "" {
			journal.Add(r)
		}
		if done == interrupt {
			cancel()
		}
	}
	reports, err := r.Run(ctx, jobs)
	if err != nil {
		require.NoError(t, journal.Close())
		return int(count.Load()), false
	}
	require.NoError(t, journal.Finish(harness.NewDocument(reports...)))
	return int(count.Load()), true
}

// TestJournal: however often a run is interrupted, no boot is done twice, and the document is that of a run that was not.
func TestJournal(t *testing.T) {
	t.Parallel()
	machines := []machine.Machine{machine.New(), machine.New(machine.CPUs(3)), machine.New(machine.CPUs(5))}
	machines[1].Name, machines[2].Name = "three", "five"
	jobs := jobsOf(t, harness.MatrixPlan{SDKs: here(t), Arches: []string{"386", "s390x"}, Machines: machines})
	dir := t.TempDir()
	straight, resumed := filepath.Join(dir, "straight.json"), filepath.Join(dir, "resumed.json")

	n, whole := kept(t, straight, jobs, 0)
	require.True(t, whole)
	require.Equal(t, 6, n)

	n, whole = kept(t, resumed, jobs, 2)
	require.False(t, whole)
	require.Equal(t, 2, n)
	require.NoFileExists(t, resumed)
	n, whole = kept(t, resumed, jobs, 4)
	require.False(t, whole)
	require.Equal(t, 2, n)
	cutOff(t, resumed+".partial")
	n, whole = kept(t, resumed, jobs, 0)
	require.True(t, whole)
	require.Equal(t, 3, n, "two that were never done, and the one whose line was cut")
	require.NoFileExists(t, resumed+".partial")
	require.Equal(t, text(t, straight), text(t, resumed))

	n, _ = kept(t, resumed, jobs, 0)
	require.Equal(t, 6, n, "a run that came to its end is not continued")
}

// TestJournalOfAnother: boots with other options, of another rt0, or edited by hand are not taken over.
func TestJournalOfAnother(t *testing.T) {
	t.Parallel()
	jobs := jobsOf(t, harness.MatrixPlan{SDKs: here(t), Arches: []string{"arm64", "mips"}})
	for name, tc := range map[string]struct {
		change func(text string) string
		opts   []harness.Option
		want   int
	}{
		"nothing": {func(s string) string { return s }, nil, 1},
		"options": {func(s string) string { return s }, []harness.Option{harness.Until("schedinit")}, 2},
		"bounds":  {func(s string) string { return s }, []harness.Option{harness.LimitInstructions(1 << 30)}, 2},
		"program": {func(s string) string { return strings.Replace(s, `"program":"`, `"program":"0`, 1) }, nil, 2},
		"edited":  {func(s string) string { return strings.Replace(s, `"boot":`, `"boat":`, 1) }, nil, 2},
		"garbage": {func(string) string { return "\x00\n\n" }, nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "report.json")
			_, whole := kept(t, path, jobs, 1)
			require.False(t, whole)
			require.NoError(t, os.WriteFile(path+".partial", []byte(tc.change(text(t, path+".partial"))), 0o666))
			n, whole := kept(t, path, jobs, 0, tc.opts...)
			require.True(t, whole)
			require.Equal(t, tc.want, n)
		})
	}
}

func text(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

// cutOff takes away the end of a file, as a full disk or a power failure may.
func cutOff(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, info.Size()-100))
}
