// SPDX-License-Identifier: GPL-2.0-or-later

package emu_test

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/stretchr/testify/require"
)

// An instruction of each feature that a program can see, in hexadecimal. Memory operands are at RSI or X1, which point to zeroes.
// 386 runs amd64's, but for those that exist in 64-bit mode only; ppc64le runs those of ppc64.
var instructions = map[string]map[string]string{
	"amd64": {
		"3dnowprefetch": "0f 0d 0e",          // prefetchw (%rsi)
		"abm":           "f3 0f bd c1",       // lzcnt %ecx,%eax
		"adx":           "66 0f 38 f6 c1",    // adcx %ecx,%eax
		"aes":           "66 0f 38 dc c1",    // aesenc %xmm1,%xmm0
		"avx":           "c5 fc 57 c0",       // vxorps %ymm0,%ymm0,%ymm0
		"avx2":          "c5 fd ef c0",       // vpxor %ymm0,%ymm0,%ymm0
		"avx512f":       "62 f1 7c 48 57 c0", // vxorps %zmm0,%zmm0,%zmm0
		"bmi1":          "c4 e2 70 f2 c2",    // andn %edx,%ecx,%eax
		"bmi2":          "c4 e2 7b f6 c1",    // mulx %ecx,%eax,%eax
		"clflush":       "0f ae 3e",          // clflush (%rsi)
		"clflushopt":    "66 0f ae 3e",       // clflushopt (%rsi)
		"clwb":          "66 0f ae 36",       // clwb (%rsi)
		"cmov":          "0f 44 c1",          // cmove %ecx,%eax
		"cx16":          "f0 48 0f c7 0e",    // lock cmpxchg16b (%rsi)
		"cx8":           "f0 0f c7 0e",       // lock cmpxchg8b (%rsi)
		"erms":          "31 c9 f3 a4",       // xor %ecx,%ecx; rep movsb
		"f16c":          "c4 e2 79 13 c1",    // vcvtph2ps %xmm1,%xmm0
		"fma":           "c4 e2 f1 98 c2",    // vfmadd132pd %xmm2,%xmm1,%xmm0
		"fpu":           "d9 e8",             // fld1
		"fsgsbase":      "f3 48 0f ae c0",    // rdfsbase %rax
		"fxsr":          "0f ae 06",          // fxsave (%rsi)
		"gfni":          "66 0f 38 cf c1",    // gf2p8mulb %xmm1,%xmm0
		"lahf_lm":       "9f",                // lahf
		"mmx":           "0f ef c0",          // pxor %mm0,%mm0
		"movbe":         "0f 38 f0 06",       // movbe (%rsi),%eax
		"pclmulqdq":     "66 0f 3a 44 c1 00", // pclmulqdq $0,%xmm1,%xmm0
		"pni":           "f2 0f 12 c1",       // movddup %xmm1,%xmm0
		"popcnt":        "f3 0f b8 c1",       // popcnt %ecx,%eax
		"rdpid":         "f3 0f c7 f8",       // rdpid %rax
		"rdtscp":        "0f 01 f9",          // rdtscp
		"sha_ni":        "0f 38 c9 c1",       // sha1msg1 %xmm1,%xmm0
		"sse":           "0f 57 c0",          // xorps %xmm0,%xmm0
		"sse2":          "66 0f ef c0",       // pxor %xmm0,%xmm0
		"sse4_1":        "66 0f 3a 0b c1 01", // roundsd $1,%xmm1,%xmm0
		"sse4_2":        "f2 0f 38 f1 c1",    // crc32l %ecx,%eax
		"ssse3":         "66 0f 38 00 c1",    // pshufb %xmm1,%xmm0
		"tsc":           "0f 31",             // rdtsc
		"vaes":          "c4 e2 7d dc c1",    // vaesenc %ymm1,%ymm0,%ymm0
	},
	"arm": {
		"aes":       "02 03 b0 f3", // aese.8 q0, q1
		"asimdbf16": "44 0d 02 fc", // vdot.bf16 q0, q1, q2
		"asimddp":   "54 0d 22 fc", // vudot.u8 q0, q1, q2
		"asimdfhm":  "52 08 21 fc", // vfmal.f16 q0, d1, d2
		"asimdhp":   "44 0d 12 f2", // vadd.f16 q0, q1, q2
		"crc32":     "42 00 41 e1", // crc32w r0, r1, r2
		"edsp":      "81 02 60 e1", // smulbb r0, r1, r2
		"fastmult":  "92 03 81 e0", // umull r0, r1, r2, r3
		"fphp":      "81 09 30 ee", // vadd.f16 s0, s1, s2
		"half":      "b0 00 d1 e1", // ldrh r0, [r1]
		"i8mm":      "44 0c 22 fc", // vsmmla.s8 q0, q1, q2
		"idiva":     "11 f2 10 e7", // sdiv r0, r1, r2
		"neon":      "44 08 22 f2", // vadd.i32 q0, q1, q2
		"pmull":     "02 0e a1 f2", // vmull.p64 q0, d1, d2
		"sb":        "70 f0 7f f5", // sb
		"sha1":      "c2 02 b9 f3", // sha1h.32 q0, q1
		"sha2":      "44 0c 02 f3", // sha256h.32 q0, q1, q2
		"tls":       "70 0f 1d ee", // mrc p15, 0, r0, c13, c0, 3
		"vfp":       "02 0b 31 ee", // vadd.f64 d0, d1, d2
		"vfpd32":    "a2 0b 71 ee", // vadd.f64 d16, d17, d18
		"vfpv3":     "00 0b b7 ee", // vmov.f64 d0, #1
		"vfpv4":     "02 0b a1 ee", // vfma.f64 d0, d1, d2
	},
	"mips": {
		"mips3d": "46 c2 20 18", // addr.ps $f0, $f4, $f2
		"fpu":    "46 24 10 00", // add.d $f0, $f2, $f4
		"msa":    "78 00 00 0e", // addv.b $w0, $w0, $w0
		"dsp":    "7d 2a 40 10", // addu.qb $8, $9, $10
	},
	"mipsle": {
		"mips3d": "18 20 c2 46",
		"fpu":    "00 10 24 46",
		"msa":    "0e 00 00 78",
		"dsp":    "10 40 2a 7d",
	},
	"mips64": {
		"mips3d": "46 c2 20 18", // addr.ps $f0, $f4, $f2
		"fpu":    "46 24 10 00", // add.d $f0, $f2, $f4
		"msa":    "78 00 00 0e", // addv.b $w0, $w0, $w0
		"dsp":    "7d 2a 40 10", // addu.qb $8, $9, $10
	},
	"mips64le": {
		"mips3d": "18 20 c2 46",
		"fpu":    "00 10 24 46",
		"msa":    "0e 00 00 78",
		"dsp":    "10 40 2a 7d",
	},
	"arm64": {
		"aes":      "20 48 28 4e", // aese v0.16b, v1.16b
		"asimd":    "20 84 a2 4e", // add v0.4s, v1.4s, v2.4s
		"asimddp":  "20 94 82 6e", // udot v0.4s, v1.16b, v2.16b
		"asimdfhm": "20 ec 22 4e", // fmlal v0.4s, v1.4h, v2.4h
		"asimdhp":  "20 14 42 4e", // fadd v0.8h, v1.8h, v2.8h
		"asimdrdm": "20 84 82 6e", // sqrdmlah v0.4s, v1.4s, v2.4s
		"atomics":  "22 00 e0 f8", // ldaddal x0, x2, [x1]
		"bf16":     "20 fc 42 6e", // bfdot v0.4s, v1.8h, v2.8h
		"cpuid":    "00 00 38 d5", // mrs x0, midr_el1
		"crc32":    "20 4c c2 9a", // crc32x w0, w1, x2
		"dcpodp":   "21 7d 0b d5", // dc cvadp, x1
		"dcpop":    "21 7c 0b d5", // dc cvap, x1
		"dit":      "5f 41 03 d5", // msr dit, #1
		"fcma":     "20 e4 82 6e", // fcadd v0.4s, v1.4s, v2.4s, #90
		"flagm":    "1f 40 00 d5", // cfinv
		"flagm2":   "5f 40 00 d5", // axflag
		"fp":       "20 28 62 1e", // fadd d0, d1, d2
		"fphp":     "20 28 e2 1e", // fadd h0, h1, h2
		"frint":    "20 40 68 1e", // frint32z d0, d1
		"i8mm":     "20 a4 82 4e", // smmla v0.4s, v1.16b, v2.16b
		"ilrcpc":   "20 80 40 d9", // ldapur x0, [x1, #8]
		"jscvt":    "20 00 7e 1e", // fjcvtzs w0, d1
		"lrcpc":    "20 c0 bf f8", // ldapr x0, [x1]
		"mte":      "20 10 df 9a", // irg x0, x1
		"pacg":     "40 30 c3 9a", // pacga x0, x2, x3
		"pmull":    "20 e0 e2 0e", // pmull v0.1q, v1.1d, v2.1d
		"sb":       "ff 30 03 d5", // sb
		"sha1":     "20 08 28 5e", // sha1h s0, s1
		"sha2":     "20 40 02 5e", // sha256h q0, q1, v2.4s
		"sha3":     "20 0c 02 ce", // eor3 v0.16b, v1.16b, v2.16b, v3.16b
		"sha512":   "20 80 62 ce", // sha512h q0, q1, v2.2d
		"sm3":      "20 c0 62 ce", // sm3partw1 v0.4s, v1.4s, v2.4s
		"sm4":      "20 84 c0 ce", // sm4e v0.4s, v1.4s
		"ssbs":     "3f 41 03 d5", // msr ssbs, #1
		"sve":      "e0 e3 18 25", // ptrue p0.b
		"sve2":     "20 a0 08 44", // sqabs z0.b, p0/m, z1.b
		"svei8mm":  "20 98 02 45", // smmla z0.s, z1.b, z2.b
		"wfxt":     "00 10 03 d5", // wfet x0
	},
	"riscv64": {
		"i":      "13 05 15 00", // addi a0, a0, 1
		"m":      "33 05 a5 02", // mul a0, a0, a0
		"a":      "2f b5 05 10", // lr.d a0, (a1)
		"f":      "53 75 b5 00", // fadd.s fa0, fa0, fa1
		"d":      "53 75 b5 02", // fadd.d fa0, fa0, fa1
		"c":      "05 05",       // c.addi a0, 1
		"v":      "57 70 05 00", // vsetvli zero, a0, e8
		"zba":    "33 25 a5 20", // sh1add a0, a0, a0
		"zbb":    "33 75 a5 40", // andn a0, a0, a0
		"zbs":    "33 15 a5 28", // bset a0, a0, a0
		"zicboz": "0f a0 45 00", // cbo.zero (a1)
		"zbc":    "33 15 a5 0a", // clmul a0, a0, a0
		"zbkb":   "33 45 a5 08", // pack a0, a0, a0
		"zbkc":   "33 15 a5 0a", // clmul a0, a0, a0
		"zbkx":   "33 45 a5 28", // xperm8 a0, a0, a0
		"zknd":   "33 05 a5 3a", // aes64ds a0, a0, a0
		"zkne":   "33 05 a5 32", // aes64es a0, a0, a0
		"zknh":   "13 15 05 10", // sha256sum0 a0, a0
		"zvbb":   "57 70 05 00", // vsetvli zero, a0, e8: there is no V
		"zfh":    "53 75 b5 04", // fadd.h fa0, fa0, fa1
		"zfa":    "53 05 18 f2", // fli.d fa0, 1
		"zacas":  "2f b5 a5 28", // amocas.d a0, a0, (a1)
		"zicond": "33 55 a5 0e", // czero.eqz a0, a0, a0
	},
	"s390x": {
		"dflt":   "b9 39 40 26",       // dfltcc %r2,%r6,%r4
		"dfp":    "b3 d2 20 01",       // adtr %f0,%f1,%f2
		"eimm":   "c0 21 00 00 00 01", // lgfi %r2,1
		"etf3eh": "b9 b0 00 24",       // cu14 %r2,%r4
		"gs":     "e3 20 10 00 00 4c", // lgg %r2,0(%r1)
		"ldisp":  "e3 20 10 00 00 04", // lg %r2,0(%r1)
		"msa":    "b9 2e 00 24",       // km %r2,%r4
		"nnpa":   "b9 3b 00 00",       // nnpa
		"sort":   "b9 38 00 24",       // sortl %r2,%r4
		"stfle":  "b2 b0 10 00",       // stfle 0(%r1)
		"te":     "e5 60 00 00 00 00", // tbegin 0,0
		"vx":     "e7 00 00 00 00 44", // vgbm %v0,0
		"vxd":    "e6 01 20 00 00 71", // vap %v0,%v1,%v2,0,0
		"vxe":    "e7 01 20 00 00 85", // vbperm %v0,%v1,%v2
		"vxe2":   "e6 00 10 00 30 06", // vlbrg %v0,0(%r1)
		"vxp":    "e6 01 20 00 20 74", // vschsp %v0,%v1,%v2,0
		"zarch":  "b9 04 00 23",       // lgr %r2,%r3
	},
	"ppc64": { // big-endian; ppc64le runs the same, byte by byte the other way round
		"altivec":   "10 01 10 80",             // vadduwm v0, v1, v2
		"arch_2_06": "7c 83 03 f4",             // popcntd r3, r4
		"arch_2_07": "7c 03 01 66",             // mtvsrd vs0, r3
		"arch_3_00": "10 64 29 b3",             // maddld r3, r4, r5, r6
		"arch_3_1":  "06 00 00 00 38 60 00 01", // paddi r3, 0, 1
		"darn":      "7c 61 05 e6",             // darn r3, 1
		"dfp":       "ec 01 10 04",             // dadd f0, f1, f2
		"dscr":      "7c 63 02 a6",             // mfspr r3, 3
		"fpu":       "fc 01 10 2a",             // fadd f0, f1, f2
		"ieee128":   "fc 01 10 08",             // xsaddqp v0, v1, v2
		"isel":      "7c 64 28 9e",             // isel r3, r4, r5, 2
		"mma":       "7c 03 01 62",             // xxsetaccz a0
		"scv":       "44 00 00 01",             // scv 0
		"vcrypto":   "10 01 15 08",             // vcipher v0, v1, v2
		"vsx":       "f0 01 14 d0",             // xxlxor vs0, vs1, vs2
	},
}

