// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

var update = flag.Bool("update", false, "write what the tests compare with anew")

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "go test -update writes it")
	require.Equal(t, string(want), string(got), "go test -update writes %s anew", file)
}

// numbers are values of an axis.
func numbers(from, to int) []string {
	var list []string
	for n := from; n <= to; n++ {
		list = append(list, strconv.Itoa(n))
	}
	return list
}

// sweepAxes are axes of the default machine.
func sweepAxes(list ...harness.Axis) harness.Axes {
	return harness.Axes{Machine: machine.New(), List: list}
}

// sweptReport is what a variant's boot would be: with more CPUs it costs more, and beyond 192 of them without huge pages it dies.
func sweptReport(axes harness.Axes, v harness.Variant) *harness.Report {
	m, err := axes.Of(v)
	if err != nil {
		panic(err)
	}
	r := &harness.Report{
		Binary:  harness.Binary{Path: "/srv/hello", GOARCH: "amd64", GoVersion: "go1.26.8", BuildMode: "exe"},
		Machine: m, Until: "main.main", Phase: "main.main", Outcome: harness.Reached,
	}
	cpus := m.CPUs.Count()
	r.Runtime.NumCPU, r.Runtime.GOMAXPROCS, r.Runtime.PhysPageSize = cpus, cpus, int(m.PageSize)
	r.Runtime.PhysHugePageSize = int(m.HugePage)
	r.Counts.Instructions = uint64(400_000 + 3_000*cpus + int(math.Sqrt(float64(m.PageSize))))
	if cpus > 192 && m.HugePage == 0 {
		r.Outcome, r.Reason, r.Phase, r.Died = harness.Threw, "fatal error: procresize: invalid arg", "exit", "schedinit"
	}
	if cpus > 240 {
		r.Outcome, r.Reason, r.Phase = harness.Stuck, "deadlock", "schedinit"
	}
	return r
}

// heatOf is a map of a whole sweep.
func heatOf(t testing.TB, axes harness.Axes, o HeatOptions) *Heat {
	t.Helper()
	h, err := NewHeat(axes, o)
	require.NoError(t, err)
	for b := range max(o.Binaries, 1) {
		for i := range axes.Len() {
			v := axes.Variant(i)
			h.Add(b, harness.Result{Variant: v, Report: sweptReport(axes, v)})
		}
	}
	return h
}

// Axes that tests share.
var (
	hugePages = harness.Axis{Key: "hugePage", Values: []string{"none", "2MiB", "1GiB"}}
	pageSizes = harness.Axis{Key: "pageSize", Values: []string{"4KiB", "64KiB"}}
	manyCPUs  = harness.Axis{Key: "cpus", Values: numbers(1, 256)}
	someCPUs  = harness.Axis{Key: "cpus", Values: []string{"1", "2", "64", "200", "250"}}
)

func svgOf(t testing.TB, h *Heat) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, h.SVG(&b))
	return b.String()
}

func TestHeatSVG(t *testing.T) {
	t.Parallel()
	golden(t, "heat.svg", []byte(svgOf(t, heatOf(t, sweepAxes(hugePages, someCPUs), HeatOptions{}))))
}

// svgRect is a rectangle of an SVG with its tool tip.
type svgRect struct {
	X     int    `xml:"x,attr"`
	Y     int    `xml:"y,attr"`
	Width int    `xml:"width,attr"`
	Fill  string `xml:"fill,attr"`
	Title string `xml:"title"`
}

// readSVG reads an SVG as XML: its rectangles with a tip, and its texts.
func readSVG(t *testing.T, text string) (cells []svgRect, texts []string) {
	t.Helper()
	var svg struct {
		Group struct {
			Rects []svgRect `xml:"rect"`
		} `xml:"g"`
		Texts []string `xml:"text"`
	}
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = true
	require.NoError(t, d.Decode(&svg))
	for _, r := range svg.Group.Rects {
		if r.Title != "" && !strings.HasPrefix(r.Fill, "url") {
			cells = append(cells, r)
		}
	}
	return cells, svg.Texts
}

