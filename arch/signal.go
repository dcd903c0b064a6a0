// SPDX-License-Identifier: GPL-2.0-or-later

package arch

// Signals is what the system calls around signals have of their own on an architecture.
type Signals struct {
	Last    int          // highest number (SIGRTMAX): 64, on MIPS 128
	Numbers []Renumbered // signals that are not where x86 has them
	Flags   []Flag       // flags of sigaction that are not where asm-generic has them
	How     [3]int       // SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK
	Action  SigAction
	// CodeFirst says that siginfo_t has si_code before si_errno, SizeFirst that stack_t has ss_size before ss_flags (MIPS).
	CodeFirst, SizeFirst bool
	Timer                int32  // SI_TIMER where it is not asm-generic's −2; else 0
	Breakpoint           Signal // what the kernel's breakpoint instruction raises when nobody traces, where it is not SIGTRAP (s390x); else 0
	AddrMask             uint64 // bits of a fault's address that si_addr does not tell (s390x: those within the page)
}

// SigAction is the layout of the kernel's struct sigaction: offsets of its members.
type SigAction struct {
	Handler   int
	Flags     int
	FlagsSize int
	Restorer  int // -1: it has none
	Mask      int
}

// The struct sigaction of architectures with SA_RESTORER and of those without (include/linux/signal_types.h).
var (
	sigAction64        = SigAction{Handler: 0, Flags: 8, FlagsSize: 8, Restorer: 16, Mask: 24}
	sigAction32        = SigAction{Handler: 0, Flags: 4, FlagsSize: 4, Restorer: 8, Mask: 12}
	sigActionGeneric64 = SigAction{Handler: 0, Flags: 8, FlagsSize: 8, Restorer: -1, Mask: 16}
)

// genericHow are SIG_BLOCK, SIG_UNBLOCK and SIG_SETMASK of asm-generic/signal-defs.h.
var genericHow = [3]int{0, 1, 2}

// SignalFrame is the layout of the frame that the kernel pushes for a handler with SA_SIGINFO. Offsets are from the
// frame's start, which is the handler's SP. All that it does not name is zero.
//
// What it leaves out, rt_sigreturn takes from the context that was saved at delivery.
type SignalFrame struct {
	Size    int // whole frame
	Align   int // of the frame's address
	Skew    int // the frame's address is Align×n − Skew (x86-64 enters as if called)
	Info    int // siginfo_t
	Context int // ucontext_t
	Mask    int // uc_sigmask
	Stack   int // uc_stack
	Fault   int // where the fault address is repeated in the machine context (cr2, fault_address)
	Trap    int // trap number; -1: none
	Err     int // error code; -1: none
	// Regs are saved registers and where they go. A register that is saved twice has its real place, the one that rt_sigreturn
	// reads, last. Words are further words with a fixed value.
	Regs  []Slot
	Words []Word
	// Float are floating-point and vector registers, which rt_sigreturn reads as it reads Regs. Pointers are words that hold the
	// address of another place in the frame.
	Float    []FloatSlot
	Pointers []Pointer
	// Above is the floating-point state where it stands apart from the frame, at a fixed distance; the zero value: it does not.
	Above Above
	// FaultWords are words with a fixed value that are there when a fault with an error code caused the signal.
	FaultWords []Word
	// Hidden are parts of the block of hidden registers (Engine.Hidden), which rt_sigreturn reads as well.
	Hidden []HiddenSlot
	// Args receives signal number, siginfo and ucontext: registers, and for 386 stack slots as well.
	Args      []Register
	StackArgs []int // offsets of the same three in the frame, when the ABI passes them on the stack
	Return    int   // offset of the return address; -1: it goes to Link
	Popped    int   // how far above the frame's start SP is when rt_sigreturn is called (x86: the return address is gone)
	// Handler are registers besides PC that hold the handler's address when it is entered. Zero are those that it starts with 0 in.
	Handler, Zero []Register
	// Signo and Action are where the frame has the signal's number (4 bytes) and the action's handler (a word) once more, and Extra is a
	// register that receives the ucontext once more; 0, None: there is none (all but ppc64).
	Signo, Action int
	Extra         Register

	RedZone    int    // bytes below SP that belong to the interrupted function (x86-64: 128)
	Gap        int    // the same, where the kernel leaves them on the alternate stack too (ppc64: abigap)
	ClearFlags uint64 // bits of Flags that a handler starts without (x86: DF, RF, TF)
	ShownFlags uint64 // bits of Flags that the frame shows always, for a CPU in user mode has them and the engine has not (x86: IF)
	FaultFlags uint64 // the same, of a fault (x86: RF)
	UserFlags  uint64 // bits of Flags that a handler may change in the frame (x86: FIX_EFLAGS; arm64: NZCV and their like)
}

// Trap is what an exception of the CPU, by the engine's number, means to Linux.
type Trap struct {
	Intr   uint32
	Signal Signal
	Code   int32  // si_code
	Addr   bool   // si_addr is the instruction's address; else 0
	Number uint64 // trap number in the signal frame, where it has one
	Err    uint64 // error code in the signal frame, where it has one
	// Access gives si_addr where it is the address that an instruction accesses: by the instruction, and the registers in the order of
	// Arch.Registers. Nil: Addr says.
	Access func(insn uint32, reg func(n int) uint64) uint64
}

// Above is an area that the kernel places above the frame, aligned by itself.
type Above struct {
	Size   int
	Align  int // of the area's address, Head bytes into it
	Head   int
	Offset int // of the area, from the frame's start
}

// PageFault is the trap number of a page fault, and its error code: Base, and with it what holds of the access.
type PageFault struct {
	Trap, Base        uint64
	Protected         uint64 // there is a page, and its protection forbids the access
	Missing           uint64 // there is none
	Read, Write, Exec uint64
	Pages             bool       // si_addr is the address of the page (s390x: __FAIL_ADDR_MASK of s390/mm/fault.c)
	Fetch             *PageFault // what is said of a fetch instead; nil: the same
}

// Undefined is an instruction of four bytes that raises the exception of those that the CPU does not have or must not run, and that the
// kernel has a signal of its own for.
type Undefined struct {
	Mask, Value uint32
	Signal      Signal
	Code        int32 // si_code
}

// Page is a page of the kernel's in the guest's address space.
type Page struct {
	Addr uint64
	Name string // in /proc/PID/maps
	Code []byte
}

// Extent is the size of the frame and of what is above it, in bytes.
func (f *SignalFrame) Extent() int { return max(f.Size, f.Above.Offset+f.Above.Size) }

// Slot is a register in a signal frame.
type Slot struct {
	Reg    Register
	Offset int
	Size   int // bytes
}

// FloatSlot is a floating-point or vector register in a signal frame. What the frame has may be another form of what the engine has.
type FloatSlot struct {
	Reg    Register
	Offset int
	Size   int                 // bytes in the frame; more than 8: both words of the register
	Save   func(uint64) uint64 // from the engine's form to the frame's; nil: the same
	Load   func(uint64) uint64 // and back
}

// HiddenSlot is a part of the block of hidden registers in a signal frame.
type HiddenSlot struct{ From, Offset, Size int }

// Pointer is a word of a signal frame that holds an address within the frame.
type Pointer struct{ Offset, Target int }

// Word is a fixed value in a signal frame.
type Word struct {
	Offset, Size int
	Value        uint64
}
