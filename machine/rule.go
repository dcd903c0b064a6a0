// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/arch"
)

// Rule says what becomes of some system calls instead of what the kernel would do: an errno, a value, a signal, death, or a delay. Its
// text follows strace's --inject:
//
//	CALLS[:argN=V][:path=P][:thread=N][:when=EXPR]:ACTION[:delay=D]
//
//	fcntl:error=ENOSYS                     every fcntl fails
//	mmap,mmap2:when=3:error=ENOMEM         the third of both together
//	openat:path=/sys/fs/cgroup/*:error=EACCES
//	!read,write,exit_group:kill=process    all calls but these, as seccomp's filters do
//	futex:arg1&0x7f=0:delay=250ms          done after 250 ms of the guest's time
//
// A machine's rules are tried in their order, and the first that applies counts; each counts the calls that it matches for itself, whether
// or not another comes before it. A call that a signal has interrupted and that starts over is one call.
type Rule struct {
	// Calls are Linux's names in lower case, or the architecture's numbers in decimal, or "all" alone. A name that the booted
	// architecture lacks is passed over, so that one rule can name fcntl and fcntl64; one that none has is refused.
	Calls []string
	// Not turns Calls round: every call but these.
	Not bool
	// Args must all hold.
	Args []ArgTest
	// Path is what the call's path argument must be, absolute and without ., .. and //, symbolic links as they are; of calls on a
	// descriptor, the path that it was opened with. A * at its end stands for any ending. Default: any call.
	Path string
	// Thread is the number of the calling thread in order of creation, from 1. Default: any.
	Thread int
	// When are the matches that count, numbered from 1. Default: all.
	When When

	// Of these four a rule has one at most. Error is an errno's name, which the architecture numbers ("ENOSYS" is 89 on MIPS), or a
	// number that the guest gets as it is, 1 to 4095; the call is not done.
	Error string
	// Retval is what the call returns instead of being done; the architecture's register may cut it.
	Retval *int64
	// Trap is SECCOMP_RET_TRAP: SIGSYS with si_syscall and si_arch, the call is not done, and its registers stay.
	Trap bool
	// Kill is "thread" or "process", as SECCOMP_RET_KILL_THREAD and SECCOMP_RET_KILL_PROCESS end them.
	Kill string

	// Signal is sent to the thread as it enters the call: a name ("SIGUSR1"), or a number of the architecture's. The call is done unless
	// Error or Retval say otherwise; one that would wait returns EINTR.
	Signal string
	// Delay is how long the thread sleeps, on the guest's clock, before all that.
	Delay Duration
}

// ArgTest is a test of a call's argument, by its bits as they stand in the register: (argument & Mask) == Value, in the width of a pointer.
type ArgTest struct {
	Index int    // from 0, to 5
	Mask  uint64 // 0: all bits
	Value uint64
	Not   bool // they must differ
}

// When are some of the numbers from 1: First, First+Step, ... up to Last. The zero value are all.
type When struct {
	First int // 0: 1
	Last  int // 0: without end
	Step  int // 0: 1
}

// Holds says whether n is one of them.
func (w When) Holds(n int) bool {
	first := max(w.First, 1)
	return n >= first && (w.Last == 0 || n <= w.Last) && (n-first)%max(w.Step, 1) == 0
}

// Holds says whether an argument passes, on an architecture whose pointers have so many bytes.
func (a ArgTest) Holds(arg uint64, ptrSize int) bool {
	mask := uint64(math.MaxUint64)
	if a.Mask != 0 {
		mask = a.Mask
	}
	if ptrSize == 4 {
		mask &= math.MaxUint32
	}
	return (arg&mask == a.Value&mask) != a.Not
}

// HoldsPath says whether an absolute path passes.
func (r *Rule) HoldsPath(path string) bool {
	if prefix, any := strings.CutSuffix(r.Path, "*"); any {
		return strings.HasPrefix(path, prefix)
	}
	return path == r.Path
}

const (
	anyCall     = "all"
	killThread  = "thread"
	killProcess = "process"

	maxArgIndex = 5
	maxErrno    = 4095 // MAX_ERRNO of include/linux/err.h
	maxSignal   = 128  // MIPS' SIGRTMAX
)

// Validate says what is wrong with a rule, nil if nothing.
func (r Rule) Validate() error {
	if err := r.canonical().check(); err != nil {
		return &ValueError{rulesKey, r.String(), err.Error()}
	}
	return nil
}

// rulesKey is the key of the rules.
const rulesKey = "rules"

