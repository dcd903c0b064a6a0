// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// boundFlags bound what a guest may do.
type boundFlags struct {
	instructions countFlag
	memory       sizeFlag
	timeout      time.Duration
}

func newBoundFlags() boundFlags {
	return boundFlags{instructions: harness.DefaultInstructions, memory: harness.DefaultMemory}
}

func (f *boundFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Var(&f.instructions, "limit-instructions", "most instructions of all threads together")
	flags.Var(&f.memory, "limit-memory", "most memory that the guest may touch")
	flags.DurationVar(&f.timeout, "timeout", 0, "most `TIME` of a boot on the host's clock, such as 10s; 0 is no bound (default 0)")
	complete(cmd, "timeout", func() []string { return []string{"10s", "1m", "10m"} })
}

// sane refuses bounds that make no sense.
func (f *boundFlags) sane() error {
	switch {
	case f.memory == 0 || uint64(f.memory) > emu.MaxMemory:
		return failf(statusUsage, "--limit-memory cannot be %s: want a size up to %s", f.memory.String(), machine.Size(emu.MaxMemory))
	case f.timeout < 0:
		return failf(statusUsage, "--timeout cannot be %s: want a time such as 10s, or 0", f.timeout)
	}
	return nil
}

// bounds are the options of a boot that the flags ask for.
func (f *boundFlags) bounds() []harness.Option {
	return []harness.Option{
		harness.LimitInstructions(uint64(f.instructions)), harness.LimitMemory(uint64(f.memory)), harness.Timeout(f.timeout),
	}
}
