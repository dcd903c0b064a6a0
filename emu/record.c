/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Recording stretches, for recall.c, which says what they are and why that is enough. */
#include "recall.h"

#include <stdlib.h>
#include <string.h>

/* Pages of a stretch, and the table of these; what is known of a byte. */
enum { PAGES = 1 << 10, SLOTS = 4 * PAGES, READ_FIRST = 1, WRITTEN = 2 };

/* A page of the stretch that is being recorded. */
struct seen {
	uint64_t addr;
	uint32_t slot;
	bool whole;
	uint32_t need, filled; /* filled: in what ways it came into the TLB, and no hook was told yet */
	uint8_t state[RT0_PAGE_SIZE], old[RT0_PAGE_SIZE]; /* old: the bytes that the stretch began with */
};

struct rt0_recorder {
	bool open, opaque, blind;
	uint64_t key, breaks, blocks;
	int64_t left, start;
	bool at_break;
	uint64_t *before; /* the context that it began with */
	struct patch *in;
	size_t nin;
	struct seen *pages; /* the first npages are of this stretch */
	uint32_t npages;
	uint16_t slots[SLOTS]; /* by address, open addressing: the number of a page, from 1 */
	uint64_t *virt; /* address of a physical page */
	uint64_t *looked, nlooked, clooked;
};

bool rt0_record_open(struct rt0_engine *e)
{
	struct rt0_recorder *rec = e->recorder = calloc(1, sizeof *rec);
	if (!rec)
		return false;
	rec->before = malloc(e->context_bytes);
	rec->in = malloc(e->context_words * sizeof(struct patch));
	rec->virt = calloc(e->space.pages, sizeof *rec->virt);
	rec->pages = malloc(PAGES * sizeof *rec->pages);
	return rec->before && rec->in && rec->virt && rec->pages;
}

void rt0_record_close(struct rt0_engine *e)
{
	struct rt0_recorder *rec = e->recorder;
	free(rec->pages);
	free(rec->before);
	free(rec->in);
	free(rec->virt);
	free(rec->looked);
	free(rec);
}

static uint32_t slot_of(struct rt0_recorder *rec, uint64_t addr)
{
	uint32_t i = (addr >> RT0_PAGE_BITS) * 0x9e3779b97f4a7c15ull >> 40 & (SLOTS - 1);
	while (rec->slots[i] && rec->pages[rec->slots[i] - 1].addr != addr)
		i = (i + 1) & (SLOTS - 1);
	return i;
}

/* The page of the stretch at addr; new ones have not been written to. */
static struct seen *seen(struct rt0_engine *e, uint64_t addr)
{
	struct rt0_recorder *rec = e->recorder;
	uint32_t i = slot_of(rec, addr);
	if (rec->slots[i])
		return &rec->pages[rec->slots[i] - 1];
	if (rec->npages == PAGES) {
		rec->opaque = true;
		return NULL;
	}
	struct seen *p = &rec->pages[rec->npages];
	rec->slots[i] = ++rec->npages;
	uint64_t valid;
	bool mapped;
	const uint8_t *host = rt0_space_peek(&e->space, addr, &valid, &mapped);
	p->addr = addr;
	p->slot = i;
	p->whole = false;
	p->need = p->filled = 0;
	memset(p->state, 0, sizeof p->state);
	memset(p->old, 0, sizeof p->old);
	if (host)
		memcpy(p->old, host, valid);
	return p;
}

void rt0_record_opaque(struct rt0_engine *e)
{
	if (e->recorder)
		e->recorder->opaque = true;
}

void rt0_record_fill(struct rt0_engine *e, uint64_t addr, uint32_t need, uint64_t phys)
{
	struct rt0_recorder *rec = e->recorder;
	if (!rec->open)
		return;
	addr &= -(uint64_t)RT0_PAGE_SIZE;
	uint64_t *virt = &rec->virt[(phys - RT0_PHYS_BASE) >> RT0_PAGE_BITS];
	struct seen *p = seen(e, addr);
	if (!p)
		return;
	p->need |= need;
	p->filled |= need;
	if (*virt != addr) {
		/* One page at two addresses: which of them a hook means cannot be told. */
		if (*virt && rec->slots[slot_of(rec, *virt)])
			rec->opaque = true;
		*virt = addr;
	}
}

