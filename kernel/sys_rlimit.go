// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"strconv"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/machine"
)

var limitCalls = []call{
	{name: "prlimit64", do: sysPrlimit64, support: partial, note: "RLIMIT_NOFILE, AS, DATA, STACK and NPROC bind; the others are kept"},
	{name: "getrlimit", do: sysGetrlimit},
	{name: "ugetrlimit", do: sysGetrlimit},
	{name: "setrlimit", do: sysSetrlimit, support: partial, note: "as prlimit64"},
}

// limit is a resource limit.
type limit uint64

// infinity is RLIM64_INFINITY.
const infinity = ^limit(0)

// String is the form of /proc/PID/limits.
func (l limit) String() string {
	if l == infinity {
		return "unlimited"
	}
	return strconv.FormatUint(uint64(l), 10)
}

type rlimit struct{ soft, hard limit }

// Resources that something here depends on, include/uapi/asm-generic/resource.h.
const (
	limitData         = 2
	limitStack        = 3
	limitProcesses    = 6
	limitFiles        = 7
	limitAddressSpace = 9
	limitSignals      = 11
)

// limitNames are the resources in the order of their numbers, as fs/proc/base.c names them.
var limitNames = [16]struct{ text, unit string }{
	{"Max cpu time", "seconds"}, {"Max file size", "bytes"}, {"Max data size", "bytes"}, {"Max stack size", "bytes"},
	{"Max core file size", "bytes"}, {"Max resident set", "bytes"}, {"Max processes", "processes"}, {"Max open files", "files"},
	{"Max locked memory", "bytes"}, {"Max address space", "bytes"}, {"Max file locks", "locks"}, {"Max pending signals", "signals"},
	{"Max msgqueue size", "bytes"}, {"Max nice priority", ""}, {"Max realtime priority", ""}, {"Max realtime timeout", "us"},
}

// maxFiles is fs.nr_open: the most that RLIMIT_NOFILE can be.
const maxFiles = 1 << 20

// defaultLimits are those of a service that systemd starts: 1024 open files that the process may raise, as Go's os package does.
var defaultLimits = [16]rlimit{
	{infinity, infinity}, {infinity, infinity}, {infinity, infinity}, {8 << 20, infinity},
	{0, infinity}, {infinity, infinity}, {31852, 31852}, {1024, 524288},
	{8 << 20, 8 << 20}, {infinity, infinity}, {infinity, infinity}, {31852, 31852},
	{819200, 819200}, {0, 0}, {0, 0}, {infinity, infinity},
}

// startLimits are the machine's: AddressSpace, and Rlimits by their names. Of open files there are never more than fs.nr_open.
func startLimits(m *machine.Machine) [16]rlimit {
	limits := defaultLimits
	if m.AddressSpace != 0 {
		limits[limitAddressSpace] = rlimit{limit(m.AddressSpace), limit(m.AddressSpace)}
	}
	for name, value := range m.Rlimits {
		if resource, soft, hard, ok := machine.Rlimit(name, value); ok {
			limits[resource] = rlimit{limit(soft), limit(hard)}
		}
	}
	files := &limits[limitFiles]
	files.soft, files.hard = min(files.soft, maxFiles), min(files.hard, maxFiles)
	return limits
}

func sysPrlimit64(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	resource := t.p.resource(a[1])
	if resource >= uint32(len(t.p.id.limits)) {
		return 0, arch.EINVAL
	}
	var new *rlimit
	if a[2] != 0 {
		var b [16]byte
		if errno := t.copyIn(a[2], b[:]); errno != 0 {
			return 0, errno
		}
		new = &rlimit{limit(getUint(t.p.arch, b[:8])), limit(getUint(t.p.arch, b[8:]))}
	}
	if !t.p.knows(a[0]) {
		return 0, arch.ESRCH
	}
	old := t.p.id.limits[resource]
	if new != nil {
		if errno := t.p.setLimit(resource, *new); errno != 0 {
			return 0, errno
		}
	}
	if a[3] == 0 {
		return 0, 0
	}
	return 0, t.copyOut(a[3], t.encode().u64(uint64(old.soft)).u64(uint64(old.hard)).b)
}

// setLimit is do_prlimit.
func (p *Process) setLimit(resource uint32, new rlimit) arch.Errno {
	switch {
	case new.soft > new.hard:
		return arch.EINVAL
	case resource == limitFiles && new.hard > maxFiles,
		new.hard > p.id.limits[resource].hard && p.id.euid != 0:
		return arch.EPERM
	}
	p.id.limits[resource] = new
	p.files.limit = int(min(p.id.limits[limitFiles].soft, maxFiles))
	return 0
}

// sysGetrlimit fills two longs; what does not fit 32 bits is infinity (compat_sys_getrlimit).
func sysGetrlimit(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	resource := t.p.resource(a[0])
	if resource >= uint32(len(t.p.id.limits)) {
		return 0, arch.EINVAL
	}
	l := t.p.id.limits[resource]
	e := t.encode()
	for _, v := range []limit{l.soft, l.hard} {
		if t.p.arch.PtrSize == 4 && v >= 1<<32-1 {
			v = infinity
		}
		if v == infinity {
			v = t.p.limitInfinity()
		}
		e.word(uint64(v))
	}
	return 0, t.copyOut(a[1], e.b)
}

func sysSetrlimit(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	resource := t.p.resource(a[0])
	if resource >= uint32(len(t.p.id.limits)) {
		return 0, arch.EINVAL
	}
	word := t.p.arch.PtrSize
	b := make([]byte, 2*word)
	if errno := t.copyIn(a[1], b); errno != 0 {
		return 0, errno
	}
	var v [2]limit
	for i := range v {
		v[i] = limit(getUint(t.p.arch, b[i*word:(i+1)*word]))
		if v[i] == t.p.limitInfinity() {
			v[i] = infinity
		}
	}
	return 0, t.p.setLimit(resource, rlimit{v[0], v[1]})
}
