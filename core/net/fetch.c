/* The calling thread's side of an exchange: checks, waiting, callbacks, the meaning of what came. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
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

enum { POLL_STOP = 100, HOST_MAX = 300 };

/* "host:port" in lower case, and whether it is this machine. */
static int check_url(const struct hearth_http_request *request, char ret_host[HOST_MAX], bool *ret_loopback, struct hearth_call *call)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *host = NULL, *port = NULL;
    int r = 0;
    if (url == NULL || curl_url_set(url, CURLUPART_URL, request->url, CURLU_PATH_AS_IS) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK || curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK) {
        r = hearth_fail(call, HEARTH_ERR_INVALID, "not a URL: %.200s", request->url);
    } else {
        struct in_addr v4;
        *ret_loopback = strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
                        (inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127);
        snprintf(ret_host, HOST_MAX, "%s:%s", host, port);
        if (strcmp(scheme, "https") != 0 && (strcmp(scheme, "http") != 0 || (!*ret_loopback && !request->insecure_http)))
            r = hearth_fail(call, HEARTH_ERR_DENIED,
                            "%s is asked without TLS; use https, or set insecure_http = yes in the sync section if you know the network",
                            ret_host);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(url);
    return r;
}

/* ms from a Retry-After header: seconds or a date (RFC 9110, 10.2.3); 0: absent or unreadable. At most a day. */
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

/* Hands the headers to the caller. Runs without the fetch's lock: after headers_complete nobody changes them. */
static int deliver_response(struct net *net, struct fetch *fetch, const char *host, const struct hearth_http_request *request)
{
    struct hearth_http_header headers[NET_HEADER_COUNT_MAX];
    struct hearth_http_response response = {.struct_size = sizeof(response), .status = fetch->status, .headers = headers};
    for (const char *p = fetch->headers.data; response.header_count < fetch->header_count; response.header_count++) {
        struct hearth_http_header *h = &headers[response.header_count];
        h->name = p;
        h->value = p + strlen(p) + 1;
        p = h->value + strlen(h->value) + 1;
        if (strcmp(h->name, "retry-after") == 0)
            response.retry_after = parse_retry_after(h->value);
    }
    if (response.retry_after > 0 && (fetch->status == 429 || fetch->status == 503))
        net_pause_host(net, host, response.retry_after);
    return request->on_response == NULL ? 0 : request->on_response(request->ctx, &response);
}

static void wait_for_change(struct fetch *fetch)
{
    lock_wait_until(&fetch->changed, &fetch->lock, clock_monotonic() + POLL_STOP);
}

static void end(struct net *net, struct fetch *fetch)
{
    net_command(net, fetch, NET_END);
    lock_take(&fetch->lock);
    while (!fetch->released)
        lock_wait(&fetch->changed, &fetch->lock);
    lock_release(&fetch->lock);
}

/* Runs the callbacks until the exchange is over. True: the caller, or its call, wants no more. */
static bool receive(struct net *net, struct fetch *fetch, struct hearth_call *call, const char *host,
                    const struct hearth_http_request *request)
{
    bool delivered = false, stop = false, over = false, resumed = false;
    struct buf taken = {0};
    while (!over && !stop) {
        lock_take(&fetch->lock);
        if (!fetch->done && fetch->body.size == 0 && (delivered || !fetch->headers_complete))
            wait_for_change(fetch);
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
        stop = stop || (!over && call_should_stop(call_of(call)));
    }
    buf_fini(&taken);
    if (!over || resumed)
        end(net, fetch);
    return stop;
}

static int conclude(const struct fetch *fetch, struct hearth_call *call, const char *host, bool stopped)
{
    if (stopped)
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "the request to %s was cancelled", host);
    if (fetch->too_large)
        return hearth_fail(call, HEARTH_ERR_FULL, "the answer of %s is larger than allowed", host);
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
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE, "%s cannot be reached (connection refused or no route)", host);
    case CURLE_PEER_FAILED_VERIFICATION:
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE, "the certificate of %s is not to be trusted: %s", host, fetch->error_text);
    default:
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE, "the connection to %s failed: %s", host,
                           fetch->error_text[0] != '\0' ? fetch->error_text : curl_easy_strerror(fetch->result));
    }
}

static int exchange(struct net *net, struct hearth_call *call, const struct hearth_http_request *request, const char *host, bool loopback)
{
    struct fetch fetch = {0};
    struct err err = {0};
    pthread_mutex_init(&fetch.lock, NULL);
    lock_init_condition(&fetch.changed);
    int r = transfer_init(&fetch, net, request, loopback, &err);
    if (r == 0) {
        net_command(net, &fetch, NET_SUBMIT);
        bool stopped = receive(net, &fetch, call, host, request);
        r = conclude(&fetch, call, host, stopped);
    } else {
        r = hearth_fail(call, r, "%s", err.text);
    }
    transfer_fini(&fetch);
    pthread_cond_destroy(&fetch.changed);
    pthread_mutex_destroy(&fetch.lock);
    return r;
}

int net_fetch(struct net *net, struct hearth_call *call, const struct hearth_http_request *request)
{
    char host[HOST_MAX];
    bool loopback = false;
    int r = check_url(request, host, &loopback, call);
    if (r < 0)
        return r;
    int64_t left = backoff_left(net->paused, host);
    if (left > 0) {
        call->retry_after = left;
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE, "%s asked to be left alone for %lld s more", host, (long long)(left + 999) / 1000);
    }
    atomic_fetch_add(&net->under_way, 1);
    if (atomic_load(&net->stop))
        r = hearth_fail(call, HEARTH_ERR_CANCELLED, "hearthd stops");
    else
        r = exchange(net, call, request, host, loopback);
    atomic_fetch_sub(&net->under_way, 1);
    metric_add(metric_get(METRIC_COUNTER, "http_client_requests", "requests to other servers"), 1);
    if (r < 0)
        metric_add(metric_get(METRIC_COUNTER, "http_client_failures", "requests to other servers without an answer"), 1);
    return r;
}
