// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// browsers are names that Chromium goes by.
var browsers = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// findBrowser is a Chromium; where there is none, the test is skipped. One that is there and does not work is a failure.
func findBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range browsers {
		if file, err := exec.LookPath(name); err == nil {
			return file
		}
	}
	file, err := filepath.Abs(filepath.Join("..", "..", ".deps", "tools", "bin", browsers[0]))
	require.NoError(t, err)
	if _, err := os.Stat(file); err != nil {
		t.Skipf("%s is not installed: it is neither on PATH nor in .deps/tools/bin (make test installs it)", browsers[0])
	}
	return file
}

// browserPatience is how long anything in the browser may take: a busy machine is slow, and a browser that hangs must not hang the tests.
const browserPatience = 90 * time.Second

// startBrowser starts a headless browser that the test's end stops.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(findBrowser(t)),
		chromedp.Flag("headless", "new"),
		chromedp.NoSandbox, // root has none, nor have many containers; what is opened is our own
		chromedp.DisableGPU,
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.WindowSize(1400, 900),
		chromedp.WSURLReadTimeout(browserPatience),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	browser, stop := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(stop)
	require.NoError(t, chromedp.Do(browser), "Chromium is there and does not start")
	return browser
}

// A tab is a page that is open, with everything that it should not do.
type tab struct {
	t        *testing.T
	ctx      context.Context
	address  string // of the page, without a fragment
	mu       sync.Mutex
	requests []string
	faults   []string
}

// openPage opens a page in a tab of its own.
func openPage(t *testing.T, browser context.Context, text []byte, fragment string) *tab {
	t.Helper()
	file := filepath.Join(t.TempDir(), "matrix.html")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	b := &tab{t: t, address: (&url.URL{Scheme: "file", Path: file}).String()}
	ctx, stop := chromedp.NewContext(browser, chromedp.WithListener(b.listen))
	t.Cleanup(stop)
	require.NoError(t, chromedp.Do(ctx)) // the first is to have no deadline: it makes the tab
	b.ctx, stop = context.WithTimeout(ctx, browserPatience)
	t.Cleanup(stop)
	b.run(chromedp.Navigate(b.address + fragment))
	b.wait(`document.readyState === "complete" && !document.getElementById("controls").hidden`)
	return b
}

// listen keeps what the page asked for, and what went wrong in it.
func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, fmt.Sprint(e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	case *runtime.EventConsoleAPICalled:
		b.faults = append(b.faults, fmt.Sprintf("console.%s", e.Type))
	case *log.EventEntryAdded:
		b.faults = append(b.faults, e.Entry.Text) // what breaks the page's policy is told here
	case *page.EventJavascriptDialogOpening:
		b.faults = append(b.faults, "a dialog: "+e.Message)
	}
}

func (b *tab) run(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, steps...))
}

func (b *tab) click(selector string) {
	b.t.Helper()
	b.run(chromedp.Click(chromedp.CSS(selector)))
}

func (b *tab) keys(keys string) {
	b.t.Helper()
	b.run(chromedp.KeyEvent(keys))
}

