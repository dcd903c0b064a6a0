// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"slices"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/machine"
)

// Where mappings go: get_unmapped_area of mm/mmap.c, and what a machine's vm keys change of it.

// placement is how the address space is given away.
type placement struct {
	base     uint64 // where looking for room downwards starts
	bottomUp uint64 // and where upwards
	window   uint64 // what lies above is only for who asks for it (DEFAULT_MAP_WINDOW)
	legacy   bool   // upwards is the way
	hints    bool   // a free address that is asked for is given
	refused  []span // ranges that are never given
}

// span is a range of addresses.
type span struct{ start, end uint64 }

// initPlacement lays the address space out as arch_pick_mmap_layout does.
func (p *Process) initPlacement() {
	s, vm := &p.space, &p.cfg.Machine.VM
	stack := p.id.limits[limitStack].soft
	s.window = s.top
	if p.arch.Window != 0 {
		s.window = s.down(p.arch.Window)
	}
	s.base = s.down(p.arch.MmapTop - min(p.stackGap(stack)-leastGap, p.arch.MmapTop))
	s.bottomUp = s.up(p.arch.BottomUp)
	s.legacy = vm.Placement == machine.PlacementBottomUp || stack == infinity && p.arch.LegacyStack
	s.hints = vm.Hints != machine.HintsIgnore
	if vm.MmapTop != 0 {
		s.base = min(s.down(uint64(vm.MmapTop)), s.top)
		s.window = max(s.window, s.base)
	}
	for _, text := range vm.Refuse {
		if start, end, err := machine.ParseRange(text); err == nil {
			s.refused = append(s.refused, span{s.down(start), min(end, s.top)})
		}
	}
}

// leastGap is how far mmap stays below the stack's top at least: MIN_GAP of mm/util.c. The architecture's MmapTop has it.
const leastGap = 128 << 20

// stackGap is mmap_base of mm/util.c: mmap starts below what the stack may grow to, and its guard.
func (p *Process) stackGap(limit limit) uint64 {
	most := p.arch.StackTop / 6 * 5 // MAX_GAP
	gap := most
	if uint64(limit) < most {
		gap = uint64(limit) + stackGuard*p.space.page
	}
	return max(leastGap, min(gap, most))
}

// hint is round_hint_to_min: an address that is not MAP_FIXED goes to its page's start, and above mmap_min_addr.
func (s *space) hint(addr uint64) uint64 {
	addr = s.down(addr)
	if addr != 0 && addr < mmapMinAddr {
		return s.up(mmapMinAddr)
	}
	return addr
}

// place is get_unmapped_area: it decides where a mapping goes.
func (p *Process) place(r *request) arch.Errno {
	s := &p.space
	if r.size > s.top-mmapMinAddr {
		return arch.ENOMEM
	}
	if r.flags&mapFixed != 0 {
		switch {
		case r.addr > s.top-r.size:
			return arch.ENOMEM
		case r.addr%s.page != 0:
			return arch.EINVAL
		case r.addr < mmapMinAddr && p.id.euid != 0:
			return arch.EPERM // security_mmap_addr
		case s.refuses(r.addr, r.size):
			return arch.ENOMEM
		}
		return 0
	}
	if huge, ok := p.hugeAligned(r); ok {
		r.addr = huge
		return 0
	}
	if addr, ok := p.unmapped(r.addr, r.size); ok {
		r.addr = addr
		return 0
	}
	return arch.ENOMEM
}

// unmapped is arch_get_unmapped_area_topdown of mm/mmap.c: the hint when it is free, else the highest gap below mmap_base, else the lowest
// from TASK_UNMAPPED_BASE on; in the legacy layout that alone (arch_get_unmapped_area).
func (p *Process) unmapped(hint, size uint64) (uint64, bool) {
	s := &p.space
	base, end := s.base, s.window
	if s.hints && hint != 0 {
		// mmap_address_hint_valid of x86/mm/mmap.c: no mapping crosses the border.
		crosses := hint < s.window && hint+size > s.window
		if hint <= s.top-size && !crosses && p.free(hint, size) {
			return hint, true
		}
		if hint >= s.window { // arch_get_mmap_base, arch_get_mmap_end
			base, end = base+s.top-s.window, s.top
		}
	}
	if !s.legacy {
		if addr, ok := p.gap(size, s.up(max(s.page, mmapMinAddr)), base, true); ok {
			return addr, true
		}
	}
	return p.gap(size, s.bottomUp, end, false)
}

