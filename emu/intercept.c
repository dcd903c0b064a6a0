/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Instructions that the engine knows, and must not carry out: s390x's STCK and STFLE, which it answers with zeroes. Nothing can be hooked
 * there but every instruction, which is far too slow. So each block is looked through when it is entered for the first time; engine.c keeps
 * blocks with such an instruction out of its table, hence each time. One that begins with the instruction is not run. Of another one the
 * part before the instruction is translated anew and run alone. Go carries the instruction out and goes on behind it. That costs some
 * microseconds; programs execute such instructions seldom.
 */
#include "shim.h"

#include <stdlib.h>
#include <string.h>

void rt0_intercept(struct rt0_engine *e, const struct rt0_pattern *patterns, size_t n, const uint8_t lengths[4])
{
	e->patterns = malloc((n + 1) * sizeof *patterns);
	if (!e->patterns)
		return;
	memcpy(e->patterns, patterns, n * sizeof *patterns);
	memcpy(e->lengths, lengths, sizeof e->lengths);
	e->npatterns = n;
}

/* The first bytes of an instruction, which may lie across two pages; zeroes where there are none. */
static uint32_t fetch(struct rt0_engine *e, uint64_t addr)
{
	uint32_t insn = 0;
	uint64_t valid = 0;
	bool mapped;
	const uint8_t *p = NULL;
	for (int i = 0; i < 4; i++) {
		if (!valid)
			p = rt0_space_peek(&e->space, addr + i, &valid, &mapped);
		insn = insn << 8 | (p ? *p++ : 0);
		valid--;
	}
	return insn;
}

bool rt0_intercepted(struct rt0_engine *e, uint64_t addr, uint32_t size, uint64_t *at)
{
	uint64_t end = addr + size;
	while (addr < end) {
		uint32_t insn = fetch(e, addr);
		for (size_t i = 0; i < e->npatterns; i++)
			if ((insn & e->patterns[i].mask) == e->patterns[i].value) {
				*at = addr;
				return true;
			}
		addr += e->lengths[insn >> 30];
	}
	return false;
}

uc_err rt0_run_piece(struct rt0_engine *e, uint64_t addr, uint64_t cut)
{
	e->stop.why = RT0_NOTHING;
	e->skip = addr; /* a breakpoint there was told of, or passed, when the whole block was entered */
	e->piece = addr;
	uc_ctl_remove_cache(e->uc, addr, addr + 1);
	uc_ctl_set_exits(e->uc, &cut, 1);
	uc_err err = rt0_start(e, addr); /* drops the piece's translation when it is over; the exit counts as an instruction */
	uc_ctl_set_exits(e->uc, &cut, 0);
	e->piece = RT0_NOWHERE;
	if (err == UC_ERR_OK && e->stop.why == RT0_NOTHING && rt0_reg(e, e->pc) == cut)
		e->stop.why = RT0_EMULATE;
	return err;
}
