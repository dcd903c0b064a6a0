// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// testCPUs: each CPU says where its figures are from, has features that there are, and no line of /proc/cpuinfo that there is not.
func testCPUs(t *testing.T, a *Arch) {
	require.NotEmpty(t, a.CPUs)
	var names []string
	for _, c := range a.CPUs {
		names = append(names, c.Name)
		require.Equal(t, strings.ToLower(c.Name), c.Name)
		require.NotContains(t, []string{"auto", "default", ""}, c.Name)
		require.NotEmpty(t, c.Title, c.Name)
		require.NotEmpty(t, c.Source, c.Name)
		own := strings.Fields(c.Features)
		requireUnique(t, own)
		for _, name := range own {
			f, ok := a.Feature(name)
			require.True(t, ok, "%s has %s, which is no feature", c.Name, name)
			require.Equal(t, f.Name, name, c.Name)
			for needed := range strings.FieldsSeq(f.Needs) {
				require.Contains(t, own, needed, "%s of %s needs it", name, c.Name)
			}
		}
		p, err := a.Processor(strings.ToUpper(c.Name), nil)
		require.NoError(t, err)
		info := p.Info([]int{0, 1})
		for _, line := range c.Info {
			require.Contains(t, info, ": "+line.Value+"\n", "%s: %s", c.Name, line.Key)
		}
		require.NotEmpty(t, p.UTSName())
		if a.Platform != "" {
			require.NotEmpty(t, p.Platform())
		}
	}
	requireUnique(t, names)
	for _, name := range names {
		require.Contains(t, CPUNames(), name)
	}
}

// testOpcodes: the values fit the masks, the features exist, and none hides all of a later one, which then would never count.
func testOpcodes(t *testing.T, a *Arch) {
	for i, o := range a.Opcodes {
		require.Zero(t, o.Value&^o.Mask, "%+v", o)
		f, ok := a.Feature(o.Feature)
		require.True(t, ok, "%+v", o)
		require.Equal(t, f.Name, o.Feature)
		for _, earlier := range a.Opcodes[:i] {
			require.False(t, earlier.covers(o), "%+v hides %+v", earlier, o)
		}
	}
}

// The engine's own CPU needs no guards but on x86, where the engine takes AVX for SSE.
func TestDefaultGuards(t *testing.T) {
	t.Parallel()
	for _, a := range All() {
		p, err := a.Processor("", nil)
		require.NoError(t, err)
		require.Equal(t, a.CPUID, p.CPUID(), a.Name)
		require.Empty(t, p.Promised(), a.Name)
		require.Equal(t, a.Engine.Models[0], p.Model(), a.Name)
		for _, g := range p.Guards() {
			require.Contains(t, []string{"avx", "avx2", "fma", "f16c", "xsave", "vaes", "vpclmulqdq", "avx_vnni", "avx512f", "bmi1", "bmi2"}, g.Feature, a.Name)
			require.Equal(t, !strings.HasPrefix(g.Feature, "bmi"), g.Stop, g.Feature)
		}
	}
}

func TestProcessor(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		goarch, model, changes string
		has, lacks, promised   string
		engine                 string // the model
		xcr0                   uint64
	}{
		{"amd64", "", "", "sse4_2 bmi2", "avx xsave", "", "broadwell", 0},
		{"amd64", "", "+avx2", "avx2 avx osxsave xsave", "fma", "xsave avx avx2", "broadwell", 7},
		{"amd64", "", "+avx2,-xsave", "avx2", "xsave", "avx avx2", "broadwell", 0},
		{"amd64", "", "+avx512f", "avx512f fma f16c avx2", "", "fma xsave avx f16c avx2 avx512f", "broadwell", 0xe7},
		{"amd64", "core2-duo", "", "ssse3 cx16", "sse4_1 popcnt", "", "sandybridge", 0},
		{"amd64", "core2-duo", "+sse4_1,-ssse3", "sse4_1", "ssse3", "", "sandybridge", 0},
		{"amd64", "zen2", "-clwb,-rdpid", "avx2 rdrand", "clwb", "fma xsave avx f16c avx2 clflushopt sha_ni", "broadwell", 7},
		{"386", "pentium-mmx", "", "mmx cx8", "cmov sse", "", "sandybridge", 0},
		{"arm64", "cortex-a72", "", "aes crc32", "atomics", "", "cortex-a72", 0},
		{"arm64", "neoverse-n1", "", "atomics", "jscvt sve", "ssbs", "max", 0},
		{"arm64", "", "-atomics", "aes", "atomics", "", "max", 0},
		{"arm", "arm1176jzf-s", "", "vfp", "neon vfpv3", "", "arm1176", 0},
		{"arm", "arm926ej-s", "", "half", "vfp", "", "arm926", 0},
		{"arm", "cortex-a9", "", "neon vfpv3", "vfpv4", "", "cortex-a9", 0},
		{"riscv64", "sifive-u74", "", "zba", "zbs v", "", "any", 0},
		{"ppc64le", "power8", "", "arch_2_07", "arch_3_00", "dscr", "power10", 0},
		{"ppc64", "power10", "", "arch_3_1", "htm", "mma arch_3_1 scv darn dscr", "power10", 0},
		{"s390x", "z13", "", "vx", "vxe", "dfp", "max", 0},
		{"mips", "24kc", "", "mips16", "fpu", "", "24kf-nofpu", 0},
		{"mips64le", "octeon", "+fpu", "fpu", "mips3d", "", "mips64r2-generic", 0},
		{"mips64", "", "-fpu", "", "fpu", "", "mips64r2-nofpu", 0},
	} {
		a, ok := Find(tc.goarch)
		require.True(t, ok)
		var changes []string
		if tc.changes != "" {
			changes = strings.Split(tc.changes, ",")
		}
		p, err := a.Processor(tc.model, changes)
		require.NoError(t, err)
		for name := range strings.FieldsSeq(tc.has) {
			require.True(t, p.Has(name), "%s of %+v", name, tc)
			require.Contains(t, p.Features(), name)
		}
		for name := range strings.FieldsSeq(tc.lacks) {
			require.False(t, p.Has(name), "%s of %+v", name, tc)
		}
		require.Equal(t, tc.promised, strings.Join(p.Promised(), " "), "%+v", tc)
		require.Equal(t, tc.engine, p.Model().Name, "%+v", tc)
		require.Equal(t, tc.xcr0, p.XCR0(), "%+v", tc)
	}
}

