/* libh2o, and all of it whose form depends on its version: this is for 2.2.5 (Debian). What
 * differs in h2o's master is said where it does; to go there, change this header and nothing
 * else. Nothing else includes h2o's headers. */
#ifndef HEARTH_CORE_HTTP_H2O_COMPAT_H
#define HEARTH_CORE_HTTP_H2O_COMPAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <h2o.h>
#include <h2o/http1.h>
#include <h2o/http2.h>
#include <h2o/http2_internal.h> /* it asks for khash.h, which the package lacks: h2o_private/ */
#include <h2o/version.h>

#include "http/strict.h"

#define H2O_COMPAT_VERSION H2O_VERSION

/* --- timers: h2o_timer_t in master, which needs no list for each duration --- */

struct h2o_compat_timer {
    h2o_timeout_t list;
    h2o_timeout_entry_t entry;
    void (*expired)(struct h2o_compat_timer *timer);
};

static inline void h2o_compat_timer_expire(h2o_timeout_entry_t *entry)
{
    struct h2o_compat_timer *timer = H2O_STRUCT_FROM_MEMBER(struct h2o_compat_timer, entry, entry);
    timer->expired(timer);
}

/* Begins to wait: once; again by h2o_compat_timer_start(). */
static inline void h2o_compat_timer_init(h2o_loop_t *loop, struct h2o_compat_timer *timer,
                                         uint64_t ms,
                                         void (*expired)(struct h2o_compat_timer *timer))
{
    h2o_timeout_init(loop, &timer->list, ms);
    timer->entry.cb = h2o_compat_timer_expire;
    timer->expired = expired;
    h2o_timeout_link(loop, &timer->list, &timer->entry);
}

static inline void h2o_compat_timer_start(h2o_loop_t *loop, struct h2o_compat_timer *timer)
{
    h2o_timeout_link(loop, &timer->list, &timer->entry);
}

static inline void h2o_compat_timer_fini(h2o_loop_t *loop, struct h2o_compat_timer *timer)
{
    h2o_timeout_unlink(&timer->entry);
    h2o_timeout_dispose(loop, &timer->list);
}

/* h2o_context_dispose() asserts that the timer of the graceful shutdown is not running. */
static inline void h2o_compat_end_shutdown(h2o_context_t *context)
{
    if (h2o_timeout_is_linked(&context->http2._graceful_shutdown_timeout))
        h2o_timeout_unlink(&context->http2._graceful_shutdown_timeout);
}

/* --- connections and streams --- */

/* Master has no get_socket. */
static inline h2o_socket_t *h2o_compat_socket(const h2o_req_t *req)
{
    return req->conn->callbacks->get_socket(req->conn);
}

/* Tells of each connection that speaks HTTP/2, also of those that have not asked for anything. */
static inline void h2o_compat_each_http2(const h2o_context_t *context,
                                         void (*tell)(h2o_socket_t *sock))
{
    for (const h2o_linklist_t *link = context->http2._conns.next; link != &context->http2._conns;
         link = link->next)
        tell(H2O_STRUCT_FROM_MEMBER(h2o_http2_conn_t, _conns, link)->sock);
}

/* Ends an HTTP/2 connection without requests: its client reads GOAWAY, then it is closed. False: it
 * was told before, and has not read it. There is no public call for that. */
static inline bool h2o_compat_say_goodbye(h2o_socket_t *sock)
{
    h2o_http2_conn_t *conn = sock->data;
    if (conn->state >= H2O_HTTP2_CONN_STATE_HALF_CLOSED)
        return false;
    h2o_http2_encode_goaway_frame(&conn->_write.buf, conn->pull_stream_ids.max_open, 0,
                                  (h2o_iovec_t){NULL, 0});
    conn->state = H2O_HTTP2_CONN_STATE_HALF_CLOSED;
    h2o_http2_conn_request_write(conn);
    return true;
}

/* Ends one HTTP/2 stream, as if its client had cancelled it: the request may be gone afterwards.
 * There is no public call for that. */
static inline void h2o_compat_cancel_stream(h2o_req_t *req)
{
    h2o_http2_conn_t *conn = (h2o_http2_conn_t *)req->conn;
    h2o_http2_stream_t *stream = H2O_STRUCT_FROM_MEMBER(h2o_http2_stream_t, req, req);
    if (conn->state == H2O_HTTP2_CONN_STATE_IS_CLOSING)
        return;
    h2o_http2_encode_rst_stream_frame(&conn->_write.buf, stream->stream_id,
                                      -H2O_HTTP2_ERROR_CANCEL);
    h2o_http2_stream_reset(conn, stream);
    h2o_http2_conn_request_write(conn);
}

/* --- functions that ours take the place of: libh2o calls them through its PLT, so definitions in
 * the executable win --- */

/* Before the definition. The executable must export it: meson.build. */
#define H2O_COMPAT_PREEMPTS __attribute__((visibility("default")))

/* Header blocks of HTTP/2. Master has another function for each kind of block, and a bound on
 * fields of its own. map: of the pseudo headers that were there; NULL for trailers. */
#define H2O_COMPAT_PARSE_BLOCK      h2o_hpack_parse_headers
#define H2O_COMPAT_PARSE_BLOCK_NAME "h2o_hpack_parse_headers"
#define H2O_COMPAT_BLOCK_PARAMETERS                                                                \
    h2o_req_t *req, h2o_hpack_header_table_t *table, const uint8_t *src, size_t len, int *map,     \
        size_t *content_length, h2o_cache_digests_t **digests, const char **err_desc
#define H2O_COMPAT_BLOCK_ARGUMENTS req, table, src, len, map, content_length, digests, err_desc

/* picohttpparser, which libh2o brings and does not declare. */
H2O_COMPAT_PREEMPTS int phr_parse_request(const char *bytes, size_t size, const char **ret_method,
                                          size_t *ret_method_size, const char **ret_target,
                                          size_t *ret_target_size, int *ret_minor,
                                          struct strict_header *headers, size_t *count,
                                          size_t seen);
H2O_COMPAT_PREEMPTS ssize_t phr_decode_chunked(struct strict_chunks *chunks, char *bytes,
                                               size_t *size);

/* --- how its memory is laid out, for who wipes it --- */

/* A pool's newest chunk, the only one that is not full, and how much of it was used, its head
 * included: where the next one is. */
static inline const void *h2o_compat_newest_chunk(const h2o_mem_pool_t *pool)
{
    return pool->chunks;
}

static inline size_t h2o_compat_newest_used(const h2o_mem_pool_t *pool)
{
    return 16 + pool->chunk_offset;
}

/* A pool's large pieces: each begins with the address of the next. */
static inline void **h2o_compat_large_pieces(const h2o_mem_pool_t *pool)
{
    return (void **)pool->directs;
}

/* What h2o_mem_alloc_shared() puts before the bytes. */
struct h2o_compat_shared {
    size_t refs;
    void (*dispose)(void *);
    char bytes[];
};

/* Else it is large, in a file, and unmapped when it is given back. */
static inline bool h2o_compat_in_memory(const h2o_buffer_t *buffer)
{
    return buffer->_fd == -1 && buffer->bytes != NULL;
}

#endif
