// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

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

// check fails the test unless ok.
func (b *BootResult) check(ok bool, format string, args ...any) {
	b.t.Helper()
	if !ok {
		b.t.Fatalf(format, args...)
	}
}

// equal fails the test unless got is what is wanted; what names it.
func (b *BootResult) equal(want, got any, what string, args ...any) {
	b.t.Helper()
	if !reflect.DeepEqual(want, got) {
		b.t.Fatalf("%s: want %v, got %v", fmt.Sprintf(what, args...), want, got)
	}
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
	b.equal(Reached, b.Outcome, "%s", b.Cause())
	if b.Until == point {
		return
	}
	for _, p := range b.Phases {
		if p.Name == point {
			return
		}
	}
	b.t.Fatalf("the boot never came to %s: it ran until %s", point, b.Until)
}

// RequireExited asserts that the program called exit_group with that code, of itself: before the point asked for, or when that is "exit".
func (b *BootResult) RequireExited(code int) {
	b.t.Helper()
	b.check(slices.Contains([]Outcome{Reached, Exited}, b.Outcome) && b.ExitCode != nil, "the program did not exit: %s", b.Cause())
	b.equal(code, *b.ExitCode, "exit code: %s", b.Cause())
}

// RequireThrew asserts that the runtime gave up with a fatal error or a panic whose text contains text.
func (b *BootResult) RequireThrew(text string) {
	b.t.Helper()
	b.equal(Threw, b.Outcome, "%s", b.Cause())
	b.check(strings.Contains(b.Reason, text), "the reason %q does not contain %q", b.Reason, text)
}

// RequireKilled asserts that a signal ended the program: "SIGSEGV".
func (b *BootResult) RequireKilled(signal string) {
	b.t.Helper()
	b.equal(Killed, b.Outcome, "%s", b.Cause())
	b.equal(signal, *b.Signal, "signal")
}

// RequireStuck asserts that the boot hit a bound or a deadlock of all threads, with a reason that contains text.
func (b *BootResult) RequireStuck(text string) {
	b.t.Helper()
	b.equal(Stuck, b.Outcome, "%s", b.Cause())
	b.check(strings.Contains(b.Reason, text), "the reason %q does not contain %q", b.Reason, text)
}
