// SPDX-License-Identifier: GPL-2.0-or-later

// Package zoo has the start-up bugs of Go's runtime that were met in the wild, as data: each entry names a machine, a program, the
// releases that show the bug on that machine and some that do not, and what a boot of either looks like. A [Runner] builds with exactly
// those releases, boots, and compares; it also finds the first and the last release that shows a bug ([Runner.Bisect]).
package zoo

import (
	"cmp"
	"embed"
	"fmt"
	goversion "go/version"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/nearest"
	"github.com/rt0-dev/rt0/machine"
)

// Entry is a bug, or a behaviour that surprised somebody.
type Entry struct {
	ID          string // the file's name without .yaml
	File        string // where it was read from
	Title       string
	Issue       string   // where it was reported or mended: a URL
	Links       []string // further URLs
	Explanation string   // what happens, and why; Markdown
	Range       string   // the releases that are affected, in words
	Note        string   // what else the boots showed: a boundary that is not where the issue has it; "" mostly
	Cases       []Case   // at least one
}

// Case is an entry on one machine.
type Case struct {
	Name     string   // "" when the entry has one case only
	Arch     []string // GOARCH
	Affected []string // releases that show it, exactly: "go1.26.3"
	Clean    []string // some that do not
	Program  Program
	Machine  machine.Machine
	Until    string // where the boot stops: a phase or a symbol
	Limits   Limits
	Expect   map[Side][]harness.Expectation
	// Crash is what an affected release prints to standard error, or the reason that the report gives: its lines occur in that order,
	// and "…" stands for any text. "" when it dies of nothing.
	Crash string
}

// Side is what a release is said to be.
type Side string

// The sides.
const (
	Affected Side = "affected"
	Clean    Side = "clean"
)

// Sides are both, in the order of an entry.
var Sides = []Side{Affected, Clean}

// Releases are those of a side.
func (c Case) Releases(s Side) []string {
	if s == Affected {
		return c.Affected
	}
	return c.Clean
}

// bare is the program of an entry that names none: the runtime starts, and that is all. It builds in a fraction of the time of any that
// imports something.
const bare = "package main\n\nfunc main() {}\n"

// Program is what is booted.
type Program struct {
	Fixture string   // a name of package fixtures
	Source  string   // or the text of a main package; default: one that does nothing
	GoLine  string   // the go line of its module, and the release's own where that is older; "": that of the fixtures
	Mode    string   // fixtures.ModeExe or ModePIE; "": exe
	Env     []string // of the build: "GOARM=7"
	Strip   bool
	Args    []string // after those of the machine
}

// Spec is how the program is built for an architecture with a release.
func (p Program) Spec(id, goarch, release string) fixtures.Spec {
	name := p.Fixture
	if p.Source != "" {
		name = id
	}
	if p.Source == bare {
		name = "bare" // one build for all entries
	}
	line := p.GoLine
	if line != "" && goversion.Compare("go"+line, release) > 0 {
		line = strings.TrimPrefix(goversion.Lang(release), "go")
	}
	return fixtures.Spec{
		Program: name, Source: p.Source, GoLine: line, GOARCH: goarch, Toolchain: release, Mode: p.Mode, Strip: p.Strip, Env: p.Env,
	}
}

// Limits are the bounds of a boot; 0 is package harness's default.
type Limits struct {
	Instructions uint64
	Memory       uint64 // bytes
}

// options are those of a boot of the case.
func (c Case) options() []harness.Option {
	return []harness.Option{
		harness.Until(c.Until), harness.Args(c.Program.Args...),
		harness.LimitInstructions(cmp.Or(c.Limits.Instructions, harness.DefaultInstructions)),
		harness.LimitMemory(cmp.Or(c.Limits.Memory, harness.DefaultMemory)),
	}
}

// title is how errors and tables name a case.
func (e Entry) title(c Case) string {
	if c.Name == "" {
		return e.ID
	}
	return e.ID + "/" + c.Name
}

//go:embed *.yaml
var embedded embed.FS

// Entries are those that come with rt0, sorted by ID.
var Entries = sync.OnceValue(func() []Entry {
	files, err := fs.Glob(embedded, "*.yaml")
	if err != nil {
		panic(err) // the pattern is a good one
	}
	slices.Sort(files)
	var entries []Entry
	for _, file := range files {
		data, err := embedded.ReadFile(file)
		if err != nil {
			panic(err) // it is compiled in
		}
		e, err := Parse(file, data)
		if err != nil {
			panic(err) // TestEntries reads each
		}
		entries = append(entries, e)
	}
	return entries
})

// IDs are those of the entries that come with rt0.
func IDs() []string {
	var ids []string
	for _, e := range Entries() {
		ids = append(ids, e.ID)
	}
	return ids
}

// UnknownError says that there is no such entry, or no such case of it.
type UnknownError struct {
	What    string // "entry", "case of ID"
	Name    string
	Nearest string // what was most likely meant; "" when nothing is near
}

func (e *UnknownError) Error() string {
	s := fmt.Sprintf("the zoo has no %s %q", e.What, e.Name)
	if e.Nearest != "" {
		return s + fmt.Sprintf("; did you mean %s?", e.Nearest)
	}
	return s + "; see rt0 zoo --list"
}

// Find is an entry by its ID, or with one of its cases alone by ID/CASE, or from a file: what ends in .yaml or .yml.
func Find(name string) (Entry, error) {
	if ext := path.Ext(name); ext == ".yaml" || ext == ".yml" {
		return Load(name)
	}
	id, only, one := strings.Cut(name, "/")
	i := slices.IndexFunc(Entries(), func(e Entry) bool { return e.ID == id })
	if i < 0 {
		return Entry{}, &UnknownError{"entry", id, nearest.Of(id, IDs())}
	}
	e := Entries()[i]
	if !one {
		return e, nil
	}
	var names []string
	for _, c := range e.Cases {
		if c.Name == only {
			e.Cases = []Case{c}
			return e, nil
		}
		names = append(names, c.Name)
	}
	return Entry{}, &UnknownError{"case of " + id, only, nearest.Of(only, names)}
}

// Arch are the architectures of all cases, in the order of rt0 arches.
func (e Entry) Arch() []string {
	var list []string
	for _, goarch := range arch.Names() {
		if slices.ContainsFunc(e.Cases, func(c Case) bool { return slices.Contains(c.Arch, goarch) }) {
			list = append(list, goarch)
		}
	}
	return list
}

// Releases are those of all cases, ascending.
func (e Entry) Releases() []string {
	var list []string
	for _, c := range e.Cases {
		list = slices.Concat(list, c.Affected, c.Clean)
	}
	slices.SortFunc(list, goversion.Compare)
	return slices.Compact(list)
}
