// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/render"
	"github.com/rt0-dev/rt0/machine"
)

// machineFlags describe the machine. All of them but the profile are settings, which count in the order of the command line.
type machineFlags struct {
	profile  string
	settings []setting
}

type setting struct {
	key, value string
	axis       bool // --axis: value are the values of an axis
}

func (f *machineFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.profile, "machine", "default", "the machine: a profile's `NAME` (see rt0 machines), or a YAML file")
	f.registerSettings(cmd)
	completeMachine(cmd)
}

// completeMachine completes --machine; a file is as good as a profile.
func completeMachine(cmd *cobra.Command) {
	err := cmd.RegisterFlagCompletionFunc("machine", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return profileNames(), cobra.ShellCompDirectiveDefault
	})
	if err != nil {
		panic(err)
	}
}

// registerSettings adds the flags that change a machine.
func (f *machineFlags) registerSettings(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Var(&settingFlag{flags: f, kind: "KEY=VALUE"}, "set", "override a value of the machine, repeatable: --set hugePage=none")
	flags.Var(&settingFlag{flags: f, key: "cpus", kind: "N"}, "cpus", "CPUs: a count (7) or a list (0-3,8); short for --set cpus=")
	flags.Var(&settingFlag{flags: f, key: "hugePage", kind: "SIZE"}, "hugepage", "transparent huge page: 2MiB, 1GiB, none; short for --set hugePage=")
	flags.Var(&settingFlag{flags: f, key: "pageSize", kind: "SIZE"}, "page-size", "page: 4KiB, 64KiB; short for --set pageSize=")
	flags.Var(&settingFlag{flags: f, key: "kernel.release", kind: "RELEASE"}, "kernel", "kernel release; short for --set kernel.release=")
	flags.Var(&settingFlag{flags: f, key: "env.", kind: "NAME=VALUE"}, "env", "a variable of the guest's environment, repeatable; it inherits none")

	completeKeys(cmd, "set")
	complete(cmd, "cpus", func() []string { return []string{"1", "2", "4", "8", "64", "128"} })
	complete(cmd, "hugepage", func() []string { return []string{"none", "2MiB", "4MiB", "32MiB", "512MiB", "1GiB"} })
	complete(cmd, "page-size", func() []string { return []string{"4KiB", "16KiB", "64KiB"} })
}

// completeKeys completes the keys of a machine.
func completeKeys(cmd *cobra.Command, flag string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var keys []string
		for _, k := range machine.Keys() {
			name := k.Key + "="
			if prefix, _, dotted := strings.Cut(k.Key, "."); k.Open && dotted {
				name = prefix + "."
			}
			keys = append(keys, name+"\t"+k.Doc)
		}
		return keys, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
	if err != nil {
		panic(err)
	}
}

// machine is the machine that the flags describe.
func (f *machineFlags) machine() (machine.Machine, error) { return f.machineNamed(f.profile) }

// machineNamed is a profile with the settings of the flags.
func (f *machineFlags) machineNamed(profile string) (machine.Machine, error) {
	m, err := machine.Load(profile)
	if err != nil {
		return m, failf(statusUsage, "--machine: %w", err)
	}
	for _, s := range f.settings {
		if m, err = m.Set(s.key, s.value); err != nil {
			return m, withStatus(statusUsage, err)
		}
	}
	return m, withStatus(statusUsage, m.Validate())
}

func profileNames() []string {
	var names []string
	for _, p := range machine.Profiles() {
		names = append(names, p.Name+"\t"+p.Machine.Description)
	}
	return names
}

// settingFlag is a flag that sets a key of the machine. A key that is empty, or ends in a dot, is completed by the value's part before
// the equals sign.
type settingFlag struct {
	flags *machineFlags
	key   string
	kind  string
	axis  bool
}

func (s *settingFlag) String() string { return "" }

func (s *settingFlag) Type() string { return s.kind }

func (s *settingFlag) Set(text string) error {
	key, value := s.key, text
	if key == "" || strings.HasSuffix(key, ".") {
		name, v, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return fmt.Errorf("want %s", s.kind)
		}
		key, value = key+name, v
	}
	s.flags.settings = append(s.flags.settings, setting{key, value, s.axis})
	return nil
}

// sizeFlag is a flag with a number of bytes.
type sizeFlag uint64

func (s *sizeFlag) String() string { return machine.Size(*s).String() }

func (s *sizeFlag) Type() string { return "SIZE" }

func (s *sizeFlag) Set(text string) error {
	bytes, err := machine.ParseSize(text)
	*s = sizeFlag(bytes)
	return err
}

// countFlag is a flag with a number, of which the digits may be grouped: 20_000_000.
type countFlag uint64

func (c *countFlag) String() string { return strings.ReplaceAll(render.Number(uint64(*c)), ",", "_") }

func (c *countFlag) Type() string { return "N" }

func (c *countFlag) Set(text string) error {
	n, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		return errors.New("want a number such as 1000000 or 1_000_000")
	}
	*c = countFlag(n)
	return nil
}

// expectFlag collects expectations.
type expectFlag []harness.Expectation

func (e *expectFlag) String() string { return "" }

func (e *expectFlag) Type() string { return "KEY=VALUE" }

func (e *expectFlag) Set(text string) error {
	expectation, err := harness.ParseExpectation(text)
	if err != nil {
		return err
	}
	*e = append(*e, expectation)
	return nil
}

// completeExpect completes the keys of an expectation.
func completeExpect(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		err := cmd.RegisterFlagCompletionFunc(name, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var keys []string
			for _, key := range harness.ExpectKeys() {
				keys = append(keys, key+"=")
			}
			return keys, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		})
		if err != nil {
			panic(err)
		}
	}
}

// traceFlag collects kinds of trace.
type traceFlag []harness.TraceKind

func (t *traceFlag) String() string { return "" }

func (t *traceFlag) Type() string { return "KIND" }

func (t *traceFlag) Set(text string) error {
	for _, name := range strings.Split(text, ",") {
		one := choice{allowed: traceNames()}
		if err := one.Set(name); err != nil {
			return err
		}
		*t = append(*t, harness.TraceKind(name))
	}
	return nil
}

func traceNames() []string {
	var names []string
	for _, kind := range harness.TraceKinds {
		names = append(names, string(kind))
	}
	return names
}
