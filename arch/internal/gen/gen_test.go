// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEnums(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, header string
		want         map[string]int64
	}{
		{"counts from 0", "enum { A, B, C };", map[string]int64{"A": 0, "B": 1, "C": 2}},
		{"comma at the end", "enum { A, B, };", map[string]int64{"A": 0, "B": 1}},
		{"explicit values go on", "typedef enum t { A = 5, B, C = 0x10, D } t;", map[string]int64{"A": 5, "B": 6, "C": 16, "D": 17}},
		{"aliases and sums", "enum { A, B, C = A, D, E = B + 8, F }; ", map[string]int64{"A": 0, "B": 1, "C": 0, "D": 1, "E": 9, "F": 10}},
		{"shifts and ors", "enum { A = 1 << 3, B = (1 << 4), C = A | 1 << 1, D = 10 - 2 - 3 };", map[string]int64{"A": 8, "B": 16, "C": 10, "D": 5}},
		{"suffix and sign", "enum { A = 3u, B = -1, C };", map[string]int64{"A": 3, "B": -1, "C": 0}},
		{"comments", "enum { A, // B,\n/* C,\n D, */ E };", map[string]int64{"A": 0, "E": 1}},
		{"directives", "enum {\n#if 1\nA,\n#define X \\\n  Y\n#endif\nB };", map[string]int64{"A": 0, "B": 1}},
		{"several enums", "enum a { A, B };\nstruct s { int x; };\nenum b { C, D };", map[string]int64{"A": 0, "B": 1, "C": 0, "D": 1}},
		{"none", "struct s { enum a x; };", map[string]int64{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := enums(tc.header)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

func TestEnumErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ header, want string }{
		{"enum { A = sizeof(int) };", `A: expression "sizeof(int)" is neither a number nor an earlier enumerator`},
		{"enum { A }; enum { A };", "A is enumerated twice"},
	} {
		_, err := enums(tc.header)
		require.EqualError(t, err, tc.want)
	}
}

func TestGoName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"UC_X86_REG_FS_BASE":     "ucX86RegFSBASE",
		"UC_MODE_64":             "ucMode64",
		"UC_CPU_X86_HASWELL":     "ucCPUX86HASWELL",
		"UC_ARCH_ARM64":          "ucArchARM64",
		"UC_X86_INS_SYSCALL":     "ucX86InsSYSCALL",
		"UC_ARM64_REG_TPIDR_EL0": "ucARM64RegTPIDREL0",
	} {
		require.Equal(t, want, goName(name))
	}
}

func TestConstants(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "z.go")
	require.NoError(t, os.WriteFile(path, []byte(`package unix
const (
	SYS_B = 0x11
	SYS__A = 2
	SYS_SYSCALL_MASK = 0
	OTHER = 1
	ENOENT = syscall.Errno(0x2)
	TEXT = "x"
)
var SYS_C = 3
`), 0o644))
	calls, err := syscalls(path)
	require.NoError(t, err)
	require.Equal(t, []named{{"_a", 2}, {"b", 17}}, calls)
	errnos, err := constants(path, func(_, conversion string) bool { return conversion == "Errno" })
	require.NoError(t, err)
	require.Equal(t, []named{{"ENOENT", 2}}, errnos)
}

// The files in the repository are those that the generator writes.
func TestUpToDate(t *testing.T) {
	t.Parallel()
	files, err := generate()
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("make deps has not run: %v", err)
	}
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		have, err := os.ReadFile(filepath.Join("..", "..", f.name))
		require.NoError(t, err)
		require.Equal(t, string(f.data), string(have), "run go generate ./arch")
	}
}
