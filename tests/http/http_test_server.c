/* core/http with routes that misbehave on request: slow, gated, large, streamed. The Python tests of this folder drive it.
 *
 *   http-test-server --listen ADDRESS [--tls CERT KEY] [--internal] ... [--LIMIT N] [--proxy NETWORK] [--pool THREADS QUEUE]
 *
 * Prints "ready URL…". SIGHUP reloads certificates, SIGTERM stops and frees everything (so that leaks are seen). */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/str.h"
#include "http/http.h"
#include "pool/pool.h"

enum { BODY_MAX = 64 * 1024, PIECE = 10000, ANSWER_MAX = 64 << 20 };

static struct {
    struct http_server *http;
    atomic_long handlers, jobs, streams, streams_ended, streams_failed, after;
    pthread_mutex_t lock; /* guards the gate */
    pthread_cond_t changed;
    bool gate_open;
    int gate_waits;
    char *large; /* ANSWER_MAX bytes, made at the first use */
    pthread_once_t once;
} t = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .once = PTHREAD_ONCE_INIT};

static int64_t number(const struct http_request *request, const char *name, int64_t fallback)
{
    const char *text = http_parameter(request, name);
    int64_t value;
    return text != NULL && str_to_int(text, &value) ? value : fallback;
}

static void answer_text(struct http_reply *reply, const char *text)
{
    reply->status = 200;
    reply->content_type = "text/plain";
    buf_add_text(&reply->body, text);
}

static void inline_route(struct http_request *request, struct http_reply *ret_reply, void *worker)
{
    atomic_fetch_add(&t.handlers, 1);
    answer_text(ret_reply, worker == NULL ? "inline\n" : "pooled\n");
}

/* ?sleep=MS blocks the pool's thread; ?gate=1 blocks it until POST /gate?open=1. */
static void pooled_route(struct http_request *request, struct http_reply *ret_reply, void *worker)
{
    atomic_fetch_add(&t.jobs, 1);
    int64_t ms = number(request, "sleep", 0);
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    if (ms > 0)
        nanosleep(&pause, NULL);
    if (number(request, "gate", 0) != 0) {
        pthread_mutex_lock(&t.lock);
        t.gate_waits++;
        while (!t.gate_open)
            pthread_cond_wait(&t.changed, &t.lock);
        t.gate_waits--;
        pthread_mutex_unlock(&t.lock);
    }
    inline_route(request, ret_reply, worker);
}

static void gate_route(struct http_request *request, struct http_reply *ret_reply, void *worker)
{
    (void)worker;
    pthread_mutex_lock(&t.lock);
    t.gate_open = number(request, "open", 1) != 0;
    pthread_cond_broadcast(&t.changed);
    pthread_mutex_unlock(&t.lock);
    answer_text(ret_reply, "ok\n");
}

static void make_large(void)
{
    t.large = malloc(ANSWER_MAX);
    for (size_t i = 0; t.large != NULL && i < ANSWER_MAX; i++)
        t.large[i] = (char)('a' + i % 26);
}

/* ?bytes=N from static memory; &copy=1 from the heap, as JSON answers are; &gzip=1 compressed if the client likes. */
static void large_route(struct http_request *request, struct http_reply *ret_reply, void *worker)
{
    (void)worker;
    atomic_fetch_add(&t.handlers, 1);
    pthread_once(&t.once, make_large);
    int64_t size = number(request, "bytes", 0);
    if (size < 0 || size > ANSWER_MAX || t.large == NULL) {
        http_reply_problem(ret_reply, 400, "bad_request", "bytes");
        return;
    }
    ret_reply->status = 200;
    ret_reply->content_type = "text/plain";
    ret_reply->gzip = number(request, "gzip", 0) != 0;
    if (ret_reply->gzip || number(request, "copy", 0) != 0) {
        buf_add(&ret_reply->body, t.large, (size_t)size);
    } else {
        ret_reply->fixed = t.large;
        ret_reply->fixed_size = (size_t)size;
    }
}

