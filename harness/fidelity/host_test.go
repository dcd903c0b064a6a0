// SPDX-License-Identifier: GPL-2.0-or-later

package fidelity

import (
	"bytes"
	"errors"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/machine"
)

const hugePageFile = "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"

// hostMachine describes the machine that the test runs on, as far as a Go program can see it at start-up. uname is the machine's name
// (uname -m). The files of the cgroups are added for each program: see withFiles.
func hostMachine(t *testing.T, uname string, env ...string) machine.Machine {
	t.Helper()
	options := []machine.Option{
		machine.Named("host"),
		machine.WithoutCgroup(),
		machine.CPUSetOf(hostCPUs(t)),
		machine.PageSize(uint64(os.Getpagesize())),
		machine.KernelRelease(kernelName(t, "osrelease")),
		machine.KernelVersion(kernelName(t, "version")),
		machine.Node(kernelName(t, "hostname")),
		machine.Setting("kernel.machine", uname),
		machine.Args("one", "two words"),
		machine.Env("LANG=C", "RT0_FIDELITY=1"),
		machine.Env(env...),
	}
	size := uint64(machine.None)
	if text, err := os.ReadFile(hugePageFile); err == nil {
		size, err = strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
		require.NoError(t, err)
	}
	options = append(options, machine.HugePage(size))
	m := machine.New(options...)
	require.NoError(t, m.Validate())
	return m
}

func kernelName(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("/proc/sys/kernel/" + name)
	require.NoError(t, err)
	return strings.TrimSuffix(string(text), "\n")
}

// hostCPUs is the list of CPUs that this process, and what it starts, may run on.
func hostCPUs(t *testing.T) string {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	for line := range bytes.Lines(status) {
		if list, ok := bytes.CutPrefix(line, []byte("Cpus_allowed_list:")); ok {
			return string(bytes.TrimSpace(list))
		}
	}
	t.Fatal("/proc/self/status does not say which CPUs are allowed")
	return ""
}

// withFiles adds to the machine those of the host's files that a program opened: the cgroups' among others. Which those are, the test
// need not know; that rt0's guest opens the same is what it compares.
func withFiles(t *testing.T, m machine.Machine, calls []Call) machine.Machine {
	t.Helper()
	for _, c := range calls {
		if c.Name != "open" && c.Name != "openat" || strings.HasPrefix(c.Result, "-1") {
			continue
		}
		for i, arg := range c.Args {
			if letter(c.Name, i) != 's' {
				continue
			}
			name, err := strconv.Unquote(arg)
			require.NoError(t, err)
			name = path.Clean(name) // Go 1.25.0 has two slashes in one
			if name == hugePageFile {
				continue
			}
			text, err := os.ReadFile(name)
			if errors.Is(err, os.ErrNotExist) {
				continue
			}
			require.NoError(t, err)
			m = m.With(machine.File(name, string(text)))
		}
	}
	return m
}
