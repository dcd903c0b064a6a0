// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/internal/render"
)

// TestReadme: the table in README.md is what the architectures' descriptions make of it.
func TestReadme(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	want, err := render.Regenerate(string(data), parts)
	require.NoError(t, err)
	require.Equal(t, want, string(data), "run go generate")
	for _, a := range arch.All() {
		require.Contains(t, want, "\n| "+a.Name+" ")
	}
}
