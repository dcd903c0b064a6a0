// SPDX-License-Identifier: GPL-2.0-or-later

// Package machine describes the computer that is faked: CPUs, pages, kernel, clock, files. A [Machine] is a plain value; it is
// made by options in Go ([New]), from a YAML profile ([Load]), or by dotted keys ([Machine.Set]), and checked in one place
// ([Machine.Validate]). One table (keys.go) says which keys there are; Set, the profiles and the documentation all read it.
package machine

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"time"
)

// Machine is a computer as a Go program at start-up can see it. The JSON form is part of rt0's report.
//
// A Machine is either a literal or resolved. In a literal, the zero value of a field means the default that its comment names,
// and [None] says that there is nothing. In a resolved one, which is what [New], [Load], [Machine.With], [Machine.Set],
// [Machine.Resolved] and the decoding of JSON and YAML give, every field is meant as it stands, and 0 is none. Methods never
// change their receiver, and share no slice or map with it.
type Machine struct {
	Name        string `json:"name" yaml:"name"` // default: default
	Description string `json:"description,omitempty" yaml:"description"`

	// CPUs is the affinity mask that sched_getaffinity answers with: a count, or an explicit set. Default: 4.
	CPUs CPUSet `json:"cpus" yaml:"cpus"`
	// HugePage is what hpage_pmd_size says, in bytes; none: the kernel has no transparent huge pages and the file is missing.
	// Default: 2 MiB.
	HugePage Size `json:"hugePage" yaml:"hugePage"`
	// PageSize is AT_PAGESZ in bytes. Default: 4096.
	PageSize Size `json:"pageSize" yaml:"pageSize"`
	// Memory is the physical memory in bytes, as /proc/meminfo and sysinfo say it. Default: 8 GiB.
	Memory Size `json:"memory" yaml:"memory"`
	// AddressSpace is RLIMIT_AS in bytes (ulimit -v times 1024). Default: none (unlimited).
	AddressSpace Size `json:"addressSpace" yaml:"addressSpace"`

	Affinity Affinity `json:"affinity" yaml:"affinity"`
	VM       VM       `json:"vm" yaml:"vm"`
	Kernel   Kernel   `json:"kernel" yaml:"kernel"`
	Cgroup   Cgroup   `json:"cgroup" yaml:"cgroup"`
	Clock    Clock    `json:"clock" yaml:"clock"`
	CPU      CPU      `json:"cpu" yaml:"cpu"`
	Process  Process  `json:"process" yaml:"process"`
	Stack    Stack    `json:"stack" yaml:"stack"`

	// Random is what AT_RANDOM points to (16 bytes, hexadecimal), and the seed of getrandom and /dev/urandom.
	// Default: NewSeed("rt0").
	Random Seed `json:"random" yaml:"random"`
	// Features adds to, or takes from, what the CPU offers: "+avx2", "-atomics"; names as in /proc/cpuinfo, each with its sign,
	// and each once. A name that the booted architecture does not have is passed over, so that one machine can describe a
	// family.
	Features []string `json:"features" yaml:"features"`

	// CPUID are leaves of x86's CPUID that answer otherwise, by "LEAF" or "LEAF.SUBLEAF" in hexadecimal: EAX, EBX, ECX and EDX,
	// "0x16,0x756e6547,0x6c65746e,0x49656e69". HWProbe are keys of riscv_hwprobe by number: a value, or "absent".
	CPUID   map[string]string `json:"cpuid" yaml:"cpuid"`
	HWProbe map[string]string `json:"hwprobe" yaml:"hwprobe"`
	// Rules say what becomes of system calls; the first that matches counts.
	Rules []string `json:"rules" yaml:"rules"`

	// Args are the arguments after the program's name; Env is the whole environment, NAME=VALUE, in order.
	Args []string `json:"args" yaml:"args"`
	Env  []string `json:"env" yaml:"env"`
	// Auxv are entries of the auxiliary vector by their names ("AT_HWCAP") or numbers: a value that is added or replaces the machine's
	// own, or "absent".
	Auxv map[string]string `json:"auxv" yaml:"auxv"`
	// Registers are the values that registers have at the first instruction, in hexadecimal, by the names of the CPU's manual.
	Registers map[string]string `json:"registers" yaml:"registers"`
	// Rlimits are resource limits by their names in limits.conf ("nofile"): "SOFT:HARD", numbers or "unlimited".
	Rlimits map[string]string `json:"rlimits" yaml:"rlimits"`
	// Files are extra files of the machine's tree, path to contents; they replace rt0's own of the same path. FileErrors are paths that
	// every call fails on, with the error's name ("EACCES"); Symlinks are symbolic links, path to target.
	Files      map[string]string `json:"files" yaml:"files"`
	FileErrors map[string]string `json:"fileErrors" yaml:"fileErrors"`
	Symlinks   map[string]string `json:"symlinks" yaml:"symlinks"`

	resolved bool  // zero values are meant
	err      error // the first option that made no sense; Validate tells
}

