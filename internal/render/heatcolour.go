// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"github.com/rt0-dev/rt0/harness"
)

// heatState is a way in which a boot ends, as a map shows it: by colour, and because colour alone is not for everybody, by a letter and by hatching.
type heatState struct {
	word   string
	letter string // "" for the boots that are well
	colour color.RGBA
}

// dead says whether boots of this state ended before their time.
func (s heatState) dead() bool { return s.letter != "" }

// heatStates are harness.Outcomes in their order, and the failure of rt0 itself. The colours are those of Okabe and Ito, "Color Universal Design"
// (2008), which people tell apart whatever their colour vision.
var heatStates = []heatState{
	{string(harness.Reached), "", rgb(0x009e73)},
	{string(harness.Exited), "", rgb(0x56b4e9)},
	{string(harness.Threw), "T", rgb(0xd55e00)},
	{string(harness.Killed), "K", rgb(0xcc79a7)},
	{string(harness.Stuck), "S", rgb(0xf0e442)},
	{string(harness.Refused), "R", rgb(0x9a9a9a)},
	{"rt0 failed", "!", rgb(0x303030)},
}

// stateOf is the state of a result.
func stateOf(res harness.Result) int {
	if res.Panic != nil {
		return len(heatStates) - 1
	}
	return max(slices.Index(harness.Outcomes, res.Report.Outcome), 0)
}

// The colours of what is no value.
var (
	unknownColour = rgb(0xd9d9d9)
	othersColour  = rgb(0x8c8c8c)
	inkColour     = rgb(0x1b1f23)
	softColour    = rgb(0x5c646c)
	frameColour   = rgb(0xc9c9c2)
	paperColour   = rgb(0xffffff)
)

// viridis are nine colours at equal distances on matplotlib's scale of this name (S. van der Walt and N. Smith, 2015, CC0): its lightness grows
// evenly, with full colour vision and without.
var viridis = []color.RGBA{
	rgb(0x440154), rgb(0x472d7b), rgb(0x3b528b), rgb(0x2c728e), rgb(0x21908c), rgb(0x27ad81), rgb(0x5dc863), rgb(0xaadc32), rgb(0xfde725),
}

// wordColours are those of values that are words, by Okabe and Ito as well; further values share one colour.
var wordColours = []color.RGBA{
	rgb(0x0072b2), rgb(0xe69f00), rgb(0x009e73), rgb(0xcc79a7), rgb(0x56b4e9), rgb(0xd55e00), rgb(0xf0e442),
}

func rgb(n uint32) color.RGBA { return color.RGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 0xff} }

// hexColour is a colour as SVG has it.
func hexColour(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// ramp is the colour at a place of the scale, from 0 to 1.
func ramp(at float64) color.RGBA {
	at = min(max(at, 0), 1) * float64(len(viridis)-1)
	i := min(int(at), len(viridis)-2)
	part := at - float64(i)
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + float64((float64(b)-float64(a))*part))) } // rounded twice on every host
	a, b := viridis[i], viridis[i+1]
	return color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xff}
}

// lightness is how light a colour is, from 0 to 1 (ITU-R BT.709, of the values as they are stored).
func lightness(c color.RGBA) float64 {
	return (0.2126*float64(c.R) + 0.7152*float64(c.G) + 0.0722*float64(c.B)) / 255
}

// inkOn is black or white, whichever reads better on a colour.
func inkOn(c color.RGBA) color.RGBA {
	if lightness(c) < 0.5 {
		return paperColour
	}
	return inkColour
}

// heatScale is how values become colours.
type heatScale struct {
	key         string
	low, high   int64
	logarithmic bool
	steps       []int64              // all numbers, when they are few; each has a colour of its own then
	words       map[int32]color.RGBA // of values that are words, by their numbers; nil: values are numbers
	order       []int32              // the words that have a colour of their own, most frequent first
}

// fewNumbers are so few that each is a step of the scale, at equal distances.
const fewNumbers = 8

// decades is from how many powers of ten on a scale is logarithmic.
const decades = 2

// scale is made when all results are there.
func (h *Heat) scale() heatScale {
	s := heatScale{key: h.key()}
	if s.key == heatOutcome {
		return s
	}
	if h.worded {
		h.turnToWords()
		s.words = map[int32]color.RGBA{}
		counts := make([]int, len(h.values.texts))
		for _, c := range h.cells {
			if c.state != 0 && c.value > unknownValue {
				counts[c.value]++
			}
		}
		for value, n := range counts {
			if n > 0 {
				s.order = append(s.order, int32(value)) //nolint:gosec // fewer than cells
			}
		}
		slices.SortStableFunc(s.order, func(a, b int32) int { return counts[b] - counts[a] })
		for i, value := range s.order {
			s.words[value] = othersColour
			if i < len(wordColours) {
				s.words[value] = wordColours[i]
			}
		}
		return s
	}
	s.low, s.high = h.span()
	s.steps = h.distinct(fewNumbers)
	s.logarithmic = s.low > 0 && math.Log10(float64(s.high)/float64(s.low)) > decades
	return s
}

// turnToWords makes words of the numbers of a key that has both.
func (h *Heat) turnToWords() {
	for i, c := range h.cells {
		if c.state != 0 && c.value == 0 {
			h.cells[i].value = h.values.number(heatNumber(h.options.Key, c.number))
		}
	}
}

// colour is a cell's.
func (s heatScale) colour(c heatCell) color.RGBA {
	switch {
	case s.key == heatOutcome:
		return heatStates[c.state-1].colour
	case c.value == unknownValue:
		return unknownColour
	case s.words != nil:
		return s.words[c.value]
	}
	return s.ramp(c.number)
}

// ramp is the colour of a number.
func (s heatScale) ramp(n int64) color.RGBA {
	if i := slices.Index(s.steps, n); i >= 0 {
		return ramp((float64(i) + 0.5) / float64(len(s.steps)))
	}
	return ramp(s.at(n))
}

// at is a number's place on the scale.
func (s heatScale) at(n int64) float64 {
	switch {
	case s.logarithmic:
		return math.Log(float64(n)/float64(s.low)) / math.Log(float64(s.high)/float64(s.low))
	}
	return (float64(n) - float64(s.low)) / (float64(s.high) - float64(s.low))
}

// number is the number at a place of the scale.
func (s heatScale) number(at float64) int64 {
	switch {
	case at <= 0:
		return s.low
	case at >= 1:
		return s.high
	case s.logarithmic:
		return int64(math.Round(float64(s.low) * math.Pow(float64(s.high)/float64(s.low), at)))
	}
	return int64(math.Round(float64(s.low) + float64(at*(float64(s.high)-float64(s.low)))))
}
