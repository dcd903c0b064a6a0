// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/internal/render"
	"github.com/rt0-dev/rt0/machine"
)

// TestDocument: docs/machines.md has the tables of today, and says something of each group of keys.
func TestDocument(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "machines.md"))
	require.NoError(t, err)
	want, err := render.Regenerate(string(data), parts)
	require.NoError(t, err)
	require.Equal(t, want, string(data), "run go generate")
	prose, _, _ := strings.Cut(string(data), "## All keys")
	for _, k := range machine.Keys() {
		require.Contains(t, want, "\n| `"+k.Key+"` ")
		name, _, _ := strings.Cut(k.Key, "/")
		group, _, _ := strings.Cut(strings.TrimSuffix(name, "."), ".")
		require.Contains(t, prose, "`"+group, "a section that explains %s", k.Key)
	}
	for _, p := range machine.Profiles() {
		require.Contains(t, want, "["+p.Name+"]")
	}
}

// TestExamples: what the document shows as YAML is a machine.
func TestExamples(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "machines.md"))
	require.NoError(t, err)
	examples := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatch(string(data), -1)
	require.GreaterOrEqual(t, len(examples), 2)
	for i, example := range examples {
		file := filepath.Join(t.TempDir(), strconv.Itoa(i)+".yaml")
		require.NoError(t, os.WriteFile(file, []byte(example[1]), 0o666))
		_, err := machine.Load(file)
		require.NoError(t, err, example[1])
	}
}
