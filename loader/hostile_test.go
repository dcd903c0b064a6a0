// SPDX-License-Identifier: GPL-2.0-or-later

package loader_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/loader"
	"github.com/rt0-dev/rt0/machine"
)

// nothing is an address space that takes all and keeps nothing.
type nothing struct{}

func (nothing) Map(uint64, uint64, emu.Prot, uint32) error              { return nil }
func (nothing) MapBytes(uint64, uint64, emu.Prot, uint32, []byte) error { return nil }
func (nothing) Protect(uint64, uint64, emu.Prot) error                  { return nil }
func (nothing) Poke(uint64, []byte) error                               { return nil }

// use does with an image all that rt0 does, and checks what must hold of every one that Parse lets through.
func use(t testing.TB, data []byte) {
	i, err := loader.Parse("prog", data)
	if err != nil {
		var e *loader.Error
		require.ErrorAs(t, err, &e)
		require.NotEmpty(t, e.Kind)
		require.NotEmpty(t, e.Reason)
		require.NotContains(t, err.Error(), "\n")
		require.Less(t, len(err.Error()), 1500)
		return
	}
	last := uint64(0)
	for _, f := range i.Funcs() {
		require.GreaterOrEqual(t, f.Addr, last)
		last = f.Addr
	}
	for _, name := range []string{"main.main", "runtime.schedinit", ""} {
		if addr, ok := i.Func(name); ok {
			i.FuncAt(addr)
			i.FrameSize(addr)
			i.FrameSize(addr + 8)
		}
	}
	i.FuncAt(0)
	i.FuncAt(^uint64(0))
	i.Var("runtime.ncpu")
	i.Minor()
	for _, page := range []uint64{emu.PageSize, 64 << 10} {
		l, err := i.Load(nothing{}, page)
		if err != nil {
			require.ErrorAs(t, err, new(*loader.Error))
			continue
		}
		require.LessOrEqual(t, l.Brk, i.Arch.UserTop)
		_, err = loader.NewStack(nothing{}, i, l, machine.New(), loader.StackOptions{})
		require.NoError(t, err)
	}
}

