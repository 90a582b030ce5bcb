#include "jwe.h"

#include <string.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/params.h>

#include "codec.h"
#include "hearth/plugin.h"
#include "json_scan.h"

enum { HEADER, KEY, NONCE, TEXT, TAG, PARTS };

enum { NONCE_SIZE = 12, TAG_SIZE = 16, PARTY_MAX = 256, HEADER_MAX = 2048 };

/* --- keys ----------------------------------------------------------------------------------------------------------------------------- */

static int number_of(const EVP_PKEY *key, const char *name, uint8_t ret_bytes[FX_EC_SIZE])
{
    BIGNUM *number = NULL;
    int r = EVP_PKEY_get_bn_param(key, name, &number) == 1 && BN_bn2binpad(number, ret_bytes, FX_EC_SIZE) == FX_EC_SIZE
                ? 0
                : HEARTH_ERR_INTERNAL;
    BN_clear_free(number);
    return r;
}

int fx_ec_make(struct fx_ec_key *ret_key)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    int r = key == NULL ? HEARTH_ERR_INTERNAL : 0;
    if (r == 0)
        r = number_of(key, OSSL_PKEY_PARAM_PRIV_KEY, ret_key->private_key);
    if (r == 0)
        r = number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, ret_key->x);
    if (r == 0)
        r = number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, ret_key->y);
    EVP_PKEY_free(key);
    return r;
}

/* NULL: not a point of the curve, or no memory. private_key may be NULL. */
static EVP_PKEY *load(const uint8_t x[FX_EC_SIZE], const uint8_t y[FX_EC_SIZE], const uint8_t *private_key)
{
    uint8_t point[1 + 2 * FX_EC_SIZE] = {POINT_CONVERSION_UNCOMPRESSED};
    EVP_PKEY *key = NULL;
    memcpy(point + 1, x, FX_EC_SIZE);
    memcpy(point + 1 + FX_EC_SIZE, y, FX_EC_SIZE);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *number = private_key == NULL ? NULL : BN_secure_new();
    bool ok = ctx != NULL && build != NULL && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
              OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)) == 1;
    if (ok && private_key != NULL)
        ok = number != NULL && BN_bin2bn(private_key, FX_EC_SIZE, number) != NULL &&
             OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number) == 1;
    OSSL_PARAM *params = ok ? OSSL_PARAM_BLD_to_param(build) : NULL;
    if (params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, private_key == NULL ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR, params) != 1)
        key = NULL;
    OSSL_PARAM_free(params);
    BN_clear_free(number);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* Z: the x coordinate of the shared point. */
static int agree(const struct fx_ec_key *own, const uint8_t x[FX_EC_SIZE], const uint8_t y[FX_EC_SIZE], uint8_t ret_z[FX_EC_SIZE])
{
    EVP_PKEY *ours = load(own->x, own->y, own->private_key), *theirs = load(x, y, NULL);
    EVP_PKEY_CTX *check = theirs == NULL ? NULL : EVP_PKEY_CTX_new(theirs, NULL);
    EVP_PKEY_CTX *ctx = ours == NULL ? NULL : EVP_PKEY_CTX_new(ours, NULL);
    size_t size = FX_EC_SIZE;
    int r = ours == NULL || ctx == NULL ? HEARTH_ERR_INTERNAL : 0;
    if (r == 0 && (check == NULL || EVP_PKEY_public_check(check) != 1))
        r = HEARTH_ERR_INVALID;
    if (r == 0 && (EVP_PKEY_derive_init(ctx) != 1 || EVP_PKEY_derive_set_peer(ctx, theirs) != 1 ||
                   EVP_PKEY_derive(ctx, ret_z, &size) != 1 || size != FX_EC_SIZE))
        r = HEARTH_ERR_INVALID;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_CTX_free(check);
    EVP_PKEY_free(ours);
    EVP_PKEY_free(theirs);
    return r;
}

/* --- header ----------------------------------------------------------------------------------------------------------------------------
 */

