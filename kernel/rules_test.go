// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/machine"
)

// obey gives the process rules.
func (p *Process) obey(t *testing.T, texts ...string) {
	t.Helper()
	require.NoError(t, p.setRules(texts))
}

// trap lets the current thread make a system call by its registers, as a program does.
func (p *Process) trap(t *testing.T, name string, args ...uint64) {
	t.Helper()
	n, ok := p.arch.SyscallNumber(name)
	require.True(t, ok, name)
	p.trapNumber(t, n, args...)
}

func (p *Process) trapNumber(t *testing.T, n uint64, args ...uint64) {
	t.Helper()
	convention := &p.arch.Syscall
	p.eng.SetReg(p.arch.PC, testCode+0x40) // zeroes: no number in the instruction
	p.eng.SetReg(convention.Number, n)
	for i, arg := range args {
		if i < len(convention.Args) {
			p.eng.SetReg(convention.Args[i], arg)
			continue
		}
		at := p.eng.Reg(p.arch.SP) + uint64(convention.Stack+(i-len(convention.Args))*p.arch.PtrSize)
		require.NoError(t, p.mem.PutUint(at, p.arch.PtrSize, arg))
	}
	p.syscall(p.current)
	if p.eng.Reg(p.arch.PC) == uint64(testCode+0x40+convention.Length) {
		p.eng.SetReg(p.arch.PC, testCode) // where it spins
	}
}

// outcome is what the last call has returned: a value, or an errno in the guest's numbers.
func (p *Process) outcome() (value, errno uint64) {
	convention := &p.arch.Syscall
	value = p.eng.Reg(convention.Result)
	if failed := &convention.Failed; failed.Mask != 0 {
		if p.eng.Reg(failed.Reg)&failed.Mask == failed.Set {
			return 0, value
		}
		return value, 0
	}
	if p.arch.PtrSize == 4 {
		value = uint64(int64(int32(value)))
	}
	if n := int64(value); n < 0 && n >= -4095 {
		return 0, uint64(-n)
	}
	return value, 0
}

func (p *Process) fcntl(t *testing.T) string { return p.named(t, "fcntl", "fcntl64") }

func TestRuleErrno(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *Process) {
		p.obey(t, "fcntl,fcntl64:error=ENOSYS", "getpid:error=133", "gettid:retval=-3", "getuid,getuid32:retval=0x1234")
		for range 2 {
			p.trap(t, p.fcntl(t), 0, 1)
			_, errno := p.outcome()
			require.Equal(t, p.arch.OwnErrno(arch.ENOSYS), errno)
		}
		p.trap(t, "getpid")
		_, errno := p.outcome()
		require.EqualValues(t, 133, errno, "a number is the guest's")
		p.trap(t, "gettid")
		value, errno := p.outcome()
		if p.arch.Syscall.Failed.Mask == 0 {
			require.EqualValues(t, 3, errno)
		} else {
			require.EqualValues(t, -3, int32(value))
		}
		p.trap(t, p.named(t, "getuid", "getuid32"))
		value, errno = p.outcome()
		require.EqualValues(t, 0x1234, value)
		require.Zero(t, errno)
		p.trap(t, "getppid")
		_, errno = p.outcome()
		require.Zero(t, errno)
		require.Equal(t, Event{
			Kind: "rule", Name: "fcntl,fcntl64:error=ENOSYS", Detail: "applied to " + p.fcntl(t), Count: 2, Thread: firstPID,
		}, p.Events()[0])
		require.Len(t, p.Events(), 4)
		require.Equal(t, 6, p.SyscallCount())
	})
}

// Rules are tried in order, and each counts what it matches, whatever another does.
func TestRuleCounts(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "mipsle", nil)
	p.obey(t, "getpid:when=2:error=EPERM", "getpid,gettid:when=2..4:error=ENOENT", "getpid:when=5+2:error=EIO", "futex_waitv:trap")
	var got []arch.Errno
	for range 8 {
		p.trap(t, "getpid")
		_, errno := p.outcome()
		got = append(got, arch.Errno(errno))
	}
	require.Equal(t, []arch.Errno{0, arch.EPERM, arch.ENOENT, arch.ENOENT, arch.EIO, 0, arch.EIO, 0}, got)
}

