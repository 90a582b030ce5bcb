/* Requests to the accounts server, and who makes them: a Bearer of the token's derived id, or
 * Hawk where the server is older. */
#include "signin.h"

#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>

#include "hawk.h"
#include "codec/codec.h"

enum { AUTHORIZATION_MAX = 2048 };

int fx_json_quote(const char *text, char *ret_json, size_t capacity)
{
    size_t n = 0;
    if (capacity < 3)
        return HEARTH_ERR_FULL;
    ret_json[n++] = '"';
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (n + 8 > capacity)
            return HEARTH_ERR_FULL;
        if (*c == '"' || *c == '\\')
            ret_json[n++] = '\\';
        if (*c < 0x20)
            n += (size_t)snprintf(ret_json + n, 7, "\\u%04x", *c);
        else
            ret_json[n++] = (char)*c;
    }
    ret_json[n++] = '"';
    ret_json[n] = '\0';
    return 0;
}

static int request_make_hawk(struct fx_signin *s, const char *method, const char *url,
                             const struct fx_signin_auth *auth, const char *body,
                             char ret_header[AUTHORIZATION_MAX])
{
    struct fx_token_keys keys;
    struct fx_url parsed;
    char id[2 * FX_SECRET + 1], nonce[17], hash[FX_HAWK_MAC_TEXT];
    uint8_t random[8];
    if (fx_url_parse(url, &parsed) != 0 || fx_token_derive(auth->token, auth->type, &keys) != 0)
        return HEARTH_ERR_INTERNAL;
    const struct hearth_host *host = s->asker.host;
    host->random(host, random, sizeof(random));
    codec_hex_encode(random, sizeof(random), nonce);
    codec_hex_encode(keys.id, FX_SECRET, id);
    if (body != NULL)
        fx_hawk_payload_hash("application/json", body, hash);
    struct fx_hawk signature = {
        .id = id,
        .key = (const char *)keys.hawk,
        .key_size = FX_SECRET,
        .method = method,
        .url = &parsed,
        .ts = (host->now_ms(host) + atomic_load(&s->asker.fx->clock_offset)) / 1000,
        .nonce = nonce,
        .hash = body == NULL ? NULL : hash,
    };
    int r = fx_hawk_header(&signature, ret_header, AUTHORIZATION_MAX);
    OPENSSL_cleanse(&keys, sizeof(keys));
    return r;
}

static int request_authorize(struct fx_signin *s, const char *method, const char *url,
                             const struct fx_signin_auth *auth, const char *body, bool old,
                             char ret_header[AUTHORIZATION_MAX])
{
    struct fx_token_keys keys;
    char id[2 * FX_SECRET + 1];
    if (auth->bearer != NULL)
        return snprintf(ret_header, AUTHORIZATION_MAX, "Bearer %s", auth->bearer) <
                       AUTHORIZATION_MAX
                   ? 0
                   : HEARTH_ERR_FULL;
    if (old)
        return request_make_hawk(s, method, url, auth, body, ret_header);
    if (fx_token_derive(auth->token, auth->type, &keys) != 0)
        return HEARTH_ERR_INTERNAL;
    codec_hex_encode(keys.id, FX_SECRET, id);
    snprintf(ret_header, AUTHORIZATION_MAX, "Bearer %s_%s", auth->prefix, id);
    OPENSSL_cleanse(&keys, sizeof(keys));
    return 0;
}

static int request_send_once(struct fx_signin *s, const char *method, const char *url,
                             const struct fx_signin_auth *auth, const char *body, bool old)
{
    char authorization[AUTHORIZATION_MAX];
    struct hearth_http_header headers[3] = {HEARTH_HTTP_HEADER("accept", "application/json")};
    size_t count = 1;
    if (body != NULL)
        headers[count++] =
            (struct hearth_http_header)HEARTH_HTTP_HEADER("content-type", "application/json");
    if (auth != NULL) {
        int r = request_authorize(s, method, url, auth, body, old, authorization);
        if (r != 0)
            return r;
        headers[count++] =
            (struct hearth_http_header)HEARTH_HTTP_HEADER("authorization", authorization);
    }
    if (s->body.data != NULL) /* what came before may be secret, and what comes now shorter */
        OPENSSL_cleanse(s->body.data, s->body.capacity);
    struct fx_request request = {.server = FX_ACCOUNTS_SERVER,
                                 .what = "signing in",
                                 .method = method,
                                 .url = url,
                                 .headers = headers,
                                 .header_count = count,
                                 .body = body,
                                 .ret_body = &s->body};
    int r = fx_exchange(&s->asker, &request, &s->answer);
    OPENSSL_cleanse(authorization, sizeof(authorization));
    return r;
}

/* Our token is fresh, so a server that does not know it does not know this kind of
 * authorization. */
static bool is_old_server(const struct fx_signin *s, const struct fx_signin_auth *auth, bool old)
{
    struct fx_signin_refusal refusal;
    if (auth == NULL || auth->bearer != NULL || old || s->answer.status != 401)
        return false;
    fx_signin_refusal_read(&s->answer, &refusal);
    return refusal.number == 110 || refusal.number == 109 || refusal.number == 0;
}

static bool clock_was_wrong(struct fx_signin *s, bool old)
{
    struct fx_signin_refusal refusal;
    if (!old || s->answer.status != 401)
        return false;
    fx_signin_refusal_read(&s->answer, &refusal);
    if (refusal.number != 111 || refusal.server_time <= 0)
        return false;
    atomic_store(&s->asker.fx->clock_offset,
                 refusal.server_time * 1000 - s->asker.host->now_ms(s->asker.host));
    return true;
}

int fx_signin_ask(struct fx_signin *s, const char *method, const char *where,
                  const struct fx_signin_auth *auth, const char *body)
{
    char base[FX_URL_MAX], url[FX_URL_MAX + 256];
    struct fx *fx = s->asker.fx;
    bool old = atomic_load(&fx->old_accounts);
    if (where[0] == '/') {
        int r = fx_discover(&s->asker, FX_AUTH_SERVER, false, base);
        if (r != 0)
            return r;
        snprintf(url, sizeof(url), "%s%s", base, where);
    } else {
        snprintf(url, sizeof(url), "%s", where);
    }
    int r = request_send_once(s, method, url, auth, body, old);
    if (r == 0 && is_old_server(s, auth, old)) {
        old = true;
        r = request_send_once(s, method, url, auth, body, old);
        if (r == 0 && clock_was_wrong(s, old))
            r = request_send_once(s, method, url, auth, body, old);
        if (r == 0 && s->answer.status == 200)
            atomic_store(&fx->old_accounts, true);
    } else if (r == 0 && auth != NULL && clock_was_wrong(s, old)) {
        r = request_send_once(s, method, url, auth, body, old);
    }
    return r;
}
