/* Way BROWSER: OAuth with PKCE and scoped keys (reference, section 2). */
#include "signin.h"

#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "json_scan.h"
#include "text.h"
#include "codec/codec.h"

enum { CODE_MAX = 129, ADDRESS_MAX = 16384 };

/* --- the address --- */

static int make_secrets(struct fx_signin *s)
{
    uint8_t bytes[32];
    const struct hearth_host *host = s->asker.host;
    host->random(host, bytes, 16);
    codec_base64_encode(CODEC_URL, bytes, 16, s->state.oauth_state);
    host->random(host, bytes, 32);
    codec_base64_encode(CODEC_URL, bytes, 32, s->state.verifier);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return jose_ec_make(&s->state.key);
}

static void keys_jwk(const struct jose_ec_key *key, char ret_text[256])
{
    char json[JOSE_EC_JWK_SIZE];
    jose_ec_jwk(key, json);
    codec_base64_encode(CODEC_URL, (const uint8_t *)json, strlen(json), ret_text);
}

static size_t url_add_parameter(char *url, size_t used, size_t capacity, const char *name,
                                const char *value)
{
    size_t n = (size_t)snprintf(url + used, capacity - used,
                                "%s%s=", used > 0 && strchr(url, '?') != NULL ? "&" : "?", name);
    if (used + n >= capacity ||
        codec_percent_encode(value, "", url + used + n, capacity - used - n) != 0)
        return capacity;
    return used + n + strlen(url + used + n);
}

/* FULL: too long. The same address for the same state: it is shown again when something was
 * wrong. */
static int browser_make_address(struct fx_signin *s, const char *endpoint, char *ret_url,
                                size_t capacity)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    char challenge[48], jwk[256];
    if (EVP_Digest(s->state.verifier, strlen(s->state.verifier), digest, NULL, EVP_sha256(),
                   NULL) != 1)
        return HEARTH_ERR_INTERNAL;
    codec_base64_encode(CODEC_URL, digest, 32, challenge);
    keys_jwk(&s->state.key, jwk);
    const struct fx_config *config = &s->asker.fx->config;
    const char *parameters[][2] = {{"client_id", config->client_id},
                                   {"scope", config->scopes},
                                   {"state", s->state.oauth_state},
                                   {"code_challenge", challenge},
                                   {"code_challenge_method", "S256"},
                                   {"access_type", "offline"},
                                   {"keys_jwk", jwk},
                                   {"response_type", "code"},
                                   {"action", "email"},
                                   {"redirect_uri", config->redirect_uri},
                                   {"email", s->state.email}};
    size_t used = (size_t)snprintf(ret_url, capacity, "%s", endpoint);
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]) && used < capacity; i++)
        if (parameters[i][1][0] != '\0')
            used = url_add_parameter(ret_url, used, capacity, parameters[i][0], parameters[i][1]);
    return used < capacity ? 0 : HEARTH_ERR_FULL;
}

static int browser_show_address(struct fx_signin *s, const struct hearth_sentence *problem)
{
    char endpoint[FX_URL_MAX], url[4096];
    int r = fx_discover(&s->asker, FX_AUTHORIZATION_ENDPOINT, false, endpoint);
    if (r != 0)
        return fx_step_unreachable(s, r);
    r = browser_make_address(s, endpoint, url, sizeof(url));
    return r == 0 ? fx_step_visit(s, url, problem)
                  : hearth_fail(s->asker.call, r, "the address of the sign-in page is too long");
}

int fx_browser_start(struct fx_signin *s)
{
    if (make_secrets(s) != 0)
        return hearth_fail(s->asker.call, HEARTH_ERR_INTERNAL,
                           "a key for the sign-in could not be made");
    return browser_show_address(s, NULL);
}

/* --- what the browser brought --- */

struct returned {
    char code[CODE_MAX], state[64], error[64];
};

