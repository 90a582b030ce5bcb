#include "auth/oidc.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "auth/oidc_internal.h"
#include "base/clock.h"
#include "base/email.h"
#include "base/lock.h"
#include "base/magic.h"
#include "base/str.h"
#include "codec/codec.h"

enum { DOCUMENT_LIFE = 24 * 3600 * 1000, KEYS_PAUSE = 60 * 1000, KEYS_LIFE = 24 * 3600 * 1000 };

int auth_oidc_create(const struct oidc_config *config, struct net *net, struct oidc **ret_oidc,
                     struct err *err)
{
    struct oidc *oidc = calloc(1, sizeof(*oidc));
    if (oidc == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    oidc->config = *config;
    oidc->net = net;
    pthread_mutex_init(&oidc->lock, NULL);
    int r = 0;
    if (config->issuer == NULL || config->client_id == NULL)
        r = err_set(err, HEARTH_ERR_INVALID, "[oidc %s] needs issuer and client_id", config->name);
    else if (!auth_oidc_url_is_allowed(oidc, config->issuer))
        r = err_set(err, HEARTH_ERR_INVALID,
                    "[oidc %s] issuer must be an https address (or insecure_http = yes)",
                    config->name);
    if (r < 0)
        auth_oidc_destroy(oidc);
    else
        *ret_oidc = oidc;
    return r;
}

void auth_oidc_destroy(struct oidc *oidc)
{
    if (oidc == NULL)
        return;
    json_decref(oidc->document);
    json_decref(oidc->keys);
    pthread_mutex_destroy(&oidc->lock);
    free(oidc);
}

const char *auth_oidc_issuer(const struct oidc *oidc)
{
    return oidc->config.issuer;
}

/* --- what the provider says of itself --- */

/* What several threads use is counted under the lock: jansson's counts are not meant for them. */
static void oidc_unref_shared(struct oidc *oidc, json_t *object)
{
    lock_take(&oidc->lock);
    json_decref(object);
    lock_release(&oidc->lock);
}

/* *ret_document: oidc_unref_shared(). */
static int oidc_discover(struct oidc *oidc, struct call *call, json_t **ret_document,
                         struct err *err)
{
    lock_take(&oidc->lock);
    json_t *document =
        clock_monotonic() < oidc->document_until ? json_incref(oidc->document) : NULL;
    lock_release(&oidc->lock);
    if (document != NULL) {
        *ret_document = document;
        return 0;
    }
    struct buf url = {0};
    size_t size = strlen(oidc->config.issuer);
    buf_printf(&url, "%s%s.well-known/openid-configuration", oidc->config.issuer,
               oidc->config.issuer[size - 1] == '/' ? "" : "/");
    int r = buf_failed(&url) ? err_set(err, HEARTH_ERR_NOMEM, "out of memory")
                             : auth_oidc_fetch(oidc, call, url.data, NULL, NULL, OIDC_ANSWER_MAX,
                                               &document, err);
    buf_fini(&url);
    if (r < 0)
        return r;
    const char *issuer = json_string_value(json_object_get(document, "issuer"));
    static const char *const needed[] = {"authorization_endpoint", "token_endpoint", "jwks_uri"};
    if (issuer == NULL || strcmp(issuer, oidc->config.issuer) != 0)
        r = err_set(err, HEARTH_ERR_INVALID,
                    "[oidc %s] calls itself %.200s: set issuer to exactly that", oidc->config.name,
                    issuer == NULL ? "nothing" : issuer);
    for (size_t i = 0; r == 0 && i < 3; i++)
        if (!auth_oidc_url_is_allowed(oidc,
                                      json_string_value(json_object_get(document, needed[i]))))
            r = err_set(err, HEARTH_ERR_INVALID, "[oidc %s] names no usable %s", oidc->config.name,
                        needed[i]);
    if (r < 0) {
        json_decref(document);
        return r;
    }
    lock_take(&oidc->lock);
    json_decref(oidc->document);
    oidc->document = json_incref(document);
    oidc->document_until = clock_monotonic() + DOCUMENT_LIFE;
    lock_release(&oidc->lock);
    *ret_document = document;
    return 0;
}

/* `anew`: a key is missing; asked for at most once a minute. *ret_keys: oidc_unref_shared(). */
static int oidc_get_keys(struct oidc *oidc, struct call *call, const json_t *document, bool anew,
                         json_t **ret_keys, struct err *err)
{
    int64_t now = clock_monotonic();
    lock_take(&oidc->lock);
    int64_t age = oidc->keys == NULL ? INT64_MAX : now - oidc->keys_read;
    json_t *keys = age < (anew ? KEYS_PAUSE : KEYS_LIFE) ? json_incref(oidc->keys) : NULL;
    lock_release(&oidc->lock);
    int r = 0;
    if (keys == NULL) {
        r = auth_oidc_fetch(oidc, call, json_string_value(json_object_get(document, "jwks_uri")),
                            NULL, NULL, OIDC_KEYS_MAX, &keys, err);
        if (r < 0)
            return r;
        lock_take(&oidc->lock);
        json_decref(oidc->keys);
        oidc->keys = json_incref(keys);
        oidc->keys_read = now;
        lock_release(&oidc->lock);
    }
    *ret_keys = keys;
    return r;
}

/* --- the beginning --- */

static void make_secret(char ret[OIDC_SECRET_SIZE])
{
    uint8_t bytes[32];
    char text[48];
    ASSERT(RAND_priv_bytes(bytes, sizeof(bytes)) == 1);
    codec_base64_encode(CODEC_URL, bytes, sizeof(bytes), text);
    memcpy(ret, text, OIDC_SECRET_SIZE);
    OPENSSL_cleanse(bytes, sizeof(bytes));
}

static void form_add_parameter(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "%s%s=", out->size == 0 ? "" : "&", name);
    size_t room = strlen(value) * 3 + 1;
    char *to = buf_reserve(out, room);
    if (to != NULL && codec_percent_encode(value, "", to, room) == 0)
        buf_grew(out, strlen(to));
}

