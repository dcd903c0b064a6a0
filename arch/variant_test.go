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
