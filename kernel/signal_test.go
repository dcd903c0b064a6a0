// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
)

const (
	testHandler  = testCode + 0x100
	testRestorer = testCode + 0x200
	testAlt      = testData + 8*emu.PageSize
	testAltSize  = 8 * emu.PageSize
)

// handle sets a handler by rt_sigaction, in the layout of the architecture.
func (p *Process) handle(t *testing.T, sig arch.Signal, flags uint64, mask sigset) {
	t.Helper()
	b := p.encodeAction(action{handler: testHandler, flags: flags | saSiginfo | saRestorer, restorer: testRestorer, mask: mask})
	require.NoError(t, p.mem.Write(testData, b))
	_, errno := p.do("rt_sigaction", p.ownSignal(sig), testData, 0, uint64(p.sigsetSize()))
	require.Zero(t, errno)
}

// returns makes the handler return: the restorer's rt_sigreturn.
func (p *Process) returns() {
	p.eng.SetReg(p.arch.SP, p.eng.Reg(p.arch.SP)+uint64(p.arch.Signal.Popped))
	p.do("rt_sigreturn")
}

// registers are all that a crash report shows, and the flags.
func (p *Process) registers() []uint64 {
	var all []uint64
	for _, r := range append([]arch.Register{p.arch.Flags}, p.arch.Registers...) {
		if r == arch.None {
			continue
		}
		all = append(all, p.eng.Reg(r))
	}
	return all
}

func onEach(t *testing.T, f func(t *testing.T, p *Process)) {
	t.Helper()
	for _, goarch := range arches {
		t.Run(goarch, func(t *testing.T) {
			t.Parallel()
			f(t, newProcess(t, goarch, nil))
		})
	}
}

func TestHandlerAndReturn(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *Process) {
		p.handle(t, arch.SIGUSR1, 0, setOf(arch.SIGUSR2))
		for i, r := range p.arch.Registers {
			if r != p.arch.PC && r != p.arch.SP {
				p.eng.SetReg(r, uint64(0x1000+i))
			}
		}
		before, mask := p.registers(), p.current.mask
		sp := p.eng.Reg(p.arch.SP)
		require.Zero(t, p.send(p.current, siginfo{signo: arch.SIGUSR1, code: siTkill, pid: p.pid}))
		p.deliverSignals(p.current)

		frame := p.eng.Reg(p.arch.SP)
		f := &p.arch.Signal
		require.EqualValues(t, testHandler, p.eng.Reg(p.arch.PC))
		require.Zero(t, (frame+uint64(f.Skew))%uint64(f.Align))
		require.LessOrEqual(t, frame+uint64(f.Size)+uint64(f.RedZone), sp)
		require.Equal(t, p.ownSignal(arch.SIGUSR1), p.eng.Reg(f.Args[0]))
		require.Equal(t, frame+uint64(f.Info), p.eng.Reg(f.Args[1]))
		require.Equal(t, frame+uint64(f.Context), p.eng.Reg(f.Args[2]))
		require.Equal(t, mask.plus(setOf(arch.SIGUSR1, arch.SIGUSR2)), p.current.mask)
		if f.Return >= 0 {
			back, errno := p.current.readUint(frame+uint64(f.Return), p.arch.PtrSize)
			require.Zero(t, errno)
			require.EqualValues(t, testRestorer, back)
		} else {
			restorer := uint64(testRestorer)
			if p.arch.Signals.Action.Restorer < 0 {
				restorer = p.restorer
			}
			require.Equal(t, restorer, p.eng.Reg(p.arch.Link))
		}
		for i, offset := range f.StackArgs {
			v, _ := p.current.readUint(frame+uint64(offset), p.arch.PtrSize)
			require.Equal(t, p.eng.Reg(f.Args[i]), v)
		}

		for _, r := range p.arch.Registers { // the handler uses registers
			if r != p.arch.PC && r != p.arch.SP {
				p.eng.SetReg(r, 0x5555)
			}
		}
		p.returns()
		require.Equal(t, before, p.registers())
		require.Equal(t, mask, p.current.mask)
		require.Empty(t, p.current.frames)
	})
}

