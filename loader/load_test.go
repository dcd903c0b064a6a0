// SPDX-License-Identifier: GPL-2.0-or-later

package loader_test

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/loader"
)

// TestLoadBinaries compares memory with what debug/elf says of the segments and relocations.
func TestLoadBinaries(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ int, mode string, build func(...fixtures.Option) string) {
		i := open(t, build())
		m := newMemory()
		l, err := i.Load(m, emu.PageSize)
		require.NoError(t, err)
		if mode == "exe" {
			require.Zero(t, l.Bias)
		} else {
			align := i.Arch.PIEBase - (l.Bias + i.Segments[0].Addr)
			require.Less(t, align, uint64(0x10000), "the first segment is at the base")
		}
		require.Equal(t, i.Entry+l.Bias, l.Entry)
		f, err := elf.NewFile(bytes.NewReader(i.Data))
		require.NoError(t, err)
		phdr := i.Data[elfSize(i.Arch):][:len(f.Progs)*32]
		require.Equal(t, phdr, m.read(l.Phdr, uint64(len(phdr))))

		relocated := map[uint64]uint64{}
		if s := f.Section(".rela"); s != nil {
			b, err := s.Data()
			require.NoError(t, err)
			for ; len(b) >= 24; b = b[24:] {
				relocated[f.ByteOrder.Uint64(b)] = f.ByteOrder.Uint64(b[16:]) + l.Bias
			}
			require.NotEmpty(t, relocated)
		}
		end := uint64(0)
		for _, p := range f.Progs {
			if p.Type != elf.PT_LOAD {
				continue
			}
			want := make([]byte, p.Memsz)
			_, err := p.ReadAt(want[:p.Filesz], 0)
			require.NoError(t, err)
			for at, v := range relocated {
				if at >= p.Vaddr && at < p.Vaddr+p.Filesz {
					f.ByteOrder.PutUint64(want[at-p.Vaddr:], v)
				}
			}
			require.True(t, bytes.Equal(want, m.read(p.Vaddr+l.Bias, p.Memsz)), "segment %#x", p.Vaddr)
			end = max(end, p.Vaddr+p.Memsz)
		}
		require.Equal(t, (end+l.Bias+emu.PageSize-1)&^(emu.PageSize-1), l.Brk)
		require.Nil(t, m.read(l.Brk, 1))
		for at, p := range m.pages {
			require.NotEqual(t, emu.Write|emu.Exec, p.prot&(emu.Write|emu.Exec), "%#x", at)
		}
		var text *page
		for _, s := range i.Segments {
			if s.Prot&emu.Exec != 0 {
				text = m.pages[s.Addr+l.Bias]
			}
		}
		require.Equal(t, emu.Read|emu.Exec, text.prot)
		require.Equal(t, loader.TagImage, text.tag)
		require.Equal(t, loader.TagBSS, m.pages[l.Brk-emu.PageSize].tag)
		if p := i.Data; mode == "pie" && relro(f) != nil && p != nil {
			require.Equal(t, emu.Read, m.pages[relro(f).Vaddr&^(emu.PageSize-1)+l.Bias].prot)
		}
	})
}

func relro(f *elf.File) *elf.Prog {
	for _, p := range f.Progs {
		if p.Type == elf.PT_GNU_RELRO && p.Memsz > emu.PageSize {
			return p
		}
	}
	return nil
}

// TestLoadPages: the last page of a segment holds what follows in the file, unless the segment goes on as zeroes.
func TestLoadPages(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		c := craft(a)
		c.patch = func(f *image) {
			for n := textAt + 0x100; n < roAt; n++ {
				f.data[n] = 0xee
			}
		}
		i, err := loader.Parse("prog", c.build())
		require.NoError(t, err)
		m := newMemory()
		l, err := i.Load(m, emu.PageSize)
		require.NoError(t, err)
		require.Equal(t, loader.Layout{Entry: stripBase + textAt, Phdr: stripBase + uint64(elfSize(a)), Brk: stripBase + memEnd}, l)
		require.Equal(t, i.Data[:roAt], m.read(stripBase, roAt))
		require.Equal(t, i.Data[dataAt:dataEnd], m.read(stripBase+dataAt, dataEnd-dataAt))
		require.Equal(t, make([]byte, memEnd-dataEnd), m.read(stripBase+dataEnd, memEnd-dataEnd))
		require.Len(t, m.pages, 5)
	})
}

func elfSize(a *arch.Arch) int {
	if a.PtrSize == 8 {
		return 64
	}
	return 52
}

