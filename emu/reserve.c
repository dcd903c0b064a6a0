/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The reservation of a store-conditional in a saved context: see reserve.go. A context is one block of uc_context_size bytes. */
#include "shim.h"

#include <string.h>

/* Where b has value and a has not, in words of a pointer's size. */
size_t rt0_context_find(struct rt0_engine *e, uc_context *a, uc_context *b, uint64_t value, size_t width, size_t *at, size_t n)
{
	size_t found = 0, size = uc_context_size(e->uc);
	uint32_t half = value;
	const void *word = width == sizeof half ? (const void *)&half : &value;
	for (size_t i = 0; i + width <= size && found < n; i += 4)
		if (!memcmp((char *)b + i, word, width) && memcmp((char *)a + i, word, width))
			at[found++] = i;
	return found;
}

/* Puts an address there that nothing can be reserved at. */
void rt0_context_fill(uc_context *c, size_t at, size_t width) { memset((char *)c + at, 0xff, width); }
