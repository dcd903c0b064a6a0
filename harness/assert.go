// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/machine"
)

// BootResult is a report with assertions. Its fields are the report's: boot.Runtime.GOMAXPROCS.
type BootResult struct {
	*Report
	t testing.TB
}

// Boot boots the ELF file bin on machine m. A boot that cannot be carried out fails the test. When the test fails later, for whatever
// reason, the log tells the boot's story: the cause in one line, the last system calls, registers, a traceback, and the command that
// does it again.
func Boot(t testing.TB, bin string, m machine.Machine, opts ...Option) *BootResult {
	t.Helper()
	report, err := Run(t.Context(), bin, m, opts...)
	if err != nil {
		t.Fatalf("boot: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(report.Story())
		}
	})
	return &BootResult{report, t}
}

// Architectures are the GOARCHes that can be booted, in the order of `rt0 arches`.
func Architectures() []string { return arch.Names() }

// MaxStackSize is the largest stack of a goroutine that runtime.main sets: 1,000,000,000 bytes where pointers have 8 bytes, and
// 250,000,000 elsewhere ("Using decimal instead of binary GB and MB because they look nicer in the stack overflow failure message").
func MaxStackSize(goarch string) int {
	if a, ok := arch.Find(goarch); ok && a.PtrSize == 4 {
		return 250_000_000
	}
	return 1_000_000_000
}

// MaxMCount is the limit on Ms that schedinit sets (runtime.schedinit: sched.maxmcount).
const MaxMCount = 10_000

// RequireReached asserts that the boot got to the point asked for, and that this was point: a phase or a function.
func (b *BootResult) RequireReached(point string) {
	b.t.Helper()
	require.Equal(b.t, Reached, b.Outcome, "%s", b.Cause())
	if b.Until == point {
		return
	}
	for _, p := range b.Phases {
		if p.Name == point {
			return
		}
	}
	require.Fail(b.t, "the boot never came to "+point, "it ran until %s", b.Until)
}

// RequireExited asserts that the program called exit_group with that code, of itself: before the point asked for, or when that is "exit".
func (b *BootResult) RequireExited(code int) {
	b.t.Helper()
	require.Contains(b.t, []Outcome{Reached, Exited}, b.Outcome, "%s", b.Cause())
	require.NotNil(b.t, b.ExitCode, "the program did not exit: %s", b.Cause())
	require.Equal(b.t, code, *b.ExitCode, "exit code: %s", b.Cause())
}

// RequireThrew asserts that the runtime gave up with a fatal error or a panic whose text contains text.
func (b *BootResult) RequireThrew(text string) {
	b.t.Helper()
	require.Equal(b.t, Threw, b.Outcome, "%s", b.Cause())
	require.Contains(b.t, b.Reason, text)
}

// RequireKilled asserts that a signal ended the program: "SIGSEGV".
func (b *BootResult) RequireKilled(signal string) {
	b.t.Helper()
	require.Equal(b.t, Killed, b.Outcome, "%s", b.Cause())
	require.NotNil(b.t, b.Signal)
	require.Equal(b.t, signal, *b.Signal)
}

// RequireStuck asserts that the boot hit a bound or a deadlock of all threads, with a reason that contains text.
func (b *BootResult) RequireStuck(text string) {
	b.t.Helper()
	require.Equal(b.t, Stuck, b.Outcome, "%s", b.Cause())
	require.Contains(b.t, b.Reason, text)
}