func TestRuleMatches(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *Process) {
		name := p.named(t, "mmap2", "mmap")
		n, _ := p.arch.SyscallNumber(name)
		for _, tc := range []struct {
			rule string
			args []uint64
			want bool
		}{
			{"all:error=EIO", nil, true},
			{name + ":error=EIO", nil, true},
			{"!" + name + ":error=EIO", nil, false},
			{"!read,write:error=EIO", nil, true},
			{name + ":arg5=7:error=EIO", []uint64{0, 0, 0, 0, 0, 7}, true},
			{name + ":arg5=7:error=EIO", []uint64{0, 0, 0, 0, 7, 0}, false},
			{name + ":arg4=-1:arg3&0x20!=0:error=EIO", []uint64{0, 0, 0, 0x22, 0xffffffffffffffff, 0}, true},
			{name + ":arg4=-1:arg3&0x20!=0:error=EIO", []uint64{0, 0, 0, 0x02, 0xffffffffffffffff, 0}, false},
			{name + ":thread=1:error=EIO", nil, true},
			{name + ":thread=2:error=EIO", nil, false},
			{name + ":path=*:error=EIO", nil, false},
		} {
			r, err := machine.ParseRule(tc.rule)
			require.NoError(t, err)
			var args [6]uint64
			copy(args[:], tc.args)
			require.Equal(t, tc.want, p.newRule(r).match(p.current, n, name, args), tc.rule)
		}
		p.obey(t, name+":arg5=0x1234:retval=7") // by way of the stack where registers do not suffice
		p.trapNumber(t, n, 0, 0, 0, 0, 0, 0x1234)
		value, _ := p.outcome()
		require.EqualValues(t, 7, value)
	})
}

// A number that nobody knows can be in a rule.
func TestRuleNumber(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "s390x", nil)
	p.obey(t, "9999:error=EACCES")
	p.trapNumber(t, 9999)
	_, errno := p.outcome()
	require.EqualValues(t, arch.EACCES, errno)
	require.Equal(t, "applied to system call 9999", p.Events()[0].Detail)
}

// Paths are what the call names, made absolute.
func TestRulePaths(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *Process) {
		text := func(s string) uint64 {
			require.NoError(t, p.mem.Write(testData, append([]byte(s), 0)))
			return testData
		}
		const cwd = 0xffffffffffffff9c // AT_FDCWD
		dir, errno := p.do("openat", cwd, text("/proc"), oRDONLY)
		require.Zero(t, errno)
		status, errno := p.do("openat", cwd, text("/proc/self/status"), oRDONLY)
		require.Zero(t, errno)
		p.obey(t, "all:path=/proc/self/status:error=EACCES")
		for _, tc := range []struct {
			name string
			args []uint64
			want bool
		}{
			{"openat", []uint64{cwd, text("/proc/self/status"), oRDONLY}, true},
			{"openat", []uint64{cwd, 0, oRDONLY}, false},
			{"read", []uint64{status, testData + 256, 1}, true},
			{"read", []uint64{0, testData + 256, 1}, false},
			{"read", []uint64{77, testData + 256, 1}, false},
			{"getpid", []uint64{testData}, false},
		} {
			p.trap(t, tc.name, tc.args...)
			_, errno := p.outcome()
			require.Equal(t, tc.want, errno == uint64(arch.EACCES), "%s %#x: %d", tc.name, tc.args, errno)
		}
		for path, dirfd := range map[string]uint64{"self/status": dir, "/proc/./self//status": 77, "proc/self/status": cwd} {
			p.trap(t, "openat", dirfd, text(path), oRDONLY)
			_, errno := p.outcome()
			require.EqualValues(t, arch.EACCES, errno, path)
		}
		for path, dirfd := range map[string]uint64{"self/status": cwd, "self/stat": dir, "": dir, "status": status} {
			p.trap(t, "openat", dirfd, text(path), oRDONLY)
			_, errno := p.outcome()
			require.NotEqualValues(t, arch.EACCES, errno, path)
		}
		p.obey(t, "openat:path=/sys/kernel/*:error=EACCES")
		p.trap(t, "openat", cwd, text("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"), oRDONLY)
		_, own := p.outcome()
		require.EqualValues(t, arch.EACCES, own)
	})
}

// The names of calls that have a path are names of calls.
func TestRulePathNames(t *testing.T) {
	t.Parallel()
	for name := range pathArgs {
		require.True(t, arch.HasSyscall(name), name)
	}
}

