// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/machine"
)

// The address space of a test process: code, data and a stack.
const (
	testCode  = 0x400000
	testData  = 0x500000
	testStack = 0x600000
	testSize  = 16 * emu.PageSize
)

// arches are the architectures that tests of frames and registers run on.
var arches = arch.Names()

// spin is an endless loop, the shortest program that a thread can run.
var spin = map[string][]byte{
	"amd64":    {0xeb, 0xfe},                      // jmp .
	"386":      {0xeb, 0xfe},                      // jmp .
	"arm64":    {0x00, 0x00, 0x00, 0x14},          // b .
	"riscv64":  {0x01, 0xa0},                      // c.j .
	"arm":      {0xfe, 0xff, 0xff, 0xea},          // b .
	"s390x":    {0xa7, 0xf4, 0x00, 0x00},          // j .
	"mips":     {0x10, 0, 0xff, 0xff, 0, 0, 0, 0}, // b .; nop
	"mipsle":   {0xff, 0xff, 0, 0x10, 0, 0, 0, 0},
	"mips64":   {0x10, 0, 0xff, 0xff, 0, 0, 0, 0}, // b .; nop
	"mips64le": {0xff, 0xff, 0, 0x10, 0, 0, 0, 0},
	"ppc64le":  {0x00, 0x00, 0x00, 0x48}, // b .
	"ppc64":    {0x48, 0x00, 0x00, 0x00}, // b .
}

// newProcess makes a process that runs code; nil: it spins.
func newProcess(t *testing.T, goarch string, code []byte, change ...func(*Config)) *Process {
	t.Helper()
	a, ok := arch.Find(goarch)
	require.True(t, ok)
	e, err := emu.New(emu.Config{Arch: a})
	require.NoError(t, err)
	t.Cleanup(e.Close)
	if code == nil {
		code = spin[goarch]
	}
	mem := e.Mem()
	require.NoError(t, mem.MapBytes(testCode, testSize, emu.Read|emu.Exec, 0, code))
	require.NoError(t, mem.Map(testData, testSize, emu.Read|emu.Write, 0))
	require.NoError(t, mem.Map(testStack, testSize, emu.Read|emu.Write, 0))
	cfg := Config{
		Engine: e, Arch: a, Machine: machine.New().Resolved(),
		Exe: "/test", Entry: testCode, SP: testStack + testSize - 64, Brk: testData + testSize,
	}
	for _, f := range change {
		f(&cfg)
	}
	p, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

// do makes the current thread call a handler, as if it had trapped.
func (p *Process) do(name string, args ...uint64) (uint64, arch.Errno) {
	var a [6]uint64
	copy(a[:], args)
	for _, r := range p.table {
		if r.name == name {
			t := p.current
			t.call, t.args = r, a
			t.enter(r.n, r, a)
			result, errno := r.do(t, a)
			if t.wait == nil && !t.noResult {
				t.finish(result, errno)
			}
			t.noResult = false
			return result, errno
		}
	}
	panic("no call " + name)
}

// named is the first of these calls that the architecture has.
func (p *Process) named(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if _, ok := p.arch.SyscallNumber(name); ok {
			return name
		}
	}
	require.Fail(t, "none of these calls is there", "%v", names)
	return ""
}

// wide appends a 64-bit argument to args in the way of the architecture.
func (p *Process) wide(args []uint64, v uint64) []uint64 {
	if p.arch.PtrSize == 8 {
		return append(args, v)
	}
	if p.arch.Syscall.AlignPairs && len(args)%2 != 0 {
		args = append(args, 0)
	}
	low, high := v&(1<<32-1), v>>32
	if p.bigEndian() {
		low, high = high, low
	}
	return append(args, low, high)
}

// spawn makes a thread that spins on its own stack.
func (p *Process) spawn(t *testing.T) *Thread {
	t.Helper()
	var args [5]uint64
	args[p.arch.Syscall.Clone.Flags], args[p.arch.Syscall.Clone.Stack] = threadFlags, testStack+testSize/2
	tid, errno := p.do("clone", args[:]...)
	require.Zero(t, errno)
	return p.byTID[int(tid)]
}

// failed is what the result register holds after an error.
func failed(errno arch.Errno) uint64 { return -uint64(errno) }

// run executes n more instructions.
func (p *Process) run(n uint64) Exit {
	return p.Run(context.Background(), p.eng.Instructions()+n)
}

func TestTableIsDocumented(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range calls() {
		require.False(t, seen[c.name], "%s: two rows", c.name)
		require.NotNil(t, c.do, c.name)
		require.Equal(t, c.support == full, c.note == "", "%s: a note says what is missing, and nothing else", c.name)
		seen[c.name] = true
	}
}

func TestUnknownCallIsENOSYS(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	p.eng.SetReg(p.arch.Syscall.Number, 9999)
	p.syscall(p.current)
	p.syscall(p.current)
	require.Equal(t, failed(arch.ENOSYS), p.eng.Reg(p.arch.Syscall.Result))
	require.Equal(t, "system call 9999", p.Events()[0].Name)
	require.Equal(t, 2, p.SyscallCount())
}

func TestRunBounds(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	require.Equal(t, Limit, p.run(1000).Kind)
	require.Equal(t, Limit, p.run(1000).Kind, "Run goes on after a limit")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.Equal(t, Timeout, p.Run(ctx, 1<<40).Kind)
}

func TestEventsAreBounded(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "amd64", nil)
	for i := range 3 * maxEvents {
		p.event("syscall", "x", string(rune('a'+i)))
	}
	require.Len(t, p.Events(), maxEvents)
}
