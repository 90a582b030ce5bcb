#include "plug/storage.h"
#include "base/str.h"

int plug_storage_open(struct storage *storage, const struct opened_storage *opened,
                      const atomic_bool *stop, struct err *err)
{
    return plug_storage_open_until(storage, opened, stop, NULL, 0, err);
}

int plug_storage_open_until(struct storage *storage, const struct opened_storage *opened,
                            const atomic_bool *stop, struct breaker *breaker, int64_t deadline,
                            struct err *err)
{
    int r = plug_breaker_allows(breaker, err);
    if (r < 0)
        return r;
    *storage = (struct storage){.ops = opened->ops,
                                .bulk = opened->bulk,
                                .ahead = opened->ahead,
                                .paths = opened->paths,
                                .push = opened->push,
                                .changes = opened->changes,
                                .backup = opened->backup,
                                .limits = opened->limits,
                                .breaker = breaker};
    plug_call_init(&storage->call, stop, 0, 0);
    storage->call.hearth.deadline = deadline;
    storage->call.breaker = breaker;
    lock_border("a handle of the storage is opened");
    r = plug_storage_check(
        storage, opened->ops->handle_open(opened->self, &storage->call.hearth, &storage->handle),
        err);
    if (r < 0)
        plug_call_fini(&storage->call);
    return r;
}

bool plug_storage_allows(struct storage *storage)
{
    struct err err = {0};
    if (plug_breaker_allows(storage->breaker, &err) == 0)
        return true;
    str_cut(storage->call.error, sizeof(storage->call.error), err.text);
    storage->call.hearth.retry_after = err.retry_after;
    return false;
}

int plug_storage_check(struct storage *storage, int code, struct err *err)
{
    storage->call.told = plug_breaker_note(storage->breaker, code, storage->call.error);
    if (code == HEARTH_ERR_CANCELLED && !plug_storage_allows(storage)) {
        /* it was waited for when it was found to hang */
        code = HEARTH_ERR_UNAVAILABLE;
        storage->call.told = true;
    }
    return plug_call_outcome(&storage->call, code, err);
}

void plug_storage_close(struct storage *storage)
{
    lock_border("a handle of the storage is closed");
    if (storage->handle != NULL)
        storage->ops->handle_close(storage->handle);
    storage->handle = NULL;
    plug_call_fini(&storage->call);
}

bool plug_storage_ask_begin(struct storage *storage)
{
    if (storage->ahead == NULL || !plug_storage_allows(storage))
        return false;
    lock_border("a plugin is asked ahead");
    storage->asked = true;
    storage->ahead->ahead(storage->handle, &storage->call.hearth, HEARTH_AHEAD_BEGIN);
    return true;
}

void plug_storage_ask_end(struct storage *storage)
{
    lock_border("a plugin is asked ahead");
    storage->ahead->ahead(storage->handle, &storage->call.hearth, HEARTH_AHEAD_END);
}

void plug_storage_reset(struct storage *storage)
{
    if (storage->asked)
        storage->ahead->ahead(storage->handle, &storage->call.hearth, HEARTH_AHEAD_FORGET);
    storage->asked = false;
    plug_call_reset(&storage->call);
}

int plug_storage_pages_get(struct storage *storage, const char *account, const int64_t *pages,
                           size_t count, hearth_page_cb cb, void *ctx, struct err *err)
{
    if (storage->bulk != NULL)
        return STORAGE_OF(storage, bulk, err, pages_get, account, pages, count, cb, ctx);
    for (size_t i = 0; i < count; i++) {
        struct hearth_page page = {.struct_size = sizeof(page)};
        struct err why = {0};
        int r = STORAGE(storage, &why, page_get, account, pages[i], &page);
        if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
            if (err != NULL)
                *err = why;
            return r;
        }
        if (r == 0 && cb(ctx, &page) != 0)
            return 0;
    }
    return 0;
}

/* Rows of one page after the other, and whether the receiver wants more. */
struct one_by_one {
    int64_t page;
    hearth_page_visit_cb visit;
    hearth_bookmark_cb bookmark;
    void *ctx;
    bool stopped;
};

static int storage_on_visit_of_page(void *ctx, const struct hearth_visit *visit)
{
    struct one_by_one *rows = ctx;
    rows->stopped = rows->visit(rows->ctx, rows->page, visit) != 0;
    return rows->stopped;
}

int plug_storage_visits_of_pages(struct storage *storage, const char *account, const int64_t *pages,
                                 size_t count, hearth_page_visit_cb cb, void *ctx, struct err *err)
{
    if (storage->bulk != NULL)
        return STORAGE_OF(storage, bulk, err, visits_of_pages, account, pages, count, cb, ctx);
    struct one_by_one rows = {.visit = cb, .ctx = ctx};
    int r = 0;
    for (size_t i = 0; r == 0 && i < count && !rows.stopped; i++) {
        rows.page = pages[i];
        r = STORAGE(storage, err, page_visits, account, pages[i], storage_on_visit_of_page, &rows);
    }
    return r;
}

static int on_bookmark_of_page(void *ctx, const struct hearth_bookmark *bookmark)
{
    struct one_by_one *rows = ctx;
    rows->stopped = rows->bookmark(rows->ctx, bookmark) != 0;
    return rows->stopped;
}

int plug_storage_bookmarks_of_pages(struct storage *storage, const char *account,
                                    const int64_t *pages, size_t count, hearth_bookmark_cb cb,
                                    void *ctx, struct err *err)
{
    if (storage->bulk != NULL)
        return STORAGE_OF(storage, bulk, err, bookmarks_of_pages, account, pages, count, cb, ctx);
    struct one_by_one rows = {.bookmark = cb, .ctx = ctx};
    int r = 0;
    for (size_t i = 0; r == 0 && i < count && !rows.stopped; i++)
        r = STORAGE(storage, err, bookmarks_of_page, account, pages[i], on_bookmark_of_page, &rows);
    return r;
}

int plug_storage_bookmark_path(struct storage *storage, const char *account, const char *guid,
                               hearth_bookmark_cb cb, void *ctx, struct err *err)
{
    if (storage->paths != NULL)
        return STORAGE_OF(storage, paths, err, bookmark_path, account, guid, cb, ctx);
    for (int i = 0; guid != NULL && i < HEARTH_PATH_MAX; i++) {
        struct hearth_bookmark bookmark = {.struct_size = sizeof(bookmark)};
        struct err why = {0};
        int r = STORAGE(storage, &why, bookmark_get, account, guid, &bookmark);
        if (r < 0 && r != HEARTH_ERR_NOT_FOUND && err != NULL)
            *err = why;
        if (r < 0)
            return r == HEARTH_ERR_NOT_FOUND ? 0 : r;
        if (cb(ctx, &bookmark) != 0)
            return 0;
        guid = bookmark.parent;
    }
    return 0;
}

static int storage_takes_nothing(void *ctx, const struct hearth_bookmark *bookmark)
{
    (void)ctx;
    (void)bookmark;
    return 1;
}

void plug_storage_ask_bookmark_path(struct storage *storage, const char *account, const char *guid)
{
    struct hearth_bookmark bookmark = {.struct_size = sizeof(bookmark)};
    if (storage->paths != NULL)
        STORAGE_ASK_OF(storage, paths, bookmark_path, account, guid, storage_takes_nothing, NULL);
    else
        STORAGE_ASK(storage, bookmark_get, account, guid, &bookmark);
}
