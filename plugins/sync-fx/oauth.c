/* From refresh token to access token: the only POST that a pull makes. */
#include "fx.h"

#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>

#include "json_scan.h"
#include "text.h"
#include "support/buf.h"
#include "support/call.h"

enum { TOKEN_LIFE = 21600, ACCESS_TOKEN_UNKNOWN_LIFE = 3600 };

static const struct hearth_http_header json_headers[] = {
    HEARTH_HTTP_HEADER("accept", "application/json"),
    HEARTH_HTTP_HEADER("content-type", "application/json")};

struct grant {
    char access_token[FX_TOKEN_MAX], refresh_token[FX_TOKEN_MAX];
    int64_t expires_in;
};

static void grant_read_token(const struct fx_span *value, char ret_token[FX_TOKEN_MAX])
{
    size_t size;
    if (value->kind != FX_JSON_STRING || fx_span_text(value, ret_token, FX_TOKEN_MAX, &size) != 0 ||
        !fx_text_is_token(ret_token, size, FX_TOKEN_MAX - 1))
        ret_token[0] = '\0';
}

static int refresh_on_grant(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct grant *grant = ctx;
    if (fx_span_is(key, "access_token"))
        grant_read_token(value, grant->access_token);
    else if (fx_span_is(key, "refresh_token"))
        grant_read_token(value, grant->refresh_token);
    else if (fx_span_is(key, "expires_in"))
        fx_span_integer(value, &grant->expires_in);
    return 0;
}

/* A server that hands out a new refresh token has retired the old one: it is stored before
 * anything else. What an older release stored does not say who made it: whoever takes it has. */
static int keep_credentials(struct fx_pull *p, const char *token)
{
    char blob[FX_BLOB_MAX];
    bool renewed = token[0] != '\0' && strcmp(token, p->credentials.refresh_token) != 0,
         unnamed = p->credentials.made_at[0] == '\0';
    if (!renewed && !unnamed)
        return 0;
    if (renewed)
        snprintf(p->credentials.refresh_token, sizeof(p->credentials.refresh_token), "%s", token);
    if (unnamed)
        snprintf(p->credentials.made_at, sizeof(p->credentials.made_at), "%s",
                 p->fx->config.accounts_url);
    size_t size = fx_credentials_format(&p->credentials, blob);
    int r = p->sink->credentials(p->sink->ctx, blob, size);
    OPENSSL_cleanse(blob, sizeof(blob));
    return r < 0 ? fx_break(p, r, fx_says_token_not_stored()) : 0;
}

static int take_grant(struct fx_pull *p, const struct support_buf *body)
{
    struct grant grant = {.expires_in = ACCESS_TOKEN_UNKNOWN_LIFE};
    int r = 0;
    if (fx_json_scan(body->data, body->size, refresh_on_grant, &grant) != 0)
        r = fx_end_passing(p, fx_says_accounts_page("oauth/token"));
    else if (grant.access_token[0] == '\0')
        r = fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_no_access_token());
    else
        r = keep_credentials(p, grant.refresh_token);
    if (r == 0) {
        int64_t life = grant.expires_in < 0       ? 0
                       : grant.expires_in > 86400 ? 86400
                                                  : grant.expires_in;
        memcpy(p->state.access_token, grant.access_token, FX_TOKEN_MAX);
        p->state.access_until = support_now(p->host) + life * 800;
    }
    OPENSSL_cleanse(&grant, sizeof(grant));
    return r;
}

struct own_refusal {
    int64_t number, code;
};

static int on_errno(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct own_refusal *refusal = ctx;
    if (fx_span_is(key, "errno"))
        fx_span_integer(value, &refusal->number);
    else if (fx_span_is(key, "code"))
        fx_span_integer(value, &refusal->code);
    return 0;
}

/* The number that the accounts server refuses with; 0: it is not the accounts server who does. */
static int64_t refusal_number(const struct fx_answer *answer)
{
    struct own_refusal refusal = {.code = answer->status};
    bool own = answer->status >= 400 && answer->status < 500 &&
               fx_json_scan(answer->error_body, answer->error_body_size, on_errno, &refusal) == 0;
    return own && refusal.code == answer->status && refusal.number >= 100 && refusal.number < 1000
               ? refusal.number
               : 0;
}