// Time is Realtime as a time.
func (c Clock) Time() (time.Time, error) { return parseRealtime(c.Realtime) }

const (
	// None in a literal Machine says that there is none of it, where 0 would mean the default. Resolved machines have 0.
	None Size = math.MaxUint64
	// NoCgroup is Cgroup.Version in a literal Machine on which no cgroup file system is mounted. Resolved machines have 0.
	NoCgroup = -1

	unlimitedV1 = "-1"  // cpu.cfs_quota_us without a limit
	unlimitedV2 = "max" // cpu.max without a limit
)

// defaults is the machine that literals are filled from, that profiles start from, and that profiles/default.yaml shows.
func defaults() Machine {
	return Machine{
		Name:        "default",
		Description: "A small server with Debian 13: what New makes, and what every profile starts from.",
		CPUs:        Count(4),
		HugePage:    2 << 20,
		PageSize:    4096,
		Memory:      8 << 30,
		VM:          VM{Hints: HintsHonour, Placement: PlacementTopDown, Refuse: []string{}, Overcommit: OvercommitHeuristic, Brk: BrkGrow},
		Kernel: Kernel{Release: "6.12.48", Version: "#1 SMP PREEMPT_DYNAMIC", Node: "rt0",
			VDSO: VDSONone, Vsyscall: VsyscallEmulate, UserHelpers: UserHelpersPresent},
		Cgroup:     Cgroup{Version: 2, Quota: unlimitedV2, Period: "100000", Parents: []string{}},
		Clock:      Clock{Realtime: "2026-01-01T00:00:00Z", Monotonic: Duration(time.Hour), Resolution: 1},
		Process:    Process{Stdin: StdioOpen, Stdout: StdioOpen, Stderr: StdioOpen},
		Random:     NewSeed("rt0"),
		Features:   []string{},
		CPUID:      map[string]string{},
		HWProbe:    map[string]string{},
		Rules:      []string{},
		Args:       []string{},
		Env:        []string{},
		Auxv:       map[string]string{},
		Registers:  map[string]string{},
		Rlimits:    map[string]string{},
		Files:      map[string]string{},
		FileErrors: map[string]string{},
		Symlinks:   map[string]string{},
		resolved:   true,
	}
}

// Resolved is m with the defaults filled in. A machine that is resolved already comes back as an equal copy.
func (m Machine) Resolved() Machine {
	m = m.clone()
	if !m.resolved {
		m.fill(defaults())
	}
	m.settle()
	return m
}

