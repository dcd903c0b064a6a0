// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// The codes of siginfo (uapi/asm-generic/siginfo.h).
const (
	segvMapErr = 1
	segvAccErr = 2
	busAdrErr  = 2
	illIllOpc  = 1
	illIllOpn  = 2
	fpeIntDiv  = 1
	trapBrkpt  = 1
	siKernel   = 0x80
)

// expected is what Linux tells of a fault.
type expected struct {
	signal string // "": there is none
	code   int
	addr   uint64 // in its page, unless it is the PC
	atPC   bool
	behind uint64 // how far behind the instruction the PC is that a handler sees
}

// Those that differ from the rest. An address is told with its page only on s390x (__FAIL_ADDR_MASK).
var (
	x86   = []string{"amd64", "386"}
	mips  = []string{"mips", "mipsle", "mips64", "mips64le"}
	s390x = []string{"s390x"}
)

// faults are the first arguments of testdata/faults.
var faults = []struct {
	name string
	top  []string // the innermost functions; "": an address that is in none
	most expected
	// others are what some architectures say otherwise.
	others []exception
}{
	{"nil", []string{"main.store"}, expected{signal: "SIGSEGV", code: segvMapErr}, nil},
	{"field", []string{"main.load"}, expected{signal: "SIGSEGV", code: segvMapErr, addr: 0x123}, nil},
	{"readonly", []string{"main.store"}, expected{signal: "SIGSEGV", code: segvAccErr, addr: 0x123}, nil},
	{"none", []string{"main.load"}, expected{signal: "SIGSEGV", code: segvAccErr, addr: 0x123}, nil},
	{"jump", []string{"", "main.call"}, expected{signal: "SIGSEGV", code: segvMapErr, atPC: true}, nil},
	{"nilcall", []string{"", "main.call"}, expected{signal: "SIGSEGV", code: segvMapErr, atPC: true}, nil},
	{"nx", []string{"", "main.call"}, expected{signal: "SIGSEGV", code: segvAccErr, atPC: true}, nil},
	{"file", []string{"main.load"}, expected{signal: "SIGBUS", code: busAdrErr, addr: 0x123}, nil},
	{"illegal", []string{"main.illegal"}, expected{signal: "SIGILL", code: illIllOpc, atPC: true}, []exception{
		{x86, expected{signal: "SIGILL", code: illIllOpn, atPC: true}},
		{mips, expected{signal: "SIGILL", code: siKernel}}, // do_ri
		{s390x, expected{signal: "SIGILL", code: illIllOpc, atPC: true, behind: 2}},
	}},
	{"trap", []string{"main.trap"}, expected{signal: "SIGTRAP", code: trapBrkpt, atPC: true}, []exception{
		{x86, expected{signal: "SIGTRAP", code: siKernel}},
		{mips, expected{signal: "SIGTRAP", code: trapBrkpt}},                        // do_trap_or_bp
		{s390x, expected{signal: "SIGILL", code: illIllOpc, atPC: true, behind: 2}}, // illegal_op: SIGTRAP is for who is traced
	}},
	{"divide", []string{"main.divide"}, expected{}, []exception{
		{slices.Concat(x86, mips), expected{signal: "SIGFPE", code: fpeIntDiv, atPC: true}},
		{s390x, expected{signal: "SIGFPE", code: fpeIntDiv, atPC: true, behind: 4}},
	}},
}

type exception struct {
	arches []string
	expected
}

