// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
)

// Calls that ask about mapped ranges or advise on them: their rows are memoryCalls.

// advice is a value of madvise.
type advice struct {
	since release // the first kernel that knows it
	huge  bool    // only on machines with transparent huge pages
	drop  bool    // the pages go
	anon  bool    // EINVAL on mappings of files
}

// advices are include/uapi/asm-generic/mman-common.h's. A value that is not here is EINVAL; so are MADV_REMOVE, as nothing is shared
// memory, and the ones that inject errors.
var advices = map[uint64]advice{
	0:  {},                                             // MADV_NORMAL
	1:  {},                                             // MADV_RANDOM
	2:  {},                                             // MADV_SEQUENTIAL
	3:  {},                                             // MADV_WILLNEED
	4:  {drop: true},                                   // MADV_DONTNEED
	8:  {since: release{4, 5}, drop: true, anon: true}, // MADV_FREE
	10: {},                                             // MADV_DONTFORK
	11: {},                                             // MADV_DOFORK
	12: {},                                             // MADV_MERGEABLE
	13: {},                                             // MADV_UNMERGEABLE
	14: {huge: true},                                   // MADV_HUGEPAGE
	15: {huge: true},                                   // MADV_NOHUGEPAGE
	16: {since: release{3, 4}},                         // MADV_DONTDUMP
	17: {since: release{3, 4}},                         // MADV_DODUMP
	18: {since: release{4, 14}, anon: true},            // MADV_WIPEONFORK
	19: {since: release{4, 14}},                        // MADV_KEEPONFORK
	20: {since: release{5, 4}},                         // MADV_COLD
	21: {since: release{5, 4}},                         // MADV_PAGEOUT
	22: {since: release{5, 14}},                        // MADV_POPULATE_READ
	23: {since: release{5, 14}},                        // MADV_POPULATE_WRITE
	24: {since: release{5, 18}, drop: true},            // MADV_DONTNEED_LOCKED
	25: {since: release{6, 1}, huge: true},             // MADV_COLLAPSE
}

// sysMadvise is do_madvise: advice reaches all that is mapped in the range, and a hole is ENOMEM afterwards.
func sysMadvise(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	p, s := t.p, &t.p.space
	addr := a[0]
	how, known := advices[uint64(uint32(a[2]))]
	if !known || p.id.release.before(how.since) || how.huge && p.cfg.Machine.HugePage == 0 || addr%s.page != 0 {
		return 0, arch.EINVAL
	}
	size, ok := s.round(a[1])
	if !ok || addr+size < addr {
		return 0, arch.EINVAL
	}
	hole := false
	for at, end := addr, addr+size; at < end; {
		r, ok := p.mem.Next(at)
		if !ok || r.Start >= end {
			return 0, arch.ENOMEM
		}
		hole = hole || r.Start > at
		at = max(at, r.Start)
		part := min(r.End, end) - at
		if how.anon && ofFile(r) {
			return 0, arch.EINVAL
		}
		if how.drop {
			p.mem.Discard(at, part)
		}
		at += part
	}
	if hole {
		return 0, arch.ENOMEM
	}
	return 0, 0
}

// maxMincore bounds the pages that one mincore looks at: 16 GiB of them. Linux would take its time; EAGAIN is among its answers.
const maxMincore = 1 << 22

// sysMincore tells which pages are resident: those that were touched.
func sysMincore(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	p, s := t.p, &t.p.space
	addr := a[0]
	if addr%s.page != 0 {
		return 0, arch.EINVAL
	}
	size, ok := s.round(a[1])
	switch {
	case !ok, addr > s.top-size:
		return 0, arch.ENOMEM
	case size == 0:
		return 0, 0
	case size/emu.PageSize > maxMincore:
		return 0, arch.EAGAIN
	}
	// As Linux does, by the pages that one page of the answer holds; what comes before a hole is written.
	for done := uint64(0); done < size; {
		part := min(size-done, s.page*s.page)
		if !p.mem.Mapped(addr+done, part) {
			return 0, arch.ENOMEM
		}
		answer := make([]byte, part/s.page)
		for i := range answer {
			for at := uint64(0); at < s.page && answer[i] == 0; at += emu.PageSize {
				if p.mem.Resident(addr + done + uint64(i)*s.page + at) {
					answer[i] = 1
				}
			}
		}
		if errno := t.copyOut(a[2]+done/s.page, answer); errno != 0 {
			return 0, errno
		}
		done += part
	}
	return 0, 0
}

// sysMlock serves munlock as well: what is not mapped is ENOMEM, and nothing else can go wrong.
func sysMlock(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	s := &t.p.space
	addr := s.down(a[0])
	size, ok := s.round(a[1] + a[0] - addr)
	switch {
	case a[1] == 0:
		return 0, 0
	case !ok || addr+size < addr:
		return 0, arch.EINVAL
	case !t.p.mem.Mapped(addr, size):
		return 0, arch.ENOMEM
	}
	return 0, 0
}

func sysMlock2(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	const onFault = 1
	if uint32(a[2])&^onFault != 0 {
		return 0, arch.EINVAL
	}
	return sysMlock(t, a)
}

func sysMlockall(_ *Thread, a [6]uint64) (uint64, arch.Errno) {
	const current, future, onFault = 1, 2, 4
	if flags := uint32(a[0]); flags&^(current|future|onFault) != 0 || flags&(current|future) == 0 {
		return 0, arch.EINVAL
	}
	return 0, 0
}

func sysMunlockall(*Thread, [6]uint64) (uint64, arch.Errno) { return 0, 0 }

func sysMsync(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	const async, invalidate, sync = 1, 2, 4
	s := &t.p.space
	flags := uint32(a[2])
	if flags&^(async|invalidate|sync) != 0 || flags&(async|sync) == async|sync || a[0]%s.page != 0 {
		return 0, arch.EINVAL
	}
	size, ok := s.round(a[1])
	switch {
	case !ok || a[0]+size < a[0]:
		return 0, arch.ENOMEM
	case size > 0 && !t.p.mem.Mapped(a[0], size):
		return 0, arch.ENOMEM
	}
	return 0, 0
}

// sysMembarrier answers MEMBARRIER_CMD_QUERY with the commands that there are, and grants them.
func sysMembarrier(_ *Thread, a [6]uint64) (uint64, arch.Errno) {
	const commands = 0x7f // GLOBAL to REGISTER_PRIVATE_EXPEDITED_SYNC_CORE
	command := uint32(a[0])
	switch {
	case a[1] != 0, command&(command-1) != 0, command&^commands != 0:
		return 0, arch.EINVAL
	case command == 0:
		return commands, 0
	}
	return 0, 0
}
