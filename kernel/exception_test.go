// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"testing"

	"github.com/rt0-dev/rt0/arch"
	"github.com/stretchr/testify/require"
)

// What a handler is told of s390x's program interruptions: the PSW is behind the instruction, si_addr on it; a page that is not there leaves
// the PSW, and has its address told in whole pages.
func TestProgramInterruptions(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name         string
		code         []byte
		sig          arch.Signal
		si, at, past int
	}{
		{"operation", []byte{0x00, 0x01}, arch.SIGILL, 1, 0, 2},
		{"divide", []byte{0xa7, 0x29, 0, 0, 0xb9, 0x87, 0, 0x22}, arch.SIGFPE, 1, 4, 4},                               // lghi r2,0; dlgr r2,r2
		{"divide by memory", []byte{0xe3, 0x20, 0xf0, 0, 0, 0x87}, arch.SIGFPE, 1, 0, 6},                              // dlg r2,0(r15)
		{"specification", []byte{0xa7, 0x19, 0, 1, 0xeb, 0x23, 0x10, 0, 0, 0x30}, arch.SIGILL, 2, 4, 6},               // lghi r1,1; csg r2,r3,0(r1)
		{"privileged", []byte{0xeb, 0, 0x10, 0, 0, 0x2f}, arch.SIGILL, 5, 0, 6},                                       // lctlg 0,0,0(r1)
		{"compare and trap", []byte{0xb9, 0x60, 0x80, 0x22}, arch.SIGFPE, 0, 0, 4},                                    // cgrte r2,r2
		{"ieee", []byte{0xb2, 0x9d, 0xf0, 0x08, 0xb3, 0x75, 0, 0, 0xb3, 0x1d, 0, 0}, arch.SIGFPE, 7, 8, 4},            // lfpc 8(r15); lzdr f0; ddbr f0,f0
		{"page", []byte{0xa7, 0x19, 0x70, 0x08, 0xe3, 0x20, 0x10, 0, 0, 0x04}, arch.SIGSEGV, 1, 0x7000 - testCode, 0}, // lghi r1,28680; lg r2,0(r1)
		{"protection", []byte{0xc0, 0x1f, 0, 0x40, 0x01, 0x10, 0xe3, 0x20, 0x10, 0, 0, 0x24}, arch.SIGSEGV, 2, 0, -6}, // llilf r1,testCode+0x110; stg r2,0(r1)
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t, "s390x", tc.code)
			for _, sig := range []arch.Signal{arch.SIGILL, arch.SIGFPE, arch.SIGSEGV} {
				p.handle(t, sig, 0, sigset{})
			}
			require.NoError(t, p.mem.PutUint(p.eng.Reg(p.arch.SP)+8, 4, 0xf8000000)) // all IEEE exceptions trap
			for i := 0; i < 5 && p.eng.Reg(p.arch.PC) != testHandler; i++ {
				p.run(1)
			}
			f, frame := &p.arch.Signal, p.eng.Reg(p.arch.SP)
			require.Equal(t, uint64(tc.sig), p.eng.Reg(f.Args[0]))
			code, _ := p.current.readUint(frame+uint64(f.Info)+8, 4)
			addr, _ := p.current.readUint(frame+uint64(f.Info)+16, 8)
			require.EqualValues(t, tc.si, code)
			require.EqualValues(t, testCode+tc.at, addr)
			for _, slot := range f.Regs {
				if slot.Reg == p.arch.PC && tc.past > 0 {
					pc, _ := p.current.readUint(frame+uint64(slot.Offset), 8)
					require.EqualValues(t, testCode+tc.at+tc.past, pc)
				}
			}
		})
	}
}

// s390x keeps the thread pointer in two access registers.
func TestThreadPointerInTwoRegisters(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "s390x", nil)
	tid := p.ok(t, "clone", testStack+testSize/2, threadFlags|cloneSetTLS, 0, 0, 0x123456789abcdef0)
	require.True(t, p.Inspect(p.byTID[int(tid)], func() {
		require.EqualValues(t, 0x12345678, p.eng.Reg(p.arch.TLS))
		require.EqualValues(t, 0x9abcdef0, p.eng.Reg(p.arch.TLSLow))
	}))
	require.Zero(t, p.eng.Reg(p.arch.TLSLow))
}
