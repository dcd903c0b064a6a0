// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// CPU is a real CPU, as what a program can learn of it. A machine names it, and adds features or takes them away.
type CPU struct {
	Name     string // in lower case: "neoverse-n1"
	Title    string // maker, name, year of the first
	Source   string // where the features are from
	Features string // all that it has, by the names of Arch.Features, with blanks between

	Platform     string // AT_PLATFORM; "": the architecture's
	BasePlatform string // AT_BASE_PLATFORM; "": the architecture's
	UTSName      string // uname's machine; "": the architecture's

	MIDR    uint64           // arm64's MIDR_EL1: maker, part, revision
	CPUID   []CPUID          // answers that are not the architecture's; Features' bits are put into all
	HWProbe map[int64]uint64 // riscv_hwprobe keys that are not those of a CPU of nobody's
	Pages   []Page           // the kernel's own; nil: the architecture's
	NoVDSO  string           // why Linux has no vDSO for it; "": it may have one
	Info    []InfoLine       // what /proc/cpuinfo says otherwise
}

// InfoLine is a line of /proc/cpuinfo.
type InfoLine struct{ Key, Value string }

// CPUNames are the CPUs of all architectures, each once, in the order of the architectures.
func CPUNames() []string { return slices.Clone(cpuNames()) }

// cpuNames is CPUNames: each machine that is checked asks for them.
var cpuNames = sync.OnceValue(func() (names []string) {
	for _, a := range all {
		for _, c := range a.CPUs {
			if !slices.Contains(names, c.Name) {
				names = append(names, c.Name)
			}
		}
	}
	return names
})

// CPU finds one of the architecture's by its name, whatever the case.
func (a *Arch) CPU(name string) (CPU, bool) {
	for _, c := range a.CPUs {
		if strings.EqualFold(c.Name, name) {
			return c, true
		}
	}
	return CPU{}, false
}

// CPUError says that a machine names a CPU that the booted architecture does not have.
type CPUError struct {
	GOARCH, CPU string
	Of          []string // architectures that have it; nil: none has
}

func (e *CPUError) Error() string {
	a, _ := Find(e.GOARCH)
	names := make([]string, len(a.CPUs))
	for i, c := range a.CPUs {
		names[i] = c.Name
	}
	has := "none has"
	if len(e.Of) > 0 {
		has = "it is a CPU of " + strings.Join(e.Of, " and ")
	}
	return fmt.Sprintf("no %s binary runs on cpu.model %s: %s; those for %s are auto, %s", e.GOARCH, e.CPU, has, e.GOARCH, strings.Join(names, ", "))
}

// Processor is the CPU of a machine.
type Processor struct {
	Arch  *Arch
	CPU   CPU             // the named one; the zero value: the engine's
	has   map[string]bool // features, by name
	lacks map[string]bool // features that it was said not to have: those taken away, and those that the named CPU is without

	Leaves []CPUID // answers of CPUID that go before all others
	States uint64  // what XGETBV answers; 0: as the features have it
}

// Processor is the CPU that a machine describes: a model by its name ("": what the engine has), to which "+name" adds a feature and "-name"
// takes one away. What an added feature cannot do without is added too. Names of features that the architecture does not have are passed
// over; a model that it does not have is a [*CPUError].
func (a *Arch) Processor(model string, changes []string) (*Processor, error) {
	p := &Processor{Arch: a, has: map[string]bool{}, lacks: map[string]bool{}}
	if model != "" {
		var ok bool
		if p.CPU, ok = a.CPU(model); !ok {
			err := &CPUError{GOARCH: a.Name, CPU: model}
			for _, other := range all {
				if _, has := other.CPU(model); has {
					err.Of = append(err.Of, other.Name)
				}
			}
			return nil, err
		}
	}
	own := strings.Fields(p.CPU.Features)
	for _, f := range a.Features {
		p.has[f.Name] = f.Engine
		if model != "" {
			p.has[f.Name] = slices.Contains(own, f.Name)
			p.lacks[f.Name] = !p.has[f.Name]
		}
	}
	for _, change := range changes {
		if f, ok := a.Feature(strings.TrimLeft(change, "+-")); ok {
			p.set(f, !strings.HasPrefix(change, "-"))
		}
	}
	for _, change := range changes { // the last word
		if f, ok := a.Feature(strings.TrimLeft(change, "-")); ok && strings.HasPrefix(change, "-") {
			p.set(f, false)
		}
	}
	return p, nil
}

