// SPDX-License-Identifier: GPL-2.0-or-later

package emu_test

import (
	"testing"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/stretchr/testify/require"
)

// openFor is an engine for a CPU, with code and some data.
func openFor(t *testing.T, goarch, model, text string, changes ...string) *emu.Engine {
	t.Helper()
	a, ok := arch.Find(goarch)
	require.True(t, ok)
	p, err := a.Processor(model, changes)
	require.NoError(t, err)
	e, err := emu.New(emu.Config{Arch: a, Model: p.Model(), Memory: 1 << 20, CPUID: p.CPUID(), XCR0: p.XCR0(), ID: p.CPU.MIDR, Guards: p.Guards()})
	require.NoError(t, err)
	t.Cleanup(e.Close)
	require.NoError(t, e.Mem().MapBytes(codeAddr, emu.PageSize, emu.Read|emu.Exec, 0, code(text)))
	require.NoError(t, e.Mem().Map(dataAddr, emu.PageSize, emu.Read|emu.Write, 0))
	pointer, ok := a.Register(pointers[goarch])
	require.True(t, ok)
	e.SetReg(pointer, dataAddr)
	e.SetReg(a.SP, dataAddr+emu.PageSize/2)
	e.SetReg(a.PC, codeAddr)
	return e
}

// TestGuards: an instruction of a feature that the CPU does not have, or that the engine would get wrong, ends the run where it stands, and
// what stands before it has run.
func TestGuards(t *testing.T) {
	t.Parallel()
	for goarch, features := range map[string][]string{
		"amd64": {"avx", "avx2", "f16c", "fma", "vaes", "popcnt", "sse4_1", "sse4_2", "ssse3", "pni", "aes", "pclmulqdq", "movbe", "cmov", "sse", "sse2",
			"mmx", "cx16", "cx8", "bmi1", "bmi2", "adx", "rdtscp", "tsc"},
		"386": {"avx", "avx2", "f16c", "fma", "vaes", "popcnt", "sse4_1", "sse4_2", "ssse3", "pni", "aes", "pclmulqdq", "movbe", "cmov", "sse", "sse2",
			"mmx", "cx8", "bmi1", "bmi2", "adx", "tsc"},
		"arm64": {"atomics", "jscvt", "fcma", "asimddp", "asimdrdm", "crc32", "aes", "pmull", "sha1", "sha2", "sha3", "sha512", "sm3", "sm4", "flagm", "flagm2",
			"frint", "lrcpc", "ilrcpc", "fphp", "sb", "dcpop", "dcpodp"},
		"ppc64":   {"arch_3_00", "ieee128", "vcrypto"},
		"ppc64le": {"arch_3_00", "ieee128", "vcrypto"},
		"s390x":   {"vxe", "vx"},
	} {
		t.Run(goarch, func(t *testing.T) {
			t.Parallel()
			list := instructionsOf(goarch)
			before := map[string]string{"amd64": "90 90", "386": "90 90", "arm64": "1f 20 03 d5", "ppc64": "60 00 00 00", "ppc64le": "00 00 00 60", "s390x": "07 07"}[goarch]
			for _, name := range features {
				text, ok := list[name]
				require.True(t, ok, name)
				e := openFor(t, goarch, "", before+" "+text+" "+traps[goarch], "-"+name)
				stop := e.Run(100)
				require.Equal(t, emu.StopIllegal, stop.Kind, "%s: %s", name, text)
				require.Equal(t, codeAddr+uint64(len(code(before))), stop.PC, name)
				require.Equal(t, stop.PC, e.Reg(e.Arch().PC), name)
				require.Equal(t, name, stop.Opcode.Feature, "%s: %s", name, text)
				if a := e.Arch(); a.CPUID == nil || goarch == "s390x" {
					continue // below: what is promised on x86
				}
				e = openFor(t, goarch, "", before+" "+text+" "+traps[goarch], "+"+name)
				want := emu.StopSyscall
				if f, _ := e.Arch().Feature(name); f.Misrun && name != "avx" && name != "avx2" { // those two rt0 carries out
					want = emu.StopIllegal
				}
				require.Equal(t, want, e.Run(100).Kind, "%s: %s", name, text)
			}
		})
	}
}

