#include "merge/upgrade_urls.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "merge/unite_pages.h"
#include "model/url_canonical.h"
#include "plug/fields.h"

/* Its number grows when the canonical form changes. Behind it: the generation. */
#define MARK "urls 1 "
enum { PIECE = 256, LOOKED_ENOUGH = 4096 }; /* pages to a batch, which others wait for */

struct joined_guid {
    int64_t page;
    const char *guid; /* in `kept` */
};

struct upgrade {
    struct apply apply;
    struct arena kept; /* for as long as all of it takes */
    struct buf url;
    int64_t *pages; /* that are not canonical, ascending */
    size_t count, room;
    struct joined_guid *guids; /* that lead to them, by page */
    size_t guid_count, guid_room;
    bool failed, marked;
    int64_t since;      /* of the mark */
    int64_t generation; /* the account's */
    int64_t looked;     /* pages looked at */
    struct err *err;
    struct upgraded_urls result;
};

static int upgrade_no_memory(struct err *err)
{
    return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
}

/* --- what is to be done --- */

static int upgrade_on_cursor(void *ctx, int64_t source, int32_t collection, const char *text)
{
    struct upgrade *upgrade = ctx;
    if (source == MERGE_OWN_SOURCE && collection == HEARTH_COLLECTION_NONE &&
        str_starts(text, MARK))
        upgrade->marked = str_to_int(text + strlen(MARK), &upgrade->since);
    return 0;
}

/* Of a page with history and bookmarks both have to be as they are. A bookmark keeps its user. */
static bool is_canonical(struct upgrade *upgrade, const struct hearth_page *page)
{
    bool history = page->bookmarks == 0 || page->last_visit != 0 || page->title != NULL;
    int r = model_url_canonical(page->url, strlen(page->url), history ? MODEL_URL_DROP_USER : 0,
                                &upgrade->url);
    upgrade->failed |= r == HEARTH_ERR_NOMEM;
    /* one that is no URL stays, but for its bookmarks */
    return r < 0 ? page->bookmarks == 0 : strcmp(upgrade->url.data, page->url) == 0;
}

static int upgrade_on_page(void *ctx, const struct hearth_page *page)
{
    struct upgrade *upgrade = ctx;
    upgrade->looked++;
    if (page->gone != 0 || page->url == NULL || is_canonical(upgrade, page))
        return upgrade->failed;
    if (!ARRAY_MAKE_ROOM(upgrade->pages, upgrade->count, upgrade->room))
        return upgrade->failed = true;
    upgrade->pages[upgrade->count++] = page->id;
    return upgrade->failed;
}

