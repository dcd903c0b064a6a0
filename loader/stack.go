// SPDX-License-Identifier: GPL-2.0-or-later

package loader

import (
	"cmp"
	"path"
	"path/filepath"
	"strings"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/machine"
)

const (
	// StackSize is the size of the first stack in bytes: Linux' default RLIMIT_STACK (_STK_LIM). One that may be larger begins with it.
	StackSize = 8 << 20
	// stackAlign is what the stack pointer is a multiple of (STACK_ROUND in fs/binfmt_elf.c).
	stackAlign = 16
	// maxString bounds each of them (MAX_ARG_STRLEN in include/uapi/linux/binfmts.h: 32 pages).
	maxString = 32 * emu.PageSize
)

// StackOptions are what the caller decides about the first stack.
type StackOptions struct {
	Name     string // argv[0]; default: the machine's, or the base name of the image's path
	Exec     string // AT_EXECFN, the path that was executed; default: "/" and the base name of the image's path
	VDSO     uint64 // AT_SYSINFO_EHDR; 0: there is no vDSO
	SysInfo  uint64 // AT_SYSINFO; 0: there is no such entry
	UID, GID uint32 // AT_UID, AT_EUID and AT_GID, AT_EGID

	CPU *arch.Processor // the machine's; nil: it is made of the machine
}

// Stack is the first stack of a process as Linux leaves it.
type Stack struct {
	SP        uint64 // where argc is
	Start     uint64 // lowest address of its mapping
	End       uint64 // first address above it
	Auxv      []Aux  // with the AT_NULL at its end
	AuxvBytes []byte // as it stands in memory: /proc/self/auxv
}

// NewStack maps the first stack and fills it as copy_strings (fs/exec.c) and create_elf_tables (fs/binfmt_elf.c) do. From the
// top: a zero word, the executable's path, environment, arguments, platform, random bytes; below them, aligned to 16, argc, argv,
// envp, auxv. The machine must be resolved; it may want another top, alignment, argument vector and auxv.
func NewStack(m Memory, i *Image, l Layout, mach machine.Machine, o StackOptions) (Stack, error) {
	base := path.Base(filepath.ToSlash(i.Path))
	if o.Exec == "" {
		o.Exec = "/" + base
	}
	args := append([]string{cmp.Or(o.Name, mach.Process.Argv0, base)}, mach.Args...)
	if mach.Process.Argc0 {
		args = nil
	}
	limit := stackLimit(mach)
	if err := i.checkStrings(o.Exec, args, mach.Env, limit); err != nil {
		return Stack{}, err
	}
	cpu := o.CPU
	if cpu == nil {
		var err error
		if cpu, err = mach.Processor(i.Arch); err != nil {
			return Stack{}, err
		}
	}

	top := cmp.Or(uint64(mach.Stack.Top), i.Arch.StackTop)
	p := pusher{top: top, sp: top, image: i}
	p.push(make([]byte, i.Arch.PtrSize))
	at := addresses{name: p.pushString(o.Exec)}
	env := p.pushStrings(mach.Env)
	argv := p.pushStrings(args)
	p.align(stackAlign) // arch_align_stack
	if text := platform(mach, cpu); text != "" {
		at.platform = p.pushString(text)
	}
	if text := cpu.BasePlatform(); text != "" {
		at.basePlatform = p.pushString(text)
	}
	at.random = p.push(mach.Random[:])

	s := Stack{Auxv: override(i.auxv(l, mach, cpu.HWCap(), o, at), mach)}
	for _, a := range s.Auxv {
		s.AuxvBytes = i.appendWords(s.AuxvBytes, a.Type, a.Value)
	}
	head := i.appendWords(nil, uint64(len(args)))
	head = i.appendWords(i.appendWords(head, argv...), 0)
	head = i.appendWords(i.appendWords(head, env...), 0)
	vectors := append(head, s.AuxvBytes...)
	p.sp -= uint64(len(vectors))
	p.align(cmp.Or(uint64(mach.Stack.Align), stackAlign)) // STACK_ROUND
	if align := uint64(mach.Stack.Align); align != 0 && p.sp&align == 0 {
		p.sp -= align
	}
	p.sp += uint64(len(vectors))
	s.SP = p.push(vectors)

	s.End = roundUp(top, emu.PageSize)
	s.Start = s.End - max(roundDown(min(limit, StackSize), emu.PageSize), roundUp(s.End-s.SP, emu.PageSize))
	if err := i.placed(&s, l); err != nil {
		return Stack{}, err
	}
	if err := m.Map(s.Start, s.End-s.Start, emu.Read|emu.Write, TagStack); err != nil {
		return Stack{}, i.loadError(err)
	}
	if err := m.Poke(s.SP, p.bytes()); err != nil {
		return Stack{}, i.loadError(err)
	}
	return s, nil
}

