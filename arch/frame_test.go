// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"math/bits"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// siginfoSize is SI_MAX_SIZE of uapi/asm-generic/siginfo.h.
const siginfoSize = 128

func testSignalFrame(t *testing.T, a *Arch) {
	f := a.Signal
	word := a.PtrSize
	frame := newArea(f.Extent())
	frame.take(t, "siginfo", f.Info, siginfoSize)
	frame.take(t, "uc_stack", f.Stack, 3*word)
	frame.take(t, "uc_sigmask", f.Mask, a.Signals.Last/8)
	require.Less(t, f.Context, min(f.Stack, f.Mask))
	for _, place := range []struct {
		name   string
		offset int
	}{{"fault address", f.Fault}, {"trap number", f.Trap}, {"error code", f.Err}, {"return address", f.Return}} {
		if place.offset >= 0 {
			frame.take(t, place.name, place.offset, word)
		}
	}
	for _, offset := range f.StackArgs {
		frame.take(t, "argument", offset, word)
	}

	last := map[Register]int{}
	for _, s := range f.Regs {
		frame.take(t, s.Reg.Name, s.Offset, s.Size)
		require.Zero(t, s.Offset%s.Size, s.Reg.Name)
		last[s.Reg] = s.Offset
	}
	for _, r := range append(append([]Register{}, a.Registers...), a.Flags) {
		if r == None {
			continue
		}
		require.Contains(t, last, r, "%s is not saved", r.Name)
		require.Greater(t, last[r], f.Context, "%s: what rt_sigreturn reads is in the ucontext", r.Name)
	}
	for _, s := range f.Float {
		frame.take(t, s.Reg.Name, s.Offset, s.Size)
		require.Equal(t, s.Save == nil, s.Load == nil)
	}
	for _, s := range f.Hidden {
		frame.take(t, "hidden registers", s.Offset, s.Size)
		require.LessOrEqual(t, s.From+s.Size, a.Engine.Hidden.Size)
	}
	for _, p := range f.Pointers {
		frame.take(t, "pointer", p.Offset, word)
		require.Less(t, p.Target, f.Extent())
	}
	if a := f.Above; a.Size != 0 {
		require.GreaterOrEqual(t, a.Offset, f.Size)
		require.Less(t, a.Offset, f.Size+f.Skew+f.Align, "as near as it can be")
		require.Less(t, a.Head, a.Size)
		require.Zero(t, (a.Offset+a.Head-f.Skew)%f.Align, "the distance does not depend on the stack's alignment")
		require.Zero(t, a.Align%f.Align)
	}
	for _, w := range append(slices.Clip(f.Words), f.FaultWords...) {
		frame.take(t, "fixed word", w.Offset, w.Size)
		require.LessOrEqual(t, bits.Len64(w.Value), 8*w.Size)
	}

	require.Equal(t, 1, bits.OnesCount(uint(f.Align)))
	require.Less(t, f.Skew, f.Align)
	require.Len(t, f.Args, 3)
	for _, r := range f.Args {
		require.Contains(t, a.Registers, r)
	}
	require.Contains(t, []int{0, 3}, len(f.StackArgs))
	require.Equal(t, f.Return < 0, a.Link != None, "the return address goes to the frame or to the link register")
	require.GreaterOrEqual(t, f.RedZone, 0)
	require.Equal(t, f.Return >= 0, f.Popped == word && a.Link == None)
	require.Equal(t, a.Flags != None, f.UserFlags != 0)
}

func testSignals(t *testing.T, a *Arch) {
	s := a.Signals
	require.Contains(t, []int{64, 128}, s.Last)
	require.Len(t, map[int]bool{s.How[0]: true, s.How[1]: true, s.How[2]: true}, 3)
	var generic, own []uint64
	for _, r := range s.Numbers {
		require.NotEqual(t, r.Generic, r.Own)
		generic, own = append(generic, r.Generic), append(own, r.Own)
	}
	require.ElementsMatch(t, generic, own, "the numbers are exchanged among each other: none is lost")
	action := newArea(s.Action.Mask + s.Last/8)
	action.take(t, "handler", s.Action.Handler, a.PtrSize)
	action.take(t, "flags", s.Action.Flags, s.Action.FlagsSize)
	action.take(t, "mask", s.Action.Mask, s.Last/8)
	if s.Action.Restorer >= 0 {
		action.take(t, "restorer", s.Action.Restorer, a.PtrSize)
	} else {
		require.NotNil(t, a.Trampoline, "who brings no restorer needs the kernel's")
	}
}

// The kernel's own layouts, from what a C compiler says of its headers (uapi asm/sigcontext.h, asm/ucontext.h): a few offsets that
// the rest hangs on. The instruction pointer is where Go's sigctxt looks for it.
func TestSignalFrameOffsets(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		goarch                    string
		size, mask, pc, sp, fault int
	}{
		{"amd64", 440, 304, 48 + 128, 48 + 120, 48 + 176},
		{"arm64", 4688 + 16, 168, 304 + 264, 304 + 256, 304 + 0},
		{"mips", 784, 768, 176 + 8, 176 + 16 + 8*29, -1},
		{"mipsle", 784, 768, 176 + 8, 176 + 16 + 8*29, -1},
		{"mips64", 808, 792, 192 + 576, 192 + 8*29, -1},
		{"mips64le", 808, 792, 192 + 576, 192 + 8*29, -1},
		{"ppc64le", 128 + 3456 + 128, 128 + 40, 360 + 32*8, 360 + 8, 360 + 41*8},
		{"ppc64", 128 + 3456 + 128, 128 + 40, 360 + 32*8, 360 + 8, 360 + 41*8},
		{"386", 268, 252, 164 + 56, 164 + 28, 164 + 84},
		{"riscv64", 128 + 960, 168, 304 + 0, 304 + 16, -1},
		{"arm", 128 + 744 + 16, 128 + 104, 128 + 20 + 72, 128 + 20 + 64, 128 + 20 + 80},
		{"s390x", 168 + 128 + 1024, 296 + 384, 336 + 8, 336 + 16 + 15*8, -1},
	} {
		t.Run(tc.goarch, func(t *testing.T) {
			t.Parallel()
			a, _ := Find(tc.goarch)
			at := map[Register]int{}
			for _, s := range a.Signal.Regs {
				at[s.Reg] = s.Offset
			}
			require.Equal(t, tc.size, a.Signal.Size)

			require.Equal(t, tc.mask, a.Signal.Mask)
			require.Equal(t, tc.pc, at[a.PC])
			require.Equal(t, tc.sp, at[a.SP])
			require.Equal(t, tc.fault, a.Signal.Fault)
		})
	}
}