static int upgrade_compare_pages(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static bool upgrade_has_page(const struct upgrade *upgrade, int64_t page)
{
    return bsearch(&page, upgrade->pages, upgrade->count, sizeof(page), upgrade_compare_pages) !=
           NULL;
}

/* They come by page. */
static int upgrade_on_guid(void *ctx, const char *guid, int64_t page)
{
    struct upgrade *upgrade = ctx;
    if (!upgrade_has_page(upgrade, page))
        return 0;
    const char *copy = arena_strdup(&upgrade->kept, guid);
    if (copy == NULL || !ARRAY_MAKE_ROOM(upgrade->guids, upgrade->guid_count, upgrade->guid_room))
        return upgrade->failed = true;
    upgrade->guids[upgrade->guid_count++] = (struct joined_guid){page, copy};
    return 0;
}

/* The list is complete before anything changes: it is read from what would change. */
static int find_pages(struct upgrade *upgrade)
{
    struct storage *storage = upgrade->apply.storage;
    const char *account = upgrade->apply.account;
    struct err why = {0};
    int r = HEARTH_ERR_NOT_FOUND;
    if (upgrade->marked)
        r = STORAGE(storage, &why, pages_changed, account, upgrade->since, upgrade_on_page,
                    upgrade);
    if (r == HEARTH_ERR_NOT_FOUND) { /* it no longer knows */
        upgrade->marked = false;
        upgrade->count = 0;
        r = STORAGE(storage, &why, pages_by_frecency, account, upgrade_on_page, upgrade);
    }
    plug_storage_reset(storage);
    if (r < 0)
        return err_set(upgrade->err, r, "%s", why.text);
    if (!upgrade->failed && upgrade->count > 0) {
        qsort(upgrade->pages, upgrade->count, sizeof(*upgrade->pages), upgrade_compare_pages);
        r = STORAGE(storage, upgrade->err, page_guid_list, account, upgrade_on_guid, upgrade);
        plug_storage_reset(storage);
    }
    return r == 0 && upgrade->failed ? upgrade_no_memory(upgrade->err) : r;
}

/* --- a piece of it --- */

struct piece {
    struct upgrade *upgrade;
    const int64_t *pages;
    size_t count;
    struct united united[PIECE];
    int64_t targets[PIECE]; /* where they went, ascending */
    struct arena arena;
    struct hearth_pick *picks; /* of pages of this piece, and of those where they went */
    size_t pick_count, pick_room;
    struct hearth_removed_here *removed; /* of pages of this piece */
    size_t removed_count, removed_room;
    bool failed;
};

static const struct united *united_of(const struct piece *piece, int64_t page)
{
    const int64_t *found =
        bsearch(&page, piece->pages, piece->count, sizeof(page), upgrade_compare_pages);
    const struct united *united = found == NULL ? NULL : &piece->united[found - piece->pages];
    return united == NULL || united->to == 0 ? NULL : united;
}

static void note_targets(struct piece *piece)
{
    for (size_t i = 0; i < piece->count; i++)
        piece->targets[i] = piece->united[i].to;
    qsort(piece->targets, piece->count, sizeof(*piece->targets), upgrade_compare_pages);
}

static int piece_on_pick(void *ctx, const struct hearth_pick *pick)
{
    struct piece *piece = ctx;
    if (united_of(piece, pick->page) == NULL &&
        bsearch(&pick->page, piece->targets, piece->count, sizeof(pick->page),
                upgrade_compare_pages) == NULL)
        return 0;
    if (!ARRAY_MAKE_ROOM(piece->picks, piece->pick_count, piece->pick_room) ||
        plug_fields_copy(&plug_fields_pick, pick, &piece->arena, &piece->picks[piece->pick_count]) <
            0)
        return piece->failed = true;
    struct hearth_pick *kept = &piece->picks[piece->pick_count++];
    kept->struct_size = sizeof(*kept);
    return 0;
}

static int piece_on_removed(void *ctx, const struct hearth_removed_here *removed)
{
    struct piece *piece = ctx;
    if (united_of(piece, removed->page) == NULL)
        return 0;
    if (!ARRAY_MAKE_ROOM(piece->removed, piece->removed_count, piece->removed_room) ||
        plug_fields_copy(&plug_fields_removed_here, removed, &piece->arena,
                         &piece->removed[piece->removed_count]) < 0)
        return piece->failed = true;
    struct hearth_removed_here *kept = &piece->removed[piece->removed_count++];
    kept->struct_size = sizeof(*kept);
    return 0;
}

/* What was typed for one counts for the other. */
static int move_pick(struct piece *piece, const struct hearth_pick *pick, int64_t to)
{
    struct apply *apply = &piece->upgrade->apply;
    struct hearth_pick sum = *pick, none = *pick;
    for (size_t i = 0; i < piece->pick_count; i++) {
        struct hearth_pick *other = &piece->picks[i];
        if (other->page != to || strcmp(other->input, pick->input) != 0)
            continue;
        sum.use_count += other->use_count;
        if (other->used > sum.used)
            sum.used = other->used;
        other->use_count = sum.use_count; /* for the next one that goes there */
        other->used = sum.used;
    }
    sum.page = to;
    none.use_count = 0;
    int r = STORAGE(apply->storage, piece->upgrade->err, pick_put, apply->account, &sum);
    return r == 0 ? STORAGE(apply->storage, piece->upgrade->err, pick_put, apply->account, &none)
                  : r;
}

/* Each piece lists them anew: people pick meanwhile. */
static int move_picks(struct piece *piece)
{
    struct apply *apply = &piece->upgrade->apply;
    int r = STORAGE(apply->storage, piece->upgrade->err, pick_list, apply->account, piece_on_pick,
                    piece);
    if (r == 0 && piece->failed)
        r = upgrade_no_memory(piece->upgrade->err);
    for (size_t i = 0; r == 0 && i < piece->pick_count; i++) {
        const struct united *united = united_of(piece, piece->picks[i].page);
        if (united != NULL)
            r = move_pick(piece, &piece->picks[i], united->to);
    }
    return r;
}

/* A visit that is removed is one of the other page now. A page that was removed under another
 * address is no reason to lose what is known of it under this one: then it stays as it is, and
 * keeps out the records that say that address. */
static int move_removals(struct piece *piece)
{
    struct apply *apply = &piece->upgrade->apply;
    int r = STORAGE(apply->storage, piece->upgrade->err, removed_here_list, apply->account,
                    piece_on_removed, piece);
    if (r == 0 && piece->failed)
        r = upgrade_no_memory(piece->upgrade->err);
    for (size_t i = 0; r == 0 && i < piece->removed_count; i++) {
        struct hearth_removed_here *removed = &piece->removed[i];
        const struct united *united = united_of(piece, removed->page);
        if (removed->kind == HEARTH_REMOVED_HERE_PAGE && united->to_had_visits)
            continue;
        removed->page = united->to;
        r = STORAGE(apply->storage, piece->upgrade->err, removed_here_put, apply->account, removed);
    }
    return r;
}

static int move_guids(struct piece *piece)
{
    struct upgrade *upgrade = piece->upgrade;
    int r = 0;
    for (size_t i = 0; r == 0 && i < upgrade->guid_count; i++) {
        const struct united *united = united_of(piece, upgrade->guids[i].page);
        if (united != NULL)
            r = STORAGE(upgrade->apply.storage, upgrade->err, page_guid_put, upgrade->guids[i].guid,
                        united->to);
    }
    return r;
}

static int unite_piece(struct piece *piece)
{
    struct apply *apply = &piece->upgrade->apply;
    int r = 0;
    for (size_t i = 0; r == 0 && i < piece->count; i++) {
        r = merge_unite_page(apply, piece->pages[i], &piece->united[i], piece->upgrade->err);
        arena_reset(&apply->arena);
        plug_storage_reset(apply->storage);
    }
    note_targets(piece);
    if (r == 0)
        r = move_guids(piece);
    if (r == 0)
        r = move_picks(piece);
    return r == 0 ? move_removals(piece) : r;
}

/* --- tabs --- */

struct upgrading_tabs {
    struct upgrade *upgrade;
    int r;
};

static int upgrade_on_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    struct upgrading_tabs *tabs = ctx;
    struct upgrade *upgrade = tabs->upgrade;
    struct hearth_tab own = {.struct_size = sizeof(own)};
    int r = model_url_canonical(tab->url, strlen(tab->url), 0, &upgrade->url);
    if (r == HEARTH_ERR_NOMEM)
        return tabs->r = upgrade_no_memory(upgrade->err);
    if (r < 0 || strcmp(upgrade->url.data, tab->url) == 0)
        return 0;
    if (plug_fields_copy(&plug_fields_tab, tab, &upgrade->apply.arena, &own) < 0)
        return tabs->r = upgrade_no_memory(upgrade->err);
    own.url = upgrade->url.data;
    upgrade->apply.changed = true;
    return tabs->r = STORAGE(upgrade->apply.storage, upgrade->err, tab_put, device, &own);
}

