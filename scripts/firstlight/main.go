// SPDX-License-Identifier: GPL-2.0-or-later

// Command firstlight is what `make run` runs: it boots a fixture on every architecture and on machines with few and many CPUs, with huge
// pages and without, then runs every fixture to its end, and prints a row for each boot. It fails when a boot does not come to where it
// should, or when the runtime concluded something else than it must.
//
//	firstlight                   print the tables
//	firstlight -markdown         print them as Markdown
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
	markdown := flag.Bool("markdown", false, "print Markdown")
	check := flag.String("check", "", "compare the tables in `FILE` with what they would be")
	write := flag.String("write", "", "put the tables into `FILE`, between its markers")
	flag.Parse()
	if err := run(*markdown || *check+*write != "", *check, *write); err != nil {
		fmt.Fprintf(os.Stderr, "firstlight: %v\n", err)
		os.Exit(1)
	}
}

func run(markdown bool, check, write string) error {
	r, err := survey(context.Background(), os.Stderr)
	if err != nil {
		return err
	}
	var text strings.Builder
	if err := r.print(&text, markdown); err != nil {
		return err
	}
	switch {
	case check != "":
		err = checkFile(check, text.String(), r.goVersion())
	case write != "":
		err = writeFile(write, text.String())
	default:
		_, err = io.WriteString(os.Stdout, text.String())
	}
	if err != nil {
		return err
	}
	if len(r.wrong) > 0 {
		return fmt.Errorf("%d of %d boots went wrong:\n    %s", len(r.wrong), len(r.startups)+len(r.runs), strings.Join(r.wrong, "\n    "))
	}
	return nil
}
