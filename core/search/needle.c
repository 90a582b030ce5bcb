#include "search/needle.h"

#include <stdbool.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* How common a byte is in folded URLs and titles, roughly; what is not listed is rare. */
static int byte_commonness(uint8_t c)
{
    static const char order[] = "jqxz_~%&+=?#!@|()[]9876543210,:vkbfywugpmdhcl.nsiraot-/e ";
    if (c >= 0xC0)
        return 60; /* the first byte of a character says little beyond the script */
    if (c >= 0x80)
        return 30;
    const char *at = memchr(order, c, sizeof(order) - 1);
    return at == NULL ? 0 : (int)(at - order) + 1;
}

void search_needle_init(struct needle *needle, const char *text, size_t size)
{
    *needle = (struct needle){.text = text, .size = size};
    size_t head = size < sizeof(needle->head) ? size : sizeof(needle->head);
    memcpy(&needle->head, text, head);
    memset(&needle->head_mask, 0xFF, head);
    for (size_t i = 1; i < size; i++)
        if (byte_commonness((uint8_t)text[i]) < byte_commonness((uint8_t)text[needle->rare]))
            needle->rare = i;
    needle->other = needle->rare == 0 && size > 1 ? 1 : 0;
    for (size_t i = 0; i < size; i++)
        if (i != needle->rare &&
            byte_commonness((uint8_t)text[i]) < byte_commonness((uint8_t)text[needle->other]))
            needle->other = i;
}

#if defined(__SSE2__)

static bool is_at(const struct needle *needle, const char *at)
{
    uint64_t head;
    memcpy(&head, at, sizeof(head));
    return ((head ^ needle->head) & needle->head_mask) == 0 &&
           (needle->size <= sizeof(head) || memcmp(at + sizeof(head), needle->text + sizeof(head),
                                                   needle->size - sizeof(head)) == 0);
}

const char *search_needle_find(const struct needle *needle, const char *from, const char *end)
{
    if (end - from < (ptrdiff_t)needle->size)
        return NULL;
    const char *last = end - needle->size; /* the last place where it can begin */
    const __m128i rare = _mm_set1_epi8(needle->text[needle->rare]),
                  other = _mm_set1_epi8(needle->text[needle->other]);
    for (const char *p = from; p <= last; p += 32) {
        const __m128i *r = (const __m128i *)(const void *)(p + needle->rare),
                      *o = (const __m128i *)(const void *)(p + needle->other);
        __m128i low = _mm_and_si128(_mm_cmpeq_epi8(_mm_loadu_si128(r), rare),
                                    _mm_cmpeq_epi8(_mm_loadu_si128(o), other));
        __m128i high = _mm_and_si128(_mm_cmpeq_epi8(_mm_loadu_si128(r + 1), rare),
                                     _mm_cmpeq_epi8(_mm_loadu_si128(o + 1), other));
        uint32_t found = (uint32_t)_mm_movemask_epi8(low) | (uint32_t)_mm_movemask_epi8(high) << 16;
        for (; found != 0; found &= found - 1) {
            const char *at = p + __builtin_ctz(found);
            if (at > last)
                return NULL;
            if (is_at(needle, at))
                return at;
        }
    }
    return NULL;
}

#else

const char *search_needle_find(const struct needle *needle, const char *from, const char *end)
{
    return end - from < (ptrdiff_t)needle->size
               ? NULL
               : memmem(from, (size_t)(end - from), needle->text, needle->size);
}

#endif