static void take_pair(const char *name, size_t name_size, const char *value, size_t size,
                      struct returned *to)
{
    const struct {
        const char *name;
        char *to;
        size_t capacity;
    } wanted[] = {{"code", to->code, sizeof(to->code)},
                  {"state", to->state, sizeof(to->state)},
                  {"error", to->error, sizeof(to->error)}};
    char decoded[512];
    for (size_t i = 0; i < 3; i++) {
        if (strlen(wanted[i].name) != name_size || memcmp(wanted[i].name, name, name_size) != 0 ||
            size >= sizeof(decoded))
            continue;
        codec_percent_decode(CODEC_LENIENT, value, size, decoded, sizeof(decoded), NULL);
        snprintf(wanted[i].to, wanted[i].capacity, "%s", decoded);
    }
}

static void read_query(const char *query, struct returned *ret)
{
    for (const char *p = query; *p != '\0' && *p != '#';) {
        size_t pair = strcspn(p, "&#"), name = 0;
        while (name < pair && p[name] != '=')
            name++;
        if (name < pair)
            take_pair(p, name, p + name + 1, pair - name - 1, ret);
        p += pair + (p[pair] == '&');
    }
}

static bool is_code(const char *text)
{
    size_t size = strlen(text);
    return size >= 16 && size < CODE_MAX && strspn(text, "0123456789abcdefABCDEF") == size;
}

/* A whole address, its query, or the code alone: people copy what they can. */
static void read_pasted(const char *pasted, struct returned *ret)
{
    char trimmed[ADDRESS_MAX];
    const char *at = pasted;
    size_t size = strlen(pasted);
    codec_trim(&at, &size);
    if (size >= sizeof(trimmed))
        return;
    memcpy(trimmed, at, size);
    trimmed[size] = '\0';
    const char *query = strchr(trimmed, '?');
    if (query == NULL && is_code(trimmed))
        snprintf(ret->code, sizeof(ret->code), "%s", trimmed);
    else
        read_query(query != NULL ? query + 1 : trimmed, ret);
}

static bool is_our_state(const struct fx_signin *s, const char *state)
{
    return strlen(state) == strlen(s->state.oauth_state) &&
           CRYPTO_memcmp(state, s->state.oauth_state, strlen(state)) == 0;
}

/* --- the exchange --- */

struct grant {
    char *access, *refresh, *jwe;
    bool bad;
};

static int browser_on_grant(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct grant *grant = ctx;
    char *to = fx_span_is(key, "access_token")    ? grant->access
               : fx_span_is(key, "refresh_token") ? grant->refresh
                                                  : NULL;
    size_t size;
    if (to != NULL &&
        (value->kind != FX_JSON_STRING || fx_span_text(value, to, FX_TOKEN_MAX, &size) != 0 ||
         !fx_text_is_token(to, size, FX_TOKEN_MAX - 1)))
        grant->bad = true;
    if (grant->jwe != NULL && fx_span_is(key, "keys_jwe") &&
        (value->kind != FX_JSON_STRING || fx_span_text(value, grant->jwe, JOSE_JWE_MAX, NULL) != 0))
        grant->jwe[0] = '\0';
    return 0;
}

int fx_signin_take_grant(struct fx_signin *s, char ret_access[FX_TOKEN_MAX], char *ret_jwe)
{
    struct grant grant = {
        .access = ret_access, .refresh = s->made.credentials.refresh_token, .jwe = ret_jwe};
    ret_access[0] = '\0';
    if (ret_jwe != NULL)
        ret_jwe[0] = '\0';
    bool ok = fx_json_scan(s->body.data, s->body.size, browser_on_grant, &grant) == 0 &&
              !grant.bad && ret_access[0] != '\0' && s->made.credentials.refresh_token[0] != '\0';
    return ok ? 0 : HEARTH_ERR_INVALID;
}

