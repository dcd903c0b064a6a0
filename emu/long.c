/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Long blocks. The engine's MIPS translator leaves a temporary behind with each instruction (dyn_is_slot in mips_tr_translate_insn), and what
 * holds them has room for 512 in all, without a check: a block of some 400 instructions overwrites the translator. A block ends before that
 * when its translation has become long enough, and hooks make it long. So pages of code are looked through when they are mapped into the
 * TLB, and where one has that many instructions without a branch, a hook that does nothing covers them. There are few such places: unrolled
 * loops of hash functions, initialisers of large tables.
 */
#include "shim.h"

#include <stdlib.h>
#include <string.h>

enum { LONG = 256, WORDS = RT0_PAGE_SIZE / 4 };

static void nothing(uc_engine *uc, uint64_t addr, uint32_t size, void *user) { (void)uc, (void)addr, (void)size, (void)user; }

bool rt0_is_branch(struct rt0_engine *e, uint32_t word)
{
	for (uint32_t i = 0; i < e->nbranches; i++)
		if ((word & e->branches[i].mask) == e->branches[i].value)
			return true;
	return false;
}

/* The first and the last instruction of the page that are in a long run. False: there are none. */
static bool long_run(struct rt0_engine *e, const uint8_t *page, int *first, int *last)
{
	bool found = false;
	for (int i = 0, start = 0; i <= WORDS; i++) {
		uint32_t word;
		if (i < WORDS) {
			memcpy(&word, page + 4 * i, 4);
			if (!rt0_is_branch(e, e->big_endian ? __builtin_bswap32(word) : word))
				continue;
		}
		if (i - start >= LONG) {
			if (!found)
				*first = start;
			*last = i;
			found = true;
		}
		start = i + 1;
	}
	return found;
}

void rt0_look_through(struct rt0_engine *e, uint64_t addr, uint64_t phys)
{
	uint64_t n = (phys - RT0_PHYS_BASE) >> RT0_PAGE_BITS;
	uint8_t bit = 1u << (n & 7);
	int first = 0, last = 0;
	uc_hook h;
	if (!e->seen && !(e->seen = calloc(1, e->space.pages / 8 + 1)))
		return;
	if (e->seen[n / 8] & bit)
		return;
	e->seen[n / 8] |= bit;
	if (e->nlong > RT0_LONG || !long_run(e, rt0_space_host(&e->space, phys), &first, &last))
		return;
	uint64_t begin = addr + 4 * first, end = addr + 4 * last;
	for (uint32_t i = 0; i < e->nlong; i++)
		if (e->longs[i].begin <= begin && end <= e->longs[i].end)
			return;
	if (e->nlong < RT0_LONG)
		e->longs[e->nlong] = (struct rt0_range){begin, end};
	else
		begin = 1, end = 0; /* so many of them: everywhere, from now on */
	e->nlong++;
	uc_hook_add(e->uc, &h, UC_HOOK_CODE, nothing, NULL, begin, end);
}

void rt0_look_again(struct rt0_engine *e)
{
	if (e->seen)
		memset(e->seen, 0, e->space.pages / 8 + 1);
}
