// SPDX-License-Identifier: GPL-2.0-or-later

package emu_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/stretchr/testify/require"
)

// open gives an engine that is closed with the test.
func open(t testing.TB, a *arch.Arch, memory uint64) *emu.Engine {
	t.Helper()
	e, err := emu.New(emu.Config{Arch: a, Memory: memory})
	require.NoError(t, err)
	t.Cleanup(e.Close)
	return e
}

// eachArch runs a subtest per architecture.
func eachArch(t *testing.T, f func(t *testing.T, a *arch.Arch)) {
	for _, a := range arch.All() {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			f(t, a)
		})
	}
}

// modelPage is a mapped page of the model; source is what a discard goes back to.
type modelPage struct {
	prot         emu.Prot
	tag          uint32
	data, source []byte
}

// model is the address space in plain Go: page number to page.
type model map[uint64]*modelPage

func (m model) clone() model {
	c := model{}
	for n, p := range m {
		q := *p
		q.data = bytes.Clone(p.data)
		c[n] = &q
	}
	return c
}

const (
	modelBase  = 0x7f000
	modelPages = 48
)

// world runs the same random operations on both.
type world struct {
	t      *testing.T
	r      *rand.Rand
	e      *emu.Engine
	mem    *emu.Memory
	model  model
	source []byte
	never  emu.Prot // what pages never allow
	span   uint64   // pages that operations are on
	log    []string
}

func (w *world) pages() (first, n uint64) {
	first = modelBase/emu.PageSize + w.r.Uint64N(w.span)
	return first, 1 + w.r.Uint64N(min(9, modelBase/emu.PageSize+w.span-first))
}

func (w *world) step() {
	first, n := w.pages()
	addr, size := first*emu.PageSize, n*emu.PageSize
	prot := emu.Prot(w.r.UintN(8)) &^ w.never
	tag := uint32(w.r.UintN(3))
	switch op := w.r.UintN(8); op {
	case 0, 1:
		var data []byte
		if op == 1 {
			at := w.r.IntN(len(w.source) / emu.PageSize)
			data = w.source[at*emu.PageSize:][:w.r.UintN(uint(min(int(size), len(w.source)-at*emu.PageSize)))+1]
		}
		w.log = append(w.log, fmt.Sprintf("map %#x+%#x %v %d %d", addr, size, prot, tag, len(data)))
		require.NoError(w.t, w.mem.MapBytes(addr, size, prot, tag, data))
		for i := range n {
			source := make([]byte, emu.PageSize)
			if from := int(i) * emu.PageSize; from < len(data) {
				copy(source, data[from:])
			}
			w.model[first+i] = &modelPage{prot, tag, bytes.Clone(source), source}
		}
	case 2:
		w.log = append(w.log, fmt.Sprintf("unmap %#x+%#x", addr, size))
		require.NoError(w.t, w.mem.Unmap(addr, size))
		for i := range n {
			delete(w.model, first+i)
		}
	case 3:
		w.log = append(w.log, fmt.Sprintf("protect %#x+%#x %v", addr, size, prot))
		err := w.mem.Protect(addr, size, prot)
		for i := range n {
			if w.model[first+i] == nil {
				var hole *emu.NotMappedError
				require.ErrorAs(w.t, err, &hole)
				require.Equal(w.t, (first+i)*emu.PageSize, hole.Addr)
				return
			}
		}
		require.NoError(w.t, err)
		for i := range n {
			w.model[first+i].prot = prot
		}
	case 4:
		w.log = append(w.log, fmt.Sprintf("discard %#x+%#x", addr, size))
		w.mem.Discard(addr, size)
		for i := range n {
			if p := w.model[first+i]; p != nil {
				p.data = bytes.Clone(p.source)
			}
		}
	default:
		b := make([]byte, 1+w.r.UintN(2*emu.PageSize))
		at := addr + w.r.Uint64N(size)
		access, do := emu.Read, w.mem.Read
		if op >= 6 {
			access, do = emu.Write, w.mem.Write
			for i := range b {
				b[i] = byte(w.r.Uint32())
			}
		}
		w.log = append(w.log, fmt.Sprintf("%v %#x+%#x", access, at, len(b)))
		err := do(at, b)
		for i := range b {
			page := w.model[(at+uint64(i))/emu.PageSize]
			if page == nil || page.prot&access == 0 {
				var fault *emu.Fault
				require.ErrorAs(w.t, err, &fault)
				require.Equal(w.t, emu.Fault{Addr: at + uint64(i), Access: access, Mapped: page != nil}, *fault)
				return
			}
			in := (at + uint64(i)) % emu.PageSize
			if access == emu.Write {
				page.data[in] = b[i]
			} else {
				require.Equal(w.t, page.data[in], b[i])
			}
		}
		require.NoError(w.t, err)
	}
}