func TestLoadLargePages(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(fixtures.Build(t, fixtures.Hello, "arm64"))
	require.NoError(t, err)
	i, err := loader.Parse("hello", data)
	require.NoError(t, err)
	m := newMemory()
	l, err := i.Load(m, 64<<10)
	require.NoError(t, err)
	require.Zero(t, l.Brk%(64<<10))
	require.Zero(t, len(m.pages)%16, "whole pages of the machine")

	c := craft(arch.All()[0])
	c.patch = func(f *image) { f.pAddr(2, stripBase+dataAt+0x1000) }
	i, err = loader.Parse("prog", c.build())
	require.NoError(t, err)
	m = newMemory()
	_, err = i.Load(m, 64<<10)
	var e *loader.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, loader.Refused, e.Kind)
	require.ErrorContains(t, err, "cannot be loaded with pages of 64 KiB: its segment at 0x104000")
	require.Empty(t, m.pages)
	for _, size := range []uint64{0, 1024, 5000} {
		_, err = i.Load(newMemory(), size)
		require.ErrorContains(t, err, "no power of two")
	}
}

// TestLoadFails hands on what the address space says.
func TestLoadFails(t *testing.T) {
	t.Parallel()
	i, err := loader.Parse("prog", craft(arch.All()[0]).build())
	require.NoError(t, err)
	for n := 1; n <= 4; n++ {
		m := newMemory()
		m.fail = n
		_, err := i.Load(m, emu.PageSize)
		require.EqualError(t, err, fmt.Sprintf("prog (%s): cannot be loaded: call %d fails", i.Arch.Name, n))
	}
}

// relocation tables for a crafted PIE: three pointers at pointersAt, the third of them 4 words further
func (c *crafted) pointers(entry func(b []byte, addr uint64, n int) []byte) []byte {
	var b []byte
	for n, off := range []int{0, 1, 5} {
		b = entry(b, uint64(pointersAt+off*c.arch.PtrSize), n)
	}
	return b
}

func (c *crafted) info(typ uint32) uint64 { return uint64(typ) }

// TestRelocate puts the same three pointers into each kind of table.
func TestRelocate(t *testing.T) {
	t.Parallel()
	inPlace := func(c *crafted) { // the pointers' values, as REL and RELR want them
		c.patch = func(f *image) {
			for n, off := range []int{0, 1, 5} {
				f.put(pointersAt+off*c.arch.PtrSize, uint64(textAt+n))
			}
		}
	}
	dynamic := func(c *crafted, addr, size elf.DynTag, extra ...[2]uint64) {
		c.dynamic = append([][2]uint64{{uint64(addr), tableAt}, {uint64(size), uint64(len(c.table))}}, extra...)
	}
	for _, tc := range []struct {
		name string
		make func(c *crafted)
	}{
		{"rela", func(c *crafted) {
			c.table = c.pointers(func(b []byte, addr uint64, n int) []byte {
				return c.word(c.word(c.word(b, addr), c.info(c.arch.ELF.Relative)), uint64(textAt+n))
			})
			dynamic(c, elf.DT_RELA, elf.DT_RELASZ, [2]uint64{uint64(elf.DT_RELAENT), uint64(3 * c.arch.PtrSize)})
		}},
		{"rel", func(c *crafted) {
			inPlace(c)
			c.table = c.pointers(func(b []byte, addr uint64, _ int) []byte {
				return c.word(c.word(b, addr), c.info(c.arch.ELF.Relative))
			})
			dynamic(c, elf.DT_REL, elf.DT_RELSZ)
		}},
		{"relr", func(c *crafted) {
			inPlace(c)
			c.table = c.word(c.word(nil, pointersAt), 1|1<<1|1<<5)
			dynamic(c, 36, 35)
		}},
		{"jmprel", func(c *crafted) {
			inPlace(c)
			c.table = c.pointers(func(b []byte, addr uint64, _ int) []byte {
				return c.word(c.word(b, addr), c.info(c.arch.ELF.Relative))
			})
			dynamic(c, elf.DT_JMPREL, elf.DT_PLTRELSZ, [2]uint64{uint64(elf.DT_PLTREL), uint64(elf.DT_REL)})
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, a := range arch.All() {
				c := craftPIE(a)
				tc.make(c)
				i, err := loader.Parse("prog", c.build())
				require.NoError(t, err)
				require.Equal(t, "pie", i.BuildMode)
				m := newMemory()
				l, err := i.Load(m, emu.PageSize)
				require.NoError(t, err)
				require.Equal(t, a.PIEBase, l.Bias)
				for n, off := range []int{0, 1, 5} {
					want := c.word(nil, l.Bias+uint64(textAt+n))
					require.Equal(t, want, m.read(l.Bias+uint64(pointersAt+off*a.PtrSize), uint64(a.PtrSize)), "%s: pointer %d", a.Name, n)
				}
			}
		})
	}
}

