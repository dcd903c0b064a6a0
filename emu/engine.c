/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The CPU engine. Rules that Unicorn 2.1.4 imposes, and that shape this file:
 *
 * - The engine's own TLB is replaced (UC_TLB_VIRTUAL) by a fill callback that walks our page table; the one physical mapping is made
 *   once and never changes.
 * - Stores are fast only in pages that no UC_HOOK_MEM_* covers, by physical address. So none has memory of ours in its range.
 * - A fill is told the page, and not the address, of an access. But whether a fill hook is called at all goes by the exact address.
 * - After each translation the engine sweeps its TLB for the page of the new code, unless a memory hook covers the *virtual* address
 *   of that code (uc_mem_hook_installed in tb_gen_code). A fetch hook over all addresses that are no physical memory spares the sweep
 *   and, by the rule above, costs no store. It never fires: all our physical memory is executable.
 * - MIPS: any exception but a system call sets the PC to what the last system call's was, and the engine stands in a delay slot until the
 *   branch ends, wherever the PC is set to. exception.go mends both.
 * - One block hook, and no more, is called straight from the translated code.
 * - Instructions are counted, not blocks: where blocks are cut depends on the version of the engine. A block counts when it is entered.
 */
#include "shim.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

void rt0_end(struct rt0_engine *e, enum rt0_why why)
{
	e->stop.why = why;
	uc_emu_stop(e->uc);
}

static void set_goal(struct rt0_engine *e, uint64_t goal)
{
	uint64_t done = rt0_executed(e);
	if (goal > done && goal - done > INT64_MAX)
		goal = done + INT64_MAX;
	e->goal = goal;
	e->left = goal > done ? (int64_t)(goal - done) : -(int64_t)(done - goal);
}

static bool fill(uc_engine *uc, uint64_t addr, uc_mem_type type, uc_tlb_entry *result, void *user)
{
	struct rt0_engine *e = user;
	(void)uc;
	uint32_t need = type == UC_MEM_WRITE ? RT0_WRITE : type == UC_MEM_FETCH ? RT0_EXEC : RT0_READ, rights;
	if (unlikely(e->in_stub)) {
		result->paddr = addr == RT0_STUB_DATA ? RT0_STUB_DATA_PHYS : RT0_STUB_PHYS;
		result->perms = addr == RT0_STUB_DATA ? UC_PROT_READ | UC_PROT_WRITE : UC_PROT_READ | UC_PROT_EXEC;
		return addr == RT0_STUB_ADDR || addr == RT0_STUB_DATA;
	}
	e->fills++;
	uint64_t phys;
	enum rt0_access a = rt0_space_fill(&e->space, addr, need, &phys, &rights);
	if (likely(a == RT0_OK)) {
		if (e->nbranches && rights & RT0_EXEC)
			rt0_look_through(e, addr, phys);
		if (unlikely(e->recorder) && !e->probing)
			rt0_record_fill(e, addr, need, phys);
		result->paddr = phys;
		result->perms = rights; /* RT0_READ, RT0_WRITE, RT0_EXEC equal UC_PROT_* */
		return true;
	}
	if (!e->probing) {
		e->stop.addr = addr;
		e->stop.access = need;
		e->stop.mapped = a == RT0_PROTECTED;
		e->stop.err = a == RT0_EXHAUSTED;
	}
	return false;
}

/* A second fill hook, for a part of a page: it is called when the first one has failed for an address in there. */
static bool fill_failed(uc_engine *uc, uint64_t addr, uc_mem_type type, uc_tlb_entry *result, void *user)
{
	struct rt0_engine *e = user;
	(void)uc, (void)addr, (void)type, (void)result;
	e->probed = true;
	return false;
}

static bool never(uc_engine *uc, uc_mem_type type, uint64_t addr, int size, int64_t value, void *user)
{
	(void)uc, (void)type, (void)addr, (void)size, (void)value, (void)user;
	return true;
}

static void on_syscall(uc_engine *uc, void *user)
{
	(void)uc;
	rt0_end(user, RT0_SYSCALL);
}

static void on_interrupt(uc_engine *uc, uint32_t number, void *user)
{
	struct rt0_engine *e = user;
	(void)uc;
	bool illegal = e->illegal && number == e->illegal;
	e->stop.intr = number;
	if (!e->syscall_insn && number == e->syscall_intr) {
		rt0_end(e, RT0_SYSCALL);
	} else if (!illegal || !e->csr || !rt0_csr_trap(e)) {
		rt0_end(e, illegal ? RT0_ILLEGAL : RT0_INTERRUPT);
		e->stop.behind = e->ahead;
	}
}

