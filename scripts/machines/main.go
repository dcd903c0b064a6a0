// SPDX-License-Identifier: GPL-2.0-or-later

// Command machines puts the tables of the machine's keys and of the profiles into a Markdown file, between their markers; `go generate`
// runs it for docs/machines.md.
//
//	machines docs/machines.md
package main

//go:generate go run . ../../docs/machines.md

import (
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/rt0-dev/rt0/internal/render"
	"github.com/rt0-dev/rt0/machine"
)

// parts are what stands between the markers.
var parts = []render.Generated{{Name: "keys", Write: keys}, {Name: "profiles", Write: profiles}}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: machines FILE")
		os.Exit(2)
	}
	if err := render.RegenerateFile(os.Args[1], parts); err != nil {
		fmt.Fprintf(os.Stderr, "machines: %v\n", err)
		os.Exit(1)
	}
}

// keys is the table of what a machine can say.
func keys(w io.Writer) error {
	_, err := io.WriteString(w, machine.KeysMarkdown())
	return err
}

// profiles is the table of the machines that come with rt0.
func profiles(w io.Writer) error {
	t := render.Table{Head: []string{"name", "CPUs", "page", "huge page", "memory", "kernel", "what it is"}, Right: []bool{false, true, true, true, true}}
	for _, p := range machine.Profiles() {
		m := p.Machine
		t.Rows = append(t.Rows, []string{"[" + p.Name + "](../machine/profiles/" + p.Name + ".yaml)", strconv.Itoa(m.CPUs.Count()), m.PageSize.String(),
			m.HugePage.String(), m.Memory.String(), m.Kernel.Release, m.Description})
	}
	return t.Markdown(w)
}
