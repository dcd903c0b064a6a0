// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/rt0-dev/rt0/internal/render"
	"github.com/rt0-dev/rt0/machine"
)

func newMachines() *cobra.Command {
	o := new(output)
	cmd := &cobra.Command{
		Use:   "machines [flags] [NAME|FILE]",
		Short: "List the machine profiles, or show one in full",
		Long: `List the machine profiles that come with rt0, or show one in full with the values
that it inherits. A name with a / or with the ending .yaml is a file of your own.

The YAML form is a profile that loads back: a start for one of your own.`,
		Example: `  rt0 machines
  rt0 machines raspberry-pi-4
  rt0 machines raspberry-pi-4 -o yaml --out my.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return failf(statusUsage, "rt0 machines shows one machine: %q is one too many", args[1])
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return profileNames(), cobra.ShellCompDirectiveDefault
		},
	}
	o.register(cmd, formTable, formJSON, formYAML)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		forms := listForms(o.width(cmd))
		if len(args) == 1 {
			m, err := machine.Load(args[0])
			if err != nil {
				return withStatus(statusUsage, err)
			}
			forms = machineForms(m)
		}
		if err := o.check(); err != nil {
			return err
		}
		return o.write(cmd, forms[o.format.value])
	}
	return cmd
}

// width is that of the terminal that is written to, in columns; 0 when it is none.
func (o *output) width(cmd *cobra.Command) int {
	f, ok := cmd.OutOrStdout().(*os.File)
	if !ok || o.file != "" {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// listForms writes all profiles, as a table no wider than the terminal.
func listForms(width int) map[string]func(io.Writer) error {
	profiles := machine.Profiles()
	machines := make([]machine.Machine, len(profiles))
	for i, p := range profiles {
		machines[i] = p.Machine
	}
	return map[string]func(io.Writer) error{
		formTable: func(w io.Writer) error {
			t := render.Table{
				Head:  []string{"name", "CPUs", "huge page", "page", "memory", "kernel", "description"},
				Right: []bool{false, true, true, true, true},
			}
			for _, m := range machines {
				t.Rows = append(t.Rows, []string{m.Name, strconv.Itoa(m.CPUs.Count()), m.HugePage.String(), m.PageSize.String(),
					m.Memory.String(), m.Kernel.Release, m.Description})
			}
			return t.Fit(width).Text(w)
		},
		formJSON: func(w io.Writer) error { return writeJSON(w, machines) },
		formYAML: func(w io.Writer) error {
			for _, p := range profiles {
				fmt.Fprintln(w, "---")
				if err := writeYAML(w, p.Source, p.Machine); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// machineForms writes one machine.
func machineForms(m machine.Machine) map[string]func(io.Writer) error {
	return map[string]func(io.Writer) error{
		formTable: func(w io.Writer) error {
			t := machineTable(m)
			if source := sourceOf(m); source != "" {
				t.Rows = append(t.Rows, []string{"source", strings.ReplaceAll(source, "\n", " ")})
			}
			return t.Text(w)
		},
		formJSON: func(w io.Writer) error { return writeJSON(w, m) },
		formYAML: func(w io.Writer) error { return writeYAML(w, sourceOf(m), m) },
	}
}

// sourceOf is where the figures of a machine come from, when it is one of rt0's own.
func sourceOf(m machine.Machine) string {
	for _, p := range machine.Profiles() {
		if p.Name == m.Name {
			return p.Source
		}
	}
	return ""
}

func writeYAML(w io.Writer, source string, m machine.Machine) error {
	if source != "" {
		fmt.Fprintf(w, "# %s\n", strings.ReplaceAll(source, "\n", "\n# "))
	}
	data, err := m.MarshalYAML()
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// machineTable shows a machine by the keys of --set.
func machineTable(m machine.Machine) render.Table {
	var t render.Table
	for _, v := range m.Values() {
		text := v.Value
		switch {
		case v.Key == "cpus":
			text = fmt.Sprintf("%d (%s)", m.CPUs.Count(), m.CPUs.List())
		case strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }), strings.HasPrefix(v.Key, "files."):
			text = strconv.Quote(text)
		}
		t.Rows = append(t.Rows, []string{v.Key, text})
	}
	return t
}
