/* What no line of an archive shows by itself. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/array.h"
#include "base/clock.h"
#include "merge/apply.h"
#include "merge/bookmark_rules.h"
#include "merge/removed_here.h"
#include "model/page.h"
#include "model/url.h"

enum { PIECE_PAGES = 256, HOST_SIZE = 256 };

#define GENERATION_MAX (INT64_MAX / 2) /* of an archive: there are always further ones */

int archive_look_at(const struct archive_record *record, struct err *err)
{
    const struct hearth_bookmark *bookmark = &record->bookmark;
    if (record->kind == ARCHIVE_KIND_page && record->page.id != model_page_id(record->page.url))
        return err_set(err, HEARTH_ERR_INVALID,
                       "its id is %" PRId64 ", and that of its URL is another", record->page.id);
    if (record->kind == ARCHIVE_KIND_bookmark && bookmark->page != 0 &&
        (bookmark->url == NULL || bookmark->page != model_page_id(bookmark->url)))
        return err_set(err, HEARTH_ERR_INVALID,
                       "its page is %" PRId64 ", and that of its URL is another", bookmark->page);
    if (record->kind == ARCHIVE_KIND_bookmark && bookmark->said_kind != 0 &&
        bookmark->kind != HEARTH_NOT_SHOWN &&
        bookmark->kind != merge_bookmark_kind(bookmark->said_kind, bookmark->url))
        return err_set(err, HEARTH_ERR_INVALID, "its kind is %" PRId64 ", and its record's another",
                       bookmark->kind);
    if (record->kind == ARCHIVE_KIND_bookmark && bookmark->kind == HEARTH_NOT_SHOWN &&
        (bookmark->said_kind == 0 || bookmark->page != 0 || bookmark->tags != NULL))
        return err_set(err, HEARTH_ERR_INVALID,
                       "it is not shown, and yet says what is shown of it");
    if (record->kind == ARCHIVE_KIND_account && record->account.generation > GENERATION_MAX)
        return err_set(err, HEARTH_ERR_INVALID,
                       "its generation is %" PRId64 ", and no account has had so many",
                       record->account.generation);
    return 0;
}

/* --- pages: what they say of their visits and bookmarks, and what is not to be stored --- */

struct settling {
    struct apply apply;
    struct model_removed_here removed;
    int64_t *pages; /* all of them, ascending */
    size_t count, room, piece, piece_count;
    struct settled {
        struct model_page facts; /* what its visits make of it */
        int64_t bookmarks;
        char *host; /* of its URL; NULL: it is not there, or nobody asks */
        bool is_right, is_removed;
    } settled[PIECE_PAGES];
    bool failed;
};

