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
    if (store->session != NULL)
        store->ops->session_close(store->session);
    store->session = NULL;
    call_fini(&store->call);
}

void store_reset(struct store *store)
{
    call_reset(&store->call);
}
