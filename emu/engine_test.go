// SPDX-License-Identifier: GPL-2.0-or-later

package emu_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/stretchr/testify/require"
)

// snippets is the machine code that the tests run, per architecture. Each ends in a system call. An architecture that is added to arch
// must get its row, or the tests fail.
var snippets = map[string]struct {
	value, address, counter string // registers that the code uses
	store, load, loop       []byte // *address = value; value = *address; while --counter != 0
	illegal                 []byte
	width                   int // bytes that store and load move
	loopInsns, trap         int // instructions of one round, bytes of the trap
}{
	"amd64": {"rax", "rdi", "rcx", code("48 89 07 0f 05"), code("48 8b 07 0f 05"), code("48 ff c9 75 fb 0f 05"), code("0f 0b"), 8, 2, 2},
	"386":   {"eax", "edi", "ecx", code("89 07 cd 80"), code("8b 07 cd 80"), code("49 75 fd cd 80"), code("0f 0b"), 4, 2, 2},
	"s390x": {"r3", "r2", "r4", code("e3 30 20 00 00 24 0a 00"), code("e3 30 20 00 00 04 0a 00"), code("a7 4b ff ff a7 74 ff fe 0a 00"), code("00 00"), 8, 2, 2},
	"arm64": {"x0", "x1", "x2", code("20 00 00 f9 01 00 00 d4"), code("20 00 40 f9 01 00 00 d4"), code("42 04 00 f1 e1 ff ff 54 01 00 00 d4"), code("00 00 00 00"), 8, 2, 4},
	// The loop has an instruction of two bytes and one of four.
	"riscv64":  {"a0", "a1", "a2", code("23 b0 a5 00 73 00 00 00"), code("03 b5 05 00 73 00 00 00"), code("7d 16 e3 1f 06 fe 73 00 00 00"), code("00 00"), 8, 2, 4},
	"arm":      {"r0", "r1", "r2", code("00 00 81 e5 00 00 00 ef"), code("00 00 91 e5 00 00 00 ef"), code("01 20 52 e2 fd ff ff 1a 00 00 00 ef"), code("f0 00 f0 e7"), 4, 2, 4},
	"mips":     {"r8", "r9", "r10", words(be, 0xad280000, 12), words(be, 0x8d280000, 12), words(be, mipsLoop...), words(be, 0x37), 4, 3, 4},
	"mipsle":   {"r8", "r9", "r10", words(le, 0xad280000, 12), words(le, 0x8d280000, 12), words(le, mipsLoop...), words(le, 0x37), 4, 3, 4},
	"mips64":   {"r8", "r9", "r10", words(be, 0xfd280000, 12), words(be, 0xdd280000, 12), words(be, mips64Loop...), words(be, 0x37), 8, 3, 4},
	"mips64le": {"r8", "r9", "r10", words(le, 0xfd280000, 12), words(le, 0xdd280000, 12), words(le, mips64Loop...), words(le, 0x37), 8, 3, 4},
	"ppc64le":  {"r5", "r4", "r6", code("00 00 a4 f8 02 00 00 44"), code("00 00 a4 e8 02 00 00 44"), code("ff ff c6 34 fc ff 82 40 02 00 00 44"), code("00 00 00 00"), 8, 2, 4},
	"ppc64":    {"r5", "r4", "r6", code("f8 a4 00 00 44 00 00 02"), code("e8 a4 00 00 44 00 00 02"), code("34 c6 ff ff 40 82 ff fc 44 00 00 02"), code("00 00 00 00"), 8, 2, 4},
}

// mipsLoop and mips64Loop have a do-nothing instruction in the delay slot.
var (
	mipsLoop   = []uint32{0x254affff, 0x1540fffe, 0, 12}
	mips64Loop = []uint32{0x654affff, 0x1540fffe, 0, 12}
)

var be, le = binary.BigEndian, binary.LittleEndian

// words is code whose instructions are 32-bit words.
func words(order binary.AppendByteOrder, list ...uint32) []byte {
	var b []byte
	for _, w := range list {
		b = order.AppendUint32(b, w)
	}
	return b
}

func code(hex string) []byte {
	var b []byte
	for _, f := range strings.Fields(hex) {
		n, err := strconv.ParseUint(f, 16, 8)
		if err != nil {
			panic(err)
		}
		b = append(b, byte(n))
	}
	return b
}