func TestHeatTellsEachCell(t *testing.T) {
	t.Parallel()
	cells, texts := readSVG(t, svgOf(t, heatOf(t, sweepAxes(hugePages, someCPUs), HeatOptions{Key: "counts.instructions"})))
	require.Len(t, cells, 15)
	require.Equal(t, "hugePage none, cpus 1: reached main.main; 403,064", cells[0].Title)
	require.Equal(t, "hugePage none, cpus 200: threw in schedinit: fatal error: procresize: invalid arg; 1,000,064", cells[3].Title)
	require.Equal(t, "hugePage 1GiB, cpus 250: stuck in schedinit: deadlock; 1,150,064", cells[14].Title)
	for _, want := range []string{"hello: instructions by hugePage and cpus", "go1.26.8 · amd64 · machine default · to main.main · 15 boots",
		"403,064 (3)", "1,150,064 (3)", "threw (1)", "stuck (3)", "hugePage", "cpus", "1GiB", "200", "T", "S"} {
		require.Contains(t, texts, want)
	}
	require.Equal(t, hexColour(ramp(0.1)), cells[0].Fill, "five numbers are five steps")
	require.Equal(t, hexColour(ramp(0.9)), cells[14].Fill)

	cells, texts = readSVG(t, svgOf(t, heatOf(t, sweepAxes(manyCPUs), HeatOptions{Key: "instructions"})))
	require.Equal(t, hexColour(viridis[0]), cells[0].Fill)
	require.Equal(t, hexColour(viridis[8]), cells[255].Fill)
	require.Subset(t, texts, []string{"instructions", "403,064", "785,564", "1,168,064"})
}

// What is drawn is where a cell belongs, in its colour.
func TestHeatPNG(t *testing.T) {
	t.Parallel()
	h := heatOf(t, sweepAxes(hugePages, someCPUs), HeatOptions{})
	var one, two bytes.Buffer
	require.NoError(t, h.PNG(&one))
	require.NoError(t, h.PNG(&two))
	require.Equal(t, one.Bytes(), two.Bytes(), "equal sweeps give equal bytes")
	if *update {
		golden(t, "heat.png", two.Bytes())
	}
	img, err := png.Decode(&one)
	require.NoError(t, err)
	file, err := os.Open(filepath.Join("testdata", "heat.png"))
	require.NoError(t, err)
	defer file.Close()
	want, err := png.Decode(file)
	require.NoError(t, err)
	require.True(t, reflect.DeepEqual(want, img), "other pixels than testdata/heat.png has: go test -update writes it anew")
	cells, _ := readSVG(t, svgOf(t, h))
	states := map[string]int{"reached": 0, "threw": 2, "stuck": 4}
	for _, c := range cells {
		_, end, _ := strings.Cut(c.Title, ": ")
		word, _, _ := strings.Cut(end, " ")
		state := heatStates[states[word]]
		require.Equal(t, hexColour(state.colour), c.Fill)
		fills, others := 0, 0
		for x := range c.Width * heatScalePNG {
			if img.At(c.X*heatScalePNG+x, (c.Y+3)*heatScalePNG) == color.Color(state.colour) {
				fills++
			} else {
				others++
			}
		}
		require.Greater(t, fills, 3*others/2, c.Title)
		require.Equal(t, state.dead(), others > 0, "what died is hatched: %s", c.Title)
	}
	ink := 0
	for x := range img.Bounds().Dx() {
		for y := range 30 * heatScalePNG {
			if img.At(x, y) == color.Color(inkColour) {
				ink++
			}
		}
	}
	require.Greater(t, ink, 500, "the title is there")
}

