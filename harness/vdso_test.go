// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"fmt"
	goversion "go/version"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// clockProgram reads the clocks many times, and prints when it started, how long it slept by the monotonic clock, and when it ended.
const clockProgram = `package main

import (
	"fmt"
	"time"
)

func main() {
	start := time.Now()
	last := start
	for i := 0; i < 300; i++ {
		now := time.Now()
		if now.Before(last) || now.UnixNano() < last.UnixNano() {
			fmt.Println("backward")
		}
		last = now
	}
	time.Sleep(3 * time.Millisecond)
	end := time.Now()
	fmt.Println(start.UnixNano(), end.Sub(start).Nanoseconds(), end.UnixNano())
}
`

// clockReads counts the calls that a runtime makes to know the time.
func clockReads(boot *harness.BootResult) int {
	n := 0
	for _, s := range boot.Syscalls {
		if strings.HasPrefix(s.Name, "clock_gettime") || s.Name == "gettimeofday" || s.Name == "time" {
			n++
		}
	}
	return n
}

// withVDSO is a machine with kernel.vdso as word says.
func withVDSO(word string, change ...func(*machine.Machine)) machine.Machine {
	m := machine.New()
	m.Kernel.VDSO = word
	for _, f := range change {
		f(&m)
	}
	return m
}

// TestVDSO: each release finds the vDSO where its runtime looks for one, asks it for the time from then on, and gets the right one.
func TestVDSO(t *testing.T) {
	eachRelease(t, func(t *testing.T, goarch, toolchain string) {
		a, _ := arch.Find(goarch)
		bin := fixtures.Build(t, "clock", goarch, fixtures.Toolchain(toolchain), func(s *fixtures.Spec) { s.Source = clockProgram })
		words := []string{machine.VDSOBoth}
		if toolchain == "" {
			words = append(words, machine.VDSOGNU, machine.VDSOSysV)
		}
		for _, word := range words {
			boot := harness.Boot(t, bin, withVDSO(word), harness.Until("exit"), harness.RecordSyscalls())
			boot.RequireExited(0)
			works := a.VDSO.Go != 0 && goversion.Compare(boot.Binary.GoVersion, fmt.Sprintf("go1.%d", a.VDSO.Go)) >= 0
			finds := works && !(word == machine.VDSOSysV && a.VDSO.WideHash)
			if finds {
				require.Positive(t, boot.Runtime.VDSOClockgettime, word)
				require.Zero(t, clockReads(boot), word)
			} else {
				require.LessOrEqual(t, boot.Runtime.VDSOClockgettime, 0, word)
				require.Greater(t, clockReads(boot), 300, word)
			}

			var start, slept, end int64
			_, err := fmt.Sscan(boot.Stdout, &start, &slept, &end)
			require.NoError(t, err, boot.Stdout)
			ran := int64(boot.Counts.Instructions)
			first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
			// Go 1.26.8 and 1.27.0 do not sleep for less than a second on mips: they ask for the time until then.
			pause := int64(3 * time.Millisecond)
			require.Greater(t, start, first)
			require.Less(t, start, first+ran)
			require.GreaterOrEqual(t, slept, pause)
			require.Less(t, slept, pause+ran)
			require.InDelta(t, start+slept, end, 50_000, "both clocks go alike; they are read one after the other")
		}
	})
}

// TestVDSORepeats: a boot with a vDSO repeats, whoever looks.
func TestVDSORepeats(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Goroutines, goarch)
		// The data is written anew in the middle of the boot.
		m := withVDSO(machine.VDSOBoth, func(m *machine.Machine) { m.Clock.Monotonic = machine.Duration(time.Hour - 300*time.Microsecond) })
		boot := harness.Boot(t, bin, m, harness.Until("exit"))
		boot.RequireExited(0)
		boot.RequireStartup()
		looked := harness.Boot(t, bin, m, harness.Until("exit"), harness.RecordSyscalls(),
			harness.Breakpoints("runtime.nanotime", "runtime.mallocgc"))
		require.Equal(t, boot.Hash, looked.Hash)
	})
}

// TestNoVsyscall: up to Go 1.15 the runtime calls the legacy page where it finds no vDSO, and dies without one.
func TestNoVsyscall(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("needs further toolchains")
	}
	for _, a := range arch.All() {
		if a.Vsyscall == 0 {
			continue
		}
		for toolchain, calls := range map[string]bool{"go1.11.13": true, "go1.15.15": true, "go1.16.15": false} {
			bin := fixtures.Build(t, fixtures.Hello, a.Name, fixtures.Toolchain(toolchain))
			none := func(m *machine.Machine) { m.Kernel.Vsyscall = machine.VsyscallNone }
			boot := harness.Boot(t, bin, withVDSO(machine.VDSONone, none), harness.Until("exit"))
			if calls {
				boot.RequireKilled("SIGSEGV")
				require.Contains(t, boot.Reason, fmt.Sprintf("SIGSEGV at %#x (execute)", a.Vsyscall))
				require.Equal(t, "schedinit", boot.Phase)
			} else {
				boot.RequireExited(0)
			}
			boot = harness.Boot(t, bin, withVDSO(machine.VDSOBoth, none), harness.Until("exit"))
			boot.RequireExited(0)
		}
	}
}

// TestNoUserHelpers: without the page of helpers a program dies that needs it: one for a CPU before Armv7, whose check of atomics comes
// before the runtime knows the CPU.
func TestNoUserHelpers(t *testing.T) {
	t.Parallel()
	for _, toolchain := range releases() {
		for _, level := range []string{"5", "6", "7"} {
			bin := fixtures.Build(t, fixtures.Hello, "arm", fixtures.Toolchain(toolchain), fixtures.Env("GOARM="+level))
			m := machine.New()
			m.Kernel.UserHelpers = machine.UserHelpersNone
			boot := harness.Boot(t, bin, m, harness.Until("exit"))
			if level == "7" {
				boot.RequireExited(0)
				continue
			}
			boot.RequireKilled("SIGSEGV")
			require.Contains(t, boot.Reason, "SIGSEGV at 0xffff0fc0 (execute)", "kuser_cmpxchg")
			require.Equal(t, "check", boot.Phase)
		}
	}
}