/*
 * ARM: the engine ends YIELD and WFE as it ends undefined instructions, with the PC past them. Undefined ones set the syndrome: to a class, or
 * to class 0 and nothing but the length. The hints leave it as it was: 0 when the run began, or what a load or a store has left since,
 * which has more bits.
 */
static bool on_invalid(uc_engine *uc, void *user)
{
	struct rt0_engine *e = user;
	uint32_t syndrome = rt0_reg(e, UC_ARM_REG_ESR), class = syndrome >> 26;
	(void)uc;
	return class == 0 && syndrome != 1u << 25 && !e->probing;
}

static uc_err hook(struct rt0_engine *e, int type, void *f, uint64_t begin, uint64_t end)
{
	uc_hook h;
	return uc_hook_add(e->uc, &h, type, f, e, begin, end);
}

static uc_err hook_insn(struct rt0_engine *e, void *f, int insn)
{
	uc_hook h;
	return uc_hook_add(e->uc, &h, UC_HOOK_INSN, f, e, 1, 0, insn);
}

static uc_err set_up(struct rt0_engine *e, const struct rt0_config *c)
{
	uc_err err;
#define TRY(x) \
	if ((err = (x))) \
	return err
	TRY(uc_open(c->arch, c->mode, &e->uc));
	if (c->model >= 0)
		TRY(uc_ctl_set_cpu_model(e->uc, c->model));
	if (c->small_pages)
		TRY(uc_ctl_set_page_size(e->uc, RT0_PAGE_SIZE));
	TRY(uc_ctl_exits_enable(e->uc));
	TRY(uc_ctl_tlb_mode(e->uc, UC_TLB_VIRTUAL));
	TRY(uc_mem_map_ptr(e->uc, RT0_PHYS_BASE, e->space.pages << RT0_PAGE_BITS, UC_PROT_ALL, e->space.host));
	TRY(hook(e, UC_HOOK_TLB_FILL, fill, 1, 0));
	TRY(hook(e, UC_HOOK_BLOCK, rt0_block_hook(e, c->record), 1, 0));
	if (c->record)
		TRY(hook(e, UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, rt0_record_access, 1, 0));
	TRY(hook(e, UC_HOOK_MEM_FETCH_PROT, never, 0, RT0_PHYS_BASE - 1));
	TRY(hook(e, UC_HOOK_MEM_FETCH_PROT, never, 1ull << 32, ~0ull));
	TRY(hook(e, UC_HOOK_INTR, on_interrupt, 1, 0));
	if (e->arm)
		TRY(hook(e, UC_HOOK_INSN_INVALID, on_invalid, 1, 0));
	if (c->syscall_insn)
		TRY(hook_insn(e, on_syscall, c->syscall_insn));
	if (c->arch == UC_ARCH_X86) {
		TRY(hook_insn(e, rt0_on_cpuid, UC_X86_INS_CPUID));
		TRY(hook_insn(e, rt0_on_rdtsc, UC_X86_INS_RDTSC));
		TRY(hook_insn(e, rt0_on_rdtscp, UC_X86_INS_RDTSCP));
	}
	if (c->arch == UC_ARCH_ARM64)
		TRY(hook_insn(e, rt0_on_mrs, UC_ARM64_INS_MRS));
	TRY(uc_context_alloc(e->uc, &e->scratch));
	return UC_ERR_OK;
#undef TRY
}

/*
 * An engine begins with tables of a megabyte and more, page by page. Having the host make these pages at once costs a tenth of the faults;
 * see populate in space.c. Only for the first engine: later ones find what it left.
 */
static void warm_heap(void)
{
#if defined(__GLIBC__) && defined(MADV_POPULATE_WRITE)
	enum { SIZE = 3 << 19 };
	static bool done;
	if (__atomic_exchange_n(&done, true, __ATOMIC_RELAXED))
		return;
	mallopt(M_MMAP_THRESHOLD, 4 * SIZE);
	mallopt(M_TRIM_THRESHOLD, 4 * SIZE);
	mallopt(M_ARENA_MAX, 2); /* Go moves from thread to thread: each with a heap of its own would keep what others have freed */
	char *p = malloc(SIZE);
	if (p) {
		uintptr_t start = ((uintptr_t)p + RT0_PAGE_SIZE - 1) & -(uintptr_t)RT0_PAGE_SIZE;
		madvise((void *)start, SIZE - RT0_PAGE_SIZE, MADV_POPULATE_WRITE);
		free(p);
	}
#endif
}

