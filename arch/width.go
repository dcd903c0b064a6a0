// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"slices"
	"sync"
)

// Width is an address space that other kernels, or other CPUs, give the programs of an architecture.
type Width struct {
	// Bits is what it is asked for by: the bits of user addresses, and the bits that the CPU translates where manuals go by those. The
	// first is its name.
	Bits []int
	// What it has in the place of the fields of Arch. UserTop 0: this is the one that Arch tells of.
	UserTop, Window, StackTop, PIEBase, BottomUp uint64
	Canonical                                    uint
	AddressError                                 uint64
}

// mmapGap is how far below the stack's top mmap starts: the least of mmap_base in mm/util.c (MIN_GAP).
const mmapGap = 128 << 20

// widened are the copies that Wide has made: one for each width of an architecture, so that what is kept by *Arch stays bounded.
var widened sync.Map

type widenedKey struct {
	arch *Arch
	bits int
}

// Wide is the architecture with addresses of so many bits, as one of Widths has them; false: no CPU of it has.
func (a *Arch) Wide(bits int) (*Arch, bool) {
	i := slices.IndexFunc(a.Widths, func(w Width) bool { return slices.Contains(w.Bits, bits) })
	if i < 0 {
		return nil, false
	}
	return a.widen(&a.Widths[i]), true
}

// Reaching is the architecture with the narrowest addresses of which top is one, or the end of them; false: none has it.
func (a *Arch) Reaching(top uint64) (*Arch, bool) {
	if top <= a.UserTop {
		return a, true
	}
	var best *Width
	for i := range a.Widths {
		if w := &a.Widths[i]; w.UserTop >= top && (best == nil || w.UserTop < best.UserTop) {
			best = w
		}
	}
	if best == nil {
		return nil, false
	}
	return a.widen(best), true
}

func (a *Arch) widen(w *Width) *Arch {
	if w.UserTop == 0 {
		return a
	}
	key := widenedKey{a, w.Bits[0]}
	if old, ok := widened.Load(key); ok {
		return old.(*Arch)
	}
	b := *a
	b.UserTop, b.Window, b.StackTop, b.MmapTop = w.UserTop, w.Window, w.StackTop, w.StackTop-mmapGap
	b.PIEBase, b.BottomUp, b.Canonical, b.AddressError = w.PIEBase, w.BottomUp, w.Canonical, w.AddressError
	made, _ := widened.LoadOrStore(key, &b)
	return made.(*Arch)
}

// AddressBits are the numbers that Wide knows, in the order of Widths.
func (a *Arch) AddressBits() []int {
	var all []int
	for _, w := range a.Widths {
		all = append(all, w.Bits...)
	}
	return all
}
