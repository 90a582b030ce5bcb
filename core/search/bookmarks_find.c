/* Questions to the bookmarks in memory. */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "codec/codec.h"
#include "search/bookmarks.h"
#include "search/fold.h"
#include "search/search.h"
#include "search/text_filter.h"

struct finding {
    const struct bookmarks *bookmarks;
    const struct bookmarks_query *query;
    const uint64_t *bits;
    const char *tag; /* in lower case */
    struct bookmarks_found *found;
};

static bool finding_has_tag(const struct finding *finding, uint32_t number)
{
    const char *guid = bookmarks_guid(finding->bookmarks, number);
    size_t size = strlen(finding->tag);
    for (const char *tag = guid + strlen(guid) + 1; *tag != '\0'; tag += strcspn(tag, "\n") + 1)
        if (strcspn(tag, "\n") == size && memcmp(tag, finding->tag, size) == 0)
            return true;
    return false;
}

/* True: it is full. */
static bool finding_take_row(struct finding *finding, uint32_t number)
{
    struct bookmarks_found *found = finding->found;
    if ((finding->bits[number / 64] >> number % 64 & 1) == 0 ||
        (finding->tag != NULL && !finding_has_tag(finding, number)))
        return false;
    found->more = found->count == finding->query->limit;
    if (!found->more)
        found->numbers[found->count++] = number;
    return found->more;
}

/* The first number behind (added, guid), both descending. */
static uint32_t number_behind(const struct bookmarks *bookmarks, int64_t added, const char *guid)
{
    uint32_t low = 0, high = bookmarks->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct bookmarks_row *row = &bookmarks->rows[middle];
        bool behind = row->added != added ? row->added < added
                                          : strcmp(bookmarks_guid(bookmarks, middle), guid) < 0;
        if (behind)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static uint32_t walk_by_time(struct finding *finding)
{
    const struct bookmarks *bookmarks = finding->bookmarks;
    const struct bookmarks_query *query = finding->query;
    bool from_first = query->after == 0 && query->after_guid == NULL;
    uint32_t first = from_first ? 0
                                : number_behind(bookmarks, query->after,
                                                query->after_guid == NULL ? "" : query->after_guid),
             at = first;
    for (bool full = false; at < bookmarks->count && !full; at++)
        if (bookmarks_is_item(bookmarks->rows[at].kind))
            full = finding_take_row(finding, at);
    return at - first;
}

static uint32_t walk_folder(struct finding *finding, uint32_t folder)
{
    const struct bookmarks *bookmarks = finding->bookmarks;
    uint32_t low = 0, high = bookmarks->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct bookmarks_row *row = &bookmarks->rows[bookmarks->places[middle]];
        if (row->parent != folder ? row->parent > folder : row->position > finding->query->after)
            high = middle;
        else
            low = middle + 1;
    }
    uint32_t at = low;
    for (bool full = false;
         at < bookmarks->count && bookmarks->rows[bookmarks->places[at]].parent == folder && !full;
         at++)
        full = finding_take_row(finding, bookmarks->places[at]);
    return at - low;
}

static const char *lower_case(const char *tag, struct arena *arena)
{
    size_t size = strlen(tag);
    char *lower = arena_alloc(arena, FOLD_ROOM(size) + 1);
    if (lower != NULL)
        lower[codec_fold(tag, size, lower)] = '\0';
    return lower;
}

uint32_t search_bookmarks_keyword(const struct bookmarks *bookmarks, const char *keyword)
{
    uint32_t low = 0, high = bookmarks->keyed_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(bookmarks_keyword(bookmarks, bookmarks->keyed[middle]), keyword) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < bookmarks->keyed_count &&
                   strcmp(bookmarks_keyword(bookmarks, bookmarks->keyed[low]), keyword) == 0
               ? bookmarks->keyed[low]
               : BOOKMARKS_NONE;
}

int search_bookmarks_find(const struct bookmarks *bookmarks, const struct bookmarks_query *query,
                          struct arena *arena, struct bookmarks_found *ret_found)
{
    struct bookmarks_found found = {
        .numbers = arena_alloc(arena, (query->limit + 1) * sizeof(*found.numbers))};
    uint64_t *bits = arena_alloc(arena, ((size_t)bookmarks->count / 64 + 1) * sizeof(*bits));
    struct finding finding = {
        .bookmarks = bookmarks, .query = query, .bits = bits, .found = &found};
    if (query->tag != NULL)
        finding.tag = lower_case(query->tag, arena);
    if (found.numbers == NULL || bits == NULL || (query->tag != NULL && finding.tag == NULL))
        return HEARTH_ERR_NOMEM;
    search_text_filter_scan(query->words, bookmarks->text, bookmarks->offsets, bookmarks->count,
                            bits, 0);
    uint32_t folder = query->folder == NULL ? BOOKMARKS_NONE
                                            : search_bookmarks_number(bookmarks, query->folder),
             walked = 0;
    if (query->folder == NULL)
        walked = walk_by_time(&finding);
    else if (folder != BOOKMARKS_NONE)
        walked = walk_folder(&finding, folder);
    search_looked_at(bookmarks->count + walked);
    *ret_found = found;
    return 0;
}
