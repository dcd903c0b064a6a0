// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// TestModels boots hello on each CPU that has a name: to its end, or to the first instruction that the engine cannot execute, or to the SIGILL
// that the real CPU would raise (a hardfloat binary without a floating-point unit, Armv7 code before Armv7), never to anything else.
func TestModels(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Hello, goarch)
		a, _ := arch.Find(goarch)
		for _, c := range a.CPUs {
			boot := harness.Boot(t, bin, machine.New(machine.Setting("cpu.model", c.Name)), harness.Until("exit"))
			p, err := boot.Machine.Processor(a)
			require.NoError(t, err)
			require.Equal(t, len(p.Promised()) > 0, len(boot.Warnings()) > 0, c.Name)
			switch boot.Outcome {
			case harness.Stuck:
				require.Contains(t, boot.Reason, "the engine cannot execute", c.Name)
				require.NotEmpty(t, p.Promised(), c.Name)
			case harness.Killed:
				require.Contains(t, boot.Reason, "SIGILL", c.Name)
				require.NotEqual(t, a.Engine.Models[0].Name, p.Model().Name, "%s: %s", c.Name, boot.Reason)
			default:
				boot.RequireReached("exit")
				if *boot.ExitCode != 0 { // the runtime's own check
					require.Regexp(t, "can only be run on processors with MMX support|This CPU has no floating point hardware", boot.Stderr, c.Name)
				}
			}
		}
	})
}

// TestCPUFeatures: what internal/cpu concludes of a CPU, at the start of schedinit's first goroutine.
func TestCPUFeatures(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		goarch, model, features string
		has, lacks              string // in internal/cpu's names
	}{
		{"amd64", "", "", "aes bmi1 bmi2 popcnt sse41 sse42", "avx avx2 fma"},
		{"amd64", "core2-duo", "", "sse3 ssse3", "sse41 popcnt"},
		{"amd64", "penryn", "", "ssse3 sse41", "sse42 popcnt avx"},
		{"amd64", "westmere", "", "aes pclmulqdq popcnt", "avx bmi1"},
		{"386", "atom-n270", "", "sse3 ssse3", "sse41"},
		{"386", "", "-pni", "ssse3", "sse3"},
		{"arm64", "", "", "aes atomics sha512 cpuid", "sve"},
		{"arm64", "cortex-a72", "", "aes crc32", "atomics"},
		{"arm64", "neoverse-n1", "", "atomics isNeoverse cpuid", ""},
		{"arm64", "", "-aes,-atomics", "", "aes atomics"},
		{"arm", "cortex-a9", "", "", "idiva vfpv4"},
		{"arm", "cortex-a7", "", "idiva vfpv4", ""},
		{"s390x", "", "", "vx zarch", "vxe"},
		{"s390x", "z14", "", "vx vxe", ""},
		{"ppc64le", "power9", "", "darn scv", ""},
		{"ppc64", "power8", "", "", "darn scv"},
		{"ppc64", "", "+darn", "darn", "scv"},
		{"riscv64", "", "+v", "v", "zbb"},
	} {
		t.Run(tc.goarch+"/"+tc.model+tc.features, func(t *testing.T) {
			t.Parallel()
			bin := fixtures.Build(t, fixtures.Hello, tc.goarch)
			m := machine.New(machine.Setting("cpu.model", tc.model), machine.Setting("features", tc.features))
			boot := harness.Boot(t, bin, m, harness.Until("runtime.mcommoninit"))
			require.Equal(t, harness.Reached, boot.Outcome, boot.Reason)
			for name := range strings.FieldsSeq(tc.has) {
				require.Contains(t, boot.Runtime.CPUFeatures, name)
			}
			for name := range strings.FieldsSeq(tc.lacks) {
				require.NotContains(t, boot.Runtime.CPUFeatures, name)
			}
		})
	}
}

