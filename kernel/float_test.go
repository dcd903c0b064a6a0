// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
)

// control is a floating-point control register: its name, and its size in the frame.
type control struct {
	name string
	size int
}

// rounding are the bits of a control register that choose how to round.
var rounding = map[control]uint64{
	{"fpcw", 2}: 3 << 10, {"fpcw", 4}: 3 << 10, {"mxcsr", 4}: 3 << 13, // x86
	{"fpcr", 4}: 3 << 22, {"fpscr", 4}: 3 << 22, // arm64, arm
	{"fpscr", 8}: 3, {"fcsr", 4}: 3 << 5, {"fpc", 4}: 3, // ppc64, riscv64 (on mips flags), s390x
}

// setFloats gives the floating-point registers of the frame values of their own, told by round: to none the value that another has.
// Status and control registers are left alone, but for the rounding of those that are known.
func (p *Process) setFloats(round uint64) {
	for _, s := range p.arch.Signal.Float {
		low := 0xbfe0_0000_0000_0000 + round<<32 + uint64(s.Reg.ID)
		switch bits := rounding[control{s.Reg.Name, s.Size}]; {
		case bits != 0:
			p.eng.SetReg(s.Reg, p.eng.Reg(s.Reg)&^bits|bits&(bits>>1)<<(round&1))
		case s.Size > 8:
			p.eng.SetWideReg(s.Reg, [2]uint64{low, 0x3f00 + round<<4 + uint64(s.Reg.ID)&15})
		case s.Size == 8 && s.Save == nil:
			p.eng.SetReg(s.Reg, low)
		case s.Size == 4 && s.Save == nil && unicode.IsDigit(rune(s.Reg.Name[len(s.Reg.Name)-1])): // half a double: mips
			p.eng.SetReg(s.Reg, 0xbfe0_0000+round<<8+uint64(s.Reg.ID))
		}
	}
}

// floats are the floating-point registers as a frame has them, by their offsets in it.
func (p *Process) floats() map[int][]byte {
	all := map[int][]byte{}
	for _, s := range p.arch.Signal.Float {
		b := make([]byte, s.Size)
		p.putFloat(b, s)
		all[s.Offset] = b
	}
	return all
}

// TestFloatState: the frame holds the floating-point and vector registers, and what the handler makes of them there is what the program
// goes on with; what it makes of the registers themselves is lost.
func TestFloatState(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *Process) {
		f := &p.arch.Signal
		require.NotEmpty(t, f.Float)
		p.handle(t, arch.SIGUSR1, 0, sigset{})
		sp := p.eng.Reg(p.arch.SP)
		for round := range uint64(8) { // the stack is not always aligned as the frame is
			p.eng.SetReg(p.arch.SP, sp-16*round)
			p.setFloats(round)
			before := p.floats()
			require.Zero(t, p.send(p.current, siginfo{signo: arch.SIGUSR1}))
			p.deliverSignals(p.current)
			frame := p.eng.Reg(p.arch.SP)
			require.EqualValues(t, testHandler, p.eng.Reg(p.arch.PC))
			got := make([]byte, f.Extent())
			require.NoError(t, p.mem.Read(frame, got))
			for offset, want := range before {
				require.Equal(t, want, got[offset:offset+len(want)], "offset %d", offset)
			}
			if a := f.Above; a.Size != 0 {
				require.Zero(t, (frame+uint64(a.Offset+a.Head))%uint64(a.Align))
				require.LessOrEqual(t, frame+uint64(a.Offset+a.Size)+uint64(f.RedZone), sp-16*round)
			}
			for _, ptr := range f.Pointers {
				v, errno := p.current.readUint(frame+uint64(ptr.Offset), p.arch.PtrSize)
				require.Zero(t, errno)
				require.Equal(t, frame+uint64(ptr.Target), v)
			}

			p.setFloats(100 + round) // the handler uses the registers
			require.NotEqual(t, before, p.floats())
			// It changes the last register in the frame.
			last := f.Float[0]
			for _, s := range f.Float {
				if s.Size >= 8 && s.Save == nil && rounding[control{s.Reg.Name, s.Size}] == 0 {
					last = s
				}
			}
			before[last.Offset][0] ^= 0x55
			require.NoError(t, p.mem.Write(frame+uint64(last.Offset), before[last.Offset]))
			for _, s := range f.Float { // what repeats it
				if s.Reg == last.Reg && s.Offset != last.Offset {
					before[s.Offset][0] ^= 0x55
				}
			}
			p.returns()
			require.Equal(t, before, p.floats())
			require.Equal(t, sp-16*round, p.eng.Reg(p.arch.SP))
		}
	})
}
