#include "plug/store.h"
#include "base/str.h"

int store_open(struct store *store, const struct opened_storage *opened, const atomic_bool *stop, struct err *err)
{
    return store_open_until(store, opened, stop, NULL, 0, err);
}

int store_open_until(struct store *store, const struct opened_storage *opened, const atomic_bool *stop, struct breaker *breaker, int64_t deadline,
                     struct err *err)
{
    int r = breaker_allows(breaker, err);
    if (r < 0)
        return r;
    *store = (struct store){
        .ops = opened->ops, .bulk = opened->bulk, .backup = opened->backup, .limits = opened->limits, .breaker = breaker};
    call_init(&store->call, stop, 0, 0);
    store->call.hearth.deadline = deadline;
    store->call.breaker = breaker;
    lock_border("a session of the storage is opened");
    r = store_check(store, opened->ops->session_open(opened->self, &store->call.hearth, &store->session), err);
    if (r < 0)
        call_fini(&store->call);
    return r;
}

bool store_allows(struct store *store)
{
    struct err err = {0};
    if (breaker_allows(store->breaker, &err) == 0)
        return true;
    str_cut(store->call.error, sizeof(store->call.error), err.text);
    store->call.hearth.retry_after = err.retry_after;
    return false;
}

int store_check(struct store *store, int code, struct err *err)
{
    store->call.told = breaker_note(store->breaker, code, store->call.error);
    if (code == HEARTH_ERR_CANCELLED && !store_allows(store)) { /* it was waited for when it was found to hang */
        code = HEARTH_ERR_UNAVAILABLE;
        store->call.told = true;
    }
    return call_outcome(&store->call, code, err);
}

void store_close(struct store *store)
{
    lock_border("a session of the storage is closed");
    if (store->session != NULL)
        store->ops->session_close(store->session);
    store->session = NULL;
    call_fini(&store->call);
}

void store_reset(struct store *store)
{
    call_reset(&store->call);
}

int store_pages_get(struct store *store, const char *account, const int64_t *pages, size_t count, hearth_page_cb cb, void *ctx,
                    struct err *err)
{
    if (store->bulk != NULL)
        return STORE_OF(store, bulk, err, pages_get, account, pages, count, cb, ctx);
    for (size_t i = 0; i < count; i++) {
        struct hearth_page page = {.struct_size = sizeof(page)};
        struct err why = {0};
        int r = STORE(store, &why, page_get, account, pages[i], &page);
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

static int on_visit_of_page(void *ctx, const struct hearth_visit *visit)
{
    struct one_by_one *rows = ctx;
    rows->stopped = rows->visit(rows->ctx, rows->page, visit) != 0;
    return rows->stopped;
}

int store_visits_of_pages(struct store *store, const char *account, const int64_t *pages, size_t count, hearth_page_visit_cb cb, void *ctx,
                          struct err *err)
{
    if (store->bulk != NULL)
        return STORE_OF(store, bulk, err, visits_of_pages, account, pages, count, cb, ctx);
    struct one_by_one rows = {.visit = cb, .ctx = ctx};
    int r = 0;
    for (size_t i = 0; r == 0 && i < count && !rows.stopped; i++) {
        rows.page = pages[i];
        r = STORE(store, err, page_visits, account, pages[i], on_visit_of_page, &rows);
    }
    return r;
}

static int on_bookmark_of_page(void *ctx, const struct hearth_bookmark *bookmark)
{
    struct one_by_one *rows = ctx;
    rows->stopped = rows->bookmark(rows->ctx, bookmark) != 0;
    return rows->stopped;
}

int store_bookmarks_of_pages(struct store *store, const char *account, const int64_t *pages, size_t count, hearth_bookmark_cb cb, void *ctx,
                             struct err *err)
{
    if (store->bulk != NULL)
        return STORE_OF(store, bulk, err, bookmarks_of_pages, account, pages, count, cb, ctx);
    struct one_by_one rows = {.bookmark = cb, .ctx = ctx};
    int r = 0;
    for (size_t i = 0; r == 0 && i < count && !rows.stopped; i++)
        r = STORE(store, err, bookmarks_of_page, account, pages[i], on_bookmark_of_page, &rows);
    return r;
}