func TestHeatKey(t *testing.T) {
	t.Parallel()
	well := harness.Axis{Key: "cpus", Values: []string{"1", "2"}}
	require.Equal(t, heatInstructions, heatOf(t, sweepAxes(well), HeatOptions{}).key())
	require.Equal(t, heatOutcome, heatOf(t, sweepAxes(someCPUs), HeatOptions{}).key())

	h := heatOf(t, sweepAxes(hugePages, someCPUs), HeatOptions{Key: "phase"})
	scale := h.scale()
	require.Len(t, scale.words, 3)
	require.Equal(t, "main.main", h.values.texts[scale.order[0]], "the most frequent comes first")

	h = heatOf(t, sweepAxes(hugePages, someCPUs), HeatOptions{Key: "physHugePageSize"})
	_, texts := readSVG(t, svgOf(t, h))
	require.Subset(t, texts, []string{"none (5)", "2MiB (5)", "1GiB (5)"})

	h = heatOf(t, sweepAxes(someCPUs), HeatOptions{Key: "signal"})
	_, texts = readSVG(t, svgOf(t, h))
	require.Contains(t, texts, "unknown (5)")

	for key, want := range map[string]string{
		"gomaxproc":     "a heat map of \"gomaxproc\": there is no such key: did you mean \"gomaxprocs\"?",
		"no such thing": "a heat map of \"no such thing\": there is no such key: they are outcome, phase, ",
		"syscalls.opn":  "did you mean \"syscalls.open\"?",
	} {
		_, err := NewHeat(sweepAxes(well), HeatOptions{Key: key})
		require.ErrorContains(t, err, want)
	}
}

// What maps have in common is told once; what tells them apart stands above each.
func TestHeatTitles(t *testing.T) {
	t.Parallel()
	axes := sweepAxes(harness.Axis{Key: "cpus", Values: []string{"1", "2"}})
	axes.Machine = machine.New().With(machine.HugePage(0))
	for _, c := range []struct {
		name   string
		change func(n int, r *harness.Report)
		want   []string
	}{
		{"one program", nil, []string{"hello: instructions by cpus", "go1.26.8 · amd64 · machine default · to main.main · hugePage=none · 6 boots", "hello"}},
		{"architectures", func(n int, r *harness.Report) { r.Binary.GOARCH = []string{"amd64", "arm", "386"}[n] },
			[]string{"hello: instructions by cpus", "go1.26.8 · machine default · to main.main · hugePage=none · 6 boots", "amd64", "arm", "386"}},
		{"programs", func(n int, r *harness.Report) {
			r.Binary.Path = "/x/" + strconv.Itoa(n)
			r.Binary.GoVersion = "go1." + strconv.Itoa(20+n/2)
		},
			[]string{"3 programs: instructions by cpus", "amd64 · machine default · to main.main · hugePage=none · 6 boots", "0, go1.20", "1, go1.20", "2, go1.21"}},
		{"machines", func(n int, r *harness.Report) { r.Machine.Name = "m" + strconv.Itoa(n) },
			[]string{"go1.26.8 · amd64 · to main.main · 6 boots", "machine m0", "machine m1", "machine m2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h, err := NewHeat(axes, HeatOptions{Binaries: 3})
			require.NoError(t, err)
			for n := range 3 {
				for i := range 2 {
					r := sweptReport(axes, axes.Variant(i))
					if c.change != nil {
						c.change(n, r)
					}
					h.Add(n, harness.Result{Variant: axes.Variant(i), Report: r})
				}
			}
			_, texts := readSVG(t, svgOf(t, h))
			require.Subset(t, texts, c.want)
		})
	}
}

