// SPDX-License-Identifier: GPL-2.0-or-later

package diff_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
)

// TestBaseline: comparing with a baseline is comparing with the boot, on every architecture; and equal boots give equal files.
func TestBaseline(t *testing.T) {
	t.Parallel()
	boot := func(program string) []*diff.Facts {
		jobs, err := harness.MatrixPlan{Programs: []fixtures.Spec{{Program: program}}}.Jobs()
		require.NoError(t, err)
		reports, err := (&harness.MatrixRunner{}).Run(t.Context(), jobs)
		require.NoError(t, err)
		return diff.FactsOfAll(reports)
	}
	hello, inits := boot(fixtures.Hello), boot(fixtures.Inits)
	path := filepath.Join(t.TempDir(), "baseline.json")
	require.NoError(t, diff.SaveBaseline(path, hello))
	kept, err := diff.Open(path)
	require.NoError(t, err)
	exact := diff.Options{}
	require.Len(t, kept, len(harness.Architectures()))
	require.True(t, diff.Sets(kept, hello, exact).Empty())
	for _, f := range inits {
		f.Side.Program = "hello"
	}
	require.False(t, diff.Sets(hello, inits, exact).Empty())
	require.Equal(t, diff.Sets(hello, inits, exact), diff.Sets(kept, inits, exact))

	var first, second bytes.Buffer
	require.NoError(t, diff.WriteBaseline(&first, hello))
	require.NoError(t, diff.WriteBaseline(&second, boot(fixtures.Hello)))
	require.Equal(t, first.String(), second.String())
	require.NotContains(t, first.String(), filepath.Dir(path))
	for _, line := range strings.Split(first.String(), "\n") {
		require.LessOrEqual(t, len(line), 500, "a line each value: %s", line)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"baseline":2,"boots":[]}`:       "it is a baseline of schema 2, and this rt0 reads schema 1: accept a new one",
		`{"baseline":1,"boots":[null]}`:   "its boot 1 has no outcome",
		`{"baseline":1,"boots":[{}]}`:     "its boot 1 has no outcome",
		`{"baseline":1,"boots":7}`:        "it is no baseline of rt0: ",
		`{"schema":1}`:                    "it is no report of rt0",
		`{"schema":3,"boots":[]}`:         "it is a report of schema 3",
		`{"baseline":1,"boots":[`:         "it is no report of rt0: unexpected end of JSON input",
		`{"baseline":"one","boots":[{}]}`: "it is no report of rt0",
	} {
		_, err := diff.Read(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
		require.ErrorAs(t, err, new(*harness.DocumentError), text)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"baseline":1,"boots":[{"goarch":"arm","outcome":"reached main.main","values":{"gomaxprocs":"4"},"calls":{"mmap":3},"order":[]}]}`)
	f.Add(`{"schema":1,"boots":[{"outcome":"reached","phases":[{"name":"rt0"}],"syscalls":[{"name":"openat","args":["AT_FDCWD","\"/x\""]}]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		facts, err := diff.Read(strings.NewReader(text))
		if err != nil {
			return
		}
		require.True(t, diff.Sets(facts, facts, diff.Options{}).Empty())
		var b bytes.Buffer
		require.NoError(t, diff.WriteBaseline(&b, facts))
		_, err = diff.Read(&b)
		require.NoError(t, err)
	})
}
