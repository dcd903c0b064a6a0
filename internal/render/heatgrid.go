// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/harness"
)

// What is still a picture.
const (
	maxHeatMaps  = 64
	maxHeatCells = 250_000
	maxHeatWide  = 1000 // cells beside each other; an axis with more is broken into rows
)

// heatGrid says where each variant stands: on which map, in which column and row.
type heatGrid struct {
	axes     harness.Axes
	dims     []heatDim // the axes that vary: those that make maps, then the one down, then the one across
	binaries int
	across   int // columns
	down     int // rows
	maps     int // of one binary
	wrapped  bool
}

// heatDim is an axis that varies; of zipped axes, all of them together.
type heatDim struct {
	axis   int // its place in Axes.List
	title  string
	labels []string
	index  map[string]int // of the labels; nil where a variant's place follows from its number
}

func newHeatGrid(axes harness.Axes, binaries int) (*heatGrid, error) {
	g := &heatGrid{axes: axes, dims: arranged(heatDims(axes)), binaries: binaries, across: 1, down: 1, maps: 1}
	further := g.dims
	if n := len(g.dims); n > 0 {
		x := g.dims[n-1]
		g.across, further = len(x.labels), g.dims[:n-1]
		if g.wrapped = g.across > maxHeatWide; g.wrapped {
			g.across = heatColumns(len(x.labels))
			g.down = (len(x.labels) + g.across - 1) / g.across
		} else if n > 1 {
			g.down, further = len(g.dims[n-2].labels), g.dims[:n-2]
		}
	}
	maps, names := uint64(binaries), []string{} //nolint:gosec // a number of files
	for _, d := range further {
		hi, lo := bits.Mul64(maps, uint64(len(d.labels)))
		if maps = lo; hi != 0 {
			maps = 1 << 63
		}
		names = append(names, d.title)
	}
	if binaries > 1 {
		names = append(names, "the binaries")
	}
	if maps > maxHeatMaps {
		return nil, fmt.Errorf("a heat map has two axes, and what varies besides (%s) would make %s maps of it, more than %d: give an axis one value, or write csv",
			strings.Join(names, ", "), Number(maps), maxHeatMaps)
	}
	g.maps = int(maps) / binaries
	if n := int(maps) * g.across * g.down; n > maxHeatCells {
		return nil, fmt.Errorf("a heat map of %s cells is more than a picture shows, %s: give an axis fewer values, or write csv",
			Number(uint64(n)), Number(maxHeatCells)) //nolint:gosec // not negative
	}
	return g, nil
}

// arranged puts the longest axis across and the next one down, the faster first where they are equal: a screen is wide, and of an axis that makes maps
// there should be few. The others keep their order.
func arranged(dims []heatDim) []heatDim {
	var last []heatDim
	for len(dims) > 0 && len(last) < 2 {
		longest := len(dims) - 1
		for i := longest; i >= 0; i-- {
			if len(dims[i].labels) > len(dims[longest].labels) {
				longest = i
			}
		}
		last = append([]heatDim{dims[longest]}, last...)
		dims = slices.Delete(dims, longest, longest+1)
	}
	return append(dims, last...)
}

// heatDims are what varies, in the order of the axes.
func heatDims(axes harness.Axes) []heatDim {
	var dims []heatDim
	if axes.Zip {
		d := heatDim{index: map[string]int{}}
		var titles []string
		for _, a := range axes.List {
			titles = append(titles, a.Key)
			for i, value := range a.Values {
				if i == len(d.labels) {
					d.labels = append(d.labels, value)
				} else {
					d.labels[i] += ", " + value
				}
			}
		}
		d.title = strings.Join(titles, ", ")
		for i, label := range d.labels {
			d.index[label] = i
		}
		if len(d.labels) > 1 {
			dims = append(dims, d)
		}
		return dims
	}
	for at, a := range axes.List {
		if len(a.Values) < 2 {
			continue
		}
		d := heatDim{axis: at, title: a.Key, labels: a.Values}
		if axes.Sample != 0 {
			d.index = map[string]int{}
			for i, value := range a.Values {
				d.index[value] = i
			}
		}
		dims = append(dims, d)
	}
	return dims
}

// heatColumns is how many values of a long axis stand in a row: a round number, so that rows begin with round values.
func heatColumns(n int) int {
	for _, columns := range []int{50, 100, 200, 250} {
		if columns*columns >= n {
			return columns
		}
	}
	return 500
}

func (g *heatGrid) cells() int { return g.binaries * g.maps * g.across * g.down }

// variants is how many cells stand for one: the last row of an axis that is broken into rows may be shorter.
func (g *heatGrid) variants() int {
	n := g.cells()
	if g.wrapped {
		n = g.binaries * g.maps * len(g.dims[len(g.dims)-1].labels)
	}
	return n
}