func (p *Processor) set(f Feature, on bool) {
	p.has[f.Name], p.lacks[f.Name] = on, !on
	if !on {
		return
	}
	for name := range strings.FieldsSeq(f.Needs) {
		if needed, ok := p.Arch.Feature(name); ok && !p.has[name] {
			p.set(needed, true)
		}
	}
}

// Has says whether the CPU has a feature, by its name in Arch.Features.
func (p *Processor) Has(name string) bool { return p.has[name] }

// Features are the names of what it has, in the architecture's order.
func (p *Processor) Features() []string {
	var names []string
	for _, f := range p.Arch.Features {
		if p.has[f.Name] && !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

// Promised are the features that it has and that rt0 cannot execute.
func (p *Processor) Promised() []string {
	var names []string
	for _, f := range p.Arch.Features {
		if p.has[f.Name] && !f.Engine && !f.Carried {
			names = append(names, f.Name)
		}
	}
	return names
}

// Common are those of Promised of which rt0 carries out what Go writes.
func (p *Processor) Common() []string {
	return slices.DeleteFunc(p.Promised(), func(name string) bool {
		f, _ := p.Arch.Feature(name)
		return !f.Common
	})
}

// HWCap is AT_HWCAP (1) and AT_HWCAP2 (2).
func (p *Processor) HWCap() [3]uint64 {
	var caps [3]uint64
	for _, f := range p.Arch.Features {
		if p.has[f.Name] && f.HWCap != 0 {
			caps[f.HWCap] |= 1 << f.Bit
		}
	}
	return caps
}

// Platform is AT_PLATFORM, BasePlatform is AT_BASE_PLATFORM, and UTSName is uname's machine.
func (p *Processor) Platform() string     { return either(p.CPU.Platform, p.Arch.Platform) }
func (p *Processor) BasePlatform() string { return either(p.CPU.BasePlatform, p.Arch.BasePlatform) }
func (p *Processor) UTSName() string      { return either(p.CPU.UTSName, p.Arch.UTSName) }

func either(text, other string) string {
	if text != "" {
		return text
	}
	return other
}

// Pages are what the kernel puts at fixed addresses.
func (p *Processor) Pages() []Page {
	if p.CPU.Pages != nil {
		return p.CPU.Pages
	}
	return p.Arch.Pages
}

// CPUID is what CPUID or STFLE answers; nil where neither exists.
func (p *Processor) CPUID() []CPUID {
	if p.Arch.CPUID == nil {
		return nil
	}
	leaves := slices.Clone(p.Arch.CPUID)
	for _, leaf := range p.CPU.CPUID {
		leaves = setLeaf(leaves, leaf)
	}
	for _, f := range p.Arch.Features {
		if f.CPUID == nil {
			continue
		}
		for i := range leaves {
			if leaves[i].Leaf != f.CPUID.Leaf || leaves[i].Subleaf != f.CPUID.Subleaf {
				continue
			}
			for r, bits := range f.CPUID.Regs {
				leaves[i].Regs[r] &^= bits
				if p.has[f.Name] {
					leaves[i].Regs[r] |= bits
				}
			}
		}
	}
	if p.has["xsave"] {
		for _, leaf := range x86StateLeaves(p.XCR0()) {
			leaves = setLeaf(leaves, leaf)
		}
	}
	for _, leaf := range p.Leaves {
		leaves = setLeaf(leaves, leaf)
	}
	return leaves
}

// setLeaf puts an answer into a list, in the place of one for the same leaf and subleaf.
func setLeaf(leaves []CPUID, leaf CPUID) []CPUID {
	i := slices.IndexFunc(leaves, func(l CPUID) bool { return l.Leaf == leaf.Leaf && l.Subleaf == leaf.Subleaf })
	if i < 0 {
		return append(leaves, leaf)
	}
	leaves[i] = leaf
	return leaves
}

// XCR0 is what XGETBV answers: the states that a kernel which knows all of the CPU's has turned on (x86/kernel/fpu/xstate.c). 0: there is
// no such register.
func (p *Processor) XCR0() uint64 {
	if p.States != 0 || !p.has["xsave"] {
		return p.States
	}
	value := uint64(3) // x87 and SSE
	for _, state := range []struct {
		feature string
		bits    uint64
	}{{"avx", 1 << 2}, {"avx512f", 7 << 5}, {"amx_tile", 3 << 17}} {
		if p.has[state.feature] {
			value |= state.bits
		}
	}
	return value
}

// HWProbe is what riscv_hwprobe answers to RISCV_HWPROBE_KEY_IMA_EXT_0.
func (p *Processor) HWProbe() uint64 {
	var bits uint64
	for _, f := range p.Arch.Features {
		if p.has[f.Name] {
			bits |= f.HWProbe
		}
	}
	return bits
}

// Model is the engine's model that traps on what the CPU was said not to have, and lacks nothing else that the default one runs; the default
// one when there is none.
func (p *Processor) Model() Model {
	if len(p.Arch.Engine.Models) == 0 {
		return Model{}
	}
	model, best := p.Arch.Engine.Models[0], 0
	for _, m := range p.Arch.Engine.Models {
		if fits := !slices.ContainsFunc(m.Lacks, func(name string) bool { return !p.without(name) }); fits && len(m.Lacks) > best {
			model, best = m, len(m.Lacks)
		}
	}
	return model
}

// without says whether the CPU was said not to have a feature, or what that feature needs.
func (p *Processor) without(name string) bool {
	f, _ := p.Arch.Feature(name)
	return p.lacks[name] || slices.ContainsFunc(strings.Fields(f.Needs), p.without)
}

// Guard is an instruction that the engine must not carry out, or one that it may though a later guard has it as well.
type Guard struct {
	Opcode
	Stop  bool
	Carry bool // the CPU has it: Emulation may know it
}

// Guards are the instructions that the engine's model would carry out though the CPU does not have them, or though it would do so wrongly, in the
// order in which they are looked for. Nil: there are none.
func (p *Processor) Guards() []Guard {
	if p.Arch.Engine.Intercept == nil && p.Arch.Engine.Lengths[0] == 0 {
		return nil // its instructions are not told apart: models do all
	}
	model := p.Model()
	var guards []Guard
	for _, o := range p.Arch.Opcodes {
		f, ok := p.Arch.Feature(o.Feature)
		stop := ok && (f.Misrun || p.lacks[f.Name] && (f.Engine || f.Carried || f.Partly) && !slices.Contains(model.Lacks, f.Name))
		guards = append(guards, Guard{o, stop, stop && p.has[f.Name]})
	}
	return slices.Clip(slices.DeleteFunc(slices.Clone(guards), func(g Guard) bool { return redundant(g, guards) }))
}

// redundant says that a list stops the same instructions without one of its guards.
func redundant(g Guard, list []Guard) bool {
	i := slices.Index(list, g)
	for _, later := range list[i+1:] {
		switch {
		case g.Stop && later.Stop && later.covers(g.Opcode):
			return true
		case later.Stop != g.Stop && later.meets(g.Opcode):
			return false
		}
	}
	return !g.Stop
}

// Lacks says whether the CPU was said not to have a feature.
func (p *Processor) Lacks(name string) bool { return p.lacks[name] }

// Info is the text of /proc/cpuinfo for some CPUs: the architecture's, with the lines that the named CPU has otherwise.
func (p *Processor) Info(cpus []int) string {
	text := p.Arch.CPUInfo(cpus, strings.Join(p.Features(), " "))
	if len(p.CPU.Info) == 0 {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		key, _, ok := strings.Cut(line, ":")
		i := slices.IndexFunc(p.CPU.Info, func(l InfoLine) bool { return ok && l.Key == strings.TrimSpace(key) })
		if i >= 0 {
			line = key + ": " + p.CPU.Info[i].Value + "\n"
		}
		for _, l := range p.CPU.Info { // s390x's summary: "machine = 2964"
			if before, _, ok := strings.Cut(line, " "+l.Key+" = "); ok {
				line = before + " " + l.Key + " = " + l.Value + "\n"
			}
		}
		b.WriteString(line)
	}
	return b.String()
}
