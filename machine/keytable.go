// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import "strings"

const (
	envPrefix  = "env."
	filePrefix = "files."

	// hugePageFile is where the runtime reads the size of a transparent huge page (sysHugePageSizePath in runtime/os_linux.go).
	hugePageFile = "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"

	cpusWant = "want a count (7) or a list of CPUs (0-3,8), up to CPU 1048575"
)

// keyTable lists the keys in the order of the documentation and of YAML: those of a group stand together.
func keyTable() []key {
	return []key{
		{name: "name", kind: "text", doc: "the machine's name in reports", get: func(m *Machine) string { return m.Name },
			set: setText(func(m *Machine) *string { return &m.Name }), check: checkName, quote: true, commas: always},
		{name: "description", kind: "text", doc: "one line for those who choose a machine", get: func(m *Machine) string { return m.Description },
			set: setText(func(m *Machine) *string { return &m.Description }), omit: func(m *Machine) bool { return m.Description == "" }, quote: true,
			commas: always},

		{name: "cpus", kind: "CPUs", doc: "the CPUs that sched_getaffinity answers with: a count (7) or a list (0-3,8,10-11)",
			source: "kernel/sched/syscalls.c, nproc(1)", get: func(m *Machine) string { return m.CPUs.String() }, set: setCPUs, check: checkCPUs,
			commas: func(text string) bool { return strings.Contains(text, "-") }},
		row("affinity.length", "bytes that sched_getaffinity writes and returns; auto: as many as the CPUs need",
			"cpumask_size(), include/linux/cpumask.h").size(func(m *Machine) *Size { return &m.Affinity.Length }, auto).checked(checkAffinity).quiet(),
		row("affinity.minimum", "bytes of a buffer below which sched_getaffinity fails with EINVAL; auto: what the CPUs need",
			"nr_cpu_ids, kernel/sched/syscalls.c").size(func(m *Machine) *Size { return &m.Affinity.Minimum }, auto).checked(checkAffinity).quiet(),
		row("affinity.errno", "error that sched_getaffinity always fails with: EPERM as seccomp gives it", "seccomp profiles").
			errno(func(m *Machine) *string { return &m.Affinity.Errno }).quiet(),
		{name: "hugePage", kind: "size, none, error or text:TEXT", source: "hugepage_pmd_size_show(), mm/huge_memory.c",
			doc: "size of a transparent huge page (hpage_pmd_size); none: the file is missing; EACCES: it cannot be read; text:TEXT is what it holds",
			get: func(m *Machine) string { return m.HugePage.String() }, set: setHugePage},
		{name: "pageSize", kind: "size", doc: "size of a page (AT_PAGESZ), a power of two from 4KiB to 1GiB", source: "CONFIG_*_PAGES, getconf PAGESIZE",
			get: func(m *Machine) string { return m.PageSize.String() }, set: setSize(func(m *Machine) *Size { return &m.PageSize }), check: checkPageSize},
		{name: "memory", kind: "size", doc: "physical memory that /proc/meminfo and sysinfo tell of", source: "/proc/meminfo, MemTotal",
			get: func(m *Machine) string { return m.Memory.String() }, set: setSize(func(m *Machine) *Size { return &m.Memory }), check: checkMemory},
		{name: "addressSpace", kind: "size", doc: "limit of the address space (RLIMIT_AS); none: unlimited", source: "ulimit -v, in KiB; getrlimit(2)",
			get: func(m *Machine) string { return m.AddressSpace.String() }, set: setAddressSpace},

		row("vm.addressBits", "bits of a user address: 39, 42, 47, 48, 52, 57 ...; auto: as usual on the architecture",
			"CONFIG_ARM64_VA_BITS, Sv39/Sv48/Sv57, LA57, CONFIG_MIPS_VA_BITS_48").number(func(m *Machine) *int { return &m.VM.AddressBits }, 20, 64).quiet(),
		row("vm.mmapTop", "address below which mmap looks for room first; auto: as usual", "mmap_base(), mm/util.c").
			addr(func(m *Machine) *Addr { return &m.VM.MmapTop }).quiet(),
		row("vm.hints", "whether mmap goes where its hint says, when that is free", "get_unmapped_area(), mm/mmap.c; gVisor and old kernels differ").
			words(func(m *Machine) *string { return &m.VM.Hints }, HintsHonour, HintsIgnore).quiet(),
		row("vm.placement", "where mmap looks for room without a hint", "ADDR_COMPAT_LAYOUT, personality(2)").
			words(func(m *Machine) *string { return &m.VM.Placement }, PlacementTopDown, PlacementBottomUp).quiet(),
		row("vm.refuse", "ranges of addresses, 0xSTART-0xEND, in which nothing can be mapped", "sanitizers, vendor kernels, tagged pointers").
			list(func(m *Machine) *[]string { return &m.VM.Refuse }, splitItems, joinItems, addrRange).quiet(),
		row("vm.overcommit", "what memory may be promised: vm.overcommit_memory 0, 1 and 2", "Documentation/mm/overcommit-accounting.rst").
			words(func(m *Machine) *string { return &m.VM.Overcommit }, OvercommitHeuristic, OvercommitAlways, OvercommitNever).quiet(),
		row("vm.brk", "whether the heap grows (brk)", "brk(2)").words(func(m *Machine) *string { return &m.VM.Brk }, BrkGrow, BrkRefuse).quiet(),

		uname("kernel.release", "what uname -r says", func(m *Machine) *string { return &m.Kernel.Release }).word(),
		uname("kernel.version", "what uname -v says", func(m *Machine) *string { return &m.Kernel.Version }),
		uname("kernel.node", "what uname -n says", func(m *Machine) *string { return &m.Kernel.Node }).word(),
		uname("kernel.machine", "what uname -m says; empty: what the architecture says", func(m *Machine) *string { return &m.Kernel.Machine }).word().quiet(),
		row("kernel.vdso", "the vDSO's hash table, DT_GNU_HASH, DT_HASH or both; none: there is no vDSO, each look at the clock is a system call",
			"vdso(7); ld --hash-style of the kernel's build").words(func(m *Machine) *string { return &m.Kernel.VDSO }, VDSONone, VDSOGNU, VDSOSysV, VDSOBoth).quiet(),
		row("kernel.vsyscall", "the legacy vsyscall page of amd64", "vsyscall= in Documentation/admin-guide/kernel-parameters.txt").
			words(func(m *Machine) *string { return &m.Kernel.Vsyscall }, VsyscallEmulate, VsyscallNone).quiet(),
		row("kernel.userHelpers", "the page of kernel helpers of 32-bit ARM", "CONFIG_KUSER_HELPERS, Documentation/arch/arm/kernel_user_helpers.rst").
			words(func(m *Machine) *string { return &m.Kernel.UserHelpers }, UserHelpersPresent, UserHelpersNone).quiet(),

		{name: "cgroup.version", kind: "1, 2, hybrid or none", doc: "the cgroup file systems that are mounted; hybrid: version 1, and a version 2 without controllers",
			source: "/proc/self/mountinfo, cgroups(7)", get: cgroupVersion, set: setCgroupVersion, check: checkCgroupVersion},
		{name: "cgroup.quota", kind: "microseconds or max", doc: "CPU time in a period: first word of cpu.max, or cpu.cfs_quota_us",
			source: "Documentation/admin-guide/cgroup-v2.rst", get: func(m *Machine) string { return m.Cgroup.Quota }, set: setQuota, check: checkQuota,
			omit: func(m *Machine) bool { return m.Cgroup.Quota == "" }},
		{name: "cgroup.period", kind: "microseconds", doc: "the period: second word of cpu.max, or cpu.cfs_period_us",
			source: "Documentation/scheduler/sched-bwc.rst", get: func(m *Machine) string { return m.Cgroup.Period },
			set: setText(func(m *Machine) *string { return &m.Cgroup.Period }), check: checkPeriod, omit: func(m *Machine) bool { return m.Cgroup.Period == "" }},
		row("cgroup.parents", "limits of the groups above the process's, the outermost first: 200000/100000,max", "cpu.max of each directory on the way").
			list(func(m *Machine) *[]string { return &m.Cgroup.Parents }, splitItems, joinItems, cgroupLimit).checked(checkParents).quiet(),
		row("cgroup.path", "the process's group in its hierarchy; /: the root of a cgroup namespace", "/proc/self/cgroup").
			path(func(m *Machine) *string { return &m.Cgroup.Path }, Cgroup.Group, true).quiet(),
		row("cgroup.mountPoint", "where the hierarchy with the cpu controller is mounted", "/proc/self/mountinfo, field 5").
			path(func(m *Machine) *string { return &m.Cgroup.MountPoint }, Cgroup.Mount, false).quiet(),
		row("cgroup.mountRoot", "the group that is mounted there, of a container without a cgroup namespace its own", "/proc/self/mountinfo, field 4").
			path(func(m *Machine) *string { return &m.Cgroup.MountRoot }, func(Cgroup) string { return "/" }, true).quiet(),

		{name: "clock.realtime", kind: "time", doc: "where CLOCK_REALTIME starts: RFC 3339, a date, or seconds since 1970", source: "clock_gettime(2)",
			get: func(m *Machine) string { return m.Clock.Realtime }, set: setRealtime, check: checkRealtime},
		row("clock.monotonic", "where CLOCK_MONOTONIC starts: how long the machine has been up", "/proc/uptime").
			duration(func(m *Machine) *Duration { return &m.Clock.Monotonic }, checkMonotonic),
		row("clock.resolution", "what the clocks' values are multiples of, and what clock_getres says", "clock_getres(2); jiffies: 4ms at HZ=250").
			duration(func(m *Machine) *Duration { return &m.Clock.Resolution }, checkResolution).quiet(),
		row("clock.step", "added to what the clocks show at each reading; below 0 they go backward", "unstable TSCs, broken hypervisors").
			duration(func(m *Machine) *Duration { return &m.Clock.Step }, checkStep).quiet(),
		row("clock.frozen", "CLOCK_MONOTONIC always shows where it started", "emulators, early bring-up of boards").
			truth(func(m *Machine) *bool { return &m.Clock.Frozen }).quiet(),

		row("cpu.model", "a real CPU whose features are the machine's: haswell, cortex-a72, power9, z14 ...; auto: the engine's own", "the CPU's manual; see rt0 arches").
			text(func(m *Machine) *string { return &m.CPU.Model }, auto).word().checked(checkModel).quiet(),
		row("cpu.platform", "AT_PLATFORM; auto: the model's or the architecture's; none: there is none", "ELF_PLATFORM, arch/*/include/asm/elf.h").
			text(func(m *Machine) *string { return &m.CPU.Platform }, auto).word().quiet(),
		row("cpu.xcr0", "what XGETBV answers on x86: the states that the kernel saves; auto: as the features have it", "SDM volume 1, 13.3").
			addr(func(m *Machine) *Addr { return &m.CPU.XCR0 }).quiet(),
		row("cpuid.LEAF", "a leaf of x86's CPUID, LEAF or LEAF.SUBLEAF in hexadecimal: EAX,EBX,ECX,EDX", "SDM volume 2, CPUID; cpuid(1) -r").
			entriesOf("EAX,EBX,ECX,EDX", func(m *Machine) *map[string]string { return &m.CPUID }, cpuidLeaf, cpuidValue).listed(),
		row("hwprobe.KEY", "a key of riscv_hwprobe by its number: a value, or absent", "Documentation/arch/riscv/hwprobe.rst").
			entriesOf("number or absent", func(m *Machine) *map[string]string { return &m.HWProbe }, numberName, numberOrAbsent),
		{name: "features", kind: "list", doc: "CPU features to add and to take away, by their names in /proc/cpuinfo: +avx2,-atomics", source: "/proc/cpuinfo",
			get: func(m *Machine) string { return strings.Join(m.Features, ",") }, seq: func(m *Machine) *[]string { return &m.Features },
			split: splitFeatures, check: checkFeatures, omit: func(m *Machine) bool { return len(m.Features) == 0 }, commas: always},

		row("rules", "what becomes of system calls, as strace --inject has it: fcntl:error=ENOSYS; the first that matches counts", "seccomp(2), strace(1)").
			list(func(m *Machine) *[]string { return &m.Rules }, splitWords, joinWords, ruleText).quiet(),

		{name: "args", kind: "list", doc: "arguments after the program's name; as one text they are split at blanks, quotes hold together", source: "execve(2)",
			get: func(m *Machine) string { return joinWords(m.Args) }, seq: func(m *Machine) *[]string { return &m.Args },
			split: splitWords, check: checkArgs, omit: func(m *Machine) bool { return len(m.Args) == 0 }, commas: always},
		row("process.argv0", "argv[0]; auto: the base name of the binary", "execve(2)").text(func(m *Machine) *string { return &m.Process.Argv0 }, auto).word().quiet(),
		row("process.argc0", "argc is 0: there is not even argv[0]", "execve(2) before Linux 5.18").truth(func(m *Machine) *bool { return &m.Process.Argc0 }).quiet(),
		row("process.secure", "AT_SECURE is 1, as for a set-user-ID program", "getauxval(3)").truth(func(m *Machine) *bool { return &m.Process.Secure }).quiet(),
		stdio("process.stdin", "descriptor 0", func(m *Machine) *string { return &m.Process.Stdin }),
		stdio("process.stdout", "descriptor 1", func(m *Machine) *string { return &m.Process.Stdout }),
		stdio("process.stderr", "descriptor 2", func(m *Machine) *string { return &m.Process.Stderr }),
		row("stack.top", "first address above the first stack; auto: as usual on the architecture", "STACK_TOP, arch/*/include/asm/processor.h").
			addr(func(m *Machine) *Addr { return &m.Stack.Top }).quiet(),
		row("stack.align", "power of two that the first stack pointer is a multiple of, and of no larger one; auto: 16 or more", "STACK_ROUND, fs/binfmt_elf.c").
			size(func(m *Machine) *Size { return &m.Stack.Align }, auto).checked(checkStackAlign).quiet(),
		{name: "random", kind: "seed, zero or absent", doc: "AT_RANDOM's 16 bytes in hexadecimal; any other text is hashed into them; zero: all 0; absent: no AT_RANDOM",
			source: "getauxval(3)", get: func(m *Machine) string { return m.Random.String() }, set: setRandom, quote: true},
		row("auxv.AT_NAME", "an entry of the auxiliary vector, by name or number: a value that replaces the machine's own, or absent", "include/uapi/linux/auxvec.h").
			entriesOf("number or absent", func(m *Machine) *map[string]string { return &m.Auxv }, auxName, numberOrAbsent).checked(checkAuxv),
		row("registers.NAME", "what a register holds at the first instruction", "ELF_PLAT_INIT, arch/*/include/asm/elf.h").
			entriesOf("number", func(m *Machine) *map[string]string { return &m.Registers }, lowerName, numberValue).checked(checkRegisters),
		row("rlimits.NAME", "a resource limit, SOFT or SOFT:HARD: nofile, stack, memlock, nproc ...", "getrlimit(2), limits.conf(5)").
			entriesOf("SOFT:HARD", func(m *Machine) *map[string]string { return &m.Rlimits }, rlimitName, rlimitValue).checked(checkRlimits),
		{name: envPrefix + "NAME", kind: "text", doc: "an environment variable; the guest has these and no others", source: "environ(7)",
			entry: setEnv, entries: envEntries, check: checkEnv, omit: func(m *Machine) bool { return len(m.Env) == 0 }, commas: always},
		{name: filePrefix + "/PATH", kind: "text", doc: "contents of an extra file; it replaces rt0's own of that path", source: "proc(5), sysfs(5)",
			entry: setFile, entries: fileEntries, check: checkFiles, omit: func(m *Machine) bool { return len(m.Files) == 0 }, commas: always},
		row("fileErrors./PATH", "error that every call on a path fails with: EACCES, ENOENT, EIO ...", "open(2)").
			entriesOf("error", func(m *Machine) *map[string]string { return &m.FileErrors }, sameName, errnoName).checked(checkFileErrors),
		row("symlinks./PATH", "target of a symbolic link", "symlink(7)").
			entriesOf("path", func(m *Machine) *map[string]string { return &m.Symlinks }, sameName, sameValue).checked(checkSymlinks),
	}
}

// uname is a row for a field of uname's.
func uname(name, doc string, field func(*Machine) *string) key {
	k := row(name, doc, "uname(2)").text(field, "").checked(utsname(func(m *Machine) string { return *field(m) }))
	k.quote = true
	return k
}

// stdio is a row for a standard descriptor.
func stdio(name, doc string, field func(*Machine) *string) key {
	return row(name, doc+": open; closed; /dev/null; a pipe that nobody holds the other end of; /dev/full", "execve(2), start-stop-daemon(8)").
		words(field, StdioOpen, StdioClosed, StdioNull, StdioBroken, StdioFull).quiet()
}
