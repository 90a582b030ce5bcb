/* Deterministic under a key, different under another, and the process's own key is none that anybody knows. */
#include "base/hash.h"

#include <stdio.h>
#include <string.h>

#include "base/magic.h"

int main(void)
{
    const uint64_t key[2] = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u}, other[2] = {1, 2};
    const char text[] = "the key of an entry, longer than a word";
    for (size_t size = 0; size < sizeof(text); size++) {
        ASSERT(hash_keyed(key, text, size) == hash_keyed(key, text, size));
        ASSERT(hash_keyed(key, text, size) != hash_keyed(other, text, size));
        ASSERT(size == 0 || hash_keyed(key, text, size) != hash_keyed(key, text, size - 1));
    }
    ASSERT(hash_text(text) == hash_bytes(text, strlen(text)));
    ASSERT(hash_text(text) != hash_keyed(key, text, strlen(text)));
    /* FNV's own collisions do not collide here: pairs of one bucket under the table's old hash spread. */
    size_t buckets[64] = {0}, most = 0;
    for (int i = 0; i < 6400; i++) {
        char entry[32];
        snprintf(entry, sizeof(entry), "account\n/search?q=%d", i);
        size_t n = ++buckets[hash_text(entry) % 64];
        most = n > most ? n : most;
    }
    ASSERT(most < 200);
    return 0;
}
