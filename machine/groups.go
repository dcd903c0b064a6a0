// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"strconv"
	"strings"
)

// The groups of a machine's keys. As in [Machine], the zero value of a field in a literal is its default.

// Affinity is how sched_getaffinity answers, beyond the mask itself. The runtime counts its CPUs by it (runtime.getproccount).
type Affinity struct {
	// Length is how many bytes it writes and returns; 0: as many as the machine's CPUs need (cpumask_size).
	Length Size `json:"length,omitempty" yaml:"length"`
	// Minimum is the size in bytes of a buffer below which it fails with EINVAL; 0: that of the machine's CPUs (nr_cpu_ids).
	Minimum Size `json:"minimum,omitempty" yaml:"minimum"`
	// Errno is the error that it always fails with, by name ("EPERM", as seccomp gives it); "": none.
	Errno string `json:"errno,omitempty" yaml:"errno"`
}

// VM is the address space and who gets what of it (mm/mmap.c, Documentation/admin-guide/sysctl/vm.rst).
type VM struct {
	// AddressBits is how many bits a user address has (CONFIG_ARM64_VA_BITS, Sv39, LA57 ...); 0: as usual on the architecture.
	AddressBits int `json:"addressBits,omitempty" yaml:"addressBits"`
	// MmapTop is the address below which mmap looks for room first (mmap_base); 0: as usual.
	MmapTop Addr `json:"mmapTop,omitempty" yaml:"mmapTop"`
	// Hints says whether mmap goes where its hint says, when that is free: HintsHonour or HintsIgnore. Default: honour.
	Hints string `json:"hints" yaml:"hints"`
	// Placement is where mmap looks for room without a hint: PlacementTopDown or PlacementBottomUp (ADDR_COMPAT_LAYOUT).
	// Default: topdown.
	Placement string `json:"placement" yaml:"placement"`
	// Refuse are ranges of addresses, "START-END" in hexadecimal, in which nothing can be mapped: hints are passed over, MAP_FIXED
	// fails with ENOMEM.
	Refuse []string `json:"refuse" yaml:"refuse"`
	// Overcommit is vm.overcommit_memory by its meaning: OvercommitHeuristic (0), OvercommitAlways (1) or OvercommitNever (2, with
	// vm.overcommit_ratio 50). Default: heuristic.
	Overcommit string `json:"overcommit" yaml:"overcommit"`
	// Brk says whether the heap grows: BrkGrow or BrkRefuse. Default: grow.
	Brk string `json:"brk" yaml:"brk"`
}

// The words of VM.
const (
	HintsHonour         = "honour"
	HintsIgnore         = "ignore"
	PlacementTopDown    = "topdown"
	PlacementBottomUp   = "bottomup"
	OvercommitHeuristic = "heuristic"
	OvercommitAlways    = "always"
	OvercommitNever     = "never"
	BrkGrow             = "grow"
	BrkRefuse           = "refuse"
)

// Kernel is what uname says, and what the kernel maps into every process. Machine (uname -m) comes from the architecture when it is
// empty.
type Kernel struct {
	Release string `json:"release" yaml:"release"` // default: 6.12.48
	Version string `json:"version" yaml:"version"` // default: #1 SMP PREEMPT_DYNAMIC
	Node    string `json:"node" yaml:"node"`       // default: rt0
	Machine string `json:"machine,omitempty" yaml:"machine"`
	// VDSO is the vDSO's hash table: VDSONone (there is no vDSO), VDSOGNU (DT_GNU_HASH), VDSOSysV (DT_HASH) or VDSOBoth. Default: none,
	// so that each reading of the clock is a system call.
	VDSO string `json:"vdso" yaml:"vdso"`
	// Vsyscall is x86-64's legacy page: VsyscallEmulate or VsyscallNone (vsyscall= on the kernel's command line). Default: emulate.
	Vsyscall string `json:"vsyscall" yaml:"vsyscall"`
	// UserHelpers is 32-bit ARM's page of kernel helpers: UserHelpersPresent or UserHelpersNone (CONFIG_KUSER_HELPERS). Default: present.
	UserHelpers string `json:"userHelpers" yaml:"userHelpers"`
}

