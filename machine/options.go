// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Option is a change to a machine. Options return no error: one that makes no sense is kept, and [Machine.Validate] tells.
type Option func(*Machine)

// New is the default machine with the changes applied, resolved.
func New(opts ...Option) Machine { return defaults().With(opts...) }

// With is a resolved copy of m with the changes applied, in order.
func (m Machine) With(opts ...Option) Machine {
	m = m.Resolved()
	for _, opt := range opts {
		opt(&m)
	}
	m.settle()
	return m
}

// Setting is [Machine.Set] as an option.
func Setting(key, value string) Option {
	return func(m *Machine) {
		changed, err := m.Set(key, value)
		if err != nil {
			m.fail(err)
			return
		}
		*m = changed
	}
}

func (m *Machine) fail(err error) {
	if m.err == nil {
		m.err = err
	}
}

// Named sets the name that reports show.
func Named(name string) Option { return func(m *Machine) { m.Name = name } }

// Describe sets the description.
func Describe(text string) Option { return func(m *Machine) { m.Description = text } }

// CPUs gives the machine the CPUs 0 to n-1.
func CPUs(n int) Option {
	return func(m *Machine) {
		m.CPUs = Count(n)
		if n < 1 || n > MaxCPUs {
			m.fail(&ValueError{"cpus", strconv.Itoa(n), cpusWant})
		}
	}
}

// CPUSetOf gives the machine the CPUs of the list: "0-3,8". As everywhere, a single number is a count.
func CPUSetOf(list string) Option { return Setting("cpus", list) }

// HugePage sets the size of a transparent huge page; 0 is none.
func HugePage(bytes uint64) Option {
	return sizeOption(bytes, func(m *Machine) *Size { return &m.HugePage })
}

// PageSize sets the size of a page.
func PageSize(bytes uint64) Option {
	return sizeOption(bytes, func(m *Machine) *Size { return &m.PageSize })
}

// Memory sets how much physical memory the machine says that it has.
func Memory(bytes uint64) Option {
	return sizeOption(bytes, func(m *Machine) *Size { return &m.Memory })
}

// AddressSpace limits the guest's address space (RLIMIT_AS); 0 is no limit.
func AddressSpace(bytes uint64) Option {
	return sizeOption(bytes, func(m *Machine) *Size { return &m.AddressSpace })
}

func sizeOption(bytes uint64, field func(*Machine) *Size) Option {
	return func(m *Machine) {
		if *field(m) = Size(bytes); Size(bytes) == None {
			*field(m) = 0
		}
	}
}

// KernelRelease sets what uname -r says.
func KernelRelease(release string) Option { return func(m *Machine) { m.Kernel.Release = release } }

// KernelVersion sets what uname -v says.
func KernelVersion(version string) Option { return func(m *Machine) { m.Kernel.Version = version } }

// Node sets what uname -n says.
func Node(name string) Option { return func(m *Machine) { m.Kernel.Node = name } }

// CgroupV2 mounts cgroup version 2 with that cpu.max, in microseconds; a negative quota is no limit.
func CgroupV2(quota, period int64) Option { return cgroup(2, quota, period) }

// CgroupV1 mounts cgroup version 1 with that cpu.cfs_quota_us and cpu.cfs_period_us; a negative quota is no limit.
func CgroupV1(quota, period int64) Option { return cgroup(1, quota, period) }

func cgroup(version int, quota, period int64) Option {
	return func(m *Machine) {
		m.Cgroup = Cgroup{Version: version, Period: strconv.FormatInt(period, 10)}
		if quota >= 0 { // else settle finds the version's word
			m.Cgroup.Quota = strconv.FormatInt(quota, 10)
		}
	}
}

// WithoutCgroup mounts no cgroup file system.
func WithoutCgroup() Option { return func(m *Machine) { m.Cgroup = Cgroup{} } }

