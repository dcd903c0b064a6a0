// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
)

// TestVDSOFile reads the file of each architecture with debug/elf: what it says of itself, its symbols and their versions.
func TestVDSOFile(t *testing.T) {
	t.Parallel()
	for _, a := range arch.All() {
		for word, hash := range vdsoHash {
			t.Run(a.Name+"/"+word, func(t *testing.T) {
				t.Parallel()
				image, data, err := newVDSO(a, parseRelease("6.12.48"), hash.sysv, hash.gnu)
				require.NoError(t, err)
				f, err := elf.NewFile(bytes.NewReader(data))
				require.NoError(t, err)
				require.Equal(t, elf.ET_DYN, f.Type)
				require.Equal(t, a.ELF.Machine, f.Machine)
				require.Equal(t, a.ELF.Class, f.Class)
				require.Equal(t, a.ELF.Data, f.Data)
				require.Equal(t, binary.ByteOrder(a.Order), f.ByteOrder)
				require.Equal(t, elf.PT_LOAD, f.Progs[0].Type)
				require.Zero(t, f.Progs[0].Vaddr, "the code counts on it that the data is before the file's start")
				soname, err := f.DynString(elf.DT_SONAME)
				require.NoError(t, err)
				require.Equal(t, []string{a.VDSO.Soname}, soname)
				for tag, there := range map[elf.DynTag]bool{elf.DT_HASH: hash.sysv, elf.DT_GNU_HASH: hash.gnu} {
					value, err := f.DynValue(tag)
					require.NoError(t, err)
					require.Equal(t, there, len(value) == 1, "%v", tag)
				}
				symbols, err := f.DynamicSymbols()
				require.NoError(t, err)
				require.Len(t, symbols, len(image.symbols))
				text := f.Section(".text")
				versions := map[string]string{}
				for n, s := range symbols {
					require.Equal(t, image.symbols[n].name, s.Name)
					require.Equal(t, text, f.Sections[s.Section])
					require.GreaterOrEqual(t, s.Value, text.Addr)
					require.LessOrEqual(t, s.Value+s.Size, text.Addr+text.Size)
					kind := elf.STT_FUNC
					if a.VDSO.Untyped {
						kind = elf.STT_NOTYPE
					}
					require.Equal(t, kind, elf.ST_TYPE(s.Info))
					versions[s.Name] = s.Version
				}
				for _, want := range a.VDSO.Code {
					if want.Name != "" {
						version := want.Version
						if version == "" {
							version = a.VDSO.Version
						}
						require.Equal(t, version, versions[want.Name], want.Name)
					}
				}
				names, err := f.DynamicVersions()
				require.NoError(t, err)
				require.Equal(t, a.VDSO.Soname, names[0].Name)
				require.Equal(t, elf.VER_FLG_BASE, names[0].Flags)
				require.Equal(t, a.VDSO.Version, names[1].Name)
				for n := range image.symbols {
					name := image.symbols[n].name
					if hash.sysv {
						require.Equal(t, n+1, findSysV(t, a, f, name), name)
					}
					if hash.gnu {
						require.Equal(t, n+1, findGNU(t, a, f, name), name)
					}
				}
				if hash.gnu {
					require.Zero(t, findGNU(t, a, f, "__vdso_unheard_of"))
				}
				if hash.sysv {
					require.Zero(t, findSysV(t, a, f, "__vdso_unheard_of"))
				}
			})
		}
	}
}

// nameAt is the name of a symbol in .dynsym.
func nameAt(t *testing.T, f *elf.File, n int) string {
	t.Helper()
	symbols, err := f.DynamicSymbols()
	require.NoError(t, err)
	return symbols[n-1].Name
}

// findSysV looks a name up as the ELF specification says; 0: it is not there.
func findSysV(t *testing.T, a *arch.Arch, f *elf.File, name string) int {
	t.Helper()
	b, err := f.Section(".hash").Data()
	require.NoError(t, err)
	word := func(n uint32) uint32 {
		if a.VDSO.WideHash {
			return uint32(f.ByteOrder.Uint64(b[8*n:]))
		}
		return f.ByteOrder.Uint32(b[4*n:])
	}
	buckets := word(0)
	for n := word(2 + sysvHash(name)%buckets); n != 0; n = word(2 + buckets + n) {
		if nameAt(t, f, int(n)) == name {
			return int(n)
		}
	}
	return 0
}

// findGNU looks a name up as ld.so does, Bloom filter included.
func findGNU(t *testing.T, a *arch.Arch, f *elf.File, name string) int {
	t.Helper()
	b, err := f.Section(".gnu.hash").Data()
	require.NoError(t, err)
	word := func(at uint32) uint32 { return f.ByteOrder.Uint32(b[at:]) }
	h, bits := gnuHash(name), uint32(8*a.PtrSize)
	filter := uint64(word(16))
	if bits == 64 {
		filter = f.ByteOrder.Uint64(b[16:])
	}
	if filter>>(h%bits)&1 == 0 || filter>>(h>>word(12)%bits)&1 == 0 {
		return 0
	}
	buckets, first := word(0), word(4)
	bucket := 16 + word(8)*bits/8
	for n := word(bucket + 4*(h%buckets)); n >= first; n++ {
		got := word(bucket + 4*(buckets+n-first))
		if got|1 == h|1 && nameAt(t, f, int(n)) == name {
			return int(n)
		}
		if got&1 != 0 {
			break
		}
	}
	return 0
}

// TestVDSOHashes holds the hashes against those that Go's runtime has as constants (runtime/vdso_linux_*.go).
func TestVDSOHashes(t *testing.T) {
	t.Parallel()
	require.EqualValues(t, 0xd35ec75, sysvHash("__vdso_clock_gettime"))
	require.EqualValues(t, 0x6e43a318, gnuHash("__vdso_clock_gettime"))
	require.EqualValues(t, 0xb0cd725, sysvHash("__kernel_clock_gettime"))
	require.EqualValues(t, 0xdfa941fd, gnuHash("__kernel_clock_gettime"))
	require.EqualValues(t, 0x75fcb89, sysvHash("LINUX_2.6.39"))
}

// TestVDSOGrows: functions are there from the release on that got them.
func TestVDSOGrows(t *testing.T) {
	t.Parallel()
	a, _ := arch.Find("riscv64")
	for release, there := range map[string]bool{"5.10.0": false, "6.3.13": false, "6.4.0": true} {
		image, _, err := newVDSO(a, parseRelease(release), true, true)
		require.NoError(t, err)
		found := false
		for _, s := range image.symbols {
			found = found || s.name == "__vdso_riscv_hwprobe"
		}
		require.Equal(t, there, found, release)
	}
}