static int settle_compare_pages(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static int settle_on_page(void *ctx, const struct hearth_page *page)
{
    struct settling *settling = ctx;
    if (!ARRAY_MAKE_ROOM(settling->pages, settling->count, settling->room))
        return settling->failed = true;
    settling->pages[settling->count++] = page->id;
    return 0;
}

static struct settled *settled_of(struct settling *settling, int64_t page)
{
    const int64_t *first = settling->pages + settling->piece;
    const int64_t *found =
        bsearch(&page, first, settling->piece_count, sizeof(page), settle_compare_pages);
    return found == NULL ? NULL : &settling->settled[found - first];
}

static int on_host(void *ctx, const struct hearth_page *page)
{
    struct settling *settling = ctx;
    struct settled *settled = settled_of(settling, page->id);
    char host[HOST_SIZE];
    model_url_host(page->url, host, sizeof(host));
    if (settled == NULL)
        return 0;
    settled->host = arena_strdup(&settling->apply.arena, host);
    settling->failed = settling->failed || settled->host == NULL;
    settled->is_removed = settled->host != NULL && (page->title != NULL || page->guid != NULL) &&
                          model_removed_here_has_page(&settling->removed, page->id, settled->host);
    return settling->failed;
}

static int on_its_visit(void *ctx, int64_t page, const struct hearth_visit *visit)
{
    struct settling *settling = ctx;
    struct settled *settled = settled_of(settling, page);
    if (settled == NULL)
        return 0;
    model_page_add_visit(&settled->facts, visit->date, (int)visit->type);
    settled->is_removed = settled->is_removed ||
                          (settled->host != NULL &&
                           model_removed_here_has_visit(&settling->removed, page, settled->host,
                                                        visit->date, visit->type));
    return 0;
}

static int on_its_bookmark(void *ctx, const struct hearth_bookmark *bookmark)
{
    struct settled *settled = settled_of(ctx, bookmark->page);
    if (settled != NULL)
        settled->bookmarks++;
    return 0;
}

static int on_said(void *ctx, const struct hearth_page *page)
{
    struct settling *settling = ctx;
    struct settled *settled = settled_of(settling, page->id);
    char host[HOST_SIZE];
    if (settled == NULL)
        return 0;
    const struct model_page *facts = &settled->facts;
    bool bookmarked = settled->bookmarks > 0;
    model_url_host(page->url, host, sizeof(host));
    settled->is_right =
        page->bookmarks == settled->bookmarks && page->visit_count == facts->counted &&
        page->last_visit == facts->last_visit && strcmp(page->host, host) == 0 &&
        page->typed == facts->typed &&
        page->hidden == model_page_is_hidden(facts, page->url, bookmarked) &&
        page->frecency == model_page_frecency(facts, page->url, bookmarked, page->bookmark_added) &&
        (bookmarked || facts->visits > 0);
    return 0;
}

struct removing {
    const struct settling *settling;
    int64_t page;
    char host[HOST_SIZE];
};

static bool is_removed_here(const void *ctx, const struct hearth_visit *visit)
{
    const struct removing *removing = ctx;
    return model_removed_here_has_visit(&removing->settling->removed, removing->page,
                                        removing->host, visit->date, visit->type);
}

static int settle_removed(struct settling *settling, struct hearth_page *page, struct err *err)
{
    struct removing removing = {.settling = settling, .page = page->id};
    model_url_host(page->url, removing.host, sizeof(removing.host));
    return merge_apply_take_from_page(&settling->apply, page, is_removed_here, &removing, err);
}

static int settle_page(struct settling *settling, int64_t id, const struct settled *settled,
                       struct err *err)
{
    struct apply *apply = &settling->apply;
    struct hearth_page page = {.struct_size = sizeof(page)};
    if (settled->is_right && !settled->is_removed)
        return 0;
    int r = STORAGE(apply->storage, err, page_get, apply->account, id, &page);
    if (r == 0)
        r = settled->is_removed ? settle_removed(settling, &page, err)
                                : merge_apply_page(apply, &page, err);
    arena_reset(&apply->arena);
    plug_storage_reset(apply->storage);
    return r;
}

static int settle_piece(struct settling *settling, struct err *err)
{
    struct apply *apply = &settling->apply;
    struct storage *storage = apply->storage;
    const int64_t *ids = settling->pages + settling->piece;
    size_t count = settling->piece_count;
    int r = 0;
    memset(settling->settled, 0, sizeof(settling->settled));
    for (size_t i = 0; i < count; i++) {
        model_page_init(&settling->settled[i].facts, clock_now());
    }
    if (!model_removed_here_is_empty(&settling->removed))
        r = plug_storage_pages_get(storage, apply->account, ids, count, on_host, settling, err);
    if (r == 0)
        r = plug_storage_visits_of_pages(storage, apply->account, ids, count, on_its_visit,
                                         settling, err);
    if (r == 0)
        r = plug_storage_bookmarks_of_pages(storage, apply->account, ids, count, on_its_bookmark,
                                            settling, err);
    if (r == 0)
        r = plug_storage_pages_get(storage, apply->account, ids, count, on_said, settling, err);
    if (r == 0 && settling->failed)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    plug_storage_reset(storage);
    for (size_t i = 0; i < count; i++)
        settling->settled[i].host = NULL; /* with the arena */
    for (size_t i = 0; r == 0 && i < count; i++)
        r = settle_page(settling, ids[i], &settling->settled[i], err);
    arena_reset(&apply->arena);
    return r;
}

static int settle_pages(struct settling *settling, struct err *err)
{
    struct apply *apply = &settling->apply;
    int r = merge_removed_here_load(apply->storage, apply->account, &settling->removed, err);
    if (r == 0)
        r = STORAGE(apply->storage, err, pages_by_frecency, apply->account, settle_on_page,
                    settling);
    plug_storage_reset(apply->storage);
    if (r == 0 && settling->failed)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (r == 0 && settling->count > 0)
        qsort(settling->pages, settling->count, sizeof(*settling->pages), settle_compare_pages);
    for (settling->piece = 0; r == 0 && settling->piece < settling->count;
         settling->piece += settling->piece_count) {
        size_t left = settling->count - settling->piece;
        settling->piece_count = left < PIECE_PAGES ? left : PIECE_PAGES;
        r = settle_piece(settling, err);
    }
    return r;
}

int archive_settle(void *ctx, struct storage *storage, const char *account, struct err *err)
{
    struct settling *settling = calloc(1, sizeof(*settling));
    (void)ctx;
    if (settling == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    settling->apply = (struct apply){.storage = storage, .account = account};
    arena_init(&settling->apply.arena, 0);
    model_removed_here_init(&settling->removed);
    int r = merge_bookmark_rules_settle(&settling->apply, err);
    if (r == 0)
        r = settle_pages(settling, err);
    model_removed_here_fini(&settling->removed);
    arena_fini(&settling->apply.arena);
    free(settling->pages);
    free(settling);
    return r;
}