func (b *tab) write(selector, text string) {
	b.t.Helper()
	b.run(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// do runs a statement in the page.
func (b *tab) do(statement string) {
	b.t.Helper()
	value[bool](b, "(() => { "+statement+"; return true; })()")
}

// value is what an expression is in the page.
func value[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	require.NoError(b.t, err, expression)
	return v
}

// wait waits until an expression is true.
func (b *tab) wait(expression string) {
	b.t.Helper()
	often, patience := chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(browserPatience)
	_, err := chromedp.Run(b.ctx, chromedp.Poll[bool]("Boolean("+expression+")", often, patience))
	require.NoError(b.t, err, expression)
}

// clean says that the page has asked for nothing but itself, and that nothing went wrong in it.
func (b *tab) clean() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Empty(b.t, b.faults)
	for _, r := range b.requests {
		require.True(b.t, r == "data:," || strings.HasPrefix(r, b.address), "the page asks for %s", r)
	}
	require.NotEmpty(b.t, b.requests, "requests are seen")
}

// Expressions that tests share.
const (
	shownRows = `[...document.querySelectorAll("#matrix tbody tr")].filter(r => !r.hidden)
		.map(r => [...r.cells[0].querySelectorAll("span[title]")].map(s => s.title).join(" "))`
	openBoot    = `document.getElementById("boot").open ? document.getElementById("boot-title").textContent : ""`
	focused     = `document.activeElement.getAttribute("href")`
	releaseHead = `[...document.querySelectorAll("#matrix thead .release")].filter(r => !r.hidden).map(r => r.title)`
)

// choose takes an option of a list, as a reader does.
func choose(b *tab, list, value string) {
	b.t.Helper()
	b.do(fmt.Sprintf(`const l = document.getElementById(%q); l.value = %q; l.dispatchEvent(new Event("change"))`, list, value))
}

func TestPageInBrowser(t *testing.T) {
	browser := startBrowser(t)
	size := matrixSize{releases: 4, arches: 3, machines: 2, calls: 60}
	text := pageOf(t, pageDocument(size))

	t.Run("sorting", func(t *testing.T) {
		b := openPage(t, browser, text, "")
		given := []string{"amd64 default", "amd64 raspberry-pi-4", "arm64 default", "arm64 raspberry-pi-4", "386 default", "386 raspberry-pi-4"}
		require.Equal(t, given, value[[]string](b, shownRows))
		arch := `#matrix thead .w0 button`
		b.click(arch)
		require.Equal(t, []string{"386 default", "386 raspberry-pi-4", "amd64 default"}, value[[]string](b, shownRows)[:3])
		require.Equal(t, "ascending", value[string](b, `document.querySelector("#matrix thead th").getAttribute("aria-sort")`))
		b.click(arch)
		require.Equal(t, "arm64 default", value[[]string](b, shownRows)[0])
		b.click(arch)
		require.Equal(t, given, value[[]string](b, shownRows), "the third click gives the order of the document")

		column := `[...document.querySelectorAll("#matrix tbody tr")].map(r => r.cells[4])
			.map(td => Number(td.querySelector("b").textContent.replaceAll(",", "")))`
		b.click(`#matrix thead .release:nth-of-type(5) button`)
		numbers := value[[]int](b, column)
		require.IsDecreasing(t, numbers)
		b.click(`#matrix thead .release:nth-of-type(5) button`)
		require.IsIncreasing(t, value[[]int](b, column))
		b.clean()
	})

	t.Run("filters", func(t *testing.T) {
		b := openPage(t, browser, text, "")
		b.write("#filter", "arm64 -pi")
		require.Equal(t, []string{"arm64 default"}, value[[]string](b, shownRows))
		b.click("#reset")
		require.Len(t, value[[]string](b, shownRows), 6)
		b.click(`button.chip[data-class="died"]`)
		require.Equal(t, []string{"386 default", "386 raspberry-pi-4"}, value[[]string](b, shownRows))
		require.Equal(t, "2 of 22 boots, 2 of 6 rows", value[string](b, `document.getElementById("shown").textContent`))
		require.Equal(t, 2, value[int](b, `document.querySelectorAll("#matrix tr:not([hidden]) td:not(.dim) a").length`))
		b.click("#reset")
		choose(b, "from", "2")
		require.Equal(t, []string{"go1.7.1", "go1.8.1"}, value[[]string](b, releaseHead))
		b.clean()
	})

	t.Run("number", func(t *testing.T) {
		b := openPage(t, browser, text, "")
		cell := `document.querySelector("#matrix tbody tr td:nth-of-type(2)").textContent`
		before := value[string](b, cell)
		choose(b, "metric", "1")
		require.Contains(t, value[string](b, cell), "61", "of 60 and one system calls")
		choose(b, "metric", "0")
		require.Equal(t, before, value[string](b, cell))
		b.clean()
	})

	t.Run("boot", func(t *testing.T) {
		b := openPage(t, browser, text, "")
		require.Empty(t, value[string](b, openBoot))
		b.click(`a[href="#hello/go1.8.1/arm64/raspberry-pi-4"]`)
		b.wait(openBoot)
		require.Equal(t, "hello go1.8.1arm64raspberry-pi-4", value[string](b, openBoot))
		require.Equal(t, "#hello/go1.8.1/arm64/raspberry-pi-4", value[string](b, "location.hash"))
		titles := value[[]string](b, `[...document.querySelectorAll("dialog h3")]
			.map(h => [...h.childNodes].filter(n => n.nodeType === Node.TEXT_NODE).map(n => n.data).join(""))`)
		for _, title := range []string{
			"Phases", "Inside schedinit", "Package initialisers", "Difference to go1.7.1", "What the runtime concluded", "Files asked for",
			"Machine raspberry-pi-4", "System calls", "Again",
		} {
			require.Contains(t, titles, title)
		}
		require.Equal(t, 2, value[int](b, `document.querySelectorAll("dialog .stack").length`), "the neighbour's phases are on the same scale")
		command := value[string](b, `document.getElementById("command").textContent`)
		require.Contains(t, command, "rt0 matrix --go go1.8.1 --arch arm64 --machine raspberry-pi-4")

		costs := `[...document.querySelectorAll("dialog .costs")].at(-1)`
		numbers := `[...` + costs + `.tBodies[0].rows].filter(r => r.cells[2]).map(r => Number(r.cells[2].textContent.replaceAll(",", "")))`
		require.IsNonIncreasing(t, value[[]int](b, numbers), "initialisers by cost")
		b.do(costs + `.tHead.rows[0].cells[0].querySelector("button").click()`)
		require.Equal(t, "1", value[string](b, costs+`.tBodies[0].rows[0].cells[0].textContent`), "in their order")

		b.do(costs + `.querySelector(".more button").click()`)
		require.Equal(t, 50, value[int](b, costs+`.tBodies[0].rows.length`), "the rest of a long list is there when it is asked for")

		calls := `document.querySelectorAll("dialog table.calls tbody tr").length`
		require.Equal(t, 63, value[int](b, calls))
		b.write("dialog input", "openat enoent")
		require.Equal(t, 6, value[int](b, calls))

		b.do(`document.getElementById("boot-title").focus()`)
		b.keys(kb.ArrowLeft)
		b.wait(`location.hash === "#hello/go1.7.1/arm64/raspberry-pi-4"`)
		b.wait(`document.getElementById("boot-title").textContent.includes("go1.7.1")`)

		b.keys(kb.Escape)
		b.wait(`!document.getElementById("boot").open && location.hash === ""`)
		require.Equal(t, "#hello/go1.7.1/arm64/raspberry-pi-4", value[string](b, focused), "the boot's cell has the focus")
		b.keys(kb.ArrowDown)
		require.Equal(t, "#hello/go1.7.1/386/default", value[string](b, focused))
		b.keys(kb.Enter)
		b.wait(openBoot)
		require.Contains(t, value[string](b, `document.querySelector("dialog .death").textContent`), "fatal error: procresize")
		b.clean()
	})

	t.Run("fragment", func(t *testing.T) {
		b := openPage(t, browser, text, "#hello/go1.6.1/amd64/default")
		b.wait(openBoot)
		require.Equal(t, "hello go1.6.1amd64default", value[string](b, openBoot))
		b.do(`location.hash = "#hello/go1.99.1/amd64/default"`)
		b.wait(`!document.getElementById("boot").open`)
		b.do(`location.hash = "#%"`) // no text at all
		b.clean()
	})

	t.Run("hostile", func(t *testing.T) {
		doc := pageDocument(size)
		for _, r := range doc.Boots {
			r.Cell.Program = hostile
		}
		b := openPage(t, browser, pageOf(t, doc), "")
		b.click(`#matrix tbody td a`)
		b.wait(openBoot)
		shown := value[string](b, `[...document.querySelectorAll("dialog pre")].map(p => p.textContent).join("")`)
		require.Contains(t, shown, `</script><script>window.owned=1</script>`)
		require.Equal(t, 0, value[int](b, `document.querySelectorAll("img, iframe, dialog script").length`))
		require.True(t, value[bool](b, `window.owned === undefined`))
		b.clean()
	})

	t.Run("dark", func(t *testing.T) {
		b := openPage(t, browser, text, "")
		lightness := `getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0) / 3`
		require.Greater(t, value[float64](b, lightness), 200.0)
		dark := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}}
		_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, dark)
		require.NoError(t, err)
		require.Less(t, value[float64](b, lightness), 60.0)
		b.clean()
	})

	t.Run("large", func(t *testing.T) {
		text := fullPage(t)
		start := time.Now()
		b := openPage(t, browser, text, "")
		loaded := time.Since(start)
		timed := func(action string) float64 {
			layout := `; document.body.offsetHeight; return performance.now() - t; })()`
			return value[float64](b, `(() => { const t = performance.now(); `+action+layout)
		}
		sorting := timed(`document.querySelectorAll("#matrix thead .release button")[20].click()`)
		opening := timed(`location.hash = "#hello/go1.20.1/mips64le/graviton"; followFragment()`)
		script := value[float64](b, `performance.getEntriesByType("navigation")[0].domComplete`)
		t.Logf("loaded in %v, ready after %.0f ms; sorting takes %.0f ms, opening a boot %.0f ms", loaded, script, sorting, opening)
		require.Less(t, sorting, 1500.0) // many times what it takes on an idle machine
		require.Less(t, opening, 1500.0)
		b.clean()
	})
}
