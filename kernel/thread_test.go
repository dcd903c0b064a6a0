// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
)

func TestClone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *Process) {
		var a [6]uint64
		at := p.arch.Syscall.Clone
		a[at.Flags] = threadFlags | cloneParentSetTID | cloneChildSetTID | cloneChildClear
		a[at.Stack], a[at.ParentTID], a[at.ChildTID], a[at.TLS] = testStack+0x800, testData, testData+8, 0x1234
		if p.arch.TLS != arch.None {
			a[at.Flags] |= cloneSetTLS
		}
		p.current.mask = setOf(arch.SIGUSR1)
		p.current.alt = altStack{sp: testAlt, size: testAltSize}
		tid := p.ok(t, "clone", a[:]...)
		child := p.byTID[int(tid)]
		require.Equal(t, p.current.mask, child.mask)
		require.Zero(t, child.alt, "the alternate stack is not inherited")
		for _, at := range []uint64{testData, testData + 8} {
			v, _ := p.current.readUint(at, 4)
			require.Equal(t, tid, v)
		}
		require.Equal(t, tid, p.result())
		require.True(t, p.Inspect(child, func() {
			require.Zero(t, p.result())
			require.EqualValues(t, testStack+0x800, p.eng.Reg(p.arch.SP))
			switch {
			case p.arch.TLSLow != arch.None:
				require.EqualValues(t, 0x1234, p.eng.Reg(p.arch.TLSLow))
			case p.arch.TLS != arch.None:
				require.EqualValues(t, 0x1234, p.eng.Reg(p.arch.TLS))
			}
		}))
		require.Equal(t, tid, p.result(), "Inspect leaves no trace")

		p.do("sched_yield")
		p.run(1)
		require.Equal(t, child, p.current)
		p.do("exit", 3)
		require.Equal(t, Limit, p.run(1).Kind)
		require.Equal(t, "dead", child.State)
		v, _ := p.current.readUint(testData+8, 4)
		require.Zero(t, v, "CLONE_CHILD_CLEARTID")
		require.Len(t, p.Threads(), 2)
		require.False(t, p.Inspect(child, func() {}))
		p.do("exit", 7)
		require.Equal(t, Exit{Kind: Exited, Code: 7, PC: p.exit.PC, Reason: "exit status 7"}, *p.exit)
	})
}

func TestCloneRefuses(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	for _, tc := range []struct {
		flags uint64
		want  arch.Errno
	}{
		{17, arch.EPERM},                                  // fork: SIGCHLD
		{cloneVM | cloneVfork | 17, arch.EPERM},           // vfork
		{cloneThread, arch.EINVAL},                        // without CLONE_SIGHAND
		{threadFlags | 0x10000000, arch.EINVAL},           // CLONE_NEWUSER
		{threadFlags | cloneVfork, arch.EINVAL},           // a thread that its maker waits for
		{threadFlags | cloneSysvsem | cloneDetached, 0},   // glibc's
		{threadFlags | cloneFS | cloneFiles | cloneIO, 0}, // shared anyway
	} {
		_, errno := p.do("clone", tc.flags, testStack+0x800)
		require.Equal(t, tc.want, errno, "%#x", tc.flags)
	}
	require.Equal(t, "refused with EPERM: rt0 runs one process and one program", p.Events()[0].Detail)
}

func TestThreadsAreBounded(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	for range maxThreads - 1 {
		p.byTID[-len(p.byTID)] = nil
	}
	_, errno := p.do("clone", threadFlags, testStack+0x800)
	require.Equal(t, arch.EAGAIN, errno)
}

// A program that starts and ends threads for ever does not fill rt0's memory.
func TestDeadThreadsAreForgotten(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	p.dead = maxDead
	for range 3 {
		child := p.spawn(t)
		p.do("sched_yield")
		p.run(1)
		require.Equal(t, child, p.current)
		p.do("exit", 0)
		p.run(1)
	}
	require.Len(t, p.Threads(), 1)
	require.Empty(t, p.sched.queue)
}

// Go up to 1.15 calls the vsyscall page where it finds no vDSO.
func TestVsyscall(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	rdi, ok := p.arch.Register("rdi")
	require.True(t, ok)
	for _, offset := range []uint64{0, 0x400} {
		sp := uint64(testStack + 0x800)
		require.Zero(t, p.current.writeUint(sp, 8, testCode)) // the return address
		p.eng.SetReg(p.arch.SP, sp)
		p.eng.SetReg(rdi, testData)
		p.eng.SetReg(p.arch.PC, p.arch.Vsyscall+offset)
		require.Equal(t, Limit, p.run(10).Kind)
		require.EqualValues(t, testCode, p.eng.Reg(p.arch.PC))
		require.Equal(t, sp+8, p.eng.Reg(p.arch.SP))
		sec, _ := p.current.readUint(testData, 8)
		require.EqualValues(t, p.clock.wall()/second, sec)
	}
	require.Equal(t, 2, p.SyscallCount())
	p.eng.SetReg(p.arch.PC, p.arch.Vsyscall+8)
	require.Equal(t, Killed, p.run(10).Kind)
}

