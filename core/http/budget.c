/* What answers hold until their clients have fetched them, and who pays for it: the account that
 * asked, or without one the address. Nobody's slowness costs others more than a bounded part of
 * the memory, the disk and the threads. */
#include "base/lock.h"
#include "base/map.h"
#include "http/internal.h"

#include <stdlib.h>

#include "base/magic.h"
#include "base/rate.h"

struct payer {
    map_entry in_map;    /* by key */
    struct payer *wider; /* the network around an address's, which pays as well; NULL: none */
    size_t times;        /* of what one may have, the wider may */
    size_t bytes;        /* unsent */
    size_t under_way[BUDGET_KINDS];
    size_t refs; /* contexts and shared bytes that name it */
    char key[];  /* an account, or "@" and an address */
};

void http_budget_init(struct http_server *server)
{
    pthread_mutex_init(&server->payer_lock, NULL);
}

void http_budget_fini(struct http_server *server)
{
    pthread_mutex_destroy(&server->payer_lock);
}

/* With the lock. NULL: memory is short, and nothing of wider is kept. */
static struct payer *payer_ref_one(struct http_server *server, const char *key, struct payer *wider,
                                   int times)
{
    struct payer *payer = MAP_FIND_TEXT(server->payers, key);
    if (payer == NULL) {
        payer = calloc(1, sizeof(*payer) + strlen(key) + 1);
        if (payer == NULL)
            return NULL;
        memcpy(payer->key, key, strlen(key) + 1);
        if (!MAP_ADD_TEXT(server->payers, payer->key, payer)) {
            free(payer);
            return NULL;
        }
        payer->wider = wider;
        payer->times = (size_t)times;
    }
    payer->refs++;
    return payer;
}

/* With the lock. */
static void payer_unref(struct http_server *server, struct payer *payer)
{
    for (struct payer *wider; payer != NULL; payer = wider) {
        wider = payer->wider;
        if (--payer->refs > 0)
            continue;
        MAP_REMOVE(server->payers, payer);
        free(payer);
    }
}

/* With the lock: of the account, or of an address and the networks around it. NULL: memory is
 * short. */
static struct payer *payer_ref(struct http_server *server, const char *key)
{
    struct rate_network networks[RATE_NETWORKS];
    struct payer *payer = NULL;
    if (key[0] != '@')
        return payer_ref_one(server, key, NULL, 1);
    for (size_t i = rate_networks(key + 1, networks); i-- > 0;) {
        char name[PAYER_KEY];
        snprintf(name, sizeof(name), "@%s", networks[i].key);
        struct payer *narrower = payer_ref_one(server, name, payer, networks[i].times);
        if (narrower == NULL) {
            payer_unref(server, payer);
            return NULL;
        }
        payer = narrower;
    }
    return payer;
}

static void payer_owe(struct payer *payer, size_t bytes)
{
    for (; payer != NULL; payer = payer->wider)
        payer->bytes += bytes;
}

static void payer_owe_less(struct payer *payer, size_t bytes)
{
    for (; payer != NULL; payer = payer->wider)
        payer->bytes -= bytes;
}

/* With the lock: what is owed, of the network around an address as much of it as is one's part. */
static size_t owed_by(struct http_server *server, const char *key)
{
    struct rate_network networks[RATE_NETWORKS];
    size_t most = 0;
    if (key[0] != '@') {
        const struct payer *payer = MAP_FIND_TEXT(server->payers, key);
        return payer == NULL ? 0 : payer->bytes;
    }
    for (size_t i = rate_networks(key + 1, networks); i-- > 0;) {
        char name[PAYER_KEY];
        snprintf(name, sizeof(name), "@%s", networks[i].key);
        const struct payer *payer = MAP_FIND_TEXT(server->payers, name);
        if (payer != NULL && payer->bytes / payer->times > most)
            most = payer->bytes / payer->times;
    }
    return most;
}

/* Who pays. The text lives as long as the context. */
static const char *payer_key_of(struct request_context *context)
{
    char *key = context->address_key;
    if (context->reply.account != NULL && strlen(context->reply.account) < PAYER_KEY)
        return context->reply.account;
    if (key[0] == '\0') {
        key[0] = '@';
        rate_address_key(context->request.remote, key + 1);
    }
    return key;
}

/* Shared bytes are paid once, by the first who asked for them, until nobody sends them any more.
 * With the lock. */
static void pay_shared(struct http_server *server, struct http_shared *shared, struct payer *payer)
{
    if (shared->sent_by++ > 0)
        return;
    shared->payer = payer;
    for (struct payer *p = payer; p != NULL; p = p->wider)
        p->refs++;
    payer_owe(payer, shared->size);
    atomic_fetch_add(&server->unsent, shared->size);
}

static void release_shared(struct http_server *server, struct http_shared *shared)
{
    if (--shared->sent_by > 0)
        return;
    atomic_fetch_sub(&server->unsent, shared->size);
    payer_owe_less(shared->payer, shared->size);
    payer_unref(server, shared->payer);
    shared->payer = NULL;
}

