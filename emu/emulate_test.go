// SPDX-License-Identifier: GPL-2.0-or-later

package emu_test

import (
	"bytes"
	"testing"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/stretchr/testify/require"
)

// bootS390X is a CPU with code, and R1 at the data.
func bootS390X(t *testing.T, text string) (*cpu, func(name string) arch.Register) {
	t.Helper()
	a, ok := arch.Find("s390x")
	require.True(t, ok)
	c := boot(t, a, code(text))
	reg := func(name string) arch.Register {
		r, ok := a.Register(name)
		require.True(t, ok, name)
		return r
	}
	c.SetReg(reg("r1"), dataAddr)
	return c, reg
}

// TestInterceptedInMidBlock: what stands before and behind an intercepted instruction runs once, is counted once, and runs the same way
// again; whether it runs at one go or in slices.
func TestInterceptedInMidBlock(t *testing.T) {
	t.Parallel()
	for _, slice := range []uint64{1 << 40, 1} {
		// aghi r3,1; stckf 0(r1); aghi r3,1; stck 8(r1); aghi r4,-1; jne to the beginning; svc 0
		c, reg := bootS390X(t, "a7 3b 00 01 b2 7c 10 00 a7 3b 00 01 b2 05 10 08 a7 4b ff ff a7 74 ff f6 0a 00")
		c.SetReg(reg("r4"), 100)
		c.SetCounter(1_000_000)
		var stop emu.Stop
		for stop = c.Run(c.Instructions() + slice); stop.Kind == emu.StopLimit; stop = c.Run(c.Instructions() + slice) {
			require.Less(t, c.Instructions(), uint64(1000))
		}
		require.Equal(t, emu.StopSyscall, stop.Kind)
		require.Equal(t, uint64(601), c.Instructions())
		require.Equal(t, uint64(200), c.Reg(reg("r3")))
		first, err := c.Mem().Uint(dataAddr, 8)
		require.NoError(t, err)
		second, err := c.Mem().Uint(dataAddr+8, 8)
		require.NoError(t, err)
		// Units of 2^-12 µs since 1900; two instructions lie between the two.
		require.InDelta(t, 0x7d91048bca000000+1_000_596*4096/1000, first, 2*4096/1000)
		require.InDelta(t, 2*4096/1000, second-first, 1)
	}
}

// TestInterceptedAtBreakpoint: a breakpoint at a block with such an instruction is told of once in each round.
func TestInterceptedAtBreakpoint(t *testing.T) {
	t.Parallel()
	c, reg := bootS390X(t, "a7 3b 00 01 b2 7c 10 00 a7 4b ff ff a7 74 ff fa 0a 00")
	c.SetReg(reg("r4"), 5)
	c.Break(codeAddr)
	for i := range uint64(5) {
		require.Equal(t, emu.Stop{Kind: emu.StopBreak, PC: codeAddr}, c.Run(1<<40))
		require.Equal(t, i, c.Reg(reg("r3")))
	}
	require.Equal(t, emu.StopSyscall, c.Run(1<<40).Kind)
	require.Equal(t, uint64(21), c.Instructions())
}

// TestFaultsAroundIntercepted: a fault before the instruction, and one of its own.
func TestFaultsAroundIntercepted(t *testing.T) {
	t.Parallel()
	// stg r3,0(r2); stckf 0(r1); svc 0
	c, reg := bootS390X(t, "e3 30 20 00 00 24 b2 7c 10 00 0a 00")
	c.SetReg(reg("r2"), 0x7008)
	want := emu.Stop{Kind: emu.StopFault, PC: codeAddr, Addr: 0x7008, Access: emu.Write}
	require.Equal(t, want, c.Run(1<<40))
	require.Equal(t, want, c.Run(1<<40))
	c.SetReg(reg("r2"), dataAddr)
	c.SetReg(reg("r1"), dataAddr+emu.PageSize)
	want = emu.Stop{Kind: emu.StopFault, PC: codeAddr + 6, Addr: dataAddr + emu.PageSize, Access: emu.Write, Mapped: true}
	require.Equal(t, want, c.Run(1<<40))
	require.Equal(t, want, c.Run(1<<40))
	c.SetReg(reg("r1"), dataAddr)
	require.Equal(t, emu.StopSyscall, c.Run(1<<40).Kind)
}

