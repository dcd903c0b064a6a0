/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Instructions that the engine knows, and must not carry out: because it answers them wrongly (s390x's STCK and STFLE, which it answers with
 * zeroes), takes them for others (AVX), or because the machine's CPU does not have them. Nothing can be hooked there but every instruction,
 * which is far too slow. So each block is looked through when it is entered for the first time; engine.c keeps blocks with such an instruction
 * out of its table, hence each time. One that begins with the instruction is not run. Of another one the part before the instruction is
 * translated anew and run alone. Go carries the instruction out and goes on behind it. That costs some microseconds; programs execute
 * such instructions seldom.
 */
#include "shim.h"

#include <stdlib.h>
#include <string.h>

/*
 * Of the code of x86, next to no block has one, and telling its instructions apart takes time. All that begin with VEX, XGETBV, RDRAND and
 * RDSEED show by their first bytes, which are rare.
 */
static bool shows(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] == 0xc4 || p[i] == 0xc5 || (p[i] == 0x0f && i + 1 < n && (p[i + 1] == 0xc7 || p[i + 1] == 0xae || p[i + 1] == 0x01)))
			return true;
	return false;
}

static bool shows_itself(const struct rt0_opcode *o)
{
	enum { KIND = 3 << 24, OPCODE = 0xf0ff00 };
	return (o->mask & KIND) == KIND && ((o->value & KIND) || ((o->mask & OPCODE) == OPCODE && ((o->value & OPCODE) == 0x10c700 || (o->value & OPCODE) == 0x10ae00 || (o->value & OPCODE) == 0x100100)));
}

void rt0_intercept(struct rt0_engine *e, const struct rt0_opcode *opcodes, size_t n, const uint8_t lengths[4], enum rt0_decoder decoder)
{
	e->opcodes = malloc((n + 1) * sizeof *opcodes);
	if (!e->opcodes)
		return;
	memcpy(e->opcodes, opcodes, n * sizeof *opcodes);
	memcpy(e->lengths, lengths, sizeof e->lengths);
	e->nopcodes = n;
	e->decoder = decoder;
	for (size_t i = 0; i < n; i++)
		e->everywhere |= opcodes[i].stop && !shows_itself(&opcodes[i]);
}

/* Code that may lie across pages; how much of it there is. */
static size_t fetch(struct rt0_engine *e, uint64_t addr, uint8_t *to, size_t n)
{
	uint64_t valid = 0;
	bool mapped;
	size_t done = 0;
	while (done < n) {
		const uint8_t *p = rt0_space_peek(&e->space, addr + done, &valid, &mapped);
		if (!p || !valid)
			break;
		size_t part = valid < n - done ? valid : n - done;
		memcpy(to + done, p, part);
		done += part;
	}
	memset(to + done, 0, n - done);
	return done;
}

/* The word of the instruction at p, and its length. */
static uint64_t word(struct rt0_engine *e, const uint8_t *p, size_t n, uint32_t *length)
{
	uint64_t w = 0;
	if (e->decoder != RT0_BY_LENGTHS)
		return rt0_x86_insn(p, n, e->decoder == RT0_X86_64, length);
	for (size_t i = 0; i < 8; i++)
		w = w << 8 | (i < n ? p[i] : 0);
	*length = e->lengths[w >> 62];
	return w;
}

bool rt0_intercepted(struct rt0_engine *e, uint64_t addr, uint32_t size, uint64_t *at)
{
	enum { MOST = 2 * RT0_PAGE_SIZE, AHEAD = 16 }; /* a block ends at the end of a page, or with an instruction that goes on there */
	uint8_t code[MOST + AHEAD];
	if (size > MOST)
		size = MOST;
	size_t n = fetch(e, addr, code, size + AHEAD);
	if (e->decoder != RT0_BY_LENGTHS && !e->everywhere && !shows(code, size))
		return false;
	for (uint32_t i = 0, length; i < size; i += length) {
		uint64_t w = word(e, code + i, i < n ? n - i : 0, &length);
		if (!length)
			return false; /* nothing there */
		for (size_t j = 0; j < e->nopcodes; j++) {
			if ((w & e->opcodes[j].mask) != e->opcodes[j].value)
				continue;
			if (e->opcodes[j].stop) {
				*at = addr + i;
				return true;
			}
			break;
		}
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
