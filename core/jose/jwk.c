#include <string.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "codec/codec.h"
#include "jose/jose_internal.h"

enum { EXPONENT_MAX = 8 };

bool jose_bytes_of(const json_t *value, uint8_t *ret_bytes, size_t size)
{
    size_t n;
    return json_is_string(value) && json_string_length(value) == (size * 4 + 2) / 3 &&
           codec_base64_decode(CODEC_URL, json_string_value(value), json_string_length(value),
                               ret_bytes, &n) == 0 &&
           n == size;
}

static bool names_private_part(const json_t *jwk)
{
    static const char *const names[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (json_object_get(jwk, names[i]) != NULL)
            return true;
    return false;
}

/* RFC 7517, 4.3: a list of texts, none of them twice. */
static bool allows_verify(const json_t *key_ops)
{
    const json_t *operation;
    size_t i, found = 0;
    if (key_ops == NULL)
        return true;
    json_array_foreach((json_t *)(uintptr_t)key_ops, i, operation)
    {
        if (!json_is_string(operation))
            return false;
        found += strcmp(json_string_value(operation), "verify") == 0;
    }
    return found == 1;
}

bool jose_jwk_may_verify(const json_t *jwk, const char *alg)
{
    const char *kty, *use, *of;
    if (!jose_text_member(jwk, "kty", &kty) || !jose_text_member(jwk, "use", &use) ||
        !jose_text_member(jwk, "alg", &of) || kty == NULL)
        return false;
    return strcmp(kty, strcmp(alg, "ES256") == 0 ? "EC" : "RSA") == 0 &&
           (use == NULL || strcmp(use, "sig") == 0) && (of == NULL || strcmp(of, alg) == 0) &&
           allows_verify(json_object_get(jwk, "key_ops")) && !names_private_part(jwk);
}

/* INVALID when OpenSSL does not want it, INTERNAL when it could not be asked. */
static int jwk_make_key(const char *type, OSSL_PARAM_BLD *build, int selection, EVP_PKEY **ret_key)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    int r = 0;
    if (ctx == NULL || params == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
        r = HEARTH_ERR_INTERNAL;
    else if (EVP_PKEY_fromdata(ctx, &key, selection, params) != 1)
        r = HEARTH_ERR_INVALID;
    OSSL_PARAM_free(params);
    EVP_PKEY_CTX_free(ctx);
    if (r == 0)
        *ret_key = key;
    return r;
}

static int check_public(EVP_PKEY *key)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    int r = ctx == NULL                       ? HEARTH_ERR_NOMEM
            : EVP_PKEY_public_check(ctx) == 1 ? 0
                                              : HEARTH_ERR_INVALID;
    EVP_PKEY_CTX_free(ctx);
    return r;
}

int jose_ec_load(const uint8_t x[JOSE_EC_SIZE], const uint8_t y[JOSE_EC_SIZE],
                 const uint8_t *private_key, EVP_PKEY **ret_key)
{
    uint8_t point[1 + 2 * JOSE_EC_SIZE] = {POINT_CONVERSION_UNCOMPRESSED};
    EVP_PKEY *key = NULL;
    memcpy(point + 1, x, JOSE_EC_SIZE);
    memcpy(point + 1 + JOSE_EC_SIZE, y, JOSE_EC_SIZE);
    ERR_set_mark();
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *number = private_key == NULL ? NULL : BN_secure_new();
    bool ok =
        build != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)) == 1;
    if (ok && private_key != NULL)
        ok = number != NULL && BN_bin2bn(private_key, JOSE_EC_SIZE, number) != NULL &&
             OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number) == 1;
    int r = ok ? jwk_make_key("EC", build,
                              private_key == NULL ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR, &key)
               : HEARTH_ERR_NOMEM;
    if (r == 0)
        r = check_public(key);
    BN_clear_free(number);
    OSSL_PARAM_BLD_free(build);
    ERR_pop_to_mark();
    if (r == 0)
        *ret_key = key;
    else
        EVP_PKEY_free(key);
    return r;
}

/* A positive number in base64url; at most so many bytes. */
static int jwk_read_number(const json_t *value, size_t most, BIGNUM **ret_number)
{
    uint8_t bytes[JOSE_RSA_BITS_MOST / 8 + 4];
    size_t size;
    if (!json_is_string(value) || json_string_length(value) > (most * 4 + 2) / 3 ||
        codec_base64_decode(CODEC_URL, json_string_value(value), json_string_length(value), bytes,
                            &size) != 0 ||
        size == 0)
        return HEARTH_ERR_INVALID;
    BIGNUM *number = BN_bin2bn(bytes, (int)size, NULL);
    if (number == NULL)
        return HEARTH_ERR_NOMEM;
    *ret_number = number;
    return 0;
}

/* Some providers put a zero before the modulus; that changes nothing, so it is let pass. */
static int load_rsa(const json_t *jwk, EVP_PKEY **ret_key)
{
    BIGNUM *n = NULL, *e = NULL;
    int r = jwk_read_number(json_object_get(jwk, "n"), JOSE_RSA_BITS_MOST / 8 + 1, &n);
    if (r == 0)
        r = jwk_read_number(json_object_get(jwk, "e"), EXPONENT_MAX, &e);
    if (r == 0 && (BN_num_bits(n) < JOSE_RSA_BITS_LEAST || BN_num_bits(n) > JOSE_RSA_BITS_MOST ||
                   !BN_is_odd(n) || !BN_is_odd(e) || BN_is_one(e)))
        r = HEARTH_ERR_INVALID;
    OSSL_PARAM_BLD *build = r == 0 ? OSSL_PARAM_BLD_new() : NULL;
    if (r == 0 && (build == NULL || OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
                   OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) != 1))
        r = HEARTH_ERR_NOMEM;
    if (r == 0)
        r = jwk_make_key("RSA", build, EVP_PKEY_PUBLIC_KEY, ret_key);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    return r;
}

int jose_jwk_load(const json_t *jwk, const char *alg, EVP_PKEY **ret_key)
{
    uint8_t x[JOSE_EC_SIZE], y[JOSE_EC_SIZE];
    const char *curve;
    int r;
    ERR_set_mark();
    if (strcmp(alg, "ES256") != 0)
        r = load_rsa(jwk, ret_key);
    else if (!jose_text_member(jwk, "crv", &curve) || curve == NULL ||
             strcmp(curve, "P-256") != 0 ||
             !jose_bytes_of(json_object_get(jwk, "x"), x, sizeof(x)) ||
             !jose_bytes_of(json_object_get(jwk, "y"), y, sizeof(y)))
        r = HEARTH_ERR_INVALID;
    else
        r = jose_ec_load(x, y, NULL, ret_key);
    ERR_pop_to_mark();
    return r;
}
