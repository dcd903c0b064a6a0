// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import "github.com/rt0-dev/rt0/arch"

// armCalls are ARM's private calls: arm_syscall of arm/kernel/traps.c. MIPS has one of the same name.
var armCalls = []call{
	{name: "breakpoint", do: sysBreakpoint},
	{name: "cacheflush", do: sysCacheflush},
	{name: "set_tls", do: sysSetTLS},
	{name: "get_tls", do: sysGetTLS},
}

// sysBreakpoint traps at the call itself (ptrace_break).
func sysBreakpoint(t *Thread, _ [6]uint64) (uint64, arch.Errno) {
	const trapBrkpt = 1
	p := t.p
	length, thumb := uint64(4), uint64(0)
	if p.eng.Reg(p.arch.Flags)&p.arch.Engine.Thumb != 0 {
		length, thumb = 2, 1
	}
	pc := p.eng.Reg(p.arch.PC) - length
	p.eng.SetReg(p.arch.PC, pc|thumb)
	t.noResult = true
	p.force(t, trapped(arch.Trap{Signal: arch.SIGTRAP, Code: trapBrkpt, Addr: true}, pc, "breakpoint"))
	return 0, 0
}

// sysCacheflush is do_cache_op, and mips/mm/cache.c's cacheflush. Code that the guest has written is found by the engine.
func sysCacheflush(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	start, end := a[0], a[0]+a[1]
	if t.p.arch.Syscall.FlushEnd {
		end = a[1]
	}
	switch {
	case t.p.arch.Syscall.FlushEnd && (end < start || a[2] != 0):
		return 0, arch.EINVAL
	case end < start, end > t.p.arch.UserTop:
		return 0, arch.EFAULT
	}
	return 0, 0
}

func sysSetTLS(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	t.p.eng.SetReg(t.p.arch.TLS, a[0])
	return 0, 0
}

func sysGetTLS(t *Thread, _ [6]uint64) (uint64, arch.Errno) {
	return t.p.eng.Reg(t.p.arch.TLS), 0
}
