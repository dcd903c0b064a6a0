// SPDX-License-Identifier: GPL-2.0-or-later

// Command mendlib makes a static Unicorn for x86-64 safe to link with an older toolchain than the one that compiled it, and faster. It changes
// the library in place; everything else stays as it is, and a second run finds nothing.
//
// Recent assemblers mark `push sym@GOTPCREL(%rip)` (FF /6) with the relocation R_X86_64_GOTPCRELX, which allows the linker to relax it.
// GNU ld up to 2.40 (Debian 12) knows only call (FF /2) and jmp (FF /4) there: it takes the push for a call, and the program calls a
// function whose address it meant to pass. A plain R_X86_64_GOTPCREL means the same and is never relaxed.
//
// The engine asks after each load and store of the guest whether it is to stop: a call of a helper in the generated code, with all that the
// code holds in registers written to memory. In rt0 that is in vain. An access that fails leaves the block by itself: load_helper in
// accel/tcg/cputlb.c for all of them, store_helper when it is rt0's page table that refuses (tlb_fill, unicorn_fill_tlb). rt0 has no memory that
// is not mapped behind its page table, and no hooks for accesses that end a run, which would need the question. Stops that are asked for
// otherwise are seen where the next block begins, as behind everything that is no access to memory. So tcg_gen_qemu_ld_i32, _st_i32, _ld_i64 and
// _st_i64 no longer put the question, which saves a quarter of what a guest costs.
//
// Before it asks for a page, the engine finds out where the guest stands, for hooks that may want to know: by a search for the translation that
// runs, and by reading how it was made. rt0's page table does not want to know, and a fill that fails finds out by itself
// (raise_mmu_exception in softmmu/unicorn_vtlb.c). So unicorn_fill_tlb no longer does.
//
//	mendlib libunicorn.a
package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

const (
	none      = 0  // R_X86_64_NONE
	plt32     = 4  // R_X86_64_PLT32
	gotpcrel  = 9  // R_X86_64_GOTPCREL
	gotpcrelx = 41 // R_X86_64_GOTPCRELX

	magic      = "!<arch>\n"
	headerSize = 60 // of a member, ar(5)
	relaSize   = 24 // Elf64_Rela
)

// inVain are the calls that are taken out. The engine's functions have the guest's architecture behind these names.
var inVain = []struct {
	callee  string
	callers []string
}{
	{"check_exit_request_", []string{"tcg_gen_qemu_ld_i32_", "tcg_gen_qemu_ld_i64_", "tcg_gen_qemu_st_i32_", "tcg_gen_qemu_st_i64_"}},
	{"cpu_restore_state_", []string{"unicorn_fill_tlb_"}},
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: mendlib LIBRARY.a")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "mendlib:", err)
		os.Exit(1)
	}
}

func run(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	n, err := mendArchive(b)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if n == 0 {
		return nil
	}
	// Somebody may be linking with it.
	if err := os.WriteFile(path+".tmp", b, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

// mendArchive changes the objects of an archive in place and says how many relocations it changed.
func mendArchive(b []byte) (int, error) {
	if !bytes.HasPrefix(b, []byte(magic)) {
		return 0, fmt.Errorf("it is not a static library")
	}
	total := 0
	for at := len(magic); at+headerSize <= len(b); {
		size, err := strconv.Atoi(strings.TrimSpace(string(b[at+48 : at+58])))
		if err != nil || size < 0 || at+headerSize+size > len(b) {
			return total, fmt.Errorf("the member at offset %d has a bad size", at)
		}
		member := b[at+headerSize:][:size]
		if bytes.HasPrefix(member, []byte(elf.ELFMAG)) {
			n, err := mendObject(member)
			if err != nil {
				return total, fmt.Errorf("the member at offset %d: %w", at, err)
			}
			total += n
		}
		at += headerSize + size + size&1
	}
	return total, nil
}

// mendObject does so for one object; objects of other architectures are left alone.
func mendObject(b []byte) (int, error) {
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		return 0, err
	}
	if f.Machine != elf.EM_X86_64 || f.Class != elf.ELFCLASS64 {
		return 0, nil
	}
	calls, err := callsInVain(f)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, s := range f.Sections {
		if s.Type != elf.SHT_RELA || int(s.Info) >= len(f.Sections) {
			continue
		}
		code := f.Sections[s.Info]
		if code.Type != elf.SHT_PROGBITS || s.Offset+s.FileSize > uint64(len(b)) || code.Offset+code.FileSize > uint64(len(b)) {
			continue
		}
		for r := b[s.Offset:][:s.FileSize]; len(r) >= relaSize; r = r[relaSize:] {
			at, info := binary.LittleEndian.Uint64(r), binary.LittleEndian.Uint64(r[8:])
			if at < 2 || at+4 > code.FileSize {
				continue
			}
			kind, insn := uint32(info), b[code.Offset:][:code.FileSize]
			switch {
			case kind == gotpcrelx && !relaxable(insn[at-2:]):
				binary.LittleEndian.PutUint32(r[8:], gotpcrel)
			case kind == plt32 && calls.has(elf.SectionIndex(s.Info), at, info>>32) && drop(insn[at-1:]):
				binary.LittleEndian.PutUint64(r[8:], none)
				binary.LittleEndian.PutUint64(r[16:], 0)
			default:
				continue
			}
			n++
		}
	}
	return n, nil
}

// relaxable says whether every linker takes the instruction with the relocation for what it is; with another prefix than FF that is so.
func relaxable(insn []byte) bool {
	call, jmp := insn[1] == 0x15, insn[1] == 0x25
	return insn[0] != 0xff || call || jmp
}

// drop takes a call out, or makes a return of a jump to a function at the end of another.
func drop(insn []byte) bool {
	const call, jmp = 0xe8, 0xe9
	switch insn[0] {
	case call:
		copy(insn, []byte{0x0f, 0x1f, 0x44, 0x00, 0x00}) // nopl 0(%rax,%rax,1)
	case jmp:
		copy(insn, []byte{0xc3, 0x90, 0x90, 0x90, 0x90}) // ret; nops
	default:
		return false
	}
	return true
}

// calls are, for each line of inVain, where its callers lie, by section, and the symbols of its callee, by index.
type calls []struct {
	spans   map[elf.SectionIndex][][2]uint64
	callees map[uint64]bool
}

func callsInVain(f *elf.File) (calls, error) {
	symbols, err := f.Symbols()
	if errors.Is(err, elf.ErrNoSymbols) {
		return nil, nil
	}
	list := make(calls, len(inVain))
	for i, line := range inVain {
		c := &list[i]
		c.spans, c.callees = map[elf.SectionIndex][][2]uint64{}, map[uint64]bool{}
		for j, s := range symbols {
			if strings.HasPrefix(s.Name, line.callee) {
				c.callees[uint64(j)+1] = true // the list leaves out the first
			}
			if slices.ContainsFunc(line.callers, func(p string) bool { return strings.HasPrefix(s.Name, p) }) {
				c.spans[s.Section] = append(c.spans[s.Section], [2]uint64{s.Value, s.Value + s.Size})
			}
		}
	}
	return list, err
}

// has says whether a call of a symbol at a place in a section is one of them.
func (list calls) has(section elf.SectionIndex, at, symbol uint64) bool {
	for _, c := range list {
		if c.callees[symbol] && slices.ContainsFunc(c.spans[section], func(span [2]uint64) bool { return span[0] <= at && at < span[1] }) {
			return true
		}
	}
	return false
}
