/* Signing what this server says of itself: ES256 (RFC 7518, 3.4) with a key of its own. */
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>

#include "codec/codec.h"
#include "jose/jose_internal.h"

enum { DER_MAX = 80 };

/* R and S side by side, of what OpenSSL made: DER. */
static bool pair_of(const uint8_t *der, size_t size, uint8_t ret_pair[2 * JOSE_EC_SIZE])
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)size);
    bool fine =
        sig != NULL &&
        BN_bn2binpad(ECDSA_SIG_get0_r(sig), ret_pair, JOSE_EC_SIZE) == JOSE_EC_SIZE &&
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), ret_pair + JOSE_EC_SIZE, JOSE_EC_SIZE) == JOSE_EC_SIZE;
    ECDSA_SIG_free(sig);
    return fine;
}

static int sign_text(const struct jose_ec_key *key, const char *text, size_t size,
                     uint8_t ret_pair[2 * JOSE_EC_SIZE])
{
    EVP_PKEY *ours = NULL;
    uint8_t der[DER_MAX];
    size_t der_size = sizeof(der);
    int r = jose_ec_load(key->x, key->y, key->private_key, &ours);
    EVP_MD_CTX *ctx = r == 0 ? EVP_MD_CTX_new() : NULL;
    ERR_set_mark();
    if (r == 0 &&
        (ctx == NULL || EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, ours, NULL) != 1 ||
         EVP_DigestSign(ctx, der, &der_size, (const uint8_t *)text, size) != 1 ||
         !pair_of(der, der_size, ret_pair)))
        r = HEARTH_ERR_INTERNAL;
    ERR_pop_to_mark();
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(ours);
    return r;
}

int jose_jws_sign(const struct jose_ec_key *key, const char *claims, char *ret_token, size_t room)
{
    static const char header[] = "{\"typ\":\"JWT\",\"alg\":\"ES256\"}";
    uint8_t pair[2 * JOSE_EC_SIZE];
    size_t claims_size = strlen(claims);
    /* three parts in base64url, each with its NUL or dot */
    if ((sizeof(header) + claims_size + sizeof(pair)) * 4 / 3 + 12 > room)
        return HEARTH_ERR_FULL;
    size_t used =
        codec_base64_encode(CODEC_URL, (const uint8_t *)header, sizeof(header) - 1, ret_token);
    ret_token[used++] = '.';
    used += codec_base64_encode(CODEC_URL, (const uint8_t *)claims, claims_size, ret_token + used);
    int r = sign_text(key, ret_token, used, pair);
    if (r < 0)
        return r;
    ret_token[used++] = '.';
    codec_base64_encode(CODEC_URL, pair, sizeof(pair), ret_token + used);
    return 0;
}

void jose_ec_point(const struct jose_ec_key *key, char ret_text[JOSE_EC_POINT_SIZE])
{
    uint8_t point[1 + 2 * JOSE_EC_SIZE] = {4};
    memcpy(point + 1, key->x, JOSE_EC_SIZE);
    memcpy(point + 1 + JOSE_EC_SIZE, key->y, JOSE_EC_SIZE);
    codec_base64_encode(CODEC_URL, point, sizeof(point), ret_text);
}
