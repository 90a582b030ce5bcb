/* The calling thread's side of an exchange: checks, waiting, callbacks, the meaning of what
 * came. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/metrics.h"
#include "base/str.h"
#include "net/net_internal.h"
#include "plug/call.h"

enum { POLL_STOP = 100, PATIENT = 1000 };

static int read_target(const char *text, struct target *ret_target)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *host = NULL, *port = NULL;
    struct target target = {0};
    int r = 0;
    if (url == NULL || curl_url_set(url, CURLUPART_URL, text, CURLU_PATH_AS_IS) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
        strlen(host) >= sizeof(target.host)) {
        r = HEARTH_ERR_INVALID;
    } else {
        target.https = strcasecmp(scheme, "https") == 0;
        target.loopback = net_policy_is_loopback(host);
        str_copy(target.host, sizeof(target.host), host);
        snprintf(target.place, sizeof(target.place), "%s:%s", host, port);
        if (!target.https && strcasecmp(scheme, "http") != 0)
            r = HEARTH_ERR_DENIED;
    }
    if (r == 0)
        *ret_target = target;
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(url);
    return r;
}

static int fetch_refuse_address(struct hearth_call *call, const char *place, const char *address)
{
    return hearth_fail(
        call, HEARTH_ERR_DENIED,
        "%s was named by another server and is %s, an address of a private network or of this "
        "machine, which only the "
        "configuration may name; private_addresses = yes in the section of that server allows it",
        place, address);
}

/* *ret_allowed: as in struct fetch. */
static int check_url(struct net *net, struct hearth_call *call,
                     const struct hearth_http_request *request, struct target *ret_target,
                     unsigned *ret_allowed)
{
    struct target by = {.loopback = true};
    const char *named_by = request->struct_size > offsetof(struct hearth_http_request, named_by)
                               ? request->named_by
                               : NULL;
    int r = read_target(request->url, ret_target);
    if (r != 0)
        return hearth_fail(call, r,
                           r == HEARTH_ERR_DENIED ? "neither http nor https: %.200s"
                                                  : "not a URL: %.200s",
                           request->url);
    if (named_by != NULL && (r = read_target(named_by, &by)) != 0)
        return hearth_fail(call, r, "not a URL: %.200s", named_by);
    if (!ret_target->https && !request->insecure_http && !ret_target->loopback)
        return hearth_fail(call, HEARTH_ERR_DENIED,
                           "%s is asked without TLS; use https, or set insecure_http = yes in the "
                           "sync section if you know the network",
                           ret_target->place);
    if (!ret_target->https && !request->insecure_http && !by.loopback)
        return hearth_fail(
            call, HEARTH_ERR_DENIED,
            "%s names %s, an address of this machine, without TLS, which is not asked", by.place,
            ret_target->place);
    unsigned allowed = named_by == NULL ? 0 : net_policy_allowed(net, by.host);
    /* also when a proxy would connect */
    if (allowed != 0 && !net_policy_host_is_allowed(ret_target->host, allowed))
        return fetch_refuse_address(call, ret_target->place, ret_target->host);
    *ret_allowed = allowed;
    return 0;
}

/* ms from a Retry-After header: seconds or a date (RFC 9110, 10.2.3); 0: absent or unreadable.
 * At most a day. */
static int64_t parse_retry_after(const char *value)
{
    int64_t seconds;
    if (!str_to_int(value, &seconds)) {
        time_t when = curl_getdate(value, NULL);
        seconds = when < 0 ? 0 : (int64_t)when - clock_now() / 1000;
    }
    if (seconds <= 0)
        return 0;
    return (seconds > 86400 ? 86400 : seconds) * 1000;
}

/* Hands the headers to the caller. Runs without the fetch's lock: after headers_complete nobody
 * changes them. */
static int deliver_response(struct net *net, struct fetch *fetch, const char *host,
                            const struct hearth_http_request *request)
{
    struct hearth_http_header headers[NET_HEADER_COUNT_MAX];
    struct hearth_http_response response = {
        .struct_size = sizeof(response), .status = fetch->status, .headers = headers};
    for (const char *p = fetch->headers.data; response.header_count < fetch->header_count;
         response.header_count++) {
        struct hearth_http_header *h = &headers[response.header_count];
        h->struct_size = sizeof(*h);
        h->name = p;
        h->value = p + strlen(p) + 1;
        p = h->value + strlen(h->value) + 1;
        if (strcmp(h->name, "retry-after") == 0)
            response.retry_after = parse_retry_after(h->value);
    }
    if (response.retry_after > 0 && fetch->outside == NULL &&
        (fetch->status == 429 || fetch->status == 503))
        net_pause_host(net, host, response.retry_after);
    return request->on_response == NULL ? 0 : request->on_response(request->ctx, &response);
}

