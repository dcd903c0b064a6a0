// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/machine"
)

// How much a process may map: RLIMIT_AS, RLIMIT_DATA, and what the machine's memory allows to be promised.

// mayMap checks what mmap_region does: the limits, and that there could be as much memory.
func (p *Process) mayMap(r *request) arch.Errno {
	size, replaced := r.size, uint64(0)
	if r.flags&mapFixed != 0 {
		size -= p.mapped(r.addr, r.size)
		replaced = p.writable(r.addr, r.size)
	}
	private := r.flags&mapType == mapPrivate
	data := private && r.prot&emu.Write != 0
	if !p.mayExpand(size) || data && !p.mayHold(r.size-min(replaced, r.size)) {
		return arch.ENOMEM
	}
	// Where nothing is promised that is not there, MAP_NORESERVE says nothing (do_mmap).
	if data && (r.flags&mapNoreserve == 0 || p.cfg.Machine.VM.Overcommit == machine.OvercommitNever) {
		return p.commit(r.size, replaced)
	}
	return 0
}

// mayExpand is may_expand_vm: whether RLIMIT_AS has room for size more bytes.
func (p *Process) mayExpand(size uint64) bool {
	limit := p.id.limits[limitAddressSpace].soft
	if limit == infinity {
		return true
	}
	page := p.space.page
	return (p.mem.Size()-p.space.uncounted)/page+size/page <= uint64(limit)/page
}

// mayHold is its other half: whether RLIMIT_DATA has room for size more bytes of private memory that can be written.
func (p *Process) mayHold(size uint64) bool {
	limit := p.id.limits[limitData].soft
	if limit == infinity {
		return true
	}
	page := p.space.page
	return p.usage().data/page+size/page <= uint64(limit)/page
}

// commit is __vm_enough_memory: whether size more bytes that can be written may be promised, of which replaced bytes are promised already.
func (p *Process) commit(size, replaced uint64) arch.Errno {
	memory := uint64(p.cfg.Machine.Memory)
	enough := true
	switch p.cfg.Machine.VM.Overcommit {
	case machine.OvercommitAlways:
	case machine.OvercommitNever:
		enough = p.committed()-replaced+size < p.commitLimit()
	default: // what could never fit
		enough = size <= memory
	}
	if !enough {
		return arch.ENOMEM
	}
	return 0
}

// commitLimit is what this process may have been promised at most when no more is promised than there is: half of the memory
// (vm.overcommit_ratio), less what is kept for others that are to kill it (init_user_reserve, init_admin_reserve of mm/mmap.c).
func (p *Process) commitLimit() uint64 {
	memory := uint64(p.cfg.Machine.Memory)
	limit := memory / 2
	limit -= min(limit, p.mem.Size()/32, memory/32, 128<<20)
	if p.id.euid != 0 {
		limit -= min(limit, memory/32, 8<<20)
	}
	return limit
}

// expandStack is expand_stack of mm/mmap.c: the first stack grows to where it is touched, as far as RLIMIT_STACK goes, and not into the
// guard above the next mapping. Up to RLIMIT_STACK's default it is there from the start (loader.NewStack).
func (p *Process) expandStack(addr uint64) bool {
	start, guard := p.space.down(addr), stackGuard*p.space.page
	r, ok := p.mem.Next(addr)
	if !ok || r.Tag != tagStack || r.End-start > uint64(p.id.limits[limitStack].soft) {
		return false
	}
	if below, _ := p.mem.Next(start - min(start, guard)); below != r || !p.mayExpand(r.Start-start) {
		return false
	}
	p.space.pieces += 2
	return p.mem.Map(start, r.Start-start, r.Prot, tagStack) == nil
}

// committed are the bytes that are promised: of regions that can be written (accountable_mapping).
func (p *Process) committed() uint64 { return p.writable(0, p.space.top) - p.space.stackSpare }

// writable counts the bytes of the range that are mapped and can be written.
func (p *Process) writable(addr, size uint64) uint64 {
	return p.count(addr, size, func(r emu.Region) bool { return r.Prot&emu.Write != 0 && r.Tag != kernelTag })
}

// mapped counts the bytes of the range that are mapped.
func (p *Process) mapped(addr, size uint64) uint64 {
	return p.count(addr, size, func(emu.Region) bool { return true })
}

func (p *Process) count(addr, size uint64, counts func(emu.Region) bool) (n uint64) {
	for at := addr; ; {
		r, ok := p.mem.Next(at)
		if !ok || r.Start >= addr+size {
			return n
		}
		if counts(r) {
			n += min(r.End, addr+size) - max(r.Start, addr)
		}
		at = r.End
	}
}
