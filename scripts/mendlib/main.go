// SPDX-License-Identifier: GPL-2.0-or-later

// Command mendlib makes a static library for x86-64, compiled by a newer toolchain, safe to link with an older one.
//
// Recent assemblers mark `push sym@GOTPCREL(%rip)` (FF /6) with the relocation R_X86_64_GOTPCRELX, which allows the linker to relax it.
// GNU ld up to 2.40 (Debian 12) knows only call (FF /2) and jmp (FF /4) there: it takes the push for a call, and the program calls a
// function whose address it meant to pass. A plain R_X86_64_GOTPCREL means the same and is never relaxed. It is changed in place;
// everything else stays as it is, and a second run finds nothing.
//
//	mendlib libunicorn.a
package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"
)

const (
	gotpcrel  = 9  // R_X86_64_GOTPCREL
	gotpcrelx = 41 // R_X86_64_GOTPCRELX

	magic      = "!<arch>\n"
	headerSize = 60 // of a member, ar(5)
	relaSize   = 24 // Elf64_Rela
)

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
	return os.WriteFile(path, b, 0o644)
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
			if uint32(info) != gotpcrelx || at < 2 || at > code.FileSize {
				continue
			}
			insn := b[code.Offset+at-2:]
			if call, jmp := insn[1] == 0x15, insn[1] == 0x25; insn[0] == 0xff && !call && !jmp {
				binary.LittleEndian.PutUint64(r[8:], info&^0xffffffff|gotpcrel)
				n++
			}
		}
	}
	return n, nil
}
