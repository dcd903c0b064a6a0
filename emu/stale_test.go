// SPDX-License-Identifier: GPL-2.0-or-later

package emu_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/stretchr/testify/require"
)

// guest has the CPU do an access to a word of the world, which must find what the model has.
func (w *world) guest(c *cpu, a *arch.Arch) {
	s := snippets[a.Name]
	first, _ := w.pages()
	addr := first*emu.PageSize + w.r.Uint64N(4)*(emu.PageSize/4) // few places, lest what was written is hardly ever read
	pc, access := uint64(codeAddr), emu.Read
	if w.r.IntN(2) == 0 {
		pc, access = codeAddr+emu.PageSize/2, emu.Write
	}
	value := uint64(w.r.Uint32N(1 << 31)) // not extended by any CPU
	w.log = append(w.log, fmt.Sprintf("guest %v %#x", access, addr))
	c.SetReg(a.PC, pc)
	c.SetReg(c.address, addr)
	c.SetReg(c.value, value)
	stop := c.Run(1 << 40)
	page := w.model[first]
	if page == nil || page.prot&access == 0 {
		require.Equal(w.t, emu.Stop{Kind: emu.StopFault, PC: pc, Addr: addr, Access: access, Mapped: page != nil}, stop)
		return
	}
	require.Equal(w.t, emu.StopSyscall, stop.Kind)
	word := page.data[addr%emu.PageSize:][:s.width]
	if access == emu.Write {
		if s.width == 8 {
			a.Order.PutUint64(word, value)
		} else {
			a.Order.PutUint32(word, uint32(value))
		}
		return
	}
	var want uint64
	if s.width == 8 {
		want = a.Order.Uint64(word)
	} else {
		want = uint64(a.Order.Uint32(word))
	}
	mask := ^uint64(0) >> (64 - 8*s.width) // mips64's registers have more bits than a word that is loaded
	require.Equal(w.t, want, c.Reg(c.value)&mask, "at %#x", addr)
}

// renew maps all pages anew, to be read and written, with random contents.
func (w *world) renew() {
	const prot = emu.Read | emu.Write
	b := make([]byte, w.span*emu.PageSize)
	for i := range b {
		b[i] = byte(w.r.Uint32())
	}
	w.log = append(w.log, "renew")
	require.NoError(w.t, w.mem.Map(modelBase, uint64(len(b)), prot, 0))
	require.NoError(w.t, w.mem.Write(modelBase, b))
	for i := range w.span {
		w.model[modelBase/emu.PageSize+i] = &modelPage{prot, 0, b[i*emu.PageSize:][:emu.PageSize], make([]byte, emu.PageSize)}
	}
}

// TestGuestSeesMemory has accesses of the CPU between random operations on its memory, snapshots included: whatever the engine's TLB has must
// be what memory has.
func TestGuestSeesMemory(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		s := snippets[a.Name]
		for seed := range uint64(4) {
			w := newWorld(t, a, seed+200)
			w.never = emu.Exec // whose changes flush everything
			w.span = 5         // lest the same page is hardly ever in question again
			c := &cpu{Engine: w.e, t: t}
			c.value, _ = a.Register(s.value)
			c.address, _ = a.Register(s.address)
			text := make([]byte, emu.PageSize)
			copy(text, s.load)
			copy(text[emu.PageSize/2:], s.store)
			require.NoError(t, w.mem.MapBytes(codeAddr, emu.PageSize, emu.Read|emu.Exec, 9, text))
			type moment struct {
				s     *emu.Snapshot
				model model
			}
			var stack []moment
			for range 1000 {
				switch k := w.r.IntN(40); {
				case k == 0 && len(stack) < 4:
					if w.r.IntN(2) == 0 {
						w.renew()
					}
					s, err := w.e.Snapshot()
					require.NoError(t, err)
					w.log = append(w.log, "snapshot")
					stack = append(stack, moment{s, w.model.clone()})
				case k <= 2 && len(stack) > 0:
					i := w.r.IntN(len(stack))
					w.log = append(w.log, fmt.Sprintf("restore %d of %d", i, len(stack)))
					require.NoError(t, w.e.Restore(stack[i].s))
					stack = stack[:i+1]
					w.model = stack[i].model.clone()
				case k < 28:
					w.guest(c, a)
				default:
					w.step()
				}
			}
		}
	})
}

// TestBreakpointModel sets and removes breakpoints at random, with hundreds at a time, and sees where a run stops.
func TestBreakpointModel(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		s := snippets[a.Name]
		const places, apart, pages = 512, 32, 512 * 32 / emu.PageSize
		trap := s.store[len(s.store)-s.trap:]
		text := slices.Repeat(append(slices.Clone(trap), make([]byte, apart-len(trap))...), places)
		w := newWorld(t, a, 300)
		require.NoError(t, w.mem.MapBytes(codeAddr, pages*emu.PageSize, emu.Read|emu.Exec, 1, text))
		set := map[uint64]bool{}
		for round := range 4000 {
			addr := codeAddr + w.r.Uint64N(places)*apart
			switch w.r.IntN(4) {
			case 0:
				w.e.Break(addr)
				set[addr] = true
			case 1:
				w.e.Unbreak(addr)
				delete(set, addr)
			case 2:
				w.e.SetReg(a.PC, addr)
				want := emu.StopSyscall
				if set[addr] {
					want = emu.StopBreak
				}
				require.Equal(t, want, w.e.Run(1<<40).Kind, "round %d", round)
				if set[addr] {
					require.Equal(t, emu.StopSyscall, w.e.Run(1<<40).Kind, "round %d", round)
				}
			default:
				if round%1000 == 999 { // code that changes: what was known of it is forgotten
					require.NoError(t, w.mem.Poke(addr, trap))
				}
			}
		}
	})
}

// BenchmarkSyscallStop is what a stop costs: from a run's begin to a system call that comes at once.
func BenchmarkSyscallStop(b *testing.B) {
	for _, a := range arch.All() {
		b.Run(a.Name, func(b *testing.B) {
			s := snippets[a.Name]
			c := boot(b, a, s.store[len(s.store)-s.trap:])
			for b.Loop() {
				c.SetReg(a.PC, codeAddr)
				if stop := c.Run(1 << 62); stop.Kind != emu.StopSyscall {
					b.Fatal(stop)
				}
			}
		})
	}
}
