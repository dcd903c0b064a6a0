// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// table is a table of system calls, which one architecture or several have.
type table struct {
	suffix   string   // of its variable: syscallsAmd64
	goarches []string // the first names the file
	own      []named  // the calls that golang.org/x/sys leaves out
}

// tables are the tables of system calls of package arch. A byte order has no numbers of its own.
var tables = []table{
	{suffix: "Amd64", goarches: []string{"amd64"}},
	{suffix: "Arm64", goarches: []string{"arm64"}},
	{suffix: "386", goarches: []string{"386"}},
	{suffix: "Arm", goarches: []string{"arm"}, own: armPrivate},
	{suffix: "RISCV64", goarches: []string{"riscv64"}},
	{suffix: "PPC64", goarches: []string{"ppc64", "ppc64le"}},
	{suffix: "S390X", goarches: []string{"s390x"}},
	{suffix: "MIPS", goarches: []string{"mips", "mipsle"}},
	{suffix: "MIPS64", goarches: []string{"mips64", "mips64le"}},
}

// armPrivate are the calls from __ARM_NR_BASE on (arm/include/uapi/asm/unistd.h).
var armPrivate = []named{
	{"breakpoint", 0xf0001}, {"cacheflush", 0xf0002}, {"usr26", 0xf0003}, {"usr32", 0xf0004}, {"set_tls", 0xf0005}, {"get_tls", 0xf0006},
}

// The errnos and signals of all generic architectures are the same, and so are those of all MIPS ones (generate checks both); of
// MIPS's the exceptions are written.
var (
	generic = []string{"amd64", "arm64", "386", "arm", "riscv64", "ppc64", "ppc64le", "s390x"}
	mips    = []string{"mips", "mipsle", "mips64", "mips64le"}
)

// named is a number with its name.
type named struct {
	name string
	n    uint64
}

// goList runs `go list` and returns its output, trimmed.
func goList(args ...string) (string, error) {
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		return "", fmt.Errorf("go list %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}

// constants returns the integer constants of a Go file whose value is a literal, or a conversion of one
// (`ENOENT = syscall.Errno(0x2)`), and for which keep is true.
func constants(path string, keep func(name, conversion string) bool) ([]named, error) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parse constants: %w", err)
	}
	var list []named
	for _, d := range f.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.CONST {
			continue
		}
		for _, s := range decl.Specs {
			spec := s.(*ast.ValueSpec)
			if len(spec.Names) != 1 || len(spec.Values) != 1 {
				continue
			}
			value, conversion := spec.Values[0], ""
			if call, ok := value.(*ast.CallExpr); ok && len(call.Args) == 1 {
				if fun, ok := call.Fun.(*ast.SelectorExpr); ok {
					value, conversion = call.Args[0], fun.Sel.Name
				}
			}
			literal, ok := value.(*ast.BasicLit)
			if !ok || literal.Kind != token.INT || !keep(spec.Names[0].Name, conversion) {
				continue
			}
			n, err := strconv.ParseUint(literal.Value, 0, 64)
			if err != nil {
				return nil, fmt.Errorf("parse %s of %s: %w", spec.Names[0].Name, filepath.Base(path), err)
			}
			list = append(list, named{spec.Names[0].Name, n})
		}
	}
	return list, nil
}

// notCalls are constants of the tables that are no system calls: where a range begins.
var notCalls = []string{"SYS_ARCH_SPECIFIC_SYSCALL", "SYS_SYSCALL_MASK"}

// syscalls reads a zsysnum file: Linux's names in lower case, ascending.
func syscalls(path string) ([]named, error) {
	list, err := constants(path, func(name, _ string) bool {
		return strings.HasPrefix(name, "SYS_") && !slices.Contains(notCalls, name)
	})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s holds no system calls", filepath.Base(path))
	}
	for i := range list {
		list[i].name = strings.ToLower(strings.TrimPrefix(list[i].name, "SYS_"))
	}
	return ascending(filepath.Base(path), list)
}

// ascending sorts a table of system calls; a number may have one name only.
func ascending(where string, list []named) ([]named, error) {
	slices.SortFunc(list, func(a, b named) int { return cmp.Compare(a.n, b.n) })
	for i := 1; i < len(list); i++ {
		if list[i].n == list[i-1].n {
			return nil, fmt.Errorf("%s: %s and %s have the same number", where, list[i-1].name, list[i].name)
		}
	}
	return list, nil
}

// numbers reads a table: all its architectures must have the same, and none the calls that are added.
func (t table) numbers(unix string) ([]named, error) {
	var list []named
	for i, goarch := range t.goarches {
		l, err := syscalls(filepath.Join(unix, "zsysnum_linux_"+goarch+".go"))
		if err != nil {
			return nil, err
		}
		if i > 0 && !slices.Equal(l, list) {
			return nil, fmt.Errorf("system calls of %s differ from those of %s", goarch, t.goarches[0])
		}
		list = l
	}
	for _, n := range t.own {
		if slices.ContainsFunc(list, func(o named) bool { return o.name == n.name }) {
			return nil, fmt.Errorf("%s has %s already", t.goarches[0], n.name)
		}
	}
	return ascending(t.goarches[0], append(list, t.own...))
}
