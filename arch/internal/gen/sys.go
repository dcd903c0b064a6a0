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

// goarches are the architectures of package arch. Their errnos and signals are the same (generate checks it); one where they
// differ, as MIPS, would get a table of exceptions.
var goarches = []string{"amd64", "arm64", "386"}

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
	slices.SortFunc(list, func(a, b named) int { return cmp.Compare(a.n, b.n) })
	for i := 1; i < len(list); i++ {
		if list[i].n == list[i-1].n {
			return nil, fmt.Errorf("%s: %s and %s have the same number", filepath.Base(path), list[i-1].name, list[i].name)
		}
	}
	return list, nil
}

// primary are the names that stand for a number which has several.
var primary = []string{"EAGAIN", "EDEADLK", "EOPNOTSUPP", "SIGABRT", "SIGCHLD", "SIGIO", "SIGSYS"}

// errorsAndSignals reads the errnos and signals of all goarches, which must agree: a part of each is in the file of all
// Linux architectures, the rest in one by GOARCH.
func errorsAndSignals(unix string) (errnos, signals []named, err error) {
	for _, kind := range []struct {
		conversion string
		to         *[]named
	}{{"Errno", &errnos}, {"Signal", &signals}} {
		for i, goarch := range goarches {
			var list []named
			for _, name := range []string{"zerrors_linux.go", "zerrors_linux_" + goarch + ".go"} {
				part, err := constants(filepath.Join(unix, name), func(_, conversion string) bool { return conversion == kind.conversion })
				if err != nil {
					return nil, nil, err
				}
				list = append(list, part...)
			}
			// By number; of a number's names the one to print is first.
			slices.SortFunc(list, func(a, b named) int {
				return cmp.Or(cmp.Compare(a.n, b.n), second(a.name)-second(b.name), cmp.Compare(a.name, b.name))
			})
			if i > 0 && !slices.Equal(list, *kind.to) {
				return nil, nil, fmt.Errorf("%s numbers of %s differ from those of %s", strings.ToLower(kind.conversion), goarch, goarches[0])
			}
			*kind.to = list
		}
		if len(*kind.to) == 0 {
			return nil, nil, fmt.Errorf("no %s numbers", strings.ToLower(kind.conversion))
		}
	}
	return errnos, signals, nil
}

// second is 0 for the name that stands for its number, else 1.
func second(name string) int {
	if slices.Contains(primary, name) {
		return 0
	}
	return 1
}
