/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What is asked of a guest that stands still: registers, contexts, memory. */
#include "shim.h"

#include <string.h>

uint64_t rt0_reg(struct rt0_engine *e, int reg)
{
	uint64_t v = 0;
	uc_reg_read(e->uc, reg, &v);
	return v;
}

void rt0_set_reg(struct rt0_engine *e, int reg, uint64_t value) { uc_reg_write(e->uc, reg, &value); }

void rt0_wide_reg(struct rt0_engine *e, int reg, void *value) { uc_reg_read(e->uc, reg, value); }

void rt0_set_wide_reg(struct rt0_engine *e, int reg, const void *value) { uc_reg_write(e->uc, reg, value); }

void rt0_set_gdt(struct rt0_engine *e, int reg, uint64_t base, uint32_t limit)
{
	uc_x86_mmr gdt = {.base = base, .limit = limit};
	uc_reg_write(e->uc, reg, &gdt);
}

/* Copies between guest and host as the guest would access it (or whatever the protection, with force). Returns an enum rt0_access. */
uint32_t rt0_transfer(struct rt0_engine *e, uint64_t addr, uint8_t *to, uint64_t n, bool write, bool force, uint64_t *at)
{
	while (n) {
		uint64_t in = addr & (RT0_PAGE_SIZE - 1), part = RT0_PAGE_SIZE - in, phys;
		uint32_t rights;
		if (part > n)
			part = n;
		enum rt0_access a = rt0_space_page(&e->space, addr, write ? RT0_WRITE : RT0_READ, force, &phys, &rights);
		if (a != RT0_OK) {
			*at = addr;
			return a;
		}
		uint8_t *host = rt0_space_host(&e->space, phys) + in;
		if (write) {
			memcpy(host, to, part);
			if (rights & RT0_EXEC)
				e->space.code_stale = true;
		} else {
			memcpy(to, host, part);
		}
		addr += part;
		to += part;
		n -= part;
	}
	return RT0_OK;
}

uc_context *rt0_context_open(struct rt0_engine *e)
{
	uc_context *c = NULL;
	return uc_context_alloc(e->uc, &c) ? NULL : c;
}

void rt0_context_save(struct rt0_engine *e, uc_context *c) { uc_context_save(e->uc, c); }
void rt0_context_load(struct rt0_engine *e, uc_context *c) { uc_context_restore(e->uc, c); }
void rt0_context_close(uc_context *c) { uc_context_free(c); }
