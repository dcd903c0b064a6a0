// SPDX-License-Identifier: GPL-2.0-or-later

package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// Result is all that a program lets one see.
type Result struct {
	Stdout string
	Stderr string // normalised
	End    string // "exit status 2", "SIGTERM"
}

// reference is the GOARCH whose programs say what is right.
const reference = "amd64"

// native says whether the host runs the reference's programs.
func native() bool { return runtime.GOOS == "linux" && runtime.GOARCH == reference }

// Reference runs the reference's program as the machine has it: natively where the host can, else in rt0.
func Reference(ctx context.Context, bin string, m machine.Machine) (Result, error) {
	if native() {
		return run(ctx, bin, m)
	}
	r, err := harness.Run(ctx, bin, m, harness.Until("exit"))
	if err != nil {
		return Result{}, err
	}
	return Of(r), nil
}

// run runs a program on the host, with the machine's arguments and environment.
func run(ctx context.Context, bin string, m machine.Machine) (Result, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, bin, m.Args...)
	cmd.Args[0], cmd.Env, cmd.Stdout, cmd.Stderr = filepath.Base(bin), append([]string{}, m.Env...), &stdout, &stderr
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		return Result{}, err
	}
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	end := fmt.Sprintf("exit status %d", status.ExitStatus())
	if status.Signaled() {
		end = arch.Signal(status.Signal()).String()
	}
	return Result{stdout.String(), Normalise(stderr.String()), end}, ctx.Err()
}

// Of is the result of a boot to the end.
func Of(r *harness.Report) Result {
	end := string(r.Outcome) + ": " + r.Reason
	if r.ExitCode != nil {
		end = fmt.Sprintf("exit status %d", *r.ExitCode)
	} else if r.Signal != nil {
		end = *r.Signal
	}
	return Result{r.Stdout, Normalise(r.Stderr), end}
}

// ends are what ends a part.
var ends = map[Part]string{Paragraph: "\n\n", Line: "\n"}

// only keeps the part of standard error that a case compares.
func (r Result) only(p Part) Result {
	if end, cut := ends[p]; cut {
		r.Stderr, _, _ = strings.Cut(r.Stderr, end)
	}
	if p == None {
		r.Stderr = ""
	}
	return r
}

// rules are what differs in a traceback between architectures, or between two runs on one.
var rules = []struct {
	pattern *regexp.Regexp
	instead string
}{
	// Registers, and where the signal met the program.
	{regexp.MustCompile(`(?m)^[a-z0-9_]+ +0x[0-9a-f]+( +[a-z0-9_]+ +0x[0-9a-f]+)*\n`), ""},
	{regexp.MustCompile(`(?m)^PC=.*\n`), ""},
	{regexp.MustCompile(`pc=0x[0-9a-f]+`), "pc"},
	{regexp.MustCompile(`(?m)^runtime: sp=.*\n`), ""},
	// "goroutine 19 gp=0x... m=0 mp=0x... [running]:" by the state; main's number is always 1.
	{regexp.MustCompile(`(?m)^(goroutine \d+) gp=\S+ m=\S+ (mp=\S+ )?\[`), "$1 ["},
	{regexp.MustCompile(`(?m)^goroutine (\d\d+|[2-9]) \[`), "goroutine other ["},
	{regexp.MustCompile(`in goroutine \d+`), "in goroutine"},
	// The functions of the program with their lines; those of the library and the runtime differ, and so do arguments and offsets.
	{regexp.MustCompile(`(?m)^(main\.\S*|panic)\(.*\)$`), "$1()"},
	{regexp.MustCompile(`(?m)^(\t\S+\.go:\d+) \+0x[0-9a-f]+.*$`), "$1"},
	{regexp.MustCompile(`(?m)^(runtime|internal/[^( ]*|syscall|time|os)\.\S*\(.*\)\n\t.*\n`), ""},
	{regexp.MustCompile(`(?m)^\t\S*/(src/)?(runtime|internal)/\S+\.(go|s):\d+.*\n`), ""},
	{regexp.MustCompile(`\d+ frames elided`), "frames elided"},
	// A recovered value that is not a number or a string is printed by its address.
	{regexp.MustCompile(`\(0x[0-9a-f]+,0x[0-9a-f]+\)|0x[0-9a-f]{6,}`), "address"},
}

// Normalise takes out of what a program wrote to standard error what depends on the architecture.
func Normalise(stderr string) string {
	for _, rule := range rules {
		stderr = rule.pattern.ReplaceAllString(stderr, rule.instead)
	}
	return stderr
}