static void fetch_wait_for_change(struct fetch *fetch)
{
    lock_wait_until(&fetch->changed, &fetch->lock, clock_monotonic() + POLL_STOP);
}

static void fetch_send_end(struct net *net, struct fetch *fetch)
{
    net_command(net, fetch, NET_END);
    lock_take(&fetch->lock);
    while (!fetch->released)
        lock_wait(&fetch->changed, &fetch->lock);
    lock_release(&fetch->lock);
}

/* Runs the callbacks until the exchange is over. True: the caller, or its call, wants no more. */
static bool fetch_receive_answer(struct net *net, struct fetch *fetch, struct hearth_call *call,
                                 const char *host, const struct hearth_http_request *request)
{
    bool delivered = false, stop = false, over = false, resumed = false;
    struct buf taken = {0};
    while (!over && !stop) {
        lock_take(&fetch->lock);
        if (!fetch->done && fetch->body.size == 0 && (delivered || !fetch->headers_complete))
            fetch_wait_for_change(fetch);
        bool answer = fetch->headers_complete && !delivered;
        struct buf swap = fetch->body;
        fetch->body = taken;
        buf_reset(&fetch->body);
        taken = swap;
        over = fetch->done;
        bool paused = fetch->paused;
        lock_release(&fetch->lock);
        if (paused && !over) {
            net_command(net, fetch, NET_RESUME);
            resumed = true;
        }
        if (answer) {
            delivered = true;
            stop = deliver_response(net, fetch, host, request) != 0;
        }
        if (!stop && taken.size > 0 && request->on_body != NULL)
            stop = request->on_body(request->ctx, taken.data, taken.size) != 0;
        buf_reset(&taken);
        stop = stop || (!over && plug_call_should_stop(plug_call_of(call)));
    }
    buf_fini(&taken);
    if (!over || resumed)
        fetch_send_end(net, fetch);
    return stop;
}

/* address: what was named, or what its name means */
static int refuse_outside(struct hearth_call *call, const char *address)
{
    return hearth_fail(call, HEARTH_ERR_DENIED, "it lies at %s, which is no public address",
                       address);
}

static int fetch_conclude(const struct fetch *fetch, struct hearth_call *call, const char *host,
                          bool stopped)
{
    if (stopped)
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "the request to %s was cancelled", host);
    if (fetch->too_large)
        return hearth_fail(call, HEARTH_ERR_FULL, "the answer of %s is larger than allowed", host);
    if (fetch->refused[0] != '\0' && fetch->result != CURLE_OK)
        return fetch->outside != NULL ? refuse_outside(call, fetch->refused)
                                      : fetch_refuse_address(call, host, fetch->refused);
    switch (fetch->result) {
    case CURLE_OK:
        return 0;
    case CURLE_OPERATION_TIMEDOUT:
        return hearth_fail(call, HEARTH_ERR_TIMEOUT, "%s took too long to answer", host);
    case CURLE_ABORTED_BY_CALLBACK:
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "the request to %s was cancelled", host);
    case CURLE_OUT_OF_MEMORY:
        return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory");
    case CURLE_COULDNT_RESOLVE_HOST:
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE, "the name of %s cannot be resolved", host);
    case CURLE_COULDNT_CONNECT:
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE,
                           "%s cannot be reached (connection refused or no route)", host);
    case CURLE_PEER_FAILED_VERIFICATION:
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE,
                           "the certificate of %s is not to be trusted: %s", host,
                           fetch->error_text);
    default:
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE, "the connection to %s failed: %s", host,
                           fetch->error_text[0] != '\0' ? fetch->error_text
                                                        : curl_easy_strerror(fetch->result));
    }
}

/* What net_begin() has begun. */
struct net_exchange {
    struct net *net;
    struct fetch fetch;
    struct target target;
    struct net_outside outside;
    unsigned allowed;
    uint32_t timeout;
};

static void exchange_count(int code)
{
    metrics_add(METRIC(CLIENT_REQUESTS, code < 0 ? "failed" : "ok"), 1);
}

/* The memory of it. */
static void exchange_free(struct net_exchange *x)
{
    net_transfer_fini(&x->fetch);
    pthread_cond_destroy(&x->fetch.changed);
    pthread_mutex_destroy(&x->fetch.lock);
    atomic_fetch_sub(&x->net->under_way, 1);
    free(x);
}