// RealtimeStart sets where CLOCK_REALTIME starts.
func RealtimeStart(t time.Time) Option {
	return func(m *Machine) { m.Clock.Realtime = t.UTC().Format(time.RFC3339Nano) }
}

// MonotonicStart sets where CLOCK_MONOTONIC starts: how long the machine has been up.
func MonotonicStart(d time.Duration) Option {
	return func(m *Machine) { m.Clock.Monotonic = Duration(d) }
}

// Random sets the machine's seed of chance, as [NewSeed] reads it.
func Random(seed string) Option { return func(m *Machine) { m.Random = NewSeed(seed) } }

// Features adds CPU features ("+avx2", or "avx2") and takes them away ("-atomics"), beyond what the machine had.
func Features(names ...string) Option {
	return func(m *Machine) { m.Features = append(slices.Clip(m.Features), names...) }
}

// Rules adds rules for system calls, the texts being what [ParseRule] reads: Rules("fcntl,fcntl64:error=ENOSYS").
func Rules(texts ...string) Option {
	return func(m *Machine) {
		for _, text := range texts {
			rule, err := ParseRule(text)
			if err != nil {
				m.fail(err)
				return
			}
			m.Rules = append(m.Rules, rule.String())
		}
	}
}

// Args sets the arguments after the program's name.
func Args(args ...string) Option { return func(m *Machine) { m.Args = append([]string{}, args...) } }

// Env adds NAME=VALUE entries to the environment; an entry replaces those of the same name.
func Env(entries ...string) Option { return func(m *Machine) { m.Env = mergeEnv(m.Env, entries) } }

// File adds a file, or replaces the machine's own.
func File(path, contents string) Option {
	return func(m *Machine) { m.Files[path] = contents }
}

// envName is the name of a NAME=VALUE entry; an entry without = is all name.
func envName(entry string) string {
	name, _, _ := strings.Cut(entry, "=")
	return name
}

// mergeEnv is an environment with entries added. The first entry of a name takes the place of those of that name that were there;
// a name that is twice among the new entries stays twice, since a real environment can be like that.
func mergeEnv(env, entries []string) []string {
	merged := make([]string, 0, len(env)+len(entries))
	first := make(map[string]int, len(entries)) // name → its first new entry
	for i, entry := range entries {
		if _, ok := first[envName(entry)]; !ok {
			first[envName(entry)] = i
		}
	}
	placed := make([]bool, len(entries))
	for _, entry := range env {
		i, ok := first[envName(entry)]
		switch {
		case !ok:
			merged = append(merged, entry)
		case !placed[i]:
			merged = append(merged, entries[i])
			placed[i] = true
		}
	}
	for i, entry := range entries {
		if !placed[i] {
			merged = append(merged, entry)
		}
	}
	return merged
}

// withoutEnv is the environment without the entries of a name.
func withoutEnv(env []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(entry string) bool { return envName(entry) == name })
}

// splitWords splits a command line at blanks, with '...' and "..." around what belongs together. Inside quotes nothing is special
// but the quote itself.
func splitWords(line string) ([]string, error) {
	words, word, open, quote := []string{}, []byte{}, false, byte(0)
	for i := range len(line) {
		switch c := line[i]; {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, open = c, true
		case quote == 0 && (c == ' ' || c == '\t' || c == '\n'):
			if open {
				words, word, open = append(words, string(word)), word[:0], false
			}
		default:
			word, open = append(word, c), true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a %c is not closed", quote)
	}
	if open {
		words = append(words, string(word))
	}
	return words, nil
}

// joinWords is what splitWords reads back.
func joinWords(words []string) string {
	var b strings.Builder
	for i, word := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		if word != "" && !strings.ContainsAny(word, " \t\n'\"") {
			b.WriteString(word)
			continue
		}
		b.WriteString(`'` + strings.ReplaceAll(word, `'`, `'"'"'`) + `'`)
	}
	return b.String()
}