// SECCOMP_RET_TRAP: the handler finds the call in siginfo, and the registers as they were.
func TestRuleTrap(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *Process) {
		p.handle(t, arch.SIGSYS, 0, sigset{})
		p.obey(t, "getpid:trap")
		n, _ := p.arch.SyscallNumber("getpid")
		first := p.arch.Syscall.Args[0]
		p.eng.SetReg(first, 0x77)
		p.trap(t, "getpid")
		require.EqualValues(t, testHandler, p.eng.Reg(p.arch.PC)&^3)
		at := p.eng.Reg(p.arch.SP) + uint64(p.arch.Signal.Info)
		read := func(offset, size int) uint64 {
			v, errno := p.current.readUint(at+uint64(offset), size)
			require.Zero(t, errno)
			return v
		}
		code, union := 8, 12
		if p.arch.Signals.CodeFirst {
			code = 4
		}
		if p.arch.PtrSize == 8 {
			union = 16
		}
		require.Equal(t, p.ownSignal(arch.SIGSYS), read(0, 4))
		require.EqualValues(t, sysSeccomp, read(code, 4))
		require.EqualValues(t, testCode+0x40+p.arch.Syscall.Length, read(union, p.arch.PtrSize))
		require.Equal(t, n, read(union+p.arch.PtrSize, 4))
		require.EqualValues(t, p.arch.Audit(), read(union+p.arch.PtrSize+4, 4))
		p.returns()
		require.EqualValues(t, 0x77, p.eng.Reg(first))
		require.Equal(t, n, p.eng.Reg(p.arch.Syscall.Number))
	})
}

// Without a handler, or with the signal blocked, a trap kills.
func TestRuleTrapKills(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "arm64", nil)
	p.handle(t, arch.SIGSYS, 0, sigset{})
	p.current.mask = setOf(arch.SIGSYS)
	p.obey(t, "getpid:trap")
	p.trap(t, "getpid")
	require.Equal(t, Killed, p.exit.Kind)
	require.Equal(t, arch.SIGSYS, p.exit.Signal)
	require.Contains(t, p.exit.Reason, "SIGSYS by rule getpid:trap, at getpid")
}

func TestRuleKills(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *Process) {
		p.handle(t, arch.SIGSYS, 0, sigset{})
		p.obey(t, "getppid:kill=thread", "getpid:kill=process")
		child := p.spawn(t)
		p.do("sched_yield")
		p.run(1)
		require.Equal(t, child, p.current)
		p.trap(t, "getppid")
		require.Equal(t, Limit, p.run(1).Kind)
		require.Equal(t, "dead", child.State)
		require.NotEqual(t, child, p.current)
		p.trap(t, "getpid")
		require.Equal(t, Killed, p.exit.Kind)
		require.Equal(t, arch.SIGSYS, p.exit.Signal)
		require.Contains(t, p.exit.Reason, "SIGSYS killed by rule getpid:kill=process, at getpid")
	})
}

// The last thread takes the process with it.
func TestRuleKillsLastThread(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "386", nil)
	p.obey(t, "getpid:kill=thread")
	p.trap(t, "getpid")
	require.Equal(t, Killed, p.exit.Kind)
	require.Equal(t, arch.SIGSYS, p.exit.Signal)
}

// The call is done, and a handler is entered behind it.
func TestRuleSignal(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *Process) {
		p.handle(t, arch.SIGUSR1, 0, sigset{})
		p.obey(t, "getpid:signal=SIGUSR1", "nanosleep,clock_nanosleep_time64:signal=SIGUSR1")
		p.trap(t, "getpid")
		require.EqualValues(t, p.pid, p.eng.Reg(p.arch.Syscall.Result))
		p.deliverSignals(p.current)
		require.EqualValues(t, testHandler, p.eng.Reg(p.arch.PC)&^3)
		p.returns()
		require.EqualValues(t, p.pid, p.eng.Reg(p.arch.Syscall.Result))

		// A call that waits is interrupted.
		require.Zero(t, p.current.writeTimespec(testData, p.wideTime(), second))
		p.trap(t, "nanosleep", testData, 0)
		start := p.clock.now()
		require.True(t, p.schedule())
		require.Equal(t, start, p.clock.now())
		require.EqualValues(t, testHandler, p.eng.Reg(p.arch.PC)&^3)
		p.returns()
		_, errno := p.outcome()
		require.EqualValues(t, arch.EINTR, errno)
	})
}

