// SPDX-License-Identifier: GPL-2.0-or-later

package conformance

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// eachVariant runs f for each variant that compiles to code of its own and is not what the rest of the table is built for. value is a
// whole one: an option follows the default.
func eachVariant(t *testing.T, f func(t *testing.T, a *arch.Arch, v arch.Variant, value string)) {
	if testing.Short() {
		t.Skip("-short: the standard library is compiled anew for each variant")
	}
	each(t, func(t *testing.T, a *arch.Arch) {
		release, normal := minor(t, program(t, fixtures.Hello, a)), ""
		for _, v := range a.Variants {
			if v.Default {
				normal = v.Value
			}
		}
		for _, v := range a.Variants {
			if v.Default || v.As != "" || release < v.Since {
				continue
			}
			value := v.Value
			if strings.HasPrefix(value, ",") {
				value = normal + value
			}
			t.Run(v.Setting+"="+value, func(t *testing.T) { f(t, a, v, value) })
		}
	})
}

// TestVariants: what the compiler makes for another CPU prints the same.
func TestVariants(t *testing.T) {
	eachVariant(t, func(t *testing.T, a *arch.Arch, v arch.Variant, value string) {
		if v.Needs != "" {
			return // TestRefused has it
		}
		bin := program(t, fixtures.Conformance, a, fixtures.Env(v.Setting+"="+value))
		for _, c := range Cases {
			if c.Variants && minor(t, bin) >= c.Since {
				t.Run(c.Name, func(t *testing.T) { boot(t, bin, c, machine.New()) })
			}
		}
	})
}

// TestRefused: what the engine cannot run is refused with a sentence, and the report says what was refused. Where the program itself finds
// out, on a machine that is said to lack the feature, it does.
func TestRefused(t *testing.T) {
	eachVariant(t, func(t *testing.T, a *arch.Arch, v arch.Variant, value string) {
		if v.Needs == "" {
			return // TestVariants has it
		}
		bin := program(t, fixtures.Hello, a, fixtures.Env(v.Setting+"="+value))
		r, err := harness.Run(t.Context(), bin, machine.New())
		var refused *harness.VariantError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, value, refused.Variant.Value)
		require.True(t, harness.Refusal(err))
		require.Equal(t, harness.Refused, r.Outcome)
		require.Equal(t, v.Setting+"="+value+" needs "+v.Needs+"; the engine has none", r.Reason)
		require.Equal(t, a.Name, r.Binary.GOARCH)
		require.Equal(t, "exe", r.Binary.BuildMode)
		require.NotEmpty(t, r.Binary.GoVersion)
		require.Len(t, r.Binary.SHA256, 64)
		require.Zero(t, r.Counts)
		if v.Checked {
			b := harness.Boot(t, bin, machine.New(machine.Features("-"+v.Needs)), harness.Until("exit"))
			b.RequireExited(1)
			require.Contains(t, b.Stderr, "microarchitecture support")
			require.Equal(t, []string{"rt0", "exit"}, []string{b.Phases[0].Name, b.Phases[len(b.Phases)-1].Name})
		}
	})
}
