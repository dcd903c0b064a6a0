// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

func document(t *testing.T, r *harness.Report) string {
	data, err := json.MarshalIndent(harness.NewDocument(r), "", "  ")
	require.NoError(t, err)
	return string(data)
}

// TestLooking: two boots are the same, byte for byte, whatever is looked at.
func TestLooking(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Goroutines, goarch)
		m := machine.New(machine.CPUs(3))
		boot := func(opts ...harness.Option) *harness.Report {
			r, err := harness.Run(t.Context(), bin, m, append(opts, harness.Until("exit"))...)
			require.NoError(t, err)
			return r
		}
		plain := boot()
		require.Len(t, plain.Hash, 64)
		for name, opts := range map[string][]harness.Option{
			"again":       nil,
			"syscalls":    {harness.Trace(harness.TraceSyscalls, io.Discard)},
			"phases":      {harness.Trace(harness.TracePhases, io.Discard)},
			"functions":   {harness.Trace(harness.TraceFunctions, io.Discard)},
			"blocks":      {harness.Trace(harness.TraceBlocks, io.Discard)},
			"breakpoints": {harness.Breakpoints("runtime.mallocgc", "runtime.schedule", "main.main", "runtime.futex")},
			"progress":    {harness.Progress(func(uint64) {})},
		} {
			t.Run(name, func(t *testing.T) {
				r := boot(opts...)
				r.Syscalls = nil
				require.Equal(t, plain.Counts, r.Counts)
				require.Equal(t, plain.Hash, r.Hash)
				require.Equal(t, document(t, plain), document(t, r))
			})
		}
		t.Run("another machine", func(t *testing.T) {
			r, err := harness.Run(t.Context(), bin, machine.New(machine.CPUs(4)), harness.Until("exit"))
			require.NoError(t, err)
			require.NotEqual(t, plain.Hash, r.Hash)
		})
	})
}

func TestTraces(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Hello, goarch)
		var syscalls, phases, functions, blocks bytes.Buffer
		boot := harness.Boot(t, bin, machine.New(), harness.Until("exit"),
			harness.Trace(harness.TraceSyscalls, &syscalls), harness.Trace(harness.TracePhases, &phases),
			harness.Trace(harness.TraceFunctions, &functions), harness.Trace(harness.TraceBlocks, &blocks))
		boot.RequireExited(0)
		require.Contains(t, syscalls.String(), `write(1, "hello, world\n", 13) = 13`)
		require.Contains(t, syscalls.String(), `"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"`)
		require.Contains(t, syscalls.String(), "PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS")
		require.Contains(t, syscalls.String(), "exit_group(0) = ?")
		require.Contains(t, phases.String(), " schedinit ")
		require.Contains(t, phases.String(), " main.main\n")
		require.Contains(t, functions.String(), " runtime.schedinit\n")
		require.Contains(t, functions.String(), " fmt.Fprintln\n")
		require.Contains(t, blocks.String(), " main.main+0x0\n")
		require.Len(t, boot.Syscalls, boot.Counts.Syscalls)
		for i, s := range boot.Syscalls {
			require.Equal(t, i+1, s.N)
			require.NotEmpty(t, s.Phase)
		}
	})
}

func TestUntil(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Inits, goarch)
		for _, point := range append(harness.Phases(), "main.init.1", "runtime.gcenable", "fmt.Fprintf") {
			t.Run(point, func(t *testing.T) {
				boot := harness.Boot(t, bin, machine.New(), harness.Until(point))
				boot.RequireReached(point)
			})
		}
		t.Run("unknown", func(t *testing.T) {
			r, err := harness.Run(t.Context(), bin, machine.New(), harness.Until("runtime.schedint"))
			var point *harness.PointError
			require.ErrorAs(t, err, &point)
			require.Equal(t, "runtime.schedinit", point.Nearest)
			require.Equal(t, harness.Refused, r.Outcome)
			require.Equal(t, err.Error(), r.Reason)
		})
		t.Run("obfuscated", func(t *testing.T) {
			data, err := os.ReadFile(fixtures.Build(t, fixtures.Inits, goarch, fixtures.Stripped()))
			require.NoError(t, err)
			name := []byte("\x00main.main\x00")
			require.Equal(t, 1, bytes.Count(data, name), "of the function table")
			bin := filepath.Join(t.TempDir(), "obfuscated")
			require.NoError(t, os.WriteFile(bin, bytes.Replace(data, name, []byte("\x00main.xain\x00"), 1), 0o666))
			_, err = harness.Run(t.Context(), bin, machine.New())
			var point *harness.PointError
			require.ErrorAs(t, err, &point)
			require.Equal(t, "main.main", point.Function)
			harness.Boot(t, bin, machine.New(), harness.Until("exit")).RequireReached("exit")
		})
	})
}

func TestStory(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Panic, goarch)
		m := machine.New(machine.CPUs(7), machine.HugePage(0), machine.Env("A=b c"), machine.Args("x", "it's"))
		r, err := harness.Run(t.Context(), bin, m, harness.Until("exit"), harness.LimitInstructions(1e9))
		require.NoError(t, err)
		require.Equal(t, "rt0 boot --set cpus=7 --set hugePage=none --set 'env.A=b c' --until exit --limit-instructions 1000000000 "+bin+
			` -- x 'it'\''s'`, r.Reproduce())
		story := r.Story()
		for _, part := range []string{
			"threw in main.main: panic: on purpose, code 42\n", `write(2, "main.main", 9) = 9`, "registers of thread 1000", "runtime.fatalpanic+0x0",
			"stderr:", "reproduce with:",
		} {
			require.Contains(t, story, part)
		}
		require.Len(t, r.Crash().Syscalls, 20)
		require.NotEmpty(t, r.Crash().Code)
	})
}

func TestRefused(t *testing.T) {
	t.Parallel()
	r, err := harness.Run(t.Context(), "look_test.go", machine.New())
	require.Error(t, err)
	require.True(t, harness.Refusal(err))
	require.Equal(t, harness.Refused, r.Outcome)
	require.Equal(t, err.Error(), r.Reason)
	require.Contains(t, document(t, r), `"outcome": "refused"`)

	r, err = harness.Run(t.Context(), "look_test.go", machine.New(machine.PageSize(5000)))
	require.Error(t, err)
	require.False(t, harness.Refusal(err))
	require.Equal(t, harness.Refused, r.Outcome)
}
