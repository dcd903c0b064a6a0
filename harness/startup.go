// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"cmp"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/machine"
)

// RequireStartup asserts all that a sound start-up shows: everything below.
func (b *BootResult) RequireStartup() {
	b.t.Helper()
	b.RequirePs()
	b.RequireMaxStack()
	b.RequireMaxMs()
	b.RequirePages()
	b.RequireHugePage()
	b.RequireInitOrder()
	b.RequireSysmonFirst()
	b.RequireArgs()
	b.RequireEnv()
}

// known asserts that the binary tells a value of the runtime's.
func (b *BootResult) known(name string, value int) {
	b.t.Helper()
	if value == Unknown {
		b.t.Fatalf("the boot does not tell %s: stripped %v, release %s", name, b.Binary.Stripped, b.Binary.GoVersion)
	}
}

// RequirePs asserts that the runtime saw the machine's CPUs, and made as many Ps as it must: as many as GOMAXPROCS says when that is a
// number above 0, else one for each CPU (since Go 1.25: within the cgroup's limit).
func (b *BootResult) RequirePs() {
	b.t.Helper()
	b.known("runtime.NumCPU", b.Runtime.NumCPU)
	b.equal(seenCPUs(b.Report), b.Runtime.NumCPU, "CPUs that the runtime counted")
	b.equal(ExpectedPs(b.Report), b.Runtime.GOMAXPROCS, "Ps for %d CPUs, GOMAXPROCS=%q", b.Runtime.NumCPU, b.getenv("GOMAXPROCS"))
}

// RequireMaxStack asserts the limit on a goroutine's stack.
func (b *BootResult) RequireMaxStack() {
	b.t.Helper()
	b.known("runtime.MaxStackSize", b.Runtime.MaxStackSize)
	b.equal(MaxStackSize(b.Binary.GOARCH), b.Runtime.MaxStackSize, "maxstacksize")
}

// RequireMaxMs asserts the limit on Ms.
func (b *BootResult) RequireMaxMs() {
	b.t.Helper()
	b.known("runtime.MaxMCount", b.Runtime.MaxMCount)
	b.equal(MaxMCount, b.Runtime.MaxMCount, "sched.maxmcount")
}

// sincePhysPageSize is the minor release that began to ask for the page size; it was a constant before.
const sincePhysPageSize = 8

// RequirePages asserts that the runtime took AT_PAGESZ for the page size, or, up to Go 1.7, that it has no variable for it.
func (b *BootResult) RequirePages() {
	b.t.Helper()
	if b.goMinor < sincePhysPageSize {
		b.equal(Unknown, b.Runtime.PhysPageSize, "physPageSize")
		return
	}
	b.known("runtime.PhysPageSize", b.Runtime.PhysPageSize)
	want := uint64(b.Machine.PageSize)
	if v, err := strconv.ParseUint(b.Machine.Auxv["AT_PAGESZ"], 0, 64); err == nil {
		want = v
	}
	b.equal(int(want), b.Runtime.PhysPageSize, "physPageSize")
}

// RequireHugePage asserts that the runtime made of the huge page's size what its release does.
func (b *BootResult) RequireHugePage() {
	b.t.Helper()
	b.equal(ExpectedHugePage(b.Report), b.Runtime.PhysHugePageSize, "physHugePageSize")
}

// RequireInitOrder asserts that every package initialiser ran on goroutine 1, and before main.main.
func (b *BootResult) RequireInitOrder() {
	b.t.Helper()
	b.check(len(b.Inits) > 0, "no package initialiser was seen")
	start, reached := b.started("main.main")
	for _, i := range b.Inits {
		b.check(i.Goroutine != nil, "the binary does not tell which goroutine ran %s", i.Function)
		b.equal(1, *i.Goroutine, "goroutine that ran %s", i.Function)
		if reached {
			b.check(i.StartInstruction+i.Instructions <= start, "%s ended after main.main began", i.Function)
		}
	}
}