struct header {
    char alg[16], enc[16], kty[8], crv[8], x[64], y[64];
    char apu[4 * PARTY_MAX / 3 + 4], apv[4 * PARTY_MAX / 3 + 4];
    bool bad;
};

static void take(struct header *header, const struct fx_span *value, char *ret_text, size_t capacity)
{
    if (value->kind != FX_JSON_STRING || fx_span_text(value, ret_text, capacity, NULL) != 0)
        header->bad = true;
}

static int on_point(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct header *header = ctx;
    if (fx_span_is(key, "kty"))
        take(header, value, header->kty, sizeof(header->kty));
    else if (fx_span_is(key, "crv"))
        take(header, value, header->crv, sizeof(header->crv));
    else if (fx_span_is(key, "x"))
        take(header, value, header->x, sizeof(header->x));
    else if (fx_span_is(key, "y"))
        take(header, value, header->y, sizeof(header->y));
    return 0;
}

static int on_header(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct header *header = ctx;
    if (fx_span_is(key, "alg"))
        take(header, value, header->alg, sizeof(header->alg));
    else if (fx_span_is(key, "enc"))
        take(header, value, header->enc, sizeof(header->enc));
    else if (fx_span_is(key, "apu"))
        take(header, value, header->apu, sizeof(header->apu));
    else if (fx_span_is(key, "apv"))
        take(header, value, header->apv, sizeof(header->apv));
    else if (fx_span_is(key, "epk"))
        header->bad = header->bad || value->kind != FX_JSON_OBJECT || fx_json_scan(value->at, value->size, on_point, header) != 0;
    else if (fx_span_is(key, "zip") || fx_span_is(key, "crit"))
        header->bad = true; /* would change what the rest means */
    return 0;
}

static bool decode(const char *text, uint8_t *ret_bytes, size_t size)
{
    uint8_t bytes[64];
    size_t n;
    if (strlen(text) > 64 || fx_base64url_decode(text, strlen(text), bytes, &n) != 0 || n != size)
        return false;
    memcpy(ret_bytes, bytes, size);
    return true;
}

/* --- content ---------------------------------------------------------------------------------------------------------------------------
 */

static size_t put_party(uint8_t *to, const char *text, bool *ok)
{
    size_t size = 0;
    if (text[0] != '\0' && (fx_base64url_decode(text, strlen(text), to + 4, &size) != 0 || size > PARTY_MAX))
        *ok = false;
    to[0] = to[1] = 0;
    to[2] = (uint8_t)(size >> 8);
    to[3] = (uint8_t)size;
    return 4 + size;
}

/* RFC 7518, 4.6.2: the single-step KDF of NIST SP 800-56A. */
static int content_key(const uint8_t z[FX_EC_SIZE], const struct header *header, uint8_t ret_key[32])
{
    static const uint8_t ALGORITHM[] = {0, 0, 0, 7, 'A', '2', '5', '6', 'G', 'C', 'M'}, BITS[] = {0, 0, 1, 0};
    uint8_t info[sizeof(ALGORITHM) + 2 * (PARTY_MAX + 8) + sizeof(BITS)];
    bool ok = true;
    size_t size = sizeof(ALGORITHM);
    memcpy(info, ALGORITHM, sizeof(ALGORITHM));
    size += put_party(info + size, header->apu, &ok);
    if (ok)
        size += put_party(info + size, header->apv, &ok);
    if (!ok)
        return HEARTH_ERR_INVALID;
    memcpy(info + size, BITS, sizeof(BITS));
    size += sizeof(BITS);
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SSKDF", NULL);
    EVP_KDF_CTX *ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){"SHA256"}, 0),
                           OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, (void *)(uintptr_t)z, FX_EC_SIZE),
                           OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, size), OSSL_PARAM_construct_end()};
    int r = ctx != NULL && EVP_KDF_derive(ctx, ret_key, 32, params) == 1 ? 0 : HEARTH_ERR_INTERNAL;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return r;
}

struct parts {
    const char *at[PARTS];
    size_t size[PARTS];
};

