// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	stdhash "hash"

	"github.com/rt0-dev/rt0/kernel"
)

// hasher is the hash over all that a guest did: where it began, each system call with its arguments and result, the phases, signals
// and other events, what it wrote, and where it ended. Two boots with one hash went the same way.
//
// Left out is whatever depends on more than binary, machine and options: the engine's count of blocks, the host's time, and anything
// that was looked at (traces, breakpoints, probes).
type hasher struct {
	sum     stdhash.Hash
	buf     []byte
	waiting []*kernel.Syscall // entered, not returned, in order of entry
}

// hashBuffer is how much of the rows is put together, in bytes.
const hashBuffer = 4 << 10

func newHasher() *hasher { return &hasher{sum: sha256.New(), buf: make([]byte, 0, hashBuffer+256)} }

// record adds a tagged row of numbers and a text.
func (h *hasher) record(tag byte, text string, values ...uint64) {
	if len(h.buf) >= hashBuffer {
		h.flush()
	}
	h.buf = append(h.buf, tag)
	for _, v := range values {
		h.buf = binary.LittleEndian.AppendUint64(h.buf, v)
	}
	h.buf = binary.LittleEndian.AppendUint64(h.buf, uint64(len(text)))
	h.buf = append(h.buf, text...)
}

func (h *hasher) flush() {
	h.sum.Write(h.buf)
	h.buf = h.buf[:0]
}

// syscall adds a call as it stands after its entry, and first the results of those that have come back since the last one.
func (h *hasher) syscall(s *kernel.Syscall) {
	h.returned()
	h.record('s', "", uint64(s.Seq), uint64(s.Thread), s.N, s.Args[0], s.Args[1], s.Args[2], s.Args[3], s.Args[4], s.Args[5], s.Instructions)
	if s.Done {
		h.result(s)
	} else {
		h.waiting = append(h.waiting, s)
	}
}

func (h *hasher) returned() {
	if len(h.waiting) == 0 {
		return
	}
	kept := h.waiting[:0]
	for _, s := range h.waiting {
		if s.Done {
			h.result(s)
		} else {
			kept = append(kept, s)
		}
	}
	h.waiting = kept
}

func (h *hasher) result(s *kernel.Syscall) {
	h.record('r', "", uint64(s.Seq), s.Result, uint64(s.Errno))
}

func (h *hasher) phase(name string, s span) {
	h.record('p', name, s.start, uint64(s.syscalls))
}

// finish adds the end and returns the hash in hexadecimal.
func (h *hasher) finish() string {
	h.flush()
	return hex.EncodeToString(h.sum.Sum(nil))
}

// hashStart adds the state in which the guest begins.
func (b *boot) hashStart() {
	b.hash.record('b', b.arch.Name, b.layout.Entry, b.layout.Bias, b.layout.Brk, b.engine.Reg(b.arch.SP))
	for _, aux := range b.stack.Auxv {
		b.hash.record('a', "", aux.Type, aux.Value)
	}
}

// hashEnd adds the state in which the guest ended.
func (b *boot) hashEnd() {
	h, r := b.hash, b.report
	h.returned()
	for _, e := range b.proc.Events() {
		h.record('e', e.Kind+" "+e.Name+" "+e.Detail, uint64(e.Count), e.Instructions, uint64(e.Thread))
	}
	for _, t := range b.proc.Threads() {
		h.record('t', "", uint64(t.TID), t.Instructions)
	}
	for _, register := range b.arch.Registers {
		h.record('g', register.Name, b.engine.Reg(register))
	}
	h.record('1', r.Stdout)
	h.record('2', r.Stderr)
	code := -1
	if r.ExitCode != nil {
		code = *r.ExitCode
	}
	signal := ""
	if r.Signal != nil {
		signal = *r.Signal
	}
	h.record('x', string(r.Outcome)+" "+signal, uint64(code), b.engine.Instructions(), b.engine.Mem().Touched())
}