int auth_oidc_begin(struct oidc *oidc, struct call *call, const char *callback, bool fresh,
                    struct oidc_attempt *ret_attempt, char ret_url[OIDC_URL_SIZE], struct err *err)
{
    json_t *document;
    uint8_t digest[32];
    char challenge[48];
    int r = oidc_discover(oidc, call, &document, err);
    if (r < 0)
        return r;
    make_secret(ret_attempt->state);
    make_secret(ret_attempt->nonce);
    make_secret(ret_attempt->verifier);
    ret_attempt->began = clock_now() / 1000;
    ret_attempt->fresh = fresh;
    ASSERT(EVP_Digest(ret_attempt->verifier, strlen(ret_attempt->verifier), digest, NULL,
                      EVP_sha256(), NULL) == 1);
    codec_base64_encode(CODEC_URL, digest, sizeof(digest), challenge);
    const char *endpoint = json_string_value(json_object_get(document, "authorization_endpoint"));
    const char *parameters[][2] = {
        {"response_type", "code"},     {"client_id", oidc->config.client_id},
        {"redirect_uri", callback},    {"scope", oidc->config.scopes},
        {"state", ret_attempt->state}, {"nonce", ret_attempt->nonce},
        {"code_challenge", challenge}, {"code_challenge_method", "S256"}};
    struct buf query = {0};
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
        form_add_parameter(&query, parameters[i][0], parameters[i][1]);
    if (fresh)
        buf_add_text(&query, "&prompt=login&max_age=0"); /* the second makes it say when that was */
    int size = buf_failed(&query) ? OIDC_URL_SIZE
                                  : snprintf(ret_url, OIDC_URL_SIZE, "%s%s%s", endpoint,
                                             strchr(endpoint, '?') == NULL ? "?" : "&", query.data);
    buf_fini(&query);
    oidc_unref_shared(oidc, document);
    return size < OIDC_URL_SIZE ? 0
                                : err_set(err, HEARTH_ERR_INVALID,
                                          "[oidc %s] the address of its sign-in page is too long",
                                          oidc->config.name);
}

/* --- the end --- */

static bool offers_post_only(const json_t *document)
{
    const json_t *methods = json_object_get(document, "token_endpoint_auth_methods_supported"),
                 *method;
    size_t i;
    bool post = false;
    json_array_foreach((json_t *)(uintptr_t)methods, i, method)
    {
        const char *name = json_string_value(method);
        if (name != NULL && strcmp(name, "client_secret_basic") == 0)
            return false;
        post = post || (name != NULL && strcmp(name, "client_secret_post") == 0);
    }
    return post;
}

