#include "crypto.h"

#include <string.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "jose/jose.h"
#include "hearth/plugin.h"
#include "json_scan.h"
#include "support/buf.h"
#include "codec/codec.h"

int fx_box_init(struct fx_box *box)
{
    *box = (struct fx_box){0};
    box->cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    box->cipher_ctx = EVP_CIPHER_CTX_new();
    box->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    box->mac_ctx = box->mac == NULL ? NULL : EVP_MAC_CTX_new(box->mac);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_end()};
    if (box->cipher == NULL || box->cipher_ctx == NULL || box->mac_ctx == NULL ||
        EVP_MAC_CTX_set_params(box->mac_ctx, params) != 1) {
        fx_box_fini(box);
        return HEARTH_ERR_NOMEM;
    }
    return 0;
}

void fx_box_fini(struct fx_box *box)
{
    EVP_CIPHER_CTX_free(box->cipher_ctx);
    EVP_CIPHER_free(box->cipher);
    EVP_MAC_CTX_free(box->mac_ctx);
    EVP_MAC_free(box->mac);
    OPENSSL_cleanse(&box->key, sizeof(box->key));
    *box = (struct fx_box){0};
}

struct sealed {
    struct fx_span ciphertext, iv, hmac;
};

static int payload_on_member(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct sealed *sealed = ctx;
    if (fx_span_is(key, "ciphertext"))
        sealed->ciphertext = *value;
    else if (fx_span_is(key, "IV"))
        sealed->iv = *value;
    else if (fx_span_is(key, "hmac"))
        sealed->hmac = *value;
    return 0;
}

/* The texts are Base64 and hex; the only escape that a writer of JSON may put there is "\/". */
static int span_unescape(struct fx_span *span, struct support_buf *work)
{
    if (span->at == NULL || span->kind != FX_JSON_STRING)
        return HEARTH_ERR_INVALID;
    if (memchr(span->at, '\\', span->size) == NULL)
        return 0;
    /* room was reserved for all three: earlier spans stay where they are */
    size_t start = work->size;
    int r = fx_span_text(span, work->data + start, work->capacity - start, &span->size);
    span->at = work->data + start;
    work->size += span->size + 1;
    return r;
}

/* A key schedule costs as much as a short record. */
static bool box_take_key(struct fx_box *box, const struct fx_key *key)
{
    if (box->keyed && CRYPTO_memcmp(&box->key, key, sizeof(*key)) == 0)
        return true;
    box->keyed = EVP_MAC_init(box->mac_ctx, key->bytes + 32, 32, NULL) == 1 &&
                 EVP_DecryptInit_ex2(box->cipher_ctx, box->cipher, key->bytes, NULL, NULL) == 1;
    box->key = *key;
    return box->keyed;
}

static bool hmac_is_right(struct fx_box *box, const struct sealed *sealed)
{
    uint8_t mac[32];
    char hex[65];
    size_t size = 0;
    bool ok = EVP_MAC_init(box->mac_ctx, NULL, 0, NULL) == 1 &&
              EVP_MAC_update(box->mac_ctx, (const unsigned char *)sealed->ciphertext.at,
                             sealed->ciphertext.size) == 1 &&
              EVP_MAC_final(box->mac_ctx, mac, &size, sizeof(mac)) == 1 && size == sizeof(mac);
    if (!ok)
        return false;
    codec_hex_encode(mac, sizeof(mac), hex);
    return CRYPTO_memcmp(hex, sealed->hmac.at, 64) == 0;
}

static enum fx_open payload_decrypt(struct fx_box *box, const struct sealed *sealed,
                                    struct support_buf *work, struct support_buf *ret_plain)
{
    uint8_t iv[24];
    size_t iv_size, size;
    if (sealed->iv.size != 24 ||
        codec_base64_decode(CODEC_STANDARD, sealed->iv.at, 24, iv, &iv_size) != 0 || iv_size != 16)
        return FX_OPEN_FORMAT;
    uint8_t *bytes = (uint8_t *)work->data + work->size;
    if (codec_base64_decode(CODEC_STANDARD, sealed->ciphertext.at, sealed->ciphertext.size, bytes,
                            &size) != 0 ||
        size == 0 || size % 16 != 0)
        return FX_OPEN_CIPHER;
    if (support_buf_reserve(ret_plain, size + 17) != 0)
        return FX_OPEN_NOMEM;
    int first = 0, last = 0;
    unsigned char *out = (unsigned char *)ret_plain->data;
    if (EVP_DecryptInit_ex2(box->cipher_ctx, NULL, NULL, iv, NULL) != 1 ||
        EVP_DecryptUpdate(box->cipher_ctx, out, &first, bytes, (int)size) != 1 ||
        EVP_DecryptFinal_ex(box->cipher_ctx, out + first, &last) != 1)
        return FX_OPEN_CIPHER;
    ret_plain->size = (size_t)first + (size_t)last;
    ret_plain->data[ret_plain->size] = '\0';
    return FX_OPEN_OK;
}

enum fx_open fx_box_open(struct fx_box *box, const struct fx_key *key, const char *payload,
                         size_t size, struct support_buf *work, struct support_buf *ret_plain)
{
    struct sealed sealed = {0};
    ret_plain->size = 0;
    work->size = 0;
    if (size > INT32_MAX / 2 || fx_json_scan(payload, size, payload_on_member, &sealed) != 0 ||
        payload[0] == '[')
        return FX_OPEN_FORMAT;
    if (support_buf_reserve(work, size * 2 + 64) != 0)
        return FX_OPEN_NOMEM;
    if (span_unescape(&sealed.ciphertext, work) != 0 || span_unescape(&sealed.iv, work) != 0 ||
        span_unescape(&sealed.hmac, work) != 0)
        return FX_OPEN_FORMAT;
    if (!box_take_key(box, key))
        return FX_OPEN_NOMEM;
    if (sealed.hmac.size != 64 || !hmac_is_right(box, &sealed))
        return FX_OPEN_HMAC;
    return payload_decrypt(box, &sealed, work, ret_plain);
}

void fx_key_fingerprint(const struct fx_key *key, char ret_text[FX_FINGERPRINT_TEXT])
{
    static const char label[] = "hearth sync-fx key fingerprint";
    uint8_t input[sizeof(label) + FX_KEY_SIZE], digest[EVP_MAX_MD_SIZE] = {0};
    memcpy(input, label, sizeof(label));
    memcpy(input + sizeof(label), key->bytes, FX_KEY_SIZE);
    EVP_Digest(input, sizeof(input), digest, NULL, EVP_sha256(), NULL);
    OPENSSL_cleanse(input, sizeof(input));
    codec_hex_encode(digest, (FX_FINGERPRINT_TEXT - 1) / 2, ret_text);
}
