// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"bytes"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
)

// altStack is sigaltstack's: struct stack_t.
type altStack struct {
	sp, size uint64
	flags    uint64
}

// The flags of sigaltstack.
const (
	ssOnStack    = 1
	ssDisable    = 2
	ssAutodisarm = 1 << 31
)

// holds says that an address is on the alternate stack (on_sig_stack). The top is on it, the bottom is not.
func (s *altStack) holds(sp uint64) bool {
	return s.size != 0 && s.flags&ssAutodisarm == 0 && sp > s.sp && sp-s.sp <= s.size
}

// state is ss_flags as sigaltstack tells it (sas_ss_flags).
func (s *altStack) state(sp uint64) uint64 {
	switch {
	case s.size == 0:
		return ssDisable
	case s.holds(sp):
		return ssOnStack
	}
	return 0
}

// encodeAlt and decodeAlt: struct stack_t has ss_sp, ss_flags and ss_size, the last two the other way round on MIPS.
func (p *Process) encodeAlt(s altStack, flags uint64) []byte {
	e, word := &encoder{arch: p.arch}, p.arch.PtrSize
	if e.word(s.sp); p.arch.Signals.SizeFirst {
		e.word(s.size).u32(flags)
	} else {
		e.u32(flags).pad(2 * word).word(s.size)
	}
	return e.pad(3 * word).b
}

func (p *Process) decodeAlt(b []byte) altStack {
	word := p.arch.PtrSize
	flags, size := word, 2*word
	if p.arch.Signals.SizeFirst {
		flags, size = size, flags
	}
	return altStack{
		sp:    getUint(p.arch, b[:word]),
		flags: getUint(p.arch, b[flags:flags+4]),
		size:  getUint(p.arch, b[size:size+word]),
	}
}

// savedFrame is a handler that has not returned. The frame in guest memory holds the integer registers, which the handler may
// change (Go's sigpanic and asyncPreempt do); the context holds what the frame leaves out, floating point and vectors first.
type savedFrame struct {
	addr uint64
	ctx  *emu.Context
	call *interruption // starts over when the handler returns; nil: none
	// hidden are the registers that neither of the two needs, but that the frame shows: see arch.Hidden.
	hidden []byte
}

// SignalFrames are the addresses of the frames of handlers that have not returned, the newest first.
func (t *Thread) SignalFrames() []uint64 {
	list := make([]uint64, len(t.frames))
	for i, f := range t.frames {
		list[len(list)-1-i] = f.addr
	}
	return list
}

// pushFrame makes a running thread enter a handler: setup_rt_frame. False: the stack cannot take it.
func (p *Process) pushFrame(t *Thread, info siginfo, a action) bool {
	f := &p.arch.Signal
	if info.past != 0 {
		p.eng.SetReg(p.arch.PC, p.eng.Reg(p.arch.PC)+uint64(info.past))
	}
	sp := p.eng.Reg(p.arch.SP)
	base := sp
	onAlt := a.flags&saOnStack != 0 && t.alt.size != 0 && !t.alt.holds(sp)
	switch {
	case onAlt:
		base = t.alt.sp + t.alt.size
	default:
		base -= uint64(f.RedZone)
	}
	if a := &f.Above; a.Size != 0 { // fpu__alloc_mathframe
		base = (base-uint64(a.Size-a.Head))&^uint64(a.Align-1) - uint64(a.Head)
	}
	addr := (base-uint64(f.Gap)-uint64(f.Size))&^uint64(f.Align-1) - uint64(f.Skew)
	if p.arch.PtrSize == 4 {
		addr = uint64(uint32(addr))
	}
	if (onAlt || t.alt.holds(sp)) && !t.alt.holds(addr) {
		return false // get_sigframe: the alternate stack has overflowed
	}
	restorer := p.restorer
	if a.flags&saRestorer != 0 && a.restorer != 0 {
		restorer = a.restorer
	}
	if restorer == 0 {
		return false
	}
	blocked := t.mask
	if t.maskSaved {
		blocked = t.savedMask
	}
	code, toc, errno := t.function(a.handler)
	if errno != 0 {
		return false
	}
	frame := p.encodeFrame(t, info, blocked, sp, addr)
	hidden := p.eng.Hidden()
	for _, s := range f.Hidden {
		copy(frame[s.Offset:s.Offset+s.Size], hidden[s.From:])
	}
	args := [...]uint64{p.ownSignal(info.signo), addr + uint64(f.Info), addr + uint64(f.Context)}
	word := p.arch.PtrSize
	for i, offset := range f.StackArgs {
		putUint(p.arch, frame[offset:offset+word], args[i])
	}
	if f.Signo != 0 {
		putUint(p.arch, frame[f.Signo:f.Signo+4], args[0])
		putUint(p.arch, frame[f.Action:f.Action+word], a.handler)
	}
	if f.Return >= 0 {
		putUint(p.arch, frame[f.Return:f.Return+word], restorer)
	}
	if p.mem.Write(addr, frame) != nil {
		return false
	}
	p.saveFrame(t, addr, a, hidden)
	t.maskSaved = false
	t.mask = t.mask.plus(a.mask)
	if a.flags&saNoDefer == 0 {
		t.mask = t.mask.plus(setOf(info.signo))
	}
	t.mask = t.mask.minus(unblockable)
	if t.alt.flags&ssAutodisarm != 0 {
		t.alt = altStack{}
	}
	for i, r := range f.Args {
		p.eng.SetReg(r, args[i])
	}
	if f.Return < 0 {
		p.eng.SetReg(p.arch.Link, restorer)
	}
	if f.ClearFlags != 0 {
		p.eng.SetReg(p.arch.Flags, p.eng.Reg(p.arch.Flags)&^f.ClearFlags)
	}
	for _, r := range f.Handler {
		p.eng.SetReg(r, code)
	}
	for _, r := range f.Zero {
		p.eng.SetReg(r, 0)
	}
	if f.Extra != arch.None {
		p.eng.SetReg(f.Extra, args[2])
	}
	if p.cfg.Descriptors {
		p.eng.SetReg(p.arch.TOC, toc)
	} else if p.arch.Entry != arch.None {
		p.eng.SetReg(p.arch.Entry, code)
	}
	p.eng.SetReg(p.arch.SP, addr)
	p.eng.SetReg(p.arch.PC, code)
	return true
}

