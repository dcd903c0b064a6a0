// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"image/color"
	"strings"
)

const (
	swatch     = 13  // a legend's squares
	gradient   = 280 // the width of a scale of numbers
	legendLine = 20
)

// legend draws what the colours mean from y on, and gives the y below it.
func (h *Heat) legend(s *heatScene, f *heatFonts, scale heatScale, y int) int {
	x, top := heatMargin, y
	entry := func(fill color.RGBA, hatched bool, letter, text string) {
		width := swatch + 5 + f.width(text, heatBody, false)
		if x > heatMargin && x+width > s.width-heatMargin {
			x, top = heatMargin, top+legendLine
		}
		r := heatRect{x: x, y: top, w: swatch, h: swatch, fill: fill, hatched: hatched}
		s.rects = append(s.rects, r)
		s.letter(r, letter, fill)
		s.text(heatText{x: x + swatch + 5, y: top + swatch - 2, text: text, size: heatBody, fill: inkColour})
		x += width + 24 // a viewer's font may be wider than ours
	}
	states := make([]int, len(heatStates))
	others, unknowns := 0, 0
	words, numbers := map[int32]int{}, map[int64]int{}
	for _, c := range h.cells {
		if c.state == 0 {
			continue
		}
		states[c.state-1]++
		if c.value == unknownValue {
			unknowns++
		}
		words[c.value]++
		if c.value == 0 && scale.steps != nil {
			numbers[c.number]++
		}
	}
	switch {
	case scale.key == heatOutcome:
	case scale.steps != nil:
		for _, n := range scale.steps {
			entry(scale.ramp(n), false, "", heatNumber(scale.key, n)+counted(numbers[n]))
		}
	case scale.words != nil:
		for i, value := range scale.order {
			if i < len(wordColours) {
				entry(scale.words[value], false, "", clipText(f, oneLine(h.values.texts[value]), heatBody)+counted(words[value]))
			} else {
				others += words[value]
			}
		}
		if others > 0 {
			entry(othersColour, false, "", plural(len(scale.order)-len(wordColours), "further value")+counted(others))
		}
	case scale.low <= scale.high:
		top = s.gradient(scale, top) + 8
	}
	if unknowns > 0 && scale.key != heatOutcome {
		entry(unknownColour, false, "", "unknown"+counted(unknowns))
	}
	for i, state := range heatStates {
		if states[i] == 0 || scale.key != heatOutcome && !state.dead() {
			continue
		}
		fill := state.colour
		if scale.key != heatOutcome {
			fill = paperColour // the hatching says it, over whatever colour
		}
		entry(fill, state.dead(), state.letter, state.word+counted(states[i]))
	}
	if missing := h.grid.variants() - h.booted(); missing > 0 && h.grid.axes.Sample == 0 {
		entry(paperColour, false, "", "not booted"+counted(missing))
	}
	if x > heatMargin {
		top += legendLine
	}
	return top + 10
}

func counted(n int) string { return " (" + Number(uint64(n)) + ")" } //nolint:gosec // a count

// gradient draws a scale of numbers, and gives the y below it.
func (s *heatScene) gradient(scale heatScale, y int) int {
	const bands = 70
	for i := range bands {
		from, to := gradient*i/bands, gradient*(i+1)/bands
		s.rects = append(s.rects, heatRect{x: heatMargin + from, y: y, w: to - from, h: swatch, fill: ramp((float64(i) + 0.5) / bands)})
	}
	name := strings.TrimPrefix(scale.key, "counts.")
	if scale.logarithmic {
		name += ", logarithmic"
	}
	s.text(heatText{x: heatMargin + gradient + 10, y: y + swatch - 2, text: name, size: heatBody, fill: softColour})
	for i, anchor := range []string{"start", "middle", "end"} {
		at := float64(i) / 2
		s.text(heatText{
			x: heatMargin + int(at*gradient), y: y + swatch + heatLabel + 4, text: heatNumber(scale.key, scale.number(at)), size: heatLabel,
			anchor: anchor, fill: inkColour,
		})
	}
	return y + swatch + heatLabel + 8
}
