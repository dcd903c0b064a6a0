// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import "encoding/binary"

// mips64VDSO is mips/vdso/vdso.lds.S for N64.
func mips64VDSO(order binary.AppendByteOrder) *VDSO {
	code := func(list ...uint32) []byte { return instructions(order, list) }
	return &VDSO{
		Soname:  "linux-vdso.so.1",
		Version: "LINUX_2.6",
		Flags:   0x80000007, // EF_MIPS_ARCH_64R2, EF_MIPS_CPIC, EF_MIPS_PIC, EF_MIPS_NOREORDER
		Align:   0x1000,
		Above:   true, // vdso_base of mips/kernel/vdso.c
		Go:      14,
		Count:   mipsCount,
		Code: []VDSOFunction{
			{Name: "__vdso_clock_gettime", Code: code(
				0x03e07825, // move $15, $31
				0x00807025, // move $14, $4
				0x0411002d, // bal read
				0x00000000, // nop
				0x01e0f825, // move $31, $15
				0x13000005, // beqz $24, 1f; not served
				0x00000000, // nop
				0xfcac0000, // sd $12, 0($5)
				0xfcad0008, // sd $13, 8($5)
				0x03e00008, // jr $31
				0x00001025, // move $2, $0
				0x24021466, // 1: li $2, 5222; clock_gettime
				0x0000000c, // syscall
				0x10e00002, // beqz $7, 2f
				0x00000000, // nop
				0x0002102f, // dnegu $2, $2
				0x03e00008, // 2: jr $31
				0x00000000, // nop
			)},
			{Name: "__vdso_gettimeofday", Code: code(
				0x1080000f, // beqz $4, 1f
				0x00007025, // move $14, $0; CLOCK_REALTIME
				0x03e07825, // move $15, $31
				0x0411001a, // bal read
				0x00000000, // nop
				0x01e0f825, // move $31, $15
				0x13000009, // beqz $24, 1f
				0x240803e8, // li $8, 1000
				0x01a8001f, // ddivu $0, $13, $8
				0x00006812, // mflo $13
				0xfc8c0000, // sd $12, 0($4)
				0x10a00002, // beqz $5, 3f
				0xfc8d0008, // sd $13, 8($4)
				0xfca00000, // sd $0, 0($5); UTC
				0x03e00008, // 3: jr $31
				0x00001025, // move $2, $0
				0x240213e6, // 1: li $2, 5094; gettimeofday
				0x0000000c, // syscall
				0x10e00002, // beqz $7, 2f
				0x00000000, // nop
				0x0002102f, // dnegu $2, $2
				0x03e00008, // 2: jr $31
				0x00000000, // nop
			)},
			{Name: "__vdso_clock_getres", Code: code(
				0x24021467, // li $2, 5223
				0x0000000c, // syscall
				0x10e00002, // beqz $7, 2f
				0x00000000, // nop
				0x0002102f, // dnegu $2, $2
				0x03e00008, // 2: jr $31
				0x00000000, // nop
			)},
			// The clock $14: seconds to $12, nanoseconds to $13, and $24 is 1; 0: it is not served.
			{Code: code(
				0x03e05025, // move $10, $31
				0x04110001, // bal 1f
				0x00000000, // nop
				0x67e9e734, // 1: daddiu $9, $31, -(1b-start)-0x1800; the data
				0x2dd80010, // sltiu $24, $14, 16
				0x1300001a, // beqz $24, 4f; no clock of the data
				0x0140f825, // move $31, $10
				0x9d380004, // lwu $24, 4($9); the clocks that are served
				0x01d8c006, // srlv $24, $24, $14
				0x33180001, // andi $24, $24, 1
				0x13000015, // beqz $24, 4f
				0x000e7138, // dsll $14, $14, 4
				0x01c9702d, // daddu $14, $14, $9
				0x9d280000, // 2: lwu $8, 0($9); how often the data was written
				0x0000000f, // sync
				0x7c03103b, // rdhwr $3, $2
				0xdd2a0008, // ld $10, 8($9)
				0xddcc0040, // ld $12, 64($14)
				0xddcd0048, // ld $13, 72($14)
				0x0000000f, // sync
				0x9d2b0000, // lwu $11, 0($9)
				0x150bfff7, // bne $8, $11, 2b
				0x006a1823, // subu $3, $3, $10; since the counter read that
				0x00031878, // dsll $3, $3, 1; ticks of two nanoseconds
				0x01a3682d, // daddu $13, $13, $3
				0x3c0b3b9a, // lui $11, 0x3b9a
				0x356bca00, // ori $11, $11, 0xca00; a second
				0x01ab402b, // sltu $8, $13, $11
				0x15000003, // bnez $8, 4f
				0x00000000, // nop
				0x01ab682f, // dsubu $13, $13, $11
				0x658c0001, // daddiu $12, $12, 1
				0x03e00008, // 4: jr $31
				0x00000000, // nop
			)},
		},
	}
}

// mipsCount is the counter that RDHWR reads.
func mipsCount(ns uint64) uint64 { return uint64(int64(int32(ns / mipsResolution))) }
