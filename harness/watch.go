// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"bytes"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/kernel"
)

// A watcher is called when a thread stands at an address; true ends the boot there. It only looks.
type watcher func(t *kernel.Thread) (stop bool)

// watch calls w whenever a thread comes to addr, which must be the start of a basic block: a function's entry, or where a call
// returns to.
func (b *boot) watch(addr uint64, w watcher) {
	if len(b.watchers[addr]) == 0 {
		b.stage.mark(addr)
		if local := b.localEntry(addr); local != addr {
			b.stage.mark(local)
			b.locals[local] = addr
		}
	}
	b.watchers[addr] = append(b.watchers[addr], w)
}

// unwatch lets threads pass addr as if nobody had watched. The breakpoint stays until somebody comes there: most are for what runs once, and the
// next boot of the stage wants them again.
func (b *boot) unwatch(addr uint64) {
	delete(b.watchers, addr)
	delete(b.spent, addr)
}

// mark sets a breakpoint, unless there is one.
func (st *stage) mark(addr uint64) {
	if !st.marks[addr] {
		st.marks[addr] = true
		st.engine.Break(addr)
	}
}

// unmark takes it away.
func (st *stage) unmark(addr uint64) {
	if st.marks[addr] {
		delete(st.marks, addr)
		st.engine.Unbreak(addr)
	}
}

// tidy takes the breakpoints of former boots away that this one has not set.
func (b *boot) tidy() {
	for addr := range b.stage.marks {
		if _, local := b.locals[addr]; !local && len(b.watchers[addr]) == 0 {
			b.stage.unmark(addr)
		}
	}
}

// localEntry is where calls from within the module enter the function at addr: addr itself, unless code that finds the TOC comes first.
func (b *boot) localEntry(addr uint64) uint64 {
	local := addr
	for _, p := range b.arch.Global {
		word, ok := b.uint(local, 4)
		if !ok || uint32(word)&p.Mask != p.Value {
			return addr
		}
		local += 4
	}
	return local
}

// once is watch for the first time only.
func (b *boot) once(addr uint64, w watcher) {
	done := false
	b.watch(addr, func(t *kernel.Thread) bool {
		if done {
			return false
		}
		done = true
		b.spent[addr]++
		return w(t)
	})
}

// atBreak is the kernel's observer of breakpoints.
func (b *boot) atBreak(t *kernel.Thread, pc uint64) (stop bool) {
	at := pc
	if entry, local := b.locals[pc]; local {
		at = entry
	}
	watchers := b.watchers[at]
	if len(watchers) == 0 {
		b.stage.unmark(pc)
		return false
	}
	for _, w := range watchers {
		stop = w(t) || stop
	}
	if b.spent[at] == len(b.watchers[at]) {
		b.unwatch(at)
	}
	return stop
}

// word reads a pointer-sized word, as a debugger does.
func (b *boot) word(addr uint64) (uint64, bool) { return b.uint(addr, b.arch.PtrSize) }

// uint reads an unsigned number of 4 or 8 bytes, as a debugger does: nothing in the guest changes, whatever the protection.
func (b *boot) uint(addr uint64, size int) (uint64, bool) {
	var buf [8]byte
	if b.engine.Mem().Peek(addr, buf[:size]) != size {
		return 0, false
	}
	switch size {
	case 1:
		return uint64(buf[0]), true
	case 4:
		return uint64(b.arch.Order.Uint32(buf[:])), true
	}
	return b.arch.Order.Uint64(buf[:]), true
}

// text reads up to limit bytes at addr, as a debugger does.
func (b *boot) text(addr, size, limit uint64) string {
	buf := make([]byte, min(size, limit))
	return string(buf[:b.engine.Mem().Peek(addr, buf)])
}

// path is the text at addr up to its zero byte, or as much of it as a path may have. It is read in pieces: most are short.
func (b *boot) path(addr uint64) string {
	var buf [128]byte
	var long []byte
	for len(long) < maxPath {
		piece := buf[:min(len(buf), maxPath-len(long))]
		n := b.engine.Mem().Peek(addr+uint64(len(long)), piece)
		end := bytes.IndexByte(piece[:n], 0)
		if end >= 0 {
			n = end
		}
		long = append(long, piece[:n]...)
		if end >= 0 || n < len(piece) {
			break
		}
	}
	return string(long)
}

// returnAddress is where the function that was just entered returns to.
func (b *boot) returnAddress() (uint64, bool) {
	if b.arch.Link != arch.None {
		return b.engine.Reg(b.arch.Link), true
	}
	return b.word(b.engine.Reg(b.arch.SP))
}

// arguments are the first n word-sized arguments of the Go function that was just entered. entry says whether the symbol is an ABI0 one.
func (b *boot) arguments(n int, abi0 bool) ([]uint64, bool) {
	args := make([]uint64, n)
	abi := b.arch.ABI
	if !abi0 && abi.Regs != nil && b.img.Minor() >= abi.Since {
		for i := range args {
			args[i] = b.engine.Reg(abi.Regs[i])
		}
		return args, true
	}
	first := abi.StackArgs
	if b.img.Minor() < abi.FixedFrame {
		first = b.arch.PtrSize
	}
	for i := range args {
		v, ok := b.word(b.engine.Reg(b.arch.SP) + uint64(first+i*b.arch.PtrSize))
		if !ok {
			return nil, false
		}
		args[i] = v
	}
	return args, true
}
