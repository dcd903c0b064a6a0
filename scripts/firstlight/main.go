// SPDX-License-Identifier: GPL-2.0-or-later

// Command firstlight is what `make run` runs: it boots a fixture on every architecture and on machines with few and many CPUs, with huge
// pages and without, then runs every fixture to its end, and prints a row for each architecture. It fails when a boot does not come to where it
// should, or when the runtime concluded something else than it must.
//
//	firstlight                   print the tables
//	firstlight -all              print a row for each boot
//	firstlight -markdown         print Markdown
//	firstlight -check README.md  compare the tables between the markers in the file with what they would be
//	firstlight -write README.md  put them there
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	all := flag.Bool("all", false, "print a row for each boot")
	markdown := flag.Bool("markdown", false, "print Markdown")
	check := flag.String("check", "", "compare the tables in `FILE` with what they would be")
	write := flag.String("write", "", "put the tables into `FILE`, between its markers")
	flag.Parse()
	if err := run(*all, *markdown || *check+*write != "", *check, *write); err != nil {
		fmt.Fprintf(os.Stderr, "firstlight: %v\n", err)
		os.Exit(1)
	}
}

func run(all, markdown bool, check, write string) error {
	results, err := survey(context.Background(), os.Stderr)
	if err != nil {
		return err
	}
	tables := summary
	if all {
		tables = everything
	}
	var text strings.Builder
	if err := print(&text, tables(results), markdown); err != nil {
		return err
	}
	switch {
	case check != "":
		err = checkFile(check, text.String(), results[0].startups[0].Binary.GoVersion) // the release that built the fixtures
	case write != "":
		err = writeFile(write, text.String())
	default:
		_, err = io.WriteString(os.Stdout, text.String())
	}
	if err != nil {
		return err
	}
	return complaint(results)
}