// check compares everything that can be seen.
func (w *world) check() {
	var regions []emu.Region
	for n := uint64(modelBase / emu.PageSize); n < modelBase/emu.PageSize+modelPages; n++ {
		p := w.model[n]
		r, mapped := w.mem.Find(n * emu.PageSize)
		require.Equal(w.t, p != nil, mapped, "page %#x", n)
		got := make([]byte, emu.PageSize)
		if !mapped {
			require.Zero(w.t, w.mem.Peek(n*emu.PageSize, got))
			continue
		}
		require.Equal(w.t, p.prot, r.Prot)
		require.Equal(w.t, p.tag, r.Tag)
		require.Equal(w.t, emu.PageSize, w.mem.Peek(n*emu.PageSize, got))
		require.True(w.t, bytes.Equal(p.data, got), "page %#x", n)
		if k := len(regions) - 1; k >= 0 && regions[k].Start == r.Start {
			continue
		}
		regions = append(regions, r)
	}
	require.Equal(w.t, regions, append([]emu.Region(nil), w.mem.Regions()...))
}

func newWorld(t *testing.T, a *arch.Arch, seed uint64) *world {
	w := &world{t: t, r: rand.New(rand.NewPCG(seed, 1)), e: open(t, a, 64<<20), model: model{}, span: modelPages, source: make([]byte, 20*emu.PageSize)}
	w.mem = w.e.Mem()
	for i := range w.source {
		w.source[i] = byte(w.r.Uint32())
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d: %q", seed, w.log[max(0, len(w.log)-30):])
		}
	})
	return w
}

// TestMemoryModel runs random operations on the address space and on a plain-Go model of it.
func TestMemoryModel(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		for seed := range uint64(12) {
			w := newWorld(t, a, seed)
			for i := range 400 {
				w.step()
				if i%20 == 0 {
					w.check()
				}
			}
			w.check()
		}
	})
}

// TestSnapshotModel takes and restores snapshots, nested ones too, between random operations.
func TestSnapshotModel(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		for seed := range uint64(12) {
			w := newWorld(t, a, seed+100)
			type moment struct {
				s       *emu.Snapshot
				model   model
				touched uint64
			}
			var stack []moment
			for range 300 {
				switch k := w.r.IntN(20); {
				case k == 0 && len(stack) < 5:
					s, err := w.e.Snapshot()
					require.NoError(t, err)
					w.log = append(w.log, "snapshot")
					stack = append(stack, moment{s, w.model.clone(), w.mem.Touched()})
				case k == 1 && len(stack) > 0:
					i := w.r.IntN(len(stack))
					w.log = append(w.log, fmt.Sprintf("restore %d of %d", i, len(stack)))
					require.NoError(t, w.e.Restore(stack[i].s))
					for _, gone := range stack[i+1:] {
						require.ErrorIs(t, w.e.Restore(gone.s), emu.ErrSnapshotGone)
					}
					stack = stack[:i+1]
					w.model = stack[i].model.clone()
					require.Equal(t, stack[i].touched, w.mem.Touched())
					w.check()
				default:
					w.step()
				}
			}
			w.check()
		}
	})
}