// The words of Kernel.
const (
	VDSONone           = "none"
	VDSOGNU            = "gnu"
	VDSOSysV           = "sysv"
	VDSOBoth           = "both"
	VsyscallEmulate    = "emulate"
	VsyscallNone       = "none"
	UserHelpersPresent = "present"
	UserHelpersNone    = "none"
)

// Cgroup is the CPU limit that the runtime reads since Go 1.25 (internal/runtime/cgroup).
type Cgroup struct {
	// Version is 1, 2, or 0 when no cgroup file system is mounted ([NoCgroup] in a literal). Default: 2.
	Version int `json:"version" yaml:"version"`
	// Unified says that beside version 1's controllers a version 2 hierarchy without any is mounted, as systemd's hybrid mode has it.
	Unified bool `json:"unified,omitempty" yaml:"unified"`
	// Quota is the first word of cpu.max ("max", "200000") on version 2, and cpu.cfs_quota_us ("-1") on version 1; microseconds.
	// Default: no limit.
	Quota string `json:"quota,omitempty" yaml:"quota"`
	// Period is the second word of cpu.max, or cpu.cfs_period_us; microseconds. Default: 100000.
	Period string `json:"period,omitempty" yaml:"period"`
	// Path is the process's group in its hierarchy; "": /rt0, below a group for each of Parents.
	Path string `json:"path,omitempty" yaml:"path"`
	// Parents are the limits of the groups above it, the outermost first: "QUOTA/PERIOD" or "max". Groups that it does not reach have
	// no limit.
	Parents []string `json:"parents,omitempty" yaml:"parents"`
	// MountPoint is where the hierarchy with the cpu controller is mounted; "": /sys/fs/cgroup, version 1's cpu,cpuacct below it.
	MountPoint string `json:"mountPoint,omitempty" yaml:"mountPoint"`
	// MountRoot is the group that is mounted there (the fourth field of mountinfo); "": the hierarchy's root. Of a container without a
	// cgroup namespace it is the container's group.
	MountRoot string `json:"mountRoot,omitempty" yaml:"mountRoot"`
}

// Group is the process's group: Path, or what stands for it when that is empty.
func (c Cgroup) Group() string {
	if c.Path != "" {
		return c.Path
	}
	var group strings.Builder
	for i := range c.Parents {
		group.WriteString("/parent" + strconv.Itoa(i+1))
	}
	return group.String() + "/rt0"
}

// Mount is where the hierarchy with the cpu controller is mounted: MountPoint, or what stands for it when that is empty.
func (c Cgroup) Mount() string {
	switch {
	case c.MountPoint != "":
		return c.MountPoint
	case c.Version == 1:
		return "/sys/fs/cgroup/cpu,cpuacct"
	}
	return "/sys/fs/cgroup"
}

// Limit is a group's quota and period as its files have them.
type Limit struct{ Quota, Period string }

// ParentLimits are the limits of the groups above the process's, the outermost first, one for each.
func (c Cgroup) ParentLimits() []Limit {
	limits := make([]Limit, max(0, strings.Count(c.Group(), "/")-1))
	for i := range limits {
		limits[i] = Limit{c.unlimited(), "100000"}
		if i < len(c.Parents) && c.Parents[i] != unlimitedV2 {
			limits[i].Quota, limits[i].Period, _ = strings.Cut(c.Parents[i], "/")
		}
	}
	return limits
}

// unlimited is the version's word for no limit.
func (c Cgroup) unlimited() string {
	if c.Version == 1 {
		return unlimitedV1
	}
	return unlimitedV2
}

