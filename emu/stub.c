/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Code of our own, for what no call of the engine does, and what goes with it: delay slots, and blocks that are taken up again in their midst.
 */
#include "shim.h"

#include <string.h>
#include <sys/mman.h>

bool rt0_set_stub(struct rt0_engine *e, const void *code, size_t n)
{
	uint8_t *page = mmap(NULL, 2 * RT0_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return false;
	e->stub = page;
	memcpy(page + RT0_PAGE_SIZE, code, n);
	return uc_mem_map_ptr(e->uc, RT0_STUB_DATA_PHYS, 2 * RT0_PAGE_SIZE, UC_PROT_ALL, page) == UC_ERR_OK;
}

uint64_t rt0_run_stub(struct rt0_engine *e, uint64_t offset)
{
	int64_t left = e->left;
	uint64_t blocks = e->blocks, skip = e->skip, block = e->block;
	uint32_t block_size = e->block_size;
	struct rt0_stop saved = e->stop;
	memset(&e->stop, 0, sizeof e->stop);
	e->stop.why = RT0_NOTHING;
	e->in_stub = true;
	e->left = INT64_MAX;
	e->blocks = 0;
	uc_ctl_flush_tlb(e->uc);
	rt0_start(e, RT0_STUB_ADDR + offset);
	uc_ctl_flush_tlb(e->uc);
	uint64_t done = e->stop.why == RT0_SYSCALL ? e->blocks : 0;
	e->in_stub = false;
	e->stop = saved;
	e->left = left;
	e->blocks = blocks;
	e->skip = skip;
	e->block = block;
	e->block_size = block_size;
	return done;
}

bool rt0_in_slot(struct rt0_engine *e, uint64_t addr)
{
	uint64_t valid;
	bool mapped;
	uint32_t word = 0;
	if (!e->nbranches || addr & 3)
		return false;
	const uint8_t *p = rt0_space_peek(&e->space, addr - 4, &valid, &mapped);
	if (!p || valid < 4)
		return false;
	memcpy(&word, p, 4);
	if (e->big_endian)
		word = __builtin_bswap32(word);
	return rt0_is_branch(e, word);
}

/*
 * Where the engine stands in a delay slot, it knows what branch it is in, and nothing but the end of that branch has it forget. So an
 * instruction that does nothing is executed in the slot's stead. A system call follows it: without a branch, both are one block.
 */
bool rt0_leave_slot(struct rt0_engine *e, uint64_t offset, uint64_t *next)
{
	uint64_t from = RT0_STUB_ADDR + offset;
	e->in_stub = true;
	uc_ctl_flush_tlb(e->uc);
	uc_ctl_remove_cache(e->uc, from, from + 4); /* it goes where the last branch went */
	e->in_stub = false;
	uint64_t blocks = rt0_run_stub(e, offset);
	if (!blocks)
		*next = rt0_reg(e, e->pc);
	return blocks != 1;
}

void rt0_resume(struct rt0_engine *e, uint64_t pc)
{
	if (pc - e->block < e->block_size) {
		e->left += (e->block + e->block_size - pc) >> e->shift;
		e->blocks--;
	}
	e->resume = pc;
}
