// SPDX-License-Identifier: GPL-2.0-or-later

package emu

/*
#cgo noescape rt0_read_regs
#cgo nocallback rt0_read_regs
#include "shim.h"

static void rt0_read_regs(struct rt0_engine *e, const int *ids, int n, uint64_t *values)
{
	for (int i = 0; i < n; i++)
		values[i] = rt0_reg(e, ids[i]);
}
*/
import "C"

import (
	"unsafe"

	"github.com/rt0-dev/rt0/arch"
)

// maxRegs is how many registers are read at once: the number and the arguments of a system call.
const maxRegs = 8

// Regs reads integer registers into values as [Engine.Reg] does, up to eight in one go: the way to the engine costs more than a register.
func (e *Engine) Regs(registers []arch.Register, values []uint64) {
	if e.hidden.slots != nil || len(registers) > maxRegs || len(registers) == 0 {
		for i, r := range registers {
			values[i] = e.Reg(r)
		}
		return
	}
	var ids [maxRegs]C.int
	for i, r := range registers {
		ids[i] = C.int(r.ID)
	}
	_ = values[len(registers)-1]
	C.rt0_read_regs(e.c, &ids[0], C.int(len(registers)), (*C.uint64_t)(unsafe.SliceData(values)))
}
