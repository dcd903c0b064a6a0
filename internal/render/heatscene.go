// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"image/color"
	"strings"
	"unicode/utf8"
)

// heatScene is a map as rectangles and texts, in units of which a PNG has two pixels: what PNG and SVG draw alike.
type heatScene struct {
	width, height int
	rects         []heatRect
	texts         []heatText
	plots         []heatPlot
	cell          struct{ w, h int }
}

type heatRect struct {
	x, y, w, h int
	fill       color.RGBA
	hatched    bool
	tip        string // what it says when it is pointed at
}

// heatText is a line of text; y is its base line. One that goes up reads from below, and x is its base line then.
type heatText struct {
	x, y   int
	text   string
	size   int
	anchor string // start, middle, end
	bold   bool
	up     bool
	fill   color.RGBA
}

// heatPlot is where the cells of a map stand.
type heatPlot struct {
	X     int    `json:"x"`
	Y     int    `json:"y"`
	Title string `json:"title"`
}

// Sizes in the picture.
const (
	heatMargin  = 16
	heatWidth   = 900 // of the plots beside each other, about
	heatHeight  = 620
	heatMaxCell = 28
	heatLabel   = 11 // font sizes
	heatBody    = 12
	heatTitle   = 17
	heatMaxText = 240 // the longest label
)

// heatLayout is how large things are.
type heatLayout struct {
	beside        int // maps in a row
	cw, ch        int // a cell
	left, right   int // what the labels need
	bottom        int
	top           int // what a map's title and the name of the rows' axis need
	upright       bool
	columns, rows []heatTick
}

func (h *Heat) layout(f *heatFonts) heatLayout {
	g := h.grid
	maps := g.binaries * g.maps
	l := heatLayout{beside: min(maps, max(1, heatWidth/max(6*g.across, 200)), 4)}
	l.ch = min(max(heatHeight/g.down, 1), heatMaxCell)
	columns, columnTitle := g.columnLabels()
	widest := heatMaxCell
	for _, label := range columns {
		widest = max(widest, min(f.width(label, heatLabel, false), heatMaxText)+10)
	}
	l.cw = min(max(heatWidth/l.beside/g.across, 1), widest)
	if g.wrapped {
		l.cw = min(l.cw, l.ch)
		l.ch = min(l.ch, 2*l.cw)
	}
	rows, rowTitle := g.rowLabels()
	l.columns, l.upright = columnTicks(f, columns, l.cw)
	l.rows = ticks(rows, l.ch, func(int) int { return heatLabel + 2 })
	for _, t := range l.rows {
		l.left = max(l.left, f.width(t.text, heatLabel, false)+8)
	}
	l.left = max(l.left, f.width(rowTitle, heatBody, false)+8)
	for _, t := range l.columns {
		depth, over := heatLabel, 0
		if width := f.width(t.text, heatLabel, false); l.upright {
			depth = width
		} else {
			over = (width - l.cw) / 2
		}
		l.bottom = max(l.bottom, depth+8)
		l.left, l.right = max(l.left, over-t.at*l.cw), max(l.right, over-(g.across-1-t.at)*l.cw)
	}
	if columnTitle != "" {
		l.bottom += heatBody + 6
	}
	if maps > 1 || rowTitle != "" {
		l.top = heatBody + 10
	}
	return l
}

// scene lays the whole picture out.
func (h *Heat) scene(f *heatFonts) *heatScene {
	s := &heatScene{}
	scale := h.scale()
	l := h.layout(f)
	g := h.grid
	s.cell.w, s.cell.h = l.cw, l.ch
	mapWidth, mapHeight := l.left+l.cw*g.across+l.right, l.top+l.ch*g.down+l.bottom
	const gap = 28
	s.width = max(l.beside*mapWidth+(l.beside-1)*gap, 520) + 2*heatMargin
	y := heatMargin + heatTitle
	for _, line := range wrapText(f, h.title(), heatTitle, true, s.width-2*heatMargin) {
		s.text(heatText{x: heatMargin, y: y, text: line, size: heatTitle, bold: true, fill: inkColour})
		y += heatTitle + 6
	}
	for _, line := range wrapText(f, h.subtitle(), heatBody, false, s.width-2*heatMargin) {
		s.text(heatText{x: heatMargin, y: y, text: line, size: heatBody, fill: softColour})
		y += heatBody + 5
	}
	y = h.legend(s, f, scale, y+4)
	letters := h.letters(l)
	for m, blocks := range h.blocks(scale) {
		x, top := heatMargin+(m%l.beside)*(mapWidth+gap), y+(m/l.beside)*(mapHeight+gap/2)
		h.drawMap(s, l, m, blocks, x+l.left, top+l.top)
		for _, b := range letters[m] {
			s.letter(b.rect(l, x+l.left, top+l.top), heatStates[b.cell.state-1].letter, scale.colour(h.cells[h.grid.middle(m, b)]))
		}
		s.height = top + mapHeight
	}
	s.height += heatMargin
	return s
}

