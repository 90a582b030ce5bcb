/* A later version of a history, from an earlier one and what changed. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "search/block.h"
#include "search/history_build.h"

struct search_history_update {
    const struct history *old;
    struct history *new;
    uint32_t chunk_room;
    struct history_hosts *hosts;
    struct history_rows changes; /* sorted by id */
    uint32_t *numbers;           /* of the changed pages; HISTORY_MAX_PAGES: none */
    struct history_visits visits;
    int result;
};

static int history_on_change(void *ctx, const struct hearth_page *page)
{
    struct search_history_update *update = ctx;
    update->result = update->changes.count == BLOCK_CHANGES_MAX
                         ? HEARTH_ERR_FULL
                         : search_history_rows_add(&update->changes, page, update->hosts);
    return update->result;
}

static int history_compare_changes(const void *a, const void *b)
{
    const struct history_row *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

/* Which change the id is of; changes.count: none. */
static uint32_t change_of(const struct search_history_update *update, int64_t id)
{
    uint32_t low = 0, high = update->changes.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (update->changes.items[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < update->changes.count && update->changes.items[low].id == id
               ? low
               : update->changes.count;
}

/* A quick "certainly not changed". */
enum { SEEN_BITS = 1 << 16 };

static bool is_seen(const uint8_t *seen, int64_t id)
{
    uint64_t h = (uint64_t)id * UINT64_C(0x9E3779B97F4A7C15) >> 48;
    return (seen[h / 8] >> h % 8 & 1) != 0;
}

/* The chunk after the changes: itself where none is in it. */
static int update_chunk(struct search_history_update *update, uint32_t c, const uint8_t *seen,
                        struct history_rows *scratch)
{
    struct history_chunk *chunk = update->old->chunks[c];
    bool touched = false, last = c == update->old->chunk_count - 1;
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t change = chunk->ids[i] == 0 || !is_seen(seen, chunk->ids[i])
                              ? update->changes.count
                              : change_of(update, chunk->ids[i]);
        if (change == update->changes.count)
            continue;
        touched = true;
        update->numbers[change] = c * HISTORY_CHUNK + i;
    }
    if (!touched && (!last || chunk->count == HISTORY_CHUNK))
        return search_history_add_chunk(update->new, &update->chunk_room,
                                        search_history_chunk_ref(chunk));
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < chunk->count; i++) {
        uint32_t change =
            chunk->ids[i] == 0 ? update->changes.count : change_of(update, chunk->ids[i]);
        r = change == update->changes.count
                ? search_history_rows_copy_slot(scratch, chunk, i)
                : search_history_rows_copy(scratch, &update->changes, change);
    }
    /* The last one may be filled up with new pages: it is sealed there. */
    return r == 0 && !(last && chunk->count < HISTORY_CHUNK)
               ? search_history_add_chunk(update->new, &update->chunk_room,
                                          search_history_rows_seal(scratch))
               : r;
}

static int update_chunks(struct search_history_update *update)
{
    struct history_rows scratch = {0};
    uint8_t *seen = calloc(SEEN_BITS / 8, 1);
    int r = seen == NULL ? HEARTH_ERR_NOMEM : 0;
    for (uint32_t i = 0; r == 0 && i < update->changes.count; i++) {
        uint64_t h = (uint64_t)update->changes.items[i].id * UINT64_C(0x9E3779B97F4A7C15) >> 48;
        seen[h / 8] |= (uint8_t)(1u << h % 8);
        update->numbers[i] = HISTORY_MAX_PAGES;
    }
    for (uint32_t c = 0; r == 0 && c < update->old->chunk_count; c++)
        r = update_chunk(update, c, seen, &scratch);
    for (uint32_t i = 0; r == 0 && i < update->changes.count; i++) { /* those that are new */
        if (update->numbers[i] != HISTORY_MAX_PAGES || !update->changes.items[i].shown)
            continue;
        update->numbers[i] = update->new->chunk_count *HISTORY_CHUNK + scratch.count;
        r = search_history_rows_copy(&scratch, &update->changes, i);
        if (r == 0 && scratch.count == HISTORY_CHUNK)
            r = search_history_add_chunk(update->new, &update->chunk_room,
                                         search_history_rows_seal(&scratch));
    }
    if (r == 0 && scratch.count > 0)
        r = search_history_add_chunk(update->new, &update->chunk_room,
                                     search_history_rows_seal(&scratch));
    search_history_rows_fini(&scratch);
    free(seen);
    return r;
}

static int history_on_visit_of_page(void *ctx, int64_t page, const struct hearth_visit *visit)
{
    struct search_history_update *update = ctx;
    uint32_t change = change_of(update, page);
    if (change < update->changes.count)
        update->result = search_history_visits_add(&update->visits, visit->date, page,
                                                   update->numbers[change] |
                                                       (uint32_t)visit->type << HISTORY_TYPE_SHIFT);
    return update->result;
}

static int history_read_visits(struct search_history_update *update,
                               const struct search_source *source, struct err *err)
{
    int64_t *ids = malloc((update->changes.count + 1) * sizeof(*ids));
    size_t count = 0;
    if (ids == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < update->changes.count; i++)
        if (update->changes.items[i].shown)
            ids[count++] = update->changes.items[i].id;
    int r = count == 0
                ? 0
                : source->visits_of(source->ctx, ids, count, history_on_visit_of_page, update, err);
    free(ids);
    return r == 0 && update->result < 0 ? err_set(err, update->result, "out of memory") : r;
}

/* The visits of unchanged pages, and between them the new ones. */
static int merge_visits(struct search_history_update *update)
{
    const struct history *old = update->old;
    struct history *new = update->new;
    size_t next = 0, room = old->visit_count + update->visits.count + 1, n = 0;
    uint64_t *changed = calloc((size_t) new->chunk_count + 1, HISTORY_CHUNK / 8);
    new->dates = malloc(room * sizeof(*new->dates));
    new->pages = malloc(room * sizeof(*new->pages));
    if (changed == NULL || new->dates == NULL || new->pages == NULL) {
        free(changed);
        return HEARTH_ERR_NOMEM;
    }
    for (uint32_t i = 0; i < update->changes.count; i++)
        if (update->numbers[i] != HISTORY_MAX_PAGES)
            changed[update->numbers[i] / 64] |= UINT64_C(1) << update->numbers[i] % 64;
    search_history_visits_sort(&update->visits);
    for (size_t i = 0; i <= old->visit_count; i++) {
        uint32_t page = i < old->visit_count ? history_page_of(old, i) : 0;
        if (i < old->visit_count && (changed[page / 64] >> page % 64 & 1) != 0)
            continue;
        for (; next < update->visits.count; next++) {
            const struct history_visit *visit = &update->visits.items[next];
            if (i < old->visit_count && (old->dates[i] > visit->date ||
                                         (old->dates[i] == visit->date &&
                                          history_visit_before(old->dates[i], history_id(old, page),
                                                               old->pages[i], visit))))
                break;
            new->dates[n] = visit->date;
            new->pages[n++] = visit->number;
        }
        if (i < old->visit_count) {
            new->dates[n] = old->dates[i];
            new->pages[n++] = old->pages[i];
        }
    }
    new->visit_count = n;
    free(changed);
    return 0;
}

static int history_make_version(struct search_history_update *update,
                                const struct search_source *source, struct err *err)
{
    struct history_rows *changes = &update->changes;
    qsort(changes->items, changes->count, sizeof(*changes->items), history_compare_changes);
    update->new = search_history_create();
    update->numbers = malloc(changes->count * sizeof(*update->numbers));
    if (update->new == NULL || update->numbers == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    update->new->hosts = search_history_hosts_ref(update->hosts);
    int r = update_chunks(update);
    if (r < 0)
        return err_set(err, r, "out of memory");
    r = history_read_visits(update, source, err);
    if (r == 0 && (merge_visits(update) < 0 || search_history_finish(update->new) < 0))
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    /* Slots of pages that went are not used again: when many piled up, a new beginning is due. */
    bool full = r == 0 && update->new->holes > HISTORY_CHUNK &&
                update->new->holes > update->new->chunk_count *(HISTORY_CHUNK / 4);
    return full ? err_set(err, HEARTH_ERR_FULL, "much of the history went") : r;
}

int search_history_update(const struct index *index, int64_t since,
                          const struct search_source *source, struct index **ret_index,
                          struct err *err)
{
    struct search_history_update update = {.old = history_of(index)};
    update.hosts = search_history_hosts_copy(update.old->hosts);
    if (update.hosts == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    int r = source->changed(source->ctx, since, history_on_change, &update, err);
    if (r == 0 && update.result < 0)
        r = err_set(err, update.result,
                    update.result == HEARTH_ERR_FULL ? "too much has changed" : "out of memory");
    if (r == 0 && update.changes.count > 0)
        r = history_make_version(&update, source, err);
    if (r == 0)
        *ret_index =
            update.new == NULL ? index_ref((struct index *)(uintptr_t)index) : &update.new->index;
    else if (update.new != NULL)
        index_unref(&update.new->index);
    search_history_hosts_unref(update.hosts);
    search_history_rows_fini(&update.changes);
    free(update.numbers);
    free(update.visits.items);
    return r;
}
