// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/zoo"
)

func newZooNew() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "new [flags] ID",
		Short: "Write a template for an entry of your own",
		Long: `Write ID.yaml, an entry of the zoo with a comment for each key: fill in what the
machine was and what the program printed, and boot it with rt0 zoo ID.yaml.`,
		Example: `  rt0 zoo new nas-crash
  rt0 zoo nas-crash.yaml`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return failf(statusUsage, "%s wants one name for the entry, such as nas-crash", cmd.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringVar(&file, "out", "", "write it to `FILE` instead of ID.yaml; - is standard output")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		text, err := zoo.Template(args[0])
		if err != nil {
			return withStatus(statusUsage, err)
		}
		if file == "-" {
			_, err := cmd.OutOrStdout().Write([]byte(text))
			return withStatus(statusRefused, err)
		}
		if file == "" {
			file = args[0] + ".yaml"
		}
		return writeNew(cmd, file, text)
	}
	return cmd
}

// writeNew writes a file that is not there yet.
func writeNew(cmd *cobra.Command, file, text string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return failf(statusUsage, "%s is there already: choose another name, or remove it", file)
	}
	if err != nil {
		return withStatus(statusUsage, err)
	}
	if _, err := f.WriteString(text); err != nil {
		_ = f.Close()
		return withStatus(statusRefused, err)
	}
	if err := f.Close(); err != nil {
		return withStatus(statusRefused, err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "wrote %s: fill it in, then rt0 zoo %s\n", file, file)
	return nil
}
