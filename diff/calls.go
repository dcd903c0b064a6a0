// SPDX-License-Identifier: GPL-2.0-or-later

package diff

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/harness"
)

// Call is a system call, or several equal ones in a row, of the thread that the program begins with. Calls on a file that was opened by its
// path are not among them: the file tells. Nor are those that only wait, and once there are other threads, nor those that serve threads and
// memory: which thread makes them, and how often, is a matter of whose turn it is.
type Call struct {
	Phase string `json:"phase"`
	Name  string `json:"name"`            // with the request where that tells calls apart: "madvise MADV_HUGEPAGE"
	Times int    `json:"times,omitempty"` // 0: once
}

// role says how far a system call is the program's own doing.
type role int

const (
	doing   role = iota // it is
	serving             // of threads and memory: when there are several threads, any of them may have to
	waiting             // how often depends on how long others take
	chance              // whether at all does: of threads that spin, and of the signal that interrupts a goroutine
)

// roles are those of the calls that are not simply done.
var roles = map[string]role{
	"brk": serving, "clone": serving, "clone3": serving, "exit": serving, "gettid": serving, "madvise": serving, "mincore": serving,
	"mlock": serving, "mmap": serving, "mmap2": serving, "mprotect": serving, "munmap": serving, "prctl": serving, "rt_sigprocmask": serving,
	"set_robust_list": serving, "set_thread_area": serving, "sigaltstack": serving, "sigprocmask": serving,

	"clock_gettime": waiting, "clock_gettime64": waiting, "clock_nanosleep": waiting, "clock_nanosleep_time64": waiting,
	"epoll_pwait": waiting, "epoll_wait": waiting, "futex": waiting, "futex_time64": waiting, "gettimeofday": waiting, "nanosleep": waiting,
	"poll": waiting, "ppoll": waiting, "pselect6": waiting, "select": waiting, "_newselect": waiting,

	"getpid": chance, "restart_syscall": chance, "rt_sigreturn": chance, "sched_yield": chance, "sigreturn": chance, "tgkill": chance,
	"tkill": chance,
}

// starters begin a thread.
var starters = map[string]bool{"clone": true, "clone3": true}

// request is the argument of a call that says what it is to do.
type request struct {
	argument int
	names    map[string]string // of the values as a report writes them; others stand as they are
}

// requests are the calls of which an argument tells more than the name (include/uapi/asm-generic/mman-common.h, fcntl.h, linux/prctl.h).
var requests = map[string]request{
	"madvise": {2, map[string]string{
		"3": "MADV_WILLNEED", "4": "MADV_DONTNEED", "8": "MADV_FREE", "14": "MADV_HUGEPAGE", "15": "MADV_NOHUGEPAGE", "25": "MADV_COLLAPSE",
	}},
	"prctl":      {0, map[string]string{"15": "PR_SET_NAME", "38": "PR_SET_NO_NEW_PRIVS", "1398164801": "PR_SET_VMA"}},
	"fcntl":      {1, fcntls},
	"fcntl64":    {1, fcntls},
	"arch_prctl": {0, map[string]string{"0x1001": "ARCH_SET_GS", "0x1002": "ARCH_SET_FS", "0x1003": "ARCH_GET_FS"}},
	"membarrier": {0, nil},
	"ioctl":      {1, nil},
}

var fcntls = map[string]string{"0": "F_DUPFD", "1": "F_GETFD", "2": "F_SETFD", "3": "F_GETFL", "4": "F_SETFL", "1030": "F_DUPFD_CLOEXEC"}

// title is a call's name, with its request.
func title(s harness.Syscall) string {
	r, ok := requests[s.Name]
	if !ok || r.argument >= len(s.Args) {
		return s.Name
	}
	value := s.Args[r.argument]
	if name := r.names[value]; name != "" {
		value = name
	}
	return s.Name + " " + value
}

// buffers are the calls whose text is what they write, and no path.
var buffers = map[string]bool{"write": true, "pwrite64": true}

// openers are the calls whose result is a descriptor of the path.
var openers = map[string]bool{"open": true, "openat": true, "openat2": true, "creat": true}

// describing are the calls whose first argument is the descriptor that they are about.
var describing = map[string]bool{
	"read": true, "pread64": true, "readv": true, "close": true, "lseek": true, "_llseek": true, "fstat": true, "fstat64": true,
	"getdents64": true, "fcntl": true, "fcntl64": true, "write": true, "pwrite64": true, "writev": true,
}

// files follows which file a descriptor is of.
type files struct {
	open  map[string]string // paths of descriptors
	asked []Asked
	index map[string]int // in asked, of a path
}

