// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUpdate(t *testing.T) {
	t.Parallel()
	require.NoError(t, update("../../ZOO.md", true), "the page of the repository is up to date")
	file := filepath.Join(t.TempDir(), "ZOO.md")
	require.Error(t, update(file, true))
	require.NoError(t, update(file, false))
	require.NoError(t, update(file, true))
	require.NoError(t, os.WriteFile(file, []byte("old\n"), 0o666))
	require.ErrorContains(t, update(file, true), "is not up to date: run make generate")
}
