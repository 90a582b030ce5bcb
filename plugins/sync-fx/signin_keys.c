/* From a proven session to what is kept: sync key, kid, refresh token (reference, sections 1.4,
 * 1.5, 1.7). kB lives in this file alone. */
#include "signin_keys.h"

#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>

#include "json_scan.h"
#include "signin.h"
#include "codec/codec.h"

struct fx_signin_auth fx_signin_session_auth(const struct fx_signin *s)
{
    return (struct fx_signin_auth){
        .prefix = "fxs", .type = "sessionToken", .token = s->state.session_token};
}

void fx_password_end_session(struct fx_signin *s)
{
    if (s->state.has_session == 0)
        return;
    struct fx_signin_auth auth = fx_signin_session_auth(s);
    struct fx_answer answer = s->answer; /* what the step is about */
    int r = fx_signin_ask(s, "POST", "/session/destroy", &auth, "{}");
    if (r != 0 || s->answer.status != 200)
        s->asker.host->log(s->asker.host, HEARTH_LOG_WARNING,
                           "the accounts server did not end the session that was used to sign in");
    s->answer = answer;
    s->state.has_session = 0;
    OPENSSL_cleanse(s->state.session_token, FX_SECRET);
}

static int on_bundle(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    char hex[2 * FX_BUNDLE + 1];
    size_t size;
    if (!fx_span_is(key, "bundle"))
        return 0;
    bool ok = value->kind == FX_JSON_STRING && fx_span_text(value, hex, sizeof(hex), &size) == 0 &&
              codec_hex_decode(hex, size, ctx, FX_BUNDLE) == 0;
    OPENSSL_cleanse(hex, sizeof(hex));
    return ok ? 0 : HEARTH_ERR_INVALID;
}

/* 0 with kB; else *ret_step is what to return. */
static int fetch_kb(struct fx_signin *s, uint8_t ret_kb[FX_SECRET], int *ret_step)
{
    struct fx_signin_auth auth = {
        .prefix = "fxk", .type = "keyFetchToken", .token = s->state.key_fetch_token};
    struct fx_token_keys keys;
    uint8_t bundle[FX_BUNDLE] = {0};
    int r = fx_signin_ask(s, "GET", "/account/keys", &auth, NULL);
    if (r != 0 || s->answer.status != 200) {
        *ret_step = r != 0 ? fx_step_unreachable(s, r) : fx_step_refused(s);
        return HEARTH_ERR_DENIED;
    }
    r = fx_json_scan(s->body.data, s->body.size, on_bundle, bundle);
    if (r == 0)
        r = fx_token_derive(s->state.key_fetch_token, "keyFetchToken", &keys);
    if (r == 0)
        r = fx_bundle_open(keys.bundle, bundle, s->state.unwrap, ret_kb);
    if (r != 0)
        *ret_step = fx_step_unusable(s, "bad_sync_key", fx_asks_bad_sync_key());
    OPENSSL_cleanse(&keys, sizeof(keys));
    OPENSSL_cleanse(bundle, sizeof(bundle));
    OPENSSL_cleanse(s->body.data, s->body.capacity);
    return r;
}

static int rotation_on_timestamp(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    if (fx_span_is(key, "keyRotationTimestamp"))
        fx_span_integer(value, ctx);
    return 0;
}

static int on_scoped(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    char name[128];
    if (fx_span_text(key, name, sizeof(name), NULL) == 0 && strcmp(name, FX_SCOPE_SYNC) == 0 &&
        value->kind == FX_JSON_OBJECT)
        return fx_json_scan(value->at, value->size, rotation_on_timestamp, ctx);
    return 0;
}

/* When the key was made: half of its id. 0 with the time; else *ret_step. */
static int fetch_timestamp(struct fx_signin *s, int64_t *ret_timestamp, int *ret_step)
{
    struct fx_signin_auth auth = fx_signin_session_auth(s);
    char body[256];
    *ret_timestamp = -1;
    snprintf(body, sizeof(body), "{\"client_id\":\"%s\",\"scope\":\"" FX_SCOPE_SYNC "\"}",
             s->asker.fx->config.client_id);
    int r = fx_signin_ask(s, "POST", "/account/scoped-key-data", &auth, body);
    if (r != 0 || s->answer.status != 200) {
        *ret_step = r != 0 ? fx_step_unreachable(s, r) : fx_step_refused(s);
        return HEARTH_ERR_DENIED;
    }
    if (fx_json_scan(s->body.data, s->body.size, on_scoped, ret_timestamp) == 0 &&
        *ret_timestamp >= 0)
        return 0;
    *ret_step = fx_step_unusable(s, "bad_scopes", fx_asks_refused_163());
    return HEARTH_ERR_INVALID;
}

static int fetch_tokens(struct fx_signin *s)
{
    struct fx_signin_auth auth = fx_signin_session_auth(s);
    char access[FX_TOKEN_MAX], body[768];
    snprintf(body, sizeof(body),
             "{\"grant_type\":\"fxa-credentials\",\"client_id\":\"%s\",\"scope\":\"%s\",\"access_"
             "type\":\"offline\"}",
             s->asker.fx->config.client_id, s->asker.fx->config.scopes);
    int r = fx_signin_ask(s, "POST", "/oauth/token", &auth, body);
    if (r != 0)
        return fx_step_unreachable(s, r);
    if (s->answer.status != 200)
        return fx_step_refused(s);
    r = fx_signin_take_grant(s, access, NULL);
    OPENSSL_cleanse(access, sizeof(access));
    if (r != 0)
        return fx_step_unusable(s, "server_error", fx_asks_no_tokens());
    fx_signin_register_device(s);
    snprintf(s->made.email, sizeof(s->made.email), "%s", s->state.email);
    snprintf(s->made.credentials.uid, sizeof(s->made.credentials.uid), "%s", s->state.uid);
    if (!fx_import_is_person(&s->made))
        return fx_step_passing(s, "server_error", fx_asks_bad_profile(), 0);
    return fx_step_done(s);
}

int fx_signin_keys(struct fx_signin *s)
{
    uint8_t kb[FX_SECRET];
    int64_t timestamp;
    struct fx_credentials *c = &s->made.credentials;
    int step = 0;
    int r = fetch_kb(s, kb, &step);
    if (r == 0)
        r = fetch_timestamp(s, &timestamp, &step);
    if (r == 0 &&
        (fx_sync_key(kb, &c->sync_key) != 0 || fx_kid(kb, timestamp, c->kid, sizeof(c->kid)) != 0))
        r = step = hearth_fail(s->asker.call, HEARTH_ERR_INTERNAL, "the keys could not be derived");
    OPENSSL_cleanse(kb, sizeof(kb));
    if (r == 0)
        step = fetch_tokens(s);
    bool goes_on = s->step.kind == HEARTH_SIGNIN_ASK || s->step.kind == HEARTH_SIGNIN_WAIT;
    if (step != 0 || !goes_on)
        fx_password_end_session(s);
    return step;
}
