// SPDX-License-Identifier: GPL-2.0-or-later

package harness

// Crash is where a guest died or got stuck: what a reader needs to see first.
type Crash struct {
	Thread    int      // tid
	Registers []string // "rip=0x401000", in the order of arch.Arch.Registers
	Traceback []string // innermost first: "runtime.throw+0x48"
	Code      string   // the instruction at PC, disassembled; "" when it cannot be read
	Syscalls  []string // the last twenty, oldest first, as strace prints them
}

// Crash tells where the guest was when the boot ended; nil when it reached the point asked for.
func (r *Report) Crash() *Crash { return r.crash }
