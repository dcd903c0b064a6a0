// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rt0-dev/rt0/arch"
)

// Bounds of what Linux can pass on, and so of what can be faked.
const (
	maxUTSName = 64        // __NEW_UTS_LEN, without the 0 at the end
	maxArg     = 32 * 4096 // MAX_ARG_STRLEN, the 0 included
	maxArgs    = 2 << 20   // a quarter of the 8 MiB stack, as bprm_stack_limits has it
	maxPath    = 4096      // PATH_MAX, the 0 included
	maxPage    = 1 << 30
)

func checkName(m *Machine) error {
	if m.Name == "" || strings.ContainsAny(m.Name, "\n\x00") {
		return errors.New("want a name of one line")
	}
	return nil
}

func checkCPUs(m *Machine) error {
	if m.CPUs.Count() == 0 || m.CPUs.Highest() >= MaxCPUs {
		return errors.New(cpusWant)
	}
	return nil
}

// checkAffinity: no kernel has masks of more than CONFIG_NR_CPUS bits, and rt0's end at MaxCPUs.
func checkAffinity(m *Machine) error {
	if most := Size(MaxCPUs / 8); m.Affinity.Length > most || m.Affinity.Minimum > most {
		return fmt.Errorf("affinity masks have at most %s, for %d CPUs", most, MaxCPUs)
	}
	return nil
}

// checkPageSize: guest memory comes in pages of 4096 bytes, as on every architecture that Go has.
func checkPageSize(m *Machine) error {
	if m.PageSize < 4096 || m.PageSize > maxPage || bits.OnesCount64(uint64(m.PageSize)) != 1 {
		return errors.New("want a power of two from 4KiB to 1GiB")
	}
	return nil
}

func checkMemory(m *Machine) error {
	if m.Memory == 0 {
		return errors.New("a machine has some memory")
	}
	return nil
}

func utsname(field func(*Machine) string) func(*Machine) error {
	return func(m *Machine) error {
		if len(field(m)) > maxUTSName || strings.ContainsRune(field(m), 0) {
			return fmt.Errorf("uname has room for %d bytes, none of them 0", maxUTSName)
		}
		return nil
	}
}

func checkCgroupVersion(m *Machine) error {
	if m.Cgroup.Version < 0 || m.Cgroup.Version > 2 {
		return errors.New("want 1, 2, hybrid or none")
	}
	return nil
}

// checkQuota holds the quota to what a kernel can print; whoever wants another text has files.
func checkQuota(m *Machine) error {
	c := m.Cgroup
	if c.Version == 0 && c.Quota != "" {
		return errors.New("it needs cgroup.version 1 or 2")
	}
	if c.Quota == "" || c.Quota == unlimitedV1 || c.Quota == unlimitedV2 || isMicroseconds(c.Quota) {
		return nil
	}
	return errors.New("want microseconds (200000: two CPUs, at a period of 100000) or max")
}

func checkPeriod(m *Machine) error {
	if m.Cgroup.Period == "" || isMicroseconds(m.Cgroup.Period) {
		return nil
	}
	return errors.New("want microseconds, such as 100000")
}

// checkParents: a group has a path.
func checkParents(m *Machine) error {
	if n := len(m.Cgroup.Group()); n >= maxPath {
		return &ValueError{"cgroup.parents", fmt.Sprintf("%d groups", len(m.Cgroup.Parents)),
			fmt.Sprintf("the path of a group below them has %d bytes, and paths have less than %d", n, maxPath)}
	}
	return nil
}

func isMicroseconds(text string) bool {
	_, err := strconv.ParseInt(text, 10, 64)
	return err == nil && isDigits(text)
}

func checkRealtime(m *Machine) error {
	_, err := m.Clock.Time()
	return err
}

func checkMonotonic(m *Machine) error {
	if m.Clock.Monotonic < 0 {
		return errors.New("the clock starts at 0 or later")
	}
	return nil
}

func checkResolution(m *Machine) error {
	if m.Clock.Resolution < 1 || time.Duration(m.Clock.Resolution) > time.Hour {
		return errors.New("want from 1ns to 1h")
	}
	return nil
}

func checkStep(m *Machine) error {
	if step := time.Duration(m.Clock.Step); step.Abs() > time.Hour {
		return errors.New("want from -1h to 1h")
	}
	return nil
}

func checkStackAlign(m *Machine) error {
	if align := uint64(m.Stack.Align); align != 0 && (bits.OnesCount64(align) != 1 || align > 1<<20) {
		return errors.New("want a power of two up to 1MiB, or auto")
	}
	return nil
}

// checkAuxv: the end of the vector is no entry, and what the loader alone knows cannot be taken from it.
func checkAuxv(m *Machine) error {
	if value, given := m.Auxv["AT_NULL"]; given {
		return &ValueError{"auxv.AT_NULL", value, "it ends the vector"}
	}
	return nil
}

