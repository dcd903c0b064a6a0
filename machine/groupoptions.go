// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"strconv"
	"strings"
	"time"
)

// Options for the groups of keys; what has none of its own is said by [Setting].

// AffinityErrno lets sched_getaffinity fail with an error, by its name: "EPERM".
func AffinityErrno(name string) Option { return Setting("affinity.errno", name) }

// AffinityMinimum lets sched_getaffinity fail with EINVAL for buffers below so many bytes.
func AffinityMinimum(bytes int) Option {
	return Setting("affinity.minimum", strconv.Itoa(bytes))
}

// HugePageText lets hpage_pmd_size hold any text.
func HugePageText(text string) Option { return Setting("hugePage", "text:"+text) }

// HugePageErrno lets hpage_pmd_size fail with an error, by its name: "EACCES".
func HugePageErrno(name string) Option { return Setting("hugePage", name) }

// AddressBits sets how many bits a user address has; 0 is as usual on the architecture.
func AddressBits(bits int) Option { return func(m *Machine) { m.VM.AddressBits = bits } }

// MmapTop sets the address below which mmap looks for room first.
func MmapTop(addr uint64) Option { return func(m *Machine) { m.VM.MmapTop = Addr(addr) } }

// RefuseRange keeps mmap from the addresses from start up to end.
func RefuseRange(start, end uint64) Option {
	return Setting("vm.refuse+", strconv.FormatUint(start, 16)+"-"+strconv.FormatUint(end, 16))
}

// VDSO gives the kernel a vDSO with that kind of hash table: [VDSOGNU], [VDSOSysV], [VDSOBoth] or [VDSONone].
func VDSO(kind string) Option { return Setting("kernel.vdso", kind) }

// CgroupPath sets the process's group, and the limits of those above it, the outermost first ("QUOTA/PERIOD" or "max").
func CgroupPath(path string, parents ...string) Option {
	return func(m *Machine) {
		m.Cgroup.Path, m.Cgroup.Parents = path, append([]string{}, parents...)
	}
}

// CgroupMount sets where the cpu controller's hierarchy is mounted, and which of its groups.
func CgroupMount(point, root string) Option {
	return func(m *Machine) { m.Cgroup.MountPoint, m.Cgroup.MountRoot = point, root }
}

// FrozenClock lets CLOCK_MONOTONIC always show where it started.
func FrozenClock() Option { return func(m *Machine) { m.Clock.Frozen = true } }

// ClockStep is added to what the clocks show at each reading; below 0 they go backward.
func ClockStep(d time.Duration) Option { return func(m *Machine) { m.Clock.Step = Duration(d) } }

// ClockResolution is what the clocks' values are multiples of.
func ClockResolution(d time.Duration) Option {
	return func(m *Machine) { m.Clock.Resolution = Duration(d) }
}

// CPUModel gives the machine the features of a real CPU.
func CPUModel(name string) Option { return Setting("cpu.model", name) }

// CPUIDAnswer sets what a leaf of x86's CPUID answers.
func CPUIDAnswer(leaf, subleaf, eax, ebx, ecx, edx uint32) Option {
	hex := func(n uint32) string { return strconv.FormatUint(uint64(n), 16) }
	return Setting("cpuid."+hex(leaf)+"."+hex(subleaf), strings.Join([]string{hex(eax), hex(ebx), hex(ecx), hex(edx)}, ","))
}

// Argv0 sets argv[0].
func Argv0(name string) Option { return func(m *Machine) { m.Process.Argv0 = name } }

// Secure sets AT_SECURE, as for a set-user-ID program.
func Secure() Option { return func(m *Machine) { m.Process.Secure = true } }

// Auxv sets an entry of the auxiliary vector, by Linux's name: "AT_HWCAP".
func Auxv(name string, value uint64) Option {
	return Setting("auxv."+name, "0x"+strconv.FormatUint(value, 16))
}

// WithoutAuxv takes an entry out of the auxiliary vector.
func WithoutAuxv(name string) Option { return Setting("auxv."+name, Absent) }

// Register sets what a register holds at the first instruction, by the name of the CPU's manual.
func Register(name string, value uint64) Option {
	return Setting("registers."+name, "0x"+strconv.FormatUint(value, 16))
}

// ResourceLimit sets a resource limit by its name in limits.conf ("nofile"); [Unlimited] is none.
func ResourceLimit(name string, soft, hard uint64) Option {
	return Setting("rlimits."+name, limitText(soft)+":"+limitText(hard))
}

// FileError lets every call on a path fail with an error, by its name: "EACCES".
func FileError(path, errno string) Option { return Setting("fileErrors."+path, errno) }

// Symlink puts a symbolic link at a path.
func Symlink(path, target string) Option { return Setting("symlinks."+path, target) }
