/* SipHash-1-3 as others compute it; deterministic under a key, different under another, and the
 * process's own key is none that anybody knows. */
#include "base/hash.h"

#include <stdio.h>
#include <string.h>

#include "base/magic.h"

/* SipHash-1-3 of the bytes 00 01 02 … of 0 to 63 bytes under the key 00 01 … 0f, as OpenSSL
 * computes them (openssl mac -macopt size:8 -macopt c-rounds:1 -macopt d-rounds:3 SIPHASH), and
 * as the authors' reference code does with cROUNDS 1 and dROUNDS 3. */
static const uint64_t vectors[64] = {
    0xabac0158050fc4dcu, 0xc9f49bf37d57ca93u, 0x82cb9b024dc7d44du, 0x8bf80ab8e7ddf7fbu,
    0xcf75576088d38328u, 0xdef9d52f49533b67u, 0xc50d2b50c59f22a7u, 0xd3927d989bb11140u,
    0x369095118d299a8eu, 0x25a48eb36c063de4u, 0x79de85ee92ff097fu, 0x70c118c1f94dc352u,
    0x78a384b157b4d9a2u, 0x306f760c1229ffa7u, 0x605aa111c0f95d34u, 0xd320d86d2a519956u,
    0xcc4fdd1a7d908b66u, 0x9cf2689063dbd80cu, 0x8ffc389cb473e63eu, 0xf21f9de58d297d1cu,
    0xc0dc2f46a6cce040u, 0xb992abfe2b45f844u, 0x7ffe7b9ba320872eu, 0x525a0e7fdae6c123u,
    0xf464aeb267349c8cu, 0x45cd5928705b0979u, 0x3a3e35e3ca9913a5u, 0xa91dc74e4ade3b35u,
    0xfb0bed02ef6cd00du, 0x88d93cb44ab1e1f4u, 0x540f11d643c5e663u, 0x2370dd1f8c21d1bcu,
    0x81157b6c16a7b60du, 0x4d54b9e57a8ff9bfu, 0x759f12781f2a753eu, 0xcea1a3bebf186b91u,
    0x2cf508d3ada26206u, 0xb6101c2da3c33057u, 0xb3f47496ae3a36a1u, 0x626b57547b108392u,
    0xc1d2363299e41531u, 0x667cc1923f1ad944u, 0x65704ffec8138825u, 0x24f280d1c28949a6u,
    0xc2ca1cedfaf8876bu, 0xc2164bfc9f042196u, 0xa16e9c9368b1d623u, 0x49fb169c8b5114fdu,
    0x9f3143f8df074c46u, 0xc6fdaf2412cc86b3u, 0x7eaf49d10a52098fu, 0x1cf313559d292f9au,
    0xc44a30dda2f41f12u, 0x36fae98943a71ed0u, 0x318fb34c73f0bce6u, 0xa27abf3670a7e980u,
    0xb4bcc0db243c6d75u, 0x23f8d852fdb71513u, 0x8f035f4da67d8a08u, 0xd89cd0e5b7e8f148u,
    0xf6f4e6bcf7a644eeu, 0xaec59ad80f1837f2u, 0xc3b2f6154b6694e0u, 0x9d199062b7bbb3a8u,
};

static void test_vectors(void)
{
    const uint64_t key[2] = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
    unsigned char bytes[64];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)i;
    for (size_t size = 0; size < sizeof(bytes); size++)
        ASSERT(hash_keyed(key, bytes, size) == vectors[size]);
}

int main(void)
{
    const uint64_t key[2] = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u}, other[2] = {1, 2};
    const char text[] = "the key of an entry, longer than a word";
    test_vectors();
    for (size_t size = 0; size < sizeof(text); size++) {
        ASSERT(hash_keyed(key, text, size) == hash_keyed(key, text, size));
        ASSERT(hash_keyed(key, text, size) != hash_keyed(other, text, size));
        ASSERT(size == 0 || hash_keyed(key, text, size) != hash_keyed(key, text, size - 1));
    }
    ASSERT(hash_text(text) == hash_bytes(text, strlen(text)));
    ASSERT(hash_text_folded("Of E-Mail ADDRESSES: [\\]@`{|}\xc3\x84") ==
           hash_text("of e-mail addresses: [\\]@`{|}\xc3\x84"));
    for (size_t from = 0; from < sizeof(text); from++)
        ASSERT(hash_text_folded(text + from) == hash_text(text + from));
    ASSERT(hash_text(text) != hash_keyed(key, text, strlen(text)));
    /* FNV's own collisions do not collide here: pairs of one bucket under the table's old hash
     * spread. */
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
