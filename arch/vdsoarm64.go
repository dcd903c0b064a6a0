// SPDX-License-Identifier: GPL-2.0-or-later

package arch

// arm64VDSO is arm64/kernel/vdso/vdso.lds.S. __kernel_getrandom came with Linux 6.12 and is left out.
var arm64VDSO = &VDSO{
	Soname:  "linux-vdso.so.1",
	Version: "LINUX_2.6.39",
	Align:   0x10000,
	Go:      22, // from 1.11 on it looked for the name with the hash of another (golang.org/issue/62309)
	Count:   nanoseconds,
	Code: []VDSOFunction{
		{Name: "__kernel_clock_gettime", Code: lsb(
			0x10ff4002, // adr x2, start-0x1800; the data
			0x7100401f, // cmp w0, #16
			0x54000142, // b.hs 1f; no clock of the data
			0xb9400444, // ldr w4, [x2, #4]; the clocks that are served
			0x1ac02484, // lsr w4, w4, w0
			0x360000e4, // tbz w4, #0, 1f
			0x2a0003e3, // mov w3, w0
			0xaa1e03e9, // mov x9, x30
			0x9400001d, // bl read
			0xa9002c2a, // stp x10, x11, [x1]
			0x52800000, // mov w0, #0
			0xd65f0120, // ret x9
			0xd2800e28, // 1: mov x8, #113; clock_gettime
			0xd4000001, // svc #0
			0xd65f03c0, // ret
		)},
		{Name: "__kernel_gettimeofday", Code: lsb(
			0x10ff3e22, // adr x2, start-0x1800
			0xb40001a0, // cbz x0, 2f
			0xb9400444, // ldr w4, [x2, #4]
			0x36000164, // tbz w4, #0, 2f; CLOCK_REALTIME
			0x52800003, // mov w3, #0
			0xaa1e03e9, // mov x9, x30
			0x94000010, // bl read
			0xd2807d04, // mov x4, #1000
			0x9ac4096b, // udiv x11, x11, x4
			0xa9002c0a, // stp x10, x11, [x0]
			0xb4000041, // cbz x1, 1f
			0xf900003f, // str xzr, [x1]; UTC
			0x52800000, // 1: mov w0, #0
			0xd65f0120, // ret x9
			0xd2801528, // 2: mov x8, #169; gettimeofday
			0xd4000001, // svc #0
			0xd65f03c0, // ret
		)},
		{Name: "__kernel_clock_getres", Code: lsb(
			0xd2800e48, // mov x8, #114
			0xd4000001, // svc #0
			0xd65f03c0, // ret
		)},
		{Name: "__kernel_rt_sigreturn", Code: lsb(
			0xd2801168, // mov x8, #139
			0xd4000001, // svc #0
		)},
		// The clock w3: seconds to x10, nanoseconds to x11.
		{Code: lsb(
			0x8b031047, // add x7, x2, x3, lsl #4
			0xb9400044, // 1: ldr w4, [x2]; how often the data was written
			0xd50339bf, // dmb ishld
			0xd5033fdf, // isb
			0xd53be045, // mrs x5, cntvct_el0
			0xf9400446, // ldr x6, [x2, #8]
			0xa9442cea, // ldp x10, x11, [x7, #64]
			0xd50339bf, // dmb ishld
			0xb9400048, // ldr w8, [x2]
			0x6b08009f, // cmp w4, w8
			0x54fffee1, // b.ne 1b
			0xcb0600a5, // sub x5, x5, x6; since the counter read that
			0x8b05016b, // add x11, x11, x5
			0x52994007, // mov w7, #0xca00
			0x72a77347, // movk w7, #0x3b9a, lsl #16; a second
			0xeb07017f, // cmp x11, x7
			0x54000063, // b.lo 2f
			0xcb07016b, // sub x11, x11, x7
			0x9100054a, // add x10, x10, #1
			0xd65f03c0, // 2: ret
		)},
	},
}
