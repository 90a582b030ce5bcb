/* Substring search in folded text, 16 bytes at a time where the processor can. Any thread. */
#ifndef HEARTH_CORE_SEARCH_NEEDLE_H
#define HEARTH_CORE_SEARCH_NEEDLE_H

#include <stddef.h>
#include <stdint.h>

/* So many bytes behind every searched text must be readable. */
enum { NEEDLE_PADDING = 64 };

struct needle {
    const char *text;         /* borrowed */
    size_t size;              /* 1 … */
    size_t rare, other;       /* offsets of its two rarest bytes */
    uint64_t head, head_mask; /* its first 8 bytes, and which of them count */
};

void search_needle_init(struct needle *needle, const char *text, size_t size);
/* The first occurrence inside [from, end); NULL: none. Up to NEEDLE_PADDING bytes behind end are
 * read, but do not count. */
const char *search_needle_find(const struct needle *needle, const char *from, const char *end);

#endif
