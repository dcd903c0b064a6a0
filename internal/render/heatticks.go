// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"slices"
	"strconv"
)

// heatTick is a label of an axis that is shown.
type heatTick struct {
	at   int // its cell
	text string
}

// columnTicks are the labels below a map. They stand upright where more of them have room that way.
func columnTicks(f *heatFonts, labels []string, cell int) (list []heatTick, upright bool) {
	clipped := make([]string, len(labels))
	for i, label := range labels {
		clipped[i] = clipText(f, printable(label), heatLabel)
	}
	flat := ticks(clipped, cell, func(i int) int { return f.width(clipped[i], heatLabel, false) + 8 })
	if len(flat) == len(labels) || !slices.ContainsFunc(labels, isWord) {
		return flat, false
	}
	if tall := ticks(clipped, cell, func(int) int { return heatLabel + 2 }); len(tall) > len(flat) {
		return tall, true
	}
	return flat, false
}

// isWord says whether a label is no number.
func isWord(label string) bool {
	_, err := strconv.ParseInt(label, 0, 64)
	return err != nil
}

// ticks are as many labels as have room, at equal distances: room is what one needs along the axis. Of numbers that follow one another the round
// ones are taken, and the first and the last.
func ticks(labels []string, cell int, room func(i int) int) []heatTick {
	widest := 1
	for i := range labels {
		widest = max(widest, room(i))
	}
	step := roundStep((widest + cell - 1) / cell)
	shown := func(i int) bool { return i%step == 0 }
	if numbered(labels) && step > 1 {
		first, _ := strconv.Atoi(labels[0])
		shown = func(i int) bool { return (first+i)%step == 0 }
	}
	last := len(labels) - 1
	var list []heatTick
	for i, text := range labels {
		end := i == 0 || i == last
		if !end && (!shown(i) || near(i, 0, cell, room) || near(last, i, cell, room)) {
			continue
		}
		if i == last && i > 0 && near(last, 0, cell, room) {
			continue
		}
		list = append(list, heatTick{i, text})
	}
	return list
}

// near says whether the labels of two cells would touch.
func near(b, a, cell int, room func(i int) int) bool {
	return (b-a)*cell < (room(a)+room(b))/2
}

// numbered says whether labels are numbers that follow one another.
func numbered(labels []string) bool {
	before := 0
	for i, text := range labels {
		n, err := strconv.Atoi(text)
		if err != nil || i > 0 && n != before+1 {
			return false
		}
		before = n
	}
	return len(labels) > 1
}

// roundStep is the least of 1, 2, 5, 10, 20, 50, ... that is enough.
func roundStep(least int) int {
	for unit := 1; ; unit *= 10 {
		for _, digit := range []int{1, 2, 5} {
			if digit*unit >= least {
				return digit * unit
			}
		}
	}
}
