// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/machine"
)

// onPowerPC runs a test on the architectures whose programs may have function descriptors, with the code that is given as words.
func onPowerPC(t *testing.T, change func(*Config), f func(t *testing.T, p *Process), code ...uint32) {
	t.Helper()
	for _, a := range arch.All() {
		if a.TOC == arch.None {
			continue
		}
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			var b []byte
			for _, w := range code {
				b = a.Order.(binary.AppendByteOrder).AppendUint32(b, w)
			}
			f(t, newProcess(t, a.Name, b, change))
		})
	}
}

// TestPowerPCTraps: what a handler is told, siginfo and the trap number of the interrupt (powerpc/kernel/traps.c, mm/fault.c).
func TestPowerPCTraps(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		code       []uint32
		signal     arch.Signal
		si, at     int32  // si_code; the instruction's index
		addr, trap uint64 // addr 0: the instruction's
		dsisr      uint64
	}{
		"trap":            {[]uint32{0x60000000, 0x7fe00008}, arch.SIGTRAP, 1, 1, 0, 0x700, 0},
		"tdi":             {[]uint32{0x0be00000}, arch.SIGTRAP, 1, 0, 0, 0x700, 0},
		"undefined":       {[]uint32{0}, arch.SIGILL, 1, 0, 0, 0x700, 0},
		"privileged":      {[]uint32{0x60000000, 0x7c6000a6}, arch.SIGILL, 5, 1, 0, 0x700, 0},                               // mfmsr r3
		"scv":             {[]uint32{0x44000001}, arch.SIGILL, 1, 0, 0, 0x700, 0},                                           //
		"unaligned":       {[]uint32{0x3c800050, 0x60840003, 0x7c602028}, arch.SIGBUS, 1, 2, testData + 3, 0x600, 0},        // lwarx r3, 0, r4
		"load of nothing": {[]uint32{0x38800018, 0xe8640008}, arch.SIGSEGV, 1, 1, 0x20, 0x300, 0x40000000},                  // ld r3, 8(r4)
		"store to code":   {[]uint32{0x3c800040, 0xf8640008}, arch.SIGSEGV, 2, 1, testCode + 8, 0x300, 0x0a000000},          // std r3, 8(r4)
		"jump to data":    {[]uint32{0x3c800050, 0x7c8903a6, 0x4e800420}, arch.SIGSEGV, 2, -1, testData, 0x400, 0x10000000}, // bctr
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onPowerPC(t, func(*Config) {}, func(t *testing.T, p *Process) {
				p.handle(t, tc.signal, 0, sigset{})
				p.Run(t.Context(), p.eng.Instructions()+uint64(len(tc.code)))
				f, frame := &p.arch.Signal, p.eng.Reg(p.arch.SP)
				require.Nil(t, p.exit)
				require.EqualValues(t, testHandler, p.eng.Reg(p.arch.PC)&^0xff)
				read := func(offset, size int) uint64 {
					v, errno := p.current.readUint(frame+uint64(offset), size)
					require.Zero(t, errno)
					return v
				}
				pc, addr := uint64(testCode+4*tc.at), tc.addr
				if tc.at < 0 {
					pc = addr
				}
				if addr == 0 {
					addr = pc
				}
				require.EqualValues(t, tc.signal, p.eng.Reg(f.Args[0]))
				require.EqualValues(t, tc.si, read(f.Info+8, 4))
				require.Equal(t, addr, read(f.Info+16, 8))
				require.Equal(t, addr, read(f.Fault, 8))
				require.Equal(t, tc.trap, read(f.Trap, 8))
				require.Equal(t, tc.dsisr, read(f.Err, 8))
				require.EqualValues(t, tc.signal, read(f.Signo, 4))
				require.EqualValues(t, testHandler, read(f.Action, 8))
				for _, s := range f.Regs {
					if s.Reg == p.arch.PC {
						require.Equal(t, pc, read(s.Offset, 8))
					}
				}
			}, tc.code...)
		})
	}
}

// TestFunctionDescriptors: a program of the first ABI is entered, and its handlers are, through descriptors; one of the second by addresses.
func TestFunctionDescriptors(t *testing.T) {
	t.Parallel()
	const code, toc = testCode + 0x300, testData + 0x8000
	for _, descriptors := range []bool{false, true} {
		onPowerPC(t, func(c *Config) { c.Descriptors, c.TOC = descriptors, 0x1234 }, func(t *testing.T, p *Process) {
			if descriptors {
				require.EqualValues(t, 0x1234, p.eng.Reg(p.arch.TOC))
				require.Zero(t, p.eng.Reg(p.arch.Entry))
			} else {
				require.EqualValues(t, testCode, p.eng.Reg(p.arch.Entry))
				require.Zero(t, p.eng.Reg(p.arch.TOC))
			}
			p.handle(t, arch.SIGUSR1, 0, sigset{})
			require.NoError(t, p.mem.Poke(testHandler, p.current.encode().word(code).word(toc).b))
			require.Zero(t, p.send(p.current, siginfo{signo: arch.SIGUSR1}))
			p.deliverSignals(p.current)
			want := uint64(testHandler)
			if descriptors {
				want = code
				require.EqualValues(t, toc, p.eng.Reg(p.arch.TOC))
			} else {
				require.Equal(t, want, p.eng.Reg(p.arch.Entry))
			}
			require.Equal(t, want, p.eng.Reg(p.arch.PC))
			for _, r := range p.arch.Signal.Handler {
				require.Equal(t, want, p.eng.Reg(r))
			}
		})
	}
}

// TestPowerPCCPUInfo: /proc/cpuinfo has a paragraph for each CPU, and one of the machine.
func TestPowerPCCPUInfo(t *testing.T) {
	t.Parallel()
	onPowerPC(t, withMachine(machine.CPUs(3)), func(t *testing.T, p *Process) {
		text := p.readFile(t, "/proc/cpuinfo")
		require.Equal(t, 3, strings.Count(text, "processor\t: "))
		require.Contains(t, text, "processor\t: 2\ncpu\t\t: POWER9")
		require.True(t, strings.HasSuffix(text, "\nMMU\t\t: Radix\n"))
	})
}

// TestHiddenInFrame: a frame shows the registers that the engine hides, and the program goes on with what the handler makes of them there.
func TestHiddenInFrame(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *Process) {
		for i, s := range p.arch.Signal.Hidden {
			want := p.eng.Hidden()
			for n := range min(s.Size, 512) {
				want[s.From+n] = byte(0x40*i + n*5)
			}
			if i > 0 {
				break // the others have bits that are not there
			}
			p.eng.SetHidden(want)
			p.handle(t, arch.SIGUSR1, 0, sigset{})
			require.Zero(t, p.send(p.current, siginfo{signo: arch.SIGUSR1}))
			p.deliverSignals(p.current)
			got, at := make([]byte, s.Size), p.eng.Reg(p.arch.SP)+uint64(s.Offset)
			require.NoError(t, p.mem.Read(at, got))
			require.Equal(t, want[s.From:s.From+s.Size], got)
			p.eng.SetHidden(make([]byte, len(want)))
			want[s.From+40] ^= 0xff
			require.NoError(t, p.mem.Write(at+40, want[s.From+40:s.From+41]))
			p.returns()
			require.Equal(t, want, p.eng.Hidden())
		}
	})
}
