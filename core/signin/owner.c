#include "signin/owner.h"

#include "base/log.h"

static const char PROPERTY[] = "owned";

static int on_any(void *ctx, const struct hearth_account *account)
{
    (void)account;
    *(bool *)ctx = true;
    return 1;
}

int owner_put(struct store *store, struct err *err)
{
    struct err why = {0};
    int r = STORE(store, &why, property_put, PROPERTY, "yes", false);
    if (r == HEARTH_ERR_CONFLICT) /* it says so already */
        return 0;
    if (r < 0 && err != NULL)
        *err = why;
    return r;
}

static int ask_node(struct store *store, bool *ret_owned, struct err *err)
{
    const char *text;
    struct err why = {0};
    bool any = false;
    int r = STORE(store, &why, property_get, PROPERTY, &text);
    if (r == 0) {
        *ret_owned = true;
        return 0;
    }
    if (r == HEARTH_ERR_NOT_FOUND) {
        why = (struct err){0};
        r = STORE(store, &why, account_list, on_any, &any);
        if (r > 0)
            r = 0;
    }
    if (r == 0 && any && owner_put(store, &why) < 0)
        log_event(HEARTH_LOG_WARNING, "signin", "owner not noted", LOG_TEXT("error", why.text));
    if (r < 0)
        *err = why;
    else
        *ret_owned = any;
    return r;
}

int owner_find(struct node_stores *stores, bool *ret_owned, struct err *err)
{
    const struct nodes *nodes = stores->nodes;
    struct err missed = {0};
    bool owned = false;
    for (size_t i = 0; !owned && i < nodes->count; i++) {
        size_t node = (nodes->own + i) % nodes->count;
        struct err why = {0};
        struct store *store = node_stores_get(stores, node, &why);
        if ((store == NULL || ask_node(store, &owned, &why) < 0) && missed.code == 0)
            missed = why;
    }
    if (!owned && missed.code != 0)
        return err_set(err, HEARTH_ERR_UNAVAILABLE, "whether this server belongs to somebody already cannot be found out now: %s",
                       missed.text);
    *ret_owned = owned;
    return 0;
}
