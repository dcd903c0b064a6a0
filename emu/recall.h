/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What recall.c looks into, and record.c fills. */
#ifndef RT0_RECALL_H
#define RT0_RECALL_H

#include "shim.h"

#include <string.h>

/* A recollection's table; stretches of one key. */
enum { RT0_BUCKETS = 1 << 13, RT0_CHAIN = 8 };

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
	uint64_t version;     /* counts recordings */
	struct contents *contents[RT0_BUCKETS];
	struct stretch *buckets[RT0_BUCKETS];
};

/*
 * Where the registers differ from those of an engine just opened, in e->patches, and the key that follows from that. The context as it is stands in
 * e->now.
 */
size_t rt0_gather(struct rt0_engine *e, uint64_t *key);

/* Words of a context. The last one may have fewer bytes than the others. */
static inline size_t rt0_word_size(const struct rt0_engine *e, size_t i)
{
	size_t rest = e->context_bytes - i * sizeof(uint64_t);
	return rest < sizeof(uint64_t) ? rest : sizeof(uint64_t);
}

static inline uint64_t rt0_word(const struct rt0_engine *e, const uint64_t *context, size_t i)
{
	uint64_t word = 0;
	if (i < e->context_bytes / sizeof word)
		return context[i];
	memcpy(&word, context + i, rt0_word_size(e, i));
	return word;
}

static inline uint64_t rt0_mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

#endif
