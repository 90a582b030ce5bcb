/* Questions to the history in memory. What grows with the account here are walks over integers
 * and folded text; each is counted. */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "search/history.h"
#include "search/history_build.h"
#include "search/text_filter.h"

/* Is the visit at `index` behind the place, in the order of the list? */
static bool is_behind(const struct history *history, size_t index,
                      const struct history_place *place)
{
    int64_t date = history->dates[index];
    if (date != place->date)
        return date < place->date;
    int64_t page = history_id(history, history_page_of(history, index));
    if (page != place->page)
        return page < place->page;
    return (int32_t)(history->pages[index] >> HISTORY_TYPE_SHIFT) < place->type;
}

static size_t first_behind(const struct history *history, const struct history_place *place)
{
    size_t low = 0, high = history->visit_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_behind(history, middle, place))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The first visit that is older than a date. */
static size_t first_before(const struct history *history, int64_t date)
{
    return first_behind(history, &(struct history_place){date, INT64_MIN, INT32_MIN});
}

void search_history_range(const struct history *history, int64_t from, int64_t to,
                          size_t *ret_first, size_t *ret_end)
{
    size_t first = to == 0 ? 0 : first_before(history, to),
           end = from == 0 ? history->visit_count : first_before(history, from);
    *ret_first = first;
    *ret_end = end < first ? first : end;
}

static struct history_place history_visit_place(const struct history *history, size_t index)
{
    return (struct history_place){history->dates[index],
                                  history_id(history, history_page_of(history, index)),
                                  (int32_t)(history->pages[index] >> HISTORY_TYPE_SHIFT)};
}

/* A bit for each page with all the words. */
static uint64_t *matching_pages(const struct history *history, const struct text_filter *words,
                                struct arena *arena)
{
    uint64_t *bits = arena_alloc(arena, ((size_t)history->chunk_count + 1) * (HISTORY_CHUNK / 8));
    for (uint32_t i = 0; bits != NULL && i < history->chunk_count; i++) {
        const struct history_chunk *chunk = history->chunks[i];
        search_text_filter_scan(words, chunk->text, chunk->offsets, chunk->count, bits,
                                (size_t)i * HISTORY_CHUNK);
    }
    return bits;
}

/* Visits one after the other, newest first. */
struct history_run {
    size_t at, end;
};

/* What is asked for and behind query->after: that of before `soon`, and what stands behind it. */
static void history_runs(const struct history *history, const struct history_query *query,
                         struct history_run ret_runs[2])
{
    size_t first, end, middle = query->soon == 0 ? 0 : first_before(history, query->soon);
    search_history_range(history, query->from, query->to, &first, &end);
    middle = middle < first ? first : middle > end ? end : middle;
    ret_runs[0] = (struct history_run){middle, end};
    ret_runs[1] = (struct history_run){first, middle};
    if (query->after.date == 0)
        return;
    bool to_come = query->soon != 0 && query->after.date >= query->soon;
    size_t behind = first_behind(history, &query->after);
    struct history_run *run = &ret_runs[to_come];
    run->at = behind > run->at ? behind : run->at;
    if (to_come)
        ret_runs[0].end = ret_runs[0].at;
}

int search_history_find(const struct history *history, const struct history_query *query,
                        struct arena *arena, struct history_found *ret_found)
{
    struct history_found found = {
        .visits = arena_alloc(arena, (query->limit + 1) * sizeof(*found.visits))};
    const uint64_t *bits = matching_pages(history, query->words, arena);
    if (found.visits == NULL || bits == NULL)
        return HEARTH_ERR_NOMEM;
    uint32_t host = query->host == NULL ? HISTORY_NO_HOST
                                        : search_history_hosts_find(history->hosts, query->host);
    bool none = query->host != NULL && host == HISTORY_NO_HOST;
    struct history_run runs[2];
    size_t looked_at = (size_t)history->chunk_count * HISTORY_CHUNK;
    history_runs(history, query, runs);
    for (int i = 0; i < 2 && !none; i++)
        for (size_t at = runs[i].at; at < runs[i].end && !found.more; at++, looked_at++) {
            uint32_t page = history_page_of(history, at);
            if ((bits[page / 64] >> page % 64 & 1) == 0)
                continue;
            if (query->host != NULL &&
                history->chunks[page / HISTORY_CHUNK]->hosts[page % HISTORY_CHUNK] != host)
                continue;
            found.more = found.count == query->limit;
            if (!found.more)
                found.visits[found.count++] = history_visit_place(history, at);
        }
    search_looked_at(looked_at);
    *ret_found = found;
    return 0;
}

uint32_t search_history_site_after(const struct history *history, int64_t visits, const char *host)
{
    uint32_t low = 0, high = history->site_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct history_site *site = &history->sites[middle];
        bool behind = site->visits != visits
                          ? site->visits < visits
                          : strcmp(history_host_name(history, site->host), host) > 0;
        if (behind)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}
