// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// primary are the names that stand for a number which has several.
var primary = []string{"EAGAIN", "EDEADLK", "EOPNOTSUPP", "SIGABRT", "SIGCHLD", "SIGIO", "SIGSYS"}

// aliases are names that stand for another's number on some architectures and have one of their own on others: they are not compared,
// as package arch speaks of the other name only. EDEADLOCK is EDEADLK but for powerpc and MIPS (asm/errno.h).
var aliases = []string{"EDEADLOCK"}

// second is 0 for the name that stands for its number, else 1.
func second(name string) int {
	if slices.Contains(primary, name) {
		return 0
	}
	return 1
}

// numbered reads the constants of a type of golang.org/x/sys/unix, by number; of a number's names the one to print is first. A part of
// them is in the file of all Linux architectures, the rest in one by GOARCH.
func numbered(unix, goarch, conversion string) ([]named, error) {
	var list []named
	for _, name := range []string{"zerrors_linux.go", "zerrors_linux_" + goarch + ".go"} {
		part, err := constants(filepath.Join(unix, name), func(_, c string) bool { return c == conversion })
		if err != nil {
			return nil, err
		}
		list = append(list, part...)
	}
	slices.SortFunc(list, func(a, b named) int {
		return cmp.Or(cmp.Compare(a.n, b.n), second(a.name)-second(b.name), cmp.Compare(a.name, b.name))
	})
	return list, nil
}

// agreed reads the constants of a type for several architectures, which must agree but for aliases, and returns the first one's.
func agreed(unix string, goarches []string, conversion string) ([]named, error) {
	var first []named
	for _, goarch := range goarches {
		list, err := numbered(unix, goarch, conversion)
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			return nil, fmt.Errorf("no %s numbers of %s", strings.ToLower(conversion), goarch)
		}
		if first == nil {
			first = list
		}
		if !slices.Equal(withoutAliases(list), withoutAliases(first)) {
			return nil, fmt.Errorf("%s numbers of %s differ from those of %s", strings.ToLower(conversion), goarch, goarches[0])
		}
	}
	return first, nil
}

func withoutAliases(list []named) []named {
	return slices.DeleteFunc(slices.Clone(list), func(n named) bool { return slices.Contains(aliases, n.name) })
}

// exception is a number that an architecture has in place of the generic one.
type exception struct {
	generic, own named
}

// exceptions compares an architecture's numbers with the generic ones, by name. Generic numbers whose names the architecture lacks
// take those that it has and that have no generic name, in ascending order, so that renumbering loses nothing: SIGSTKFLT takes
// MIPS's SIGEMT. Where no generic name is missing such numbers stay out: MIPS's EINIT and EREMDEV.
func exceptions(generic, own []named) ([]exception, error) {
	generic, own = withoutAliases(generic), withoutAliases(own)
	byName := map[string]named{}
	for _, n := range own {
		byName[n.name] = n
	}
	to, from := map[uint64]named{}, map[uint64]named{}
	var missing []named
	for _, g := range generic {
		o, ok := byName[g.name]
		if !ok {
			missing = append(missing, g)
			continue
		}
		if have, ok := to[g.n]; ok && have.n != o.n {
			return nil, fmt.Errorf("%s and %s have one generic number and two others", have.name, o.name)
		}
		if have, ok := from[o.n]; ok && have.n != g.n {
			return nil, fmt.Errorf("%s and %s have two generic numbers and one other", have.name, g.name)
		}
		if _, ok := to[g.n]; !ok { // an alias comes after the name to print
			to[g.n], from[o.n] = o, g
		}
	}
	missing = slices.DeleteFunc(missing, func(g named) bool { _, ok := to[g.n]; return ok })
	if len(missing) > 0 {
		free := slices.DeleteFunc(own, func(o named) bool { _, ok := from[o.n]; return ok })
		if len(free) != len(missing) {
			return nil, fmt.Errorf("%d numbers from %s on have no counterpart, and %d could be one", len(missing), missing[0].name, len(free))
		}
		for i, g := range missing {
			to[g.n] = free[i]
		}
	}
	var list []exception
	for i, g := range generic {
		if o := to[g.n]; (i == 0 || generic[i-1].n != g.n) && o.n != g.n {
			list = append(list, exception{g, o})
		}
	}
	return list, nil
}

// renumbered are the files of the errnos and signals: the generic numbers, and MIPS's exceptions.
func renumbered(unix, origin string) ([]file, error) {
	var files []file
	for _, kind := range []struct{ typ, word string }{{"Errno", "errno"}, {"Signal", "signal"}} {
		all, err := agreed(unix, generic, kind.typ)
		if err != nil {
			return nil, err
		}
		own, err := agreed(unix, mips, kind.typ)
		if err != nil {
			return nil, err
		}
		list, err := exceptions(all, own)
		if err != nil {
			return nil, fmt.Errorf("renumber MIPS's %ss: %w", kind.word, err)
		}
		files = append(files,
			file{"z" + kind.word + ".go", namedFile(origin, kind.typ, kind.word, all)},
			file{"zmips" + kind.word + ".go", exceptionsFile(origin, kind.typ, kind.word, list)},
		)
	}
	return files, nil
}
