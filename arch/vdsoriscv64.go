// SPDX-License-Identifier: GPL-2.0-or-later

package arch

// riscv64VDSO is riscv/kernel/vdso/vdso.lds.S.
var riscv64VDSO = &VDSO{
	Soname:  "linux-vdso.so.1",
	Version: "LINUX_4.15",
	Align:   0x1000,
	Go:      18,
	Count:   nanoseconds,
	Code: []VDSOFunction{
		{Name: "__vdso_clock_gettime", Code: lsb(
			0xfffff297, // auipc t0, 0xfffff
			0x80028293, // addi t0, t0, -0x800; the data
			0x01000313, // li t1, 16
			0x02657863, // bgeu a0, t1, 1f; no clock of the data
			0x0042e303, // lwu t1, 4(t0); the clocks that are served
			0x00a35333, // srl t1, t1, a0
			0x00137313, // andi t1, t1, 1
			0x02030063, // beqz t1, 1f
			0x00008f93, // mv t6, ra
			0x00050f13, // mv t5, a0
			0x0a8000ef, // jal read
			0x00c5b023, // sd a2, 0(a1)
			0x00d5b423, // sd a3, 8(a1)
			0x00000513, // li a0, 0
			0x000f8067, // jr t6
			0x07100893, // 1: li a7, 113; clock_gettime
			0x00000073, // ecall
			0x00008067, // ret
		)},
		{Name: "__vdso_gettimeofday", Code: lsb(
			0xffffe297, // auipc t0, 0xffffe
			0x7b828293, // addi t0, t0, 0x800-0x48
			0x02050e63, // beqz a0, 2f
			0x0042e303, // lwu t1, 4(t0)
			0x00137313, // andi t1, t1, 1; CLOCK_REALTIME
			0x02030863, // beqz t1, 2f
			0x00008f93, // mv t6, ra
			0x00000f13, // li t5, 0
			0x068000ef, // jal read
			0x3e800313, // li t1, 1000
			0x0266d6b3, // divu a3, a3, t1
			0x00c53023, // sd a2, 0(a0)
			0x00d53423, // sd a3, 8(a0)
			0x00058463, // beqz a1, 1f
			0x0005b023, // sd zero, 0(a1); UTC
			0x00000513, // 1: li a0, 0
			0x000f8067, // jr t6
			0x0a900893, // 2: li a7, 169; gettimeofday
			0x00000073, // ecall
			0x00008067, // ret
		)},
		{Name: "__vdso_clock_getres", Code: lsb(
			0x07200893, // li a7, 114
			0x00000073, // ecall
			0x00008067, // ret
		)},
		{Name: "__vdso_getcpu", Code: lsb(
			0x0a800893, // li a7, 168
			0x00000073, // ecall
			0x00008067, // ret
		)},
		{Name: "__vdso_flush_icache", Code: lsb(
			0x10300893, // li a7, 259
			0x00000073, // ecall
			0x00008067, // ret
		)},
		{Name: "__vdso_riscv_hwprobe", Since: [2]int{6, 4}, Code: lsb(
			0x10200893, // li a7, 258
			0x00000073, // ecall
			0x00008067, // ret
		)},
		{Name: "__vdso_rt_sigreturn", Code: lsb(
			0x08b00893, // li a7, 139
			0x00000073, // ecall
		)},
		// The clock t5: seconds to a2, nanoseconds to a3.
		{Code: lsb(
			0x004f1f13, // slli t5, t5, 4
			0x005f0f33, // add t5, t5, t0
			0x0002e303, // 1: lwu t1, 0(t0); how often the data was written
			0x0220000f, // fence r, r
			0xc01023f3, // rdtime t2
			0x0082be03, // ld t3, 8(t0)
			0x040f3603, // ld a2, 64(t5)
			0x048f3683, // ld a3, 72(t5)
			0x0220000f, // fence r, r
			0x0002ee83, // lwu t4, 0(t0)
			0xffd310e3, // bne t1, t4, 1b
			0x41c383b3, // sub t2, t2, t3; since the counter read that
			0x007686b3, // add a3, a3, t2
			0x3b9ad337, // lui t1, 0x3b9ad
			0xa003031b, // addiw t1, t1, -1536; a second
			0x0066e663, // bltu a3, t1, 2f
			0x406686b3, // sub a3, a3, t1
			0x00160613, // addi a2, a2, 1
			0x00008067, // 2: ret
		)},
	},
}
