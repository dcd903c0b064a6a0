// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import "encoding/binary"

// ppc64VDSO is powerpc/kernel/vdso/vdso64.lds.S. A symbol is the code's address, in the first ELF ABI too. __kernel_getrandom came with Linux
// 6.12, and __kernel_get_syscall_map is a map of the kernel's own numbers: they are left out.
func ppc64VDSO(order binary.AppendByteOrder, flags uint32) *VDSO {
	code := func(list ...uint32) []byte { return instructions(order, list) }
	return &VDSO{
		Soname:   "linux-vdso64.so.1",
		Version:  "LINUX_2.6.15",
		Flags:    flags,
		Align:    0x10000,
		Untyped:  true,
		AuxAfter: 5, // behind AT_UCACHEBSIZE
		Go:       12,
		Count:    nanoseconds,
		Code: []VDSOFunction{
			{Name: "__kernel_clock_gettime", Code: code(
				0x28030010, // cmplwi 3, 16
				0x4080002c, // bge 1f; no clock of the data
				0x7d8802a6, // mflr 12
				0x78650020, // clrldi 5, 3, 32
				0x48000109, // bl read
				0x7d8803a6, // mtlr 12
				0x40820018, // bne 1f; not served
				0xf8c40000, // std 6, 0(4)
				0xf8e40008, // std 7, 8(4)
				0x38600000, // li 3, 0
				0x4c631982, // crclr 3
				0x4e800020, // blr
				0x380000f6, // 1: li 0, 246; clock_gettime
				0x44000002, // sc
				0x4e800020, // blr
			)},
			{Name: "__kernel_gettimeofday", Code: code(
				0x2c230000, // cmpdi 3, 0
				0x41820044, // beq 2f
				0x7d8802a6, // mflr 12
				0x38a00000, // li 5, 0; CLOCK_REALTIME
				0x480000cd, // bl read
				0x7d8803a6, // mtlr 12
				0x40820030, // bne 2f
				0x390003e8, // li 8, 1000
				0x7ce74392, // divdu 7, 7, 8
				0xf8c30000, // std 6, 0(3)
				0xf8e30008, // std 7, 8(3)
				0x2c240000, // cmpdi 4, 0
				0x4182000c, // beq 1f
				0x39000000, // li 8, 0
				0xf9040000, // std 8, 0(4); UTC
				0x38600000, // 1: li 3, 0
				0x4c631982, // crclr 3
				0x4e800020, // blr
				0x3800004e, // 2: li 0, 78; gettimeofday
				0x44000002, // sc
				0x4e800020, // blr
			)},
			{Name: "__kernel_time", Code: code(
				0x7d8802a6, // mflr 12
				0x38a00000, // li 5, 0; CLOCK_REALTIME
				0x48000081, // bl read
				0x7d8803a6, // mtlr 12
				0x4082001c, // bne 2f
				0x2c230000, // cmpdi 3, 0
				0x41820008, // beq 1f
				0xf8c30000, // std 6, 0(3)
				0x7cc33378, // 1: mr 3, 6
				0x4c631982, // crclr 3
				0x4e800020, // blr
				0x3800000d, // 2: li 0, 13; time
				0x44000002, // sc
				0x4e800020, // blr
			)},
			{Name: "__kernel_clock_getres", Code: code(
				0x380000f7, // li 0, 247
				0x44000002, // sc
				0x4e800020, // blr
			)},
			{Name: "__kernel_getcpu", Code: code(
				0x3800012e, // li 0, 302
				0x44000002, // sc
				0x4e800020, // blr
			)},
			{Name: "__kernel_get_tbfreq", Code: code(
				0x3c603b9a, // lis 3, 0x3b9a
				0x6063ca00, // ori 3, 3, 0xca00; 1 GHz
				0x4c631982, // crclr 3
				0x4e800020, // blr
			)},
			{Name: "__kernel_sync_dicache", Code: code(
				0x7c0004ac, // sync
				0x7c000fac, // icbi 0, 1
				0x4c00012c, // isync
				0x38600000, // li 3, 0
				0x4c631982, // crclr 3
				0x4e800020, // blr
			)},
			// Where a handler is called from.
			{Code: code(
				0x4e800421, // bctrl
			)},
			{Name: "__kernel_sigtramp_rt64", Code: code(
				0x38210080, // addi 1, 1, 128
				0x380000ac, // li 0, 172
				0x44000002, // sc
			)},
			// The clock r5: seconds to r6, nanoseconds to r7, and equal; not equal: it is not served.
			{Code: code(
				0x7d6802a6, // mflr 11
				0x429f0005, // bcl 20, 31, .+4
				0x7d2802a6, // mflr 9
				0x3929e6e0, // addi 9, 9, -(.-4-start)-0x1800; the data
				0x7d6803a6, // mtlr 11
				0x80c90004, // lwz 6, 4(9); the clocks that are served
				0x7cc62c30, // srw 6, 6, 5
				0x7cc630f8, // not 6, 6
				0x70c60001, // andi. 6, 6, 1
				0x4c820020, // bnelr
				0x78a526e4, // sldi 5, 5, 4
				0x7ca54a14, // add 5, 5, 9
				0x81490000, // 1: lwz 10, 0(9); how often the data was written
				0x7c2004ac, // lwsync
				0x7cec42a6, // mfspr 7, 268; the time base
				0xe9090008, // ld 8, 8(9)
				0xe8c50040, // ld 6, 64(5)
				0x7ce83850, // subf 7, 8, 7; since the counter read that
				0xe9050048, // ld 8, 72(5)
				0x7ce74214, // add 7, 7, 8
				0x7c2004ac, // lwsync
				0x81090000, // lwz 8, 0(9)
				0x7c085000, // cmpw 8, 10
				0x4082ffd4, // bne 1b
				0x3d003b9a, // lis 8, 0x3b9a
				0x6108ca00, // ori 8, 8, 0xca00; a second
				0x7c274040, // cmpld 7, 8
				0x4180000c, // blt 2f
				0x7ce83850, // subf 7, 8, 7
				0x38c60001, // addi 6, 6, 1
				0x7c0a5000, // 2: cmpw 10, 10
				0x4e800020, // blr
			)},
		},
	}
}
