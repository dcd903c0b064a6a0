// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/fixtures"
)

const docs = "../../docs"

func TestPage(t *testing.T) {
	t.Parallel()
	want, err := pageOf(docs)
	require.NoError(t, err)
	page, err := os.ReadFile(filepath.Join(docs, "releases.md"))
	require.NoError(t, err)
	require.Equal(t, string(want), string(page), "run make generate")
}

// TestData: what is read is what was written, and the file has every release on every architecture, in their order.
func TestData(t *testing.T) {
	t.Parallel()
	boots, err := read(filepath.Join(docs, "releases.json"))
	require.NoError(t, err)
	require.Len(t, boots, len(releases(boots))*len(arches))
	for i, f := range boots {
		require.Equal(t, releases(boots)[i/len(arches)], f.Side.Toolchain)
		require.Equal(t, arches[i%len(arches)], f.Side.GOARCH)
	}
	file := filepath.Join(t.TempDir(), "releases.json")
	require.NoError(t, write(file, boots))
	again, err := os.ReadFile(file)
	require.NoError(t, err)
	was, err := os.ReadFile(filepath.Join(docs, "releases.json"))
	require.NoError(t, err)
	require.Equal(t, string(was), string(again))
	require.Less(t, len(was), 150_000, "it is part of the repository")
}

func TestBrokenData(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ text, want string }{
		{`{}`, "cannot unmarshal"},
		{`[{"boot": "go1.26.11"}]`, `"go1.26.11" is no boot`},
		{`[{"boot": "go1.26.11/arm64/default", "phases": "rt0 many"}]`, `go1.26.11/arm64/default: "many" is no number`},
		{`[{"boot": "go1.26.11/arm64/default", "calls": "mmap"}]`, `"mmap" is too short`},
	} {
		file := filepath.Join(t.TempDir(), "releases.json")
		require.NoError(t, os.WriteFile(file, []byte(tc.text), 0o666))
		_, err := read(file)
		require.ErrorContains(t, err, tc.want)
	}
}

// TestBoots: two neighbours boot as the file says, so that it cannot rot: as far as rt0 diff would tell a difference.
func TestBoots(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: needs two further toolchains")
	}
	t.Parallel()
	boots, err := read(filepath.Join(docs, "releases.json"))
	require.NoError(t, err)
	pair := []string{"go1.24.13", "go1.25.14"}
	var sdks []fixtures.SDK
	for _, name := range pair {
		sdks = append(sdks, fixtures.SDK{Name: name})
	}
	now, err := bootSome(t.Context(), sdks, arches)
	require.NoError(t, err)
	require.Len(t, now, len(pair)*len(arches))
	for _, f := range now {
		f, err := condensed(f).facts()
		require.NoError(t, err)
		found := false
		for _, was := range boots {
			if was.Side == f.Side {
				found = true
				changes := diff.Compare(was, f, diff.Options{Threshold: diff.DefaultThreshold}).Changes
				require.Empty(t, changes, "%s is not as docs/releases.json has it: run make releases", f.Side)
			}
		}
		require.True(t, found, f.Side)
	}
	var files []string
	for _, d := range neighbours(now) {
		for _, c := range d.Changes {
			if c.Kind == diff.File && c.Op == diff.Added && d.New.GOARCH == arches[0] {
				files = append(files, c.Name)
			}
		}
	}
	require.Equal(t, []string{"/proc/self/mountinfo", "/proc/self/cgroup", "/sys/fs/cgroup/rt0/cpu.max"}, files)
}
