// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/arch"
)

// How the text of a key becomes its value, where the kind of the key does not say it.

func setAddressSpace(m *Machine, text string) error {
	if strings.EqualFold(text, "unlimited") { // as ulimit -v has it
		text = "none"
	}
	return setSize(func(m *Machine) *Size { return &m.AddressSpace })(m, text)
}

// setHugePage takes a size, and also what the file can be that the size is read from: an error, or any text. These are kept as files are.
func setHugePage(m *Machine, text string) error {
	if contents, ok := strings.CutPrefix(text, "text:"); ok {
		delete(m.FileErrors, hugePageFile)
		m.Files[hugePageFile] = contents
		return nil
	}
	if name := strings.ToUpper(text); strings.HasPrefix(name, "E") {
		if _, err := errnoName("", name); err != nil {
			return err
		}
		delete(m.Files, hugePageFile)
		m.FileErrors[hugePageFile] = name
		return nil
	}
	if err := setSize(func(m *Machine) *Size { return &m.HugePage })(m, text); err != nil {
		return fmt.Errorf("%w; or an error (EACCES), or text:TEXT", err)
	}
	delete(m.Files, hugePageFile)
	delete(m.FileErrors, hugePageFile)
	return nil
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
	switch {
	case m.Cgroup.Version == 0:
		return "none"
	case m.Cgroup.Unified:
		return "hybrid"
	}
	return strconv.Itoa(m.Cgroup.Version)
}

