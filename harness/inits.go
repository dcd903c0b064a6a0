// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"net/url"
	"strings"

	"github.com/rt0-dev/rt0/kernel"
	"github.com/rt0-dev/rt0/loader"
)

// initOf returns the package whose initialiser a symbol is. The compiler names them pkg.init (variables) and pkg.init.0, pkg.init.1 ...
// (the functions that the source calls init). A method called init is pkg.T.init or pkg.(*T).init; an outlined map initialiser is
// pkg.map.init.0, and part of the pkg.init that calls it.
func initOf(symbol string) (pkg string, ok bool) {
	name := strings.TrimSuffix(symbol, abiWrapper)
	slash := strings.LastIndexByte(name, '/') + 1
	// Dots in the last element of a package path are escaped (cmd/internal/objabi.PathToPrefix): the first dot ends the path.
	last, function, ok := strings.Cut(name[slash:], ".")
	if !ok || last == "" {
		return "", false
	}
	number, numbered := strings.CutPrefix(function, "init.")
	if function != "init" && (!numbered || !digits(number)) {
		return "", false
	}
	path, err := url.PathUnescape(name[:slash] + last)
	if err != nil {
		path = name[:slash] + last
	}
	return path, true
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// openInit is an initialiser that has not returned.
type openInit struct {
	index  int    // in Report.Inits
	ret    uint64 // where it returns to
	thread *kernel.Thread
	began  work // of the thread, when it was entered
	nested work // of the initialisers inside it
}

// work is what one thread has done. That of others beside it, such as of an idle one that looks for work or of the garbage collector, is not what an
// initialiser costs; its own thread is the first one throughout, as runtime.main locks itself to it while initialisers run (runtime/proc.go).
type work struct {
	instructions uint64
	syscalls     int
}

func (b *boot) workOf(t *kernel.Thread) work { return work{t.Instructions, b.entries[t.TID]} }

func (w work) less(o work) work {
	return work{w.instructions - o.instructions, w.syscalls - o.syscalls}
}

func (w work) plus(o work) work {
	return work{w.instructions + o.instructions, w.syscalls + o.syscalls}
}

// watchInit sets the breakpoint of a package initialiser.
func (b *boot) watchInit(f loader.Func, pkg string) {
	b.once(f.Addr, func(t *kernel.Thread) bool {
		ret, ok := b.returnAddress()
		if !ok {
			return false
		}
		s := b.begin()
		b.opened = append(b.opened, openInit{index: len(b.report.Inits), ret: ret, thread: t, began: b.workOf(t)})
		b.report.Inits = append(b.report.Inits, Init{
			Package: pkg, Function: f.Name, Goroutine: b.goroutine(), Thread: t.TID, StartInstruction: s.start,
		})
		b.tracePhase("init", f.Name, s)
		if !b.returns[ret] {
			b.returns[ret] = true
			b.watch(ret, func(*kernel.Thread) bool {
				b.closeInit(ret)
				return false
			})
		}
		return false
	})
}

// closeInit ends the innermost initialiser, when ret is where it returns to. Initialisers run on one goroutine, one after the other or
// one inside the other, so that the innermost is the one that returns; its stack may have moved, so that SP tells nothing.
func (b *boot) closeInit(ret uint64) {
	n := len(b.opened)
	if n == 0 || b.opened[n-1].ret != ret {
		return
	}
	o := b.opened[n-1]
	b.opened = b.opened[:n-1]
	done := b.workOf(o.thread).less(o.began)
	own := done.less(o.nested)
	b.report.Inits[o.index].Instructions, b.report.Inits[o.index].Syscalls = own.instructions, own.syscalls
	if n > 1 {
		outer := &b.opened[n-2].nested
		*outer = outer.plus(done)
	}
}

// closeInits gives those that have not returned when the boot ends what they have cost so far.
func (b *boot) closeInits() {
	for len(b.opened) > 0 {
		b.closeInit(b.opened[len(b.opened)-1].ret)
	}
}
