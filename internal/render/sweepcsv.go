// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"bytes"
	"encoding/csv"
	"io"

	"github.com/rt0-dev/rt0/harness"
)

// SweepCSV writes a sweep as CSV while it runs, a row for each variant: the variant, the columns of all reports, and the verdict on the boot.
type SweepCSV struct {
	w       io.Writer
	line    bytes.Buffer // the row that is written
	csv     *csv.Writer  // to line
	keys    []string
	verdict []string
	columns []Column
}

// NewSweepCSV has written nothing yet. Variants are told by values for these keys; verdict are the names of the columns behind those of reports.
func NewSweepCSV(w io.Writer, keys []string, verdict ...string) *SweepCSV {
	c := &SweepCSV{w: w, keys: keys, verdict: verdict, columns: Columns()}
	c.csv = csv.NewWriter(&c.line)
	return c
}

// Names are the columns: "variant.cpus" for a key, then those of a matrix, then those of the verdict.
func (c *SweepCSV) Names() []string {
	var names []string
	for _, key := range c.keys {
		names = append(names, "variant."+key)
	}
	return append(append(names, MatrixCSV(nil).Head...), c.verdict...)
}

// Head writes the names of the columns, the first line of a file.
func (c *SweepCSV) Head() error { return c.write(c.Names()) }

// Add writes the row of a variant. When it returns, the row has been handed on as a whole, in one piece.
func (c *SweepCSV) Add(variant []string, r *harness.Report, verdict ...string) error {
	return c.write(append(append(append([]string{}, variant...), matrixRow(c.columns, r)...), verdict...))
}

func (c *SweepCSV) write(row []string) error {
	c.line.Reset()
	if err := c.csv.Write(row); err != nil {
		return err
	}
	c.csv.Flush()
	_, err := c.w.Write(c.line.Bytes())
	return err
}
