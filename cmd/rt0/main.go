// SPDX-License-Identifier: GPL-2.0-or-later

// Command rt0 boots Go binaries on machines that you do not have, and prints what Go's runtime concluded about them.
//
// The command is thin: flags become a machine, options and expectations; package harness boots; package render writes. Its exit status
// is part of its contract, see [status].
package main

import (
	"context"
	"io"
	"os"
)

func main() {
	os.Exit(execute(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// execute runs the command line and returns the exit status.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return int(statusOK)
	}
	s := statusOf(err)
	line(stderr, err)
	return int(s)
}