static int decrypt(const struct parts *parts, const uint8_t key[32], uint8_t *text, size_t text_size, struct fx_buf *ret_plain)
{
    uint8_t nonce[24], tag[32];
    size_t nonce_size, tag_size;
    int n = 0, last = 0;
    if (parts->size[NONCE] > 24 || parts->size[TAG] > 32 ||
        fx_base64url_decode(parts->at[NONCE], parts->size[NONCE], nonce, &nonce_size) != 0 ||
        fx_base64url_decode(parts->at[TAG], parts->size[TAG], tag, &tag_size) != 0 || nonce_size != NONCE_SIZE || tag_size != TAG_SIZE)
        return HEARTH_ERR_INVALID;
    if (fx_buf_reserve(ret_plain, text_size + 1) != 0)
        return HEARTH_ERR_NOMEM;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char *out = (unsigned char *)ret_plain->data;
    bool ok = ctx != NULL && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
              EVP_DecryptUpdate(ctx, NULL, &n, (const unsigned char *)parts->at[HEADER], (int)parts->size[HEADER]) == 1 &&
              EVP_DecryptUpdate(ctx, out, &n, text, (int)text_size) == 1 &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) == 1 && EVP_DecryptFinal_ex(ctx, out + n, &last) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!ok) {
        OPENSSL_cleanse(out, text_size);
        return HEARTH_ERR_DENIED;
    }
    ret_plain->size = (size_t)n;
    ret_plain->data[n] = '\0';
    return 0;
}

static bool split(const char *jwe, size_t size, struct parts *ret_parts)
{
    size_t part = 0, start = 0;
    for (size_t i = 0; i <= size; i++) {
        if (i < size && jwe[i] != '.')
            continue;
        if (part == PARTS)
            return false;
        ret_parts->at[part] = jwe + start;
        ret_parts->size[part++] = i - start;
        start = i + 1;
    }
    return part == PARTS && ret_parts->size[KEY] == 0 && ret_parts->size[HEADER] < HEADER_MAX;
}

static int read_header(const struct parts *parts, struct header *ret_header, uint8_t ret_x[FX_EC_SIZE], uint8_t ret_y[FX_EC_SIZE])
{
    uint8_t text[HEADER_MAX];
    size_t size;
    if (fx_base64url_decode(parts->at[HEADER], parts->size[HEADER], text, &size) != 0 || size == 0 || text[0] != '{' ||
        fx_json_scan((const char *)text, size, on_header, ret_header) != 0 || ret_header->bad)
        return HEARTH_ERR_INVALID;
    bool known = strcmp(ret_header->alg, "ECDH-ES") == 0 && strcmp(ret_header->enc, "A256GCM") == 0 && strcmp(ret_header->kty, "EC") == 0 &&
                 strcmp(ret_header->crv, "P-256") == 0;
    return known && decode(ret_header->x, ret_x, FX_EC_SIZE) && decode(ret_header->y, ret_y, FX_EC_SIZE) ? 0 : HEARTH_ERR_INVALID;
}

int fx_jwe_open(const char *jwe, size_t size, const struct fx_ec_key *key, struct fx_buf *ret_plain)
{
    struct parts parts;
    struct header header = {0};
    uint8_t x[FX_EC_SIZE], y[FX_EC_SIZE], z[FX_EC_SIZE], cek[32], text[FX_JWE_MAX];
    size_t text_size;
    if (size > FX_JWE_MAX || !split(jwe, size, &parts) || read_header(&parts, &header, x, y) != 0 ||
        fx_base64url_decode(parts.at[TEXT], parts.size[TEXT], text, &text_size) != 0)
        return HEARTH_ERR_INVALID;
    int r = agree(key, x, y, z);
    if (r == 0)
        r = content_key(z, &header, cek);
    if (r == 0)
        r = decrypt(&parts, cek, text, text_size, ret_plain);
    OPENSSL_cleanse(z, sizeof(z));
    OPENSSL_cleanse(cek, sizeof(cek));
    return r;
}
