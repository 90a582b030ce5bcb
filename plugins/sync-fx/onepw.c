#include "onepw.h"

#include <stdio.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "codec/codec.h"
#include "jose/jose.h"
#include "hearth/plugin.h"

#define NAMESPACE "identity.mozilla.com/picl/v1/"

enum { ROUNDS_V1 = 1000, ROUNDS_V2 = 650000, FINGERPRINT = 16 };

int fx_derive(const uint8_t *secret, size_t secret_size, const char *name, uint8_t *ret_bytes,
              size_t size)
{
    char info[sizeof(NAMESPACE) + 64];
    int length = snprintf(info, sizeof(info), NAMESPACE "%s", name);
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)secret,
                                          secret_size),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, (size_t)length),
        OSSL_PARAM_construct_end()};
    int r =
        ctx != NULL && EVP_KDF_derive(ctx, ret_bytes, size, params) == 1 ? 0 : HEARTH_ERR_INTERNAL;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return r;
}

static int password_stretch(const char *password, const char *salt, int rounds,
                            uint8_t ret_stretched[FX_SECRET])
{
    return PKCS5_PBKDF2_HMAC(password, (int)strlen(password), (const unsigned char *)salt,
                             (int)strlen(salt), rounds, EVP_sha256(), FX_SECRET, ret_stretched) == 1
               ? 0
               : HEARTH_ERR_INTERNAL;
}

int fx_stretch_v1(const char *email, const char *password, uint8_t ret_stretched[FX_SECRET])
{
    char salt[512];
    if (snprintf(salt, sizeof(salt), NAMESPACE "quickStretch:%s", email) >= (int)sizeof(salt))
        return HEARTH_ERR_INVALID;
    return password_stretch(password, salt, ROUNDS_V1, ret_stretched);
}

int fx_stretch_v2(const char *salt, const char *password, uint8_t ret_stretched[FX_SECRET])
{
    return password_stretch(password, salt, ROUNDS_V2, ret_stretched);
}

int fx_token_derive(const uint8_t token[FX_SECRET], const char *type,
                    struct fx_token_keys *ret_keys)
{
    uint8_t bytes[3 * FX_SECRET];
    int r = fx_derive(token, FX_SECRET, type, bytes, sizeof(bytes));
    memcpy(ret_keys->id, bytes, FX_SECRET);
    memcpy(ret_keys->hawk, bytes + FX_SECRET, FX_SECRET);
    memcpy(ret_keys->bundle, bytes + 2 * FX_SECRET, FX_SECRET);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return r;
}

int fx_bundle_open(const uint8_t bundle_key[FX_SECRET], const uint8_t bundle[FX_BUNDLE],
                   const uint8_t unwrap[FX_SECRET], uint8_t ret_kb[FX_SECRET])
{
    uint8_t keys[3 * FX_SECRET], mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    int r = fx_derive(bundle_key, FX_SECRET, "account/keys", keys, sizeof(keys));
    if (r == 0 && HMAC(EVP_sha256(), keys, FX_SECRET, bundle, 2 * FX_SECRET, mac, &size) == NULL)
        r = HEARTH_ERR_INTERNAL;
    if (r == 0 && CRYPTO_memcmp(mac, bundle + 2 * FX_SECRET, FX_SECRET) != 0)
        r = HEARTH_ERR_DENIED;
    for (size_t i = 0; r == 0 && i < FX_SECRET; i++) /* kA, the first half, is of no use */
        ret_kb[i] = (uint8_t)(bundle[FX_SECRET + i] ^ keys[2 * FX_SECRET + i] ^ unwrap[i]);
    OPENSSL_cleanse(keys, sizeof(keys));
    OPENSSL_cleanse(mac, sizeof(mac));
    return r;
}

int fx_sync_key(const uint8_t kb[FX_SECRET], struct fx_key *ret_key)
{
    return fx_derive(kb, FX_SECRET, "oldsync", ret_key->bytes, FX_KEY_SIZE);
}

int fx_kid(const uint8_t kb[FX_SECRET], int64_t timestamp, char *ret_kid, size_t capacity)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    char text[32];
    if (EVP_Digest(kb, FX_SECRET, digest, NULL, EVP_sha256(), NULL) != 1)
        return HEARTH_ERR_INTERNAL;
    codec_base64_encode(CODEC_URL, digest, FINGERPRINT, text);
    OPENSSL_cleanse(digest, sizeof(digest));
    return snprintf(ret_kid, capacity, "%lld-%s", (long long)timestamp, text) < (int)capacity
               ? 0
               : HEARTH_ERR_FULL;
}
