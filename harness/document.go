// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// A DocumentError says that a text is no document of reports that this version of rt0 reads.
type DocumentError struct {
	Why string
	Err error // nil when the text is JSON
}

func (e *DocumentError) Error() string {
	if e.Err != nil {
		return e.Why + ": " + e.Err.Error()
	}
	return e.Why
}

func (e *DocumentError) Unwrap() error { return e.Err }

// ReadDocument reads what Write wrote. Fields that it does not know are left out; its errors are DocumentErrors, or r's.
func ReadDocument(r io.Reader) (Document, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return Document{}, err
	}
	// The schema first: it says whether the rest can be understood.
	var head struct {
		Schema *int               `json:"schema"`
		Boots  *[]json.RawMessage `json:"boots"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return Document{}, &DocumentError{"it is no report of rt0", err}
	}
	switch {
	case head.Schema == nil || head.Boots == nil:
		return Document{}, &DocumentError{Why: "it is no report of rt0: it has no schema and boots"}
	case *head.Schema != Schema:
		return Document{}, &DocumentError{Why: fmt.Sprintf("it is a report of schema %d, and this rt0 reads schema %d", *head.Schema, Schema)}
	}
	var d Document
	if err := json.Unmarshal(data, &d); err != nil {
		return Document{}, &DocumentError{"it is no report of rt0", err}
	}
	for i, r := range d.Boots {
		if r == nil || r.Outcome == "" {
			return Document{}, &DocumentError{Why: fmt.Sprintf("its boot %d has no outcome", i+1)}
		}
	}
	return d, nil
}

// OpenDocument reads the document in a file. Its errors name the file.
func OpenDocument(path string) (Document, error) {
	f, err := os.Open(path)
	if err != nil {
		return Document{}, err
	}
	defer f.Close()
	d, err := ReadDocument(f)
	if err != nil {
		return d, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// Write writes the document as JSON, one boot a line: documents of many boots are large.
func (d Document) Write(w io.Writer) error {
	head, err := marshal(d.RT0)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "{\"schema\": %d, \"rt0\": %s, ", d.Schema, head); err != nil {
		return err
	}
	if d.Matrix != nil {
		axes, err := marshal(d.Matrix)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "\"matrix\": %s, ", axes); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(w, "\"boots\": ["); err != nil {
		return err
	}
	for i, r := range d.Boots {
		line, err := marshal(r)
		if err != nil {
			return err
		}
		between := ",\n"
		if i == 0 {
			between = "\n"
		}
		if _, err := io.WriteString(w, between+string(line)); err != nil {
			return err
		}
	}
	_, err = io.WriteString(w, "\n]}\n")
	return err
}

// Save writes the document to a file, which has either all of it or what it had before.
func (d Document) Save(path string) error { return SaveFile(path, d.Write) }

// SaveFile has write fill a file, which has either all of it or what it had before.
func SaveFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := errors.Join(write(f), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
