// SPDX-License-Identifier: GPL-2.0-or-later

package emu_test

import (
	"testing"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/stretchr/testify/require"
)

// rememberer opens engines that share a recollection. All of them begin alike: code at codeAddr, a page of data that can be written and one
// that can be read.
type rememberer struct {
	a      *arch.Arch
	shared *emu.Recollection
	text   []byte
}

func remember(t testing.TB, a *arch.Arch, text []byte) *rememberer {
	t.Helper()
	shared, err := emu.NewRecollection(1 << 20)
	require.NoError(t, err)
	t.Cleanup(shared.Close)
	return &rememberer{a, shared, text}
}

// open is an engine: one that records, one that recalls, or with neither one that does as the CPU does.
func (r *rememberer) open(t testing.TB, recall, record bool) *cpu {
	t.Helper()
	cfg := emu.Config{Arch: r.a, Memory: 1 << 22, Record: record}
	if recall || record {
		cfg.Recollection = r.shared
	}
	e, err := emu.New(cfg)
	require.NoError(t, err)
	t.Cleanup(e.Close)
	s := snippets[r.a.Name]
	c := &cpu{Engine: e, t: t}
	for name, reg := range map[string]*arch.Register{s.value: &c.value, s.address: &c.address, s.counter: &c.counter} {
		*reg, _ = r.a.Register(name)
	}
	m := c.Mem()
	require.NoError(t, m.MapBytes(codeAddr, emu.PageSize, emu.Read|emu.Exec, 1, r.text))
	require.NoError(t, m.Map(dataAddr, emu.PageSize, emu.Read|emu.Write, 2))
	require.NoError(t, m.Map(dataAddr+emu.PageSize, emu.PageSize, emu.Read, 2))
	c.SetReg(r.a.PC, codeAddr)
	c.SetReg(c.value, 0x1234)
	c.SetReg(c.address, dataAddr+8)
	c.SetReg(c.counter, 40)
	return c
}

// seen is what can be seen of an engine.
type seen struct {
	stop                          emu.Stop
	registers                     []uint64
	instructions, blocks, touched uint64
	data                          string
	resident                      []bool
}

func (c *cpu) look(a *arch.Arch, stop emu.Stop) seen {
	s := seen{stop: stop, instructions: c.Instructions(), blocks: c.Blocks(), touched: c.Mem().Touched()}
	for _, r := range a.Registers {
		s.registers = append(s.registers, c.Reg(r))
	}
	buf := make([]byte, 3*emu.PageSize)
	s.data = string(buf[:c.Mem().Peek(dataAddr, buf)])
	for _, page := range []uint64{codeAddr, dataAddr, dataAddr + emu.PageSize} {
		s.resident = append(s.resident, c.Mem().Resident(page))
	}
	return s
}

