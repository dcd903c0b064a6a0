// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/kernel"
	"github.com/rt0-dev/rt0/loader"
)

// deathFunctions are what the runtime calls when it gives up. runtime.throw, runtime.fatal and Go 1.4's runtime.gothrow take the text as
// their argument. All lead
// to startpanic_m, which is also where sighandler begins to die of a signal that is no panic: SIGILL, SIGQUIT, SIGABRT, ...
var deathFunctions = []string{"runtime.throw", "runtime.gothrow", "runtime.fatal", "runtime.fatalthrow", "runtime.fatalpanic", startpanic}

const startpanic = "runtime.startpanic_m"

// sinceGoRuntime is the minor release whose runtime is written in Go alone. Before, C functions that are static have no package in their
// names, threads are started at the address of a function and not of a closure, and runtime.throw takes a C string.
const sinceGoRuntime = 5

// PointError says that a binary has nothing of the name where a boot was asked to stop.
type PointError struct {
	Point   string
	Nearest string // the nearest name that there is; "" when none is near
	// Function is what the point, a phase, begins with in the newest releases and the binary does not have; "" when the point is no phase.
	Function string
}

func (e *PointError) Error() string {
	if e.Function != "" {
		return fmt.Sprintf("the binary has no function %s, which phase %q begins with: an obfuscator has taken the names away; %q can be reached",
			e.Function, e.Point, exitPhase)
	}
	s := fmt.Sprintf("no phase and no function is called %q", e.Point)
	if e.Nearest != "" {
		s += fmt.Sprintf(": did you mean %q?", e.Nearest)
	}
	return s
}

// outline is what the boots of a program with one set of options have in common where it is loaded to one place. It does not change.
type outline struct {
	symbols map[string][]loader.Func // functions looked at, with the load bias added
	inits   []packageInit
}

// outlineOf goes through the binary's functions once, and keeps the entries of those that a boot looks at, with the load bias added.
func outlineOf(img *loader.Image, bias uint64, o *options) (*outline, error) {
	wanted := map[string]bool{"runtime.newm": true, "runtime.sysmon": true}
	for _, p := range phaseTable {
		for _, f := range p.functions {
			wanted[f] = true
		}
	}
	for _, call := range schedinitCalls {
		for _, f := range schedinitFunctions(call) {
			wanted[f] = true
		}
	}
	for _, f := range slices.Concat(deathFunctions, o.breaks) {
		wanted[f] = true
	}
	point := o.until
	if !slices.Contains(Phases(), point) {
		wanted[point] = true
	}
	out := &outline{symbols: map[string][]loader.Func{}}
	for _, f := range img.Funcs() {
		name := strings.TrimSuffix(f.Name, abiWrapper)
		if img.Minor() < sinceGoRuntime && !strings.Contains(name, ".") && name != "main" { // which is the entry point for gcc
			name = "runtime." + name
		}
		if !wanted[name] && !strings.Contains(name, ".init") {
			continue
		}
		f.Addr += bias
		if wanted[name] {
			out.symbols[name] = append(out.symbols[name], f)
		}
		if pkg, ok := initOf(name); ok {
			out.inits = append(out.inits, packageInit{f, pkg})
		}
	}
	return out, out.checkPoint(img, point)
}

// packageInit is the initialiser of a package.
type packageInit struct {
	loader.Func
	pkg string
}

// checkPoint refuses a point that the boot could never reach because nothing of that name exists.
func (out *outline) checkPoint(img *loader.Image, point string) error {
	if point == exitPhase || point == "rt0" || len(out.symbols[point]) > 0 {
		return nil
	}
	for _, p := range phaseTable {
		for _, f := range p.functions {
			if p.name == point && len(out.symbols[f]) > 0 {
				return nil
			}
		}
		if p.name == point {
			return &PointError{Point: point, Function: p.functions[0]}
		}
	}
	names := Phases()
	for _, f := range img.Funcs() {
		names = append(names, f.Name)
	}
	return &PointError{Point: point, Nearest: nearest(point, names)}
}

// watchPoint stops the boot at the point asked for, when it is no phase, and looks at the functions of the option Breakpoints.
func (b *boot) watchPoint() {
	if !slices.Contains(Phases(), b.opts.until) {
		for _, f := range b.symbols[b.opts.until] {
			b.watch(f.Addr, func(*kernel.Thread) bool { return true })
		}
	}
	for _, name := range b.opts.breaks {
		for _, f := range b.symbols[name] {
			b.watch(f.Addr, func(*kernel.Thread) bool { return false })
		}
	}
}

// nearest is the name most like word, "" when none is like it: the least edit distance, up to a third of the word.
func nearest(word string, names []string) string {
	best, distance := "", len(word)/3+1
	for _, name := range names {
		if d := len(name) - len(word); d >= distance || -d >= distance {
			continue
		}
		if d := editDistance(strings.ToLower(word), strings.ToLower(name), distance); d < distance {
			best, distance = name, d
		}
	}
	return best
}

// editDistance is Levenshtein's, or limit when it is no less than that.
func editDistance(a, b string, limit int) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		least := row[0]
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, diagonal+1, row[j]+1)
			least = min(least, row[j+1])
		}
		if least >= limit {
			return limit
		}
	}
	return min(row[len(b)], limit)
}
