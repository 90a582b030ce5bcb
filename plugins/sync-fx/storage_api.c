/* Signed requests to the storage server. */
#include "fx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "hawk.h"
#include "text.h"
#include "timestamp.h"
#include "codec/codec.h"

enum { CLOCK_TOLERANCE = 30 * 1000 };

static int storage_sign_request(struct fx_pull *p, const char *url, char *ret_header,
                                size_t capacity)
{
    uint8_t random[8];
    char nonce[2 * sizeof(random) + 1];
    struct fx_url parsed;
    if (fx_url_parse(url, &parsed) != 0)
        return HEARTH_ERR_INVALID;
    p->host->random(p->host, random, sizeof(random));
    codec_hex_encode(random, sizeof(random), nonce);
    struct fx_hawk hawk = {.id = p->state.hawk_id,
                           .key = p->state.hawk_key,
                           .method = "GET",
                           .url = &parsed,
                           .ts = (p->host->now_ms(p->host) + p->state.clock_offset) / 1000,
                           .nonce = nonce};
    return fx_hawk_header(&hawk, ret_header, capacity);
}

/* A signed request, with what it points to. */
struct signed_get {
    char url[FX_URL_MAX + FX_STORAGE_PATH], authorization[FX_HAWK_ID_MAX + 256],
        since[FX_TIMESTAMP_TEXT], what[64];
    struct hearth_http_header headers[4];
    struct fx_request request;
};

static int signed_get_init(struct signed_get *s, struct fx_pull *p, const struct fx_get *get)
{
    snprintf(s->what, sizeof(s->what), "%.*s", (int)strcspn(get->path, "?"), get->path);
    snprintf(s->url, sizeof(s->url), "%s/%s", p->state.endpoint, get->path);
    if (storage_sign_request(p, s->url, s->authorization, sizeof(s->authorization)) != 0)
        return HEARTH_ERR_INTERNAL;
    size_t count = 0;
    s->headers[count++] =
        (struct hearth_http_header)HEARTH_HTTP_HEADER("authorization", s->authorization);
    s->headers[count++] = (struct hearth_http_header)HEARTH_HTTP_HEADER(
        "accept", get->newlines ? "application/newlines" : "application/json");
    if (get->if_modified_since > 0 || get->if_unmodified_since > 0) {
        bool modified = get->if_modified_since > 0;
        fx_timestamp_print(modified ? get->if_modified_since : get->if_unmodified_since, s->since);
        s->headers[count++] = (struct hearth_http_header)HEARTH_HTTP_HEADER(
            modified ? "x-if-modified-since" : "x-if-unmodified-since", s->since);
    }
    s->headers[count++] =
        (struct hearth_http_header)HEARTH_HTTP_HEADER("user-agent", "Hearth/" HEARTH_VERSION);
    s->request = (struct fx_request){.server = FX_SYNC_SERVER,
                                     .origin = FX_NAMED_BY_TOKEN_SERVER,
                                     .what = s->what,
                                     .method = "GET",
                                     .url = s->url,
                                     .headers = s->headers,
                                     .header_count = count,
                                     .max_response = get->max_response,
                                     .ret_body = get->ret_body,
                                     .on_begin = get->on_begin,
                                     .on_data = get->on_data,
                                     .ctx = get->ctx};
    return 0;
}

static void signed_get_fini(struct signed_get *s)
{
    OPENSSL_cleanse(s->authorization, sizeof(s->authorization));
}

void fx_storage_drop_ahead(struct fx_pull *p)
{
    if (p->ahead.exchange != NULL)
        p->sender->cancel(p->host, p->call, p->ahead.exchange);
    p->ahead.exchange = NULL;
}

void fx_storage_ahead(struct fx_pull *p, const struct fx_get *get)
{
    struct signed_get s;
    size_t size = strlen(get->path);
    fx_storage_drop_ahead(p);
    if (p->sender == NULL || size >= sizeof(p->ahead.path) || signed_get_init(&s, p, get) != 0)
        return;
    p->ahead.exchange = fx_exchange_ahead(p, &s.request);
    memcpy(p->ahead.path, get->path, size + 1);
    memcpy(p->ahead.endpoint, p->state.endpoint, FX_URL_MAX);
    p->ahead.if_unmodified_since = get->if_unmodified_since;
    signed_get_fini(&s);
}

/* The exchange of this request, if it was sent ahead, and to where it would go now; another one
 * is of no use any more. */
static void *take_ahead(struct fx_pull *p, const struct fx_get *get)
{
    void *exchange = p->ahead.exchange;
    if (exchange == NULL || get->if_modified_since > 0 || strcmp(p->ahead.path, get->path) != 0 ||
        strcmp(p->ahead.endpoint, p->state.endpoint) != 0 ||
        p->ahead.if_unmodified_since != get->if_unmodified_since) {
        fx_storage_drop_ahead(p);
        return NULL;
    }
    p->ahead.exchange = NULL;
    return exchange;
}

