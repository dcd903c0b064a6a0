/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The C half of package emu: what runs for every block and every TLB miss, and thus cannot afford the way to Go and back.
 *
 * space.c   the guest's address space: physical pages, page table, snapshots
 * regions.c what is mapped there
 * engine.c  the CPU engine: hooks, the run loop, registers
 * blocks.c  what happens where a block begins; breakpoints
 * guard.c   what outlives the death of the engine
 * csr.c     RISC-V's counters
 * told.c    CPUID and the counters of others
 * stub.c    code of our own; delay slots
 * long.c    blocks that are too long for the engine
 * access.c  registers, contexts, memory
 * reserve.c what a thread has reserved for a store-conditional
 * recall.c  what need not be run again; record.c finds that out
 * intercept.c  instructions that the engine must not carry out
 * x86.c     the instructions of x86, one from another
 */
#ifndef RT0_SHIM_H
#define RT0_SHIM_H

#ifndef __has_include
#error "rt0: this compiler is too old to look for headers (gcc 5 and clang are new enough)"
#elif !__has_include(<unicorn/unicorn.h>)
#error "rt0: the CPU engine (Unicorn 2.1.4 or newer) is not here yet; run: make deps"
#else
#include <unicorn/unicorn.h>
#if UC_API_MAJOR * 10000 + UC_API_MINOR * 100 + UC_API_PATCH < 20104
#error "rt0: this Unicorn is older than 2.1.4; run: make deps"
#endif
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RT0_NOWHERE (~0ull)

#define RT0_PAGE_BITS 12
#define RT0_PAGE_SIZE (1u << RT0_PAGE_BITS)
#define RT0_ADDRESS_BITS 57 /* as many as a CPU of today has */
#define RT0_ROOT_BITS 48    /* of addresses below one root of the page table */

/*
 * Guest physical memory begins here. Below it stays free for the virtual addresses of ordinary code: engine.c says why those two must not
 * overlap. All of it must end below 4 GiB: 32-bit targets truncate physical addresses.
 * guard.c   what outlives the death of the engine
 */
#define RT0_PHYS_BASE 0x40000000ull
#define RT0_PHYS_MAX 0xb0000000ull /* bytes */

/*
 * Code of our own runs in a page that only it can see: one physical page below the guest's, at a virtual address that matters to nobody
 * else.
 */
#define RT0_STUB_PHYS 0x3ffff000ull
#define RT0_STUB_ADDR 0x7ffff000ull
/* It has a page for its data, before it. */
#define RT0_STUB_DATA_PHYS (RT0_STUB_PHYS - RT0_PAGE_SIZE)
#define RT0_STUB_DATA (RT0_STUB_ADDR - RT0_PAGE_SIZE)

/* Pages of a region with RT0_ABSENT never come into being: each access faults, whatever else the protection says. */
enum { RT0_READ = 1, RT0_WRITE = 2, RT0_EXEC = 4, RT0_ABSENT = 8 };

/* A region of the address space: [start, end), whole pages. Untouched pages read as source, or as zero past source_size. */
struct rt0_region {
	uint64_t start, end;
	uint32_t prot, tag;
	const uint8_t *source;
	uint64_t source_size;
};

/* An undone change of a page table entry. */
struct rt0_change {
	uint64_t page; /* virtual page number */
	uint64_t entry;
};

struct rt0_mark {
	size_t journal;
	uint64_t touched;
	struct rt0_region *regions;
	size_t nregions;
};

struct rt0_space {
	uint8_t *host;     /* the host mapping that is the guest's physical memory */
	uint64_t pages;    /* its size in pages */
	uint64_t used;     /* pages handed out so far, freed ones included */
	uint64_t populated; /* pages that the host was asked to make */
	uint32_t *free;    /* freed physical pages, ready for reuse */
	size_t nfree, cfree;

	uint64_t tables; /* levels of the page table allocated besides the first root */

	struct rt0_region *regions;
	size_t nregions, cregions;
	size_t last; /* index of the region found last */

	/* Entries of an older epoch than this belong to a snapshot: they are journaled, and copied, before they change. */
	uint64_t epoch;
	struct rt0_change *journal;
	size_t njournal, cjournal;
	struct rt0_mark *marks;
	size_t nmarks, cmarks;

