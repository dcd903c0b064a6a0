// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import "debug/elf"

// Planned is a GOARCH that Go has on Linux and rt0 does not boot.
type Planned struct {
	Name    string // GOARCH
	Machine elf.Machine
	Class   elf.Class
	Data    elf.Data
	Why     string // what stands in the way, one short phrase
}

// planned are the rest of `go tool dist list` for linux. Machines and classes: cmd/link/internal/ld/elf.go.
var planned = []Planned{
	{"loong64", elf.EM_LOONGARCH, elf.ELFCLASS64, elf.ELFDATA2LSB, "the CPU engine has no LoongArch"},
}

// Unsupported returns the GOARCHes that Go has on Linux and rt0 does not boot, by name.
func Unsupported() []Planned { return append([]Planned(nil), planned...) }

// GOARCH names the architecture that an ELF header stands for, whether rt0 boots it or not. False: Go has no such architecture on
// Linux.
func GOARCH(machine elf.Machine, class elf.Class, data elf.Data) (string, bool) {
	if a, ok := ByELF(machine, class, data); ok {
		return a.Name, true
	}
	for _, p := range planned {
		if p.Machine == machine && p.Class == class && p.Data == data {
			return p.Name, true
		}
	}
	return "", false
}
