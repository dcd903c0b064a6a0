// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/render"
)

// lineRows are JSON lines: the head, then a line a boot.
type lineRows struct {
	w io.Writer
	s *sweep
}

// jsonRow is a line behind the head.
type jsonRow struct {
	Variant place           `json:"variant"`
	Boot    *harness.Report `json:"boot"`
	Panic   string          `json:"panic,omitempty"` // what rt0 itself failed with
}

func newLineRows(w io.Writer, s *sweep, _ render.Style) (sweepRows, error) {
	if s.behind {
		return &lineRows{w, s}, nil
	}
	head, err := compact(s.plan.head)
	if err == nil {
		_, err = w.Write(append(head, '\n'))
	}
	return &lineRows{w, s}, err
}

func (l *lineRows) row(r sweepRow) error {
	line := jsonRow{Variant: l.s.place(r), Boot: r.result.Report}
	if r.result.Panic != nil {
		line.Panic = r.result.Panic.Value
	}
	text, err := compact(line)
	if err == nil {
		_, err = l.w.Write(append(text, '\n'))
	}
	return err
}

func (l *lineRows) end(bool) error { return nil }

// place is the row's variant.
func (s *sweep) place(r sweepRow) place {
	return place{s.plan.keys(), s.plan.variant(r.part, r.result.Variant)}
}

// takeLines takes over the rows of JSON lines.
func takeLines(file *os.File, s *sweep) (end int64, err error) {
	in := bufio.NewReaderSize(file, 1<<20)
	head, err := in.ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	want, err := compact(s.plan.head)
	if err != nil {
		return 0, err
	}
	want = append(want, '\n')
	switch {
	case bytes.HasPrefix(want, head) && len(head) < len(want):
		return 0, nil // there is nothing, or the head was cut short
	case !bytes.Equal(head, want):
		names, err := s.plan.head.differs(head)
		if err != nil || len(names) == 0 {
			return 0, errors.New("has no rows of rt0 sweep -o jsonl: it will not be written over")
		}
		return 0, fmt.Errorf("has the rows of another sweep, with other %s: name another file, or leave --resume out to write over it",
			strings.Join(names, ", "))
	}
	s.behind, end = true, int64(len(head))
	next := s.variants()
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return end, nil // what is left was cut short
		}
		if err != nil {
			return 0, err
		}
		part, number, v, ok := next()
		if !ok {
			return 0, fmt.Errorf("has more rows than the sweep has variants, %d", s.plan.len())
		}
		if err := s.takeLine(line, number, harness.Variant(v), part); err != nil {
			return 0, fmt.Errorf("has in its row %d what is not of this sweep: %w", n, err)
		}
		end += int64(len(line))
		s.taken++
	}
}

// takeLine takes the row of a variant over.
func (s *sweep) takeLine(line []byte, number int, v harness.Variant, part *sweepPart) error {
	var row struct {
		Variant json.RawMessage
		Boot    *harness.Report
		Panic   string
	}
	if err := json.Unmarshal(line, &row); err != nil {
		return err
	}
	result := harness.Result{Variant: v, Report: row.Boot}
	want, err := place{s.plan.keys(), s.plan.variant(part, v)}.MarshalJSON()
	switch {
	case err != nil:
		return err
	case !bytes.Equal(row.Variant, want):
		return fmt.Errorf("its variant is %s, and the sweep's is %s", row.Variant, want)
	case row.Boot == nil || row.Boot.Outcome == "":
		return errors.New("it has no boot")
	}
	if row.Panic != "" {
		result.Panic = &harness.PanicError{Value: row.Panic, Reproduce: row.Boot.Reproduce()}
	}
	s.count(number, result)
	return nil
}

// variants goes through the variants of all parts, in their order.
func (s *sweep) variants() func() (part *sweepPart, number int, v harness.Variant, ok bool) {
	number, i := 0, 0
	return func() (*sweepPart, int, harness.Variant, bool) {
		for number < len(s.plan.parts) && i == s.plan.parts[number].axes.Len() {
			number, i = number+1, 0
		}
		if number == len(s.plan.parts) {
			return nil, 0, harness.Variant{}, false
		}
		part := &s.plan.parts[number]
		i++
		return part, number, part.axes.Variant(i - 1), true
	}
}

// documentRows are a document as rt0 boot -o json prints it, a boot a line, each with its variant. It is written as boots come, since many
// are large; that of an interrupted sweep says so at its end.
type documentRows struct {
	w    io.Writer
	s    *sweep
	rows int
}

func newDocumentRows(w io.Writer, s *sweep, _ render.Style) (sweepRows, error) {
	head, err := compact(s.plan.head)
	if err == nil {
		_, err = fmt.Fprintf(w, "%s,\"boots\":[", bytes.TrimSuffix(head, []byte("}")))
	}
	return &documentRows{w: w, s: s}, err
}

func (d *documentRows) row(r sweepRow) error {
	variant, err := d.s.place(r).MarshalJSON()
	if err != nil {
		return err
	}
	boot, err := compact(r.result.Report)
	if err != nil {
		return err
	}
	between := ",\n"
	if d.rows++; d.rows == 1 {
		between = "\n"
	}
	_, err = fmt.Fprintf(d.w, "%s{\"variant\":%s,%s", between, variant, boot[1:])
	return err
}

func (d *documentRows) end(whole bool) error {
	interrupted := ""
	if !whole {
		interrupted = `,"interrupted":true`
	}
	_, err := fmt.Fprintf(d.w, "\n]%s}\n", interrupted)
	return err
}
