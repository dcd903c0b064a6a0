/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The guest's address space.
 *
 * Regions (a sorted array) are the truth about what is mapped and how. The page table is a radix tree of 12+12+12 bits whose entries
 * are made at first touch, and an array of such trees, one for each 48 bits of addresses: hardly a program needs the second. An entry packs
 * protection, flags, physical page and the epoch in which it was made:
 *
 *   bits 0-2   protection          bit 3      present
 *   bit 4      from the page cache bit 5      was executed
 *   bits 6-11  when the engine's TLB got it, by the number of flushes before; 0: it has not
 *   bits 12-33 physical page       bits 34-63 epoch
 *
 * The number of flushes goes round, so that an entry may look as if the TLB had it although it was flushed since: that costs a flush in vain.
 *
 * A snapshot starts a new epoch, which costs nothing: entries of older epochs are frozen by that. The first change of a frozen entry
 * goes to the journal, and a write to its page goes to a copy. Restoring walks the journal back and frees the copies.
 */
#include "shim.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__linux__) && !defined(MADV_POPULATE_WRITE)
#define MADV_POPULATE_WRITE 23 /* the C library of Debian 12 has it; older ones do not */
#endif
#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

#define LEVEL_BITS 12
#define LEVEL_SIZE (1u << LEVEL_BITS)
#define LEVEL_MASK (LEVEL_SIZE - 1)
#define ROOTS (sizeof((struct rt0_space *)0)->roots / sizeof((struct rt0_space *)0)->roots[0])
_Static_assert(RT0_PAGE_BITS + 3 * LEVEL_BITS == RT0_ROOT_BITS, "the levels below a root cover its addresses");
#define POPULATE 64
#define TABLE_PAGES (LEVEL_SIZE * sizeof(uint64_t) / RT0_PAGE_SIZE)
#define PROT_BITS 7ull
#define PRESENT 8ull
#define CACHED 16ull
#define EXECUTED 32ull
#define FILLED_SHIFT 6
#define FILLED_FIELD 63ull
#define PAGE_SHIFT 12
#define PAGE_FIELD 0x3fffffull
#define EPOCH_SHIFT 34

#define ENTRY_PAGE(e) ((uint32_t)((e) >> PAGE_SHIFT & PAGE_FIELD))
#define ENTRY_EPOCH(e) ((e) >> EPOCH_SHIFT)

bool rt0_grow(void **array, size_t *capacity, size_t n, size_t size)
{
	if (n < *capacity)
		return true;
	size_t c = *capacity ? *capacity * 2 : 64;
	void *p = realloc(*array, c * size);
	if (!p)
		return false;
	*array = p;
	*capacity = c;
	return true;
}

