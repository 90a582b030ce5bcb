#include "plug/store.h"

int store_open(struct store *store, const struct hearth_storage *ops, void *self, const atomic_bool *stop, struct err *err)
{
    return store_open_until(store, ops, self, stop, NULL, 0, err);
}

int store_open_until(struct store *store, const struct hearth_storage *ops, void *self, const atomic_bool *stop, struct breaker *breaker,
                     int64_t deadline, struct err *err)
{
    int r = breaker_allows(breaker, err);
    if (r < 0)
        return r;
    *store = (struct store){.ops = ops, .breaker = breaker};
    call_init(&store->call, stop, 0, 0);
    store->call.hearth.deadline = deadline;
    store->call.breaker = breaker;
    lock_border("a session of the storage is opened");
    r = store_check(store, ops->session_open(self, &store->call.hearth, &store->session), err);
    if (r < 0)
        call_fini(&store->call);
    return r;
}

bool store_allows(struct store *store)
{
    struct err err = {0};
    if (breaker_allows(store->breaker, &err) == 0)
        return true;
    snprintf(store->call.error, sizeof(store->call.error), "%s", err.text);
    store->call.hearth.retry_after = err.retry_after;
    return false;
}

int store_check(struct store *store, int code, struct err *err)
{
    breaker_note(store->breaker, code, store->call.error);
    if (code == HEARTH_ERR_CANCELLED && !store_allows(store)) /* it was waited for when it was found to hang */
        code = HEARTH_ERR_UNAVAILABLE;
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
    if (store->ops->pages_get != NULL)
        return STORE(store, err, pages_get, account, pages, count, cb, ctx);
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