// checkRegisters refuses names that no architecture has.
func checkRegisters(m *Machine) error {
	for _, name := range slices.Sorted(maps.Keys(m.Registers)) {
		if !slices.Contains(registerNames(), name) {
			return &ValueError{"registers." + name, m.Registers[name], fmt.Sprintf("no architecture has a register of that name; did you mean %q?",
				nearest(name, registerNames()))}
		}
	}
	return nil
}

// registerNames are the registers of all architectures.
var registerNames = sync.OnceValue(func() []string {
	var names []string
	for _, a := range arch.All() {
		for _, r := range append(slices.Clip(a.Registers), a.Flags) {
			if r != arch.None {
				names = append(names, r.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
})

// checkRlimits holds the open files to what a kernel has.
func checkRlimits(m *Machine) error {
	if text, given := m.Rlimits["nofile"]; given {
		if _, _, hard, ok := Rlimit("nofile", text); ok && hard > 1<<20 && hard != Unlimited {
			return &ValueError{"rlimits.nofile", text, "fs.nr_open is 1048576"}
		}
	}
	return nil
}

func checkArgs(m *Machine) error {
	for _, arg := range m.Args {
		if err := checkString(arg); err != nil {
			return &ValueError{"args", arg, err.Error()}
		}
	}
	return checkStack(m)
}

func checkEnv(m *Machine) error {
	for _, entry := range m.Env {
		if err := checkString(entry); err != nil {
			name, value, _ := strings.Cut(entry, "=")
			return &ValueError{envPrefix + name, value, err.Error()}
		}
	}
	return checkStack(m)
}

// checkString holds a string of the process stack to what execve takes.
func checkString(text string) error {
	if strings.ContainsRune(text, 0) {
		return errors.New("a 0 byte would end it")
	}
	if len(text) >= maxArg {
		return fmt.Errorf("execve takes strings of less than %d bytes", maxArg)
	}
	return nil
}

func checkStack(m *Machine) error {
	total := 0
	for _, text := range slices.Concat(m.Args, m.Env) {
		total += len(text) + 1 + 8
	}
	if total > maxArgs {
		return &ValueError{"args", fmt.Sprintf("%d bytes with env", total), fmt.Sprintf("execve takes %d bytes of both", maxArgs)}
	}
	return nil
}

// checkFiles: a path must be one that a file tree can have.
func checkFiles(m *Machine) error { return checkPaths(filePrefix, m.Files, m.Files) }

func checkFileErrors(m *Machine) error { return checkPaths("fileErrors.", m.FileErrors, m.Files) }

func checkSymlinks(m *Machine) error {
	for _, name := range slices.Sorted(maps.Keys(m.Symlinks)) {
		target := m.Symlinks[name]
		if _, both := m.Files[name]; both {
			return &ValueError{"symlinks." + name, target, "files." + name + " is there as well"}
		}
		if target == "" || strings.ContainsRune(target, 0) || len(target) >= maxPath {
			return &ValueError{"symlinks." + name, clip(target), fmt.Sprintf("want a path of less than %d bytes, none of them 0", maxPath)}
		}
	}
	return checkPaths("symlinks.", m.Symlinks, m.Files)
}

// checkPaths looks at the paths of entries, which cannot lie below a file.
func checkPaths(prefix string, entries, files map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		refuse := func(want string) error { return &ValueError{prefix + name, clip(entries[name]), want} }
		if err := checkPath(name); err != nil {
			return refuse(err.Error())
		}
		for dir := path.Dir(name); dir != "/"; dir = path.Dir(dir) {
			if _, ok := files[dir]; ok {
				return refuse(fmt.Sprintf("%s is a file, and cannot be its directory", dir))
			}
		}
	}
	return nil
}

func checkPath(name string) error {
	switch {
	case !strings.HasPrefix(name, "/") || path.Clean(name) != name || name == "/":
		return errors.New("want an absolute path without //, . and .. (/etc/os-release)")
	case strings.ContainsRune(name, 0) || len(name) >= maxPath:
		return fmt.Errorf("paths have less than %d bytes, none of them 0", maxPath)
	}
	return nil
}

// checkGroupPath: a group's path may be the root, and may begin with .. where it belongs to another namespace.
func checkGroupPath(name string) error {
	switch {
	case !strings.HasPrefix(name, "/") || strings.Contains(name, "//") || (name != "/" && strings.HasSuffix(name, "/")):
		return errors.New("want an absolute path without // (/kubepods/pod1/c1)")
	case strings.ContainsAny(name, "\x00\n") || len(name) >= maxPath:
		return fmt.Errorf("paths have less than %d bytes of one line", maxPath)
	}
	return nil
}
