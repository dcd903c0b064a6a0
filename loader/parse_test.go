// SPDX-License-Identifier: GPL-2.0-or-later

package loader_test

import (
	"debug/elf"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/loader"
)

// eachArch runs a test for every architecture that rt0 boots.
func eachArch(t *testing.T, f func(t *testing.T, a *arch.Arch)) {
	for _, a := range arch.All() {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			f(t, a)
		})
	}
}

func TestParseCrafted(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		data := craft(a).build()
		for name, data := range map[string][]byte{"whole": data, "sectionless": sectionless(data)} {
			i, err := loader.Parse(name, data)
			require.NoError(t, err)
			require.Same(t, a, i.Arch)
			require.Equal(t, "go1.26.8", i.GoVersion)
			require.Equal(t, 26, i.Minor())
			require.Equal(t, map[string]string{"GOOS": "linux"}, i.Settings)
			require.Equal(t, "exe", i.BuildMode)
			require.Equal(t, name == "sectionless", i.Stripped)
			require.EqualValues(t, stripBase+textAt, i.Entry)
			require.Len(t, i.Segments, 3)
			require.Len(t, i.Funcs(), len(craftedFuncs))
			for n, want := range craftedFuncs {
				addr, ok := i.Func(want)
				require.True(t, ok, want)
				require.EqualValues(t, stripBase+textAt+32*n, addr)
				f, ok := i.FuncAt(addr + 31)
				require.True(t, ok)
				require.Equal(t, loader.Func{Name: want, Addr: addr, Size: 32}, f)
			}
			_, ok := i.FuncAt(stripBase + textAt - 1)
			require.False(t, ok)
			_, ok = i.FuncAt(stripBase + textAt + 128)
			require.False(t, ok)
			_, ok = i.Func("c_function")
			require.Equal(t, name == "whole", ok)
			addr, size, ok := i.Var("runtime.ncpu")
			require.Equal(t, name == "whole", ok)
			if ok {
				require.EqualValues(t, stripBase+dataEnd+16, addr)
				require.EqualValues(t, 4, size)
			}
			_, _, ok = i.Var("main.main")
			require.False(t, ok, "a function is no variable")
			require.Len(t, i.SHA256(), 64)
		}
	})
}

