// SPDX-License-Identifier: GPL-2.0-or-later

#include "textflag.h"

// An undefined instruction and a breakpoint of each architecture, and a division by zero where the CPU traps on it.

#ifdef GOARCH_386
#define ILLEGAL BYTE $0x0f; BYTE $0x0b // ud2
#define TRAP BYTE $0xcc // int3
#define DIVIDE MOVL $0, CX; MOVL $1, AX; MOVL $0, DX; DIVL CX
#endif
#ifdef GOARCH_amd64
#define ILLEGAL BYTE $0x0f; BYTE $0x0b // ud2
#define TRAP BYTE $0xcc // int3
#define DIVIDE MOVL $0, CX; MOVL $1, AX; MOVL $0, DX; DIVL CX
#endif
#ifdef GOARCH_arm
#define ILLEGAL WORD $0xe7f000f0 // udf #0
#define TRAP WORD $0xe7f001f0 // the one that Linux takes for a breakpoint (arm/kernel/ptrace.c)
#endif
#ifdef GOARCH_arm64
#define ILLEGAL WORD $0 // udf #0
#define TRAP WORD $0xd4200000 // brk #0
#endif
#ifdef GOARCH_mips
#define ILLEGAL WORD $0x0000003f // SPECIAL, reserved
#define TRAP WORD $0x0000000d // break
#define DIVIDE WORD $0x000001f4 // teq $0, $0, 7
#endif
#ifdef GOARCH_mipsle
#define ILLEGAL WORD $0x0000003f
#define TRAP WORD $0x0000000d
#define DIVIDE WORD $0x000001f4
#endif
#ifdef GOARCH_mips64
#define ILLEGAL WORD $0x00000039 // SPECIAL, reserved
#define TRAP WORD $0x0000000d
#define DIVIDE WORD $0x000001f4
#endif
#ifdef GOARCH_mips64le
#define ILLEGAL WORD $0x00000039
#define TRAP WORD $0x0000000d
#define DIVIDE WORD $0x000001f4
#endif
#ifdef GOARCH_ppc64
#define ILLEGAL WORD $0
#define TRAP WORD $0x7fe00008 // trap
#endif
#ifdef GOARCH_ppc64le
#define ILLEGAL WORD $0
#define TRAP WORD $0x7fe00008
#endif
#ifdef GOARCH_riscv64
#define ILLEGAL WORD $0xc0001073 // unimp: csrrw x0, cycle, x0
#define TRAP WORD $0x00100073 // ebreak
#endif
#ifdef GOARCH_s390x
#define ILLEGAL BYTE $0; BYTE $0
#define TRAP BYTE $0; BYTE $1 // a breakpoint for whoever traces the process, else undefined (s390/kernel/traps.c)
#define DIVIDE MOVD $0, R1; MOVD $0, R2; MOVD $1, R3; BYTE $0xb9; BYTE $0x87; BYTE $0x00; BYTE $0x21 // dlgr %r2, %r1
#endif

TEXT ·illegal(SB), NOSPLIT|NOFRAME, $0-0
	ILLEGAL
	RET

TEXT ·trap(SB), NOSPLIT|NOFRAME, $0-0
	TRAP
	RET

TEXT ·divide(SB), NOSPLIT|NOFRAME, $0-0
#ifdef DIVIDE
	DIVIDE
#endif
	RET
