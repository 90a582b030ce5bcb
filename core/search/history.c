/* Building a history from the storage. */
#include "search/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/err.h"
#include "base/hash.h"
#include "search/history_build.h"

static void history_destroy(struct index *index)
{
    struct history *history = (struct history *)(void *)index;
    for (uint32_t i = 0; i < history->chunk_count; i++)
        search_history_chunk_unref(history->chunks[i]);
    free(history->chunks);
    search_history_hosts_unref(history->hosts);
    free(history->sites);
    free(history->dates);
    free(history->pages);
    free(history);
}

struct history *search_history_create(void)
{
    struct history *history = calloc(1, sizeof(*history));
    if (history == NULL)
        return NULL;
    atomic_init(&history->index.references, 1);
    history->index.destroy = history_destroy;
    return history;
}

/* --- visits --- */

int search_history_visits_add(struct history_visits *visits, int64_t date, int64_t page,
                              uint32_t number)
{
    if (!ARRAY_MAKE_ROOM(visits->items, visits->count, visits->room))
        return HEARTH_ERR_NOMEM;
    visits->items[visits->count++] = (struct history_visit){date, page, number};
    return 0;
}

static int history_compare_visits(const void *a, const void *b)
{
    const struct history_visit *x = a, *y = b;
    return history_visit_before(x->date, x->page, x->number, y)   ? -1
           : history_visit_before(y->date, y->page, y->number, x) ? 1
                                                                  : 0;
}

void search_history_visits_sort(struct history_visits *visits)
{
    if (visits->count > 0)
        qsort(visits->items, visits->count, sizeof(*visits->items), history_compare_visits);
}

/* --- sites --- */

static int history_compare_sites(const void *a, const void *b, void *ctx)
{
    const struct history_site *x = a, *y = b;
    const struct history *history = ctx;
    if (x->visits != y->visits)
        return x->visits < y->visits ? 1 : -1;
    return strcmp(history_host_name(history, x->host), history_host_name(history, y->host));
}

static void count_sites(struct history *history)
{
    struct history_site *sites = history->sites;
    for (uint32_t c = 0; c < history->chunk_count; c++) {
        const struct history_chunk *chunk = history->chunks[c];
        for (uint32_t i = 0; i < chunk->count; i++) {
            history->holes += chunk->ids[i] == 0;
            if (chunk->ids[i] == 0 || chunk->hosts[i] == HISTORY_NO_HOST)
                continue;
            struct history_site *site = &sites[chunk->hosts[i]];
            site->pages++;
            site->visits += chunk->visit_counts[i];
            if (chunk->last_visits[i] > site->last_visit)
                site->last_visit = chunk->last_visits[i];
        }
    }
}

int search_history_finish(struct history *history)
{
    const struct history_hosts *hosts = history->hosts;
    history->sites = calloc((size_t)hosts->count + 1, sizeof(*history->sites));
    if (history->sites == NULL)
        return HEARTH_ERR_NOMEM;
    count_sites(history);
    for (uint32_t i = 0; i < hosts->count; i++)
        if (history->sites[i].pages > 0) {
            history->sites[history->site_count] = history->sites[i];
            history->sites[history->site_count++].host = i;
        }
    qsort_r(history->sites, history->site_count, sizeof(*history->sites), history_compare_sites,
            history);
    size_t bytes = sizeof(*history) + history->chunk_count * sizeof(void *) +
                   hosts->room * 3 * sizeof(uint32_t) + hosts->text_room +
                   hosts->count * sizeof(*history->sites) +
                   history->visit_count * (sizeof(*history->dates) + sizeof(*history->pages));
    for (uint32_t i = 0; i < history->chunk_count; i++)
        bytes += history->chunks[i]->bytes;
    history->index.bytes = bytes;
    return 0;
}

/* --- from the storage --- */

struct history_loading {
    struct history *history;
    struct history_rows rows;
    uint32_t chunk_room;
    struct index_table table; /* pages by id */
    size_t visit_room;
    int result;
};

int search_history_add_chunk(struct history *history, uint32_t *room, struct history_chunk *chunk)
{
    if (chunk == NULL)
        return HEARTH_ERR_NOMEM;
    if (history->chunk_count == *room) {
        uint32_t more = *room == 0 ? 64 : *room * 2;
        struct history_chunk **chunks =
            realloc(history->chunks, more * sizeof(struct history_chunk *));
        if (chunks == NULL) {
            search_history_chunk_unref(chunk);
            return HEARTH_ERR_NOMEM;
        }
        history->chunks = chunks;
        *room = more;
    }
    history->chunks[history->chunk_count++] = chunk;
    return history->chunk_count < HISTORY_MAX_PAGES / HISTORY_CHUNK ? 0 : HEARTH_ERR_FULL;
}