// TestFacilities: STFLE stores no more doublewords than there is room for, and tells how many there are.
func TestFacilities(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ room, cc, stored uint64 }{{1, 3, 1}, {2, 3, 2}, {3, 0, 3}, {32, 0, 3}} {
		c, reg := bootS390X(t, "b2 b0 10 00 0a 00")
		a := c.Arch()
		fill := bytes.Repeat([]byte{0xee}, 64)
		require.NoError(t, c.Mem().Write(dataAddr, fill))
		c.SetReg(reg("r0"), 0xab00|tc.room-1)
		require.Equal(t, emu.StopSyscall, c.Run(1<<40).Kind)
		require.Equal(t, uint64(0xab02), c.Reg(reg("r0")))
		require.Equal(t, tc.cc, c.Reg(a.Flags)>>44&3)
		after, err := c.Mem().Uint(dataAddr+8*tc.stored, 8)
		require.NoError(t, err)
		require.Equal(t, uint64(0xeeeeeeeeeeeeeeee), after)
		third, err := c.Mem().Uint(dataAddr+16, 8)
		require.NoError(t, err)
		if vx, _ := a.Feature("vx"); tc.stored == 3 {
			require.Equal(t, uint64(vx.CPUID.Regs[0]), third>>32&uint64(vx.CPUID.Regs[0]), "the vector facility")
		}
	}
}

// TestMinMax: VFMAX and VFMIN, which the engine lacks, by Java's rule and by IEEE's.
func TestMinMax(t *testing.T) {
	t.Parallel()
	const one, two, minusZero, nan, loud = 0x3ff0 << 48, 0x4000 << 48, 1 << 63, 0x7ff8<<48 | 5, 0x7ff0<<48 | 3
	for _, tc := range []struct {
		insn          string
		a, b, want    uint64
		invalid, both bool
	}{
		{"e7 01 20 18 30 ef", one, two, two, false, false}, // wfmaxdb v0,v1,v2,1
		{"e7 01 20 18 30 ee", one, two, one, false, false}, // wfmindb
		{"e7 01 20 18 30 ef", minusZero, 0, 0, false, false},
		{"e7 01 20 18 30 ee", 0, minusZero, minusZero, false, false},
		{"e7 01 20 18 30 ef", one, nan, nan, false, false},
		{"e7 01 20 18 30 ef", loud, nan, loud | 1<<51, true, false},
		{"e7 01 20 18 30 ee", nan, loud, loud | 1<<51, true, false},
		{"e7 01 20 08 30 ef", one, nan, one, false, false}, // maxNum: the number
		{"e7 01 20 08 30 ef", nan, one, one, false, false},
		{"e7 01 20 28 30 ef", 0, minusZero, minusZero, false, false}, // a > b ? a : b
		{"e7 01 20 38 30 ef", 0, minusZero, 0, false, false},         // a < b ? b : a
		{"e7 01 20 80 30 ef", one | 1<<63, one, one, false, true},    // by absolute value, both elements
		{"e7 01 20 18 20 ef", 0x3f800000 << 32, 0x40000000 << 32, 0x40000000 << 32, false, false},
	} {
		c, _ := bootS390X(t, tc.insn+" 0a 00")
		f := map[string]arch.Register{}
		for _, slot := range c.Arch().Signal.Float {
			f[slot.Reg.Name] = slot.Reg
		}
		for _, half := range []struct{ a, b string }{{"f1", "f2"}, {"v1.low", "v2.low"}} {
			c.SetReg(f[half.a], tc.a)
			c.SetReg(f[half.b], tc.b)
		}
		require.Equal(t, emu.StopSyscall, c.Run(1<<40).Kind, tc.insn)
		require.Equal(t, tc.want, c.Reg(f["f0"]), "%s of %#x and %#x", tc.insn, tc.a, tc.b)
		require.Equal(t, tc.invalid, c.Reg(f["fpc"])&0x800000 != 0, "%s of %#x and %#x", tc.insn, tc.a, tc.b)
		if tc.both {
			require.Equal(t, tc.want, c.Reg(f["v0.low"]))
		}
		require.Equal(t, uint64(2), c.Instructions())
	}
}
