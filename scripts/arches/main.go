// SPDX-License-Identifier: GPL-2.0-or-later

// Command arches puts the table of `rt0 arches` into a Markdown file, between its markers; `go generate` runs it for README.md.
//
//	arches README.md
package main

//go:generate go run . ../../README.md

import (
	"fmt"
	"os"
	"strings"

	"github.com/rt0-dev/rt0/internal/render"
)

// The table stands between these comments.
const (
	begin  = "<!-- arches: begin; go generate writes it -->\n"
	finish = "<!-- arches: end -->\n"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: arches FILE")
		os.Exit(2)
	}
	if err := update(os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "arches: %v\n", err)
		os.Exit(1)
	}
}

func update(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, err := insert(string(data))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, []byte(text), 0o666)
}

// insert is the text with the table as it has to be.
func insert(text string) (string, error) {
	before, _, after, err := render.Section(text, begin, finish)
	if err != nil {
		return "", err
	}
	var table strings.Builder
	if err := render.Arches().Markdown(&table); err != nil {
		return "", err
	}
	return before + begin + "\n" + table.String() + "\n" + finish + after, nil
}
