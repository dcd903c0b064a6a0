// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
)

// eachProcess runs f for each architecture with a way to boot testdata/process to its end, on machines with these settings.
func eachProcess(t *testing.T, f func(t *testing.T, a *arch.Arch, boot func(settings ...string) *harness.BootResult)) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, "./testdata/process", goarch)
		a, _ := arch.Find(goarch)
		f(t, a, func(settings ...string) *harness.BootResult {
			t.Helper()
			return harness.Boot(t, bin, with(settings...), harness.Until("exit"))
		})
	})
}

func TestArgv(t *testing.T) {
	eachProcess(t, func(t *testing.T, a *arch.Arch, boot func(...string) *harness.BootResult) {
		for _, tc := range []struct {
			settings []string
			want     string
		}{
			{nil, `["process"]`},
			{[]string{"process.argv0", "./some where", "args", "argv"}, `["./some where" "argv"]`},
			{[]string{"process.argc0", "true", "env.A", "b"}, `[]`},
		} {
			b := boot(tc.settings...)
			if tc.want == "[]" && a.Name == "ppc64le" {
				// Where there is no argc on the stack, Go takes it from a register, as glibc's loader leaves it (rt0_linux_ppc64le.s).
				b.RequireKilled("SIGSEGV")
				require.Equal(t, "args", b.Phase)
				continue
			}
			b.RequireExited(0)
			b.RequireArgs()
			b.RequireEnv()
			require.Equal(t, tc.want+"\n", b.Stdout)
		}
	})
}

// TestSecure: the runtime hides tracebacks from whoever runs a set-user-ID program (runtime/security_unix.go).
func TestSecure(t *testing.T) {
	eachProcess(t, func(t *testing.T, _ *arch.Arch, boot func(...string) *harness.BootResult) {
		for key, want := range map[string]int{"process.secure": 1, "clock.frozen": 0} {
			b := boot(key, "true", "args", "throw", "env.GOTRACEBACK", "all")
			require.Equal(t, want, b.Runtime.SecureMode)
			require.Contains(t, b.Stderr, "assignment to entry in nil map")
			require.Equal(t, want == 0, strings.Contains(b.Stderr, "goroutine 1 [running]"))
		}
	})
}

func TestAuxv(t *testing.T) {
	eachProcess(t, func(t *testing.T, a *arch.Arch, boot func(...string) *harness.BootResult) {
		vector := func(settings ...string) map[uint64]uint64 {
			b := boot(append(settings, "args", "hex /proc/self/auxv")...)
			b.RequireExited(0)
			b.RequirePages()
			data, err := hex.DecodeString(strings.TrimSuffix(b.Stdout, " <nil>\n"))
			require.NoError(t, err)
			entries := map[uint64]uint64{}
			for ; len(data) > 0; data = data[2*a.PtrSize:] {
				if a.PtrSize == 4 {
					entries[uint64(a.Order.Uint32(data))] = uint64(a.Order.Uint32(data[4:]))
				} else {
					entries[a.Order.Uint64(data)] = a.Order.Uint64(data[8:])
				}
			}
			return entries
		}
		usual := vector()
		require.NotContains(t, usual, uint64(arch.AT_HWCAP4))
		require.NotZero(t, usual[arch.AT_RANDOM])
		changed := vector("auxv.AT_HWCAP4", "0x1234", "auxv.AT_FLAGS", "5", "auxv.AT_CLKTCK", "absent", "random", "absent", "auxv.1000", "7")
		require.EqualValues(t, 0x1234, changed[arch.AT_HWCAP4])
		require.EqualValues(t, 5, changed[arch.AT_FLAGS])
		require.EqualValues(t, 7, changed[1000])
		require.NotContains(t, changed, uint64(arch.AT_CLKTCK))
		require.NotContains(t, changed, uint64(arch.AT_RANDOM), "the runtime reads /dev/urandom then")
		require.Len(t, changed, len(usual))
		vector("random", "zero")
		b := boot("auxv.AT_PAGESZ", "1048576")
		b.RequireThrew("bad system page size")
		b.RequirePages()
		require.Contains(t, b.Stderr, "system page size (1048576) is larger than maximum page size (524288)")
		boot("auxv.AT_PAGESZ", "absent").RequireThrew("failed to get system page size")
	})
}

