// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/internal/render"
)

// What rt0 needs.
var (
	neededEngine = []int{2, 1, 4} // older ones lack UC_TLB_VIRTUAL, or truncate MIPS64's start address
	neededGo     = []int{1, 21}   // the first that fetches other releases
)

// finding is a row of `rt0 doctor`.
type finding struct {
	Check string `json:"check"`
	State string `json:"state"` // "ok", "note", "wrong"
	Found string `json:"found"`
	Mend  string `json:"mend"` // what to do about it; "" when it is ok
}

// The states of a finding. A note is worth knowing, and stops nothing that rt0 does.
const (
	stateOK    = "ok"
	stateNote  = "note"
	stateWrong = "wrong"
)

func newDoctor(g *global) *cobra.Command {
	o := new(output)
	prune := new(pruneFlags)
	cmd := &cobra.Command{
		Use:   "doctor [flags]",
		Short: "Check engine, toolchains and caches, and say how to mend what is wrong",
		Long: `Check the CPU engine, the Go toolchain that builds sources, the toolchains that
were fetched, the cache of what was built, and the C compiler that building rt0
itself takes.

--prune frees what rt0 took on the disk: the toolchains that it had the go
command fetch, and its builds. Toolchains that your own go fetched are left
unless --prune=all; the go on PATH, and what another rt0 is using, always. What
the compiler left in go's own build cache, go clean -cache removes.

Exit status: 0 nothing is wrong; 1 something is, or could not be removed.`,
		Example: `  rt0 doctor
  rt0 doctor -o json
  rt0 doctor --prune --dry-run`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	o.register(cmd, formTable, formJSON)
	prune.register(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := o.check(); err != nil {
			return err
		}
		if err := prune.check(); err != nil {
			return err
		}
		if prune.what != "" {
			return prune.run(cmd, g, o)
		}
		findings := diagnose(cmd.Context())
		err := o.write(cmd, func(w io.Writer) error {
			switch {
			case o.format.value == formJSON:
				return writeJSON(w, findings)
			case g.quiet && !o.given:
				return nil
			}
			return findingTable(findings, o.colour(cmd)).Text(w)
		})
		if err != nil {
			return err
		}
		var wrong []string
		for _, f := range findings {
			if f.State == stateWrong {
				wrong = append(wrong, f.Check)
			}
		}
		if len(wrong) > 0 {
			return failf(statusFailed, "doctor: wrong with %s", strings.Join(wrong, ", "))
		}
		return nil
	}
	return cmd
}

func findingTable(findings []finding, colour bool) render.Table {
	t := render.Table{Head: []string{"check", "state", "found", "what to do"}}
	for _, f := range findings {
		t.Rows = append(t.Rows, []string{f.Check, render.Style{Colour: colour}.State(f.State, f.State != stateWrong), f.Found, f.Mend})
	}
	return t
}

// diagnose runs all checks.
func diagnose(ctx context.Context) []finding {
	var findings []finding
	for _, check := range []func(context.Context) finding{checkEngine, checkCPUs, checkGo, checkToolchains, checkCache, checkCompiler} {
		findings = append(findings, check(ctx))
	}
	return findings
}

func checkEngine(context.Context) finding {
	f := finding{Check: "engine", State: stateOK, Found: fmt.Sprintf("unicorn %s (needed: %s)", emu.Version(), dotted(neededEngine))}
	if older(emu.Version(), neededEngine) {
		f.State, f.Mend = stateWrong, "remove .deps, run make deps, and build rt0 again"
	}
	return f
}

// checkCPUs opens a CPU of each architecture: an engine may have been built without some.
func checkCPUs(context.Context) finding {
	f := finding{Check: "CPUs", State: stateOK}
	var opened, failed []string
	for _, a := range arch.All() {
		engine, err := emu.New(emu.Config{Arch: a})
		if err != nil {
			failed = append(failed, err.Error())
			continue
		}
		engine.Close()
		opened = append(opened, a.Name)
	}
	f.Found = strings.Join(append(opened, failed...), ", ")
	if len(failed) > 0 {
		f.State, f.Mend = stateWrong, "the engine lacks a CPU, or there is too little memory (ulimit -v): remove .deps, run make deps, and build rt0 again"
	}
	return f
}

// checkGo looks at the toolchain that builds sources. Binaries boot without one.
func checkGo(ctx context.Context) finding {
	f := finding{Check: "go", State: stateWrong}
	path, err := exec.LookPath("go")
	if err != nil {
		f.Found = "there is no go command on PATH"
		f.Mend = fmt.Sprintf("install Go %s or newer to boot sources and fixtures; ELF files boot without it", dotted(neededGo))
		return f
	}
	out, err := exec.CommandContext(ctx, path, "env", "GOVERSION").Output()
	version := strings.TrimSpace(string(out))
	f.Found = fmt.Sprintf("%s, %s (needed: %s)", version, path, dotted(neededGo))
	switch {
	case err != nil:
		f.Found, f.Mend = fmt.Sprintf("%s env GOVERSION: %v", path, err), "mend or reinstall Go"
	case strings.HasPrefix(version, "go") && older(strings.TrimPrefix(version, "go"), neededGo):
		f.Mend = fmt.Sprintf("install Go %s or newer: this one cannot fetch other releases", dotted(neededGo))
	default:
		f.State = stateOK
	}
	return f
}

// checkToolchains says what the releases in the module cache take, and whose they are.
func checkToolchains(context.Context) finding {
	f := finding{Check: "toolchains", State: stateOK}
	dir, list, err := fixtures.Toolchains()
	if err != nil {
		f.State, f.Found = stateNote, err.Error()
		return f
	}
	var all, own int64
	fetched := 0
	for _, t := range list {
		all += t.Bytes
		if t.Fetched {
			own += t.Bytes
			fetched++
		}
	}
	f.Found = fmt.Sprintf("%s: %d, about %s; rt0 fetched %d of them, about %s", dir, len(list), megabytes(all), fetched, megabytes(own))
	if fetched > 0 {
		f.Mend = "rt0 doctor --prune removes those that rt0 fetched"
	}
	return f
}

func checkCache(context.Context) finding {
	f := finding{Check: "cache", State: stateWrong}
	dir, err := fixtures.CacheDir()
	if err != nil {
		f.Found, f.Mend = err.Error(), "set "+fixtures.CacheEnv+" to a directory"
		return f
	}
	size, files, err := fixtures.DiskUsage(dir)
	if err == nil {
		err = writable(dir)
	}
	if err != nil {
		f.Found, f.Mend = err.Error(), "make "+dir+" writable, or set "+fixtures.CacheEnv+" to another directory"
		return f
	}
	f.State = stateOK
	f.Found = fmt.Sprintf("%s: %s in %d files", dir, megabytes(size), files)
	return f
}

// writable says whether files can be made in a directory, which is made when it does not exist.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "tmp-doctor-")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// megabytes is a size in MiB, rounded up.
func megabytes(size int64) string {
	const mebi = 1 << 20
	return render.Number(uint64(size+mebi-1)/mebi) + " MiB"
}

// checkCompiler looks for what builds rt0 itself, which an rt0 that runs no longer needs.
func checkCompiler(context.Context) finding {
	name := os.Getenv("CC")
	if name == "" {
		name = "gcc"
	}
	if path, err := exec.LookPath(name); err == nil {
		return finding{Check: "C compiler", State: stateOK, Found: path}
	}
	return finding{Check: "C compiler", State: stateNote, Found: "there is no " + name + " on PATH",
		Mend: "install gcc to build rt0 itself; this one runs without it"}
}

// older says whether a dotted version is older than another. What follows digits ("rc1", "-dev") counts for nothing.
func older(version string, needed []int) bool {
	fields := strings.Split(version, ".")
	for i, want := range needed {
		have := 0
		if i < len(fields) {
			_, _ = fmt.Sscanf(fields[i], "%d", &have)
		}
		if have != want {
			return have < want
		}
	}
	return false
}

func dotted(version []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(version), " ", "."), "[]")
}