// cost gives the bytes that f allocates. Preconditions: nothing else runs.
func cost(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// bound is what a file of a size justifies: a few tables of its symbols and functions, a copy of its names and of its data.
func bound(size int) uint64 { return 16*uint64(size) + 1<<20 }

// TestHostileCost spoils headers at random and bounds memory and time. It is not parallel, as it counts what is allocated.
func TestHostileCost(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	values := []uint64{0, 1, 0x7f, 0xff, 0xffff, 1 << 31, 1<<32 - 1, 1 << 40, 1<<63 - 1, 1 << 63, ^uint64(0), ^uint64(0) - 0xfff}
	for _, a := range arch.All() {
		for _, c := range []*crafted{craft(a), craftPIE(a)} {
			sound := c.build()
			for range 4000 {
				data := bytes.Clone(sound)
				for range 1 + rnd.IntN(4) {
					// headers, pclntab, dynamic section, symbols and sections in equal parts
					part := [][2]int{{0, 0x300}, {roAt, roAt + 0x100}, {dynamicAt, dynamicAt + 0x80}, {dataEnd, len(data) - 8}, {0, len(data) - 8}}[rnd.IntN(5)]
					at := part[0] + rnd.IntN(part[1]-part[0])
					switch rnd.IntN(4) {
					case 0:
						data[at] ^= 1 << rnd.IntN(8)
					case 1:
						data[at] = byte(rnd.Uint32())
					case 2:
						a.Order.PutUint32(data[at&^3:], uint32(values[rnd.IntN(len(values))]))
					case 3:
						a.Order.PutUint64(data[at&^7:], values[rnd.IntN(len(values))])
					}
				}
				n := cost(func() { use(t, data) })
				require.Less(t, n, bound(len(data))+loader.StackSize/4)
			}
		}
	}
}

// TestHostileTables are files that a quadratic reader would chew for hours.
func TestHostileTables(t *testing.T) {
	const size = 4 << 20
	long := bytes.Repeat([]byte{'n'}, size)
	grow := func(c *crafted, change func(f *image, at int)) []byte {
		c.patch = func(f *image) {
			at := (len(f.data) + 0xfff) &^ 0xfff
			f.data = append(f.data, make([]byte, at-len(f.data))...)
			f.data = append(f.data, long...)
			change(f, at)
		}
		return c.build()
	}
	for _, a := range arch.All() {
		for _, tc := range []struct {
			name string
			data []byte
		}{
			{"symbols with one long name", grow(craft(a), func(f *image, at int) {
				f.sOffset(1, uint64(at)) // names and entries are the same bytes
				f.sSize(1, size)
				f.sOffset(2, uint64(at))
				f.sSize(2, size)
				f.sEntry(1, uint64(f.pick(16, 24)))
				for n := at; n < at+size-24; n += f.pick(16, 24) {
					f.put32(n, 1)
					f.data[n+f.pick(12, 4)] = 1
				}
				f.data[at+size-1] = 0
			})},
			{"symbols without terminator", grow(craft(a), func(f *image, at int) {
				f.sOffset(1, uint64(at))
				f.sSize(1, size)
				f.sOffset(2, uint64(at))
				f.sSize(2, size)
			})},
			{"functions with one long name", grow(craft(a), func(f *image, at int) {
				f.pOffset(1, uint64(at))
				f.pFile(1, size)
				f.pMem(1, size)
				f.pAddr(1, stripBase+0x100000)
				f.put(f.section(4)+f.pick(12, 16), stripBase+0x100000)
				f.sOffset(4, uint64(at))
				f.sSize(4, size)
				ptr := f.pick(4, 8)
				copy(f.data[at:], f.data[roAt:roAt+8])
				count := size / 32
				f.put(at+8, uint64(count))
				names, funcs := size/2, 0x100
				for n, v := range []int{names, size, 0, 0, funcs} {
					f.put(at+8+(n+3)*ptr, uint64(v))
				}
				for n := range count { // all with the _func before the names, which is 'nnnn': a name offset of 0x6e6e6e6e is none
					f.put32(at+funcs+8*n, uint32(n))
					f.put32(at+funcs+8*n+4, uint32(names-funcs-64))
				}
				f.put32(at+names-64+4, 1)
				f.data[at+size-1] = 0
			})},
			{"false tables", grow(craft(a), func(f *image, at int) {
				magic := []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, byte(f.pick(4, 8)), 1, 0, 0, 0, 0, 0, 0, 0}
				if f.order == binary.ByteOrder(binary.BigEndian) {
					magic[0], magic[3] = 0xff, 0xf1
				}
				copy(f.data[at:], bytes.Repeat(magic, size/len(magic)))
				f.pOffset(1, uint64(at))
				f.pFile(1, size)
				f.pMem(1, size)
				f.pAddr(1, stripBase+0x100000)
				f.sSize(4, 0)
			})},
			{"false modules", grow(craft(a), func(f *image, at int) {
				word := craft(a).word(nil, stripBase+roAt)
				copy(f.data[at:], bytes.Repeat(word, size/len(word)))
				f.put(moduleAt, 0)
				f.pOffset(2, uint64(at))
				f.pFile(2, size)
				f.pMem(2, size)
				f.pAddr(2, stripBase+0x100000)
			})},
			{"relocations that look like modules", grow(func() *crafted {
				c := craftPIE(a)
				entries := size / (3 * a.PtrSize)
				c.dynamic = [][2]uint64{{7, 0x100000}, {8, uint64(entries * 3 * a.PtrSize)}} // DT_RELA, DT_RELASZ
				c.note = "a header that becomes a segment"
				return c
			}(), func(f *image, at int) {
				f.pType(3, 1)
				f.pOffset(3, uint64(at))
				f.pFile(3, size)
				f.pMem(3, size)
				f.pAddr(3, 0x100000)
				f.put(moduleAt, 0)
				c := craft(a)
				entry := c.word(c.word(c.word(nil, pointersAt), uint64(a.ELF.Relative)), roAt)
				copy(f.data[at:], bytes.Repeat(entry, size/len(entry)))
			})},
			{"one library's name a thousand times", func() []byte {
				c := craft(a)
				c.interp = strings.Repeat("/", 100)
				return grow(c, func(f *image, at int) {
					f.pOffset(4, uint64(at))
					f.pFile(4, size)
				})
			}()},
		} {
			start := time.Now()
			n := cost(func() { use(t, tc.data) })
			require.Less(t, time.Since(start), 20*time.Second, "%s: %s", a.Name, tc.name)
			require.Less(t, n, bound(len(tc.data)), "%s: %s", a.Name, tc.name)
		}
	}
}