static int browser_exchange_code(struct fx_signin *s, const char *code)
{
    char url[FX_URL_MAX], body[512];
    int r = fx_discover(&s->asker, FX_TOKEN_ENDPOINT, false, url);
    if (r != 0)
        return r;
    snprintf(body, sizeof(body),
             "{\"client_id\":\"%s\",\"grant_type\":\"authorization_code\",\"code\":\"%s\",\"code_"
             "verifier\":\"%s\"}",
             s->asker.fx->config.client_id, code, s->state.verifier);
    r = fx_signin_ask(s, "POST", url, NULL, body);
    OPENSSL_cleanse(body, sizeof(body));
    return r;
}

/* {"<scope>": {"kty":"oct", "k": 64 bytes, "kid": …}} */
struct scoped {
    struct fx_signin *s;
    char kty[8];
    bool found, bad;
};

static int scoped_on_key(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct scoped *scoped = ctx;
    struct fx_credentials *c = &scoped->s->made.credentials;
    char text[128];
    uint8_t bytes[96];
    size_t size, length;
    if (value->kind != FX_JSON_STRING || fx_span_text(value, text, sizeof(text), &length) != 0)
        return 0;
    if (fx_span_is(key, "k")) {
        scoped->found =
            codec_base64_decode(CODEC_URL, text, length, bytes, &size) == 0 && size == FX_KEY_SIZE;
        if (scoped->found)
            memcpy(c->sync_key.bytes, bytes, FX_KEY_SIZE);
    } else if (fx_span_is(key, "kid")) {
        snprintf(c->kid, sizeof(c->kid), "%s", length < sizeof(c->kid) ? text : "");
    } else if (fx_span_is(key, "kty")) {
        snprintf(scoped->kty, sizeof(scoped->kty), "%s", text);
    }
    OPENSSL_cleanse(text, sizeof(text));
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return 0;
}

static int on_scope(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct scoped *scoped = ctx;
    char name[128];
    if (fx_span_text(key, name, sizeof(name), NULL) == 0 && strcmp(name, FX_SCOPE_SYNC) == 0)
        scoped->bad = value->kind != FX_JSON_OBJECT ||
                      fx_json_scan(value->at, value->size, scoped_on_key, scoped) != 0;
    return 0;
}

/* 0; INVALID: there is no usable key in it. */
static int take_key(struct fx_signin *s, const char *jwe)
{
    struct scoped scoped = {.s = s};
    char plain[JOSE_JWE_MAX];
    size_t size = 0;
    int r = strlen(jwe) > sizeof(plain)
                ? HEARTH_ERR_INVALID
                : jose_jwe_open(jwe, strlen(jwe), &s->state.key, plain, &size);
    if (r == 0 && (plain[0] != '{' || fx_json_scan(plain, size, on_scope, &scoped) != 0 ||
                   scoped.bad || !scoped.found || strcmp(scoped.kty, "oct") != 0 ||
                   !fx_kid_is_valid(s->made.credentials.kid)))
        r = HEARTH_ERR_INVALID;
    OPENSSL_cleanse(plain, sizeof(plain));
    return r;
}

/* --- who it is --- */

static int on_profile(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct fx_import *made = ctx;
    if (value->kind != FX_JSON_STRING)
        return 0;
    if (fx_span_is(key, "email") &&
        fx_span_text(value, made->email, sizeof(made->email), NULL) != 0)
        made->email[0] = '\0';
    else if (fx_span_is(key, "uid") &&
             fx_span_text(value, made->credentials.uid, sizeof(made->credentials.uid), NULL) != 0)
        made->credentials.uid[0] = '\0';
    else if (fx_span_is(key, "displayName") &&
             fx_span_text(value, made->name, sizeof(made->name), NULL) != 0)
        made->name[0] = '\0';
    return 0;
}

static int read_profile(struct fx_signin *s, const char *access)
{
    char url[FX_URL_MAX];
    struct fx_signin_auth auth = {.bearer = access};
    int r = fx_discover(&s->asker, FX_PROFILE_ENDPOINT, false, url);
    if (r == 0)
        r = fx_signin_ask(s, "GET", url, &auth, NULL);
    if (r != 0)
        return fx_step_unreachable(s, r);
    if (s->answer.status != 200)
        return fx_step_passing(s, "no_profile", fx_asks_no_profile(), 0);
    if (fx_json_scan(s->body.data, s->body.size, on_profile, &s->made) != 0 ||
        !fx_import_is_person(&s->made))
        return fx_step_unusable(s, "no_profile", fx_asks_bad_profile());
    fx_text_plain(s->made.name);
    fx_signin_register_device(s);
    return fx_step_done(s);
}

