// SPDX-License-Identifier: GPL-2.0-or-later

package fidelity

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/arch"
)

// qemuSignatures say what of a call qemu-user prints reliably, a letter for each argument: n number or word, s path, p whether there is
// an address, - nothing. The result is compared for all; one that is an address, or a process's number, as such. Calls that are not
// here are compared by name and result.
var qemuSignatures = map[string]struct {
	args   string
	result byte
}{
	"clock_gettime":     {"np", 'n'},
	"clone":             {"n", 'i'},
	"close":             {"n", 'n'},
	"fcntl":             {"nn", 'n'},
	"gettid":            {"", 'i'},
	"madvise":           {"pnn", 'n'},
	"mmap":              {"pnnnnn", 'p'},
	"munmap":            {"pn", 'n'},
	"openat":            {"nsn", 'n'},
	"pread64":           {"npnn", 'n'},
	"read":              {"npn", 'n'},
	"rt_sigaction":      {"npp", 'n'},
	"rt_sigprocmask":    {"npp", 'n'},
	"sched_getaffinity": {"nnp", 'n'},
	"sigaltstack":       {"pp", 'n'},
}

const someAddress = "address"

// qemuWords are the words that qemu-user writes for numbers, as far as the runtime's start needs them; signals are added below. The
// numbers are those of asm-generic, as on arm64.
var qemuWords = map[string]uint64{
	"AT_FDCWD": 0xffffffff_ffffff9c, "CLOCK_MONOTONIC": 1, "CLOCK_REALTIME": 0, "F_GETFD": 1, "F_GETFL": 3,
	"MADV_HUGEPAGE": 14, "MADV_NOHUGEPAGE": 15, "MADV_COLLAPSE": 25, "MADV_DONTNEED": 4,
	"MAP_ANONYMOUS": 0x20, "MAP_FIXED": 0x10, "MAP_NORESERVE": 0x4000, "MAP_PRIVATE": 2, "MAP_SHARED": 1,
	"O_RDONLY": 0, "O_WRONLY": 1, "O_RDWR": 2, "O_CLOEXEC": 0o2000000, "O_NONBLOCK": 0o4000,
	"PROT_NONE": 0, "PROT_READ": 1, "PROT_WRITE": 2, "PROT_EXEC": 4,
	"SIG_BLOCK": 0, "SIG_UNBLOCK": 1, "SIG_SETMASK": 2,
	"CLONE_VM": 0x100, "CLONE_FS": 0x200, "CLONE_FILES": 0x400, "CLONE_SIGHAND": 0x800, "CLONE_THREAD": 0x10000,
	"CLONE_SYSVSEM": 0x40000, "CLONE_SETTLS": 0x80000,
}

func init() {
	for s := arch.Signal(1); s < 32; s++ {
		qemuWords[s.String()] = uint64(s)
	}
	qemuWords["SIGIOT"] = uint64(arch.SIGABRT)
}

// ParseQEMU reads what qemu-user -strace wrote, up to the first clone and with it, in the form in which it is compared.
func ParseQEMU(text string) ([]Call, error) {
	var calls []Call
	for i, line := range strings.Split(text, "\n") {
		pid, rest, found := strings.Cut(line, " ")
		if !found || strings.Trim(pid, "0123456789") != "" {
			continue // what the program prints
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
		calls = append(calls, qemuCall(name, args, result))
		if last(name) {
			break
		}
	}
	return calls, nil
}

// qemuErrno is a failure.
var qemuErrno = regexp.MustCompile(`^-1 errno=(\d+)`)

// qemuCall cuts a call down to what is reliable.
func qemuCall(name string, args []string, result string) Call {
	s := qemuSignatures[name]
	c := Call{Name: name, Result: "0"}
	if m := qemuErrno.FindStringSubmatch(result); m != nil {
		n, _ := strconv.Atoi(m[1])
		c.Result = "-1 " + arch.Errno(n).String()
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
		case 'n':
			arg = plain(qemuNumber(arg))
		case 'p':
			arg = qemuAddress(arg)
		}
		c.Args = append(c.Args, arg)
	}
	return c
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

// qemuNumber adds up words; what has an unknown one stays as it is.
func qemuNumber(arg string) string {
	var sum uint64
	for word := range strings.SplitSeq(arg, "|") {
		v, ok := qemuWords[word]
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
	for i, letter := range s.args {
		v := l.Args[i]
		switch letter {
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