// drawMap draws one map with its labels; x and y are the upper left corner of its cells.
func (h *Heat) drawMap(s *heatScene, l heatLayout, m int, blocks []heatBlock, x, y int) {
	g := h.grid
	title := h.mapTitle(m)
	s.plots = append(s.plots, heatPlot{X: x, Y: y, Title: title})
	if title != "" {
		s.text(heatText{x: x, y: y - 8, text: title, size: heatBody, bold: true, fill: inkColour})
	}
	if _, rowTitle := g.rowLabels(); rowTitle != "" {
		s.text(heatText{x: x - 6, y: y - 8, text: rowTitle, size: heatBody, anchor: "end", fill: softColour})
	}
	right, bottom := x+g.across*l.cw, y+g.down*l.ch
	for _, edge := range []heatRect{
		{x: x - 1, y: y - 1, w: right - x + 2, h: 1}, {x: x - 1, y: bottom, w: right - x + 2, h: 1},
		{x: x - 1, y: y, w: 1, h: bottom - y}, {x: right, y: y, w: 1, h: bottom - y},
	} {
		edge.fill = frameColour
		s.rects = append(s.rects, edge)
	}
	gap := 0
	if l.cw >= 5 && l.ch >= 5 && len(h.cells) <= separateCells {
		gap = 1
	}
	for _, b := range blocks {
		state := heatStates[b.cell.state-1]
		r := b.rect(l, x, y)
		r.w, r.h = r.w-gap, r.h-gap
		r.fill, r.hatched, r.tip = b.colour, state.dead(), h.tip(m, b)
		s.rects = append(s.rects, r)
	}
	for _, t := range l.columns {
		at := heatText{x: x + t.at*l.cw + l.cw/2, y: bottom + heatLabel + 4, text: t.text, size: heatLabel, anchor: "middle", fill: inkColour}
		if l.upright {
			at.x, at.y, at.anchor, at.up = at.x+heatLabel/2-1, bottom+6, "end", true
		}
		s.text(at)
	}
	if _, columnTitle := g.columnLabels(); columnTitle != "" {
		s.text(heatText{x: (x + right) / 2, y: bottom + l.bottom - 4, text: columnTitle, size: heatBody, anchor: "middle", fill: softColour})
	}
	for _, t := range l.rows {
		s.text(heatText{x: x - 6, y: y + t.at*l.ch + l.ch/2 + heatLabel/2 - 1, text: t.text, size: heatLabel, anchor: "end", fill: inkColour})
	}
}

// rect is where a block of a map stands; x and y are the upper left corner of the map's cells.
func (b heatBlock) rect(l heatLayout, x, y int) heatRect {
	return heatRect{x: x + b.column*l.cw, y: y + b.row*l.ch, w: b.columns * l.cw, h: b.rows * l.ch}
}

// letterRoom is the least side of a rectangle that has room for a letter.
const letterRoom = 10

// letter puts a state's letter on a rectangle that has room for it.
func (s *heatScene) letter(r heatRect, letter string, on color.RGBA) {
	if letter == "" || r.w < letterRoom || r.h < letterRoom {
		return
	}
	size := min(r.w, r.h, 15) - 1
	s.text(heatText{x: r.x + r.w/2, y: r.y + r.h/2 + size/3, text: letter, size: size, anchor: "middle", bold: true, fill: inkOn(on)})
}

func (s *heatScene) text(t heatText) {
	t.text = strings.TrimSpace(printable(t.text))
	if t.anchor == "" {
		t.anchor = "start"
	}
	if t.text != "" {
		s.texts = append(s.texts, t)
	}
}

// mapTitle tells a map from the others: its binary, and the values of the axes that make maps.
func (h *Heat) mapTitle(m int) string {
	var list []string
	if h.options.Binaries > 1 {
		list = append(list, h.binary(m/h.grid.maps))
	}
	for _, spot := range h.grid.mapSpots(m) {
		list = append(list, spot.axis+" "+spot.value)
	}
	return strings.Join(list, ", ")
}

// wrapText breaks a text into lines of a width, between words.
func wrapText(f *heatFonts, text string, size int, bold bool, width int) []string {
	var lines []string
	for _, word := range strings.Fields(text) {
		if n := len(lines) - 1; n >= 0 && f.width(lines[n]+" "+word, size, bold) <= width {
			lines[n] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
}

// clipText cuts a text that is wider than a label may be.
func clipText(f *heatFonts, text string, size int) string {
	if f.width(text, size, false) <= heatMaxText {
		return text
	}
	for text != "" && f.width(text+"…", size, false) > heatMaxText {
		_, n := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-n]
	}
	return text + "…"
}
