// SPDX-License-Identifier: GPL-2.0-or-later

package yamltree

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRead(t *testing.T) {
	t.Parallel()
	body, err := Parse([]byte("# head\nname: 1.10\nlist: [a, 0x10, true]\ntext: |\n  two\n  lines\nraw: !!binary /w==\n"), "a test")
	require.NoError(t, err)
	pairs, err := Mapping(body, "a test")
	require.NoError(t, err)
	got := map[string]string{}
	for _, p := range pairs {
		if p.Name == "list" {
			items, err := Sequence(p.Value, "list")
			require.NoError(t, err)
			for _, item := range items {
				word, err := Scalar(item)
				require.NoError(t, err)
				got["list"] += word + " "
			}
			continue
		}
		got[p.Name], err = Scalar(p.Value)
		require.NoError(t, err)
	}
	require.Equal(t, map[string]string{"name": "1.10", "list": "a 0x10 true ", "text": "two\nlines\n", "raw": "\xff"}, got)

	body, err = Parse([]byte("# nothing\n"), "a test")
	require.NoError(t, err)
	pairs, err = Mapping(body, "a test")
	require.NoError(t, err)
	require.Empty(t, pairs)
}

func TestRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, want string
		line             int
	}{
		{"long", strings.Repeat("#", MaxBytes+1), "a test has at most 1048576 bytes", 0},
		{"deep", strings.Repeat("[", 5000), "it is nested too deeply for a test", 1},
		{"deep maps", strings.Repeat("{a: ", 5000), "it is nested too deeply for a test", 1},
		{"deep lists", "a: 1\n" + strings.Repeat("- ", 5000), "it is nested too deeply for a test", 2},
		{"deep questions", strings.Repeat("? ", 5000), "it is nested too deeply for a test", 1},
		{"deep tags", strings.Repeat("!!str ", 5000), "it is nested too deeply for a test", 1},
		{"tags on lines", strings.Repeat("!!str\n", 5000), "it is nested too deeply for a test", MaxDepth + 1},
		{"many keys", strings.Repeat("a: 1\n", MaxKeys+1), "a test has at most 4096 keys", MaxKeys + 1},
		{"keys in flow", "{" + strings.Repeat("a: 1, ", MaxKeys+1) + "}", "a test has at most 4096 keys", 1},
		{"many words", strings.Repeat("- a\n", maxWords), "a test has at most 131072 words and signs", 0},
		{"two documents", "a: 1\n---\nb: 2\n", "a test is one YAML document", 3},
		{"not YAML", "a: 1\nb: [1\n", "not YAML: ", 2},
		{"no mapping", "- a\n", "a test is a mapping of keys to values", 1},
		{"twice", "a: 1\na: 2\n", "a", 2},
		{"bomb", "a: &a [x]\nb: *a\n", "there are no anchors and aliases here", 1},
		{"merge", "<<: {a: 1}\n", "there are no anchors and aliases here", 1},
		{"tag", "a: !!float 3\n", "the only tags here are !!str and !!binary", 1},
		{"binary", "a: !!binary =\n", "!!binary is not base64", 1},
		{"list", "a: [1]\n", "want a single value", 1},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := read(tc.text)
			require.ErrorContains(t, err, tc.want)
			line := 0
			if at := (*Error)(nil); errors.As(err, &at) {
				line = at.Line
			}
			require.Equal(t, tc.line, line)
		})
	}
}

// read looks at everything of a mapping of scalars.
func read(text string) error {
	body, err := Parse([]byte(text), "a test")
	if err != nil {
		return err
	}
	pairs, err := Mapping(body, "a test")
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if _, err := Scalar(p.Value); err != nil {
			return err
		}
	}
	return nil
}

// TestPlenty: what is no trouble is not refused: brackets and colons in a text, many lines, many items, empty items.
func TestPlenty(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"a: \"" + strings.Repeat("[{- ? !", 20_000) + "\"\n", "a: |\n" + strings.Repeat("  b: [\n", 100_000),
		strings.Repeat("# c: [\n", 10_000) + "a: 1\n",
		"a: [" + strings.Repeat("x, ", 40_000) + "x]\n", strings.Repeat("-\n", 10_000), "a: " + strings.Repeat(" ", 5000) + "b\n",
	} {
		_, err := Parse([]byte(text), "a test")
		require.NoError(t, err)
	}
}

// TestQuick: no long text takes long, whatever becomes of it.
func TestQuick(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{
		"#\n", "---\n", "a\n", "a ", "\"",
		"'", "|", ">\n", "%", "\t", "\r", "-\n ", "a: |\n", "[]", "{}", ",", "&a *a ", "<<: *a\n", "? ", "! ", "!!str a\n", "\xff", "\u2028",
	} {
		start := time.Now()
		_ = read(strings.Repeat(unit, MaxBytes/8/len(unit)))
		require.Less(t, time.Since(start), 20*time.Second, "%q", unit)
	}
}

func TestAt(t *testing.T) {
	t.Parallel()
	body, err := Parse([]byte("\n\na: 1\n"), "a test")
	require.NoError(t, err)
	require.NoError(t, At(body, nil))
	plain := errors.New("x")
	located := At(body, plain)
	require.EqualError(t, located, "line 3: x")
	require.ErrorIs(t, located, plain)
	require.Equal(t, located, At(body, located), "the innermost line counts")
	require.Equal(t, plain, At(nil, plain))
	require.EqualError(t, &Error{Err: plain}, "x")
}

func TestClip(t *testing.T) {
	t.Parallel()
	require.Equal(t, "short", Clip("short"))
	require.Equal(t, strings.Repeat("x", 80)+"…", Clip(strings.Repeat("x", 81)))
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "a: 1\n", "a: &b [*b]\n", "? a\n: b\n", "a: !!binary /w==\n", "- [a, {b: c}]\n"} {
		f.Add(text)
	}
	f.Fuzz(func(_ *testing.T, text string) { _ = read(text) })
}
