// SPDX-License-Identifier: GPL-2.0-or-later

// Ends ends before main.main, in the way that its first argument names.
package main

import (
	"os"
	"runtime/debug"
	"syscall"
)

func init() {
	how := ""
	if len(os.Args) > 1 {
		how = os.Args[1]
	}
	switch how {
	case "exit":
		os.Exit(3)
	case "fake":
		// What a dying runtime prints, and what it exits with, without dying.
		os.Stderr.WriteString("panic: not really\n")
		os.Exit(2)
	case "panic":
		panic("in an initialiser")
	case "kill":
		syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	case "quit":
		syscall.Kill(syscall.Getpid(), syscall.SIGQUIT)
		select {}
	case "abort":
		syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
		select {}
	case "touch":
		for i := range touched {
			touched[i] = 1
		}
	case "loop":
		for {
		}
	case "stack":
		debug.SetMaxStack(64 << 10)
		recurse(0)
	}
}

var touched [32 << 20]byte

func recurse(n int) int { return recurse(n+1) + 1 }

func main() {}
