/* The table of connections, and the sweep that ends those which cost without asking for
 * anything. h2o 2.2.5 has no write timeout, its HTTP/2 idle timer is re-armed by any frame, and
 * nothing bounds resets; docs/http.md has the list. */
#include "http/internal.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/metrics.h"

enum { STALLED = 1000 }; /* ms without progress, from which on an answer counts as parked */

struct conn *http_conn_of(h2o_req_t *req)
{
    return h2o_compat_socket(req)->on_close.data;
}

void http_conn_unref(struct conn *conn)
{
    if (--conn->refs == 0)
        free(conn);
}

static void conn_on_close(void *data) /* the h2o_socket_t is gone after this */
{
    struct conn *conn = data;
    struct loop *loop = conn->loop;
    conn->sock_closed = true;
    h2o_linklist_unlink(&conn->link);
    loop->conn_count--;
    atomic_fetch_sub(&loop->server->conn_total, 1);
    metrics_add(loop->server->connections, -1);
    http_address_give(loop->server, conn->address);
    conn->closed(loop);
    http_conn_unref(conn);
}

struct conn *http_conn_create(struct loop *loop, h2o_socket_t *sock, struct address_count *address,
                              void (*closed)(struct loop *loop))
{
    struct conn *conn = calloc(1, sizeof(*conn));
    if (conn == NULL)
        return NULL;
    conn->loop = loop;
    conn->sock = sock;
    conn->address = address;
    conn->closed = closed;
    conn->budget = RESET_BUDGET;
    conn->refs = 1;
    conn->last_request = h2o_now(loop->h2o);
    sock->on_close.cb = conn_on_close;
    sock->on_close.data = conn;
    h2o_linklist_insert(&loop->conns, &conn->link);
    loop->conn_count++;
    atomic_fetch_add(&loop->server->conn_total, 1);
    metrics_add(loop->server->connections, 1);
    return conn;
}

void http_conn_kill(struct conn *conn)
{
    int fd;
    if (conn->sock_closed || (fd = h2o_socket_get_fd(conn->sock)) < 0)
        return;
    /* connect(AF_UNSPEC) also drops what is queued in the kernel; after shutdown() alone h2o
     * would parse it all first. */
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (connect(fd, &nobody, sizeof(nobody)) != 0)
        shutdown(fd, SHUT_RDWR);
    metrics_add(conn->loop->server->killed, 1);
}

/* Bytes that led to no request: frames that nobody needs. What requests explain is taken off; a
 * little of the rest is forgiven each time. */
static bool conn_is_flooding(struct conn *conn)
{
    size_t bytes = conn->sock->bytes_read - conn->last_bytes,
           body = conn->loop->server->conf.max_request_entity_size;
    conn->last_bytes = conn->sock->bytes_read;
    conn->unexplained += (int64_t)bytes - (int64_t)conn->explained;
    conn->explained = 0;
    /* bodies under way are explained when they are complete */
    if (conn->unexplained > FLOOD_BYTES + 2 * (int64_t)body)
        return true;
    conn->unexplained = conn->unexplained > FLOOD_BYTES ? conn->unexplained - FLOOD_BYTES : 0;
    return false;
}

/* HTTP/1 keeps what was read of a request in one buffer; h2o takes 400 KB of headers before
 * anybody is asked. */
static bool conn_is_hoarding(const struct conn *conn)
{
    const struct http_server *server = conn->loop->server;
    return conn->inflight == 0 &&
           conn->sock->input->size >
               2 * server->options.max_header_bytes + server->conf.max_request_entity_size;
}

/* What the client has acknowledged: h2o counts an HTTP/1 body as sent when it is handed over,
 * however long the client takes for it. */
static size_t conn_acknowledged_bytes(const struct conn *conn)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);
    int queued = 0, fd = conn->sock_closed ? -1 : h2o_socket_get_fd(conn->sock);
    if (fd >= 0 && getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0)
        return (size_t)info.tcpi_bytes_acked;
    /* a unix socket: it never holds back what a local process reads */
    if (fd >= 0 && ioctl(fd, SIOCOUTQ, &queued) == 0)
        return conn->sock->bytes_written - (size_t)queued;
    return 0;
}

/* Many people share a proxy's connection: of theirs only the stream ends whose reader has
 * stopped, as if the proxy had cancelled it. */
