/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What is mapped, and how: a sorted array of regions, neighbours of which differ. */
#include "shim.h"

#include <string.h>

size_t rt0_space_find(struct rt0_space *s, uint64_t addr)
{
	size_t i = s->last;
	if (i < s->nregions && s->regions[i].end > addr && (i == 0 || s->regions[i - 1].end <= addr))
		return i;
	size_t lo = 0, hi = s->nregions;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (s->regions[mid].end > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	s->last = lo;
	return lo;
}

bool rt0_region_insert(struct rt0_space *s, size_t at, struct rt0_region r)
{
	if (!rt0_grow((void **)&s->regions, &s->cregions, s->nregions, sizeof *s->regions))
		return false;
	memmove(&s->regions[at + 1], &s->regions[at], (s->nregions - at) * sizeof *s->regions);
	s->regions[at] = r;
	s->nregions++;
	return true;
}

void rt0_region_erase(struct rt0_space *s, size_t at, size_t n)
{
	memmove(&s->regions[at], &s->regions[at + n], (s->nregions - at - n) * sizeof *s->regions);
	s->nregions -= n;
}

/* Cuts the region that holds addr in two, so that one begins at addr. */
bool rt0_region_split(struct rt0_space *s, uint64_t addr)
{
	size_t i = rt0_space_find(s, addr);
	if (i == s->nregions || s->regions[i].start >= addr)
		return true;
	struct rt0_region right = s->regions[i];
	uint64_t offset = addr - right.start;
	right.start = addr;
	if (right.source_size > offset) {
		right.source += offset;
		right.source_size -= offset;
	} else {
		right.source = NULL;
		right.source_size = 0;
	}
	if (!rt0_region_insert(s, i + 1, right))
		return false;
	s->regions[i].end = addr;
	if (s->regions[i].source_size > offset)
		s->regions[i].source_size = offset;
	return true;
}

static bool joins(const struct rt0_region *a, const struct rt0_region *b)
{
	if (a->end != b->start || a->prot != b->prot || a->tag != b->tag)
		return false;
	if (!b->source_size)
		return true; /* zero follows, with or without a source before it */
	return a->source_size == a->end - a->start && a->source + a->source_size == b->source;
}

/* Joins neighbours that are alike around the regions in [from, to]. */
void rt0_region_merge(struct rt0_space *s, uint64_t from, uint64_t to)
{
	size_t i = rt0_space_find(s, from ? from - 1 : 0);
	while (i + 1 < s->nregions && s->regions[i].start <= to) {
		struct rt0_region *a = &s->regions[i], *b = a + 1;
		if (joins(a, b)) {
			a->end = b->end;
			a->source_size += b->source_size;
			rt0_region_erase(s, i + 1, 1);
		} else {
			i++;
		}
	}
	s->last = 0;
}