// TestRecall records a run, and has engines that recall do one that differs in some way.
func TestRecall(t *testing.T) {
	t.Parallel()
	const far = 1 << 20
	type change func(t *testing.T, c *cpu)
	poke := func(addr uint64, b ...byte) change {
		return func(t *testing.T, c *cpu) { require.NoError(t, c.Mem().Poke(addr, b)) }
	}
	register := func(which func(*cpu) arch.Register, v uint64) change {
		return func(_ *testing.T, c *cpu) { c.SetReg(which(c), v) }
	}
	for _, tc := range []struct {
		name     string
		code     string // "load", "store" or "loop"
		limit    uint64 // of the run that is recorded
		change   change
		again    uint64 // limit of the one that may be recalled; 0: the same
		recalled bool
		blind    bool // not where all of a page counts
	}{
		{name: "a load", code: "load", recalled: true},
		{name: "a load of something else", code: "load", change: poke(dataAddr+8, 7, 7, 7, 7, 7, 7, 7, 7)},
		{name: "the last byte of a load differs", code: "load", change: poke(dataAddr+11, 1)},
		{name: "a byte before a load differs", code: "load", change: poke(dataAddr+7, 1), recalled: true, blind: true},
		{name: "a byte behind a load differs", code: "load", change: poke(dataAddr+16, 1), recalled: true, blind: true},
		{name: "a load from another address", code: "load", change: register(func(c *cpu) arch.Register { return c.address }, dataAddr+24)},
		{name: "a register that is overwritten", code: "load", change: register(func(c *cpu) arch.Register { return c.value }, 1)},
		{name: "a load from a page that has gone", code: "load", change: func(t *testing.T, c *cpu) {
			require.NoError(t, c.Mem().Unmap(dataAddr, emu.PageSize))
		}},
		{name: "a load from a page that may not be read", code: "load", change: func(t *testing.T, c *cpu) {
			require.NoError(t, c.Mem().Protect(dataAddr, emu.PageSize, 0))
		}},
		{name: "a load from a page that may now be executed", code: "load", change: func(t *testing.T, c *cpu) {
			require.NoError(t, c.Mem().Protect(dataAddr, emu.PageSize, emu.Read|emu.Exec))
		}, recalled: true},
		{name: "a store", code: "store", recalled: true},
		{name: "a store over something else", code: "store", change: poke(dataAddr+8, 9, 9, 9, 9, 9, 9, 9, 9), recalled: true, blind: true},
		{name: "a store of something else", code: "store", change: register(func(c *cpu) arch.Register { return c.value }, 5)},
		{name: "a store to a page that may not be written", code: "store", change: func(t *testing.T, c *cpu) {
			require.NoError(t, c.Mem().Protect(dataAddr, emu.PageSize, emu.Read))
		}},
		{name: "a loop", code: "loop", recalled: true},
		{name: "a longer loop", code: "loop", change: register(func(c *cpu) arch.Register { return c.counter }, 41)},
		{name: "a loop with a breakpoint", code: "loop", change: func(_ *testing.T, c *cpu) { c.Break(codeAddr) }},
		{name: "a breakpoint that came and went", code: "loop", change: func(_ *testing.T, c *cpu) { c.Break(codeAddr); c.Unbreak(codeAddr) }, recalled: true},
		{name: "less is left", code: "loop", again: 20},
		{name: "the limit ended it, and does again", code: "loop", limit: 20, recalled: true},
		{name: "the limit ended it, and does later", code: "loop", limit: 20, again: 30},
		{name: "the limit ended it, and does not", code: "loop", limit: 20, again: far},
		{name: "other code", code: "load", change: func(t *testing.T, c *cpu) {
			other := append(append([]byte{}, snippets[c.Arch().Name].store...), make([]byte, emu.PageSize)...)
			require.NoError(t, c.Mem().MapBytes(codeAddr, emu.PageSize, emu.Read|emu.Exec, 1, other[:emu.PageSize]))
		}},
		{name: "the same code from elsewhere", code: "load", change: func(t *testing.T, c *cpu) {
			same := append(append([]byte{}, snippets[c.Arch().Name].load...), make([]byte, emu.PageSize)...)
			require.NoError(t, c.Mem().MapBytes(codeAddr, emu.PageSize, emu.Read|emu.Exec, 1, same[:emu.PageSize]))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			eachArch(t, func(t *testing.T, a *arch.Arch) {
				s := snippets[a.Name]
				text := make([]byte, emu.PageSize) // a whole page of it: what ends before counts by its bytes
				copy(text, map[string][]byte{"load": s.load, "store": s.store, "loop": s.loop}[tc.code])
				r := remember(t, a, text)
				limit := tc.limit
				if limit == 0 {
					limit = far
				}
				first := r.open(t, false, true)
				was := first.look(a, first.Run(limit))
				plain := r.open(t, false, false)
				require.Equal(t, plain.look(a, plain.Run(limit)), was, "recording changed what is seen")
				require.NotZero(t, r.shared.Size())
				if tc.again != 0 {
					limit = tc.again
				}
				again, want := r.open(t, true, false), r.open(t, false, false)
				for _, c := range []*cpu{again, want} {
					if tc.change != nil {
						tc.change(t, c)
					}
				}
				require.Equal(t, want.look(a, want.Run(limit)), again.look(a, again.Run(limit)))
				if tc.blind && len(a.Engine.Blind) > 0 && a.Engine.Blind[0].Mask == 0 {
					return
				}
				if tc.recalled {
					require.Equal(t, again.Instructions(), again.Recalled())
				} else {
					require.Zero(t, again.Recalled())
				}
			})
		})
	}
}

// TestRecallLeavesSnapshots recalls a store twice from one snapshot: what the first has written is undone.
func TestRecallLeavesSnapshots(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		r := remember(t, a, snippets[a.Name].store)
		r.open(t, false, true).Run(1 << 20)
		c := r.open(t, true, false)
		before := c.look(a, emu.Stop{})
		snapshot, err := c.Snapshot()
		require.NoError(t, err)
		var after []seen
		for range 3 {
			after = append(after, c.look(a, c.Run(1<<20)))
			require.NoError(t, c.Restore(snapshot))
			require.Equal(t, before, c.look(a, emu.Stop{}))
		}
		require.Equal(t, after[0], after[1])
		require.Equal(t, after[0], after[2])
		require.Equal(t, 3*after[0].instructions, c.Recalled())
		require.NotEqual(t, before.data, after[0].data)
	})
}

// TestRecallNothingThatCounts reads a counter of the CPU: that depends on when it happens.
func TestRecallNothingThatCounts(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		for name, text := range counters[a.Name].reads {
			r := remember(t, a, code(text+" "+traps[a.Name]))
			r.open(t, false, true).Run(1 << 20)
			c, want := r.open(t, true, false), r.open(t, false, false)
			for _, c := range []*cpu{c, want} {
				c.SetCounter(1_000_000)
			}
			require.Equal(t, want.look(a, want.Run(1<<20)), c.look(a, c.Run(1<<20)), name)
		}
	})
}

// TestRecollectionIsBounded has an engine record more than there is room for.
func TestRecollectionIsBounded(t *testing.T) {
	t.Parallel()
	a := arch.All()[0]
	r := remember(t, a, snippets[a.Name].store)
	c := r.open(t, false, true)
	for i := range uint64(20_000) {
		c.SetReg(a.PC, codeAddr)
		c.SetReg(c.value, i)
		c.Run(c.Instructions() + 1000)
	}
	require.Greater(t, r.shared.Size(), uint64(900<<10))
	require.LessOrEqual(t, r.shared.Size(), uint64(1<<20))
	r.shared.Forget()
	require.Zero(t, r.shared.Size())
}
