// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"iter"

	"github.com/rt0-dev/rt0/arch"
)

// goidWords are the offsets of goid in runtime.g that releases from 1.11 on have used, in words: stack, stackguard0, stackguard1, _panic,
// _defer, m, sched (gobuf: 7 words; 6 since it lost ret), syscallsp, syscallpc (syscallbp), stktopsp, param, then atomicstatus and
// stackLock, 4 bytes each. Which one a binary has is found out when runtime.main is entered, whose goroutine is number 1.
var goidWords = []uint64{18, 19}

// maxGoroutines bounds the search for a goroutine by its stack.
const maxGoroutines = 10_000

// findGoid finds where runtime.g keeps its number. It must be called at the entry of runtime.main.
func (b *boot) findGoid() {
	g, ok := b.g()
	if !ok {
		return
	}
	for _, words := range goidWords {
		offset := words*uint64(b.arch.PtrSize) + 8
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

// The places of fields in runtime.g, in words: see goidWords.
const (
	gM       = 6
	gSchedSP = 7
	gSchedPC = 8
)

// left is where the goroutine is that has gone over to the stack of g0 in f: the one that runs on the same m. False: that cannot be told.
func (b *boot) left(f frame) (frame, bool) {
	size := uint64(b.arch.PtrSize)
	field := func(g, words uint64) uint64 {
		v, _ := b.word(g + words*size)
		return v
	}
	var m uint64 // 0: not known
	if b.arch.ABI.G != arch.None && b.img.Minor() >= b.arch.ABI.Since {
		m = field(b.engine.Reg(b.arch.ABI.G), gM)
	}
	var found []uint64
	for g := range b.goroutines() {
		on := field(g, gM)
		if on == 0 || m != 0 && on != m {
			continue
		}
		fn, _ := b.img.FuncAt(field(g, gSchedPC) - b.layout.Bias)
		if (f.name == systemstack) == (fn.Name == systemstack+"_switch") {
			found = append(found, g)
		}
	}
	if len(found) != 1 || b.goid == 0 && b.arch.Link != arch.None {
		return frame{}, false
	}
	up := frame{pc: field(found[0], gSchedPC), sp: field(found[0], gSchedSP), switched: true}
	if b.arch.Link != arch.None {
		// gobuf.lr is behind pc, g, ctxt and, in the longer layout, ret.
		up.link = field(found[0], gSchedPC+3+((b.goid-8)/size-goidWords[0]))
	}
	return up, true
}

// variable is the address of a variable of the guest.
func (b *boot) variable(name string) (uint64, bool) {
	addr, _, ok := b.img.Var(name)
	return addr + b.layout.Bias, ok
}