// TestBitFlips turns bits of a real program over, in what is read of it: headers, the first pages of each section, the tables.
func TestBitFlips(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(5, 6))
	programs := [][]fixtures.Option{nil, {fixtures.PIE()}, {fixtures.Stripped(), fixtures.Toolchain("go1.11.13")}}
	if testing.Short() {
		programs[2] = []fixtures.Option{fixtures.Stripped()}
	}
	for _, opts := range programs {
		sound, err := os.ReadFile(fixtures.Build(t, fixtures.Hello, "amd64", opts...))
		require.NoError(t, err)
		data := bytes.Clone(sound)
		for n := range 120 {
			var flipped []int
			for range 1 + rnd.IntN(8) {
				at := rnd.IntN(len(data))
				if n%2 == 0 {
					at = rnd.IntN(4096)
				}
				data[at] ^= 1 << rnd.IntN(8)
				flipped = append(flipped, at)
			}
			use(t, data)
			for _, at := range flipped {
				data[at] = sound[at]
			}
		}
	}
}

// editSize is the size of one change that the fuzzer makes: 4 bytes say where, one says in which part of the file and how many bytes,
// 8 are the value.
const editSize = 4 + 1 + 8

// edit applies the edits to data, and gives what they replaced. Parts: the headers; the function table; what is at the end, which
// is symbols and section headers; the whole.
func edit(data, edits []byte) (undo func()) {
	before := map[int][]byte{}
	var order []int
	table := bytes.Index(data, []byte("\xff\xff\xff\x00\x00\x01"))
	for ; len(edits) >= editSize; edits = edits[editSize:] {
		where, how := int(binary.LittleEndian.Uint32(edits)), edits[4]
		size := 1 << (how & 3)
		from, span := 0, len(data)
		switch how >> 2 & 3 {
		case 0:
			span = 1024
		case 1:
			from, span = max(0, table-1), 4096
		case 2:
			from, span = max(0, len(data)-32<<10), 32<<10
		}
		at := from + where%span
		if at+size > len(data) {
			continue
		}
		if before[at] == nil {
			before[at], order = bytes.Clone(data[at:min(at+8, len(data))]), append(order, at)
		}
		copy(data[at:at+size], edits[5:])
	}
	return func() {
		for n := len(order) - 1; n >= 0; n-- {
			copy(data[order[n]:], before[order[n]])
		}
	}
}

// FuzzOpen spoils real and crafted programs. The input is the number of a base and what is changed in it, not the file: a file of
// two megabytes is more than a fuzzer can work with, and most of it says nothing to a loader. Beyond the bases the input is the
// file.
func FuzzOpen(f *testing.F) {
	var bases [][]byte
	for _, a := range arch.All() {
		for _, c := range []*crafted{craft(a), craftPIE(a)} {
			bases = append(bases, c.build(), sectionless(c.build()))
		}
	}
	programs := [][]fixtures.Option{nil, {fixtures.Stripped()}, {fixtures.PIE()}}
	if !testing.Short() {
		programs = append(programs,
			[]fixtures.Option{fixtures.Stripped(), fixtures.Toolchain("go1.11.13")},
			[]fixtures.Option{fixtures.PIE(), fixtures.Stripped(), fixtures.Toolchain("go1.16.15")})
	}
	for _, opts := range programs {
		data, err := os.ReadFile(fixtures.Build(f, fixtures.Hello, "amd64", opts...))
		require.NoError(f, err)
		bases = append(bases, data)
	}
	for n, data := range bases {
		f.Add(uint8(n), uint32(0), []byte{})
		f.Add(uint8(n), uint32(1), make([]byte, editSize))
		f.Add(uint8(n), uint32(len(data)/2), append(make([]byte, editSize), 8, 0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8))
	}
	f.Add(uint8(255), uint32(0), []byte("\x7fELF\x02\x01\x01"))
	f.Add(uint8(255), uint32(0), craft(arch.All()[0]).build()[:512])
	f.Fuzz(func(t *testing.T, base uint8, cut uint32, edits []byte) {
		if int(base) >= len(bases) {
			use(t, edits)
			return
		}
		data := bases[base]
		defer edit(data, edits)()
		use(t, data[:len(data)-int(cut)%len(data)])
	})
}

func BenchmarkOpen(b *testing.B) {
	for _, bc := range []struct {
		name string
		opts []fixtures.Option
	}{{"exe", nil}, {"stripped", []fixtures.Option{fixtures.Stripped()}}, {"pie", []fixtures.Option{fixtures.PIE()}}} {
		b.Run(bc.name, func(b *testing.B) {
			path := fixtures.Build(b, fixtures.Hello, "amd64", bc.opts...)
			b.ReportAllocs()
			for b.Loop() {
				i, err := loader.Open(path)
				require.NoError(b, err)
				i.Func("main.main")
				i.Var("runtime.gomaxprocs")
			}
		})
	}
}
