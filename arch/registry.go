// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"cmp"
	"debug/elf"
	"slices"
	"strings"
	"sync"
)

// all are the architectures that rt0 boots, in the order of its tables.
var all = []*Arch{amd64, arm64, i386, arm, riscv64, ppc64le, ppc64, s390x, mips, mipsle, mips64, mips64le}

// All returns the architectures that rt0 boots, in the order in which tables list them.
func All() []*Arch { return slices.Clone(all) }

// Names returns the GOARCH names of [All], in its order.
func Names() []string {
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = a.Name
	}
	return names
}

// Find returns the architecture of a GOARCH.
func Find(goarch string) (*Arch, bool) {
	for _, a := range all {
		if a.Name == goarch {
			return a, true
		}
	}
	return nil, false
}

// ByELF returns the architecture whose executables have this header. False: rt0 does not boot them; [GOARCH] may still name them.
func ByELF(machine elf.Machine, class elf.Class, data elf.Data) (*Arch, bool) {
	for _, a := range all {
		if a.ELF.Machine == machine && a.ELF.Class == class && a.ELF.Data == data {
			return a, true
		}
	}
	return nil, false
}

// SyscallName returns Linux's name of a system call, in lower case.
func (a *Arch) SyscallName(n uint64) (string, bool) {
	i, ok := slices.BinarySearchFunc(a.Syscall.Numbers, n, func(row Number, n uint64) int { return cmp.Compare(row.N, n) })
	if !ok {
		return "", false
	}
	return a.Syscall.Numbers[i].Name, true
}

// callNumbers are the tables of system calls of each architecture by its name, turned round, made at first use.
var callNumbers = sync.OnceValue(func() map[string]map[string]uint64 {
	tables := make(map[string]map[string]uint64, len(all))
	for _, a := range all {
		table := make(map[string]uint64, len(a.Syscall.Numbers))
		for _, row := range a.Syscall.Numbers {
			table[row.Name] = row.N
		}
		tables[a.Name] = table
	}
	return tables
})

// SyscallNumber returns the number of a system call by Linux's name, in lower case. False: the architecture does not have it.
func (a *Arch) SyscallNumber(name string) (uint64, bool) {
	n, ok := callNumbers()[a.Name][name]
	return n, ok
}

// Feature finds a CPU feature by its name in /proc/cpuinfo, or by the manual's, whatever the case.
func (a *Arch) Feature(name string) (Feature, bool) {
	for _, f := range a.Features {
		if strings.EqualFold(f.Name, name) || f.Alias != "" && strings.EqualFold(f.Alias, name) {
			return f, true
		}
	}
	return Feature{}, false
}

// Register finds a user-visible register by its name: one of Registers, or the flags, or the thread pointer.
func (a *Arch) Register(name string) (Register, bool) {
	for _, r := range append(slices.Clip(a.Registers), a.Flags, a.TLS) {
		if r != None && strings.EqualFold(r.Name, name) {
			return r, true
		}
	}
	return None, false
}
