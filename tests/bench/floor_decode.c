/* What a first sync cannot be faster than on one thread, and what the same data cost a program that
 * asks once and keeps nothing.
 *
 *   floor_decode [records]                   made-up records of history
 *   floor_decode KEY URL AUTHORIZATION …     KEY: 128 hexadecimal digits; each URL is a collection,
 *                                            and all of them come twice, signed anew
 *
 * reader: one GET without a limit for each collection, all of the answer in memory, JSON of the
 *   array, of each payload and each cleartext by jansson, HMAC, Base64, AES. Wall time and CPU
 * floor:  of the same bytes HMAC, Base64, AES and JSON of the cleartext alone, without network,
 *   envelope, translation or storing
 * plugin: its own way from a line of the answer to the same JSON, on one thread */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <curl/curl.h>
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

struct samples {
    struct sample *list;
    size_t count, room;
};

static struct fx_key key = {{1, 2, 3, [63] = 4}};

static void check(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "floor_decode: %s\n", what);
    exit(1);
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
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

/* HMAC, Base64, AES, JSON, each step by its library. */
static void open_sample(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, const char *base64,
                        const uint8_t iv[16], const char *hmac, struct support_buf *work)
{
    uint8_t mac[32];
    unsigned mac_size;
    int first = 0, last = 0, size = (int)strlen(base64);
    char hex[65];
    HMAC(EVP_sha256(), key.bytes + 32, 32, (const unsigned char *)base64, (size_t)size, mac,
         &mac_size);
    codec_hex_encode(mac, 32, hex);
    check(memcmp(hex, hmac, 64) == 0, "HMAC");
    check(support_buf_reserve(work, 2 * (size_t)size) == 0, "memory");
    uint8_t *bytes = (uint8_t *)work->data, *clear = bytes + size;
    int padding = (base64[size - 1] == '=') + (base64[size - 2] == '=');
    size = EVP_DecodeBlock(bytes, (const unsigned char *)base64, size) - padding;
    check(EVP_DecryptInit_ex2(ctx, cipher, key.bytes, iv, NULL) == 1 &&
              EVP_DecryptUpdate(ctx, clear, &first, bytes, size) == 1 &&
              EVP_DecryptFinal_ex(ctx, clear + first, &last) == 1,
          "AES");
    json_t *json = json_loadb((char *)clear, (size_t)(first + last), 0, NULL);
    check(json_is_object(json), "JSON");
    json_decref(json);
}

static double run_floor(const struct samples *samples, long records)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    struct support_buf work = {0};
    double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (long i = 0; i < records; i++) {
        const struct sample *s = &samples->list[(size_t)i % samples->count];
        open_sample(ctx, cipher, s->base64, s->iv, s->hmac, &work);
    }
    double took = seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
    support_buf_fini(&work);
    EVP_CIPHER_free(cipher);
    EVP_CIPHER_CTX_free(ctx);
    return took;
}

/* --- from a server --- */

static size_t on_answer(char *bytes, size_t one, size_t size, void *ctx)
{
    (void)one;
    return support_buf_append(ctx, bytes, size) == 0 ? size : 0;
}

static json_t *get_collection(const char *url, const char *authorization, size_t *bytes)
{
    struct support_buf body = {0}, header = {0};
    long status = 0;
    CURL *easy = curl_easy_init();
    support_buf_append(&header, "Authorization: ", 15);
    support_buf_append(&header, authorization, strlen(authorization) + 1);
    struct curl_slist *headers = curl_slist_append(NULL, header.data);
    headers = curl_slist_append(headers, "Accept: application/json");
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
    check(curl_easy_perform(easy) == CURLE_OK &&
              curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status == 200,
          "the server does not answer");
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    json_t *json = json_loadb(body.data, body.size, 0, NULL);
    check(json_is_array(json), "not a list");
    *bytes += body.size;
    support_buf_fini(&body);
    support_buf_fini(&header);
    return json;
}