/* Notes an access to a part of one page. */
static void note(struct rt0_engine *e, uint64_t addr, uint32_t size, bool write)
{
	struct seen *p = seen(e, addr & -(uint64_t)RT0_PAGE_SIZE);
	uint32_t offset = addr & (RT0_PAGE_SIZE - 1);
	if (!p)
		return;
	p->need |= write ? RT0_WRITE : RT0_READ;
	p->filled &= ~(uint32_t)(write ? RT0_WRITE : RT0_READ);
	for (uint32_t i = offset; i < offset + size; i++)
		p->state[i] |= write ? WRITTEN : p->state[i] ? 0 : READ_FIRST;
}

void rt0_record_access(uc_engine *uc, uc_mem_type type, uint64_t phys, int size, int64_t value, void *user)
{
	struct rt0_engine *e = user;
	struct rt0_recorder *rec = e->recorder;
	(void)uc, (void)value;
	if (!rec->open || rec->opaque || e->probing || e->in_stub)
		return;
	if (phys < RT0_PHYS_BASE || phys - RT0_PHYS_BASE >= e->space.pages << RT0_PAGE_BITS) {
		rec->opaque = true;
		return;
	}
	uint64_t addr = rec->virt[(phys - RT0_PHYS_BASE) >> RT0_PAGE_BITS] | (phys & (RT0_PAGE_SIZE - 1));
	uint32_t first = RT0_PAGE_SIZE - (addr & (RT0_PAGE_SIZE - 1));
	if (first > (uint32_t)size)
		first = size;
	note(e, addr, first, type == UC_MEM_WRITE);
	if (first < (uint32_t)size) /* the engine tells of both halves at once */
		note(e, addr + first, size - first, type == UC_MEM_WRITE);
}

/* Whether a block has an instruction whose accesses no hook sees. */
static bool blind(struct rt0_engine *e, uint64_t addr, uint32_t size)
{
	struct rt0_recorder *rec = e->recorder;
	if (!e->nblind)
		return false;
	if ((rec->nlooked + 1) * 2 > rec->clooked) {
		uint64_t c = rec->clooked ? rec->clooked * 2 : 1024, *old = rec->looked;
		uint64_t *table = calloc(c, 2 * sizeof *table);
		if (!table)
			return true;
		for (uint64_t i = 0; i < rec->clooked; i++)
			if (old[2 * i]) {
				uint64_t j = old[2 * i] * 0x9e3779b97f4a7c15ull >> 32 & (c - 1);
				while (table[2 * j])
					j = (j + 1) & (c - 1);
				table[2 * j] = old[2 * i], table[2 * j + 1] = old[2 * i + 1];
			}
		free(old);
		rec->looked = table, rec->clooked = c;
	}
	uint64_t j = addr * 0x9e3779b97f4a7c15ull >> 32 & (rec->clooked - 1);
	while (rec->looked[2 * j] && rec->looked[2 * j] != addr)
		j = (j + 1) & (rec->clooked - 1);
	if (rec->looked[2 * j])
		return rec->looked[2 * j + 1];
	bool found = false;
	for (uint32_t i = 0; i + 4 <= size && !found; i += 4) {
		uint64_t valid;
		bool mapped;
		const uint8_t *p = rt0_space_peek(&e->space, addr + i, &valid, &mapped);
		uint32_t word = 0;
		if (!p || valid < 4) {
			found = true;
			break;
		}
		memcpy(&word, p, 4);
		if (e->big_endian)
			word = __builtin_bswap32(word);
		for (uint32_t k = 0; k < e->nblind; k++)
			found |= (word & e->blind[k].mask) == e->blind[k].value;
	}
	rec->looked[2 * j] = addr, rec->looked[2 * j + 1] = found;
	rec->nlooked++;
	return found;
}

