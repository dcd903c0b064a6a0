// SPDX-License-Identifier: GPL-2.0-or-later

package fidelity

import (
	"bytes"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/kernel"
)

// looker writes a call of the guest as strace writes it, when it has just returned.
type looker struct {
	arch *arch.Arch
	mem  *emu.Memory
	*kernel.Syscall
}

// result is the call's, as strace prints it.
func (l looker) result() string {
	switch {
	case last(l.Name):
		return ""
	case !l.Done:
		return "?"
	case l.Errno != 0:
		return "-1 " + l.Errno.String()
	}
	return fmt.Sprintf("%#x", l.Result)
}

// arguments are the call's: those of mmap from their block, where the architecture passes them so.
func (l looker) arguments() [6]uint64 {
	args := l.Args
	if l.Name == "mmap" && l.arch.Syscall.MmapBlock {
		for i := range args {
			args[i] = l.field(l.Args[0]+uint64(i*l.arch.PtrSize), l.arch.PtrSize)
		}
	}
	return args
}

// registers is the call in the registers' view.
func (l looker) registers() Call {
	c := Call{Name: l.Name, Result: l.result()}
	n := len(l.Args)
	if s, ok := signatures[l.Name]; ok {
		n = len(s.args)
		if l.arch.PtrSize == 8 {
			n -= strings.Count(s.args, "h")
		}
	}
	for _, v := range l.Args[:n] {
		c.Args = append(c.Args, fmt.Sprintf("%#x", v))
	}
	return c
}

// Flags that say whether there is a further argument.
const (
	oCreat = 0o100 // O_CREAT
	fGetFD = 1     // F_GETFD
	fGetFL = 3     // F_GETFL
)

// shown are how many of its arguments strace writes, for the calls where it depends on one of them.
var shown = map[string]func(l looker) int{
	"open":    func(l looker) int { return 2 + int(l.Args[1]&oCreat/oCreat) },
	"openat":  func(l looker) int { return 3 + int(l.Args[2]&oCreat/oCreat) },
	"fcntl":   looker.fcntl,
	"fcntl64": looker.fcntl,
}

func (l looker) fcntl() int {
	if l.Args[1] == fGetFD || l.Args[1] == fGetFL {
		return 2
	}
	return 3
}

// contents is the call in the contents' view.
func (l looker) contents() Call {
	c := Call{Name: l.Name, Result: l.result()}
	if last(l.Name) {
		return c
	}
	letters := strings.ReplaceAll(signatures[l.Name].args, "h", "")
	n := len(letters)
	if f := shown[l.Name]; f != nil {
		n = f(l)
	}
	for i := range n {
		write, v := writers[letters[i]], l.Args[i]
		switch {
		case write == nil:
			c.Args = append(c.Args, strconv.FormatInt(int64(v), 10))
		case v == 0:
			c.Args = append(c.Args, "NULL")
		case l.Errno != 0 && letters[i] != 's' && !l.input(i):
			c.Args = append(c.Args, fmt.Sprintf("%#x", v))
		default:
			c.Args = append(c.Args, write(l, v))
		}
	}
	if l.Name == "set_thread_area" && l.Errno == 0 {
		c.Result = fmt.Sprintf("0 (entry_number=%d)", int32(l.field(l.Args[0], 4)))
	}
	return c
}

// input says whether a structure is read by the kernel and not written: the first of a call with two.
func (l looker) input(i int) bool {
	letters := signatures[l.Name].args
	return i+1 < len(letters) && letters[i] == letters[i+1]
}

// writers write what an argument points to, by the letters of signature.
var writers = map[byte]func(looker, uint64) string{
	's': looker.path, 'r': looker.bytes, 'S': looker.sigset, 'A': looker.sigaction, 'K': looker.altstack, 'M': looker.cpus,
	'N': looker.utsname, 'U': looker.userDesc, 'T': func(looker, uint64) string { return timeValue },
}

// peek reads the guest's memory; what cannot be read is zeroes.
func (l looker) peek(addr, size uint64) []byte {
	b := make([]byte, size)
	l.mem.Peek(addr, b)
	return b
}

