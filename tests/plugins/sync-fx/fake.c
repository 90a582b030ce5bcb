#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <openssl/rand.h>

#include "hawk.h"
#include "text.h"
#include "codec/codec.h"

static struct fake *of_host(const struct hearth_host *host)
{
    return host->data;
}

static void on_log(const struct hearth_host *host, int level, const char *text)
{
    struct fake *f = of_host(host);
    size_t used = strlen(f->log);
    snprintf(f->log + used, sizeof(f->log) - used, "%d %s\n", level, text);
}

static bool on_log_wants(const struct hearth_host *host, int level)
{
    (void)host;
    return level <= HEARTH_LOG_INFO;
}

static const void *on_extension(const struct hearth_host *host, const char *name);

static int64_t on_now(const struct hearth_host *host)
{
    return of_host(host)->now;
}

static int64_t on_monotonic(const struct hearth_host *host)
{
    return of_host(host)->monotonic;
}

static void on_random(const struct hearth_host *host, void *bytes, size_t size)
{
    (void)host;
    assert_int_equal(RAND_bytes(bytes, (int)size), 1);
}

void *fake_alloc(struct fake *f, size_t size)
{
    assert_true(f->allocation_count < sizeof(f->allocations) / sizeof(f->allocations[0]));
    return f->allocations[f->allocation_count++] = calloc(1, size);
}

static void *on_alloc(struct hearth_call *call, size_t size)
{
    return fake_alloc(call->host_data, size);
}

static bool on_should_stop(struct hearth_call *call)
{
    return ((struct fake *)call->host_data)->stop;
}

static void on_metric(const struct hearth_host *host, const char *name, int64_t amount)
{
    (void)host, (void)name, (void)amount;
}

char *fake_text(struct fake *f, const char *format, ...)
{
    va_list ap;
    char *text;
    va_start(ap, format);
    int size = vasprintf(&text, format, ap);
    va_end(ap);
    assert_true(size >= 0);
    assert_true(f->allocation_count < sizeof(f->allocations) / sizeof(f->allocations[0]));
    f->allocations[f->allocation_count++] = text;
    return text;
}

static const char *header_of(const struct hearth_http_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    }
    return NULL;
}

static void check_headers(const struct hearth_http_request *request, const struct fake_step *step)
{
    for (int i = 0; i < 4 && step->wants[i] != NULL; i++) {
        char name[64];
        const char *want = step->wants[i];
        if (want[0] == '!') {
            if (header_of(request, want + 1) != NULL)
                fail_msg("%s: header %s was sent", step->request, want + 1);
            continue;
        }
        size_t n = strcspn(want, ":");
        snprintf(name, sizeof(name), "%.*s", (int)n, want);
        const char *value = header_of(request, name);
        bool part = want[n + 2] == '*';
        if (value == NULL ||
            (part ? strstr(value, want + n + 3) == NULL : strcmp(value, want + n + 2) != 0))
            fail_msg("%s: header %s is %s, not %s", step->request, name,
                     value == NULL ? "absent" : value, want + n + 2);
    }
}

static void take(const char *header, const char *name, char *ret_value, size_t size)
{
    char start[32];
    snprintf(start, sizeof(start), "%s=\"", name);
    const char *at = strstr(header, start);
    assert_non_null(at);
    at += strlen(start);
    snprintf(ret_value, size, "%.*s", (int)strcspn(at, "\""), at);
}

/* The key of the id "hawk-N" is "key-N". */
static void check_hawk(const struct hearth_http_request *request)
{
    char id[128], ts[32], nonce[64], mac[64], key[128], right[FX_HAWK_MAC_TEXT];
    const char *header = header_of(request, "authorization");
    struct fx_url url;
    assert_non_null(header);
    assert_int_equal(strncmp(header, "Hawk ", 5), 0);
    take(header, "id", id, sizeof(id));
    take(header, " ts", ts, sizeof(ts));
    take(header, "nonce", nonce, sizeof(nonce));
    take(header, "mac", mac, sizeof(mac));
    assert_null(strstr(header, "hash="));
    assert_true(strlen(nonce) >= 6);
    snprintf(key, sizeof(key), "key-%s", id + 5);
    assert_int_equal(fx_url_parse(request->url, &url), 0);
    struct fx_hawk hawk = {.id = id,
                           .key = key,
                           .method = request->method,
                           .url = &url,
                           .ts = strtoll(ts, NULL, 10),
                           .nonce = nonce};
    fx_hawk_mac(&hawk, right);
    assert_string_equal(mac, right);
}

/* The rules for every request: POST only for tokens, everything to the storage server is a
 * signed GET. */
static void check_request(const struct hearth_http_request *request)
{
    if (strstr(request->url, "/v1/token") != NULL) {
        assert_string_equal(request->method, "POST");
        return;
    }
    assert_string_equal(request->method, "GET");
    assert_null(request->body);
    if (strstr(request->url, "/1.5/") != NULL && strstr(request->url, "/1.0/sync/1.5") == NULL)
        check_hawk(request);
}

