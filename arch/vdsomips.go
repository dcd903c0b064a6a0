// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import "encoding/binary"

// mips32VDSO is mips/vdso/vdso.lds.S for O32. lo and hi are where the halves of a number of 8 bytes are.
func mips32VDSO(order binary.AppendByteOrder, lo, hi uint32) *VDSO {
	code := func(list ...uint32) []byte { return instructions(order, list) }
	return &VDSO{
		Soname:  "linux-vdso.so.1",
		Version: "LINUX_2.6",
		Flags:   0x70001007, // EF_MIPS_ARCH_32R2, EF_MIPS_ABI_O32, EF_MIPS_CPIC, EF_MIPS_PIC, EF_MIPS_NOREORDER
		Align:   0x1000,
		Above:   true, // vdso_base of mips/kernel/vdso.c
		Count:   mipsCount,
		Code: []VDSOFunction{
			{Name: "__vdso_clock_gettime", Code: code(
				0x03e07825, // move $15, $31
				0x00807025, // move $14, $4
				0x04110042, // bal read
				0x00000000, // nop
				0x01e0f825, // move $31, $15
				0x13000005, // beqz $24, 1f; not served
				0x00000000, // nop
				0xacac0000, // sw $12, 0($5)
				0xacad0004, // sw $13, 4($5)
				0x03e00008, // jr $31
				0x00001025, // move $2, $0
				0x240210a7, // 1: li $2, 4263; clock_gettime
				0x0000000c, // syscall
				0x10e00002, // beqz $7, 2f
				0x00000000, // nop
				0x00021023, // negu $2, $2
				0x03e00008, // 2: jr $31
				0x00000000, // nop
			)},
			{Name: "__vdso_clock_gettime64", Since: [2]int{5, 3}, Code: code(
				0x03e07825,    // move $15, $31
				0x00807025,    // move $14, $4
				0x04110030,    // bal read
				0x00000000,    // nop
				0x01e0f825,    // move $31, $15
				0x13000007,    // beqz $24, 1f
				0x00000000,    // nop
				0xacac0000|lo, // sw $12, LO($5)
				0xacaa0000|hi, // sw $10, HI($5)
				0xacad0008|lo, // sw $13, 8+LO($5)
				0xaca00008|hi, // sw $0, 8+HI($5)
				0x03e00008,    // jr $31
				0x00001025,    // move $2, $0
				0x24021133,    // 1: li $2, 4403; clock_gettime64
				0x0000000c,    // syscall
				0x10e00002,    // beqz $7, 2f
				0x00000000,    // nop
				0x00021023,    // negu $2, $2
				0x03e00008,    // 2: jr $31
				0x00000000,    // nop
			)},
			{Name: "__vdso_gettimeofday", Code: code(
				0x10800010, // beqz $4, 1f
				0x00007025, // move $14, $0; CLOCK_REALTIME
				0x03e07825, // move $15, $31
				0x0411001b, // bal read
				0x00000000, // nop
				0x01e0f825, // move $31, $15
				0x1300000a, // beqz $24, 1f
				0x240803e8, // li $8, 1000
				0x01a8001b, // divu $0, $13, $8
				0x00006812, // mflo $13
				0xac8c0000, // sw $12, 0($4)
				0x10a00003, // beqz $5, 3f
				0xac8d0004, // sw $13, 4($4)
				0xaca00000, // sw $0, 0($5); UTC
				0xaca00004, // sw $0, 4($5)
				0x03e00008, // 3: jr $31
				0x00001025, // move $2, $0
				0x24020fee, // 1: li $2, 4078; gettimeofday
				0x0000000c, // syscall
				0x10e00002, // beqz $7, 2f
				0x00000000, // nop
				0x00021023, // negu $2, $2
				0x03e00008, // 2: jr $31
				0x00000000, // nop
			)},
			{Name: "__vdso_clock_getres", Code: code(
				0x240210a8, // li $2, 4264
				0x0000000c, // syscall
				0x10e00002, // beqz $7, 2f
				0x00000000, // nop
				0x00021023, // negu $2, $2
				0x03e00008, // 2: jr $31
				0x00000000, // nop
			)},
			// The clock $14: seconds to $10 and $12, nanoseconds to $13, and $24 is 1; 0: it is not served.
			{Code: code(
				0x03e05025,    // move $10, $31
				0x04110001,    // bal 1f
				0x00000000,    // nop
				0x27e9e6e0,    // 1: addiu $9, $31, -(1b-start)-0x1800; the data
				0x2dd80010,    // sltiu $24, $14, 16
				0x1300001d,    // beqz $24, 4f; no clock of the data
				0x0140f825,    // move $31, $10
				0x8d380004,    // lw $24, 4($9); the clocks that are served
				0x01d8c006,    // srlv $24, $24, $14
				0x33180001,    // andi $24, $24, 1
				0x13000018,    // beqz $24, 4f
				0x000e7100,    // sll $14, $14, 4
				0x01c97021,    // addu $14, $14, $9
				0x8d280000,    // 2: lw $8, 0($9); how often the data was written
				0x0000000f,    // sync
				0x7c03103b,    // rdhwr $3, $2
				0x8d2a0008|lo, // lw $10, 8+LO($9)
				0x006a1823,    // subu $3, $3, $10; since the counter read that
				0x8dcd0048|lo, // lw $13, 72+LO($14)
				0x8dcc0040|lo, // lw $12, 64+LO($14)
				0x8dca0040|hi, // lw $10, 64+HI($14)
				0x0000000f,    // sync
				0x8d2b0000,    // lw $11, 0($9)
				0x150bfff5,    // bne $8, $11, 2b
				0x00031840,    // sll $3, $3, 1; ticks of two nanoseconds
				0x01a36821,    // addu $13, $13, $3
				0x3c0b3b9a,    // lui $11, 0x3b9a
				0x356bca00,    // ori $11, $11, 0xca00; a second
				0x01ab402b,    // sltu $8, $13, $11
				0x15000005,    // bnez $8, 4f
				0x00000000,    // nop
				0x01ab6823,    // subu $13, $13, $11
				0x258c0001,    // addiu $12, $12, 1
				0x2d880001,    // sltiu $8, $12, 1
				0x01485021,    // addu $10, $10, $8
				0x03e00008,    // 4: jr $31
				0x00000000,    // nop
			)},
		},
	}
}
