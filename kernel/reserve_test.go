// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
)

// conditional is code that reserves the word at an address, goes to the next block, stores to the word if it may, and spins. It may when
// the result, masked, is won.
type conditional struct {
	code      []uint32
	result    string
	mask, won uint64
}

var (
	conditionalPPC  = conditional{[]uint32{0x7ca01828, 0x48000004, 0x7ca0192d, 0x7cc00026, 0x48000000}, "r6", 1 << 29, 1 << 29}
	conditionalMIPS = conditional{[]uint32{0xc0850000, 0x10000001, 0, 0xe0850000, 0x1000ffff, 0}, "r5", 1<<32 - 1, 1}
)

var conditionals = map[string]conditional{
	"arm":      {[]uint32{0xe1901f9f, 0xeaffffff, 0xe1802f91, 0xeafffffe}, "r2", 1, 0},
	"arm64":    {[]uint32{0xc85f7c01, 0x14000001, 0xc8027c01, 0x14000000}, "x2", 1, 0},
	"riscv64":  {[]uint32{0x100535af, 0x0040006f, 0x18b5362f, 0x0000006f}, "a2", 1, 0},
	"ppc64":    conditionalPPC,
	"ppc64le":  conditionalPPC,
	"mips":     conditionalMIPS,
	"mipsle":   conditionalMIPS,
	"mips64":   conditionalMIPS,
	"mips64le": conditionalMIPS,
}

// TestReservation: a store-conditional succeeds, also when somebody looks at another thread meanwhile; but not after another thread has run,
// nor after a signal's handler, though the memory holds what was read. Nor can the handler use what the thread had reserved.
func TestReservation(t *testing.T) {
	t.Parallel()
	deliver := func(t *testing.T, p *Process) {
		require.Zero(t, p.send(p.current, siginfo{signo: arch.SIGUSR1}))
		p.deliverSignals(p.current)
	}
	for _, tc := range []struct {
		name    string
		between func(t *testing.T, p *Process, other *Thread)
		won     bool
	}{
		{"nothing", func(*testing.T, *Process, *Thread) {}, true},
		{"a look", func(t *testing.T, p *Process, other *Thread) { require.True(t, p.Inspect(other, func() {})) }, true},
		{"another thread", func(_ *testing.T, p *Process, other *Thread) {
			first := p.current
			p.switchTo(other)
			p.switchTo(first)
		}, false},
		{"a handler", func(t *testing.T, p *Process, _ *Thread) {
			deliver(t, p)
			p.returns()
		}, false},
		{"in a handler", func(t *testing.T, p *Process, _ *Thread) {
			pc, addr := p.eng.Reg(p.arch.PC), p.eng.Reg(p.arch.Engine.Reserve.Addr)
			deliver(t, p)
			p.eng.SetReg(p.arch.PC, pc)
			p.eng.SetReg(p.arch.Engine.Reserve.Addr, addr)
		}, false},
	} {
		for _, goarch := range arches {
			a, _ := arch.Find(goarch)
			c, ok := conditionals[goarch]
			if !ok {
				require.Nil(t, a.Engine.Reserve.Code, "give %s its row", goarch)
				continue
			}
			t.Run(tc.name+"/"+goarch, func(t *testing.T) {
				t.Parallel()
				var code []byte
				for _, insn := range c.code {
					code = append(code, 0, 0, 0, 0)
					a.Order.PutUint32(code[len(code)-4:], insn)
				}
				p := newProcess(t, goarch, code)
				result, ok := a.Register(c.result)
				require.True(t, ok, c.result)
				other := p.spawn(t)
				p.handle(t, arch.SIGUSR1, 0, sigset{})
				p.eng.SetReg(a.Engine.Reserve.Addr, testData+0x800)
				require.Equal(t, Limit, p.run(1).Kind)
				tc.between(t, p, other)
				p.eng.Run(p.eng.Instructions() + 1)
				require.Equal(t, tc.won, p.eng.Reg(result)&c.mask == c.won, "%x", p.eng.Reg(result))
			})
		}
	}
}