/* As the reader does; a copy for what is measured later. */
static void read_bso(const json_t *bso, EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher,
                     struct support_buf *work, struct sample *ret_sample)
{
    const char *text = json_string_value(json_object_get(bso, "payload"));
    json_t *payload = json_loads(text == NULL ? "" : text, 0, NULL);
    const char *base64 = json_string_value(json_object_get(payload, "ciphertext")),
               *iv = json_string_value(json_object_get(payload, "IV")),
               *hmac = json_string_value(json_object_get(payload, "hmac"));
    uint8_t iv_bytes[24];
    size_t size;
    check(base64 != NULL && iv != NULL && hmac != NULL && strlen(hmac) == 64 && strlen(iv) == 24 &&
              codec_base64_decode(CODEC_STANDARD, iv, 24, iv_bytes, &size) == 0 && size == 16,
          "payload");
    if (ret_sample == NULL) {
        open_sample(ctx, cipher, base64, iv_bytes, hmac, work);
    } else {
        ret_sample->base64 = strdup(base64);
        ret_sample->line = json_dumps(bso, JSON_COMPACT | JSON_REAL_PRECISION(12));
        memcpy(ret_sample->iv, iv_bytes, 16);
        memcpy(ret_sample->hmac, hmac, 65);
        check(ret_sample->base64 != NULL && ret_sample->line != NULL, "memory");
    }
    json_decref(payload);
}

static void read_collections(int count, char **asked, bool keep, struct samples *samples)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    struct support_buf work = {0};
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    size_t records = 0, bytes = 0;
    for (int c = 0; c + 1 < count; c += 2) {
        json_t *list = get_collection(asked[c], asked[c + 1], &bytes);
        size_t n = json_array_size(list);
        check(!keep || support_array_reserve(&samples->list, &samples->room, samples->count + n,
                                             sizeof(*samples->list)),
              "memory");
        for (size_t i = 0; i < n; i++)
            read_bso(json_array_get(list, i), ctx, cipher, &work,
                     keep ? &samples->list[samples->count++] : NULL);
        records += n;
        json_decref(list);
    }
    if (!keep)
        printf("reader %zu records, %zu bytes: wall %.3f s, cpu %.3f s\n", records, bytes,
               seconds(CLOCK_MONOTONIC) - wall, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    support_buf_fini(&work);
    EVP_CIPHER_free(cipher);
    EVP_CIPHER_CTX_free(ctx);
}

static double run_plugin(const struct samples *samples, long records)
{
    struct fx_decoder decoder;
    struct fx_arena arena = {0};
    check(fx_decoder_init(&decoder) == 0, "memory");
    double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (long i = 0; i < records; i++) {
        const struct sample *s = &samples->list[(size_t)i % samples->count];
        struct fx_bso bso;
        const struct fx_json *json = NULL;
        check(fx_bso_read(&decoder, s->line, strlen(s->line), &bso) == FX_BSO_OK &&
                  fx_bso_open(&decoder, &key, &bso, &arena, &json) == FX_BSO_OK,
              "record");
        fx_arena_reset(&arena);
    }
    double took = seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
    fx_decoder_fini(&decoder);
    fx_arena_fini(&arena);
    return took;
}

static void make_samples(struct samples *samples)
{
    samples->list = calloc(DISTINCT, sizeof(*samples->list));
    check(samples->list != NULL, "memory");
    for (samples->count = 0; samples->count < DISTINCT; samples->count++)
        make_sample((int)samples->count, &samples->list[samples->count]);
}

int main(int argc, char **argv)
{
    struct samples samples = {0};
    long records = argc == 2 ? strtol(argv[1], NULL, 10) : 100000;
    if (argc > 3) {
        size_t size = strlen(argv[1]);
        check(size == 2 * FX_KEY_SIZE &&
                  codec_hex_decode(argv[1], size, key.bytes, FX_KEY_SIZE) == 0,
              "KEY");
        /* the first half for what is measured later; an authorization is good for one request */
        int half = (argc - 2) / 2;
        read_collections(half, argv + 2, true, &samples);
        read_collections(half, argv + 2 + half, false, &samples);
        records = (long)samples.count;
    } else {
        make_samples(&samples);
    }
    check(records > 0, "usage: floor_decode [records | KEY URL AUTHORIZATION ...]");
    double floor = run_floor(&samples, records), plugin = run_plugin(&samples, records);
    printf("floor  %10.0f records/s\nplugin %10.0f records/s\n", (double)records / floor,
           (double)records / plugin);
    for (size_t i = 0; i < samples.count; i++) {
        free(samples.list[i].line);
        free(samples.list[i].base64);
    }
    free(samples.list);
    return 0;
}
