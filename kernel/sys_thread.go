// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"math"

	"github.com/rt0-dev/rt0/arch"
)

var threadCalls = []call{
	{name: "clone", do: sysClone, support: partial, note: "threads only: a new process is refused with EPERM"},
	{name: "clone3", do: refuse(arch.ENOSYS), support: refused, note: "ENOSYS, as before Linux 5.3; callers fall back to clone"},
	{name: "fork", do: refuseProcess, support: refused, note: "EPERM: there is one process"},
	{name: "vfork", do: refuseProcess, support: refused, note: "EPERM: there is one process"},
	{name: "execve", do: refuseProcess, support: refused, note: "EPERM: there is one program"},
	{name: "execveat", do: refuseProcess, support: refused, note: "EPERM: there is one program"},
	{name: "exit", do: sysExit},
	{name: "exit_group", do: sysExitGroup},
	{name: "gettid", do: sysGettid},
	{name: "set_tid_address", do: sysSetTIDAddress},
	{name: "set_robust_list", do: sysSetRobustList, support: partial, note: "kept, and not walked at a thread's end"},
	{name: "get_robust_list", do: sysGetRobustList, support: partial, note: "of the calling thread"},
	{name: "rseq", do: refuse(arch.ENOSYS), support: refused, note: "ENOSYS, as before Linux 4.18"},
	{name: "sched_yield", do: sysSchedYield},
}

// refuse makes a handler of an error.
func refuse(errno arch.Errno) handler {
	return func(*Thread, [6]uint64) (uint64, arch.Errno) { return 0, errno }
}

// refuseProcess answers what would make a second process or program. EPERM reads well in the guest ("fork/exec /bin/true: operation
// not permitted") and is what a seccomp sandbox says.
func refuseProcess(t *Thread, _ [6]uint64) (uint64, arch.Errno) {
	t.p.event("syscall", t.call.name, "refused with EPERM: rt0 runs one process and one program")
	return 0, arch.EPERM
}

// The flags of clone, include/uapi/linux/sched.h.
const (
	cloneVM           = 0x00000100
	cloneFS           = 0x00000200
	cloneFiles        = 0x00000400
	cloneSighand      = 0x00000800
	clonePtrace       = 0x00002000
	cloneVfork        = 0x00004000
	cloneThread       = 0x00010000
	cloneSysvsem      = 0x00040000
	cloneSetTLS       = 0x00080000
	cloneParentSetTID = 0x00100000
	cloneChildClear   = 0x00200000
	cloneDetached     = 0x00400000
	cloneUntraced     = 0x00800000
	cloneChildSetTID  = 0x01000000
	cloneIO           = 0x80000000
)

// The flags that a thread must have (copy_process: CLONE_THREAD needs CLONE_SIGHAND needs CLONE_VM), and those that it may have.
// CLONE_FS and CLONE_FILES may be missing on Linux; here, files are always shared, and Go always asks for that.
const (
	threadFlags  = cloneVM | cloneSighand | cloneThread
	allowedFlags = threadFlags | cloneFS | cloneFiles | clonePtrace | cloneSysvsem | cloneSetTLS | cloneParentSetTID | cloneChildClear |
		cloneDetached | cloneUntraced | cloneChildSetTID | cloneIO
)