// only64 are the features of amd64 whose instruction is another one in 32-bit mode.
var only64 = []string{"cx16", "fsgsbase"}

// pointers are the registers that memory operands use, and traps the system call that ends a try.
var pointers, traps = map[string]string{"amd64": "rsi", "arm64": "x1", "386": "esi", "s390x": "r1", "riscv64": "a1", "arm": "r1", "mips": "r9", "mipsle": "r9", "mips64": "r9", "mips64le": "r9",
	"ppc64le": "r4", "ppc64": "r4"},
	map[string]string{"amd64": "0f 05", "arm64": "01 00 00 d4", "386": "cd 80", "s390x": "0a 00", "riscv64": "73 00 00 00", "arm": "00 00 00 ef",
		"mips": "00 00 00 0c", "mipsle": "0c 00 00 00", "mips64": "00 00 00 0c", "mips64le": "0c 00 00 00", "ppc64le": "02 00 00 44", "ppc64": "44 00 00 02"}

// others run the instructions of another architecture, each changed; "" leaves one out.
var others = map[string]struct {
	of     string
	change func(feature, code string) string
}{
	"386": {"amd64", func(feature, code string) string {
		if slices.Contains(only64, feature) {
			return ""
		}
		return code
	}},
	"ppc64le": {"ppc64", func(_, code string) string { return swapped(code) }},
}