void rt0_record_block(struct rt0_engine *e, uint64_t addr, uint32_t size)
{
	struct rt0_recorder *rec = e->recorder;
	if (!rec->open || rec->opaque || e->probing || e->in_stub)
		return;
	for (uint64_t page = addr & -(uint64_t)RT0_PAGE_SIZE; page < addr + (size ? size : 1); page += RT0_PAGE_SIZE) {
		struct seen *p = seen(e, page);
		if (p)
			p->need |= RT0_EXEC;
	}
	rec->blind |= blind(e, addr, size);
}

/* A run begins. */
void rt0_record_begin(struct rt0_engine *e)
{
	struct rt0_recorder *rec = e->recorder;
	for (uint32_t i = 0; i < rec->npages; i++)
		rec->slots[rec->pages[i].slot] = 0;
	rec->npages = 0;
	rec->opaque = e->resume != RT0_NOWHERE || e->csr_read;
	rec->blind = false;
	rec->nin = rt0_gather(e, &rec->key);
	memcpy(rec->in, e->patches, rec->nin * sizeof *rec->in);
	memcpy(rec->before, e->now, e->context_bytes);
	rec->breaks = e->break_sum;
	rec->at_break = e->at_break;
	rec->left = e->left;
	rec->blocks = e->blocks;
	rec->open = true;
	e->space.tlb_stale = true;
}

struct count {
	size_t pages, reads, writes, bytes;
};

/* The pieces of a page with one state bit; with s, they are written there. */
static void pieces(struct rt0_engine *e, const struct seen *p, uint8_t bit, struct stretch *s, uint32_t page, struct count *c)
{
	size_t *n = bit == WRITTEN ? &c->writes : &c->reads;
	const uint8_t *host = NULL;
	uint64_t valid = 0;
	bool mapped;
	if (s && bit == WRITTEN)
		host = rt0_space_peek(&e->space, p->addr, &valid, &mapped);
	for (uint32_t i = 0, end; i < RT0_PAGE_SIZE; i = end) {
		uint64_t word;
		memcpy(&word, p->state + (i & -8u), sizeof word);
		if (!(word & bit * 0x0101010101010101ull)) { /* most of a page is none */
			end = (i & -8u) + 8;
			continue;
		}
		for (end = i + 1; end < RT0_PAGE_SIZE && (p->state[end] & bit) == (p->state[i] & bit); end++)
			;
		if (!(p->state[i] & bit))
			continue;
		if (s) {
			struct piece *to = (bit == WRITTEN ? s->writes : s->reads) + *n;
			*to = (struct piece){page, c->bytes, i, end - i};
			memcpy(s->bytes + c->bytes, bit == WRITTEN ? host + i : p->old + i, end - i);
		}
		c->bytes += end - i;
		++*n;
	}
}

/* The contents of a page as the recollection has them; NULL: there is no room. */
static const uint8_t *contents(struct rt0_recollection *r, const uint8_t *bytes)
{
	uint64_t h = 0, words[RT0_PAGE_SIZE / 8];
	memcpy(words, bytes, sizeof words);
	for (size_t i = 0; i < RT0_PAGE_SIZE / 8; i++)
		h = rt0_mix(h, words[i]);
	struct contents **at = &r->contents[h % RT0_BUCKETS];
	for (struct contents *c = *at; c; c = c->next)
		if (c->hash == h && !memcmp(c->bytes, bytes, RT0_PAGE_SIZE))
			return c->bytes;
	struct contents *c = r->used + sizeof *c > r->limit ? NULL : malloc(sizeof *c);
	if (!c)
		return NULL;
	__atomic_store_n(&r->used, r->used + sizeof *c, __ATOMIC_RELAXED);
	c->hash = h;
	memcpy(c->bytes, bytes, RT0_PAGE_SIZE);
	c->next = *at;
	return (*at = c)->bytes;
}

/* All of a page counts as read, and what has changed as written. */
static void whole(struct rt0_engine *e, struct seen *p)
{
	uint64_t valid;
	bool mapped;
	const uint8_t *host = rt0_space_peek(&e->space, p->addr, &valid, &mapped);
	for (uint32_t i = 0; i < RT0_PAGE_SIZE; i++) {
		p->state[i] = 0;
		if ((host && i < valid ? host[i] : 0) != p->old[i]) {
			p->state[i] = WRITTEN;
			p->need |= RT0_WRITE;
		}
	}
	p->whole = true;
}