static bool matches(const struct fake_step *step, const char *line)
{
    size_t n = strlen(step->request);
    return n > 0 && step->request[n - 1] == '*' ? strncmp(step->request, line, n - 1) == 0
                                                : strcmp(step->request, line) == 0;
}

static int answer(const struct fake_step *step, const struct hearth_http_request *request)
{
    struct hearth_http_header headers[FAKE_HEADERS];
    char names[FAKE_HEADERS][64];
    struct hearth_http_response response = {
        .struct_size = sizeof(response), .status = step->status, .headers = headers};
    for (int i = 0; i < FAKE_HEADERS && step->headers[i] != NULL; i++) {
        size_t n = strcspn(step->headers[i], ":");
        snprintf(names[i], sizeof(names[i]), "%.*s", (int)n, step->headers[i]);
        headers[response.header_count++] =
            (struct hearth_http_header)HEARTH_HTTP_HEADER(names[i], step->headers[i] + n + 2);
    }
    if (request->on_response(request->ctx, &response) != 0)
        return HEARTH_ERR_CANCELLED;
    size_t size = step->body == NULL ? 0 : strlen(step->body),
           chunk = step->chunk == 0 ? size : step->chunk;
    for (size_t i = 0; i < size; i += chunk) {
        if (request->on_body(request->ctx, step->body + i, size - i < chunk ? size - i : chunk) !=
            0)
            return HEARTH_ERR_CANCELLED;
    }
    return 0;
}

static const struct fake_step *send_request(struct fake *f,
                                            const struct hearth_http_request *request)
{
    char line[4096];
    snprintf(line, sizeof(line), "%s %s", request->method, request->url);
    check_request(request);
    if (f->next == f->step_count)
        fail_msg("unexpected request: %s", line);
    struct fake_step *step = &f->steps[f->next++];
    if (!matches(step, line))
        fail_msg("request %zu is\n  %s\nnot\n  %s", f->next, line, step->request);
    check_headers(request, step);
    if (step->before != NULL)
        step->before();
    return step;
}

static int receive_answer(const struct fake_step *step, struct hearth_call *call,
                          const struct hearth_http_request *request)
{
    if (step->status < 0) {
        call->retry_after = step->retry_after;
        return hearth_fail(call, step->status, "connection refused");
    }
    return answer(step, request);
}

static int on_fetch(const struct hearth_host *host, struct hearth_call *call,
                    const struct hearth_http_request *request)
{
    return receive_answer(send_request(of_host(host), request), call, request);
}

static int on_ahead_begin(const struct hearth_host *host, struct hearth_call *call,
                          const struct hearth_http_request *request, void **ret_exchange)
{
    struct fake *f = of_host(host);
    (void)call;
    assert_null(f->under_way);
    assert_null(request->on_body);
    f->under_way = send_request(f, request);
    *ret_exchange = &f->under_way;
    return 0;
}

static int on_ahead_finish(const struct hearth_host *host, struct hearth_call *call, void *exchange,
                           const struct hearth_http_request *request)
{
    struct fake *f = of_host(host);
    const struct fake_step *step = f->under_way;
    assert_ptr_equal(exchange, &f->under_way);
    assert_non_null(step);
    f->under_way = NULL;
    return receive_answer(step, call, request);
}

static void on_ahead_cancel(const struct hearth_host *host, struct hearth_call *call,
                            void *exchange)
{
    struct fake *f = of_host(host);
    (void)call;
    assert_ptr_equal(exchange, &f->under_way);
    assert_non_null(f->under_way);
    f->under_way = NULL;
    f->cancelled++;
}

static const void *on_extension(const struct hearth_host *host, const char *name)
{
    static const struct hearth_host_ahead ahead = {.struct_size = sizeof(ahead),
                                                   .begin = on_ahead_begin,
                                                   .finish = on_ahead_finish,
                                                   .cancel = on_ahead_cancel};
    return of_host(host)->ahead && strcmp(name, HEARTH_HOST_AHEAD) == 0 ? &ahead : NULL;
}

const struct fx_json *fake_json(struct fx_arena *arena, const char *text)
{
    struct fx_json *json = NULL;
    char *copy = fx_arena_copy(arena, text, strlen(text));
    assert_non_null(copy);
    fx_text_repair_json(copy, strlen(text));
    assert_int_equal(fx_json_parse(arena, copy, strlen(text), &json), 0);
    return json;
}

/* --- life --- */

