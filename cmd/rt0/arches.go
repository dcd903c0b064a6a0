// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/internal/nearest"
	"github.com/rt0-dev/rt0/internal/render"
)

// architecture is a row of `rt0 arches`.
type architecture struct {
	GOARCH  string   `json:"goarch"`
	Tier    string   `json:"tier"` // "full", "partial", "planned"
	CPU     string   `json:"cpu"`  // the engine's model when nothing else is asked for
	Bits    int      `json:"bits"`
	Endian  string   `json:"endian"`  // "little", "big"
	Missing []string `json:"missing"` // what a user could miss

	PageSizes []int     `json:"pageSizes"` // bytes
	PIE       *string   `json:"pie"`       // the release since which Go makes PIEs without a C toolchain; null when none does
	Variants  []variant `json:"variants"`
}

// variant is a value of GOAMD64 and the like. One that begins with a comma is an option that may follow another.
type variant struct {
	Setting string  `json:"setting"`
	Value   string  `json:"value"`
	Default bool    `json:"default"`
	Since   *string `json:"since"` // the release that brought it; null when all that rt0 boots have it
	As      string  `json:"as"`    // another value that compiles to the same code
	Needs   string  `json:"needs"` // what the engine lacks: such binaries end at the first instruction of it; "" when they run
}

func newArches() *cobra.Command {
	o := new(output)
	cmd := &cobra.Command{
		Use:   "arches [flags] [ARCH]",
		Short: "List the architectures: support tier, engine CPU, builds, what is missing",
		Long: `List the architectures that Go has on Linux: how far rt0 supports each, the model
of CPU that runs it, its page sizes, since when Go makes position-independent
executables without a C toolchain, the values of GOAMD64, GOARM and the like that
boot, and what is missing. A binary built for a value that is missing meets its own
check, or runs to the first instruction that is missing; the report says so.

With an architecture, list the CPUs that --set cpu.model=NAME takes for it, and
which of their features programs may ask for but not execute.

Tiers: full, all that Go start-up needs; partial, boots to main.main with the gaps
that are named; planned, not yet.`,
		Example: `  rt0 arches
  rt0 arches arm64
  rt0 arches -o json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return failf(statusUsage, "rt0 arches takes one ARCH, and %q is a second one", args[1])
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return arch.Names(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	o.register(cmd, formTable, formJSON, formCSV, formMarkdown)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.check(); err != nil {
			return err
		}
		if len(args) == 1 {
			return o.cpus(cmd, args[0])
		}
		return o.write(cmd, func(w io.Writer) error {
			if o.format.value == formJSON {
				return writeJSON(w, architectures())
			}
			if o.format.value != formTable {
				return o.table(w, render.Arches())
			}
			table, missing := render.Arches().Last()
			if err := o.table(w, table); err != nil {
				return err
			}
			fmt.Fprint(w, "\nmissing\n\n")
			return missing.Text(w)
		})
	}
	return cmd
}

// cpu is a row of `rt0 arches ARCH -o json`.
type cpu struct {
	Name     string   `json:"name"`
	Title    string   `json:"title"`
	Source   string   `json:"source"` // of the features
	Platform string   `json:"platform"`
	Features []string `json:"features"`
	Promised []string `json:"promised"` // those that programs may ask for but not execute
}

// cpus writes the CPUs of an architecture.
func (o *output) cpus(cmd *cobra.Command, goarch string) error {
	a, ok := arch.Find(goarch)
	if !ok {
		return failf(statusUsage, "there is no architecture %q%s", goarch, nearest.Hint(goarch, arch.Names()))
	}
	return o.write(cmd, func(w io.Writer) error {
		if o.format.value != formJSON {
			return o.table(w, render.CPUs(a))
		}
		var list []cpu
		for _, c := range a.CPUs {
			p, err := a.Processor(c.Name, nil)
			if err != nil {
				return err
			}
			list = append(list, cpu{c.Name, c.Title, c.Source, p.Platform(), p.Features(), append([]string{}, p.Promised()...)})
		}
		return writeJSON(w, list)
	})
}

// architectures are those that rt0 boots, and then the planned ones.
func architectures() []architecture {
	var list []architecture
	for _, a := range arch.All() {
		row := architecture{
			GOARCH: a.Name, Tier: string(a.Tier), CPU: a.Engine.Models[0].Name, Bits: render.ClassBits[a.ELF.Class], Endian: render.DataEndian[a.ELF.Data],
			PageSizes: a.PageSizes, Missing: append([]string{}, a.Missing...), Variants: []variant{},
		}
		if a.PIE != 0 {
			row.PIE = release(a.PIE)
		}
		for _, v := range a.Variants {
			row.Variants = append(row.Variants, variant{v.Setting, v.Value, v.Default, release(v.Since), v.As, v.Needs})
		}
		list = append(list, row)
	}
	for _, p := range arch.Unsupported() {
		list = append(list, architecture{
			GOARCH: p.Name, Tier: render.Planned, Bits: render.ClassBits[p.Class], Endian: render.DataEndian[p.Data],
			PageSizes: []int{}, Missing: []string{p.Why}, Variants: []variant{},
		})
	}
	return list
}

// release is the name of a minor release of Go 1; null for one before all that rt0 boots.
func release(minor int) *string {
	if minor == 0 {
		return nil
	}
	name := fmt.Sprintf("go1.%d", minor)
	return &name
}