static int exchange_send(struct net_exchange *x, struct hearth_call *call,
                         const struct hearth_http_request *request)
{
    struct err err = {0};
    int r = net_transfer_init(&x->fetch, x->net, request, &x->target, &err);
    if (r < 0)
        return hearth_fail(call, r, "%s", err.text);
    net_command(x->net, &x->fetch, NET_SUBMIT);
    return 0;
}

/* Makes it, and sends it. */
static int exchange_begin(struct net *net, struct hearth_call *call,
                          const struct hearth_http_request *request, const struct target *target,
                          const struct net_outside *outside, unsigned allowed,
                          struct net_exchange **ret_exchange)
{
    int r;
    struct net_exchange *x = calloc(1, sizeof(*x));
    if (x == NULL)
        return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory");
    *x = (struct net_exchange){.net = net,
                               .fetch = {.allowed = allowed},
                               .target = *target,
                               .allowed = allowed,
                               .timeout = request->timeout};
    if (outside != NULL) {
        x->outside = *outside;
        x->fetch.outside = &x->outside;
    }
    pthread_mutex_init(&x->fetch.lock, NULL);
    lock_init_condition(&x->fetch.changed);
    atomic_fetch_add(&net->under_way, 1);
    if (atomic_load(&net->stop))
        r = hearth_fail(call, HEARTH_ERR_CANCELLED, "hearthd stops");
    else
        r = exchange_send(x, call, request);
    if (r < 0) {
        exchange_free(x);
        exchange_count(r);
        return r;
    }
    *ret_exchange = x;
    return 0;
}

int net_begin(struct net *net, struct hearth_call *call, const struct hearth_http_request *request,
              struct net_exchange **ret_exchange)
{
    struct target target;
    unsigned allowed = 0;
    plug_call_of(call)->told = false; /* of an earlier exchange of the call */
    int r = check_url(net, call, request, &target, &allowed);
    if (r < 0)
        return r;
    int64_t left = backoff_left(net->paused, target.place);
    if (left > 0) {
        call->retry_after = left;
        plug_call_of(call)->told = net_outage_lasts(net, target.place);
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE,
                           "%s asked to be left alone for %lld s more", target.place,
                           (long long)(left + 999) / 1000);
    }
    return exchange_begin(net, call, request, &target, NULL, allowed, ret_exchange);
}

int net_begin_outside(struct net *net, struct hearth_call *call,
                      const struct hearth_http_request *request, const struct net_outside *outside,
                      struct net_exchange **ret_exchange)
{
    struct target target;
    struct net_outside_url parts;
    enum net_outside_fault fault =
        net_outside_look(request->url, outside->networks, outside->network_count, &parts);
    plug_call_of(call)->told = false;
    if (fault == NET_OUTSIDE_ADDRESS)
        return refuse_outside(call, "an address of numbers");
    if (fault != NET_OUTSIDE_FINE || read_target(request->url, &target) < 0)
        return hearth_fail(call, HEARTH_ERR_DENIED, "it is no URL that may be asked");
    return exchange_begin(net, call, request, &target, outside, NET_PUBLIC, ret_exchange);
}

int net_finish(struct net_exchange *x, struct hearth_call *call,
               const struct hearth_http_request *request)
{
    struct net *net = x->net;
    plug_call_of(call)->told = false;
    bool stopped = fetch_receive_answer(net, &x->fetch, call, x->target.place, request);
    int r = fetch_conclude(&x->fetch, call, x->target.place, stopped);
    /* says nothing of the server */
    bool short_of_time = r == HEARTH_ERR_TIMEOUT && x->timeout != 0 && x->timeout < PATIENT;
    bool outside = x->fetch.outside != NULL;
    if (!short_of_time && !outside)
        plug_call_of(call)->told = net_note_outage(
            net, x->target.place, r, x->fetch.headers_complete ? x->fetch.status : 0, call->error);
    if (r == 0 && x->allowed == 0 && !x->fetch.proxied && !outside)
        net_policy_learn(net, x->target.host, x->fetch.reached);
    exchange_free(x);
    exchange_count(r);
    return r;
}

void net_cancel(struct net_exchange *x)
{
    fetch_send_end(x->net, &x->fetch);
    exchange_free(x);
    exchange_count(0);
}

int net_fetch(struct net *net, struct hearth_call *call, const struct hearth_http_request *request)
{
    struct net_exchange *exchange;
    int r = net_begin(net, call, request, &exchange);
    return r < 0 ? r : net_finish(exchange, call, request);
}