const (
	codeAddr = 0x10000
	dataAddr = 0x20000
)

// cpu is an engine with code at codeAddr and four pages of data: rw, r, none, and a hole.
type cpu struct {
	*emu.Engine
	t                       testing.TB
	value, address, counter arch.Register
}

func boot(t testing.TB, a *arch.Arch, text []byte) *cpu {
	t.Helper()
	s, ok := snippets[a.Name]
	require.True(t, ok, "no snippets for %s", a.Name)
	c := &cpu{Engine: open(t, a, 0), t: t}
	for name, r := range map[string]*arch.Register{s.value: &c.value, s.address: &c.address, s.counter: &c.counter} {
		*r, ok = a.Register(name)
		require.True(t, ok, name)
	}
	m := c.Mem()
	require.NoError(t, m.MapBytes(codeAddr, emu.PageSize, emu.Read|emu.Exec, 1, text))
	require.NoError(t, m.Map(dataAddr, emu.PageSize, emu.Read|emu.Write, 2))
	require.NoError(t, m.Map(dataAddr+emu.PageSize, emu.PageSize, emu.Read, 2))
	require.NoError(t, m.Map(dataAddr+2*emu.PageSize, emu.PageSize, 0, 2))
	c.SetReg(a.PC, codeAddr)
	return c
}

func TestStoreAndLoad(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		s := snippets[a.Name]
		c := boot(t, a, s.store)
		c.SetReg(c.value, 0x12345678)
		c.SetReg(c.address, dataAddr+8)
		end := codeAddr + uint64(len(s.store)-a.Syscall.Length)
		require.Equal(t, emu.Stop{Kind: emu.StopSyscall, PC: end, Intr: a.Syscall.Intr}, withIntr(c.Run(1<<40), a))
		v, err := c.Mem().Uint(dataAddr+8, s.width)
		require.NoError(t, err)
		require.Equal(t, uint64(0x12345678), v)
		require.Equal(t, uint64(2), c.Instructions())

		c = boot(t, a, s.load)
		require.NoError(t, c.Mem().PutUint(dataAddr+16, s.width, 0x87654321))
		c.SetReg(c.address, dataAddr+16)
		require.Equal(t, emu.StopSyscall, c.Run(1<<40).Kind)
		require.Equal(t, uint64(0x87654321), c.Reg(c.value))
	})
}

// withIntr evens out that only interrupt-like traps have a number.
func withIntr(s emu.Stop, a *arch.Arch) emu.Stop {
	s.Intr = a.Syscall.Intr
	return s
}

// TestFaults checks that a fault tells the exact address and what was wrong, changes nothing, and that the instruction works when
// the page is mended.
func TestFaults(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		store  bool
		addr   uint64
		mapped bool
	}{
		{"store to nil", true, 0, false},
		{"load from nil", false, 0x18, false},
		{"store to read-only", true, dataAddr + emu.PageSize + 0x128, true},
		{"store to none", true, dataAddr + 2*emu.PageSize + 0xff0, true},
		{"load from none", false, dataAddr + 2*emu.PageSize + 0x38, true},
		{"store to hole", true, dataAddr + 3*emu.PageSize + 0x40, false},
		{"load from hole", false, dataAddr + 3*emu.PageSize + 0xab8, false},
	}
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		s := snippets[a.Name]
		for _, tc := range cases {
			text, access := s.load, emu.Read
			if tc.store {
				text, access = s.store, emu.Write
			}
			c := boot(t, a, text)
			c.SetReg(c.address, tc.addr)
			c.SetReg(c.value, 77)
			want := emu.Stop{Kind: emu.StopFault, PC: codeAddr, Addr: tc.addr, Access: access, Mapped: tc.mapped}
			for range 2 { // a fault can be taken again
				require.Equal(t, want, c.Run(1<<40), tc.name)
				require.Equal(t, uint64(77), c.Reg(c.value), tc.name)
			}
			page := tc.addr &^ (emu.PageSize - 1)
			require.NoError(t, c.Mem().Map(page, emu.PageSize, emu.Read|emu.Write, 0), tc.name)
			require.NoError(t, c.Mem().PutUint(tc.addr, s.width, 99), tc.name)
			require.Equal(t, emu.StopSyscall, c.Run(1<<40).Kind, tc.name)
			if tc.store {
				v, err := c.Mem().Uint(tc.addr, s.width)
				require.NoError(t, err)
				require.Equal(t, uint64(77), v, tc.name)
			} else {
				require.Equal(t, uint64(99), c.Reg(c.value), tc.name)
			}
		}
	})
}

