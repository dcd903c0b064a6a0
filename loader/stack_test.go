// SPDX-License-Identifier: GPL-2.0-or-later

package loader_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/loader"
	"github.com/rt0-dev/rt0/machine"
)

// stackReader reads a first stack as the runtime does.
type stackReader struct {
	t    *testing.T
	m    *memory
	arch *arch.Arch
	at   uint64
}

func (r *stackReader) word() uint64 {
	b := r.m.read(r.at, uint64(r.arch.PtrSize))
	require.NotNil(r.t, b, "%#x is not mapped", r.at)
	r.at += uint64(r.arch.PtrSize)
	if r.arch.PtrSize == 8 {
		return r.arch.Order.Uint64(b)
	}
	return uint64(r.arch.Order.Uint32(b))
}

func (r *stackReader) text(addr uint64) string {
	var b []byte
	for ; ; addr++ {
		c := r.m.read(addr, 1)
		require.NotNil(r.t, c, "%#x is not mapped", addr)
		if c[0] == 0 {
			return string(b)
		}
		b = append(b, c[0])
	}
}

// texts reads a vector of strings up to its null pointer.
func (r *stackReader) texts() (list []string, addrs []uint64) {
	list = []string{}
	for p := r.word(); p != 0; p = r.word() {
		list, addrs = append(list, r.text(p)), append(addrs, p)
	}
	return list, addrs
}

// other is an architecture of the other byte order, so that both are tested whatever rt0 boots.
func other(a *arch.Arch) *arch.Arch {
	b := *a
	b.Name += "-swapped"
	b.Order = binary.ByteOrder(binary.BigEndian)
	if a.Order == binary.ByteOrder(binary.BigEndian) {
		b.Order = binary.LittleEndian
	}
	return &b
}

func TestNewStack(t *testing.T) {
	t.Parallel()
	arches := arch.All()
	for _, a := range arch.All() {
		arches = append(arches, other(a))
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, a := range arches {
		for n := range 40 {
			mach := machine.New(machine.PageSize(4096))
			mach.Args, mach.Env = nil, nil
			for range n % 7 {
				mach.Args = append(mach.Args, strings.Repeat("a", rnd.IntN(40)))
				mach.Env = append(mach.Env, "N="+strings.Repeat("e", rnd.IntN(40)))
			}
			l := loader.Layout{Bias: 0x10000, Phdr: 0x20040}
			i := &loader.Image{Path: "/some/where/prog", Arch: a}
			m := newMemory()
			s, err := loader.NewStack(m, i, l, mach, loader.StackOptions{Name: strings.Repeat("n", n), UID: 5, GID: 6})
			require.NoError(t, err)

			require.Zero(t, s.SP%16)
			require.Equal(t, a.StackTop, s.End)
			require.EqualValues(t, loader.StackSize, s.End-s.Start)
			require.Len(t, m.pages, loader.StackSize/emu.PageSize)
			require.Equal(t, page{prot: emu.Read | emu.Write, tag: loader.TagStack}, *m.pages[s.Start])

			r := &stackReader{t, m, a, s.SP}
			name := strings.Repeat("n", n)
			if n == 0 {
				name = "prog"
			}
			require.EqualValues(t, 1+len(mach.Args), r.word(), "argc")
			argv, argvAt := r.texts()
			require.Equal(t, append([]string{name}, mach.Args...), argv)
			env, envAt := r.texts()
			require.ElementsMatch(t, mach.Env, env)
			require.True(t, slices.IsSorted(append(argvAt, envAt...)), "strings rise as Linux copies them")

			start := r.at
			aux := map[uint64]uint64{}
			var order []uint64
			for {
				typ, value := r.word(), r.word()
				order = append(order, typ)
				aux[typ] = value
				if typ == arch.AT_NULL {
					break
				}
			}
			require.Equal(t, s.AuxvBytes, m.read(start, r.at-start))
			require.Len(t, s.Auxv, len(order))
			var want []uint64
			for _, e := range a.Aux { // ARCH_DLINFO comes first
				want = append(want, e.Type)
				require.Equal(t, e.Value, aux[e.Type])
			}
			want = append(want, []uint64{arch.AT_HWCAP, arch.AT_PAGESZ, arch.AT_CLKTCK, arch.AT_PHDR, arch.AT_PHENT, arch.AT_PHNUM, arch.AT_BASE,
				arch.AT_FLAGS, arch.AT_ENTRY, arch.AT_UID, arch.AT_EUID, arch.AT_GID, arch.AT_EGID, arch.AT_SECURE, arch.AT_RANDOM,
				arch.AT_HWCAP2, arch.AT_EXECFN}...)
			if a.Platform != "" {
				want = append(want, arch.AT_PLATFORM)
				require.Equal(t, a.Platform, r.text(aux[arch.AT_PLATFORM]))
			}
			if a.BasePlatform != "" {
				want = append(want, arch.AT_BASE_PLATFORM)
				require.Equal(t, a.BasePlatform, r.text(aux[arch.AT_BASE_PLATFORM]))
			}
			require.Equal(t, append(want, arch.AT_NULL), order, "the order of create_elf_tables")
			require.EqualValues(t, 4096, aux[arch.AT_PAGESZ])
			require.EqualValues(t, 100, aux[arch.AT_CLKTCK])
			require.Equal(t, l.Phdr, aux[arch.AT_PHDR])
			require.Equal(t, l.Bias, aux[arch.AT_ENTRY])
			require.EqualValues(t, 5, aux[arch.AT_EUID])
			require.EqualValues(t, 6, aux[arch.AT_EGID])
			require.Equal(t, mach.Random[:], m.read(aux[arch.AT_RANDOM], 16))
			require.Equal(t, "/prog", r.text(aux[arch.AT_EXECFN]))
			require.Equal(t, make([]byte, a.PtrSize), m.read(s.End-uint64(a.PtrSize), uint64(a.PtrSize)))
			require.Equal(t, s.End-uint64(a.PtrSize)-uint64(len("/prog")+1), aux[arch.AT_EXECFN])
		}
	}
}

// TestNewStackOfImage has what the program headers say.
func TestNewStackOfImage(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		i, err := loader.Parse("prog", craftPIE(a).build())
		require.NoError(t, err)
		m := newMemory()
		l, err := i.Load(m, emu.PageSize)
		require.NoError(t, err)
		s, err := loader.NewStack(m, i, l, machine.New(), loader.StackOptions{})
		require.NoError(t, err)
		aux := map[uint64]uint64{}
		for _, e := range s.Auxv {
			aux[e.Type] = e.Value
		}
		require.Equal(t, l.Entry, aux[arch.AT_ENTRY])
		require.EqualValues(t, 5, aux[arch.AT_PHNUM])
		require.EqualValues(t, map[int]int{4: 32, 8: 56}[a.PtrSize], aux[arch.AT_PHENT])
		require.Equal(t, l.Bias+uint64(elfSize(a)), aux[arch.AT_PHDR])
	})
}

