// SPDX-License-Identifier: GPL-2.0-or-later

package emu_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
)

// counters read the CPU's clocks, each into the register; the system call is added.
var counters = map[string]struct {
	into  string
	reads map[string]string
}{
	"amd64": {"rax", map[string]string{"rdtsc": "0f 31", "rdtscp": "0f 01 f9"}},
	"386":   {"eax", map[string]string{"rdtsc": "0f 31"}},
	"arm":   {"r0", map[string]string{"mrrc p15, 1, r0, r1, c14": "1e 0f 51 ec"}},
	"arm64": {"x0", map[string]string{"mrs x0, cntvct_el0": "40 e0 3b d5"}},
	"ppc64": {"r5", map[string]string{
		"mfspr r5, 268": "7c ac 42 a6", "mftb r5": "7c ac 42 e6",
		"nop; mfspr r5, 268; nop": "60 00 00 00 7c ac 42 a6 60 00 00 00",
	}},
	"ppc64le": {"r5", map[string]string{
		"mfspr r5, 268": "a6 42 ac 7c", "mftb r5": "e6 42 ac 7c",
		"nop; mfspr r5, 268; nop": "00 00 00 60 a6 42 ac 7c 00 00 00 60",
	}},
	"riscv64": {"a0", map[string]string{
		"rdtime a0": "73 25 10 c0", "rdcycle a0": "73 25 00 c0", "rdinstret a0": "73 25 20 c0",
		"csrrci a0, time, 0": "73 75 10 c0", "c.nop; rdtime a0": "01 00 73 25 10 c0", "c.nop; rdcycle a0": "01 00 73 25 00 c0",
	}},
}

// TestCounters: what a program reads of the CPU's clock is a function of what it has executed, and the host's clock is not in it.
func TestCounters(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		for name, text := range counters[a.Name].reads {
			into, ok := a.Register(counters[a.Name].into)
			require.True(t, ok)
			for _, slice := range []uint64{1 << 40, 1} {
				c := boot(t, a, code(text+" "+traps[a.Name]))
				c.SetCounter(5000)
				for round := range uint64(3) { // from the second on, the translation is there already
					c.SetReg(a.PC, codeAddr)
					before := c.Instructions()
					stop := c.Run(before + slice)
					for stop.Kind == emu.StopLimit {
						stop = c.Run(c.Instructions() + slice)
					}
					require.Equal(t, emu.StopSyscall, stop.Kind, name)
					read := c.Reg(into)
					require.Greater(t, read, 5000+before, "%s, round %d", name, round)
					require.LessOrEqual(t, read, 5000+c.Instructions(), "%s, round %d", name, round)
				}
			}
		}
	})
}

// TestCounterEndsBlock is about what the engine reads from the host and emu replaces: when the next block is known already, when the read
// does not come about, and when the run ends right after it.
func TestCounterEndsBlock(t *testing.T) {
	t.Parallel()
	a, ok := arch.Find("riscv64")
	require.True(t, ok)
	const next = codeAddr + 8
	read := code("03 b6 05 00 73 25 00 c0") // ld a2, 0(a1); rdcycle a0
	for name, tail := range map[string]string{"a system call follows": "73 00 00 00", "a fault follows": "03 36 00 00"} {
		c := boot(t, a, append(read, code(tail)...))
		c.SetReg(c.address, dataAddr)
		c.SetReg(a.PC, next)
		end := c.Run(1 << 40).Kind // the block after the read is known now
		for _, breaks := range []bool{false, true} {
			if breaks {
				c.Break(next)
			}
			c.SetReg(a.PC, codeAddr)
			c.SetReg(c.value, 77)
			before := c.Instructions()
			stop := c.Run(1 << 40)
			if breaks {
				require.Equal(t, emu.Stop{Kind: emu.StopBreak, PC: next}, stop, name)
			} else {
				require.Equal(t, end, stop.Kind, name)
			}
			require.Equal(t, before+2, c.Reg(c.value), name)
		}
		c.SetReg(c.address, 0)
		c.SetReg(a.PC, codeAddr)
		c.SetReg(c.value, 77)
		require.Equal(t, emu.StopFault, c.Run(1<<40).Kind, name)
		require.EqualValues(t, 77, c.Reg(c.value), name)
	}
}
