// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"

	"github.com/rt0-dev/rt0/arch"
)

var prctlCalls = []call{
	{name: "prctl", do: sysPrctl, support: partial, note: "names, dumpable, timer slack, no_new_privs, THP_DISABLE; others, PR_SET_VMA among them: EINVAL"},
	{name: "arch_prctl", do: sysArchPrctl, support: partial, note: "ARCH_SET_FS and ARCH_GET_FS; others: EINVAL"},
	{name: "set_thread_area", do: sysSetThreadArea},
	{name: "get_thread_area", do: sysGetThreadArea},
	{name: "modify_ldt", do: sysModifyLDT, support: partial, note: "386 alone; 512 entries instead of 8192: above, ENOMEM"},
	{name: "personality", do: sysPersonality, support: partial, note: "PER_LINUX; flags are accepted and not taken"},
	{name: "seccomp", do: refuse(arch.EINVAL), support: refused, note: "EINVAL, as without CONFIG_SECCOMP_FILTER"},
}

// prctls are the options that are known, include/uapi/linux/prctl.h. PR_SET_VMA (anonymous mappings with names, CONFIG_ANON_VMA_NAME)
// is not among them, as on most kernels; the runtime asks once and remembers.
var prctls = map[uint32]handler{
	1:  succeed,         // PR_SET_PDEATHSIG: the parent does not die
	3:  constant(1),     // PR_GET_DUMPABLE
	4:  succeed,         // PR_SET_DUMPABLE
	7:  constant(0),     // PR_GET_KEEPCAPS
	8:  succeed,         // PR_SET_KEEPCAPS
	15: prSetName,       // PR_SET_NAME
	16: prGetName,       // PR_GET_NAME
	21: constant(0),     // PR_GET_SECCOMP
	23: prReadBounding,  // PR_CAPBSET_READ
	29: succeed,         // PR_SET_TIMERSLACK
	30: constant(50000), // PR_GET_TIMERSLACK
	36: succeed,         // PR_SET_CHILD_SUBREAPER
	38: succeed,         // PR_SET_NO_NEW_PRIVS
	39: constant(0),     // PR_GET_NO_NEW_PRIVS
	41: prSetTHPDisable, // PR_SET_THP_DISABLE
	42: prGetTHPDisable, // PR_GET_THP_DISABLE
}

func succeed(*Thread, [6]uint64) (uint64, arch.Errno) { return 0, 0 }

func constant(v uint64) handler {
	return func(*Thread, [6]uint64) (uint64, arch.Errno) { return v, 0 }
}

func sysPrctl(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	const setVMA = 0x53564d41
	option := uint32(a[0])
	if do := prctls[option]; do != nil {
		return do(t, a)
	}
	if option != setVMA {
		t.p.event("flag", "prctl", fmt.Sprintf("option %d refused with EINVAL", option))
	}
	return 0, arch.EINVAL
}

// prSetName keeps up to 15 bytes of a string, TASK_COMM_LEN with its zero.
func prSetName(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	var name []byte
	for i := uint64(0); i < 15; i++ {
		c, errno := t.readUint(a[1]+i, 1)
		if errno != 0 {
			return 0, errno
		}
		if c == 0 {
			break
		}
		name = append(name, byte(c))
	}
	t.name = string(name)
	return 0, 0
}

func prGetName(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	return 0, t.copyOut(a[1], t.encode().field(16, t.comm()).b)
}

func prSetTHPDisable(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if a[2]|a[3]|a[4] != 0 {
		return 0, arch.EINVAL
	}
	t.p.id.thpDisabled = a[1] != 0
	return 0, 0
}

func prGetTHPDisable(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if a[1]|a[2]|a[3]|a[4] != 0 {
		return 0, arch.EINVAL
	}
	if t.p.id.thpDisabled {
		return 1, 0
	}
	return 0, 0
}

// sysArchPrctl sets the thread pointer of x86-64, arch/x86/include/uapi/asm/prctl.h.
func sysArchPrctl(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	const setFS, getFS = 0x1002, 0x1003
	p := t.p
	switch a[0] {
	case setFS:
		if a[1] >= p.arch.UserTop {
			return 0, arch.EPERM
		}
		p.eng.SetReg(p.arch.TLS, a[1])
		return 0, 0
	case getFS:
		return 0, t.writeUint(a[1], 8, p.eng.Reg(p.arch.TLS))
	}
	p.event("flag", "arch_prctl", fmt.Sprintf("code %#x refused with EINVAL", a[0]))
	return 0, arch.EINVAL
}

