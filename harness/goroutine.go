// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import "github.com/rt0-dev/rt0/arch"

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
	size := uint64(b.arch.PtrSize)
	all, ok := b.variable("runtime.allgs")
	if !ok {
		return 0, false
	}
	first, ok1 := b.word(all)
	n, ok2 := b.word(all + size)
	if !ok1 || !ok2 {
		return 0, false
	}
	for i := range min(n, maxGoroutines) {
		g, ok := b.word(first + i*size)
		if !ok {
			return 0, false
		}
		low, ok1 := b.word(g) // g.stack.lo is the first field, g.stack.hi the second
		high, ok2 := b.word(g + size)
		if ok1 && ok2 && low <= sp && sp < high {
			return g, true
		}
	}
	return 0, false
}

// variable is the address of a variable of the guest.
func (b *boot) variable(name string) (uint64, bool) {
	addr, _, ok := b.img.Var(name)
	return addr + b.layout.Bias, ok
}