// field reads an integer of 4 or 8 bytes.
func (l looker) field(addr uint64, size int) uint64 {
	v, _ := l.mem.Uint(addr, size)
	return v
}

const pathMax = 4096 // PATH_MAX

func (l looker) path(addr uint64) string {
	s, err := l.mem.CString(addr, pathMax)
	if err != nil {
		return fmt.Sprintf("%#x", addr)
	}
	return strconv.Quote(s)
}

func (l looker) bytes(addr uint64) string { return strconv.Quote(string(l.peek(addr, l.Result))) }

// sigset writes a mask of 64 signals (strace's sprintsigmask_n): what is missing, when that is shorter.
func (l looker) sigset(addr uint64) string {
	return sigset(l.arch.Order.Uint64(l.peek(addr, 8)))
}

func sigset(mask uint64) string {
	prefix := ""
	if bits.OnesCount64(mask)*3 > 64*2 {
		prefix, mask = "~", ^mask
	}
	return prefix + list(64, func(i int) bool { return mask>>i&1 == 1 }, 1)
}

// list writes the numbers of those of n bits that are set, counted from first.
func list(n int, set func(int) bool, first int) string {
	var names []string
	for i := range n {
		if set(i) {
			names = append(names, strconv.Itoa(i+first))
		}
	}
	return "[" + strings.Join(names, " ") + "]"
}

// saRestorer is SA_RESTORER.
const saRestorer = 0x04000000

func (l looker) sigaction(addr uint64) string {
	word := uint64(l.arch.PtrSize)
	at := func(i uint64) uint64 { return l.field(addr+i*word, int(word)) }
	handler, flags, restorer := at(0), at(1), at(2)
	s := fmt.Sprintf("{sa_handler=%s, sa_mask=%s, sa_flags=%s", hex(handler), l.sigset(addr+3*word), hex(flags))
	if flags&saRestorer != 0 {
		s += ", sa_restorer=" + hex(restorer)
	}
	return s + "}"
}

func (l looker) altstack(addr uint64) string {
	word := l.arch.PtrSize
	sp, flags, size := l.field(addr, word), l.field(addr+uint64(word), 4), l.field(addr+2*uint64(word), word)
	at := "NULL"
	if sp != 0 {
		at = hex(sp)
	}
	return fmt.Sprintf("{ss_sp=%s, ss_flags=%s, ss_size=%d}", at, hex(flags), size)
}

func (l looker) cpus(addr uint64) string {
	mask := l.peek(addr, l.Result)
	return list(8*len(mask), func(i int) bool { return mask[i/8]>>(i%8)&1 == 1 }, 0)
}

// utsnameFields are those of struct new_utsname, 65 bytes each.
var utsnameFields = []string{"sysname", "nodename", "release", "version", "machine", "domainname"}

func (l looker) utsname(addr uint64) string {
	const size = 65
	var fields []string
	for i, name := range utsnameFields {
		value, _, _ := bytes.Cut(l.peek(addr+uint64(i)*size, size), []byte{0})
		fields = append(fields, fmt.Sprintf("%s=%q", name, value))
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// userDescFlags are the bit fields of struct user_desc and their widths.
var userDescFlags = []struct {
	name string
	bits int
}{{"seg_32bit", 1}, {"contents", 2}, {"read_exec_only", 1}, {"limit_in_pages", 1}, {"seg_not_present", 1}, {"useable", 1}}

func (l looker) userDesc(addr uint64) string {
	at := func(i uint64) uint64 { return l.field(addr+4*i, 4) }
	fields := []string{
		fmt.Sprintf("entry_number=%d", int32(at(0))), "base_addr=" + hex(at(1)), fmt.Sprintf("limit=0x%06x", at(2)),
	}
	flags := at(3)
	for _, f := range userDescFlags {
		fields = append(fields, fmt.Sprintf("%s=%d", f.name, flags&(1<<f.bits-1)))
		flags >>= f.bits
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// hex writes a number as C's %#x does: zero has no prefix.
func hex(v uint64) string {
	if v == 0 {
		return "0"
	}
	return fmt.Sprintf("%#x", v)
}
