// SPDX-License-Identifier: GPL-2.0-or-later

package loader

import (
	"bytes"
	"debug/elf"
	"fmt"
	"strings"

	"github.com/rt0-dev/rt0/arch"
)

// systems are the values of EI_OSABI that rule Linux out. 0 (System V) is what Go writes for Linux, 3 is GNU's.
var systems = map[elf.OSABI]string{
	elf.ELFOSABI_HPUX: "HP-UX", elf.ELFOSABI_NETBSD: "NetBSD", elf.ELFOSABI_SOLARIS: "Solaris", elf.ELFOSABI_AIX: "AIX",
	elf.ELFOSABI_IRIX: "IRIX", elf.ELFOSABI_FREEBSD: "FreeBSD", elf.ELFOSABI_OPENBSD: "OpenBSD", elf.ELFOSABI_OPENVMS: "OpenVMS",
	elf.ELFOSABI_NSK: "NonStop", elf.ELFOSABI_STANDALONE: "no operating system",
}

// interpreters are the dynamic linkers of systems that leave EI_OSABI alone (cmd/link/internal/*/obj.go).
var interpreters = map[string]string{
	"/usr/libexec/ld-elf.so.1": "FreeBSD", "/libexec/ld-elf.so.1": "FreeBSD", "/usr/libexec/ld-elf.so.2": "DragonFly BSD",
	"/usr/libexec/ld.so": "OpenBSD", "/libexec/ld.elf_so": "NetBSD", "/usr/libexec/ld.elf_so": "NetBSD",
	"/lib/amd64/ld.so.1": "Solaris", "/lib/ld.so.1": "Solaris", "/usr/lib/ld.so.1": "Solaris",
	"/usr/lib/amd64/ld.so.1": "Solaris",
	"/system/bin/linker":     "Android", "/system/bin/linker64": "Android",
}

// notes are the owners of ELF notes by which the BSDs know their programs.
var notes = map[string]string{
	"FreeBSD": "FreeBSD", "NetBSD": "NetBSD", "OpenBSD": "OpenBSD", "DragonFly": "DragonFly BSD", "Android": "Android",
}

// buildModes are go build's names of the types of ELF files.
var buildModes = map[elf.Type]string{elf.ET_EXEC: "exe", elf.ET_DYN: "pie"}

// checkType refuses shared libraries: a PIE is one that names an interpreter, or says by DF_1_PIE that it is a program.
func (i *Image) checkType() *Error {
	i.BuildMode = buildModes[i.header.typ]
	if i.header.typ == elf.ET_DYN && !i.interp && !i.dynamic.pie {
		return i.fail(NotExecutable, "not an executable: it is a shared library")
	}
	return nil
}

// checkOS refuses programs of other systems that use ELF as Linux does.
func (i *Image) checkOS() *Error {
	wrong := func(os string) *Error {
		return i.fail(WrongOS, "it is a program for %s, not for Linux: build with GOOS=linux", os)
	}
	if os := i.Settings["GOOS"]; os != "" && os != "linux" {
		return wrong(clean([]byte(os)))
	}
	for _, p := range i.programs {
		b := i.Data[min(p.offset, uint64(len(i.Data))):]
		b = b[:min(p.fileSize, uint64(len(b)))]
		switch p.typ {
		case elf.PT_INTERP:
			if os, ok := interpreters[string(bytes.TrimRight(b, "\x00"))]; ok {
				return wrong(os)
			}
		case elf.PT_NOTE:
			for len(b) >= 12 {
				name, desc := uint64(i.order.Uint32(b)), uint64(i.order.Uint32(b[4:]))
				size := 12 + roundUp(name, 4) + roundUp(desc, 4)
				if size > uint64(len(b)) {
					break
				}
				if os, ok := notes[string(bytes.TrimRight(b[12:12+name], "\x00"))]; ok {
					return wrong(os)
				}
				b = b[size:]
			}
		}
	}
	return nil
}

// checkLibraries refuses programs that ld.so would have to find libraries for.
func (i *Image) checkLibraries() *Error {
	names := i.dynamic.needed
	remedy := "build with CGO_ENABLED=0"
	if i.BuildMode == "pie" { // releases before 1.15, and 386 up to now, have gcc link a PIE, and gcc adds libc
		remedy += ", and without -buildmode=pie where that does not help"
	}
	switch len(names) {
	case 0:
		return nil
	case 1:
		return i.fail(NeedsLibraries, "needs the shared library %s: %s", names[0], remedy)
	}
	return i.fail(NeedsLibraries, "needs the shared libraries %s: %s", strings.Join(names, ", "), remedy)
}

// checkEntry finds the first instruction. Where there are function descriptors, e_entry is the address of one
// (start_thread in arch/powerpc/kernel/process.c), wherever it lies: Go's linker puts it between the code.
func (i *Image) checkEntry() *Error {
	i.Entry = i.header.entry
	i.Descriptors = i.header.flags&i.Arch.ELF.ABIMask != i.Arch.ELF.ABIDirect
	if i.Descriptors {
		code, ok := i.pointer(i.Entry)
		toc, ok2 := i.pointer(i.Entry + uint64(i.Arch.PtrSize))
		if !ok || !ok2 {
			return i.fail(Corrupt, "the entry point %#x is no function descriptor", i.Entry)
		}
		i.Entry, i.TOC = code, toc
	}
	if !i.executable(i.Entry) {
		return i.fail(Corrupt, "the entry point %#x is outside of every executable segment", i.Entry)
	}
	return nil
}

// goarch names the architecture of a file that rt0 does not boot.
func goarch(m elf.Machine, c elf.Class, d elf.Data) string {
	if name, ok := arch.GOARCH(m, c, d); ok {
		return name
	}
	return fmt.Sprintf("%s (%s bits)", strings.ToLower(strings.TrimPrefix(m.String(), "EM_")), strings.TrimPrefix(c.String(), "ELFCLASS"))
}
