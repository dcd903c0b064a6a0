// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// KeyInfo describes a key of a machine for --help and the documentation.
type KeyInfo struct {
	Key     string // dotted; NAME and /PATH at the end of an open key stand for any
	Type    string // "CPUs", "size", "text", "list", ...
	Default string // as text; "" is empty
	Doc     string // one line
}

// key is a row of the table that Set, the profiles, Validate and the documentation share. The kind of a row is which of its
// functions are there: text for a scalar, list for a sequence (its text is split first), entry for an open key.
type key struct {
	name, kind, doc string

	get   func(m *Machine) string                      // as text; not on open keys
	set   func(m *Machine, text string) error          // scalar
	list  func(m *Machine) *[]string                   // sequence
	split func(text string) ([]string, error)          // sequence: its text
	entry func(m *Machine, name string, value *string) // open key; nil takes the entry away
	// entries are the names under an open key, in a fixed order, and how to look one up
	entries func(m *Machine) (names []string, value func(m *Machine, name string) (string, bool))
	check   func(m *Machine) error // what is wrong with it; the key and the value are added to the sentence
	omit    func(m *Machine) bool  // leave it out of YAML
	quote   bool                   // YAML: a string, whatever it looks like
}

// keys is filled by init, since the rows' functions need it in their errors.
var keys []key

func init() { keys = keyTable() }

const (
	envPrefix  = "env."
	filePrefix = "files."

	cpusWant = "want a count (7) or a list of CPUs (0-3,8), up to CPU 1048575"
)

func keyTable() []key {
	return []key{
		{name: "name", kind: "text", doc: "the machine's name in reports",
			get: func(m *Machine) string { return m.Name }, set: text(func(m *Machine) *string { return &m.Name }), check: checkName, quote: true},
		{name: "description", kind: "text", doc: "one line for those who choose a machine",
			get: func(m *Machine) string { return m.Description }, set: text(func(m *Machine) *string { return &m.Description }),
			omit: func(m *Machine) bool { return m.Description == "" }, quote: true},
		{name: "cpus", kind: "CPUs", doc: "the CPUs that sched_getaffinity answers with: a count (7) or a list (0-3,8,10-11)",
			get: func(m *Machine) string { return m.CPUs.String() }, set: setCPUs, check: checkCPUs},
		{name: "hugePage", kind: "size", doc: "size of a transparent huge page (hpage_pmd_size); none: the file is missing",
			get: func(m *Machine) string { return m.HugePage.String() }, set: size(func(m *Machine) *Size { return &m.HugePage })},
		{name: "pageSize", kind: "size", doc: "size of a page (AT_PAGESZ), a power of two from 4KiB to 1GiB",
			get: func(m *Machine) string { return m.PageSize.String() }, set: size(func(m *Machine) *Size { return &m.PageSize }), check: checkPageSize},
		{name: "memory", kind: "size", doc: "physical memory that /proc/meminfo and sysinfo tell of",
			get: func(m *Machine) string { return m.Memory.String() }, set: size(func(m *Machine) *Size { return &m.Memory }), check: checkMemory},
		{name: "addressSpace", kind: "size", doc: "limit of the address space (RLIMIT_AS); none: unlimited",
			get: func(m *Machine) string { return m.AddressSpace.String() }, set: setAddressSpace},
		{name: "kernel.release", kind: "text", doc: "what uname -r says",
			get: func(m *Machine) string { return m.Kernel.Release }, set: text(func(m *Machine) *string { return &m.Kernel.Release }),
			check: utsname(func(m *Machine) string { return m.Kernel.Release }), quote: true},
		{name: "kernel.version", kind: "text", doc: "what uname -v says",
			get: func(m *Machine) string { return m.Kernel.Version }, set: text(func(m *Machine) *string { return &m.Kernel.Version }),
			check: utsname(func(m *Machine) string { return m.Kernel.Version }), quote: true},
		{name: "kernel.node", kind: "text", doc: "what uname -n says",
			get: func(m *Machine) string { return m.Kernel.Node }, set: text(func(m *Machine) *string { return &m.Kernel.Node }),
			check: utsname(func(m *Machine) string { return m.Kernel.Node }), quote: true},
		{name: "kernel.machine", kind: "text", doc: "what uname -m says; empty: what the architecture says",
			get: func(m *Machine) string { return m.Kernel.Machine }, set: text(func(m *Machine) *string { return &m.Kernel.Machine }),
			check: utsname(func(m *Machine) string { return m.Kernel.Machine }), omit: func(m *Machine) bool { return m.Kernel.Machine == "" }, quote: true},
		{name: "cgroup.version", kind: "1, 2 or none", doc: "the cgroup file system that is mounted",
			get: cgroupVersion, set: setCgroupVersion, check: checkCgroupVersion},
		{name: "cgroup.quota", kind: "microseconds or max", doc: "CPU time in a period: first word of cpu.max, or cpu.cfs_quota_us",
			get: func(m *Machine) string { return m.Cgroup.Quota }, set: setQuota, check: checkQuota, omit: noQuota},
		{name: "cgroup.period", kind: "microseconds", doc: "the period: second word of cpu.max, or cpu.cfs_period_us",
			get: func(m *Machine) string { return m.Cgroup.Period }, set: text(func(m *Machine) *string { return &m.Cgroup.Period }),
			check: checkPeriod, omit: noPeriod},
		{name: "clock.realtime", kind: "time", doc: "where CLOCK_REALTIME starts: RFC 3339, a date, or seconds since 1970",
			get: func(m *Machine) string { return m.Clock.Realtime }, set: setRealtime, check: checkRealtime},
		{name: "clock.monotonic", kind: "duration", doc: "where CLOCK_MONOTONIC starts: how long the machine has been up",
			get: func(m *Machine) string { return m.Clock.Monotonic.String() }, set: setMonotonic, check: checkMonotonic},
		{name: "random", kind: "seed", doc: "AT_RANDOM's 16 bytes in hexadecimal; any other text is hashed into them",
			get: func(m *Machine) string { return m.Random.String() }, set: func(m *Machine, text string) error { m.Random = NewSeed(text); return nil }, quote: true},
		{name: "features", kind: "list", doc: "CPU features to add and to take away, by their names in /proc/cpuinfo: +avx2,-atomics",
			get: func(m *Machine) string { return strings.Join(m.Features, ",") }, list: func(m *Machine) *[]string { return &m.Features },
			split: splitFeatures, check: checkFeatures, omit: func(m *Machine) bool { return len(m.Features) == 0 }},
		{name: "args", kind: "list", doc: "arguments after the program's name; as one text they are split at blanks, quotes hold together",
			get: func(m *Machine) string { return joinWords(m.Args) }, list: func(m *Machine) *[]string { return &m.Args },
			split: splitWords, check: checkArgs, omit: func(m *Machine) bool { return len(m.Args) == 0 }},
		{name: envPrefix + "NAME", kind: "text", doc: "an environment variable; the guest has these and no others",
			entry: setEnv, entries: envEntries, check: checkEnv, omit: func(m *Machine) bool { return len(m.Env) == 0 }},
		{name: filePrefix + "/PATH", kind: "text", doc: "contents of an extra file; it replaces rt0's own of that path",
			entry: setFile, entries: fileEntries, check: checkFiles, omit: func(m *Machine) bool { return len(m.Files) == 0 }},
	}
}

