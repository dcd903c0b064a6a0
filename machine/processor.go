// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/arch"
)

// Processor is the machine's CPU as a binary of an architecture finds it. The error is an [*arch.CPUError]: the machine names a CPU of another
// architecture. What belongs to other architectures (features, CPUID) is passed over.
func (m Machine) Processor(a *arch.Arch) (*arch.Processor, error) {
	p, err := a.Processor(m.CPU.Model, m.Features)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(m.CPUID)) {
		if leaf, subleaf, regs, ok := CPUIDLeaf(name, m.CPUID[name]); ok {
			p.Leaves = append(p.Leaves, arch.CPUID{Leaf: leaf, Subleaf: subleaf, Regs: regs})
		}
	}
	if m.CPU.XCR0 != 0 {
		p.States = uint64(m.CPU.XCR0)
	}
	return p, nil
}

// ProbeKey is what Machine.HWProbe says of a key of riscv_hwprobe. known is false where the kernel does not know the key; given, where the
// machine says nothing of it.
func (m Machine) ProbeKey(key int64) (value uint64, known, given bool) {
	text, given := m.HWProbe[strconv.FormatInt(key, 10)]
	if !given || text == Absent {
		return 0, false, given
	}
	value, err := strconv.ParseUint(text, 0, 64)
	return value, err == nil, true
}

// settleModel is a CPU's name as [arch.CPU] has it; "" for the engine's own.
func settleModel(name string) string {
	if name = strings.ToLower(name); name == auto || name == "default" {
		return ""
	}
	return name
}

// checkModel refuses a CPU that no architecture has.
func checkModel(m *Machine) error {
	names := arch.CPUNames()
	if m.CPU.Model == "" || slices.Contains(names, m.CPU.Model) {
		return nil
	}
	return fmt.Errorf("no architecture has such a CPU; did you mean %q? `rt0 arches NAME` lists them", nearest(m.CPU.Model, names))
}
