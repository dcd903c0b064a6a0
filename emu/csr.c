/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * RISC-V's counters: the control and status registers cycle, time and instret. A program that reads them is to see rt0's own clock.
 *
 * - time raises an exception in the engine, as it does on many chips: firmware reads the timer then, and so do we.
 * - cycle and instret would be the host's clock (cpu_get_host_ticks), and nothing can be hooked there. But an instruction that reads a CSR
 *   ends its block: what it has read is replaced when the next block begins.
 */
#include "shim.h"

enum { CYCLE = 0xc00, TIME, INSTRET };

/* An instruction, which may lie across two pages; 0 where there is none. */
static uint32_t fetch(struct rt0_engine *e, uint64_t addr)
{
	uint32_t insn = 0;
	for (int i = 0; i < 4; i++) {
		uint64_t valid = 0;
		bool mapped;
		const uint8_t *p = rt0_space_peek(&e->space, addr + i, &valid, &mapped);
		if (p && valid)
			insn |= (uint32_t)*p << 8 * i;
	}
	return insn;
}

/* The CSR that an instruction reads and, by its form, leaves alone: CSRRS, CSRRC and their immediate forms. */
static bool reads(uint32_t insn, uint32_t *csr)
{
	*csr = insn >> 20;
	return (insn & 0x7f) == 0x73 && (insn >> 12 & 2);
}

static void set_rd(struct rt0_engine *e, uint32_t insn)
{
	rt0_record_opaque(e);
	uint32_t rd = insn >> 7 & 31;
	if (rd)
		rt0_set_reg(e, UC_RISCV_REG_X0 + rd, rt0_counter(e));
}

bool rt0_csr_trap(struct rt0_engine *e)
{
	uint32_t csr, insn = fetch(e, rt0_reg(e, e->pc) - e->ahead);
	e->csr_read = 0;
	if (!reads(insn, &csr) || csr != TIME || (insn >> 15 & 31))
		return false;
	set_rd(e, insn);
	return true;
}

void rt0_csr_block(struct rt0_engine *e, uint64_t addr, uint32_t size)
{
	uint32_t csr, insn = fetch(e, addr + size - 4);
	if (size >= 4 && reads(insn, &csr) && (csr == CYCLE || csr == INSTRET)) {
		e->csr_read = insn;
		e->csr_next = addr + size;
		rt0_look_at(e, e->csr_next); /* has the block hook look */
	}
}

void rt0_csr_settle(struct rt0_engine *e, uint64_t pc)
{
	if (pc == e->csr_next)
		set_rd(e, e->csr_read);
	e->csr_read = 0;
}
