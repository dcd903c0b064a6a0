// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	goversion "go/version"
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/arch"
)

// NamedDocument is a document with the name of where it was read.
type NamedDocument struct {
	Name string
	Document
}

// A ConflictError says that two documents have different boots of one cell: one of them is of another program, or of another rt0.
type ConflictError struct {
	Boot string    // "hello go1.26.8/arm64/graviton"
	In   [2]string // the names of the documents
	What string    // what they have: "hash 1f0c.., hash 77ab.."
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s and %s have different boots of %s (%s): leave one of them out", e.In[0], e.In[1], e.Boot, e.What)
}

// A MissingError says that the parts of a matrix that were merged are not the whole.
type MissingError struct {
	Shards []string // those that are missing: "3/8"
}

func (e *MissingError) Error() string {
	if len(e.Shards) == 1 {
		return fmt.Sprintf("part %s of the matrix is missing", e.Shards[0])
	}
	return fmt.Sprintf("parts %s of the matrix are missing", strings.Join(e.Shards, ", "))
}

// Merge unites documents: equal boots are one, and all are in the order of the matrix, whatever the order of the documents. A boot that could not
// be carried out gives way to one of the same cell that could. The parts of a matrix come out as the whole would have been.
//
// Errors are a [*ConflictError], and a [*MissingError]: the document is what there is then, and knows which parts it has. The warning tells
// of documents that other versions of rt0 have made; it is "" when there are none.
func Merge(documents ...NamedDocument) (merged Document, warning string, err error) {
	documents = slices.Clone(documents)
	slices.SortFunc(documents, func(x, y NamedDocument) int {
		return cmp.Or(compareParts(partsOf(x.Matrix), partsOf(y.Matrix)), cmp.Compare(firstKey(x), firstKey(y)), cmp.Compare(x.Name, y.Name))
	})
	merged = NewDocument()
	merged.RT0, warning = mergedVersion(documents)
	if merged.Matrix, err = mergedAxes(documents); err != nil {
		return merged, warning, err
	}
	boots, err := mergedBoots(documents)
	if err != nil {
		return merged, warning, err
	}
	order := merged.Matrix
	if order == nil {
		order = &MatrixAxes{}
	}
	slices.SortStableFunc(boots, func(x, y *merging) int {
		switch {
		case x.report.Cell == nil && y.report.Cell == nil:
			return cmp.Compare(x.key, y.key)
		case x.report.Cell == nil:
			return 1
		case y.report.Cell == nil:
			return -1
		}
		return order.compare(*x.report.Cell, *y.report.Cell)
	})
	for _, b := range boots {
		merged.Boots = append(merged.Boots, b.report)
	}
	if merged.Matrix == nil {
		return merged, warning, nil
	}
	if missing := missingParts(merged.Matrix.Shards); len(missing) > 0 {
		return merged, warning, &MissingError{missing}
	}
	merged.Matrix.Shards = nil
	return merged, warning, nil
}

// merging is a boot on its way into a merged document.
type merging struct {
	report *Report
	key    string // what it is a boot of
	text   []byte // the report as JSON
	from   string
}

// mergedBoots are the boots of all documents, each once.
func mergedBoots(documents []NamedDocument) ([]*merging, error) {
	var boots []*merging
	known := map[string]*merging{}
	for _, d := range documents {
		for _, r := range d.Boots {
			text, err := marshal(r)
			if err != nil {
				return nil, err
			}
			b := &merging{r, keyOf(r), text, d.Name}
			was := known[b.key]
			if was == nil {
				known[b.key] = b
				boots = append(boots, b)
				continue
			}
			if r.Hash != was.report.Hash && r.Outcome != Refused && was.report.Outcome != Refused {
				return nil, &ConflictError{Boot: bootName(r), In: [2]string{was.from, b.from}, What: was.summary() + "; " + b.summary()}
			}
			if b.better(was) {
				*was = *b
			}
		}
	}
	return boots, nil
}

