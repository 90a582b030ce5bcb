/* The nodes of a fleet: each has a storage of its own and the people whose rows are in it. A
 * single node is one without a name.
 *
 * Which node an account is on is decided once, by a weighted rendezvous hash over the e-mail of
 * the newcomer, and from then on by where its rows are. What was hashed is stored
 * (hearth_account.placement) and hashed again when the account has to leave its node: an address
 * that changes moves nobody. An account whose row names another node than the one whose storage
 * holds it is on its way there (see jobs/move.h). */
#ifndef HEARTH_CORE_NODES_NODES_H
#define HEARTH_CORE_NODES_NODES_H

#include <stdatomic.h>
#include "plug/loader.h"
#include "plug/storage.h"

enum { NODES_MAX = 64, NODES_NONE = NODES_MAX };

struct node {
    char name[64]; /* of [node NAME]; "" on a single node */
    /* how people reach it; "" unknown. Lives as long as the configuration */
    const char *url;
    int64_t weight;       /* share of the newcomers; 0: none */
    struct plug *storage; /* opened */
    /* a file of its storage, as configured; NULL: none is known. Lives as long as the
     * configuration */
    const char *place;
    bool migrates;          /* brings its schema up by itself */
    atomic_bool checked;    /* its schema is the one wanted */
    struct breaker breaker; /* of its storage; nodes_node_init() makes it */
};

/* Filled before threads start, constant afterwards. */
struct nodes {
    struct node items[NODES_MAX];
    size_t count;
    size_t own; /* the one this process serves people of */
};

/* The breaker, after the name was set; nodes_node_fini() once nobody asks any more. */
void nodes_node_init(struct node *node);
void nodes_node_fini(struct node *node);
const struct hearth_storage *nodes_node_ops(const struct node *node);
/* NODES_NONE: there is none of that name */
size_t nodes_find(const struct nodes *nodes, const char *name);
/* placement: the e-mail of a newcomer, or what is stored of an account. The same node whatever
 * its case, evenly by weight; a node that goes or comes moves only its own share. except: a node
 * that is not to be taken; NODES_NONE. With no other weight than 0, weights do not count. */
size_t nodes_home(const struct nodes *nodes, const char *placement, size_t except);
/* Opens a handle; the first one of a node checks its schema. UNSUPPORTED with words when that is
 * not the one wanted. */
int nodes_open_storage(struct node *node, const atomic_bool *stop, struct storage *ret_storage,
                       struct err *err);
/* deadline: monotonic ms, for the opening and the calls that follow; 0: none. */
int nodes_open_storage_until(struct node *node, const atomic_bool *stop, int64_t deadline,
                             struct storage *ret_storage, struct err *err);

/* One thread's handles of all nodes, opened when they are needed. */
struct node_storages {
    struct nodes *nodes;
    int64_t deadline; /* of every call in them, on the monotonic clock; 0: none */
    struct storage storages[NODES_MAX];
    atomic_bool open[NODES_MAX];
};

void nodes_storages_init(struct node_storages *storages, struct nodes *nodes);
void nodes_storages_close(struct node_storages *storages);
/* Whatever runs in them. Any thread, for as long as the owner keeps them open. */
void nodes_storages_interrupt(struct node_storages *storages);
void nodes_storages_interrupt_node(struct node_storages *storages, size_t node);
/* from now on; by the thread itself */
void nodes_storages_deadline(struct node_storages *storages, int64_t deadline);
/* NULL on error: UNAVAILABLE at once while the node's breaker is open. */
struct storage *nodes_storages_get(struct node_storages *storages, size_t node, struct err *err);
/* frees the results of earlier operations */
void nodes_storages_reset(struct node_storages *storages);
/* Where an account is, own node first; an account on its way counts as where its data are
 * complete. Texts live until plug_storage_reset() of that node's handle. NOT_FOUND only when every
 * node was asked; else the error of the one that was not. A node whose breaker is open is not
 * waited for. */
int nodes_storages_by_email(struct node_storages *storages, const char *email, size_t *ret_node,
                            struct hearth_account *ret_account, struct err *err);
/* The same by an identity: see nodes/who.h. */
int nodes_storages_by_identity(struct node_storages *storages, const char *issuer,
                               const char *subject, size_t *ret_node,
                               struct hearth_account *ret_account, struct err *err);
/* Where the owner of a token is; own node excluded. NOT_FOUND only when every other node was
 * asked. */
int nodes_storages_by_token(struct node_storages *storages, const uint8_t hash[32],
                            size_t *ret_node, struct err *err);

#endif
