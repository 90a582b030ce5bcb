/* One thread's sessions with all nodes. */
#include <string.h>

#include "nodes/nodes.h"

void node_stores_init(struct node_stores *stores, struct nodes *nodes)
{
    for (size_t i = 0; i < NODES_MAX; i++)
        atomic_init(&stores->open[i], false);
    stores->nodes = nodes;
    stores->deadline = 0;
}

void node_stores_close(struct node_stores *stores)
{
    for (size_t i = 0; i < NODES_MAX; i++)
        if (atomic_exchange(&stores->open[i], false))
            store_close(&stores->stores[i]);
}

void node_stores_interrupt_node(struct node_stores *stores, size_t node)
{
    if (atomic_load(&stores->open[node]))
        stores->stores[node].ops->interrupt(stores->stores[node].session);
}

void node_stores_interrupt(struct node_stores *stores)
{
    for (size_t i = 0; i < NODES_MAX; i++)
        node_stores_interrupt_node(stores, i);
}

void node_stores_reset(struct node_stores *stores)
{
    for (size_t i = 0; i < stores->nodes->count; i++)
        if (stores->open[i])
            store_reset(&stores->stores[i]);
}

void node_stores_deadline(struct node_stores *stores, int64_t deadline)
{
    stores->deadline = deadline;
    for (size_t i = 0; i < NODES_MAX; i++)
        if (atomic_load(&stores->open[i]))
            stores->stores[i].call.hearth.deadline = deadline;
}

struct store *node_stores_get(struct node_stores *stores, size_t node, struct err *err)
{
    if (!atomic_load(&stores->open[node])) {
        if (node_open_store_until(&stores->nodes->items[node], NULL, stores->deadline, &stores->stores[node], err) < 0)
            return NULL;
        atomic_store(&stores->open[node], true);
    } else if (breaker_allows(&stores->nodes->items[node].breaker, err) < 0) {
        return NULL;
    }
    return &stores->stores[node];
}

/* The i-th node to ask: the own one first. */
static size_t in_order(const struct nodes *nodes, size_t i)
{
    return (nodes->own + i) % nodes->count;
}

/* What somebody is looked for by. */
struct wanted {
    const char *email, *issuer, *subject; /* email NULL: by the identity */
};

static int look_for(struct store *store, const struct wanted *wanted, struct hearth_account *ret_account, struct err *err)
{
    if (wanted->email != NULL)
        return STORE(store, err, account_by_email, wanted->email, ret_account);
    return STORE(store, err, account_by_identity, wanted->issuer, wanted->subject, ret_account);
}

/* NOT_FOUND, without words, only when every node was asked. */
static int find_account(struct node_stores *stores, const struct wanted *wanted, size_t *ret_node, struct hearth_account *ret_account,
                        struct err *err)
{
    struct nodes *nodes = stores->nodes;
    struct err missed = {0};
    size_t found = NODES_NONE;
    for (size_t i = 0; i < nodes->count; i++) {
        size_t k = in_order(nodes, i);
        struct err why = {0};
        struct hearth_account account = {.struct_size = sizeof(account)};
        struct store *store = node_stores_get(stores, k, &why);
        int r = store == NULL ? why.code : look_for(store, wanted, &account, &why);
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

int node_stores_by_email(struct node_stores *stores, const char *email, size_t *ret_node, struct hearth_account *ret_account,
                         struct err *err)
{
    struct wanted wanted = {.email = email};
    int r = find_account(stores, &wanted, ret_node, ret_account, err);
    return r == HEARTH_ERR_NOT_FOUND ? err_set(err, r, "there is no account %s here; see hearthd account list", email) : r;
}

int node_stores_by_identity(struct node_stores *stores, const char *issuer, const char *subject, size_t *ret_node,
                            struct hearth_account *ret_account, struct err *err)
{
    struct wanted wanted = {.issuer = issuer, .subject = subject};
    int r = find_account(stores, &wanted, ret_node, ret_account, err);
    return r == HEARTH_ERR_NOT_FOUND ? err_set(err, r, "nobody here is %s at %s", subject, issuer) : r;
}

int node_stores_by_token(struct node_stores *stores, const uint8_t hash[32], size_t *ret_node, struct err *err)
{
    struct nodes *nodes = stores->nodes;
    struct err missed = {0};
    for (size_t i = 1; i < nodes->count; i++) {
        size_t k = in_order(nodes, i);
        struct err why = {0};
        struct hearth_token token = {.struct_size = sizeof(token)};
        struct store *store = node_stores_get(stores, k, &why);
        int r = store == NULL ? why.code : STORE(store, &why, token_by_hash, hash, &token);
        if (store != NULL)
            store_reset(store);
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
