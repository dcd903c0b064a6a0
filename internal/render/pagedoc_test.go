// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// hostile is what a guest may write, name or ask for in order to become part of the page.
const hostile = `</script><script>window.owned=1</script><img src=x onerror="window.owned=2">&amp;<!--` +
	"\u2028\u2029 ${window.owned=3} `'\"\x00\xff"

// matrixSize is how large a made-up document is.
type matrixSize struct {
	releases, arches, machines int
	calls                      int // system calls of a boot
}

// pageArch is the architecture of number n; the first stand as they do in a matrix.
func pageArch(n int) string {
	return []string{"amd64", "arm64", "386", "arm", "riscv64", "ppc64le", "ppc64", "s390x", "mips", "mipsle", "mips64", "mips64le"}[n]
}

// pageDocument is a matrix that nobody has booted. Each release does a little more than the one before; of three or more, the third dies on
// the last architecture, the second is not there on it, and the first boot has hostile texts everywhere.
func pageDocument(size matrixSize) harness.Document {
	var boots []*harness.Report
	for release := range size.releases {
		for arch := range size.arches {
			for m := range size.machines {
				boots = append(boots, pageReport(size, release, arch, m))
			}
		}
	}
	return harness.NewDocument(boots...)
}

func pageReport(size matrixSize, release, arch, m int) *harness.Report {
	name := []string{"default", "raspberry-pi-4", "graviton"}[m]
	mach, err := machine.Load(name)
	if err != nil {
		panic(err)
	}
	toolchain := fmt.Sprintf("go1.%d.1", 5+release)
	cell := &harness.Cell{Program: "hello", Toolchain: toolchain, GOARCH: pageArch(arch), Variant: "exe", Machine: name}
	r := &harness.Report{
		Cell: cell, Machine: mach, Until: "main.main", Outcome: harness.Reached, Phase: "main.main",
		Binary: harness.Binary{
			Path: "/cache/hello", SHA256: fmt.Sprintf("%064x", release*100+arch), GOARCH: cell.GOARCH, GoVersion: toolchain, BuildMode: "exe",
		},
		Runtime: harness.Runtime{
			Argc: 1, NumCPU: 4, GOMAXPROCS: 4 + m, MaxMCount: 10000, PhysPageSize: 4096, PhysHugePageSize: harness.Unknown,
			MaxStackSize: 1e9, Args: []string{"hello"},
		},
		Hash: fmt.Sprintf("%064d", release*1000+arch*10+m),
	}
	grown := uint64(100 + 3*release + 20*(release%3))
	at := uint64(0)
	for i, phase := range harness.Phases()[:10] {
		n := (uint64(i*i)*40 + uint64(arch)*7 + uint64(m)) * grown
		r.Phases = append(r.Phases, harness.Phase{Name: phase, Function: "runtime." + phase, StartInstruction: at, Instructions: n, Syscalls: i})
		at += n
	}
	for i := range 50 {
		pkg := fmt.Sprintf("example.org/pkg%02d", i)
		r.Inits = append(r.Inits, harness.Init{
			Package: pkg, Function: pkg + ".init", StartInstruction: at / 2, Instructions: uint64(i*37%29)*grown + uint64(arch), Syscalls: i % 2,
		})
	}
	for i := range 12 {
		name := fmt.Sprintf("call%d", i)
		r.Schedinit = append(r.Schedinit, harness.Phase{Name: name, Function: "runtime." + name, Instructions: uint64(i) * grown})
	}
	for i := range size.calls + release {
		result := int64(0xc000000000 + release<<20 + arch<<16 + i<<12)
		c := harness.Syscall{
			N: i + 1, Thread: 1000 + i%7/5, Phase: harness.Phases()[3+i*6/(size.calls+release)], Name: "mmap", Result: &result,
			Args:        []string{"NULL", fmt.Sprintf("%#x", i<<12), "PROT_READ|PROT_WRITE", "MAP_PRIVATE|MAP_ANONYMOUS", "-1", "0x0"},
			Instruction: uint64(i) * grown * 3,
		}
		if i%10 == 3 {
			failed := int64(-2)
			c.Name, c.Args = "openat", []string{"AT_FDCWD", fmt.Sprintf(`"/sys/%d"`, i), "O_RDONLY", "0"}
			c.Result, c.Error = &failed, "ENOENT"
		}
		r.Syscalls = append(r.Syscalls, c)
	}
	r.Files = []harness.File{{Path: "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", Call: "openat", Phase: "osinit", Error: "ENOENT"}}
	if release > 0 {
		r.Files = append(r.Files, harness.File{Path: "/proc/self/cgroup", Call: "openat", Phase: "schedinit"})
	}
	r.Counts = harness.Counts{Instructions: at, Syscalls: len(r.Syscalls), Threads: 4, PagesTouched: 300 + uint64(release)}
	switch last := arch == size.arches-1; {
	case release == 1 && last:
		*r = harness.Report{Cell: cell, Machine: mach, Outcome: harness.Refused, Reason: "no such port"}
		r.Cell.Absent = "the port is newer"
	case release == 2 && last:
		code := 2
		r.Outcome, r.Phase, r.Reason, r.ExitCode = harness.Threw, "schedinit", "fatal error: procresize", &code
		r.Stderr = "fatal error: procresize\n\ngoroutine 0 [idle]:\n"
	case release == 0 && arch == 0 && m == 0:
		r.Reason, r.Stdout, r.Stderr = hostile, hostile, hostile
		r.Binary.Path, r.Events = hostile+"/hello", []string{hostile}
		r.Runtime.Env = []string{hostile}
		r.Files[0].Path, r.Syscalls[0].Args[0], r.Inits[0].Package, r.Phases[0].Function = hostile, hostile, hostile, hostile
		r.Machine = r.Machine.With(machine.Env("X=" + hostile))
	}
	return r
}

// pageOf writes the page of a document.
func pageOf(t *testing.T, doc harness.Document) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, Page(&b, doc, diff.Options{Threshold: diff.DefaultThreshold}))
	return b.Bytes()
}
