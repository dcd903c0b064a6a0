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

	Kernel Kernel `json:"kernel" yaml:"kernel"`
	Cgroup Cgroup `json:"cgroup" yaml:"cgroup"`
	Clock  Clock  `json:"clock" yaml:"clock"`

	// Random is what AT_RANDOM points to (16 bytes, hexadecimal), and the seed of getrandom and /dev/urandom.
	// Default: NewSeed("rt0").
	Random Seed `json:"random" yaml:"random"`
	// Features adds to, or takes from, what the CPU offers: "+avx2", "-atomics"; names as in /proc/cpuinfo, each with its sign,
	// and each once. A name that the booted architecture does not have is passed over, so that one machine can describe a
	// family.
	Features []string `json:"features" yaml:"features"`

	// Args are the arguments after the program's name; Env is the whole environment, NAME=VALUE, in order.
	Args []string `json:"args" yaml:"args"`
	Env  []string `json:"env" yaml:"env"`
	// Files are extra files of the machine's tree, path to contents; they replace rt0's own of the same path.
	Files map[string]string `json:"files" yaml:"files"`

	resolved bool  // zero values are meant
	err      error // the first option that made no sense; Validate tells
}

// Kernel is what uname says. Machine (uname -m) comes from the architecture when it is empty.
type Kernel struct {
	Release string `json:"release" yaml:"release"` // default: 6.12.48
	Version string `json:"version" yaml:"version"` // default: #1 SMP PREEMPT_DYNAMIC
	Node    string `json:"node" yaml:"node"`       // default: rt0
	Machine string `json:"machine,omitempty" yaml:"machine"`
}

// Cgroup is the CPU limit that the runtime reads since Go 1.25.
type Cgroup struct {
	// Version is 1, 2, or 0 when no cgroup file system is mounted ([NoCgroup] in a literal). Default: 2.
	Version int `json:"version" yaml:"version"`
	// Quota is the first word of cpu.max ("max", "200000") on version 2, and cpu.cfs_quota_us ("-1") on version 1; microseconds.
	// Default: no limit.
	Quota string `json:"quota,omitempty" yaml:"quota"`
	// Period is the second word of cpu.max, or cpu.cfs_period_us; microseconds. Default: 100000.
	Period string `json:"period,omitempty" yaml:"period"`
}

// Clock is where the clocks start; they advance with what the guest runs and sleeps, and with nothing else.
type Clock struct {
	Realtime  string   `json:"realtime" yaml:"realtime"`   // CLOCK_REALTIME, RFC 3339; default: 2026-01-01T00:00:00Z
	Monotonic Duration `json:"monotonic" yaml:"monotonic"` // CLOCK_MONOTONIC; default: 1h (a machine that has been up for a while)
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
		Kernel:      Kernel{Release: "6.12.48", Version: "#1 SMP PREEMPT_DYNAMIC", Node: "rt0"},
		Cgroup:      Cgroup{Version: 2, Quota: unlimitedV2, Period: "100000"},
		Clock:       Clock{Realtime: "2026-01-01T00:00:00Z", Monotonic: Duration(time.Hour)},
		Random:      NewSeed("rt0"),
		Features:    []string{},
		Args:        []string{},
		Env:         []string{},
		Files:       map[string]string{},
		resolved:    true,
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
	fill(&m.Kernel.Release, d.Kernel.Release)
	fill(&m.Kernel.Version, d.Kernel.Version)
	fill(&m.Kernel.Node, d.Kernel.Node)
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
// version, no nil slices, each CPU feature once.
func (m *Machine) settle() {
	switch c := &m.Cgroup; c.Version {
	case 1:
		if c.Quota == "" || c.Quota == unlimitedV2 {
			c.Quota = unlimitedV1
		}
		fill(&c.Period, "100000")
	case 2:
		if c.Quota == "" || c.Quota == unlimitedV1 {
			c.Quota = unlimitedV2
		}
		fill(&c.Period, "100000")
	default:
		if c.Quota == unlimitedV1 || c.Quota == unlimitedV2 {
			c.Quota = ""
		}
		if c.Quota == "" {
			c.Period = ""
		}
	}
	m.Features = settleFeatures(m.Features)
}

// clone copies what a slice or a map would share. CPUSet is immutable.
func (m Machine) clone() Machine {
	m.Features = append([]string{}, m.Features...)
	m.Args = append([]string{}, m.Args...)
	m.Env = append([]string{}, m.Env...)
	if m.Files = maps.Clone(m.Files); m.Files == nil {
		m.Files = map[string]string{}
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
