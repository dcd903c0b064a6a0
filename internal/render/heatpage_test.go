// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/harness"
)

func heatPageOf(t testing.TB, h *Heat, views ...SweepView) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, h.HTML(&b, views...))
	return b.Bytes()
}

func (p packed) numbers() []int32 {
	list := p.List
	for i := 0; i < len(p.Runs); i += 2 {
		for range p.Runs[i+1] {
			list = append(list, p.Runs[i])
		}
	}
	return list
}

func TestPackRuns(t *testing.T) {
	t.Parallel()
	for _, list := range [][]int32{nil, {1}, {1, 1, 1, 2, 2, 2}, {1, 2, 3}, {7, 7}} {
		require.Equal(t, list, packRuns(list).numbers())
	}
	require.Equal(t, packed{Runs: []int32{5, 4}}, packRuns([]int32{5, 5, 5, 5}))
}

// The page has every variant's facts and its command.
func TestHeatPage(t *testing.T) {
	t.Parallel()
	axes := sweepAxes(hugePages, someCPUs)
	view := viewOf(axes, nil)
	page := heatPageOf(t, heatOf(t, axes, HeatOptions{Details: true}), view)
	require.Equal(t, page, heatPageOf(t, heatOf(t, axes, HeatOptions{Details: true}), view), "equal sweeps give equal bytes")
	scripts := elements(t, page, "script")
	require.Len(t, scripts, 2)
	var d heatData
	require.NoError(t, json.Unmarshal([]byte(content(scripts[0])), &d))
	parents, last, commands, ends := d.Parents.numbers(), d.Last.numbers(), d.Command.numbers(), d.End.numbers()
	for i := range axes.Len() {
		r := sweptReport(axes, axes.Variant(i))
		var words []string
		for n := commands[i]; n > 0; n = parents[n] {
			words = append([]string{d.Words[last[n]]}, words...)
		}
		require.Equal(t, r.Reproduce(), strings.Join(words, " "))
		require.Equal(t, endOf(harness.Result{Report: r}), d.Ends[ends[i]])
		for _, f := range d.Facts {
			if f.Title == "instructions" {
				require.Equal(t, Number(r.Counts.Instructions), d.Texts[f.Values.numbers()[i]])
			}
		}
	}
	text := string(page)
	for _, want := range []string{"<b>15</b> boots", "<b>1</b> threw", "outcome reached → threw in schedinit", "hello, go1.26.8, amd64"} {
		require.Contains(t, text, want)
	}
	require.Len(t, elements(t, page, "svg"), 1)
	require.Len(t, elements(t, page, "table"), 1)
}

// Whatever a report or a machine says, the page has its own elements only, and its policy allows its own style and script only.
func TestHeatPageIsInert(t *testing.T) {
	t.Parallel()
	page := hostileHeat(t)
	require.True(t, utf8.Valid(page))
	for tag, n := range map[string]int{"script": 2, "style": 1, "img": 0, "iframe": 0, "meta": 5, "link": 1, "svg": 1} {
		require.Len(t, elements(t, page, tag), n, tag)
	}
	for _, e := range append(elements(t, page, "rect"), elements(t, page, "text")...) {
		for _, a := range e.Attr {
			require.False(t, strings.HasPrefix(a.Key, "on") || a.Key == "style", a.Key)
		}
	}
	policy := attribute(elements(t, page, "meta")[1], "content")
	require.Contains(t, policy, "default-src 'none'")
	require.NotContains(t, policy, "unsafe")
}

func hostileHeat(t *testing.T) []byte {
	t.Helper()
	axes := sweepAxes(harness.Axis{Key: "env.X", Values: []string{hostile, "</svg>" + hostile}})
	h, err := NewHeat(axes, HeatOptions{Key: "reason", Details: true})
	require.NoError(t, err)
	for i := range 2 {
		r := sweptReport(sweepAxes(), harness.Variant{})
		r.Outcome, r.Reason, r.Binary.Path, r.Until = harness.Threw, hostile+strconv.Itoa(i), hostile, hostile
		h.Add(0, harness.Result{Variant: axes.Variant(i), Report: r})
	}
	return heatPageOf(t, h, SweepView{Title: hostile, Axes: axes})
}

// point moves the pointer to the middle of a cell, and clicks there when asked to.
func point(b *tab, cell int, click bool) {
	b.t.Helper()
	const at = `(() => { const s = picture.getBoundingClientRect(), k = s.width / picture.viewBox.baseVal.width, p = data.plots[mapOf(%d)];
		return [s.left + k * (p.x + (columnOf(%[1]d) + .5) * data.width), s.top + k * (p.y + (rowOf(%[1]d) + .5) * data.height)]; })()`
	xy := value[[]float64](b, fmt.Sprintf(at, cell))
	kinds := []input.DispatchMouseEventType{input.DispatchMouseEventTypeMouseMoved}
	if click {
		kinds = append(kinds, input.DispatchMouseEventTypeMousePressed, input.DispatchMouseEventTypeMouseReleased)
	}
	for _, kind := range kinds {
		e := input.DispatchMouseEventParams{Type: kind, X: xy[0], Y: xy[1]}
		if kind != input.DispatchMouseEventTypeMouseMoved {
			e.Button, e.ClickCount = input.MouseButtonLeft, 1
		}
		_, err := chromedp.Call(b.ctx, input.DispatchMouseEvent, e)
		require.NoError(b.t, err)
	}
}

// Expressions of the page of a sweep.
const (
	lookedAt = `panel.querySelector("h2")?.textContent || ""`
	endShown = `panel.querySelector(".ended").textContent`
	runAgain = `document.getElementById("command").textContent`
)

