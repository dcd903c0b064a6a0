// SPDX-License-Identifier: GPL-2.0-or-later

package fidelity

import (
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/arch"
)

// qemuSignatures say what of a call qemu-user prints reliably, a letter for each argument: n number or word, s path, p whether there is
// an address, f clone's flags, wherever the architecture has them. The result is compared for all; one that is an address, or a process's
// number, as such. Calls that are not here are compared by name and result.
var qemuSignatures = map[string]struct {
	args   string
	result byte
}{
	"arch_prctl":        {"np", 'n'},
	"brk":               {"p", 'p'},
	"clock_gettime":     {"np", 'n'},
	"clone":             {"f", 'i'},
	"close":             {"n", 'n'},
	"fcntl":             {"nn", 'n'},
	"fcntl64":           {"nn", 'n'},
	"getpid":            {"", 'i'},
	"gettid":            {"", 'i'},
	"gettimeofday":      {"p", 'n'},
	"madvise":           {"pnn", 'n'},
	"mincore":           {"pnp", 'n'},
	"mmap":              {"pnnnnn", 'p'},
	"mmap2":             {"pnnnnn", 'p'},
	"munmap":            {"pn", 'n'},
	"open":              {"sn", 'n'},
	"openat":            {"nsn", 'n'},
	"pread64":           {"npn", 'n'}, // the offset may begin at the fourth argument or at the fifth
	"prctl":             {"n", 'n'},
	"read":              {"npn", 'n'},
	"rt_sigaction":      {"npp", 'n'},
	"rt_sigprocmask":    {"npp", 'n'},
	"sched_getaffinity": {"nnp", 'n'},
	"set_thread_area":   {"p", 'n'},
	"sigaltstack":       {"pp", 'n'},
	"uname":             {"p", 'n'},
}

const someAddress = "address"

// qemuWords are the words that qemu-user writes for numbers, as far as the runtime's start needs them, and the numbers of asm-generic.
var qemuWords = map[string]uint64{
	"AT_FDCWD": 0xffffffff_ffffff9c, "CLOCK_MONOTONIC": 1, "CLOCK_REALTIME": 0, "F_GETFD": 1, "F_GETFL": 3,
	"MADV_HUGEPAGE": 14, "MADV_NOHUGEPAGE": 15, "MADV_COLLAPSE": 25, "MADV_DONTNEED": 4,
	"MAP_ANONYMOUS": 0x20, "MAP_FIXED": 0x10, "MAP_NORESERVE": 0x4000, "MAP_PRIVATE": 2, "MAP_SHARED": 1,
	"O_RDONLY": 0, "O_WRONLY": 1, "O_RDWR": 2, "O_CLOEXEC": 0o2000000, "O_NONBLOCK": 0o4000, "O_LARGEFILE": 0o100000,
	"PROT_NONE": 0, "PROT_READ": 1, "PROT_WRITE": 2, "PROT_EXEC": 4,
	"CLONE_VM": 0x100, "CLONE_FS": 0x200, "CLONE_FILES": 0x400, "CLONE_SIGHAND": 0x800, "CLONE_THREAD": 0x10000,
	"CLONE_SYSVSEM": 0x40000, "CLONE_SETTLS": 0x80000,
}

// qemuHow are the words for an architecture's Signals.How.
var qemuHow = [...]string{"SIG_BLOCK", "SIG_UNBLOCK", "SIG_SETMASK"}

// signalWords are the highest signal with a name, and a second name that one has.
const (
	lastNamed = 31
	sigIOT    = "SIGIOT"
)

// dialect is qemu-user's way of writing an architecture's calls.
type dialect struct {
	arch  *arch.Arch
	words map[string]uint64 // the architecture's numbers
}

func newDialect(a *arch.Arch) dialect {
	d := dialect{a, maps.Clone(qemuWords)}
	for _, flags := range [][]arch.Flag{a.Syscall.OpenFlags, a.Syscall.MapFlags} {
		for _, f := range flags {
			d.words[f.Name] = f.Own
		}
	}
	for i, name := range qemuHow {
		d.words[name] = uint64(a.Signals.How[i])
	}
	for s := arch.Signal(1); s <= lastNamed; s++ {
		d.words[s.String()] = uint64(s)
	}
	for _, r := range a.Signals.Numbers {
		d.words[arch.Signal(r.Generic).String()] = r.Own
	}
	d.words[sigIOT] = d.words[arch.SIGABRT.String()]
	return d
}