// TestParseRefuses spoils one thing at a time and wants the kind and the words of the refusal.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	patch := func(f func(f *image)) func(*crafted) { return func(c *crafted) { c.patch = f } }
	const huge = math.MaxUint64 - 100 // also of 32 bits, where the upper half is cut
	for _, tc := range []struct {
		name  string
		spoil func(*crafted)
		kind  loader.Kind
		want  string
	}{
		{"class", patch(func(f *image) { f.data[4] = 7 }), loader.Corrupt, "class 7"},
		{"byte order", patch(func(f *image) { f.data[5] = 0 }), loader.Corrupt, "byte order 0"},
		{"version", patch(func(f *image) { f.data[6] = 2 }), loader.Corrupt, "version 2"},
		{"header size", patch(func(f *image) { f.put16(f.pick(40, 52), 1) }), loader.Corrupt, "says that it has 1 bytes"},
		{"FreeBSD ABI", patch(func(f *image) { f.data[7] = byte(elf.ELFOSABI_FREEBSD) }), loader.WrongOS, "FreeBSD"},
		{"loong64", patch(func(f *image) { f.data[4], f.data[5] = 2, 1; f.order.PutUint16(f.data[18:], 258) }), loader.UnsupportedArch, ""},
		{"object file", func(c *crafted) { c.typ = elf.ET_REL }, loader.NotExecutable, "object file"},
		{"core dump", func(c *crafted) { c.typ = elf.ET_CORE }, loader.NotExecutable, "core dump"},
		{"odd type", func(c *crafted) { c.typ = 77 }, loader.NotExecutable, "its type is ET_CORE+73"},
		{"shared library", func(c *crafted) { c.typ = elf.ET_DYN }, loader.NotExecutable, "shared library"},

		{"no program headers", patch(func(f *image) { f.phnum(0) }), loader.Corrupt, "no program headers"},
		{"program header size", patch(func(f *image) { f.phentsize(48) }), loader.Corrupt, "a program header has 48 bytes"},
		{"too many program headers", patch(func(f *image) { f.phnum(5000) }), loader.Corrupt, "too many program headers: 5000"},
		{"program headers beyond", patch(func(f *image) { f.phoff(0x10000) }), loader.Truncated, "program header table"},
		{"program headers wrap", patch(func(f *image) { f.phoff(huge) }), "", ""},
		{"no segment", patch(func(f *image) { f.pType(0, 0); f.pType(1, 0); f.pType(2, 0) }), loader.Corrupt, "no loadable segment"},
		{"segment beyond", patch(func(f *image) { f.pOffset(2, 0x10003000) }), loader.Truncated, "segment data"},
		{"segment size wraps", patch(func(f *image) { f.pFile(2, huge) }), "", ""},
		{"file larger than memory", patch(func(f *image) { f.pMem(2, 0x10) }), loader.Corrupt, "do not fit"},
		{"segment wraps", patch(func(f *image) { f.pMem(2, huge) }), loader.Corrupt, ""},
		{"kernel address", patch(func(f *image) { f.pAddr(2, huge&^0xfff) }), loader.Corrupt, ""},
		{"outside of user space", func(c *crafted) {
			c.patch = func(f *image) { f.pAddr(2, c.arch.UserTop-0x1000) }
		}, loader.Corrupt, "outside of user space"},
		{"overlap", patch(func(f *image) { f.pAddr(1, stripBase+textAt) }), loader.Corrupt, "overlapping segments"},
		{"overlap in a page", patch(func(f *image) { f.pMem(1, 0x1fff); f.pOffset(2, 0x3000); f.pAddr(2, stripBase+0x3000) }), loader.Corrupt, "overlapping segments"},
		{"misaligned", patch(func(f *image) { f.pAddr(1, stripBase+0x2010) }), loader.Corrupt, "misaligned segment"},
		{"one file many times", patch(func(f *image) {
			for n := range 2 {
				f.pOffset(n, 0)
				f.pFile(n, uint64(len(f.data)))
				f.pMem(n, uint64(len(f.data)))
				f.pAddr(n, stripBase+uint64(n)<<16)
			}
			f.pAddr(2, stripBase+2<<16)
			f.pOffset(2, 0)
			f.pFile(2, uint64(len(f.data)))
			f.pMem(2, uint64(len(f.data)))
		}), loader.Corrupt, "absurd size"},

		{"section headers beyond", patch(func(f *image) { f.shoff(0x10000) }), loader.Truncated, "section header table"},
		{"section headers wrap", patch(func(f *image) { f.shoff(huge) }), "", ""},
		{"section header size", patch(func(f *image) { f.shentsize(12) }), loader.Corrupt, "a section header has 12 bytes"},
		{"too many sections", patch(func(f *image) { f.shnum(0xff00) }), "", "section header"},
		{"absurd sections", patch(func(f *image) { f.shnum(0); f.sSize(0, 1<<31) }), loader.Corrupt, "absurd size"},
		{"sections at 0", patch(func(f *image) { f.shoff(0) }), loader.Corrupt, "at offset 0"},
		{"section names", patch(func(f *image) { f.shstrndx(6) }), loader.Corrupt, "section names are in section 6 of 6"},
		{"section name table beyond", patch(func(f *image) { f.sSize(3, 1<<20) }), loader.Truncated, "section name table"},
		{"section data beyond", patch(func(f *image) { f.sSize(5, 1<<20) }), loader.Truncated, ".go.buildinfo"},
		{"section data wraps", patch(func(f *image) { f.sOffset(5, huge) }), "", ""},
		{"symbol table beyond", patch(func(f *image) { f.sSize(1, 1<<20) }), loader.Truncated, "symbol table"},
		{"symbol names beyond", patch(func(f *image) { f.sSize(2, 1<<20) }), loader.Truncated, "symbol name table"},
		{"symbol names nowhere", patch(func(f *image) { f.sLink(1, 99) }), loader.Corrupt, "names are in section 99 of 6"},
		{"symbol size", patch(func(f *image) { f.sEntry(1, 5) }), loader.Corrupt, "an entry has 5 bytes"},

		{"entry in data", patch(func(f *image) { f.entry(stripBase + dataAt) }), loader.Corrupt, "entry point"},
		{"entry nowhere", patch(func(f *image) { f.entry(8) }), loader.Corrupt, "entry point"},
		{"no executable segment", patch(func(f *image) { f.pFlags(0, uint32(elf.PF_R)) }), loader.Corrupt, "entry point"},

		{"not Go", func(c *crafted) {
			c.pclntab = []byte{0}
			c.patch = func(f *image) { copy(f.data[f.sec-36:], strings.Repeat("x", 30)) } // section names
		}, loader.NotGo, "not a Go program"},
		{"UPX", func(c *crafted) {
			c.pclntab = []byte{0}
			c.patch = func(f *image) { copy(f.data[0x300:], "UPX!"); copy(f.data[f.sec-36:], strings.Repeat("x", 30)) }
		}, loader.NotGo, "upx -d"},
		{"no function table", func(c *crafted) { c.pclntab = []byte{0} }, loader.Corrupt, "function table"},
		{"GOOS", func(c *crafted) { c.settings = "build\tGOOS=illumos\n" }, loader.WrongOS, "illumos"},
		{"NetBSD note", func(c *crafted) { c.note = "NetBSD" }, loader.WrongOS, "NetBSD"},
		{"OpenBSD interpreter", func(c *crafted) { c.interp = "/usr/libexec/ld.so" }, loader.WrongOS, "OpenBSD"},
		{"one library", func(c *crafted) { c.interp, c.needed = "/lib/ld.so", []string{"libc.so.6"} }, loader.NeedsLibraries, "the shared library libc.so.6: build with CGO_ENABLED=0"},
		{"libraries", func(c *crafted) { c.interp, c.needed = "/lib/ld.so", []string{"liba.so", "libb.so"} }, loader.NeedsLibraries, "libraries liba.so, libb.so"},
		{"many libraries", func(c *crafted) { c.interp, c.needed = "/lib/ld.so", strings.Split("abcdefghij", "") }, loader.NeedsLibraries, "h, 2 more"},
		{"hostile library", func(c *crafted) { c.interp, c.needed = "/lib/ld.so", []string{"a\nb\x1b[1m"} }, loader.NeedsLibraries, "a?b?[1m"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, a := range arch.All() {
				c := craft(a)
				tc.spoil(c)
				i, err := loader.Parse("prog", c.build())
				require.Nil(t, i, a.Name)
				var e *loader.Error
				require.ErrorAs(t, err, &e, a.Name)
				if tc.kind != "" {
					require.Equal(t, tc.kind, e.Kind, "%s: %v", a.Name, err)
				}
				require.Contains(t, err.Error(), tc.want, a.Name)
				require.True(t, strings.HasPrefix(err.Error(), "prog"), err)
				require.NotContains(t, err.Error(), "\n")
			}
		})
	}
}

