/* One exchange as curl sees it: options, and the callbacks that fill the fetch on the network
 * thread. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/lock.h"
#include "base/str.h"
#include "codec/codec.h"
#include "net/net_internal.h"

enum {
    CONNECT_TIMEOUT = 20000,
    DEFAULT_TIMEOUT = 300000,
    SLOW_BYTES = 10,
    SLOW_SECONDS = 60,
    DEFAULT_MAX = 1 << 20
};

static void signal_change(struct fetch *fetch)
{
    pthread_cond_signal(&fetch->changed);
}

/* Keeps "name\0value\0", the name in lower case. */
static bool keep_header(struct fetch *fetch, const char *line, size_t size)
{
    const char *colon = memchr(line, ':', size);
    if (colon == NULL)
        return true;
    const char *value = colon + 1, *end = line + size;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
        end--;
    if (memchr(line, '\0', size) != NULL || fetch->headers.size + size + 2 > NET_HEADERS_MAX ||
        fetch->header_count == NET_HEADER_COUNT_MAX)
        return false;
    for (const char *p = line; p < colon; p++)
        buf_add_char(&fetch->headers, codec_lower(*p));
    buf_add_char(&fetch->headers, '\0');
    buf_add(&fetch->headers, value, (size_t)(end - value));
    buf_add_char(&fetch->headers, '\0');
    fetch->header_count++;
    return !buf_failed(&fetch->headers);
}

static size_t on_header(char *line, size_t one, size_t size, void *ctx)
{
    (void)one;
    struct fetch *fetch = ctx;
    lock_take(&fetch->lock);
    bool ok = true;
    if (size > 5 && strncasecmp(line, "HTTP/", 5) == 0) {
        /* a new answer: 100 Continue or a proxy's came before */
        buf_reset(&fetch->headers);
        fetch->header_count = 0;
    } else if (size <= 2) {
        long status = 0;
        curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
        if (status >= 200) {
            fetch->status = (int)status;
            fetch->headers_complete = true;
            signal_change(fetch);
        }
    } else if (!fetch->headers_complete) { /* trailers are of no use to us */
        ok = keep_header(fetch, line, size);
        fetch->too_large = fetch->too_large || !ok;
    }
    lock_release(&fetch->lock);
    return ok ? size : 0;
}

static size_t transfer_on_body(char *bytes, size_t one, size_t size, void *ctx)
{
    (void)one;
    struct fetch *fetch = ctx;
    size_t result = size;
    lock_take(&fetch->lock);
    if (fetch->received + size > fetch->max_response) {
        fetch->too_large = true;
        result = 0;
    } else if (fetch->body.size > 0 && fetch->body.size + size > NET_WINDOW) {
        fetch->paused = true;
        result = CURL_WRITEFUNC_PAUSE;
    } else {
        fetch->received += size;
        buf_add(&fetch->body, bytes, size);
        if (buf_failed(&fetch->body))
            result = 0;
        signal_change(fetch);
    }
    lock_release(&fetch->lock);
    return result;
}

void net_transfer_done(struct fetch *fetch, CURLcode result)
{
    /* when it is done its caller may give it back at once */
    struct net_outside outside = fetch->outside == NULL ? (struct net_outside){0} : *fetch->outside;
    lock_take(&fetch->lock);
    fetch->result = result;
    fetch->done = true;
    signal_change(fetch);
    lock_release(&fetch->lock);
    if (outside.on_over != NULL)
        outside.on_over(outside.ctx);
}

static bool add_headers(struct fetch *fetch, const struct hearth_http_request *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        struct buf line = {0};
        const struct hearth_http_header *header = HEARTH_AT(request->headers, i);
        buf_printf(&line, "%s: %s", header->name, header->value);
        struct curl_slist *longer =
            buf_failed(&line) ? NULL : curl_slist_append(fetch->headers_out, line.data);
        if (line.data != NULL)
            memset(line.data, 0, line.size); /* it may be a credential */
        buf_fini(&line);
        if (longer == NULL)
            return false;
        fetch->headers_out = longer;
    }
    return true;
}

static void set_method(CURL *easy, const struct hearth_http_request *request)
{
    if (request->body != NULL) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, (const char *)request->body);
    }
    if (strcmp(request->method, "HEAD") == 0)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

