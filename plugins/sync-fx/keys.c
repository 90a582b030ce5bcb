#include "keys.h"

#include <string.h>
#include <openssl/crypto.h>

#include "codec/codec.h"
#include "jose/jose.h"
#include "hearth/plugin.h"
#include "json_scan.h"

struct pair {
    struct fx_key *key;
    int count;
};

static int on_half(void *ctx, const struct fx_span *name, const struct fx_span *value)
{
    (void)name;
    struct pair *pair = ctx;
    char text[64];
    uint8_t bytes[48];
    size_t size;
    int r = HEARTH_ERR_INVALID;
    if (pair->count < 2 && value->kind == FX_JSON_STRING &&
        fx_span_text(value, text, sizeof(text), &size) == 0 && size == 44 &&
        codec_base64_decode(CODEC_STANDARD, text, size, bytes, &size) == 0 && size == 32) {
        memcpy(pair->key->bytes + 32 * pair->count++, bytes, 32);
        r = 0;
    }
    OPENSSL_cleanse(text, sizeof(text));
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return r;
}

static int read_pair(const struct fx_span *value, struct fx_key *ret_key)
{
    struct pair pair = {.key = ret_key};
    if (value->kind != FX_JSON_ARRAY || fx_json_scan(value->at, value->size, on_half, &pair) != 0 ||
        pair.count != 2)
        return HEARTH_ERR_INVALID;
    return 0;
}

struct parsed {
    struct fx_keys *keys;
    struct fx_key fallback;
    bool has_fallback, is_keys, own[FX_COLLECTIONS];
};

static int on_collection(void *ctx, const struct fx_span *name, const struct fx_span *value)
{
    struct parsed *parsed = ctx;
    for (int c = 1; c < FX_COLLECTIONS; c++) {
        if (fx_span_is(name, fx_collections[c].name)) {
            parsed->own[c] = true;
            return read_pair(value, &parsed->keys->of[c]);
        }
    }
    return 0;
}

static int keys_on_member(void *ctx, const struct fx_span *name, const struct fx_span *value)
{
    struct parsed *parsed = ctx;
    if (fx_span_is(name, "id"))
        parsed->is_keys = fx_span_is(value, "keys");
    if (fx_span_is(name, "default")) {
        parsed->has_fallback = true;
        return read_pair(value, &parsed->fallback);
    }
    if (fx_span_is(name, "collections") && value->kind == FX_JSON_OBJECT)
        return fx_json_scan(value->at, value->size, on_collection, parsed);
    return 0;
}

int fx_keys_parse(const char *text, size_t size, struct fx_keys *ret_keys)
{
    struct fx_keys keys = {.present = true, .timestamp = ret_keys->timestamp};
    struct parsed parsed = {.keys = &keys};
    int r = fx_json_scan(text, size, keys_on_member, &parsed);
    if (r == 0 && (!parsed.has_fallback || !parsed.is_keys))
        r = HEARTH_ERR_INVALID;
    if (r == 0) {
        for (int c = 0; c < FX_COLLECTIONS; c++) {
            if (!parsed.own[c])
                keys.of[c] = parsed.fallback;
        }
        *ret_keys = keys;
    }
    OPENSSL_cleanse(&keys, sizeof(keys));
    OPENSSL_cleanse(&parsed, sizeof(parsed));
    return r == 0 ? 0 : HEARTH_ERR_INVALID;
}