	/* Clean pages of executable regions, by where they come from: they outlive a restore, and so does the code translated from them. */
	struct rt0_cached {
		const uint8_t *source;
		uint32_t size, page; /* bytes of the source that the page begins with */
	} *cache;
	size_t ncache, ccache;

	uint64_t touched;  /* first touches, in all */
	uint64_t flushes;  /* of the engine's TLB, modulo what an entry has room for, and never 0 */
	bool tlb_stale;    /* the engine's TLB may hold what is no longer so */
	bool code_stale;   /* ... and so may its translations */
	bool exhausted;    /* a page was wanted and there was none */
	bool no_memory;    /* the host refused memory for a table: reported as exhaustion */

	/* The page table: a tree for each 1 << RT0_ROOT_BITS addresses. The first is there from the start, the others when they are needed. */
	uint64_t ***roots[1u << (RT0_ADDRESS_BITS - RT0_ROOT_BITS)];
};

int rt0_space_open(struct rt0_space *s, uint64_t bytes);
void rt0_space_close(struct rt0_space *s);
int rt0_space_map(struct rt0_space *s, uint64_t addr, uint64_t size, uint32_t prot, uint32_t tag, const uint8_t *source, uint64_t source_size);
int rt0_space_unmap(struct rt0_space *s, uint64_t addr, uint64_t size);
int rt0_space_protect(struct rt0_space *s, uint64_t addr, uint64_t size, uint32_t prot);
void rt0_space_discard(struct rt0_space *s, uint64_t addr, uint64_t size);
/* Index of the first region whose end is above addr; nregions when there is none. */
size_t rt0_space_find(struct rt0_space *s, uint64_t addr);
/* Puts a region at an index; takes n out; cuts the one that holds addr in two; joins neighbours that are alike in [from, to]. */
bool rt0_region_insert(struct rt0_space *s, size_t at, struct rt0_region r);
void rt0_region_erase(struct rt0_space *s, size_t at, size_t n);
bool rt0_region_split(struct rt0_space *s, uint64_t addr);
void rt0_region_merge(struct rt0_space *s, uint64_t from, uint64_t to);
/* Makes room for one more element of an array; false when the host has no memory. */
bool rt0_grow(void **array, size_t *capacity, size_t n, size_t size);
bool rt0_space_resident(struct rt0_space *s, uint64_t addr);
size_t rt0_space_snapshot(struct rt0_space *s);
void rt0_space_restore(struct rt0_space *s, size_t mark);

enum rt0_access { RT0_OK, RT0_UNMAPPED, RT0_PROTECTED, RT0_EXHAUSTED };
/*
 * Makes the page of addr ready for an access and tells where it lies: physical address and the rights that a TLB entry may have.
 * need is of RT0_READ, RT0_WRITE, RT0_EXEC; force passes over the protection.
 */
enum rt0_access rt0_space_page(struct rt0_space *s, uint64_t addr, uint32_t need, bool force, uint64_t *phys, uint32_t *rights);
/* The same for the engine's TLB. What it is given there must stay so until it is flushed. */
enum rt0_access rt0_space_fill(struct rt0_space *s, uint64_t addr, uint32_t need, uint64_t *phys, uint32_t *rights);
/* The TLB was flushed. */
void rt0_space_flushed(struct rt0_space *s);
/* The host's view of a page for looking only: NULL and *mapped = true for a page that reads as zero. Changes nothing. */
const uint8_t *rt0_space_peek(struct rt0_space *s, uint64_t addr, uint64_t *valid, bool *mapped);

/* What an executed page is a clean copy of: where its contents come from, which nobody changes; NULL: it is none. */
const uint8_t *rt0_space_clean(struct rt0_space *s, uint64_t addr);
/*
 * Whether the page at addr may be accessed in all the ways of need, and, unless source is NULL, is a clean copy of that. The first bytes of the page
 * are at host, as many as are valid; the others are zero. Changes nothing.
 */
bool rt0_space_view(struct rt0_space *s, uint64_t addr, uint32_t need, const uint8_t *source, const uint8_t **host, uint32_t *valid);
/* Whether n pages can be touched, and far more. */
bool rt0_space_room(struct rt0_space *s, uint64_t n);

