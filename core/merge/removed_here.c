#include "merge/removed_here.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/log.h"
#include "base/str.h"
#include "merge/apply.h"
#include "model/url.h"

enum { HOST_SIZE = 256, PIECE = 500 }; /* pages whose visits are looked at together */

static int removal_no_memory(struct err *err)
{
    return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
}

/* --- what comes --- */

struct loading {
    struct model_removed_here *here;
    bool failed;
};

static int removed_here_on_row(void *ctx, const struct hearth_removed_here *removed)
{
    struct loading *loading = ctx;
    loading->failed = !model_removed_here_add(loading->here, removed);
    return loading->failed;
}

int merge_removed_here_load(struct storage *storage, const char *account,
                            struct model_removed_here *ret_here, struct err *err)
{
    struct model_removed_here here;
    struct loading loading = {.here = &here};
    model_removed_here_init(&here);
    int r = STORAGE(storage, err, removed_here_list, account, removed_here_on_row, &loading);
    plug_storage_reset(storage);
    if (r == 0 && loading.failed)
        r = removal_no_memory(err);
    if (r < 0) {
        model_removed_here_fini(&here);
        return r;
    }
    model_removed_here_sort(&here);
    *ret_here = here;
    return 0;
}

int merge_removed_here_filter(const struct model_removed_here *here, int64_t page,
                              struct hearth_page_record *record, struct arena *arena,
                              bool *ret_gone, struct err *err)
{
    char host[HOST_SIZE] = "";
    size_t kept = 0;
    if (model_removed_here_asks_host(here))
        model_url_host(record->url, host, sizeof(host));
    if (model_removed_here_has_page(here, page, host)) {
        *ret_gone = true;
        return 0;
    }
    struct hearth_visit *visits = arena_alloc(arena, (record->visit_count + 1) * sizeof(*visits));
    if (visits == NULL)
        return removal_no_memory(err);
    for (size_t i = 0; i < record->visit_count; i++) {
        const struct hearth_visit *visit = HEARTH_AT(record->visits, i);
        if (!model_removed_here_has_visit(here, page, host, visit->date, visit->type))
            visits[kept++] =
                (struct hearth_visit)HEARTH_VISIT_OF(visit->date, visit->type, visit->source);
    }
    *ret_gone = kept == 0 && record->visit_count > 0;
    record->visits = visits;
    record->visit_count = kept;
    return 0;
}

/* --- what is stored --- */

struct taking {
    struct apply apply;
    const struct hearth_removed_here *removed;
    struct model_removed_here here; /* that one alone */
    int64_t *pages;                 /* that may have to do with it, ascending */
    size_t count, room;
    bool failed;
    struct removed_here_result result;
    int64_t hits[PIECE]; /* visits of the pages of this piece that are removed */
    size_t piece, piece_count;
};

static bool removed_here_note_page(struct taking *taking, int64_t page)
{
    if (!ARRAY_MAKE_ROOM(taking->pages, taking->count, taking->room)) {
        taking->failed = true;
        return false;
    }
    taking->pages[taking->count++] = page;
    return true;
}

static int on_candidate(void *ctx, const struct hearth_page *page)
{
    struct taking *taking = ctx;
    const struct hearth_removed_here *removed = taking->removed;
    /* there for its bookmarks alone */
    if (page->last_visit == 0 && page->visit_count == 0 && page->title == NULL)
        return 0;
    if (removed->from_date != 0 && page->last_visit < removed->from_date)
        return 0;
    if (removed->kind == HEARTH_REMOVED_HERE_SITE) { /* the scan need not fill `host` */
        char host[HOST_SIZE];
        model_url_host(page->url, host, sizeof(host));
        if (strcmp(host, removed->host) != 0)
            return 0;
    }
    return !removed_here_note_page(taking, page->id);
}

