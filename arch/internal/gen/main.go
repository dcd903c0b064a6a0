// SPDX-License-Identifier: GPL-2.0-or-later

// Command gen writes package arch's numbers: system calls, errnos and signals from golang.org/x/sys/unix, and the CPU engine's
// register, instruction and model numbers from Unicorn's headers (`make deps` puts them into .deps). It is run by
//
//	go generate ./arch
//
// The output depends on the version of golang.org/x/sys in go.mod and on nothing else: the engine's numbers are its ABI.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	files, err := generate()
	if err != nil {
		log.Fatal(err)
	}
	// go generate runs in the directory of the file with the directive: package arch's.
	for _, f := range files {
		if err := os.WriteFile(f.name, f.data, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// file is a generated file of package arch.
type file struct {
	name string
	data []byte
}

// generate returns all files, in the order of their names' topics.
func generate() ([]file, error) {
	sys, err := goList("-m", "-f", "{{.Dir}} {{.Version}}", "golang.org/x/sys")
	if err != nil {
		return nil, err
	}
	root, err := goList("-m", "-f", "{{.Dir}}")
	if err != nil {
		return nil, err
	}
	var dir, version string
	if _, err := fmt.Sscan(sys, &dir, &version); err != nil {
		return nil, fmt.Errorf("find golang.org/x/sys: %w", err)
	}
	unix := filepath.Join(dir, "unix")
	origin := "golang.org/x/sys/unix " + version

	var files []file
	for _, t := range tables {
		numbers, err := t.numbers(unix)
		if err != nil {
			return nil, err
		}
		files = append(files, file{"z" + t.goarches[0] + ".go", syscallFile(origin, t, numbers)})
	}
	numbers, err := renumbered(unix, origin)
	if err != nil {
		return nil, err
	}
	engine, err := engineConstants(filepath.Join(root, ".deps", "include", "unicorn"))
	if err != nil {
		return nil, err
	}
	files = append(files, numbers...)
	files = append(files, file{"zengine.go", engineFile(engine)})
	for i, f := range files {
		if files[i].data, err = gofmt(f); err != nil {
			return nil, err
		}
	}
	return files, nil
}