// setCgroupVersion takes the limit away with the file system: it has nowhere to stand.
func setCgroupVersion(m *Machine, text string) error {
	text = strings.ToLower(text)
	i := slices.Index([]string{"none", "0", "1", "v1", "2", "v2"}, text)
	m.Cgroup.Unified = text == "hybrid"
	switch {
	case m.Cgroup.Unified:
		m.Cgroup.Version = 1
	case i < 0:
		return errors.New("want 1, 2, hybrid or none")
	case i < 2:
		m.Cgroup = Cgroup{}
	default:
		m.Cgroup.Version = i / 2
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

const auxRandom = "AT_RANDOM"

// setRandom takes a seed, and the words for the two machines that have no chance.
func setRandom(m *Machine, text string) error {
	switch strings.ToLower(text) {
	case Absent:
		m.Auxv[auxRandom] = Absent
		return nil
	case "zero":
		m.Random = Seed{}
	default:
		m.Random = NewSeed(text)
	}
	if m.Auxv[auxRandom] == Absent {
		delete(m.Auxv, auxRandom)
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

// splitItems takes commas and blanks apart; joinItems is what it reads back.
func splitItems(text string) ([]string, error) {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' }), nil
}

func joinItems(items []string) string { return strings.Join(items, ",") }

// The canonical texts of names and values of open keys, and of items of lists.

func sameName(name string) (string, error)     { return name, nil }
func sameValue(_, text string) (string, error) { return text, nil }
func lowerName(name string) (string, error)    { return strings.ToLower(name), nil }

// readNumber reads what C reads: decimal, 0x and 0 in front.
func readNumber(text string) (uint64, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 0, 64)
	if err != nil {
		return 0, errors.New("want a number, such as 4096 or 0x1000")
	}
	return n, nil
}

func numberName(name string) (string, error) {
	n, err := readNumber(name)
	return strconv.FormatUint(n, 10), err
}

func numberValue(_, text string) (string, error) {
	n, err := readNumber(text)
	return "0x" + strconv.FormatUint(n, 16), err
}

func numberOrAbsent(_, text string) (string, error) {
	if strings.EqualFold(text, Absent) {
		return Absent, nil
	}
	canonical, err := numberValue("", text)
	if err != nil {
		return "", fmt.Errorf("%w, or absent", err)
	}
	return canonical, nil
}

// errnoName is the name of an error in capital letters.
func errnoName(_, text string) (string, error) {
	name := strings.ToUpper(text)
	if _, ok := arch.FindErrno(name); !ok {
		return "", fmt.Errorf("want the name of an error, such as EPERM; did you mean %q?", nearest(name, arch.ErrnoNames()))
	}
	return name, nil
}

// auxName is AT_NAME, or the number of a type that has no name.
func auxName(name string) (string, error) {
	upper := strings.ToUpper(name)
	if n, err := readNumber(name); err == nil {
		return arch.AuxName(n), nil
	}
	for _, candidate := range []string{upper, "AT_" + upper} {
		if _, ok := arch.FindAux(candidate); ok {
			return candidate, nil
		}
	}
	return "", fmt.Errorf("there is no such entry of the auxiliary vector; did you mean %q?", nearest(upper, arch.AuxNames()))
}

// cpuidLeaf is LEAF.SUBLEAF in hexadecimal without leading zeros; a leaf alone is its subleaf 0.
func cpuidLeaf(name string) (string, error) {
	leaf, sub, two := strings.Cut(strings.ToLower(name), ".")
	if !two {
		sub = "0"
	}
	l, err1 := strconv.ParseUint(strings.TrimPrefix(leaf, "0x"), 16, 32)
	s, err2 := strconv.ParseUint(strings.TrimPrefix(sub, "0x"), 16, 32)
	if err1 != nil || err2 != nil {
		return "", errors.New("want a leaf or LEAF.SUBLEAF in hexadecimal, such as cpuid.7.0 or cpuid.80000001")
	}
	return fmt.Sprintf("%x.%x", l, s), nil
}

func cpuidValue(_, text string) (string, error) {
	words := strings.Split(text, ",")
	if len(words) != 4 {
		return "", errors.New("want four numbers, EAX,EBX,ECX,EDX, in hexadecimal")
	}
	for i, word := range words {
		word = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(word)), "0x")
		n, err := strconv.ParseUint(word, 16, 32)
		if err != nil {
			return "", errors.New("want four numbers of 32 bits, EAX,EBX,ECX,EDX, in hexadecimal")
		}
		words[i] = fmt.Sprintf("0x%x", n)
	}
	return strings.Join(words, ","), nil
}

// CPUIDLeaf is an entry of Machine.CPUID in numbers: leaf, subleaf, and EAX, EBX, ECX, EDX. Of an entry of a machine that is not valid ok
// is false.
func CPUIDLeaf(name, value string) (leaf, subleaf uint32, regs [4]uint32, ok bool) {
	name, err1 := cpuidLeaf(name)
	value, err2 := cpuidValue("", value)
	if err1 != nil || err2 != nil {
		return 0, 0, regs, false
	}
	fmt.Sscanf(name, "%x.%x", &leaf, &subleaf)
	fmt.Sscanf(strings.ReplaceAll(value, ",", " "), "0x%x 0x%x 0x%x 0x%x", &regs[0], &regs[1], &regs[2], &regs[3])
	return leaf, subleaf, regs, true
}

// cgroupLimit is QUOTA/PERIOD, or max.
func cgroupLimit(text string) (string, error) {
	if text == unlimitedV2 || text == unlimitedV1 || strings.EqualFold(text, "none") {
		return unlimitedV2, nil
	}
	quota, period, two := strings.Cut(text, "/")
	if !two {
		period = "100000"
	}
	if !isMicroseconds(quota) || !isMicroseconds(period) {
		return "", errors.New("want QUOTA/PERIOD in microseconds (200000/100000), or max")
	}
	return quota + "/" + period, nil
}

// addrRange is 0xSTART-0xEND.
func addrRange(text string) (string, error) {
	start, end, err := ParseRange(text)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%#x-%#x", start, end), nil
}

// ParseRange reads an item of VM.Refuse: the first address, and the first one behind.
func ParseRange(text string) (start, end uint64, err error) {
	low, high, _ := strings.Cut(text, "-")
	a, err1 := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(low), "0x"), 16, 64)
	b, err2 := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(high), "0x"), 16, 64)
	if err1 != nil || err2 != nil {
		return 0, 0, errors.New("want ranges 0xSTART-0xEND")
	}
	if b <= a {
		return 0, 0, fmt.Errorf("the range ends at %#x, before its start %#x", b, a)
	}
	return a, b, nil
}

// ruleText is the canonical text of a rule.
func ruleText(text string) (string, error) {
	r, err := parseRule(text)
	return r.String(), err
}
