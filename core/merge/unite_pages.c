#include "merge/unite_pages.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/str.h"
#include "model/page.h"
#include "model/source_id.h"
#include "model/url_canonical.h"
#include "plug/fields.h"

/* --- the page that gets it all --- */

/* A row for it, to which visits and bookmarks can be given. */
static int find_target(struct apply *apply, const char *url, struct hearth_page *ret_page,
                       struct err *err)
{
    bool is_new;
    struct model_page nothing;
    struct hearth_page page;
    int r = merge_apply_find_page(apply, url, &page, &is_new, err);
    model_page_init(&nothing, clock_now());
    if (r == 0 && is_new)
        r = merge_apply_put_page(apply, &page, &nothing, err);
    if (r == 0)
        *ret_page = page;
    return r;
}

/* --- history --- */

struct moving_visits {
    struct hearth_visit *list;
    size_t count, room;
    bool failed;
};

static int unite_on_visit(void *ctx, const struct hearth_visit *visit)
{
    struct moving_visits *visits = ctx;
    if (!ARRAY_MAKE_ROOM(visits->list, visits->count, visits->room))
        return visits->failed = true;
    visits->list[visits->count++] =
        (struct hearth_visit)HEARTH_VISIT_OF(visit->date, visit->type, visit->source);
    return 0;
}

static int move_visits(struct apply *apply, int64_t from, int64_t to, struct err *err)
{
    struct moving_visits visits = {0};
    int64_t added;
    int r =
        STORAGE(apply->storage, err, page_visits, apply->account, from, unite_on_visit, &visits);
    if (r == 0 && visits.failed)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (r == 0 && visits.count > 0)
        r = STORAGE(apply->storage, err, visits_put, to, visits.list, visits.count, &added);
    if (r == 0 && visits.count > 0)
        r = STORAGE(apply->storage, err, visits_remove, from);
    free(visits.list);
    return r;
}

/* The id of record of the smaller source, then of the newer visit. */
static bool wins_guid(const struct hearth_page *from, const struct hearth_page *to)
{
    if (from->guid == NULL || to->guid == NULL)
        return from->guid != NULL;
    int64_t a = model_source_of(from->guid), b = model_source_of(to->guid);
    return a != b ? a < b : from->last_visit > to->last_visit;
}

static int move_history(struct apply *apply, struct hearth_page *from, const char *url,
                        struct united *united, struct err *err)
{
    struct hearth_page to;
    int r = find_target(apply, url, &to, err);
    if (r < 0)
        return r;
    united->to = to.id;
    united->to_had_visits = to.last_visit != 0;
    if (from->title != NULL && (to.title == NULL || from->last_visit > to.last_visit))
        to.title = from->title;
    const char *guid = from->guid;
    if (wins_guid(from, &to))
        to.guid = guid;
    r = move_visits(apply, from->id, to.id, err);
    if (r == 0 && guid != NULL)
        r = STORAGE(apply->storage, err, page_guid_put, guid, to.id);
    from->title = NULL;
    from->guid = NULL;
    return r == 0 ? merge_apply_page(apply, &to, err) : r;
}

/* --- bookmarks --- */

struct moving_bookmarks {
    struct apply *apply;
    const char *url; /* NULL: none that anybody could open */
    int64_t page;
    int r;
    struct err *err;
};

static int unite_on_bookmark(void *ctx, const struct hearth_bookmark *bookmark)
{
    struct moving_bookmarks *moving = ctx;
    struct storage *storage = moving->apply->storage;
    struct hearth_bookmark own = {.struct_size = sizeof(own)};
    moving->r = plug_fields_copy(&plug_fields_bookmark, bookmark, &moving->apply->arena, &own);
    if (moving->r < 0)
        return err_set(moving->err, moving->r, "out of memory");
    own.url = moving->url;
    own.page = moving->page;
    moving->r = moving->url == NULL ? STORAGE(storage, moving->err, bookmark_remove, bookmark->guid)
                                    : STORAGE(storage, moving->err, bookmark_put, &own);
    return moving->r;
}

static int move_bookmarks(struct apply *apply, int64_t from, const char *url,
                          struct united *ret_united, struct err *err)
{
    struct hearth_page to = {.struct_size = sizeof(to)};
    int r = url == NULL ? 0 : find_target(apply, url, &to, err);
    struct moving_bookmarks moving = {.apply = apply, .url = url, .page = to.id, .err = err};
    if (r == 0)
        r = STORAGE(apply->storage, err, bookmarks_of_page, apply->account, from, unite_on_bookmark,
                    &moving);
    if (r == 0)
        r = moving.r;
    ret_united->to = to.id;
    ret_united->to_had_visits = to.last_visit != 0;
    return r == 0 && url != NULL ? merge_apply_page(apply, &to, err) : r;
}

/* --- both --- */

/* NULL: it is none. */
static int url_in_arena(struct apply *apply, const char *url, unsigned how, const char **ret_url,
                        struct err *err)
{
    struct buf own = {0};
    int r = model_url_canonical(url, strlen(url), how, &own);
    char *copy = r == 0 ? arena_strdup(&apply->arena, own.data) : NULL;
    buf_fini(&own);
    if (r == HEARTH_ERR_NOMEM || (r == 0 && copy == NULL))
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    *ret_url = copy;
    return 0;
}

static bool page_has_history(const struct hearth_page *page)
{
    return page->guid != NULL || page->title != NULL || page->last_visit != 0;
}

static int unite_stored(struct apply *apply, struct hearth_page *page, struct united *united,
                        struct err *err)
{
    const char *history = NULL, *bookmarks = NULL;
    int r = url_in_arena(apply, page->url, MODEL_URL_DROP_USER, &history, err);
    if (r == 0)
        r = url_in_arena(apply, page->url, 0, &bookmarks, err);
    bool has_history = page_has_history(page),
         moves_history = has_history && history != NULL && !str_equal(history, page->url),
         moves_bookmarks = page->bookmarks > 0 && !str_equal(bookmarks, page->url);
    struct united by_bookmarks = {0};
    if (r < 0 || (!moves_history && !moves_bookmarks))
        return r;
    if (moves_history)
        r = move_history(apply, page, history, united, err);
    if (r == 0 && moves_bookmarks)
        r = move_bookmarks(apply, page->id, bookmarks, &by_bookmarks, err);
    if (!has_history) {
        united->to = by_bookmarks.to;
        united->to_had_visits = by_bookmarks.to_had_visits;
    }
    return r == 0 ? merge_apply_page(apply, page, err) : r;
}

int merge_unite_page(struct apply *apply, int64_t id, struct united *ret_united, struct err *err)
{
    struct hearth_page page = {.struct_size = sizeof(page)};
    struct united united = {.from = id};
    struct err why = {0};
    int r = STORAGE(apply->storage, &why, page_get, apply->account, id, &page);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND)
        return err_set(err, r, "%s", why.text);
    if (r == 0)
        r = unite_stored(apply, &page, &united, err);
    else
        r = 0;
    if (r == 0 && ret_united != NULL)
        *ret_united = united;
    return r;
}
