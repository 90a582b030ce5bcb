#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "jose/jose.h"
#include "codec/codec.h"

const struct fx_key fake_sync_key = {{1, 2, 3, 4, [63] = 9}},
                    fake_bulk_key = {{5, 6, 7, 8, [63] = 10}}, fake_other_key = {{5, 6, [63] = 11}};

/* --- records --- */

char *fake_seal(struct fake *f, const struct fx_key *key, const char *cleartext)
{
    uint8_t iv[16], mac[32];
    char iv_text[32], hex[65];
    size_t size = strlen(cleartext);
    uint8_t *sealed = malloc(size + 32);
    char *base64 = malloc(size * 2 + 64);
    int first, last;
    unsigned mac_size;
    RAND_bytes(iv, sizeof(iv));
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_aes_256_cbc(), NULL, key->bytes, iv), 1);
    assert_int_equal(
        EVP_EncryptUpdate(ctx, sealed, &first, (const unsigned char *)cleartext, (int)size), 1);
    assert_int_equal(EVP_EncryptFinal_ex(ctx, sealed + first, &last), 1);
    EVP_CIPHER_CTX_free(ctx);
    codec_base64_encode(CODEC_STANDARD, sealed, (size_t)(first + last), base64);
    codec_base64_encode(CODEC_STANDARD, iv, sizeof(iv), iv_text);
    HMAC(EVP_sha256(), key->bytes + 32, 32, (unsigned char *)base64, strlen(base64), mac,
         &mac_size);
    codec_hex_encode(mac, sizeof(mac), hex);
    char *text =
        fake_text(f, "{\"ciphertext\":\"%s\",\"IV\":\"%s\",\"hmac\":\"%s\"}", base64, iv_text, hex);
    free(sealed);
    free(base64);
    return text;
}

static char *quote(struct fake *f, const char *text)
{
    char *quoted = fake_alloc(f, 2 * strlen(text) + 1), *out = quoted;
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            *out++ = '\\';
        *out++ = *text;
    }
    return quoted;
}

char *fake_bso(struct fake *f, const struct fx_key *key, const char *id, const char *modified,
               const char *cleartext)
{
    return fake_text(f, "{\"id\":\"%s\",\"modified\":%s,\"sortindex\":1,\"payload\":\"%s\"}\n", id,
                     modified, quote(f, fake_seal(f, key, cleartext)));
}

char *fake_keys_bso(struct fake *f, const struct fx_key *sync_key, const struct fx_key *bulk,
                    const char *modified)
{
    char aes[64], mac[64];
    codec_base64_encode(CODEC_STANDARD, bulk->bytes, 32, aes);
    codec_base64_encode(CODEC_STANDARD, bulk->bytes + 32, 32, mac);
    return fake_bso(f, sync_key, "keys", modified,
                    fake_text(f,
                              "{\"id\":\"keys\",\"collection\":\"crypto\",\"default\":[\"%s\",\"%"
                              "s\"],\"collections\":{}}",
                              aes, mac));
}

char *fake_meta_bso(struct fake *f, const char *sync_id, int version, const char *engines,
                    const char *declined)
{
    return fake_text(
        f, "{\"id\":\"global\",\"modified\":1795417400.10,\"payload\":\"%s\"}",
        quote(f,
              fake_text(
                  f, "{\"syncID\":\"%s\",\"storageVersion\":%d,\"engines\":{%s},\"declined\":[%s]}",
                  sync_id, version, engines, declined)));
}

/* --- scripts --- */

struct fake_step *fake_expect_token(struct fake *f)
{
    struct fake_step *step =
        fake_expect(f, FAKE_TOKEN, 200,
                    "{\"id\":\"hawk-1\",\"key\":\"key-1\",\"api_endpoint\":\"" FAKE_NODE
                    "\",\"uid\":7,\"duration\":3600,\"hashalg\":\"sha256\"}");
    step->wants[0] = "authorization: Bearer t0ken";
    step->wants[1] = "x-keyid: 1700000000000-fNUMTzq7B4ZI0dW2sx4e6w";
    return step;
}