struct fake *fake_create_with(const char *key, const char *value)
{
    struct fake *f = calloc(1, sizeof(*f));
    const struct hearth_plugin *plugin = hearth_plugin_v2();
    struct hearth_config_value values[16] = {{0}};
    f->now = 1795417500000;
    f->monotonic = 1000000;
    f->host = (struct hearth_host){.struct_size = sizeof(f->host),
                                   .abi_version = HEARTH_ABI_VERSION,
                                   .data = f,
                                   .log = on_log,
                                   .now_ms = on_now,
                                   .monotonic_ms = on_monotonic,
                                   .random = on_random,
                                   .alloc = on_alloc,
                                   .should_stop = on_should_stop,
                                   .metric_add = on_metric,
                                   .http_fetch = on_fetch,
                                   .log_wants = on_log_wants,
                                   .extension = on_extension};
    f->call = (struct hearth_call){.struct_size = sizeof(f->call),
                                   .error = f->error,
                                   .error_size = sizeof(f->error),
                                   .host_data = f};
    f->ops = plugin->operations;
    for (size_t i = 0; i < plugin->config_count; i++) {
        const char *text = plugin->config[i].fallback;
        if (strcmp(plugin->config[i].name, "client_id") == 0)
            text = "0123456789abcdef";
        if (key != NULL && strcmp(plugin->config[i].name, key) == 0)
            text = value;
        if (text == NULL)
            continue;
        int64_t number = strcmp(text, "yes") == 0    ? 1
                         : strcmp(text, "2min") == 0 ? 120000
                                                     : strtoll(text, NULL, 10);
        values[i] = (struct hearth_config_value){
            .struct_size = sizeof(values[i]), .present = true, .text = text, .number = number};
    }
    f->credentials = fake_text(f,
                               "{\"v\":1,\"uid\":\"a1\",\"sync_key\":\"%0128d\",\"kid\":"
                               "\"1700000000000-fNUMTzq7B4ZI0dW2sx4e6w\","
                               "\"access_token\":\"t0ken\"}",
                               0);
    char hex[2 * FX_KEY_SIZE + 1];
    codec_hex_encode(fake_sync_key.bytes, FX_KEY_SIZE, hex);
    memcpy(strstr(f->credentials, "000000"), hex, 128);
    int r = f->ops->open(&f->host, &f->call, values, &f->self);
    if (r == 0)
        assert_int_equal(f->ops->handle_open(f->self, &f->call, &f->handle), 0);
    return f;
}

struct fake *fake_create(void)
{
    return fake_create_with(NULL, NULL);
}

void fake_destroy(struct fake *f)
{
    assert_int_equal(f->next, f->step_count);
    f->ops->handle_close(f->handle);
    f->ops->close(f->self);
    for (size_t i = 0; i < f->allocation_count; i++)
        free(f->allocations[i]);
    free(f);
}

struct fake_step *fake_expect(struct fake *f, const char *request, int status, const char *body)
{
    assert_true(f->step_count < FAKE_STEPS);
    struct fake_step *step = &f->steps[f->step_count++];
    *step = (struct fake_step){.request = request, .status = status, .body = body};
    return step;
}

const char *fake_words(struct fake *f)
{
    hearth_message_render(f->result.message, f->words, sizeof(f->words));
    return f->words;
}

int fake_pull(struct fake *f)
{
    struct hearth_sync_sink sink = fake_sink(f);
    struct hearth_sync_cursor cursors[5];
    struct hearth_pull pull = {.struct_size = sizeof(pull),
                               .account = "acc1",
                               .email = "ada@example.org",
                               .credentials = f->credentials,
                               .credentials_size = strlen(f->credentials),
                               .cursors = cursors,
                               .sink = &sink,
                               .last_sync = f->last_sync};
    char copies[5][4096];
    memcpy(copies, f->cursors, sizeof(copies));
    for (int c = 0; c < 5; c++) {
        if (copies[c][0] != '\0')
            cursors[pull.cursor_count++] = (struct hearth_sync_cursor){
                .struct_size = sizeof(cursors[0]), .collection = c, .text = copies[c]};
    }
    f->events[0] = f->log[0] = f->error[0] = '\0';
    f->open = 0;
    f->result = (struct hearth_pull_result){.struct_size = sizeof(f->result)};
    int r = f->ops->pull(f->handle, &f->call, &pull, &f->result);
    assert_null(f->under_way);
    if (f->next != f->step_count)
        fail_msg("request %zu never came: %s\n(%s)", f->next + 1, f->steps[f->next].request,
                 fake_words(f));
    /* Nothing secret may reach cursors, sentences or the log. */
    for (int c = 0; c < 5; c++)
        assert_null(strstr(f->cursors[c], "t0ken"));
    assert_null(strstr(fake_words(f), "t0ken"));
    assert_null(strstr(f->log, "t0ken"));
    return r;
}

void fake_pull_ends(struct fake *f, int state, const char *words)
{
    assert_int_equal(fake_pull(f), 0);
    if (f->result.state != state || strstr(fake_words(f), words) == NULL)
        fail_msg("state %d, \"%s\"; not %d, \"%s\"", f->result.state, fake_words(f), state, words);
}

void fake_between(int64_t value, int64_t least)
{
    assert_true(value >= least && value <= least + least / 4);
}