struct download {
    int64_t bytes;
    bool fails;
};

static int write_download(struct http_stream *stream, void *ctx)
{
    struct download *download = ctx;
    int r = 0;
    atomic_fetch_add(&t.streams, 1);
    for (int64_t done = 0; r == 0 && done < download->bytes; done += PIECE) {
        size_t n = download->bytes - done < PIECE ? (size_t)(download->bytes - done) : PIECE;
        char piece[PIECE];
        for (size_t i = 0; i < n; i++)
            piece[i] = (char)('a' + (size_t)(done + (int64_t)i) % 26);
        r = http_stream_write(stream, piece, n);
    }
    if (r < 0)
        atomic_fetch_add(&t.streams_failed, 1);
    atomic_fetch_add(&t.streams_ended, 1);
    return r == 0 && download->fails ? HEARTH_ERR_IO : r;
}

static void stream_route(struct http_request *request, struct http_reply *ret_reply, void *worker)
{
    (void)worker;
    struct download *download = arena_alloc(&request->arena, sizeof(*download));
    if (download == NULL)
        return;
    download->bytes = number(request, "bytes", 0);
    download->fails = number(request, "fail", 0) != 0;
    ret_reply->status = 200;
    ret_reply->content_type = "text/csv";
    ret_reply->stream = write_download;
    ret_reply->stream_ctx = download;
}

static void events_route(struct http_request *request, struct http_reply *ret_reply, void *worker)
{
    (void)worker;
    atomic_fetch_add(&t.handlers, 1);
    const char *channel = http_parameter(request, "channel");
    ret_reply->status = 200;
    ret_reply->events_channel = channel == NULL ? "all" : channel;
    if (request->last_event_id != NULL)
        buf_printf(&ret_reply->body, "event: missed\ndata: %s\n\n", request->last_event_id);
}

static void publish_route(struct http_request *request, struct http_reply *ret_reply, void *worker)
{
    (void)worker;
    const char *channel = http_parameter(request, "channel"), *data = http_parameter(request, "data");
    for (int64_t i = 0; i < number(request, "times", 1); i++)
        http_publish(t.http, channel == NULL ? "all" : channel, number(request, "id", 0) + i, "news", data == NULL ? "-" : data);
    answer_text(ret_reply, "ok\n");
}

static void echo_route(struct http_request *request, struct http_reply *ret_reply, void *worker)
{
    (void)worker;
    atomic_fetch_add(&t.handlers, 1);
    ret_reply->status = 200;
    ret_reply->content_type = "application/octet-stream";
    buf_add(&ret_reply->body, request->body, request->body_size);
}

static void status_route(struct http_request *request, struct http_reply *ret_reply, void *worker)
{
    (void)worker;
    ret_reply->status = (int)number(request, "code", 0);
    if (ret_reply->status == 304)
        http_reply_header(ret_reply, "etag", "\"x\"");
    if (http_parameter(request, "header") != NULL)
        http_reply_header(ret_reply, "x-given", http_parameter(request, "header"));
}

/* What a handler is told, one "name=value" a line. */
static void request_route(struct http_request *request, struct http_reply *ret_reply, void *worker)
{
    (void)worker;
    struct buf *out = &ret_reply->body;
    const struct {
        const char *name, *value;
    } texts[] = {{"path", request->path},         {"query", request->query},
                 {"argument", request->argument}, {"remote", request->remote},
                 {"host", request->host},         {"cookie", request->cookie},
                 {"agent", request->user_agent},  {"authorization", request->authorization}};
    answer_text(ret_reply, "");
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].value != NULL)
            buf_printf(out, "%s=%s\n", texts[i].name, texts[i].value);
    buf_printf(out, "method=%d\ntls=%d\nversion=%d\ngzip=%d\n", (int)request->method, request->tls, request->version,
               request->accepts_gzip);
    for (size_t i = 0; i < request->parameter_count; i++)
        buf_printf(out, "?%s=%s\n", request->names[i], request->values[i]);
}