// settle finds the words that fit the version, and leaves out what says no more than the default.
func (c *Cgroup) settle() {
	if c.Version != 1 && c.Version != 2 {
		if c.Quota == unlimitedV1 || c.Quota == unlimitedV2 {
			c.Quota = ""
		}
		if c.Quota == "" {
			c.Period = ""
		}
		return
	}
	if c.Quota == "" || c.Quota == unlimitedV1 || c.Quota == unlimitedV2 {
		c.Quota = c.unlimited()
	}
	fill(&c.Period, "100000")
	for _, word := range []struct {
		field *string
		rest  string
	}{{&c.Path, Cgroup{Parents: c.Parents}.Group()}, {&c.MountPoint, Cgroup{Version: c.Version}.Mount()}, {&c.MountRoot, "/"}} {
		if *word.field == word.rest {
			*word.field = ""
		}
	}
}

// Clock is what the clocks show. Time goes on with what the guest runs and sleeps, and with nothing else; timers and sleeps end by that
// time whatever is shown.
type Clock struct {
	Realtime  string   `json:"realtime" yaml:"realtime"`   // CLOCK_REALTIME, RFC 3339; default: 2026-01-01T00:00:00Z
	Monotonic Duration `json:"monotonic" yaml:"monotonic"` // CLOCK_MONOTONIC; default: 1h (a machine that has been up for a while)
	// Resolution is what the values shown are multiples of, and what clock_getres says. Default: 1ns.
	Resolution Duration `json:"resolution" yaml:"resolution"`
	// Step is added to what is shown at each reading; below 0 the clocks go backward. Default: 0.
	Step Duration `json:"step,omitempty" yaml:"step"`
	// Frozen says that CLOCK_MONOTONIC and its like always show where they started.
	Frozen bool `json:"frozen,omitempty" yaml:"frozen"`
}

// CPU is what the CPU says of itself, beside Features.
type CPU struct {
	// Model is a real CPU, by a name of arch.Arch.CPUs: its features are what Machine.Features changes. "": the engine's own.
	Model string `json:"model,omitempty" yaml:"model"`
	// Platform is AT_PLATFORM; "": the model's or the architecture's, PlatformNone: there is none.
	Platform string `json:"platform,omitempty" yaml:"platform"`
	// XCR0 is what XGETBV answers on x86: the states that the kernel saves; 0: as the features have it.
	XCR0 Addr `json:"xcr0,omitempty" yaml:"xcr0"`
}

// PlatformNone is CPU.Platform of a machine without AT_PLATFORM.
const PlatformNone = "none"

// Process is how the process is started.
type Process struct {
	Argv0  string `json:"argv0,omitempty" yaml:"argv0"`   // argv[0]; "": the base name of the binary
	Argc0  bool   `json:"argc0,omitempty" yaml:"argc0"`   // argc is 0: there is not even argv[0], as before Linux 5.18 could be
	Secure bool   `json:"secure,omitempty" yaml:"secure"` // AT_SECURE is 1, as for a set-user-ID program
	// Stdin, Stdout and Stderr are descriptors 0, 1 and 2: StdioOpen, StdioClosed, StdioNull, StdioBroken or StdioFull. Default: open.
	Stdin  string `json:"stdin" yaml:"stdin"`
	Stdout string `json:"stdout" yaml:"stdout"`
	Stderr string `json:"stderr" yaml:"stderr"`
}

// The words of Process.
const (
	StdioOpen   = "open"   // an empty standard input; outputs that the report shows
	StdioClosed = "closed" // there is no such descriptor: EBADF
	StdioNull   = "null"   // /dev/null
	StdioBroken = "broken" // a pipe whose other end nobody holds: end of file, or EPIPE and SIGPIPE
	StdioFull   = "full"   // /dev/full: ENOSPC
)

// Stack is the first stack.
type Stack struct {
	Top   Addr `json:"top,omitempty" yaml:"top"`     // the first address above it; 0: as usual on the architecture
	Align Size `json:"align,omitempty" yaml:"align"` // the power of two in bytes that the stack pointer is a multiple of, and of no larger one; 0: 16 or more
}

// Absent, as a value of Machine.Auxv or Machine.HWProbe, says that there is no such entry.
const Absent = "absent"
