// SPDX-License-Identifier: GPL-2.0-or-later

package arch

// Variant is a value of the environment variable by which go build chooses the instructions of an architecture (`go help environment`).
// Binaries since Go 1.18 say in their build settings which one they were built for.
type Variant struct {
	Setting string // "GOAMD64"; one and the same for all variants of an architecture
	Value   string // "v3"; one that begins with a comma is an option that may follow any other: ",lse"
	Default bool   // what go build takes when nothing is said
	Since   int    // the minor release of Go 1 that brought it; 0: it is older than all that rt0 boots
	// Needs is what a program of this variant executes and the engine lacks ("AVX2"); "" when the engine runs it.
	Needs string
	// Checked says that such a program looks for what it needs before anything else, and says so and exits when the CPU does not have it.
	Checked bool
	// As is an earlier value for which the compiler makes the same code; for an option, what it makes when the option follows the default.
	As string
}

// The values are those of internal/buildcfg; what a value changes is found by its name in cmd/compile and in the assembly of the standard
// library. Each list is in the order of what is asked of the CPU.
var (
	// The levels of the x86-64 psABI. runtime·rt0_go looks for them: NEED_FEATURES_CX of asm_amd64.s.
	amd64Variants = []Variant{
		{Setting: "GOAMD64", Value: "v1", Default: true, Since: 18},
		{Setting: "GOAMD64", Value: "v2", Since: 18, Checked: true},
		{Setting: "GOAMD64", Value: "v3", Since: 18, Checked: true, Needs: "AVX2"},
		{Setting: "GOAMD64", Value: "v4", Since: 18, Checked: true, Needs: "AVX512F"},
	}
	// 387, which ended with Go 1.15, is left out: those releases do not say what they built.
	i386Variants = []Variant{
		{Setting: "GO386", Value: "sse2", Default: true},
		{Setting: "GO386", Value: "softfloat", Since: 16},
	}
	// The compiler looks at LSE alone, which Armv8.1 and all that followed have (Goarm64Features); nothing looks at crypto, as the assembly of
	// crypto asks the CPU. runtime·rt0_go looks for LSE, but not before runtime.check has used it: a CPU without it raises SIGILL.
	arm64Variants = []Variant{
		{Setting: "GOARM64", Value: "v8.0", Default: true, Since: 23},
		{Setting: "GOARM64", Value: ",lse", Since: 23},
		{Setting: "GOARM64", Value: ",crypto", Since: 23},
		{Setting: "GOARM64", Value: "v8.1", Since: 23},
		{Setting: "GOARM64", Value: "v8.2", Since: 23, As: "v8.1"},
		{Setting: "GOARM64", Value: "v8.3", Since: 23, As: "v8.1"},
		{Setting: "GOARM64", Value: "v8.4", Since: 23, As: "v8.1"},
		{Setting: "GOARM64", Value: "v8.5", Since: 23, As: "v8.1"},
		{Setting: "GOARM64", Value: "v8.6", Since: 23, As: "v8.1"},
		{Setting: "GOARM64", Value: "v8.7", Since: 23, As: "v8.1"},
		{Setting: "GOARM64", Value: "v8.8", Since: 23, As: "v8.1"},
		{Setting: "GOARM64", Value: "v8.9", Since: 23, As: "v8.1"},
		{Setting: "GOARM64", Value: "v9.0", Since: 23, As: "v8.1"},
		{Setting: "GOARM64", Value: "v9.1", Since: 23, As: "v8.1"},
		{Setting: "GOARM64", Value: "v9.2", Since: 23, As: "v8.1"},
		{Setting: "GOARM64", Value: "v9.3", Since: 23, As: "v8.1"},
		{Setting: "GOARM64", Value: "v9.4", Since: 23, As: "v8.1"},
		{Setting: "GOARM64", Value: "v9.5", Since: 23, As: "v8.1"},
	}
	// 5 means softfloat unless hardfloat is said, 6 and 7 the other way round. runtime.checkgoarm looks for VFP and VFPv3.
	armVariants = []Variant{
		{Setting: "GOARM", Value: "5", Checked: true},
		{Setting: "GOARM", Value: "6", Checked: true},
		{Setting: "GOARM", Value: "7", Default: true, Checked: true},
		{Setting: "GOARM", Value: ",hardfloat", Since: 22, As: "7"},
		{Setting: "GOARM", Value: ",softfloat", Since: 22},
	}
	mipsVariants = []Variant{
		{Setting: "GOMIPS", Value: "hardfloat", Default: true},
		{Setting: "GOMIPS", Value: "softfloat"},
	}
	mips64Variants = []Variant{
		{Setting: "GOMIPS64", Value: "hardfloat", Default: true},
		{Setting: "GOMIPS64", Value: "softfloat"},
	}
	// Nothing looks at start what the CPU is.
	ppc64Variants = []Variant{
		{Setting: "GOPPC64", Value: "power8", Default: true},
		{Setting: "GOPPC64", Value: "power9"},
		{Setting: "GOPPC64", Value: "power10", Since: 20, Needs: "the prefixed instructions of Power ISA 3.1"},
	}
	// Nothing looks at start what the CPU is.
	riscv64Variants = []Variant{
		{Setting: "GORISCV64", Value: "rva20u64", Default: true, Since: 23},
		{Setting: "GORISCV64", Value: "rva22u64", Since: 23, Needs: "Zba, Zbb and Zbs"},
		{Setting: "GORISCV64", Value: "rva23u64", Since: 25, Needs: "Zba, Zbb, Zbs and V"},
	}
)