// Keys describes every key, in the order of the documentation.
func Keys() []KeyInfo {
	m := defaults()
	infos := make([]KeyInfo, 0, len(keys))
	for _, k := range keys {
		info := KeyInfo{Key: k.name, Type: k.kind, Doc: k.doc}
		if k.get != nil && k.name != "description" {
			info.Default = k.get(&m)
		}
		infos = append(infos, info)
	}
	return infos
}

// KeysMarkdown is [Keys] as a Markdown table.
func KeysMarkdown() string {
	var b strings.Builder
	b.WriteString("| key | value | default | what it is |\n| --- | --- | --- | --- |\n")
	for _, k := range Keys() {
		value := ""
		if k.Default != "" {
			value = "`" + k.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Key, k.Type, value, k.Doc)
	}
	return b.String()
}

// Set is a resolved copy of m with one key changed, the value being text as after --set. The key is one of [Keys]; an unknown one
// is an [*UnknownKeyError], a value that the key cannot have a [*ValueError].
func (m Machine) Set(name, value string) (Machine, error) {
	k, rest, err := findKey(name)
	if err != nil {
		return m, err
	}
	changed := m.Resolved()
	if err := k.apply(&changed, rest, value); err != nil {
		return m, err
	}
	return changed, nil
}

// findKey is the row of a key, and for an open key the part after its prefix.
func findKey(name string) (key, string, error) {
	for _, k := range keys {
		if k.entry == nil {
			if k.name == name {
				return k, "", nil
			}
			continue
		}
		if rest, ok := strings.CutPrefix(name, openPrefix(k.name)); ok && rest != "" {
			return k, rest, nil
		}
	}
	return key{}, "", &UnknownKeyError{Key: name, Nearest: nearest(name, keyNames())}
}

