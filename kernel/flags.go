// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import "github.com/rt0-dev/rt0/arch"

// Some architectures number flags and limits in their own way. Inside, all code speaks asm-generic's.

// openFlags translates open's flags from the guest's numbers.
func (p *Process) openFlags(v uint64) int {
	return int(arch.Generic(uint64(uint32(v)), p.arch.Syscall.OpenFlags))
}

// guestFlags translates them back.
func (p *Process) guestFlags(flags int) uint64 {
	return arch.Own(uint64(flags), p.arch.Syscall.OpenFlags)
}

// mapFlags translates mmap's flags from the guest's numbers.
func (p *Process) mapFlags(v uint64) uint64 { return arch.Generic(v, p.arch.Syscall.MapFlags) }

// resource translates the number of a resource limit from the guest's.
func (p *Process) resource(own uint64) uint32 {
	for _, r := range p.arch.Syscall.Limits {
		if r.Own == uint64(uint32(own)) {
			return uint32(r.Generic)
		}
	}
	return uint32(own)
}

// limitInfinity is RLIM_INFINITY of the calls that tell limits in words.
func (p *Process) limitInfinity() limit {
	switch {
	case p.arch.Syscall.LimitInfinity != 0:
		return limit(p.arch.Syscall.LimitInfinity)
	case p.arch.PtrSize == 4:
		return 1<<32 - 1
	}
	return infinity
}

// timerCode is SI_TIMER.
func (p *Process) timerCode() int32 {
	if code := p.arch.Signals.Timer; code != 0 {
		return code
	}
	return siTimer
}
