// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"debug/elf"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/arch"
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
}

// planned is the tier of what rt0 does not boot.
const planned = "planned"

func newArches() *cobra.Command {
	o := new(output)
	cmd := &cobra.Command{
		Use:   "arches [flags]",
		Short: "List the architectures: support tier, engine CPU, what is missing",
		Long: `List the architectures that Go has on Linux: how far rt0 supports each, the model
of CPU that runs it, and what is missing.

Tiers: full, all that Go start-up needs; partial, boots to main.main with the gaps
that are named; planned, not yet.`,
		Example: `  rt0 arches
  rt0 arches -o json`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	o.register(cmd, formTable, formJSON, formCSV, formMarkdown)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := o.check(); err != nil {
			return err
		}
		return o.write(cmd, func(w io.Writer) error {
			if o.format.value == formJSON {
				return writeJSON(w, architectures())
			}
			return o.table(w, archTable(architectures()))
		})
	}
	return cmd
}

// architectures are those that rt0 boots, and then the planned ones.
func architectures() []architecture {
	var list []architecture
	for _, a := range arch.All() {
		list = append(list, architecture{
			a.Name, string(a.Tier), a.Engine.Models[0].Name, classBits[a.ELF.Class], dataEndian[a.ELF.Data], append([]string{}, a.Missing...),
		})
	}
	for _, p := range arch.Unsupported() {
		list = append(list, architecture{p.Name, planned, "", classBits[p.Class], dataEndian[p.Data], []string{p.Why}})
	}
	return list
}

// What an ELF header says of pointers and byte order.
var (
	classBits  = map[elf.Class]int{elf.ELFCLASS32: 32, elf.ELFCLASS64: 64}
	dataEndian = map[elf.Data]string{elf.ELFDATA2LSB: "little", elf.ELFDATA2MSB: "big"}
)

func archTable(list []architecture) render.Table {
	t := render.Table{Head: []string{"arch", "tier", "CPU", "bits", "endian", "missing"}, Right: []bool{false, false, false, true}}
	for _, a := range list {
		t.Rows = append(t.Rows, []string{a.GOARCH, a.Tier, a.CPU, strconv.Itoa(a.Bits), a.Endian, strings.Join(a.Missing, "; ")})
	}
	return t
}