// better says which of two boots of one cell is kept when they did the same: one that was carried out, then the one that says more.
func (b *merging) better(o *merging) bool {
	carriedOut := func(m *merging) int {
		if m.report.Outcome == Refused {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(carriedOut(b), carriedOut(o)), cmp.Compare(len(b.text), len(o.text)), bytes.Compare(b.text, o.text)) > 0
}

func (b *merging) summary() string {
	return fmt.Sprintf("%s, hash %.12s of %.12s", b.report.Outcome, b.report.Hash, b.report.Binary.SHA256)
}

// keyOf is what a report is a boot of: its cell; else what went in.
func keyOf(r *Report) string {
	var of any
	if r.Cell != nil {
		cell := *r.Cell
		cell.Absent = ""
		of = cell
	} else {
		of = []any{r.Binary.Path, r.Binary.GOARCH, r.Binary.GoVersion, r.Binary.SHA256, r.Until, r.Machine}
	}
	text, err := json.Marshal(of)
	if err != nil {
		return bootName(r) // data that came from JSON: there is no such case
	}
	return string(text)
}

func firstKey(d NamedDocument) string {
	if len(d.Boots) == 0 {
		return ""
	}
	return keyOf(d.Boots[0])
}

// bootName names a boot in a sentence.
func bootName(r *Report) string {
	if r.Cell == nil {
		return fmt.Sprintf("%s (%s)", r.Binary.Path, r.Binary.GOARCH)
	}
	return r.Cell.Program + " " + r.Cell.String()
}

// mergedVersion is the program that made the documents. When it was not one, it is this one.
func mergedVersion(documents []NamedDocument) (RT0, string) {
	for _, d := range documents {
		if first := documents[0]; d.RT0 != first.RT0 {
			return RT0{Version: Version()}, fmt.Sprintf("%s was made by rt0 %s, and %s by rt0 %s: differences may be rt0's own",
				first.Name, first.RT0.Version, d.Name, d.RT0.Version)
		}
	}
	if len(documents) == 0 {
		return RT0{Version: Version()}, ""
	}
	return documents[0].RT0, ""
}

// mergedAxes are the axes of all documents together, with the parts that they are. There are none when no document has any.
func mergedAxes(documents []NamedDocument) (*MatrixAxes, error) {
	var (
		axes  *MatrixAxes
		first NamedDocument
		whole bool // one of them is no part
	)
	for _, d := range documents {
		of := axesOfDocument(d.Document)
		switch {
		case len(of.Programs) == 0:
			continue
		case axes == nil:
			axes, first = of, d
		case len(axes.Shards) > 0 && !axes.same(of):
			return nil, fmt.Errorf("%s is part %s of a matrix that %s is no part of: put the parts of a matrix together before it is merged with others",
				first.Name, strings.Join(axes.Shards, ", "), d.Name)
		default:
			axes.unite(of)
		}
		whole = whole || len(of.Shards) == 0
	}
	if whole {
		axes.Shards = nil
	}
	return axes, nil
}

// axesOfDocument are a copy of a document's axes, by its boots when it does not say.
func axesOfDocument(d Document) *MatrixAxes {
	a := &MatrixAxes{}
	if d.Matrix != nil {
		for i, axis := range d.Matrix.lists() {
			*a.lists()[i].list = slices.Clone(*axis.list)
		}
		a.Shards = slices.Clone(d.Matrix.Shards)
	}
	for _, r := range d.Boots {
		if r.Cell != nil {
			a.take(*r.Cell)
		}
	}
	return a
}

// unite adds what other axes have. Toolchains and architectures of two matrices are ordered as one matrix has them; what has no order of its own
// stays in that of its first occurrence.
func (a *MatrixAxes) unite(b *MatrixAxes) {
	if !a.same(b) {
		for i, axis := range b.lists() {
			for _, value := range *axis.list {
				if mine := a.lists()[i].list; !slices.Contains(*mine, value) {
					*mine = append(*mine, value)
				}
			}
		}
		slices.SortStableFunc(a.Toolchains, compareToolchains)
		names := arch.Names()
		slices.SortStableFunc(a.Arches, func(x, y string) int { return slices.Index(names, x) - slices.Index(names, y) })
	}
	for _, shard := range b.Shards {
		if !slices.Contains(a.Shards, shard) {
			a.Shards = append(a.Shards, shard)
		}
	}
	slices.SortFunc(a.Shards, func(x, y string) int { return compareParts([]string{x}, []string{y}) })
}

// compareToolchains puts releases in their order, and what is no release behind them.
func compareToolchains(x, y string) int {
	rank := func(name string) int {
		if goversion.IsValid(name) {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(rank(x), rank(y)), goversion.Compare(x, y), cmp.Compare(x, y))
}
