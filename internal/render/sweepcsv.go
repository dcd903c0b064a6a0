// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"encoding/csv"
	"io"

	"github.com/rt0-dev/rt0/harness"
)

// SweepCSV writes a sweep as CSV while it runs, a row for each variant: the axes' values, then the columns of all reports.
type SweepCSV struct {
	w       *csv.Writer
	axes    harness.Axes
	columns []Column
}

// NewSweepCSV has written nothing yet.
func NewSweepCSV(w io.Writer, axes harness.Axes) *SweepCSV {
	return &SweepCSV{w: csv.NewWriter(w), axes: axes, columns: Columns()}
}

// Names are the columns: "variant.cpus" for an axis, then those of a matrix.
func (c *SweepCSV) Names() []string {
	var names []string
	for _, a := range c.axes.List {
		names = append(names, "variant."+a.Key)
	}
	return append(names, MatrixCSV(nil).Head...)
}

// Head writes the names of the columns, the first line of a file.
func (c *SweepCSV) Head() error { return c.write(c.Names()) }

// Add writes the row of a variant. When it returns, the row has been handed on as a whole.
func (c *SweepCSV) Add(res harness.Result) error {
	return c.write(append(append([]string{}, res.Variant.Values...), matrixRow(c.columns, res.Report)...))
}

func (c *SweepCSV) write(row []string) error {
	if err := c.w.Write(row); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}
