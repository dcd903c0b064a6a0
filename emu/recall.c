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
#include "recall.h"

#include <stdlib.h>
#include <string.h>

#define likely(x) __builtin_expect(!!(x), 1)

struct rt0_recollection *rt0_recollection_open(uint64_t limit)
{
	struct rt0_recollection *r = calloc(1, sizeof *r);
	if (r)
		r->limit = limit;
	return r;
}

void rt0_recollection_forget(struct rt0_recollection *r)
{
	for (size_t i = 0; i < RT0_BUCKETS; i++) {
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

void rt0_recollection_changed(struct rt0_recollection *r) { __atomic_add_fetch(&r->version, 1, __ATOMIC_RELAXED); }

uint64_t rt0_recollection_bytes(struct rt0_recollection *r) { return __atomic_load_n(&r->used, __ATOMIC_RELAXED); }

uint64_t rt0_break_hash(uint64_t addr) { return rt0_mix(0x7274302d62726b73ull, addr); }

/* Has the engine look, or record. The registers are those that it was opened with: equal for all that share a recollection. */
bool rt0_recall_begin(struct rt0_engine *e, struct rt0_recollection *r, bool record)
{
	e->context_bytes = uc_context_size(e->uc);
	e->context_words = (e->context_bytes + sizeof(uint64_t) - 1) / sizeof(uint64_t);
	if (uc_context_alloc(e->uc, &e->now) || uc_context_save(e->uc, e->now))
		return false;
	e->base = malloc(e->context_bytes);
	e->patches = malloc(e->context_words * sizeof(struct patch));
	if (!e->base || !e->patches)
		return false;
	memcpy(e->base, e->now, e->context_bytes);
	e->recollection = r;
	return !record || rt0_record_open(e);
}

void rt0_recall_end(struct rt0_engine *e)
{
	if (e->now && !e->broken)
		uc_context_free(e->now);
	free(e->base);
	free(e->patches);
	if (e->recorder)
		rt0_record_close(e);
}

size_t rt0_gather(struct rt0_engine *e, uint64_t *key)
{
	enum { BLOCK = 32 };
	uc_context_save(e->uc, e->now);
	const uint64_t *now = (const uint64_t *)e->now, *base = e->base;
	struct patch *p = e->patches;
	size_t n = 0, words = e->context_words;
	uint64_t h = e->at_break;
	for (size_t i = 0; i < words; i += BLOCK) {
		size_t end = i + BLOCK < words ? i + BLOCK : words;
		size_t bytes = end < words ? BLOCK * sizeof *now : e->context_bytes - i * sizeof *now;
		if (likely(!memcmp(now + i, base + i, bytes)))
			continue;
		for (size_t j = i; j < end; j++) {
			uint64_t word = rt0_word(e, now, j);
			if (word != rt0_word(e, base, j)) {
				p[n++] = (struct patch){j, word};
				h = rt0_mix(h, j ^ word);
			}
		}
	}
	*key = rt0_mix(h, n);
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
	static const uint8_t zero[RT0_PAGE_SIZE];
	uint32_t n = p->offset < have ? have - p->offset : 0;
	return (!n || !memcmp(host + p->offset, want, n)) && !memcmp(zero, want + n, p->size - n);
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
			memcpy(now + s->out[i].at, &s->out[i].value, rt0_word_size(e, s->out[i].at));
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

/*
 * Where a stretch began that was not known, the next ones that begin at the same instruction are hardly known either: after a few, one in some is looked
 * up, until something has been recorded.
 */
enum { TRIES = 4, ONE_IN = 16 };

static bool hopeless(struct rt0_engine *e, uint64_t pc, uint8_t **missed)
{
	uint64_t version = __atomic_load_n(&e->recollection->version, __ATOMIC_RELAXED);
	if (version != e->version) {
		memset(e->missed, 0, sizeof e->missed);
		e->version = version;
	}
	*missed = &e->missed[rt0_mix(0, pc) % sizeof e->missed];
	return **missed >= TRIES && ++**missed % ONE_IN;
}

bool rt0_recall(struct rt0_engine *e)
{
	uint64_t key;
	if (e->resume != RT0_NOWHERE || e->in_stub || e->probing || e->csr_read)
		return false;
	uint8_t *missed;
	if (hopeless(e, rt0_reg(e, e->pc), &missed))
		return false;
	size_t n = rt0_gather(e, &key);
	struct rt0_recollection *r = e->recollection;
	for (struct stretch *s = __atomic_load_n(&r->buckets[key % RT0_BUCKETS], __ATOMIC_ACQUIRE); s; s = s->next) {
		if (s->key != key || s->breaks != e->break_sum || s->nin != n || s->at_break_before != e->at_break)
			continue;
		if (s->stop.why == RT0_LIMIT ? s->left != e->left : s->instructions > e->left)
			continue;
		if (!memcmp(s->in, e->patches, n * sizeof *s->in) && same(e, s) && apply(e, s)) {
			*missed = 0;
			return true;
		}
	}
	*missed += *missed < TRIES;
	return false;
}
