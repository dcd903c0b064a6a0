// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExpect(t *testing.T) {
	t.Parallel()
	code, signal := 2, "SIGSEGV"
	r := &Report{Outcome: Threw, Reason: "fatal error: procresize: bad", Phase: "schedinit", ExitCode: &code, Signal: &signal, Runtime: noRuntime()}
	r.Runtime.GOMAXPROCS = 7
	r.Stdout, r.Stderr, r.Events = "a line\n", "fatal error\nexit", []string{"one", "two"}
	r.Binary.GoVersion = "go1.26.8"
	r.Counts = Counts{Syscalls: 5, Threads: 2}
	r.Calls = map[string]int{"openat": 3, "mmap": 2}
	r.Runtime.Args = []string{"/hello", "a b"}
	tests := []struct {
		text, got string
		ok        bool
	}{
		{"gomaxprocs=7", "7", true},
		{"gomaxprocs=8", "7", false},
		{"numCPU=null", "null", true},
		{"outcome=threw", "threw", true},
		{"reason~procresize", "fatal error: procresize: bad", true},
		{"reason~=", "fatal error: procresize: bad", false},
		{"exitCode=2", "2", true},
		{"signal=SIGSEGV", "SIGSEGV", true},
		{"phase=main", "schedinit", false},
		{"args~a b", `["/hello","a b"]`, true},
		{"env=null", "null", true},
		{"reason=~^fatal error: proc[a-z]+: bad$", "fatal error: procresize: bad", true},
		{"reason=~^procresize", "fatal error: procresize: bad", false},
		{"reason!=", "fatal error: procresize: bad", true},
		{"reason!~invalid", "fatal error: procresize: bad", true},
		{"reason!~bad", "fatal error: procresize: bad", false},
		{"gomaxprocs<=7", "7", true},
		{"gomaxprocs<=6", "7", false},
		{"gomaxprocs>=7", "7", true},
		{"numCPU>=0", "null", false},
		{"stdout=a line", "a line", true},
		{"stderr~fatal", "fatal error\nexit", true},
		{"events=one\ntwo", "one\ntwo", true},
		{"goVersion=go1.26.8", "go1.26.8", true},
		{"counts.syscalls=5", "5", true},
		{"counts.threads<=1", "2", false},
		{"syscalls.openat=3", "3", true},
		{"syscalls.futex=0", "0", true},
	}
	for _, tc := range tests {
		t.Run(tc.text, func(t *testing.T) {
			e, err := ParseExpectation(tc.text)
			require.NoError(t, err)
			require.Equal(t, tc.text, e.String())
			got, ok := e.Check(r)
			require.Equal(t, tc.got, got)
			require.Equal(t, tc.ok, ok)
		})
	}
}

func TestExpectErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"gomaxproc=7", `expectation "gomaxproc=7": there is no key "gomaxproc": did you mean "gomaxprocs"?`},
		{"gomaxprocs", `expectation "gomaxprocs": want KEY=VALUE, KEY~TEXT for contains, KEY=~PATTERN for matches; != !~ <= >= as well`},
		{"=7", `expectation "=7": want KEY=VALUE, KEY~TEXT for contains, KEY=~PATTERN for matches; != !~ <= >= as well`},
		{"gomaxprocs<7", `expectation "gomaxprocs<7": want KEY=VALUE, KEY~TEXT for contains, KEY=~PATTERN for matches; != !~ <= >= as well`},
		{"gomaxprocs<=x", `expectation "gomaxprocs<=x": <= compares with a number, and "x" is none`},
		{"reason=~(", "expectation \"reason=~(\": not a regular expression: error parsing regexp: missing closing ): `(`"},
		{"outcome=died", `expectation "outcome=died": there is no such outcome: they are [reached exited threw killed stuck refused]`},
		{"syscalls.openatt=1", `expectation "syscalls.openatt=1": there is no key "syscalls.openatt": did you mean "syscalls.openat"?`},
	}
	for _, tc := range tests {
		t.Run(tc.text, func(t *testing.T) {
			_, err := ParseExpectation(tc.text)
			require.EqualError(t, err, tc.want)
		})
	}
}

func TestRuntimeJSON(t *testing.T) {
	t.Parallel()
	r := noRuntime()
	r.PhysHugePageSize, r.Env = 0, []string{}
	data, err := json.Marshal(r)
	require.NoError(t, err)
	require.Equal(t, `{"argc":null,"numCPU":null,"gomaxprocs":null,"maxMCount":null,"physPageSize":null,"physHugePageSize":0,`+
		`"maxStackSize":null,"threads":null,"goroutines":null,"vdsoClockgettime":null,"secureMode":null,"args":null,"env":[],"cpuFeatures":null}`, string(data))
	var back Runtime
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, r, back)
}
