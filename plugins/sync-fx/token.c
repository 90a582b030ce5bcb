/* From access token to Hawk credentials: the token server. */
#include "fx.h"

#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>

#include "json_scan.h"
#include "text.h"
#include "support/buf.h"
#include "support/call.h"

enum { DEFAULT_DURATION = 3600, MAX_DURATION = 86400 };

struct issued {
    char id[FX_HAWK_ID_MAX], key[FX_HAWK_KEY_MAX], endpoint[FX_URL_MAX];
    int64_t uid, duration;
    bool has_uid, other_hash;
};

static void token_read_text(const struct fx_span *value, char *ret_text, size_t capacity)
{
    size_t size;
    if (value->kind != FX_JSON_STRING || fx_span_text(value, ret_text, capacity, &size) != 0 ||
        !fx_text_is_token(ret_text, size, capacity - 1))
        ret_text[0] = '\0';
}

static int on_issued(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct issued *issued = ctx;
    if (fx_span_is(key, "id"))
        token_read_text(value, issued->id, sizeof(issued->id));
    else if (fx_span_is(key, "key"))
        token_read_text(value, issued->key, sizeof(issued->key));
    else if (fx_span_is(key, "api_endpoint"))
        token_read_text(value, issued->endpoint, sizeof(issued->endpoint));
    else if (fx_span_is(key, "uid"))
        issued->has_uid = fx_span_integer(value, &issued->uid) == 0 && issued->uid >= 0;
    else if (fx_span_is(key, "duration"))
        fx_span_integer(value, &issued->duration);
    else if (fx_span_is(key, "hashalg"))
        issued->other_hash = !fx_span_is(value, "sha256");
    return 0;
}

/* The storage server's name for back-offs and sentences. */
static void set_host(struct fx_pull *p, const char *endpoint)
{
    struct fx_url url;
    if (fx_url_parse(endpoint, &url) == 0)
        snprintf(p->result->host, sizeof(p->result->host), "%.240s:%u", url.host, url.port);
}

/* An account that was given another uid or server starts without cursors. */
static int token_settle_account(struct fx_pull *p)
{
    set_host(p, p->state.endpoint);
    if (p->account.endpoint[0] != '\0' &&
        (strcmp(p->account.endpoint, p->state.endpoint) != 0 || p->account.uid != p->state.uid)) {
        p->host->log(p->host, HEARTH_LOG_INFO,
                     "account was moved to another storage server or uid; reading everything anew");
        int r = fx_account_reset(p);
        return r != 0 ? r : FX_MOVED;
    }
    memcpy(p->account.endpoint, p->state.endpoint, FX_URL_MAX);
    p->account.uid = p->state.uid;
    return 0;
}

static int take_issued(struct fx_pull *p, const struct support_buf *body, const char *server)
{
    struct issued issued = {.duration = DEFAULT_DURATION};
    struct fx_url url;
    int r = 0;
    if (fx_json_scan(body->data, body->size, on_issued, &issued) != 0)
        r = fx_end_passing(p, fx_says_token_page());
    else if (issued.id[0] == '\0' || issued.key[0] == '\0' || !issued.has_uid)
        r = fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_no_token_server(server));
    else if (issued.other_hash)
        r = fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_token_hash());
    else if (fx_url_base(issued.endpoint, NULL, p->state.endpoint) != 0 ||
             fx_url_parse(p->state.endpoint, &url) != 0)
        r = fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_no_storage_server());
    else if (!fx_url_may_be_named(&url, server, p->fx->config.insecure_http))
        r = fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_storage_plain_http(p->state.endpoint));
    if (r == 0) {
        int64_t duration = issued.duration < 0              ? 0
                           : issued.duration > MAX_DURATION ? MAX_DURATION
                                                            : issued.duration;
        memcpy(p->state.hawk_id, issued.id, FX_HAWK_ID_MAX);
        memcpy(p->state.hawk_key, issued.key, FX_HAWK_KEY_MAX);
        p->state.uid = issued.uid;
        p->state.hawk_until = support_now(p->host) + duration * 800;
    }
    OPENSSL_cleanse(&issued, sizeof(issued));
    return r;
}

static int token_on_status(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    if (fx_span_is(key, "status") && value->kind == FX_JSON_STRING)
        fx_span_text(value, ctx, 64, NULL);
    return 0;
}

/* FOREIGN: by something in between (a proxy, a portal, a gateway with JSON of its own), which says
 * nothing about the sign-in. */
enum refusal {
    REFUSED_TOKEN,
    REFUSED_CLOCK,
    REFUSED_KEY,
    REFUSED_USER,
    REFUSED_FOREIGN,
    REFUSED_OTHER
};

