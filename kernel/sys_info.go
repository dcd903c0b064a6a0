// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/machine"
)

// infoCalls tell who the process is and what it runs on: this file; CPUs (sys_cpu.go); limits (sys_rlimit.go); prctl and its like
// (sys_prctl.go); capabilities (sys_capability.go); RISC-V (sys_hwprobe.go).
var infoCalls = slices.Concat(identityCalls, cpuCalls, limitCalls, prctlCalls, capabilityCalls, probeCalls, armCalls)

var identityCalls = []call{
	{name: "uname", do: sysUname},
	{name: "sysinfo", do: sysSysinfo},
	{name: "getrandom", do: sysGetrandom, support: partial, note: "never blocks; the bytes come from the machine's seed"},
	{name: "getpid", do: sysGetpid},
	{name: "getppid", do: sysGetppid},
	{name: "getpgrp", do: sysGetpid},
	{name: "getpgid", do: sysGetsid},
	{name: "getsid", do: sysGetsid},
	{name: "getuid", do: sysGetuid},
	{name: "getuid32", do: sysGetuid},
	{name: "geteuid", do: sysGeteuid},
	{name: "geteuid32", do: sysGeteuid},
	{name: "getgid", do: sysGetgid},
	{name: "getgid32", do: sysGetgid},
	{name: "getegid", do: sysGetegid},
	{name: "getegid32", do: sysGetegid},
	{name: "getresuid", do: sysGetresuid},
	{name: "getresuid32", do: sysGetresuid},
	{name: "getresgid", do: sysGetresgid},
	{name: "getresgid32", do: sysGetresgid},
	{name: "getgroups", do: sysGetgroups, support: partial, note: "none"},
	{name: "getgroups32", do: sysGetgroups, support: partial, note: "none"},
	{name: "getrusage", do: sysGetrusage, support: partial, note: "all time is the user's"},
	{name: "times", do: sysTimes, support: partial, note: "all time is the user's"},
	{name: "wait4", do: refuse(arch.ECHILD), support: refused, note: "ECHILD: there is one process"},
	{name: "waitid", do: refuse(arch.ECHILD), support: refused, note: "ECHILD: there is one process"},
	{name: "socket", do: sysSocket, support: refused, note: "EAFNOSUPPORT: the guest touches no network"},
	{name: "socketpair", do: sysSocket, support: refused, note: "EAFNOSUPPORT: the guest touches no network"},
	{name: "socketcall", do: sysSocket, support: refused, note: "EAFNOSUPPORT: the guest touches no network"},
	{name: "pidfd_open", do: refuse(arch.ENOSYS), support: refused, note: "ENOSYS, as before Linux 5.3"},
	{name: "bpf", do: refuse(arch.EPERM), support: refused, note: "EPERM"},
	{name: "perf_event_open", do: refuse(arch.EPERM), support: refused, note: "EPERM"},
	{name: "ptrace", do: refuse(arch.EPERM), support: refused, note: "EPERM"},
	{name: "syslog", do: refuse(arch.EPERM), support: refused, note: "EPERM"},
	{name: "io_uring_setup", do: refuse(arch.ENOSYS), support: refused, note: "ENOSYS, as before Linux 5.1"},
	{name: "sync", do: func(*Thread, [6]uint64) (uint64, arch.Errno) { return 0, 0 }},
}

// parentPID is the process that started this one.
const parentPID = firstPID - 1

// identity is what the process is and may.
type identity struct {
	uid, euid, gid, egid uint32 // as the auxiliary vector says them
	limits               [16]rlimit
	cpus                 machine.CPUSet // the affinity mask
	release              release
	random               *rand.ChaCha8
	stat64               bool // the architecture has fstat64 beside fstat
	thpDisabled          bool // PR_SET_THP_DISABLE
}

// release is a kernel's version as far as behaviour depends on it.
type release struct{ major, minor int }

func (r release) before(other release) bool {
	return r.major < other.major || r.major == other.major && r.minor < other.minor
}

// parseRelease reads uname's release, "6.12.48-amd64". What is none counts as very new.
func parseRelease(s string) release {
	r := release{1 << 30, 0}
	fmt.Sscanf(s, "%d.%d", &r.major, &r.minor)
	return r
}

// initIdentity reads the machine and the auxiliary vector.
func (p *Process) initIdentity() {
	m := &p.cfg.Machine
	_, stat64 := p.arch.SyscallNumber("fstat64")
	p.id = identity{
		uid: uint32(p.auxvValue(arch.AT_UID)), euid: uint32(p.auxvValue(arch.AT_EUID)),
		gid: uint32(p.auxvValue(arch.AT_GID)), egid: uint32(p.auxvValue(arch.AT_EGID)),
		limits:  startLimits(m),
		cpus:    m.CPUs,
		release: parseRelease(m.Kernel.Release),
		random:  randomStream(m.Random[:], "getrandom"),
		stat64:  stat64,
	}
}