// sysClone makes a thread. The order of its last arguments differs between architectures (CONFIG_CLONE_BACKWARDS).
func sysClone(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	p := t.p
	at := &p.arch.Syscall.Clone
	flags, stack, parentTID, childTID, tls := a[at.Flags], a[at.Stack], a[at.ParentTID], a[at.ChildTID], a[at.TLS]
	switch {
	case flags&cloneThread == 0:
		return refuseProcess(t, a)
	case flags&threadFlags != threadFlags:
		return 0, arch.EINVAL
	case flags&^(allowedFlags|0xff) != 0:
		p.event("flag", "clone", fmt.Sprintf("flags %#x refused with EINVAL", flags&^(allowedFlags|0xff)))
		return 0, arch.EINVAL
	case len(p.byTID) >= maxThreads:
		p.event("bound", "clone", fmt.Sprintf("more than %d threads at once: refused with EAGAIN", maxThreads))
		return 0, arch.EAGAIN
	case limit(len(p.byTID)) >= p.id.limits[limitProcesses].soft: // is_rlimit_overlimit; of root too, whom Linux lets pass
		return 0, arch.EAGAIN
	}
	child := p.newThread()
	child.mask, child.name = t.mask, t.name
	child.tls = t.tls
	if t.maskSaved {
		child.mask = t.savedMask
	}
	if flags&cloneParentSetTID != 0 {
		t.writeUint(parentTID, 4, uint64(child.TID)) // schedule_tail and kernel_clone ignore the error
	}
	if flags&cloneChildSetTID != 0 {
		t.writeUint(childTID, 4, uint64(child.TID))
	}
	if flags&cloneChildClear != 0 {
		child.clearTID = childTID
	}
	if flags&cloneSetTLS != 0 {
		if errno := child.setTLS(t, tls); errno != 0 {
			p.forget(child)
			return 0, errno
		}
	}
	p.copyRegisters(child, stack, flags&cloneSetTLS != 0, tls)
	p.sched.ready(child)
	return uint64(child.TID), 0
}

// copyRegisters gives the child the caller's registers, with its own stack, result and thread pointer.
func (p *Process) copyRegisters(child *Thread, stack uint64, setTLS bool, tls uint64) {
	here := p.sched.pool.get(p.eng)
	here.Save()
	p.setResult(0, 0)
	if stack != 0 {
		p.eng.SetReg(p.arch.SP, stack)
	}
	if setTLS && p.arch.TLS != arch.None {
		if p.arch.TLSLow != arch.None {
			p.eng.SetReg(p.arch.TLSLow, tls&math.MaxUint32)
			tls >>= 32
		}
		p.eng.SetReg(p.arch.TLS, tls)
	}
	child.ctx.Save()
	here.Load()
	p.sched.pool.put(here)
}

func sysExit(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	t.p.exitThread(t, int(a[0]&0xff))
	return 0, 0
}

// exitThread ends the current thread, and with the last thread the process.
func (p *Process) exitThread(t *Thread, code int) {
	if t.clearTID != 0 && len(p.byTID) > 1 { // mm_release: only while somebody shares the memory
		t.writeUint(t.clearTID, 4, 0)
		p.futexes.wake(t.clearTID, 1, futexAny)
	}
	if len(p.byTID) == 1 {
		p.end(Exit{Kind: Exited, Code: code, Reason: fmt.Sprintf("exit status %d", code)})
		return
	}
	t.dead, t.State = true, "dead"
	t.release()
	delete(p.byTID, t.TID)
	p.bury()
}

// bury keeps the list of threads bounded.
func (p *Process) bury() {
	p.dead++
	if p.dead <= maxDead {
		return
	}
	for i, t := range p.threads {
		if t.dead {
			p.threads = append(p.threads[:i:i], p.threads[i+1:]...)
			p.dead--
			return
		}
	}
}

// forget takes back a thread that never ran.
func (p *Process) forget(t *Thread) {
	t.dead = true
	t.release()
	delete(p.byTID, t.TID)
	p.threads = p.threads[:len(p.threads)-1]
}

func sysExitGroup(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	code := int(a[0] & 0xff)
	t.p.end(Exit{Kind: Exited, Code: code, Reason: fmt.Sprintf("exit status %d", code)})
	return 0, 0
}

func sysGettid(t *Thread, _ [6]uint64) (uint64, arch.Errno) { return uint64(t.TID), 0 }

func sysSetTIDAddress(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	t.clearTID = a[0]
	return uint64(t.TID), 0
}

func sysSetRobustList(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if a[1] != uint64(3*t.p.arch.PtrSize) {
		return 0, arch.EINVAL
	}
	t.robust = [2]uint64{a[0], a[1]}
	return 0, 0
}

func sysGetRobustList(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if a[0] != 0 && int(a[0]) != t.TID {
		return 0, arch.EPERM
	}
	word := t.p.arch.PtrSize
	if errno := t.writeUint(a[1], word, t.robust[0]); errno != 0 {
		return 0, errno
	}
	return 0, t.writeUint(a[2], word, uint64(3*word))
}

func sysSchedYield(t *Thread, _ [6]uint64) (uint64, arch.Errno) {
	t.p.sched.yield = true
	return 0, 0
}
