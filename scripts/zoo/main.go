// SPDX-License-Identifier: GPL-2.0-or-later

// Command zoo writes ZOO.md, the page of the start-up bugs, from the entries of package zoo; `go generate` runs it. It boots nothing: what
// stands in an entry is what `rt0 zoo` and `go test ./zoo` hold it to.
//
//	zoo [-check] FILE
package main

//go:generate go run . ../../ZOO.md

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/rt0-dev/rt0/internal/render"
	"github.com/rt0-dev/rt0/zoo"
)

func main() {
	check := flag.Bool("check", false, "write nothing, and fail when the file is not as it has to be")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: zoo [-check] FILE")
		os.Exit(2)
	}
	if err := update(flag.Arg(0), *check); err != nil {
		fmt.Fprintf(os.Stderr, "zoo: %v\n", err)
		os.Exit(1)
	}
}

func update(file string, check bool) error {
	text := render.ZooPage(zoo.Entries())
	if !check {
		return os.WriteFile(file, []byte(text), 0o666)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if string(data) != text {
		return errors.New(file + " is not up to date: run make generate")
	}
	return nil
}