// What the engine cannot run although the machine promises it is rt0's limit, not the program's fault.
func TestPromisedFeature(t *testing.T) {
	t.Parallel()
	stop := emu.Stop{Kind: emu.StopIllegal, PC: testCode}
	p := newProcess(t, "amd64", nil, func(c *Config) { c.Machine.Features = []string{"+avx2", "-sse4_1"} })
	p.illegal(p.current, stop)
	require.Equal(t, Unsupported, p.exit.Kind)
	require.Contains(t, p.exit.Reason, "the machine promises xsave, avx, avx2, which the engine cannot execute")
	named := stop
	named.Opcode = arch.Opcode{Feature: "avx2", Name: "vpermd"}
	p = newProcess(t, "amd64", nil, func(c *Config) { c.Machine.Features = []string{"+avx2"} })
	p.illegal(p.current, named)
	require.Equal(t, Unsupported, p.exit.Kind)
	require.Equal(t, "the program executed vpermd at pc 0x400000 (avx2), which the machine promises and the engine cannot execute", p.exit.Reason)
	p = newProcess(t, "amd64", nil, func(c *Config) { c.Machine.Features = []string{"+avx"} })
	p.illegal(p.current, named)
	require.Equal(t, Killed, p.exit.Kind, "another feature is promised")
	p = newProcess(t, "amd64", nil)
	p.illegal(p.current, stop)
	require.Equal(t, Killed, p.exit.Kind)
	require.Equal(t, arch.SIGILL, p.exit.Signal)
}

func TestTraps(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		goarch string
		code   []byte
		want   arch.Signal
	}{
		{"amd64", []byte{0x31, 0xc9, 0xf7, 0xf1}, arch.SIGFPE},                // xor ecx,ecx; div ecx
		{"amd64", []byte{0xcc}, arch.SIGTRAP},                                 // int3
		{"amd64", []byte{0x0f, 0x0b}, arch.SIGILL},                            // ud2
		{"386", []byte{0x31, 0xc9, 0xf7, 0xf1}, arch.SIGFPE},                  //
		{"386", []byte{0x0f, 0x0b}, arch.SIGILL},                              //
		{"arm64", []byte{0x00, 0x00, 0x20, 0xd4}, arch.SIGTRAP},               // brk #0
		{"arm64", []byte{0x00, 0x00, 0x00, 0x00}, arch.SIGILL},                // udf #0
		{"arm64", []byte{0x1f, 0x00, 0x00, 0xf9}, arch.SIGSEGV},               // str xzr, [x0]
		{"riscv64", []byte{0x02, 0x90}, arch.SIGTRAP},                         // c.ebreak
		{"riscv64", []byte{0x00, 0x00}, arch.SIGILL},                          // c.unimp
		{"riscv64", []byte{0x73, 0x25, 0x00, 0x30}, arch.SIGILL},              // csrr a0, mstatus
		{"riscv64", []byte{0x05, 0x45, 0x2f, 0x35, 0x05, 0x10}, arch.SIGBUS},  // c.li a0, 1; lr.d a0, (a0)
		{"riscv64", []byte{0x03, 0x35, 0x80, 0x00}, arch.SIGSEGV},             // ld a0, 8(zero)
		{"amd64", []byte{0x48, 0x8b, 0x04, 0x25, 8, 0, 0, 0}, arch.SIGSEGV},   // mov rax, [8]
		{"s390x", []byte{0xa7, 0x29, 0, 0, 0xb9, 0x87, 0, 0x22}, arch.SIGFPE}, // lghi r2,0; dlgr r2,r2
		{"s390x", []byte{0x00, 0x01}, arch.SIGILL},                            // a breakpoint, and nobody traces
		{"s390x", []byte{0xb2, 0xb2, 0x10, 0x00}, arch.SIGILL},                // lpswe 0(r1)
		{"s390x", []byte{0xe3, 0x20, 0x00, 0x08, 0x00, 0x04}, arch.SIGSEGV},   // lg r2,8
		{"arm", []byte{0xf0, 0x00, 0xf0, 0xe7}, arch.SIGILL},                  // udf #0
		{"arm", []byte{0xf0, 0x01, 0xf0, 0xe7}, arch.SIGTRAP},                 // udf #16: a breakpoint
		{"arm", []byte{0x70, 0x00, 0x20, 0xe1}, arch.SIGTRAP},                 // bkpt #0
		{"arm", []byte{0x00, 0x00, 0x80, 0xe5}, arch.SIGSEGV},                 // str r0, [r0]
	} {
		p := newProcess(t, tc.goarch, tc.code)
		require.Equal(t, Killed, p.run(100).Kind, "%s %x", tc.goarch, tc.code)
		require.Equal(t, tc.want, p.exit.Signal, "%s %x", tc.goarch, tc.code)
	}
}

