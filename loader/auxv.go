// SPDX-License-Identifier: GPL-2.0-or-later

package loader

import (
	"maps"
	"slices"
	"strconv"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/machine"
)

// Aux is an entry of the auxiliary vector. Its type is one of package arch's AT_ constants.
type Aux struct {
	Type  uint64 // arch.AT_PHDR and the like
	Value uint64
}

// clockTicks is AT_CLKTCK: USER_HZ, 100 on all architectures that Linux still has.
const clockTicks = 100

// addresses are the values of the vector that depend on the stack.
type addresses struct{ random, name, platform, basePlatform uint64 }

// auxv lists the vector in the order of create_elf_tables (fs/binfmt_elf.c), with AT_HWCAP and AT_HWCAP2 from caps. The vDSO's entries are there
// when the machine has one. AT_MINSIGSTKSZ and the rseq pair are left out too; the Go runtime reads none of them.
func (i *Image) auxv(l Layout, m machine.Machine, caps [3]uint64, o StackOptions, at addresses) []Aux {
	size := uint64(i.header.phentsize)
	var v []Aux
	for _, e := range i.Arch.Aux {
		v = append(v, Aux(e))
	}
	if o.VDSO != 0 {
		entries := []Aux{{arch.AT_SYSINFO_EHDR, o.VDSO}}
		if o.SysInfo != 0 {
			entries = []Aux{{arch.AT_SYSINFO, o.SysInfo}, entries[0]}
		}
		v = slices.Insert(v, i.Arch.VDSO.AuxAfter, entries...)
	}
	v = append(v, []Aux{
		{arch.AT_HWCAP, caps[1]},
		{arch.AT_PAGESZ, uint64(m.PageSize)},
		{arch.AT_CLKTCK, clockTicks},
		{arch.AT_PHDR, l.Phdr},
		{arch.AT_PHENT, size},
		{arch.AT_PHNUM, uint64(i.header.phnum)},
		{arch.AT_BASE, 0},
		{arch.AT_FLAGS, 0},
		{arch.AT_ENTRY, i.header.entry + l.Bias},
		{arch.AT_UID, uint64(o.UID)},
		{arch.AT_EUID, uint64(o.UID)},
		{arch.AT_GID, uint64(o.GID)},
		{arch.AT_EGID, uint64(o.GID)},
		{arch.AT_SECURE, 0},
		{arch.AT_RANDOM, at.random},
		{arch.AT_HWCAP2, caps[2]},
		{arch.AT_EXECFN, at.name},
	}...)
	if at.platform != 0 {
		v = append(v, Aux{arch.AT_PLATFORM, at.platform})
	}
	if at.basePlatform != 0 {
		v = append(v, Aux{arch.AT_BASE_PLATFORM, at.basePlatform})
	}
	return append(v, Aux{arch.AT_NULL, 0})
}

// override is the vector with what the machine says of its entries: other values in their places, further entries before the end in the
// order of their numbers.
func override(v []Aux, m machine.Machine) []Aux {
	given := map[uint64]string{}
	if m.Process.Secure {
		given[arch.AT_SECURE] = "1"
	}
	for name, value := range m.Auxv {
		if t, ok := auxType(name); ok {
			given[t] = value
		}
	}
	v = slices.DeleteFunc(v, func(a Aux) bool { return given[a.Type] == machine.Absent })
	for _, t := range slices.Sorted(maps.Keys(given)) {
		value, err := strconv.ParseUint(given[t], 0, 64)
		if err != nil {
			continue // absent
		}
		at := slices.IndexFunc(v, func(a Aux) bool { return a.Type == t })
		if at < 0 {
			at = len(v) - 1
			v = slices.Insert(v, at, Aux{Type: t})
		}
		v[at].Value = value
	}
	return v
}

// auxType is the number of an entry's type, which is given by name or as a number.
func auxType(name string) (uint64, bool) {
	if t, ok := arch.FindAux(name); ok {
		return t, true
	}
	t, err := strconv.ParseUint(name, 0, 64)
	return t, err == nil
}

// platform is AT_PLATFORM's text; "": there is none.
func platform(m machine.Machine, cpu *arch.Processor) string {
	switch m.CPU.Platform {
	case "":
		return cpu.Platform()
	case machine.PlatformNone:
		return ""
	}
	return m.CPU.Platform
}
