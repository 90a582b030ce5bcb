/* What a first sync cannot be faster than on one thread: HMAC, Base64, AES and JSON of history
 * records alone, without network, sink or translation. floor_decode [records]. The second line
 * is the plugin's own way from a line of the answer to the same JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "bso.h"
#include "jose/jose.h"
#include "codec/codec.h"

enum { DISTINCT = 4096, TEXT = 8192 };

struct sample {
    char *line, *base64;
    uint8_t iv[16];
    char hmac[65];
};

static const struct fx_key key = {{1, 2, 3, [63] = 4}};

static void check(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "floor_decode: %s\n", what);
    exit(1);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A page with 1 to 20 visits, 5 on average, as in recorded data. */
static size_t make_cleartext(int i, char *text, size_t capacity)
{
    int visits = 1 + (i * 7 % 13 == 0 ? 19 : i % 8);
    size_t used =
        (size_t)snprintf(text, capacity,
                         "{\"id\":\"page%08d\",\"histUri\":\"https://www.site-%d.example/section/"
                         "%d/article-about-%d?ref=home\","
                         "\"title\":\"Article number %d about something – Site %d\",\"visits\":[",
                         i, i % 400, i % 37, i, i, i % 400);
    for (int v = 0; v < visits; v++)
        used += (size_t)snprintf(text + used, capacity - used, "%s{\"date\":%lld,\"type\":%d}",
                                 v == 0 ? "" : ",", 1795417433060123LL - 86400000000LL * v - i,
                                 1 + v % 2);
    used += (size_t)snprintf(text + used, capacity - used, "]}");
    return used;
}

static void make_sample(int i, struct sample *s)
{
    char clear[TEXT], iv[32];
    uint8_t sealed[TEXT + 32], mac[32];
    int first = 0, last = 0;
    unsigned mac_size;
    size_t size = make_cleartext(i, clear, sizeof(clear));
    for (int b = 0; b < 16; b++)
        s->iv[b] = (uint8_t)(i + b * 31);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    check(EVP_EncryptInit_ex(ctx, EVP_aes_256_cbc(), NULL, key.bytes, s->iv) == 1 &&
              EVP_EncryptUpdate(ctx, sealed, &first, (unsigned char *)clear, (int)size) == 1 &&
              EVP_EncryptFinal_ex(ctx, sealed + first, &last) == 1,
          "AES");
    EVP_CIPHER_CTX_free(ctx);
    s->base64 = malloc(2 * TEXT);
    s->line = malloc(2 * TEXT + 512);
    check(s->base64 != NULL && s->line != NULL, "memory");
    codec_base64_encode(CODEC_STANDARD, sealed, (size_t)(first + last), s->base64);
    HMAC(EVP_sha256(), key.bytes + 32, 32, (unsigned char *)s->base64, strlen(s->base64), mac,
         &mac_size);
    codec_hex_encode(mac, 32, s->hmac);
    codec_base64_encode(CODEC_STANDARD, s->iv, 16, iv);
    snprintf(s->line, 2 * TEXT + 512,
             "{\"id\":\"page%08d\",\"modified\":1795417433.%02d,\"sortindex\":%d,"
             "\"payload\":\"{\\\"ciphertext\\\":\\\"%s\\\",\\\"IV\\\":\\\"%s\\\",\\\"hmac\\\":\\\"%"
             "s\\\"}\"}",
             i, i % 100, i, s->base64, iv, s->hmac);
}

/* The least that has to be done, each step by its library. */
static double run_floor(const struct sample *samples, long records)
{
    static uint8_t bytes[2 * TEXT], clear[2 * TEXT];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    double start = seconds();
    for (long i = 0; i < records; i++) {
        const struct sample *s = &samples[i % DISTINCT];
        uint8_t mac[32];
        unsigned mac_size;
        int first = 0, last = 0, size = (int)strlen(s->base64);
        char hex[65];
        HMAC(EVP_sha256(), key.bytes + 32, 32, (const unsigned char *)s->base64, (size_t)size, mac,
             &mac_size);
        codec_hex_encode(mac, 32, hex);
        check(memcmp(hex, s->hmac, 64) == 0, "HMAC");
        int padding = (s->base64[size - 1] == '=') + (s->base64[size - 2] == '=');
        size = EVP_DecodeBlock(bytes, (const unsigned char *)s->base64, size) - padding;
        check(EVP_DecryptInit_ex2(ctx, cipher, key.bytes, s->iv, NULL) == 1 &&
                  EVP_DecryptUpdate(ctx, clear, &first, bytes, size) == 1 &&
                  EVP_DecryptFinal_ex(ctx, clear + first, &last) == 1,
              "AES");
        json_t *json = json_loadb((char *)clear, (size_t)(first + last), 0, NULL);
        check(json_is_object(json), "JSON");
        json_decref(json);
    }
    double took = seconds() - start;
    EVP_CIPHER_free(cipher);
    EVP_CIPHER_CTX_free(ctx);
    return took;
}

static double run_plugin(const struct sample *samples, long records)
{
    struct fx_decoder decoder;
    struct fx_arena arena = {0};
    check(fx_decoder_init(&decoder) == 0, "memory");
    double start = seconds();
    for (long i = 0; i < records; i++) {
        const struct sample *s = &samples[i % DISTINCT];
        struct fx_bso bso;
        const struct fx_json *json = NULL;
        check(fx_bso_read(&decoder, s->line, strlen(s->line), &bso) == FX_BSO_OK &&
                  fx_bso_open(&decoder, &key, &bso, &arena, &json) == FX_BSO_OK,
              "record");
        fx_arena_reset(&arena);
    }
    double took = seconds() - start;
    fx_decoder_fini(&decoder);
    fx_arena_fini(&arena);
    return took;
}

int main(int argc, char **argv)
{
    long records = argc > 1 ? strtol(argv[1], NULL, 10) : 100000;
    struct sample *samples = calloc(DISTINCT, sizeof(*samples));
    check(records > 0 && samples != NULL, "usage: floor_decode [records]");
    for (int i = 0; i < DISTINCT; i++)
        make_sample(i, &samples[i]);
    double floor = run_floor(samples, records), plugin = run_plugin(samples, records);
    printf("floor  %10.0f records/s\nplugin %10.0f records/s\n", (double)records / floor,
           (double)records / plugin);
    for (int i = 0; i < DISTINCT; i++) {
        free(samples[i].line);
        free(samples[i].base64);
    }
    free(samples);
    return 0;
}