static inline uint8_t *rt0_space_host(struct rt0_space *s, uint64_t phys) { return s->host + (phys - RT0_PHYS_BASE); }

/* Why a run ended. The order is that of emu.StopKind. */
enum rt0_why { RT0_LIMIT, RT0_SYSCALL, RT0_BREAK, RT0_FAULT, RT0_ILLEGAL, RT0_INTERRUPT, RT0_MEMORY, RT0_ENGINE, RT0_EMULATE, RT0_CUT, RT0_NOTHING };

struct rt0_stop {
	uint64_t pc, addr;
	uint32_t why, access, mapped, intr, err;
	uint32_t behind; /* the instruction that raised the exception is so many bytes before the engine's PC */
};

struct rt0_cpuid {
	uint32_t leaf, subleaf, regs[4];
};

/* What the blocks of a page count, by their first bytes (blocks.c): blocks at one address differ only when the code was changed. */
struct rt0_counted {
	uint64_t page; /* virtual page number */
	uint8_t *counts;
};

/* A set of 32-bit instructions. */
struct rt0_pattern {
	uint32_t mask, value;
};
#define RT0_BRANCHES 8
#define RT0_BLIND 8

/* A set of instructions by their words, and whether the engine must not carry them out. The first that an instruction is in counts. */
struct rt0_opcode {
	uint64_t mask, value;
	bool stop;
};

enum { RT0_X86_LEGACY, RT0_X86_VEX, RT0_X86_EVEX };
/* How the instructions of a block are told apart. */
enum rt0_decoder { RT0_BY_LENGTHS, RT0_X86_32, RT0_X86_64 };

/* Code that is translated with hooks, lest a block become too long (long.c). */
struct rt0_range {
	uint64_t begin, end;
};
#define RT0_LONG 64
#define RT0_NEAR (1u << 10)
#define RT0_FILTER_BITS (1u << 15)

struct rt0_engine {
	/* What the block hook touches comes first. Instructions executed are goal - left; a run ends when none is left. */
	int64_t left;
	uint64_t blocks;
	uint32_t shift;   /* log2 of the instruction size; 0: it varies */
	uint64_t goal;
	uint64_t filter[RT0_FILTER_BITS / 64]; /* shift != 0: breakpoints, hashed */

	uc_engine *uc;
	struct rt0_space space;
	int pc, syscall_insn;
	uint32_t syscall_intr, illegal, halt, ahead;
	bool pauses; /* a run that nothing has ended is a pause */
	int flags;
	uint64_t flags_never, thumb;
	uint64_t id; /* arm64's MIDR_EL1; 0: the model's */
	bool arm; /* see on_invalid */

	bool csr;          /* it is a RISC-V */
	uint32_t csr_read; /* an instruction that has read a counter, and the address after it, where rd is to be mended; 0: none */
	uint64_t csr_next;

	struct rt0_opcode *opcodes; /* instructions to intercept, by their words (rt0_word) */
	size_t nopcodes;
	uint8_t lengths[4]; /* of an instruction in bytes, by the two highest bits of its first byte */
	enum rt0_decoder decoder;
	bool everywhere; /* x86: a block may have one without having one of the few bytes that most begin with */
	uint64_t piece, cut; /* a block that ends before the instruction at cut is under way; RT0_NOWHERE: none */

	uint64_t *breaks; /* open-addressed set; 0 is empty */
	size_t nbreaks, cbreaks;
	uint32_t gone; /* breakpoints whose bits are still in the filter */
	uint64_t skip;
	bool at_break;

	/* Branches with delay slots: of the engines that have them, the PC of exceptions is found out from the block. */
	struct rt0_pattern branches[RT0_BRANCHES];
	uint32_t nbranches, block_size;
	uint64_t block, resume; /* the block entered last; where one is taken up again */
	bool big_endian;
	uint8_t *stub; /* the page of our own code's data, and the page of that code; or NULL */
	uint8_t *seen; /* a bit for each physical page that was looked through for long blocks */
	struct rt0_range longs[RT0_LONG];
	uint32_t nlong;
	bool in_stub;

	struct rt0_stop stop;
	uint64_t fills;
	int broken; /* the signal that the engine died of; 0: none */
	int probing; /* 1 and more: the instruction of a fault is run again, and so many blocks were entered */
	bool probed;
	uc_context *scratch;

