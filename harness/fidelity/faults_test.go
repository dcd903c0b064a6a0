// SPDX-License-Identifier: GPL-2.0-or-later

package fidelity

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/loader"
	"github.com/rt0-dev/rt0/machine"
)

// deaths are first arguments of harness/testdata/faults: one for each signal and each way to SIGSEGV.
var deaths = []string{"field", "readonly", "jump", "nilcall", "file", "illegal", "trap", "divide"}

// deathEnv keeps qemu-user alive: one thread runs at a time, and no signal interrupts another's call.
var deathEnv = []string{"GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1"}

// TestDeaths compares what Go's runtime prints of a fault with what it prints on the host, or in qemu-user where the host's kernel does not
// run the program.
func TestDeaths(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skipf("qemu-user runs on Linux; this is %s", runtime.GOOS)
	}
	j := newJudge(t)
	t.Run("arches", func(t *testing.T) {
		for _, a := range arch.All() {
			t.Run(a.Name, func(t *testing.T) {
				t.Parallel()
				bin := fixtures.Build(t, filepath.Join("..", "testdata", "faults"), a.Name)
				img, err := loader.Open(bin)
				require.NoError(t, err)
				final := img.Segments[len(img.Segments)-1]
				start, end := img.Segments[0].Addr, final.Addr+final.MemSize
				command := runner(t, a, bin)
				for _, name := range deaths {
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						code, text := die(t, append(command, name))
						boot := harness.Boot(t, bin, machine.New(machine.Env(deathEnv...)), harness.Args(name), harness.Until("exit"))
						require.NotNil(t, boot.ExitCode, boot.Cause())
						exit := func(code int) Call { return Call{Name: "exit", Args: []string{strconv.Itoa(code)}} }
						j.compare(t, Scope{Deaths, name, a.Name, img.Minor()},
							append(ParseDeath(text, start, end), exit(code)), append(ParseDeath(boot.Stderr, start, end), exit(*boot.ExitCode)))
					})
				}
			})
		}
	})
	j.idle(t, len(arch.All())*len(deaths), Deaths)
}

// runner is the command that runs a program of the architecture here, without arguments.
func runner(t *testing.T, a *arch.Arch, bin string) []string {
	t.Helper()
	cmd := exec.Command(bin)
	err := cmd.Start()
	if err == nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return []string{bin}
	}
	require.True(t, errors.Is(err, syscall.ENOEXEC), "%v", err)
	return []string{findTool(t, "qemu-"+a.QEMU), bin}
}

// die runs a program to its end.
func die(t *testing.T, command []string) (code int, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	var text bytes.Buffer
	cmd.Stderr, cmd.Env = &text, deathEnv
	err := cmd.Run()
	require.NoError(t, ctx.Err(), "%v has not ended; it wrote:\n%s", command, &text)
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return exit.ExitCode(), text.String()
	}
	require.NoError(t, err)
	return 0, text.String()
}

func TestParseDeath(t *testing.T) {
	t.Parallel()
	const text = `unexpected fault address 0x7fd59aa0a123
fatal error: fault
[signal SIGSEGV: segmentation violation code=0x2 addr=0x7fd59aa0a123 pc=0x4aaee0]

goroutine 1 gp=0x3925d247a1e0 m=0 mp=0x59c2e0 [running]:
runtime.throw({0x4d3922?, 0x3925d24aa6c8?})
	/usr/local/go/src/runtime/panic.go:1229 +0x48 fp=0x3925d24e0e68 sp=0x3925d24e0e38 pc=0x47a088
main.(*T).store(0x1?)
	/tmp/main.go:41 fp=0x3925d24e0ed0 sp=0x3925d24e0ec8 pc=0x4aaee0

goroutine 2 [idle]:
main.other()
`
	var lines []string
	for _, c := range ParseDeath(text, 0x400000, 0x600000) {
		lines = append(lines, c.String())
	}
	require.Equal(t, []string{
		"unexpected(fault, address, page+0x123)",
		"fatal(error, fault)",
		"signal(SIGSEGV, segmentation, violation, code, 0x2, addr, page+0x123, pc, 0x4aaee0)",
		"frame(runtime.throw, panic.go:1229, +0x48)",
		"frame(main.(*T).store, main.go:41, )",
	}, lines)
}

func FuzzParseDeath(f *testing.F) {
	f.Add("goroutine 1\n\t/a.go:1 +0x1\nmain.main()\n\n")
	f.Add("PC=0x1 m=0 sigcode=1\n = \n")
	f.Fuzz(func(t *testing.T, text string) { ParseDeath(text, 0, 1) })
}