// TestPromisedAVX: who only asks is answered, and who executes is told of.
func TestPromisedAVX(t *testing.T) {
	t.Parallel()
	for _, goarch := range []string{"amd64", "386"} {
		bin := fixtures.Build(t, fixtures.Hello, goarch)
		boot := harness.Boot(t, bin, machine.New(machine.Features("+avx2")), harness.Until("runtime.mcommoninit"))
		boot.RequireReached("runtime.mcommoninit")
		require.Subset(t, boot.Runtime.CPUFeatures, []string{"avx", "avx2"})
		require.Equal(t, []string{"cpu: xsave, avx, avx2 are promised and the engine cannot execute them: what only asks is answered; " +
			"of avx, avx2 rt0 carries out what Go's runtime and compiler write"}, boot.Warnings())

		// The states that the kernel saves are another thing than what the CPU has.
		boot = harness.Boot(t, bin, machine.New(machine.Features("+avx2"), machine.Setting("cpu.xcr0", "3")), harness.Until("exit"))
		boot.RequireExited(0)
		require.NotContains(t, boot.Runtime.CPUFeatures, "avx2")
		// And so is what a leaf says.
		boot = harness.Boot(t, bin, machine.New(machine.Features("+avx2"), machine.Setting("cpuid.7.0", "0,0,0,0")), harness.Until("runtime.mcommoninit"))
		require.Contains(t, boot.Runtime.CPUFeatures, "avx")
		require.NotContains(t, boot.Runtime.CPUFeatures, "avx2")
		boot = harness.Boot(t, bin, machine.New(machine.Setting("cpuid.0", "1,756e6547,6c65746e,49656e69")), harness.Until("exit"))
		boot.RequireExited(0)
		require.NotContains(t, boot.Runtime.CPUFeatures, "bmi2", "leaf 7 is above the highest")
	}
}

// TestOtherCPU: a CPU of another architecture is refused.
func TestOtherCPU(t *testing.T) {
	t.Parallel()
	bin := fixtures.Build(t, fixtures.Hello, "s390x")
	r, err := harness.Run(t.Context(), bin, machine.New(machine.Setting("cpu.model", "power9")))
	var refused *arch.CPUError
	require.ErrorAs(t, err, &refused)
	require.True(t, harness.Refusal(err))
	require.Equal(t, harness.Refused, r.Outcome)
	require.Contains(t, r.Reason, "no s390x binary runs on cpu.model power9: it is a CPU of ppc64le and ppc64")
}

// TestAtomicsTooLate: a binary for GOARM64=v8.1 dies of its first atomic instruction before it says what it needs (golang/go#71411).
func TestAtomicsTooLate(t *testing.T) {
	t.Parallel()
	bin := fixtures.Build(t, fixtures.Hello, "arm64", fixtures.Env("GOARM64=v8.1"))
	for _, m := range []machine.Machine{machine.New(machine.Setting("cpu.model", "cortex-a57")), machine.New(machine.Features("-atomics"))} {
		boot := harness.Boot(t, bin, m)
		require.Equal(t, harness.Killed, boot.Outcome)
		require.Equal(t, "check", boot.Phase)
		require.Contains(t, boot.Reason, "illegal instruction: cas, and the CPU has no atomics")
	}
	harness.Boot(t, bin, machine.New(machine.Setting("cpu.model", "thunderx"))).RequireReached("main.main")
}

// TestVectorMax: Go since 1.26 executes an instruction of the z14 for max, which schedinit needs where there is a CPU limit (golang/go#81095).
func TestVectorMax(t *testing.T) {
	t.Parallel()
	bin := fixtures.Build(t, fixtures.Hello, "s390x")
	limit := []machine.Option{machine.Setting("cgroup.quota", "150000"), machine.Env("GODEBUG=containermaxprocs=1")}
	for model, outcome := range map[string]harness.Outcome{"z13": harness.Killed, "z14": harness.Reached, "": harness.Reached} {
		boot := harness.Boot(t, bin, machine.New(append(limit, machine.Setting("cpu.model", model))...))
		require.Equal(t, outcome, boot.Outcome, "%s: %s", model, boot.Reason)
		if outcome == harness.Killed {
			require.Contains(t, boot.Reason, "illegal instruction: vfmax, and the CPU has no vxe")
		}
	}
}