// stackLimit is RLIMIT_STACK in bytes.
func stackLimit(m machine.Machine) uint64 {
	if _, soft, _, ok := machine.Rlimit("stack", m.Rlimits["stack"]); ok {
		return soft
	}
	return StackSize
}

// placed looks that the stack is in user space, and keeps it off the image: where that is too near, the stack begins smaller, and what is
// used must fit.
func (i *Image) placed(s *Stack, l Layout) error {
	for _, seg := range i.Segments {
		start, end := roundDown(seg.Addr+l.Bias, emu.PageSize), roundUp(seg.Addr+seg.MemSize+l.Bias, emu.PageSize)
		if start < s.End && s.Start < end {
			s.Start = end
		}
	}
	if s.SP > s.End || s.Start > roundDown(s.SP, emu.PageSize) {
		return i.fail(Refused, "cannot be started: there is no room for a stack below %#x", s.End)
	}
	if s.End > i.Arch.UserTop {
		return i.fail(Refused, "cannot be started: the stack would end at %#x, and user space ends at %#x", s.End, i.Arch.UserTop)
	}
	return nil
}

// checkStrings holds arguments and environment against Linux' bounds: together, a quarter of the stack (bprm_stack_limits in fs/exec.c).
func (i *Image) checkStrings(path string, args, env []string, stack uint64) error {
	total, most := 0, int(max(min(stack/4, StackSize/4*3), 32*emu.PageSize))
	for _, list := range [][]string{{path}, args, env} {
		for _, s := range list {
			if strings.IndexByte(s, 0) >= 0 {
				return i.fail(Refused, "cannot be started: an argument or environment string holds a zero byte: %q", clean([]byte(s)))
			}
			if len(s) >= maxString {
				return i.fail(Refused, "cannot be started: an argument or environment string has %d bytes, Linux takes %d (argument list too long)", len(s), maxString-1)
			}
			total += len(s) + 1 + i.Arch.PtrSize
		}
	}
	if total > most {
		return i.fail(Refused, "cannot be started: arguments and environment take %d bytes, Linux takes %d (argument list too long)", total, most)
	}
	return nil
}

// appendWords appends values in the guest's pointer size and byte order.
func (i *Image) appendWords(b []byte, words ...uint64) []byte {
	var word [8]byte
	for _, w := range words {
		if i.Arch.PtrSize == 8 {
			i.Arch.Order.PutUint64(word[:], w)
		} else {
			i.Arch.Order.PutUint32(word[:], uint32(w))
		}
		b = append(b, word[:i.Arch.PtrSize]...)
	}
	return b
}

// pusher fills a stack from the top down.
type pusher struct {
	image  *Image
	top    uint64
	sp     uint64
	pieces []piece
}

type piece struct {
	addr uint64
	data []byte
}

// push puts b below what is there, and gives its address.
func (p *pusher) push(b []byte) uint64 {
	p.sp -= uint64(len(b))
	p.pieces = append(p.pieces, piece{p.sp, b})
	return p.sp
}

func (p *pusher) pushString(s string) uint64 { return p.push(append([]byte(s), 0)) }

// pushStrings puts the last string highest, as copy_strings does, and gives the addresses in the strings' order.
func (p *pusher) pushStrings(list []string) []uint64 {
	at := make([]uint64, len(list))
	for n := len(list) - 1; n >= 0; n-- {
		at[n] = p.pushString(list[n])
	}
	return at
}

func (p *pusher) align(to uint64) { p.sp &^= to - 1 }

// bytes are the contents from the stack pointer to the top.
func (p *pusher) bytes() []byte {
	b := make([]byte, p.top-p.sp)
	for _, piece := range p.pieces {
		copy(b[piece.addr-p.sp:], piece.data)
	}
	return b
}