	struct rt0_cpuid *cpuid;
	size_t ncpuid;
	uint64_t counter; /* added to instructions: what RDTSC, CNTVCT_EL0 and RDTIME read */

	/* What recall.c keeps. The words of a context, now, when the engine was opened, and where they differ. */
	struct rt0_recollection *recollection; /* or NULL */
	struct rt0_recorder *recorder;         /* or NULL */
	uc_context *now;
	uint64_t *base;
	size_t context_bytes, context_words;
	struct patch *patches;
	uint64_t break_sum; /* of the breakpoints' hashes */
	uint64_t recalled;  /* instructions, since the engine was opened */
	uint64_t version;   /* of the recollection, when missed began */
	uint8_t missed[1024]; /* by where a stretch begins, hashed: how often it was not known */
	struct rt0_pattern blind[RT0_BLIND];
	uint32_t nblind;

	struct rt0_counted *counted, near[RT0_NEAR]; /* shift == 0: a hash table, and what was used last of it */
	size_t ncounted, ccounted;
};

static inline uint64_t rt0_executed(struct rt0_engine *e) { return e->goal - (uint64_t)e->left; }
static inline uint64_t rt0_counter(struct rt0_engine *e) { return e->counter + rt0_executed(e); }

/* An illegal instruction: true when it was RDTIME, which has been carried out. */
bool rt0_csr_trap(struct rt0_engine *e);
/* Looks whether a block that is about to run ends by reading a counter. */
void rt0_csr_block(struct rt0_engine *e, uint64_t addr, uint32_t size);
/* Mends what it has read, now that the CPU is at pc. */
void rt0_csr_settle(struct rt0_engine *e, uint64_t pc);

/* The first instruction of a block that is to be intercepted; false: there is none. */
bool rt0_intercepted(struct rt0_engine *e, uint64_t addr, uint32_t size, uint64_t *at);
/* Runs a block up to that instruction. */
/* uc_emu_start without an end, which outlives the engine's own death (guard.c). */
uc_err rt0_start(struct rt0_engine *e, uint64_t pc);
uc_err rt0_run_piece(struct rt0_engine *e, uint64_t addr, uint64_t cut);

struct rt0_config {
	int arch, mode, model; /* model -1: the engine's default */
	bool small_pages;
	int pc, syscall_insn;
	uint32_t syscall_intr, illegal, halt, ahead, shift;
	bool pauses;
	int flags;
	uint64_t flags_never;
	uint64_t thumb; /* the bit of flags that is bit 0 of an address to start at; 0: there is none */
	uint64_t id;
	uint64_t memory;
	struct rt0_pattern branches[RT0_BRANCHES], blind[RT0_BLIND];
	uint32_t nbranches, nblind;
	bool big_endian;
	bool record; /* with hooks for each load and store */
};

/* recall.c and record.c */
struct rt0_recollection *rt0_recollection_open(uint64_t limit);
/* Nobody may look meanwhile. */
void rt0_recollection_forget(struct rt0_recollection *r);
void rt0_recollection_close(struct rt0_recollection *r);
uint64_t rt0_recollection_bytes(struct rt0_recollection *r);
/* Something has been recorded: what was not known may be so now. */
void rt0_recollection_changed(struct rt0_recollection *r);
uint64_t rt0_break_hash(uint64_t addr);
/* Has the engine look into r, or, when it was opened to record, add to it. It has not run yet, and its registers are those that it began with. */
bool rt0_recall_begin(struct rt0_engine *e, struct rt0_recollection *r, bool record);
void rt0_recall_end(struct rt0_engine *e);
/* A run begins: true when it is over, because what it does was known. */
bool rt0_recall(struct rt0_engine *e);
/* The same for an engine that records. */
bool rt0_record_open(struct rt0_engine *e);
void rt0_record_close(struct rt0_engine *e);
void rt0_record_begin(struct rt0_engine *e);
void rt0_record_end(struct rt0_engine *e);
/* What happens in the run depends on more than registers and memory, or does more. */
void rt0_record_opaque(struct rt0_engine *e);
void rt0_record_fill(struct rt0_engine *e, uint64_t addr, uint32_t need, uint64_t phys);
void rt0_record_block(struct rt0_engine *e, uint64_t addr, uint32_t size);
void rt0_record_access(uc_engine *uc, uc_mem_type type, uint64_t phys, int size, int64_t value, void *user);