func TestRelocationsRefused(t *testing.T) {
	t.Parallel()
	rela := func(c *crafted, addr uint64, typ uint32) {
		c.table = c.word(c.word(c.word(nil, addr), c.info(typ)), 1)
		c.dynamic = [][2]uint64{{uint64(elf.DT_RELA), tableAt}, {uint64(elf.DT_RELASZ), uint64(3 * c.arch.PtrSize)}}
	}
	other := map[string]struct {
		typ  uint32
		name string
	}{
		"amd64":    {uint32(elf.R_X86_64_IRELATIVE), "R_X86_64_IRELATIVE"},
		"386":      {uint32(elf.R_386_IRELATIVE), "R_386_IRELATIVE"},
		"arm64":    {uint32(elf.R_AARCH64_IRELATIVE), "R_AARCH64_IRELATIVE"},
		"arm":      {uint32(elf.R_ARM_IRELATIVE), "R_ARM_IRELATIVE"},
		"riscv64":  {uint32(elf.R_RISCV_COPY), "R_RISCV_COPY"},
		"ppc64":    {uint32(elf.R_PPC64_JMP_IREL), "R_PPC64_JMP_IREL"},
		"ppc64le":  {uint32(elf.R_PPC64_JMP_IREL), "R_PPC64_JMP_IREL"},
		"mips":     {uint32(elf.R_MIPS_TLS_TPREL32), "R_MIPS_TLS_TPREL32"},
		"mipsle":   {uint32(elf.R_MIPS_TLS_TPREL32), "R_MIPS_TLS_TPREL32"},
		"mips64":   {uint32(elf.R_MIPS_TLS_TPREL32), "R_MIPS_TLS_TPREL32"},
		"mips64le": {uint32(elf.R_MIPS_TLS_TPREL32), "R_MIPS_TLS_TPREL32"},
		"s390x":    {uint32(elf.R_390_COPY), "R_390_COPY"}, // debug/elf ends before R_390_IRELATIVE
	}
	for _, tc := range []struct {
		name string
		make func(c *crafted)
		kind loader.Kind
		want string
	}{
		{"outside", func(c *crafted) { rela(c, 0x900000, c.arch.ELF.Relative) }, loader.Corrupt, "a relocation at 0x900000 is outside"},
		{"across the end", func(c *crafted) { rela(c, dataEnd-1, c.arch.ELF.Relative) }, loader.Corrupt, "outside of the segments"},
		{"text", func(c *crafted) { rela(c, textAt, c.arch.ELF.Relative) }, loader.Relocation, "not writable"},
		{"entry size", func(c *crafted) {
			rela(c, pointersAt, c.arch.ELF.Relative)
			c.dynamic = append(c.dynamic, [2]uint64{uint64(elf.DT_RELAENT), 7})
		}, loader.Corrupt, "a relocation has 7 bytes"},
		{"table outside", func(c *crafted) {
			c.dynamic = [][2]uint64{{uint64(elf.DT_RELA), tableAt}, {uint64(elf.DT_RELASZ), 1 << 20}}
		}, loader.Corrupt, "1048576 bytes of relocations"},
		{"packed outside", func(c *crafted) {
			c.dynamic = [][2]uint64{{36, 0x900000}, {35, 8}}
		}, loader.Corrupt, "8 bytes of packed relocations"},
		{"packed backwards", func(c *crafted) {
			c.table = c.word(c.word(nil, pointersAt+16), pointersAt)
			c.dynamic = [][2]uint64{{36, tableAt}, {35, uint64(len(c.table))}}
		}, loader.Corrupt, "not in order"},
		{"packed bitmap outside", func(c *crafted) {
			c.table = c.word(nil, ^uint64(0))
			c.dynamic = [][2]uint64{{36, tableAt}, {35, uint64(len(c.table))}}
		}, "", "a relocation at"},
		{"another type", func(c *crafted) { rela(c, pointersAt, other[c.arch.Name].typ) }, loader.Relocation, "of type"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, a := range arch.All() {
				require.Contains(t, other, a.Name, "give the architecture a relocation that rt0 does not apply")
				c := craftPIE(a)
				tc.make(c)
				_, err := loader.Parse("prog", c.build())
				var e *loader.Error
				require.ErrorAs(t, err, &e, a.Name)
				if tc.kind != "" {
					require.Equal(t, tc.kind, e.Kind, "%s: %v", a.Name, err)
				}
				require.Contains(t, e.Reason, tc.want)
				if tc.want == "of type" {
					require.Contains(t, e.Reason, other[a.Name].name)
				}
			}
		})
	}
}

// TestSelfRelocating: a PIE without an interpreter relocates itself; its pages stay as they are in the file.
func TestSelfRelocating(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		c := craftPIE(a)
		c.table = c.word(c.word(c.word(nil, pointersAt), c.info(a.ELF.Relative)), textAt)
		c.dynamic = [][2]uint64{{uint64(elf.DT_RELA), tableAt}, {uint64(elf.DT_RELASZ), uint64(len(c.table))},
			{uint64(elf.DT_FLAGS_1), uint64(elf.DF_1_PIE)}}
		c.patch = func(f *image) { f.pType(3, uint32(elf.PT_NULL)) } // the interpreter
		i, err := loader.Parse("prog", c.build())
		require.NoError(t, err)
		require.Equal(t, "pie", i.BuildMode)
		m := newMemory()
		l, err := i.Load(m, emu.PageSize)
		require.NoError(t, err)
		require.Equal(t, make([]byte, a.PtrSize), m.read(l.Bias+pointersAt, uint64(a.PtrSize)))
	})
}