// place is the cell of a variant.
func (g *heatGrid) place(binary int, v harness.Variant) (at int, ok bool) {
	if binary < 0 || binary >= g.binaries {
		return 0, false
	}
	coords, ok := g.coordinates(v)
	if !ok {
		return 0, false
	}
	inMap, of := 0, binary
	if n := len(coords); n > 0 {
		inMap = coords[n-1] // a wrapped axis' rows follow one another
		rest := coords[:n-1]
		if !g.wrapped && n > 1 {
			inMap += coords[n-2] * g.across
			rest = coords[:n-2]
		}
		for i, c := range rest {
			of = of*len(g.dims[i].labels) + c
		}
	}
	return of*g.across*g.down + inMap, true
}

// coordinates are a variant's values as numbers of labels.
func (g *heatGrid) coordinates(v harness.Variant) ([]int, bool) {
	coords := make([]int, len(g.dims))
	if g.axes.Zip && len(g.dims) == 1 {
		c, ok := g.dims[0].index[strings.Join(v.Values, ", ")]
		if g.axes.Sample == 0 {
			c, ok = v.Index, v.Index < len(g.dims[0].labels)
		}
		coords[0] = c
		return coords, ok
	}
	for k, d := range g.dims {
		if d.index == nil {
			coords[k] = v.Index / g.stride(d.axis) % len(d.labels)
			continue
		}
		c, ok := d.index[v.Values[d.axis]]
		if !ok {
			return nil, false
		}
		coords[k] = c
	}
	return coords, true
}

// stride is how many variants have the same value of an axis before the next value comes.
func (g *heatGrid) stride(axis int) int {
	n := 1
	for _, a := range g.axes.List[axis+1:] {
		n *= len(a.Values)
	}
	return n
}

// middle is the cell in the middle of a block.
func (g *heatGrid) middle(m int, b heatBlock) int {
	return (m*g.down+b.row+b.rows/2)*g.across + b.column + b.columns/2
}

// heatSpot is a value of an axis.
type heatSpot struct {
	at          int // of Axes.List
	axis, value string
}

// spots are the values of a block, in the order of the axes; of more than one cell the first and the last.
func (g *heatGrid) spots(m int, b heatBlock) []heatSpot {
	list := g.blockSpots(m, b)
	slices.SortStableFunc(list, func(a, b heatSpot) int { return a.at - b.at })
	return list
}

func (g *heatGrid) blockSpots(m int, b heatBlock) []heatSpot {
	list := g.mapSpots(m)
	n := len(g.dims)
	if n == 0 {
		return list
	}
	span := func(d heatDim, from, n int) heatSpot {
		value := d.labels[from]
		if n > 1 {
			value += " – " + d.labels[from+n-1]
		}
		return heatSpot{d.axis, d.title, value}
	}
	from := b.column
	if g.wrapped {
		from += b.row * g.across
	} else if n > 1 {
		list = append(list, span(g.dims[n-2], b.row, b.rows))
	}
	return append(list, span(g.dims[n-1], from, b.columns))
}

// mapSpots are the values that a map is of.
func (g *heatGrid) mapSpots(m int) []heatSpot {
	further := g.further()
	list := make([]heatSpot, len(further))
	m %= g.maps
	for i := len(further) - 1; i >= 0; i-- {
		n := len(further[i].labels)
		list[i] = heatSpot{further[i].axis, further[i].title, further[i].labels[m%n]}
		m /= n
	}
	return list
}

// further are the axes that make maps.
func (g *heatGrid) further() []heatDim {
	keep := 2
	if g.wrapped {
		keep = 1
	}
	return g.dims[:max(len(g.dims)-keep, 0)]
}

// columnLabels are what stands below the columns, and the axis' name.
func (g *heatGrid) columnLabels() (labels []string, title string) {
	n := len(g.dims)
	switch {
	case n == 0:
		return []string{""}, ""
	case g.wrapped:
		for i := range g.across {
			labels = append(labels, "+"+strconv.Itoa(i))
		}
		return labels, fmt.Sprintf("%s, %d values in a row", g.dims[n-1].title, g.across)
	}
	return g.dims[n-1].labels, g.dims[n-1].title
}

// rowLabels are what stands beside the rows, and the axis' name.
func (g *heatGrid) rowLabels() (labels []string, title string) {
	n := len(g.dims)
	switch {
	case g.wrapped:
		x := g.dims[n-1]
		for i := 0; i < len(x.labels); i += g.across {
			labels = append(labels, x.labels[i])
		}
		return labels, ""
	case n < 2:
		return []string{""}, ""
	}
	return g.dims[n-2].labels, g.dims[n-2].title
}