static void observer_give_up(struct request_observer *observer)
{
    if (observer->conn->address != NULL || !observer->conn->http2 || observer->conn->sock_closed) {
        http_conn_kill(observer->conn);
        return;
    }
    if (observer->given_up)
        return;
    observer->given_up = true;
    metrics_add(observer->conn->loop->server->killed, 1);
    h2o_compat_cancel_stream(observer->req);
}

static void observer_sweep(struct loop *loop, struct request_observer *observer, uint64_t now)
{
    struct request_context *context = observer->context;
    if (context != NULL && !http_body_retry(context))
        return; /* it may be gone */
    bool works = context != NULL && context->in_pool && !context->started;
    size_t progress = observer->req->bytes_sent + (observer->conn->http2 || works || observer->waits
                                                       ? 0
                                                       : conn_acknowledged_bytes(observer->conn));
    /* A reader of a byte now and then makes no progress either. */
    if (works || observer->waits || progress - observer->progress >= PROGRESS_BYTES) {
        observer->progress = progress;
        observer->progress_at = now;
    } else if (now - observer->progress_at > (uint64_t)loop->server->limits.stall_timeout) {
        observer_give_up(observer);
        return; /* it may be gone */
    }
    observer->conn->stalled = observer->conn->stalled || now - observer->progress_at > STALLED;
}

/* Together clients hold too much: the one that holds most, and does not move, makes room. Each
 * loop ends one at each sweep. */
static void conn_end_most_stalled(struct loop *loop)
{
    struct conn *most = NULL;
    if (atomic_load(&loop->server->unsent) < loop->server->limits.unsent_total)
        return;
    for (h2o_linklist_t *link = loop->conns.next; link != &loop->conns; link = link->next) {
        struct conn *conn = H2O_STRUCT_FROM_MEMBER(struct conn, link, link);
        if (conn->stalled && conn->address != NULL && (most == NULL || conn->unsent > most->unsent))
            most = conn;
    }
    if (most != NULL)
        http_conn_kill(most);
}

/* A request is in flight once it is there whole. Before that its part stands in HTTP/1's buffer;
 * HTTP/2 connections without a whole request h2o ends by itself, a second after its GOAWAY. */
static bool conn_is_idle(const struct conn *conn)
{
    return conn->inflight == 0 && conn->sock->input->size == 0;
}

void http_conn_end_idle(struct loop *loop, bool http2)
{
    for (h2o_linklist_t *link = loop->conns.next; link != &loop->conns; link = link->next) {
        struct conn *conn = H2O_STRUCT_FROM_MEMBER(struct conn, link, link);
        if (conn_is_idle(conn) && (http2 || !conn->http2))
            shutdown(h2o_socket_get_fd(conn->sock), SHUT_RD);
    }
}

static void conn_note_http2(h2o_socket_t *sock)
{
    struct conn *conn = sock->on_close.data;
    conn->http2 = true;
}

/* h2o does it by itself, but a client that pings is never idle to it. */
static void conn_end_idle(struct conn *conn)
{
    if (!conn->http2 || !h2o_compat_say_goodbye(conn->sock))
        http_conn_kill(conn);
}

void http_conn_sweep(struct loop *loop, uint64_t now)
{
    h2o_linklist_t *link, *next;
    h2o_compat_each_http2(&loop->ctx, conn_note_http2);
    for (link = loop->conns.next; link != &loop->conns; link = next) {
        struct conn *conn = H2O_STRUCT_FROM_MEMBER(struct conn, link, link);
        next = link->next;
        conn->stalled = false;
        bool idle = conn->inflight == 0 &&
                    now - conn->last_request > (uint64_t)loop->server->options.idle_timeout;
        if (conn_is_flooding(conn) || conn_is_hoarding(conn) ||
            (loop->stopping && now >= loop->stop_at))
            http_conn_kill(conn);
        else if (idle)
            conn_end_idle(conn);
    }
    for (link = loop->observers.next; link != &loop->observers; link = next) {
        struct request_observer *observer =
            H2O_STRUCT_FROM_MEMBER(struct request_observer, link, link);
        next = link->next;
        observer_sweep(loop, observer, now);
    }
    conn_end_most_stalled(loop);
    if (loop->stopping)
        http_conn_end_idle(loop, true);
}
