// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
)

var update = flag.Bool("update", false, "write what scripts compare with anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"rt0": main})
}

// programs are the binaries that every script finds in its directory.
var programs = map[string]fixtures.Spec{
	"hello":       {Program: fixtures.Hello, GOARCH: "amd64"},
	"hello-arm64": {Program: fixtures.Hello, GOARCH: "arm64"},
	"hello-386":   {Program: fixtures.Hello, GOARCH: "386"},
	"hello-arm":   {Program: fixtures.Hello, GOARCH: "arm"},
	"stripped":    {Program: fixtures.Hello, GOARCH: "amd64", Strip: true},
	"pie":         {Program: fixtures.Hello, GOARCH: "amd64", Mode: fixtures.ModePIE},
	"runtime":     {Program: fixtures.Runtime, GOARCH: "amd64"},
	"inits":       {Program: fixtures.Inits, GOARCH: "amd64"},
	"panic":       {Program: fixtures.Panic, GOARCH: "amd64"},
	"deadlock":    {Program: fixtures.Deadlock, GOARCH: "arm64"},
	"nilderef":    {Program: fixtures.NilDeref, GOARCH: "386"},
}

// built are the paths of the programs, by name.
var built = sync.OnceValues(func() (map[string]string, error) {
	paths := map[string]string{}
	for name, spec := range programs {
		path, err := fixtures.Make(context.Background(), spec)
		if err != nil {
			return nil, err
		}
		paths[name] = path
	}
	return paths, nil
})

// goEnvironment is what go build needs in a script, where there is no home.
var goEnvironment = sync.OnceValues(func() ([]string, error) {
	names := []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOTOOLCHAIN"}
	out, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		return nil, err
	}
	var env []string
	for i, value := range strings.Split(strings.TrimRight(string(out), "\n"), "\n") {
		env = append(env, names[i]+"="+value)
	}
	dir, err := fixtures.CacheDir()
	return append(env, fixtures.CacheEnv+"="+filepath.Dir(dir), "HOSTARCH="+runtime.GOARCH), err
})

// TestScripts runs testdata/script: what the command prints, and what it exits with. -update writes the files anew that scripts compare
// with (cmp).
func TestScripts(t *testing.T) {
	t.Parallel()
	paths, err := built()
	require.NoError(t, err)
	goEnv, err := goEnvironment()
	require.NoError(t, err)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, goEnv...)
			rt0, err := exec.LookPath("rt0") // testscript has put it there
			if err != nil {
				return err
			}
			env.Setenv("RT0", rt0) // for scripts that change PATH
			for name, path := range paths {
				if err := os.Symlink(path, filepath.Join(env.WorkDir, name)); err != nil {
					return err
				}
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": statusCommand, "cut": cutCommand},
	})
}

// statusCommand is the script command `status N PROGRAM ARG...`: the program exits with N, and a status above 0 comes with just one line
// on standard error that begins with "rt0: ", the last one.
func statusCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N PROGRAM ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit := (*exec.ExitError)(nil)
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
	stderr := strings.TrimSuffix(ts.ReadFile("stderr"), "\n")
	lines := strings.Split(stderr, "\n")
	var causes int
	for _, line := range lines {
		if strings.HasPrefix(line, "rt0: ") {
			causes++
		}
	}
	switch {
	case want == 0 && causes != 0:
		ts.Fatalf("a line of cause without a cause: %s", stderr)
	case want != 0 && (causes != 1 || !strings.HasPrefix(lines[len(lines)-1], "rt0: ")):
		ts.Fatalf("want one line of cause, the last on standard error: %s", stderr)
	}
}

// cutCommand is the script command `cut N FROM TO`: TO becomes the first N bytes of FROM.
func cutCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: cut N FROM TO")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	data, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), data[:n], 0o777))
}