// Go's sigpanic and asyncPreempt rewrite PC and SP in the frame.
func TestHandlerRewritesRegisters(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *Process) {
		p.handle(t, arch.SIGSEGV, saOnStack, sigset{})
		require.True(t, p.force(p.current, siginfo{signo: arch.SIGSEGV, code: segvMapErr, fault: true, addr: 0x1234}))
		f, frame := &p.arch.Signal, p.eng.Reg(p.arch.SP)
		addr, errno := p.current.readUint(frame+uint64(f.Info+map[int]int{4: 12, 8: 16}[p.arch.PtrSize]), p.arch.PtrSize)
		require.Zero(t, errno)
		require.EqualValues(t, 0x1234&^p.arch.Signals.AddrMask, addr)
		if f.Fault >= 0 {
			addr, _ = p.current.readUint(frame+uint64(f.Fault), p.arch.PtrSize)
			require.EqualValues(t, 0x1234, addr)
		}
		for _, slot := range f.Regs {
			switch slot.Reg {
			case p.arch.PC:
				require.Zero(t, p.current.writeUint(frame+uint64(slot.Offset), slot.Size, testCode+0x40))
			case p.arch.SP:
				require.Zero(t, p.current.writeUint(frame+uint64(slot.Offset), slot.Size, testStack+0x800))
			}
		}
		p.returns()
		require.EqualValues(t, testCode+0x40, p.eng.Reg(p.arch.PC))
		require.EqualValues(t, testStack+0x800, p.eng.Reg(p.arch.SP))
	})
}

func TestAlternateStack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *Process) {
		th := p.current
		require.NoError(t, p.mem.Write(testData+256, p.encodeAlt(altStack{sp: testAlt, size: testAltSize}, 0)))
		_, errno := p.do("sigaltstack", testData+256, 0)
		require.Zero(t, errno)
		p.handle(t, arch.SIGUSR1, saOnStack, sigset{})
		p.handle(t, arch.SIGUSR2, saOnStack, sigset{})
		sp := p.eng.Reg(p.arch.SP)
		p.send(th, siginfo{signo: arch.SIGUSR1})
		p.deliverSignals(th)
		first := p.eng.Reg(p.arch.SP)
		require.True(t, first > testAlt && first < testAlt+testAltSize)
		_, errno = p.do("sigaltstack", testData+256, 0)
		require.Equal(t, arch.EPERM, errno, "on the stack that would change")

		p.send(th, siginfo{signo: arch.SIGUSR2})
		p.deliverSignals(th)
		require.Less(t, p.eng.Reg(p.arch.SP), first, "nested: on from where the stack stands")
		require.Len(t, th.frames, 2)
		p.returns()
		p.returns()
		require.Equal(t, sp, p.eng.Reg(p.arch.SP))
		require.Equal(t, altStack{sp: testAlt, size: testAltSize}, th.alt)
	})
}

func TestFramesThatDoNotFitKill(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *Process) {
		p.handle(t, arch.SIGUSR1, saNoDefer, sigset{})
		p.eng.SetReg(p.arch.SP, 0x1000)
		p.send(p.current, siginfo{signo: arch.SIGUSR1})
		p.deliverSignals(p.current)
		require.NotNil(t, p.exit)
		require.Equal(t, Killed, p.exit.Kind)
		require.Equal(t, arch.SIGSEGV, p.exit.Signal)
	})
}

// A handler that never returns, over and over: contexts stay bounded.
func TestSignalDepthIsBounded(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	p.handle(t, arch.SIGUSR1, saNoDefer, sigset{})
	for range 10 * maxSignalDepth {
		p.eng.SetReg(p.arch.SP, testStack+testSize-64)
		p.send(p.current, siginfo{signo: arch.SIGUSR1})
		p.deliverSignals(p.current)
		require.Nil(t, p.exit)
	}
	require.Len(t, p.current.frames, maxSignalDepth)
}