struct rt0_engine *rt0_open(const struct rt0_config *c, uint32_t *err);
void rt0_close(struct rt0_engine *e);
void rt0_intercept(struct rt0_engine *e, const struct rt0_opcode *opcodes, size_t n, const uint8_t lengths[4], enum rt0_decoder decoder);
/* The word of an instruction of x86, as package arch describes it (opcode.go), and its length; wide: in 64-bit mode. */
uint64_t rt0_x86_insn(const uint8_t *code, size_t n, bool wide, uint32_t *length);
void rt0_set_cpuid(struct rt0_engine *e, const struct rt0_cpuid *leaves, size_t n);
/* told.c: hooks of instructions. */
int rt0_on_cpuid(uc_engine *uc, void *user);
int rt0_on_rdtsc(uc_engine *uc, void *user);
int rt0_on_rdtscp(uc_engine *uc, void *user);
uint32_t rt0_on_mrs(uc_engine *uc, uc_arm64_reg reg, const uc_arm64_cp_reg *cp, void *user);
void rt0_run(struct rt0_engine *e, uint64_t limit);
/* Puts code into the page of our own. */
bool rt0_set_stub(struct rt0_engine *e, const void *code, size_t n);
/* Runs it from an offset on to its system call, with the registers as they are. Returns how many blocks that took; 0: it went elsewhere. */
uint64_t rt0_run_stub(struct rt0_engine *e, uint64_t offset);
bool rt0_is_branch(struct rt0_engine *e, uint32_t word);
/* Looks through a page of code for blocks that the engine cannot translate in one go. */
void rt0_look_through(struct rt0_engine *e, uint64_t addr, uint64_t phys);
/* Code has changed. */
void rt0_look_again(struct rt0_engine *e);
/* Whether the instruction before addr is a branch with a delay slot. */
bool rt0_in_slot(struct rt0_engine *e, uint64_t addr);
/*
 * Makes the CPU forget that the next instruction is in a delay slot, if it is: true. *next becomes where a branch that is taken goes. At offset,
 * the page of our own has an instruction that does nothing, and a system call.
 */
bool rt0_leave_slot(struct rt0_engine *e, uint64_t offset, uint64_t *next);
/* The next run begins at pc, within the block that was entered last, and counts nothing of it anew. */
void rt0_resume(struct rt0_engine *e, uint64_t pc);
/* Ends the run before the block that is about to begin, or with the exception that was raised. */
void rt0_end(struct rt0_engine *e, enum rt0_why why);
/* The function that is called where a block begins. */
void *rt0_block_hook(struct rt0_engine *e, bool record);
/* The block at addr is looked at when it is entered next. */
void rt0_look_at(struct rt0_engine *e, uint64_t addr);
/* Code has changed, or the engine is new: all are. */
void rt0_forget_blocks(struct rt0_engine *e);
void rt0_break(struct rt0_engine *e, uint64_t addr);
void rt0_unbreak(struct rt0_engine *e, uint64_t addr);
uint64_t rt0_reg(struct rt0_engine *e, int reg);
void rt0_set_reg(struct rt0_engine *e, int reg, uint64_t value);
void rt0_wide_reg(struct rt0_engine *e, int reg, void *value);
void rt0_set_wide_reg(struct rt0_engine *e, int reg, const void *value);
void rt0_set_gdt(struct rt0_engine *e, int reg, uint64_t base, uint32_t limit);
uint32_t rt0_transfer(struct rt0_engine *e, uint64_t addr, uint8_t *to, uint64_t n, bool write, bool force, uint64_t *at);
uc_context *rt0_context_open(struct rt0_engine *e);
void rt0_context_save(struct rt0_engine *e, uc_context *c);
void rt0_context_load(struct rt0_engine *e, uc_context *c);
void rt0_context_close(uc_context *c);
size_t rt0_context_find(struct rt0_engine *e, uc_context *a, uc_context *b, uint64_t value, size_t width, size_t *at, size_t n);
void rt0_context_fill(uc_context *c, size_t at, size_t width);

#endif