func sysUname(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	k := t.p.cfg.Machine.Kernel
	hardware := k.Machine
	if hardware == "" {
		hardware = t.p.cpu.UTSName()
	}
	e := t.encode()
	for _, s := range []string{"Linux", k.Node, k.Release, k.Version, hardware, "(none)"} {
		e.field(65, s)
	}
	return 0, t.copyOut(a[0], e.b)
}

// sysSysinfo fills struct sysinfo. Memory is counted in bytes, or in a unit that lets it fit the words (compat_sysinfo).
func sysSysinfo(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	total := uint64(t.p.cfg.Machine.Memory)
	free := total - min(total, t.p.mem.Touched()*4096)
	unit := uint64(1)
	if t.p.arch.PtrSize == 4 && total>>32 != 0 {
		unit = 4096
	}
	e := t.encode().word(uint64(t.p.clock.now() / second)).word(0).word(0).word(0)
	e.word(total / unit).word(free / unit).word(0).word(0).word(0).word(0)
	e.u16(uint64(len(t.p.byTID))).pad(len(e.b) + t.p.arch.PtrSize - 2)
	e.word(0).word(0).u32(unit)
	return 0, t.copyOut(a[0], e.pad(map[int]int{4: 64, 8: 112}[t.p.arch.PtrSize]).b)
}

func sysGetrandom(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	const random, insecure, all = 2, 4, 7
	if flags := uint32(a[2]); flags&^all != 0 || flags&(random|insecure) == random|insecure {
		return 0, arch.EINVAL
	}
	var done uint64
	size := min(a[1], maxTransfer)
	buf := make([]byte, min(size, chunk))
	for done < size {
		b := buf[:min(size-done, chunk)]
		t.p.id.random.Read(b)
		if t.copyOut(a[0]+done, b) != 0 {
			if done == 0 {
				return 0, arch.EFAULT
			}
			break
		}
		done += uint64(len(b))
	}
	return done, 0
}

func sysGetpid(t *Thread, _ [6]uint64) (uint64, arch.Errno) { return uint64(t.p.pid), 0 }

func sysGetppid(*Thread, [6]uint64) (uint64, arch.Errno) { return parentPID, 0 }

// sysGetsid serves getpgid as well: the process leads its group and its session.
func sysGetsid(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if !t.p.knows(a[0]) {
		return 0, arch.ESRCH
	}
	return uint64(t.p.pid), 0
}

// knows says that a pid argument names this process or one of its threads; 0 is the caller.
func (p *Process) knows(pid uint64) bool {
	n := int(int32(pid))
	return n == 0 || n == p.pid || p.byTID[n] != nil
}

func sysGetuid(t *Thread, _ [6]uint64) (uint64, arch.Errno)  { return uint64(t.p.id.uid), 0 }
func sysGeteuid(t *Thread, _ [6]uint64) (uint64, arch.Errno) { return uint64(t.p.id.euid), 0 }
func sysGetgid(t *Thread, _ [6]uint64) (uint64, arch.Errno)  { return uint64(t.p.id.gid), 0 }
func sysGetegid(t *Thread, _ [6]uint64) (uint64, arch.Errno) { return uint64(t.p.id.egid), 0 }

func sysGetresuid(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.writeIDs(a, t.p.id.uid, t.p.id.euid)
}

func sysGetresgid(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return t.writeIDs(a, t.p.id.gid, t.p.id.egid)
}

func (t *Thread) writeIDs(a [6]uint64, real, effective uint32) (uint64, arch.Errno) {
	for i, id := range []uint32{real, effective, effective} {
		if errno := t.writeUint(a[i], 4, uint64(id)); errno != 0 {
			return 0, errno
		}
	}
	return 0, 0
}

func sysGetgroups(_ *Thread, a [6]uint64) (uint64, arch.Errno) {
	if int32(a[0]) < 0 {
		return 0, arch.EINVAL
	}
	return 0, 0
}

// sysGetrusage fills struct rusage: two timevals and fourteen longs, of which the first is the resident set in KiB.
func sysGetrusage(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	const self, children, thread = 0, -1, 1
	var ns uint64
	switch int32(a[0]) {
	case self:
		ns = t.p.eng.Instructions()
	case thread:
		ns = t.Instructions
	case children:
	default:
		return 0, arch.EINVAL
	}
	e := t.encode().word(ns / 1e9).word(ns % 1e9 / 1e3).word(0).word(0)
	e.word(t.p.mem.Touched() * 4)
	return 0, t.copyOut(a[1], e.pad(18*t.p.arch.PtrSize).b)
}

// sysTimes returns clock ticks since the machine was started, and fills struct tms.
func sysTimes(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if a[0] != 0 {
		if errno := t.copyOut(a[0], t.encode().word(t.p.ticks()).pad(4*t.p.arch.PtrSize).b); errno != 0 {
			return 0, errno
		}
	}
	return uint64(t.p.clock.now()) / (uint64(second) / clockTicks), 0
}

// sysSocket refuses every family, and says so: a report should tell why a program found no network.
func sysSocket(t *Thread, _ [6]uint64) (uint64, arch.Errno) {
	t.p.event("syscall", t.call.name, "refused with EAFNOSUPPORT: the guest touches no network")
	return 0, arch.EAFNOSUPPORT
}
