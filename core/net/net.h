/* The shared HTTP client: every request to other servers goes over one libcurl multi handle on a
 * libuv loop in a thread of its own, so that a thousand accounts on one Sync service share a few
 * connections. */
#ifndef HEARTH_CORE_NET_NET_H
#define HEARTH_CORE_NET_NET_H

#include "base/err.h"
#include "hearth/plugin.h"

struct net;

struct net_options {
    /* 0: 4. HTTP/2 hosts need one; further requests wait in the order they came */
    int max_connections_per_host;
    int max_connections;    /* 0: 64 */
    const char *ca_file;    /* NULL: the system's authorities */
    const char *user_agent; /* NULL: "Hearth/VERSION" */
};

int net_start(const struct net_options *options, struct net **ret_net, struct err *err);
/* Cancels what is under way and joins the thread; later fetches fail with CANCELLED. */
void net_stop(struct net *net);
void net_destroy(struct net *net); /* after net_stop(), when no fetch runs any more; accepts NULL */

/* hearth_host.http_fetch: blocks the calling thread, which gets headers and body through the
 * request's callbacks. See plugin.h for its errors. A body waits in 256 KiB at most: then the
 * connection (or its HTTP/2 stream) is not read until the callback has taken some. Answers 429
 * and 503 with Retry-After pause the host: until then fetches to it fail with UNAVAILABLE and
 * the time left in retry_after. */
int net_fetch(struct net *net, struct hearth_call *call, const struct hearth_http_request *request);

/* The same in two steps (hearth_host_ahead): the answer is awaited later. Each exchange is given
 * back by net_finish() or net_cancel(), by the thread that began it, before net_destroy(). */
struct net_exchange;
int net_begin(struct net *net, struct hearth_call *call, const struct hearth_http_request *request,
              struct net_exchange **ret_exchange);
/* request: its callbacks and `ctx` count */
int net_finish(struct net_exchange *exchange, struct hearth_call *call,
               const struct hearth_http_request *request);
void net_cancel(struct net_exchange *exchange);

/* Asks nothing of "host:port" for so many ms (a soft back-off learnt from a header of its own). */
void net_pause_host(struct net *net, const char *host, int64_t ms);

#endif
