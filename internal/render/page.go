// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/harness"
)

// pageFiles are what the HTML page is made of.
//
//go:embed page
var pageFiles embed.FS

// pageScripts are the page's scripts, in the order in which they stand in its one script element.
var pageScripts = []string{"data.js", "matrix.js", "bars.js", "boot.js", "start.js"}

// pageTemplate is the page without its style, its scripts and its data.
var pageTemplate = sync.OnceValue(func() *template.Template { return template.Must(template.ParseFS(pageFiles, "page/page.html")) })

// pageValues are what the template shows.
type pageValues struct {
	Title     string
	Version   string // of rt0
	Totals    []pageTotal
	Matrix    *pageMatrix
	Legend    []pageMark
	Changes   []pageStep
	Threshold string // "5%"

	Policy template.HTMLAttr
	Style  template.CSS
	Data   template.JS
	Script template.JS
}

// Page writes a document as one HTML file that needs nothing else: the matrix as a table that can be sorted and filtered, and each of its
// boots in a panel that has a fragment of its own. What changed between neighbours is what package diff says. The reports are untrusted:
// the page's policy (CSP) lets nothing run but its own script, and nothing be loaded.
func Page(w io.Writer, doc harness.Document, o diff.Options) error {
	m := newPageMatrix(doc.Boots, o)
	data, err := json.Marshal(newPageData(m, o)) // with <, > and & escaped
	if err != nil {
		return fmt.Errorf("write the page's data: %w", err)
	}
	style, err := pageStyle(m)
	if err != nil {
		return err
	}
	script, err := readPage("\"use strict\";\n", pageScripts...)
	if err != nil {
		return err
	}
	v := pageValues{
		Title: m.title(), Version: doc.RT0.Version, Totals: m.totals(doc), Matrix: m, Legend: pageMarks, Changes: m.steps(),
		Threshold: percentOf(o.Threshold),
		Policy:    pagePolicy(style, script), Style: template.CSS(style), Data: template.JS(data), Script: template.JS(script),
	}
	var b bytes.Buffer
	if err := pageTemplate().Execute(&b, v); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	_, err = w.Write(bytes.ToValidUTF8(b.Bytes(), []byte("\uFFFD")))
	return err
}

// pagePolicy is the page's content security policy: this one style and this one script, by their hashes; nothing is loaded from anywhere;
// and the script cannot turn text into markup.
func pagePolicy(style, script string) template.HTMLAttr {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	rules := []string{
		"default-src 'none'", "style-src " + hash(style), "script-src " + hash(script), "img-src data:", "base-uri 'none'", "form-action 'none'",
		"require-trusted-types-for 'script'",
	}
	return template.HTMLAttr(`content="` + strings.Join(rules, "; ") + `"`)
}

// pageStyle is the style sheet, with the widths that the matrix's labels need.
func pageStyle(m *pageMatrix) (string, error) {
	css, err := readPage("", "page.css")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(":root {")
	for i, label := range m.Labels {
		fmt.Fprintf(&b, " --label-%d: %dch;", i, label.width)
	}
	b.WriteString(" }\n")
	b.WriteString(css)
	return b.String(), nil
}

// readPage is files of the page as one text, after what has to stand before them.
func readPage(before string, names ...string) (string, error) {
	var b strings.Builder
	b.WriteString(before)
	for _, name := range names {
		text, err := pageFiles.ReadFile("page/" + name)
		if err != nil {
			return "", err
		}
		b.Write(text)
	}
	return b.String(), nil
}
