// SPDX-License-Identifier: GPL-2.0-or-later

package loader_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/loader"
)

// toolchains are the releases at which something that the loader reads has changed: the last ones with the first pclntab, with
// the second, and the newest before and after the text's start left the pclntab.
var toolchains = []struct {
	name  string // "": the host's
	minor int
}{
	{"go1.11.13", 11},
	{"go1.16.15", 16},
	{"", 26},
	{"go1.27.0", 27},
}

// each runs a test for hello in every release, architecture and build mode that goes without cgo; a short test stays with the host's release.
func each(t *testing.T, f func(t *testing.T, minor int, mode string, build func(opts ...fixtures.Option) string)) {
	for _, tc := range toolchains {
		if testing.Short() && tc.name != "" {
			continue
		}
		for _, a := range arch.All() {
			if tc.minor < a.Since {
				continue
			}
			for _, mode := range []string{"exe", "pie"} {
				if mode == "pie" && (a.PIE == 0 || a.PIE > tc.minor) {
					continue
				}
				name := tc.name
				if name == "" {
					name = "host"
				}
				t.Run(name+"/"+a.Name+"/"+mode, func(t *testing.T) {
					t.Parallel()
					f(t, tc.minor, mode, func(opts ...fixtures.Option) string {
						opts = append(opts, fixtures.Toolchain(tc.name))
						if mode == "pie" {
							opts = append(opts, fixtures.PIE())
						}
						return fixtures.Build(t, fixtures.Hello, a.Name, opts...)
					})
				})
			}
		}
	}
}

// TestAncient reads programs from before modules and build info: with symbols the runtime's variable says the version, without them a constant.
func TestAncient(t *testing.T) {
	if testing.Short() {
		t.Skip("fetches toolchains")
	}
	t.Parallel()
	for _, tc := range []struct {
		toolchain, goarch string
		minor             int
	}{{"go1.4.3", "amd64", 4}, {"go1.5.4", "386", 5}, {"go1.8.7", "mips", 8}, {"go1.8.7", "s390x", 8}} {
		for _, opts := range [][]fixtures.Option{nil, {fixtures.Stripped()}} {
			i := open(t, fixtures.Build(t, fixtures.Hello, tc.goarch, append(opts, fixtures.Toolchain(tc.toolchain))...))
			require.Equal(t, tc.toolchain, i.GoVersion)
			require.Equal(t, tc.minor, i.Minor())
			require.Equal(t, opts != nil, i.Stripped)
			f, ok := i.FuncAt(i.Entry)
			require.True(t, ok)
			require.Equal(t, "_rt0_"+tc.goarch+"_linux", f.Name)
			for _, name := range []string{"runtime.schedinit", "runtime.main", "main.init", "main.main"} {
				_, ok := i.Func(name)
				require.True(t, ok, name)
			}
		}
	}
}

func open(t *testing.T, path string) *loader.Image {
	t.Helper()
	i, err := loader.Open(path)
	require.NoError(t, err)
	return i
}

// TestNames compares with the symbol table as debug/elf reads it.
func TestNames(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, minor int, mode string, build func(...fixtures.Option) string) {
		path := build()
		i := open(t, path)
		if minor != 26 { // the host's release moves on
			require.Equal(t, minor, i.Minor(), i.GoVersion)
		}
		require.Equal(t, mode, i.BuildMode)
		require.False(t, i.Stripped)
		if minor >= 18 {
			require.Equal(t, "linux", i.Settings["GOOS"])
			require.Equal(t, i.Arch.Name, i.Settings["GOARCH"])
		}
		f, ok := i.FuncAt(i.Entry)
		require.True(t, ok)
		entry := "_rt0_" + i.Arch.Name + "_linux"
		if i.Descriptors { // that is the name of the descriptor
			entry = "_main"
		}
		require.Equal(t, loader.Func{Name: entry, Addr: i.Entry, Size: f.Size}, f)

		file, err := elf.Open(path)
		require.NoError(t, err)
		defer file.Close()
		symbols, err := file.Symbols()
		require.NoError(t, err)
		abi0 := map[string]uint64{}
		for _, s := range symbols {
			if name, ok := strings.CutSuffix(s.Name, ".abi0"); ok {
				abi0[name] = s.Value
			}
		}
		funcs, vars := 0, 0
		for _, s := range symbols {
			switch elf.ST_TYPE(s.Info) {
			case elf.STT_FUNC:
				funcs++
				addr, ok := i.Func(s.Name)
				require.True(t, ok, s.Name)
				if addr != s.Value { // the wrapper of an assembly function: the name means the wrapped one
					require.Equal(t, abi0[s.Name], addr, s.Name)
				}
			case elf.STT_OBJECT:
				vars++
				addr, size, ok := i.Var(s.Name)
				require.True(t, ok, s.Name)
				require.Equal(t, s.Value, addr, s.Name)
				require.Equal(t, s.Size, size, s.Name)
			}
		}
		require.Greater(t, funcs, 800)
		require.Greater(t, vars, 300)
	})
}