// gap is the highest or the lowest room for size bytes between low and high: free, not refused, and clear of the stack's guard.
func (p *Process) gap(size, low, high uint64, down bool) (uint64, bool) {
	for {
		at, ok := p.mem.FindGap(size, p.space.page, low, high, down)
		if !ok {
			return 0, false
		}
		in, ok := p.forbidden(at, size)
		switch {
		case !ok:
			return at, true
		case down:
			high = in.start
		default:
			low = p.space.up(in.end)
		}
	}
}

// forbidden is a range of which a part would be in the mapping though nothing may be mapped there.
func (p *Process) forbidden(addr, size uint64) (span, bool) {
	if i := slices.IndexFunc(p.space.refused, overlaps(addr, size)); i >= 0 {
		return p.space.refused[i], true
	}
	if p.guards(addr, size) {
		r, _ := p.mem.Next(addr)
		return span{r.Start - min(stackGuard*p.space.page, r.Start), r.End}, true
	}
	return span{}, false
}

// refuses says that a part of the range is never given.
func (s *space) refuses(addr, size uint64) bool {
	return slices.ContainsFunc(s.refused, overlaps(addr, size))
}

func overlaps(addr, size uint64) func(span) bool {
	return func(r span) bool { return r.start < addr+size && addr < r.end }
}

// free says that the range can be mapped without MAP_FIXED.
func (p *Process) free(addr, size uint64) bool {
	return !p.occupied(addr, size) && !p.guards(addr, size) && !p.space.refuses(addr, size)
}

// occupied says that something is mapped in the range.
func (p *Process) occupied(addr, size uint64) bool {
	r, ok := p.mem.Next(addr)
	return ok && r.Start < addr+size
}

// guards says that the range comes too close to the stack from below (vm_start_gap).
func (p *Process) guards(addr, size uint64) bool {
	r, ok := p.mem.Next(addr)
	return ok && r.Tag == tagStack && r.Start < addr+size+stackGuard*p.space.page
}

// The releases in which __get_unmapped_area and __thp_get_unmapped_area changed.
var (
	hugeAligns   = release{6, 7}  // efa7df3e3bb5: anonymous mappings of a huge page and more are aligned to one
	hugeMultiple = release{6, 12} // d4148aeab412: only those whose length is a multiple
	hugeHint     = release{6, 13} // 249608ee4713: only those without a hint
)

// hugeAligned places a large anonymous mapping of a 64-bit process at a multiple of the huge page (thp_get_unmapped_area_vmflags).
// ok is false where Linux leaves the matter to unmapped.
func (p *Process) hugeAligned(r *request) (uint64, bool) {
	huge := uint64(p.cfg.Machine.HugePage)
	kernel := p.id.release
	switch {
	case huge == 0 || huge%p.space.page != 0 || p.arch.PtrSize != 8 || r.file != nil || r.size < huge:
		return 0, false
	case kernel.before(hugeAligns), !kernel.before(hugeMultiple) && r.size%huge != 0, !kernel.before(hugeHint) && r.addr != 0:
		return 0, false
	case r.size+huge < r.size || r.size+huge > p.space.top-mmapMinAddr:
		return 0, false
	}
	at, ok := p.unmapped(r.addr, r.size+huge)
	switch {
	case !ok:
		return 0, false
	case at == r.addr:
		return at, true // the hint itself
	}
	// Found with a huge page to spare: the mapping goes to the upper end of it, in the legacy layout to the lower one.
	switch over := at % huge; {
	case over != 0:
		return at + huge - over, true
	case p.space.legacy:
		return at, true
	}
	return at + huge, true
}
