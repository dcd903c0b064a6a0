/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Recalling. A run from one stop to the next, a stretch, is a function of the registers that it begins with and of the memory that it reads
 * before it writes there. So a stretch that was watched once need not be run again where these are the same: what it did is done at once.
 *
 * - An engine that records has hooks for each load and store, and flushes its TLB before each stretch, so that every page that is touched is
 *   seen. It notes the bytes that are read first, the bytes that are written, the pages in use and how, and the registers that change.
 * - Some instructions pass the hooks by. The pages of a stretch that has one count as read as a whole, and as written where they have changed.
 * - What depends on more (counters), or does more (writes to code), makes a stretch opaque: it is not kept, and always run.
 * - Registers are compared as the engine's context has them, all of them, by where they differ from those of an engine just opened: its pointers
 *   are equal to its own then.
 *
 * Stretches are only added, by one engine at a time, and any number of engines may look meanwhile.
 */
#include "shim.h"

#include <stdlib.h>
#include <string.h>

/* A recollection's table; stretches of one key; pages of a stretch, and the table of these; what is known of a byte. */
enum { BUCKETS = 1 << 13, CHAIN = 8, PAGES = 1 << 10, SLOTS = 4 * PAGES, READ_FIRST = 1, WRITTEN = 2 };

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* A word of a context. */
struct patch {
	uint64_t at, value;
};

/* Bytes of a page of the stretch. */
struct piece {
	uint32_t page, at; /* index of the page, and where the bytes are */
	uint16_t offset, size;
};

struct page {
	uint64_t addr;
	const uint8_t *whole;  /* what it must have, if all of it counts; or NULL */
	const uint8_t *source; /* executed: what it is mapped from; NULL: its bytes are among those that are read */
	uint32_t need;
};

struct stretch {
	struct stretch *next;
	uint64_t key, breaks;
	int64_t instructions, left; /* left: what had to be left when it began, if the limit ended it */
	uint64_t blocks, block;
	uint32_t block_size;
	bool at_break_before, at_break;
	struct rt0_stop stop;
	uint32_t nin, nout, npages, nreads, nwrites;
	struct patch *in, *out;
	struct page *pages;
	struct piece *reads, *writes;
	uint8_t *bytes;
};

/* The contents of a page that counts as a whole: of most pages many stretches have the same. */
struct contents {
	struct contents *next;
	uint64_t hash;
	uint8_t bytes[RT0_PAGE_SIZE];
};

struct rt0_recollection {
	uint64_t limit, used; /* bytes */
	struct contents *contents[BUCKETS];
	struct stretch *buckets[BUCKETS];
};

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

struct rt0_recollection *rt0_recollection_open(uint64_t limit)
{
	struct rt0_recollection *r = calloc(1, sizeof *r);
	if (r)
		r->limit = limit;
	return r;
}

void rt0_recollection_forget(struct rt0_recollection *r)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct stretch *s = r->buckets[i], *next; s; s = next) {
			next = s->next;
			free(s);
		}
		r->buckets[i] = NULL;
		for (struct contents *c = r->contents[i], *next; c; c = next) {
			next = c->next;
			free(c);
		}
		r->contents[i] = NULL;
	}
	__atomic_store_n(&r->used, 0, __ATOMIC_RELAXED);
}

void rt0_recollection_close(struct rt0_recollection *r)
{
	rt0_recollection_forget(r);
	free(r);
}

uint64_t rt0_recollection_bytes(struct rt0_recollection *r) { return __atomic_load_n(&r->used, __ATOMIC_RELAXED); }

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

uint64_t rt0_break_hash(uint64_t addr) { return mix(0x7274302d62726b73ull, addr); }

/* Has the engine look, or record. The registers are those that it was opened with: equal for all that share a recollection. */
bool rt0_recall_begin(struct rt0_engine *e, struct rt0_recollection *r, bool record)
{
	e->context_words = uc_context_size(e->uc) / sizeof(uint64_t);
	size_t bytes = (e->context_words + 1) * sizeof(uint64_t);
	if (uc_context_alloc(e->uc, &e->now) || uc_context_save(e->uc, e->now))
		return false;
	e->base = malloc(bytes);
	e->patches = malloc(e->context_words * sizeof(struct patch));
	if (!e->base || !e->patches)
		return false;
	memcpy(e->base, e->now, e->context_words * sizeof(uint64_t));
	e->recollection = r;
	if (!record)
		return true;
	struct rt0_recorder *rec = e->recorder = calloc(1, sizeof *rec);
	if (!rec)
		return false;
	rec->before = malloc(bytes);
	rec->in = malloc(e->context_words * sizeof(struct patch));
	rec->virt = calloc(e->space.pages, sizeof *rec->virt);
	rec->pages = malloc(PAGES * sizeof *rec->pages);
	return rec->before && rec->in && rec->virt && rec->pages;
}

void rt0_recall_end(struct rt0_engine *e)
{
	struct rt0_recorder *rec = e->recorder;
	if (e->now && !e->broken)
		uc_context_free(e->now);
	free(e->base);
	free(e->patches);
	if (!rec)
		return;
	free(rec->pages);
	free(rec->before);
	free(rec->in);
	free(rec->virt);
	free(rec->looked);
	free(rec);
}