// ParseQEMU reads what qemu-user -strace wrote of an architecture's program, up to the first clone and with it, in the form in which it is
// compared.
func ParseQEMU(a *arch.Arch, text string) ([]Call, error) {
	d := newDialect(a)
	var calls []Call
	for i, line := range strings.Split(text, "\n") {
		pid, rest, found := strings.Cut(line, " ")
		if !found || strings.Trim(pid, "0123456789") != "" {
			continue // what the program prints
		}
		if n, found := strings.CutPrefix(rest, unknownCall); found {
			calls = append(calls, d.unknown(n))
			continue
		}
		name, rest, found := strings.Cut(rest, "(")
		if !found {
			continue
		}
		args, rest, complete := splitArgs(rest)
		result, found := strings.CutPrefix(strings.TrimLeft(rest, " "), "= ")
		if !last(name) && (!complete || !found) {
			return nil, &LineError{i + 1, line, "the call is not finished"}
		}
		calls = append(calls, d.call(name, args, result))
		if last(name) {
			break
		}
	}
	return calls, nil
}

// unknownCall is how qemu-user begins to tell of a call that it does not have, which it answers with ENOSYS.
const unknownCall = "Unknown syscall "

func (d dialect) unknown(number string) Call {
	c := Call{Name: "system call " + number, Result: "-1 " + arch.ENOSYS.String()}
	if n, err := strconv.ParseUint(number, 10, 64); err == nil {
		if name, ok := d.arch.SyscallName(n); ok {
			c.Name = name
		}
	}
	return c
}

// qemuErrno is a failure.
var qemuErrno = regexp.MustCompile(`^-1 errno=(\d+)`)

// call cuts a call down to what is reliable.
func (d dialect) call(name string, args []string, result string) Call {
	s := qemuSignatures[name]
	c := Call{Name: name, Result: "0"}
	if m := qemuErrno.FindStringSubmatch(result); m != nil {
		c.Result = "-1 " + d.errno(m[1]).String()
	} else {
		word, _, _ := strings.Cut(result, " ")
		c.Result = qemuResult(s.result, plain(word))
	}
	if last(name) {
		c.Result = ""
	}
	for i, letter := range s.args {
		arg := "absent"
		if i < len(args) {
			arg = args[i]
		}
		switch letter {
		case 'n', 'f':
			arg = plain(d.number(arg))
		case 'p':
			arg = qemuAddress(arg)
		}
		c.Args = append(c.Args, arg)
	}
	return c
}

// errno reads the architecture's number of an error.
func (d dialect) errno(text string) arch.Errno {
	n, _ := strconv.ParseUint(text, 10, 32)
	for _, r := range d.arch.Syscall.Errnos {
		if r.Own == n {
			return arch.Errno(r.Generic)
		}
	}
	return arch.Errno(n)
}

func qemuResult(kind byte, result string) string {
	switch kind {
	case 'p':
		return someAddress
	case 'i':
		return "pid"
	}
	return result
}

func qemuAddress(arg string) string {
	if v, ok := number(arg); arg == "(nil)" || ok && v == 0 {
		return "NULL"
	}
	return someAddress
}

// number adds up words; what has an unknown one stays as it is.
func (d dialect) number(arg string) string {
	var sum uint64
	for word := range strings.SplitSeq(arg, "|") {
		v, ok := d.words[word]
		if !ok {
			if v, ok = number(word); !ok || strings.HasPrefix(word, "-") {
				return arg
			}
		}
		sum |= v
	}
	if int64(sum) < 0 {
		return strconv.FormatInt(int64(sum), 10)
	}
	return fmt.Sprintf("%#x", sum)
}

// qemu is the guest's call in the same form.
func (l looker) qemu() Call {
	s := qemuSignatures[l.Name]
	c := Call{Name: l.Name, Result: l.result()}
	if !last(l.Name) && l.Done && l.Errno == 0 {
		c.Result = qemuResult(s.result, c.Result)
	}
	args := l.arguments()
	for i, letter := range s.args {
		v := args[i]
		switch letter {
		case 'f':
			c.Args = append(c.Args, plain(hex(args[l.arch.Syscall.Clone.Flags])))
		case 'n':
			c.Args = append(c.Args, plain(strconv.FormatInt(int64(v), 10)))
		case 's':
			c.Args = append(c.Args, l.path(v))
		case 'p':
			c.Args = append(c.Args, qemuAddress(hex(v)))
		}
	}
	return c
}
