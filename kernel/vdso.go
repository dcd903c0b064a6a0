// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"cmp"
	"errors"
	"fmt"
	"sync"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/machine"
)

// VDSO is a vDSO in the address space: code of the kernel that the program finds by the auxiliary vector.
type VDSO struct {
	Addr    uint64 // of the ELF header: AT_SYSINFO_EHDR
	SysInfo uint64 // AT_SYSINFO; 0: there is no such entry

	mem  *emu.Memory
	arch *arch.Arch
	data uint64 // where the clocks are, for the code
	size uint64 // of the region that they are at the end of
	step int64  // of the counter's time: which one the data is for
	seq  uint32 // what the data says of how often it was written
}

// The regions of a vDSO.
const (
	tagVVAR = 0x202
	tagVDSO = 0x203
)

// vdsoHash are the words of kernel.vdso: whether there is a DT_HASH, and a DT_GNU_HASH.
var vdsoHash = map[string]struct{ sysv, gnu bool }{
	machine.VDSOSysV: {true, false},
	machine.VDSOGNU:  {false, true},
	machine.VDSOBoth: {true, true},
}

// MapVDSO makes the vDSO of a machine and maps it, before the first stack is made; nil: the machine has none. The machine must be resolved.
// One for a CPU that Linux has none for is a [*machine.ValueError].
func MapVDSO(mem *emu.Memory, a *arch.Arch, m machine.Machine) (*VDSO, error) {
	hash, ok := vdsoHash[m.Kernel.VDSO]
	if !ok || a.VDSO == nil {
		return nil, nil
	}
	if cpu, named := a.CPU(m.CPU.Model); named && cpu.NoVDSO != "" {
		return nil, &machine.ValueError{Key: "kernel.vdso", Value: m.Kernel.VDSO, Want: "cpu.model " + cpu.Name + " has none: " + cpu.NoVDSO}
	}
	image, err := vdsoOf(a, parseRelease(m.Kernel.Release), hash.sysv, hash.gnu)
	if err != nil {
		return nil, err
	}
	// The process that there will be, as far as it decides where mappings go.
	p := &Process{cfg: Config{Machine: m}, arch: a, mem: mem}
	p.id.limits = startLimits(&m)
	s := &p.space
	s.page = max(uint64(m.PageSize), emu.PageSize)
	s.top = s.down(a.UserTop)
	p.initPlacement()
	v := &VDSO{mem: mem, arch: a, size: s.up(arch.VDSODataSize), step: -1}
	at, ok := p.vdsoPlace(v.size + s.up(uint64(len(image.file))))
	if !ok {
		return nil, errors.New("map the vDSO: the address space is full")
	}
	v.Addr = at + v.size
	v.data = v.Addr - arch.VDSODataSize
	if image.sysInfo != 0 {
		v.SysInfo = v.Addr + image.sysInfo
	}
	if err := mem.Map(at, v.size, emu.Read, tagVVAR); err != nil {
		return nil, fmt.Errorf("map the vDSO's data: %w", err)
	}
	if err := mem.MapBytes(v.Addr, s.up(uint64(len(image.file))), emu.Read|emu.Exec, tagVDSO, image.file); err != nil {
		return nil, fmt.Errorf("map the vDSO: %w", err)
	}
	return v, nil
}

// vdsoFile is the vDSO of a kernel, and where AT_SYSINFO points to in it; 0: nowhere.
type vdsoFile struct {
	sysInfo uint64
	file    []byte
}

type vdsoKey struct {
	arch      *arch.Arch
	running   release
	sysv, gnu bool
}

// vdsos are those that were made. Equal files are the same memory, since an engine that boots again and again knows code by where it comes from:
// there are few, as only some releases have brought something.
var (
	vdsos     sync.Map // vdsoKey → vdsoFile
	vdsoFiles sync.Map // string(file) → []byte
)

func vdsoOf(a *arch.Arch, running release, sysv, gnu bool) (vdsoFile, error) {
	key := vdsoKey{a, running, sysv, gnu}
	if known, ok := vdsos.Load(key); ok {
		return known.(vdsoFile), nil
	}
	image, file, err := newVDSO(a, running, sysv, gnu)
	if err != nil {
		return vdsoFile{}, err
	}
	same, _ := vdsoFiles.LoadOrStore(string(file), file)
	made := vdsoFile{file: same.([]byte)}
	for _, symbol := range image.symbols {
		if symbol.name == a.VDSO.SysInfo {
			made.sysInfo = symbol.value
		}
	}
	vdsos.Store(key, made)
	return made, nil
}

// vdsoPlace is where arch_setup_additional_pages puts the data and the code: where the first mmap would go, or above the stack.
func (p *Process) vdsoPlace(size uint64) (uint64, bool) {
	const stackSize = 8 << 20 // at most, as package loader makes it
	s, stack := &p.space, cmp.Or(uint64(p.cfg.Machine.Stack.Top), p.arch.StackTop)
	s.refused = append(s.refused, span{stack - min(stack, stackSize+stackGuard*s.page), stack}) // it is not mapped yet
	hint := uint64(0)
	if p.arch.VDSO.Above {
		hint = s.up(stack) + s.page // a page stays free for the FPU emulator
	}
	if hint > s.top-size {
		hint = 0
	}
	return p.unmapped(hint, size)
}

// due is the instruction count at which the data must be written again.
func (v *VDSO) due(c *clock) uint64 {
	next := uint64(v.step+1) * arch.VDSOStep
	now, done := c.counter(), c.eng.Instructions()
	if now >= next {
		return done
	}
	return done + (next-now)/nsPerInstruction
}

// write brings the data up to date, when the counter has come to its next step. What the program reads is the same at any time within one.
func (v *VDSO) write(c *clock) {
	now := c.counter()
	step := int64(now / arch.VDSOStep)
	if step == v.step {
		return
	}
	v.step = step
	v.seq += 2
	at := uint64(step) * arch.VDSOStep
	back := int64(now - at)
	order, b := v.arch.Order, make([]byte, arch.VDSOClocks+16*arch.VDSOClockIDs)
	order.PutUint32(b[arch.VDSOSequence:], v.seq)
	order.PutUint64(b[arch.VDSOCounter:], v.arch.VDSO.Count(at))
	var served uint32
	for id, kind := range clocks {
		if kind.vdso == nil || !c.plain {
			continue
		}
		then := kind.vdso(c) - back
		if then < 0 { // it began to count within this step, and the data has no sign
			continue
		}
		served |= 1 << id
		order.PutUint64(b[arch.VDSOClocks+16*id:], uint64(then/second))
		order.PutUint64(b[arch.VDSOClocks+16*id+8:], uint64(then%second))
	}
	order.PutUint32(b[arch.VDSOServed:], served)
	if v.find() {
		// The region is there, and memory that runs out is noticed by the next access.
		_ = v.mem.Poke(v.data, b)
	}
}

// find looks for the data where the program may have moved it, as CRIU does. False: it has unmapped it.
func (v *VDSO) find() bool {
	if r, ok := v.mem.Find(v.data); ok && r.Tag == tagVVAR {
		return true
	}
	for _, r := range v.mem.Regions() {
		if r.Tag == tagVVAR && r.End-r.Start == v.size {
			v.data = r.End - arch.VDSODataSize
			return true
		}
	}
	return false
}
