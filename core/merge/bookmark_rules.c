#include "merge/bookmark_rules.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/log.h"
#include "merge/ahead.h"
#include "merge/apply_tree.h"
#include "merge/labels.h"
#include "merge/records.h"
#include "model/source_id.h"
#include "model/tree.h"

int64_t merge_bookmark_kind(int64_t said_kind, const char *url)
{
    bool place = url != NULL && strncasecmp(url, "place:", 6) == 0;
    return said_kind == HEARTH_BOOKMARK && place ? HEARTH_QUERY : said_kind;
}

static int rules_update_page(struct apply *apply, int64_t id, bool only_tags, struct err *err)
{
    struct hearth_page page = {.struct_size = sizeof(page)};
    const struct ahead_page *known = merge_ahead_find(apply->ahead, id);
    bool changed = false;
    int r = merge_labels_apply_tags(apply, id, &changed, err);
    if (known != NULL)
        page = known->page;
    if (changed)
        merge_ahead_forget(apply->ahead, id);
    if (r == 0 && known == NULL && (changed || !only_tags))
        r = STORAGE(apply->storage, err, page_get, apply->account, id, &page);
    if (r == 0 && (changed || !only_tags))
        r = merge_apply_stored_page(apply, &page, err);
    plug_storage_reset(apply->storage);
    arena_reset(&apply->arena);
    return r;
}

/* --- what older rules have stored --- */

struct renewing {
    struct arena arena;
    const char **guids; /* of the rows that are to be looked at */
    size_t count, room;
    struct number_set pages; /* of all bookmarks */
    bool failed;
};

static bool is_any_root(const char *guid)
{
    static const char *const roots[] = {"toolbar", "menu", "unfiled", "mobile"};
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
        if (strcmp(model_source_said(guid), roots[i]) == 0)
            return true;
    return false;
}

static int on_looked_at(void *ctx, const struct hearth_bookmark_item *item)
{
    struct renewing *renewing = ctx;
    if (item->page != 0 && !number_set_add(&renewing->pages, (uint64_t)item->page))
        return renewing->failed = true;
    if (item->said_kind != 0)
        return 0;
    if (!ARRAY_MAKE_ROOM(renewing->guids, renewing->count, renewing->room))
        return renewing->failed = true;
    const char *guid = arena_strdup(&renewing->arena, item->guid);
    renewing->guids[renewing->count++] = guid;
    return renewing->failed = guid == NULL;
}

/* As today's rules would have stored it. */
static int renew_row(struct apply *apply, const char *guid, struct number_set *touched,
                     struct err *err)
{
    struct hearth_bookmark row = {.struct_size = sizeof(row)};
    int r = STORAGE(apply->storage, err, bookmark_get, apply->account, guid, &row);
    if (r < 0)
        return r;
    r = merge_apply_touch_page(touched, row.page, err);
    if (r == 0 && !merge_bookmark_is_usable(row.kind, row.url))
        return STORAGE(apply->storage, err, bookmark_remove, guid);
    if (merge_records_root_name(guid) != guid) /* its children say the same */
        return STORAGE(apply->storage, err, bookmark_remove, guid);
    row.said_parent = is_any_root(guid) ? "places" : merge_records_root_name(row.said_parent);
    row.said_kind = row.kind;
    row.said_tags = row.tags;
    row.said_keyword = row.keyword;
    return r == 0 ? STORAGE(apply->storage, err, bookmark_put, &row) : r;
}

static int renew_rows(struct apply *apply, struct renewing *renewing, struct number_set *touched,
                      struct err *err)
{
    int r = STORAGE(apply->storage, err, bookmark_items, apply->account, on_looked_at, renewing);
    plug_storage_reset(apply->storage);
    if (r == 0 && renewing->failed)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    for (size_t i = 0; r == 0 && i < renewing->count; i++) {
        r = renew_row(apply, renewing->guids[i], touched, err);
        plug_storage_reset(apply->storage);
        arena_reset(&apply->arena);
    }
    return r;
}

/* Rows of before become what today's rules would have stored of them. ret_pages: of all
 * bookmarks. */
static int rules_renew(struct apply *apply, struct number_set *touched,
                       struct number_set *ret_pages, struct err *err)
{
    struct renewing renewing = {.count = 0};
    arena_init(&renewing.arena, 0);
    int r = renew_rows(apply, &renewing, touched, err);
    apply->changed |= renewing.count > 0;
    free(renewing.guids);
    arena_fini(&renewing.arena);
    *ret_pages = renewing.pages;
    return r;
}