/* Where the registers differ from those of an engine just opened, and the key that follows from that. */
static size_t gather(struct rt0_engine *e, uint64_t *key)
{
	enum { BLOCK = 32 };
	uc_context_save(e->uc, e->now);
	const uint64_t *now = (const uint64_t *)e->now, *base = e->base;
	struct patch *p = e->patches;
	size_t n = 0, words = e->context_words;
	uint64_t h = e->at_break;
	for (size_t i = 0; i < words; i += BLOCK) {
		size_t end = i + BLOCK < words ? i + BLOCK : words;
		if (likely(!memcmp(now + i, base + i, (end - i) * sizeof *now)))
			continue;
		for (size_t j = i; j < end; j++)
			if (now[j] != base[j]) {
				p[n++] = (struct patch){j, now[j]};
				h = mix(h, j ^ now[j]);
			}
	}
	*key = mix(h, n);
	return n;
}

/* Whether n bytes of a page, of which only the first have are there and the others are zero, are those at want. */
static inline bool equal(const uint8_t *host, uint32_t have, const struct piece *p, const uint8_t *want)
{
	if (likely(p->offset + p->size <= have)) {
		if (p->size == sizeof(uint64_t)) { /* most are words */
			uint64_t a, b;
			memcpy(&a, host + p->offset, sizeof a);
			memcpy(&b, want, sizeof b);
			return a == b;
		}
		return !memcmp(host + p->offset, want, p->size);
	}
	for (uint32_t i = 0; i < p->size; i++)
		if ((p->offset + i < have ? host[p->offset + i] : 0) != want[i])
			return false;
	return true;
}

/* Whether the memory is as it was for the stretch. Nothing is touched. */
static bool same(struct rt0_engine *e, const struct stretch *s)
{
	const struct piece *p = s->reads, *end = p + s->nreads;
	for (uint32_t i = 0; i < s->npages; i++) {
		const uint8_t *host;
		uint32_t have;
		if (!rt0_space_view(&e->space, s->pages[i].addr, s->pages[i].need, s->pages[i].source, &host, &have))
			return false;
		if (s->pages[i].whole && !equal(host, have, &(struct piece){.size = RT0_PAGE_SIZE}, s->pages[i].whole))
			return false;
		for (; p < end && p->page == i; p++)
			if (!equal(host, have, p, s->bytes + p->at))
				return false;
	}
	return true;
}

/* Does what the stretch did. */
static bool apply(struct rt0_engine *e, const struct stretch *s)
{
	const struct piece *p = s->writes, *end = p + s->nwrites;
	if (!rt0_space_room(&e->space, s->npages))
		return false;
	for (uint32_t i = 0; i < s->npages; i++) {
		uint64_t phys;
		uint32_t rights;
		rt0_space_page(&e->space, s->pages[i].addr, s->pages[i].need, false, &phys, &rights);
		uint8_t *host = rt0_space_host(&e->space, phys);
		for (; p < end && p->page == i; p++)
			if (p->size == sizeof(uint64_t))
				memcpy(host + p->offset, s->bytes + p->at, sizeof(uint64_t));
			else
				memcpy(host + p->offset, s->bytes + p->at, p->size);
	}
	if (s->nout) {
		uint64_t *now = (uint64_t *)e->now;
		for (uint32_t i = 0; i < s->nout; i++)
			now[s->out[i].at] = s->out[i].value;
		uc_context_restore(e->uc, e->now);
	}
	e->left -= s->instructions;
	e->blocks += s->blocks;
	e->block = s->block;
	e->block_size = s->block_size;
	e->stop = s->stop;
	e->at_break = s->at_break;
	e->recalled += s->instructions;
	return true;
}

bool rt0_recall(struct rt0_engine *e)
{
	uint64_t key;
	if (e->resume != RT0_NOWHERE || e->in_stub || e->probing || e->csr_read)
		return false;
	size_t n = gather(e, &key);
	struct rt0_recollection *r = e->recollection;
	for (struct stretch *s = __atomic_load_n(&r->buckets[key % BUCKETS], __ATOMIC_ACQUIRE); s; s = s->next) {
		if (s->key != key || s->breaks != e->break_sum || s->nin != n || s->at_break_before != e->at_break)
			continue;
		if (s->stop.why == RT0_LIMIT ? s->left != e->left : s->instructions > e->left)
			continue;
		if (!memcmp(s->in, e->patches, n * sizeof *s->in) && same(e, s) && apply(e, s))
			return true;
	}
	return false;
}

/* Recording. */

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
	rec->nin = gather(e, &rec->key);
	memcpy(rec->in, e->patches, rec->nin * sizeof *rec->in);
	memcpy(rec->before, e->now, e->context_words * sizeof(uint64_t));
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
		h = mix(h, words[i]);
	struct contents **at = &r->contents[h % BUCKETS];
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
	for (struct stretch *s = r->buckets[key % BUCKETS]; s; s = s->next)
		chain += s->key == key;
	if (rec->opaque || chain >= CHAIN)
		return;
	gather(e, &key); /* the context as it is now */
	const uint64_t *now = (const uint64_t *)e->now;
	size_t nout = 0;
	for (size_t i = 0; i < e->context_words; i++)
		nout += now[i] != rec->before[i];
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
		if (now[i] != rec->before[i])
			s->out[nout++] = (struct patch){i, now[i]};
	layout(e, s);
	__atomic_store_n(&r->used, r->used + size, __ATOMIC_RELAXED);
	s->next = r->buckets[rec->key % BUCKETS];
	__atomic_store_n(&r->buckets[rec->key % BUCKETS], s, __ATOMIC_RELEASE);
}
