// SPDX-License-Identifier: GPL-2.0-or-later

package zoo

import (
	"context"
	"fmt"
	goversion "go/version"
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/fixtures"
)

// State is what a release turned out to be when it was probed.
type State string

// The states. What is neither side is a state of its own: a release may show a bug in another way.
const (
	ShowsIt State = "affected"
	NotIt   State = "clean"
	Other   State = "neither" // as the entry has neither of its sides
	Missing State = "missing" // there is no such toolchain, or it did not build the program
)

// Probe is a release that was booted.
type Probe struct {
	Release string `json:"release"`
	State   State  `json:"state"`
	Found   string `json:"found"` // how the boot ended, or why there was none
}

// Span is a run of releases that show the bug.
type Span struct {
	First string `json:"first"`
	Last  string `json:"last"`
	// Before and After are the neighbours, which do not show it; "" at an end of the range that was asked about.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Bisection is what a bisection found.
type Bisection struct {
	Entry  string  `json:"entry"`
	Case   string  `json:"case,omitempty"`
	Arch   string  `json:"arch"`
	From   string  `json:"from"` // the first and the last release that were asked about
	To     string  `json:"to"`
	Probes []Probe `json:"probes"` // ascending
	Spans  []Span  `json:"spans"`
	// Assumed are the releases that were not booted: each lies between two that came out alike.
	Assumed []string `json:"assumed"`
}

// Range is what to bisect.
type Range struct {
	// From and To are the first and the last release. Without, it is the minor releases that the entry names; all down to the oldest, or
	// up to the newest, when what it names there is affected.
	From, To string
	All      bool // boot every release, and assume nothing
}

// of fills the ends in that follow from what a case names.
func (r Range) of(c Case) Range {
	named := append(slices.Clone(c.Affected), c.Clean...)
	low := slices.MinFunc(named, goversion.Compare)
	high := slices.MaxFunc(named, goversion.Compare)
	if r.From == "" && slices.Contains(c.Clean, low) {
		r.From = goversion.Lang(low) // before its first patch
	}
	if r.To == "" && slices.Contains(c.Clean, high) {
		r.To = goversion.Lang(high) + ".999"
	}
	return r
}

// Bisect finds the releases that show an entry on an architecture, by booting. Releases are known to exist, ascending, as
// [fixtures.Releases] lists them; those that the entry names are added.
//
// The releases that the entry names are booted, the ends of the range, and the first and the last patch of every minor release that has
// one of those; then, wherever two neighbours came out differently, one between them, until nothing is left between. Releases between
// two that came out alike are assumed to be like them, and listed: a fix and its return inside such a stretch would be missed, and
// Range.All misses nothing.
func (r *Runner) Bisect(ctx context.Context, e Entry, c Case, goarch string, known []string, within Range, probed func(Probe)) (*Bisection, error) {
	list := candidates(c, goarch, known, within.of(c))
	if len(list) == 0 {
		return nil, fmt.Errorf("there is no release between %s and %s that builds for %s", orOldest(within.From), orNewest(within.To), goarch)
	}
	b := &bisection{ctx: ctx, runner: r, entry: e, c: c, goarch: goarch, list: list, probes: make([]*Probe, len(list)), probed: probed}
	for _, i := range b.anchors(within.All) {
		b.probe(i)
	}
	for again := true; again && ctx.Err() == nil; {
		again = b.halve()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return b.result(), nil
}

func orOldest(release string) string {
	if release == "" {
		return "the oldest"
	}
	return release
}

func orNewest(release string) string {
	if release == "" {
		return "the newest"
	}
	return release
}

// candidates are the releases to consider, ascending.
func candidates(c Case, goarch string, known []string, within Range) []string {
	list := slices.Concat(known, c.Affected, c.Clean)
	slices.SortFunc(list, goversion.Compare)
	list = slices.Compact(list)
	return slices.DeleteFunc(list, func(release string) bool {
		return !fixtures.Builds(release, goarch) ||
			within.From != "" && goversion.Compare(release, within.From) < 0 || within.To != "" && goversion.Compare(release, within.To) > 0
	})
}

type bisection struct {
	ctx    context.Context
	runner *Runner
	entry  Entry
	c      Case
	goarch string
	list   []string
	probes []*Probe // by index of list; nil: not booted
	probed func(Probe)
}

// anchors are the releases to boot first, ascending.
func (b *bisection) anchors(all bool) []int {
	named := append(slices.Clone(b.c.Affected), b.c.Clean...)
	minors := map[string]bool{}
	for _, release := range named {
		minors[goversion.Lang(release)] = true
	}
	var anchors []int
	last := len(b.list) - 1
	for i, release := range b.list {
		minor := goversion.Lang(release)
		first := i == 0 || goversion.Lang(b.list[i-1]) != minor
		final := i == last || goversion.Lang(b.list[i+1]) != minor
		if all || i == 0 || i == last || slices.Contains(named, release) || minors[minor] && (first || final) {
			anchors = append(anchors, i)
		}
	}
	return anchors
}

// probe boots the release i of the list, unless it was.
func (b *bisection) probe(i int) {
	if b.probes[i] != nil || b.ctx.Err() != nil {
		return
	}
	p := Probe{Release: b.list[i]}
	p.State, p.Found = b.state(p.Release)
	b.probes[i] = &p
	if b.probed != nil && b.ctx.Err() == nil {
		b.probed(p)
	}
}

// state boots a release.
func (b *bisection) state(release string) (State, string) {
	report, err := b.runner.boot(b.ctx, Job{Entry: b.entry, Case: b.c, Arch: b.goarch, Release: release})
	if err != nil {
		return Missing, clip(err.Error())
	}
	for _, side := range Sides {
		if len(b.c.Expect[side]) == 0 {
			continue
		}
		if checks, differences := b.c.compare(side, report); len(differences) == 0 {
			return State(side), found(report, checks)
		}
	}
	// Where the entry says nothing of clean releases, whatever does not show the bug is one.
	if len(b.c.Expect[Clean]) == 0 {
		return NotIt, found(report, nil)
	}
	return Other, found(report, nil)
}

// halve boots one release between each two neighbours that came out differently, and says whether there was one.
func (b *bisection) halve() bool {
	var middle []int
	last := -1
	for i, p := range b.probes {
		if p == nil || p.State == Missing {
			continue
		}
		if last >= 0 && b.probes[last].State != p.State {
			if m, ok := b.between(last, i); ok {
				middle = append(middle, m)
			}
		}
		last = i
	}
	for _, m := range middle {
		b.probe(m)
	}
	return len(middle) > 0
}

// between is the release in the middle of those between i and j that were not tried.
func (b *bisection) between(i, j int) (int, bool) {
	var untried []int
	for k := i + 1; k < j; k++ {
		if b.probes[k] == nil {
			untried = append(untried, k)
		}
	}
	if len(untried) == 0 {
		return 0, false
	}
	return untried[len(untried)/2], true
}

// result sums the probes up.
func (b *bisection) result() *Bisection {
	r := &Bisection{
		Entry: b.entry.ID, Case: b.c.Name, Arch: b.goarch, From: b.list[0], To: b.list[len(b.list)-1],
		Probes: []Probe{}, Spans: []Span{}, Assumed: []string{},
	}
	var open *Span
	before := ""
	for i, p := range b.probes {
		switch {
		case p == nil:
			r.Assumed = append(r.Assumed, b.list[i])
			continue
		case p.State == Missing:
		case p.State == ShowsIt && open == nil:
			open = &Span{First: p.Release, Last: p.Release, Before: before}
		case p.State == ShowsIt:
			open.Last = p.Release
		case open != nil:
			open.After = p.Release
			r.Spans = append(r.Spans, *open)
			open = nil
		}
		if p.State != Missing {
			before = p.Release
		}
		r.Probes = append(r.Probes, *p)
	}
	if open != nil {
		r.Spans = append(r.Spans, *open)
	}
	return r
}

// String is what was found, in sentences.
func (b *Bisection) String() string {
	var s strings.Builder
	for _, span := range b.Spans {
		if span.First == span.Last {
			fmt.Fprintf(&s, "affected: %s", span.First)
		} else {
			fmt.Fprintf(&s, "affected: %s to %s", span.First, span.Last)
		}
		switch {
		case span.Before != "" && span.After != "":
			fmt.Fprintf(&s, "; %s before and %s after are not\n", span.Before, span.After)
		case span.Before != "":
			fmt.Fprintf(&s, "; %s before is not, and no later release was booted\n", span.Before)
		case span.After != "":
			fmt.Fprintf(&s, "; %s after is not, and no earlier release was booted\n", span.After)
		default:
			s.WriteString("; no other release was booted\n")
		}
	}
	if len(b.Spans) == 0 {
		s.WriteString("affected: none of those that were booted\n")
	}
	if n := len(b.Assumed); n > 0 {
		fmt.Fprintf(&s, "assumed, as they lie between two that came out alike: %s (--scan boots them)\n", strings.Join(b.Assumed, " "))
	}
	return s.String()
}
