#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "codec/codec.h"
#include "jose/jose_internal.h"

enum { HEADER, PAYLOAD, SIGNATURE, PARTS };

/* So many keys may be tried for one token: without a kid a set is searched, and each try costs. */
enum { TRIES_MOST = 32 };

/* Nothing with a shared secret, never "none", nothing with another hash. */
static bool is_known_algorithm(const char *alg)
{
    return strcmp(alg, "RS256") == 0 || strcmp(alg, "PS256") == 0 || strcmp(alg, "ES256") == 0;
}

static int jws_read_header(const struct jose_part *part, struct jose_jws *jws,
                           const char **ret_reason)
{
    int r = jose_header_read(part->at, part->size, &jws->header, ret_reason);
    if (r != 0)
        return r;
    if (!jose_text_member(jws->header, "alg", &jws->alg) ||
        !jose_text_member(jws->header, "kid", &jws->kid) ||
        !jose_text_member(jws->header, "typ", &jws->typ)) {
        *ret_reason = "is malformed";
        return HEARTH_ERR_INVALID;
    }
    if (jws->alg == NULL || !is_known_algorithm(jws->alg)) {
        *ret_reason =
            jws->alg == NULL ? "names no algorithm" : "is not signed with RS256, PS256 or ES256";
        return HEARTH_ERR_INVALID;
    }
    return 0;
}

/* NUL-terminated. */
static int decode_part(const struct jose_part *part, uint8_t **ret_bytes, size_t *ret_size)
{
    uint8_t *bytes = part->size == 0 ? NULL : malloc(part->size * 3 / 4 + 1);
    if (bytes == NULL)
        return part->size == 0 ? HEARTH_ERR_INVALID : HEARTH_ERR_NOMEM;
    int r = codec_base64_decode(CODEC_URL, part->at, part->size, bytes, ret_size);
    if (r != 0) {
        free(bytes);
        return r;
    }
    bytes[*ret_size] = '\0';
    *ret_bytes = bytes;
    return 0;
}

int jose_jws_read(const char *token, size_t size, struct jose_jws *ret_jws, const char **ret_reason)
{
    struct jose_jws jws = {0};
    struct jose_part parts[PARTS];
    *ret_reason = "is malformed";
    if (size > JOSE_TOKEN_MAX || !jose_split(token, size, PARTS, parts))
        return HEARTH_ERR_INVALID;
    int r = jws_read_header(&parts[HEADER], &jws, ret_reason);
    if (r == 0)
        r = decode_part(&parts[PAYLOAD], &jws.payload, &jws.payload_size);
    if (r == 0)
        r = decode_part(&parts[SIGNATURE], &jws.signature, &jws.signature_size);
    if (r != 0) {
        jose_jws_fini(&jws);
        return r;
    }
    jws.signed_text = token;
    jws.signed_size = parts[HEADER].size + 1 + parts[PAYLOAD].size;
    *ret_jws = jws;
    return 0;
}

void jose_jws_fini(struct jose_jws *jws)
{
    json_decref(jws->header);
    if (jws->payload != NULL)
        OPENSSL_cleanse(jws->payload, jws->payload_size);
    free(jws->payload);
    free(jws->signature);
    *jws = (struct jose_jws){0};
}

/* R and S side by side (RFC 7518, 3.4), as OpenSSL wants them: DER. */
static int der_of(const uint8_t pair[2 * JOSE_EC_SIZE], uint8_t **ret_der, size_t *ret_size)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(pair, JOSE_EC_SIZE, NULL),
           *s = BN_bin2bn(pair + JOSE_EC_SIZE, JOSE_EC_SIZE, NULL);
    unsigned char *der = NULL;
    int size = -1;
    if (sig != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(sig, r, s) == 1) {
        r = s = NULL; /* they are sig's now */
        size = i2d_ECDSA_SIG(sig, &der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    if (size <= 0)
        return HEARTH_ERR_NOMEM;
    *ret_der = der;
    *ret_size = (size_t)size;
    return 0;
}

/* 0, or DENIED, or NOMEM. */
static int jws_check_signature(const struct jose_jws *jws, EVP_PKEY *key, const uint8_t *signature,
                               size_t size)
{
    EVP_PKEY_CTX *of_key;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ready =
        ctx != NULL && EVP_DigestVerifyInit_ex(ctx, &of_key, "SHA256", NULL, NULL, key, NULL) == 1;
    if (ready && strcmp(jws->alg, "PS256") == 0) /* RFC 7518, 3.5 */
        ready = EVP_PKEY_CTX_set_rsa_padding(of_key, RSA_PKCS1_PSS_PADDING) == 1 &&
                EVP_PKEY_CTX_set_rsa_pss_saltlen(of_key, RSA_PSS_SALTLEN_DIGEST) == 1 &&
                EVP_PKEY_CTX_set_rsa_mgf1_md(of_key, EVP_sha256()) == 1;
    int r = !ready ? HEARTH_ERR_NOMEM
            : EVP_DigestVerify(ctx, signature, size, (const unsigned char *)jws->signed_text,
                               jws->signed_size) == 1
                ? 0
                : HEARTH_ERR_DENIED;
    EVP_MD_CTX_free(ctx);
    return r;
}

static int verify_with(const struct jose_jws *jws, const json_t *jwk)
{
    EVP_PKEY *key = NULL;
    uint8_t *der = NULL;
    size_t size = 0;
    int r = jose_jwk_load(jwk, jws->alg, &key);
    if (r != 0)
        return r;
    ERR_set_mark();
    if (strcmp(jws->alg, "ES256") == 0) {
        r = jws->signature_size == 2 * JOSE_EC_SIZE ? der_of(jws->signature, &der, &size)
                                                    : HEARTH_ERR_DENIED;
        if (r == 0)
            r = jws_check_signature(jws, key, der, size);
        OPENSSL_free(der);
    } else {
        r = jws->signature_size == (size_t)EVP_PKEY_get_size(key)
                ? jws_check_signature(jws, key, jws->signature, jws->signature_size)
                : HEARTH_ERR_DENIED;
    }
    ERR_pop_to_mark();
    EVP_PKEY_free(key);
    return r;
}

int jose_jws_verify(const struct jose_jws *jws, const json_t *key_set)
{
    const json_t *keys = json_object_get(key_set, "keys"), *jwk;
    int tries = 0, r = HEARTH_ERR_NOT_FOUND;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)keys, i, jwk)
    {
        const char *kid;
        bool named = jose_text_member(jwk, "kid", &kid) &&
                     (jws->kid == NULL || (kid != NULL && strcmp(kid, jws->kid) == 0));
        if (!named || !jose_jwk_may_verify(jwk, jws->alg) || tries++ == TRIES_MOST)
            continue;
        int result = verify_with(jws, jwk);
        if (result == 0 || result == HEARTH_ERR_NOMEM || result == HEARTH_ERR_INTERNAL)
            return result;
        r = HEARTH_ERR_DENIED;
    }
    return r;
}
