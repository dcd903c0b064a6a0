// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// structures has the kernel fill the structures that package syscall knows, and looks whether it wrote beyond them.
const structures = `package main

import (
	"os"
	"syscall"
)

const guard = 0xa5a5a5a5a5a5a5a5

func say(what string, err error, after [8]uint64) bool {
	if err != nil {
		println(what, err.Error())
		return false
	}
	for _, word := range after {
		if word != guard {
			println(what, "wrote beyond")
			return false
		}
	}
	return true
}

func guards() (g [8]uint64) {
	for i := range g {
		g[i] = guard
	}
	return g
}

func statfs(path string, magic int64) {
	var s struct {
		syscall.Statfs_t
		after [8]uint64
	}
	s.after = guards()
	check := func(what string, err error) {
		if say(what, err, s.after) && (int64(s.Type) != magic || s.Bsize != 4096 || s.Frsize != 4096 || s.Namelen != 255 || s.Flags != 0x20 ||
			s.Bavail > s.Blocks || s.Ffree > s.Files || (s.Blocks == 0) != (path == "/proc") || s.Blocks >= 1<<30 || s.Files >= 1<<30) {
			println(what, path, s.Type, s.Bsize, s.Blocks, s.Bfree, s.Bavail, s.Files, s.Ffree, s.Namelen, s.Frsize, s.Flags)
		}
	}
	check("statfs", syscall.Statfs(path, &s.Statfs_t))
	f, err := os.Open(path)
	if err != nil {
		println(err.Error())
		return
	}
	s.Statfs_t = syscall.Statfs_t{}
	check("fstatfs", syscall.Fstatfs(int(f.Fd()), &s.Statfs_t))
}

func main() {
	statfs("/proc", 0x9fa0)
	statfs("/", 0xef53)

	var info struct {
		syscall.Sysinfo_t
		after [8]uint64
	}
	info.after = guards()
	if say("sysinfo", syscall.Sysinfo(&info.Sysinfo_t), info.after) && (uint64(info.Totalram)*uint64(info.Unit) != 8<<30 || info.Procs == 0) {
		println("sysinfo", info.Totalram, info.Unit, info.Procs)
	}
	var usage struct {
		syscall.Rusage
		after [8]uint64
	}
	usage.after = guards()
	say("getrusage", syscall.Getrusage(syscall.RUSAGE_SELF, &usage.Rusage), usage.after)
	var name struct {
		syscall.Utsname
		after [8]uint64
	}
	name.after = guards()
	if say("uname", syscall.Uname(&name.Utsname), name.after) && name.Sysname[0] != 'L' {
		println("uname")
	}
	var times struct {
		syscall.Tms
		after [8]uint64
	}
	times.after = guards()
	_, err := syscall.Times(&times.Tms)
	say("times", err, times.after)
	var stat struct {
		syscall.Stat_t
		after [8]uint64
	}
	stat.after = guards()
	if say("lstat", syscall.Lstat("/proc", &stat.Stat_t), stat.after) && stat.Mode != syscall.S_IFDIR|0555 {
		println("lstat", stat.Mode)
	}
	var limit struct {
		syscall.Rlimit
		after [8]uint64
	}
	limit.after = guards()
	say("getrlimit", syscall.Getrlimit(syscall.RLIMIT_STACK, &limit.Rlimit), limit.after)
	println("done")
}
`

// TestStructures: a structure that is larger than the program's overwrites its stack, and node_exporter died of that on s390x.
func TestStructures(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, "structures", goarch, func(s *fixtures.Spec) { s.Source = structures })
		boot := harness.Boot(t, bin, machine.New(), harness.Until("exit"))
		boot.RequireReached("exit")
		require.Equal(t, "done\n", boot.Stderr)
	})
}