static struct count layout(struct rt0_engine *e, struct stretch *s)
{
	struct rt0_recorder *rec = e->recorder;
	struct count c = {0};
	for (uint32_t k = 0; k < rec->npages; k++) {
		struct seen *p = &rec->pages[k];
		const uint8_t *source = p->need & RT0_EXEC ? rt0_space_clean(&e->space, p->addr) : NULL;
		if (rec->blind && p->need & (RT0_READ | RT0_WRITE))
			whole(e, p);
		if (p->need & RT0_EXEC && !source) {
			p->whole = true;
			if (p->need & RT0_WRITE)
				rec->opaque = true;
		}
		const uint8_t *all = p->whole ? contents(e->recollection, p->old) : NULL;
		if (p->whole && !all)
			rec->opaque = true;
		if (s)
			s->pages[k] = (struct page){p->addr, all, source, p->need};
		pieces(e, p, READ_FIRST, s, k, &c);
		if (p->need & RT0_WRITE)
			pieces(e, p, WRITTEN, s, k, &c);
		c.pages++;
	}
	return c;
}

/* It has ended. */
void rt0_record_end(struct rt0_engine *e)
{
	struct rt0_recorder *rec = e->recorder;
	struct rt0_recollection *r = e->recollection;
	if (!rec->open)
		return;
	rec->open = false;
	enum rt0_why why = e->stop.why;
	if (rec->opaque || e->broken || e->csr_read || e->resume != RT0_NOWHERE || (why != RT0_SYSCALL && why != RT0_BREAK && why != RT0_LIMIT))
		return;
	for (uint32_t k = 0; k < rec->npages; k++) /* something was accessed there, and no hook was told */
		if (rec->pages[k].filled & (RT0_READ | RT0_WRITE))
			rec->blind = true;
	struct count c = layout(e, NULL);
	uint64_t key = rec->key;
	size_t chain = 0;
	for (struct stretch *s = r->buckets[key % RT0_BUCKETS]; s; s = s->next)
		chain += s->key == key;
	if (rec->opaque || chain >= RT0_CHAIN)
		return;
	rt0_gather(e, &key); /* the context as it is now */
	const uint64_t *now = (const uint64_t *)e->now;
	size_t nout = 0;
	for (size_t i = 0; i < e->context_words; i++)
		nout += rt0_word(e, now, i) != rt0_word(e, rec->before, i);
	size_t size = sizeof(struct stretch) + (rec->nin + nout) * sizeof(struct patch) + c.pages * sizeof(struct page) + (c.reads + c.writes) * sizeof(struct piece) +
		      c.bytes;
	if (r->used + size > r->limit)
		return;
	struct stretch *s = calloc(1, size);
	if (!s)
		return;
	*s = (struct stretch){
		.key = rec->key, .breaks = rec->breaks, .instructions = rec->left - e->left, .left = rec->left, .blocks = e->blocks - rec->blocks,
		.block = e->block, .block_size = e->block_size, .at_break_before = rec->at_break, .at_break = e->at_break, .stop = e->stop,
		.nin = rec->nin, .nout = nout, .npages = c.pages, .nreads = c.reads, .nwrites = c.writes,
	};
	s->in = (struct patch *)(s + 1);
	s->out = s->in + rec->nin;
	s->pages = (struct page *)(s->out + nout);
	s->reads = (struct piece *)(s->pages + c.pages);
	s->writes = s->reads + c.reads;
	s->bytes = (uint8_t *)(s->writes + c.writes);
	memcpy(s->in, rec->in, rec->nin * sizeof *s->in);
	nout = 0;
	for (size_t i = 0; i < e->context_words; i++)
		if (rt0_word(e, now, i) != rt0_word(e, rec->before, i))
			s->out[nout++] = (struct patch){i, rt0_word(e, now, i)};
	layout(e, s);
	__atomic_store_n(&r->used, r->used + size, __ATOMIC_RELAXED);
	s->next = r->buckets[rec->key % RT0_BUCKETS];
	__atomic_store_n(&r->buckets[rec->key % RT0_BUCKETS], s, __ATOMIC_RELEASE);
}
