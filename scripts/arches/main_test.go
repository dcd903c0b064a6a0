// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
)

// TestReadme: the table in README.md is what the architectures' descriptions make of it.
func TestReadme(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	want, err := insert(string(data))
	require.NoError(t, err)
	require.Equal(t, want, string(data), "run go generate")
	for _, a := range arch.All() {
		require.Contains(t, want, "\n| "+a.Name+" ")
	}
}

func TestInsert(t *testing.T) {
	t.Parallel()
	_, err := insert("no markers\n")
	require.ErrorContains(t, err, "it has no lines")
	text, err := insert("before\n" + begin + "old\n" + finish + "after\n")
	require.NoError(t, err)
	require.NotContains(t, text, "old")
	again, err := insert(text)
	require.NoError(t, err)
	require.Equal(t, text, again)

	file := filepath.Join(t.TempDir(), "x.md")
	require.ErrorIs(t, update(file), os.ErrNotExist)
	require.NoError(t, os.WriteFile(file, []byte(begin+finish), 0o666))
	require.NoError(t, update(file))
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(data), "| amd64 ")
}
