// SPDX-License-Identifier: GPL-2.0-or-later

#include "textflag.h"

TEXT ·entry(SB), NOSPLIT|NOFRAME, $0
	MOVQ	(SP), AX              // argc
	LEAQ	16(SP)(AX*8), BX      // behind the arguments and their end
environment:
	ADDQ	$8, BX
	CMPQ	-8(BX), $0
	JNE	environment
auxiliary:
	CMPQ	(BX), $25             // AT_RANDOM
	JEQ	found
	ADDQ	$16, BX
	JMP	auxiliary
found:
	MOVL	$1, AX                // write
	MOVL	$1, DI
	MOVQ	8(BX), SI
	MOVL	$16, DX
	SYSCALL
	MOVL	$231, AX              // exit_group
	MOVL	$0, DI
	SYSCALL