static int removed_here_compare_pages(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* The list is complete before anything changes: it is read from what would change. */
static int find_candidates(struct taking *taking, struct err *err)
{
    const struct hearth_removed_here *removed = taking->removed;
    int r = 0;
    taking->count = 0;
    if (removed->kind == HEARTH_REMOVED_HERE_VISIT || removed->kind == HEARTH_REMOVED_HERE_PAGE)
        removed_here_note_page(taking, removed->page);
    else
        r = STORAGE(taking->apply.storage, err, pages_by_frecency, taking->apply.account,
                    on_candidate, taking);
    plug_storage_reset(taking->apply.storage);
    if (r == 0 && taking->failed)
        r = removal_no_memory(err);
    if (taking->count > 0)
        qsort(taking->pages, taking->count, sizeof(*taking->pages), removed_here_compare_pages);
    return r;
}

static bool removed_here_takes_visit(const struct taking *taking, int64_t page,
                                     const struct hearth_visit *visit)
{
    /* Its host was compared when it became a candidate. */
    return model_removed_here_has_visit(&taking->here, page, taking->removed->host, visit->date,
                                        visit->type);
}

static int removed_here_on_stored_visit(void *ctx, int64_t page, const struct hearth_visit *visit)
{
    struct taking *taking = ctx;
    const int64_t *first = taking->pages + taking->piece;
    const int64_t *found =
        bsearch(&page, first, taking->piece_count, sizeof(*first), removed_here_compare_pages);
    if (found == NULL)
        return 0;
    taking->hits[found - first] += removed_here_takes_visit(taking, page, visit);
    return 0;
}

struct taking_page {
    const struct taking *taking;
    int64_t page;
};

static bool takes_visit(const void *ctx, const struct hearth_visit *visit)
{
    const struct taking_page *of = ctx;
    return removed_here_takes_visit(of->taking, of->page, visit);
}

static int take_from_page(struct taking *taking, int64_t id, int64_t hits, struct err *err)
{
    struct apply *apply = &taking->apply;
    bool whole = model_removed_here_has_page(&taking->here, id, taking->removed->host);
    struct hearth_page page = {.struct_size = sizeof(page)};
    struct err why = {0};
    if (hits == 0 && !whole)
        return 0;
    int r = STORAGE(apply->storage, &why, page_get, apply->account, id, &page);
    if (r == HEARTH_ERR_NOT_FOUND ||
        (r == 0 && hits == 0 && page.title == NULL && page.guid == NULL))
        return 0; /* nothing, or its bookmarks alone */
    if (r < 0) {
        *err = why;
        return r;
    }
    r = merge_apply_take_from_page(apply, &page, takes_visit, &(struct taking_page){taking, id},
                                   err);
    taking->result.pages++;
    taking->result.visits += hits;
    return r;
}

static int take_piece(struct taking *taking, struct err *err)
{
    struct apply *apply = &taking->apply;
    memset(taking->hits, 0, sizeof(taking->hits));
    int r = plug_storage_visits_of_pages(apply->storage, apply->account,
                                         taking->pages + taking->piece, taking->piece_count,
                                         removed_here_on_stored_visit, taking, err);
    for (size_t i = 0; r == 0 && i < taking->piece_count; i++) {
        r = take_from_page(taking, taking->pages[taking->piece + i], taking->hits[i], err);
        arena_reset(&apply->arena);
        plug_storage_reset(apply->storage);
    }
    return r;
}

static int take_once(struct taking *taking, struct err *err)
{
    struct storage *storage = taking->apply.storage;
    int64_t generation;
    taking->result = (struct removed_here_result){0};
    int r = STORAGE(storage, err, batch_begin, taking->apply.account, HEARTH_HISTORY, &generation);
    if (r < 0)
        return r;
    r = find_candidates(taking, err);
    for (taking->piece = 0; r == 0 && taking->piece < taking->count;
         taking->piece += taking->piece_count) {
        size_t left = taking->count - taking->piece;
        taking->piece_count = left < PIECE ? left : PIECE;
        r = take_piece(taking, err);
    }
    if (r == 0)
        r = STORAGE(storage, err, batch_commit, taking->apply.changed);
    if (r < 0)
        storage->ops->batch_abort(storage->handle);
    else
        taking->result.generation = taking->apply.changed ? generation : 0;
    return r;
}

struct picked {
    struct taking *taking;
    struct hearth_pick *picks;
    size_t count, room;
    bool failed;
};

static int removed_here_on_pick(void *ctx, const struct hearth_pick *pick)
{
    struct picked *picked = ctx;
    struct arena *arena = &picked->taking->apply.arena;
    if (!ARRAY_MAKE_ROOM(picked->picks, picked->count, picked->room))
        return picked->failed = true;
    const char *input = arena_strdup(arena, pick->input);
    picked->picks[picked->count++] =
        (struct hearth_pick){.struct_size = sizeof(*pick), .input = input, .page = pick->page};
    return picked->failed = input == NULL;
}

/* Is nothing left of the page, or nothing of its history after this removal? */
static int removed_here_page_has_ended(struct taking *taking, int64_t id, bool *ret_ended,
                                       struct err *err)
{
    struct apply *apply = &taking->apply;
    struct hearth_page page = {.struct_size = sizeof(page)};
    struct err why = {0};
    bool looked_at = taking->count > 0 && bsearch(&id, taking->pages, taking->count, sizeof(id),
                                                  removed_here_compare_pages) != NULL;
    int r = STORAGE(apply->storage, &why, page_get, apply->account, id, &page);
    *ret_ended = r == HEARTH_ERR_NOT_FOUND ||
                 (looked_at && page.visit_count == 0 && page.last_visit == 0 && page.guid == NULL);
    plug_storage_reset(apply->storage);
    return r < 0 && r != HEARTH_ERR_NOT_FOUND ? err_set(err, r, "%s", why.text) : 0;
}

/* What was typed to get to a page says where somebody was, too. */
static int take_picks(struct taking *taking, struct err *err)
{
    struct apply *apply = &taking->apply;
    struct picked picked = {.taking = taking};
    int r = STORAGE(apply->storage, err, pick_list, apply->account, removed_here_on_pick, &picked);
    plug_storage_reset(apply->storage);
    if (r == 0 && picked.failed)
        r = removal_no_memory(err);
    for (size_t i = 0; r == 0 && i < picked.count; i++) {
        bool ended = false;
        r = removed_here_page_has_ended(taking, picked.picks[i].page, &ended, err);
        if (r == 0 && ended)
            r = STORAGE(apply->storage, err, pick_put, apply->account, &picked.picks[i]);
    }
    free(picked.picks);
    return r;
}

static int take_away(struct storage *storage, const char *account,
                     const struct hearth_removed_here *removed,
                     struct removed_here_result *ret_result, struct err *err)
{
    struct taking *taking = calloc(1, sizeof(*taking));
    if (taking == NULL)
        return removal_no_memory(err);
    taking->apply =
        (struct apply){.storage = storage, .account = account, .how = HEARTH_INCREMENTAL};
    taking->removed = removed;
    arena_init(&taking->apply.arena, 0);
    model_removed_here_init(&taking->here);
    int r = model_removed_here_add(&taking->here, removed) ? 0 : removal_no_memory(err);
    model_removed_here_sort(&taking->here);
    if (r == 0)
        r = take_once(taking, err);
    if (r == HEARTH_ERR_UNCERTAIN) {
        /* it may have been stored: there is nothing left to remove then, and nothing to count,
         * but what the first time has changed stays told */
        log_event(HEARTH_LOG_WARNING, "merge", "batch repeated", LOG_TEXT("account", account));
        plug_storage_reset(storage);
        r = take_once(taking, err);
    }
    if (r == 0)
        r = take_picks(taking, err);
    if (r == 0)
        *ret_result = taking->result;
    model_removed_here_fini(&taking->here);
    arena_fini(&taking->apply.arena);
    free(taking->pages);
    free(taking);
    plug_storage_reset(storage);
    return r;
}

/* --- a new one --- */

struct counting {
    /* under the id of the one that says the same, if there is one */
    struct hearth_removed_here removed;
    char id[HEARTH_ID_MAX + 1];
    size_t others;
};

static bool says_the_same(const struct hearth_removed_here *a, const struct hearth_removed_here *b)
{
    return a->kind == b->kind && a->page == b->page && a->date == b->date && a->type == b->type &&
           a->from_date == b->from_date && a->to_date == b->to_date && str_equal(a->host, b->host);
}

static int on_other(void *ctx, const struct hearth_removed_here *removed)
{
    struct counting *counting = ctx;
    if (says_the_same(removed, &counting->removed))
        snprintf(counting->id, sizeof(counting->id), "%s", removed->id);
    counting->others += strcmp(removed->id, counting->id) != 0;
    return 0;
}

static int check_removal(const struct hearth_removed_here *removed, struct err *err)
{
    bool says = false;
    switch (removed->kind) {
    case HEARTH_REMOVED_HERE_VISIT:
    case HEARTH_REMOVED_HERE_PAGE:
        says = removed->page > 0;
        break;
    case HEARTH_REMOVED_HERE_SITE:
        says = removed->host != NULL && removed->host[0] != '\0';
        break;
    case HEARTH_REMOVED_HERE_SPAN:
        says = removed->from_date != 0 || removed->to_date != 0;
        break;
    default:
        break;
    }
    if (!says)
        return err_set(err, HEARTH_ERR_INVALID,
                       "what is removed has to be a visit, a page, a site or a span of time");
    if (removed->from_date != 0 && removed->to_date != 0 && removed->from_date >= removed->to_date)
        return err_set(err, HEARTH_ERR_INVALID, "the span ends before it begins");
    return 0;
}

int merge_removed_here_put(struct storage *storage, const char *account,
                           const struct hearth_removed_here *removed,
                           struct removed_here_result *ret_result, struct err *err)
{
    struct counting counting = {.removed = *removed};
    int r = check_removal(removed, err);
    snprintf(counting.id, sizeof(counting.id), "%s", removed->id);
    counting.removed.id = counting.id;
    if (r == 0)
        r = STORAGE(storage, err, removed_here_list, account, on_other, &counting);
    plug_storage_reset(storage);
    if (r == 0 && counting.others >= REMOVED_HERE_MAX)
        return err_set(err, HEARTH_ERR_FULL,
                       "the account has %d removals already, and there is room for no more: remove "
                       "a site or a span of time instead of "
                       "single pages",
                       REMOVED_HERE_MAX);
    if (r == 0)
        r = STORAGE(storage, err, removed_here_put, account, &counting.removed);
    if (r == 0)
        r = take_away(storage, account, &counting.removed, ret_result, err);
    if (r == 0)
        snprintf(ret_result->id, sizeof(ret_result->id), "%s", counting.id);
    return r;
}
