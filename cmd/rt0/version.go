// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/harness"
)

func newVersion() *cobra.Command {
	o := new(output)
	cmd := &cobra.Command{
		Use:   "version [flags]",
		Short: "Print the versions of rt0 and of what it was built with",
		Long:  "Print the versions of rt0, of the CPU engine in it, and of the Go release that built it.",
		Example: `  rt0 version
  rt0 version -o json`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	o.register(cmd, formTable, formJSON)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := o.check(); err != nil {
			return err
		}
		host := runtime.GOOS + "/" + runtime.GOARCH
		return o.write(cmd, func(w io.Writer) error {
			if o.format.value == formJSON {
				return writeJSON(w, map[string]string{
					"version": harness.Version(), "engine": emu.Version(), "go": runtime.Version(), "host": host,
				})
			}
			_, err := fmt.Fprintf(w, "rt0 %s, engine unicorn %s, built with %s for %s\n", harness.Version(), emu.Version(), runtime.Version(), host)
			return err
		})
	}
	return cmd
}