static int storage_send_once(struct fx_pull *p, const struct fx_get *get,
                             struct fx_answer *ret_answer)
{
    struct signed_get s;
    void *ahead = take_ahead(p, get);
    int r = signed_get_init(&s, p, get);
    if (r != 0) {
        if (ahead != NULL)
            p->sender->cancel(p->host, p->call, ahead);
        return fx_break(p, r, fx_says_fault());
    }
    s.request.ahead = ahead;
    r = fx_exchange(p, &s.request, ret_answer);
    signed_get_fini(&s);
    return r;
}

static void note_headers(struct fx_pull *p, const struct fx_answer *answer)
{
    if (answer->server_time >= 0)
        p->state.clock_offset = answer->server_time - p->host->now_ms(p->host);
    if (answer->status < 400 && answer->backoff > p->soft_backoff)
        p->soft_backoff = answer->backoff;
    if (answer->alert[0] != '\0' && !p->alerted) {
        char line[FX_ALERT_MAX + 64];
        snprintf(line, sizeof(line), "the Sync server sent an alert text=\"%s\"", answer->alert);
        p->host->log(p->host, HEARTH_LOG_WARNING, line);
        p->alerted = true;
    }
}

/* How far the server's clock is from the one that the request was signed by: what its Hawk
 * challenge says, else Date, else its own header. 0: they agree, or nothing says. */
static int64_t storage_clock_differs(const struct fx_pull *p, const struct fx_answer *answer)
{
    int64_t ours = p->host->now_ms(p->host) + p->state.clock_offset,
            said[] = {answer->date, answer->weave_time};
    if (answer->hawk_ts >= 0)
        said[0] = said[1] = answer->hawk_ts * 1000;
    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
        if (said[i] >= 0 && llabs(said[i] - ours) > CLOCK_TOLERANCE)
            return said[i] - ours;
    return 0;
}

/* A request that is refused may be signed again, once, by the server's clock. */
struct resign {
    bool done, undone;
    int64_t before; /* the offset that was held for right */
};

/* The request was refused (401, 403). 0: send it again. */
static int storage_on_refused(struct fx_pull *p, const char *what, const struct fx_answer *answer,
                              struct resign *resign)
{
    int64_t differs = storage_clock_differs(p, answer);
    if (differs != 0 && !resign->done) {
        *resign = (struct resign){.done = true, .before = p->state.clock_offset};
        fx_log(p,
               "the Sync server refused a request (%d); its clock differs by %lld s, so it is "
               "signed again",
               answer->status, (long long)differs / 1000);
        p->state.clock_offset += differs;
        return 0;
    }
    if (resign->done && !resign->undone) { /* that was not it */
        resign->undone = true;
        p->state.clock_offset = resign->before;
        differs = storage_clock_differs(p, answer);
    }
    if (fx_answer_is_foreign(answer))
        return fx_end_passing(p, fx_says_storage_foreign(answer->status));
    if (answer->status == 403 && differs == 0)
        return fx_end_status(p, FX_SYNC_SERVER, what, answer);
    if (answer->status == 401 && !p->renewed) {
        p->renewed = true;
        fx_log(p, "the Sync server refused a request (401); new credentials are asked for");
        return fx_token_ensure(p, true);
    }
    p->state.hawk_id[0] = '\0';
    return fx_end(p, HEARTH_ACCOUNT_ERROR,
                  differs == 0
                      ? fx_says_storage_unauthorized()
                      : fx_says_storage_clock(answer->status, hearth_duration_of(llabs(differs))));
}

int fx_storage_get(struct fx_pull *p, const struct fx_get *get, struct fx_answer *ret_answer)
{
    struct resign resign = {0};
    char what[64];
    snprintf(what, sizeof(what), "%.*s", (int)strcspn(get->path, "?"), get->path);
    int r = fx_token_ensure(p, false);
    while (r == 0 && (r = storage_send_once(p, get, ret_answer)) == 0) {
        if (ret_answer->status != 401 && ret_answer->status != 403)
            break;
        r = storage_on_refused(p, what, ret_answer, &resign);
    }
    if (r != 0)
        return r;
    note_headers(p, ret_answer);
    switch (ret_answer->status) {
    case 200:
        return 0;
    case 304:
        return FX_UNCHANGED;
    case 404:
        return fx_answer_is_foreign(ret_answer) && !get->may_be_missing
                   ? fx_end_passing(p, fx_says_storage_foreign(404))
                   : FX_MISSING;
    case 412:
        return FX_MODIFIED;
    default:
        break;
    }
    return fx_end_status(p, FX_SYNC_SERVER, what, ret_answer);
}