func TestParseForeign(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		data string
		kind loader.Kind
		want string
	}{
		{"", loader.NotELF, "prog: not an ELF file: it is empty"},
		{"hello, world", loader.NotELF, `prog: not an ELF file: it starts with "hell"`},
		{"\x7fEL", loader.NotELF, `prog: not an ELF file: it starts with "\x7fEL"`},
		{"#!/bin/sh\n", loader.NotELF, "prog: not an ELF file: it is a script"},
		{"!<arch>\n", loader.NotELF, "prog: not an ELF file: it is an archive"},
		{"MZ\x90\x00", loader.WrongOS, "prog: it is a Windows program (PE), not a Linux one: build with GOOS=linux"},
		{"\xcf\xfa\xed\xfe", loader.WrongOS, "prog: it is a macOS program (Mach-O), not a Linux one: build with GOOS=linux"},
		{"\x00asm\x01", loader.NotELF, "prog: not an ELF file: it is WebAssembly"},
		{"\x7fELF", loader.Truncated, "prog: truncated file: its ELF identification should end at byte 16, the file has 4"},
	} {
		_, err := loader.Parse("prog", []byte(tc.data))
		var e *loader.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, tc.kind, e.Kind)
		require.EqualError(t, err, tc.want)
	}
}

func TestUnsupportedArchitectureIsNamed(t *testing.T) {
	t.Parallel()
	a, ok := arch.Find("amd64")
	require.True(t, ok)
	for machine, want := range map[elf.Machine]string{elf.EM_LOONGARCH: "loong64", elf.EM_RISCV: "riscv64", elf.EM_IA_64: "ia_64 (64 bits)"} {
		if _, ok := arch.ByELF(machine, elf.ELFCLASS64, elf.ELFDATA2LSB); ok {
			continue
		}
		c := craft(a)
		c.patch = func(f *image) { f.put16(18, uint16(machine)) }
		_, err := loader.Parse("prog", c.build())
		require.EqualError(t, err, "prog: unsupported architecture "+want+"; rt0 boots "+strings.Join(arch.Names(), ", "))
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	small, large := filepath.Join(dir, "small"), filepath.Join(dir, "large")
	data := craft(arch.All()[0]).build()
	require.NoError(t, os.WriteFile(small, data, 0o600))
	require.NoError(t, os.WriteFile(large, append(data, make([]byte, 1<<20)...), 0o600))
	for _, path := range []string{small, large} {
		i, err := loader.Open(path)
		require.NoError(t, err)
		require.Equal(t, path, i.Path)
		require.NotEmpty(t, i.Funcs())
	}
	for path, want := range map[string]string{
		dir:                          dir + ": cannot be read: it is a directory",
		filepath.Join(dir, "absent"): filepath.Join(dir, "absent") + ": cannot be read: no such file or directory",
		os.DevNull:                   os.DevNull + ": cannot be read: it is not a regular file",
	} {
		_, err := loader.Open(path)
		var e *loader.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, loader.Unreadable, e.Kind)
		require.EqualError(t, err, want)
	}
}

// TestTruncated cuts a file everywhere: each cut is told as one.
func TestTruncated(t *testing.T) {
	t.Parallel()
	eachArch(t, func(t *testing.T, a *arch.Arch) {
		data := craft(a).build()
		for n := range len(data) {
			_, err := loader.Parse("prog", data[:n])
			var e *loader.Error
			require.ErrorAs(t, err, &e, "cut at %d", n)
			want := loader.Truncated
			if n < 4 {
				want = loader.NotELF
			}
			require.Equal(t, want, e.Kind, "cut at %d: %v", n, err)
		}
	})
}