static void add_memory(struct buf *out)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    while (f != NULL && fgets(line, sizeof(line), f) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0 || strncmp(line, "VmHWM:", 6) == 0)
            buf_printf(out, "%.5s=%ld\n", line, strtol(line + 6, NULL, 10));
    if (f != NULL)
        fclose(f);
}

static void counters_route(struct http_request *request, struct http_reply *ret_reply, void *worker)
{
    (void)request;
    (void)worker;
    static const char *const metrics[] = {"http_requests", "http_cancelled", "http_killed", "http_refused"};
    struct buf *out = &ret_reply->body;
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    answer_text(ret_reply, "");
    pthread_mutex_lock(&t.lock);
    buf_printf(out, "gate_waits=%d\n", t.gate_waits);
    pthread_mutex_unlock(&t.lock);
    buf_printf(out, "handlers=%ld\njobs=%ld\nstreams=%ld\nstreams_ended=%ld\nstreams_failed=%ld\nafter=%ld\n", atomic_load(&t.handlers),
               atomic_load(&t.jobs), atomic_load(&t.streams), atomic_load(&t.streams_ended), atomic_load(&t.streams_failed),
               atomic_load(&t.after));
    buf_printf(out, "cpu_us=%lld\n",
               (long long)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 + used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
        buf_printf(out, "%s=%lld\n", metrics[i], (long long)metric_value(metric_get(METRIC_COUNTER, metrics[i], "")));
    buf_printf(out, "http_connections=%lld\n", (long long)metric_value(metric_get(METRIC_GAUGE, "http_connections", "")));
    add_memory(out);
}

static const struct http_route routes[] = {
    {"/inline", HTTP_GET, HTTP_INLINE, inline_route, NULL, 0},
    {"/pooled", HTTP_GET, HTTP_POOLED, pooled_route, NULL, 0},
    {"/gate", HTTP_POST, HTTP_INLINE, gate_route, NULL, 0},
    {"/large", HTTP_GET, HTTP_INLINE, large_route, NULL, 0},
    {"/large-pooled", HTTP_GET, HTTP_POOLED, large_route, NULL, 0},
    {"/stream", HTTP_GET, HTTP_POOLED, stream_route, NULL, 0},
    {"/events", HTTP_GET, HTTP_INLINE, events_route, NULL, 0},
    {"/publish", HTTP_POST, HTTP_INLINE, publish_route, NULL, 0},
    {"/echo", HTTP_POST, HTTP_INLINE, echo_route, NULL, BODY_MAX},
    {"/echo-pooled", HTTP_POST | HTTP_PUT, HTTP_POOLED, echo_route, NULL, BODY_MAX},
    {"/status", HTTP_GET, HTTP_INLINE, status_route, NULL, 0},
    {"/request", HTTP_GET, HTTP_INLINE, request_route, NULL, 0},
    {"/tree/*", HTTP_GET, HTTP_INLINE, request_route, NULL, 0},
    {"/tree/exact", HTTP_GET, HTTP_INLINE, inline_route, NULL, 0},
};

static const struct http_route internal_routes[] = {{"/counters", HTTP_GET, HTTP_INLINE, counters_route, NULL, 0}};

static void after(const struct http_request *request, int status, size_t bytes, int64_t ms, void *ctx)
{
    (void)request, (void)status, (void)bytes, (void)ms, (void)ctx;
    atomic_fetch_add(&t.after, 1);
}

static int open_worker(void *ctx, void **ret_worker, struct err *err)
{
    (void)err;
    *ret_worker = ctx;
    return 0;
}

static void close_worker(void *worker)
{
    (void)worker;
}

static int64_t must_number(const char *text)
{
    int64_t value;
    if (text == NULL || !str_to_int(text, &value)) {
        fprintf(stderr, "not a number: %s\n", text == NULL ? "(nothing)" : text);
        exit(2);
    }
    return value;
}

static bool parse_limit(struct http_options *o, const char *name, const char *text)
{
    const struct {
        const char *name;
        int64_t *time;
        size_t *size;
    } limits[] = {{"--request-timeout", &o->request_timeout, NULL},
                  {"--idle-timeout", &o->idle_timeout, NULL},
                  {"--stall-timeout", &o->stall_timeout, NULL},
                  {"--drain-timeout", &o->drain_timeout, NULL},
                  {"--max-connections", NULL, &o->max_connections},
                  {"--max-connections-per-address", NULL, &o->max_connections_per_address},
                  {"--max-jobs", NULL, &o->max_jobs},
                  {"--max-jobs-per-connection", NULL, &o->max_jobs_per_connection},
                  {"--max-header-bytes", NULL, &o->max_header_bytes},
                  {"--max-header-fields", NULL, &o->max_header_fields}};
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        if (strcmp(limits[i].name, name) != 0)
            continue;
        if (limits[i].time != NULL)
            *limits[i].time = must_number(text);
        else
            *limits[i].size = (size_t)must_number(text);
        return true;
    }
    return false;
}

