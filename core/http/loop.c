/* The loops: their threads, what they do at each sweep, how they stop. */
#include "http/internal.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/thread.h"

enum { LOOP_STACK = 256 * 1024 };

static void loop_sweep(struct h2o_compat_timer *timer)
{
    struct loop *loop = H2O_STRUCT_FROM_MEMBER(struct loop, sweep, timer);
    uint64_t now = h2o_now(loop->h2o);
    http_conn_sweep(loop, now);
    http_events_heartbeat(loop, now);
    http_memory_sweep(loop);
    http_listener_resume(loop);
    h2o_compat_timer_start(loop->h2o, &loop->sweep);
}

/* h2o keeps the memory of buffers by thread: whatever belongs to a loop is made, used and freed
 * on its own thread. */
static void loop_open(struct loop *loop)
{
    loop->h2o = h2o_evloop_create();
    h2o_context_init(&loop->ctx, loop->h2o, &loop->server->conf);
    http_inbox_open(loop);
    h2o_compat_timer_init(loop->h2o, &loop->sweep, SWEEP, loop_sweep);
}

static void loop_close(struct loop *loop)
{
    h2o_compat_timer_fini(loop->h2o, &loop->sweep);
    h2o_compat_end_shutdown(&loop->ctx);
    http_inbox_close(loop);
    h2o_context_dispose(&loop->ctx);
    h2o_evloop_run(loop->h2o, 0); /* frees the sockets that were closed */
    free(loop->h2o);
}

static void *loop_main(void *arg)
{
    struct loop *loop = arg;
    loop_open(loop);
    http_listener_open(loop);
    sem_post(&loop->server->started); /* from here on it takes messages */
    while (!(loop->stopping && loop->conn_count == 0 && loop->pool_count == 0))
        h2o_evloop_run(loop->h2o, SWEEP);
    sem_post(&loop->server->drained);
    /* whoever sent the last message may still be on its way out of h2o's queue */
    sem_wait(&loop->server->leave);
    loop_close(loop);
    return NULL;
}

static void loop_receive_stop(struct loop *loop, struct message *message)
{
    (void)message; /* the loop's own */
    loop->stopping = true;
    loop->stop_at = h2o_now(loop->h2o) + (uint64_t)loop->server->options.drain_timeout;
    http_listener_close(loop);
    http_events_end_all(loop);
    h2o_context_request_shutdown(&loop->ctx); /* GOAWAY to HTTP/2, Connection: close to HTTP/1 */
    http_conn_end_idle(loop, false);
}

void http_loop_init(struct loop *loop, struct http_server *server, int index)
{
    loop->server = server;
    loop->index = index;
    loop->stop.receive = loop_receive_stop;
    h2o_linklist_init_anchor(&loop->conns);
    h2o_linklist_init_anchor(&loop->observers);
    h2o_linklist_init_anchor(&loop->subscribers);
    for (size_t i = 0; i < HTTP_LISTENERS_MAX; i++)
        loop->fds[i] = -1;
}

void http_loop_fini(struct loop *loop)
{
    if (loop->thread_started)
        pthread_join(loop->thread, NULL);
    for (size_t i = 0; i < HTTP_LISTENERS_MAX; i++) {
        if (loop->fds[i] >= 0)
            close(loop->fds[i]);
        SSL_CTX_free(loop->accept[i].ssl_ctx);
    }
}

int http_loop_start_all(struct http_server *server, struct err *err)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, LOOP_STACK);
    int r = 0;
    for (int i = 0; r == 0 && i < server->loop_count; i++) {
        r = pthread_create(&server->loops[i].thread, &attributes, loop_main, &server->loops[i]);
        server->loops[i].thread_started = r == 0;
        if (r == 0)
            pthread_setname_np(server->loops[i].thread, "http");
    }
    for (int i = 0; i < server->loop_count && server->loops[i].thread_started; i++)
        sem_wait(&server->started);
    pthread_attr_destroy(&attributes);
    return r == 0 ? 0 : thread_failed(err, r, "an HTTP thread");
}

void http_loop_stop_all(struct http_server *server)
{
    for (int i = 0; i < server->loop_count; i++)
        if (server->loops[i].thread_started)
            http_inbox_send(&server->loops[i], &server->loops[i].stop);
    for (int i = 0; i < server->loop_count; i++)
        if (server->loops[i].thread_started)
            sem_wait(&server->drained);
}

/* --- certificates --- */

struct loop_certificate {
    struct message message;
    size_t listener;
    SSL_CTX *tls; /* one reference */
};

static void loop_receive_certificate(struct loop *loop, struct message *message)
{
    struct loop_certificate *fresh =
        H2O_STRUCT_FROM_MEMBER(struct loop_certificate, message, message);
    SSL_CTX *old = loop->accept[fresh->listener].ssl_ctx;
    loop->accept[fresh->listener].ssl_ctx = fresh->tls;
    SSL_CTX_free(old); /* connections hold references of their own */
    free(fresh);
}

void http_loop_send_certificate(struct loop *loop, size_t listener, SSL_CTX *tls)
{
    /* ends the process when memory is short: half a reload is no state */
    struct loop_certificate *fresh = h2o_mem_alloc(sizeof(*fresh));
    SSL_CTX_up_ref(tls);
    *fresh = (struct loop_certificate){
        .message = {.receive = loop_receive_certificate}, .listener = listener, .tls = tls};
    http_inbox_send(loop, &fresh->message);
}
