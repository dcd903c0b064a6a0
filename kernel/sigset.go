// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import "github.com/rt0-dev/rt0/arch"

// Inside, all code speaks of signals by x86's numbers, which nearly all architectures share; MIPS numbers some in its own way, and has
// twice as many. The translation is at the border: here, and where a system call has a signal among its arguments.

// lastSignal is the highest signal of any architecture: MIPS' SIGRTMAX. firstRealtime is the kernel's SIGRTMIN.
const (
	lastSignal    = 128
	firstRealtime = 32
)

// sigset is a set of signals; signal n is bit n-1.
type sigset [lastSignal / 64]uint64

func setOf(signals ...arch.Signal) sigset {
	var s sigset
	for _, sig := range signals {
		s[(sig-1)/64] |= 1 << ((sig - 1) % 64)
	}
	return s
}

func (s sigset) has(sig arch.Signal) bool { return s[(sig-1)/64]>>((sig-1)%64)&1 != 0 }
func (s sigset) empty() bool              { return s == sigset{} }

// and is the signals of both sets, plus those of either, minus those of s alone.
func (s sigset) and(o sigset) sigset   { return sigset{s[0] & o[0], s[1] & o[1]} }
func (s sigset) plus(o sigset) sigset  { return sigset{s[0] | o[0], s[1] | o[1]} }
func (s sigset) minus(o sigset) sigset { return sigset{s[0] &^ o[0], s[1] &^ o[1]} }
func (s sigset) others() sigset        { return sigset{^s[0], ^s[1]} }

// sigsetSize is sizeof(sigset_t) in the kernel, in bytes.
func (p *Process) sigsetSize() int { return p.arch.Signals.Last / 8 }

// signal reads a signal that the guest names; 0 when there is none of that number.
func (p *Process) signal(own int64) arch.Signal {
	if own < 1 || own > int64(p.arch.Signals.Last) {
		return 0
	}
	for _, r := range p.arch.Signals.Numbers {
		if r.Own == uint64(own) {
			return arch.Signal(r.Generic)
		}
	}
	return arch.Signal(own)
}

// ownSignal is the guest's number of a signal.
func (p *Process) ownSignal(sig arch.Signal) uint64 {
	for _, r := range p.arch.Signals.Numbers {
		if r.Generic == uint64(sig) {
			return r.Own
		}
	}
	return uint64(sig)
}

// renumber moves the signals of a set to the guest's numbers, or back.
func (p *Process) renumber(s sigset, back bool) sigset {
	from, to := sigset{}, sigset{}
	for _, r := range p.arch.Signals.Numbers {
		old, new := arch.Signal(r.Generic), arch.Signal(r.Own)
		if back {
			old, new = new, old
		}
		from = from.plus(setOf(old))
		if s.has(old) {
			to = to.plus(setOf(new))
		}
	}
	return s.minus(from).plus(to)
}

// encodeSigset and decodeSigset: a sigset_t is an array of longs, the low signals first.
func (p *Process) encodeSigset(s sigset) []byte {
	s = p.renumber(s, false)
	word := p.arch.PtrSize
	b := make([]byte, p.sigsetSize())
	for i := 0; i < len(b); i += word {
		putUint(p.arch, b[i:i+word], s[i/8]>>(i%8*8))
	}
	return b
}

func (p *Process) decodeSigset(b []byte) sigset {
	var s sigset
	word := p.arch.PtrSize
	for i := 0; i < p.sigsetSize(); i += word {
		s[i/8] |= getUint(p.arch, b[i:i+word]) << (i % 8 * 8)
	}
	return p.renumber(s, true)
}
