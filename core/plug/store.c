#include "plug/store.h"

int store_open(struct store *store, const struct hearth_storage *ops, void *self, const atomic_bool *stop, struct err *err)
{
    *store = (struct store){.ops = ops};
    call_init(&store->call, stop, 0, 0);
    int r = call_check(&store->call, ops->session_open(self, &store->call.hearth, &store->session), err);
    if (r < 0)
        call_fini(&store->call);
    return r;
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
