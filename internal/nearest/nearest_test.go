// SPDX-License-Identifier: GPL-2.0-or-later

package nearest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOf(t *testing.T) {
	t.Parallel()
	flags := []string{"--cpus", "--hugepage", "--page-size", "--limit-instructions", "-o"}
	tests := []struct{ word, want string }{
		{"--cpu", "--cpus"},
		{"--CPUS", "--cpus"},
		{"--huge-page", "--hugepage"},
		{"--pagesize", "--page-size"},
		{"--limit", "--limit-instructions"},
		{"--frobnicate", ""},
		{"", ""},
		{strings.Repeat("x", 1<<20), ""},
	}
	for _, tc := range tests {
		require.Equal(t, tc.want, Of(tc.word, flags), "%.20q", tc.word)
	}
	require.Equal(t, "; did you mean --cpus?", Hint("--cpu", flags))
	require.Empty(t, Hint("--frobnicate", flags))
}
