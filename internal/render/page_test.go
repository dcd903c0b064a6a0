// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/harness"
)

// elements are the elements of a page that have a tag, as HTML's own rules find them.
func elements(t *testing.T, page []byte, tag string) []*html.Node {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	require.NoError(t, err)
	var list []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == tag {
			list = append(list, n)
		}
	}
	return list
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func content(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// pageDataOf reads the data back from a page.
func pageDataOf(t *testing.T, page []byte) pageData {
	t.Helper()
	scripts := elements(t, page, "script")
	require.Len(t, scripts, 2, "the data and the page's own script, and no other")
	require.Equal(t, "application/json", attribute(scripts[0], "type"))
	data := pageData{pagePack: &pagePack{}}
	require.NoError(t, json.Unmarshal([]byte(content(scripts[0])), &data))
	return data
}

func TestPageTable(t *testing.T) {
	t.Parallel()
	size := matrixSize{releases: 4, arches: 3, machines: 2, calls: 20}
	doc := pageDocument(size)
	page := pageOf(t, doc)
	data := pageDataOf(t, page)
	absent := size.machines // one cell on each machine
	require.Len(t, data.Boots, size.releases*size.arches*size.machines-absent)

	classes := map[string]int{}
	links := map[string]bool{}
	for _, td := range elements(t, page, "td") {
		if at := attribute(td, "data-boot"); at != "" {
			classes[strings.Fields(attribute(td, "class"))[0]]++
			link, err := url.Parse(attribute(td.FirstChild, "href"))
			require.NoError(t, err)
			links[link.String()[:1]+link.Fragment] = true
		} else if attribute(td, "class") == "absent" {
			classes["absent"]++
			require.Equal(t, "the port is newer", attribute(td, "title"))
		}
	}
	require.Equal(t, size.arches*size.machines, classes["first"], "the first release has nothing to be compared with")
	require.Equal(t, absent, classes["absent"])
	require.Equal(t, size.machines, classes["died"], "of the third release, on the last architecture")
	require.NotZero(t, classes["slower"])
	for _, b := range data.Boots {
		require.True(t, links["#"+b.ID], "a cell opens %s", b.ID)
	}
	require.Contains(t, string(page), "<b>"+Number(doc.Boots[1].Counts.Instructions)+"</b>", "numbers are there without scripts, too")
}

// The page tells the same differences as package diff, between the same boots.
func TestPageDifferences(t *testing.T) {
	t.Parallel()
	doc := pageDocument(matrixSize{releases: 4, arches: 2, machines: 2, calls: 30})
	data := pageDataOf(t, pageOf(t, doc))
	o := diff.Options{Threshold: diff.DefaultThreshold}
	want := map[string][]string{}
	for _, d := range diff.Neighbours(doc.Boots, o) {
		lines := []string{}
		for _, c := range d.Changes {
			lines = append(lines, strings.ToValidUTF8(c.Op.Sign()+" "+string(c.Kind)+" "+c.Subject()+": "+c.Text(), "\uFFFD"))
		}
		want["hello/"+d.New.String()] = lines
	}
	compared := 0
	for _, b := range data.Boots {
		if b.Previous < 0 {
			continue
		}
		compared++
		got := []string{}
		for i := range columnOf(data, b.Diff, 0) {
			text := func(column int) string { return data.Texts[columnOf(data, b.Diff, column)[i]] }
			got = append(got, text(1)+" "+text(3)+" "+text(4)+": "+text(5))
		}
		require.Equal(t, want[b.ID], got, b.ID)
	}
	require.Equal(t, len(want), compared)
}

func columnOf(d pageData, table []int, n int) []int64 {
	if len(table) == 0 {
		return nil
	}
	return d.Columns[table[n]]
}

// System calls come out of the packing as they went in.
func TestPagePacking(t *testing.T) {
	t.Parallel()
	doc := pageDocument(matrixSize{releases: 2, arches: 2, machines: 2, calls: 100})
	data := pageDataOf(t, pageOf(t, doc))
	byID := map[string]*harness.Report{}
	for _, r := range doc.Boots {
		byID["hello/"+r.Cell.String()] = r
	}
	for _, b := range data.Boots {
		r := byID[b.ID]
		var got []harness.Syscall
		var results []string
		for i, run := range columnOf(data, b.Calls, 0) {
			at, n := columnOf(data, b.Calls, 1)[i], columnOf(data, b.Calls, 2)[i]
			packed := data.Runs[run]
			for k, c := range data.Columns[packed[2]] {
				at += data.Columns[packed[3]][k]
				call := harness.Syscall{
					N: int(n) + k, Thread: packed[0], Phase: data.Texts[packed[1]], Name: data.Texts[data.Calls[c][0]], Instruction: uint64(at),
				}
				for _, a := range data.Calls[c][2:] {
					call.Args = append(call.Args, data.Texts[a])
				}
				got, results = append(got, call), append(results, data.Texts[data.Calls[c][1]])
			}
		}
		require.Len(t, got, len(r.Syscalls))
		for i, want := range r.Syscalls {
			require.Equal(t, want.ResultText(), results[i])
			want.Result, want.Error = nil, ""
			want.Args = slices.Clone(want.Args)
			for k, a := range want.Args {
				want.Args[k] = strings.ToValidUTF8(a, "\uFFFD")
			}
			require.Equal(t, want, got[i])
		}
	}
}

// Whatever a report says, the page has its own elements only, its policy allows its own style and script only, and nothing is loaded.
func TestPageIsInert(t *testing.T) {
	t.Parallel()
	doc := pageDocument(matrixSize{releases: 2, arches: 2, machines: 1, calls: 10})
	plain := pageOf(t, doc)
	doc.RT0.Version = hostile
	for _, r := range doc.Boots {
		r.Cell.Program, r.Cell.Machine, r.Cell.Variant, r.Cell.Flags = hostile, hostile+r.Cell.Machine, hostile, hostile
	}
	doc.Boots[0].Cell.Toolchain, doc.Boots[1].Cell.Absent = hostile, hostile
	page := pageOf(t, doc)
	for _, tag := range []string{"script", "style", "img", "iframe", "object", "form", "base", "meta", "link", "head", "body"} {
		require.Len(t, elements(t, page, tag), len(elements(t, plain, tag)), tag)
	}
	require.NotContains(t, string(page), "<!--")
	require.True(t, utf8.Valid(page))
	require.NotContains(t, string(page), "\x00")
	require.Equal(t, 1, strings.Count(string(page), "application/json"))
	pageDataOf(t, page)

	policy := attribute(elements(t, page, "meta")[1], "content")
	require.Contains(t, policy, "default-src 'none'")
	require.NotContains(t, policy, "unsafe")
	for tag, at := range map[string]int{"script": 1, "style": 0} {
		sum := sha256.Sum256([]byte(content(elements(t, page, tag)[at])))
		require.Contains(t, policy, tag+"-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	}
	root, err := html.Parse(bytes.NewReader(page))
	require.NoError(t, err)
	for n := range root.Descendants() {
		for _, a := range n.Attr {
			require.False(t, strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "style", "%s has %s", n.Data, a.Key)
			if a.Key == "href" {
				require.True(t, strings.HasPrefix(a.Val, "#") || a.Val == "data:,", a.Val)
			}
		}
	}
}

// What a guest writes without end does not make a page without end.
func TestPageBounds(t *testing.T) {
	t.Parallel()
	doc := pageDocument(matrixSize{releases: 1, arches: 1, machines: 1, calls: 3000})
	r := doc.Boots[0]
	before := len(pageOf(t, doc))
	r.Stdout, r.Stderr = strings.Repeat("é\n", 1<<19), strings.Repeat("x", 1<<20)
	for range 100_000 {
		r.Events = append(r.Events, "the same again")
	}
	page := pageOf(t, doc)
	require.Less(t, len(page), before+3*pageTextBytes)
	data := pageDataOf(t, page)
	require.Equal(t, 3000-pageCallsHead-pageCallsTail, data.Boots[0].LeftOut)
	require.Contains(t, data.Texts[data.Boots[0].Stdout], "bytes are left out")
	require.Contains(t, string(page), "99,501 more")
}

// Documents that were merged, or that are of no matrix, are shown too.
func TestPageOfOtherDocuments(t *testing.T) {
	t.Parallel()
	require.Contains(t, string(pageOf(t, harness.NewDocument())), "no boots")

	doc := pageDocument(matrixSize{releases: 3, arches: 1, machines: 1, calls: 5})
	slices.Reverse(doc.Boots)
	var heads []string
	page := pageOf(t, doc)
	for _, th := range elements(t, page, "th") {
		if attribute(th, "class") == "release" {
			heads = append(heads, attribute(th, "title"))
		}
	}
	require.Equal(t, []string{"go1.5.1", "go1.6.1", "go1.7.1"}, heads)

	doc = pageDocument(matrixSize{releases: 1, arches: 1, machines: 1, calls: 5})
	doc.Boots = append(doc.Boots, doc.Boots[0])
	for _, r := range doc.Boots {
		r.Cell = nil
	}
	data := pageDataOf(t, pageOf(t, doc))
	require.Len(t, data.Boots, 2, "two boots of one place have a row each")
	require.NotEqual(t, data.Boots[0].ID, data.Boots[1].ID)
}

// A full matrix, of 23 releases, 12 architectures and 3 machines, is a page of a few MB.
func TestPageSize(t *testing.T) {
	t.Parallel()
	page := fullPage(t)
	t.Logf("%d bytes", len(page))
	require.Less(t, len(page), 6<<20)
}

var (
	fullOnce sync.Once
	full     []byte
)

// fullPage is the page of a full matrix.
func fullPage(t *testing.T) []byte {
	t.Helper()
	fullOnce.Do(func() { full = pageOf(t, pageDocument(matrixSize{releases: 23, arches: 12, machines: 3, calls: 300})) })
	require.NotEmpty(t, full)
	return full
}
