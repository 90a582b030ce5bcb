#include "signin/owner.h"

#include "base/log.h"

static const char PROPERTY[] = "owned";

static int owner_on_account(void *ctx, const struct hearth_account *account)
{
    (void)account;
    *(bool *)ctx = true;
    return 1;
}

int signin_owner_put(struct storage *storage, struct err *err)
{
    struct err why = {0};
    int r = STORAGE(storage, &why, property_put, PROPERTY, "yes", false);
    if (r == HEARTH_ERR_CONFLICT) /* it says so already */
        return 0;
    if (r < 0 && err != NULL)
        *err = why;
    return r;
}

static int ask_node(struct storage *storage, bool *ret_owned, struct err *err)
{
    const char *text;
    struct err why = {0};
    bool any = false;
    int r = STORAGE(storage, &why, property_get, PROPERTY, &text);
    if (r == 0) {
        *ret_owned = true;
        return 0;
    }
    if (r == HEARTH_ERR_NOT_FOUND) {
        why = (struct err){0};
        r = STORAGE(storage, &why, account_list, owner_on_account, &any);
        if (r > 0)
            r = 0;
    }
    if (r == 0 && any && signin_owner_put(storage, &why) < 0)
        log_event(HEARTH_LOG_WARNING, "signin", "owner not noted", LOG_TEXT("error", why.text));
    if (r < 0)
        *err = why;
    else
        *ret_owned = any;
    return r;
}

int signin_owner_find(struct node_storages *storages, bool *ret_owned, struct err *err)
{
    const struct nodes *nodes = storages->nodes;
    struct err missed = {0};
    bool owned = false;
    for (size_t i = 0; !owned && i < nodes->count; i++) {
        size_t node = (nodes->own + i) % nodes->count;
        struct err why = {0};
        struct storage *storage = nodes_storages_get(storages, node, &why);
        if ((storage == NULL || ask_node(storage, &owned, &why) < 0) && missed.code == 0)
            missed = why;
    }
    if (!owned && missed.code != 0)
        return err_set(
            err, HEARTH_ERR_UNAVAILABLE,
            "whether this server belongs to somebody already cannot be found out now: %s",
            missed.text);
    *ret_owned = owned;
    return 0;
}
