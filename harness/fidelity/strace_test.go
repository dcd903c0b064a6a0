// SPDX-License-Identifier: GPL-2.0-or-later

package fidelity

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// recorded are lines as strace 6.1 writes them with -f -o, most with -v -X raw.
const recorded = `16193 execve("/bin/sh", ["sh"], []) = 0
16193 brk(NULL)                         = 0x55d2c6ae7000
16193 execve("/hello", ["/hello"], ["A=b"]) = 0
16222 [ Process PID=16222 runs in 32 bit mode. ]
16193 arch_prctl(0x1002, 0x584208)      = 0
16193 --- SIGSTOP {si_signo=SIGSTOP, si_code=SI_USER, si_pid=16190, si_uid=0} ---
16193 --- stopped by SIGSTOP ---
16193 --- SIGCONT {si_signo=SIGCONT, si_code=SI_USER, si_pid=16180, si_uid=0} ---
16193 sched_getaffinity(0, 8192, [0 1]) = 32
16193 openat(-100, "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", 0) = -1 ENOENT (No such file or directory)
16193 read(3, "a, (\"b\")\n\1\0012\377", 65536) = 13
16193 mmap(NULL, 262144, 0x3, 0x22, -1, 0) = 0x7fbdcf4ff000
16193 set_thread_area({entry_number=-1, base_addr=0x81b268c, limit=0x0fffff, seg_32bit=1}) = 0 (entry_number=12)
16193 sigaltstack(NULL, {ss_sp=NULL, ss_flags=0x2, ss_size=0}) = 0
16193 rt_sigaction(1, {sa_handler=0x480a40, sa_mask=~[], sa_flags=0x1c000004, sa_restorer=0x480b80}, NULL, 8) = 0
16193 gettid()                          = 16193
16193 clone(child_stack=0x3a19b3256000, flags=0xd0f00 <unfinished ...>) = ?
16193 +++ killed by SIGKILL +++
16193 nonsense after the end
`

func TestParseStrace(t *testing.T) {
	t.Parallel()
	calls, err := ParseStrace(recorded)
	require.NoError(t, err)
	require.Equal(t, []Call{
		{"arch_prctl", []string{"0x1002", "0x584208"}, "0"},
		{"sched_getaffinity", []string{"0", "8192", "[0 1]"}, "32"},
		{"openat", []string{"-100", `"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"`, "0"}, "-1 ENOENT"},
		{"read", []string{"3", `"a, (\"b\")\n\x01\x012\xff"`, "65536"}, "13"},
		{"mmap", []string{"NULL", "262144", "0x3", "0x22", "-1", "0"}, "0x7fbdcf4ff000"},
		{"set_thread_area", []string{"{entry_number=-1, base_addr=0x81b268c, limit=0x0fffff, seg_32bit=1}"}, "0 (entry_number=12)"},
		{"sigaltstack", []string{"NULL", "{ss_sp=NULL, ss_flags=0x2, ss_size=0}"}, "0"},
		{"rt_sigaction", []string{"1", "{sa_handler=0x480a40, sa_mask=~[], sa_flags=0x1c000004, sa_restorer=0x480b80}", "NULL", "8"}, "0"},
		{"gettid", nil, "16193"},
		{"clone", []string{"child_stack=0x3a19b3256000", "flags=0xd0f00"}, ""},
	}, calls)
}

func TestParseStraceRefuses(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"12 gettid( <unfinished ...>",
		"12 <... gettid resumed>) = 12",
		`12 openat(-100, "/etc`,
		`12 open("a\x", 0) = 3`,
		"hello, world",
	} {
		_, err := ParseStrace("12 getpid() = 12\n" + line + "\n")
		var wrong *LineError
		require.True(t, errors.As(err, &wrong), "%s: %v", line, err)
		require.Equal(t, 2, wrong.N)
	}
}

func FuzzParseStrace(f *testing.F) {
	f.Add(recorded)
	f.Add("1 a(\"\\")
	f.Add("1 a({)}) = 1")
	f.Fuzz(func(t *testing.T, text string) {
		calls, err := ParseStrace(text)
		if err == nil {
			Normalise(Contents, calls, Space{SP: 0x7ffc00000000})
		}
	})
}

func TestSigset(t *testing.T) {
	t.Parallel()
	for mask, want := range map[uint64]string{
		0:                             "[]",
		1<<1 | 1<<14:                  "[2 15]",
		^uint64(0):                    "~[]",
		^uint64(1<<8 | 1<<31 | 1<<32): "~[9 32 33]",
	} {
		require.Equal(t, want, sigset(mask))
	}
}