// canonical is the form that equal rules share.
func (r Rule) canonical() Rule {
	calls := make([]string, 0, len(r.Calls))
	for _, call := range r.Calls {
		call = strings.ToLower(call)
		if n, err := parseNumber(call); err == nil && n <= math.MaxUint32 {
			call = strconv.FormatUint(n, 10)
		}
		calls = append(calls, call)
	}
	r.Calls = calls
	r.Args = slices.Clone(r.Args)
	for i := range r.Args {
		if a := &r.Args[i]; a.Mask == math.MaxUint64 {
			a.Mask = 0
		}
	}
	if len(r.Args) == 0 {
		r.Args = nil
	}
	w := &r.When
	if w.First == 0 {
		w.First = 1
	}
	if w.Step == 1 || w.Last == w.First {
		w.Step = 0
	}
	if *w == (When{First: 1}) {
		*w = When{}
	}
	r.Error = strings.ToUpper(r.Error)
	if sig, ok := arch.FindSignal(r.Signal); ok {
		r.Signal = sig.String()
	}
	r.Kill = strings.ToLower(r.Kill)
	if r.Retval != nil {
		value := *r.Retval
		r.Retval = &value
	}
	return r
}

// check says what is wrong with a rule in its canonical form.
func (r Rule) check() error {
	checks := []func() error{r.checkCalls, r.checkTests, r.checkAction}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (r Rule) checkCalls() error {
	if len(r.Calls) == 0 {
		return errors.New("it names no system call; want names, numbers, or all")
	}
	for _, call := range r.Calls {
		switch {
		case call == anyCall && len(r.Calls) > 1:
			return errors.New("all is every call, and stands alone")
		case call == anyCall && r.Not:
			return errors.New("!all is no call")
		case call == anyCall, arch.HasSyscall(call):
		case isDigits(call):
			if n, err := parseNumber(call); err != nil || n > math.MaxUint32 {
				return fmt.Errorf("%s: the numbers of system calls have 32 bits", clip(call))
			}
		default:
			return fmt.Errorf("no architecture has a system call %q; did you mean %q?", clip(call), nearest(call, arch.SyscallNames()))
		}
	}
	return nil
}

func (r Rule) checkTests() error {
	for _, a := range r.Args {
		switch {
		case a.Index < 0 || a.Index > maxArgIndex:
			return fmt.Errorf("arg%d: system calls have the arguments arg0 to arg%d", a.Index, maxArgIndex)
		case a.Mask != 0 && a.Value&^a.Mask != 0:
			return fmt.Errorf("arg%d: %s has bits that the mask %s takes away", a.Index, number(a.Value), number(a.Mask))
		}
	}
	switch w := r.When; {
	case r.Thread < 0:
		return errors.New("threads are numbered from 1")
	case w.First < 0 || w.Last < 0 || w.Step < 0, w.Last != 0 && w.Last < w.First:
		return fmt.Errorf("when=%s is no number of a match", w)
	}
	return checkRulePath(r.Path)
}

func checkRulePath(text string) error {
	whole, _ := strings.CutSuffix(text, "*")
	if whole != text {
		whole += "x" // in place of what the * stands for: a prefix may end in a slash
	}
	switch {
	case text == "", text == "*":
		return nil
	case !strings.HasPrefix(whole, "/") || path.Clean(whole) != whole:
		return fmt.Errorf("path=%s can match nothing: want an absolute path in its shortest form", clip(text))
	case strings.ContainsRune(text, 0) || len(text) >= maxPath:
		return fmt.Errorf("paths have less than %d bytes, none of them 0", maxPath)
	}
	return nil
}

func (r Rule) checkAction() error {
	actions := 0
	for _, there := range []bool{r.Error != "", r.Retval != nil, r.Trap, r.Kill != ""} {
		if there {
			actions++
		}
	}
	switch {
	case actions > 1:
		return errors.New("of error, retval, trap and kill a rule has one")
	case (r.Trap || r.Kill != "") && r.Signal != "":
		return errors.New("trap and kill have their own signal, SIGSYS")
	case actions == 0 && r.Signal == "" && r.Delay == 0:
		return errors.New("it does nothing; want error=ERRNO, retval=N, signal=SIGNAL, trap, kill=thread, kill=process or delay=DURATION")
	case r.Kill != "" && r.Kill != killThread && r.Kill != killProcess:
		return errors.New("want kill=thread or kill=process")
	case r.Delay < 0:
		return errors.New("a delay is above 0")
	}
	if err := checkErrno(r.Error); err != nil {
		return err
	}
	return checkSignal(r.Signal)
}

// checkErrno takes an errno's name or number; "" is none.
func checkErrno(text string) error {
	if _, known := arch.FindErrno(text); known || text == "" {
		return nil
	}
	if n, err := strconv.Atoi(text); isDigits(text) {
		if err != nil || n < 1 || n > maxErrno {
			return fmt.Errorf("errnos are 1 to %d", maxErrno)
		}
		return nil
	}
	return fmt.Errorf("there is no errno %q; did you mean %q?", clip(text), nearest(text, arch.ErrnoNames()))
}

func checkSignal(text string) error {
	if _, known := arch.FindSignal(text); known || text == "" {
		return nil
	}
	if n, err := strconv.Atoi(text); isDigits(text) {
		if err != nil || n < 1 || n > maxSignal {
			return fmt.Errorf("signals are 1 to %d", maxSignal)
		}
		return nil
	}
	return fmt.Errorf("there is no signal %q; did you mean %q?", clip(text), nearest(text, arch.SignalNames()))
}
