// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"strings"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/machine"
)

var cpuCalls = []call{
	{name: "sched_getaffinity", do: sysSchedGetaffinity},
	{name: "sched_setaffinity", do: sysSchedSetaffinity, support: partial, note: "the mask is the process's, not the thread's; which thread runs does not depend on it"},
	{name: "getcpu", do: sysGetcpu, support: partial, note: "always the first CPU of the mask: one thread runs at a time"},
	{name: "sched_getparam", do: sysSchedGetparam},
	{name: "sched_setparam", do: sysSchedSetparam},
	{name: "sched_getscheduler", do: sysSchedGetscheduler},
	{name: "sched_setscheduler", do: sysSchedSetscheduler, support: partial, note: "real-time policies: EPERM"},
	{name: "sched_get_priority_max", do: sysSchedPriorityMax},
	{name: "sched_get_priority_min", do: sysSchedPriorityMin},
	{name: "getpriority", do: sysGetpriority, support: partial, note: "nice 0"},
	{name: "setpriority", do: sysSetpriority, support: partial, note: "accepted and not taken"},
}

// possibleCPUs is the kernel's nr_cpu_ids: the machine has CPUs up to the highest of its mask.
func (p *Process) possibleCPUs() int { return p.cfg.Machine.CPUs.Highest() + 1 }

// kernelWord is the size of the kernel's own unsigned long. A 32-bit process that has more than 3 GiB of address space runs under a
// 64-bit kernel.
func (p *Process) kernelWord() int {
	if p.arch.PtrSize == 4 && p.arch.UserTop <= 0xc0000000 {
		return 4
	}
	return 8
}

// maskSize is cpumask_size of a kernel that is built for many CPUs (CONFIG_NR_CPUS above 256, as distributions have it): as many words
// as the possible CPUs need. Kernels built for up to 256 CPUs, such as those of small virtual machines, always answer with
// CONFIG_NR_CPUS bits.
func (p *Process) maskSize() int {
	word := p.kernelWord()
	return (p.possibleCPUs() + 8*word - 1) / (8 * word) * word
}

// sysSchedGetaffinity returns how many bytes it wrote, as the system call itself does. The machine may have it answer as a kernel of
// another configuration does, as gVisor (whose masks end with the CPUs' last byte), or as a filter that refuses it.
func sysSchedGetaffinity(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	p, want := t.p, &t.p.cfg.Machine.Affinity
	if errno, refused := arch.FindErrno(want.Errno); refused {
		return 0, errno
	}
	size, word := uint64(uint32(a[1])), uint64(p.arch.PtrSize)
	short := uint64(uint32(size*8)) < uint64(p.possibleCPUs())
	if want.Minimum != 0 {
		short = size < uint64(want.Minimum)
	}
	switch {
	case short, size%word != 0:
		return 0, arch.EINVAL
	case !p.knows(a[0]):
		return 0, arch.ESRCH
	}
	length := uint64(p.maskSize())
	if want.Length != 0 {
		length = uint64(want.Length)
	}
	size = min(size, length)
	mask := p.id.cpus.MaskFor(int((size+word-1)/word*word), int(word), p.arch.Order)
	return size, t.copyOut(a[2], mask[:size])
}

func sysSchedSetaffinity(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	p := t.p
	word := p.arch.PtrSize
	mask := make([]byte, p.maskSize()+8)
	given := mask[:min(uint64(uint32(a[1])), uint64(p.maskSize()))]
	if errno := t.copyIn(a[2], given); errno != 0 {
		return 0, errno
	}
	if !p.knows(a[0]) {
		return 0, arch.ESRCH
	}
	var list []string
	for cpu := range p.possibleCPUs() {
		at := cpu / (8 * word) * word
		if p.cfg.Machine.CPUs.Contains(cpu) && getUint(p.arch, mask[at:at+word])>>(cpu%(8*word))&1 != 0 {
			list = append(list, fmt.Sprintf("%d-%d", cpu, cpu))
		}
	}
	if len(list) == 0 {
		return 0, arch.EINVAL
	}
	set, err := machine.ParseCPUSet(strings.Join(list, ","))
	if err != nil {
		return 0, arch.EINVAL
	}
	p.id.cpus = set
	return 0, 0
}

// firstCPU is where the process runs.
func (p *Process) firstCPU() uint64 {
	for cpu := range p.possibleCPUs() {
		if p.id.cpus.Contains(cpu) {
			return uint64(cpu)
		}
	}
	return 0
}

func sysGetcpu(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if a[0] != 0 {
		if errno := t.writeUint(a[0], 4, t.p.firstCPU()); errno != 0 {
			return 0, errno
		}
	}
	if a[1] != 0 {
		return 0, t.writeUint(a[1], 4, 0)
	}
	return 0, 0
}

// schedTarget checks the pid of a sched_* call.
func (t *Thread) schedTarget(pid uint64) arch.Errno {
	switch {
	case int32(pid) < 0:
		return arch.EINVAL
	case !t.p.knows(pid):
		return arch.ESRCH
	}
	return 0
}

func sysSchedGetparam(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if a[1] == 0 {
		return 0, arch.EINVAL
	}
	if errno := t.schedTarget(a[0]); errno != 0 {
		return 0, errno
	}
	return 0, t.writeUint(a[1], 4, 0)
}

// sysSchedSetparam takes the one priority that SCHED_OTHER has.
func sysSchedSetparam(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return sysSchedSetscheduler(t, [6]uint64{a[0], 0, a[1]})
}

func sysSchedGetscheduler(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return 0, t.schedTarget(a[0])
}

func sysSchedSetscheduler(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	const resetOnFork = 0x40000000
	policy := int32(uint32(a[1]) &^ resetOnFork)
	if a[2] == 0 || policy < 0 {
		return 0, arch.EINVAL
	}
	if errno := t.schedTarget(a[0]); errno != 0 {
		return 0, errno
	}
	priority, errno := t.readUint(a[2], 4)
	if errno != 0 {
		return 0, errno
	}
	switch policy {
	case 0, 3, 5: // SCHED_OTHER, SCHED_BATCH, SCHED_IDLE
		if priority != 0 {
			return 0, arch.EINVAL
		}
		return 0, 0
	case 1, 2: // SCHED_FIFO, SCHED_RR
		return 0, arch.EPERM
	}
	return 0, arch.EINVAL
}

func sysSchedPriorityMax(_ *Thread, a [6]uint64) (uint64, arch.Errno) { return priority(a[0], 99) }

func sysSchedPriorityMin(_ *Thread, a [6]uint64) (uint64, arch.Errno) { return priority(a[0], 1) }

// priority is a bound of the real-time policies, 0 for the others.
func priority(policy, bound uint64) (uint64, arch.Errno) {
	switch uint32(policy) {
	case 1, 2:
		return bound, 0
	case 0, 3, 5, 6:
		return 0, 0
	}
	return 0, arch.EINVAL
}

// sysGetpriority returns 20 − nice, so that no result looks like an error.
func sysGetpriority(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if uint32(a[0]) > 2 {
		return 0, arch.EINVAL
	}
	if uint32(a[0]) == 0 && !t.p.knows(a[1]) {
		return 0, arch.ESRCH
	}
	return 20, 0
}

func sysSetpriority(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	_, errno := sysGetpriority(t, a)
	return 0, errno
}
