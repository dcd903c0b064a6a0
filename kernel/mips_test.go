// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
)

// mipsProcess runs code that ends with a loop; $4 points to data.
func mipsProcess(t *testing.T, goarch string, words ...uint32) *Process {
	t.Helper()
	var code []byte
	a, _ := arch.Find(goarch)
	for _, w := range append(words, 0x1000ffff, 0) { // b .; nop
		var b [4]byte
		a.Order.PutUint32(b[:], w)
		code = append(code, b[:]...)
	}
	p := newProcess(t, goarch, code)
	r4, _ := a.Register("r4")
	p.eng.SetReg(r4, testData)
	return p
}

var mipsArches = []string{"mips", "mipsle", "mips64", "mips64le"}

// TestMIPSTraps: signal, code and address of what a program may do wrong (mips/kernel/traps.c, unaligned.c), and the PC, which is at the branch
// when the instruction is in its delay slot.
func TestMIPSTraps(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		words  []uint32
		signal arch.Signal
		code   int32
		addr   uint64 // si_addr
		pc     uint64 // from testCode
	}{
		{"break", []uint32{0, 0x0000000d}, arch.SIGTRAP, 1, 0, 4},
		{"break 7", []uint32{0, 0x0007000d}, arch.SIGFPE, 1, testCode + 4, 4},
		{"break 6", []uint32{0x0006000d}, arch.SIGFPE, 2, testCode, 0},
		{"teq", []uint32{0, 0, 0x00000034}, arch.SIGTRAP, siKernel, 0, 8},
		{"teq 7", []uint32{0, 0, 0x000001f4, 0}, arch.SIGFPE, 1, testCode + 8, 8},
		{"teq 7, conditional", []uint32{0x24050001, 0x00a001f4, 0x24060000, 0x00c001f4}, arch.SIGFPE, 1, testCode + 12, 12},
		{"overflow", []uint32{0x3c057fff, 0x00a52820}, arch.SIGFPE, 2, testCode + 4, 4},
		{"reserved", []uint32{0, 0xec000000}, arch.SIGILL, siKernel, 0, 4},
		{"privileged", []uint32{0x40056000}, arch.SIGILL, siKernel, 0, 0},
		{"ll, unaligned", []uint32{0xc0850001}, arch.SIGBUS, siKernel, 0, 0},
		{"delay slot", []uint32{0, 0x10000002, 0x8c050010}, arch.SIGSEGV, segvMapErr, 0x10, 4},
		{"trap in a delay slot", []uint32{0, 0x10000002, 0x000001f4}, arch.SIGFPE, 1, testCode + 4, 4},
		{"kernel's", []uint32{0x3c05c000, 0x8ca50000}, arch.SIGBUS, siKernel, 0, 4},
	} {
		for _, goarch := range mipsArches {
			t.Run(tc.name+"/"+goarch, func(t *testing.T) {
				t.Parallel()
				p := mipsProcess(t, goarch, tc.words...)
				for _, sig := range []arch.Signal{arch.SIGTRAP, arch.SIGFPE, arch.SIGILL, arch.SIGBUS, arch.SIGSEGV} {
					p.handle(t, sig, 0, sigset{})
				}
				for range 8 {
					if p.run(1); p.eng.Reg(p.arch.PC)>>8 == testHandler>>8 {
						break
					}
				}
				f := &p.arch.Signal
				require.Equal(t, p.ownSignal(tc.signal), p.eng.Reg(f.Args[0]))
				info, context := p.eng.Reg(f.Args[1]), p.eng.Reg(p.arch.SP)
				code, _ := p.current.readUint(info+4, 4)
				require.Equal(t, tc.code, int32(code))
				word := p.arch.PtrSize
				addr, _ := p.current.readUint(info+map[int]uint64{4: 12, 8: 16}[word], word)
				require.Equal(t, tc.addr, addr)
				for _, s := range f.Regs {
					if s.Reg == p.arch.PC {
						pc, _ := p.current.readUint(context+uint64(s.Offset), s.Size)
						require.Equal(t, testCode+tc.pc, pc)
					}
				}
			})
		}
	}
}

// TestMIPSUnaligned: the kernel does what the CPU does not, also in a delay slot (do_ade).
func TestMIPSUnaligned(t *testing.T) {
	t.Parallel()
	for _, goarch := range mipsArches {
		t.Run(goarch, func(t *testing.T) {
			t.Parallel()
			p := mipsProcess(t, goarch,
				0x8c850001,             // lw $5, 1($4)
				0x84860003,             // lh $6, 3($4)
				0x94870003,             // lhu $7, 3($4)
				0x10000002, 0x8c880002, // b .+12; lw $8, 2($4)
				0x24080000, // li $8, 0: jumped over
				0xac850009, // sw $5, 9($4)
				0xd4820011, // ldc1 $f2, 17($4)
				0xf4820021, // sdc1 $f2, 33($4)
				0xc4840029, // lwc1 $f4, 41($4)
				0xe4840031, // swc1 $f4, 49($4)
				0x7c09103b, // rdhwr $9, $2
				0x7c0a083b, // rdhwr $10, $1
				0x7c0be83b, // rdhwr $11, $29
			)
			var data [64]byte
			for i := range data {
				data[i] = byte(0x81 + 3*i)
			}
			require.NoError(t, p.mem.Write(testData, data[:]))
			p.eng.SetReg(p.arch.TLS, 0x123450)
			require.Equal(t, Limit, p.run(40).Kind)
			reg := func(name string) uint64 {
				r, ok := p.arch.Register(name)
				require.True(t, ok)
				return p.eng.Reg(r)
			}
			signed := func(v uint64, size int) uint64 { // as a register of the architecture has it
				shift := 64 - 8*size
				return uint64(int64(v<<shift)>>shift) << (64 - 8*p.arch.PtrSize) >> (64 - 8*p.arch.PtrSize)
			}
			at := func(i, size int) uint64 { return getUint(p.arch, data[i:i+size]) }
			require.Equal(t, signed(at(1, 4), 4), reg("r5"))
			require.Equal(t, signed(at(3, 2), 2), reg("r6"))
			require.Equal(t, at(3, 2), reg("r7"))
			require.Equal(t, signed(at(2, 4), 4), reg("r8"))
			require.EqualValues(t, 32, reg("r10"))
			require.EqualValues(t, 0x123450, reg("r11"))
			require.NotZero(t, reg("r9"))
			var now [64]byte
			require.NoError(t, p.mem.Read(testData, now[:]))
			require.Equal(t, data[1:5], now[9:13])
			require.Equal(t, data[17:25], now[33:41])
			require.Equal(t, data[41:45], now[49:53], "what was loaded after the double was stored")
		})
	}
}