static enum refusal token_classify_refusal(const struct fx_answer *answer)
{
    static const struct {
        const char *status;
        enum refusal refusal;
    } table[] = {{"invalid-credentials", REFUSED_TOKEN}, {"invalid-generation", REFUSED_TOKEN},
                 {"invalid-timestamp", REFUSED_CLOCK},   {"invalid-client-state", REFUSED_KEY},
                 {"invalid-keysChangedAt", REFUSED_KEY}, {"invalid-key-id", REFUSED_KEY},
                 {"new-users-disabled", REFUSED_USER},   {"error", REFUSED_OTHER}};
    char status[64] = "";
    if (fx_json_scan(answer->error_body, answer->error_body_size, token_on_status, status) != 0 ||
        status[0] == '\0')
        return REFUSED_FOREIGN;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strcmp(status, table[i].status) == 0)
            return table[i].refusal;
    }
    return answer->status == 401 ? REFUSED_FOREIGN : REFUSED_OTHER;
}

static int token_ask_server(struct fx_pull *p, const char *server, struct fx_answer *answer,
                            struct support_buf *body)
{
    char bearer[FX_TOKEN_MAX + 8];
    snprintf(bearer, sizeof(bearer), "Bearer %s", p->state.access_token);
    struct hearth_http_header headers[] = {HEARTH_HTTP_HEADER("authorization", bearer),
                                           HEARTH_HTTP_HEADER("x-keyid", p->credentials.kid),
                                           HEARTH_HTTP_HEADER("accept", "application/json")};
    struct fx_request request = {.server = FX_TOKEN_SERVER,
                                 .origin = FX_CONFIGURED,
                                 .what = "1.0/sync/1.5",
                                 .method = "GET",
                                 .url = server,
                                 .headers = headers,
                                 .header_count = 3,
                                 .ret_body = body};
    int r = fx_exchange(p, &request, answer);
    OPENSSL_cleanse(bearer, sizeof(bearer));
    if (r == 0 && answer->server_time >= 0)
        p->state.clock_offset = answer->server_time - p->host->now_ms(p->host);
    if (r == 0 && answer->status < 400 && answer->backoff > p->soft_backoff)
        p->soft_backoff = answer->backoff;
    return r;
}

static int token_end_refused(struct fx_pull *p, enum refusal refusal,
                             const struct fx_answer *answer)
{
    switch (refusal) {
    case REFUSED_TOKEN:
        return fx_end(p, HEARTH_ACCOUNT_SIGNIN_NEEDED, fx_says_token_signin_refused());
    case REFUSED_CLOCK:
        return fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_token_clock());
    case REFUSED_KEY:
        return fx_end(p, HEARTH_ACCOUNT_SIGNIN_NEEDED, fx_says_token_key());
    case REFUSED_USER:
        return fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_token_no_users());
    case REFUSED_FOREIGN:
        return fx_end_passing(p, fx_says_token_foreign(answer->status));
    case REFUSED_OTHER:
        break;
    }
    if (answer->status == 401)
        return fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_token_misunderstood());
    return fx_end_status(p, FX_TOKEN_SERVER, "1.0/sync/1.5", answer);
}

const char *fx_token_server(const struct fx_pull *p)
{
    return p->credentials.token_server[0] != '\0' ? p->credentials.token_server
                                                  : p->fx->config.token_server;
}

static int token_fetch(struct fx_pull *p)
{
    const char *server = fx_token_server(p);
    bool renewed = false, clock_tried = false;
    struct fx_answer answer;
    struct support_buf body = {0};
    set_host(p, p->account.endpoint[0] != '\0' ? p->account.endpoint : server);
    int r = fx_oauth_ensure(p, false);
    while (r == 0 && (r = token_ask_server(p, server, &answer, &body)) == 0) {
        if (answer.status == 200) {
            r = take_issued(p, &body, server);
            break;
        }
        enum refusal refusal = answer.status == 401 || answer.status == 403
                                   ? token_classify_refusal(&answer)
                                   : REFUSED_OTHER;
        if (refusal == REFUSED_TOKEN && !renewed) {
            renewed = true;
            fx_log(p, "the token server refused the access token (%d); another one is asked for",
                   answer.status);
            r = fx_oauth_ensure(p, true);
        } else if (refusal == REFUSED_CLOCK && !clock_tried) {
            fx_log(p,
                   "the token server refused the time of the request (%d); it is asked again with "
                   "its own clock",
                   answer.status);
            clock_tried = true; /* with the offset that this answer has taught */
        } else {
            r = token_end_refused(p, refusal, &answer);
        }
    }
    support_buf_fini(&body);
    return r;
}

int fx_token_ensure(struct fx_pull *p, bool fresh)
{
    bool usable = p->state.hawk_id[0] != '\0' && support_now(p->host) < p->state.hawk_until;
    if (usable && !fresh &&
        (p->account.endpoint[0] == '\0' ||
         (strcmp(p->account.endpoint, p->state.endpoint) == 0 && p->account.uid == p->state.uid)))
        return token_settle_account(p);
    fx_log(p, "the token server is asked for credentials, because %s",
           fresh                         ? "those in hand were refused"
           : p->state.hawk_id[0] == '\0' ? "there are none in hand"
                                         : "those in hand have run out");
    p->state.hawk_id[0] = '\0';
    int r = token_fetch(p);
    return r != 0 ? r : token_settle_account(p);
}
