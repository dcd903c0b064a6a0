// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"math/bits"

	"github.com/rt0-dev/rt0/arch"
)

// affinityBuffer is the size of the buffer that the runtime has for the affinity mask, in bytes (runtime.getproccount, getCPUCount). A
// kernel that needs a larger one fails, and the runtime takes that for one CPU.
func affinityBuffer(minor int, a *arch.Arch) int {
	if minor < 5 {
		return 16 * a.PtrSize
	}
	if minor == a.NarrowMask {
		return 1024 / 8
	}
	return 64 << 10 / 8
}

// seenCPUs is what the runtime counts of the CPUs of the report's machine: the bits of what sched_getaffinity writes, up to Go 1.9 those of
// whole words.
func seenCPUs(r *Report) int {
	a, known := arch.Find(r.Binary.GOARCH)
	if !known {
		return Unknown
	}
	m := r.Machine
	size, word := affinityBuffer(r.goMinor, a), a.PtrSize
	short := size*8 <= m.CPUs.Highest()
	if m.Affinity.Minimum != 0 {
		short = uint64(size) < uint64(m.Affinity.Minimum)
	}
	if m.Affinity.Errno != "" || short {
		return 1
	}
	if length := uint64(m.Affinity.Length); length != 0 && length < uint64(size) {
		size = int(length)
	}
	counted := size
	if r.goMinor < 10 {
		counted -= size % word
	}
	n := 0
	for _, b := range m.CPUs.MaskFor((size+word-1)/word*word, word, a.Order)[:counted] {
		n += bits.OnesCount8(b)
	}
	return max(n, 1)
}
