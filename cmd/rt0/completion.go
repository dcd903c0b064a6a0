// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/internal/nearest"
)

// shells are those that cobra writes completions for.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletion() *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script of a shell: " + strings.Join(shells, ", "),
		Long: `Print the script that makes a shell complete rt0's commands and flags, and the
values of flags: profiles, keys, phases, traces.`,
		Example: `  source <(rt0 completion bash)                      # in this bash
  rt0 completion zsh > "${fpath[1]}/_rt0"            # in every zsh
  rt0 completion fish > ~/.config/fish/completions/rt0.fish
  rt0 completion powershell | Out-String | Invoke-Expression`,
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return failf(statusUsage, "rt0 completion wants one shell: %s", strings.Join(shells, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			scripts := map[string]func(io.Writer) error{
				"bash":       func(w io.Writer) error { return root.GenBashCompletionV2(w, true) },
				"zsh":        root.GenZshCompletion,
				"fish":       func(w io.Writer) error { return root.GenFishCompletion(w, true) },
				"powershell": root.GenPowerShellCompletionWithDesc,
			}
			script, ok := scripts[args[0]]
			if !ok {
				return withStatus(statusUsage, fmt.Errorf("there is no completion for %q: want one of %s%s", args[0], strings.Join(shells, ", "), nearest.Hint(args[0], shells)))
			}
			return withStatus(statusRefused, script(cmd.OutOrStdout()))
		},
	}
}