// TestStripped wants the same functions, version and settings of a program without symbol table, as linked without it, as
// strip(1) leaves it, and without section headers.
func TestStripped(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, minor int, mode string, build func(...fixtures.Option) string) {
		i := open(t, build())
		data, err := os.ReadFile(build(fixtures.Stripped()))
		require.NoError(t, err)
		for name, data := range map[string][]byte{"-s -w": data, "sectionless": sectionless(data), "sections zeroed": sectionless(i.Data)} {
			s, err := loader.Parse(name, data)
			require.NoError(t, err)
			require.True(t, s.Stripped)
			require.Equal(t, i.GoVersion, s.GoVersion, name)
			require.Equal(t, i.BuildMode, s.BuildMode)
			if name == "sections zeroed" {
				require.Equal(t, i.Settings, s.Settings)
				require.Equal(t, i.Funcs(), s.Funcs(), name)
			}
			require.Len(t, s.Funcs(), len(i.Funcs()))
			for n, f := range i.Funcs() { // a PIE's addresses move by the size of what else goes
				require.Equal(t, f.Name, s.Funcs()[n].Name)
				require.Equal(t, f.Size, s.Funcs()[n].Size, f.Name)
				want, _ := i.Func(f.Name)
				at, ok := s.Func(f.Name)
				require.True(t, ok)
				require.Equal(t, want-i.Entry, at-s.Entry, f.Name)
			}
			_, _, ok := s.Var("runtime.buildVersion")
			require.False(t, ok)
		}
	})
}

// TestObfuscated does to programs what mvdan.cc/garble does to the function table: another magic number, and scrambled _func.entryOff.
func TestObfuscated(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, minor int, mode string, build func(...fixtures.Option) string) {
		i := open(t, build(fixtures.Stripped()))
		f, err := elf.NewFile(bytes.NewReader(i.Data))
		require.NoError(t, err)
		s := f.Section(".gopclntab")
		if s == nil {
			s = f.Section(".data.rel.ro.gopclntab")
		}
		require.NotNil(t, s)
		data := bytes.Clone(i.Data)
		table := data[s.Offset : s.Offset+s.Size]
		copy(table, "\x54\x6b\x69\xad")
		if minor < 18 { // there were no offsets to scramble
			_, err := loader.Parse("garbled", data)
			require.ErrorContains(t, err, "makes no sense")
			return
		}
		order, ptr := i.Arch.Order, i.Arch.PtrSize
		word := func(n int) int {
			if b := table[8+n*ptr:]; ptr == 8 {
				return int(order.Uint64(b))
			} else {
				return int(order.Uint32(b))
			}
		}
		functions := table[word(7):]
		for n := range word(0) {
			entry := functions[order.Uint32(functions[8*n+4:]):]
			order.PutUint32(entry, order.Uint32(entry)^order.Uint32(entry[4:])*0x9e3779b1)
		}
		g, err := loader.Parse("garbled", data)
		require.NoError(t, err)
		require.Equal(t, i.Funcs(), g.Funcs())

		// What only begins like a table is none.
		order.PutUint32(functions[8*(word(0)/2)+4:], 0xfffffff0)
		_, err = loader.Parse("garbled", data)
		require.ErrorContains(t, err, "makes no sense")
	})
}