func TestFetchFaults(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		for addr, mapped := range map[uint64]bool{0: false, 0x5000: false, dataAddr: true} {
			c := boot(t, a, snippets[a.Name].store)
			c.SetReg(a.PC, addr)
			require.Equal(t, emu.Stop{Kind: emu.StopFault, PC: addr, Addr: addr, Access: emu.Exec, Mapped: mapped}, c.Run(1<<40))
		}
	})
}

func TestIllegalInstruction(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		c := boot(t, a, snippets[a.Name].illegal)
		stop := c.Run(1 << 40)
		require.Equal(t, emu.StopIllegal, stop.Kind)
		require.Equal(t, uint64(codeAddr), stop.PC)
	})
}

// TestLimit runs a loop in slices: the sum is that of one run, whatever the slices are.
func TestLimit(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		s := snippets[a.Name]
		var whole uint64
		for _, slice := range []uint64{1 << 40, 1, 7, 100} {
			c := boot(t, a, s.loop)
			c.SetReg(c.counter, 1000)
			stops := 0
			for c.Run(c.Instructions()+slice).Kind == emu.StopLimit {
				stops++
			}
			require.Zero(t, c.Reg(c.counter))
			if whole == 0 {
				whole = c.Instructions()
				require.Equal(t, uint64(1000*s.loopInsns+1), whole)
				continue
			}
			require.Equal(t, whole, c.Instructions(), "slice %d", slice)
			require.Greater(t, stops, 10)
		}
	})
}

// TestBreakpoints sets them before and after the code was translated, and counts as if there were none.
func TestBreakpoints(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		s := snippets[a.Name]
		c := boot(t, a, s.loop)
		c.SetReg(c.counter, 10)
		c.Break(codeAddr)
		for i := range 10 {
			require.Equal(t, emu.Stop{Kind: emu.StopBreak, PC: codeAddr}, c.Run(1<<40))
			require.Equal(t, uint64(10-i), c.Reg(c.counter))
			require.Equal(t, uint64(i*s.loopInsns), c.Instructions())
			require.Equal(t, emu.StopLimit, c.Run(c.Instructions()).Kind, "a limit that is reached already")
		}
		require.Equal(t, emu.StopSyscall, c.Run(1<<40).Kind)
		require.Equal(t, uint64(10*s.loopInsns+1), c.Instructions())

		c.Unbreak(codeAddr)
		end := codeAddr + uint64(len(s.loop)-s.trap)
		c.SetReg(a.PC, codeAddr)
		c.SetReg(c.counter, 3)
		c.Break(end)
		for i := range uint64(500) {
			c.Break(0x900000 + i*16) // the table of breakpoints grows
		}
		require.Equal(t, emu.Stop{Kind: emu.StopBreak, PC: end}, c.Run(1<<40))
		require.Equal(t, emu.StopSyscall, c.Run(1<<40).Kind)
	})
}

// TestSnapshotRun: snapshot, run, restore gives the same bytes and registers, and the second run equals the first.
func TestSnapshotRun(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		c := boot(t, a, snippets[a.Name].store)
		c.SetReg(c.value, 5)
		c.SetReg(c.address, dataAddr)
		require.NoError(t, c.Mem().PutUint(dataAddr, 4, 1))
		see := func() string {
			var b strings.Builder
			for _, r := range a.Registers {
				fmt.Fprintf(&b, "%s=%x ", r.Name, c.Reg(r))
			}
			page := make([]byte, emu.PageSize)
			c.Mem().Peek(dataAddr, page)
			return b.String() + fmt.Sprint(page, c.Instructions(), c.Blocks(), c.Mem().Regions())
		}
		before := see()
		s, err := c.Snapshot()
		require.NoError(t, err)
		var after string
		for i := range 5 {
			require.Equal(t, emu.StopSyscall, c.Run(1<<40).Kind)
			require.NoError(t, c.Mem().Map(dataAddr+8*emu.PageSize, emu.PageSize, emu.Read, 0))
			if i == 0 {
				after = see()
				require.NotEqual(t, before, after)
			}
			require.Equal(t, after, see())
			require.NoError(t, c.Restore(s))
			require.Equal(t, before, see())
		}
	})
}