func TestMemoryRefuses(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		m := open(t, a, 0).Mem()
		for name, r := range map[string][2]uint64{
			"address": {1, emu.PageSize}, "size": {0, 5}, "empty": {0, 0},
			"wraps": {^uint64(0) &^ 0xfff, 2 * emu.PageSize}, "outside": {1 << emu.AddressBits, emu.PageSize},
		} {
			require.Error(t, m.Map(r[0], r[1], emu.Read, 0), name)
			require.Error(t, m.Unmap(r[0], r[1]), name)
			require.Error(t, m.Protect(r[0], r[1], emu.Read), name)
		}
		_, err := emu.New(emu.Config{Arch: a, Memory: emu.MaxMemory + 1})
		require.ErrorContains(t, err, "guest memory")
	})
}

// TestFindGap compares with a search page by page.
func TestFindGap(t *testing.T) {
	t.Parallel()
	m := open(t, arch.All()[0], 0).Mem()
	r := rand.New(rand.NewPCG(7, 7))
	const low, high = 0x10000, 0x50000
	for range 300 {
		require.NoError(t, m.Unmap(0, 0x100000))
		for range r.IntN(12) {
			require.NoError(t, m.Map(r.Uint64N(0x60)*emu.PageSize, (1+r.Uint64N(8))*emu.PageSize, emu.Read, 0))
		}
		size, align := (1+r.Uint64N(12))*emu.PageSize, uint64(emu.PageSize)<<r.IntN(4)
		free := func(at uint64) bool {
			for p := at; p < at+size; p += emu.PageSize {
				if _, ok := m.Find(p); ok {
					return false
				}
			}
			return true
		}
		var want []uint64
		for at := uint64(low); at+size <= high; at += emu.PageSize {
			if at%align == 0 && free(at) {
				want = append(want, at)
			}
		}
		up, okUp := m.FindGap(size, align, low, high, false)
		down, okDown := m.FindGap(size, align, low, high, true)
		require.Equal(t, len(want) > 0, okUp)
		require.Equal(t, len(want) > 0, okDown)
		if len(want) > 0 {
			require.Equal(t, want[0], up)
			require.Equal(t, want[len(want)-1], down)
		}
	}
}

// TestMemoryBound touches pages, near and far apart, until the bound is reached.
func TestMemoryBound(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		for _, stride := range []uint64{emu.PageSize, 16 << 20} {
			m := open(t, a, 1<<20).Mem()
			require.NoError(t, m.Map(0, 2<<30, emu.Read|emu.Write, 0))
			var err error
			n := uint64(0)
			for ; err == nil && n*stride < 2<<30; n++ {
				err = m.Write(n*stride, []byte{1})
			}
			require.True(t, errors.Is(err, emu.ErrExhausted), "stride %#x: %v", stride, err)
			require.LessOrEqual(t, n, uint64(1<<20/emu.PageSize))
		}
	})
}

func TestIntegersAndStrings(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		m := open(t, a, 0).Mem()
		require.NoError(t, m.Map(0x1000, 2*emu.PageSize, emu.Read|emu.Write, 0))
		for _, size := range []int{1, 2, 4, 8} {
			want := uint64(0x1122334455667788) >> (64 - 8*size)
			require.NoError(t, m.PutUint(0x1ffd, size, want))
			got, err := m.Uint(0x1ffd, size)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		require.NoError(t, m.Write(0x1ff0, []byte("over a page's end\x00")))
		s, err := m.CString(0x1ff0, 100)
		require.NoError(t, err)
		require.Equal(t, "over a page's end", s)
		_, err = m.CString(0x1ff0, 5)
		require.ErrorContains(t, err, "no NUL")
		_, err = m.CString(0x5000, 5)
		var fault *emu.Fault
		require.ErrorAs(t, err, &fault)
	})
}
