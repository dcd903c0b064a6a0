// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// testVariants: the list has one setting, one default, and refers to itself and to features that exist.
func testVariants(t *testing.T, a *Arch) {
	var values, defaults []string
	for _, v := range a.Variants {
		require.Equal(t, a.Variants[0].Setting, v.Setting)
		require.Regexp(t, `^GO[A-Z0-9]+$`, v.Setting)
		if v.Default {
			require.Empty(t, v.Needs, "what go build makes unasked has to boot")
			defaults = append(defaults, v.Value)
		}
		if v.As != "" {
			require.Empty(t, v.Needs, v.Value)
			require.Contains(t, values, v.As)
		}
		if v.Checked && v.Needs != "" {
			_, ok := a.Feature(v.Needs)
			require.True(t, ok, "%s is no feature, so that no machine can lack it", v.Needs)
		}
		values = append(values, v.Value)
	}
	requireUnique(t, values)
	if values != nil {
		require.Len(t, defaults, 1)
		require.False(t, strings.HasPrefix(defaults[0], ","))
	}
	require.GreaterOrEqual(t, a.PIE, 0)
}

func TestLacking(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		goarch, setting, value, without string
		needs                           string
	}{
		{"amd64", "GOAMD64", "", "", ""},
		{"amd64", "GOAMD64", "v1", "", ""},
		{"amd64", "GOAMD64", "v2", "", ""},
		{"amd64", "GOAMD64", "v3", "", "AVX2"},
		{"amd64", "GOAMD64", "v4", "", "AVX512F"},
		{"amd64", "GOAMD64", "v3", "AVX2", ""},
		{"amd64", "GOAMD64", "v4", "AVX2", ""},
		{"amd64", "GOAMD64", "v4", "AVX512F", ""},
		{"amd64", "GOAMD64", "v3", "AVX512F", "AVX2"},
		{"amd64", "GOAMD64", "v99", "", ""},
		{"amd64", "GOARM64", "v3", "", ""},
		{"386", "GO386", "softfloat", "", ""},
		{"arm64", "GOARM64", "v9.5,lse,crypto", "", ""},
		{"riscv64", "GORISCV64", "rva22u64", "", "Zba, Zbb and Zbs"},
		{"riscv64", "GORISCV64", "rva22u64", "zba", "Zba, Zbb and Zbs"},
	} {
		a, ok := Find(tc.goarch)
		require.True(t, ok)
		v, lacking := a.Lacking(map[string]string{tc.setting: tc.value}, func(feature string) bool { return feature == tc.without })
		require.Equal(t, tc.needs != "", lacking, tc)
		require.Equal(t, tc.needs, v.Needs)
		if lacking {
			require.Equal(t, tc.value, v.Value)
		}
	}
	options := &Arch{Variants: []Variant{{Setting: "X", Value: "1", Default: true}, {Setting: "X", Value: ",far", Needs: "FAR"}}}
	for value, lacking := range map[string]bool{"1": false, "1,far": true, "1,near,far": true, ",far": true, "far": false, "": false} {
		v, got := options.Lacking(map[string]string{"X": value}, func(string) bool { return false })
		require.Equal(t, lacking, got, value)
		if got {
			require.Equal(t, value, v.Value)
		}
	}
	_, got := new(Arch).Lacking(map[string]string{"X": "1"}, nil)
	require.False(t, got)
}