// A scale over more than two powers of ten is logarithmic.
func TestHeatScale(t *testing.T) {
	t.Parallel()
	s := heatScale{low: 100, high: 1_000_000, logarithmic: true}
	require.InDelta(t, 0.5, s.at(10_000), 1e-9)
	require.EqualValues(t, 10_000, s.number(0.5))
	s.logarithmic = false
	require.InDelta(t, 0.0099, s.at(10_000), 1e-4)
	before := -1.0
	for i := range 101 {
		l := lightness(ramp(float64(i) / 100))
		require.Greater(t, l, before, "the scale becomes lighter all the way")
		before = l
	}
	h := heatOf(t, sweepAxes(manyCPUs), HeatOptions{Key: "counts.instructions"})
	require.False(t, h.scale().logarithmic)
	h.cells[0].number = 10
	require.True(t, h.scale().logarithmic)
	require.Len(t, heatStates, len(harness.Outcomes)+1)
}

func TestHeatPlaces(t *testing.T) {
	t.Parallel()
	cpus := harness.Axis{Key: "cpus", Values: numbers(1, 4)}
	places := func(axes harness.Axes, o HeatOptions) (maps, across, down int) {
		h := heatOf(t, axes, o)
		seen := map[int]bool{}
		for b := range h.grid.binaries {
			for i := range axes.Len() {
				at, ok := h.grid.place(b, axes.Variant(i))
				require.True(t, ok)
				require.False(t, seen[at], "two variants in one place")
				seen[at] = true
			}
		}
		require.Equal(t, h.grid.variants(), h.booted())
		readSVG(t, svgOf(t, h))
		return h.grid.binaries * h.grid.maps, h.grid.across, h.grid.down
	}
	zip := sweepAxes(harness.Axis{Key: "cpus", Values: []string{"1", "2", "4"}}, hugePages)
	zip.Zip = true
	alone := harness.Axis{Key: "pageSize", Values: []string{"4KiB"}}
	for name, c := range map[string]struct {
		axes               harness.Axes
		binaries           int
		maps, across, down int
	}{
		"none":        {sweepAxes(), 1, 1, 1, 1},
		"one":         {sweepAxes(cpus), 1, 1, 4, 1},
		"one value":   {sweepAxes(cpus, alone), 1, 1, 4, 1},
		"two":         {sweepAxes(hugePages, alone, cpus), 1, 1, 4, 3},
		"three":       {sweepAxes(pageSizes, hugePages, cpus), 1, 2, 4, 3},
		"longest":     {sweepAxes(cpus, pageSizes, hugePages), 1, 2, 4, 3},
		"binaries":    {sweepAxes(pageSizes, hugePages, cpus), 2, 4, 4, 3},
		"zip":         {zip, 1, 1, 3, 1},
		"long":        {sweepAxes(pageSizes, harness.Axis{Key: "random", Values: numbers(1, 1099)}), 1, 2, 50, 22},
		"long, whole": {sweepAxes(harness.Axis{Key: "random", Values: numbers(1, 1000)}), 1, 1, 1000, 1},
	} {
		t.Run(name, func(t *testing.T) {
			maps, across, down := places(c.axes, HeatOptions{Binaries: c.binaries})
			require.Equal(t, []int{c.maps, c.across, c.down}, []int{maps, across, down})
		})
	}
}

// The longest axis goes across, whichever it is, and a cell is named in the order of the axes.
func TestHeatArrangement(t *testing.T) {
	t.Parallel()
	axes := sweepAxes(someCPUs, hugePages, pageSizes)
	h := heatOf(t, axes, HeatOptions{Key: "gomaxprocs"})
	cells, texts := readSVG(t, svgOf(t, h))
	require.Len(t, cells, 30)
	require.Equal(t, "cpus 1, hugePage none, pageSize 4KiB: reached main.main; 1", cells[0].Title)
	require.Equal(t, "cpus 2, hugePage none, pageSize 4KiB: reached main.main; 2", cells[1].Title)
	require.Equal(t, "cpus 250, hugePage 1GiB, pageSize 64KiB: stuck in schedinit: deadlock; 250", cells[29].Title)
	require.Subset(t, texts, []string{"hello: gomaxprocs by cpus, hugePage and pageSize", "pageSize 4KiB", "pageSize 64KiB"})

	axes = sweepAxes(manyCPUs, hugePages, pageSizes)
	cells, _ = readSVG(t, svgOf(t, heatOf(t, axes, HeatOptions{})))
	require.Equal(t, "cpus 1 – 192, hugePage none, pageSize 4KiB: reached main.main", cells[0].Title)
	require.Equal(t, "cpus 1 – 240, hugePage 2MiB – 1GiB, pageSize 4KiB: reached main.main", cells[3].Title)
}