// TestChangedCode checks that code which was replaced is not run from old translations.
func TestChangedCode(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		s := snippets[a.Name]
		c := boot(t, a, s.store)
		run := func() emu.Stop {
			c.SetReg(a.PC, codeAddr)
			c.SetReg(c.address, dataAddr)
			return c.Run(1 << 40)
		}
		require.Equal(t, emu.StopSyscall, run().Kind)
		require.NoError(t, c.Mem().Poke(codeAddr, s.illegal))
		require.Equal(t, emu.StopIllegal, run().Kind, "poked")
		require.NoError(t, c.Mem().MapBytes(codeAddr, emu.PageSize, emu.Read|emu.Exec, 1, s.load))
		require.Equal(t, emu.StopSyscall, run().Kind, "mapped over")
		require.NoError(t, c.Mem().Protect(codeAddr, emu.PageSize, emu.Read|emu.Write))
		require.Equal(t, emu.StopFault, run().Kind, "not executable")
		require.NoError(t, c.Mem().Write(codeAddr, s.illegal))
		require.NoError(t, c.Mem().Protect(codeAddr, emu.PageSize, emu.Read|emu.Exec))
		require.Equal(t, emu.StopIllegal, run().Kind, "written and made executable")
		snapshot, err := c.Snapshot()
		require.NoError(t, err)
		require.NoError(t, c.Mem().Poke(codeAddr, s.store))
		require.Equal(t, emu.StopSyscall, run().Kind, "poked after a snapshot")
		require.NoError(t, c.Restore(snapshot))
		require.Equal(t, emu.StopIllegal, run().Kind, "restored")
	})
}

// TestContexts switches between two threads.
func TestContexts(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		c := boot(t, a, snippets[a.Name].loop)
		var contexts [2]*emu.Context
		for i := range contexts {
			c.SetReg(a.PC, codeAddr)
			c.SetReg(c.counter, uint64(100*(i+1)))
			contexts[i] = c.NewContext()
			defer contexts[i].Close()
			contexts[i].Save()
		}
		done := [2]bool{}
		for i := 0; !done[0] || !done[1]; i ^= 1 {
			if done[i] {
				continue
			}
			contexts[i].Load()
			done[i] = c.Run(c.Instructions()+10).Kind == emu.StopSyscall
			contexts[i].Save()
		}
		require.Equal(t, uint64(300*snippets[a.Name].loopInsns+2), c.Instructions())
	})
}

// TestParallel runs engines side by side: each must see what it sees alone.
func TestParallel(t *testing.T) {
	t.Parallel()
	one := func(a *arch.Arch, n int) (string, error) {
		e, err := emu.New(emu.Config{Arch: a})
		if err != nil {
			return "", err
		}
		defer e.Close()
		m := e.Mem()
		if err := m.MapBytes(codeAddr, emu.PageSize, emu.Read|emu.Exec, 1, snippets[a.Name].loop); err != nil {
			return "", err
		}
		counter, _ := a.Register(snippets[a.Name].counter)
		e.SetReg(a.PC, codeAddr)
		e.SetReg(counter, uint64(n))
		for e.Run(e.Instructions()+50).Kind == emu.StopLimit {
			if err := m.Map(dataAddr, emu.PageSize*uint64(n), emu.Read|emu.Write, 0); err != nil {
				return "", err
			}
		}
		return fmt.Sprint(e.Instructions(), e.Reg(a.PC), e.Reg(counter), m.Regions()), nil
	}
	var wg sync.WaitGroup
	for g := range 4 {
		for _, a := range arch.All() {
			alone, err := one(a, 500+g)
			require.NoError(t, err)
			wg.Go(func() {
				for range 10 {
					got, err := one(a, 500+g)
					if err != nil || got != alone {
						t.Errorf("%s: %v, want %s, got %s", a.Name, err, alone, got)
						return
					}
				}
			})
		}
	}
	wg.Wait()
}

