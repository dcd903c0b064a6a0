// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// block is a fenced block of a Markdown file: what it is, for a file its name, and the text.
var block = regexp.MustCompile("(?ms)^```(\\w+) ?(\\S*)\n(.*?)^```$")

// downloads is what the go command says when a toolchain is not here yet.
var downloads = regexp.MustCompile(`(?m)^go: downloading .*\n`)

// TestTutorial does what docs/tutorial.md says, in its order: writes the files, runs the commands, and compares what they print.
func TestTutorial(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("-short leaves out what needs further toolchains")
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "tutorial.md"))
	require.NoError(t, err)
	goEnv, err := goEnvironment()
	require.NoError(t, err)
	dir, commands := t.TempDir(), 0
	for _, match := range block.FindAllStringSubmatch(string(text), -1) {
		kind, name, body := match[1], match[2], match[3]
		switch {
		case kind == "console":
			for _, command := range strings.Split("\n"+body, "\n$ ")[1:] {
				line, want, _ := strings.Cut(command, "\n")
				cmd := exec.Command("sh", "-c", line)
				cmd.Dir, cmd.Env = dir, append(append(os.Environ(), goEnv...), "GOFLAGS=", "CGO_ENABLED=0")
				out, _ := cmd.CombinedOutput() // a status above 0 shows in what is printed
				require.Regexp(t, printed(want), downloads.ReplaceAllString(string(out), ""), line)
				commands++
			}
		case name != "" && !strings.HasSuffix(name, "_test.go"):
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(body), 0o666))
		}
	}
	require.Greater(t, commands, 15)
}

// printed is the pattern of an output of which … stands for what is left out: lines, when it is alone on one.
func printed(text string) string {
	text = strings.TrimSuffix(text, "\n")
	pattern := regexp.QuoteMeta(text)
	pattern = regexp.MustCompile(`(?m)^…$\n?`).ReplaceAllString(pattern, "(.*\n)*?")
	pattern = strings.ReplaceAll(pattern, "…", ".*")
	return fmt.Sprintf("^%s\n?$", pattern)
}