func TestStandardDescriptors(t *testing.T) {
	eachProcess(t, func(t *testing.T, _ *arch.Arch, boot func(...string) *harness.BootResult) {
		next := boot("args", "open").Stdout
		require.Contains(t, "3\n4\n", next)
		for _, tc := range []struct {
			key, word, how string
			stdout, stderr string
		}{
			{"process.stdin", "open", "read", "0 EOF\n", ""},
			{"process.stdin", "broken", "read", "0 EOF\n", ""},
			{"process.stdin", "full", "read", "10 <nil>\n", ""},
			{"process.stdin", "closed", "read", "0 EOF\n", ""}, // runtime.checkfds opens /dev/null
			{"process.stdout", "null", "write", "", "stdout: <nil>\n"},
			{"process.stdout", "full", "write", "", "stdout: write /dev/stdout: no space left on device\n"},
			{"process.stdout", "closed", "write", "", "stdout: <nil>\n"},
			{"process.stderr", "full", "writeerr", "stderr: write /dev/stderr: no space left on device\n", ""},
			{"process.stderr", "closed", "open", next, ""}, // none of the three numbers is free for a file
		} {
			b := boot(tc.key, tc.word, "args", tc.how)
			b.RequireExited(0)
			require.Equal(t, []string{tc.stdout, tc.stderr}, []string{b.Stdout, b.Stderr}, "%s %s", tc.key, tc.word)
		}
		for key, how := range map[string]string{"process.stdout": "write", "process.stderr": "writeerr"} {
			boot(key, "broken", "args", how).RequireKilled("SIGPIPE") // of descriptors 1 and 2 the runtime dies (os.epipecheck)
		}
	})
}

// TestStackPlaces: the first stack may be anywhere, and aligned as it likes.
func TestStackPlaces(t *testing.T) {
	eachProcess(t, func(t *testing.T, a *arch.Arch, boot func(...string) *harness.BootResult) {
		stackOf := func(settings ...string) (start, end uint64) {
			t.Helper()
			b := boot(append(settings, "args", "cat /proc/self/maps")...)
			b.RequireExited(0)
			for line := range strings.Lines(b.Stdout) {
				if strings.Contains(line, "[stack]") {
					_, err := fmt.Sscanf(line, "%x-%x", &start, &end)
					require.NoError(t, err)
				}
			}
			return start, end
		}
		start, end := stackOf()
		require.Equal(t, a.StackTop, end)
		require.EqualValues(t, 8<<20, end-start)
		for _, top := range []uint64{0x38000000, 0x38001239, a.MmapTop, a.BottomUp + 32<<20} {
			_, end = stackOf("stack.top", fmt.Sprintf("%#x", top))
			require.Equal(t, (top+4095)&^4095, end, "%#x", top)
		}
		for align := a.PtrSize; align <= 4096; align *= 4 {
			stackOf("stack.align", fmt.Sprint(align))
		}
		for _, limit := range []string{"128KiB", "1MiB", "1GiB", "unlimited"} {
			start, end = stackOf("rlimits.stack", limit)
			require.LessOrEqual(t, end-start, uint64(8<<20), limit)
		}
		start, end = stackOf("rlimits.stack", "256KiB")
		require.EqualValues(t, 256<<10, end-start)
	})
}

func TestLimits(t *testing.T) {
	eachProcess(t, func(t *testing.T, a *arch.Arch, boot func(...string) *harness.BootResult) {
		b := boot("rlimits.nofile", "20:40", "rlimits.core", "1000:unlimited", "rlimits.memlock", "64KiB", "args", "cat /proc/self/limits")
		b.RequireExited(0)
		for _, line := range []string{"Max open files            39                   40 ", "Max core file size        1000                 unlimited ",
			"Max locked memory         65536                65536 "} {
			require.Contains(t, b.Stdout, line, "the os package raises the first up to its hard limit")
		}
		b = boot("rlimits.nofile", "20:40", "args", "files")
		require.Contains(t, b.Stdout, "too many open files\n")
		b = boot("rlimits.nproc", "1")
		if a.Name == "riscv64" {
			b.RequireStuck("every thread waits") // runtime.clone says 0 whatever the kernel has said (sys_linux_riscv64.s, up to 1.26 at least)
			return
		}
		b.RequireThrew("newosproc")
		require.Contains(t, b.Stderr, "failed to create new OS thread (have 2 already; errno=11)")
	})
}

// TestRegisters: no register is the runtime's to rely on at entry, but for the stack pointer and, where there is one, that of the entry.
func TestRegisters(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Hello, goarch)
		a, _ := arch.Find(goarch)
		hashes := map[string]bool{}
		for _, value := range []string{"0", "0xfedcba98"} {
			var settings []string
			for _, r := range a.Registers {
				if r != a.SP && r != a.PC && r != a.Entry && r != a.TOC && r.Name != "r0" && r.Name != "zero" {
					settings = append(settings, "registers."+r.Name, value)
				}
			}
			boot := harness.Boot(t, bin, with(settings...), harness.Until("exit"))
			boot.RequireExited(0)
			require.Equal(t, "hello, world\n", boot.Stdout)
			hashes[boot.Hash] = true
		}
		require.NotEmpty(t, hashes)

		stuck := harness.Boot(t, bin, with("registers."+a.PC.Name, "0x1000"))
		require.Equal(t, harness.Killed, stuck.Outcome)
		other := map[bool]string{true: "r15", false: "rip"}[goarch == "amd64"]
		if _, has := a.Register(other); !has {
			_, err := harness.Run(context.Background(), bin, with("registers."+other, "1"))
			require.ErrorContains(t, err, goarch+" has no register of that name")
		}
	})
}
