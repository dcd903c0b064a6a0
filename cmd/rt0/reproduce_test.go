// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// TestReproduce runs the command that a report names, in a shell: it boots the same machine, and comes to the same hash.
func TestReproduce(t *testing.T) {
	t.Parallel()
	sh, err := exec.LookPath("sh")
	require.NoError(t, err)
	machines := map[string]machine.Machine{
		"rules": machine.New(machine.CPUs(3), machine.Rules(
			`open,openat:path=/sys/it's%20%22a%22%20$HOME%3a*:error=EACCES`, "!getpid,read:arg0&0x80!=0:thread=9:kill=process",
			"rt_sigaction:when=3..40+2:delay=10us", "openat:retval=-9:signal=SIGURG:when=100000", "sched_getaffinity:error=ENOSYS",
		)),
		"death": machine.New(machine.Rules("fcntl,fcntl64:error=38")),
		"clock": machine.New(machine.Setting("clock.step", "-3us"), machine.Setting("clock.resolution", "250ns"),
			machine.Setting("clock.monotonic", "0"), machine.Setting("clock.realtime", "0")),
		"frozen":   machine.New(machine.Setting("clock.frozen", "true"), machine.Setting("clock.monotonic", "1500ms")),
		"affinity": machine.New(machine.CPUSetOf("0-2,9"), machine.Setting("affinity.length", "128"), machine.Setting("affinity.minimum", "64")),
		"refused":  machine.New(machine.Setting("affinity.errno", "EPERM"), machine.Env("GOMAXPROCS=3")),
	}
	for name, m := range machines {
		for _, goarch := range []string{"amd64", "mips", "arm", "s390x"} {
			t.Run(name+"/"+goarch, func(t *testing.T) {
				t.Parallel()
				bin := fixtures.Build(t, fixtures.Hello, goarch)
				want, err := harness.Run(t.Context(), bin, m, harness.Until("exit"))
				require.NoError(t, err)
				out, err := exec.CommandContext(t.Context(), sh, "-c", want.Reproduce()+" --output json").Output()
				if died := (*exec.ExitError)(nil); err != nil {
					require.ErrorAs(t, err, &died)
					require.EqualValues(t, statusDied, died.ExitCode(), "%s", died.Stderr)
				}
				var doc struct{ Boots []*harness.Report }
				require.NoError(t, json.Unmarshal(out, &doc), "%s", out)
				got := doc.Boots[0]
				require.Equal(t, want.Machine, got.Machine, want.Reproduce())
				require.Equal(t, want.Outcome, got.Outcome)
				require.Equal(t, want.Hash, got.Hash, want.Reproduce())
			})
		}
	}
}
