// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"sync"

	"github.com/rt0-dev/rt0/harness"
)

// heatTemplate is the page of a sweep without its style, its script, its map and its data.
var heatTemplate = sync.OnceValue(func() *template.Template { return template.Must(template.ParseFS(pageFiles, "page/heat.html")) })

// heatPage is what the template shows.
type heatPage struct {
	Title   string
	Version string
	Totals  []pageTotal
	Label   string // of the map, for those who do not see it
	Map     template.HTML
	Tables  []heatTable

	Policy template.HTMLAttr
	Style  template.CSS
	Data   template.JS
	Script template.JS
}

// heatTable is a folded table.
type heatTable struct {
	Title, Tally, More string
	Head               []heatTableCell
	Rows               []heatTableRow
}

type heatTableCell struct {
	Text   string
	Number bool
}

type heatTableRow struct {
	Cells   []heatTableCell
	Dead    bool
	Mark    string
	Changes []string
	Columns int
}

// heatData is what the page's script knows.
type heatData struct {
	Axes     []heatAxis `json:"axes"` // those that vary: that make maps, then the one down, then the one across
	Binaries []string   `json:"binaries"`
	Across   int        `json:"across"`
	Down     int        `json:"down"`
	Maps     int        `json:"maps"` // of one binary
	Wrapped  bool       `json:"wrapped"`
	Plots    []heatPlot `json:"plots"`
	Width    int        `json:"width"` // of a cell
	Height   int        `json:"height"`

	States []string   `json:"states"` // of a cell's state, the first is that of cells that were not booted
	State  packed     `json:"state"`
	Ends   []string   `json:"ends"`
	End    packed     `json:"end"`
	Texts  []string   `json:"texts"`
	Facts  []heatFact `json:"facts"`

	Words   []string `json:"words"`
	Parents packed   `json:"parents"`
	Last    packed   `json:"last"`
	Command packed   `json:"command"`
}

type heatAxis struct {
	At     int      `json:"at"` // among all axes, in their order
	Title  string   `json:"title"`
	Labels []string `json:"labels"`
}

// heatFact is a column of details.
type heatFact struct {
	Title  string `json:"title"`
	Values packed `json:"values"`
}

// packed is a list of numbers: as it is, or, where that is shorter, as pairs of a number and how often it comes.
type packed struct {
	List []int32 `json:"list,omitempty"`
	Runs []int32 `json:"runs,omitempty"`
}

func packRuns(list []int32) packed {
	var runs []int32
	for _, v := range list {
		if n := len(runs); n > 0 && runs[n-2] == v {
			runs[n-1]++
			continue
		}
		runs = append(runs, v, 1)
	}
	if len(runs) < len(list) {
		return packed{Runs: runs}
	}
	return packed{List: list}
}

// HTML writes the map as one HTML file that needs nothing else: what a cell is and the command that boots it again are shown when it is pointed at, or
// found with the arrow keys; below it stand the folded tables. As with [Page], its policy lets nothing run but its own script, and nothing be loaded.
func (h *Heat) HTML(w io.Writer, views ...SweepView) error {
	scene := h.scene(newHeatFonts())
	data, err := json.Marshal(h.data(scene)) // with <, > and & escaped
	if err != nil {
		return fmt.Errorf("write the page's data: %w", err)
	}
	style, err := readPage("", "page.css", "heat.css")
	if err != nil {
		return err
	}
	script, err := readPage("\"use strict\";\n", "data.js", "heat.js")
	if err != nil {
		return err
	}
	var drawn bytes.Buffer
	scene.svg(&drawn, false)
	p := heatPage{
		Title: h.title(), Version: harness.Version(), Totals: h.totals(), Label: h.title() + ". " + h.subtitle(),
		Map:    template.HTML(drawn.String()), //nolint:gosec // svg escapes every text
		Policy: pagePolicy(style, script), Style: template.CSS(style), Data: template.JS(data), Script: template.JS(script),
	}
	for _, v := range views {
		p.Tables = append(p.Tables, v.grid().page())
	}
	var b bytes.Buffer
	if err := heatTemplate().Execute(&b, p); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	_, err = w.Write(bytes.ToValidUTF8(b.Bytes(), []byte("\uFFFD")))
	return err
}

// totals are how many boots there are, and how they ended.
func (h *Heat) totals() []pageTotal {
	counts := make([]int, len(heatStates))
	for _, c := range h.cells {
		if c.state != 0 {
			counts[c.state-1]++
		}
	}
	list := []pageTotal{{Number: Number(uint64(h.booted())), Unit: "boots"}} //nolint:gosec // a count
	for i, state := range heatStates {
		if counts[i] > 0 {
			list = append(list, pageTotal{Number: Number(uint64(counts[i])), Unit: state.word, Bad: state.dead()}) //nolint:gosec // a count
		}
	}
	return list
}

// data is what the script has to know of the cells.
func (h *Heat) data(scene *heatScene) heatData {
	g := h.grid
	d := heatData{
		Axes: []heatAxis{}, Across: g.across, Down: g.down, Maps: g.maps, Wrapped: g.wrapped,
		Plots: scene.plots, Width: scene.cell.w, Height: scene.cell.h, States: []string{"not booted"}, Ends: h.ends.texts, Facts: []heatFact{},
	}
	for _, dim := range g.dims {
		d.Axes = append(d.Axes, heatAxis{dim.axis, dim.title, dim.labels})
	}
	for n := range h.binaries {
		d.Binaries = append(d.Binaries, h.binary(n))
	}
	for _, s := range heatStates {
		d.States = append(d.States, s.word)
	}
	states, ends := make([]int32, len(h.cells)), make([]int32, len(h.cells))
	for i, c := range h.cells {
		states[i], ends[i] = int32(c.state), c.end
	}
	d.State, d.End = packRuns(states), packRuns(ends)
	if h.details == nil {
		return d
	}
	d.Texts, d.Words = h.details.values.texts, h.details.words.texts
	d.Parents, d.Last, d.Command = packRuns(h.details.parents), packRuns(h.details.last), packRuns(h.details.commands)
	for i, c := range h.details.columns {
		d.Facts = append(d.Facts, heatFact{c.Title, packRuns(h.details.cells[i])})
	}
	return d
}

// page is the folded table for HTML.
func (g sweepGrid) page() heatTable {
	t := heatTable{Title: oneLine(g.title), Tally: g.tally, More: g.more}
	for _, c := range g.columns {
		t.Head = append(t.Head, heatTableCell{c.title, c.right})
	}
	for _, row := range g.rows {
		r := heatTableRow{Dead: row.dead, Changes: row.changes, Columns: len(row.cells)}
		if row.changes != nil {
			r.Mark = sweepMark
		}
		for i, cell := range row.cells {
			r.Cells = append(r.Cells, heatTableCell{cell, g.columns[i].right})
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}