// take tells whether a call was about a file, and notes the file.
func (f *files) take(s harness.Syscall) bool {
	if p, ok := f.path(s); ok {
		f.note(p, s.Name, s.Error, s.Phase)
		if openers[s.Name] && s.Result != nil && *s.Result >= 0 {
			f.open[strconv.FormatInt(*s.Result, 10)] = p
		}
		return true
	}
	if !describing[s.Name] || len(s.Args) == 0 || f.open[s.Args[0]] == "" {
		return false
	}
	if s.Name == "close" {
		delete(f.open, s.Args[0])
	}
	return true
}

// path is the path that a call is given; one relative to a directory's descriptor is completed.
func (f *files) path(s harness.Syscall) (string, bool) {
	if buffers[s.Name] {
		return "", false
	}
	for i, arg := range s.Args {
		if !strings.HasPrefix(arg, `"`) {
			continue
		}
		p, err := strconv.Unquote(arg)
		if err != nil {
			return arg, true
		}
		if i > 0 && p != "" && !path.IsAbs(p) && f.open[s.Args[i-1]] != "" {
			p = path.Join(f.open[s.Args[i-1]], p)
		}
		return p, true
	}
	return "", false
}

// note puts a path down, once.
func (f *files) note(p, call, failure, phase string) {
	p = ownPath(p)
	i, ok := f.index[p]
	if !ok {
		f.index[p] = len(f.asked)
		f.asked = append(f.asked, Asked{Path: p, Call: call, Error: failure, Phase: phase})
		return
	}
	a := &f.asked[i]
	if failure == "" {
		a.Error = "" // it is there
	}
}

// processPath is a path of the process that asks, by its number.
var (
	processPath    = regexp.MustCompile(`^/proc/(self|thread-self|\d+)(/task/\d+)?/`)
	descriptorPath = regexp.MustCompile(`^/proc/self/fd/\d+`)
	// gorootPath begins a path in the GOROOT that a program was built with, which is in it unless -trimpath took it out: that of a toolchain in a
	// module cache, and wherever the time zones lie (time/zoneinfo_goroot.go).
	gorootPath = regexp.MustCompile(`^/.*?/golang\.org/toolchain@[^/]+/|^/.*/(lib/time/zoneinfo\.zip)$`)
)

// ownPath is a path without the numbers of the process, its threads and its descriptors, and without the place of the toolchain.
func ownPath(p string) string {
	p = gorootPath.ReplaceAllString(p, "$$GOROOT/$1")
	p = processPath.ReplaceAllString(p, "/proc/self/")
	return descriptorPath.ReplaceAllString(p, "/proc/self/fd/N")
}

// asked fills in the files that a report names.
func (f *Facts) asked(list []harness.File) {
	seen := files{index: map[string]int{}, asked: []Asked{}}
	for _, file := range list {
		seen.note(file.Path, file.Call, file.Error, file.Phase)
	}
	f.Files = seen.asked
}

// trace fills in what a trace tells: the calls of the first thread, in their order.
func (f *Facts) trace(list []harness.Syscall) {
	if len(list) == 0 {
		return
	}
	opened := files{open: map[string]string{}, index: map[string]int{}, asked: []Asked{}}
	first, alone := list[0].Thread, true
	f.Order, f.First = []Call{}, map[string]string{}
	late := map[Call]int{}
	for _, s := range list {
		if _, before := f.First[s.Name]; !before {
			f.First[s.Name] = s.Phase
		}
		if opened.take(s) {
			continue
		}
		r := roles[s.Name]
		if starters[s.Name] {
			alone = false
		}
		if r >= waiting || r == serving && !alone {
			continue
		}
		// Once main.main runs, goroutines go from thread to thread.
		if s.Thread != first && !wandering[s.Phase] {
			continue
		}
		f.call(Call{Phase: s.Phase, Name: title(s)}, late)
	}
	if f.Files == nil {
		f.Files = opened.asked // the report is of an rt0 that did not list them
	}
}

// maxOrder bounds the calls of which the order is kept: a start-up has a hundred, a program that runs to its end may make a million.
const maxOrder = 2000

// call puts a call behind those before it. Of late ones there is one entry for each name in a phase, which counts them.
func (f *Facts) call(c Call, late map[Call]int) {
	n := len(f.Order)
	at, again := n-1, n > 0 && f.Order[n-1].Name == c.Name && f.Order[n-1].Phase == c.Phase
	if !again && n >= maxOrder {
		if at, again = late[c]; !again {
			late[c] = n
		}
	}
	if again {
		f.Order[at].Times = f.Order[at].times() + 1
		return
	}
	f.Order = append(f.Order, c)
}

// wandering are the phases in which the program's goroutines may be on any thread.
var wandering = map[string]bool{"main.main": true, "exit": true}