static int unite_tabs(struct piece *piece)
{
    struct upgrade *upgrade = piece->upgrade;
    struct apply *apply = &upgrade->apply;
    struct upgrading_tabs tabs = {.upgrade = upgrade};
    int r = STORAGE(apply->storage, upgrade->err, tab_list, apply->account, NULL, upgrade_on_tab,
                    &tabs);
    return r == 0 ? tabs.r : r;
}

/* --- batches --- */

static int in_batch_once(struct piece *piece, int (*work)(struct piece *piece))
{
    struct upgrade *upgrade = piece->upgrade;
    struct storage *storage = upgrade->apply.storage;
    int64_t generation;
    upgrade->apply.changed = false;
    piece->pick_count = piece->removed_count = 0;
    int r = STORAGE(storage, upgrade->err, batch_begin, upgrade->apply.account,
                    HEARTH_COLLECTION_NONE, &generation);
    if (r < 0)
        return r;
    r = work(piece);
    if (r == 0)
        r = STORAGE(storage, upgrade->err, batch_commit, upgrade->apply.changed);
    if (r < 0)
        storage->ops->batch_abort(storage->handle);
    else if (upgrade->apply.changed)
        upgrade->generation = upgrade->result.generation = generation;
    plug_storage_reset(storage);
    return r;
}

