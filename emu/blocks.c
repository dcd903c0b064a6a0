/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What happens where a block begins: its instructions are counted, and breakpoints and limits end the run there.
 *
 * Where instructions are of one size, a block's size tells how many it has, and a filter of 4 KiB tells nearly all blocks that they have no
 * breakpoint. Elsewhere there is a byte for each byte of code that may begin a block: how many instructions that has, or 0, which has the hook
 * look closer. So it stays 0 for blocks with breakpoints, and others that need more than counting. The pages of these bytes are kept in a table;
 * before it there is one of those last used, in which a block costs a look at one line or two of the host's cache.
 */
#include "shim.h"

#include <stdlib.h>
#include <string.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

enum { MOST = 255, GONE = 64 };

static uint8_t nothing[RT0_PAGE_SIZE]; /* the bytes of no page: nobody writes here */

static inline size_t hash(uint64_t v) { return v * 0x9e3779b97f4a7c15ull >> 32; }

static inline uint32_t filter_bit(uint64_t addr) { return (addr ^ addr >> 15) & (RT0_FILTER_BITS - 1); }

static inline uint64_t *slot(struct rt0_engine *e, uint64_t addr)
{
	size_t mask = e->cbreaks - 1, i = hash(addr) & mask;
	while (e->breaks[i] && e->breaks[i] != addr)
		i = (i + 1) & mask;
	return &e->breaks[i];
}

static bool is_break(struct rt0_engine *e, uint64_t addr) { return e->cbreaks && *slot(e, addr) == addr; }

static struct rt0_counted *counted(struct rt0_engine *e, uint64_t page)
{
	size_t mask = e->ccounted - 1, i = hash(page) & mask;
	while (e->counted[i].counts && e->counted[i].page != page)
		i = (i + 1) & mask;
	return &e->counted[i];
}

/* The byte of an address; NULL when the host has no memory for its page. */
static uint8_t *count_of(struct rt0_engine *e, uint64_t addr)
{
	uint64_t page = addr >> RT0_PAGE_BITS;
	struct rt0_counted *near = &e->near[page & (RT0_NEAR - 1)];
	if (near->page != page) {
		if ((e->ncounted + 1) * 2 > e->ccounted) {
			struct rt0_counted *old = e->counted;
			size_t n = e->ccounted, c = n ? n * 2 : 256;
			struct rt0_counted *table = calloc(c, sizeof *table);
			if (!table)
				return NULL;
			e->counted = table;
			e->ccounted = c;
			for (size_t i = 0; i < n; i++)
				if (old[i].counts)
					*counted(e, old[i].page) = old[i];
			free(old);
		}
		struct rt0_counted *c = counted(e, page);
		if (!c->counts) {
			if (!(c->counts = calloc(1, RT0_PAGE_SIZE)))
				return NULL;
			c->page = page;
			e->ncounted++;
		}
		*near = *c;
	}
	return &near->counts[addr & (RT0_PAGE_SIZE - 1)];
}

void rt0_forget_blocks(struct rt0_engine *e)
{
	for (size_t i = 0; i < e->ccounted; i++)
		free(e->counted[i].counts);
	free(e->counted);
	e->counted = NULL;
	e->ccounted = e->ncounted = 0;
	for (size_t i = 0; i < RT0_NEAR; i++)
		e->near[i] = (struct rt0_counted){RT0_NOWHERE, nothing};
}

void rt0_look_at(struct rt0_engine *e, uint64_t addr)
{
	uint8_t *count = e->shift ? NULL : count_of(e, addr);
	if (count)
		*count = 0;
}

/* The cold half of the block hooks: true when the run ends before this block. */
static bool __attribute__((noinline)) ends_here(struct rt0_engine *e, uint64_t addr)
{
	if (e->stop.why != RT0_NOTHING)
		return true; /* the run is over already */
	if (e->probing) {
		if (e->probing++ > 1)
			uc_emu_stop(e->uc); /* the instruction has passed */
		return true;
	}
	if (is_break(e, addr)) {
		if (addr != e->skip) {
			rt0_end(e, RT0_BREAK);
			return true;
		}
		e->skip = RT0_NOWHERE;
	}
	if (e->left <= 0) {
		if (addr == e->resume || rt0_in_slot(e, addr))
			return false; /* in the midst of what counts as one block */
		rt0_end(e, RT0_LIMIT);
		return true;
	}
	return false;
}

static void block_fixed(uc_engine *uc, uint64_t addr, uint32_t size, void *user)
{
	struct rt0_engine *e = user;
	uint32_t bit = filter_bit(addr);
	(void)uc;
	if (unlikely(e->left <= 0 || e->filter[bit / 64] >> (bit & 63) & 1) && ends_here(e, addr))
		return;
	/* Thumb's two bytes count as well: a block of nothing would never end. */
	e->left -= (size + (1u << e->shift) - 1) >> e->shift;
	e->blocks++;
}