// What a sweep draws of a larger product stands where the product has it.
func TestHeatOfSamples(t *testing.T) {
	t.Parallel()
	axes := sweepAxes(hugePages, manyCPUs)
	axes.Sample = 2
	h, err := NewHeat(axes, HeatOptions{})
	require.NoError(t, err)
	for i, v := range []harness.Variant{{Index: 0, Values: []string{"none", "77"}}, {Index: 1, Values: []string{"1GiB", "250"}}} {
		h.Add(0, harness.Result{Variant: v, Report: sweptReport(axes, v)})
		require.Equal(t, i+1, h.booted())
	}
	cells, texts := readSVG(t, svgOf(t, h))
	require.Len(t, cells, 2)
	require.Equal(t, "hugePage none, cpus 77: reached main.main", cells[0].Title)
	require.Equal(t, "hugePage 1GiB, cpus 250: stuck in schedinit: deadlock", cells[1].Title)
	require.NotContains(t, strings.Join(texts, " "), "not booted", "nobody asked for the others")
}

func TestHeatOfAnInterruptedSweep(t *testing.T) {
	t.Parallel()
	axes := sweepAxes(hugePages, someCPUs)
	h, err := NewHeat(axes, HeatOptions{})
	require.NoError(t, err)
	_, texts := readSVG(t, svgOf(t, h))
	require.Contains(t, texts, "nothing was booted")
	v := axes.Variant(1)
	h.Add(0, harness.Result{Variant: v, Report: sweptReport(axes, v), Panic: &harness.PanicError{Value: "index out of range"}})
	cells, texts := readSVG(t, svgOf(t, h))
	require.Equal(t, "hugePage none, cpus 2: rt0 itself failed: index out of range", cells[0].Title)
	require.Subset(t, texts, []string{"rt0 failed (1)", "not booted (14)", "!"})
	require.NoError(t, h.PNG(io.Discard))
}

func TestHeatRefusesWhatIsNoPicture(t *testing.T) {
	t.Parallel()
	long := harness.Axis{Key: "random", Values: numbers(1, 900)}
	_, err := NewHeat(sweepAxes(harness.Axis{Key: "memory", Values: numbers(1, 65)}, hugePages, manyCPUs, harness.Axis{Key: "args", Values: numbers(1, 66)}), HeatOptions{})
	require.EqualError(t, err, "a heat map has two axes, and what varies besides (memory, hugePage) would make 195 maps of it, more than 64: give an axis one value, or write csv")
	_, err = NewHeat(sweepAxes(long, long, long, long, long, long, long, long, long), HeatOptions{Binaries: 2})
	require.ErrorContains(t, err, "random, the binaries)")
	_, err = NewHeat(sweepAxes(manyCPUs, harness.Axis{Key: "random", Values: numbers(1, 1000)}), HeatOptions{})
	require.EqualError(t, err, "a heat map of 256,000 cells is more than a picture shows, 250,000: give an axis fewer values, or write csv")
}

