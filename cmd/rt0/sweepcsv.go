// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/render"
)

// The columns behind those of all reports.
const (
	columnStatus  = "status"  // what rt0 would exit with if this were the only boot
	columnFailure = "failure" // why
	columnSweep   = "sweep"   // which sweep the row is of: see sweepHead.id
)

// csvRows are a line a boot: its variant, the columns of a matrix, and the verdict.
type csvRows struct {
	s   *sweep
	id  string
	csv *render.SweepCSV
}

func newCSVRows(w io.Writer, s *sweep, _ render.Style) (sweepRows, error) {
	id, err := s.plan.head.id()
	if err != nil {
		return nil, err
	}
	c := &csvRows{s, id, s.csv(w)}
	if s.behind {
		return c, nil
	}
	return c, c.csv.Head()
}

// csv is the writer of the sweep's rows.
func (s *sweep) csv(w io.Writer) *render.SweepCSV {
	return render.NewSweepCSV(w, s.plan.keys(), columnStatus, columnFailure, columnSweep)
}

func (c *csvRows) row(r sweepRow) error {
	failure := ""
	if r.why != nil {
		failure = oneLine(r.why)
	}
	return c.csv.Add(c.s.plan.variant(r.part, r.result.Variant), r.result.Report, strconv.Itoa(int(r.status)), failure, c.id)
}

func (c *csvRows) end(bool) error { return nil }

// takeCSV takes the rows of CSV over, which have their verdicts.
func takeCSV(file *os.File, s *sweep) (end int64, err error) {
	id, err := s.plan.head.id()
	if err != nil {
		return 0, err
	}
	in, head := bufio.NewReaderSize(file, 1<<20), s.csv(nil).Names()
	record, cells, err := csvRecord(in)
	switch {
	case err != nil:
		return 0, err
	case cells == nil && len(record) == 0:
		return 0, nil
	case cells == nil && bytes.HasPrefix([]byte(strings.Join(head, ",")), record):
		return 0, nil // the head was cut short
	case !slices.Equal(cells, head):
		return 0, errors.New("has other columns than this sweep: name another file, or leave --resume out to write over it")
	}
	s.behind, end = true, int64(len(record))
	outcome := slices.Index(head, "outcome")
	next := s.variants()
	for n := 1; ; n++ {
		record, cells, err := csvRecord(in)
		if err != nil {
			return 0, fmt.Errorf("has in its row %d what is no CSV: %w", n, err)
		}
		if cells == nil {
			return end, nil // what is left was cut short
		}
		part, _, v, ok := next()
		if !ok {
			return 0, fmt.Errorf("has more rows than the sweep has variants, %d", s.plan.len())
		}
		variant := s.plan.variant(part, v)
		switch {
		case len(cells) != len(head):
			return 0, fmt.Errorf("has %d columns in its row %d, and %d in its head", len(cells), n, len(head))
		case cells[len(cells)-1] != id:
			return 0, fmt.Errorf("has the rows of another sweep (the machine, a binary, a bound or what is expected differs, or rt0 does): " +
				"name another file, or leave --resume out to write over it")
		case !slices.Equal(cells[:len(variant)], variant):
			return 0, fmt.Errorf("has in its row %d the variant %v, and the sweep's is %v", n, cells[:len(variant)], variant)
		}
		code, failure := cells[len(cells)-3], cells[len(cells)-2]
		number, err := strconv.Atoi(code)
		if err != nil {
			return 0, fmt.Errorf("has in its row %d no status: %w", n, err)
		}
		s.tally(harness.Outcome(cells[outcome]), status(number), func() error { return s.named(part, v, errors.New(failure)) })
		s.taken++
		end += int64(len(record))
	}
}

// csvRecord reads a record, as it stands and its cells; none when it was cut short.
func csvRecord(in *bufio.Reader) (record []byte, cells []string, err error) {
	for len(record) == 0 || bytes.Count(record, []byte{'"'})%2 == 1 { // a line feed in quotes ends nothing
		line, err := in.ReadBytes('\n')
		record = append(record, line...)
		if errors.Is(err, io.EOF) {
			return record, nil, nil
		}
		if err != nil {
			return nil, nil, err
		}
	}
	cells, err = csv.NewReader(bytes.NewReader(record)).Read()
	return record, cells, err
}
