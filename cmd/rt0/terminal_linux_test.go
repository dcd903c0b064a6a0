// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// openTerminal opens a pseudo-terminal, and returns the end that a program writes to, and a function that closes it and returns what was
// written.
func openTerminal(t *testing.T) (tty *os.File, written func() string) {
	t.Helper()
	control, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("there are no pseudo-terminals: %v", err)
	}
	t.Cleanup(func() { control.Close() })
	require.NoError(t, unix.IoctlSetPointerInt(int(control.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(control.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	text := make(chan string, 1)
	go func() {
		var b bytes.Buffer
		_, _ = io.Copy(&b, control) // ends with EIO when the other end is closed
		text <- b.String()
	}()
	return tty, func() string {
		tty.Close()
		return <-text
	}
}

func TestColours(t *testing.T) {
	paths, err := built()
	require.NoError(t, err)
	tests := []struct {
		name, variable, value string
		colours               bool
	}{
		{"a terminal", "TERM", "xterm", true},
		{"NO_COLOR", "NO_COLOR", "1", false},
		{"NO_COLOR is empty", "NO_COLOR", "", true},
		{"a dumb terminal", "TERM", "dumb", false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("TERM", "xterm")
			t.Setenv("NO_COLOR", "")
			t.Setenv(tc.variable, tc.value)
			tty, written := openTerminal(t)
			require.Zero(t, execute(context.Background(), []string{"boot", "--until", "args", paths["hello"]}, tty, io.Discard))
			text := written()
			require.Contains(t, text, "reached")
			if tc.colours {
				require.Contains(t, text, "\x1b[32mreached\x1b[0m")
			} else {
				require.NotContains(t, text, "\x1b")
			}
		})
	}
	t.Run("a pipe", func(t *testing.T) {
		t.Setenv("TERM", "xterm")
		var b bytes.Buffer
		require.Zero(t, execute(context.Background(), []string{"boot", "--until", "args", paths["hello"]}, &b, io.Discard))
		require.NotContains(t, b.String(), "\x1b")
	})
}

func TestProgressBar(t *testing.T) {
	t.Parallel()
	tty, written := openTerminal(t)
	p := newProgress(tty, "/tmp/hello")
	now := p.start
	p.now = func() time.Time { return now }
	p.at(1)
	now = now.Add(2 * barAfter)
	p.at(1_000_000)
	p.done()
	text := written()
	require.Contains(t, text, "hello")
	require.Contains(t, text, "\r", "the bar is drawn over")
	require.NotContains(t, text, "\n")
}

// TestMachinesFit: on a terminal the list of machines has no line that is wider.
func TestMachinesFit(t *testing.T) {
	t.Parallel()
	for _, width := range []uint16{80, 120} {
		tty, written := openTerminal(t)
		require.NoError(t, unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: width}))
		require.Zero(t, execute(context.Background(), []string{"machines"}, tty, io.Discard))
		lines := strings.Split(strings.ReplaceAll(written(), "\r", ""), "\n")
		require.Greater(t, len(lines), len(profileNames()))
		for _, line := range lines {
			require.LessOrEqual(t, utf8.RuneCountInString(line), int(width), line)
		}
	}
}

// TestSweepOnTerminal: there is no bar between rows that are written to a terminal, and no picture is.
func TestSweepOnTerminal(t *testing.T) {
	t.Parallel()
	paths, err := built()
	require.NoError(t, err)
	args := []string{"sweep", "--cpus", "1..20", "--until", "osinit", paths["hello"], "-o"}
	tty, written := openTerminal(t)
	require.Zero(t, execute(context.Background(), append(args[:len(args):len(args)], formCSV), tty, tty))
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(written(), "\r\n", "\n")), "\n")
	require.Len(t, lines, 1+20+1)
	require.NotContains(t, strings.Join(lines, "\n"), "\r")
	require.Contains(t, lines[21], "sweep: 20 boots: 20 reached;")

	tty, written = openTerminal(t)
	require.Equal(t, int(statusUsage), execute(context.Background(), append(args, formPNG), tty, tty))
	require.Contains(t, written(), "rt0: a picture is nothing for a terminal: name a file with --out")
}
