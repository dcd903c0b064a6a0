// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"fmt"
	"maps"
	"slices"
)

// What is wrong with two keys together. A machine may be strange, but not two machines at once; what an architecture cannot have is said
// when a binary for it is to boot.

// contradictions are looked at in this order; value is the key's as the sentence quotes it, and why names the other one.
var contradictions = []struct {
	key string
	bad func(m *Machine) (value, why string, bad bool)
}{
	{"affinity.length", func(m *Machine) (string, string, bool) {
		length, cpus := uint64(m.Affinity.Length), m.CPUs.Highest()+1
		return m.Affinity.Length.String(), fmt.Sprintf("a mask of %d bytes has no bit for CPU %d of cpus %s; with affinity.errno there is no mask at all",
			length, cpus-1, m.CPUs), length != 0 && m.Affinity.Errno == "" && length*8 < uint64(cpus)
	}},
	{"hugePage", func(m *Machine) (string, string, bool) {
		return m.HugePage.String(), fmt.Sprintf("a huge page is larger than a page, and pageSize is %s", m.PageSize), m.HugePage != 0 && m.HugePage <= m.PageSize
	}},
	{"vm.mmapTop", func(m *Machine) (string, string, bool) {
		return m.VM.MmapTop.String(), fmt.Sprintf("it lies outside of the user addresses of vm.addressBits %d", m.VM.AddressBits),
			m.VM.AddressBits != 0 && m.VM.AddressBits < 64 && m.VM.MmapTop > 1<<m.VM.AddressBits
	}},
	{"stack.top", func(m *Machine) (string, string, bool) {
		return m.Stack.Top.String(), fmt.Sprintf("it lies outside of the user addresses of vm.addressBits %d", m.VM.AddressBits),
			m.VM.AddressBits != 0 && m.VM.AddressBits < 64 && m.Stack.Top > 1<<m.VM.AddressBits
	}},
	{"process.argc0", func(m *Machine) (string, string, bool) {
		if len(m.Args) > 0 {
			return "true", fmt.Sprintf("args has %d arguments", len(m.Args)), m.Process.Argc0
		}
		return "true", fmt.Sprintf("process.argv0 is %q", clip(m.Process.Argv0)), m.Process.Argc0 && m.Process.Argv0 != ""
	}},
	{"process.secure", func(m *Machine) (string, string, bool) {
		value, given := m.Auxv["AT_SECURE"]
		return "true", fmt.Sprintf("auxv.AT_SECURE is %s", value), m.Process.Secure && given && value != "0x1"
	}},
	{"rlimits.as", func(m *Machine) (string, string, bool) {
		_, soft, _, ok := Rlimit("as", m.Rlimits["as"])
		return m.Rlimits["as"], fmt.Sprintf("addressSpace is %s, and it is the same limit", m.AddressSpace),
			ok && m.AddressSpace != 0 && soft != uint64(m.AddressSpace)
	}},
	{"cgroup.parents", func(m *Machine) (string, string, bool) {
		above := len(m.Cgroup.ParentLimits())
		return joinItems(m.Cgroup.Parents), fmt.Sprintf("cgroup.path %s has %d groups above its last, and these are %d", m.Cgroup.Group(), above, len(m.Cgroup.Parents)),
			len(m.Cgroup.Parents) > above
	}},
	{"cgroup.parents", func(m *Machine) (string, string, bool) {
		return joinItems(m.Cgroup.Parents), "it needs cgroup.version 1, 2 or hybrid, not none", len(m.Cgroup.Parents) > 0 && m.Cgroup.Version == 0
	}},
}

// contradiction is the first thing that two keys disagree on.
func (m *Machine) contradiction() error {
	for _, c := range contradictions {
		if value, why, bad := c.bad(m); bad {
			return &ValueError{c.key, value, why}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(m.FileErrors)) {
		if target, both := m.Symlinks[path]; both {
			return &ValueError{"symlinks." + path, target, "fileErrors." + path + " is " + m.FileErrors[path]}
		}
	}
	return nil
}
