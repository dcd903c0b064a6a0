// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// TestEnds boots a program that does not come to main.main.
func TestEnds(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, filepath.Join("testdata", "ends.go"), goarch)
		run := func(t *testing.T, how string, opts ...harness.Option) *harness.BootResult {
			return harness.Boot(t, bin, machine.New(machine.CPUs(2)), append(opts, harness.Args(how))...)
		}
		t.Run("main", func(t *testing.T) {
			run(t, "").RequireStartup()
		})
		t.Run("exit", func(t *testing.T) {
			boot := run(t, "exit")
			boot.RequireExited(3)
			require.Equal(t, harness.Exited, boot.Outcome)
			require.Equal(t, "exit status 3 before main.main", boot.Reason)
			require.Equal(t, "exit", boot.Phase)
		})
		t.Run("fake panic", func(t *testing.T) {
			boot := run(t, "fake")
			boot.RequireExited(2)
			require.Equal(t, "exit status 2 before main.main: panic: not really", boot.Reason)
		})
		t.Run("panic", func(t *testing.T) {
			boot := run(t, "panic")
			boot.RequireThrew("panic: in an initialiser")
			require.Equal(t, 2, *boot.ExitCode)
			require.Contains(t, boot.Cause(), "threw in init: panic: in an initialiser")
			last := boot.Inits[len(boot.Inits)-1]
			require.Equal(t, "main.init.0", last.Function)
			// It costs what its thread did until the end, the traceback included; others had little to do.
			rest := boot.Counts.Instructions - last.StartInstruction
			require.LessOrEqual(t, last.Instructions, rest)
			require.Greater(t, last.Instructions, rest/2)
		})
		t.Run("crash", func(t *testing.T) {
			m := machine.New(machine.Env("GOTRACEBACK=crash"))
			boot := harness.Boot(t, bin, m, harness.Args("panic"))
			boot.RequireThrew("panic: in an initialiser")
			require.Nil(t, boot.ExitCode)
			require.Equal(t, "SIGABRT", *boot.Signal)
		})
		t.Run("kill", func(t *testing.T) {
			boot := run(t, "kill")
			boot.RequireKilled("SIGKILL")
			require.Nil(t, boot.ExitCode)
			require.Contains(t, boot.Story(), "kill(1000, 9) = ")
		})
		t.Run("stack overflow", func(t *testing.T) {
			boot := run(t, "stack")
			boot.RequireThrew("fatal error: stack overflow")
			// The runtime finds it on another stack than the one that has overflown.
			require.Equal(t, []string{"runtime.throw", "runtime.newstack", "runtime.morestack", "main.recurse"}, functions(boot.Crash().Traceback))
		})
		t.Run("signal", func(t *testing.T) {
			for name, reason := range map[string]string{"quit": "SIGQUIT: quit", "abort": "SIGABRT: abort"} {
				boot := run(t, name, harness.Until("exit"))
				boot.RequireThrew(reason)
				require.Equal(t, reason, boot.Reason)
				require.Equal(t, 2, *boot.ExitCode)
			}
		})
		t.Run("memory", func(t *testing.T) {
			boot := run(t, "touch", harness.LimitMemory(16<<20))
			boot.RequireStuck("limit of 16MiB of touched memory")
			require.LessOrEqual(t, boot.Counts.PagesTouched, uint64(16<<20>>12))
		})
		t.Run("limit", func(t *testing.T) {
			boot := run(t, "loop", harness.LimitInstructions(3_000_000))
			boot.RequireStuck("limit of 3000000 instructions")
			require.InDelta(t, 3_000_000, boot.Counts.Instructions, 1000)
			require.Contains(t, boot.Crash().Traceback[0], "main.init.0")
		})
		t.Run("timeout", func(t *testing.T) {
			run(t, "loop", harness.Timeout(50*time.Millisecond)).RequireStuck("time")
		})
		t.Run("cancelled", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			r, err := harness.Run(ctx, bin, machine.New(), harness.Args("loop"), harness.Progress(func(uint64) { cancel() }))
			require.NoError(t, err)
			require.Equal(t, harness.Stuck, r.Outcome)
		})
	})
}