// TestHWCap: what the engine runs is there, and a machine can add and take.
func TestHWCap(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		caps := func(features ...string) (v [3]uint64) {
			mach := machine.New()
			mach.Features = features
			s, err := loader.NewStack(newMemory(), &loader.Image{Path: "prog", Arch: a}, loader.Layout{}, mach, loader.StackOptions{})
			require.NoError(t, err)
			for _, e := range s.Auxv {
				switch e.Type {
				case arch.AT_HWCAP:
					v[1] = e.Value
				case arch.AT_HWCAP2:
					v[2] = e.Value
				}
			}
			return v
		}
		plain := caps()
		for _, f := range a.Features {
			if f.HWCap == 0 {
				require.Equal(t, plain, caps("-"+f.Name), f.Name)
				continue
			}
			bit := uint64(1) << f.Bit
			require.Equal(t, f.Engine, plain[f.HWCap]&bit != 0, f.Name)
			require.NotZero(t, caps("+" + f.Name)[f.HWCap]&bit, f.Name)
			require.Zero(t, caps("-" + f.Name)[f.HWCap]&bit, f.Name)
		}
		require.Equal(t, plain, caps("+of-another-family"))
	})
}

func TestNewStackRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		args []string
		opts loader.StackOptions
		fail int
		want string
	}{
		{"zero byte", []string{"a\x00b"}, loader.StackOptions{}, 0, "holds a zero byte"},
		{"long string", []string{strings.Repeat("x", 128<<10)}, loader.StackOptions{}, 0, "has 131072 bytes, Linux takes 131071"},
		{"long name", nil, loader.StackOptions{Name: strings.Repeat("x", 1<<20)}, 0, "argument list too long"},
		{"many strings", slices.Repeat([]string{strings.Repeat("x", 100<<10)}, 21), loader.StackOptions{}, 0, "arguments and environment take"},
		{"very many strings", slices.Repeat([]string{""}, 1<<20), loader.StackOptions{}, 0, "arguments and environment take"},
		{"no memory", nil, loader.StackOptions{}, 1, "call 1 fails"},
		{"no write", nil, loader.StackOptions{}, 2, "call 2 fails"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			mach := machine.New()
			mach.Args = tc.args
			m := newMemory()
			m.fail = tc.fail
			_, err := loader.NewStack(m, &loader.Image{Path: "prog", Arch: arch.All()[0]}, loader.Layout{}, mach, tc.opts)
			var e *loader.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, loader.Refused, e.Kind)
			require.ErrorContains(t, err, tc.want)
			require.False(t, bytes.ContainsAny([]byte(err.Error()), "\x00\n"))
		})
	}
}
