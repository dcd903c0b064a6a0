// SPDX-License-Identifier: GPL-2.0-or-later

// Command arches puts the table of `rt0 arches` into a Markdown file, between its markers; `go generate` runs it for README.md.
//
//	arches README.md
package main

//go:generate go run . ../../README.md

import (
	"fmt"
	"os"

	"github.com/rt0-dev/rt0/internal/render"
)

// parts are what stands between the markers.
var parts = []render.Generated{{Name: "arches", Write: render.Arches().Markdown}}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: arches FILE")
		os.Exit(2)
	}
	if err := render.RegenerateFile(os.Args[1], parts); err != nil {
		fmt.Fprintf(os.Stderr, "arches: %v\n", err)
		os.Exit(1)
	}
}
