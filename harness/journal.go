// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/rt0-dev/rt0/machine"
)

// A Journal keeps the boots of a long run while it goes on, so that an interrupted one need not begin again: each is appended, as a line of
// JSON, to a file beside the document that the run is to give. A line that was cut short is one boot lost.
type Journal struct {
	path string // of the document

	mu    sync.Mutex
	file  *os.File
	known map[string]*Report
	err   error
}

// partial is what a journal's file is called.
const partial = ".partial"

// journalHead is the first line: boots of another rt0 are not taken for those of this one.
type journalHead struct {
	Schema  int    `json:"schema"`
	Program string `json:"program"` // SHA-256 of rt0 itself
}

type journalLine struct {
	Key  string  `json:"key"`
	Boot *Report `json:"boot"`
}

// OpenJournal opens the journal of the document that path will have, with what an interrupted run of the same rt0 left in it.
func OpenJournal(path string) (*Journal, error) {
	j := &Journal{path: path, known: map[string]*Report{}}
	head, err := thisProgram()
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path + partial)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	first, rest, _ := bytes.Cut(data, []byte("\n"))
	var was journalHead
	if json.Unmarshal(first, &was) != nil || was != head {
		rest = nil
	}
	kept := j.read(rest)
	j.file, err = os.OpenFile(path+partial, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	line, err := json.Marshal(head)
	if err == nil {
		// Whole lines only: what follows is appended.
		err = errors.Join(j.file.Truncate(0), write(j.file, append(line, '\n'), kept))
	}
	if err != nil {
		return nil, errors.Join(err, j.file.Close())
	}
	return j, nil
}

// read takes the boots of whole lines, and returns these lines.
func (j *Journal) read(data []byte) []byte {
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	for line := range bytes.Lines(whole) {
		var l journalLine
		if err := json.Unmarshal(line, &l); err != nil || l.Boot == nil {
			return whole[:0] // somebody's editing: nothing in it can be trusted
		}
		j.known[l.Key] = l.Boot
	}
	return whole
}

func write(w io.Writer, parts ...[]byte) error {
	for _, part := range parts {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// thisProgram identifies the rt0 that runs: its boots are the same again.
func thisProgram() (journalHead, error) {
	path, err := os.Executable()
	if err != nil {
		return journalHead{}, err
	}
	sum, err := fileSum(path)
	return journalHead{Schema, sum}, err
}

func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, bufio.NewReader(f))
	return hex.EncodeToString(h.Sum(nil)), err
}

// journalKey identifies all that a boot depends on.
func journalKey(cell Cell, sum string, m machine.Machine, o *options) (string, error) {
	text, err := json.Marshal(struct {
		Cell         Cell
		Sum          string
		Machine      machine.Machine
		Until        string
		Instructions uint64
		Memory       uint64
	}{cell, sum, m, o.until, o.instructions, o.memory})
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256(text)
	return hex.EncodeToString(hash[:]), nil
}

// Known is the boot of a job that an earlier run has done, or nil. It is a [MatrixRunner.Known] for a runner with these options.
func (j *Journal) Known(opts ...Option) func(job MatrixJob, bin string) *Report {
	o := newOptions(opts)
	return func(job MatrixJob, bin string) *Report {
		if len(j.known) == 0 {
			return nil
		}
		sum, err := fileSum(bin)
		if err != nil {
			return nil
		}
		m := job.Machine.Resolved()
		m.Args = append(m.Args, o.args...)
		key, err := journalKey(job.Cell, sum, m, o)
		if err != nil {
			return nil
		}
		return j.known[key]
	}
}

// Resumed is how many boots the journal had when it was opened.
func (j *Journal) Resumed() int { return len(j.known) }

// Add keeps a boot. One that could not be carried out is left to the next run, and one with a time limit depends on the host.
func (j *Journal) Add(r *Report) {
	if r.Cell == nil || r.Outcome == Refused || r.options == nil || r.options.timeout != 0 {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return
	}
	key, err := journalKey(*r.Cell, r.Binary.SHA256, r.Machine, r.options)
	if err != nil {
		j.err = err
		return
	}
	line, err := marshal(journalLine{key, r})
	if err == nil {
		_, err = j.file.Write(append(line, '\n'))
	}
	j.err = err
}

// Finish puts the document in its place, and removes the journal.
func (j *Journal) Finish(d Document) error {
	if err := errors.Join(d.Save(j.path), j.file.Close()); err != nil {
		return err
	}
	return os.Remove(j.path + partial)
}

// Close ends the journal of a run that was interrupted: the next one takes it up. The error is that of the first boot that could not be kept.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := errors.Join(j.err, j.file.Close()); err != nil {
		return fmt.Errorf("keep what was done: %w", err)
	}
	return nil
}

// marshal is JSON as the reports have it.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