// Labels never touch, and there is always a first one.
func TestTicks(t *testing.T) {
	t.Parallel()
	f := newHeatFonts()
	texts := func(list []heatTick) (texts []string) {
		for _, tick := range list {
			texts = append(texts, tick.text)
		}
		return texts
	}
	flat, upright := columnTicks(f, numbers(1, 256), 3)
	require.False(t, upright)
	require.Equal(t, "1 10 20 30", strings.Join(texts(flat)[:4], " "), "round numbers")
	require.Equal(t, "256", flat[len(flat)-1].text)
	var releases []string
	for i := range 20 {
		releases = append(releases, "5."+strconv.Itoa(i)+".0-generic-of-a-distribution")
	}
	tall, upright := columnTicks(f, releases, 20)
	require.True(t, upright)
	require.Len(t, tall, 20)
	tall, _ = columnTicks(f, []string{strings.Repeat("wide", 100), "b"}, 20)
	require.LessOrEqual(t, f.width(tall[0].text, heatLabel, false), heatMaxText)
	for n := 1; n < 60; n++ {
		for _, cell := range []int{1, 3, 7, 28} {
			list, before := ticks(numbers(0, n), cell, func(int) int { return 20 }), -1000
			require.Equal(t, 0, list[0].at)
			for _, tick := range list {
				require.GreaterOrEqual(t, (tick.at-before)*cell, 20)
				before = tick.at
			}
		}
	}
}

// Whatever a boot or a machine says, an SVG is XML, and has nothing but what was drawn.
func TestHeatIsInert(t *testing.T) {
	t.Parallel()
	axes := sweepAxes(harness.Axis{Key: "env.X", Values: []string{hostile, "b\x00\uFFFE]]>"}})
	h, err := NewHeat(axes, HeatOptions{Key: "reason"})
	require.NoError(t, err)
	for i := range 2 {
		v := axes.Variant(i)
		r := sweptReport(sweepAxes(), harness.Variant{})
		r.Outcome, r.Reason, r.Binary.Path, r.Until = harness.Threw, hostile+v.Values[0], hostile, hostile
		h.Add(0, harness.Result{Variant: v, Report: r})
	}
	d := xml.NewDecoder(strings.NewReader(svgOf(t, h)))
	known := map[string]bool{"svg": true, "g": true, "rect": true, "text": true, "title": true, "defs": true, "pattern": true, "path": true}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok {
			require.True(t, known[e.Name.Local], e.Name.Local)
		}
	}
	require.NoError(t, h.PNG(io.Discard))
}

// 20,000 variants are a small file, soon made, and little is kept of them.
func TestHeatOfManyVariants(t *testing.T) {
	axes := sweepAxes(harness.Axis{Key: "random", Values: numbers(1, 100)}, harness.Axis{Key: "cpus", Values: numbers(1, 200)})
	r := sweptReport(axes, axes.Variant(0))
	r.Stdout = strings.Repeat("x", 1000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	h, err := NewHeat(axes, HeatOptions{Key: heatInstructions})
	require.NoError(t, err)
	start := time.Now()
	for i := range axes.Len() {
		report := *r
		report.Counts.Instructions = uint64(400_000 + i*7919%30_011)
		h.Add(0, harness.Result{Variant: axes.Variant(i), Report: &report})
	}
	added := time.Since(start)
	runtime.GC()
	runtime.ReadMemStats(&after)
	kept := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	var svg, picture bytes.Buffer
	require.NoError(t, h.SVG(&svg))
	drawn := time.Since(start) - added
	require.NoError(t, h.PNG(&picture))
	t.Logf("%v for all, kept %d bytes; SVG %d bytes in %v; PNG %d bytes in %v", added, kept, svg.Len(), drawn, picture.Len(), time.Since(start)-added-drawn)
	require.Less(t, kept, int64(2<<20))
	require.Less(t, svg.Len(), 5<<20)
	require.Less(t, picture.Len(), 1<<20)
	require.Less(t, added, time.Second) // many times what it takes
	require.Less(t, drawn, 5*time.Second)

	h = heatOf(t, axes, HeatOptions{Key: heatOutcome})
	require.Less(t, len(svgOf(t, h)), 100<<10, "neighbours that look alike are one rectangle")
}
