/* One thread's handles of all nodes. */
#include <string.h>

#include "nodes/nodes.h"

void nodes_storages_init(struct node_storages *storages, struct nodes *nodes)
{
    for (size_t i = 0; i < NODES_MAX; i++)
        atomic_init(&storages->open[i], false);
    storages->nodes = nodes;
    storages->deadline = 0;
}

void nodes_storages_close(struct node_storages *storages)
{
    for (size_t i = 0; i < NODES_MAX; i++)
        if (atomic_exchange(&storages->open[i], false))
            plug_storage_close(&storages->storages[i]);
}

void nodes_storages_interrupt_node(struct node_storages *storages, size_t node)
{
    if (atomic_load(&storages->open[node]))
        storages->storages[node].ops->interrupt(storages->storages[node].handle);
}

void nodes_storages_interrupt(struct node_storages *storages)
{
    for (size_t i = 0; i < NODES_MAX; i++)
        nodes_storages_interrupt_node(storages, i);
}

void nodes_storages_reset(struct node_storages *storages)
{
    for (size_t i = 0; i < storages->nodes->count; i++)
        if (storages->open[i])
            plug_storage_reset(&storages->storages[i]);
}

void nodes_storages_deadline(struct node_storages *storages, int64_t deadline)
{
    storages->deadline = deadline;
    for (size_t i = 0; i < NODES_MAX; i++)
        if (atomic_load(&storages->open[i]))
            storages->storages[i].call.hearth.deadline = deadline;
}

struct storage *nodes_storages_get(struct node_storages *storages, size_t node, struct err *err)
{
    if (!atomic_load(&storages->open[node])) {
        if (nodes_open_storage_until(&storages->nodes->items[node], NULL, storages->deadline,
                                     &storages->storages[node], err) < 0)
            return NULL;
        atomic_store(&storages->open[node], true);
    } else if (plug_breaker_allows(&storages->nodes->items[node].breaker, err) < 0) {
        return NULL;
    }
    return &storages->storages[node];
}

/* The i-th node to ask: the own one first. */
static size_t storages_node_in_order(const struct nodes *nodes, size_t i)
{
    return (nodes->own + i) % nodes->count;
}

/* What somebody is looked for by. */
struct wanted {
    const char *email, *issuer, *subject; /* email NULL: by the identity */
};

static int look_for(struct storage *storage, const struct wanted *wanted,
                    struct hearth_account *ret_account, struct err *err)
{
    if (wanted->email != NULL)
        return STORAGE(storage, err, account_by_email, wanted->email, ret_account);
    return STORAGE(storage, err, account_by_identity, wanted->issuer, wanted->subject, ret_account);
}

/* NOT_FOUND, without words, only when every node was asked. */
static int storages_find_account(struct node_storages *storages, const struct wanted *wanted,
                                 size_t *ret_node, struct hearth_account *ret_account,
                                 struct err *err)
{
    struct nodes *nodes = storages->nodes;
    struct err missed = {0};
    size_t found = NODES_NONE;
    for (size_t i = 0; i < nodes->count; i++) {
        size_t k = storages_node_in_order(nodes, i);
        struct err why = {0};
        struct hearth_account account = {.struct_size = sizeof(account)};
        struct storage *storage = nodes_storages_get(storages, k, &why);
        int r = storage == NULL ? why.code : look_for(storage, wanted, &account, &why);
        if (r < 0) {
            if (r != HEARTH_ERR_NOT_FOUND && missed.code == 0)
                missed = why;
            continue;
        }
        bool arriving = strcmp(account.node, nodes->items[k].name) == 0 && account.last_sync == 0;
        if (found == NODES_NONE || !arriving) {
            found = k;
            *ret_account = account;
        }
        if (!arriving)
            break; /* complete here */
    }
    if (found == NODES_NONE && missed.code != 0) {
        if (err != NULL)
            *err = missed;
        return missed.code;
    }
    if (found == NODES_NONE)
        return HEARTH_ERR_NOT_FOUND;
    *ret_node = found;
    return 0;
}

int nodes_storages_by_email(struct node_storages *storages, const char *email, size_t *ret_node,
                            struct hearth_account *ret_account, struct err *err)
{
    struct wanted wanted = {.email = email};
    int r = storages_find_account(storages, &wanted, ret_node, ret_account, err);
    return r == HEARTH_ERR_NOT_FOUND
               ? err_set(err, r, "there is no account %s here; see hearthd account list", email)
               : r;
}

int nodes_storages_by_identity(struct node_storages *storages, const char *issuer,
                               const char *subject, size_t *ret_node,
                               struct hearth_account *ret_account, struct err *err)
{
    struct wanted wanted = {.issuer = issuer, .subject = subject};
    int r = storages_find_account(storages, &wanted, ret_node, ret_account, err);
    return r == HEARTH_ERR_NOT_FOUND ? err_set(err, r, "nobody here is %s at %s", subject, issuer)
                                     : r;
}

int nodes_storages_by_token(struct node_storages *storages, const uint8_t hash[32],
                            size_t *ret_node, struct err *err)
{
    struct nodes *nodes = storages->nodes;
    struct err missed = {0};
    for (size_t i = 1; i < nodes->count; i++) {
        size_t k = storages_node_in_order(nodes, i);
        struct err why = {0};
        struct hearth_token token = {.struct_size = sizeof(token)};
        struct storage *storage = nodes_storages_get(storages, k, &why);
        int r = storage == NULL ? why.code : STORAGE(storage, &why, token_by_hash, hash, &token);
        if (storage != NULL)
            plug_storage_reset(storage);
        if (r == 0) {
            *ret_node = k;
            return 0;
        }
        if (r != HEARTH_ERR_NOT_FOUND && missed.code == 0)
            missed = why;
    }
    if (missed.code != 0 && err != NULL)
        *err = missed;
    return missed.code != 0 ? missed.code : HEARTH_ERR_NOT_FOUND;
}
