// SPDX-License-Identifier: GPL-2.0-or-later

package arch

// armVDSO is arm/vdso/vdso.lds.S.
var armVDSO = &VDSO{
	Soname:  "linux-vdso.so.1",
	Version: "LINUX_2.6",
	Flags:   0x05000000, // EF_ARM_EABI_VER5
	Align:   0x1000,
	Go:      11,
	Count:   nanoseconds,
	Code: []VDSOFunction{
		{Name: "__vdso_clock_gettime", Code: lsb(
			0xe92d4070, // push {r4, r5, r6, lr}
			0xeb000031, // bl read
			0x1a000002, // bne 1f
			0xe881000c, // stm r1, {r2, r3}
			0xe3a00000, // mov r0, #0
			0xe8bd8070, // pop {r4, r5, r6, pc}
			0xe8bd4070, // 1: pop {r4, r5, r6, lr}
			0xe92d4080, // push {r7, lr}
			0xe3007107, // movw r7, #263; clock_gettime
			0xef000000, // svc #0
			0xe8bd8080, // pop {r7, pc}
		)},
		{Name: "__vdso_clock_gettime64", Since: [2]int{5, 3}, Code: lsb(
			0xe92d4070, // push {r4, r5, r6, lr}
			0xeb000026, // bl read
			0x1a000006, // bne 1f
			0xe3a04000, // mov r4, #0
			0xe5812000, // str r2, [r1]
			0xe581c004, // str r12, [r1, #4]
			0xe5813008, // str r3, [r1, #8]
			0xe581400c, // str r4, [r1, #12]
			0xe3a00000, // mov r0, #0
			0xe8bd8070, // pop {r4, r5, r6, pc}
			0xe8bd4070, // 1: pop {r4, r5, r6, lr}
			0xe92d4080, // push {r7, lr}
			0xe3007193, // movw r7, #403; clock_gettime64
			0xef000000, // svc #0
			0xe8bd8080, // pop {r7, pc}
		)},
		{Name: "__vdso_gettimeofday", Code: lsb(
			0xe92d41f0, // push {r4, r5, r6, r7, r8, lr}
			0xe1b07000, // movs r7, r0
			0x0a00000f, // beq 2f
			0xe1a08001, // mov r8, r1
			0xe3a00000, // mov r0, #0; CLOCK_REALTIME
			0xeb000013, // bl read
			0x1a000009, // bne 1f
			0xe3044dd3, // movw r4, #0x4dd3
			0xe3414062, // movt r4, #0x1062; 2^38 / 1000
			0xe0865493, // umull r5, r6, r3, r4
			0xe1a03326, // lsr r3, r6, #6
			0xe887000c, // stm r7, {r2, r3}
			0xe3a00000, // mov r0, #0
			0xe3580000, // cmp r8, #0
			0x15880000, // strne r0, [r8]; UTC
			0x15880004, // strne r0, [r8, #4]
			0xe8bd81f0, // pop {r4, r5, r6, r7, r8, pc}
			0xe1a00007, // 1: mov r0, r7
			0xe1a01008, // mov r1, r8
			0xe3a0704e, // 2: mov r7, #78; gettimeofday
			0xef000000, // svc #0
			0xe8bd81f0, // pop {r4, r5, r6, r7, r8, pc}
		)},
		{Name: "__vdso_clock_getres", Code: lsb(
			0xe92d4080, // push {r7, lr}
			0xe3a07f42, // mov r7, #264
			0xef000000, // svc #0
			0xe8bd8080, // pop {r7, pc}
		)},
		// The clock r0: seconds to r12 and r2, nanoseconds to r3, and equal; not equal: it is not served.
		{Code: lsb(
			0xe92d4080, // push {r7, lr}
			0xe24fc0dc, // adr r12, start
			0xe24ccb06, // sub r12, r12, #0x1800; the data
			0xe3500010, // cmp r0, #16
			0x2a00001c, // bhs 3f
			0xe59c3004, // ldr r3, [r12, #4]; the clocks that are served
			0xe3a02001, // mov r2, #1
			0xe1130012, // tst r3, r2, lsl r0
			0x0a000018, // beq 3f
			0xe08c6200, // add r6, r12, r0, lsl #4
			0xe59c4000, // 1: ldr r4, [r12]; how often the data was written
			0xf57ff05b, // dmb ish
			0xf57ff06f, // isb
			0xec553f1e, // mrrc p15, 1, r3, r5, c14; CNTVCT
			0xe59c5008, // ldr r5, [r12, #8]
			0xe0433005, // sub r3, r3, r5; since the counter read that
			0xe5965048, // ldr r5, [r6, #72]
			0xe0833005, // add r3, r3, r5
			0xe5962040, // ldr r2, [r6, #64]
			0xe5967044, // ldr r7, [r6, #68]
			0xf57ff05b, // dmb ish
			0xe59c5000, // ldr r5, [r12]
			0xe1540005, // cmp r4, r5
			0x1afffff1, // bne 1b
			0xe30c5a00, // movw r5, #0xca00
			0xe3435b9a, // movt r5, #0x3b9a; a second
			0xe1a0c007, // mov r12, r7
			0xe1530005, // cmp r3, r5
			0x3a000002, // blo 2f
			0xe0433005, // sub r3, r3, r5
			0xe2922001, // adds r2, r2, #1
			0xe2acc000, // adc r12, r12, #0
			0xe1500000, // 2: cmp r0, r0
			0xe8bd8080, // pop {r7, pc}
			0xe3b03001, // 3: movs r3, #1
			0xe8bd8080, // pop {r7, pc}
		)},
	},
}
