/* The life of a request context: made on the loop, lent to the pool, back on the loop, freed
 * when h2o is done with the request. */
#include "base/lock.h"
#include "http/internal.h"

#include <stdlib.h>

enum { ARENA_MAX = 4 << 20 };

void http_context_free(struct request_context *context)
{
    if (context->request.auth != NULL && context->loop->server->options.auth_free != NULL)
        context->loop->server->options.auth_free(context->request.auth);
    http_budget_give(context);
    http_budget_end(context, BUDGET_EXPORTS);
    http_download_fini(context);
    free(context->piece);
    arena_wipe(&context->request.arena); /* a cookie, a bearer token */
    arena_fini(&context->request.arena);
    if (context->route != NULL && context->route->secret && context->reply.body.data != NULL)
        explicit_bzero(context->reply.body.data, context->reply.body.room);
    buf_fini(&context->reply.body);
    http_shared_unref(context->reply.shared);
    buf_fini(&context->outgoing);
    buf_fini(&context->subscriber.pending);
    free(context);
}

/* Back from the pool. */
static void context_receive(struct loop *loop, struct message *message)
{
    struct request_context *context = H2O_STRUCT_FROM_MEMBER(struct request_context, done, message);
    struct conn *conn = context->conn;
    context->in_pool = false;
    loop->pool_count--;
    atomic_fetch_sub(&loop->server->pending_total, 1);
    http_budget_end(context, BUDGET_PENDING);
    conn->pending--;
    http_conn_unref(conn);
    if (context->observer == NULL)
        http_context_free(context);
    else
        http_send_reply(context);
}

struct request_context *http_context_create(struct loop *loop, struct request_observer *observer)
{
    struct request_context *context = calloc(1, sizeof(*context));
    if (context == NULL)
        return NULL;
    arena_init(&context->request.arena, ARENA_MAX);
    context->loop = loop;
    context->observer = observer;
    context->done = (struct message){.receive = context_receive};
    context->spool_fd = -1;
    context->ends_seen = atomic_load(&loop->server->ends);
    observer->context = context;
    return context;
}

/* On a thread of the pool that no request holds up: no other was free in time. */
static void context_expire(void *job)
{
    struct request_context *context = job;
    http_reply_header(&context->reply, "retry-after", "5");
    http_reply_problem(&context->reply, 503, http_says_busy_late());
    http_inbox_send(context->loop, &context->done);
}

/* On a thread of the pool. */
static void context_work(void *job, void *worker)
{
    struct request_context *context = job;
    if (!atomic_load(&context->gone)) {
        context->route->handler(&context->request, &context->reply, worker);
        if (context->reply.status == 0)
            context->reply.stream = NULL; /* the handler failed: http_send_reply() says 500 */
        if (context->reply.stream != NULL)
            http_download_make(context);
        else if (context->reply.coded)
            http_reply_compress(&context->reply, context->request.coding);
    }
    http_inbox_send(context->loop, &context->done);
}

int http_context_submit(struct request_context *context)
{
    struct http_server *server = context->loop->server;
    struct conn *conn = context->observer->conn;
    /* a proxy's carries many people's */
    bool many = conn->address != NULL &&
                conn->pending >= (int)server->limits.max_pending_requests_per_connection;
    if (many || atomic_load(&server->pending_total) >= server->limits.max_pending_requests ||
        !http_budget_begin(context, BUDGET_PENDING))
        return HEARTH_ERR_FULL;
    context->conn = conn;
    context->in_pool = true;
    /* until the worker is done, not until the client loses interest: else resets would fill the
     * queue without bound */
    conn->pending++;
    conn->refs++;
    context->loop->pool_count++;
    atomic_fetch_add(&server->pending_total, 1);
    const struct http_pool *pool =
        context->route->pool == NULL ? &server->options.pool : context->route->pool;
    int64_t deadline = context->request.received + server->options.pending_timeout;
    int r = pool->run(pool->self, context_work, context_expire, context, deadline);
    if (r == 0)
        return 0;
    context->in_pool = false;
    http_budget_end(context, BUDGET_PENDING);
    conn->pending--;
    conn->refs--;
    context->loop->pool_count--;
    atomic_fetch_sub(&server->pending_total, 1);
    return r;
}