/* --- addresses --- */

static bool is_refused(struct fetch *fetch, const struct sockaddr *address, const char *text)
{
    if (fetch->allowed == 0 || fetch->proxied || (fetch->allowed & net_reach_of(address)) != 0)
        return false;
    if (fetch->outside != NULL &&
        net_outside_has(fetch->outside->networks, fetch->outside->network_count, address))
        return false;
    str_cut(fetch->refused, sizeof(fetch->refused), text);
    return true;
}

/* The address is known only now; curl goes on with the next one of the name. */
static curl_socket_t on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    char text[64] = "";
    const void *bytes =
        address->family == AF_INET
            ? (const void *)&((struct sockaddr_in *)(void *)&address->addr)->sin_addr
            : (const void *)&((struct sockaddr_in6 *)(void *)&address->addr)->sin6_addr;
    if (purpose != CURLSOCKTYPE_IPCXN ||
        inet_ntop(address->family, bytes, text, sizeof(text)) == NULL ||
        is_refused(ctx, &address->addr, text))
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* A connection that is there already was perhaps made for somebody who may more. */
static int on_request(void *ctx, char *reached, char *own, int reached_port, int own_port)
{
    (void)own, (void)reached_port, (void)own_port;
    struct fetch *fetch = ctx;
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    str_cut(fetch->reached, sizeof(fetch->reached), reached); /* of numbers: it fits */
    bool refused = inet_pton(AF_INET, reached, &v4.sin_addr) == 1
                       ? is_refused(fetch, (struct sockaddr *)&v4, reached)
                   : inet_pton(AF_INET6, reached, &v6.sin6_addr) == 1
                       ? is_refused(fetch, (struct sockaddr *)&v6, reached)
                       : fetch->allowed != 0 && !fetch->proxied;
    return refused ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static void set_policy(struct fetch *fetch, const struct target *target)
{
    const char *proxy =
        fetch->outside != NULL ? NULL : net_policy_proxy(target->https, target->host);
    curl_easy_setopt(fetch->easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(fetch->easy, CURLOPT_OPENSOCKETDATA, fetch);
    curl_easy_setopt(fetch->easy, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(fetch->easy, CURLOPT_PREREQDATA, fetch);
    fetch->proxied = proxy != NULL && !target->loopback;
    if (target->loopback) /* a proxy of the environment is for the world outside */
        curl_easy_setopt(fetch->easy, CURLOPT_PROXY, "");
    else if (fetch->allowed != 0) { /* whether there is one must be known here */
        curl_easy_setopt(fetch->easy, CURLOPT_PROXY, proxy == NULL ? "" : proxy);
        curl_easy_setopt(fetch->easy, CURLOPT_NOPROXY, "");
    }
}

/* Whoever named the host also says how long its name takes to be looked up: the thread that does so
 * is left behind when the time is over. */
static void set_outside(CURL *easy, const struct net_outside *outside)
{
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)outside->connect_timeout);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}

int net_transfer_init(struct fetch *fetch, const struct net *net,
                      const struct hearth_http_request *request, const struct target *target,
                      struct err *err)
{
    CURL *easy = fetch->easy = curl_easy_init();
    if (easy == NULL || !add_headers(fetch, request))
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    fetch->max_response = request->max_response == 0 ? DEFAULT_MAX : request->max_response;
    long timeout = request->timeout == 0 ? DEFAULT_TIMEOUT : (long)request->timeout;
    set_method(easy, request);
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PRIVATE, (char *)fetch);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fetch->headers_out);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, fetch);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, transfer_on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, fetch->error_text);
    /* also when it was not asked for; others fail */
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, net->user_agent);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, target->https ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)SLOW_SECONDS);
    set_policy(fetch, target);
    if (net->ca_file != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, net->ca_file);
    if (fetch->outside != NULL)
        set_outside(easy, fetch->outside);
    return 0;
}

void net_transfer_fini(struct fetch *fetch)
{
    curl_easy_cleanup(fetch->easy);
    for (struct curl_slist *s = fetch->headers_out; s != NULL; s = s->next)
        memset(s->data, 0, strlen(s->data));
    curl_slist_free_all(fetch->headers_out);
    buf_fini(&fetch->headers);
    buf_fini(&fetch->body);
}