// TestNm compares with `go tool nm`.
func TestNm(t *testing.T) {
	t.Parallel()
	path := fixtures.Build(t, fixtures.Inits, "amd64")
	i := open(t, path)
	out, err := exec.CommandContext(t.Context(), "go", "tool", "nm", path).Output()
	if err != nil {
		t.Skipf("go tool nm is not there: %v", err)
	}
	inits := 0
	for line := range strings.Lines(string(out)) {
		w := strings.Fields(line)
		if len(w) != 3 || w[1] != "T" || !strings.Contains(w[2], ".init") {
			continue
		}
		inits++
		want, err := strconv.ParseUint(w[0], 16, 64)
		require.NoError(t, err)
		addr, ok := i.Func(w[2])
		require.True(t, ok, w[2])
		require.Equal(t, want, addr, w[2])
	}
	require.Greater(t, inits, 20)
}

// TestTruncatedBinary cuts a real program at the borders of all that is in it, and at a stride.
func TestTruncatedBinary(t *testing.T) {
	t.Parallel()
	for _, strip := range []bool{false, true} {
		opts := []fixtures.Option{fixtures.PIE()}
		if strip {
			opts = append(opts, fixtures.Stripped())
		}
		data, err := os.ReadFile(fixtures.Build(t, fixtures.Hello, "arm64", opts...))
		require.NoError(t, err)
		f, err := elf.NewFile(bytes.NewReader(data))
		require.NoError(t, err)
		cuts := map[uint64]bool{}
		end := uint64(0)
		border := func(offset, size uint64) {
			for _, at := range []uint64{offset, offset + 1, offset + size/2, offset + size - 1, offset + size} {
				cuts[at] = true
			}
			end = max(end, offset+size)
		}
		for _, p := range f.Progs {
			border(p.Off, p.Filesz)
		}
		for _, s := range f.Sections {
			if s.Type != elf.SHT_NOBITS {
				border(s.Offset, s.FileSize)
			}
		}
		for at := uint64(0); at < end; at += 4093 {
			cuts[at] = true
		}
		for at := range cuts {
			if at >= end { // what follows the last section is padding
				continue
			}
			_, err := loader.Parse("prog", data[:at])
			var e *loader.Error
			require.ErrorAs(t, err, &e, "cut at %d of %d", at, len(data))
			require.Contains(t, []loader.Kind{loader.Truncated, loader.NotELF}, e.Kind, "cut at %d: %v", at, err)
		}
	}
}

func TestNotGo(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("ls")
	if err != nil {
		t.Skip("there is no ls")
	}
	_, err = loader.Open(path)
	var e *loader.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, loader.NotGo, e.Kind, "%v", err)
}

// TestRefusedFilesAreDescribed: what is refused is told apart all the same, whatever the reason.
func TestRefusedFilesAreDescribed(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(fixtures.Build(t, fixtures.Hello, "amd64"))
	require.NoError(t, err)
	good, err := loader.Parse("prog", data)
	require.NoError(t, err)
	change := func(offset int, value uint16) []byte {
		changed := bytes.Clone(data)
		binary.LittleEndian.PutUint16(changed[offset:], value)
		return changed
	}
	for _, tc := range []struct {
		name          string
		data          []byte
		kind          loader.Kind
		goarch, built string
	}{
		{"another CPU", change(18, uint16(elf.EM_LOONGARCH)), loader.UnsupportedArch, "loong64", "exe"},
		{"another type", change(16, uint16(elf.ET_REL)), loader.NotExecutable, "amd64", ""},
		{"a shared library", change(16, uint16(elf.ET_DYN)), loader.NotExecutable, "amd64", "pie"},
	} {
		_, err := loader.Parse("prog", tc.data)
		var e *loader.Error
		require.ErrorAs(t, err, &e, tc.name)
		require.Equal(t, tc.kind, e.Kind, tc.name)
		require.Equal(t, tc.goarch, e.Image.GOARCH(), tc.name)
		require.Equal(t, tc.built, e.Image.BuildMode, tc.name)
		require.Equal(t, good.GoVersion, e.Image.GoVersion, tc.name)
		require.Equal(t, good.Settings, e.Image.Settings, tc.name)
		require.False(t, e.Image.Stripped, tc.name)
		require.NotEqual(t, good.SHA256(), e.Image.SHA256(), tc.name)
	}
	_, err = loader.Parse("prog", []byte("text"))
	var e *loader.Error
	require.ErrorAs(t, err, &e)
	require.Empty(t, e.Image.GOARCH())
	require.Len(t, e.Image.SHA256(), 64)
	_, err = loader.Open("no/such/file")
	require.ErrorAs(t, err, &e)
	require.Nil(t, e.Image)
}