void fx_signin_register_device(struct fx_signin *s)
{
    char name[1600], body[1700];
    struct fx_signin_auth auth = {.bearer = s->made.credentials.refresh_token};
    if (fx_json_quote(s->state.device_name, name, sizeof(name)) != 0)
        return;
    snprintf(body, sizeof(body), "{\"name\":%s,\"type\":\"desktop\"}", name);
    int r = fx_signin_ask(s, "POST", "/account/device", &auth, body);
    if (r != 0 || s->answer.status != 200) /* the sign-in is good without */
        s->asker.host->log(
            s->asker.host, HEARTH_LOG_WARNING,
            "the accounts server did not take the name of this server for its list of devices");
}

static int browser_complete(struct fx_signin *s)
{
    char access[FX_TOKEN_MAX], jwe[JOSE_JWE_MAX];
    int r = fx_signin_take_grant(s, access, jwe);
    if (r != 0)
        r = fx_step_unusable(s, "server_error", fx_asks_no_tokens());
    else if (jwe[0] == '\0')
        r = fx_step_failed(s, "no_sync_key", fx_asks_no_sync_key(), HEARTH_SIGNIN_PASSWORD, 0);
    else if (take_key(s, jwe) != 0)
        r = fx_step_failed(s, "bad_sync_key", fx_asks_bad_sync_key(), 0, 0);
    else
        r = read_profile(s, access);
    OPENSSL_cleanse(access, sizeof(access));
    OPENSSL_cleanse(jwe, sizeof(jwe));
    return r;
}

/* The OAuth server has numbers of its own for what this request may be refused for. */
static int browser_refused(struct fx_signin *s)
{
    static const int own[][2] = {{101, 162}, {102, 171}, {105, 172}, {106, 173},
                                 {107, 174}, {116, 166}, {117, 175}, {121, 172}};
    struct fx_signin_refusal refusal;
    fx_signin_refusal_read(&s->answer, &refusal);
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]) && s->answer.status < 429; i++) {
        if (refusal.number != own[i][0])
            continue;
        const struct fx_signin_error *error = fx_signin_error(own[i][1]);
        return fx_step_failed(s, error->reason, error->text(), HEARTH_SIGNIN_BROWSER, 0);
    }
    return fx_step_refused(s);
}

int fx_browser_return(struct fx_signin *s)
{
    const char *query = fx_signin_answer(s, "query"), *pasted = fx_signin_answer(s, "address");
    bool returns = s->state.callback[0] != '\0';
    struct returned back = {0};
    struct hearth_sentence other = fx_asks_other_signin(), missing = fx_asks_no_code_pasted();
    if (returns && query != NULL)
        read_query(query, &back);
    else if (pasted != NULL)
        read_pasted(pasted, &back);
    /* any site can send a browser here: the sign-in goes on */
    if (back.state[0] != '\0' ? !is_our_state(s, back.state) : returns)
        return browser_show_address(s, &other);
    if (back.error[0] != '\0') {
        bool declined = strcmp(back.error, "access_denied") == 0;
        return fx_step_failed(s, declined ? "declined" : "oauth_error",
                              declined ? fx_asks_declined() : fx_asks_oauth_error(), 0, 0);
    }
    if (!is_code(back.code))
        return returns ? fx_step_failed(s, "no_code", fx_asks_no_code(), 0, 0)
                       : browser_show_address(s, &missing);
    int r = browser_exchange_code(s, back.code);
    OPENSSL_cleanse(&back, sizeof(back));
    if (r != 0)
        return fx_step_unreachable(s, r);
    return s->answer.status == 200 ? browser_complete(s) : browser_refused(s);
}
