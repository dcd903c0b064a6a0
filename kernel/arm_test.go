// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/machine"
)

// armReg is a register of arm by its name.
func armReg(t *testing.T, p *Process, name string) arch.Register {
	t.Helper()
	r, ok := p.arch.Register(name)
	require.True(t, ok, name)
	return r
}

// carry is the C flag of CPSR.
const carry = 1 << 29

// TestKernelHelpers calls what Documentation/arch/arm/kernel_user_helpers.rst promises: from ARM and from Thumb code, with all other
// registers kept.
func TestKernelHelpers(t *testing.T) {
	t.Parallel()
	const (
		cmpxchg64, barrier, cmpxchg, getTLS, version = 0xffff0f60, 0xffff0fa0, 0xffff0fc0, 0xffff0fe0, 0xffff0ffc
		old, fresh                                   = 0x11223344_55667788, 0x99aabbcc_ddeeff00
	)
	p := newProcess(t, "arm", nil)
	v, err := p.mem.Uint(version, 4)
	require.NoError(t, err)
	require.EqualValues(t, 5, v)
	// At an odd address, the program spins in Thumb: b .
	require.NoError(t, p.mem.Poke(testCode+0x40, []byte{0xfe, 0xe7}))
	word := func(at uint64, v uint64) { require.NoError(t, p.mem.PutUint(at, 8, v)) }
	for _, tc := range []struct {
		name    string
		addr    uint64
		args    [3]uint64
		memory  uint64 // at testData, before
		result  uint64
		after   uint64
		scratch []string // what may change besides r0
		carry   bool
	}{
		{"exchange", cmpxchg, [3]uint64{old & (1<<32 - 1), 7, testData}, old, 0, old&^(1<<32-1) | 7, []string{"r3", "r12"}, true},
		{"another value", cmpxchg, [3]uint64{5, 7, testData}, old, 1, old, []string{"r3", "r12"}, false},
		{"exchange 64", cmpxchg64, [3]uint64{testData + 16, testData + 24, testData}, old, 0, fresh, []string{"r3", "lr"}, true},
		{"another low half", cmpxchg64, [3]uint64{testData + 16, testData + 24, testData}, old + 1, 1, old + 1, []string{"r3", "lr"}, false},
		{"another high half", cmpxchg64, [3]uint64{testData + 16, testData + 24, testData}, old + 1<<32, 1, old + 1<<32, []string{"r3", "lr"}, false},
		{"barrier", barrier, [3]uint64{1, 2, 3}, old, 1, old, nil, true},
		{"get_tls", getTLS, [3]uint64{1, 2, 3}, old, 0x5a5a5a5c, old, nil, true},
	} {
		for _, back := range []uint64{testCode, testCode + 0x41} {
			word(testData, tc.memory)
			word(testData+16, old)
			word(testData+24, fresh)
			for i, r := range p.arch.Registers {
				if r != p.arch.SP && r != p.arch.PC {
					p.eng.SetReg(r, uint64(0x100+i))
				}
			}
			p.eng.SetReg(p.arch.TLS, 0x5a5a5a5c)
			for i, v := range tc.args {
				p.eng.SetReg(p.arch.Registers[i], v)
			}
			p.eng.SetReg(p.arch.Flags, 0x10|carry)
			p.eng.SetReg(p.arch.Link, back)
			before := map[string]uint64{}
			for _, r := range p.arch.Registers {
				before[r.Name] = p.eng.Reg(r)
			}
			p.eng.SetReg(p.arch.PC, tc.addr)
			require.Equal(t, Limit, p.run(100).Kind, tc.name)
			before["r0"], before["pc"] = tc.result, back&^1
			for _, r := range p.arch.Registers {
				if !slices.Contains(tc.scratch, r.Name) {
					require.Equal(t, before[r.Name], p.eng.Reg(r), "%s: %s", tc.name, r.Name)
				}
			}
			got, _ := p.mem.Uint(testData, 8)
			require.Equal(t, tc.after, got, tc.name)
			require.Equal(t, tc.carry, p.eng.Reg(p.arch.Flags)&carry != 0, tc.name)
			require.Equal(t, back&1 != 0, p.eng.Reg(p.arch.Flags)&p.arch.Engine.Thumb != 0, tc.name)
		}
	}
}

