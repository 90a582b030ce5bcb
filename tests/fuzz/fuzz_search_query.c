/* A typed string and three pages, separated by line feeds (each page: URL, tab, title, tab,
 * tags): parsing must hold its promises, and the scan must say the same with and without a
 * filter, whatever bytes they consist of. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/magic.h"
#include "search/gram_filter.h"
#include "search/query.h"
#include "search/scan.h"
#include "search/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *next_field(char **rest, const char *separators)
{
    char *field = *rest;
    *rest = field == NULL ? NULL : field + strcspn(field, separators);
    if (*rest != NULL && **rest == separators[0])
        *(*rest)++ = '\0';
    return field;
}

static struct segment *segment_of(char *text)
{
    struct segment_builder builder = {0};
    struct segment *segment;
    for (int i = 0; i < 3; i++) {
        char *line = next_field(&text, "\n"), *url = next_field(&line, "\t"),
             *title = next_field(&line, "\t");
        struct hearth_page page = {.struct_size = sizeof(page),
                                   .id = 3 - i,
                                   .url = url,
                                   .title = title,
                                   .bookmarks = i == 1,
                                   .bookmark_title = i == 1 ? title : NULL,
                                   .tags = line,
                                   .frecency = 3 - i,
                                   .visit_count = 1};
        ASSERT(search_segment_builder_add(&builder, &page) == 0);
    }
    ASSERT(search_segment_builder_seal(&builder, &segment) == 0);
    search_segment_builder_fini(&builder);
    return segment;
}

static enum scan_want on_match(void *ctx, const struct segment *segment, uint32_t index,
                               enum scan_match match)
{
    uint8_t *matches = ctx;
    matches[index] = (uint8_t)match;
    return SCAN_WANT_ALL;
}

static void scan(struct segment *segment, const struct query *query)
{
    const struct scan_flags flags = {.any = SEGMENT_BOOKMARKED | SEGMENT_VISITED};
    uint8_t plain[3] = {0}, filtered[3] = {0};
    search_scan_segment(segment, NULL, query, &flags, SCAN_WANT_ALL, on_match, plain);
    atomic_store(&segment->filter, search_gram_filter_create(segment));
    search_scan_segment(segment, NULL, query, &flags, SCAN_WANT_ALL, on_match, filtered);
    for (uint32_t i = 0; i < segment->count; i++) {
        ASSERT(plain[i] == filtered[i]);
        ASSERT(plain[i] == search_scan_page(segment, i, query));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *rest = text;
    ASSERT(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    const char *typed = next_field(&rest, "\n");
    struct arena arena;
    struct query query;
    arena_init(&arena, 1 << 20);
    if (search_query_parse(typed, NULL, &arena, &query, NULL) == 0) {
        ASSERT(query.word_count <= QUERY_MAX_WORDS);
        for (size_t i = 0; i < query.word_count; i++) {
            ASSERT(query.words[i].size > 0 &&
                   memchr(query.words[i].text, '\0', query.words[i].size) == NULL);
            ASSERT(i == 0 || query.words[i - 1].size >= query.words[i].size);
        }
        struct segment *segment = segment_of(rest);
        scan(segment, &query);
        search_segment_unref(segment);
    }
    arena_fini(&arena);
    free(text);
    return 0;
}