/* What is held for an answer besides shared bytes. Over HTTP/1 and TLS h2o keeps a piece a
 * second time, encrypted. */
static size_t cost_of(const struct request_context *context)
{
    const struct http_reply *reply = &context->reply;
    size_t own = reply->fixed != NULL || reply->shared != NULL ? 0 : reply->body.room;
    size_t piece = context->body_size < BODY_PIECE ? context->body_size : BODY_PIECE;
    const struct conn *conn = context->observer->conn;
    bool copied = !conn->sock_closed && conn->sock->ssl != NULL && !conn->http2;
    return ANSWER_COST + own + (context->spool_fd >= 0 ? BODY_PIECE : 0) + (copied ? piece : 0);
}

void http_budget_take(struct request_context *context)
{
    struct http_server *server = context->loop->server;
    if (context->cost != 0)
        return;
    const char *key = payer_key_of(context);
    context->cost = cost_of(context);
    context->paying_conn = context->observer->conn;
    context->paying_conn->unsent += context->cost;
    context->paying_conn->refs++;
    lock_take(&server->payer_lock);
    context->payer = payer_ref(server, key);
    if (context->payer != NULL) {
        payer_owe(context->payer, context->cost);
        if (context->reply.shared != NULL)
            pay_shared(server, context->reply.shared, context->payer);
    }
    lock_release(&server->payer_lock);
    /* those have nothing unsent most of the time, and are there to stay */
    if (context->reply.events_channel == NULL)
        atomic_fetch_add(&server->unsent, context->cost);
}

void http_budget_give(struct request_context *context)
{
    struct http_server *server = context->loop->server;
    if (context->cost == 0)
        return;
    context->paying_conn->unsent -= context->cost;
    http_conn_unref(context->paying_conn);
    if (context->reply.events_channel == NULL)
        atomic_fetch_sub(&server->unsent, context->cost);
    lock_take(&server->payer_lock);
    if (context->payer != NULL) {
        payer_owe_less(context->payer, context->cost);
        if (context->reply.shared != NULL)
            release_shared(server, context->reply.shared);
        payer_unref(server, context->payer);
    }
    lock_release(&server->payer_lock);
    context->payer = NULL;
    context->cost = 0;
}

/* A proxy's connection carries many people's answers: each of them has a budget, the connection
 * has none. */
static bool is_shared(const struct conn *conn)
{
    return conn->address == NULL;
}

static bool budget_refuse(struct hearth_sentence sentence, struct hearth_sentence *ret_why)
{
    *ret_why = sentence;
    return true;
}

bool http_budget_over(struct request_context *context, struct hearth_sentence *ret_why)
{
    struct http_server *server = context->loop->server;
    struct conn *conn = context->observer->conn;
    const char *key = payer_key_of(context);
    lock_take(&server->payer_lock);
    size_t bytes = owed_by(server, key);
    lock_release(&server->payer_lock);
    bool much = !is_shared(conn) && conn->unsent >= server->limits.unsent_per_connection;
    /* Whoever does not fetch refusals either is cut off. */
    if (!is_shared(conn) && (conn->unsent >= 2 * server->limits.unsent_per_connection ||
                             bytes >= 2 * server->limits.unsent_per_account))
        http_conn_kill(conn);
    if (much)
        return budget_refuse(http_says_unfetched_connection(), ret_why);
    if (bytes >= server->limits.unsent_per_account)
        return budget_refuse(
            key[0] == '@' ? http_says_unfetched_address() : http_says_unfetched_account(), ret_why);
    if (atomic_load(&server->unsent) >= 2 * server->limits.unsent_total)
        return budget_refuse(http_says_unfetched_server(), ret_why);
    return false;
}

/* --- how many at a time --- */

bool http_budget_begin(struct request_context *context, enum budget_kind kind)
{
    struct http_server *server = context->loop->server;
    size_t most = kind == BUDGET_PENDING ? server->limits.max_pending_requests_per_account
                                         : server->limits.exports_per_account;
    const char *key = payer_key_of(context);
    lock_take(&server->payer_lock);
    struct payer *payer = payer_ref(server, key);
    bool may = payer != NULL;
    for (const struct payer *p = payer; p != NULL; p = p->wider)
        may = may && p->under_way[kind] < most * p->times;
    for (struct payer *p = may ? payer : NULL; p != NULL; p = p->wider)
        p->under_way[kind]++;
    if (may)
        context->begun[kind] = payer;
    else if (payer != NULL)
        payer_unref(server, payer);
    lock_release(&server->payer_lock);
    return may;
}

void http_budget_end(struct request_context *context, enum budget_kind kind)
{
    struct http_server *server = context->loop->server;
    struct payer *payer = context->begun[kind];
    if (payer == NULL)
        return;
    lock_take(&server->payer_lock);
    for (struct payer *p = payer; p != NULL; p = p->wider)
        p->under_way[kind]--;
    payer_unref(server, payer);
    lock_release(&server->payer_lock);
    context->begun[kind] = NULL;
}