static struct http_listener listeners[8];
static const char *proxies[8];
static struct pool_options pool_options = {.name = "test", .threads = 2, .queue_limit = 256, .open = open_worker, .close = close_worker};

static void parse(struct http_options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        struct http_listener *last = &listeners[o->listener_count == 0 ? 0 : o->listener_count - 1];
        if (strcmp(argv[i], "--internal") == 0) {
            last->internal = true;
        } else if (strcmp(argv[i], "--listen") == 0 && value != NULL && o->listener_count < 8) {
            listeners[o->listener_count++] = (struct http_listener){.name = "test", .address = value};
            i++;
        } else if (strcmp(argv[i], "--tls") == 0 && i + 2 < argc) {
            last->certificate = argv[++i];
            last->key = argv[++i];
        } else if (strcmp(argv[i], "--proxy") == 0 && value != NULL && o->trusted_proxy_count < 8) {
            proxies[o->trusted_proxy_count++] = argv[++i];
        } else if (strcmp(argv[i], "--threads") == 0) {
            o->threads = (int)must_number(argv[++i]);
        } else if (strcmp(argv[i], "--pool") == 0 && i + 2 < argc) {
            pool_options.threads = (int)must_number(argv[++i]);
            pool_options.queue_limit = (size_t)must_number(argv[++i]);
        } else if (parse_limit(o, argv[i], value)) {
            i++;
        } else {
            fprintf(stderr, "what is %s?\n", argv[i]);
            exit(2);
        }
    }
}

/* Signals are waited for here, so that nothing runs in a handler. */
static void serve(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGTERM);
    for (int signal_number = 0; signal_number != SIGTERM;) {
        struct err err = {0};
        if (sigwait(&signals, &signal_number) != 0)
            return;
        if (signal_number != SIGHUP)
            continue;
        int r = http_reload(t.http, &err);
        printf("reload %d %s\n", r, err.text);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    struct http_options options = {.listeners = listeners, .routes = routes, .internal_routes = internal_routes, .after = after};
    struct pool *pool;
    struct err err = {0};
    sigset_t blocked;
    options.route_count = sizeof(routes) / sizeof(routes[0]);
    options.internal_route_count = sizeof(internal_routes) / sizeof(internal_routes[0]);
    options.trusted_proxies = proxies;
    log_init(LOG_TEXT, HEARTH_LOG_INFO, true);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGHUP);
    sigaddset(&blocked, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    parse(&options, argc, argv);
    pool_options.ctx = &t;
    if (pool_create(&pool_options, &pool, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    options.pool = (struct http_pool){pool, pool_run};
    if (http_start(&options, &t.http, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        pool_stop(pool);
        pool_destroy(pool);
        return 1;
    }
    printf("ready");
    for (size_t i = 0; http_address(t.http, i) != NULL; i++)
        printf(" %s", http_address(t.http, i));
    printf("\n");
    fflush(stdout);
    serve();
    http_stop(t.http);
    pool_stop(pool);
    pool_destroy(pool);
    http_destroy(t.http);
    free(t.large);
    printf("stopped\n");
    return 0;
}
