// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"strings"

	"github.com/rt0-dev/rt0/kernel"
)

// sysmonStart finds out when the thread of runtime.sysmon was started: at the first clone after runtime.newm was given sysmon to run.
type sysmonStart struct {
	asked bool
	at    *uint64 // instruction
}

// watchSysmon looks at runtime.newm, whose first argument is the function that the new thread is to run: a closure, of which the first
// word is the code's address.
func (b *boot) watchSysmon() {
	for _, f := range b.symbols["runtime.newm"] {
		b.watch(f.Addr, func(*kernel.Thread) bool {
			if b.sysmon.asked {
				return false
			}
			args, ok := b.arguments(1, strings.HasSuffix(f.Name, abiWrapper))
			if !ok || args[0] == 0 {
				return false
			}
			code, ok := b.word(args[0])
			if b.img.Minor() < sinceGoRuntime {
				code = args[0]
			}
			for _, sysmon := range b.symbols["runtime.sysmon"] {
				b.sysmon.asked = b.sysmon.asked || ok && code == sysmon.Addr
			}
			return false
		})
	}
}

// syscall notes the clone that makes the thread.
func (s *sysmonStart) syscall(c *kernel.Syscall) {
	if s.asked && s.at == nil && (c.Name == "clone" || c.Name == "clone3") && c.Errno == 0 {
		at := c.Instructions
		s.at = &at
	}
}
