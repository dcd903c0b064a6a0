// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/color"
	"io"
	"slices"
	"strings"
)

// SVG writes the map as a vector picture that tells of each cell what it is when it is pointed at. Equal sweeps give equal bytes.
func (h *Heat) SVG(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	h.scene(newHeatFonts()).svg(&b, true)
	_, err := w.Write(bytes.ToValidUTF8(b.Bytes(), []byte("\uFFFD")))
	return err
}

// svg writes the scene as an element; tips are left out where something else tells them.
func (s *heatScene) svg(b *bytes.Buffer, tips bool) {
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" id="map" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d"`, s.width, s.height)
	b.WriteString(` font-family="Go, system-ui, 'DejaVu Sans', Helvetica, Arial, sans-serif">` + "\n")
	lines := s.hatches()
	if len(lines) > 0 {
		b.WriteString("<defs>\n")
		for _, line := range lines {
			const p = hatchPeriod
			fmt.Fprintf(b, `<pattern id="hatch-%s" width="%d" height="%[2]d" patternUnits="userSpaceOnUse">`, hexColour(line)[1:], p)
			fmt.Fprintf(b, `<path d="M-1 1L1 -1M-1 %d L%[1]d -1M%d %[3]d L%[3]d %[2]d" stroke="%[4]s" stroke-width="1.1"/></pattern>`+"\n", p+1, p-1, p+1, hexColour(line))
		}
		b.WriteString("</defs>\n")
	}
	fmt.Fprintf(b, `<rect width="%d" height="%d" fill="%s"/>`+"\n", s.width, s.height, hexColour(paperColour))
	b.WriteString(`<g shape-rendering="crispEdges">` + "\n")
	for _, r := range s.rects {
		title := ""
		if tips && r.tip != "" {
			title = "<title>" + escapedXML(r.tip) + "</title>"
		}
		r.svg(b, hexColour(r.fill), title)
		if r.hatched {
			r.svg(b, "url(#hatch-"+hexColour(hatchOn(r.fill))[1:]+`)" pointer-events="none`, "")
		}
	}
	b.WriteString("</g>\n")
	for _, t := range s.texts {
		t.svg(b)
	}
	b.WriteString("</svg>\n")
}

func (r heatRect) svg(b *bytes.Buffer, fill, title string) {
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"`, r.x, r.y, r.w, r.h, fill)
	if title == "" {
		b.WriteString("/>\n")
		return
	}
	b.WriteString(">" + title + "</rect>\n")
}

func (t heatText) svg(b *bytes.Buffer) {
	fmt.Fprintf(b, `<text x="%d" y="%d" font-size="%d" fill="%s"`, t.x, t.y, t.size, hexColour(t.fill))
	if t.anchor != "start" {
		fmt.Fprintf(b, ` text-anchor="%s"`, t.anchor)
	}
	if t.bold {
		b.WriteString(` font-weight="bold"`)
	}
	if t.up {
		fmt.Fprintf(b, ` transform="rotate(-90 %d %d)"`, t.x, t.y)
	}
	b.WriteString(` pointer-events="none">` + escapedXML(t.text) + "</text>\n")
}

// hatches are the colours of lines that are needed, sorted.
func (s *heatScene) hatches() []color.RGBA {
	var list []color.RGBA
	for _, r := range s.rects {
		if line := hatchOn(r.fill); r.hatched && !slices.Contains(list, line) {
			list = append(list, line)
		}
	}
	slices.SortFunc(list, func(a, b color.RGBA) int { return strings.Compare(hexColour(a), hexColour(b)) })
	return list
}

// escapedXML is a text as XML has it; what XML cannot have at all is replaced.
func escapedXML(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder takes everything
	return b.String()
}