func sysPersonality(_ *Thread, a [6]uint64) (uint64, arch.Errno) {
	if uint32(a[0]) != 0xffffffff && a[0]&0xff != 0 {
		return 0, arch.EINVAL
	}
	return 0, 0
}

// userDesc is struct user_desc of arch/x86/include/uapi/asm/ldt.h: 16 bytes.
type userDesc struct{ entry, base, limit, flags uint32 }

// The bits of userDesc.flags.
const (
	seg32bit       = 1 << 0
	contentsShift  = 1 // two bits
	readExecOnly   = 1 << 3
	limitInPages   = 1 << 4
	segNotPresent  = 1 << 5
	useable        = 1 << 6
	emptyDescFlags = readExecOnly | segNotPresent
)

// empty says that the description clears an entry: LDT_empty, LDT_zero.
func (u userDesc) empty() bool {
	return u.base == 0 && u.limit == 0 && (u.flags&^useable == emptyDescFlags && u.flags&useable == 0 || u.flags == 0)
}

// descriptor is fill_ldt: the entry of the table, 0 when it is cleared.
func (u userDesc) descriptor() uint64 {
	if u.empty() {
		return 0
	}
	bit := func(flag uint32) uint64 {
		if u.flags&flag != 0 {
			return 1
		}
		return 0
	}
	kind := uint64(1) | (bit(readExecOnly)^1)<<1 | uint64(u.flags>>contentsShift&3)<<2
	base, limit := uint64(u.base), uint64(u.limit)
	return limit&0xffff | base&0xffffff<<16 | kind<<40 | 1<<44 | 3<<45 | (bit(segNotPresent)^1)<<47 | limit>>16&0xf<<48 |
		bit(useable)<<52 | bit(seg32bit)<<54 | bit(limitInPages)<<55 | base>>24<<56
}

func sysSetThreadArea(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	entry, errno := t.setThreadArea(t, a[0])
	if errno != 0 {
		return 0, errno
	}
	t.p.loadTLS(t)
	return 0, t.writeUint(a[0], 4, entry)
}

// setThreadArea is do_set_thread_area: it gives a thread the descriptor that t's memory describes at addr, and returns its entry.
// Only for itself may a thread ask for a free entry (-1).
func (t *Thread) setThreadArea(of *Thread, addr uint64) (uint64, arch.Errno) {
	u, errno := t.readUserDesc(addr)
	if errno != 0 {
		return 0, errno
	}
	if !u.empty() && (u.flags&seg32bit == 0 || u.flags>>contentsShift&3 > 1 || u.flags&segNotPresent != 0) {
		return 0, arch.EINVAL // tls_desc_okay
	}
	if u.entry == ^uint32(0) && of == t {
		u.entry = gdtTLS
		for u.entry < gdtTLS+gdtTLSCount && of.tls[u.entry-gdtTLS] != 0 {
			u.entry++
		}
		if u.entry == gdtTLS+gdtTLSCount {
			return 0, arch.ESRCH
		}
	}
	if u.entry < gdtTLS || u.entry >= gdtTLS+gdtTLSCount {
		return 0, arch.EINVAL
	}
	of.tls[u.entry-gdtTLS] = u.descriptor()
	return uint64(u.entry), 0
}

func (t *Thread) readUserDesc(addr uint64) (userDesc, arch.Errno) {
	var b [16]byte
	if errno := t.copyIn(addr, b[:]); errno != 0 {
		return userDesc{}, errno
	}
	word := func(i int) uint32 { return uint32(getUint(t.p.arch, b[4*i:4*i+4])) }
	return userDesc{word(0), word(1), word(2), word(3)}, 0
}

// sysGetThreadArea is the opposite: fill_user_desc.
func sysGetThreadArea(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	entry, errno := t.readUint(a[0], 4)
	if errno != 0 {
		return 0, errno
	}
	if entry < gdtTLS || entry >= gdtTLS+gdtTLSCount {
		return 0, arch.EINVAL
	}
	d := t.tls[entry-gdtTLS]
	flags := d>>54&1 | d>>42&3<<contentsShift | (d>>41&1^1)*readExecOnly | d>>55&1*limitInPages | (d>>47&1^1)*segNotPresent | d>>52&1*useable
	e := t.encode().u32(entry).u32(d>>16&0xffffff | d>>56<<24).u32(d&0xffff | d>>48&0xf<<16).u32(flags)
	return 0, t.copyOut(a[0], e.b)
}
