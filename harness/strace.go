// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/kernel"
)

// call is a system call with what can only be read while it is fresh.
type call struct {
	*kernel.Syscall
	arch  *arch.Arch
	text  string // the path or the bytes that it points to
	phase string
}

// callArguments says how each call's arguments are written, one letter each; calls that are not here are written as six numbers.
//
//	d number   x hexadecimal   p pointer   o octal mode   s path   w bytes, as many as the next argument says
//	a directory descriptor     and the letters of callFlags
var callArguments = map[string]string{
	"accept4": "dppx", "access": "so", "arch_prctl": "xp", "brk": "p", "clock_getres": "dp", "clock_gettime": "dp", "clock_gettime64": "dp",
	"clock_nanosleep": "ddpp", "clock_nanosleep_time64": "ddpp", "clone": "Cpppp", "close": "d", "connect": "dpd", "dup": "d", "dup2": "dd",
	"dup3": "ddO", "epoll_create": "d", "epoll_create1": "O", "epoll_ctl": "dddp", "epoll_pwait": "dpddp", "epoll_wait": "dpdd",
	"eventfd2": "dO", "exit": "d", "exit_group": "d", "faccessat": "aso", "fcntl": "ddx", "fcntl64": "ddx", "fstat": "dp", "fstat64": "dp",
	"fstatat64": "aspx", "futex": "pFdppx", "futex_time64": "pFdppx", "getcwd": "pd", "getdents64": "dpd", "getegid": "", "geteuid": "",
	"getgid": "", "getpgrp": "", "getpid": "", "getppid": "", "getrandom": "pdx", "getrlimit": "dp", "getrusage": "dp", "gettid": "",
	"gettimeofday": "pp", "getuid": "", "ioctl": "dxp", "kill": "dd", "lseek": "ddd", "_llseek": "dddpd", "lstat": "sp", "lstat64": "sp",
	"madvise": "pxd", "membarrier": "dxd", "mincore": "pxp", "mlock": "px", "mmap": "pxPMdx", "mmap2": "pxPMdx", "modify_ldt": "dpd",
	"mprotect": "pxP", "munmap": "px", "munlock": "px", "nanosleep": "pp", "newfstatat": "aspx", "open": "sOo", "openat": "asOo",
	"pipe": "p", "pipe2": "pO", "poll": "pdd", "ppoll": "pdppd", "prctl": "dxxxx", "pread64": "dpdd", "prlimit64": "ddpp", "pselect6": "dppppp",
	"pwrite64": "dwdd", "read": "dpd", "readlink": "spd", "readlinkat": "aspd", "rt_sigaction": "dppd", "rt_sigprocmask": "dppd",
	"rt_sigreturn": "", "rt_sigtimedwait": "pppd", "sched_getaffinity": "ddp", "sched_yield": "", "set_robust_list": "pd",
	"set_thread_area": "p", "set_tid_address": "p", "setitimer": "dpp", "setrlimit": "dp", "sigaltstack": "pp", "socket": "ddd", "stat": "sp",
	"stat64": "sp", "statfs": "sp", "statx": "asxxp", "sysinfo": "p", "tgkill": "ddd", "time": "p", "timer_create": "dpp", "timer_delete": "d",
	"timer_settime": "ddpp", "tkill": "dd", "ugetrlimit": "dp", "uname": "p", "write": "dwd", "writev": "dpd",
}

// flag is a bit of a flag word, or with mask a value of a field of it.
type flag struct {
	value uint64
	name  string
}

// callFlags are the words of flags. The first entry of value 0 stands for an empty word; numbers are those of asm-generic.
var callFlags = map[byte][]flag{
	'P': {{0, "PROT_NONE"}, {1, "PROT_READ"}, {2, "PROT_WRITE"}, {4, "PROT_EXEC"}},
	'M': {{1, "MAP_SHARED"}, {2, "MAP_PRIVATE"}, {0x10, "MAP_FIXED"}, {0x20, "MAP_ANONYMOUS"}, {0x4000, "MAP_NORESERVE"},
		{0x8000, "MAP_POPULATE"}, {0x20000, "MAP_STACK"}, {0x40000, "MAP_HUGETLB"}, {0x100000, "MAP_FIXED_NOREPLACE"}},
	'O': {{0, "O_RDONLY"}, {1, "O_WRONLY"}, {2, "O_RDWR"}, {0o100, "O_CREAT"}, {0o200, "O_EXCL"}, {0o1000, "O_TRUNC"}, {0o2000, "O_APPEND"},
		{0o4000, "O_NONBLOCK"}, {0o2000000, "O_CLOEXEC"}},
	'F': {{1, "FUTEX_WAKE"}, {9, "FUTEX_WAIT_BITSET"}, {0, "FUTEX_WAIT"}, {128, "FUTEX_PRIVATE_FLAG"}},
	'C': {{0x100, "CLONE_VM"}, {0x200, "CLONE_FS"}, {0x400, "CLONE_FILES"}, {0x800, "CLONE_SIGHAND"}, {0x10000, "CLONE_THREAD"},
		{0x40000, "CLONE_SYSVSEM"}, {0x80000, "CLONE_SETTLS"}, {0x100000, "CLONE_PARENT_SETTID"}, {0x200000, "CLONE_CHILD_CLEARTID"},
		{0x1000000, "CLONE_CHILD_SETTID"}},
}