func instructionsOf(goarch string) map[string]string {
	other, ok := others[goarch]
	if !ok {
		return instructions[goarch]
	}
	list := map[string]string{}
	for feature, code := range instructions[other.of] {
		if code = other.change(feature, code); code != "" {
			list[feature] = code
		}
	}
	return list
}

// swapped is the code of big-endian words, or of little-endian ones, for the other byte order.
func swapped(code string) string {
	b := strings.Fields(code)
	for i := 0; i+4 <= len(b); i += 4 {
		slices.Reverse(b[i : i+4])
	}
	return strings.Join(b, " ")
}

// Features and Models say what the engine does: each model runs an instruction of a feature, or traps on it, as they say.
func TestFeaturesRun(t *testing.T) {
	t.Parallel()
	for _, a := range arch.All() {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			list := instructionsOf(a.Name)
			require.NotEmpty(t, list, "give the architecture its instructions")
			for name, text := range list {
				f, ok := a.Feature(name)
				require.True(t, ok, name)
				for _, m := range a.Engine.Models {
					want := emu.StopSyscall
					if !f.Engine || slices.Contains(m.Lacks, f.Name) {
						want = emu.StopIllegal
					}
					got := try(t, a, m, text)
					if got == emu.StopInterrupt && m.Reset != nil { // a unit that is turned off has an exception of its own
						got = emu.StopIllegal
					}
					require.Equal(t, want, got, "%s on %s", name, m.Name)
				}
			}
		})
	}
}

// try runs an instruction and a system call, and returns what stopped it.
func try(t *testing.T, a *arch.Arch, m arch.Model, text string) emu.StopKind {
	t.Helper()
	code, err := hex.DecodeString(strings.ReplaceAll(text+traps[a.Name], " ", ""))
	require.NoError(t, err)
	e, err := emu.New(emu.Config{Arch: a, Model: m, Memory: 1 << 20})
	require.NoError(t, err)
	defer e.Close()
	const at, data = 0x10000, 0x20000
	require.NoError(t, e.Mem().MapBytes(at, emu.PageSize, emu.Read|emu.Exec, 0, code))
	require.NoError(t, e.Mem().Map(data, emu.PageSize, emu.Read|emu.Write, 0))
	pointer, ok := a.Register(pointers[a.Name])
	require.True(t, ok)
	e.SetReg(pointer, data)
	e.SetReg(a.SP, data+emu.PageSize/2)
	e.SetReg(a.PC, at)
	return e.Run(100).Kind
}
