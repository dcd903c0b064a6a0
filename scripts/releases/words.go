// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/goccy/go-yaml"
)

// words is releases.yaml: what people say.
type words struct {
	Intro    string            `yaml:"intro"`    // Markdown
	Releases map[string]string `yaml:"releases"` // by minor release: "1.26"
}

func readWords(file string) (words, error) {
	var w words
	data, err := os.ReadFile(file)
	if err != nil {
		return w, err
	}
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(&w); err != nil {
		return w, fmt.Errorf("%s: %s", file, yaml.FormatError(err, false, false))
	}
	return w, nil
}