struct rt0_engine *rt0_open(const struct rt0_config *c, uint32_t *err)
{
	struct rt0_engine *e = calloc(1, sizeof *e);
	*err = UC_ERR_NOMEM;
	warm_heap();
	if (!e)
		return NULL;
	e->shift = c->shift;
	e->pc = c->pc;
	e->syscall_insn = c->syscall_insn;
	e->syscall_intr = c->syscall_intr;
	e->illegal = c->illegal;
	e->halt = c->halt;
	e->ahead = c->ahead;
	e->csr = c->arch == UC_ARCH_RISCV;
	e->pauses = c->pauses;
	e->flags = c->flags;
	e->flags_never = c->flags_never;
	e->thumb = c->thumb;
	e->id = c->id;
	e->arm = c->arch == UC_ARCH_ARM;
	e->skip = e->resume = e->piece = RT0_NOWHERE;
	memcpy(e->branches, c->branches, sizeof e->branches);
	e->nbranches = c->nbranches;
	memcpy(e->blind, c->blind, sizeof e->blind);
	e->nblind = c->nblind;
	e->big_endian = c->big_endian;
	rt0_forget_blocks(e);
	if (rt0_space_open(&e->space, c->memory) || (*err = set_up(e, c))) {
		rt0_close(e);
		return NULL;
	}
	return e;
}

void rt0_close(struct rt0_engine *e)
{
	rt0_recall_end(e);
	if (!e->broken) {
		if (e->scratch)
			uc_context_free(e->scratch);
		if (e->uc)
			uc_close(e->uc);
	}
	rt0_space_close(&e->space);
	free(e->breaks);
	rt0_forget_blocks(e);
	free(e->cpuid);
	free(e->seen);
	if (e->stub)
		munmap(e->stub, 2 * RT0_PAGE_SIZE);
	free(e->opcodes);
	free(e);
}

static void refresh(struct rt0_engine *e)
{
	struct rt0_space *s = &e->space;
	if (s->code_stale) {
		uc_ctl_flush_tb(e->uc);
		rt0_look_again(e);
		rt0_forget_blocks(e);
	}
	/* The engine's TLB grows only when it is flushed: do that as well when it misses a lot. */
	if (s->tlb_stale || s->code_stale || e->fills > 512) {
		uc_ctl_flush_tlb(e->uc);
		rt0_space_flushed(s);
		e->fills = 0;
	}
	s->code_stale = false;
}

/* Where to start: writing a PC to ARM selects the instruction set by bit 0, which reading does not give. */
static uint64_t start_at(struct rt0_engine *e, uint64_t pc)
{
	return pc | (e->thumb && rt0_reg(e, e->flags) & e->thumb);
}

/*
 * A fill learns the page of a fault only. So the instruction is run again, and again, with a fill hook for half of what is left of the
 * page: it fails each time, which leaves everything as it is.
 */
static void probe(struct rt0_engine *e)
{
	int64_t left = e->left;
	uint64_t blocks = e->blocks, pc = start_at(e, e->stop.pc), addr = e->stop.addr;
	struct rt0_stop saved = e->stop;
	uc_context_save(e->uc, e->scratch);
	for (uint64_t half = RT0_PAGE_SIZE / 2; half; half /= 2) {
		uc_hook h;
		if (uc_hook_add(e->uc, &h, UC_HOOK_TLB_FILL, fill_failed, e, addr, addr + half - 1) != UC_ERR_OK)
			break;
		e->probing = 1;
		e->probed = false;
		e->left = 0; /* makes the block hook ask, and be told to count nothing */
		e->stop.why = RT0_NOTHING;
		rt0_start(e, pc);
		uc_hook_del(e->uc, h);
		uc_context_restore(e->uc, e->scratch);
		rt0_set_reg(e, e->pc, pc);
		if (e->probing > 2) {
			addr = saved.addr;
			break;
		}
		if (!e->probed)
			addr += half;
	}
	e->probing = 0;
	e->stop = saved;
	e->stop.addr = addr;
	e->left = left;
	e->blocks = blocks;
}

