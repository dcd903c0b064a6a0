// SPDX-License-Identifier: GPL-2.0-or-later

// Command releases writes docs/releases.md: what start-up gained or lost with each release of Go. `go generate` makes the page from
// releases.json, the facts of the boots, and releases.yaml, what people say of them. With -boot, as `make releases` runs it, the boots are
// done first, and their facts written to releases.json.
//
//	releases [-boot] DIRECTORY
package main

//go:generate go run . ../../docs

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	boot := flag.Bool("boot", false, "boot all releases first, and write their facts; fetches the toolchains that are not here")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: releases [-boot] DIRECTORY")
		os.Exit(2)
	}
	if err := run(context.Background(), flag.Arg(0), *boot); err != nil {
		fmt.Fprintf(os.Stderr, "releases: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, boot bool) error {
	if boot {
		boots, err := bootAll(ctx)
		if err != nil {
			return err
		}
		if err := write(filepath.Join(dir, "releases.json"), boots); err != nil {
			return err
		}
	}
	text, err := pageOf(dir)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "releases.md"), text, 0o666)
}

// pageOf is the page that belongs to the files of a directory.
func pageOf(dir string) ([]byte, error) {
	boots, err := read(filepath.Join(dir, "releases.json"))
	if err != nil {
		return nil, err
	}
	words, err := readWords(filepath.Join(dir, "releases.yaml"))
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	if err := writePage(&page, boots, words); err != nil {
		return nil, err
	}
	return page.Bytes(), nil
}