/* RFC 6749, 2.3.1: both parts are form-encoded before they are joined. */
static char *basic_authorization(const struct oidc *oidc)
{
    struct buf id = {0}, secret = {0}, joined = {0}, out = {0};
    form_add_parameter(&id, "", oidc->config.client_id);
    form_add_parameter(&secret, "", oidc->config.client_secret);
    buf_printf(&joined, "%s:%s", id.data + 1, secret.data + 1); /* behind the "=" */
    buf_add_text(&out, "Basic ");
    char *room = buf_reserve(&out, joined.size * 4 / 3 + 8);
    if (room != NULL)
        buf_grew(&out, codec_base64_encode(CODEC_STANDARD, (const uint8_t *)joined.data,
                                           joined.size, room));
    OPENSSL_cleanse(joined.data, joined.room);
    OPENSSL_cleanse(secret.data, secret.room);
    buf_fini(&id);
    buf_fini(&secret);
    buf_fini(&joined);
    return buf_take(&out, NULL);
}

static int oidc_redeem_code(struct oidc *oidc, struct call *call, const json_t *document,
                            const char *callback, const struct oidc_attempt *attempt,
                            const char *code, json_t **ret_tokens, struct err *err)
{
    struct buf body = {0};
    bool confidential = oidc->config.client_secret != NULL && oidc->config.client_secret[0] != '\0',
         post = offers_post_only(document);
    form_add_parameter(&body, "grant_type", "authorization_code");
    form_add_parameter(&body, "code", code);
    form_add_parameter(&body, "redirect_uri", callback);
    form_add_parameter(&body, "code_verifier", attempt->verifier);
    if (!confidential || post)
        form_add_parameter(&body, "client_id", oidc->config.client_id);
    if (confidential && post)
        form_add_parameter(&body, "client_secret", oidc->config.client_secret);
    char *authorization = confidential && !post ? basic_authorization(oidc) : NULL;
    int r = buf_failed(&body) || (confidential && !post && authorization == NULL)
                ? err_set(err, HEARTH_ERR_NOMEM, "out of memory")
                : auth_oidc_fetch(oidc, call,
                                  json_string_value(json_object_get(document, "token_endpoint")),
                                  authorization, body.data, OIDC_ANSWER_MAX, ret_tokens, err);
    if (authorization != NULL)
        OPENSSL_cleanse(authorization, strlen(authorization));
    free(authorization);
    if (body.data != NULL)
        OPENSSL_cleanse(body.data, body.room);
    buf_fini(&body);
    return r;
}

static int oidc_verify_id_token(struct oidc *oidc, struct call *call, const json_t *document,
                                const struct oidc_attempt *attempt, const json_t *tokens,
                                json_t **ret_claims, struct err *err)
{
    const char *token = json_string_value(json_object_get(tokens, "id_token"));
    struct oidc_expected expected = {oidc->config.issuer, oidc->config.client_id, attempt->nonce,
                                     clock_now() / 1000};
    json_t *keys;
    if (token == NULL)
        return err_set(err, HEARTH_ERR_DENIED, "it gave no ID token; scopes must contain openid");
    int r = oidc_get_keys(oidc, call, document, false, &keys, err);
    if (r < 0)
        return r;
    r = auth_oidc_verify_token(token, keys, &expected, ret_claims, err);
    oidc_unref_shared(oidc, keys);
    if (r != HEARTH_ERR_NOT_FOUND)
        return r;
    r = oidc_get_keys(oidc, call, document, true, &keys, err); /* they are changed now and then */
    if (r < 0)
        return r;
    r = auth_oidc_verify_token(token, keys, &expected, ret_claims, err);
    oidc_unref_shared(oidc, keys);
    return r == HEARTH_ERR_NOT_FOUND
               ? err_set(err, HEARTH_ERR_DENIED, "it has no key for the signature of its ID token")
               : r;
}