static int history_on_page(void *ctx, const struct hearth_page *page)
{
    struct history_loading *loading = ctx;
    if (page->hidden || page->last_visit == 0)
        return 0;
    loading->result = search_history_rows_add(&loading->rows, page, loading->history->hosts);
    if (loading->result == 0 && loading->rows.count == HISTORY_CHUNK)
        loading->result = search_history_add_chunk(loading->history, &loading->chunk_room,
                                                   search_history_rows_seal(&loading->rows));
    return loading->result;
}

static bool id_is(const void *history, uint32_t number, const void *id)
{
    return history_id(history, number) == *(const int64_t *)id;
}

/* Ids are hashes, but of URLs, in a way that everybody knows. */
static uint32_t *history_page_slot(const struct history_loading *loading, int64_t id)
{
    return index_table_slot(&loading->table, hash_bytes(&id, sizeof(id)), id_is, loading->history,
                            &id);
}

static int make_table(struct history_loading *loading)
{
    const struct history *history = loading->history;
    if (!index_table_init(&loading->table, (size_t)history->chunk_count * HISTORY_CHUNK))
        return HEARTH_ERR_NOMEM;
    for (uint32_t c = 0; c < history->chunk_count; c++)
        for (uint32_t i = 0; i < history->chunks[c]->count; i++)
            *history_page_slot(loading, history->chunks[c]->ids[i]) = c * HISTORY_CHUNK + i + 1;
    return 0;
}

static int grow_visits(struct history_loading *loading)
{
    struct history *history = loading->history;
    size_t room = loading->visit_room == 0 ? 4096 : loading->visit_room * 2;
    int64_t *dates = realloc(history->dates, room * sizeof(*dates));
    if (dates == NULL)
        return HEARTH_ERR_NOMEM;
    history->dates = dates;
    uint32_t *pages = realloc(history->pages, room * sizeof(*pages));
    if (pages == NULL)
        return HEARTH_ERR_NOMEM;
    history->pages = pages;
    loading->visit_room = room;
    return 0;
}

/* A visit of a page that came after the pages were read is left out: its page is told as changed
 * next time. */
static int history_on_visit_row(void *ctx, const struct hearth_visit_row *row)
{
    struct history_loading *loading = ctx;
    struct history *history = loading->history;
    uint32_t number = *history_page_slot(loading, row->page);
    if (number == 0)
        return 0;
    if (history->visit_count == loading->visit_room && (loading->result = grow_visits(loading)) < 0)
        return 1;
    history->dates[history->visit_count] = row->date;
    history->pages[history->visit_count++] = (number - 1) | (uint32_t)row->type
                                                                << HISTORY_TYPE_SHIFT;
    return 0;
}

/* Gives back what growing took too much. */
static void trim_visits(struct history *history)
{
    int64_t *dates = realloc(history->dates, (history->visit_count + 1) * sizeof(*dates));
    uint32_t *pages = realloc(history->pages, (history->visit_count + 1) * sizeof(*pages));
    history->dates = dates == NULL ? history->dates : dates;
    history->pages = pages == NULL ? history->pages : pages;
}

static int load_rows(struct history_loading *loading, const struct search_source *source,
                     struct err *err)
{
    int r = source->pages(source->ctx, history_on_page, loading, err);
    if (r < 0)
        return r;
    r = loading->result;
    if (r == 0 && loading->rows.count > 0)
        r = search_history_add_chunk(loading->history, &loading->chunk_room,
                                     search_history_rows_seal(&loading->rows));
    if (r == 0)
        r = make_table(loading);
    if (r < 0)
        return err_set(err, r, "the history does not fit into memory");
    r = source->visits(source->ctx, history_on_visit_row, loading, err);
    if (r == 0 && loading->result < 0)
        r = err_set(err, loading->result, "out of memory");
    if (r == 0) {
        trim_visits(loading->history);
        r = search_history_finish(loading->history) < 0
                ? err_set(err, HEARTH_ERR_NOMEM, "out of memory")
                : 0;
    }
    return r;
}

int search_history_load(const struct search_source *source, struct index **ret_index,
                        struct err *err)
{
    struct history_loading loading = {.history = search_history_create()};
    if (loading.history == NULL ||
        (loading.history->hosts = search_history_hosts_create()) == NULL) {
        free(loading.history);
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    }
    int r = load_rows(&loading, source, err);
    search_history_rows_fini(&loading.rows);
    index_table_fini(&loading.table);
    if (r < 0)
        index_unref(&loading.history->index);
    else
        *ret_index = &loading.history->index;
    return r;
}