/* The same where the PC of exceptions is to be found out. */
static void block_noted(uc_engine *uc, uint64_t addr, uint32_t size, void *user)
{
	struct rt0_engine *e = user;
	e->block = addr;
	e->block_size = size;
	block_fixed(uc, addr, size, user);
}

/* A block that is not counted yet, or is no longer, or never. */
static void __attribute__((noinline)) block_unknown(struct rt0_engine *e, uint64_t addr, uint32_t size)
{
	uc_tb tb;
	uint64_t n = 1;
	if (e->csr_read)
		rt0_csr_settle(e, addr);
	if (ends_here(e, addr))
		return;
	if (e->nopcodes && e->piece != addr && rt0_intercepted(e, addr, size, &e->cut)) {
		e->left -= e->cut == addr;
		rt0_end(e, e->cut == addr ? RT0_EMULATE : RT0_CUT);
		return;
	}
	if (uc_ctl_request_cache(e->uc, addr, &tb) == UC_ERR_OK && tb.icount)
		n = tb.icount;
	e->left -= n;
	e->blocks++;
	if (e->csr)
		rt0_csr_block(e, addr, size);
	if (n <= MOST && !is_break(e, addr) && !e->csr_read && e->piece != addr) {
		uint8_t *count = count_of(e, addr);
		if (count)
			*count = n;
	}
}

static void block_varying(uc_engine *uc, uint64_t addr, uint32_t size, void *user)
{
	struct rt0_engine *e = user;
	const struct rt0_counted *near = &e->near[addr >> RT0_PAGE_BITS & (RT0_NEAR - 1)];
	int64_t left = e->left;
	uint8_t count = near->counts[addr & (RT0_PAGE_SIZE - 1)];
	(void)uc;
	if (unlikely(near->page != addr >> RT0_PAGE_BITS || !count || left <= 0)) {
		block_unknown(e, addr, size);
		return;
	}
	e->left = left - count;
	e->blocks++;
}

/* The hook of an engine that records: it sees each block. */
static void block_recorded(uc_engine *uc, uint64_t addr, uint32_t size, void *user)
{
	struct rt0_engine *e = user;
	rt0_record_block(e, addr, size);
	(e->nbranches ? block_noted : e->shift ? block_fixed : block_varying)(uc, addr, size, user);
}

void *rt0_block_hook(struct rt0_engine *e, bool record)
{
	return record ? block_recorded : e->nbranches ? block_noted : e->shift ? block_fixed : block_varying;
}

static void filter_all(struct rt0_engine *e)
{
	memset(e->filter, 0, sizeof e->filter);
	for (size_t i = 0; i < e->cbreaks; i++)
		if (e->breaks[i])
			e->filter[filter_bit(e->breaks[i]) / 64] |= 1ull << (filter_bit(e->breaks[i]) & 63);
	e->gone = 0;
}

static void more_breaks(struct rt0_engine *e)
{
	uint64_t *old = e->breaks;
	size_t n = e->cbreaks, c = n ? n * 2 : 64;
	uint64_t *table = calloc(c, sizeof *table);
	if (!table)
		return;
	e->breaks = table;
	e->cbreaks = c;
	for (size_t i = 0; i < n; i++)
		if (old[i])
			*slot(e, old[i]) = old[i];
	free(old);
}

void rt0_break(struct rt0_engine *e, uint64_t addr)
{
	if (!addr || is_break(e, addr))
		return;
	if ((e->nbreaks + 1) * 2 > e->cbreaks)
		more_breaks(e);
	if (e->nbreaks + 1 >= e->cbreaks)
		return;
	*slot(e, addr) = addr;
	e->nbreaks++;
	e->break_sum += rt0_break_hash(addr);
	e->filter[filter_bit(addr) / 64] |= 1ull << (filter_bit(addr) & 63);
	rt0_look_at(e, addr);
}

void rt0_unbreak(struct rt0_engine *e, uint64_t addr)
{
	if (!is_break(e, addr))
		return;
	e->break_sum -= rt0_break_hash(addr);
	e->nbreaks--;
	/* What stands behind it, and would no longer be found, moves up. */
	size_t mask = e->cbreaks - 1, hole = slot(e, addr) - e->breaks;
	for (size_t i = (hole + 1) & mask; e->breaks[i]; i = (i + 1) & mask)
		if (((i - hash(e->breaks[i])) & mask) >= ((i - hole) & mask)) {
			e->breaks[hole] = e->breaks[i];
			hole = i;
		}
	e->breaks[hole] = 0;
	/* Its bit in the filter may be another's as well. As long as it stays, blocks there are looked at in vain. */
	if (++e->gone > GONE)
		filter_all(e);
}
