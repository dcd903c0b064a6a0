// SPDX-License-Identifier: GPL-2.0-or-later

package emu_test

import (
	"testing"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/stretchr/testify/require"
)

// mipsExceptions are instructions that raise one. $8 is the largest int32, $9 is dataAddr, $10 has nothing mapped.
var mipsExceptions = []struct {
	name string
	insn uint32
	kind emu.StopKind
	intr uint32
}{
	{"break", 0x0000000d, emu.StopInterrupt, 18},
	{"teq $0, $0", 0x00000034, emu.StopInterrupt, 22},
	{"tne $8, $9", 0x01090036, emu.StopInterrupt, 22},
	{"add $11, $8, $8", 0x01085820, emu.StopInterrupt, 21},
	{"lw $11, 1($9)", 0x8d2b0001, emu.StopInterrupt, 12},
	{"sw $11, 2($9)", 0xad2b0002, emu.StopInterrupt, 13},
	{"ll $11, 2($9)", 0xc12b0002, emu.StopInterrupt, 12},
	{"mfc0 $11, Status", 0x400b6000, emu.StopInterrupt, 19},
	{"rdhwr $11, $2", 0x7c0b103b, emu.StopIllegal, 20},
	{"reserved", 0x00000037, emu.StopIllegal, 20},
	{"lw $11, 0($10)", 0x8d4b0000, emu.StopFault, 0},
	{"sw $11, 0($10)", 0xad4b0000, emu.StopFault, 0},
	{"ll $11, 0($10)", 0xc14b0000, emu.StopFault, 0},
}

// eachMIPS runs f on the architectures whose exceptions are put right.
func eachMIPS(t *testing.T, f func(t *testing.T, a *arch.Arch)) {
	n := 0
	for _, a := range arch.All() {
		if a.Engine.TLB == nil {
			continue
		}
		n++
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			f(t, a)
		})
	}
	require.NotZero(t, n)
}

func mipsCode(a *arch.Arch, list ...uint32) []byte {
	b := make([]byte, 4*len(list))
	for i, w := range list {
		a.Order.PutUint32(b[4*i:], w)
	}
	return b
}

func (c *cpu) set(name string, v uint64) {
	r, ok := c.Arch().Register(name)
	require.True(c.t, ok)
	c.SetReg(r, v)
}

// TestExceptionPC: an exception is told at its instruction, in a delay slot at the branch, and the guest can go on from there, past it, or
// anywhere else.
func TestExceptionPC(t *testing.T) {
	t.Parallel()
	const syscall, jump = 12, 0x10000003
	eachMIPS(t, func(t *testing.T, a *arch.Arch) {
		for _, x := range mipsExceptions {
			for _, tc := range []struct {
				name     string
				code     []uint32
				pc, skip uint64 // of the stop; of the system call that is met when the instruction is skipped
			}{
				{"in a block", []uint32{0, 0, x.insn, 0, syscall}, 8, 16},
				{"at its start", []uint32{x.insn, 0, syscall}, 0, 8},
				{"in a slot", []uint32{0, jump, x.insn, syscall, syscall, 0, syscall}, 4, 24},
				{"in a slot, not taken", []uint32{0, 0x11000003, x.insn, 0, syscall, 0, syscall}, 4, 16},
			} {
				name := x.name + " " + tc.name
				c := boot(t, a, mipsCode(a, tc.code...))
				c.set("r8", 0x7fffffff)
				c.set("r9", dataAddr)
				c.set("r10", 0x5000)
				for range 2 { // it can be taken again
					stop := c.Run(1 << 20)
					require.Equal(t, x.kind, stop.Kind, name)
					require.Equal(t, x.intr, stop.Intr, name)
					require.Equal(t, codeAddr+tc.pc, stop.PC, name)
					require.Equal(t, stop.PC, c.Reg(a.PC), name)
				}
				before := c.NewContext()
				before.Save()
				c.SetReg(a.PC, codeAddr+uint64(4*len(tc.code)-4)) // as if a handler was entered
				require.Equal(t, codeAddr+uint64(4*len(tc.code)), c.Run(1<<20).PC, name)
				before.Load()
				before.Close()
				require.Equal(t, x.kind, c.Run(1<<20).Kind, name)
				c.Skip()
				stop := c.Run(1 << 20)
				require.Equal(t, emu.StopSyscall, stop.Kind, name)
				require.Equal(t, codeAddr+tc.skip+4, stop.PC, name)
			}
		}
	})
}

// TestLoadLinked runs an atomic addition all over the address space, in more places than the CPU's TLB has entries. Instructions count once,
// whether there was an entry or not.
func TestLoadLinked(t *testing.T) {
	t.Parallel()
	eachMIPS(t, func(t *testing.T, a *arch.Arch) {
		tlb := a.Engine.TLB
		c := boot(t, a, mipsCode(a, 0, 0xc1280000, 0x25080001, 0xe1280000, 12)) // ll $8, 0($9); addiu $8, $8, 1; sc $8, 0($9)
		places := min(tlb.Entries+tlb.Entries/2, int(a.UserTop>>tlb.Bits))
		at := func(i int) uint64 { return uint64(i)<<tlb.Bits + 1<<20 }
		for i := range places {
			require.NoError(t, c.Mem().Map(at(i), emu.PageSize, emu.Read|emu.Write, 0))
		}
		add := func(i int) {
			c.SetReg(a.PC, codeAddr)
			c.set("r9", at(i)+8)
			before := c.Instructions()
			require.Equal(t, emu.StopSyscall, c.Run(c.Instructions()+3).Kind)
			require.Equal(t, uint64(5), c.Instructions()-before)
		}
		value := func(i int) uint64 {
			v, err := c.Mem().Uint(at(i)+8, 4)
			require.NoError(t, err)
			return v
		}
		old := c.NewContext()
		defer old.Close()
		old.Save()
		for i := range places {
			add(i)
		}
		s, err := c.Snapshot()
		require.NoError(t, err)
		for round := range 3 {
			for i := places - 1; i >= 0; i-- {
				add(i)
				require.Equal(t, uint64(2), value(i))
			}
			require.NoError(t, c.Restore(s))
			if round == 1 {
				old.Load() // from before there was any entry
			}
		}
		require.Equal(t, uint64(1), value(0))
	})
}