// TestFaults has every architecture's CPU and kernel answer with a signal: as Go's handler and as the report tell it.
func TestFaults(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, filepath.Join("testdata", "faults"), goarch)
		for _, tc := range faults {
			want := tc.most
			for _, other := range tc.others {
				if slices.Contains(other.arches, goarch) {
					want = other.expected
				}
			}
			stack := append(slices.Clone(tc.top), "main.fault", "main.main", "runtime.main", "runtime.goexit")
			run := func(t *testing.T, args ...string) *harness.BootResult {
				return harness.Boot(t, bin, machine.New(), harness.Until("exit"), harness.Args(append([]string{tc.name}, args...)...))
			}
			if want.signal == "" {
				t.Run(tc.name, func(t *testing.T) { run(t).RequireExited(0) })
				continue
			}
			t.Run(tc.name+"/default", func(t *testing.T) {
				boot := run(t, "default")
				boot.RequireKilled(want.signal)
				f := boot.Fault
				require.NotNil(t, f)
				want.check(t, f, goarch)
				require.Equal(t, stack, functions(boot.Crash().Traceback))
				require.Contains(t, boot.Reason, fmt.Sprintf("%s %s, pc %#x", f.Signal, f.Why, f.PC))
				require.Contains(t, boot.Story(), f.String())
			})
			t.Run(tc.name+"/handler", func(t *testing.T) {
				boot := run(t)
				require.Equal(t, harness.Threw, boot.Outcome)
				require.Equal(t, 2, *boot.ExitCode)
				f := boot.Fault
				require.NotNil(t, f)
				want.check(t, f, goarch)
				got := functions(boot.Crash().Traceback)
				require.Greater(t, len(got), len(stack))
				if stack[0] == "" { // the runtime calls sigpanic from where the call was (shouldPushSigpanic)
					stack = stack[1:]
				}
				require.Equal(t, stack, got[len(got)-len(stack):], boot.Crash().Traceback)
				pc := uint64(f.PC) + want.behind
				text := fmt.Sprintf("code=%#x addr=%#x pc=%#x]", f.Code, f.Addr, pc)
				if f.Signal == "SIGILL" || f.Signal == "SIGTRAP" {
					text = fmt.Sprintf("PC=%#x m=0 sigcode=%d", pc, f.Code)
				}
				require.Contains(t, boot.Stderr, text)
			})
		}
	})
}

// TestCrash: with GOTRACEBACK=crash the runtime ends a program by SIGABRT, which is not what it died of.
func TestCrash(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, filepath.Join("testdata", "faults"), goarch)
		boot := harness.Boot(t, bin, machine.New(machine.Env("GOTRACEBACK=crash")), harness.Args("field"), harness.Until("exit"))
		boot.RequireThrew("panic: runtime error: invalid memory address or nil pointer dereference")
		require.Equal(t, "SIGABRT", *boot.Signal)
		require.Equal(t, "SIGSEGV", boot.Fault.Signal)
		require.Contains(t, boot.Fault.Function, "main.load+")
	})
}

// check holds what the report says of a fault against what is expected.
func (want expected) check(t *testing.T, f *harness.Fault, goarch string) {
	t.Helper()
	const page = 4096
	addr := want.addr
	if want.atPC {
		addr = uint64(f.PC)
	} else if f.Signal == "SIGSEGV" || f.Signal == "SIGBUS" {
		require.Less(t, uint64(f.Addr)%page, uint64(page))
		addr += uint64(f.Addr) &^ (page - 1)
	}
	if slices.Contains(s390x, goarch) && (f.Signal == "SIGSEGV" || f.Signal == "SIGBUS") {
		addr &^= page - 1
	}
	require.Equal(t, want.signal, f.Signal)
	require.Equal(t, want.code, f.Code, "si_code")
	require.Equal(t, harness.Address(addr), f.Addr, "si_addr")
	if f.Function != "" {
		require.NotEmpty(t, f.Instruction)
		if f.Signal != "SIGILL" { // else there may be no name for it
			require.NotContains(t, f.Instruction, "bytes")
		}
	}
}

// functions are the names in a traceback; "" for an address in no function. What wraps another of its name, and the functions that
// the fixture's table is made of, are left out.
func functions(traceback []string) []string {
	var names []string
	for _, line := range traceback {
		name, _, found := strings.Cut(line, "+")
		if !found {
			name = ""
		}
		if strings.HasPrefix(name, "main.init.") || len(names) > 0 && names[len(names)-1] == name {
			continue
		}
		names = append(names, name)
	}
	return names
}
