#include "search/gram_filter.h"

#include <stdlib.h>
#include <string.h>

#include "search/segment.h"

/* Rows: single bytes and pairs at word starts tell least in few rows, triples need the most. */
enum {
    ONE = 0,
    START_ONE = ONE + 256,
    TWO = START_ONE + 256,
    TWO_ROWS = 2048,
    START_TWO = TWO + TWO_ROWS,
    START_TWO_ROWS = 4096,
    START_THREE = START_TWO + START_TWO_ROWS,
    START_THREE_ROWS = 4096,
    THREE = START_THREE + START_THREE_ROWS,
    THREE_ROWS = 8192,
    FOUR = THREE + THREE_ROWS,
    FOUR_ROWS = 8192,
    ROWS = FOUR + FOUR_ROWS,
    MAX_GRAMS = 12 /* of four bytes, of one word; more tell little */
};

struct gram_filter {
    size_t words; /* 64-bit words a row */
    uint64_t bits[];
};

static uint32_t gram_hash(uint32_t gram)
{
    uint32_t h = gram * UINT32_C(0x9E3779B1);
    return h ^ h >> 15;
}

static uint32_t byte_at(const char *text)
{
    return (uint8_t)*text;
}

static uint32_t two_at(const char *text)
{
    return byte_at(text) | byte_at(text + 1) << 8;
}

static uint32_t three_at(const char *text)
{
    return two_at(text) | byte_at(text + 2) << 16;
}

static size_t row_of_three(const char *text)
{
    return THREE + (gram_hash(three_at(text)) >> 3) % THREE_ROWS;
}

static size_t row_of_four(const char *text)
{
    return FOUR + (gram_hash(three_at(text) | byte_at(text + 3) << 24) >> 3) % FOUR_ROWS;
}

static size_t row_of_two(const char *text)
{
    return TWO + (gram_hash(two_at(text)) >> 3) % TWO_ROWS;
}

static size_t row_of_start(const char *text, size_t size)
{
    if (size == 1)
        return START_ONE + byte_at(text);
    return size == 2 ? START_TWO + (gram_hash(two_at(text)) >> 4) % START_TWO_ROWS
                     : START_THREE + (gram_hash(three_at(text)) >> 4) % START_THREE_ROWS;
}

/* The sequences of [from, end); a \0 belongs to none. */
static void filter_add_text(struct gram_filter *filter, const struct segment *segment,
                            uint32_t from, uint32_t end, size_t word, uint64_t bit)
{
    uint64_t *bits = filter->bits + word;
    size_t stride = filter->words;
    const char *text = segment->text;
    for (uint32_t i = from; i < end; i++) {
        if (text[i] == '\0')
            continue;
        bool start = (segment->starts[i / 8] >> i % 8 & 1) != 0;
        bits[(ONE + byte_at(text + i)) * stride] |= bit;
        if (start)
            bits[row_of_start(text + i, 1) * stride] |= bit;
        if (text[i + 1] == '\0')
            continue;
        bits[row_of_two(text + i) * stride] |= bit;
        if (start)
            bits[row_of_start(text + i, 2) * stride] |= bit;
        if (text[i + 2] == '\0')
            continue;
        bits[row_of_three(text + i) * stride] |= bit;
        if (start)
            bits[row_of_start(text + i, 3) * stride] |= bit;
        if (text[i + 3] != '\0')
            bits[row_of_four(text + i) * stride] |= bit;
    }
}

struct gram_filter *search_gram_filter_create(const struct segment *segment)
{
    uint32_t groups = (segment->count + GRAM_FILTER_GROUP - 1) / GRAM_FILTER_GROUP;
    size_t words = (groups + 63) / 64;
    struct gram_filter *filter = calloc(1, sizeof(*filter) + words * ROWS * sizeof(uint64_t));
    if (filter == NULL)
        return NULL;
    filter->words = words;
    for (uint32_t group = 0; group < groups; group++) {
        uint32_t first = group * GRAM_FILTER_GROUP,
                 last = first + GRAM_FILTER_GROUP < segment->count ? first + GRAM_FILTER_GROUP
                                                                   : segment->count;
        filter_add_text(filter, segment, segment->offsets[first], segment->offsets[last],
                        group / 64, UINT64_C(1) << group % 64);
    }
    return filter;
}

void search_gram_filter_destroy(struct gram_filter *filter)
{
    free(filter);
}

size_t search_gram_filter_bytes(const struct gram_filter *filter)
{
    return sizeof(*filter) + filter->words * ROWS * sizeof(uint64_t);
}

static uint64_t and_row(const struct gram_filter *filter, size_t row, uint64_t *groups)
{
    const uint64_t *bits = filter->bits + row * filter->words;
    uint64_t left = 0;
    for (size_t i = 0; i < filter->words; i++)
        left |= groups[i] &= bits[i];
    return left;
}

bool search_gram_filter_apply(const struct gram_filter *filter, const struct needle *word,
                              uint64_t anywhere[GRAM_FILTER_WORDS],
                              uint64_t at_start[GRAM_FILTER_WORDS])
{
    uint64_t left = 1;
    if (word->size == 1)
        left = and_row(filter, ONE + byte_at(word->text), anywhere);
    else if (word->size == 2)
        left = and_row(filter, row_of_two(word->text), anywhere);
    else if (word->size == 3)
        left = and_row(filter, row_of_three(word->text), anywhere);
    for (size_t i = 0; left != 0 && i + 4 <= word->size && i < MAX_GRAMS; i++)
        left = and_row(filter, row_of_four(word->text + i), anywhere);
    if (left == 0)
        return false;
    and_row(filter, row_of_start(word->text, word->size), at_start);
    for (size_t i = 0; i < filter->words; i++)
        at_start[i] &= anywhere[i];
    return true;
}