/* From the ID token, or from userinfo when that is about the same person. */
static int read_person(struct oidc *oidc, struct call *call, const json_t *document,
                       const json_t *tokens, const json_t *claims, struct oidc_person *ret_person,
                       struct err *err)
{
    const char *endpoint = json_string_value(json_object_get(document, "userinfo_endpoint"));
    const char *access = json_string_value(json_object_get(tokens, "access_token"));
    const char *subject = json_string_value(json_object_get(claims, "sub"));
    json_t *info = NULL;
    int r = 0;
    if (json_object_get(claims, "email") == NULL && access != NULL &&
        auth_oidc_url_is_allowed(oidc, endpoint)) {
        struct buf bearer = {0};
        buf_printf(&bearer, "Bearer %s", access);
        r = buf_failed(&bearer) || strpbrk(access, "\r\n") != NULL
                ? err_set(err, HEARTH_ERR_DENIED, "its access token is malformed")
                : auth_oidc_fetch(oidc, call, endpoint, bearer.data, NULL, OIDC_ANSWER_MAX, &info,
                                  err);
        buf_fini(&bearer);
        const char *about = json_string_value(json_object_get(info, "sub"));
        if (r == 0 && (about == NULL || strcmp(about, subject) != 0))
            r = err_set(err, HEARTH_ERR_DENIED, "its userinfo is about somebody else");
        claims = info;
    }
    const char *email = r == 0 ? json_string_value(json_object_get(claims, "email")) : NULL;
    const json_t *verified = json_object_get(claims, "email_verified");
    if (r == 0 && (subject == NULL || subject[0] == '\0' || strlen(subject) >= OIDC_SUBJECT_SIZE))
        r = err_set(err, HEARTH_ERR_DENIED, "it gives no usable sub");
    if (r == 0 && email != NULL && (strlen(email) >= OIDC_EMAIL_SIZE || email_fault(email) != NULL))
        email = NULL;
    if (r == 0) {
        snprintf(ret_person->subject, sizeof(ret_person->subject), "%s", subject);
        snprintf(ret_person->email, sizeof(ret_person->email), "%s", email == NULL ? "" : email);
        ret_person->email_verified =
            email != NULL &&
            (json_is_true(verified) || str_equal(json_string_value(verified), "true"));
    }
    json_decref(info);
    return r;
}

/* When did they show the provider who they are? With max_age it has to say (OpenID Connect Core
 * 1.0, 2); one that does not may have heeded neither that nor prompt. */
static int check_time(const struct oidc_attempt *attempt, const json_t *claims,
                      struct oidc_person *person, struct err *err)
{
    const json_t *when = json_object_get(claims, "auth_time");
    bool recent = json_is_number(when) &&
                  json_number_value(when) >= (double)(attempt->began - OIDC_LEEWAY) &&
                  json_number_value(when) <= (double)(clock_now() / 1000 + OIDC_LEEWAY);
    if (attempt->fresh && when != NULL && !recent)
        return err_set(err, HEARTH_ERR_DENIED,
                       "it was asked for a sign-in of this moment (prompt=login, max_age=0), and "
                       "gave one of another time (auth_time); check "
                       "the clocks, and whether the provider heeds these");
    person->fresh = recent;
    person->untold = attempt->fresh && when == NULL;
    return 0;
}

static int check_answer(const struct oidc *oidc, const json_t *document,
                        const struct oidc_attempt *attempt, const struct oidc_answer *answer,
                        struct err *err)
{
    bool announced =
        json_is_true(json_object_get(document, "authorization_response_iss_parameter_supported"));
    if (answer->state == NULL || strlen(answer->state) != strlen(attempt->state) ||
        CRYPTO_memcmp(answer->state, attempt->state, strlen(attempt->state)) != 0)
        return err_set(err, HEARTH_ERR_DENIED, "its answer belongs to another sign-in");
    /* RFC 9207 */
    if (answer->iss == NULL ? announced : strcmp(answer->iss, oidc->config.issuer) != 0)
        return err_set(err, HEARTH_ERR_DENIED, "its answer comes from another provider");
    if (answer->error != NULL)
        return err_set(err, HEARTH_ERR_DENIED, "it says no (%.60s)", answer->error);
    return answer->code != NULL ? 0 : err_set(err, HEARTH_ERR_DENIED, "its answer holds no code");
}

int auth_oidc_finish(struct oidc *oidc, struct call *call, const char *callback,
                     const struct oidc_attempt *attempt, const struct oidc_answer *answer,
                     struct oidc_person *ret_person, struct err *err)
{
    json_t *document, *tokens = NULL, *claims = NULL;
    int r = oidc_discover(oidc, call, &document, err);
    if (r < 0)
        return r;
    r = check_answer(oidc, document, attempt, answer, err);
    if (r == 0)
        r = oidc_redeem_code(oidc, call, document, callback, attempt, answer->code, &tokens, err);
    if (r < 0) { /* perhaps what is remembered is no longer so */
        lock_take(&oidc->lock);
        oidc->document_until = 0;
        lock_release(&oidc->lock);
    }
    if (r == 0)
        r = oidc_verify_id_token(oidc, call, document, attempt, tokens, &claims, err);
    if (r == 0)
        r = check_time(attempt, claims, ret_person, err);
    if (r == 0)
        r = read_person(oidc, call, document, tokens, claims, ret_person, err);
    json_decref(claims);
    json_decref(tokens);
    oidc_unref_shared(oidc, document);
    return r;
}