func TestDefaultActions(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		sig   arch.Signal
		fatal bool
	}{
		{arch.SIGCHLD, false}, {arch.SIGURG, false}, {arch.SIGWINCH, false}, {arch.SIGCONT, false},
		{arch.SIGTSTP, false}, {arch.SIGSTOP, false},
		{arch.SIGTERM, true}, {arch.SIGKILL, true}, {arch.SIGABRT, true}, {arch.SIGPROF, true}, {40, true},
	} {
		p := newProcess(t, "amd64", nil)
		_, errno := p.do("kill", uint64(p.pid), uint64(tc.sig))
		require.Zero(t, errno)
		p.deliverSignals(p.current)
		require.Equal(t, tc.fatal, p.exit != nil, tc.sig.String())
		if tc.fatal {
			require.Equal(t, tc.sig, p.exit.Signal)
			require.Contains(t, p.exit.Reason, "sent by thread 1000 with kill")
		}
	}
}

// force_sig_info: a fault that is blocked kills though there is a handler.
func TestBlockedFaultKills(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	p.handle(t, arch.SIGSEGV, 0, sigset{})
	p.current.mask = setOf(arch.SIGSEGV)
	p.fault(p.current, emu.Stop{Kind: emu.StopFault, PC: testCode, Addr: 0x10, Access: emu.Read})
	require.Equal(t, Killed, p.exit.Kind)
	require.EqualValues(t, 0x10, p.exit.Addr)
	require.Equal(t, "SIGSEGV at 0x10 (read), pc 0x400000", p.exit.Reason)
}

func TestPendingSignals(t *testing.T) {
	t.Parallel()
	var q signalQueue
	for _, sig := range []arch.Signal{40, arch.SIGTERM, arch.SIGHUP, 40, arch.SIGHUP, arch.SIGSEGV} {
		require.Zero(t, q.add(siginfo{signo: sig, value: uint64(len(q.infos))}))
	}
	var got []arch.Signal
	for {
		info, ok := q.take(setOf(arch.SIGTERM).others())
		if !ok {
			break
		}
		got = append(got, info.signo)
	}
	require.Equal(t, []arch.Signal{arch.SIGSEGV, arch.SIGHUP, 40, 40}, got)
	require.Equal(t, setOf(arch.SIGTERM), q.set)
	for range maxQueued {
		q.add(siginfo{signo: 41})
	}
	require.Equal(t, arch.EAGAIN, q.add(siginfo{signo: 41}))
}

// A futex wait without a timeout starts over after a handler with SA_RESTART; without it, it returns EINTR.
func TestRestart(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{false, true} {
		p := newProcess(t, "amd64", nil)
		flags := uint64(0)
		if restart {
			flags = saRestart
		}
		p.handle(t, arch.SIGURG, flags, sigset{})
		require.Zero(t, p.current.writeUint(testData, 4, 0))
		other := p.spawn(t)
		waiter := p.current
		p.do("futex", testData, futexWait, 0, 0)
		p.run(1)
		require.Equal(t, other, p.current)
		p.do("tgkill", uint64(p.pid), uint64(waiter.TID), p.ownSignal(arch.SIGURG))
		p.do("sched_yield")
		p.schedule()
		require.Equal(t, waiter, p.current)
		require.EqualValues(t, testHandler, p.eng.Reg(p.arch.PC))
		p.returns()
		p.schedule()
		if restart {
			require.Equal(t, "futex", waiter.State)
			continue
		}
		require.Equal(t, waiter, p.current)
		require.Equal(t, failed(arch.EINTR), p.eng.Reg(p.arch.Syscall.Result))
	}
}

// An ignored signal does not disturb a wait.
func TestIgnoredSignalWakesNobody(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	other := p.spawn(t)
	waiter := p.current
	p.do("futex", testData, futexWait, 0, 0)
	p.run(1)
	require.Equal(t, other, p.current)
	p.do("tkill", uint64(waiter.TID), p.ownSignal(arch.SIGURG))
	require.Equal(t, "futex", waiter.State)
	require.Empty(t, waiter.queue.infos)
}