// The thread sleeps, others run, and then the rule goes on.
func TestRuleDelay(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *Process) {
		const d = 5_000_000
		p.handle(t, arch.SIGUSR1, 0, sigset{})
		p.obey(t, "getpid:delay=5ms", "gettid:error=ENOSYS:delay=5ms", "nanosleep:delay=5ms")
		first := p.current
		for _, name := range []string{"getpid", "gettid"} {
			start := p.clock.now()
			p.trap(t, name)
			require.Equal(t, name+" (delayed)", first.State)
			p.send(first, siginfo{signo: arch.SIGURG, code: siTkill})
			p.run(1)
			require.InDelta(t, d, p.clock.now()-start, 100)
			require.Equal(t, "running", first.State)
		}
		_, errno := p.outcome()
		require.Equal(t, p.arch.OwnErrno(arch.ENOSYS), errno)

		// A signal waits until the delay is over, and then ends the call that would wait.
		require.Zero(t, first.writeTimespec(testData, p.wideTime(), second))
		child := p.spawn(t)
		start := p.clock.now()
		p.trap(t, "nanosleep", testData, 0)
		p.run(slice)
		require.Equal(t, child, p.current)
		require.Equal(t, "nanosleep (delayed)", first.State)
		p.send(first, siginfo{signo: arch.SIGUSR1, code: siTkill})
		require.Equal(t, "nanosleep (delayed)", first.State)
		for first.State == "nanosleep (delayed)" {
			p.run(slice)
			require.True(t, p.schedule())
		}
		require.InDelta(t, d, p.clock.now()-start, 3*slice)
		for p.current != first {
			p.eng.SetReg(p.arch.PC, testCode)
			p.sched.yield = true
			require.True(t, p.schedule())
		}
		require.Len(t, first.frames, 1)
		p.returns()
		_, errno = p.outcome()
		require.EqualValues(t, arch.EINTR, errno)
	})
}

// A call that starts over after a handler is one call.
func TestRuleCountsRestartsOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *Process) {
		p.handle(t, arch.SIGUSR1, saRestart, sigset{})
		p.obey(t, "read:when=2:error=EIO")
		fds := uint64(testData + 64)
		p.ok(t, "pipe2", fds, 0)
		end, _ := p.current.readUint(fds, 4)
		p.trap(t, "read", end, testData, 1)
		p.send(p.current, siginfo{signo: arch.SIGUSR1, code: siTkill})
		require.True(t, p.schedule())
		require.Len(t, p.current.frames, 1)
		p.returns()
		require.False(t, p.schedule(), "it waits, and nobody else is there")
		require.Equal(t, "read", p.current.State)
		require.Equal(t, 1, p.rules[0].matches)
	})
}

// What is no rule is refused, however it came into the machine.
func TestRulesAreChecked(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "riscv64", nil)
	require.ErrorContains(t, p.setRules([]string{"fctl:trap"}), `did you mean "fcntl"?`)
	require.NoError(t, p.setRules(nil))
	require.Nil(t, p.rules)
}

// FuzzRules makes a process with rules call whatever the bytes say, threads that wait, are delayed and die among them. Nothing may panic,
// and what a rule has matched is never more than there were calls.
func FuzzRules(f *testing.F) {
	rules := []string{
		"all:delay=1us", "all:signal=SIGURG", "!clone:when=2+3:error=EINTR:signal=SIGUSR1", "all:when=3:kill=thread", "all:retval=-1", "all:trap",
		"all:path=/proc/*:error=EACCES:delay=1ms", "clone,futex,nanosleep,exit:delay=2ms:signal=SIGUSR1", "rt_sigreturn,exit_group:error=133",
		"all:arg0&1=1:arg5!=7:retval=0x7fffffffffffffff", "all:thread=2:kill=thread", "all:when=9+:kill=process",
	}
	for i := range rules {
		f.Add(byte(i), byte(i), []byte("\x00\x01\x02\x03openat mmap munmap clone mremap write futex"))
	}
	f.Fuzz(func(t *testing.T, first, second byte, data []byte) {
		data = data[:min(len(data), 1000)]
		p := newProcess(t, arches[len(data)%len(arches)], nil)
		p.handle(t, arch.SIGUSR1, saRestart, sigset{})
		require.NoError(t, p.mem.Write(testData, []byte("/proc/self/maps\x00")))
		p.obey(t, rules[int(first)%len(rules)], rules[int(second)%len(rules)])
		rows := p.arch.Syscall.Numbers
		for len(data) >= 2 && p.exit == nil {
			n := rows[int(binary.LittleEndian.Uint16(data))%len(rows)].N
			data = data[2:]
			var args []uint64
			for range 6 {
				var v uint64
				v, data = argument(p, data)
				args = append(args, v)
			}
			if p.eng.SetReg(p.arch.SP, testStack+testSize/2); p.schedule() && p.exit == nil {
				p.trapNumber(t, n, args[:min(len(args), len(p.arch.Syscall.Args))]...) // it may have unmapped its stack
			}
		}
		for _, r := range p.rules {
			require.LessOrEqual(t, r.matches, p.SyscallCount())
		}
	})
}