func TestCPUError(t *testing.T) {
	t.Parallel()
	var refused *CPUError
	_, err := arm64.Processor("haswell", nil)
	require.ErrorAs(t, err, &refused)
	require.Equal(t, []string{"amd64", "386"}, refused.Of)
	require.ErrorContains(t, err, "no arm64 binary runs on cpu.model haswell: it is a CPU of amd64 and 386; those for arm64 are auto, cortex-a35, ")
	_, err = amd64.Processor("pentium-mmx", nil)
	require.ErrorContains(t, err, "it is a CPU of 386")
	_, err = amd64.Processor("z80", nil)
	require.ErrorContains(t, err, "none has")
}

// The leaves of a real CPU, against what it answers.
func TestCPUIDOfModels(t *testing.T) {
	t.Parallel()
	leaf := func(model string, leaf, subleaf uint32, changes ...string) [4]uint32 {
		p, err := i386.Processor(model, changes)
		require.NoError(t, err)
		leaves := p.CPUID()
		i := slices.IndexFunc(leaves, func(c CPUID) bool { return c.Leaf == leaf && c.Subleaf == subleaf })
		require.GreaterOrEqual(t, i, 0, "%s: leaf %#x", model, leaf)
		return leaves[i].Regs
	}
	require.Equal(t, [4]uint32{13, 0x68747541, 0x444d4163, 0x69746e65}, leaf("zen1", 0, 0))
	require.Equal(t, uint32(0x00800f12), leaf("zen1", 1, 0)[0])
	require.Equal(t, uint32(0x000306f2), leaf("haswell", 1, 0)[0])
	require.Equal(t, uint32(0x00000543), leaf("pentium-mmx", 1, 0)[0])
	require.Equal(t, uint32(0x008001bf), leaf("pentium-mmx", 1, 0)[3])
	require.Zero(t, leaf("pentium-mmx", 0x80000000, 0)[0])
	require.Equal(t, uint32(0x0040e3bd), leaf("atom-n270", 1, 0)[2]|0x0040e3bd, "no bit that an N270 has not")
	require.Equal(t, [4]uint32{7, 832, 832, 0}, leaf("haswell", 0xd, 0))
	require.Equal(t, [4]uint32{0xe7, 2688, 2688, 0}, leaf("skylake-server", 0xd, 0))
	require.Equal(t, [4]uint32{256, 576, 0, 0}, leaf("", 0xd, 2, "+avx"))

	p, err := i386.Processor("haswell", nil)
	require.NoError(t, err)
	p.Leaves, p.States = []CPUID{{Leaf: 1, Regs: [4]uint32{1, 2, 3, 4}}, {Leaf: 0x40000000, Regs: [4]uint32{5, 6, 7, 8}}}, 3
	require.Contains(t, p.CPUID(), CPUID{1, 0, [4]uint32{1, 2, 3, 4}})
	require.Contains(t, p.CPUID(), CPUID{0x40000000, 0, [4]uint32{5, 6, 7, 8}})
	require.Contains(t, p.CPUID(), CPUID{0xd, 0, [4]uint32{3, 576, 576, 0}})
}

// Which instructions a CPU stops at, by the opcodes that its guards have.
func TestGuards(t *testing.T) {
	t.Parallel()
	stops := func(a *Arch, model string, changes ...string) []string {
		p, err := a.Processor(model, changes)
		require.NoError(t, err)
		var features []string
		for _, g := range p.Guards() {
			if g.Stop && !slices.Contains(features, g.Feature) {
				features = append(features, g.Feature)
			}
		}
		return features
	}
	require.Equal(t, []string{"xsave", "avx", "avx512f"}, stops(amd64, ""))
	require.Equal(t, []string{"xsave", "avx", "avx512f"}, stops(amd64, "westmere", "+movbe"), "the engine's Ivy Bridge lacks BMI and ADX itself")
	require.Subset(t, stops(amd64, "nehalem"), []string{"aes", "pclmulqdq"})
	require.Subset(t, stops(i386, "pentium"), []string{"mmx", "sse", "sse2", "cmov"})
	require.Equal(t, []string{"atomics"}, stops(arm64, "", "-atomics"))
	require.Empty(t, stops(arm64, "cortex-a53"))
	require.Subset(t, stops(arm64, "neoverse-n1"), []string{"jscvt", "sha3", "flagm"})
	require.Subset(t, stops(ppc64le, "power8"), []string{"arch_3_00", "ieee128"})
	require.Subset(t, stops(s390x, "z13"), []string{"vxe"})
	require.Empty(t, stops(s390x, ""))
	require.Empty(t, stops(mips, "24kc"))
}
