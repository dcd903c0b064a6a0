// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
		"UC_PPC_REG_0":           "ucPPCReg0",
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

func TestTables(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for goarch, text := range map[string]string{
		"a": "SYS_B = 4002; SYS_A = 4001", "ale": "SYS_A = 4001; SYS_B = 4002", "b": "SYS_A = 4001; SYS_B = 4003", "empty": "OTHER = 1",
	} {
		path := filepath.Join(dir, "zsysnum_linux_"+goarch+".go")
		require.NoError(t, os.WriteFile(path, []byte("package unix\nconst ("+text+")\n"), 0o644))
	}
	for _, tc := range []struct {
		name string
		in   table
		want []named
		err  string
	}{
		{"one", table{goarches: []string{"b"}}, []named{{"a", 4001}, {"b", 4003}}, ""},
		{"equal", table{goarches: []string{"a", "ale"}}, []named{{"a", 4001}, {"b", 4002}}, ""},
		{"different", table{goarches: []string{"a", "b"}}, nil, "system calls of b differ from those of a"},
		{"more", table{goarches: []string{"a"}, own: []named{{"c", 4000}}}, []named{{"c", 4000}, {"a", 4001}, {"b", 4002}}, ""},
		{"more of the same name", table{goarches: []string{"a"}, own: []named{{"b", 9}}}, nil, "a has b already"},
		{"more of the same number", table{goarches: []string{"a"}, own: []named{{"c", 4002}}}, nil, "a: b and c have the same number"},
		{"none", table{goarches: []string{"empty"}}, nil, "zsysnum_linux_empty.go holds no system calls"},
	} {
		got, err := tc.in.numbers(dir)
		if tc.err != "" {
			require.EqualError(t, err, tc.err, tc.name)
			continue
		}
		require.NoError(t, err, tc.name)
		require.Equal(t, tc.want, got, tc.name)
	}
}

// Every GOARCH with a table of system calls is one whose errnos and signals are compared.
func TestAllAreCompared(t *testing.T) {
	t.Parallel()
	var all []string
	for _, table := range tables {
		all = append(all, table.goarches...)
	}
	require.ElementsMatch(t, all, append(slices.Clone(generic), mips...))
}

func TestAgreed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"":    "EPERM = syscall.Errno(0x1); SIGHUP = syscall.Signal(0x1)",
		"_a":  "EDEADLOCK = syscall.Errno(0x23); EDEADLK = syscall.Errno(0x23)",
		"_b":  "EDEADLK = syscall.Errno(0x23); EDEADLOCK = syscall.Errno(0x3a)",
		"_c":  "EDEADLK = syscall.Errno(0x2d); EDEADLOCK = syscall.Errno(0x38)",
		"_le": "EDEADLK = syscall.Errno(0x23)",
	} {
		path := filepath.Join(dir, "zerrors_linux"+name+".go")
		require.NoError(t, os.WriteFile(path, []byte("package unix\nconst ("+text+")\n"), 0o644))
	}
	got, err := agreed(dir, []string{"a", "b", "le"}, "Errno")
	require.NoError(t, err)
	require.Equal(t, []named{{"EPERM", 1}, {"EDEADLK", 35}, {"EDEADLOCK", 35}}, got)
	_, err = agreed(dir, []string{"a", "c"}, "Errno")
	require.EqualError(t, err, "errno numbers of c differ from those of a")
	_, err = agreed(dir, []string{"a"}, "Other")
	require.EqualError(t, err, "no other numbers of a")
}

func TestExceptions(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name         string
		generic, own []named
		want         []exception
		err          string
	}{
		{"equal", []named{{"A", 1}}, []named{{"A", 1}}, nil, ""},
		{"another number", []named{{"A", 1}, {"B", 2}}, []named{{"A", 1}, {"B", 5}}, []exception{{named{"B", 2}, named{"B", 5}}}, ""},
		{"a name of its own", []named{{"A", 1}}, []named{{"A", 1}, {"X", 2}}, nil, ""},
		{
			"a permutation", []named{{"A", 1}, {"B", 2}, {"C", 3}}, []named{{"X", 1}, {"A", 2}, {"C", 3}},
			[]exception{{named{"A", 1}, named{"A", 2}}, {named{"B", 2}, named{"X", 1}}}, "",
		},
		{"two names", []named{{"A", 1}, {"B", 1}}, []named{{"A", 7}, {"B", 7}}, []exception{{named{"A", 1}, named{"A", 7}}}, ""},
		{"an alias", []named{{"EDEADLK", 35}, {"EDEADLOCK", 35}}, []named{{"EDEADLK", 35}, {"EDEADLOCK", 56}}, nil, ""},
		{"one of two names", []named{{"A", 1}, {"B", 1}}, []named{{"B", 7}}, []exception{{named{"A", 1}, named{"B", 7}}}, ""},
		{"two numbers for one", []named{{"A", 1}, {"B", 1}}, []named{{"A", 7}, {"B", 8}}, nil, "A and B have one generic number and two others"},
		{"one number for two", []named{{"A", 1}, {"B", 2}}, []named{{"A", 7}, {"B", 7}}, nil, "A and B have two generic numbers and one other"},
		{"no counterpart", []named{{"A", 1}, {"B", 2}}, []named{{"A", 1}}, nil, "1 numbers from B on have no counterpart, and 0 could be one"},
	} {
		got, err := exceptions(tc.generic, tc.own)
		if tc.err != "" {
			require.EqualError(t, err, tc.err, tc.name)
			continue
		}
		require.NoError(t, err, tc.name)
		require.Equal(t, tc.want, got, tc.name)
	}
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
