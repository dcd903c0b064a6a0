// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// blind are the architectures whose runtime.clone returns 0 whatever the kernel says, so that nobody hears of a thread that was not made.
var blind = []string{"riscv64"}

// TestRules has system calls refused that start-up depends on, each with what the runtime makes of it.
func TestRules(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		a, _ := arch.Find(goarch)
		bin := fixtures.Build(t, fixtures.Hello, goarch)
		enosys := int(a.OwnErrno(arch.ENOSYS))
		tests := []struct {
			rule    string
			outcome harness.Outcome
			reason  string
			stderr  string
			applied string // the call, and how often where that is not once
			only32  bool
			release string   // of the kernel; "": the usual one
			stuck   []string // architectures on which the runtime waits for ever instead
		}{
			{rule: "fcntl,fcntl64:error=ENOSYS", outcome: harness.Threw, reason: "cannot open standard fds", applied: "fcntl"},
			{rule: "clone:error=EAGAIN", outcome: harness.Threw, reason: "newosproc", stuck: blind,
				stderr: "failed to create new OS thread (have 2 already; errno=11)", applied: "clone"},
			{rule: "clone:when=1..3:error=EAGAIN", outcome: harness.Reached, stuck: blind, applied: "clone"},
			{rule: "mmap,mmap2:when=3:error=ENOMEM", outcome: harness.Threw, applied: "mmap"},
			{rule: "open,openat:path=/sys/kernel/mm/*:error=EACCES", outcome: harness.Reached, applied: "open"},
			{rule: "read:path=/proc/self/*:error=EIO", outcome: harness.Reached, applied: "read"},
			{rule: "sched_getaffinity:error=EPERM", outcome: harness.Reached, applied: "sched_getaffinity"},
			{rule: "futex_time64:error=ENOSYS", outcome: harness.Threw, only32: true, applied: "futex_time64",
				stderr: fmt.Sprintf(" returned -%d\n", enosys)},
			{rule: "futex_time64:error=ENOSYS", release: "unread", outcome: harness.Reached, only32: true, // probeFutexTime64
				applied: "futex_time64"},
			{rule: "rt_sigaction:thread=1:when=3+:kill=process", outcome: harness.Killed,
				reason: "SIGSYS killed by rule rt_sigaction:thread=1:when=3+:kill=process, at rt_sigaction, pc 0x", applied: "rt_sigaction"},
			{rule: "sched_getaffinity:trap", outcome: harness.Killed,
				reason: "SIGSYS by rule sched_getaffinity:trap, at sched_getaffinity, pc 0x", applied: "sched_getaffinity"},
			{rule: "futex,futex_time64:trap", outcome: harness.Threw, reason: "SIGSYS", applied: "futex"},
			{rule: "write:arg0=1:trap", outcome: harness.Threw, reason: "SIGSYS: bad system call", applied: "write"},
			{rule: "write:arg0=1:retval=5", outcome: harness.Threw,
				reason: "panic: invalid return from write: got 5 from a write of 3", applied: "write (3 times)"},
			{rule: fmt.Sprintf("write:arg0=1:error=%d", enosys), outcome: harness.Reached, applied: "write"},
			{rule: "openat:delay=10ms", outcome: harness.Reached, applied: "openat"},
			{rule: "openat:when=2:signal=SIGURG", outcome: harness.Reached, applied: "openat"},
		}
		for _, tc := range tests {
			if tc.only32 && a.PtrSize != 4 {
				continue
			}
			t.Run(tc.rule+tc.release, func(t *testing.T) {
				m := machine.New(machine.Rules(tc.rule))
				if tc.release != "" {
					m = m.With(machine.KernelRelease(tc.release))
				}
				boot := harness.Boot(t, bin, m, harness.Until("exit"))
				if slices.Contains(tc.stuck, goarch) {
					boot.RequireStuck("every thread waits")
					return
				}
				require.Equal(t, tc.outcome, boot.Outcome, boot.Story())
				require.Contains(t, boot.Reason, tc.reason)
				require.Contains(t, boot.Stderr, tc.stderr)
				require.Contains(t, strings.Join(boot.Events, "\n"), "rule "+tc.rule+": applied to "+tc.applied)
			})
		}
	})
}