// function is what the guest means by the address of a function: code, or a descriptor of code and its TOC.
func (t *Thread) function(addr uint64) (code, toc uint64, errno arch.Errno) {
	if !t.p.cfg.Descriptors {
		return addr, 0, 0
	}
	word := t.p.arch.PtrSize
	if code, errno = t.readUint(addr, word); errno == 0 {
		toc, errno = t.readUint(addr+uint64(word), word)
	}
	return code, toc, errno
}

// saveFrame keeps the CPU's state for sigreturn, and the call that starts over then.
func (p *Process) saveFrame(t *Thread, addr uint64, a action, hidden []byte) {
	saved := savedFrame{addr: addr, ctx: p.sched.pool.get(p.eng), hidden: hidden}
	saved.ctx.Park()
	if p.arch.Engine.Reserve.Code != nil {
		saved.ctx.Load() // nor does the handler have the reservation
	}
	if call := t.interrupted; call != nil && call.restart && a.flags&saRestart != 0 {
		saved.call = call
	}
	t.interrupted = nil
	if len(t.frames) == maxSignalDepth {
		// Handlers that are left by a jump never return; the oldest of so many is one of them.
		p.event("bound", "signals", "too many handlers have not returned: the oldest is forgotten")
		p.sched.pool.put(t.frames[0].ctx)
		copy(t.frames, t.frames[1:])
		t.frames = t.frames[:maxSignalDepth-1]
	}
	t.frames = append(t.frames, saved)
}

// encodeFrame lays out the frame: siginfo, and a ucontext with the registers as they are in the engine.
func (p *Process) encodeFrame(t *Thread, info siginfo, blocked sigset, sp, addr uint64) []byte {
	f := &p.arch.Signal
	word := p.arch.PtrSize
	b := make([]byte, f.Extent())
	put := func(offset, size int, v uint64) { putUint(p.arch, b[offset:offset+size], v) }

	copy(b[f.Info:], p.encodeSiginfo(info))
	copy(b[f.Stack:], p.encodeAlt(t.alt, t.alt.state(sp)))
	copy(b[f.Mask:], p.encodeSigset(blocked))
	for _, r := range f.Regs {
		v := p.eng.Reg(r.Reg)
		if r.Reg == p.arch.Flags {
			v |= f.ShownFlags
			if info.fault {
				v |= f.FaultFlags
			}
		}
		put(r.Offset, r.Size, v)
	}
	for _, r := range f.Float {
		p.putFloat(b[r.Offset:r.Offset+r.Size], r)
	}
	for _, r := range f.Pointers {
		put(r.Offset, word, addr+uint64(r.Target))
	}
	for _, w := range f.Words {
		put(w.Offset, w.Size, w.Value)
	}
	if info.fault && f.Fault >= 0 {
		put(f.Fault, word, info.addr)
	}
	for _, w := range f.FaultWords {
		if info.err != 0 {
			put(w.Offset, w.Size, w.Value)
		}
	}
	if f.Trap >= 0 {
		put(f.Trap, word, info.trap)
	}
	if f.Err >= 0 {
		put(f.Err, word, info.err)
	}
	return b
}

// siginfoSize is SI_MAX_SIZE.
const siginfoSize = 128

