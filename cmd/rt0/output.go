// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/rt0-dev/rt0/internal/render"
)

// output are the flags that say in which form to write, and where to.
type output struct {
	format choice
	file   string
	given  bool // one of them was given
}

// The forms.
const (
	formTable    = "table"
	formJSON     = "json"
	formCSV      = "csv"
	formMarkdown = "markdown"
	formJUnit    = "junit"
	formYAML     = "yaml"
	formGitHub   = "github" // annotations
	formHTML     = "html"
)

// register adds the flags to a command. The first form is the default.
func (o *output) register(cmd *cobra.Command, forms ...string) {
	o.format = choice{value: forms[0], kind: "FORM", allowed: forms}
	cmd.Flags().VarP(&o.format, "output", "o", "form of the output: "+strings.Join(forms, ", "))
	cmd.Flags().StringVar(&o.file, "out", "", "write it to `FILE` instead of standard output")
	complete(cmd, "output", func() []string { return forms })
	cmd.PreRun = func(cmd *cobra.Command, _ []string) {
		o.given = cmd.Flags().Changed("output") || cmd.Flags().Changed("out")
	}
}

// check refuses a file that cannot be written, before any work is done for it. The file is left as it is.
func (o *output) check() error {
	if o.file == "" {
		return nil
	}
	f, err := os.OpenFile(o.file, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return failf(statusUsage, "--out: %w", err)
	}
	return f.Close()
}

// write calls f with a buffer, and writes that where it belongs, whole or not at all.
func (o *output) write(cmd *cobra.Command, f func(w io.Writer) error) error {
	var b bytes.Buffer
	if err := f(&b); err != nil {
		return withStatus(statusRefused, err)
	}
	if o.file == "" {
		_, err := cmd.OutOrStdout().Write(b.Bytes())
		return withStatus(statusRefused, err)
	}
	return withStatus(statusRefused, os.WriteFile(o.file, b.Bytes(), 0o666))
}

// table writes a table in the forms that tables have.
func (o *output) table(w io.Writer, t render.Table) error {
	switch o.format.value {
	case formMarkdown:
		return t.Markdown(w)
	case formCSV:
		return t.CSV(w)
	}
	return t.Text(w)
}

// writeJSON writes a value as indented JSON.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// colour says whether what is written is for a terminal that wants colours (no-color.org).
func (o *output) colour(cmd *cobra.Command) bool {
	return o.file == "" && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(cmd.OutOrStdout())
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