// fill gives the zero fields of a literal the values of d, and turns its None into 0.
func (m *Machine) fill(d Machine) {
	fill(&m.Name, d.Name)
	if m.CPUs.Count() == 0 {
		m.CPUs = d.CPUs
	}
	for _, size := range []struct{ field, value *Size }{
		{&m.HugePage, &d.HugePage}, {&m.PageSize, &d.PageSize}, {&m.Memory, &d.Memory}, {&m.AddressSpace, &d.AddressSpace},
	} {
		fill(size.field, *size.value)
		if *size.field == None {
			*size.field = 0
		}
	}
	for _, word := range []struct{ field, value *string }{
		{&m.Kernel.Release, &d.Kernel.Release}, {&m.Kernel.Version, &d.Kernel.Version}, {&m.Kernel.Node, &d.Kernel.Node},
		{&m.Kernel.VDSO, &d.Kernel.VDSO}, {&m.Kernel.Vsyscall, &d.Kernel.Vsyscall}, {&m.Kernel.UserHelpers, &d.Kernel.UserHelpers},
		{&m.VM.Hints, &d.VM.Hints}, {&m.VM.Placement, &d.VM.Placement}, {&m.VM.Overcommit, &d.VM.Overcommit}, {&m.VM.Brk, &d.VM.Brk},
		{&m.Process.Stdin, &d.Process.Stdin}, {&m.Process.Stdout, &d.Process.Stdout}, {&m.Process.Stderr, &d.Process.Stderr},
	} {
		fill(word.field, *word.value)
	}
	fill(&m.Clock.Resolution, d.Clock.Resolution)
	fill(&m.Cgroup.Version, d.Cgroup.Version)
	if m.Cgroup.Version == NoCgroup {
		m.Cgroup.Version = 0
	}
	fill(&m.Clock.Realtime, d.Clock.Realtime)
	fill(&m.Clock.Monotonic, d.Clock.Monotonic)
	fill(&m.Random, d.Random)
	m.resolved = true
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// settle puts a resolved machine into the one form that equal machines share: the words for "no limit" that fit the cgroup
// version, no nil slices and maps, each CPU feature once.
func (m *Machine) settle() {
	for _, list := range m.lists() {
		if *list == nil {
			*list = []string{}
		}
	}
	m.Cgroup.settle()
	m.Features = settleFeatures(m.Features)
	m.CPU.Model = settleModel(m.CPU.Model)
}

// lists and maps are the fields that share memory with a copy. CPUSet is immutable.
func (m *Machine) lists() []*[]string {
	return []*[]string{&m.Features, &m.Args, &m.Env, &m.Rules, &m.VM.Refuse, &m.Cgroup.Parents}
}

func (m *Machine) maps() []*map[string]string {
	return []*map[string]string{&m.CPUID, &m.HWProbe, &m.Auxv, &m.Registers, &m.Rlimits, &m.Files, &m.FileErrors, &m.Symlinks}
}

// clone copies what a slice or a map would share.
func (m Machine) clone() Machine {
	for _, list := range m.lists() {
		*list = append([]string{}, *list...)
	}
	for _, entries := range m.maps() {
		if *entries = maps.Clone(*entries); *entries == nil {
			*entries = map[string]string{}
		}
	}
	return m
}

// UnmarshalJSON reads what the report and `rt0 machines -o json` print. Fields that are absent have their defaults; those that
// are unknown, as a newer rt0 may write them, are passed over.
func (m *Machine) UnmarshalJSON(data []byte) error {
	type plain Machine
	fresh := plain(defaults())
	fresh.Description = ""
	if err := json.Unmarshal(data, &fresh); err != nil {
		return err
	}
	*m = Machine(fresh).Resolved()
	return nil
}

// Getenv is the value of a variable of the machine's environment, and whether it is there: the first of that name, as getenv(3)
// and the Go runtime find it.
func (m Machine) Getenv(name string) (string, bool) {
	i := slices.IndexFunc(m.Env, func(entry string) bool { return envName(entry) == name })
	if i < 0 || len(m.Env[i]) == len(name) {
		return "", false
	}
	return m.Env[i][len(name)+1:], true
}