// TestXGETBV: it answers what the features have turned on, and does not exist without OSXSAVE.
func TestXGETBV(t *testing.T) {
	t.Parallel()
	for goarch, names := range map[string][3]string{"amd64": {"rax", "rcx", "rdx"}, "386": {"eax", "ecx", "edx"}} {
		reg := func(e *emu.Engine, n int) arch.Register {
			r, ok := e.Arch().Register(names[n])
			require.True(t, ok)
			return r
		}
		for _, tc := range []struct {
			model string
			add   []string
			want  uint64
		}{{"haswell", nil, 7}, {"skylake-server", nil, 0xe7}, {"", []string{"+avx"}, 7}, {"", []string{"+osxsave"}, 3}} {
			e := openFor(t, goarch, tc.model, "90 0f 01 d0 90 "+traps[goarch], tc.add...)
			e.SetReg(reg(e, 2), 99)
			require.Equal(t, emu.StopSyscall, e.Run(100).Kind)
			require.Equal(t, tc.want, e.Reg(reg(e, 0)))
			require.Zero(t, e.Reg(reg(e, 2)))
			e.SetReg(e.Arch().PC, codeAddr)
			e.SetReg(reg(e, 1), 7)
			require.Equal(t, emu.StopIllegal, e.Run(e.Instructions()+100).Kind, "there is no XCR7")
		}
		for _, model := range []string{"", "westmere"} {
			if model != "" || goarch != "" {
				e := openFor(t, goarch, model, "90 0f 01 d0 "+traps[goarch])
				require.Equal(t, emu.StopIllegal, e.Run(100).Kind)
			}
		}
	}
}

// TestRDRAND: random numbers are the guest's clock's, not the host's; a CPU without them has no such instruction.
func TestRDRAND(t *testing.T) {
	t.Parallel()
	run := func(goarch, text, reg string, changes ...string) (emu.Stop, uint64) {
		e := openFor(t, goarch, "", text+" "+traps[goarch], changes...)
		r, ok := e.Arch().Register(reg)
		require.True(t, ok)
		e.SetReg(r, 0x1111222233334444)
		e.SetCounter(1000)
		return e.Run(100), e.Reg(r)
	}
	const rdrand, rdseed = "+rdrand", "+rdseed"
	stop, first := run("amd64", "48 0f c7 f7 73 02", "rdi", rdrand) // rdrand %rdi; jae past the system call
	require.Equal(t, emu.StopSyscall, stop.Kind)
	_, again := run("amd64", "48 0f c7 f7 73 02", "rdi", rdrand)
	require.Equal(t, first, again)
	_, low := run("amd64", "66 0f c7 ff", "rdi", rdseed) // rdseed %di
	require.Equal(t, uint64(0x111122223333), low>>16)
	_, half := run("386", "0f c7 f7", "edi", rdrand)
	require.Equal(t, half, half&0xffffffff)
	require.NotEqual(t, uint64(0x33334444), half)
	_, upper := run("amd64", "49 0f c7 f0", "r8", rdrand)
	require.NotEqual(t, uint64(0x1111222233334444), upper)
	for _, goarch := range []string{"amd64", "386"} {
		stop, _ = run(goarch, "0f c7 f7", map[string]string{"amd64": "rdi", "386": "edi"}[goarch])
		require.Equal(t, emu.StopIllegal, stop.Kind)
	}
}

// TestMIDR: MIDR_EL1 is the named CPU's, by which Go's internal/cpu knows a Neoverse.
func TestMIDR(t *testing.T) {
	t.Parallel()
	for model, want := range map[string]uint64{"": 0xf0510, "neoverse-n1": 0x413fd0c1, "cortex-a72": 0x410fd083, "apple-m1": 0x611f0231} {
		e := openFor(t, "arm64", model, "00 00 38 d5 "+traps["arm64"]) // mrs x0, midr_el1
		require.Equal(t, emu.StopSyscall, e.Run(100).Kind)
		x0, _ := e.Arch().Register("x0")
		require.Equal(t, want, e.Reg(x0), model)
	}
}

// TestGuardCounts: guards change nothing of what is counted.
func TestGuardCounts(t *testing.T) {
	t.Parallel()
	// mov x3, #100; 1: sub x3, x3, #1; cbnz x3, 1b; svc
	const loop = "83 0c 80 d2 63 04 00 d1 e3 ff ff b5"
	e := openFor(t, "arm64", "", loop+" "+traps["arm64"])
	require.Equal(t, emu.StopSyscall, e.Run(1000).Kind)
	guarded := openFor(t, "arm64", "", loop+" "+traps["arm64"], "-atomics")
	require.Equal(t, emu.StopSyscall, guarded.Run(1000).Kind)
	require.Equal(t, e.Instructions(), guarded.Instructions())
}
