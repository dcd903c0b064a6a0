// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"cmp"
	"slices"
)

// MatrixAxes are what a matrix is made of, each in its order. They are those of the whole matrix, of which a document may have parts only.
type MatrixAxes struct {
	Programs   []string `json:"programs"`
	Toolchains []string `json:"toolchains"`
	Arches     []string `json:"arches"`
	Variants   []string `json:"variants"`
	Machines   []string `json:"machines"`
	// Shards are the parts that the document has, in their order: "3/8". None: the document is not a part, but the whole.
	Shards []string `json:"shards,omitempty"`
}

// AxesOf are the axes of a matrix that has these jobs.
func AxesOf(jobs []MatrixJob) *MatrixAxes {
	a := &MatrixAxes{}
	for _, job := range jobs {
		a.take(job.Cell)
	}
	return a
}

// list is one of the axes, and what a cell has of it.
type axisList struct {
	list *[]string
	of   func(Cell) string
}

// lists are the axes, the slowest first: as the boots of a matrix are ordered.
func (a *MatrixAxes) lists() []axisList {
	return []axisList{
		{&a.Programs, func(c Cell) string { return c.Program }},
		{&a.Toolchains, func(c Cell) string { return c.Toolchain }},
		{&a.Arches, func(c Cell) string { return c.GOARCH }},
		{&a.Variants, func(c Cell) string { return c.Variant }},
		{&a.Machines, func(c Cell) string { return c.Machine }},
	}
}

// take puts what a cell has, and the axes have not, behind what they have.
func (a *MatrixAxes) take(c Cell) {
	for _, axis := range a.lists() {
		if value := axis.of(c); !slices.Contains(*axis.list, value) {
			*axis.list = append(*axis.list, value)
		}
	}
}

// compare orders cells as the matrix has them.
func (a *MatrixAxes) compare(x, y Cell) int {
	for _, axis := range a.lists() {
		if c := slices.Index(*axis.list, axis.of(x)) - slices.Index(*axis.list, axis.of(y)); c != 0 {
			return c
		}
	}
	return cmp.Compare(x.Flags, y.Flags)
}

// same says whether they are of the same matrix.
func (a *MatrixAxes) same(b *MatrixAxes) bool {
	for i, axis := range a.lists() {
		if !slices.Equal(*axis.list, *b.lists()[i].list) {
			return false
		}
	}
	return true
}
