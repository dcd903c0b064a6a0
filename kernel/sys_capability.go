// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import "github.com/rt0-dev/rt0/arch"

// Capabilities, as kernel/capability.c tells them: the superuser has all that the kernel knows, others have none, and nobody passes any on.
// Libraries ask in their initialisers.

var capabilityCalls = []call{
	{name: "capget", do: sysCapget, support: partial, note: "the superuser has all, others none"},
}

// capabilityVersions are the versions of struct __user_cap_header_struct (uapi/linux/capability.h), and how many structures of 32 bits
// each has; capabilityVersion is the newest.
var capabilityVersions = map[uint32]int{0x19980330: 1, 0x20071026: 2, capabilityVersion: 2}

const capabilityVersion = 0x20080522

// lastCapability is CAP_LAST_CAP: CAP_PERFMON and CAP_BPF came with Linux 5.8, CAP_CHECKPOINT_RESTORE with 5.9.
func (id *identity) lastCapability() int {
	switch {
	case id.release.before(release{5, 8}):
		return 37
	case id.release.before(release{5, 9}):
		return 39
	}
	return 40
}

// capabilities are those in force, which are also those permitted.
func (id *identity) capabilities() uint64 {
	if id.euid != 0 {
		return 0
	}
	return id.bounding()
}

// bounding is the set beyond which no program of this one's gets any.
func (id *identity) bounding() uint64 { return 1<<(id.lastCapability()+1) - 1 }

func sysCapget(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	header := make([]byte, 8)
	if errno := t.copyIn(a[0], header); errno != 0 {
		return 0, errno
	}
	version, pid := t.p.arch.Order.Uint32(header), t.p.arch.Order.Uint32(header[4:])
	words, known := capabilityVersions[version]
	if !known { // cap_validate_magic: who asks without data only wants to know the version
		errno := t.copyOut(a[0], t.encode().u32(capabilityVersion).b)
		if errno == 0 && a[1] != 0 {
			errno = arch.EINVAL
		}
		return 0, errno
	}
	switch {
	case a[1] == 0 || int32(pid) < 0:
		return 0, arch.EINVAL
	case !t.p.knows(uint64(pid)):
		return 0, arch.ESRCH
	}
	e, caps := t.encode(), t.p.id.capabilities()
	for range words {
		e.u32(caps).u32(caps).u32(0)
		caps >>= 32
	}
	return 0, t.copyOut(a[1], e.b)
}

// prReadBounding is PR_CAPBSET_READ.
func prReadBounding(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	if a[1] > uint64(t.p.id.lastCapability()) {
		return 0, arch.EINVAL
	}
	return t.p.id.bounding() >> a[1] & 1, 0
}
