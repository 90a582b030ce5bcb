/* The shared HTTP client: every request to other servers goes over one libcurl multi handle on a
 * libuv loop in a thread of its own, so that a thousand accounts on one Sync service share a few
 * connections. */
#ifndef HEARTH_CORE_NET_NET_H
#define HEARTH_CORE_NET_NET_H

#include "base/err.h"
#include "base/network.h"
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

/* --- outside.c: what somebody from outside has named: a person's push service --- */

/* May it be asked? */
enum net_outside_fault {
    NET_OUTSIDE_FINE,
    NET_OUTSIDE_NO_URL, /* or one that is too long */
    NET_OUTSIDE_NO_HTTPS,
    NET_OUTSIDE_CREDENTIALS, /* it has a name or a password in it */
    NET_OUTSIDE_ADDRESS      /* written as numbers, or localhost, and not public */
};
enum { NET_OUTSIDE_URL_MAX = 2000, NET_OUTSIDE_HOST_MAX = 256 };
struct net_outside_url {
    char host[NET_OUTSIDE_HOST_MAX]; /* as written, "[::1]" with its brackets */
    /* "https://host" in small letters, ":port" unless it is 443 */
    char origin[NET_OUTSIDE_HOST_MAX + 16];
};
/* networks: which may be reached besides public unicast addresses. A name is looked up by nobody
 * here: what it means is looked at where the connection is made. Any thread. */
enum net_outside_fault net_outside_look(const char *url, const struct network *networks,
                                        size_t network_count, struct net_outside_url *ret_url);

struct net_outside {
    const struct network *networks; /* borrowed until the exchange is given back */
    size_t network_count;
    uint32_t connect_timeout; /* ms */
    /* Network thread, once: net_finish() does not wait any more. Perhaps after a net_finish() that
     * did wait has returned: ctx lives until net_stop(). */
    void (*on_over)(void *ctx);
    void *ctx;
};
/* net_begin() of such a URL: https, and only to what net_outside_look() and the address that is
 * connected to allow (else DENIED); through no proxy. Nothing is learnt of the host or remembered
 * (pauses, outages): that is the caller's business. */
int net_begin_outside(struct net *net, struct hearth_call *call,
                      const struct hearth_http_request *request, const struct net_outside *outside,
                      struct net_exchange **ret_exchange);

/* Asks nothing of "host:port" for so many ms (a soft back-off learnt from a header of its own). */
void net_pause_host(struct net *net, const char *host, int64_t ms);

#endif
