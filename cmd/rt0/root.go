// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/nearest"
)

// global are the flags that all commands have.
type global struct {
	quiet, verbose bool
}

func newRoot() *cobra.Command {
	g := new(global)
	root := &cobra.Command{
		Use:   "rt0",
		Short: "Boot Go binaries on machines you do not have",
		Long: `rt0 boots a Linux Go binary on a machine that is faked, on an emulated CPU, from its
first instruction to main.main, and prints what Go's runtime concluded about it:
how many Ps, which page sizes, which stack limit, in which order, at what cost,
and where it died.`,
		Example: `  rt0 boot ./hello                                   # on the default machine
  rt0 boot --machine raspberry-pi-4 --arch arm64 ./cmd/app
  rt0 sweep --cpus 1..256 --hugepage none,2MiB hello # on many variants of one
  rt0 matrix --go 1.26,1.27 ./cmd/app                # built with two releases, everywhere
  rt0 diff --go 1.24,1.25 hello                      # what did the newer one change?
  rt0 machines                                       # the machines that come with rt0`,
		Version:       harness.Version(),
		Args:          cobra.ArbitraryArgs, // so that a command that does not exist comes to RunE
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return noCommand(root, args[0])
	}
	root.SetHelpCommand(newHelp(root))
	root.SetFlagErrorFunc(flagError)
	root.SetVersionTemplate("rt0 {{.Version}}\n")
	root.PersistentFlags().BoolVarP(&g.quiet, "quiet", "q", false, "no table, no progress: the exit status tells, and one line on standard error")
	root.PersistentFlags().BoolVarP(&g.verbose, "verbose", "v", false, "tell more")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if g.quiet && g.verbose {
			return failf(statusUsage, "--quiet and --verbose contradict each other")
		}
		return nil
	}
	root.AddCommand(
		newBoot(g), newSweep(g), newMatrix(g), newDiff(g), newReport(g), newZoo(g), newMachines(), newArches(), newDoctor(g), newVersion(), newCompletion(),
	)
	return root
}

// noCommand says that there is no such command, and which one was meant.
func noCommand(root *cobra.Command, name string) error {
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return failf(statusUsage, "there is no command %q%s", name, hintOr(name, names, "; see rt0 --help"))
}

// newHelp is cobra's help command, but for one thing: to ask about a command that does not exist is wrong usage.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Help about any command",
		Long:    "Print the help of a command, as COMMAND --help does.",
		Example: "  rt0 help boot",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, c := range root.Commands() {
				names = append(names, c.Name()+"\t"+c.Short)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return noCommand(root, args[0])
			}
			cmd.InitDefaultHelpFlag()
			cmd.InitDefaultVersionFlag()
			return cmd.Help()
		},
	}
}

// flagError says what is wrong with a flag, and which one was meant.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return withStatus(statusUsage, err)
	}
	name := unknown.GetSpecifiedName()
	dashes := "--"
	if unknown.GetSpecifiedShortnames() != "" {
		dashes = "-"
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, "--"+f.Name)
		}
	})
	return failf(statusUsage, "there is no flag %s%s%s", dashes, name, hintOr("--"+name, names, "; see "+cmd.CommandPath()+" --help"))
}

// hintOr names the candidate that was most likely meant, or says otherwise.
func hintOr(word string, candidates []string, otherwise string) string {
	if hint := nearest.Hint(word, candidates); hint != "" {
		return hint
	}
	return otherwise
}

// noArguments refuses arguments of a command that takes none.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return failf(statusUsage, "%s takes no arguments: %q is one too many", cmd.CommandPath(), args[0])
	}
	return nil
}

// choice is a flag whose value is one of a list.
type choice struct {
	value   string
	kind    string // how --help calls a value
	allowed []string
}

func (c *choice) String() string { return c.value }

func (c *choice) Type() string { return c.kind }

func (c *choice) Set(text string) error {
	for _, a := range c.allowed {
		if a == text {
			c.value = text
			return nil
		}
	}
	return fmt.Errorf("want one of %s%s", strings.Join(c.allowed, ", "), nearest.Hint(text, c.allowed))
}

// complete gives a flag a fixed list of values.
func complete(cmd *cobra.Command, flag string, values func() []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values(), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the flag does not exist: a slip in this package
	}
}