/*
 * The engine's CMPXCHG8B and CMPXCHG16B compute the flags by a stale rule (env->cc_op, which the translator has not written back), and
 * keep whatever the last operand left there. Nothing but ZF is looked at while the code runs; but at a stop all of it is merged into
 * EFLAGS, and TF or DF among it would change what runs next. Garbage shows by bits that cannot be set; the arithmetic flags are kept.
 */
static void mend_flags(struct rt0_engine *e)
{
	enum { ARITHMETIC = 0x8d5, FIXED = 2 };
	uint64_t flags;
	if (e->flags_never && (flags = rt0_reg(e, e->flags)) & e->flags_never)
		rt0_set_reg(e, e->flags, (flags & ARITHMETIC) | FIXED);
}

/*
 * The address of a fetch: the PC, or the next page where the instruction goes on there. An instruction that s390x or RISC-V does not know
 * makes a block of no bytes; the engine then looks for the page of the block's last byte (tb_gen_code), which may be the page before.
 */
static void fetch_fault(struct rt0_engine *e)
{
	uint64_t page = e->stop.addr & -(uint64_t)RT0_PAGE_SIZE, here = e->stop.pc & -(uint64_t)RT0_PAGE_SIZE;
	if (page == here)
		e->stop.addr = e->stop.pc;
	else if (e->illegal && e->stop.pc == here && page == here - RT0_PAGE_SIZE)
		e->left--, e->stop = (struct rt0_stop){.why = RT0_ILLEGAL, .pc = e->stop.pc, .intr = e->illegal};
	else
		e->stop.addr = page;
}

void rt0_run(struct rt0_engine *e, uint64_t limit)
{
	memset(&e->stop, 0, sizeof e->stop);
	if (e->broken) {
		e->stop.why = RT0_ENGINE;
		e->stop.pc = rt0_reg(e, e->pc);
		return;
	}
	set_goal(e, limit);
	if (e->arm)
		rt0_set_reg(e, UC_ARM_REG_ESR, 0);
	if (e->recorder)
		rt0_record_begin(e);
	else if (e->recollection && rt0_recall(e))
		return;
	refresh(e);
	e->stop.why = RT0_NOTHING;
	uint64_t pc = rt0_reg(e, e->pc);
	bool at_break = e->at_break;
	uint64_t before = rt0_executed(e);
	e->skip = at_break ? pc : RT0_NOWHERE;
	uc_err err = rt0_start(e, start_at(e, pc));
	while (e->pauses && err == UC_ERR_OK && e->stop.why == RT0_NOTHING)
		err = rt0_start(e, rt0_reg(e, e->pc));
	e->resume = RT0_NOWHERE;
	if (e->stop.why == RT0_CUT)
		rt0_record_opaque(e), err = rt0_run_piece(e, rt0_reg(e, e->pc), e->cut);
	e->stop.pc = rt0_reg(e, e->pc);
	if (e->stop.behind)
		rt0_set_reg(e, e->pc, e->stop.pc -= e->stop.behind);
	if (e->csr_read)
		rt0_csr_settle(e, e->stop.pc);
	mend_flags(e);
	if (err == UC_ERR_EXCEPTION && e->stop.why == RT0_NOTHING && e->stop.access) {
		e->stop.why = e->stop.err ? RT0_MEMORY : RT0_FAULT;
		if (e->stop.why == RT0_FAULT && e->stop.access == RT0_EXEC)
			fetch_fault(e);
		else if (e->stop.why == RT0_FAULT)
			probe(e);
	} else if (err == UC_ERR_INSN_INVALID) {
		e->stop.why = e->halt ? RT0_INTERRUPT : RT0_ILLEGAL;
		e->stop.intr = e->halt;
	} else if ((err != UC_ERR_OK && e->stop.why != RT0_INTERRUPT) || e->stop.why == RT0_NOTHING) {
		/* No hook asked for the stop, and the engine names no error: the CPU was halted. */
		e->stop.why = err ? RT0_ENGINE : RT0_ILLEGAL;
		e->stop.err = err;
	}
	if (e->broken)
		e->stop.why = RT0_ENGINE;
	/* A limit that was reached already leaves the guest at its breakpoint, which was told of. */
	e->at_break = e->stop.why == RT0_BREAK || (at_break && e->stop.why == RT0_LIMIT && rt0_executed(e) == before);
	if (e->recorder)
		rt0_record_end(e);
}