/* The numbers of the OAuth server and of the accounts server, which newer releases answer with
 * at the same place. */
static int refresh_end_refused(struct fx_pull *p, const struct fx_answer *answer)
{
    static const int dead[] = {108, 110, 115, 119, 121, 122, 138, 164, 182, 104};
    static const int configuration[] = {101, 102, 111, 112, 114, 116, 162, 163, 166, 169, 171, 204};
    int64_t number = refusal_number(answer);
    for (size_t i = 0; i < sizeof(dead) / sizeof(dead[0]); i++) {
        if (number == dead[i])
            return fx_end(p, HEARTH_ACCOUNT_SIGNIN_NEEDED, fx_says_signin_ended());
    }
    /* 114 is "throttled" too, with 429 */
    bool refused = answer->status >= 400 && answer->status <= 403;
    for (size_t i = 0; i < sizeof(configuration) / sizeof(configuration[0]); i++) {
        if (refused && number == configuration[i])
            return fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_client_refused(answer->status, number));
    }
    /* whoever has no number is not the accounts server */
    if ((answer->status == 401 || answer->status == 403) && number == 0)
        return fx_end_passing(p, fx_says_accounts_foreign(answer->status));
    if (answer->status == 401)
        return fx_end(p, HEARTH_ACCOUNT_SIGNIN_NEEDED, fx_says_signin_refused());
    return fx_end_status(p, FX_ACCOUNTS_SERVER, "oauth/token", answer);
}

static int post_refresh(struct fx_pull *p, const char *url, struct fx_answer *answer,
                        struct support_buf *body)
{
    char text[FX_TOKEN_MAX + 512]; /* tokens and ids need no escapes: they were checked */
    snprintf(text, sizeof(text),
             "{\"client_id\":\"%s\",\"grant_type\":\"refresh_token\",\"refresh_token\":\"%s\","
             "\"scope\":\"%s\",\"ttl\":%d}",
             p->fx->config.client_id, p->credentials.refresh_token, FX_SCOPE_SYNC, TOKEN_LIFE);
    struct fx_request request = {.server = FX_ACCOUNTS_SERVER,
                                 .what = "oauth/token",
                                 .method = "POST",
                                 .url = url,
                                 .headers = json_headers,
                                 .header_count = 2,
                                 .body = text,
                                 .ret_body = body};
    int r = fx_exchange(p, &request, answer);
    OPENSSL_cleanse(text, sizeof(text));
    return r;
}

static int refresh_access_token(struct fx_pull *p)
{
    if (p->fx->config.client_id[0] == '\0')
        return fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_no_client_id());
    char url[FX_URL_MAX];
    struct fx_answer answer;
    struct support_buf body = {0};
    int r = fx_discover(p, FX_TOKEN_ENDPOINT, false, url);
    if (r == 0)
        r = post_refresh(p, url, &answer, &body);
    if (r == 0 && (answer.status == 404 || answer.status == 410)) {
        /* moved since it was discovered */
        r = fx_discover(p, FX_TOKEN_ENDPOINT, true, url);
        if (r == 0)
            r = post_refresh(p, url, &answer, &body);
    }
    if (r == 0)
        r = answer.status == 200 ? take_grant(p, &body) : refresh_end_refused(p, &answer);
    support_buf_fini(&body);
    return r;
}

int fx_oauth_ensure(struct fx_pull *p, bool fresh)
{
    if (p->credentials.access_token[0] != '\0') {
        if (fresh)
            return fx_end(p, HEARTH_ACCOUNT_SIGNIN_NEEDED, fx_says_access_token_ended());
        memcpy(p->state.access_token, p->credentials.access_token, FX_TOKEN_MAX);
        return 0;
    }
    if (!fresh && p->state.access_token[0] != '\0' && support_now(p->host) < p->state.access_until)
        return 0;
    fx_log(p, "the accounts server is asked for an access token, because %s",
           fresh ? "the one in hand was refused" : "there is none in hand, or it has run out");
    p->state.access_token[0] = '\0';
    return refresh_access_token(p);
}
