// SPDX-License-Identifier: GPL-2.0-or-later

package diff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/rt0-dev/rt0/harness"
)

// Baseline is what somebody has accepted: the facts of boots, to be kept beside a program and compared with later. Nothing of the host is in it,
// and equal boots give equal files.
type Baseline struct {
	Baseline int      `json:"baseline"` // its schema
	Boots    []*Facts `json:"boots"`
}

// baselineSchema is the version of the form. Fields may be added within a version; none changes its meaning.
const baselineSchema = 1

// FactsOfAll condenses the boots of a document. Cells that have no boot are left out.
func FactsOfAll(reports []*harness.Report) []*Facts { return factsOfAll(reports) }

// WriteBaseline writes facts, a line each value: what changes in them is seen where the file is kept.
func WriteBaseline(w io.Writer, facts []*Facts) error {
	kept := slices.Clone(facts)
	for i, f := range kept {
		c := *f
		c.SHA256 = "" // says nothing about the boot
		kept[i] = &c
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(Baseline{baselineSchema, kept})
}

// SaveBaseline is WriteBaseline into a file, which has either all of it or what it had before.
func SaveBaseline(path string, facts []*Facts) error {
	return harness.SaveFile(path, func(w io.Writer) error { return WriteBaseline(w, facts) })
}

// Read reads the facts of a document of reports, or of a baseline. Its errors are [*harness.DocumentError]s, or r's.
func Read(r io.Reader) ([]*Facts, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var head struct {
		Baseline *int `json:"baseline"`
	}
	// A document is large, and rt0 writes its schema first: no need to read it all to see that it is no baseline.
	if firstKey(data) == "schema" || json.Unmarshal(data, &head) != nil || head.Baseline == nil {
		d, err := harness.ReadDocument(bytes.NewReader(data))
		return factsOfAll(d.Boots), err
	}
	if *head.Baseline != baselineSchema {
		return nil, &harness.DocumentError{Why: fmt.Sprintf("it is a baseline of schema %d, and this rt0 reads schema %d: accept a new one",
			*head.Baseline, baselineSchema)}
	}
	var b Baseline
	if err := json.Unmarshal(data, &b); err != nil {
		return nil, &harness.DocumentError{Why: "it is no baseline of rt0", Err: err}
	}
	for i, f := range b.Boots {
		if f == nil || f.Outcome == "" {
			return nil, &harness.DocumentError{Why: fmt.Sprintf("its boot %d has no outcome", i+1)}
		}
	}
	return b.Boots, nil
}

// firstKey is the first key of a JSON object; "" when it is none.
func firstKey(data []byte) string {
	d := json.NewDecoder(bytes.NewReader(data))
	if brace, err := d.Token(); err != nil || brace != json.Delim('{') {
		return ""
	}
	key, err := d.Token()
	if err != nil {
		return ""
	}
	text, _ := key.(string)
	return text
}

// Open reads the facts in a file. Its errors name the file.
func Open(path string) ([]*Facts, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	facts, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return facts, nil
}
