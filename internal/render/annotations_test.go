// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// command is a workflow command as GitHub's runner reads it.
type command struct {
	name       string
	properties map[string]string
	data       string
}

// readCommand reads a line of a log by the rules of the runner (actions/runner, ActionCommand.cs, TryParseV2).
func readCommand(t *testing.T, line string) command {
	t.Helper()
	rest, ok := strings.CutPrefix(line, "::")
	require.True(t, ok, line)
	head, data, ok := strings.Cut(rest, "::")
	require.True(t, ok, line)
	name, list, _ := strings.Cut(head, " ")
	c := command{name: name, properties: map[string]string{}}
	for _, pair := range strings.Split(list, ",") {
		if key, value, ok := strings.Cut(pair, "="); ok {
			c.properties[key] = unescape(value, "%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
		}
	}
	c.data = unescape(data, "%0D", "\r", "%0A", "\n", "%25", "%")
	return c
}

// unescape replaces one after the other, as the runner does.
func unescape(text string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

func TestAnnotationsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	texts := []string{
		"plain", "", "100 % of it", "%0A is no line feed", "%25", "%3A%2C", "a\nb\r\nc", "::error::not a command", "a::b", "a, b: c=d", "title=x,file=y",
		"go1.26.8/arm64/graviton", "Unicode – Ελλάδα", "##[error]neither",
	}
	for _, text := range texts {
		for _, title := range texts {
			line := Annotation{LevelError, title, text}.String()
			require.NotContains(t, line, "\n")
			require.NotContains(t, line, "\r")
			got := readCommand(t, line)
			require.Equal(t, "error", got.name)
			require.Equal(t, title, got.properties["title"], line)
			require.LessOrEqual(t, len(got.properties), 1)
			require.Equal(t, text, got.data)
		}
	}
}

func TestAnnotationsHoldNothingForATerminal(t *testing.T) {
	t.Parallel()
	line := Annotation{LevelWarning, "t\x1b[31m", "a\x00b\x1b]0;title\x07\u009b"}.String()
	require.Equal(t, "::warning title=t\uFFFD[31m::a\uFFFDb\uFFFD]0;title\uFFFD\uFFFD", line)
}

func TestAnnotationsAreBounded(t *testing.T) {
	t.Parallel()
	got := readCommand(t, Annotation{LevelNotice, "", strings.Repeat("ö", 5000)}.String())
	require.Less(t, len(got.data), 4096)
	require.True(t, utf8.ValidString(got.data))
	require.True(t, strings.HasSuffix(got.data, "…"))
}

func TestAnnotationsSayHowManyMore(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 9, 10, 11, 500} {
		var list []Annotation
		for i := range n {
			list = append(list, Annotation{LevelNotice, "", fmt.Sprint("n", i)}, Annotation{LevelError, "", fmt.Sprint("e", i)})
		}
		list = append(list, Annotation{LevelWarning, "", "w"})
		var b strings.Builder
		require.NoError(t, Annotations(&b, list))
		var names []string
		texts := map[string][]string{}
		for line := range strings.Lines(b.String()) {
			c := readCommand(t, strings.TrimSuffix(line, "\n"))
			names = append(names, c.name)
			texts[c.name] = append(texts[c.name], c.data)
		}
		want := []string{"error", "warning", "notice"} // in this order, each together
		if n == 0 {
			want = []string{"warning"}
		}
		require.Equal(t, want, slices.Compact(names))
		require.Len(t, texts["error"], min(n, 10))
		require.Equal(t, []string{"w"}, texts["warning"])
		if n > 10 {
			require.Equal(t, "e8", texts["error"][8])
			require.Equal(t, fmt.Sprintf("%d more like these: the report has all of them", n-9), texts["error"][9])
		}
	}
}
