// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/internal/render"
)

// The tables in a Markdown file stand between these comments.
const (
	begin  = "<!-- firstlight: begin -->\n"
	finish = "<!-- firstlight: end -->\n"
)

// regenerate says how to mend a file.
const regenerate = "write it anew with: make run ARGS='-write %s'"

// split is a file's text before, between and after the markers.
func split(file string) (before, between, after string, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", "", "", err
	}
	if before, between, after, err = render.Section(string(data), begin, finish); err != nil {
		err = fmt.Errorf("%s: %w", file, err)
	}
	return before, between, after, err
}

// checkFile compares the tables of a file with what they should be. They depend on the release that built the fixtures: those that name
// another one are not judged.
func checkFile(file, want, goVersion string) error {
	_, got, _, err := split(file)
	if err != nil {
		return err
	}
	if !strings.Contains(got, goVersion) && strings.Contains(got, "| go1.") {
		fmt.Printf("%s: the tables were made with another Go than %s, and are not compared\n", file, goVersion)
		return nil
	}
	gotLines, wantLines := strings.Split(strings.TrimSpace(got), "\n"), strings.Split(strings.TrimSpace(want), "\n")
	if slices.Equal(gotLines, wantLines) {
		fmt.Printf("%s: the tables are as they should be\n", file)
		return nil
	}
	hint := fmt.Sprintf(regenerate, file)
	for i, line := range wantLines {
		if i >= len(gotLines) || gotLines[i] != line {
			has := "nothing"
			if i < len(gotLines) {
				has = gotLines[i]
			}
			return fmt.Errorf("the tables in %s are out of date: %s\n    has  %s\n    want %s", file, hint, has, line)
		}
	}
	return errors.New("the tables in " + file + " have lines too many: " + hint)
}

// writeFile puts the tables into a file.
func writeFile(file, text string) error {
	before, _, after, err := split(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(before+begin+"\n"+strings.TrimSpace(text)+"\n\n"+finish+after), 0o666)
}