// encodeSiginfo is copy_siginfo_to_user. The union starts at a multiple of the pointer size.
func (p *Process) encodeSiginfo(info siginfo) []byte {
	e := &encoder{arch: p.arch}
	e.u32(p.ownSignal(info.signo))
	if code := uint64(uint32(info.code)); p.arch.Signals.CodeFirst {
		e.u32(code).u32(0)
	} else {
		e.u32(0).u32(code)
	}
	if p.arch.PtrSize == 8 {
		e.u32(0)
	}
	switch {
	case info.fault:
		addr := info.addr
		if info.signo == arch.SIGSEGV || info.signo == arch.SIGBUS {
			addr &^= p.arch.Signals.AddrMask
		}
		e.word(addr)
	case info.call != nil:
		e.word(info.call.addr).u32(info.call.number).u32(uint64(p.arch.Audit()))
	default:
		e.u32(uint64(info.pid)).u32(uint64(info.uid)).word(info.value)
	}
	return e.pad(siginfoSize).b
}

// popFrame undoes a delivery: rt_sigreturn. False: the frame cannot be read.
func (p *Process) popFrame(t *Thread) bool {
	f := &p.arch.Signal
	addr := p.eng.Reg(p.arch.SP) - uint64(f.Popped)
	b := make([]byte, f.Extent())
	if p.mem.Read(addr, b) != nil {
		return false
	}
	var call *interruption
	var hidden []byte
	for i := len(t.frames) - 1; i >= 0; i-- {
		if t.frames[i].addr != addr {
			continue
		}
		t.frames[i].ctx.Load()
		call, hidden = t.frames[i].call, t.frames[i].hidden
		for _, dropped := range t.frames[i:] {
			p.sched.pool.put(dropped.ctx)
		}
		t.frames = t.frames[:i]
		break
	}
	pc := p.eng.Reg(p.arch.PC)
	for _, r := range f.Regs {
		p.restoreRegister(r, getUint(p.arch, b[r.Offset:r.Offset+r.Size]))
	}
	t.mask = p.decodeSigset(b[f.Mask:]).minus(unblockable)
	for _, r := range f.Float {
		p.restoreFloat(b[r.Offset:r.Offset+r.Size], r)
	}
	p.restoreHidden(b, hidden)
	t.setAlt(p.decodeAlt(b[f.Stack:]))
	if p.eng.Reg(p.arch.PC) == pc {
		// The call starts over where it was interrupted, at the next delivery. Linux sets the PC back to the trap; the effect is the same.
		t.interrupted = call
	}
	return true
}

// restoreRegister writes a register that a handler may have changed. Of the flags it takes only what a program may set itself
// (FIX_EFLAGS, valid_user_regs); an unchanged register is left alone, which spares segment registers a reload.
func (p *Process) restoreRegister(r arch.Slot, v uint64) {
	old := p.eng.Reg(r.Reg)
	if r.Reg == p.arch.Flags {
		f := &p.arch.Signal
		v = old&^f.UserFlags | v&f.UserFlags&^f.FaultFlags
	}
	if v != old {
		p.eng.SetReg(r.Reg, v)
	}
}

// putFloat lays out a floating-point or vector register in the guest's byte order.
func (p *Process) putFloat(b []byte, r arch.FloatSlot) {
	if len(b) <= 8 {
		v := p.eng.Reg(r.Reg)
		if r.Save != nil {
			v = r.Save(v)
		}
		putUint(p.arch, b, v)
		return
	}
	v := p.eng.WideReg(r.Reg)
	for i := range b { // the least significant byte first
		at := i
		if p.bigEndian() {
			at = len(b) - 1 - i
		}
		b[at] = byte(v[i/8] >> (i % 8 * 8))
	}
}

// restoreFloat is its opposite. A register that is as it was is left alone.
func (p *Process) restoreFloat(b []byte, r arch.FloatSlot) {
	was := make([]byte, len(b))
	if p.putFloat(was, r); bytes.Equal(was, b) {
		return
	}
	if len(b) <= 8 {
		v := getUint(p.arch, b)
		if r.Load != nil {
			v = r.Load(v)
		}
		p.eng.SetReg(r.Reg, v)
		return
	}
	var v [2]uint64
	for i := range b {
		at := i
		if p.bigEndian() {
			at = len(b) - 1 - i
		}
		v[i/8] |= uint64(b[at]) << (i % 8 * 8)
	}
	p.eng.SetWideReg(r.Reg, v)
}

// restoreHidden takes the hidden registers from a frame. was is what they are; nil: it is not known.
func (p *Process) restoreHidden(b, was []byte) {
	if was == nil {
		was = p.eng.Hidden()
	}
	now := bytes.Clone(was)
	for _, s := range p.arch.Signal.Hidden {
		copy(now[s.From:s.From+s.Size], b[s.Offset:])
	}
	if !bytes.Equal(now, was) {
		p.eng.SetHidden(now)
	}
}

// setAlt is do_sigaltstack without its error cases that a frame of ours cannot have.
func (t *Thread) setAlt(s altStack) {
	if s.flags&ssDisable != 0 {
		s = altStack{}
	}
	s.flags &= ssAutodisarm
	t.alt = s
}
