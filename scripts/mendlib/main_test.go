// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The three instructions that can carry the relocation without a REX prefix and a load; only the linker's blind spot is to change.
const assembly = `
	.text
	.byte 0xff, 0x35 # push
	.reloc ., R_X86_64_GOTPCRELX, symbol-4
	.long 0
	.byte 0xff, 0x15 # call
	.reloc ., R_X86_64_GOTPCRELX, symbol-4
	.long 0
	.byte 0xff, 0x25 # jmp
	.reloc ., R_X86_64_GOTPCRELX, symbol-4
	.long 0
`

func TestMendArchive(t *testing.T) {
	t.Parallel()
	before := assemble(t, assembly)
	after := bytes.Clone(before)
	n, err := mendArchive(after)
	require.NoError(t, err)
	require.Equal(t, 1, n)

	changed := 0
	for i := range before {
		if before[i] != after[i] {
			require.Equal(t, byte(gotpcrelx), before[i])
			require.Equal(t, byte(gotpcrel), after[i])
			changed++
		}
	}
	require.Equal(t, 1, changed, "nothing but the type of one relocation")

	n, err = mendArchive(after)
	require.NoError(t, err)
	require.Zero(t, n, "a second run finds nothing")
}

// accesses has both ways in which the compiler leaves the question at a load or a store, the search at a fill, and what is to stay: both
// elsewhere, and other calls.
const accesses = `
	.text
	.macro function name
	.globl \name
	.type \name, @function
	\name:
	.endm
	function check_exit_request_arm
	ret
	function tcg_gen_qemu_ld_i32_arm
	call other@PLT
	jmp check_exit_request_arm@PLT
	.size tcg_gen_qemu_ld_i32_arm, . - tcg_gen_qemu_ld_i32_arm
	function tcg_gen_qemu_ld_i64_arm
	call check_exit_request_arm@PLT
	ret
	.size tcg_gen_qemu_ld_i64_arm, . - tcg_gen_qemu_ld_i64_arm
	function tcg_gen_qemu_st_i64_arm
	jmp check_exit_request_arm@PLT
	.size tcg_gen_qemu_st_i64_arm, . - tcg_gen_qemu_st_i64_arm
	function cpu_restore_state_arm
	ret
	function unicorn_fill_tlb_arm
	call cpu_restore_state_arm@PLT
	jmp check_exit_request_arm@PLT
	.size unicorn_fill_tlb_arm, . - unicorn_fill_tlb_arm
	function translator_loop_arm
	call cpu_restore_state_arm@PLT
	jmp check_exit_request_arm@PLT
	.size translator_loop_arm, . - translator_loop_arm
`

func TestMendAccesses(t *testing.T) {
	t.Parallel()
	archive := assemble(t, accesses)
	n, err := mendArchive(archive)
	require.NoError(t, err)
	require.Equal(t, 4, n)
	again := bytes.Clone(archive)
	n, err = mendArchive(again)
	require.NoError(t, err)
	require.Zero(t, n, "a second run finds nothing")
	require.Equal(t, archive, again)

	dir := t.TempDir()
	path := filepath.Join(dir, "libx.a")
	require.NoError(t, os.WriteFile(path, archive, 0o666))
	out, err := exec.CommandContext(t.Context(), "objdump", "-dr", "--no-show-raw-insn", path).Output()
	require.NoError(t, err)
	// What a function does, address and padding aside.
	var code []string
	for _, line := range strings.Split(string(out), "\n") {
		_, text, ok := strings.Cut(line, ":\t")
		if reloc := strings.Fields(line); len(reloc) == 3 && strings.HasPrefix(reloc[1], "R_X86_64_") {
			text, ok = strings.Join(reloc[1:], " "), true
		}
		if text = strings.Join(strings.Fields(text), " "); ok && text != "nop" && !strings.HasPrefix(text, "call ") && !strings.HasPrefix(text, "jmp ") {
			code = append(code, text)
		}
	}
	require.Equal(t, []string{
		"ret",
		"R_X86_64_PLT32 other-0x4", "ret", "R_X86_64_NONE *ABS*",
		"nopl 0x0(%rax,%rax,1)", "R_X86_64_NONE *ABS*", "ret",
		"ret", "R_X86_64_NONE *ABS*",
		"ret", "nopl 0x0(%rax,%rax,1)", "R_X86_64_NONE *ABS*", "R_X86_64_PLT32 check_exit_request_arm-0x4",
		"R_X86_64_PLT32 cpu_restore_state_arm-0x4", "R_X86_64_PLT32 check_exit_request_arm-0x4",
	}, code)
}

// assemble makes an archive of one object.
func assemble(t *testing.T, assembly string) []byte {
	t.Helper()
	if runtime.GOARCH != "amd64" || runtime.GOOS != "linux" {
		t.Skip("the assembler is not one for Linux on x86-64")
	}
	dir := t.TempDir()
	source, object, archive := filepath.Join(dir, "x.s"), filepath.Join(dir, "x.o"), filepath.Join(dir, "libx.a")
	require.NoError(t, os.WriteFile(source, []byte(assembly), 0o666))
	for _, args := range [][]string{{"gcc", "-c", "-o", object, source}, {"ar", "rc", archive, object}} {
		out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	text, err := os.ReadFile(archive)
	require.NoError(t, err)
	return text
}

func TestMendArchiveRefuses(t *testing.T) {
	t.Parallel()
	header := func(size string) string { return fmt.Sprintf("%-48s%-10s`\n", "name/", size) }
	for name, text := range map[string]string{
		"no archive":  "\x7fELF",
		"no number":   magic + header("x"),
		"negative":    magic + header("-1"),
		"too long":    magic + header("10") + "short",
		"broken ELF":  magic + header("4") + "\x7fELF",
		"huge number": magic + header("9999999999"),
	} {
		_, err := mendArchive([]byte(text))
		require.Error(t, err, name)
	}
	_, err := mendArchive([]byte(magic + header("3") + "abc\n" + header("2") + "de"))
	require.NoError(t, err, "members that are no objects are passed over, and the padding after an odd one")
}
