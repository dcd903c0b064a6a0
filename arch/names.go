// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"debug/elf"
	"slices"
	"strings"
	"sync"
)

// errnoAliases and signalAliases are the second names that Linux's headers have for a number.
var (
	errnoAliases = map[string]Errno{
		"EWOULDBLOCK": EWOULDBLOCK, "EDEADLOCK": EDEADLOCK, "ENOTSUP": ENOTSUP, "EFSCORRUPTED": EFSCORRUPTED,
	}
	signalAliases = map[string]Signal{"SIGIOT": SIGIOT, "SIGCLD": SIGCLD, "SIGPOLL": SIGPOLL}
)

// FindErrno returns the errno of Linux's name, whatever the case: "ENOSYS", "EWOULDBLOCK".
func FindErrno(name string) (Errno, bool) {
	name = strings.ToUpper(name)
	if e, ok := errnoAliases[name]; ok {
		return e, true
	}
	i := slices.Index(errnoNames[:], name)
	return Errno(i), i > 0
}

// ErrnoNames are the names that [FindErrno] knows, by number, the second names at the end.
func ErrnoNames() []string {
	return named(errnoNames[:], "EDEADLOCK", "EFSCORRUPTED", "ENOTSUP", "EWOULDBLOCK")
}

// FindSignal returns the signal of Linux's name, whatever the case, with or without SIG: "SIGSYS", "usr1".
func FindSignal(name string) (Signal, bool) {
	name = "SIG" + strings.TrimPrefix(strings.ToUpper(name), "SIG")
	if s, ok := signalAliases[name]; ok {
		return s, true
	}
	i := slices.Index(signalNames[:], name)
	return Signal(i), i > 0
}

// SignalNames are the names that [FindSignal] knows, by number, the second names at the end.
func SignalNames() []string { return named(signalNames[:], "SIGCLD", "SIGIOT", "SIGPOLL") }

func named(names []string, more ...string) []string {
	return append(slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "" }), more...)
}

// SyscallNames are the names of the system calls of all architectures, sorted. Do not change the slice.
var SyscallNames = sync.OnceValue(func() []string {
	var names []string
	for _, a := range all {
		for _, row := range a.Syscall.Numbers {
			names = append(names, row.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
})

// HasSyscall says whether any architecture has a system call of Linux's name.
func HasSyscall(name string) bool {
	_, ok := slices.BinarySearch(SyscallNames(), name)
	return ok
}

// OwnErrno is the architecture's number of an errno.
func (a *Arch) OwnErrno(e Errno) uint64 {
	for _, r := range a.Syscall.Errnos {
		if r.Generic == uint64(e) {
			return r.Own
		}
	}
	return uint64(e)
}

// GenericErrno is its opposite. A number that is no errno of the architecture's is itself.
func (a *Arch) GenericErrno(own uint64) Errno {
	for _, r := range a.Syscall.Errnos {
		if r.Own == own {
			return Errno(r.Generic)
		}
	}
	return Errno(own)
}

// Audit is the architecture's AUDIT_ARCH_* (include/uapi/linux/audit.h), by which seccomp's programs and siginfo tell whose numbers the
// system calls have: the ELF machine, and two bits.
func (a *Arch) Audit() uint32 {
	const wide, littleEndian = 0x80000000, 0x40000000
	audit := uint32(a.ELF.Machine)
	if a.ELF.Class == elf.ELFCLASS64 {
		audit |= wide
	}
	if a.ELF.Data == elf.ELFDATA2LSB {
		audit |= littleEndian
	}
	return audit
}

// FindAux returns the type of an auxv entry of Linux's name: "AT_HWCAP".
func FindAux(name string) (uint64, bool) {
	i := slices.Index(auxNames[:], name)
	return uint64(max(i, 0)), i >= 0 && name != ""
}

// AuxNames are the names that [FindAux] knows, by number.
func AuxNames() []string { return named(auxNames[:]) }
