// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import "slices"

// probe is a number that the runtime keeps in a variable of its own.
type probe struct {
	field func(*Runtime) *int
	names []string // newest release first; the first that the binary has counts
	word  bool     // it is as large as a pointer; else an int32
	addr  bool     // it has no sign
	truth bool     // it is a bool
}

// probes are the plain variables. What is missing in a release is missing in its report: physHugePageSize before 1.13.
var probes = []probe{
	{field: func(r *Runtime) *int { return &r.Argc }, names: []string{"runtime.argc", "argc"}},
	{field: func(r *Runtime) *int { return &r.NumCPU }, names: []string{"runtime.numCPUStartup", "runtime.ncpu"}},
	{field: func(r *Runtime) *int { return &r.GOMAXPROCS }, names: []string{"runtime.gomaxprocs"}},
	{field: func(r *Runtime) *int { return &r.PhysPageSize }, names: []string{"runtime.physPageSize", "runtime._PhysPageSize"}, word: true},
	{field: func(r *Runtime) *int { return &r.PhysHugePageSize }, names: []string{"runtime.physHugePageSize"}, word: true},
	{field: func(r *Runtime) *int { return &r.MaxStackSize }, names: []string{"runtime.maxstacksize"}, word: true},
	{
		field: func(r *Runtime) *int { return &r.VDSOClockgettime },
		names: []string{"runtime.vdsoClockgettimeSym", "runtime.__vdso_clock_gettime_sym"}, word: true, addr: true,
	},
	{field: func(r *Runtime) *int { return &r.SecureMode }, names: []string{"runtime.secureMode"}, truth: true},
}

// The bounds on what is read of the guest's strings.
const (
	maxStrings     = 10_000
	maxStringBytes = 1 << 20 // of each
	maxOptions     = 1000    // of internal/cpu
)

// probe reads the runtime's conclusions from the guest's memory.
func (b *boot) probe() Runtime {
	r := noRuntime()
	for _, p := range probes {
		size := 4
		switch {
		case p.word:
			size = b.arch.PtrSize
		case p.truth:
			size = 1
		}
		for _, name := range p.names {
			addr, ok := b.variable(name)
			if !ok {
				continue
			}
			if v, ok := b.uint(addr, size); ok {
				*p.field(&r) = signed(v, size)
				if p.addr {
					*p.field(&r) = int(v)
				}
			}
			break
		}
	}
	b.probeSched(&r)
	if addr, ok := b.variable("runtime.allgs"); ok {
		if n, ok := b.word(addr + uint64(b.arch.PtrSize)); ok {
			r.Goroutines = int(n)
		}
	}
	r.Args = b.stringSlice("runtime.argslice")
	r.Env = b.stringSlice("runtime.envs")
	r.CPUFeatures = b.cpuFeatures()
	return r
}

// cpuFeatures reads internal/cpu.options, a slice of {Name string; Feature *bool; ...}: of three words each in Go 1.11, which is the first
// to have it, then of four. It is empty before schedinit calls cpu.Initialize, and on architectures of which internal/cpu wants nothing.
func (b *boot) cpuFeatures() []string {
	addr, ok := b.variable("internal/cpu.options")
	if !ok {
		return nil
	}
	size := uint64(b.arch.PtrSize)
	first, ok1 := b.word(addr)
	n, ok2 := b.word(addr + size)
	if !ok1 || !ok2 || n == 0 || n > maxOptions {
		return nil
	}
	words := uint64(4)
	if b.img.Minor() < 12 {
		words = 3
	}
	found := []string{}
	for i := range n {
		option := first + i*words*size
		data, ok1 := b.word(option)
		length, ok2 := b.word(option + size)
		feature, ok3 := b.word(option + 2*size)
		value, ok4 := b.uint(feature, 1)
		if !ok1 || !ok2 || !ok3 || !ok4 {
			return nil
		}
		if name := b.text(data, length, maxStringBytes); value != 0 && name != "" {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

// probeSched reads fields of runtime.sched: the limit on Ms, and how many there are (runtime.mcount).
func (b *boot) probeSched(r *Runtime) {
	addr, ok := b.variable("runtime.sched")
	if !ok {
		return
	}
	l, ok := b.schedLayout()
	if !ok {
		return
	}
	if v, ok := b.uint(addr+uint64(l.maxmcount), 4); ok {
		r.MaxMCount = signed(v, 4)
	}
	if l.mcount > 0 {
		if v, ok := b.uint(addr+uint64(l.mcount), 4); ok {
			r.Threads = signed(v, 4)
		}
		return
	}
	made, ok1 := b.uint(addr+uint64(l.mnext), 8)
	freed, ok2 := b.uint(addr+uint64(l.nmfreed), 8)
	if ok1 && ok2 {
		r.Threads = int(made - freed)
	}
}

// stringSlice reads a []string; nil when the binary has no such variable.
func (b *boot) stringSlice(name string) []string {
	addr, ok := b.variable(name)
	if !ok {
		return nil
	}
	size := uint64(b.arch.PtrSize)
	first, ok1 := b.word(addr)
	n, ok2 := b.word(addr + size)
	if !ok1 || !ok2 {
		return nil
	}
	list := []string{}
	for i := range min(n, maxStrings) {
		data, ok1 := b.word(first + 2*i*size)
		length, ok2 := b.word(first + (2*i+1)*size)
		if !ok1 || !ok2 {
			break
		}
		list = append(list, b.text(data, length, maxStringBytes))
	}
	return list
}

// signed is v as the signed number of size bytes that it is in the guest.
func signed(v uint64, size int) int {
	if size == 4 {
		return int(int32(v))
	}
	return int(v)
}
