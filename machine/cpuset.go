// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MaxCPUs bounds the CPU numbers of a [CPUSet]. The Go runtime's own buffer ends at 65536 (getproccount in os_linux.go), Linux's
// CONFIG_NR_CPUS at 8192; a machine past either is there to see what happens.
const MaxCPUs = 1 << 20

// CPUSet is a set of CPU numbers. It is immutable; the zero value is empty, which in a literal [Machine] means the default.
//
// Its text is a count ("7": the CPUs 0 to 6) or a list as in /sys/devices/system/cpu/online ("0-3,8,10-11"). A single number is
// always a count: CPU 7 alone is written "7-7". In JSON it is {"count": 7, "set": "0-6"}, where set is always a list.
type CPUSet struct {
	ranges []cpuRange // ascending, neither touching nor overlapping
}

type cpuRange struct{ first, last int }

// Count is the set of the CPUs 0 to n-1. A count below 1 or above [MaxCPUs] gives a set that [Machine.Validate] refuses.
func Count(n int) CPUSet {
	if n <= 0 {
		return CPUSet{}
	}
	return CPUSet{ranges: []cpuRange{{0, n - 1}}}
}

// ParseCPUSet reads a set's text.
func ParseCPUSet(text string) (CPUSet, error) {
	text = strings.TrimSpace(text)
	if isDigits(text) {
		n, err := parseCPU(text)
		if err == nil && n == 0 {
			err = fmt.Errorf("a count starts at 1 (the first CPU alone is %q)", "0-0")
		}
		return Count(n), err
	}
	return parseCPUList(text)
}

// parseCPUList reads the kernel's list form (cpulist_parse, without its strides).
func parseCPUList(text string) (CPUSet, error) {
	var ranges []cpuRange
	for part := range strings.SplitSeq(text, ",") {
		low, high, dash := strings.Cut(strings.TrimSpace(part), "-")
		if !dash {
			high = low
		}
		first, err := parseCPU(low)
		if err != nil {
			return CPUSet{}, err
		}
		last, err := parseCPU(high)
		if err != nil {
			return CPUSet{}, err
		}
		if last < first {
			return CPUSet{}, fmt.Errorf("the range %d-%d runs backwards", first, last)
		}
		if last >= MaxCPUs {
			return CPUSet{}, fmt.Errorf("CPU numbers end at %d", MaxCPUs-1)
		}
		ranges = append(ranges, cpuRange{first, last})
	}
	return CPUSet{ranges: mergeRanges(ranges)}, nil
}