struct fake_step *fake_expect_info(struct fake *f, const char *body)
{
    struct fake_step *step = fake_expect(f, FAKE_GET "info/collections", 200, body);
    step->headers[0] = "x-last-modified: 1795417404.04";
    return step;
}

struct fake_step *fake_expect_meta(struct fake *f)
{
    return fake_expect(f, FAKE_GET "storage/meta/global", 200,
                       fake_meta_bso(f, "global1", 5, FAKE_ENGINES, ""));
}

struct fake_step *fake_expect_keys(struct fake *f)
{
    return fake_expect(f, FAKE_GET "storage/crypto/keys", 200,
                       fake_keys_bso(f, &fake_sync_key, &fake_bulk_key, "1795417400.20"));
}

struct fake_step *fake_expect_configuration(struct fake *f)
{
    return fake_expect(f, FAKE_GET "info/configuration", 200,
                       "{\"max_record_payload_bytes\":2621440}");
}

void fake_expect_start(struct fake *f, const char *info)
{
    fake_expect_token(f);
    fake_expect_info(f, info)->wants[0] = "!x-if-modified-since";
    fake_expect_meta(f);
    fake_expect_keys(f);
    fake_expect_configuration(f);
}

struct fake_step *fake_expect_page(struct fake *f, const char *path, const char *last_modified,
                                   const char *body)
{
    struct fake_step *step = fake_expect(f, fake_text(f, FAKE_GET "storage/%s", path), 200, body);
    step->wants[0] = "accept: application/newlines";
    step->headers[0] = "content-type: application/newlines";
    step->headers[1] = fake_text(f, "x-last-modified: %s", last_modified);
    /* having nothing has to be said */
    step->headers[2] = body[0] == '\0' ? "x-weave-records: 0" : NULL;
    return step;
}

void fake_expect_devices(struct fake *f)
{
    fake_expect_page(f, "clients?full=1&sort=oldest&limit=1000", "1795417401.00",
                     fake_bso(f, &fake_bulk_key, "dev1", "1795417401",
                              "{\"id\":\"dev1\",\"name\":\"Laptop\",\"type\":\"desktop\"}"));
    fake_expect_page(f, "tabs?full=1&sort=oldest&limit=1000", "1795417402.00",
                     fake_bso(f, &fake_bulk_key, "dev1", "1795417402.00",
                              "{\"id\":\"dev1\",\"tabs\":[{\"title\":\"T\",\"urlHistory\":[\"https:"
                              "//t/\"],\"lastUsed\":5}]}"));
}

void fake_expect_bookmarks(struct fake *f)
{
    fake_expect_page(f, "bookmarks?full=1&sort=oldest&limit=1000", "1795417403.50",
                     fake_bso(f, &fake_bulk_key, "bm1", "1795417403.50",
                              "{\"id\":\"bm1\",\"type\":\"folder\",\"children\":[\"x\"]}"));
}

void fake_expect_history(struct fake *f)
{
    fake_expect_page(f, "history?full=1&sort=oldest&limit=1000", "1795417404.04",
                     fake_bso(f, &fake_bulk_key, "pg1", "1795417404.04",
                              "{\"id\":\"pg1\",\"histUri\":\"https://h/"
                              "\",\"visits\":[{\"date\":1700000000000000,\"type\":1}]}"));
}

void fake_first_pull(struct fake *f)
{
    fake_expect_start(f, FAKE_INFO);
    fake_expect_devices(f);
    fake_expect_bookmarks(f);
    fake_expect_history(f);
    assert_int_equal(fake_pull(f), 0);
    assert_string_equal(fake_words(f), "");
    assert_int_equal(f->result.state, HEARTH_ACCOUNT_OK);
}
