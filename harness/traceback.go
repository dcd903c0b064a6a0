// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"fmt"

	"github.com/rt0-dev/rt0/arch"
)

// framePointers are the registers in which Go keeps the frame pointer, by the manual's name. Go has one on amd64 and arm64. It points
// to the caller's frame pointer, and the return address is in the word above.
var framePointers = map[string]bool{"rbp": true, "x29": true}

// The bounds on a traceback: frames, and words of stack that are searched where there is no frame pointer.
const (
	maxFrames    = 50
	maxScanWords = 1024
)

// traceback names the functions that are on the stack of the thread whose registers are in the engine, innermost first.
func (b *boot) traceback(pc uint64) []string {
	lines := []string{b.location(pc)}
	for _, ret := range b.callers(pc) {
		// A return address may be past the end of a function that ends in a call: the call is what is looked up.
		lines = append(lines, b.locationIn(ret-1, ret))
	}
	return lines
}

// location is a code address as function+offset.
func (b *boot) location(pc uint64) string { return b.locationIn(pc, pc) }

// locationIn is pc as the function that inside lies in, and pc's offset in it.
func (b *boot) locationIn(inside, pc uint64) string {
	f, ok := b.img.FuncAt(inside - b.layout.Bias)
	if !ok {
		return fmt.Sprintf("%#x", pc)
	}
	return fmt.Sprintf("%s+%#x", f.Name, pc-b.layout.Bias-f.Addr)
}

// callers are the return addresses on the stack, innermost first.
func (b *boot) callers(pc uint64) []uint64 {
	var list []uint64
	f, ok := b.img.FuncAt(pc - b.layout.Bias)
	if ok && f.Addr+b.layout.Bias == pc { // at a function's entry there is no frame yet
		if ret, ok := b.returnAddress(); ok && b.isCode(ret) {
			list = append(list, ret)
		}
	} else if link := b.arch.Link; link != arch.None && b.isCode(b.engine.Reg(link)) && (!ok || !b.inFunction(b.engine.Reg(link), f.Addr)) {
		// A leaf, or a jump to nowhere: the caller is still in the link register.
		list = append(list, b.engine.Reg(link))
	}
	if fp, ok := b.framePointer(); ok {
		return b.walk(fp, list)
	}
	return b.scan(list)
}

func (b *boot) framePointer() (uint64, bool) {
	for _, r := range b.arch.Registers {
		if framePointers[r.Name] {
			fp := b.engine.Reg(r)
			_, ok := b.word(fp)
			return fp, ok && fp != 0
		}
	}
	return 0, false
}

// walk follows frame pointers, which go up the stack.
func (b *boot) walk(fp uint64, list []uint64) []uint64 {
	for len(list) < maxFrames {
		next, ok1 := b.word(fp)
		ret, ok2 := b.word(fp + uint64(b.arch.PtrSize))
		if !ok1 || !ok2 || !b.isCode(ret) {
			break
		}
		if len(list) == 0 || list[len(list)-1] != ret {
			list = append(list, ret)
		}
		if next <= fp {
			break
		}
		fp = next
	}
	return list
}

// scan takes for a return address each word of the stack that points behind a call. It may name functions that have returned.
func (b *boot) scan(list []uint64) []uint64 {
	sp := b.engine.Reg(b.arch.SP)
	for i := range uint64(maxScanWords) {
		ret, ok := b.word(sp + i*uint64(b.arch.PtrSize))
		if !ok || len(list) >= maxFrames {
			break
		}
		if b.isCode(ret) && b.followsCall(ret) && (len(list) == 0 || list[len(list)-1] != ret) {
			list = append(list, ret)
		}
	}
	return list
}

// isCode says whether an address lies in a function of the binary.
func (b *boot) isCode(addr uint64) bool {
	_, ok := b.img.FuncAt(addr - b.layout.Bias)
	return ok
}

func (b *boot) inFunction(addr, entry uint64) bool {
	f, ok := b.img.FuncAt(addr - b.layout.Bias)
	return ok && f.Addr == entry
}

// followsCall says whether the instruction before addr is a call: always where instructions have one length, and on x86 a CALL rel32
// (E8) or a CALL of a register or memory operand (FF /2) of two to seven bytes.
func (b *boot) followsCall(addr uint64) bool {
	if b.arch.Link != arch.None {
		return true
	}
	code := []byte(b.text(addr-7, 7, 7))
	if len(code) < 7 {
		return false
	}
	if code[2] == 0xe8 {
		return true
	}
	for i := range 6 {
		if code[i] == 0xff && code[i+1]>>3&7 == 2 {
			return true
		}
	}
	return false
}
