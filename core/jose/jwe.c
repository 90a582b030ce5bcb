/* The header of a JWE is no secret and goes through jansson; the keys and the cleartext are, and
 * stay in memory that is wiped. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "codec/codec.h"
#include "jose/jose_internal.h"

enum { HEADER, KEY, NONCE, TEXT, TAG, PARTS };

enum { NONCE_SIZE = 12, TAG_SIZE = 16, CONTENT_KEY_SIZE = 32, PARTY_MAX = 256, ENC_MAX = 16 };

/* --- keys --- */

static int jwe_key_coordinate(const EVP_PKEY *key, const char *name,
                              uint8_t ret_bytes[JOSE_EC_SIZE])
{
    BIGNUM *number = NULL;
    int r = EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
                    BN_bn2binpad(number, ret_bytes, JOSE_EC_SIZE) == JOSE_EC_SIZE
                ? 0
                : HEARTH_ERR_INTERNAL;
    BN_clear_free(number);
    return r;
}

int jose_ec_make(struct jose_ec_key *ret_key)
{
    struct jose_ec_key made;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    int r = key == NULL ? HEARTH_ERR_INTERNAL : 0;
    if (r == 0)
        r = jwe_key_coordinate(key, OSSL_PKEY_PARAM_PRIV_KEY, made.private_key);
    if (r == 0)
        r = jwe_key_coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, made.x);
    if (r == 0)
        r = jwe_key_coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, made.y);
    EVP_PKEY_free(key);
    if (r == 0)
        *ret_key = made;
    OPENSSL_cleanse(&made, sizeof(made));
    return r;
}

void jose_ec_jwk(const struct jose_ec_key *key, char ret_text[JOSE_EC_JWK_SIZE])
{
    char x[JOSE_EC_SIZE * 4 / 3 + 3], y[JOSE_EC_SIZE * 4 / 3 + 3];
    codec_base64_encode(CODEC_URL, key->x, JOSE_EC_SIZE, x);
    codec_base64_encode(CODEC_URL, key->y, JOSE_EC_SIZE, y);
    snprintf(ret_text, JOSE_EC_JWK_SIZE,
             "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x, y);
}

/* Z: the x coordinate of the shared point. INVALID: the other's point is not on the curve. */
static int jwe_agree_on_secret(const struct jose_ec_key *own, const uint8_t x[JOSE_EC_SIZE],
                               const uint8_t y[JOSE_EC_SIZE], uint8_t ret_z[JOSE_EC_SIZE])
{
    EVP_PKEY *ours = NULL, *theirs = NULL;
    EVP_PKEY_CTX *ctx = NULL;
    size_t size = JOSE_EC_SIZE;
    int r = jose_ec_load(x, y, NULL, &theirs);
    if (r == 0 && (jose_ec_load(own->x, own->y, own->private_key, &ours) != 0 ||
                   (ctx = EVP_PKEY_CTX_new(ours, NULL)) == NULL))
        r = HEARTH_ERR_INTERNAL;
    if (r == 0 && (EVP_PKEY_derive_init(ctx) != 1 || EVP_PKEY_derive_set_peer(ctx, theirs) != 1 ||
                   EVP_PKEY_derive(ctx, ret_z, &size) != 1 || size != JOSE_EC_SIZE))
        r = HEARTH_ERR_INVALID;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(ours);
    EVP_PKEY_free(theirs);
    return r;
}

/* --- content key --- */

static size_t put_size(uint8_t *to, size_t size)
{
    to[0] = to[1] = 0;
    to[2] = (uint8_t)(size >> 8);
    to[3] = (uint8_t)size;
    return 4;
}

/* to: room for 4 + PARTY_MAX. False: malformed or too long. */
static bool put_party(uint8_t *to, const char *text, size_t *ret_size)
{
    size_t size = 0, length = text == NULL ? 0 : strlen(text);
    if (length > (PARTY_MAX * 4 + 2) / 3 ||
        (length > 0 && codec_base64_decode(CODEC_URL, text, length, to + 4, &size) != 0))
        return false;
    *ret_size = put_size(to, size) + size;
    return true;
}

int jose_concat_kdf(const uint8_t *z, size_t z_size, const char *enc, const char *apu,
                    const char *apv, uint8_t *ret_key, size_t key_size)
{
    uint8_t info[(4 + ENC_MAX) + 2 * (4 + PARTY_MAX + 2) + 4];
    size_t length = strlen(enc), part;
    if (length > ENC_MAX || key_size > 32)
        return HEARTH_ERR_INVALID;
    size_t size = put_size(info, length);
    memcpy(info + size, enc, length);
    size += length;
    if (!put_party(info + size, apu, &part))
        return HEARTH_ERR_INVALID;
    size += part;
    if (!put_party(info + size, apv, &part))
        return HEARTH_ERR_INVALID;
    size += part;
    size += put_size(info + size, key_size * CHAR_BIT);
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SSKDF", NULL);
    EVP_KDF_CTX *ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, (void *)(uintptr_t)z, z_size),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, size),
        OSSL_PARAM_construct_end()};
    int r = ctx != NULL && EVP_KDF_derive(ctx, ret_key, key_size, params) == 1
                ? 0
                : HEARTH_ERR_INTERNAL;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return r;
}

