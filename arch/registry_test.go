// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"debug/elf"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNames(t *testing.T) {
	t.Parallel()
	order := strings.Fields("amd64 arm64 386 arm riscv64 ppc64le ppc64 s390x mips mipsle mips64 mips64le")
	require.Equal(t, slices.DeleteFunc(order, func(name string) bool { return !slices.Contains(Names(), name) }), Names())
	require.Len(t, All(), len(Names()))
	All()[0] = nil
	require.NotNil(t, All()[0], "the caller's copy is his own")
	_, ok := Find("vax")
	require.False(t, ok)
	require.Nil(t, must(ByELF(elf.EM_VAX, elf.ELFCLASS32, elf.ELFDATA2LSB)))
	require.Nil(t, must(ByELF(elf.EM_X86_64, elf.ELFCLASS32, elf.ELFDATA2LSB)), "x32 is not amd64")
}

func must(a *Arch, _ bool) *Arch { return a }

func TestGOARCH(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		machine elf.Machine
		class   elf.Class
		data    elf.Data
		want    string
	}{
		{elf.EM_X86_64, elf.ELFCLASS64, elf.ELFDATA2LSB, "amd64"},
		{elf.EM_RISCV, elf.ELFCLASS64, elf.ELFDATA2LSB, "riscv64"},
		{elf.EM_MIPS, elf.ELFCLASS32, elf.ELFDATA2MSB, "mips"},
		{elf.EM_MIPS, elf.ELFCLASS64, elf.ELFDATA2LSB, "mips64le"},
		{elf.EM_PPC64, elf.ELFCLASS64, elf.ELFDATA2LSB, "ppc64le"},
		{elf.EM_RISCV, elf.ELFCLASS32, elf.ELFDATA2LSB, ""},
		{elf.EM_SPARCV9, elf.ELFCLASS64, elf.ELFDATA2MSB, ""},
	} {
		name, ok := GOARCH(tc.machine, tc.class, tc.data)
		require.Equal(t, tc.want, name)
		require.Equal(t, tc.want != "", ok)
	}
}

// What is booted and what is planned make up Go's Linux.
func TestPlannedIsTheRestOfGo(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "tool", "dist", "list").Output()
	if err != nil {
		t.Skipf("go tool dist list: %v", err)
	}
	var ports []string
	for _, line := range strings.Fields(string(out)) {
		if goarch, ok := strings.CutPrefix(line, "linux/"); ok {
			ports = append(ports, goarch)
		}
	}
	names := Names()
	for _, p := range Unsupported() {
		require.NotEmpty(t, p.Why, p.Name)
		names = append(names, p.Name)
	}
	slices.Sort(ports)
	slices.Sort(names)
	require.Equal(t, ports, names)
}
