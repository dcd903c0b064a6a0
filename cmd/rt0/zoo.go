// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/render"
	"github.com/rt0-dev/rt0/zoo"
)

// zooFlags are those of `rt0 zoo`.
type zooFlags struct {
	*global
	output

	archs    []string
	releases []string
	list     bool
	local    bool
	bisect   bool
	from, to string
	scan     bool
}

func newZoo(g *global) *cobra.Command {
	f := &zooFlags{global: g}
	cmd := &cobra.Command{
		Use:   "zoo [flags] [ID|FILE...]",
		Short: "Reproduce known start-up bugs, and prove the fixed releases are fixed",
		Long: `Reproduce start-up bugs of Go's runtime that were met in the wild, and show that the
releases without them are without them: build each entry's program with exactly the
releases that it names, boot it on its machine, and compare.

An ID picks an entry, ID/CASE one of its cases, and what ends in .yaml is a file of
your own; without any, it is the whole zoo. Toolchains that are not here are fetched
by the go command, some 250 MB each. ZOO.md tells the story of each entry.

--bisect finds the first and the last release that shows an entry, by booting.

Exit status: 0 every affected release reproduced, every clean one was clean;
1 a boot differed; 2 wrong usage; 3 a boot could not be done, as when a toolchain
cannot be fetched.`,
		Example: `  rt0 zoo --list
  rt0 zoo kernel-release                 # one bug, on all its architectures
  rt0 zoo --arch arm --go go1.26.3         # what rt0 knows of one release on one architecture
  rt0 zoo --bisect kernel-release        # which releases have it?
  rt0 zoo new my-crash && rt0 zoo my-crash.yaml`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeZoo,
		RunE:              f.run,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringSliceVar(&f.archs, "arch", nil, "these `GOARCH` only, repeatable; with --bisect one")
	flags.StringSliceVar(&f.releases, "go", nil, "these `RELEASE`s only, repeatable: go1.26.3")
	flags.BoolVar(&f.local, "local", false, "only the releases whose toolchain is here: nothing is fetched")
	flags.BoolVar(&f.list, "list", false, "list the entries and boot nothing")
	flags.BoolVar(&f.bisect, "bisect", false, "find the first and the last release that shows the entry")
	flags.StringVar(&f.from, "from", "", "with --bisect: no `RELEASE` before this one")
	flags.StringVar(&f.to, "to", "", "with --bisect: no `RELEASE` after this one")
	flags.BoolVar(&f.scan, "scan", false, "with --bisect: boot every release between, and assume nothing")
	f.output.register(cmd, formTable, formJSON, formCSV, formMarkdown, formJUnit)
	complete(cmd, "arch", arch.Names)
	cmd.AddCommand(newZooNew())
	return cmd
}

func completeZoo(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var ids []string
	for _, e := range zoo.Entries() {
		ids = append(ids, e.ID+"\t"+e.Title)
	}
	return ids, cobra.ShellCompDirectiveDefault // a file is as good
}

func (f *zooFlags) run(cmd *cobra.Command, args []string) error {
	entries, err := f.entries(args)
	if err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	if f.list {
		return f.write(cmd, f.tableOf(render.ZooList(entries), render.ZooList(entries), listing(entries)))
	}
	if f.bisect {
		return f.runBisect(cmd, entries)
	}
	return f.runAll(cmd, entries)
}

// entries are those that the arguments name, and the flags are no nonsense.
func (f *zooFlags) entries(args []string) ([]zoo.Entry, error) {
	for i, goarch := range f.archs {
		if err := checkArch(goarch); err != nil {
			return nil, err
		}
		if slices.Contains(f.archs[:i], goarch) {
			return nil, failf(statusUsage, "--arch has %s twice", goarch)
		}
	}
	for i, release := range f.releases {
		if !strings.HasPrefix(release, "go") {
			f.releases[i] = "go" + release
		}
	}
	for _, release := range slices.Concat(f.releases, []string{f.from, f.to}) {
		if release != "" && !fixtures.IsRelease(release) {
			return nil, failf(statusUsage, "%q is no release: want one such as go1.26.3", release)
		}
	}
	switch {
	case !f.bisect && (f.from != "" || f.to != "" || f.scan):
		return nil, failf(statusUsage, "--from, --to and --scan say what to --bisect")
	case (f.list || f.bisect) && f.format.value == formJUnit:
		return nil, failf(statusUsage, "-o junit shows boots that are as the zoo has them, or not: it goes with neither --list nor --bisect")
	case f.bisect && (len(args) != 1 || f.list):
		return nil, failf(statusUsage, "bisect what? rt0 zoo --bisect wants one entry; see rt0 zoo --list")
	case f.bisect && (len(f.releases) > 0 || f.local || len(f.archs) > 1):
		return nil, failf(statusUsage, "--bisect boots many releases on one --arch: --go, --local and a second --arch contradict it; --from and --to bound it")
	}
	if len(args) == 0 {
		return zoo.Entries(), nil
	}
	var entries []zoo.Entry
	for _, name := range args {
		e, err := zoo.Find(name)
		if err != nil {
			return nil, withStatus(statusUsage, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// tableOf writes a table in its forms; raw is the one for programs, and v is what JSON shows.
func (f *zooFlags) tableOf(t, raw render.Table, v any) func(io.Writer) error {
	forms := map[string]func(io.Writer) error{
		formJSON:     func(w io.Writer) error { return writeJSON(w, v) },
		formCSV:      raw.CSV,
		formMarkdown: t.Markdown,
		formTable: func(w io.Writer) error {
			if f.quiet && !f.given {
				return nil
			}
			return t.Text(w)
		},
	}
	return forms[f.format.value]
}

// listed is an entry in JSON.
type listed struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Issue       string   `json:"issue"`
	Links       []string `json:"links,omitempty"`
	Explanation string   `json:"explanation"`
	Range       string   `json:"range"`
	Note        string   `json:"note,omitempty"`
	Arch        []string `json:"arch"`
	Releases    []string `json:"releases"`
	Boots       int      `json:"boots"` // how many it takes
}

func listing(entries []zoo.Entry) []listed {
	list := make([]listed, len(entries))
	for i, e := range entries {
		list[i] = listed{e.ID, e.Title, e.Issue, e.Links, e.Explanation, e.Range, e.Note, e.Arch(), e.Releases(),
			len(zoo.Jobs([]zoo.Entry{e}, zoo.Filter{}))}
	}
	return list
}

// zooDocument is a run as JSON: the document of all boots, and the rows, each with the index of its boot.
type zooDocument struct {
	harness.Document
	Zoo []zooRow `json:"zoo"`
}

type zooRow struct {
	zoo.Row
	Boot *int `json:"boot"` // null: there was none
}

func newZooDocument(rows []zoo.Row) zooDocument {
	d := zooDocument{Document: harness.NewDocument(), Zoo: []zooRow{}}
	for _, row := range rows {
		r := zooRow{Row: row}
		if row.Report != nil {
			i := len(d.Boots)
			r.Boot = &i
			d.Boots = append(d.Boots, row.Report)
		}
		d.Zoo = append(d.Zoo, r)
	}
	return d
}

func (f *zooFlags) runAll(cmd *cobra.Command, entries []zoo.Entry) error {
	jobs := zoo.Jobs(entries, zoo.Filter{Arch: f.archs, Releases: f.releases})
	all := len(jobs)
	if f.local {
		jobs = slices.DeleteFunc(jobs, func(j zoo.Job) bool { return !fixtures.IsLocal(j.Release) })
	}
	if len(jobs) == 0 {
		return f.nothing(entries, all)
	}
	p := newBootsProgress(f.progressTo(cmd), "zoo", len(jobs))
	runner := &zoo.Runner{Progress: func(row zoo.Row, done, _ int) {
		p.at(fmt.Sprintf("%s, %s, %s", row.Entry, row.Release, row.Arch), done)
	}}
	rows, err := runner.Run(cmd.Context(), jobs)
	p.done()
	if err != nil {
		return withStatus(statusRefused, err)
	}
	err = f.write(cmd, func(w io.Writer) error {
		if f.format.value == formJUnit {
			return render.ZooJUnit(w, rows)
		}
		style := render.Style{Colour: f.format.value == formTable && f.colour(cmd)}
		return f.tableOf(render.Zoo(rows, style), render.ZooCSV(rows), newZooDocument(rows))(w)
	})
	if err != nil {
		return err
	}
	if f.verbose {
		tellStories(cmd.ErrOrStderr(), rows)
	}
	return judgeZoo(rows)
}

// nothing says that the flags leave nothing to boot.
func (f *zooFlags) nothing(entries []zoo.Entry, withoutLocal int) error {
	if withoutLocal > 0 {
		return failf(statusRefused, "zoo: none of the toolchains is here: leave out --local to fetch them")
	}
	if len(entries) == 1 {
		e := entries[0]
		return failf(statusUsage, "%s boots nothing like that: it has %s with %s; --bisect boots other releases",
			e.ID, strings.Join(e.Arch(), ", "), strings.Join(e.Releases(), ", "))
	}
	return failf(statusUsage, "no entry boots that: see rt0 zoo --list, and --bisect for other releases")
}

func (f *zooFlags) progressTo(cmd *cobra.Command) io.Writer {
	if f.quiet {
		return io.Discard
	}
	return cmd.ErrOrStderr()
}

// tellStories writes the whole story of each boot that was not as its entry has it.
func tellStories(w io.Writer, rows []zoo.Row) {
	for _, row := range rows {
		if row.Verdict == zoo.Differs {
			fmt.Fprintf(w, "%s, %s, %s:\n%s\n", row.Entry, row.Release, row.Arch, row.Report.Story())
		}
		if row.Verdict == zoo.Failed {
			fmt.Fprintf(w, "%s, %s, %s:\n%+v\n\n", row.Entry, row.Release, row.Arch, row.Err)
		}
	}
}

// judgeZoo is the exit status of a run, with the first row that is to blame.
func judgeZoo(rows []zoo.Row) error {
	states := map[zoo.Verdict]struct {
		status status
		text   string
	}{
		zoo.Differs: {statusFailed, "are not as the zoo has them"},
		zoo.Failed:  {statusRefused, "could not be done"},
	}
	worst := zoo.Worst(rows)
	state, bad := states[worst]
	if !bad {
		return nil
	}
	n := 0
	var first *zoo.Row
	for i, row := range rows {
		if row.Verdict == worst {
			n++
			if first == nil {
				first = &rows[i]
			}
		}
	}
	return failf(state.status, "zoo: %d of %d boots %s; the first: %s, %s, %s: %s",
		n, len(rows), state.text, first.Entry, first.Release, first.Arch, strings.Join(first.Differences, "; "))
}

func (f *zooFlags) runBisect(cmd *cobra.Command, entries []zoo.Entry) error {
	e := entries[0]
	goarch := e.Arch()[0]
	if len(f.archs) > 0 {
		goarch = f.archs[0]
	}
	i := slices.IndexFunc(e.Cases, func(c zoo.Case) bool { return slices.Contains(c.Arch, goarch) })
	if i < 0 {
		return failf(statusUsage, "%s does not boot on %s: it has %s", e.ID, goarch, strings.Join(e.Arch(), ", "))
	}
	stderr := f.progressTo(cmd)
	known, err := fixtures.Releases(cmd.Context())
	if err != nil {
		known = zoo.LikelyReleases()
		fmt.Fprintf(stderr, "%v; trying the releases that there should be\n", err)
	}
	b, err := new(zoo.Runner).Bisect(cmd.Context(), e, e.Cases[i], goarch, known, zoo.Range{From: f.from, To: f.to, All: f.scan}, func(p zoo.Probe) {
		fmt.Fprintf(stderr, "%s: %s (%s)\n", p.Release, p.State, p.Found)
	})
	if err != nil {
		return withStatus(statusUsage, err)
	}
	style := render.Style{Colour: f.format.value == formTable && f.colour(cmd)}
	t := render.ZooProbes(b, style)
	write := f.tableOf(t, render.ZooProbes(b, render.Style{}), b)
	if err := f.write(cmd, func(w io.Writer) error {
		if err := write(w); err != nil || f.format.value != formTable || f.quiet && !f.given {
			return err
		}
		_, err := io.WriteString(w, "\n"+b.String())
		return err
	}); err != nil {
		return err
	}
	return judgeBisection(b)
}

// judgeBisection is the exit status: a bisection that met no affected release found nothing.
func judgeBisection(b *zoo.Bisection) error {
	booted := slices.ContainsFunc(b.Probes, func(p zoo.Probe) bool { return p.State != zoo.Missing })
	switch {
	case !booted:
		return failf(statusRefused, "zoo: %s, %s: none of %d releases could be booted; the first: %s", b.Entry, b.Arch, len(b.Probes), b.Probes[0].Found)
	case len(b.Spans) == 0:
		return failf(statusFailed, "zoo: %s, %s: none of the releases from %s to %s that were booted shows it", b.Entry, b.Arch, b.From, b.To)
	}
	return nil
}
