// SPDX-License-Identifier: GPL-2.0-or-later

package emu_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
)

// TestRegs reads the registers of a system call in one go.
func TestRegs(t *testing.T) {
	t.Parallel()
	for _, a := range arch.All() {
		e, err := emu.New(emu.Config{Arch: a, Memory: 1 << 20})
		require.NoError(t, err)
		defer e.Close()
		registers := append([]arch.Register{a.Syscall.Number}, a.Syscall.Args...)
		for i, r := range registers {
			e.SetReg(r, uint64(0x1234_5678+i))
		}
		values := make([]uint64, len(registers))
		e.Regs(registers, values)
		for i, r := range registers {
			require.Equal(t, e.Reg(r), values[i], "%s %s", a.Name, r.Name)
		}
		require.EqualValues(t, 0x1234_5678+len(registers)-1, values[len(registers)-1], a.Name)
	}
}

// TestFootprint restores again and again: what one run has touched is what the next one takes, and the bound is forgotten.
func TestFootprint(t *testing.T) {
	t.Parallel()
	const base, size = 0x10000, 1 << 19
	e, err := emu.New(emu.Config{Arch: arch.All()[0], Memory: 1 << 20})
	require.NoError(t, err)
	defer e.Close()
	snapshot, err := e.Snapshot()
	require.NoError(t, err)
	var first uint64
	for n := range 20 {
		require.NoError(t, e.Restore(snapshot))
		require.False(t, e.Mem().Exhausted())
		data := make([]byte, size) // of each round its own: nothing holds on to the last one's
		data[0] = byte(n)
		require.NoError(t, e.Mem().MapBytes(base, size, emu.Read|emu.Write, 0, data))
		got := make([]byte, size)
		require.NoError(t, e.Mem().Read(base, got))
		require.Equal(t, data, got)
		if n == 0 {
			first = e.Mem().Footprint()
		}
		require.Equal(t, first, e.Mem().Footprint())
	}
	require.NoError(t, e.Mem().Map(base+size, 1<<20, emu.Read|emu.Write, 0))
	require.ErrorIs(t, e.Mem().Write(base+size, make([]byte, 1<<20)), emu.ErrExhausted)
	require.True(t, e.Mem().Exhausted())
	require.NoError(t, e.Restore(snapshot))
	require.False(t, e.Mem().Exhausted())
}