// resident is the memory of this process in bytes.
func resident(t *testing.T) int {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("the resident size is read from /proc/self/statm, which this system does not have")
	}
	pages, err := strconv.Atoi(strings.Fields(string(b))[1])
	require.NoError(t, err)
	return pages * os.Getpagesize()
}

// TestOpenClose opens, runs and closes 500 engines, and looks for growth over the second half.
func TestOpenClose(t *testing.T) {
	round := func(n int) {
		for i := range n {
			a := arch.All()[i%len(arch.All())]
			e, err := emu.New(emu.Config{Arch: a})
			require.NoError(t, err)
			require.NoError(t, e.Mem().MapBytes(codeAddr, emu.PageSize, emu.Read|emu.Exec, 1, snippets[a.Name].loop))
			e.SetReg(a.PC, codeAddr)
			counter, _ := a.Register(snippets[a.Name].counter)
			e.SetReg(counter, 10)
			require.Equal(t, emu.StopSyscall, e.Run(1<<40).Kind)
			_, err = e.Snapshot()
			require.NoError(t, err)
			e.Close()
		}
		runtime.GC()
	}
	round(250)
	before := resident(t)
	round(250)
	const allowed = 8 << 20 // an engine that is leaked costs 5 MiB and more
	require.Less(t, resident(t)-before, allowed)
}

// TestFlagsAfterCompareAndExchange stops at every block around x86's CMPXCHG8B, whose flags the engine computes by a stale rule: what is left
// of the operands in them must not set TF (the next instruction would trap) or DF.
func TestFlagsAfterCompareAndExchange(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"amd64", "386"} {
		a, ok := arch.Find(name)
		require.True(t, ok)
		// add %ebx,%eax; adc %edx,%ecx; lock cmpxchg8b (%edi); jne; jmp +0; nop; nop; and the trap, which is the last two bytes of store.
		trap := snippets[name].store[len(snippets[name].store)-2:]
		c := boot(t, a, append(code("01 d8 11 d1 f0 0f c7 0f 75 fa eb 00 90 eb 00 90 90"), trap...))
		edx := map[string]string{"amd64": "rdx", "386": "edx"}[name]
		for _, operand := range []uint64{0x100, 0x500, 0xffffffff, 0x400100} {
			r, _ := a.Register(edx)
			c.SetReg(r, operand)
			c.SetReg(c.address, dataAddr)
			c.SetReg(a.PC, codeAddr)
			stop := c.Run(c.Instructions() + 1)
			for ; stop.Kind == emu.StopLimit; stop = c.Run(c.Instructions() + 1) {
				require.Zero(t, c.Reg(a.Flags)&0x700, "%s: TF, IF or DF after operand %#x", name, operand)
			}
			require.Equal(t, emu.StopSyscall, stop.Kind, "%s: operand %#x", name, operand)
		}
	}
}

// TestHints: YIELD and WFE go on with the next instruction, also behind a load or a store, whose mark in the syndrome stays; an
// undefined instruction behind one is undefined.
func TestHints(t *testing.T) {
	t.Parallel()
	a, ok := arch.Find("arm")
	require.True(t, ok)
	s := snippets["arm"]
	const yield, wfe = "01 f0 20 e3", "02 f0 20 e3"
	for _, hint := range []string{yield, wfe} {
		for _, tc := range []struct {
			text []byte
			want emu.StopKind
			pc   uint64
		}{
			{append(code(hint+" "+hint), s.store...), emu.StopSyscall, codeAddr + 16},
			{append(append(s.store[:4:4], code(hint)...), s.load...), emu.StopSyscall, codeAddr + 16},
			{append(code(hint), s.illegal...), emu.StopIllegal, codeAddr + 4},
			{append(append(s.load[:4:4], code(hint)...), s.illegal...), emu.StopIllegal, codeAddr + 8},
		} {
			c := boot(t, a, tc.text)
			c.SetReg(c.address, dataAddr)
			stop := c.Run(1 << 40)
			require.Equal(t, tc.want, stop.Kind, "%x", tc.text)
			require.Equal(t, tc.pc, stop.PC)
		}
	}
}
