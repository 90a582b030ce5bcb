#include "base/hash.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "codec/codec.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint64_t process_key[2];

static void draw_key(void)
{
    if (getrandom(process_key, sizeof(process_key), 0) != (ssize_t)sizeof(process_key))
        abort(); /* the kernel always has so few */
}

static inline uint64_t sip_rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = sip_rotate(v[1], 13) ^ v[0];
    v[0] = sip_rotate(v[0], 32);
    v[2] += v[3];
    v[3] = sip_rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = sip_rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = sip_rotate(v[1], 17) ^ v[2];
    v[2] = sip_rotate(v[2], 32);
}

static inline void sip_absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

static inline void sip_begin(uint64_t v[4], const uint64_t key[2])
{
    v[0] = key[0] ^ 0x736f6d6570736575u;
    v[1] = key[1] ^ 0x646f72616e646f6du;
    v[2] = key[0] ^ 0x6c7967656e657261u;
    v[3] = key[1] ^ 0x7465646279746573u;
}

/* tail: the bytes behind the last whole word. */
static inline uint64_t sip_end(uint64_t v[4], uint64_t tail, size_t size)
{
    sip_absorb(v, tail | (uint64_t)size << 56);
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t hash_keyed(const uint64_t key[2], const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    uint64_t v[4];
    uint64_t word;
    size_t left = size;
    sip_begin(v, key);
    for (; left >= 8; left -= 8, p += 8) {
        memcpy(&word, p, 8);
        sip_absorb(v, word);
    }
    word = 0;
    for (size_t i = 0; i < left; i++)
        word |= (uint64_t)p[i] << (8 * i);
    return sip_end(v, word, size);
}

uint64_t hash_bytes(const void *bytes, size_t size)
{
    pthread_once(&once, draw_key);
    return hash_keyed(process_key, bytes, size);
}

uint64_t hash_text(const char *text)
{
    return hash_bytes(text, strlen(text));
}

uint64_t hash_text_folded(const char *text)
{
    size_t size = 0;
    uint64_t v[4], word = 0;
    pthread_once(&once, draw_key);
    sip_begin(v, process_key);
    for (; text[size] != '\0'; size++) {
        unsigned char c = (unsigned char)codec_lower(text[size]);
        word |= (uint64_t)c << (8 * (size % 8));
        if (size % 8 == 7) {
            sip_absorb(v, word);
            word = 0;
        }
    }
    return sip_end(v, word, size);
}