/* Every batch can be repeated. */
static int in_batch(struct upgrade *upgrade, const int64_t *pages, size_t count,
                    int (*work)(struct piece *piece))
{
    struct piece *piece = calloc(1, sizeof(*piece));
    if (piece == NULL)
        return upgrade_no_memory(upgrade->err);
    *piece = (struct piece){.upgrade = upgrade, .pages = pages, .count = count};
    arena_init(&piece->arena, 0);
    int r = in_batch_once(piece, work);
    if (r == HEARTH_ERR_UNCERTAIN)
        r = in_batch_once(piece, work);
    arena_fini(&piece->arena);
    arena_reset(&upgrade->apply.arena);
    free(piece->picks);
    free(piece->removed);
    free(piece);
    return r;
}

static int put_mark(struct piece *piece)
{
    char text[64];
    snprintf(text, sizeof(text), MARK "%" PRId64, piece->upgrade->generation);
    return STORAGE(piece->upgrade->apply.storage, piece->upgrade->err, sync_cursor_put,
                   MERGE_OWN_SOURCE, HEARTH_COLLECTION_NONE, text);
}

static int upgrade_run(struct upgrade *upgrade)
{
    bool whole = !upgrade->marked;
    int r = find_pages(upgrade);
    for (size_t i = 0; r == 0 && i < upgrade->count; i += PIECE) {
        size_t left = upgrade->count - i;
        r = in_batch(upgrade, upgrade->pages + i, left < PIECE ? left : PIECE, unite_piece);
    }
    if (r == 0 && (whole || upgrade->count > 0))
        r = in_batch(upgrade, NULL, 0, unite_tabs);
    upgrade->result.pages = (int64_t)upgrade->count;
    /* a few changed pages are looked at again sooner than a mark is written */
    bool worth = whole || !upgrade->marked || upgrade->count > 0 || upgrade->looked > LOOKED_ENOUGH;
    return r == 0 && worth ? in_batch(upgrade, NULL, 0, put_mark) : r;
}

int merge_upgrade_urls(struct storage *storage, const char *account,
                       struct upgraded_urls *ret_upgraded, struct err *err)
{
    struct upgrade upgrade = {
        .apply = {.storage = storage, .account = account, .how = HEARTH_INCREMENTAL}, .err = err};
    struct hearth_account row = {.struct_size = sizeof(row)};
    int r = STORAGE(storage, err, account_get, account, &row);
    upgrade.generation = row.generation;
    if (r == 0)
        r = STORAGE(storage, err, sync_cursor_list, account, upgrade_on_cursor, &upgrade);
    plug_storage_reset(storage);
    arena_init(&upgrade.apply.arena, 0);
    arena_init(&upgrade.kept, 0);
    if (r == 0 && (!upgrade.marked || upgrade.since != upgrade.generation))
        r = upgrade_run(&upgrade);
    arena_fini(&upgrade.apply.arena);
    arena_fini(&upgrade.kept);
    buf_fini(&upgrade.url);
    free(upgrade.pages);
    free(upgrade.guids);
    if (r == 0)
        *ret_upgraded = upgrade.result;
    return r;
}