int rt0_space_open(struct rt0_space *s, uint64_t bytes)
{
	memset(s, 0, sizeof *s);
	if (bytes > RT0_PHYS_MAX)
		bytes = RT0_PHYS_MAX;
	s->pages = bytes >> RT0_PAGE_BITS;
	s->host = mmap(NULL, s->pages << RT0_PAGE_BITS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (s->host == MAP_FAILED) {
		s->host = NULL;
		return -1;
	}
#ifdef MADV_NOHUGEPAGE
	/* Guest pages are scattered: a huge page for each first touch would cost 512 times the memory. */
	madvise(s->host, s->pages << RT0_PAGE_BITS, MADV_NOHUGEPAGE);
#endif
	s->roots[0] = calloc(LEVEL_SIZE, sizeof *s->roots[0]);
	s->epoch = s->flushes = 1;
	return s->roots[0] ? 0 : -1;
}

void rt0_space_close(struct rt0_space *s)
{
	if (s->host)
		munmap(s->host, s->pages << RT0_PAGE_BITS);
	for (size_t r = 0; r < ROOTS; r++) {
		uint64_t ***root = s->roots[r];
		for (size_t i = 0; root && i < LEVEL_SIZE; i++) {
			for (size_t j = 0; root[i] && j < LEVEL_SIZE; j++)
				free(root[i][j]);
			free(root[i]);
		}
		free(root);
	}
	for (size_t i = 0; i < s->nmarks; i++)
		free(s->marks[i].regions);
	free(s->marks);
	free(s->regions);
	free(s->journal);
	free(s->free);
	free(s->cache);
	memset(s, 0, sizeof *s);
}

/* A level of the page table. Tables count against the guest's bound: a guest that touches one page in each must not exhaust the host. */
static void *table(struct rt0_space *s)
{
	if (s->used + (s->tables + 1) * TABLE_PAGES > s->pages) {
		s->exhausted = true;
		return NULL;
	}
	s->tables++;
	return calloc(LEVEL_SIZE, sizeof(uint64_t));
}

static uint64_t *entry_of(struct rt0_space *s, uint64_t page, bool make)
{
	uint64_t ****root = &s->roots[page >> 3 * LEVEL_BITS];
	if (!*root && (!make || !(*root = table(s))))
		return NULL;
	uint64_t ***l1 = &(*root)[page >> 2 * LEVEL_BITS & LEVEL_MASK];
	if (!*l1 && (!make || !(*l1 = table(s))))
		return NULL;
	uint64_t **l2 = &(*l1)[page >> LEVEL_BITS & LEVEL_MASK];
	if (!*l2 && (!make || !(*l2 = table(s))))
		return NULL;
	return &(*l2)[page & LEVEL_MASK];
}

/* Whether the engine's TLB may have the page. */
static bool filled(struct rt0_space *s, uint64_t e) { return (e >> FILLED_SHIFT & FILLED_FIELD) == s->flushes; }

void rt0_space_flushed(struct rt0_space *s)
{
	s->tlb_stale = false;
	s->flushes = s->flushes < FILLED_FIELD ? s->flushes + 1 : 1;
}

static bool frozen(struct rt0_space *s, uint64_t e) { return s->nmarks && ENTRY_EPOCH(e) < s->epoch; }

static void release(struct rt0_space *s, uint64_t e)
{
	if (e & CACHED)
		return;
	if (e & EXECUTED)
		s->code_stale = true; /* the page may be reused, for other code, only after a flush; the next run begins with it */
	if (rt0_grow((void **)&s->free, &s->cfree, s->nfree, sizeof *s->free))
		s->free[s->nfree++] = ENTRY_PAGE(e);
}

/* Replaces an entry, and remembers the old one when a snapshot needs it. */
static bool set_entry(struct rt0_space *s, uint64_t page, uint64_t *p, uint64_t e)
{
	if (frozen(s, *p)) {
		if (!rt0_grow((void **)&s->journal, &s->cjournal, s->njournal, sizeof *s->journal)) {
			s->no_memory = true;
			return false;
		}
		s->journal[s->njournal++] = (struct rt0_change){page, *p};
	}
	*p = (e & ~(~0ull << EPOCH_SHIFT)) | s->epoch << EPOCH_SHIFT;
	return true;
}

/* Frees a page that no snapshot shares, and empties its entry. */
static void drop(struct rt0_space *s, uint64_t page, uint64_t *p)
{
	uint64_t old = *p;
	bool shared = frozen(s, old);
	if (!(old & PRESENT) || !set_entry(s, page, p, 0))
		return;
	s->tlb_stale |= filled(s, old);
	if (!shared)
		release(s, old);
	else if (old & EXECUTED && !(old & CACHED))
		s->code_stale = true;
}

/* Calls f for the entries in [start, end), passing over what was never touched. */
static void each(struct rt0_space *s, uint64_t start, uint64_t end, uint64_t arg, void (*f)(struct rt0_space *, uint64_t, uint64_t *, uint64_t))
{
	uint64_t page = start >> RT0_PAGE_BITS, last = end >> RT0_PAGE_BITS;
	while (page < last) {
		uint64_t ***root = s->roots[page >> 3 * LEVEL_BITS];
		if (!root) {
			page = ((page >> 3 * LEVEL_BITS) + 1) << 3 * LEVEL_BITS;
			continue;
		}
		uint64_t **l1 = root[page >> 2 * LEVEL_BITS & LEVEL_MASK];
		if (!l1) {
			page = ((page >> 2 * LEVEL_BITS) + 1) << 2 * LEVEL_BITS;
			continue;
		}
		uint64_t *l2 = l1[page >> LEVEL_BITS & LEVEL_MASK];
		uint64_t stop = ((page >> LEVEL_BITS) + 1) << LEVEL_BITS;
		if (stop > last)
			stop = last;
		if (!l2) {
			page = stop;
			continue;
		}
		for (; page < stop; page++)
			if (l2[page & LEVEL_MASK] & PRESENT)
				f(s, page, &l2[page & LEVEL_MASK], arg);
	}
}

static void drop_one(struct rt0_space *s, uint64_t page, uint64_t *p, uint64_t arg)
{
	(void)arg;
	drop(s, page, p);
}

static void protect_one(struct rt0_space *s, uint64_t page, uint64_t *p, uint64_t prot)
{
	uint64_t old = *p;
	if ((old & PROT_BITS) == prot)
		return;
	/* Stores to a page that is not executable are not watched for code that changes: forget what was translated from it. */
	if (old & EXECUTED && prot & RT0_WRITE)
		s->code_stale = true;
	s->tlb_stale |= filled(s, old) && old & ~prot & PROT_BITS; /* what is allowed from now on is asked for when it is done */
	bool shared = frozen(s, old);
	if (!shared) {
		*p = (old & ~PROT_BITS) | prot;
		return;
	}
	/* The page stays the snapshot's; the mark of age must stay too, or a write would go to the shared page. So the entry is journaled
	 * once more than needed, and keeps its epoch. */
	if (!rt0_grow((void **)&s->journal, &s->cjournal, s->njournal, sizeof *s->journal)) {
		s->no_memory = true;
		return;
	}
	s->journal[s->njournal++] = (struct rt0_change){page, old};
	*p = (old & ~PROT_BITS) | prot;
}

int rt0_space_unmap(struct rt0_space *s, uint64_t addr, uint64_t size)
{
	uint64_t end = addr + size;
	if (!rt0_region_split(s, addr) || !rt0_region_split(s, end))
		return -1;
	size_t i = rt0_space_find(s, addr), n = 0;
	while (i + n < s->nregions && s->regions[i + n].start < end)
		n++;
	if (n) {
		rt0_region_erase(s, i, n);
		s->last = 0;
		each(s, addr, end, 0, drop_one);
	}
	return 0;
}

int rt0_space_map(struct rt0_space *s, uint64_t addr, uint64_t size, uint32_t prot, uint32_t tag, const uint8_t *source, uint64_t source_size)
{
	if (rt0_space_unmap(s, addr, size))
		return -1;
	size_t i = rt0_space_find(s, addr);
	if (source_size > size)
		source_size = size;
	if (!rt0_region_insert(s, i, (struct rt0_region){addr, addr + size, prot, tag, source_size ? source : NULL, source_size}))
		return -1;
	rt0_region_merge(s, addr, addr + size);
	return 0;
}

int rt0_space_protect(struct rt0_space *s, uint64_t addr, uint64_t size, uint32_t prot)
{
	uint64_t end = addr + size;
	if (!rt0_region_split(s, addr) || !rt0_region_split(s, end))
		return -1;
	for (size_t i = rt0_space_find(s, addr); i < s->nregions && s->regions[i].start < end; i++)
		s->regions[i].prot = prot | (s->regions[i].prot & RT0_ABSENT);
	each(s, addr, end, prot, protect_one);
	rt0_region_merge(s, addr, end);
	return 0;
}

void rt0_space_discard(struct rt0_space *s, uint64_t addr, uint64_t size) { each(s, addr, addr + size, 0, drop_one); }

bool rt0_space_resident(struct rt0_space *s, uint64_t addr)
{
	uint64_t *p = addr >> RT0_ADDRESS_BITS ? NULL : entry_of(s, addr >> RT0_PAGE_BITS, false);
	return p && *p & PRESENT;
}

/*
 * Has the host make the next pages at once: a page fault each costs ten times as much where rt0 runs in a virtual machine. Linux before
 * 5.14 refuses, and the pages come one by one.
 */
static void populate(struct rt0_space *s)
{
	if (s->used < s->populated)
		return;
	uint64_t n = POPULATE < s->pages - s->used ? POPULATE : s->pages - s->used;
#ifdef MADV_POPULATE_WRITE
	madvise(s->host + (s->used << RT0_PAGE_BITS), n << RT0_PAGE_BITS, MADV_POPULATE_WRITE);
#endif
	s->populated = s->used + n;
}

/* A physical page, zeroed when the caller will not write all of it. False: the bound is reached. */
static bool take(struct rt0_space *s, bool zero, uint32_t *page)
{
	if (s->nfree && !s->code_stale) {
		*page = s->free[--s->nfree];
		if (zero)
			memset(s->host + ((uint64_t)*page << RT0_PAGE_BITS), 0, RT0_PAGE_SIZE);
		return true;
	}
	if (s->used + s->tables * TABLE_PAGES >= s->pages) {
		s->exhausted = true;
		return false;
	}
	populate(s);
	*page = s->used++;
	return true;
}

static struct rt0_cached *cached(struct rt0_space *s, const uint8_t *source, uint32_t size)
{
	size_t mask = s->ccache - 1, i = ((uintptr_t)source >> RT0_PAGE_BITS) * 0x9e3779b97f4a7c15ull >> 32 & mask;
	while (s->cache[i].source && (s->cache[i].source != source || s->cache[i].size != size))
		i = (i + 1) & mask;
	return &s->cache[i];
}

static bool remember(struct rt0_space *s, const uint8_t *source, uint32_t size, uint32_t page)
{
	if ((s->ncache + 1) * 2 > s->ccache) {
		struct rt0_cached *old = s->cache;
		size_t n = s->ccache, c = n ? n * 2 : 256;
		struct rt0_cached *table = calloc(c, sizeof *table);
		if (!table)
			return false;
		s->cache = table;
		s->ccache = c;
		for (size_t i = 0; i < n; i++)
			if (old[i].source)
				*cached(s, old[i].source, old[i].size) = old[i];
		free(old);
	}
	*cached(s, source, size) = (struct rt0_cached){source, size, page};
	s->ncache++;
	return true;
}

/* First touch of a page of region r. */
static bool touch(struct rt0_space *s, const struct rt0_region *r, uint64_t addr, uint64_t *p)
{
	uint64_t offset = (addr & ~(uint64_t)(RT0_PAGE_SIZE - 1)) - r->start;
	uint64_t n = offset < r->source_size ? r->source_size - offset : 0;
	if (n > RT0_PAGE_SIZE)
		n = RT0_PAGE_SIZE;
	bool clean = n && r->prot & RT0_EXEC && !(r->prot & RT0_WRITE);
	uint64_t flags = PRESENT | r->prot;
	uint32_t page = 0;
	struct rt0_cached *c = clean && s->ccache ? cached(s, r->source + offset, n) : NULL;
	if (c && c->source) {
		page = c->page;
		flags |= CACHED;
	} else {
		if (!take(s, n < RT0_PAGE_SIZE, &page))
			return false;
		if (n)
			memcpy(s->host + ((uint64_t)page << RT0_PAGE_BITS), r->source + offset, n);
		if (clean && remember(s, r->source + offset, n, page))
			flags |= CACHED;
	}
	s->touched++;
	return set_entry(s, addr >> RT0_PAGE_BITS, p, flags | (uint64_t)page << PAGE_SHIFT);
}

/* Gives the page an own copy before it is written. */
static bool copy(struct rt0_space *s, uint64_t addr, uint64_t *p)
{
	uint64_t old = *p;
	uint32_t page;
	if (!take(s, false, &page))
		return false;
	memcpy(s->host + ((uint64_t)page << RT0_PAGE_BITS), s->host + ((uint64_t)ENTRY_PAGE(old) << RT0_PAGE_BITS), RT0_PAGE_SIZE);
	s->tlb_stale |= filled(s, old);
	return set_entry(s, addr >> RT0_PAGE_BITS, p, (old & (PROT_BITS | PRESENT)) | (uint64_t)page << PAGE_SHIFT);
}

static inline enum rt0_access page_for(struct rt0_space *s, uint64_t addr, uint32_t need, bool force, bool fill, uint64_t *phys, uint32_t *rights)
{
	if (addr >> RT0_ADDRESS_BITS)
		return RT0_UNMAPPED;
	uint64_t *p = entry_of(s, addr >> RT0_PAGE_BITS, false);
	if (!p || !(*p & PRESENT)) {
		size_t i = rt0_space_find(s, addr);
		if (i == s->nregions || s->regions[i].start > addr)
			return RT0_UNMAPPED;
		if (s->regions[i].prot & RT0_ABSENT || (!force && need & ~s->regions[i].prot))
			return RT0_PROTECTED;
		p = entry_of(s, addr >> RT0_PAGE_BITS, true);
		if (!p || !touch(s, &s->regions[i], addr, p))
			return RT0_EXHAUSTED;
	}
	uint32_t prot = *p & PROT_BITS;
	if (!force && need & ~prot)
		return RT0_PROTECTED;
	bool shared = *p & CACHED || frozen(s, *p);
	if (shared && need & RT0_WRITE) {
		if (!copy(s, addr, p))
			return RT0_EXHAUSTED;
		shared = false;
	}
	if (prot & RT0_EXEC)
		*p |= EXECUTED; /* a hint for cache flushes, not a change that a snapshot must undo */
	*phys = RT0_PHYS_BASE + ((uint64_t)ENTRY_PAGE(*p) << RT0_PAGE_BITS);
	*rights = shared ? prot & ~RT0_WRITE : prot;
	if (fill)
		*p = (*p & ~(FILLED_FIELD << FILLED_SHIFT)) | s->flushes << FILLED_SHIFT;
	return RT0_OK;
}

enum rt0_access rt0_space_page(struct rt0_space *s, uint64_t addr, uint32_t need, bool force, uint64_t *phys, uint32_t *rights)
{
	return page_for(s, addr, need, force, false, phys, rights);
}

enum rt0_access rt0_space_fill(struct rt0_space *s, uint64_t addr, uint32_t need, uint64_t *phys, uint32_t *rights)
{
	return page_for(s, addr, need, false, true, phys, rights);
}

const uint8_t *rt0_space_peek(struct rt0_space *s, uint64_t addr, uint64_t *valid, bool *mapped)
{
	uint64_t base = addr & ~(uint64_t)(RT0_PAGE_SIZE - 1), in = addr - base;
	*valid = RT0_PAGE_SIZE - in;
	*mapped = false;
	if (addr >> RT0_ADDRESS_BITS)
		return NULL;
	uint64_t *p = entry_of(s, addr >> RT0_PAGE_BITS, false);
	if (p && *p & PRESENT) {
		*mapped = true;
		return s->host + ((uint64_t)ENTRY_PAGE(*p) << RT0_PAGE_BITS) + in;
	}
	size_t i = rt0_space_find(s, addr);
	if (i == s->nregions || s->regions[i].start > addr)
		return NULL;
	*mapped = true;
	const struct rt0_region *r = &s->regions[i];
	uint64_t offset = addr - r->start;
	if (offset >= r->source_size)
		return NULL;
	if (r->source_size - offset < *valid)
		*valid = r->source_size - offset;
	return r->source + offset;
}

const uint8_t *rt0_space_clean(struct rt0_space *s, uint64_t addr)
{
	uint64_t *p = addr >> RT0_ADDRESS_BITS ? NULL : entry_of(s, addr >> RT0_PAGE_BITS, false);
	if (p && *p & PRESENT && !(*p & CACHED))
		return NULL;
	size_t i = rt0_space_find(s, addr);
	const struct rt0_region *r = &s->regions[i];
	uint64_t offset = (addr & -(uint64_t)RT0_PAGE_SIZE) - r->start;
	if (i == s->nregions || r->start > addr || !(r->prot & RT0_EXEC) || r->prot & RT0_WRITE || offset + RT0_PAGE_SIZE > r->source_size)
		return NULL;
	return r->source + offset;
}

bool rt0_space_view(struct rt0_space *s, uint64_t addr, uint32_t need, const uint8_t *source, const uint8_t **host, uint32_t *valid)
{
	uint64_t *p = addr >> RT0_ADDRESS_BITS ? NULL : entry_of(s, addr >> RT0_PAGE_BITS, false);
	if (p && *p & PRESENT) {
		*host = s->host + ((uint64_t)ENTRY_PAGE(*p) << RT0_PAGE_BITS);
		*valid = RT0_PAGE_SIZE;
		return !(need & ~*p & PROT_BITS) && (!source || rt0_space_clean(s, addr) == source);
	}
	size_t i = rt0_space_find(s, addr);
	const struct rt0_region *r = &s->regions[i];
	if (i == s->nregions || r->start > addr || r->prot & RT0_ABSENT || need & ~r->prot & PROT_BITS)
		return false;
	uint64_t offset = addr - r->start, n = offset < r->source_size ? r->source_size - offset : 0;
	*host = r->source + offset;
	*valid = n < RT0_PAGE_SIZE ? n : RT0_PAGE_SIZE;
	return !source || rt0_space_clean(s, addr) == source;
}

bool rt0_space_room(struct rt0_space *s, uint64_t n)
{
	uint64_t used = s->used + s->tables * TABLE_PAGES, most = n + 16 * TABLE_PAGES;
	return used + most < s->pages || (s->nfree > most && used < s->pages && !s->code_stale);
}

size_t rt0_space_snapshot(struct rt0_space *s)
{
	struct rt0_region *regions = malloc((s->nregions + 1) * sizeof *regions);
	if (!regions || !rt0_grow((void **)&s->marks, &s->cmarks, s->nmarks, sizeof *s->marks)) {
		free(regions);
		return SIZE_MAX;
	}
	memcpy(regions, s->regions, s->nregions * sizeof *regions);
	s->marks[s->nmarks] = (struct rt0_mark){s->njournal, s->touched, regions, s->nregions};
	s->epoch++;
	s->tlb_stale = true; /* pages that were writable are so no longer */
	return s->nmarks++;
}

void rt0_space_restore(struct rt0_space *s, size_t mark)
{
	struct rt0_mark *m = &s->marks[mark];
	while (s->njournal > m->journal) {
		struct rt0_change *c = &s->journal[--s->njournal];
		uint64_t *p = entry_of(s, c->page, false);
		/* What stands here was made after the change: it is nobody's, unless the change only touched the protection. */
		if (*p & PRESENT && !(c->entry & PRESENT && ENTRY_PAGE(*p) == ENTRY_PAGE(c->entry)))
			release(s, *p);
		*p = c->entry | (ENTRY_PAGE(*p) == ENTRY_PAGE(c->entry) ? *p & EXECUTED : 0);
	}
	while (s->nmarks > mark + 1)
		free(s->marks[--s->nmarks].regions);
	memcpy(s->regions, m->regions, m->nregions * sizeof *s->regions); /* the array never shrinks */
	s->nregions = m->nregions;
	s->last = 0;
	s->touched = m->touched;
	s->epoch++;
	s->exhausted = s->no_memory = false;
	s->tlb_stale = true;
}
