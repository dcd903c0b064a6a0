// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/internal/render"
)

// pruneFlags are those of `rt0 doctor --prune`.
type pruneFlags struct {
	what   string
	dryRun bool
}

// What --prune can say.
const (
	pruneFetched = "fetched"
	pruneAll     = "all"
)

func (f *pruneFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.what, "prune", "", "remove rt0's builds and `WHAT`: fetched (the toolchains that rt0 fetched) or all (every toolchain)")
	flags.Lookup("prune").NoOptDefVal = pruneFetched
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what --prune would remove, and remove nothing")
	complete(cmd, "prune", func() []string { return []string{pruneFetched, pruneAll} })
}

func (f *pruneFlags) check() error {
	switch {
	case f.what == "" && f.dryRun:
		return failf(statusUsage, "--dry-run says what --prune would remove: say --prune --dry-run")
	case f.what != "" && f.what != pruneFetched && f.what != pruneAll:
		return failf(statusUsage, "--prune: %q is neither %s nor %s", f.what, pruneFetched, pruneAll)
	}
	return nil
}

// pruned is what `rt0 doctor --prune -o json` prints.
type pruned struct {
	DryRun bool              `json:"dryRun"`
	Freed  int64             `json:"freed"` // bytes; with dryRun, what would be
	Items  []fixtures.Pruned `json:"items"`
}

func (f *pruneFlags) run(cmd *cobra.Command, g *global, o *output) error {
	list, err := fixtures.Prune(cmd.Context(), fixtures.PruneOptions{All: f.what == pruneAll, DryRun: f.dryRun})
	if err != nil {
		return withStatus(statusRefused, err)
	}
	if err := cmd.Context().Err(); err != nil {
		return withStatus(statusRefused, err)
	}
	doc := pruned{DryRun: f.dryRun, Items: list}
	var failed []error
	for _, p := range list {
		if p.Left == "" {
			doc.Freed += p.Bytes
		}
		if p.Err != nil {
			failed = append(failed, p.Err)
		}
	}
	err = o.write(cmd, func(w io.Writer) error {
		switch {
		case o.format.value == formJSON:
			return writeJSON(w, doc)
		case g.quiet && !o.given:
			return nil
		}
		return doc.text(w, o.colour(cmd))
	})
	if err == nil && len(failed) > 0 {
		err = failf(statusFailed, "doctor: %d of %d could not be removed; the first: %w", len(failed), len(list), failed[0])
	}
	return err
}

func (d pruned) text(w io.Writer, colour bool) error {
	style := render.Style{Colour: colour}
	did, sum := "removed", "freed"
	if d.DryRun {
		did, sum = "to remove", "would free"
	}
	t := render.Table{Head: []string{"what", "size", "state", "why"}}
	for _, p := range d.Items {
		state := did
		if p.Left != "" {
			state = "left"
		}
		t.Rows = append(t.Rows, []string{p.Name, megabytes(p.Bytes), style.State(state, p.Err == nil), p.Left})
	}
	if err := t.Text(w); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s %s\n", sum, megabytes(d.Freed))
	return err
}