// TestThumb: what Go never writes. System calls, faults, handlers and their return keep the instruction set, and slices end in it.
func TestThumb(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "arm", nil)
	thumb := p.arch.Engine.Thumb
	put := func(at uint64, insns ...uint16) {
		var b []byte
		for _, v := range insns {
			b = binary.LittleEndian.AppendUint16(b, v)
		}
		require.NoError(t, p.mem.Poke(at, b))
	}
	const getpid, svc, store, loop = 0x2714, 0xdf00, 0x6001, 0xe7fe // movs r7, #20; svc #0; str r1, [r0]; b .
	put(testCode, getpid, svc, 0x1c05, 0x2000, store, loop)         // adds r5, r0, #0; movs r0, #0
	put(testHandler, 0x1c16, loop)                                  // adds r6, r2, #0
	b := p.encodeAction(action{handler: testHandler | 1, flags: saSiginfo})
	require.NoError(t, p.mem.Write(testData, b))
	_, errno := p.do("rt_sigaction", p.ownSignal(arch.SIGSEGV), testData, 0, 8)
	require.Zero(t, errno)
	p.eng.SetReg(p.arch.PC, testCode|1)
	before := p.eng.Instructions()
	require.Equal(t, Limit, p.run(200).Kind)
	require.GreaterOrEqual(t, p.eng.Instructions()-before, uint64(200), "a loop of two bytes counts")
	require.EqualValues(t, testHandler+2, p.eng.Reg(p.arch.PC))
	require.NotZero(t, p.eng.Reg(p.arch.Flags)&thumb)
	require.EqualValues(t, p.pid, p.eng.Reg(armReg(t, p, "r5")))
	require.Equal(t, p.restorer, p.eng.Reg(p.arch.Link))
	frame := p.eng.Reg(p.arch.SP)
	require.Equal(t, frame+uint64(p.arch.Signal.Context), p.eng.Reg(armReg(t, p, "r6")))
	for _, s := range p.arch.Signal.Regs {
		v, _ := p.mem.Uint(frame+uint64(s.Offset), s.Size)
		switch s.Reg {
		case p.arch.PC:
			require.EqualValues(t, testCode+8, v)
			require.NoError(t, p.mem.PutUint(frame+uint64(s.Offset), s.Size, testCode+10))
		case p.arch.Flags:
			require.NotZero(t, v&thumb)
		}
	}
	p.eng.SetReg(p.arch.PC, p.restorer) // bx lr
	require.Equal(t, Limit, p.run(100).Kind)
	require.EqualValues(t, testCode+10, p.eng.Reg(p.arch.PC))
	require.NotZero(t, p.eng.Reg(p.arch.Flags)&thumb)
}

func TestARMCalls(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "arm", nil)
	p.ok(t, "set_tls", 0x1234)
	require.EqualValues(t, 0x1234, p.eng.Reg(p.arch.TLS))
	require.EqualValues(t, 0x1234, p.ok(t, "get_tls"))
	for _, tc := range []struct {
		args [3]uint64
		want arch.Errno
	}{
		{[3]uint64{testCode, testCode + 64, 0}, 0},
		{[3]uint64{testCode, testCode, 0}, 0},
		{[3]uint64{testCode + 64, testCode, 0}, arch.EINVAL},
		{[3]uint64{testCode, testCode + 64, 1}, arch.EINVAL},
		{[3]uint64{testCode, 0xffff0000, 0}, arch.EFAULT},
	} {
		_, errno := p.do("cacheflush", tc.args[:]...)
		require.Equal(t, tc.want, errno, "%x", tc.args)
	}
	p.eng.SetReg(p.arch.PC, testCode+4)
	p.do("breakpoint")
	require.Equal(t, Killed, p.exit.Kind)
	require.Equal(t, arch.SIGTRAP, p.exit.Signal)
	require.EqualValues(t, testCode, p.exit.PC)
}

// TestMisaligned: what the CPUs of ARM do not do at odd addresses.
func TestMisaligned(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, goarch string
		code         []uint32
		addr, pc     uint64
	}{
		{"ldrex", "arm", []uint32{0xe28d5001, 0xe1951f9f}, 1, testCode + 4},                      // add r5, sp, #1; ldrex r1, [r5]
		{"ldrexd", "arm", []uint32{0xe28d5004, 0xe1b52f9f}, 4, testCode + 4},                     // add r5, sp, #4; ldrexd r2, r3, [r5]
		{"ldxr", "arm64", []uint32{0x910007e5, 0xc85f7ca1}, 1, testCode + 4},                     // add x5, sp, #1; ldxr x1, [x5]
		{"ldaddal", "arm64", []uint32{0x910013e5, 0xf8e100a2}, 4, testCode + 4},                  // add x5, sp, #4; ldaddal x1, x2, [x5]
		{"ldxr sp", "arm64", []uint32{0x910013ff, 0xc85f7fe1}, 4, testCode + 4},                  // add sp, sp, #4; ldxr x1, [sp]
		{"branch to mapped", "arm64", []uint32{0x52820040, 0x72a00800, 0xd61f0000}, 0, 0x401002}, // movz, movk x0; br x0
		{"branch to nowhere", "arm64", []uint32{0xd2800020, 0xd61f0000}, 0, 1},                   // mov x0, #1; br x0
	} {
		var text []byte
		for _, w := range tc.code {
			text = binary.LittleEndian.AppendUint32(text, w)
		}
		p := newProcess(t, tc.goarch, text)
		want := tc.pc
		if tc.addr != 0 {
			want = p.eng.Reg(p.arch.SP) + tc.addr
		}
		require.Equal(t, Killed, p.run(100).Kind, tc.name)
		require.Equal(t, arch.SIGBUS, p.exit.Signal, tc.name)
		require.Equal(t, want, p.exit.Addr, tc.name)
		require.Equal(t, tc.pc, p.exit.PC, tc.name)
	}
}

func TestARMFiles(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "arm", nil, func(c *Config) { c.Machine.CPUs, c.Machine.Features = machine.Count(2), []string{"-crc32", "+swp"} })
	require.True(t, strings.HasSuffix(p.readFile(t, "/proc/self/maps"), "\nffff0000-ffff1000 r-xp 00000000 00:00 0          [vectors]\n"))
	text := p.readFile(t, "/proc/cpuinfo")
	require.Equal(t, 2, strings.Count(text, "model name\t: ARMv7 Processor rev 1 (v7l)\n"))
	require.Contains(t, text, "\nFeatures\t: swp half thumb fastmult ")
	require.Contains(t, text, " sha2 sb \nCPU implementer\t: 0x41\n")
	require.Contains(t, text, "\nprocessor\t: 1\n")
	require.True(t, strings.HasSuffix(text, "\n\nHardware\t: Generic DT based system\nRevision\t: 0000\nSerial\t\t: 0000000000000000\n"))
}
