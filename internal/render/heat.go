// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// HeatOptions say what a heat map shows.
type HeatOptions struct {
	// Key is what colours the cells: a key of --expect, those of the counts with their prefix or without. "" is counts.instructions when all boots reached the point asked for, else outcome.
	Key string
	// Binaries is how many programs are swept one after the other, each a map of its own; 0 is 1.
	Binaries int
	// Details keeps what the HTML page tells of a variant beside its colour: how it ended, what the runtime concluded, the command that boots it again.
	Details bool
}

// The keys that a heat map takes by itself.
const (
	heatOutcome      = "outcome"
	heatInstructions = "counts.instructions"
)

// Heat is a map of a sweep: a cell for each variant, the fastest axis across and the next one down; further axes make more maps. It is collected
// while the sweep runs, and keeps of each boot a few numbers only.
type Heat struct {
	options HeatOptions
	grid    *heatGrid
	cells   []heatCell
	ends    *textPool // how boots ended
	values  *textPool // of the key, where they are no numbers
	details *heatDetails

	first     *harness.Report // of the sweep, for the title; what makes it large is left out
	binaries  []heatBinary    // for the maps' titles
	unreached bool            // some boot did not reach the point asked for
	worded    bool            // some value is no number
}

// heatCell is a variant.
type heatCell struct {
	state  uint8 // index of heatStates plus one; 0: it was not booted
	end    int32 // text of ends
	value  int32 // text of values; 0: it is number
	number int64
}

// unknownValue is the value of a boot that does not tell it.
const unknownValue = 1

// NewHeat is an empty map of a sweep. It refuses what would be no picture: too many axes that vary, or too many cells.
func NewHeat(axes harness.Axes, o HeatOptions) (*Heat, error) {
	key, err := heatKey(o.Key)
	if err != nil {
		return nil, err
	}
	o.Key = key
	o.Binaries = max(o.Binaries, 1)
	grid, err := newHeatGrid(axes, o.Binaries)
	if err != nil {
		return nil, err
	}
	h := &Heat{
		options: o, grid: grid, cells: make([]heatCell, grid.cells()), ends: newTextPool(), values: newTextPool(),
		binaries: make([]heatBinary, o.Binaries),
	}
	h.values.number("")
	h.values.number(unknown)
	if o.Details {
		h.details = newHeatDetails(len(h.cells))
	}
	return h, nil
}

// heatKey is the key in full, or what is wrong with it. The counts need no prefix: "instructions".
func heatKey(key string) (string, error) {
	if slices.Contains(harness.ExpectKeys(), "counts."+key) {
		key = "counts." + key
	}
	if key == "" || key == heatOutcome {
		return key, nil
	}
	_, err := harness.ParseExpectation(key + string(harness.Contains))
	var wrong *harness.ExpectError
	if errors.As(err, &wrong) {
		if wrong.Nearest != "" {
			return "", fmt.Errorf("a heat map of %q: there is no such key: did you mean %q?", key, wrong.Nearest)
		}
		return "", fmt.Errorf("a heat map of %q: there is no such key: they are %s", key, strings.Join(harness.ExpectKeys(), ", "))
	}
	return key, err
}

// Add takes one result of the binary with that number, from 0. Results may come in any order; a variant without one is shown as not booted.
func (h *Heat) Add(binary int, res harness.Result) {
	at, ok := h.grid.place(binary, res.Variant)
	if !ok {
		return
	}
	r := res.Report
	if h.first == nil {
		brief := *r
		brief.Stdout, brief.Stderr, brief.Events, brief.Syscalls, brief.Files, brief.Inits = "", "", nil, nil, nil, nil
		h.first = &brief
	}
	if h.binaries[binary][0] == "" {
		h.binaries[binary] = heatBinary{path.Base(r.Binary.Path), r.Binary.GoVersion, r.Binary.GOARCH, "machine " + r.Machine.Name}
	}
	cell := heatCell{state: uint8(stateOf(res) + 1), end: h.ends.number(endOf(res))}
	h.unreached = h.unreached || r.Outcome != harness.Reached || res.Panic != nil
	switch h.options.Key {
	case "", heatInstructions:
		cell.number = int64(r.Counts.Instructions) //nolint:gosec // a boot's bound is far below
		if r.Outcome == harness.Refused {
			cell.value = unknownValue // it has not run
		}
	case heatOutcome:
	default:
		cell.number, cell.value = h.value(r)
	}
	h.cells[at] = cell
	if h.details != nil {
		h.details.add(at, r)
	}
}

// value is what a boot has for the key: a number, or the number of a text.
func (h *Heat) value(r *harness.Report) (number int64, text int32) {
	got, _ := harness.Expectation{Key: h.options.Key}.Check(r)
	if got == "null" || got == "" {
		return 0, unknownValue
	}
	if n, err := strconv.ParseInt(got, 10, 64); err == nil {
		return n, 0
	}
	h.worded = true
	return 0, h.values.number(oneLine(got))
}

// endOf is how a boot ended and why, in one line.
func endOf(res harness.Result) string {
	if res.Panic != nil {
		return "rt0 itself failed: " + oneLine(res.Panic.Value)
	}
	return strings.TrimSuffix(End(res.Report)+": "+oneLine(res.Report.Reason), ": ")
}

// key is what colours the cells after all.
func (h *Heat) key() string {
	if h.options.Key != "" {
		return h.options.Key
	}
	if h.unreached || h.first == nil {
		return heatOutcome
	}
	return heatInstructions
}

// text is a cell's value in words; "" when the key is the outcome.
func (h *Heat) text(c heatCell) string {
	switch key := h.key(); {
	case key == heatOutcome:
		return ""
	case c.value != 0:
		return h.values.texts[c.value]
	default:
		return heatNumber(key, c.number)
	}
}

// heatNumber is a number of a key for people.
func heatNumber(key string, n int64) string {
	switch {
	case n < 0:
		return strconv.FormatInt(n, 10)
	case sizeKeys[key]:
		return machine.Size(n).String()
	}
	return Number(uint64(n))
}

// sizeKeys are the keys of sizes that are better read as 64KiB.
var sizeKeys = map[string]bool{"physPageSize": true, "physHugePageSize": true}

// booted is how many cells have a boot.
func (h *Heat) booted() int {
	n := 0
	for _, c := range h.cells {
		if c.state != 0 {
			n++
		}
	}
	return n
}

// span is the range of the numbers that are known.
func (h *Heat) span() (low, high int64) {
	low, high = math.MaxInt64, math.MinInt64
	for _, c := range h.cells {
		if c.state != 0 && c.value == 0 {
			low, high = min(low, c.number), max(high, c.number)
		}
	}
	return low, high
}

// distinct are the numbers that are known, sorted; nil when there are none, or more than so many.
func (h *Heat) distinct(most int) []int64 {
	var list []int64
	for _, c := range h.cells {
		if c.state == 0 || c.value != 0 {
			continue
		}
		if i, ok := slices.BinarySearch(list, c.number); !ok {
			if len(list) == most {
				return nil
			}
			list = slices.Insert(list, i, c.number)
		}
	}
	return list
}

// textPool keeps each text once.
type textPool struct {
	texts []string
	index map[string]int32
}

func newTextPool() *textPool { return &textPool{index: map[string]int32{}} }

func (p *textPool) number(text string) int32 {
	n, ok := p.index[text]
	if !ok {
		n = int32(len(p.texts)) //nolint:gosec // fewer than cells
		p.index[text] = n
		p.texts = append(p.texts, text)
	}
	return n
}
