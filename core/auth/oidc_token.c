/* ID tokens: signature by libcjose, everything else by the rules of OpenID Connect Core, 3.1.3.7. */
#include <string.h>

#include <cjose/cjose.h>
#include <openssl/crypto.h>

#include "auth/oidc_internal.h"

enum { KEYS_MOST = 32, LEEWAY = 60, OLDEST = 24 * 3600, TOKEN_MAX = 32 * 1024 };

/* Nothing with a shared secret, and never "none". */
static bool algorithm_fits(const char *alg, const char *kty)
{
    bool rsa = strcmp(alg, "RS256") == 0 || strcmp(alg, "PS256") == 0, ec = strcmp(alg, "ES256") == 0;
    return kty != NULL && ((rsa && strcmp(kty, "RSA") == 0) || (ec && strcmp(kty, "EC") == 0));
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* libcjose (0.6.2) ends the process when it decodes what is not base64url: it never gets such text from here. */
static bool is_base64url(const char *text, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return size > 0 && size % 4 != 1 && strspn(text, digits) >= size;
}

static bool is_compact(const char *token)
{
    size_t parts = 0;
    for (const char *p = token;; p++) {
        size_t size = strcspn(p, ".");
        if (!is_base64url(p, size))
            return false;
        parts++;
        p += size;
        if (*p == '\0')
            return parts == 3;
    }
}

static bool is_usable_key(const json_t *key)
{
    static const char *const numbers[] = {"n", "e", "x", "y"};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const json_t *number = json_object_get(key, numbers[i]);
        if (number != NULL && (!json_is_string(number) || !is_base64url(json_string_value(number), json_string_length(number))))
            return false;
    }
    return json_object_get(key, "d") == NULL; /* a private key is not to be published */
}

static bool verify_with(cjose_jws_t *jws, const json_t *key)
{
    cjose_err error;
    char *text = json_dumps(key, JSON_COMPACT);
    cjose_jwk_t *jwk = text == NULL ? NULL : cjose_jwk_import(text, strlen(text), &error);
    bool good = jwk != NULL && cjose_jws_verify(jws, jwk, &error);
    if (jwk != NULL)
        cjose_jwk_release(jwk);
    free(text);
    return good;
}

/* 0, NOT_FOUND: no such key here, DENIED. */
static int check_signature(cjose_jws_t *jws, const json_t *keys, struct err *err)
{
    cjose_err error;
    cjose_header_t *header = cjose_jws_get_protected(jws);
    const char *alg = cjose_header_get(header, CJOSE_HDR_ALG, &error), *kid = cjose_header_get(header, CJOSE_HDR_KID, &error);
    const json_t *list = json_object_get(keys, "keys"), *key;
    size_t i;
    bool tried = false;
    if (alg == NULL)
        return err_set(err, HEARTH_ERR_DENIED, "its ID token names no algorithm");
    json_array_foreach((json_t *)(uintptr_t)list, i, key)
    {
        const char *use = text_of(key, "use"), *own = text_of(key, "kid"), *of = text_of(key, "alg");
        bool fits = (kid == NULL || (own != NULL && strcmp(own, kid) == 0)) && (use == NULL || strcmp(use, "sig") == 0) &&
                    (of == NULL || strcmp(of, alg) == 0) && algorithm_fits(alg, text_of(key, "kty"));
        if (i >= KEYS_MOST)
            break;
        if (!fits)
            continue;
        tried = true;
        if (is_usable_key(key) && verify_with(jws, key))
            return 0;
    }
    if (!tried && !algorithm_fits(alg, "RSA") && !algorithm_fits(alg, "EC"))
        return err_set(err, HEARTH_ERR_DENIED, "its ID token is signed with %.20s, which is not accepted", alg);
    return tried ? err_set(err, HEARTH_ERR_DENIED, "the signature of its ID token is not right")
                 : err_set(err, HEARTH_ERR_NOT_FOUND, "it has no key for the signature of its ID token");
}

static bool is_audience(const json_t *claims, const char *client_id)
{
    const json_t *audience = json_object_get(claims, "aud"), *one;
    const char *party = text_of(claims, "azp");
    size_t i;
    bool found = json_is_string(audience) && strcmp(json_string_value(audience), client_id) == 0;
    json_array_foreach((json_t *)(uintptr_t)audience, i, one) found =
        found || (json_is_string(one) && strcmp(json_string_value(one), client_id) == 0);
    bool several = json_array_size(audience) > 1;
    return found && (party == NULL ? !several : strcmp(party, client_id) == 0);
}

static int check_claims(const json_t *claims, const struct oidc_expected *expected, struct err *err)
{
    const char *issuer = text_of(claims, "iss"), *subject = text_of(claims, "sub"), *nonce = text_of(claims, "nonce");
    const json_t *expires = json_object_get(claims, "exp"), *issued = json_object_get(claims, "iat"),
                 *before = json_object_get(claims, "nbf");
    if (issuer == NULL || strcmp(issuer, expected->issuer) != 0)
        return err_set(err, HEARTH_ERR_DENIED, "its ID token was issued by another (%.100s)", issuer == NULL ? "nobody" : issuer);
    if (!is_audience(claims, expected->client_id))
        return err_set(err, HEARTH_ERR_DENIED, "its ID token is meant for another client");
    if (!json_is_number(expires) || json_number_value(expires) < (double)(expected->now - LEEWAY))
        return err_set(err, HEARTH_ERR_DENIED, "its ID token has expired; check the clocks");
    if (!json_is_number(issued) || json_number_value(issued) > (double)(expected->now + LEEWAY) ||
        json_number_value(issued) < (double)(expected->now - OLDEST) ||
        (json_is_number(before) && json_number_value(before) > (double)(expected->now + LEEWAY)))
        return err_set(err, HEARTH_ERR_DENIED, "its ID token is from another time; check the clocks");
    if (nonce == NULL || strlen(nonce) != strlen(expected->nonce) || CRYPTO_memcmp(nonce, expected->nonce, strlen(nonce)) != 0)
        return err_set(err, HEARTH_ERR_DENIED, "its ID token belongs to another sign-in");
    return subject != NULL && subject[0] != '\0' ? 0 : err_set(err, HEARTH_ERR_DENIED, "its ID token names nobody");
}

int oidc_verify(const char *token, const json_t *keys, const struct oidc_expected *expected, json_t **ret_claims, struct err *err)
{
    cjose_err error;
    uint8_t *plain;
    size_t size = strlen(token);
    cjose_jws_t *jws = size > TOKEN_MAX || !is_compact(token) ? NULL : cjose_jws_import(token, size, &error);
    if (jws == NULL)
        return err_set(err, HEARTH_ERR_DENIED, "its ID token is malformed");
    int r = check_signature(jws, keys, err);
    json_t *claims = NULL;
    if (r == 0 && cjose_jws_get_plaintext(jws, &plain, &size, &error))
        claims = json_loadb((const char *)plain, size, JSON_REJECT_DUPLICATES, NULL);
    if (r == 0 && !json_is_object(claims))
        r = err_set(err, HEARTH_ERR_DENIED, "its ID token is malformed");
    if (r == 0)
        r = check_claims(claims, expected, err);
    cjose_jws_release(jws);
    if (r == 0)
        *ret_claims = claims;
    else
        json_decref(claims);
    return r;
}