// openPrefix is what comes before the any-part of an open key, the dot included.
func openPrefix(name string) string { return name[:strings.IndexByte(name, '.')+1] }

func keyNames() []string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	return names
}

// apply gives the key a value by its text, and checks it.
func (k key) apply(m *Machine, rest, value string) error {
	full := k.full(rest)
	switch {
	case k.entry != nil:
		k.entry(m, rest, &value)
	case k.list != nil:
		items, err := k.split(value)
		if err != nil {
			return &ValueError{full, value, err.Error()}
		}
		*k.list(m) = items
	default:
		if err := k.set(m, value); err != nil {
			return &ValueError{full, value, err.Error()}
		}
	}
	m.settle()
	return k.validate(m, rest)
}

// full is the key as the user would write it.
func (k key) full(rest string) string {
	if k.entry != nil {
		return openPrefix(k.name) + rest
	}
	return k.name
}

// validate runs the row's check. A check says what is wrong; the key and the value are added here unless it knows better.
func (k key) validate(m *Machine, rest string) error {
	if k.check == nil {
		return nil
	}
	err := k.check(m)
	var value *ValueError
	if err == nil || errors.As(err, &value) {
		return err
	}
	shown := ""
	if k.get != nil {
		shown = k.get(m)
	}
	return &ValueError{k.full(rest), shown, err.Error()}
}

// Validate says what cannot be faked of the machine, a [*ValueError], nil if nothing. It does not judge taste: a machine may be as
// strange as its owner likes.
func (m Machine) Validate() error {
	if m.err != nil {
		return m.err
	}
	m = m.Resolved()
	for _, k := range keys {
		if err := k.validate(&m, "*"); err != nil {
			return err
		}
	}
	return nil
}

func text(field func(*Machine) *string) func(*Machine, string) error {
	return func(m *Machine, text string) error {
		*field(m) = text
		return nil
	}
}

func size(field func(*Machine) *Size) func(*Machine, string) error {
	return func(m *Machine, text string) error {
		bytes, err := ParseSize(text)
		if err == nil {
			*field(m) = bytes
		}
		return err
	}
}

func setAddressSpace(m *Machine, text string) error {
	if strings.EqualFold(text, "unlimited") { // as ulimit -v has it
		text = "none"
	}
	return size(func(m *Machine) *Size { return &m.AddressSpace })(m, text)
}

func setCPUs(m *Machine, text string) error {
	set, err := ParseCPUSet(text)
	if err != nil {
		return fmt.Errorf("%w; %s", err, cpusWant)
	}
	m.CPUs = set
	return nil
}

func cgroupVersion(m *Machine) string {
	if m.Cgroup.Version == 0 {
		return "none"
	}
	return strconv.Itoa(m.Cgroup.Version)
}

// setCgroupVersion takes the limit away with the file system: it has nowhere to stand.
func setCgroupVersion(m *Machine, text string) error {
	i := slices.Index([]string{"none", "0", "1", "v1", "2", "v2"}, strings.ToLower(text))
	if i < 0 {
		return errors.New("want 1, 2 or none")
	}
	if m.Cgroup.Version = i / 2; m.Cgroup.Version == 0 {
		m.Cgroup = Cgroup{}
	}
	return nil
}

// setQuota takes either version's word for "no limit"; settle finds the right one.
func setQuota(m *Machine, text string) error {
	if strings.EqualFold(text, "none") || strings.EqualFold(text, "unlimited") {
		text = unlimitedV2
	}
	m.Cgroup.Quota = text
	return nil
}

func setRealtime(m *Machine, text string) error {
	t, err := parseRealtime(text)
	if err != nil {
		return err
	}
	RealtimeStart(t)(m)
	return nil
}

func setMonotonic(m *Machine, text string) error {
	if m.Clock.Monotonic.UnmarshalText([]byte(text)) != nil {
		return errors.New("want a duration with its unit, such as 90m, 1h30m or 250ms")
	}
	return nil
}

func setEnv(m *Machine, name string, value *string) {
	if value == nil {
		m.Env = withoutEnv(m.Env, name)
		return
	}
	m.Env = mergeEnv(m.Env, []string{name + "=" + *value})
}

func setFile(m *Machine, path string, contents *string) {
	if contents == nil {
		delete(m.Files, path)
		return
	}
	m.Files[path] = *contents
}
