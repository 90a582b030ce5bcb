/* The life of an exchange: made on the loop, lent to the pool, back on the loop, freed when h2o is done with the request. */
#include "base/lock.h"
#include "http/internal.h"

#include <stdlib.h>

enum { ARENA_MAX = 4 << 20 };

void exchange_free(struct exchange *exchange)
{
    if (exchange->request.auth != NULL && exchange->loop->server->options.auth_free != NULL)
        exchange->loop->server->options.auth_free(exchange->request.auth);
    budget_give(exchange);
    budget_end(exchange, BUDGET_EXPORTS);
    download_fini(exchange);
    free(exchange->piece);
    arena_wipe(&exchange->request.arena); /* a cookie, a bearer token */
    arena_fini(&exchange->request.arena);
    if (exchange->route != NULL && exchange->route->secret && exchange->reply.body.data != NULL)
        explicit_bzero(exchange->reply.body.data, exchange->reply.body.room);
    buf_fini(&exchange->reply.body);
    http_shared_unref(exchange->reply.shared);
    buf_fini(&exchange->outgoing);
    buf_fini(&exchange->subscriber.pending);
    free(exchange);
}

/* Back from the pool. */
static void exchange_receive(struct loop *loop, struct message *message)
{
    struct exchange *exchange = H2O_STRUCT_FROM_MEMBER(struct exchange, done, message);
    struct conn *conn = exchange->conn;
    exchange->in_pool = false;
    loop->pool_count--;
    atomic_fetch_sub(&loop->server->job_total, 1);
    budget_end(exchange, BUDGET_JOBS);
    conn->jobs--;
    conn_unref(conn);
    if (exchange->track == NULL)
        exchange_free(exchange);
    else
        send_reply(exchange);
}

struct exchange *exchange_create(struct loop *loop, struct track *track)
{
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    if (exchange == NULL)
        return NULL;
    arena_init(&exchange->request.arena, ARENA_MAX);
    exchange->loop = loop;
    exchange->track = track;
    exchange->done = (struct message){.receive = exchange_receive};
    exchange->spool_fd = -1;
    exchange->ends_seen = atomic_load(&loop->server->ends);
    track->exchange = exchange;
    return exchange;
}

/* On a thread of the pool that no job holds up: no other was free in time. */
static void exchange_expire(void *job)
{
    struct exchange *exchange = job;
    http_reply_header(&exchange->reply, "retry-after", "5");
    http_reply_problem(&exchange->reply, 503, http_says_busy_late());
    inbox_send(exchange->loop, &exchange->done);
}

/* On a thread of the pool. */
static void exchange_work(void *job, void *worker)
{
    struct exchange *exchange = job;
    if (!atomic_load(&exchange->gone)) {
        exchange->route->handler(&exchange->request, &exchange->reply, worker);
        if (exchange->reply.status == 0)
            exchange->reply.stream = NULL; /* the handler failed: send_reply() says 500 */
        if (exchange->reply.stream != NULL)
            download_make(exchange);
        else if (exchange->request.accepts_gzip && exchange->reply.gzip)
            http_reply_gzip(&exchange->reply);
    }
    inbox_send(exchange->loop, &exchange->done);
}

int exchange_submit(struct exchange *exchange)
{
    struct http_server *server = exchange->loop->server;
    struct conn *conn = exchange->track->conn;
    bool many = conn->address != NULL && conn->jobs >= (int)server->options.max_jobs_per_connection; /* a proxy's carries many people's */
    if (many || atomic_load(&server->job_total) >= server->options.max_jobs || !budget_begin(exchange, BUDGET_JOBS))
        return HEARTH_ERR_FULL;
    exchange->conn = conn;
    exchange->in_pool = true;
    conn->jobs++; /* until the worker is done, not until the client loses interest: else resets would fill the queue without bound */
    conn->refs++;
    exchange->loop->pool_count++;
    atomic_fetch_add(&server->job_total, 1);
    const struct http_pool *pool = exchange->route->pool == NULL ? &server->options.pool : exchange->route->pool;
    int64_t deadline = exchange->request.received + server->options.job_timeout;
    int r = pool->run(pool->self, exchange_work, exchange_expire, exchange, deadline);
    if (r == 0)
        return 0;
    exchange->in_pool = false;
    budget_end(exchange, BUDGET_JOBS);
    conn->jobs--;
    conn->refs--;
    exchange->loop->pool_count--;
    atomic_fetch_sub(&server->job_total, 1);
    return r;
}