// x86-64 raises #GP, not #PF, for an address that no page table could map.
func TestNonCanonicalAddress(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", []byte{0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 0x48, 0x8b, 0x00}) // movabs rax; mov rax, [rax]
	p.handle(t, arch.SIGSEGV, 0, sigset{})
	p.run(2)
	require.EqualValues(t, testHandler, p.eng.Reg(p.arch.PC)&^0xff)
	frame := p.eng.Reg(p.arch.SP)
	code, _ := p.current.readUint(frame+uint64(p.arch.Signal.Info)+8, 4)
	addr, _ := p.current.readUint(frame+uint64(p.arch.Signal.Info)+16, 8)
	require.EqualValues(t, siKernel, code)
	require.Zero(t, addr)
}

// ITIMER_PROF counts what is executed, ITIMER_REAL what passes; both go on by their interval.
func TestItimers(t *testing.T) {
	t.Parallel()
	for which, sig := range itimerSignals {
		p := newProcess(t, "amd64", nil)
		p.signals.actions[sig].handler = testHandler // never entered: it is blocked
		p.current.mask = setOf(sig)
		word := 8
		b := p.current.encode().uint(word, 0).uint(word, 1000).uint(word, 0).uint(word, 500).b // every ms, first after half a ms
		require.Zero(t, p.current.copyOut(testData, b))
		p.ok(t, "setitimer", uint64(which), testData, 0)
		p.run(400_000)
		require.False(t, p.signals.queue.set.has(sig))
		p.run(200_000)
		require.True(t, p.signals.queue.set.has(sig), sig.String())
		p.signals.queue.drop(setOf(sig))
		p.current.sleep("nanosleep", p.clock.now()+5_000_000, 0, true)
		p.run(100)
		require.Equal(t, which == itimerReal, p.signals.queue.set.has(sig), sig.String())
		require.Zero(t, p.current.copyOut(testData, make([]byte, 32)))
		p.ok(t, "setitimer", uint64(which), testData, testData+64)
		p.signals.queue.drop(setOf(sig))
		p.run(3_000_000)
		require.False(t, p.signals.queue.set.has(sig))
		interval, _ := p.current.readUint(testData+64+8, 8)
		require.EqualValues(t, 1000, interval)
	}
}

func TestClocks(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *Process) {
		p.run(5_000_000)
		p.current.sleep("nanosleep", p.clock.now()+second, 0, true)
		p.run(1)
		word := p.arch.PtrSize
		read := func(id uint64) int64 {
			p.ok(t, "clock_gettime", id, testData)
			sec, _ := p.current.readUint(testData, word)
			nsec, _ := p.current.readUint(testData+uint64(word), word)
			return int64(sec)*second + int64(nsec)
		}
		require.Equal(t, p.clock.wall(), read(0))
		require.Equal(t, p.clock.now(), read(1))
		require.EqualValues(t, p.eng.Instructions(), read(2))
		require.EqualValues(t, p.current.Instructions, read(3))
		require.Zero(t, read(6)%tick)
		_, errno := p.do("clock_gettime", 77, testData)
		require.Equal(t, arch.EINVAL, errno)
		_, errno = p.do("clock_gettime", 0, 8)
		require.Equal(t, arch.EFAULT, errno)
	})
}

// A sleep that a signal ends tells what was left of it.
func TestInterruptedSleep(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	p.handle(t, arch.SIGALRM, saRestart, sigset{})
	require.Zero(t, p.current.writeTimespec(testData, true, 10*second))
	p.setItimer(itimerReal, 4*second, 0)
	p.do("nanosleep", testData, testData+64)
	p.schedule()
	require.EqualValues(t, testHandler, p.eng.Reg(p.arch.PC))
	p.returns()
	require.Equal(t, failed(arch.EINTR), p.result())
	left, errno := p.current.readTimespec(testData+64, true)
	require.Zero(t, errno)
	require.InDelta(t, 6*second, left, 1000)
}
