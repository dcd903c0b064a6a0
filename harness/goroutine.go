// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"iter"
	"slices"

	"github.com/rt0-dev/rt0/arch"
)

// gLayout is where releases keep what is read of runtime.g, in words.
type gLayout struct {
	from  int    // minor release
	m     uint64 // 0: it is not where the others have it
	sched uint64 // a gobuf: SP, PC, g, ctxt, ret (up to Go 1.24), LR, ...
	lr    uint64 // of sched
	words uint64 // those before goid and before flags
	flags uint64 // bytes between the words and goid: atomicstatus and, since Go 1.5, stackLock
}

// gLayouts are taken from the DWARF of each minor release; a test compares. The words are stack, stackguard0, stackguard1, _panic, _defer,
// m (not in 1.4), stackAlloc (1.5 to 1.8), sched, syscallsp, syscallpc, syscallbp (since 1.23), stkbar and stktopsp, param.
var gLayouts = []gLayout{
	{from: 25, m: 6, sched: 7, lr: 4, words: 18, flags: 8},
	{from: 23, m: 6, sched: 7, lr: 5, words: 19, flags: 8},
	{from: 9, m: 6, sched: 7, lr: 5, words: 18, flags: 8},
	{from: 6, m: 6, sched: 8, lr: 5, words: 23, flags: 8},
	{from: 5, m: 6, sched: 8, lr: 5, words: 22, flags: 8},
	{from: 0, m: 0, sched: 6, lr: 5, words: 15, flags: 4},
}

// gLayoutOf is the layout of a minor release; that of the newest known for a newer one.
func gLayoutOf(minor int) gLayout {
	return gLayouts[slices.IndexFunc(gLayouts, func(l gLayout) bool { return l.from <= minor })]
}

// goid is the offset of the number in bytes.
func (l gLayout) goid(ptrSize int) uint64 {
	size := uint64(ptrSize)
	return (l.words*size + l.flags + size - 1) &^ (size - 1)
}

// maxGoroutines bounds the search for a goroutine by its stack.
const maxGoroutines = 10_000

// findGoid finds where runtime.g keeps its number. It must be called at the entry of runtime.main.
func (b *boot) findGoid() {
	g, ok := b.g()
	if !ok {
		return
	}
	// Where a development version keeps it is found out here: runtime.main's goroutine is number 1.
	for _, l := range append([]gLayout{gLayoutOf(b.img.Minor())}, gLayouts[:2]...) {
		offset := l.goid(b.arch.PtrSize)
		if id, ok := b.uint(g+offset, 8); ok && id == 1 {
			b.goid = offset
			return
		}
	}
}

// goroutine is the number of the goroutine that runs; nil when the binary does not tell.
func (b *boot) goroutine() *int {
	g, ok := b.g()
	if !ok || b.goid == 0 {
		return nil
	}
	id, ok := b.uint(g+b.goid, 8)
	if !ok {
		return nil
	}
	n := int(id)
	return &n
}

// g is the address of the runtime.g that runs: from its register where the ABI gives it one, else the one whose stack SP lies in.
func (b *boot) g() (uint64, bool) {
	if b.arch.ABI.G != arch.None && b.img.Minor() >= b.arch.ABI.Since {
		return b.engine.Reg(b.arch.ABI.G), true
	}
	sp := b.engine.Reg(b.arch.SP)
	for g := range b.goroutines() {
		low, ok1 := b.word(g) // g.stack.lo is the first field, g.stack.hi the second
		high, ok2 := b.word(g + uint64(b.arch.PtrSize))
		if ok1 && ok2 && low <= sp && sp < high {
			return g, true
		}
	}
	return 0, false
}

// goroutines are the addresses of the runtime.g of all goroutines, as far as the binary tells.
func (b *boot) goroutines() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		size := uint64(b.arch.PtrSize)
		all, ok := b.variable("runtime.allgs")
		if !ok {
			return
		}
		first, ok1 := b.word(all)
		n, ok2 := b.word(all + size)
		if !ok1 || !ok2 {
			return
		}
		for i := range min(n, maxGoroutines) {
			if g, ok := b.word(first + i*size); !ok || !yield(g) {
				return
			}
		}
	}
}

// left is where the goroutine is that has gone over to the stack of g0 in f: the one that runs on the same m. False: that cannot be told.
func (b *boot) left(f frame) (frame, bool) {
	size, l := uint64(b.arch.PtrSize), gLayoutOf(b.img.Minor())
	if l.m == 0 {
		return frame{}, false
	}
	field := func(g, words uint64) uint64 {
		v, _ := b.word(g + words*size)
		return v
	}
	var m uint64 // 0: not known
	if b.arch.ABI.G != arch.None && b.img.Minor() >= b.arch.ABI.Since {
		m = field(b.engine.Reg(b.arch.ABI.G), l.m)
	}
	var found []uint64
	for g := range b.goroutines() {
		on := field(g, l.m)
		if on == 0 || m != 0 && on != m {
			continue
		}
		fn, _ := b.img.FuncAt(field(g, l.sched+1) - b.layout.Bias)
		if (f.name == systemstack) == (fn.Name == systemstack+"_switch") {
			found = append(found, g)
		}
	}
	if len(found) != 1 {
		return frame{}, false
	}
	up := frame{pc: field(found[0], l.sched+1), sp: field(found[0], l.sched), switched: true}
	if b.arch.Link != arch.None {
		up.link = field(found[0], l.sched+l.lr)
	}
	return up, true
}

// variable is the address of a variable of the guest.
func (b *boot) variable(name string) (uint64, bool) {
	addr, _, ok := b.img.Var(name)
	return addr + b.layout.Bias, ok
}
