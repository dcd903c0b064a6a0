// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"math/bits"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func testFeatures(t *testing.T, a *Arch) {
	require.NotEmpty(t, a.Features)
	var names []string
	var places [][2]uint
	for _, f := range a.Features {
		names = append(names, f.Name)
		if f.Alias != "" {
			names = append(names, f.Alias)
		}
		require.Contains(t, []int{0, 1, 2}, f.HWCap, f.Name)
		if f.HWCap != 0 {
			require.Less(t, f.Bit, uint(8*a.PtrSize), f.Name)
			places = append(places, [2]uint{uint(f.HWCap), f.Bit})
		}
		if f.CPUID == nil && f.HWProbe == 0 && f.Name != "fpu" { // MIPS has it or not: nothing tells
			require.NotZero(t, f.HWCap, "nothing tells of %s", f.Name)
		}
		found, ok := a.Feature(strings.ToUpper(f.Name))
		require.True(t, ok)
		require.Equal(t, f, found)
	}
	requireUnique(t, names)
	requireUnique(t, places)
	_, ok := a.Feature("")
	require.False(t, ok)
}

// testCPUID: CPUID promises a feature exactly when the engine runs it, and promises nothing that is not a feature with a name.
func testCPUID(t *testing.T, a *Arch) {
	if a.CPUID == nil {
		for _, f := range a.Features {
			require.Nil(t, f.CPUID, f.Name)
		}
		return
	}
	type position struct{ leaf, subleaf uint32 }
	leaves := map[position][4]uint32{}
	for _, l := range a.CPUID {
		require.NotContains(t, leaves, position{l.Leaf, l.Subleaf})
		leaves[position{l.Leaf, l.Subleaf}] = l.Regs
		highest := leaves[position{l.Leaf & 0x80000000, 0}][0]
		require.LessOrEqual(t, l.Leaf, highest, "leaf %#x is above the highest", l.Leaf)
	}
	for _, f := range a.Features {
		if f.CPUID == nil {
			continue
		}
		at := position{f.CPUID.Leaf, f.CPUID.Subleaf}
		require.Contains(t, leaves, at, "%s: a machine could not turn it on", f.Name)
		answer := leaves[at]
		set := 0
		for r, mask := range f.CPUID.Regs {
			set += bits.OnesCount32(mask)
			if mask != 0 {
				require.Equal(t, f.Engine, answer[r]&mask != 0, "%s", f.Name)
			}
			answer[r] &^= mask
		}
		require.Equal(t, 1, set, f.Name)
		leaves[at] = answer
	}
	// What is left of the words that hold nothing but features.
	for _, word := range []struct {
		at       position
		register int
	}{
		{position{1, 0}, ecx}, {position{1, 0}, edx}, {position{7, 0}, ebx}, {position{7, 0}, ecx}, {position{7, 0}, edx},
		{position{0x80000001, 0}, ecx}, {position{0x80000001, 0}, edx}, {position{0x80000007, 0}, edx},
	} {
		require.Zero(t, leaves[word.at][word.register], "leaf %#x, register %d: bits without a name", word.at.leaf, word.register)
	}
}

// What decides Go's start: internal/cpu on x86, and the check of GOAMD64 in runtime/asm_amd64.s.
func TestStartupFeatures(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		goarch, has, lacks string
	}{
		{"amd64", "pni ssse3 sse4_1 sse4_2 popcnt cx16 lahf_lm aes pclmulqdq bmi1 bmi2 abm movbe adx erms rdtscp", "osxsave avx avx2 fma f16c avx512f sha_ni rdrand hypervisor"},
		{"386", "mmx sse2 cx8 cmov pni aes", "osxsave avx hypervisor"},
		{"riscv64", "i m a f d c", "v zba zbb zbs"},
		{"arm", "half thumb vfp neon vfpv3 vfpv4 tls idiva lpae aes crc32", "swp fpa java iwmmxt fphp i8mm"},
		{"s390x", "esan3 zarch stfle msa ldisp eimm etf3eh highgprs vx", "dfp te vxd vxe gs vxe2 sort dflt nnpa"},
		{"arm64", "fp asimd aes pmull sha1 sha2 crc32 atomics sha3 sha512 cpuid", "sve dit paca"},
		{"ppc64le", "arch_2_07 arch_3_00 vsx vcrypto", "arch_3_1 darn scv htm"},
		{"ppc64", "arch_2_07 arch_3_00 vsx vcrypto", "arch_3_1 darn scv htm"},
	} {
		a, ok := Find(tc.goarch)
		require.True(t, ok)
		for _, list := range []struct {
			names string
			want  bool
		}{{tc.has, true}, {tc.lacks, false}} {
			for _, name := range strings.Fields(list.names) {
				f, ok := a.Feature(name)
				require.True(t, ok, name)
				require.Equal(t, list.want, f.Engine, "%s on %s", name, tc.goarch)
			}
		}
	}
}

func TestFeatureAlias(t *testing.T) {
	t.Parallel()
	byAlias, ok := amd64.Feature("SSE3")
	require.True(t, ok)
	require.Equal(t, "pni", byAlias.Name)
}