func parseCPU(text string) (int, error) {
	text = strings.TrimSpace(text)
	if !isDigits(text) {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n > MaxCPUs {
		return 0, fmt.Errorf("there are at most %d CPUs", MaxCPUs)
	}
	return n, nil
}

func mergeRanges(ranges []cpuRange) []cpuRange {
	slices.SortFunc(ranges, func(a, b cpuRange) int { return cmp.Compare(a.first, b.first) })
	merged := ranges[:0]
	for _, r := range ranges {
		if n := len(merged); n > 0 && r.first <= merged[n-1].last+1 {
			merged[n-1].last = max(merged[n-1].last, r.last)
			continue
		}
		merged = append(merged, r)
	}
	return merged
}

// Count is the number of CPUs in the set.
func (s CPUSet) Count() int {
	n := 0
	for _, r := range s.ranges {
		n += r.last - r.first + 1
	}
	return n
}

// Highest is the highest CPU number, -1 when the set is empty.
func (s CPUSet) Highest() int {
	if len(s.ranges) == 0 {
		return -1
	}
	return s.ranges[len(s.ranges)-1].last
}

// Contains says whether the CPU is in the set.
func (s CPUSet) Contains(cpu int) bool {
	_, found := slices.BinarySearchFunc(s.ranges, cpu, func(r cpuRange, cpu int) int {
		switch {
		case r.last < cpu:
			return -1
		case r.first > cpu:
			return 1
		}
		return 0
	})
	return found
}

// Equal says whether both sets have the same CPUs.
func (s CPUSet) Equal(other CPUSet) bool { return slices.Equal(s.ranges, other.ranges) }

// Words is the set as 64-bit words, CPU n being bit n%64 of word n/64; as many words as the highest CPU needs.
func (s CPUSet) Words() []uint64 {
	words := make([]uint64, (s.Highest()+64)/64)
	for _, r := range s.ranges {
		for cpu := r.first; cpu <= r.last; cpu++ {
			words[cpu/64] |= 1 << (cpu % 64)
		}
	}
	return words
}

// Mask is the set as a bit mask of that many bytes, CPU n being bit n%8 of byte n/8; CPUs beyond it are cut off. This is what
// sched_getaffinity writes on a little-endian machine; [CPUSet.MaskFor] knows the others.
func (s CPUSet) Mask(bytes int) []byte { return s.MaskFor(bytes, 1, binary.LittleEndian) }

// MaskFor is the mask as sched_getaffinity writes it: an array of the kernel's unsigned long, so many bytes each (4 or 8), in the
// machine's byte order. A length that is no multiple of the word is rounded down, as the call refuses such lengths.
func (s CPUSet) MaskFor(bytes, word int, order binary.ByteOrder) []byte {
	mask := make([]byte, bytes-bytes%word)
	flip := 0 // big-endian: byte i of the set is byte i with the place in the word reversed
	if order == binary.BigEndian {
		flip = word - 1
	}
	for _, r := range s.ranges {
		for cpu := r.first; cpu <= r.last && cpu/8 < len(mask); cpu++ {
			mask[(cpu/8)^flip] |= 1 << (cpu % 8)
		}
	}
	return mask
}

// List is the set in the kernel's list form: "0-3,8". A single CPU 7 is "7" here. An empty set is "".
func (s CPUSet) List() string {
	var b strings.Builder
	for i, r := range s.ranges {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(r.first))
		if r.last > r.first {
			b.WriteByte('-')
			b.WriteString(strconv.Itoa(r.last))
		}
	}
	return b.String()
}

// dense says that the set is a plain count.
func (s CPUSet) dense() bool { return len(s.ranges) == 1 && s.ranges[0].first == 0 }

// String is the shortest text that [ParseCPUSet] reads back: "7", "0-3,8", "7-7".
func (s CPUSet) String() string {
	switch {
	case len(s.ranges) == 0:
		return ""
	case s.dense():
		return strconv.Itoa(s.Count())
	case s.Count() == 1:
		return fmt.Sprintf("%d-%d", s.Highest(), s.Highest())
	}
	return s.List()
}

// MarshalText implements [encoding.TextMarshaler]; it is also the YAML form.
func (s CPUSet) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]; YAML integers arrive here as well. An empty text is the empty set.
func (s *CPUSet) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = CPUSet{}
		return nil
	}
	set, err := ParseCPUSet(string(text))
	if err != nil {
		return fmt.Errorf("%q is no CPU count or set: %w", text, err)
	}
	*s = set
	return nil
}

type cpuSetJSON struct {
	Count int    `json:"count"`
	Set   string `json:"set"`
}

// MarshalJSON implements [json.Marshaler].
func (s CPUSet) MarshalJSON() ([]byte, error) { return json.Marshal(cpuSetJSON{s.Count(), s.List()}) }

// UnmarshalJSON implements [json.Unmarshaler]. It takes the object, a number, or a string.
func (s *CPUSet) UnmarshalJSON(data []byte) error {
	var object cpuSetJSON
	if json.Unmarshal(data, &object) != nil {
		return unmarshalScalar(data, s)
	}
	if object.Set == "" {
		object.Set = "0-" + strconv.Itoa(object.Count-1)
	}
	set, err := parseCPUList(object.Set)
	if err != nil {
		return fmt.Errorf("%q is no CPU set: %w", object.Set, err)
	}
	*s = set
	return nil
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
