// SPDX-License-Identifier: GPL-2.0-or-later

package arch

// Syscall is the system call convention and the table of numbers.
type Syscall struct {
	Insn    int    // the engine's instruction id of the trap, for UC_HOOK_INSN; 0: the trap is an interrupt
	Intr    uint32 // the engine's exception number of the trap, when Insn is 0
	Length  int    // bytes from the PC of the stop to the next instruction; 0: the engine has passed the trap
	Number  Register
	Imm     bool       // the number is the last byte of the trap instruction, and Number only where that is 0 (s390x)
	Args    []Register // as many as the convention has, in order
	Stack   int        // offset from SP of the first argument that Args has no register for; 0: there is none (all but MIPS O32)
	Result  Register   // -4095 to -1 are errnos, where Failed is no register
	Second  Register   // second result, of pipe alone (MIPS); None: there is none
	Failed  Failed     // how a failed call is told apart; the zero value: by its negative result
	Numbers []Number   // ascending
	Errnos  []Renumbered

	// Clone are the indexes of clone's arguments.
	Clone Clone
	// MmapBlock says that mmap has one argument, the address of a block with the six (sys_old_mmap).
	MmapBlock bool
	// AlignPairs says that a 64-bit argument of a 32-bit program begins at an even argument.
	AlignPairs bool
	// OldTime says that the table has calls of 32-bit time_t beside the _time64 ones.
	OldTime bool
	// FlushEnd says that cacheflush is given where a range ends and no cache, not the range's size and a cache (arm; MIPS has the other).
	FlushEnd bool
	// OpenFlags and MapFlags are the flags of open and of mmap that are not where asm-generic has them.
	OpenFlags, MapFlags []Flag
	// PollEvents are the events of poll that are not where asm-generic has them. Those of epoll are the same everywhere.
	PollEvents []Flag
	// Limits are the RLIMIT_* that asm-generic numbers in another way.
	Limits []Renumbered
	// LimitInfinity is RLIM_INFINITY of getrlimit and setrlimit; 0: all bits of a word.
	LimitInfinity uint64
}

// Failed is a flag that a failed call raises; its result is then the errno itself. A call that went well clears it.
type Failed struct {
	Reg  Register
	Mask uint64 // the bits of Reg that tell
	Set  uint64 // what they are after a failure; else 0
}

// Clone are the indexes of clone's arguments, which have four orders (CONFIG_CLONE_BACKWARDS* of kernel/fork.c).
type Clone struct{ Flags, Stack, ParentTID, ChildTID, TLS int }

// The orders of clone's arguments.
var (
	cloneForwards   = Clone{Flags: 0, Stack: 1, ParentTID: 2, ChildTID: 3, TLS: 4}
	cloneBackwards  = Clone{Flags: 0, Stack: 1, ParentTID: 2, TLS: 3, ChildTID: 4} // CONFIG_CLONE_BACKWARDS
	cloneBackwards2 = Clone{Stack: 0, Flags: 1, ParentTID: 2, ChildTID: 3, TLS: 4} // CONFIG_CLONE_BACKWARDS2
)

// Flag is a bit of an argument: Linux's name, its place in asm-generic, and its place on the architecture.
type Flag struct {
	Name         string
	Generic, Own uint64
}

// Generic moves the bits of a flag word that table knows from where the architecture has them to where asm-generic has them.
func Generic(v uint64, table []Flag) uint64 {
	var from, to uint64
	for _, f := range table {
		from |= f.Own
		if v&f.Own == f.Own {
			to |= f.Generic
		}
	}
	return v&^from | to
}

// Own moves them back.
func Own(v uint64, table []Flag) uint64 {
	var from, to uint64
	for _, f := range table {
		from |= f.Generic
		if v&f.Generic == f.Generic {
			to |= f.Own
		}
	}
	return v&^from | to
}

// Number is a row of the system call table.
type Number struct {
	N    uint64
	Name string // Linux's name, lower case: "rt_sigaction"
}
