#include "search/scan.h"

#include <stddef.h>
#include <string.h>

#include "search/gram_filter.h"
#include "search/query.h"
#include "search/segment.h"

bool search_scan_passes(const struct scan_flags *flags, uint8_t of_page)
{
    return (of_page & flags->any) != 0 && (of_page & flags->all) == flags->all &&
           (of_page & flags->none) == 0;
}

static enum scan_match scan_find_word(const struct segment *segment, const struct needle *word,
                                      const char *from, const char *end)
{
    enum scan_match found = SCAN_NONE;
    for (const char *at = search_needle_find(word, from, end); at != NULL;
         at = search_needle_find(word, at + 1, end)) {
        size_t bit = (size_t)(at - segment->text);
        if (segment->starts[bit / 8] >> bit % 8 & 1)
            return SCAN_AT_START;
        found = SCAN_ANYWHERE;
    }
    return found;
}

/* After a keyword only pages of its host are found, and of them those that have a title or are
 * bookmarked. */
static bool scan_has_host(const struct segment *segment, uint32_t index, const struct query *query)
{
    if (query->host == NULL)
        return true;
    const char *url = segment->text + segment->offsets[index];
    if (strncmp(url, query->host, query->host_size) != 0 ||
        (url[query->host_size] != '\0' && strchr("/:?#", url[query->host_size]) == NULL))
        return false;
    return (segment->flags[index] & SEGMENT_BOOKMARKED) != 0 || url[strlen(url) + 1] != '\0';
}

/* As search_scan_page(); the first word is known not to occur before first_hit. */
static enum scan_match match_from(const struct segment *segment, uint32_t index,
                                  const struct query *query, const char *first_hit)
{
    const char *from = segment->text + segment->offsets[index],
               *end = segment->text + segment->offsets[index + 1];
    if (!scan_has_host(segment, index, query))
        return SCAN_NONE;
    if (query->field != QUERY_EVERYWHERE) {
        const char *url_end = memchr(from, '\0', (size_t)(end - from));
        if (query->field == QUERY_URL)
            end = url_end;
        else
            from = url_end;
    }
    enum scan_match match = SCAN_AT_START;
    for (size_t i = 0; i < query->word_count && match != SCAN_NONE; i++) {
        enum scan_match word = scan_find_word(segment, &query->words[i],
                                              i == 0 && first_hit > from ? first_hit : from, end);
        match = word < match ? word : match;
    }
    return match;
}

enum scan_match search_scan_page(const struct segment *segment, uint32_t index,
                                 const struct query *query)
{
    return match_from(segment, index, query, segment->text);
}

static bool scan_page_is_dead(const uint64_t *dead, uint32_t index)
{
    return dead != NULL && (dead[index / 64] >> index % 64 & 1) != 0;
}

struct scan {
    const struct segment *segment;
    const uint64_t *dead;
    const struct query *query;
    const struct scan_flags *flags;
    enum scan_want want;
    scan_cb cb;
    void *ctx;
};

static void scan_offer_match(struct scan *scan, uint32_t index, enum scan_match match)
{
    if (match == SCAN_AT_START || (match == SCAN_ANYWHERE && scan->want == SCAN_WANT_ALL))
        scan->want = scan->cb(scan->ctx, scan->segment, index, match);
}

/* The first word, which is the longest, is looked for in the text of all pages of the group at
 * once. */
static void scan_group(struct scan *scan, uint32_t first, uint32_t last)
{
    const struct segment *segment = scan->segment;
    const char *end = segment->text + segment->offsets[last],
               *from = segment->text + segment->offsets[first];
    uint32_t index = first;
    while (scan->want != SCAN_WANT_NOTHING) {
        const char *hit = search_needle_find(&scan->query->words[0], from, end);
        if (hit == NULL)
            return;
        uint32_t offset = (uint32_t)(hit - segment->text);
        while (segment->offsets[index + 1] <= offset)
            index++;
        if (search_scan_passes(scan->flags, segment->flags[index]) &&
            !scan_page_is_dead(scan->dead, index))
            scan_offer_match(scan, index, match_from(segment, index, scan->query, hit));
        from = segment->text + segment->offsets[index + 1];
    }
}

static void scan_flags_only(struct scan *scan)
{
    for (uint32_t i = 0; i < scan->segment->count && scan->want != SCAN_WANT_NOTHING; i++)
        if (search_scan_passes(scan->flags, scan->segment->flags[i]) &&
            !scan_page_is_dead(scan->dead, i) && scan_has_host(scan->segment, i, scan->query))
            scan_offer_match(scan, i, SCAN_AT_START);
}

static void scan_filtered(struct scan *scan, const struct gram_filter *filter)
{
    uint64_t anywhere[GRAM_FILTER_WORDS], at_start[GRAM_FILTER_WORDS];
    memset(anywhere, 0xFF, sizeof(anywhere));
    memset(at_start, 0xFF, sizeof(at_start));
    for (size_t i = 0; i < scan->query->word_count; i++)
        if (!search_gram_filter_apply(filter, &scan->query->words[i], anywhere, at_start))
            return;
    uint32_t count = scan->segment->count;
    for (uint32_t word = 0; word * 64 * GRAM_FILTER_GROUP < count; word++) {
        uint64_t left = UINT64_MAX;
        while (scan->want != SCAN_WANT_NOTHING &&
               (left &= scan->want == SCAN_WANT_ALL ? anywhere[word] : at_start[word]) != 0) {
            uint32_t first = (word * 64 + (uint32_t)__builtin_ctzll(left)) * GRAM_FILTER_GROUP;
            left &= left - 1;
            if (first >= count)
                break;
            scan_group(scan, first,
                       first + GRAM_FILTER_GROUP < count ? first + GRAM_FILTER_GROUP : count);
        }
    }
}

enum scan_want search_scan_segment(const struct segment *segment, const uint64_t *dead,
                                   const struct query *query, const struct scan_flags *flags,
                                   enum scan_want want, scan_cb cb, void *ctx)
{
    struct scan scan = {.segment = segment,
                        .dead = dead,
                        .query = query,
                        .flags = flags,
                        .want = want,
                        .cb = cb,
                        .ctx = ctx};
    const struct gram_filter *filter = atomic_load_explicit(&segment->filter, memory_order_acquire);
    if (query->word_count == 0)
        scan_flags_only(&scan);
    else if (filter != NULL)
        scan_filtered(&scan, filter);
    else if (segment->count > 0)
        scan_group(&scan, 0, segment->count);
    return scan.want;
}