/* --- deriving --- */

/* Those that `left_out` has are left out; NULL: none is. */
static int rules_update_pages(struct apply *apply, const struct number_set *pages,
                              const struct number_set *left_out, struct err *err)
{
    struct ahead ahead;
    int r = 0;
    merge_ahead_init(&ahead);
    apply->ahead = &ahead;
    for (size_t i = 0; r == 0 && i < pages->count; i++) {
        size_t left = pages->count - i;
        if (i % AHEAD_PAGES == 0)
            r = merge_ahead_read(&ahead, apply->storage, apply->account, pages->numbers + i,
                                 left < AHEAD_PAGES ? left : AHEAD_PAGES, err);
        if (r == 0 && (left_out == NULL || !number_set_has(left_out, pages->numbers[i])))
            r = rules_update_page(apply, (int64_t)pages->numbers[i], left_out != NULL, err);
    }
    apply->ahead = NULL;
    merge_ahead_fini(&ahead);
    return r;
}

static int rules_apply_tree(struct apply *apply, struct number_set *touched, struct err *err)
{
    bool old = false;
    struct model_tree *tree;
    struct number_set pages = {.count = 0};
    int r = merge_apply_tree(apply, touched, &tree, &old, err);
    if (r == 0 && old) { /* stored by a node of a release before, in between */
        model_tree_destroy(tree);
        tree = NULL;
        r = rules_renew(apply, touched, &pages, err);
        number_set_fini(&pages);
        if (r == 0)
            r = merge_apply_tree(apply, touched, &tree, &old, err);
    }
    if (r == 0)
        r = merge_labels_apply_keywords(apply, tree, touched, err);
    model_tree_destroy(tree);
    return r;
}

int merge_bookmark_rules_derive(struct apply *apply, struct number_set *touched, struct err *err)
{
    int r = rules_apply_tree(apply, touched, err);
    return r == 0 ? rules_update_pages(apply, touched, NULL, err) : r;
}

int merge_bookmark_rules_settle(struct apply *apply, struct err *err)
{
    struct number_set touched = {.count = 0}, pages = {.count = 0};
    int r = rules_renew(apply, &touched, &pages, err);
    if (r == 0)
        r = merge_bookmark_rules_derive(apply, &touched, err);
    if (r == 0) /* of the others no more than their tags can be another's */
        r = rules_update_pages(apply, &pages, &touched, err);
    number_set_fini(&touched);
    number_set_fini(&pages);
    return r;
}

/* --- a batch of its own --- */

static int upgrade_once(struct storage *storage, const char *account, int64_t *ret_generation,
                        struct err *err)
{
    struct apply apply = {.storage = storage, .account = account};
    int r = STORAGE(storage, err, batch_begin, account, HEARTH_BOOKMARKS, ret_generation);
    if (r < 0)
        return r;
    arena_init(&apply.arena, 0);
    r = merge_bookmark_rules_settle(&apply, err);
    if (r == 0)
        r = STORAGE(storage, err, batch_commit, apply.changed);
    if (r < 0)
        storage->ops->batch_abort(storage->handle);
    arena_fini(&apply.arena);
    return r;
}

/* Each account that ever had bookmarks has this row. */
static int bookmarks_are_old(struct storage *storage, const char *account, bool *ret_old,
                             struct err *err)
{
    struct hearth_bookmark places = {.struct_size = sizeof(places)};
    struct err why = {0};
    int r = STORAGE(storage, &why, bookmark_get, account, "places", &places);
    plug_storage_reset(storage);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
        *err = why;
        return r;
    }
    *ret_old = r == 0 && places.said_kind == 0;
    return 0;
}

int merge_upgrade_bookmarks(struct storage *storage, const char *account, int64_t *ret_generation,
                            struct err *err)
{
    int64_t generation = 0;
    bool old = false;
    int r = bookmarks_are_old(storage, account, &old, err);
    if (r == 0 && old)
        r = upgrade_once(storage, account, &generation, err);
    if (r == HEARTH_ERR_UNCERTAIN) { /* it can be repeated */
        log_event(HEARTH_LOG_WARNING, "merge", "batch repeated", LOG_TEXT("account", account));
        plug_storage_reset(storage);
        r = upgrade_once(storage, account, &generation, err);
    }
    plug_storage_reset(storage);
    if (r == 0)
        *ret_generation = generation;
    return r;
}
