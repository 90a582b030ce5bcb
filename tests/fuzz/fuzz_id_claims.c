/* ID tokens that are signed with a key which is published: the first line is the header (empty:
 * the usual one), the rest are the claims. So what comes after the signature is reached. Whoever
 * is let in is who the claims say, to us, now. */
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "auth/oidc_internal.h"
#include "base/magic.h"
#include "codec/codec.h"
#include "jose/jose_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static EVP_PKEY *key;
static json_t *keys;

static void make_keys(void)
{
    struct jose_ec_key made;
    char jwk[JOSE_EC_JWK_SIZE];
    if (key != NULL)
        return;
    ASSERT(jose_ec_make(&made) == 0 && jose_ec_load(made.x, made.y, made.private_key, &key) == 0);
    jose_ec_jwk(&made, jwk);
    keys = json_pack("{s:[o]}", "keys", json_loads(jwk, 0, NULL));
    ASSERT(keys != NULL);
}

static void sign_text(const char *text, size_t size, uint8_t ret_signature[64])
{
    uint8_t der[128];
    const uint8_t *p = der;
    size_t der_size = sizeof(der);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ASSERT(ctx != NULL && EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL) == 1 &&
           EVP_DigestSign(ctx, der, &der_size, (const uint8_t *)text, size) == 1);
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der_size);
    ASSERT(sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), ret_signature, 32) == 32 &&
           BN_bn2binpad(ECDSA_SIG_get0_s(sig), ret_signature + 32, 32) == 32);
    ECDSA_SIG_free(sig);
    EVP_MD_CTX_free(ctx);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char usual[] = "{\"alg\":\"ES256\"}";
    struct oidc_expected expected = {"https://id.example.org", "hearth", "n1", 1795417404};
    const uint8_t *newline = size == 0 || size > 8192 ? NULL : memchr(data, '\n', size);
    uint8_t signature[64];
    struct err err = {0};
    json_t *claims = NULL;
    if (newline == NULL)
        return 0;
    make_keys();
    size_t header = (size_t)(newline - data), rest = size - header - 1;
    char *token = malloc(2 * size + 256);
    if (token == NULL)
        abort();
    codec_base64_encode(CODEC_URL, header == 0 ? (const uint8_t *)usual : data,
                        header == 0 ? strlen(usual) : header, token);
    size_t used = strlen(token);
    token[used++] = '.';
    codec_base64_encode(CODEC_URL, newline + 1, rest, token + used);
    used += strlen(token + used);
    sign_text(token, used, signature);
    token[used] = '.';
    codec_base64_encode(CODEC_URL, signature, sizeof(signature), token + used + 1);
    int r = auth_oidc_verify_token(token, keys, &expected, &claims, &err);
    if (r == 0) {
        ASSERT(strcmp(text_of(claims, "iss"), expected.issuer) == 0 &&
               strcmp(text_of(claims, "nonce"), expected.nonce) == 0);
        ASSERT(text_of(claims, "sub")[0] != '\0' &&
               json_number_value(json_object_get(claims, "exp")) >= (double)(expected.now - 60));
    } else {
        ASSERT((r == HEARTH_ERR_DENIED || r == HEARTH_ERR_NOT_FOUND) && err.text[0] != '\0');
    }
    json_decref(claims);
    free(token);
    return 0;
}