// RequireSysmonFirst asserts that the thread of sysmon was started before the first initialiser of a package that is not the runtime's.
func (b *BootResult) RequireSysmonFirst() {
	b.t.Helper()
	b.check(b.sysmon != nil, "sysmon was not started")
	for _, i := range b.Inits {
		if !runtimePackage(i.Package) {
			b.check(*b.sysmon < i.StartInstruction, "sysmon was started after %s", i.Function)
		}
	}
}

// RequireArgs asserts that os.Args is what the machine gave.
func (b *BootResult) RequireArgs() {
	b.t.Helper()
	b.known("runtime.Argc", b.Runtime.Argc)
	want := append([]string{cmp.Or(b.Machine.Process.Argv0, filepath.Base(b.Binary.Path))}, b.Machine.Args...)
	if b.Machine.Process.Argc0 {
		want = []string{}
	}
	b.equal(want, b.Runtime.Args, "os.Args")
	b.equal(len(want), b.Runtime.Argc, "argc")
}

// RequireEnv asserts that the environment is what the machine gave.
func (b *BootResult) RequireEnv() {
	b.t.Helper()
	b.check(b.Runtime.Env != nil, "the binary does not tell its environment: it is stripped")
	b.equal(append([]string{}, b.Machine.Env...), b.Runtime.Env, "the environment")
}

// started is the instruction at which a phase began.
func (r *Report) started(phase string) (uint64, bool) {
	for _, p := range r.Phases {
		if p.Name == phase {
			return p.StartInstruction, true
		}
	}
	return 0, false
}