/* --- the whole --- */

static bool jwe_header_has_text(const json_t *object, const char *name, const char *wanted)
{
    const char *text;
    return jose_text_member(object, name, &text) && text != NULL && strcmp(text, wanted) == 0;
}

static int jwe_read_header(const json_t *header, uint8_t ret_x[JOSE_EC_SIZE],
                           uint8_t ret_y[JOSE_EC_SIZE], const char **ret_apu, const char **ret_apv)
{
    const json_t *epk = json_object_get(header, "epk");
    bool good =
        jwe_header_has_text(header, "alg", "ECDH-ES") &&
        jwe_header_has_text(header, "enc", "A256GCM") && json_object_get(header, "zip") == NULL &&
        jose_text_member(header, "apu", ret_apu) && jose_text_member(header, "apv", ret_apv) &&
        jwe_header_has_text(epk, "kty", "EC") && jwe_header_has_text(epk, "crv", "P-256") &&
        jose_bytes_of(json_object_get(epk, "x"), ret_x, JOSE_EC_SIZE) &&
        jose_bytes_of(json_object_get(epk, "y"), ret_y, JOSE_EC_SIZE);
    return good ? 0 : HEARTH_ERR_INVALID;
}

/* ret_plain holds the ciphertext, which becomes the cleartext. */
static int jwe_decrypt_content(const struct jose_part parts[PARTS],
                               const uint8_t key[CONTENT_KEY_SIZE], char *ret_plain, size_t *size)
{
    uint8_t nonce[NONCE_SIZE], tag[TAG_SIZE + 2], *text = (uint8_t *)ret_plain;
    size_t nonce_size, tag_size;
    int n = 0, last = 0;
    if (parts[NONCE].size != 16 || parts[TAG].size != 22 ||
        codec_base64_decode(CODEC_URL, parts[NONCE].at, parts[NONCE].size, nonce, &nonce_size) !=
            0 ||
        codec_base64_decode(CODEC_URL, parts[TAG].at, parts[TAG].size, tag, &tag_size) != 0)
        return HEARTH_ERR_INVALID;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ready = ctx != NULL && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) == 1;
    bool good = ready &&
                EVP_DecryptUpdate(ctx, NULL, &n, (const unsigned char *)parts[HEADER].at,
                                  (int)parts[HEADER].size) == 1 &&
                EVP_DecryptUpdate(ctx, text, &n, text, (int)*size) == 1 &&
                EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) == 1 &&
                EVP_DecryptFinal_ex(ctx, text + n, &last) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!good)
        return ready ? HEARTH_ERR_DENIED : HEARTH_ERR_NOMEM;
    *size = (size_t)n;
    return 0;
}

int jose_jwe_open(const char *jwe, size_t size, const struct jose_ec_key *key, char *ret_plain,
                  size_t *ret_size)
{
    struct jose_part parts[PARTS];
    uint8_t x[JOSE_EC_SIZE], y[JOSE_EC_SIZE], z[JOSE_EC_SIZE], content[CONTENT_KEY_SIZE];
    const char *reason, *apu, *apv;
    json_t *header = NULL;
    size_t n = 0;
    if (size > JOSE_JWE_MAX || !jose_split(jwe, size, PARTS, parts) || parts[KEY].size != 0)
        return HEARTH_ERR_INVALID;
    ERR_set_mark();
    int r = jose_header_read(parts[HEADER].at, parts[HEADER].size, &header, &reason);
    if (r == 0)
        r = jwe_read_header(header, x, y, &apu, &apv);
    if (r == 0)
        r = codec_base64_decode(CODEC_URL, parts[TEXT].at, parts[TEXT].size, (uint8_t *)ret_plain,
                                &n);
    if (r == 0)
        r = jwe_agree_on_secret(key, x, y, z);
    if (r == 0)
        r = jose_concat_kdf(z, JOSE_EC_SIZE, "A256GCM", apu, apv, content, sizeof(content));
    if (r == 0)
        r = jwe_decrypt_content(parts, content, ret_plain, &n);
    ERR_pop_to_mark();
    json_decref(header);
    OPENSSL_cleanse(z, sizeof(z));
    OPENSSL_cleanse(content, sizeof(content));
    if (r == 0) {
        ret_plain[n] = '\0';
        *ret_size = n;
    } else {
        OPENSSL_cleanse(ret_plain, size);
    }
    return r;
}
