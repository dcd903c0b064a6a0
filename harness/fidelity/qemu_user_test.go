// SPDX-License-Identifier: GPL-2.0-or-later

package fidelity

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/loader"
	"github.com/rt0-dev/rt0/machine"
)

// qemuPrograms are compared on every architecture: fewer than on the real kernel, since qemu-user takes its time.
func qemuPrograms() []program {
	list := []program{
		{fixture: fixtures.Hello}, {fixture: fixtures.Inits}, {fixture: fixtures.Goroutines}, {fixture: fixtures.Runtime, env: settings},
		{fixture: fixtures.Hello, pie: true},
	}
	if testing.Short() {
		return list
	}
	for _, toolchain := range toolchains {
		list = append(list, program{fixture: fixtures.Hello, toolchain: toolchain})
	}
	list = append(list, program{fixture: fixtures.Hello, toolchain: newest, pie: true})
	return list
}

func TestQEMUUser(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skipf("qemu-user runs on Linux; this is %s", runtime.GOOS)
	}
	j := newJudge(t)
	random := qemuRandom(t)
	comparisons := 0
	for _, a := range arch.All() {
		comparisons += len(buildable(qemuPrograms(), a.Name))
	}
	t.Run("arches", func(t *testing.T) {
		for _, a := range arch.All() {
			t.Run(a.Name, func(t *testing.T) {
				t.Parallel()
				command := findTool(t, "qemu-"+a.QEMU)
				for _, p := range buildable(qemuPrograms(), a.Name) {
					t.Run(p.name(), func(t *testing.T) {
						t.Parallel()
						bin := p.build(t, a.Name)
						img, err := loader.Open(bin)
						require.NoError(t, err)
						m := hostMachine(t, a.UTSName, p.env...).With(machine.Random(random))
						if a.Name == unpackaged && p.pie {
							j.leave(t, "Debian has no C library for the ABI of Go's big-endian ppc64, ELFv2, and so no interpreter")
						}
						real := runQEMU(t, j, command, bin, a, m)
						m = withFiles(t, m, real)
						rt0, err := Guest(t.Context(), bin, Start{Machine: m})
						require.NoError(t, err)
						if p.pie {
							real = withoutInterpreter(t, real, rt0.Calls[QEMU])
						}
						j.compare(t, Scope{QEMU, p.scope(), a.Name, img.Minor()}, real, rt0.Calls[QEMU])
					})
				}
			})
		}
	})
	j.idle(t, comparisons, QEMU)
}

// largeSpace is an address space, in bytes, that has room for the hints of Go's runtime, which have 47 bits.
const largeSpace = 1 << 46

// unpackaged is an architecture for whose position-independent programs there is no interpreter to be had.
const unpackaged = "ppc64"

// wrongNaN is what runtime.check up to Go 1.16 throws on 32-bit MIPS in qemu-user 7.2, whatever the CPU model.
const wrongNaN = "float64nan"

// cloned finds a clone with all its arguments: qemu-user writes a line piece by piece.
var cloned = regexp.MustCompile(` clone\([^)]*\)`)

// qemuSeed is the option that makes AT_RANDOM the same in each run.
const qemuSeed = "-seed"

// qemuRandom asks qemu-user for the bytes that it makes of the seed, the same for all targets.
func qemuRandom(t *testing.T) string {
	t.Helper()
	a, ok := arch.Find("amd64")
	require.True(t, ok)
	bin := fixtures.Build(t, filepath.Join("testdata", "random"), a.Name, fixtures.Env("GOFLAGS=-ldflags=-E=main.entry"))
	out, err := exec.Command(findTool(t, "qemu-"+a.QEMU), qemuSeed, "1", bin).Output()
	require.NoError(t, err)
	require.Len(t, out, 16)
	return fmt.Sprintf("%x", out)
}

// runQEMU runs the program in qemu-user up to its first clone.
func runQEMU(t *testing.T, j *judge, command, bin string, a *arch.Arch, m machine.Machine) []Call {
	t.Helper()
	log := filepath.Join(t.TempDir(), "trace")
	// Where the kernel's address space has no room for the hints of
	// the runtime, qemu-user's must have none either; a larger one could not be reserved.
	// The trace goes to standard error: a file of its own would take a descriptor from the program.
	cmd := exec.Command(command, qemuSeed, "1", "-strace", "-U", "PWD", "-U", "OLDPWD", "-U", "SHLVL", "-U", "_", bin)
	if a.PtrSize == 8 && a.UserTop < largeSpace {
		cmd.Args = slices.Insert(cmd.Args, 1, "-R", fmt.Sprintf("%#x", a.UserTop))
	}
	if root := interpreterRoot(t, bin); root != "/" {
		cmd.Args = slices.Insert(cmd.Args, 1, "-L", root)
	}
	cmd.Args, cmd.Env = append(cmd.Args, m.Args...), m.Env
	file, err := os.Create(log)
	require.NoError(t, err)
	defer file.Close()
	cmd.Stderr = file
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	text := func() string {
		b, err := os.ReadFile(log)
		require.NoError(t, err)
		return string(b)
	}
	over := false
	for deadline := time.Now().Add(patience); !over && !cloned.MatchString(text()) && time.Now().Before(deadline); {
		select {
		case <-ended:
			over = true
		case <-time.After(time.Millisecond):
		}
	}
	if !over {
		_ = cmd.Process.Kill()
		<-ended
	}
	if strings.Contains(text(), wrongNaN) {
		j.leave(t, "%s takes a NaN for equal to itself: the program's runtime.check throws %s", command, wrongNaN)
	}
	calls, err := ParseQEMU(a, text())
	require.NoError(t, err)
	require.NotEmpty(t, calls, "%s wrote:\n%s", command, text())
	require.True(t, last(calls[len(calls)-1].Name), "the program did not come to its first clone:\n%s", text())
	return calls
}