// getenv is the value that the runtime finds (runtime.gogetenv): that of the first entry of the name.
func (r *Report) getenv(name string) string {
	for _, entry := range r.Machine.Env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// runtimePackage says whether a package is one of those that the runtime is made of.
func runtimePackage(pkg string) bool {
	return pkg == "runtime" || strings.HasPrefix(pkg, "runtime/") || strings.HasPrefix(pkg, "internal/")
}

// maxPs is the most Ps that a release makes (_MaxGomaxprocs), if it has such a limit.
func maxPs(minor int) int {
	switch {
	case minor < 9:
		return 256
	case minor < 10:
		return 1024
	}
	return math.MaxInt32
}

// ExpectedPs is how many Ps runtime.schedinit makes on the report's machine. From Go 1.5 to 1.6.1 it makes none on one with more than 256
// CPUs, and throws.
func ExpectedPs(r *Report) int {
	if n, ok := parseProcs(r.getenv("GOMAXPROCS"), r.goMinor, r.narrowAtoi()); ok && n > 0 {
		return min(n, maxPs(r.goMinor))
	}
	if r.goMinor < 5 {
		return 1 // whatever the machine has
	}
	cpus := min(seenCPUs(r), maxPs(r.goMinor))
	limit, ok := cgroupLimit(r.Machine.Cgroup)
	ok = ok && cgroupFound(r.Machine.Cgroup, r.goMinor)
	if !ok || r.goMinor < 25 || r.godebug("containermaxprocs") == "0" {
		return cpus
	}
	// runtime/cgroup_linux.go, adjustCgroupGOMAXPROCS: rounded up, and never below 2.
	return min(cpus, max(2, int(math.Ceil(limit))))
}

// cgroupLimit is the limit in CPUs, as internal/runtime/cgroup reads it.
func cgroupLimit(c machine.Cgroup) (float64, bool) {
	quota, err1 := strconv.ParseInt(c.Quota, 10, 64)
	period, err2 := strconv.ParseInt(c.Period, 10, 64)
	if c.Version == 0 || err1 != nil || err2 != nil || quota < 0 || period <= 0 {
		return 0, false
	}
	return float64(quota) / float64(period), true
}

// cgroupFound says whether the runtime comes to the process's group. Go 1.25 takes the group's path for one below the mount point whatever
// is mounted there; later releases take the mount's root off it, and give up where that is no part of it (parseCPUMount). No release looks
// at the groups above.
func cgroupFound(c machine.Cgroup, minor int) bool {
	group := c.Group()
	switch {
	case c.MountRoot == "":
		return !strings.HasPrefix(group, "/..")
	case minor <= 25:
		return false
	}
	rest, within := strings.CutPrefix(group, c.MountRoot)
	return within && (rest == "" || rest[0] == '/') && !strings.HasPrefix(rest, "/..")
}

// godebug is a GODEBUG setting: the environment's, else the one that the build has as its default.
func (r *Report) godebug(name string) string {
	value := ""
	for _, list := range []string{r.settings["DefaultGODEBUG"], r.getenv("GODEBUG")} {
		for setting := range strings.SplitSeq(list, ",") {
			if v, ok := strings.CutPrefix(setting, name+"="); ok {
				value = v
			}
		}
	}
	return value
}

// parseProcs reads GOMAXPROCS as a release does: up to Go 1.25 with an atoi32 of the runtime's own, which knows no plus sign; then with
// strconv.ParseInt. Neither takes blanks, both take leading zeros. Up to Go 1.7 it is an atoi that stops at what is no digit, and does not
// care for overflow. narrow: what 32 bits do not hold is cut off.
func parseProcs(text string, minor int, narrow bool) (int, bool) {
	if minor < 8 {
		n := int64(0)
		for ; text != "" && text[0] >= '0' && text[0] <= '9'; text = text[1:] {
			n = n*10 + int64(text[0]-'0')
		}
		if narrow {
			n = int64(int32(n))
		}
		return int(n), true
	}
	if minor <= 25 && strings.HasPrefix(text, "+") {
		return 0, false
	}
	if n, err := strconv.ParseInt(text, 10, 64); narrow && err == nil {
		return int(int32(n)), true
	}
	n, err := strconv.ParseInt(text, 10, 32)
	return int(n), err == nil
}

// narrowAtoi says that the release counts in 32 bits, in spite of what it means to do: it is one of arch.Arch.NarrowAtoi, or it has the
// careless atoi, of an int, which Go 1.4 wrote in C.
func (r *Report) narrowAtoi() bool {
	a, known := arch.Find(r.Binary.GOARCH)
	return known && (r.goMinor < 5 || r.goMinor < 8 && a.PtrSize == 4 || r.goMinor >= 8 && r.goMinor < a.NarrowAtoi)
}

// ExpectedHugePage is what the runtime makes of the machine's huge page (runtime.getHugePageSize, mallocinit): nothing before Go 1.13,
// which has no such variable; 0 for what is no power of two; and since Go 1.14 0 for a size above 4 MiB (maxPhysHugePageSize).
func ExpectedHugePage(r *Report) int {
	const maxPhysHugePageSize = 4 << 20
	bits := 64
	if a, known := arch.Find(r.Binary.GOARCH); known {
		bits = 8 * a.PtrSize
	}
	size := hugePageText(r.Machine, bits)
	switch {
	case r.goMinor < 13:
		return Unknown
	case size&(size-1) != 0, r.goMinor >= 14 && size > maxPhysHugePageSize:
		return 0
	}
	return int(size)
}

// hugePageText reads hpage_pmd_size as the runtime does: up to 20 bytes, of which it takes the last for a newline, and no more bits than an
// int has.
func hugePageText(m machine.Machine, bits int) int64 {
	const file = "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"
	text, given := m.Files[file]
	switch {
	case m.FileErrors[file] != "":
		return 0
	case !given && m.HugePage == 0:
		return 0
	case !given:
		text = strconv.FormatUint(uint64(m.HugePage), 10) + "\n"
	}
	text = text[:min(len(text), 20)]
	size, err := strconv.ParseInt(text[:max(0, len(text)-1)], 10, bits)
	if err != nil || size < 0 {
		return 0
	}
	return size
}
