// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/harness"
)

// rowDelay is how long a row may wait before those who read along see it.
const rowDelay = 50 * time.Millisecond

// prompt is a buffered writer that keeps nothing for longer than a moment. Writes of less than its size reach the file whole.
type prompt struct {
	mu     sync.Mutex
	b      *bufio.Writer
	queued bool // a flush
	err    error
}

func newPrompt(w io.Writer) *prompt { return &prompt{b: bufio.NewWriterSize(w, 1<<18)} }

// Write implements [io.Writer].
func (p *prompt) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil && len(data) > p.b.Available() {
		p.err = p.b.Flush()
	}
	if p.err != nil {
		return 0, p.err
	}
	if !p.queued {
		p.queued = true
		time.AfterFunc(rowDelay, func() { p.flush() })
	}
	n, err := p.b.Write(data)
	p.err = err
	return n, err
}

// flush writes what is kept. The error is that of any write before, too.
func (p *prompt) flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queued = false
	p.err = errors.Join(p.err, p.b.Flush())
	return p.err
}

// into boots, and has the form write the rows where they belong.
func (f *sweepFlags) into(cmd *cobra.Command, form sweepForm, s *sweep, boot func(rows sweepRows) error) error {
	write := func(w io.Writer) error {
		p := newPrompt(w)
		rows, err := form.open(p, s, f.style(cmd))
		if err == nil {
			err = boot(rows)
		}
		return errors.Join(err, p.flush())
	}
	switch {
	case f.file == "":
		return write(cmd.OutOrStdout())
	case form.take != nil:
		return f.along(form, s, write)
	case !isRegular(f.file):
		return f.plain(f.file, write)
	}
	return harness.SaveFile(f.file, write)
}

// along writes rows into the file while they come, with --resume behind those that it has.
func (f *sweepFlags) along(form sweepForm, s *sweep, write func(io.Writer) error) error {
	file, err := os.OpenFile(f.file, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return failf(statusUsage, "--out: %w", err)
	}
	defer file.Close()
	var end int64
	if f.resume {
		if end, err = form.take(file, s); err != nil {
			return failf(statusUsage, "--resume: %s %w", f.file, err)
		}
	}
	if isRegular(f.file) { // others have no length
		if err := file.Truncate(end); err != nil {
			return err
		}
		if _, err := file.Seek(end, io.SeekStart); err != nil {
			return err
		}
	}
	return errors.Join(write(file), file.Close())
}

// plain writes into a file that is no regular one, such as a pipe.
func (f *sweepFlags) plain(path string, write func(io.Writer) error) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return failf(statusUsage, "--out: %w", err)
	}
	return errors.Join(write(file), file.Close())
}

// isRegular says whether there is no such file, or one that can be replaced and cut.
func isRegular(path string) bool {
	info, err := os.Stat(path)
	return err != nil || info.Mode().IsRegular()
}