func TestHeatPageInBrowser(t *testing.T) {
	browser := startBrowser(t)
	axes := sweepAxes(pageSizes, hugePages, someCPUs)
	page := heatPageOf(t, heatOf(t, axes, HeatOptions{Details: true}), viewOf(axes, nil))

	t.Run("pointer", func(t *testing.T) {
		b := openPage(t, browser, page, "")
		require.Empty(t, value[string](b, lookedAt))
		for _, cell := range []int{0, 3, 17, 29} {
			point(b, cell, false)
			v := axes.Variant(cell)
			b.wait(fmt.Sprintf(`(%s) === %q`, lookedAt, "pageSize="+v.Values[0]+", hugePage="+v.Values[1]+", cpus="+v.Values[2]))
			r := sweptReport(axes, v)
			require.Equal(t, endOf(harness.Result{Report: r}), value[string](b, endShown))
			require.Equal(t, r.Reproduce(), value[string](b, runAgain))
		}
		point(b, 7, true)
		require.Equal(t, "#7", value[string](b, "location.hash"))
		point(b, 8, false)
		require.Contains(t, value[string](b, lookedAt), "hugePage=2MiB, cpus=64", "what was clicked stays")
		b.clean()
	})

	t.Run("keys", func(t *testing.T) {
		b := openPage(t, browser, page, "")
		b.do(`frame.focus()`)
		for _, step := range []struct{ key, want string }{
			{kb.ArrowRight, "pageSize=4KiB, hugePage=none, cpus=1"},
			{kb.ArrowRight, "pageSize=4KiB, hugePage=none, cpus=2"},
			{kb.ArrowDown, "pageSize=4KiB, hugePage=2MiB, cpus=2"},
			{kb.ArrowUp, "pageSize=4KiB, hugePage=none, cpus=2"},
			{kb.ArrowUp, "pageSize=4KiB, hugePage=none, cpus=2"},
			{"n", "pageSize=4KiB, hugePage=none, cpus=200"},
			{"p", "pageSize=4KiB, hugePage=none, cpus=64"},
			{kb.End, "pageSize=4KiB, hugePage=none, cpus=250"},
			{kb.Home, "pageSize=4KiB, hugePage=none, cpus=1"},
			{kb.ArrowLeft, "pageSize=4KiB, hugePage=none, cpus=1"},
			{kb.PageDown, "pageSize=64KiB, hugePage=none, cpus=1"},
			{kb.ArrowUp, "pageSize=4KiB, hugePage=1GiB, cpus=1"},
		} {
			b.keys(step.key)
			require.Equal(t, step.want, value[string](b, lookedAt), step.key)
		}
		b.keys(kb.Enter)
		require.Equal(t, "#10", value[string](b, "location.hash"))
		b.keys(kb.Escape)
		require.Empty(t, value[string](b, "location.hash"))
		b.click("#next")
		require.Equal(t, "pageSize=4KiB, hugePage=1GiB, cpus=250", value[string](b, lookedAt))
		b.clean()
	})

	t.Run("fragment", func(t *testing.T) {
		b := openPage(t, browser, page, "#18")
		require.Equal(t, "pageSize=64KiB, hugePage=none, cpus=200", value[string](b, lookedAt))
		require.Equal(t, "threw in schedinit: fatal error: procresize: invalid arg", value[string](b, endShown))
		b.do(`location.hash = "#99"`)
		b.do(`location.hash = "#x"`)
		require.Equal(t, "pageSize=64KiB, hugePage=none, cpus=200", value[string](b, lookedAt))
		b.clean()
	})

	t.Run("hostile", func(t *testing.T) {
		b := openPage(t, browser, hostileHeat(t), "#1")
		require.Contains(t, value[string](b, lookedAt), `<script>window.owned=1</script>`)
		require.Equal(t, 0, value[int](b, `document.querySelectorAll("img, iframe, main script").length`))
		require.True(t, value[bool](b, `window.owned === undefined`))
		b.clean()
	})

	t.Run("large", func(t *testing.T) { largeHeatPage(t, browser) })
}

// A map of 20,000 variants is made soon, is not large, and can be worked with.
func largeHeatPage(t *testing.T, browser context.Context) {
	t.Helper()
	axes := sweepAxes(harness.Axis{Key: "random", Values: numbers(1, 100)}, harness.Axis{Key: "cpus", Values: numbers(1, 200)})
	h, err := NewHeat(axes, HeatOptions{Key: "instructions", Details: true})
	require.NoError(t, err)
	r := sweptReport(axes, axes.Variant(0))
	for i := range axes.Len() {
		v := axes.Variant(i)
		report := *r
		report.Counts.Instructions = uint64(400_000 + i*7919%30_011)
		report.Machine.Name = v.Values[0] + "x" + v.Values[1] // every command is another
		h.Add(0, harness.Result{Variant: v, Report: &report})
	}
	start := time.Now()
	page := heatPageOf(t, h)
	t.Logf("%d bytes in %v", len(page), time.Since(start))
	require.Less(t, len(page), 6<<20)
	b := openPage(t, browser, page, "")
	ready := value[float64](b, `performance.getEntriesByType("navigation")[0].domComplete`)
	took := value[float64](b, `(() => { const t = performance.now(); for (let i = 0; i < 200; i++) look(i * 97); document.body.offsetHeight; return performance.now() - t; })()`)
	t.Logf("ready after %.0f ms; 200 cells are shown in %.0f ms", ready, took)
	require.Less(t, took, 4000.0) // many times what it takes on an idle machine
	point(b, 25*200+50, false)
	b.wait(fmt.Sprintf(`(%s) === "random=26, cpus=51"`, lookedAt))
	b.clean()
}
