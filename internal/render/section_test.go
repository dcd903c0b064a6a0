// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRegenerate(t *testing.T) {
	t.Parallel()
	write := func(text string) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		}
	}
	parts := []Generated{{"one", write("1\n")}, {"two", write("2\n")}}
	_, err := Regenerate("no markers\n", parts)
	require.ErrorContains(t, err, "it has no lines")
	file := filepath.Join(t.TempDir(), "x.md")
	require.ErrorIs(t, RegenerateFile(file, parts), os.ErrNotExist)
	text := "a\n"
	for _, part := range parts {
		begin, finish := part.Markers()
		text += begin + "of yesterday\n" + finish + "b\n"
	}
	require.NoError(t, os.WriteFile(file, []byte(text), 0o666))
	for range 2 { // once more changes nothing
		require.NoError(t, RegenerateFile(file, parts))
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, "a\n<!-- one: begin; go generate writes it -->\n\n1\n\n<!-- one: end -->\nb\n"+
			"<!-- two: begin; go generate writes it -->\n\n2\n\n<!-- two: end -->\nb\n", string(data))
	}
}
