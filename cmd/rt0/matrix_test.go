// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// stopAt ends a context when a text is written that has a word in it.
type stopAt struct {
	bytes.Buffer
	word string
	stop func()
}

func (s *stopAt) Write(p []byte) (int, error) {
	if strings.Contains(string(p), s.word) {
		s.stop()
	}
	return s.Buffer.Write(p)
}

// TestMatrixInterrupted: an interrupt leaves what was done, and the next run takes it over. One of the programs never ends.
func TestMatrixInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	saved, endless := filepath.Join(dir, "saved.json"), filepath.Join(dir, "endless.go")
	require.NoError(t, os.WriteFile(endless, []byte("package main\n\nfunc main() {\n\tfor {\n\t}\n}\n"), 0o666))
	args := []string{"matrix", "--arch", "arm64", "--until", "exit", "--limit-instructions", "1_000_000_000_000_000", "--save", saved,
		"hello", endless}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for ctx.Err() == nil {
			if text, err := os.ReadFile(saved + ".partial"); err == nil && bytes.Count(text, []byte("\n")) == 2 {
				cancel() // the journal's head, and hello
			}
		}
	}()
	var stderr bytes.Buffer
	require.Equal(t, int(statusInterrupted), execute(ctx, args, &bytes.Buffer{}, &stderr), stderr.String())
	require.Contains(t, stderr.String(), "rt0: matrix: interrupted after 1 of 2 boots; what was done is kept, and the same command goes on from there\n")
	require.NoFileExists(t, saved)

	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	again := &stopAt{word: "matrix: boots taken over from an interrupted run: 1\n", stop: cancel}
	require.Equal(t, int(statusInterrupted), execute(ctx, args, &bytes.Buffer{}, again))
	require.Contains(t, again.String(), again.word)

	var unsaved bytes.Buffer
	require.Equal(t, int(statusInterrupted), execute(ctx, []string{"matrix", "--arch", "arm64"}, &bytes.Buffer{}, &unsaved))
	require.Contains(t, unsaved.String(), "interrupted after 0 of 1 boots; with --save FILE")
}
