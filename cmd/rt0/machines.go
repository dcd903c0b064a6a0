// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

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
		forms := listForms()
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

// listForms writes all profiles.
func listForms() map[string]func(io.Writer) error {
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
			return t.Text(w)
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
	quota := m.Cgroup.Quota
	if m.Cgroup.Version == 0 {
		quota = "no cgroup file system"
	}
	t := render.Table{Rows: [][]string{
		{"name", m.Name},
		{"description", m.Description},
		{"cpus", fmt.Sprintf("%d (%s)", m.CPUs.Count(), m.CPUs.List())},
		{"hugePage", m.HugePage.String()},
		{"pageSize", m.PageSize.String()},
		{"memory", m.Memory.String()},
		{"addressSpace", m.AddressSpace.String()},
		{"kernel.release", m.Kernel.Release},
		{"kernel.version", m.Kernel.Version},
		{"kernel.node", m.Kernel.Node},
		{"kernel.machine", m.Kernel.Machine},
		{"cgroup.version", strconv.Itoa(m.Cgroup.Version)},
		{"cgroup.quota", quota},
		{"cgroup.period", m.Cgroup.Period},
		{"clock.realtime", m.Clock.Realtime},
		{"clock.monotonic", m.Clock.Monotonic.String()},
		{"random", m.Random.String()},
		{"features", strings.Join(m.Features, ",")},
		{"args", strings.Join(m.Args, " ")},
	}}
	t.Rows = slices.DeleteFunc(t.Rows, func(row []string) bool { return row[1] == "" })
	for _, entry := range m.Env {
		name, value, _ := strings.Cut(entry, "=")
		t.Rows = append(t.Rows, []string{"env." + name, value})
	}
	for _, path := range slices.Sorted(maps.Keys(m.Files)) {
		t.Rows = append(t.Rows, []string{"files." + path, strconv.Quote(m.Files[path])})
	}
	return t
}
