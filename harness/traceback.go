// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"fmt"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/kernel"
)

// A traceback is made as the runtime makes it (runtime/traceback.go): the function table tells the size of a frame at each instruction.
// x86 has the return address above the frame. Elsewhere it is in the link register while the frame is empty, and else at the frame's
// start. A stack goes on behind a signal handler where the signal came, and behind a switch to another stack where that was left.

// maxFrames bounds a traceback.
const maxFrames = 50

// frame is a function that has been called and has not returned.
type frame struct {
	pc, sp uint64
	link   uint64 // the link register; 0: it is on the stack
	// exact says that pc is where the function is, and not where it goes on when what it calls returns.
	exact bool
	name  string // of the function; "" when there is none
	// switched says that the way to it led over a switch of stacks already: the functions that switch are wrapped by ones of their names.
	switched bool
}

// The functions that end a stack, those that a signal handler makes look as if they had been called (sigctxt.pushCall), and those
// that go over to the stack of g0 (SPWRITE).
var (
	outermost = map[string]bool{"runtime.goexit": true, "runtime.mstart": true, "runtime.rt0_go": true, "runtime.mcall": true}
	injected  = map[string]bool{sigpanic: true, "runtime.asyncPreempt": true}
	switches  = map[string]bool{systemstack: true, "runtime.morestack": true}
)

const (
	sigpanic    = "runtime.sigpanic"
	sigtramp    = "runtime.sigtramp"
	systemstack = "runtime.systemstack"
)

// location is a frame as function+offset. A return address may be past the end of a function that ends in a call: the call is what is
// looked up.
func (b *boot) location(f frame) string {
	fn, ok := b.img.FuncAt(b.lookup(f) - b.layout.Bias)
	if !ok {
		return fmt.Sprintf("%#x", f.pc)
	}
	return fmt.Sprintf("%s+%#x", fn.Name, f.pc-b.layout.Bias-fn.Addr)
}

// lookup is an address inside the instruction that a frame is at.
func (b *boot) lookup(f frame) uint64 {
	if f.exact {
		return f.pc
	}
	return f.pc - 1
}

// unwind lists the frames of the thread whose registers are in the engine, innermost first.
func (b *boot) unwind(t *kernel.Thread) []frame {
	f := frame{pc: b.engine.Reg(b.arch.PC), sp: b.engine.Reg(b.arch.SP), exact: true}
	if b.arch.Link != arch.None {
		f.link = b.engine.Reg(b.arch.Link)
	}
	signals := t.SignalFrames()
	var list []frame
	for ok := true; ok && len(list) < maxFrames; {
		if fn, found := b.img.FuncAt(b.lookup(f) - b.layout.Bias); found {
			f.name = fn.Name
		}
		list = append(list, f)
		if len(signals) > 0 && b.handles(f, signals[0]) {
			f, ok = b.interrupted(signals[0])
			signals = signals[1:]
			continue
		}
		f, ok = b.caller(f)
	}
	return list
}

// caller is the frame that called f. False: f is the outermost, or nothing is known.
func (b *boot) caller(f frame) (frame, bool) {
	if outermost[f.name] {
		return frame{}, false
	}
	size, known := b.img.FrameSize(b.lookup(f) - b.layout.Bias)
	if switches[f.name] && !f.switched && (b.arch.Link == arch.None || size > 0 || !f.exact) {
		left, ok := b.left(f)
		if !ok || f.name != systemstack {
			return left, ok
		}
		f.sp, f.link, f.switched = left.sp, 0, true
	}
	up := frame{sp: f.sp + size, switched: f.switched}
	switch {
	case !known && (f.name != "" || !f.exact):
		return frame{}, false
	case b.arch.Link == arch.None:
		// A jump to nowhere was a call, or a return that has taken its address off the stack.
		up.pc, known = b.word(up.sp)
		up.sp += uint64(b.arch.PtrSize)
	case size == 0:
		up.pc, known = f.link, f.link != 0
	default:
		up.pc, known = b.word(f.sp)
	}
	if !known {
		return frame{}, false
	}
	if injected[f.name] {
		up = b.injected(up)
	}
	return up, b.isCode(b.lookup(up))
}

// isCode says whether an address lies in a function of the binary.
func (b *boot) isCode(addr uint64) bool {
	_, ok := b.img.FuncAt(addr - b.layout.Bias)
	return ok
}

// injected mends the frame below a function that a signal handler has made look as if it were called: it is at the instruction itself,
// and where there is a link register, the handler has put that on the stack.
func (b *boot) injected(f frame) frame {
	f.exact = true
	if b.arch.Link == arch.None {
		return f
	}
	link, _ := b.word(f.sp)
	align := uint64(max(b.arch.ABI.StackAlign, b.arch.PtrSize))
	f.sp += (uint64(b.arch.ABI.StackArgs) + align - 1) &^ (align - 1)
	if !b.isCode(f.pc) {
		f.pc, f.exact = link, false
	} else if size, ok := b.img.FrameSize(f.pc - b.layout.Bias); ok && size == 0 {
		f.link = link
	}
	return f
}

// handles says whether f is the handler that a signal frame was made for: its frame ends where that begins. The assembler overlooks what
// Go's own handler pushes on arm (MOVM.DB.W).
func (b *boot) handles(f frame, signal uint64) bool {
	size, ok := b.img.FrameSize(b.lookup(f) - b.layout.Bias)
	return ok && f.sp+size == signal || f.name == sigtramp && f.sp < signal
}

// interrupted is the frame in which a signal came.
func (b *boot) interrupted(signal uint64) (frame, bool) {
	f := frame{exact: true}
	places := map[arch.Register]*uint64{b.arch.PC: &f.pc, b.arch.SP: &f.sp}
	if b.arch.Link != arch.None {
		places[b.arch.Link] = &f.link
	}
	for _, slot := range b.arch.Signal.Regs {
		if place := places[slot.Reg]; place != nil {
			v, ok := b.uint(signal+uint64(slot.Offset), slot.Size)
			if !ok {
				return f, false
			}
			*place = v
		}
	}
	return f, true
}