// The bounds on what is shown of strings.
const (
	maxPath  = 4096 // PATH_MAX
	maxBytes = 64
)

// callText reads what a call's path or buffer argument points to.
func (b *boot) callText(s *kernel.Syscall) string {
	letters := callArguments[s.Name]
	for i := range letters {
		switch letters[i] {
		case 's':
			return b.path(s.Args[i])
		case 'w':
			return b.text(s.Args[i], s.Args[i+1], maxBytes)
		}
	}
	return ""
}

// arguments writes the call's arguments.
func (c call) arguments() []string {
	letters, ok := callArguments[c.Name]
	if !ok {
		letters = "xxxxxx"
	}
	list := make([]string, len(letters))
	for i := range letters {
		v := c.Args[i]
		switch letter := letters[i]; letter {
		case 'd':
			list[i] = strconv.Itoa(int(int32(v)))
		case 'o':
			list[i] = fmt.Sprintf("%#o", v)
		case 'x':
			list[i] = fmt.Sprintf("%#x", v)
		case 's':
			list[i] = strconv.Quote(c.text)
		case 'w':
			list[i] = strconv.Quote(c.text)
			if int(c.Args[i+1]) > len(c.text) {
				list[i] += "..."
			}
		case 'a':
			list[i] = strconv.Itoa(int(int32(v)))
			if int32(v) == -100 {
				list[i] = "AT_FDCWD"
			}
		case 'p':
			list[i] = "NULL"
			if v != 0 {
				list[i] = fmt.Sprintf("%#x", v)
			}
		case 'M':
			list[i] = flagText(callFlags[letter], arch.Generic(v, c.arch.Syscall.MapFlags))
		case 'O':
			list[i] = flagText(callFlags[letter], arch.Generic(v, c.arch.Syscall.OpenFlags))
		default:
			list[i] = flagText(callFlags[letter], v)
		}
	}
	return list
}

// flagText writes a word of flags by their names, and what is left as a number.
func flagText(flags []flag, v uint64) string {
	var names []string
	rest := v
	for _, f := range flags {
		if f.value != 0 && rest&f.value == f.value {
			names = append(names, f.name)
			rest &^= f.value
		}
	}
	if len(names) == 0 && rest == 0 {
		for _, f := range flags {
			if f.value == 0 {
				return f.name
			}
		}
	}
	if rest != 0 || len(names) == 0 {
		names = append(names, fmt.Sprintf("%#x", rest))
	}
	return strings.Join(names, "|")
}

// addressResults are the calls whose result is an address.
var addressResults = map[string]bool{"mmap": true, "mmap2": true, "brk": true, "mremap": true}

// resultText writes what the call returned.
func (c call) resultText() string {
	s := Syscall{Name: c.Name}
	if c.Done {
		result := int64(c.Result)
		s.Result = &result
	}
	if c.Errno != 0 {
		s.Error = c.Errno.String()
	}
	return s.ResultText()
}

// ResultText is what the call returned, as strace prints it: "3", "-1 ENOENT", "0xc000000000"; "?" when it never returned.
func (s Syscall) ResultText() string {
	switch {
	case s.Result == nil:
		return "?"
	case s.Error != "":
		return "-1 " + s.Error
	case addressResults[s.Name]:
		return fmt.Sprintf("%#x", uint64(*s.Result))
	}
	return strconv.FormatInt(*s.Result, 10)
}

// title is the call's name, or its number where the architecture has none.
func (c call) title() string {
	if c.Name == "" {
		return fmt.Sprintf("syscall_%d", c.N)
	}
	return c.Name
}

// String is the call as strace prints it.
func (c call) String() string {
	return fmt.Sprintf("[pid %d] %s(%s) = %s", c.Thread, c.title(), strings.Join(c.arguments(), ", "), c.resultText())
}

// recentCalls keeps the last calls for a crash report.
type recentCalls struct {
	ring [20]call
	n    int
}

func (r *recentCalls) add(c call) {
	r.ring[r.n%len(r.ring)] = c
	r.n++
}

// lines are the calls, oldest first.
func (r *recentCalls) lines() []string {
	var list []string
	for i := max(0, r.n-len(r.ring)); i < r.n; i++ {
		list = append(list, r.ring[i%len(r.ring)].String())
	}
	return list
}
